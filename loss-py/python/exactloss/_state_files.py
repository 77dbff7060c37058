"""State files: what `exactloss score --state` writes and `exactloss merge` reads, as docs/state.md of the project has them."""

import json
import os
from typing import Union

import numpy as np

from ._native import STATE_VERSION, Accumulator, Loss

_FORMAT, _FORMAT_VERSION = "segmentation-loss-state", 1


def write_state(path: "Union[str, os.PathLike[str]]", sums: Accumulator) -> None:
    """Writes the sums of an accumulator to a file, which the command line, C and another Python can read and merge.

    Parameters
    ----------
    path : str or os.PathLike
        The file. It appears whole or not at all.
    sums : Accumulator
        The sums; of one expression.

    Raises
    ------
    ValueError
        If a loss ranks the pixels, or the loss is a sum of several expressions, which a file does not hold.
    OSError
        If the file cannot be written.
    """
    (expression,), options = sums.loss.__getnewargs_ex__()
    if not isinstance(expression, str):
        raise ValueError("a state file holds one expression: write a file for each, or pickle the accumulator")
    state = [int(integer) for integer in sums.state()]
    content = {
        "format": _FORMAT,
        "format_version": _FORMAT_VERSION,
        "state_version": STATE_VERSION,
        "losses": [expression],
        "inputs": "logits" if options.get("from_logits", True) else "probabilities",
    }
    if "epsilon" in options:
        content["epsilon"] = options["epsilon"]
    if "classes" not in options:
        content["threshold"] = options.get("threshold", 0.5)
    for key in ("classes", "channels", "per_image", "class_weights"):
        if key in options:
            content[key] = options[key]
    content["fingerprint"] = "0x" + sums.fingerprint
    content["state"] = state
    temporary = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.write("\n")
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def read_state(path: "Union[str, os.PathLike[str]]") -> Accumulator:
    """The accumulator of a state file, whoever wrote it.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    Accumulator

    Raises
    ------
    ValueError
        If the file is none of this format and version, is damaged, or has several losses.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from exactloss import Loss, read_state, write_state
    >>> sums = Loss("bce").accumulator()
    >>> sums.update(np.zeros(3, np.float32), np.array([1, 0, 1], np.uint8))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_state(os.path.join(folder, "a.json"), sums)
    ...     read_state(os.path.join(folder, "a.json")) == sums
    True
    """
    with open(path, encoding="utf-8") as file:
        try:
            content = json.load(file)
        except ValueError as error:
            raise ValueError(f"{path} is no state file: {error}") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f'{path} is no state file: it has no "format": "{_FORMAT}"')
    for key, expected in (("format_version", _FORMAT_VERSION), ("state_version", STATE_VERSION)):
        if content.get(key) != expected:
            raise ValueError(f"{path} has {key} {content.get(key)}, and this release reads {expected}")
    losses, state = content.get("losses"), content.get("state")
    if not isinstance(losses, list) or not all(isinstance(loss, str) for loss in losses):
        raise ValueError(f'{path}: "losses" must be a list of expressions')
    if len(losses) != 1:
        raise ValueError(f"{path} has {len(losses)} losses, which were summed together; an Accumulator has one: score them one by one")
    if not isinstance(state, list) or not all(type(integer) is int and -(2**63) <= integer < 2**63 for integer in state):
        raise ValueError(f'{path}: "state" must be a list of integers of 64 bits')
    options = {key: content[key] for key in ("classes", "channels", "per_image", "class_weights") if key in content}
    if content.get("inputs") == "probabilities":
        options.update(from_logits=False, epsilon=content.get("epsilon", 1e-7))
    if "threshold" in content:
        options["threshold"] = content["threshold"]
    try:
        sums = Loss(losses[0], **options).accumulator()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    if content.get("fingerprint") != "0x" + sums.fingerprint:
        raise ValueError(f"{path} has the fingerprint {content.get('fingerprint')}, and its losses have 0x{sums.fingerprint}")
    try:
        sums.load_state(np.array(state, np.int64))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return sums
