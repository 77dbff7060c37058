"""Writes reference_values.json: every loss of tests/common/mod.rs at generic pixels, to 40 digits, from its formula.

    pip install mpmath && python reference_values.py

The pixels are exact in single precision; so are the parameters of pointwise losses.
"""

import json
import pathlib

from mpmath import cosh, diff, exp, expm1, log, log1p, mp, mpf, sqrt

mp.dps = 60

# logit, target, weight: both signs, hard and soft targets, saturated and not, one ignored.
PIXELS = [
    ("1.25", "1", "1"),
    ("-0.71875", "1", "1"),
    ("2.5", "0", "1"),
    ("-3.375", "0", "2.5"),
    ("0.15625", "0.375", "1"),
    ("-1.90625", "0.8125", "0.75"),
    ("14.5", "1", "1"),
    ("-17.25", "0", "1"),
    ("-9.625", "1", "0.5"),
    ("6.75", "0.0625", "1"),
    ("0.5", "1", "0"),
    ("-0.03125", "0", "4"),
]
S = mpf("0.75")
F32_1_3, F32_0_7 = mpf(10905190) / 2**23, mpf(11744051) / 2**24
F32_0_3, F32_2_7 = mpf(10066330) / 2**25, mpf(11324621) / 2**22


def p(z):
    return 1 / (1 + exp(-z))


def softplus(z):
    return log1p(exp(z)) if z < 0 else z + log1p(exp(-z))


def ce(z, t):
    return t * softplus(-z) + (1 - t) * softplus(z)


def mean(loss):
    return lambda x: sum(w * loss(z, t) for z, t, w in x) / sum(w for _, _, w in x)


def total(x, of):
    return sum(w * of(p(z), t) for z, t, w in x)


def index(i, p_, t, alpha, beta, above, below):
    return 1 - (i + above) / (i + alpha * (p_ - i) + beta * (t - i) + below)


def tversky(alpha, beta, above, below, form="product"):
    def loss(x):
        if form == "squared":
            i, p_, t = (total(x, f) for f in (lambda p, t: p * t, lambda p, t: p * p, lambda p, t: t * t))
        else:
            overlap = min if form == "minimum" else (lambda p, t: p * t)
            i, p_, t = (total(x, f) for f in (overlap, lambda p, t: p, lambda p, t: t))
        return index(i, p_, t, mpf(alpha), mpf(beta), above, below)

    return loss


def mcc(x):
    tp, fp, fn, tn = (
        total(x, f) + S
        for f in (
            lambda p, t: p * t,
            lambda p, t: p * (1 - t),
            lambda p, t: (1 - p) * t,
            lambda p, t: (1 - p) * (1 - t),
        )
    )
    return 1 - (tp * tn - fp * fn) / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def mixture(gamma, alpha=None):
    def loss(z, t):
        factor = 1 if alpha is None else alpha * t + (1 - alpha) * (1 - t)
        return factor * (p(-z) * t + p(z) * (1 - t)) ** gamma * ce(z, t)

    return loss


def smoothed_bce(z, t):
    t = t * mpf("0.875") + (1 - t) * mpf("0.125")
    return mpf("3.5") * t * softplus(-z) + (1 - t) * softplus(z)


def split(z, t):
    quarter, g = mpf("0.25"), mpf("1.5")
    return quarter * t * p(-z) ** g * softplus(-z) + (1 - quarter) * (1 - t) * p(z) ** g * softplus(z)


def margin(z, t):
    factor = mpf("0.75") * t + mpf("0.25") * (1 - t)
    return factor * p(-z * (2 * t - 1)) ** 3 * ce(z, t)


def sides(foreground, background=None):
    """t·f(−ln p, p) + (1−t)·f(−ln(1−p), 1−p)."""
    background = background or foreground
    return lambda z, t: t * foreground(softplus(-z), p(z)) + (1 - t) * background(softplus(z), p(-z))


def reduced(gamma):
    return lambda b, p_t: b if p_t < mpf("0.5") else ((1 - p_t) * 2) ** gamma * b


def asymmetric_focal_tversky(delta, gamma):
    delta, gamma = mpf(delta), mpf(gamma)

    def loss(x):
        tp, fp = total(x, lambda p, t: p * t), total(x, lambda p, t: p * (1 - t))
        fn, tn = total(x, lambda p, t: (1 - p) * t), total(x, lambda p, t: (1 - p) * (1 - t))
        index = lambda hits, misses, alarms: (hits + S) / (hits + delta * misses + (1 - delta) * alarms + S)
        return ((1 - index(tn, fp, fn)) + (1 - index(tp, fn, fp)) ** (1 - gamma)) / 2

    return loss


def balanced(x):
    weight, foreground = sum(w for _, _, w in x), sum(w * t for _, t, w in x)
    share = foreground / weight
    return mean(sides(lambda b, _: (1 - share) * b, lambda b, _: share * b))(x)


def normalised(loss, factor):
    return lambda x: mean(loss)(x) / mean(factor)(x)


def split_with(power):
    return sides(lambda b, p_t: power(1 - p_t) * b), sides(lambda b, p_t: power(1 - p_t))


