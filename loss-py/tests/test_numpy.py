"""Values and gradients against NumPy in float64; types, shapes and orders of arrays; messages."""

import copy
import pickle
import subprocess
import sys
import threading

import numpy as np
import oracle
import pytest

import exactloss
from exactloss import Accumulator, Bfloat16, Loss

BCE_DICE = Loss("bce + dice(smooth=1)")


def pixels(seed, shape=(3, 17, 13), share=0.3):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, shape).astype(np.float32), rng.random(shape) < share


def to_bfloat16(z):
    """The bits, and the numbers that they stand for."""
    bits = (z.view(np.uint32) >> 16).astype(np.uint16)
    return bits, (bits.astype(np.uint32) << 16).view(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_binary_values_and_gradients(seed):
    z, t = pixels(seed)
    rng = np.random.default_rng(seed + 100)
    w = (rng.random(z.shape) * (rng.random(z.shape) < 0.8)).astype(np.float32)
    for weights in (None, w):
        value, gradient = BCE_DICE.value_and_gradient(z, t, weights)
        assert value == pytest.approx(oracle.bce_dice(z, t, weights), rel=1e-6)
        expected = oracle.bce_dice_gradient(z, t, weights)
        assert np.abs(gradient - expected).max() < 4e-6 * np.abs(expected).max()
        assert BCE_DICE(z, t, weights) == value
    assert Loss("focal(gamma=2)")(z, t) == pytest.approx(oracle.focal(z.astype(float), t, np.ones(z.shape), 2), rel=1e-6)


def test_every_type_of_logits_and_targets_gives_the_number_of_its_values():
    z, t = pixels(1)
    half, (bits, brain) = z.astype(np.float16), to_bfloat16(z)
    assert BCE_DICE(half, t) == BCE_DICE(half.astype(np.float32), t)
    assert BCE_DICE(Bfloat16(bits), t) == BCE_DICE(brain, t)
    expected = BCE_DICE(z, t)
    for kind in (np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32):
        assert BCE_DICE(z, t.astype(kind)) == expected, kind
    soft = np.random.default_rng(0).random(z.shape).astype(np.float32)
    assert BCE_DICE(z, soft) == pytest.approx(oracle.bce_dice(z, soft), rel=1e-6)
    assert BCE_DICE.value_and_gradient(half, t)[1].dtype == np.float32


def test_codes_of_quantised_models():
    rng = np.random.default_rng(2)
    codes, t = rng.integers(-128, 128, (2, 9, 9), np.int8), rng.random((2, 9, 9)) < 0.4
    numbers = (np.float32(0.0625) * (codes.astype(np.int32) - 3)).astype(np.float32)
    quantised = Loss("bce + dice(smooth=1)", quantisation=(0.0625, 3))
    assert quantised(codes, t) == BCE_DICE(numbers, t)
    unsigned = (codes.astype(np.int16) + 128).astype(np.uint8)
    assert Loss("bce + dice(smooth=1)", quantisation=(0.0625, 131))(unsigned, t) == BCE_DICE(numbers, t)
    assert quantised(codes.astype(np.int16), t) == BCE_DICE(numbers, t)
    # TFLite's LOGISTIC.
    probabilities = Loss("bce + dice(smooth=1)", from_logits=False, quantisation=(1 / 256, -128))
    p = ((codes.astype(np.int32) + 128) / 256).astype(np.float32)
    assert probabilities(codes, t) == Loss("bce + dice(smooth=1)", from_logits=False)(p, t)
    with pytest.raises(TypeError, match="quantisation=\\(scale, zero_point\\)"):
        BCE_DICE(codes, t)
    with pytest.raises(TypeError, match="int8, uint8 or int16"):
        quantised(numbers, t)
    labels = rng.integers(0, 4, (2, 9), np.int64)
    many = rng.integers(-128, 128, (2, 4, 9), np.int8)
    classes = Loss("ce + dice(smooth=1)", classes=4, quantisation=(0.0625, 0))
    assert classes(many, labels) == Loss("ce + dice(smooth=1)", classes=4)((many * np.float32(0.0625)).astype(np.float32), labels)
    assert np.isfinite(Loss("ce", classes=4, quantisation=(0.0625, 0))(many.view(np.uint8), labels))
    assert classes(many.astype(np.int16), labels) == classes(many, labels)
    words = rng.integers(0, 32768, (2, 9, 9), np.int16)
    wide = Loss("bce", from_logits=False, quantisation=(1 / 32768, 0))
    assert wide(words, t) == Loss("bce", from_logits=False)((words / 32768).astype(np.float32), t)
    with pytest.raises(ValueError, match=r"probabilities\[0, 0, 0\] is -"):
        wide(words - np.int16(32767) - np.int16(1), t)


def test_classes_channels_and_images():
    rng = np.random.default_rng(3)
    z, labels = rng.normal(0, 2, (3, 4, 5, 6)).astype(np.float32), rng.integers(0, 4, (3, 5, 6))
    w = rng.random((3, 5, 6)).astype(np.float32) + np.float32(0.1)
    loss = Loss("ce + dice(smooth=1)", classes=4)
    assert loss(z, labels) == pytest.approx(oracle.ce_dice(z, labels), rel=1e-6)
    assert loss(z, labels, w) == pytest.approx(oracle.ce_dice(z, labels, w), rel=1e-6)
    for kind in (np.uint8, np.int32, np.int16):
        assert loss(z, labels.astype(kind)) == loss(z, labels)
    soft = np.ascontiguousarray(np.moveaxis(np.eye(4, dtype=np.float32)[labels], -1, 1))
    assert loss(z, soft) == pytest.approx(loss(z, labels), rel=1e-6)
    assert loss(z.astype(np.float16), soft) == pytest.approx(loss(z, labels), rel=1e-2)
    by_image = Loss("ce + dice(smooth=1)", classes=4, per_image=True)
    each = [oracle.ce_dice(z[n : n + 1], labels[n : n + 1]) for n in range(3)]
    assert by_image(z, labels) == pytest.approx(np.mean(each), rel=1e-6)
    assert by_image.of_images(z, labels) == pytest.approx(each, rel=1e-6)
    masks = rng.random(z.shape) < 0.3
    channels = Loss("bce + dice(smooth=1)", channels=4)
    assert channels(z, masks) == pytest.approx(np.mean([oracle.bce_dice(z[:, c], masks[:, c]) for c in range(4)]), rel=1e-6)
    both = Loss(["dice(smooth=1)", "bce"], per_image=[True, False])
    z, t = pixels(4)
    dice = np.mean([oracle.dice(z[n].astype(float), t[n], np.ones(z[n].shape), 1) for n in range(3)])
    assert both(z, t) == pytest.approx(dice + oracle.bce(z.astype(float), t, np.ones(z.shape)), rel=1e-6)


@pytest.mark.parametrize(
    "loss, targets",
    [
        (Loss("bce + dice(smooth=1)"), "mask"),
        (Loss("0.7 * focal(gamma=2) + 0.3 * tversky(alpha=0.3, beta=0.7, smooth=1)", per_image=True), "mask"),
        (Loss(["dice(smooth=1)", "bce"], per_image=[True, False]), "mask"),
        (Loss("bce + iou(smooth=1)", channels=4), "mask"),
        (Loss("ce + dice(smooth=1)", classes=4), "labels"),
        (Loss("ce + dice(smooth=1)", classes=4, per_image=True), "labels"),
        (Loss("lovasz_softmax", classes=4), "labels"),
        (Loss("lovasz_hinge"), "mask"),
    ],
    ids=repr,
)
def test_gradients_are_those_of_the_value(loss, targets):
    rng = np.random.default_rng(5)
    z = rng.normal(0, 1.5, (3, 4, 5)).astype(np.float32)
    t = rng.random(z.shape) < 0.4 if targets == "mask" else rng.integers(0, 4, (3, 5))
    w = rng.random(t.shape).astype(np.float32) + np.float32(0.25) if "lovasz" not in repr(loss) else None
    value, gradient = loss.value_and_gradient(z, t, w)
    # Along a direction, by central differences: the step is exact in float32, and the value in float64.
    for _ in range(4):
        direction = rng.choice(np.array([-1, 1], np.float32), z.shape)
        # A loss that ranks has kinks where two pixels change places.
        step = np.float32(2**-14 if "lovasz" in repr(loss) else 2**-9)
        above, below = loss(z + step * direction, t, w), loss(z - step * direction, t, w)
        slope = (above - below) / (2 * float(step))
        expected = float((gradient.astype(np.float64) * direction).sum())
        assert slope == pytest.approx(expected, rel=2e-3, abs=2e-4)
    sums = loss.accumulator()
    sums.update(z, t, w)
    assert (sums.gradient(z, t, w, upstream=-2.0) == -2 * gradient).all()
    out = np.full(z.shape, np.nan, np.float32)
    assert loss.value_and_gradient(z, t, w, out=out)[1] is out
    assert (out == gradient).all() and value == loss(z, t, w)


def test_ignored_pixels_are_as_if_they_were_not_there():
    z, t = pixels(6)
    rng = np.random.default_rng(7)
    keep = rng.random(z.shape) < 0.7
    expected = BCE_DICE(z[keep], t[keep])
    assert BCE_DICE(z, t, mask=keep) == expected
    assert BCE_DICE(z, t, keep.astype(np.float32)) == expected
    ignoring = Loss("bce + dice(smooth=1)", ignore_index=255)
    for kind in (np.uint8, np.int32, np.float32):
        assert ignoring(z, np.where(keep, t, 255).astype(kind)) == expected
    assert Loss("bce + dice(smooth=1)", ignore_index=-1)(z, np.where(keep, t, -1).astype(np.int64)) == expected
    spoilt = np.where(keep, z, np.nan).astype(np.float32)
    value, gradient = BCE_DICE.value_and_gradient(spoilt, t, mask=keep)
    assert value == expected and (gradient[~keep] == 0).all()
    # A mask and a target to be ignored combine.
    other = rng.random(z.shape) < 0.9
    assert ignoring(z, np.where(keep, t, 255).astype(np.uint8), mask=other) == BCE_DICE(z[keep & other], t[keep & other])
    labels = rng.integers(0, 3, (2, 20))
    logits = rng.normal(size=(2, 3, 20)).astype(np.float32)
    marked = np.where(np.arange(20) % 3 == 0, 255, labels)
    kept = np.arange(20) % 3 != 0
    assert Loss("ce + dice", classes=3, ignore_index=255)(logits, marked) == Loss("ce + dice", classes=3)(
        np.ascontiguousarray(logits[:, :, kept]), np.ascontiguousarray(labels[:, kept])
    )


def test_an_image_without_valid_pixels_leaves_the_mean():
    z, t = pixels(8, (3, 10))
    mask = np.ones(z.shape, bool)
    mask[1] = False
    loss = Loss("dice(smooth=1)", per_image=True)
    assert loss(z, t, mask=mask) == loss(z[::2].copy(), t[::2].copy())
    of_images = loss.of_images(z, t, mask=mask)
    assert np.isnan(of_images[1]) and not np.isnan(of_images[::2]).any()
    sums = loss.accumulator()
    sums.update(z, t, mask=mask)
    assert (sums.result().images, sums.result().skipped) == (2, 1)
    with pytest.raises(ValueError, match="every image is without a valid pixel"):
        loss(z, t, mask=np.zeros(z.shape, bool))
    gradient = loss.value_and_gradient(z, t, mask=mask)[1]
    assert (gradient[1] == 0).all() and (gradient[0] != 0).any()


# Traps, each of which has given a wrong number or hung.


def test_fortran_order_is_the_number_of_the_values_and_never_of_the_memory():
    z, t = pixels(9, (7, 5))
    assert z.T.flags.f_contiguous and not z.T.flags.c_contiguous
    # z.T beside targets in C order: walking both as they lie in memory pairs wrong pixels.
    expected = oracle.bce_dice(z.T, np.ascontiguousarray(t.T))
    assert BCE_DICE(z.T, np.ascontiguousarray(t.T)) == pytest.approx(expected, rel=1e-6)
    assert BCE_DICE(np.ascontiguousarray(z.T), t.T) == BCE_DICE(z.T, t.T) == BCE_DICE(z, t)
    gradient = BCE_DICE.value_and_gradient(z.T, t.T)[1]
    assert (gradient == BCE_DICE.value_and_gradient(z, t)[1].T).all()
    logits, labels = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32), np.zeros((2, 4), np.int64)
    loss = Loss("ce + dice", classes=3)
    assert loss(np.asfortranarray(logits), np.asfortranarray(labels)) == loss(logits, labels)


