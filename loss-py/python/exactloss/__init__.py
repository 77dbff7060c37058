"""Segmentation losses with exact, order-independent sums.

    >>> import numpy as np
    >>> from exactloss import Loss
    >>> loss = Loss("bce + dice(smooth=1)")
    >>> rng = np.random.default_rng(0)
    >>> logits = rng.normal(size=(2, 64, 64)).astype(np.float32)
    >>> mask = rng.random((2, 64, 64)) < 0.2
    >>> value, gradient = loss.value_and_gradient(logits, mask)
    >>> gradient.shape
    (2, 64, 64)

The same bits for any order of the pixels, any number of threads or processes, and any machine.

- `Loss`: value and gradient of a batch, by NumPy alone.
- `Accumulator`: sums that add, over batches, workers and machines.
- `exactloss.torch`: `nn.Module`s with autograd, for one process or many; drop-in classes for MONAI, segmentation_models.pytorch and others.
- `exactloss.torchmetrics`: a `Metric`.
- `exactloss score --help`, in a shell: losses of files.
"""

from ._native import (
    STATE_VERSION,
    Accumulator,
    Bfloat16,
    Confusion,
    Counts,
    Loss,
    OfClass,
    Part,
    Result,
    get_num_threads,
    presets,
    set_num_threads,
)
from ._state_files import read_state, write_state

__all__ = [
    "STATE_VERSION",
    "Accumulator",
    "Bfloat16",
    "Confusion",
    "Counts",
    "Loss",
    "OfClass",
    "Part",
    "Result",
    "get_num_threads",
    "presets",
    "read_state",
    "set_num_threads",
    "write_state",
]
__version__ = "0.1.0"


def _restored(loss, state):
    """An accumulator with a state: what pickles hold."""
    sums = loss.accumulator()
    sums.load_state(state)
    return sums
