"""Trains a small U-Net on synthetic images twice from the same weights: with the loss of this package, and with the same loss in torch.

    python train_unet.py                    # 60 steps
    python train_unet.py --steps 8          # a short look

Prints both curves and how far they are apart. They are the same loss, so they part only by rounding, which training amplifies; ends with 1 if the
losses of a step differ by more than the tolerance.
"""

import argparse
import sys

import torch
from torch import nn

from exactloss.torch import Loss


class UNet(nn.Module):
    """Two levels, sixteen channels at most."""

    def __init__(self, channels=8):
        super().__init__()

        def block(into, out):
            return nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.GroupNorm(2, out), nn.LeakyReLU())

        self.down, self.deep, self.up = block(1, channels), block(channels, 2 * channels), block(3 * channels, channels)
        self.head = nn.Conv2d(channels, 1, 1)

    def forward(self, x):
        """Logits (N, 1, H, W) of images (N, 1, H, W)."""
        fine = self.down(x)
        deep = self.deep(nn.functional.max_pool2d(fine, 2))
        return self.head(self.up(torch.cat([fine, nn.functional.interpolate(deep, scale_factor=2)], 1)))


def images(count, side, generator):
    """Noisy images of a few discs, and their masks: about 8 % foreground."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    masks = torch.zeros(count, 1, side, side, dtype=torch.bool)
    for mask in masks[:, 0]:
        for _ in range(2):
            row, column, radius = (torch.rand(3, generator=generator) * torch.tensor([side, side, side / 8])).tolist()
            mask |= (rows - row) ** 2 + (columns - column) ** 2 < (radius + 2) ** 2
    return masks.float() + 0.5 * torch.randn(masks.shape, generator=generator), masks


def in_torch(logits, masks):
    """bce + dice(smooth=1), as it is usually written down."""
    targets = masks.float()
    p = torch.sigmoid(logits)
    dice = 1 - (2 * (p * targets).sum() + 1) / (p.sum() + targets.sum() + 1)
    return nn.functional.binary_cross_entropy_with_logits(logits, targets) + dice


def train(loss, steps, side):
    """The losses of the steps."""
    torch.manual_seed(0)
    net = UNet()
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(1)
    curve = []
    for _ in range(steps):
        x, masks = images(8, side, generator)
        optimiser.zero_grad()
        value = loss(net(x), masks)
        value.backward()
        optimiser.step()
        curve.append(value.item())
    return curve


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--side", type=int, default=32, help="pixels a side, even (default: %(default)s)")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of a step's loss (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ours = train(Loss("bce + dice(smooth=1)"), arguments.steps, arguments.side)
    theirs = train(in_torch, arguments.steps, arguments.side)
    print("step  exactloss      torch")
    for number, (one, other) in enumerate(zip(ours, theirs)):
        if number % max(1, arguments.steps // 10) == 0 or number == arguments.steps - 1:
            print(f"{number:4}  {one:.6f}  {other:.6f}")
    apart = max(abs(one - other) / other for one, other in zip(ours, theirs))
    print(f"the curves are at most {apart:.1e} of a step's loss apart; the first step {abs(ours[0] - theirs[0]) / theirs[0]:.1e}")
    if apart > arguments.tolerance or not ours[-1] < ours[0]:
        sys.exit(f"the curves are further apart than {arguments.tolerance}, or the loss does not fall")


if __name__ == "__main__":
    main()
