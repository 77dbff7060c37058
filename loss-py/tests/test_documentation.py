"""The docstrings' examples run, `help()` has what a user needs, and the stubs say what the module has."""

import ast
import doctest
import importlib
import inspect
import pathlib
import pydoc
import re

import pytest

import exactloss
from exactloss import _native

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


def documented():
    """What has a docstring: modules, classes, methods, functions."""
    found = {}
    names = ["exactloss", "exactloss._state_files", "exactloss.files", "exactloss.mpi"]
    try:
        import torch  # noqa: F401

        names += ["exactloss.torch", "exactloss.torch.monai", "exactloss.torch.smp"]
        import torchmetrics  # noqa: F401

        names += ["exactloss.torchmetrics"]
    except ImportError:
        pass
    for name in names:
        module = importlib.import_module(name)
        found[name] = module
        for own, thing in vars(module).items():
            if own not in getattr(module, "__all__", vars(module)) or own.startswith("_") or inspect.ismodule(thing) or not getattr(thing, "__module__", "").startswith("exactloss"):
                continue
            found[f"{name}.{own}"] = thing
            if inspect.isclass(thing):
                found.update({f"{name}.{own}.{part}": getattr(thing, part) for part in vars(thing) if not part.startswith("_")})
    return found


THINGS = documented()


@pytest.mark.parametrize("name", [name for name, thing in THINGS.items() if ">>>" in (getattr(thing, "__doc__", None) or "")])
def test_examples(name):
    test = doctest.DocTestParser().get_doctest(THINGS[name].__doc__, {}, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    output = []
    runner.run(test, out=output.append)
    assert runner.failures == 0, "".join(output)


def test_there_are_examples():
    assert sum(">>>" in (getattr(thing, "__doc__", None) or "") for thing in THINGS.values()) >= 10


@pytest.mark.parametrize("name", THINGS)
def test_everything_public_is_documented(name):
    thing = THINGS[name]
    if callable(thing) or inspect.ismodule(thing) or inspect.isdatadescriptor(thing):
        assert thing.__doc__ and thing.__doc__.strip(), name


def test_help_reads_well():
    text = pydoc.plain(pydoc.render_doc(exactloss.Loss))
    for words in ("class Loss", "bce + dice", "ignore_index=None", "Parameters", "Raises", "value_and_gradient(", "numpy.ndarray of float32"):
        assert words in text, words
    assert exactloss.Loss.__module__ == "exactloss"


@pytest.mark.parametrize("page", [README, README.parent.parent / "README.md"], ids=["package", "project"])
def test_the_readmes_run(page):
    """All blocks of Python in one go, where torch is there too."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    assert blocks
    torch_is_there = "exactloss.torch" in THINGS
    names = {}
    for block in blocks:
        if re.search("^(import|from) .*torch", block, re.M) and not torch_is_there or "torchmetrics" in block and "exactloss.torchmetrics" not in THINGS:
            continue
        if "init_process_group" in block:
            compile(block, "README.md", "exec")
            continue
        printed = []
        exec(compile(block, "README.md", "exec"), {**names, "print": lambda *values: printed.append(" ".join(map(str, values)))})
        expected = [line.split("# prints ")[1] for line in block.splitlines() if "# prints " in line]
        assert [line[: len(words)] for line, words in zip(printed, expected)] == expected


# Stubs.

STUB = ast.parse((pathlib.Path(exactloss.__file__).parent / "_native.pyi").read_text(encoding="utf-8"))
OBJECT = set(dir(object))


def parameters_of(function):
    """Names with their kind, and whether they have a default, as the stub has them."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = len(plain) - len(arguments.defaults)
    found = [(argument.arg, "plain", place >= defaults) for place, argument in enumerate(plain)]
    found += [(argument.arg, "keyword", default is not None) for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    found += [(arguments.kwarg.arg, "rest", False)] if arguments.kwarg else []
    return [entry for entry in found if entry[0] not in ("self", "cls")]


def parameters_in(function):
    kinds = {inspect.Parameter.KEYWORD_ONLY: "keyword", inspect.Parameter.VAR_KEYWORD: "rest"}
    signature = inspect.signature(function).parameters.values()
    found = [(one.name, kinds.get(one.kind, "plain"), one.default is not one.empty) for one in signature]
    return [entry for entry in found if entry[0] not in ("self", "cls")]


def test_stubs_name_what_there_is():
    names = {node.name for node in STUB.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))} | {
        node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign)
    }
    there = {name for name in vars(_native) if not name.startswith("__")}
    assert names == there
    assert set(exactloss.__all__) - {"read_state", "write_state"} == there - {"_command_line"}


@pytest.mark.parametrize("node", [node for node in STUB.body if isinstance(node, ast.ClassDef)], ids=lambda node: node.name)
def test_stubs_of_classes(node):
    there = getattr(_native, node.name)
    own = {part.name: part for part in node.body}
    public = {name for name in vars(there) if not name.startswith("_")}
    assert {name for name in own if not name.startswith("_")} == public
    for name, part in own.items():
        assert name in dir(there), name
        decorators = {decorator.id for decorator in part.decorator_list}
        if "property" in decorators:
            assert inspect.isdatadescriptor(vars(there)[name]), name
        elif name == "__new__":
            assert parameters_of(part) == parameters_in(there), name
        elif not name.startswith("__"):
            assert parameters_of(part) == parameters_in(getattr(there, name)), name


@pytest.mark.parametrize("node", [node for node in STUB.body if isinstance(node, ast.FunctionDef)], ids=lambda node: node.name)
def test_stubs_of_functions(node):
    assert parameters_of(node) == parameters_in(getattr(_native, node.name))
