#!/usr/bin/env python3
"""What loss-core costs against PyTorch, MONAI, segmentation_models.pytorch and kornia, on one thread of a CPU.

Makes a virtual environment of its own (a few GB, once), builds loss-core's side with cargo, checks that all sides
compute the same value and gradient of the same arrays, then times them by turns and prints a table of ratios.

    python3 loss-bench/peers/compare.py                        # 2048 x 2048
    python3 loss-bench/peers/compare.py --size 256 --repeat 3  # a short look
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
REQUIREMENTS = HERE / "requirements.txt"

LOSSES = {
    "bce-dice": "BCE + Dice",
    "focal-tversky": "Focal(γ=2) + Tversky(0.3, 0.7)",
    "classes": "CE + Dice, five classes",
}
PEERS = ("eager", "compile", "monai", "smp", "kornia")
PACKAGES = ("torch", "monai", "segmentation-models-pytorch", "kornia", "numpy")
QUANTITIES = {"value": "value", "gradient": "value + gradient"}

LARGE_SIDE = 8192
VALUE_TOLERANCE = 1e-5  # of the value
GRADIENT_TOLERANCE = 1e-4  # of the largest slope
# A measurement is the mean of as many calls as go through this many pixels, so that small images are timed well too.
PIXELS_A_MEASUREMENT = 1 << 22
# For glibc's malloc: no block of its own for a large array, and nothing given back to the system.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
# What both sides hold at most, with the greediest peer, as measured at 2048 x 2048.
BYTES_A_PIXEL = {"bce-dice": 90, "focal-tversky": 130, "classes": 250}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--size", type=int, default=2048, metavar="SIDE", help="side of the square image [2048]")
    size.add_argument("--large", action="store_true", help=f"64 M pixels, {LARGE_SIDE} x {LARGE_SIDE}: out of any cache")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="measurements of each, by turns [7]")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of PyTorch [1]; ours has one")
    for option, known in (("--only", LOSSES), ("--peers", PEERS)):
        parser.add_argument(
            option, type=names_of(known), default=list(known), metavar="NAME,…", help=f"of {', '.join(known)} [all]"
        )
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile, which needs a C++ compiler")
    parser.add_argument(
        "--time-inexact",
        action="store_true",
        help="time also what disagrees by the rounding of f32 sums alone, marked with a dagger",
    )
    parser.add_argument(
        "--keep-memory",
        action="store_true",
        help="in PyTorch's favour: have malloc (of glibc) keep what is freed, so that no call waits for fresh pages",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument(
        "--venv", type=Path, default=TARGET / "peers-venv", metavar="FOLDER", help="the environment [target/peers-venv]"
    )
    arguments = parser.parse_args()
    if arguments.large:
        arguments.size = LARGE_SIDE
    if min(arguments.size, arguments.repeat, arguments.threads) < 1:
        parser.error("--size, --repeat and --threads are at least 1")
    if arguments.no_compile:
        arguments.peers = [peer for peer in arguments.peers if peer != "compile"]
    return arguments


def names_of(known: Any) -> Any:
    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown) or 'nothing'} is none of {', '.join(known)}")
        return names

    return parse


# The environment


def enter_environment(folder: Path, keep_memory: bool) -> None:
    """Starts this script anew inside the virtual environment, made and filled first if need be."""
    folder = folder.resolve()
    if Path(sys.prefix).resolve() == folder:
        return
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # The stamp is written last: an installation that was broken off is begun again.
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"installing {REQUIREMENTS.name} into {folder} (a few GB, once)", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
        stamp.write_text(wanted)
    environment = dict(os.environ)
    environment.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor-cache"))
    # Workers that compile ahead would compete with what is timed.
    environment.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    environment.setdefault("PYTHONWARNINGS", "ignore")
    if keep_memory:
        environment.update(KEEP_MEMORY)
    completed = subprocess.run([python, Path(__file__).resolve(), *sys.argv[1:]], env=environment)
    sys.exit(completed.returncode)


# Our side


def build_ours() -> Path:
    command = ["cargo", "build", "--release", "-p", "loss-bench", "--bin", "peer"]
    command.append("--message-format=json-render-diagnostics")
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "peer":
            return Path(message["executable"])
    raise RuntimeError("cargo built no program of the name peer")


class Ours:
    """The program `peer`, which holds the arrays and computes when asked to."""

    def __init__(self, program: Path, logits: Path, targets: Path) -> None:
        self.process = subprocess.Popen(
            [program, logits, targets], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, loss: str, quantity: str, calls: int, file: Path | None = None) -> dict[str, float]:
        assert self.process.stdin and self.process.stdout
        request = f"{loss} {quantity} {calls}" + (f" {file}" if file else "")
        print(request, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the program peer has ended"}
        if "error" in answer:
            raise RuntimeError(f"{request}: {answer['error']}")
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


# The arrays


def make_arrays(classes: int, side: int) -> tuple[Any, Any]:
    """Logits (classes, side, side) and targets (side, side) like those of a network in training.

    Foreground is discs on a grid, about a tenth of the image; logits lean to the truth and are wrong on a part of it.
    """
    import numpy

    random = numpy.random.default_rng(20_250_101)
    cell = max(side // 16, 4)
    rows, columns = numpy.indices((side, side), dtype=numpy.int32, sparse=True)
    cells = -(-side // cell)
    radius = random.uniform(0.05, 0.3, (cells, cells)).astype(numpy.float32) * cell
    kinds = numpy.arange(cells * cells, dtype=numpy.uint8) % max(classes - 1, 1) + 1
    kinds = random.permuted(kinds).reshape(cells, cells)
    row, column = rows // cell, columns // cell
    inside = (rows % cell - cell / 2) ** 2 + (columns % cell - cell / 2) ** 2 < radius[row, column] ** 2
    targets = numpy.where(inside, kinds[row, column], 0).astype(numpy.uint8)

    logits = numpy.empty((classes, side, side), dtype=numpy.float32)
    for plane in range(classes):
        random.standard_normal(dtype=numpy.float32, out=logits[plane])
        logits[plane] *= 2
        logits[plane] += numpy.where(targets == (plane if classes > 1 else 1), 2, -2).astype(numpy.float32)
    return logits, targets


# The comparison


@dataclasses.dataclass
class Row:
    """Measurements of one quantity of one loss, ours and a peer's, in seconds a call."""

    loss: str
    peer: str
    quantity: str
    ours: list[float]
    theirs: list[float]


