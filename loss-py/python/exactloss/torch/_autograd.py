"""Value and gradient for autograd: as a Function, and as custom operators for torch.compile."""

import functools
import json
import math
from typing import Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from .. import Loss as ArrayLoss
from . import _groups, _tensors

NO_SECOND = "these losses have no second derivative: call backward without create_graph=True"


def _arguments(logits, targets, weights, mask):
    arguments = (_tensors.array(logits), _tensors.targets_array(targets), _tensors.optional("weights", weights))
    return arguments, {"mask": _tensors.optional("mask", mask)}


def _sums(loss, logits, targets, weights, mask, group):
    sums, failure = loss.accumulator(), None
    try:
        positional, named = _arguments(logits, targets, weights, mask)
        sums.update(*positional, **named)
    except (TypeError, ValueError) as error:
        failure = error
    _groups.add_over(sums, group, failure)
    return sums


def value(loss, logits, targets, weights, mask):
    """The loss of a batch that no gradient is asked of."""
    positional, named = _arguments(logits, targets, weights, mask)
    return _tensors.scalar(loss(*positional, **named))


def _write(sums, logits, targets, weights, mask, upstream):
    gradient = _tensors.room(logits)
    positional, named = _arguments(logits, targets, weights, mask)
    sums.gradient(*positional, **named, upstream=upstream, out=gradient.numpy())
    if not math.isfinite(upstream):
        # The core's gradients are finite. A loss that diverged, or a scale that overflowed, has to be seen.
        gradient.fill_(math.nan)
    return gradient if logits.dtype == torch.float32 else gradient.to(logits.dtype)


def _write_of_images(loss, logits, targets, weights, mask, upstream):
    gradient = _tensors.room(logits)
    (logits_array, targets_array, weights_array), named = _arguments(logits, targets, weights, mask)
    upstream = upstream.detach().to(torch.float64).contiguous().numpy()
    loss.gradient_of_images(logits_array, targets_array, upstream, weights_array, **named, out=gradient.numpy())
    gradient[torch.from_numpy(~np.isfinite(upstream))] = math.nan
    return gradient if logits.dtype == torch.float32 else gradient.to(logits.dtype)


def _of_images(loss, logits, targets, weights, mask):
    positional, named = _arguments(logits, targets, weights, mask)
    # An image without a valid pixel is 0, as the sum over no pixels: NaN would take the batch with it.
    return torch.from_numpy(np.nan_to_num(loss.of_images(*positional, **named), nan=0.0)).float()


# Up to so many logits, calls cost more than a second pass over them: the gradient is computed with the value, for the upstream factor 1.
SMALL = 1 << 16


class OfBatch(torch.autograd.Function):
    """The loss of a batch: (logits, targets, weights, mask, loss, group, factor of the gradient)."""

    @staticmethod
    def forward(ctx, logits, targets, weights, mask, loss, group, factor):
        ctx.save_for_backward(logits, targets, weights, mask)
        ctx.loss, ctx.factor, ctx.sums, ctx.gradient = loss, factor, None, None
        if group is None and logits.numel() <= SMALL and logits.dtype == torch.float32:
            positional, named = _arguments(logits, targets, weights, mask)
            ctx.gradient = _tensors.room(logits)
            value, _ = loss.value_and_gradient(*positional, **named, out=ctx.gradient.numpy())
            return _tensors.scalar(value)
        ctx.sums = _sums(loss, logits, targets, weights, mask, group)
        return _tensors.scalar(ctx.sums.value)

    @staticmethod
    def backward(ctx, upstream):
        if torch.is_grad_enabled():
            raise RuntimeError(NO_SECOND)
        # Raises if one of them was changed since, whether they are needed or not.
        saved, factor = ctx.saved_tensors, upstream.item() * ctx.factor
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None or factor != 1.0:
            if ctx.sums is None:
                ctx.sums = _sums(ctx.loss, *saved, None)
            gradient = _write(ctx.sums, *saved, factor)
        # Nothing but the caller refers to the gradient, so that it need not be copied.
        return gradient, None, None, None, None, None, None


class OfImages(torch.autograd.Function):
    """The losses of images: (logits, targets, weights, mask, loss)."""

    @staticmethod
    def forward(ctx, logits, targets, weights, mask, loss):
        ctx.loss = loss
        ctx.save_for_backward(logits, targets, weights, mask)
        return _of_images(loss, logits, targets, weights, mask)

    @staticmethod
    def backward(ctx, upstream):
        if torch.is_grad_enabled():
            raise RuntimeError(NO_SECOND)
        return _write_of_images(ctx.loss, *ctx.saved_tensors, upstream), None, None, None, None


