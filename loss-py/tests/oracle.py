"""The losses of the tests again, in float64 and as naive as can be."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def bce(z, t, w):
    # max(z, 0) - z t + ln(1 + e^-|z|)
    loss = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))
    return (w * loss).sum() / w.sum()


def dice(z, t, w, smooth):
    p = sigmoid(z)
    return 1 - (2 * (w * p * t).sum() + smooth) / ((w * p).sum() + (w * t).sum() + smooth)


def focal(z, t, w, gamma):
    loss = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))
    p = sigmoid(z)
    return (w * (t * (1 - p) + (1 - t) * p) ** gamma * loss).sum() / w.sum()


def bce_dice(z, t, w=None, smooth=1.0):
    """bce + dice(smooth=1), of all pixels."""
    z, t = np.asarray(z, np.float64), np.asarray(t, np.float64)
    w = np.ones(z.shape) if w is None else np.asarray(w, np.float64)
    return bce(z, t, w) + dice(z, t, w, smooth)


def bce_dice_gradient(z, t, w=None, smooth=1.0):
    z, t = np.asarray(z, np.float64), np.asarray(t, np.float64)
    w = np.ones(z.shape) if w is None else np.asarray(w, np.float64)
    p = sigmoid(z)
    above, below = 2 * (w * p * t).sum() + smooth, (w * p).sum() + (w * t).sum() + smooth
    by_p = -(2 * w * t * below - above * w) / below**2
    return w * (p - t) / w.sum() + by_p * p * (1 - p)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def ce_dice(z, labels, w=None, smooth=1.0):
    """ce + dice(smooth=1) over classes, (N, C, ...) with (N, ...)."""
    z = np.asarray(z, np.float64)
    one_hot = np.moveaxis(np.eye(z.shape[1])[labels], -1, 1)
    w = np.ones(labels.shape) if w is None else np.asarray(w, np.float64)
    p = softmax(z)
    ce = (w * -np.log((p * one_hot).sum(1))).sum() / w.sum()
    axes = tuple(axis for axis in range(z.ndim) if axis != 1)
    weighted = w[:, None]
    above = 2 * (weighted * p * one_hot).sum(axes) + smooth
    below = (weighted * p).sum(axes) + (weighted * one_hot).sum(axes) + smooth
    return ce + (1 - above / below).mean()