@pytest.mark.parametrize(
    "spoil", [lambda a: a[:, ::2], lambda a: a[::-1], lambda a: np.broadcast_to(a[:1], a.shape), lambda a: a.transpose(1, 0, 2)], ids="step reversed broadcast moved".split()
)
def test_what_is_not_contiguous_is_refused_with_the_remedy(spoil):
    z, t = pixels(10, (4, 4, 4))
    for arrays, name in (((spoil(z), np.ascontiguousarray(spoil(t))), "logits"), ((np.ascontiguousarray(spoil(z)), spoil(t)), "targets")):
        with pytest.raises(ValueError, match=rf"{name} are not contiguous .*numpy.ascontiguousarray\({name}\)"):
            BCE_DICE(*arrays)
    with pytest.raises(ValueError, match="weights are not contiguous"):
        BCE_DICE(np.ascontiguousarray(spoil(z)), np.ascontiguousarray(spoil(t)), spoil(np.ones(z.shape, np.float32)))


def test_memory_that_is_not_aligned_or_of_another_byte_order_is_refused():
    raw = np.zeros(41, np.uint8)
    z = raw[1:].view(np.float32)
    with pytest.raises(ValueError, match="not aligned"):
        BCE_DICE(z, np.zeros(10, bool))
    with pytest.raises(TypeError, match="byte order"):
        BCE_DICE(np.zeros(3, ">f4"), np.zeros(3, bool))
    with pytest.raises(TypeError, match="byte order"):
        BCE_DICE(np.zeros(3, np.float32), np.zeros(3, ">i4"))


