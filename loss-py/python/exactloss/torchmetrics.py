"""A metric for torchmetrics: exact over batches and processes."""

import torch
from torchmetrics import Metric as _Metric

from . import Loss as _ArrayLoss
from .torch import _autograd, _tensors

__all__ = ["Metric"]


class Metric(_Metric):
    """A loss as a metric: its sums are integers, which add over batches and processes to the bit.

    Parameters
    ----------
    expression : str or exactloss.Loss, default "bce + dice"
        The loss.
    **options
        The options of `exactloss.Loss`, and those of `torchmetrics.Metric`.

    `update(logits, targets, weights=None, mask=None)` adds a batch, `compute()` gives the loss as a tensor of float64, and `result()` what it
    is made of.

    Raises
    ------
    ValueError
        If the loss ranks the pixels, so that there are no sums.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    def __init__(self, expression="bce + dice", **options):
        names = ("classes", "channels", "per_image", "from_logits", "epsilon", "threshold", "ignore_index", "class_weights")
        own = {name: options.pop(name) for name in names if name in options}
        super().__init__(**options)
        self.loss = expression if isinstance(expression, _ArrayLoss) else _ArrayLoss(expression, **own)
        self.add_state("sums", torch.zeros(self.loss.state_length, dtype=torch.int64), dist_reduce_fx="sum")

    def _accumulated(self):
        sums = self.loss.accumulator()
        sums.load_state(self.sums.detach().cpu().numpy())
        return sums

    def update(self, logits: torch.Tensor, targets: torch.Tensor, weights=None, mask=None) -> None:
        """Adds a batch."""
        _tensors.check_logits(logits)
        _tensors.check("targets", targets)
        positional, named = _autograd._arguments(logits, targets, weights, mask)
        sums = self._accumulated()
        sums.update(*positional, **named)
        self.sums = torch.from_numpy(sums.state()).to(self.sums.device)

    def compute(self) -> torch.Tensor:
        """The loss over all batches."""
        return torch.tensor(self._accumulated().value, dtype=torch.float64)

    def result(self):
        """The loss and what it is made of, over all batches of this process (inside of `sync_context()`, of all)."""
        return self._accumulated().result()

    def set_dtype(self, dst_type):
        """Does nothing: the sums are integers, and stay so."""
        return self

    def _apply(self, fn, *args, **kwargs):
        sums = self.sums
        super()._apply(fn, *args, **kwargs)
        if self.sums.dtype != torch.int64:
            # `.half()` and the like are for weights.
            self.sums = sums.to(self.sums.device)
        return self
