"""Losses for PyTorch, with autograd.

    >>> import torch
    >>> from exactloss.torch import Loss
    >>> loss = Loss("bce + dice(smooth=1)")
    >>> logits = torch.zeros(2, 1, 8, 8, requires_grad=True)
    >>> mask = torch.ones(2, 1, 8, 8, dtype=torch.bool)
    >>> loss(logits, mask).backward()
    >>> logits.grad.shape
    torch.Size([2, 1, 8, 8])

`exactloss.torch.monai` and `exactloss.torch.smp` have the losses of these libraries under their names and arguments.

The losses run on the CPU: for logits on a GPU call `loss(logits.cpu(), targets.cpu())`, whose gradient finds its way back. They have a
first derivative, and none by targets or weights.
"""

from typing import Optional as _Optional

import torch as _torch

from .. import Loss as _ArrayLoss
from . import _autograd, _groups, _tensors

__all__ = ["Loss"]


class Loss(_torch.nn.Module):
    """A segmentation loss made of an expression, as `exactloss.Loss`, for tensors and with autograd.

    Parameters
    ----------
    expression, classes, channels, per_image, from_logits, epsilon, ignore_index, class_weights
        As for `exactloss.Loss`.
    reduction : {"mean", "sum", "none"}, default "mean"
        "mean": the loss as its expression says. With per_image=True also "none", the loss of each image, (N,), and "sum", their
        sum; an image without a valid pixel is 0 in both.
    process_group : "world", a name or a torch.distributed.ProcessGroup, optional
        The processes whose batches make one batch: sums are added between forward and backward, so that batch Dice is that of all
        processes, to the bit, and the value is the same on each. Every process must call it as often as the others.
    gradients_are_averaged : bool, default True
        With `process_group`: whether gradients are averaged over the processes afterwards, as DistributedDataParallel does. The
        gradient is then multiplied by their number, so that the average is the gradient of the loss. False if they are added.

    Call
    ----
    logits : torch.Tensor of float32, float16 or bfloat16, on the CPU
        Any shape, or (N, C, ...) with `classes` or `channels`; in any memory format.
    targets : torch.Tensor
        bool, whole numbers, or float32 in [0, 1], of the same shape; with `classes` labels (N, ...), or soft targets of float32.
    weights : torch.Tensor of float32, optional
        A weight for each target; with `classes` (N, ...).
    mask : torch.Tensor of bool, optional
        False ignores a pixel.

    Returns
    -------
    torch.Tensor of float32
        The loss, ().

    Raises
    ------
    ValueError
        For a shape, a device, or a pixel that is out of range, with its index.
    TypeError
        For a type that is not taken: float64 logits need `logits.float()`.
    RuntimeError
        For a second derivative (create_graph=True).

    Examples
    --------
    >>> import torch
    >>> from exactloss.torch import Loss
    >>> float(Loss("dice(smooth=0)")(torch.zeros(2), torch.tensor([1, 0])))
    0.5
    """

    def __init__(
        self,
        expression="bce + dice",
        *,
        classes=None,
        channels=None,
        per_image=False,
        from_logits=True,
        epsilon=1e-7,
        ignore_index=None,
        class_weights=None,
        reduction="mean",
        process_group=None,
        gradients_are_averaged=True,
    ):
        super().__init__()
        if isinstance(class_weights, _torch.Tensor):
            class_weights = class_weights.tolist()
        loss = _ArrayLoss(
            expression,
            classes=classes,
            channels=channels,
            per_image=per_image,
            from_logits=from_logits,
            epsilon=epsilon,
            ignore_index=ignore_index,
            class_weights=class_weights,
        )
        self._set(loss, reduction, process_group, gradients_are_averaged)

    @classmethod
    def of(cls, loss: _ArrayLoss, *, reduction: str = "mean", process_group=None, gradients_are_averaged: bool = True) -> "Loss":
        """The module of an `exactloss.Loss`: of a preset, `Loss.of(exactloss.Loss.preset("monai.dice_ce"))`."""
        module = cls.__new__(cls)
        _torch.nn.Module.__init__(module)
        module._set(loss, reduction, process_group, gradients_are_averaged)
        return module

    def _set(self, loss, reduction, process_group, gradients_are_averaged):
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
        if reduction != "mean" and not loss.per_image:
            raise ValueError(
                f"reduction={reduction!r} is of losses of images: it needs per_image=True. (The expression has reductions of pixels: bce(reduction=sum))"
            )
        if process_group is not None:
            if reduction != "mean":
                raise ValueError(f"reduction={reduction!r} is of the images of one process: leave process_group=None")
            loss.state_length  # raises if there is nothing that could be added
        self.loss = loss
        self.reduction = reduction
        self.process_group = process_group
        self.gradients_are_averaged = gradients_are_averaged
        self._key = _autograd.key_of(loss)

    def forward(
        self,
        logits: _torch.Tensor,
        targets: _torch.Tensor,
        weights: _Optional[_torch.Tensor] = None,
        *,
        mask: _Optional[_torch.Tensor] = None,
    ) -> _torch.Tensor:
        """The loss of a batch; see the class."""
        _tensors.check_logits(logits)
        _tensors.check("targets", targets)
        for name, tensor in (("weights", weights), ("mask", mask)):
            if tensor is not None:
                _tensors.check(name, tensor)
        for name, tensor in (("targets", targets), ("weights", weights)):
            if tensor is not None and tensor.requires_grad:
                raise ValueError(f"{name} require a gradient, and there is none by them: call {name}.detach()")
        if self.reduction != "mean":
            if _autograd.is_compiling():
                of_images = _torch.ops.exactloss.of_images(logits, targets, weights, mask, self._key)
            else:
                of_images = _autograd.OfImages.apply(logits, targets, weights, mask, self.loss)
            return of_images.sum() if self.reduction == "sum" else of_images
        group = self.process_group
        factor = float(_groups.size(group)) if group is not None and self.gradients_are_averaged else 1.0
        if _autograd.is_compiling():
            name = "" if group is None else group if isinstance(group, str) else group.group_name
            return _torch.ops.exactloss.of_batch(logits, targets, weights, mask, self._key, name, factor)[0]
        # Forward-mode derivatives do not go by requires_grad; the Function says that there are none.
        is_plain = not (logits.requires_grad and _torch.is_grad_enabled()) and not _autograd.is_forward_mode()
        if group is None and is_plain:
            return _autograd.value(self.loss, logits, targets, weights, mask)
        return _autograd.OfBatch.apply(logits, targets, weights, mask, self.loss, group, factor)

    def extra_repr(self) -> str:
        """The options that are not the defaults."""
        text = repr(self.loss)[len("Loss(") : -1]
        if self.reduction != "mean":
            text += f", reduction={self.reduction!r}"
        if self.process_group is not None:
            text += f", process_group={self.process_group!r}"
        return text