def test_a_masked_array_does_not_lose_its_mask():
    z, t = pixels(11)
    with pytest.raises(TypeError, match="masked array.*getmaskarray"):
        BCE_DICE(np.ma.masked_array(z, z > 1), t)


def test_booleans_of_any_byte_are_targets_or_refused():
    odd = np.array([0, 1, 2, 255], np.uint8).view(bool)
    with pytest.raises(ValueError, match=r"targets\[2\] is 2"):
        BCE_DICE(np.zeros(4, np.float32), odd)
    # Of a mask any byte but 0 is true, as NumPy has it.
    assert BCE_DICE(np.zeros(4, np.float32), np.ones(4, bool), mask=odd) == BCE_DICE(np.zeros(3, np.float32), np.ones(3, bool))


FORKED = """
import os, sys, numpy as np, exactloss
exactloss.set_num_threads(4)
rng = np.random.default_rng(0)
z, t = rng.normal(size=(8, 1 << 15)).astype(np.float32), rng.random((8, 1 << 15)) < .3
losses = exactloss.Loss("bce + dice"), exactloss.Loss("bce + dice", per_image=True)
expected = [loss.value_and_gradient(z, t) for loss in losses]   # its threads run now
for _ in range(3):
    child = os.fork()
    if child == 0:
        again = [loss.value_and_gradient(z, t) for loss in losses]
        os._exit(0 if all(a[0] == b[0] and (a[1] == b[1]).all() for a, b in zip(expected, again)) else 1)
    assert os.waitpid(child, 0)[1] == 0
print("the same")
"""