class Comparison:
    def __init__(self, arguments: argparse.Namespace) -> None:
        import torch

        torch.set_num_threads(arguments.threads)
        self.arguments = arguments
        self.pixels = arguments.size**2
        self.calls = max(1, PIXELS_A_MEASUREMENT // self.pixels)
        self.rows: list[Row] = []
        self.inexact: set[tuple[str, str]] = set()
        self.settings: list[tuple[str, str, str]] = []
        self.remarks: list[str] = []

    def remark(self, text: str) -> None:
        self.remarks.append(text)
        print(text, file=sys.stderr, flush=True)

    def run(self, program: Path) -> None:
        for classes in (1, 5):
            wanted = [loss for loss in self.arguments.only if (loss == "classes") == (classes > 1)]
            losses = [loss for loss in wanted if self.fits(loss)]
            if losses:
                self.compare(program, classes, losses)

    def fits(self, loss: str) -> bool:
        if self.has_memory(loss):
            return True
        need = BYTES_A_PIXEL[loss] * self.pixels / 1e9
        self.remark(f"{LOSSES[loss]}: left out, it needs about {need:.0f} GB of memory, more than is free.")
        return False

    def has_memory(self, loss: str, times: int = 1) -> bool:
        available = available_memory()
        return available is None or times * BYTES_A_PIXEL[loss] * self.pixels <= available

    def compare(self, program: Path, classes: int, losses: list[str]) -> None:
        import torch

        with arrays_in_files(classes, self.arguments.size) as (folder, logits, targets):
            ours = Ours(program, folder / "logits", folder / "targets")
            try:
                # What PyTorch's losses ask for is made of the u8 targets here, outside of all timing.
                if classes == 1:
                    theirs = torch.from_numpy(targets).float()[None, None]
                else:
                    theirs = torch.from_numpy(targets).long()[None]
                for loss in losses:
                    self.compare_loss(loss, ours, folder, torch.from_numpy(logits)[None], theirs)
            finally:
                ours.close()

    def compare_loss(self, loss: str, ours: Ours, folder: Path, logits: Any, targets: Any) -> None:
        import numpy

        answer = ours.ask(loss, "gradient", 1, folder / "gradient")
        gradient = numpy.fromfile(folder / "gradient", dtype="<f4").reshape(logits.shape)
        if not math.isclose(gradient.sum(dtype=numpy.float64), answer["gradient_sum"], rel_tol=1e-6, abs_tol=1e-12):
            raise RuntimeError(f"{loss}: the gradient in the file is not the one that was summed")
        value = answer["value"]
        peers = [peer for peer in self.make_peers(loss) if self.agrees(loss, peer, value, gradient, logits, targets)]
        del gradient

        rows = {
            (peer.name, quantity): Row(loss, peer.name, quantity, [], []) for peer in peers for quantity in QUANTITIES
        }
        for quantity in QUANTITIES:
            print(f"{LOSSES[loss]}, {QUANTITIES[quantity]} …", file=sys.stderr, flush=True)
            for _ in range(self.arguments.repeat):
                seconds = ours.ask(loss, quantity, self.calls)["seconds"]
                for peer in peers:
                    row = rows[peer.name, quantity]
                    row.ours.append(seconds)
                    row.theirs.append(self.measure(peer, quantity, logits, targets))
        self.rows += rows.values()

    def make_peers(self, loss: str) -> Iterator[Any]:
        import torch_losses

        for name in self.arguments.peers:
            try:
                peer = torch_losses.MAKERS[name](loss)
            except Exception as error:  # a library that cannot be imported is no reason to stop
                self.remark(f"{LOSSES[loss]}: {name} is left out: {first_line(error)}")
                continue
            if peer is not None:
                self.settings.append((loss, peer.name, peer.settings))
                yield peer

    def agrees(self, loss: str, peer: Any, value: float, gradient: Any, logits: Any, targets: Any) -> bool:
        """Whether a peer gives our value and gradient; says so if not. The calls warm the peer up as well."""
        import torch

        try:
            with torch.no_grad():
                values = [peer.loss(logits, targets).item()]
            with_gradient, theirs = value_and_gradient(peer.loss, logits, targets)
        except Exception as error:  # torch.compile needs a compiler, and says what it misses in its own way
            self.remark(f"{LOSSES[loss]}: {peer.name} failed and is left out: {first_line(error)}")
            return False
        values.append(with_gradient)
        value_error = max(abs(each - value) / abs(value) for each in values)
        low, high = theirs.sub_(torch.from_numpy(gradient)).aminmax()
        gradient_error = max(-low.item(), high.item()) / max(-float(gradient.min()), float(gradient.max()))
        errors = f"values differ by {value_error:.1e}, gradients by {gradient_error:.1e}"
        print(f"{LOSSES[loss]}, {peer.name}: {errors}", file=sys.stderr, flush=True)
        if value_error <= VALUE_TOLERANCE and gradient_error <= GRADIENT_TOLERANCE:
            return True
        text = f"{LOSSES[loss]}: {peer.name} **disagrees**: {errors} (ours {value:.9f}, theirs {values[0]:.9f})"
        rounding = False
        if not self.has_memory(loss, 2):
            text += "; for a look at it in f64 there is too little memory"
        elif is_rounding(peer, value, logits, targets):
            rounding = True
            text += "; the same code over f64 gives our value, so what differs is the rounding of its f32 sums"
        timed = rounding and self.arguments.time_inexact
        self.remark(text + (". Timed all the same, †." if timed else ". Not timed."))
        if timed:
            self.inexact.add((loss, peer.name))
        return timed

    def measure(self, peer: Any, quantity: str, logits: Any, targets: Any) -> float:
        import torch

        if quantity == "gradient":
            start = time.perf_counter()
            for _ in range(self.calls):
                value_and_gradient(peer.loss, logits, targets)
            return (time.perf_counter() - start) / self.calls
        with torch.no_grad():
            start = time.perf_counter()
            for _ in range(self.calls):
                peer.loss(logits, targets)
            return (time.perf_counter() - start) / self.calls


def is_rounding(peer: Any, value: float, logits: Any, targets: Any) -> bool:
    """Whether a peer that disagrees in f32 gives our value in f64."""
    import torch

    with torch.no_grad():
        doubled = targets.double() if targets.is_floating_point() else targets
        exact = peer.loss(logits.double(), doubled).item()
    return math.isclose(exact, value, rel_tol=VALUE_TOLERANCE)


def value_and_gradient(loss: Any, logits: Any, targets: Any) -> tuple[float, Any]:
    # A leaf of its own, which shares the logits' memory: no gradient of the last call is left to be added to.
    leaf = logits.detach().requires_grad_()
    value = loss(leaf, targets)
    value.backward()
    return value.item(), leaf.grad


@contextlib.contextmanager
def arrays_in_files(classes: int, side: int) -> Iterator[tuple[Path, Any, Any]]:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peers-", dir=TARGET) as name:
        folder = Path(name)
        logits, targets = make_arrays(classes, side)
        logits.astype("<f4", copy=False).tofile(folder / "logits")
        targets.tofile(folder / "targets")
        yield folder, logits, targets


def available_memory() -> int | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"


# The table


def report(comparison: Comparison) -> str:
    arguments, nanoseconds = comparison.arguments, 1e9 / comparison.pixels
    lines = [
        f"loss-core against its peers, {arguments.size} x {arguments.size} pixels, f32 logits",
        "",
        "| loss | peer | what | ours, ns a pixel | peer, ns a pixel | ratio |",
        "|---|---|---|---|---|---|",
    ]
    losers = 0
    for row in comparison.rows:
        ratio = statistics.median(row.theirs) / statistics.median(row.ours)
        peer = row.peer + " †" * ((row.loss, row.peer) in comparison.inexact)
        cells = [LOSSES[row.loss], peer, QUANTITIES[row.quantity]]
        cells += [spread(row.ours, nanoseconds), spread(row.theirs, nanoseconds), f"{ratio:.2f}"]
        if ratio < 1:
            losers += 1
            cells = [f"**{cell}**" for cell in cells]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Ratio: the peer's median over ours; above 1 loss-core is faster. "
        f"Medians of {counted(arguments.repeat, 'turn')} of {counted(comparison.calls, 'call')} each, "
        "with (minimum; lower to upper quartile).",
    ]
    if losers:
        lines.append(f"In {losers} of {len(comparison.rows)} rows, the bold ones, the peer is faster.")
    elif comparison.rows:
        lines.append("In no row is the peer faster.")
    lines += [
        f"Before the clock ran, values agreed within {VALUE_TOLERANCE:g} of the value and gradients within "
        f"{GRADIENT_TOLERANCE:g} of the largest slope" + (", except where marked †." if comparison.inexact else "."),
        "Targets are u8 on our side; PyTorch's are made float32 (labels: int64) before the clock runs, in its favour.",
        "Our gradient goes into an array that is there already; PyTorch allocates its own at every call, with malloc "
        + ("made to keep memory." if arguments.keep_memory else "as it comes (see `--keep-memory`)."),
        f"One thread of ours against {arguments.threads} of PyTorch.",
        "",
        *(f"- {remark}" for remark in comparison.remarks),
        "",
        "| loss | peer | its settings |",
        "|---|---|---|",
        *(f"| {LOSSES[loss]} | {peer} | {settings} |" for loss, peer, settings in comparison.settings),
        "",
        *(f"- {fact}" for fact in surroundings(arguments)),
    ]
    return "\n".join(lines) + "\n"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}"