half, three, seven = "0.5", "0.3", "0.7"
dice = tversky(half, half, S / 2, S / 2)
LOSSES = {
    "bce": mean(ce),
    "bce pos_weight smoothing": mean(smoothed_bce),
    "bce uniform smoothing": mean(lambda z, t: ce(z, t * mpf("0.75") + mpf("0.125"))),
    "poly1": mean(lambda z, t: ce(z, t) + mpf("1.5") * (p(-z) * t + p(z) * (1 - t))),
    "focal": mean(mixture(2)),
    "focal mixture": mean(mixture(F32_1_3, mpf("0.25"))),
    "focal split": mean(split),
    "focal exponential": mean(lambda z, t: (-expm1(-ce(z, t))) ** F32_0_7 * ce(z, t)),
    "focal margin": mean(margin),
    "dice": dice,
    "dice smooth": tversky(half, half, mpf("0.125"), S / 2),
    "dice squared": tversky(half, half, S / 2, S / 2, "squared"),
    "dice minimum": tversky(half, half, S / 2, S / 2, "minimum"),
    "dice floor": lambda x: 1 - 2 * total(x, lambda p, t: p * t) / mpf("1e6"),
    "iou": tversky(1, 1, S, S),
    "tversky": tversky(three, seven, S, S),
    "tversky squared": tversky(three, seven, S, S, "squared"),
    "tversky minimum": tversky(three, seven, S, S, "minimum"),
    "focal_tversky": lambda x: tversky(three, seven, S, S)(x) ** mpf("0.75"),
    "log_dice": lambda x: -log(1 - dice(x)),
    "log_dice tversky": lambda x: -log(1 - tversky(three, seven, S, S)(x)),
    "log_cosh_dice": lambda x: log(cosh(dice(x))),
    "mcc": mcc,
    "asymmetric_focal": mean(sides(lambda b, _: b * 5 / 8, lambda b, p_t: (1 - p_t) ** 2 * b * 3 / 8)),
    "asymmetric_focal uneven": mean(sides(lambda b, _: b * 3 / 4, lambda b, p_t: (1 - p_t) ** F32_0_7 * b / 4)),
    "reduced_focal": mean(sides(reduced(2))),
    "reduced_focal alpha": mean(
        sides(lambda *a: reduced(F32_1_3)(*a) / 4, lambda *a: reduced(F32_1_3)(*a) * 3 / 4)
    ),
    "quality_focal": mean(lambda z, t: (p(z) - t) ** 2 * ce(z, t)),
    "quality_focal uneven": mean(lambda z, t: abs(p(z) - t) ** F32_2_7 * ce(z, t)),
    "generalised_cross_entropy": mean(sides(lambda b, _: -expm1(-F32_0_7 * b) / F32_0_7)),
    "exponential_log_cross_entropy": mean(
        sides(lambda b, _: mpf("3.5") * b**F32_0_3, lambda b, _: mpf("0.75") * b**F32_0_3)
    ),
    "exponential_log_cross_entropy half": mean(sides(lambda b, _: b ** mpf("1.5"))),
    "exponential_log_dice": lambda x: (-log(1 - dice(x))) ** mpf("0.3"),
    "asymmetric_focal_tversky": asymmetric_focal_tversky("0.6", "0.25"),
    "balanced_bce": balanced,
    "balanced_bce sum": lambda x: balanced(x) * sum(w for _, _, w in x),
    "normalised_focal": normalised(
        mixture(2, mpf("0.25")), lambda z, t: (p(-z) * t + p(z) * (1 - t)) ** 2
    ),
    "normalised_focal split": normalised(*split_with(lambda u: u ** mpf("1.5"))),
    "normalised_focal exponential": normalised(
        lambda z, t: (-expm1(-ce(z, t))) ** F32_0_7 * ce(z, t), lambda z, t: (-expm1(-ce(z, t))) ** F32_0_7
    ),
    "unified_focal": lambda x: mean(sides(lambda b, _: b * 5 / 8, lambda b, p_t: sqrt(1 - p_t) * b * 3 / 8))(x) / 4
    + asymmetric_focal_tversky("0.625", "0.5")(x) * 3 / 4,
    "focal + tversky": lambda x: mpf("0.7") * mean(mixture(2))(x) + mpf("0.3") * tversky(three, seven, S, S)(x),
    "any": lambda x: mean(ce)(x) / 2 + 2 * tversky(1, 1, S, S, "squared")(x) + mcc(x) / 4,
}


def main():
    pixels = [tuple(mpf(v) for v in pixel) for pixel in PIXELS]

    def by_logit(loss, i):
        shifted = lambda z: loss([(z, t, w) if j == i else (z_, t, w) for j, (z_, t, w) in enumerate(pixels)])
        return diff(shifted, pixels[i][0])

    losses = {
        name: {"value": float(loss(pixels)), "gradient": [float(by_logit(loss, i)) for i in range(len(pixels))]}
        for name, loss in LOSSES.items()
    }
    document = {"pixels": [[float(v) for v in pixel] for pixel in pixels], "losses": losses}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(document, indent=1) + "\n")


main()
