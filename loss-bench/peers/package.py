#!/usr/bin/env python3
"""What the Python package's `Loss` costs in training, against eager PyTorch and torch.compile, on one thread of a CPU.

Runs in an environment that has exactloss, torch and NumPy (`just python` makes one). Each loss is an expression, through autograd, as a training
script calls it. Sides are compared first (value and gradient), and then timed by turns: a ratio is the median of the ratios of neighbours, so that
what else the machine does falls on both.

    python3 loss-bench/peers/package.py                      # 64, 512 and 2048 pixels a side
    python3 loss-bench/peers/package.py --size 512 --repeat 5
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

import numpy
import torch

import exactloss
import torch_losses
from compare import LOSSES, make_arrays
from exactloss.torch import Loss

EXPRESSIONS = {
    "bce-dice": Loss("bce + dice(smooth=1e-5)"),
    "focal-tversky": Loss("focal(gamma=2) + tversky(alpha=0.3, beta=0.7, smooth=1e-5)"),
    "classes": Loss("ce + dice(smooth=1e-5)", classes=torch_losses.CLASSES),
}
PIXELS_A_MEASUREMENT = 1 << 21


def value(loss, logits, targets):
    with torch.no_grad():
        loss(logits, targets)


def step(loss, logits, targets):
    logits.grad = None
    loss(logits, targets).backward()


def seconds(act, loss, logits, targets, calls):
    began = time.perf_counter()
    for _ in range(calls):
        act(loss, logits, targets)
    return (time.perf_counter() - began) / calls


def check(name, ours, theirs, logits, targets, others):
    found = []
    for loss, of in ((ours, targets), (theirs, others)):
        mine = logits.clone().requires_grad_()
        result = loss(mine, of)
        result.backward()
        found.append((result.item(), mine.grad))
    (one, slopes), (other, expected) = found
    if abs(one - other) > 1e-4 * abs(other) or (slopes - expected).abs().max() > 1e-3 * expected.abs().max():
        raise SystemExit(f"{name}: the sides do not compute the same: {one} and {other}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, action="append", metavar="SIDE", help="side of the square image; may be repeated [64, 512, 2048]")
    parser.add_argument("--repeat", type=int, default=9, metavar="N", help="measurements of each, by turns [9]")
    parser.add_argument("--only", choices=EXPRESSIONS, action="append", help="one of the losses; may be repeated [all]")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    exactloss.set_num_threads(1)
    print(f"exactloss {exactloss.__version__}, torch {torch.__version__}, NumPy {numpy.__version__}, Python {platform.python_version()}, one thread each")
    print(f"load of the machine before: {' '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} processors\n")
    print("| loss | side | what | exactloss, µs | times as fast as eager | as torch.compile |\n|---|---|---|---|---|---|")
    for name in arguments.only or EXPRESSIONS:
        for side in arguments.size or (64, 512, 2048):
            planes, labels = make_arrays(torch_losses.CLASSES if name == "classes" else 1, side)
            logits = torch.from_numpy(planes)[None].requires_grad_()
            targets = torch.from_numpy(labels)[None]
            others = targets.long() if name == "classes" else targets[None].float()
            targets = targets if name == "classes" else targets[None]
            sides = [EXPRESSIONS[name], torch_losses.PLAIN[name](), torch.compile(torch_losses.PLAIN[name](), dynamic=False)]
            given = [targets, others, others]
            for other in sides[1:]:
                check(name, sides[0], other, logits.detach(), targets, others)
            calls = max(1, PIXELS_A_MEASUREMENT // side**2 // 4)
            for act in (value, step):
                for loss, of in zip(sides, given):
                    seconds(act, loss, logits, of, 2)
                measured = [[seconds(act, loss, logits, of, calls) for loss, of in zip(sides, given)] for _ in range(arguments.repeat)]
                ours = statistics.median(turn[0] for turn in measured)
                ratios = [statistics.median(turn[place] / turn[0] for turn in measured) for place in (1, 2)]
                what = "value" if act is value else "value + backward"
                print(f"| {LOSSES[name]} | {side}² | {what} | {ours * 1e6:,.0f} | {ratios[0]:.1f} | {ratios[1]:.1f} |", flush=True)
    print(f"\nload of the machine after: {' '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
