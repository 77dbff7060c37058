#!/usr/bin/env python3
"""How long `ablation score` takes for many small files and for one large one, beside reading the same bytes by `cat`.

Makes the files in a folder of its own (6 GB with the large one), runs each command several times by turns, and removes the files. Needs NumPy.

    cargo build --release -p ablation --no-default-features
    python3 loss-bench/score.py target/release/ablation                 # 3000 images of 256 x 256, and one of 4 GB
    python3 loss-bench/score.py target/release/ablation --without-large
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy

SMALL, SIDE, LARGE = 3000, 256, 1024


def image(random, side, number):
    """Logits and mask of an image with a disc, in noise that is drawn once."""
    rows, columns = numpy.ogrid[:side, :side]
    radius = side * (0.05 + 0.2 * (number % 60) / 60)
    mask = ((rows - side * (0.3 + 0.4 * (number * 37 % 100) / 100)) ** 2 + (columns - side / 2) ** 2 < radius**2).astype(numpy.uint8)
    return random[number % len(random)] + numpy.float32(4) * mask - numpy.float32(2), mask


def make(folder, large):
    random = numpy.random.default_rng(1)
    noise = random.standard_normal((32, SIDE, SIDE), dtype=numpy.float32) * 2
    for name in ("logits", "masks"):
        (folder / name).mkdir()
    for number in range(SMALL):
        logits, mask = image(noise, SIDE, number)
        numpy.save(folder / "logits" / f"case_{number:04}.npy", logits)
        numpy.save(folder / "masks" / f"case_{number:04}.npy", mask)
    if large:
        noise = random.standard_normal((8, LARGE, LARGE), dtype=numpy.float32) * 2
        shape = (LARGE, LARGE, LARGE)
        logits = numpy.lib.format.open_memmap(folder / "large_logits.npy", "w+", numpy.float32, shape)
        masks = numpy.lib.format.open_memmap(folder / "large_masks.npy", "w+", numpy.uint8, shape)
        for number in range(LARGE):
            logits[number], masks[number] = image(noise, LARGE, number)


def seconds(command):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="the built `ablation`")
    parser.add_argument("--without-large", action="store_true", help="leave out the file of 4 GB")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each command, by turns [5]")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        make(folder, not arguments.without_large)
        score = [program, "score", "--loss", "bce + dice"]
        small = [*score, "--logits", folder / "logits", "--targets", folder / "masks"]
        commands = {
            f"{SMALL} images of {SIDE}²": (small, [folder / "logits", folder / "masks"]),
            "the same with Dice and IoU of each": ([*small, "--metrics", "dice,iou", "--per-image", folder / "rows.csv"], [folder / "logits", folder / "masks"]),
        }
        if not arguments.without_large:
            files = [folder / "large_logits.npy", folder / "large_masks.npy"]
            commands[f"one image of {LARGE}³"] = ([*score, "--logits", files[0], "--targets", files[1]], files)
        print(f"{os.cpu_count()} processors, load before: {os.getloadavg()[0]:.1f}; files in memory\n")
        print("| files | bytes | score, s | cat, s | GB/s of score |\n|---|---|---|---|---|")
        for name, (command, paths) in commands.items():
            files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
            size = sum(file.stat().st_size for file in files)
            turns = []
            for _ in range(arguments.repeat):
                (folder / "rows.csv").unlink(missing_ok=True)
                turns.append((seconds(command), seconds(["cat", *files])))
            ours, read = (statistics.median(turn[place] for turn in turns) for place in (0, 1))
            print(f"| {name} | {size / 1e9:.2f} GB | {ours:.2f} | {read:.2f} | {size / 1e9 / ours:.1f} |", flush=True)


if __name__ == "__main__":
    main()