def key_of(loss):
    """A loss as text, which an operator can take."""
    (expression,), options = loss.__getnewargs_ex__()
    return json.dumps([expression, options])


@functools.lru_cache(maxsize=None)
def loss_of(key):
    """The loss of a text, and the length of its state: 0 if it has none."""
    expression, options = json.loads(key)
    loss = ArrayLoss(expression, **options)
    try:
        return loss, loss.state_length
    except ValueError:
        return loss, 0


# The operators that torch.compile takes into its graph; a Function would break it. Older releases of torch have no such operators.
HAS_OPERATORS = hasattr(torch.library, "custom_op")

if HAS_OPERATORS:

    @torch.library.custom_op("exactloss::of_batch", mutates_args=(), device_types="cpu")
    def of_batch(
        logits: Tensor, targets: Tensor, weights: Optional[Tensor], mask: Optional[Tensor], key: str, group: str, factor: float
    ) -> Tuple[Tensor, Tensor]:
        loss, length = loss_of(key)
        sums = _sums(loss, logits, targets, weights, mask, group or None)
        state = torch.from_numpy(sums.state()) if length else torch.empty(0, dtype=torch.int64)
        return _tensors.scalar(sums.value), state

    @of_batch.register_fake
    def _(logits, targets, weights, mask, key, group, factor):
        return logits.new_empty((), dtype=torch.float32), logits.new_empty(loss_of(key)[1], dtype=torch.int64)

    @torch.library.custom_op("exactloss::of_batch_backward", mutates_args=(), device_types="cpu")
    def of_batch_backward(
        logits: Tensor, targets: Tensor, weights: Optional[Tensor], mask: Optional[Tensor], state: Tensor, upstream: Tensor, key: str, factor: float
    ) -> Tensor:
        loss, length = loss_of(key)
        if length:
            sums = loss.accumulator()
            sums.load_state(state.numpy())
        else:
            # A loss that ranks the pixels has no state: they are ranked again.
            sums = _sums(loss, logits, targets, weights, mask, None)
        return _write(sums, logits, targets, weights, mask, upstream.item() * factor)

    @of_batch_backward.register_fake
    def _(logits, targets, weights, mask, state, upstream, key, factor):
        return torch.empty(logits.shape, dtype=logits.dtype)

    def _set_up(ctx, inputs, output):
        logits, targets, weights, mask, ctx.key, _, ctx.factor = inputs
        ctx.save_for_backward(logits, targets, weights, mask, output[1])

    def _backward(ctx, upstream, _):
        logits, targets, weights, mask, state = ctx.saved_tensors
        gradient = of_batch_backward(logits, targets, weights, mask, state, upstream, ctx.key, ctx.factor)
        return gradient, None, None, None, None, None, None

    of_batch.register_autograd(_backward, setup_context=_set_up)

    @torch.library.custom_op("exactloss::of_images", mutates_args=(), device_types="cpu")
    def of_images(logits: Tensor, targets: Tensor, weights: Optional[Tensor], mask: Optional[Tensor], key: str) -> Tensor:
        return _of_images(loss_of(key)[0], logits, targets, weights, mask)

    @of_images.register_fake
    def _(logits, targets, weights, mask, key):
        return logits.new_empty(logits.shape[0], dtype=torch.float32)

    @torch.library.custom_op("exactloss::of_images_backward", mutates_args=(), device_types="cpu")
    def of_images_backward(
        logits: Tensor, targets: Tensor, weights: Optional[Tensor], mask: Optional[Tensor], upstream: Tensor, key: str
    ) -> Tensor:
        return _write_of_images(loss_of(key)[0], logits, targets, weights, mask, upstream)

    @of_images_backward.register_fake
    def _(logits, targets, weights, mask, upstream, key):
        return torch.empty(logits.shape, dtype=logits.dtype)

    def _set_up_images(ctx, inputs, output):
        logits, targets, weights, mask, ctx.key = inputs
        ctx.save_for_backward(logits, targets, weights, mask)

    def _backward_of_images(ctx, upstream):
        return of_images_backward(*ctx.saved_tensors, upstream, ctx.key), None, None, None, None

    of_images.register_autograd(_backward_of_images, setup_context=_set_up_images)


def is_forward_mode():
    """Whether somebody asks for forward-mode derivatives."""
    return getattr(torch.autograd.forward_ad, "_current_level", -1) >= 0


def is_compiling():
    """Whether torch.compile looks at what is called."""
    compiler = getattr(torch, "compiler", None)
    return HAS_OPERATORS and compiler is not None and compiler.is_compiling()