def spread(seconds: list[float], scale: float) -> str:
    middle, low = statistics.median(seconds) * scale, min(seconds) * scale
    if len(seconds) < 2:
        return f"{middle:.2f}"
    first, _, third = (quartile * scale for quartile in statistics.quantiles(seconds, n=4, method="inclusive"))
    return f"{middle:.2f} ({low:.2f}; {first:.2f} to {third:.2f})"


def surroundings(arguments: argparse.Namespace) -> list[str]:
    import torch

    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    commit = output_of("git", "describe", "--always", "--dirty")
    flags = os.environ.get("RUSTFLAGS") or "none"
    instructions = torch.backends.cpu.get_cpu_capability()
    command = shlex.join(["python3", "loss-bench/peers/compare.py", *sys.argv[1:]])
    return [
        f"loss-core at commit {commit}, {output_of('rustc', '--version')}, RUSTFLAGS: {flags}",
        f"Python {platform.python_version()}, {versions}; instruction set of PyTorch: {instructions}",
        f"{cpu_name()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}",
        f"{datetime.date.today().isoformat()}, `{command}`",
    ]


def output_of(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown CPU"


def measurements(comparison: Comparison) -> dict[str, Any]:
    return {
        "pixels": comparison.pixels,
        "threads": comparison.arguments.threads,
        "calls": comparison.calls,
        "rows": [dataclasses.asdict(row) for row in comparison.rows],
        "remarks": comparison.remarks,
        "settings": comparison.settings,
        "surroundings": surroundings(comparison.arguments),
    }


def main() -> None:
    arguments = parse_arguments()
    enter_environment(arguments.venv, arguments.keep_memory)
    comparison = Comparison(arguments)
    comparison.run(build_ours())
    table = report(comparison)
    print(table, end="")
    if arguments.markdown:
        arguments.markdown.write_text(table, encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(json.dumps(measurements(comparison), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"compare.py: {error}")