def test_threads_survive_a_fork():
    ran = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=120)
    assert ran.stdout == "the same\n", ran.stderr


def test_threads_change_no_bit():
    z, t = pixels(12, (6, 300, 200))
    labels = np.random.default_rng(1).integers(0, 5, (6, 50, 40))
    logits = np.random.default_rng(2).normal(size=(6, 5, 50, 40)).astype(np.float32)
    logits, labels = np.tile(logits, (1, 1, 2, 2)), np.tile(labels, (1, 2, 2))
    before = exactloss.get_num_threads()
    results = []
    for threads in (1, 2, 5):
        exactloss.set_num_threads(threads)
        assert exactloss.get_num_threads() == threads
        of_all = [Loss(text, per_image=per_image).value_and_gradient(z, t) for text in ("bce + dice", "lovasz_hinge") for per_image in (False, True)]
        of_all.append(Loss("ce + dice", classes=5).value_and_gradient(logits, labels))
        of_all.append(Loss("bce + dice", channels=5).value_and_gradient(logits, logits > 1))
        results.append(of_all)
    exactloss.set_num_threads(0)
    assert before == exactloss.get_num_threads()
    for others in results[1:]:
        for (value, gradient), (other, slopes) in zip(results[0], others):
            assert value == other and (gradient == slopes).all()


