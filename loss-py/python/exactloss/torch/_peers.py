"""What the drop-in classes share."""

import torch

from .. import Loss as ArrayLoss
from . import Loss


def refuse(library, name, **options):
    """Refuses options that are given and that nothing here stands for: a number that is nearly right is none."""
    for option, (given, accepted, why) in options.items():
        if given != accepted:
            raise ValueError(f"{name}({option}={given!r}) of {library} is not available here: {why}")


def number(value):
    """A number as expressions have it."""
    return repr(float(value))


def smoothing(above, below):
    return f"smooth={number(above)}" if above == below else f"smooth_numerator={number(above)}, smooth_denominator={number(below)}"


def check_labels(labels, classes=None):
    """Refuses labels that are no whole numbers, or no classes, by the first of them."""
    wrong = labels != labels.round() if labels.is_floating_point() else torch.zeros_like(labels, dtype=torch.bool)
    if classes is not None:
        wrong = wrong | (labels < 0) | (labels >= classes)
    if wrong.any():
        place = tuple(wrong.nonzero()[0].tolist())
        accepted = "whole numbers" if classes is None else f"whole numbers from 0 to {classes - 1}"
        raise ValueError(f"target{list(place)} is {labels[place].item()}; labels must be {accepted}")


def one_hot(labels, classes):
    """(N, 1, ...) labels as (N, C, ...)."""
    check_labels(labels, classes)
    return torch.moveaxis(torch.nn.functional.one_hot(labels[:, 0].long(), classes), -1, 1).to(torch.uint8)


class Peer(torch.nn.Module):
    """A loss of another library: which loss it is depends on the number of channels, so it is made at the first call of each."""

    def __init__(self):
        super().__init__()
        self._made = {}

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        # What was made before had the value of before.
        self.__dict__.get("_made", {}).clear()

    def __getstate__(self):
        # Made again where it is needed.
        return {**super().__getstate__(), "_made": {}} if hasattr(super(), "__getstate__") else {**self.__dict__, "_made": {}}

    def _module(self, key, make, group=None):
        if key not in self._made:
            expressions, per_image, options = make()
            if len(expressions) == 1:
                expressions, per_image = expressions[0], per_image[0]
            loss = ArrayLoss(expressions, per_image=per_image, **options)
            self._made[key] = Loss.of(loss, process_group=group)
        return self._made[key]
