"""The other side of compare.py: losses of PyTorch and of libraries on it, set so that they equal ours where they can.

Binary losses take logits (1, 1, H, W) and targets of the same shape as float32; the loss over classes takes logits
(1, C, H, W) and labels (1, H, W) as int64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 5
SMOOTH = 1e-5
ALPHA, BETA = 0.3, 0.7


class BceDice(nn.Module):
    """BCE and soft Dice, as they are usually written down."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        bce = F.binary_cross_entropy_with_logits(logits, targets)
        p = torch.sigmoid(logits)
        intersection = (p * targets).sum()
        dice = (2 * intersection + SMOOTH) / (p.sum() + targets.sum() + SMOOTH)
        return bce + 1 - dice


class FocalTversky(nn.Module):
    """Focal loss with gamma = 2 and Tversky loss, as they are usually written down."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        p = torch.sigmoid(logits)
        p_t = p * targets + (1 - p) * (1 - targets)
        focal = ((1 - p_t) ** 2 * bce).mean()
        true_positive = (p * targets).sum()
        false_positive = (p * (1 - targets)).sum()
        false_negative = ((1 - p) * targets).sum()
        denominator = true_positive + ALPHA * false_positive + BETA * false_negative + SMOOTH
        return focal + 1 - (true_positive + SMOOTH) / denominator


class CrossEntropyDice(nn.Module):
    """Cross-entropy and the mean over classes of soft Dice, written with some care.

    One log-softmax serves both, and the one-hot targets come from a comparison: by `F.one_hot`, which makes int64, eager
    PyTorch takes half as long again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("classes", torch.arange(CLASSES).view(1, CLASSES, 1, 1))

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_p = F.log_softmax(logits, dim=1)
        cross_entropy = F.nll_loss(log_p, labels)
        p = log_p.exp()
        one_hot = (labels.unsqueeze(1) == self.classes).to(p.dtype)
        pixels = (0, 2, 3)
        intersection = (p * one_hot).sum(pixels)
        dice = (2 * intersection + SMOOTH) / (p.sum(pixels) + one_hot.sum(pixels) + SMOOTH)
        return cross_entropy + (1 - dice).mean()


PLAIN = {"bce-dice": BceDice, "focal-tversky": FocalTversky, "classes": CrossEntropyDice}


@dataclass(frozen=True)
class Peer:
    """A loss to compare with: what it is called, what it stands for, and the loss itself."""

    name: str
    settings: str
    loss: Callable[[Tensor, Tensor], Tensor]


def eager(loss: str) -> Peer:
    return Peer("PyTorch eager", f"`{PLAIN[loss].__name__}` of torch_losses.py", PLAIN[loss]())


def compiled(loss: str) -> Peer:
    module = torch.compile(PLAIN[loss](), dynamic=False)
    return Peer("torch.compile", f"`torch.compile` of `{PLAIN[loss].__name__}`", module)


def monai(loss: str) -> Peer:
    from monai.losses import DiceCELoss, FocalLoss, TverskyLoss

    if loss == "bce-dice":
        return Peer("MONAI", "`DiceCELoss(sigmoid=True)`", DiceCELoss(sigmoid=True))
    if loss == "focal-tversky":
        focal, tversky = FocalLoss(gamma=2.0), TverskyLoss(sigmoid=True, alpha=ALPHA, beta=BETA)
        settings = f"`FocalLoss(gamma=2.0)` + `TverskyLoss(sigmoid=True, alpha={ALPHA}, beta={BETA})`"
        return Peer("MONAI", settings, lambda logits, targets: focal(logits, targets) + tversky(logits, targets))
    both = DiceCELoss(softmax=True, to_onehot_y=True)
    settings = "`DiceCELoss(softmax=True, to_onehot_y=True)`"
    return Peer("MONAI", settings, lambda logits, labels: both(logits, labels.unsqueeze(1)))


def segmentation_models(loss: str) -> Peer:
    from segmentation_models_pytorch.losses import (
        DiceLoss,
        FocalLoss,
        SoftBCEWithLogitsLoss,
        SoftCrossEntropyLoss,
        TverskyLoss,
    )

    # smp's smoothing stands beside TP where ours stands beside 2 TP, so its Dice takes half of it.
    half = SMOOTH / 2
    if loss == "bce-dice":
        first, second = SoftBCEWithLogitsLoss(), DiceLoss("binary", smooth=half)
        settings = f'`SoftBCEWithLogitsLoss()` + `DiceLoss("binary", smooth={half})`'
    elif loss == "focal-tversky":
        first, second = FocalLoss("binary", gamma=2.0), TverskyLoss("binary", alpha=ALPHA, beta=BETA, smooth=SMOOTH)
        tversky = f'`TverskyLoss("binary", alpha={ALPHA}, beta={BETA}, smooth={SMOOTH})`'
        settings = f'`FocalLoss("binary", gamma=2.0)` + {tversky}'
    else:
        # Its default of None raises a TypeError in 0.6.0; 0 is what it means.
        first, second = SoftCrossEntropyLoss(smooth_factor=0.0), DiceLoss("multiclass", smooth=half)
        settings = f'`SoftCrossEntropyLoss(smooth_factor=0.0)` + `DiceLoss("multiclass", smooth={half})`'
    settings += " (a class without foreground would count 0, but all are present here)"
    return Peer("smp", settings, lambda logits, targets: first(logits, targets) + second(logits, targets))


def kornia(loss: str) -> Peer | None:
    """The loss over classes alone: kornia's Dice and Tversky losses have a softmax, and none of a sigmoid."""
    from kornia.losses import DiceLoss

    if loss != "classes":
        return None
    cross_entropy, dice = nn.CrossEntropyLoss(), DiceLoss(average="macro", eps=SMOOTH)
    settings = f'`nn.CrossEntropyLoss()` + `DiceLoss(average="macro", eps={SMOOTH})`'
    settings += " (smoothing below the bar only: less than rounding here)"
    return Peer("kornia", settings, lambda logits, labels: cross_entropy(logits, labels) + dice(logits, labels))


MAKERS: dict[str, Callable[[str], Peer | None]] = {
    "eager": eager,
    "compile": compiled,
    "monai": monai,
    "smp": segmentation_models,
    "kornia": kornia,
}