def test_threads_of_python_lose_no_update():
    z, t = pixels(13, (16, 4000))
    sums = BCE_DICE.accumulator()
    threads = [threading.Thread(target=lambda n=n: [sums.update(z[n], t[n]) for _ in range(5)]) for n in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    alone = BCE_DICE.accumulator()
    for _ in range(5):
        alone.update(z, t)
    assert sums == alone and sums.result().counts.valid == 5 * z.size


def test_the_number_of_images_divides_the_gradient_of_their_mean():
    z, t = pixels(14, (4, 30))
    loss = Loss("dice(smooth=1)", per_image=True)
    sums = loss.accumulator()
    for n in range(4):
        sums.update(z[n : n + 1], t[n : n + 1])
    whole = loss.value_and_gradient(z, t)[1]
    parts = np.concatenate([sums.gradient(z[n : n + 1], t[n : n + 1]) for n in range(4)])
    assert (whole == parts).all()
    assert whole[0] == pytest.approx(Loss("dice(smooth=1)").value_and_gradient(z[0], t[0])[1] / 4, rel=1e-6)
    upstream = np.array([1.0, -2.0, 0.0, 3.0])
    of_images = loss.gradient_of_images(z, t, upstream)
    assert of_images == pytest.approx(whole * 4 * upstream[:, None], rel=1e-6)


def test_a_state_of_another_length_is_counted_rightly():
    sums = Loss("bce + dice").accumulator()
    length = Loss("bce + dice").state_length
    for wrong in (length - 1, length + 1, 0, 3 * length):
        with pytest.raises(ValueError, match=f"the state has {wrong} integers, expected {length}"):
            sums.load_state(np.zeros(wrong, np.int64))


def test_states_add_and_pickle():
    z, t = pixels(15)
    for loss in (BCE_DICE, Loss("bce + dice", per_image=True), Loss(["dice", "bce"], per_image=[True, False]), Loss("bce + mcc", channels=17)):
        whole = loss.accumulator()
        whole.update(z, t)
        parts = [loss.accumulator() for _ in range(3)]
        for n, part in enumerate(parts):
            part.update(z[n : n + 1], t[n : n + 1])
        added = loss.accumulator()
        added.load_state(sum(part.state() for part in parts))
        assert added == whole == sum(parts) == parts[0] + parts[1] + parts[2]
        assert added.value == loss(z, t) and added.state_hash() == whole.state_hash() != parts[0].state_hash()
        for again in (pickle.loads(pickle.dumps(whole)), copy.deepcopy(whole)):
            assert again == whole and again.value == whole.value and again.fingerprint == loss.fingerprint
        assert pickle.loads(pickle.dumps(loss)) == loss
        copied = copy.copy(parts[0])
        copied.merge(parts[1])
        assert copied != parts[0]
        whole.merge(whole)
        with pytest.raises(ValueError, match="sums of different losses cannot be added"):
            whole.merge(Loss("focal").accumulator())
        with pytest.raises(ValueError, match="there is no pixel"):
            whole.reset()
            whole.value
    with pytest.raises(ValueError, match="lovasz_hinge ranks the pixels"):
        Loss("bce + lovasz_hinge").accumulator().state()
    with pytest.raises(ValueError, match="negative"):
        BCE_DICE.accumulator().load_state(np.full(BCE_DICE.state_length, -5, np.int64))


def test_a_refused_batch_leaves_the_sums_as_they_were():
    z, t = pixels(16)
    sums = BCE_DICE.accumulator()
    sums.update(z, t)
    before = sums.state()
    spoilt = z.copy()
    spoilt[2, 3, 4] = np.nan
    with pytest.raises(ValueError, match=r"logits\[2, 3, 4\] is NaN; every logit must be finite"):
        sums.update(spoilt, t)
    assert (sums.state() == before).all()
    out = np.full(z.shape, 7, np.float32)
    with pytest.raises(ValueError):
        BCE_DICE.value_and_gradient(spoilt, t, out=out)
    assert (out == 7).all()


WORDS = [
    (lambda z, t: Loss("bce")(z, t.astype(np.uint8) * 255), ValueError, r"targets\[.*\] is 255; .*ignore_index=255.*targets == 255"),
    (lambda z, t: Loss("bce")(z, np.full(z.shape, 1.5, np.float32)), ValueError, r"targets\[0, 0, 0\] is 1.5"),
    (lambda z, t: Loss("bce")(z, np.full(z.shape, 300)), ValueError, r"targets\[0, 0, 0\] is 300; .*classes=C"),
    (lambda z, t: Loss("bce")(z, t, np.full(z.shape, -1, np.float32)), ValueError, r"weights\[0, 0, 0\] is -1; "),
    (lambda z, t: Loss("bce", from_logits=False)(z * 0 + 2, t), ValueError, r"probabilities\[0, 0, 0\] is 2; .*\[0, 1\]"),
    (lambda z, t: Loss("bce")(z.astype(float), t), TypeError, r"logits must be of float32, float16 or bfloat16, not an array of float64: logits.astype"),
    (lambda z, t: Loss("bce")(z.tolist(), t), TypeError, r"logits must be a numpy.ndarray, not list: numpy.asarray"),
    (lambda z, t: Loss("bce")(t, z), TypeError, "wrong way round"),
    (lambda z, t: Loss("bce")(z, t.astype(float)), TypeError, "targets must be of .*not an array of float64"),
    (lambda z, t: Loss("bce")(z, t.astype(complex)), TypeError, "complex128"),
    (lambda z, t: Loss("bce")(z[:, None], t), ValueError, r"\(3, 1, 17, 13\) and targets \(3, 17, 13\).*targets\[:, None\]"),
    (lambda z, t: Loss("bce")(z, t, np.ones(3, np.float32)), ValueError, r"weights must have the shape \(3, 17, 13\)"),
    (lambda z, t: Loss("bce")(z, t, mask=np.ones(z.shape, np.uint8)), TypeError, "mask must be of bool"),
    (lambda z, t: Loss("bce")(z, t, np.ones(z.shape)), TypeError, "weights must be of float32"),
    (lambda z, t: Loss("ce", classes=5)(z, t), ValueError, "classes=5, but axis 1 of logits has the length 17"),
    (lambda z, t: Loss("ce", classes=13)(z, t), ValueError, "moveaxis"),
    (lambda z, t: Loss("ce", classes=17)(z, np.zeros(z.shape, np.int64)), ValueError, "argmax"),
    (lambda z, t: Loss("ce", classes=17)(z, np.zeros((3, 1, 13), np.int64)), ValueError, r"targets\[:, 0\]"),
    (lambda z, t: Loss("ce", classes=17)(z, np.full((3, 13), 17)), ValueError, r"targets\[0, 0\] is 17; every label must be from 0 to 16: ignore_index=17"),
    (lambda z, t: Loss("ce", classes=17)(np.where(np.arange(17)[:, None] == 4, np.inf, z).astype(np.float32), np.zeros((3, 13), int)), ValueError, r"logits\[0, 4, 0\] is inf"),
    (lambda z, t: Loss("bce + dcie"), ValueError, r"column 7(.|\n)*\^"),
    (lambda z, t: Loss("dice(smooth=-1)"), ValueError, "smooth"),
    (lambda z, t: Loss("ce"), ValueError, "loss over classes"),
    (lambda z, t: Loss([]), ValueError, "there is no loss"),
    (lambda z, t: Loss("ce", classes=0), ValueError, "classes"),
    (lambda z, t: Loss("ce", classes=100000), ValueError, "classes"),
    (lambda z, t: Loss("ce", classes=3, channels=3), ValueError, "one of the two"),
    (lambda z, t: Loss("ce", classes=3, from_logits=False), ValueError, "take logits"),
    (lambda z, t: Loss("ce", classes=3, class_weights=[1, 2]), ValueError, "2 values for 3 classes"),
    (lambda z, t: Loss("bce", class_weights=[1, 2]), ValueError, "pos_weight"),
    (lambda z, t: Loss("bce", threshold=0), ValueError, "threshold"),
    (lambda z, t: Loss("bce", from_logits=False, epsilon=0.7), ValueError, "epsilon"),
    (lambda z, t: Loss("bce", quantisation=(0, 0)), ValueError, "scale"),
    (lambda z, t: Loss("boundary"), ValueError, "distance"),
    (lambda z, t: Loss(["bce", "dice"], per_image=[True]), ValueError, "1 values for 2 expressions"),
    (lambda z, t: Loss("bce", per_image=True)(z[0, 0], t[0, 0]), ValueError, "per_image needs an axis of images"),
    (lambda z, t: Loss("bce").of_images(z, t), ValueError, "per_image=True alone"),
    (lambda z, t: Loss.preset("monai.dise"), ValueError, "did you mean"),
    (lambda z, t: Loss.preset("monai"), ValueError, "several"),
    (lambda z, t: Loss.preset("smp.mcc", classes=3), ValueError, "no loss of classes"),
    (lambda z, t: Loss.preset("smp.dice", per_image=True), TypeError, "expression of its own"),
    (lambda z, t: Loss("bce")(z[:0], t[:0]), ValueError, "there is no pixel"),
    (lambda z, t: Loss("bce")(z, t, mask=np.zeros(z.shape, bool)), ValueError, r"every pixel is ignored \(663\)"),
    (lambda z, t: Loss("bce").value_and_gradient(z, t, out=z), ValueError, "shares its memory"),
    (lambda z, t: Loss("bce").value_and_gradient(z, t, out=np.zeros(z.shape)), TypeError, "float32"),
    (lambda z, t: Loss("bce").value_and_gradient(z, t, out=np.zeros(3, np.float32)), ValueError, "shape"),
    (lambda z, t: Loss("bce").value_and_gradient(z, t, out=np.zeros(z.shape[::-1], np.float32).T), ValueError, "C order"),
    (lambda z, t: exactloss.read_state("/nonexistent"), FileNotFoundError, "/nonexistent"),
]


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_words(number):
    act, error, words = WORDS[number]
    z, t = pixels(17)
    t.flat[0] = True
    with pytest.raises(error, match=words):
        act(z, t)


def test_a_place_that_cannot_be_written_to():
    z, t = pixels(18)
    out = np.zeros(z.shape, np.float32)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="cannot be written to"):
        BCE_DICE.value_and_gradient(z, t, out=out)
    z.flags.writeable = False
    t.flags.writeable = False
    assert np.isfinite(BCE_DICE(z, t))


