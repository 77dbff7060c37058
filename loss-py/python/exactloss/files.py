"""Files of arrays, paired by name: what scoring on several processes (`exactloss.mpi`, Dask) begins with."""

import argparse
import glob
import os

import numpy as np

from ._native import Accumulator


def arguments(program: str, description: str) -> argparse.ArgumentParser:
    """The options of scoring over files."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--logits", required=True, metavar="PATTERN", help="files of logits, as 'preds/*.npy'")
    parser.add_argument("--targets", required=True, metavar="PATTERN", help="files of targets, of the same names")
    parser.add_argument("--loss", default="bce + dice", metavar="EXPRESSION", help="the loss (default: %(default)s)")
    parser.add_argument("--classes", type=int, metavar="C", help="logits are (N, C, ...) of C classes, targets labels")
    parser.add_argument("--ignore", type=int, metavar="VALUE", help="leaves out pixels with this target")
    parser.add_argument("--per-image", action="store_true", help="the mean over images, the first axis of each file")
    return parser


def paired(logits: str, targets: str) -> "list[tuple[str, str]]":
    """Pairs of files with equal names, in order.

    Raises
    ------
    ValueError
        If a pattern fits no file, or a file has no partner of its name.
    """
    found = []
    for option, pattern in (("--logits", logits), ("--targets", targets)):
        files = sorted(glob.glob(pattern))
        if not files:
            raise ValueError(f"{option} {pattern}: there is no such file")
        by_name = {os.path.basename(file): file for file in files}
        if len(by_name) != len(files):
            raise ValueError(f"{option} {pattern}: two files have one name, so it is not known what they pair with")
        found.append(by_name)
    one, other = found
    if len(one) == len(other) == 1:
        return [(*one.values(), *other.values())]
    alone = sorted(one.keys() ^ other.keys())
    if alone:
        raise ValueError(f"{alone[0]} is in one of --logits {logits} and --targets {targets} alone: files pair by name")
    return [(one[name], other[name]) for name in sorted(one)]


def add(sums: Accumulator, pair: "tuple[str, str]") -> None:
    """Adds the pixels of two files."""
    try:
        sums.update(*(np.load(file, mmap_mode="r") for file in pair))
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(f"{pair[0]} with {pair[1]}: {error}") from None