def test_one_pixel_and_extremes():
    for z in (0.0, 88.0, -200.0, 3e38, -3e38):
        for t in (0, 1):
            value, gradient = Loss("bce + dice").value_and_gradient(np.array([z], np.float32), np.array([t], np.uint8))
            assert np.isfinite(value) and np.isfinite(gradient).all(), (z, t)
    assert Loss("bce")(np.array(0.0, np.float32), np.array(True)) == pytest.approx(np.log(2))


def test_results_are_told_apart():
    z, t = pixels(19)
    sums = BCE_DICE.accumulator()
    sums.update(z, t)
    result = sums.result()
    assert float(result) == result.value == BCE_DICE(z, t)
    assert [part.name for part in result.parts] == ["bce", "dice(smooth=1)"]
    assert sum(part.coefficient * part.value for part in result.parts) == result.value
    hard = z >= 0
    assert result.hard.true_positive == (hard & t).sum() and result.hard.false_negative == (~hard & t).sum()
    assert result.hard.dice == pytest.approx(2 * (hard & t).sum() / (hard.sum() + t.sum()))
    assert result.soft.true_positive == pytest.approx((oracle.sigmoid(z.astype(float)) * t).sum(), rel=1e-6)
    assert Loss("bce", threshold=0.9).accumulator().fingerprint != Loss("bce").accumulator().fingerprint
    logits, labels = np.random.default_rng(0).normal(size=(2, 3, 50)).astype(np.float32), np.random.default_rng(1).integers(0, 3, (2, 50))
    sums = Loss("ce", classes=3).accumulator()
    sums.update(logits, labels)
    result = sums.result()
    assert [of_class.support for of_class in result.classes] == [(labels == c).sum() for c in range(3)]
    assert result.accuracy == pytest.approx((logits.argmax(1) == labels).mean())
    for thing in (result, *result.parts, *result.classes, result.counts, result.classes[0].hard, sums, sums.loss, Bfloat16(np.zeros(3, np.uint16))):
        assert repr(thing)
    assert isinstance(sums, Accumulator) and eval(repr(sums.loss)) == sums.loss


def test_presets_are_those_of_the_core():
    rng = np.random.default_rng(20)
    z, t = rng.normal(size=(2, 1, 9, 9)).astype(np.float32), (rng.random((2, 1, 9, 9)) < 0.3)
    logits, labels = rng.normal(size=(2, 3, 9, 9)).astype(np.float32), rng.integers(0, 3, (2, 9, 9))
    names = [name for name, *_ in exactloss.presets()]
    assert len(names) > 40 and "monai.dice_ce" in names
    for name, of, expression, _ in exactloss.presets():
        loss = Loss.preset(name, classes=3) if of == "classes" else Loss.preset(name)
        value = loss(logits, labels) if of == "classes" else loss(z, t)
        assert np.isfinite(value), name
        assert len(expression) > 1


def test_bfloat16_of_ml_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    z, t = pixels(21)
    brain = z.astype(ml_dtypes.bfloat16)
    assert BCE_DICE(brain, t) == BCE_DICE(brain.astype(np.float32), t)
    assert BCE_DICE(np.asfortranarray(brain), t) == BCE_DICE(brain, t)
    with pytest.raises(ValueError, match="not contiguous"):
        BCE_DICE(brain[:, ::2], np.ascontiguousarray(t[:, ::2]))
