"""Anything at all for arrays: the answer is that of NumPy in float64, or a ValueError or TypeError; the interpreter stays.

The cases run in processes of their own, so that a crash is seen. `EXACTLOSS_FUZZ=20000 pytest test_fuzz.py` runs more, `EXACTLOSS_FUZZ_SEED` others.
"""

import os
import pathlib
import subprocess
import sys

import pytest

CASES = int(os.environ.get("EXACTLOSS_FUZZ", "3000"))
SEED = int(os.environ.get("EXACTLOSS_FUZZ_SEED", "1"))
PROCESSES = 3


@pytest.mark.parametrize("part", range(PROCESSES))
def test_anything(part):
    command = [sys.executable, "-X", "faulthandler", __file__, str(SEED * PROCESSES + part), str(CASES // PROCESSES)]
    here = str(pathlib.Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
    right, refused = (int(number) for number in ran.stdout.split()[:2])
    # Neither all refused nor all taken, or the cases say little.
    assert min(right, refused) > CASES // PROCESSES // 5, ran.stdout


def main(seed, cases):
    import threading
    import warnings

    import numpy as np
    import oracle

    import exactloss
    from exactloss import Bfloat16, Loss

    warnings.simplefilter("ignore")
    rng = np.random.default_rng(seed)
    mask_loss, class_loss = Loss("bce + dice(smooth=1)"), {c: Loss("ce + dice(smooth=1)", classes=c) for c in (1, 2, 3, 9, 40)}
    kinds = [np.float32] * 30 + [np.float16] * 3 + [np.float16, np.float64, np.int8, np.uint8, np.int64, np.complex64, np.bool_, ">f4", "datetime64[s]", "S3", object]
    counts = {"right": 0, "refused": 0}

    def pick(*choices):
        return choices[rng.integers(len(choices))]

    def shape():
        return tuple(int(pick(*[1, 1, 2, 3, 5, 7, 64] * 3, 0)) for _ in range(rng.integers(0, 5)))

    def numbers(of, kind):
        values = np.asarray(rng.normal(0, 4, of))
        if rng.random() < 0.05:
            values.flat[: 1 if values.size else 0] = pick(np.nan, np.inf, -np.inf, 1e30, 1e300, 300, -1)
        return values.astype(kind)

    def bend(array):
        """The same numbers in another order of memory, or others: a view that steps, turns, repeats or is not aligned."""
        array = np.asarray(array)
        way = pick(*["as it is"] * 40, "fortran", "step", "reversed", "broadcast", "moved", "offset", "readonly", "masked", "matrix", "subclass")
        if way == "fortran":
            return np.asfortranarray(array)
        if way == "step" and array.ndim:
            return np.repeat(array, 2, axis=-1)[..., ::2]
        if way == "reversed" and array.ndim:
            return array[::-1]
        if way == "broadcast" and array.ndim and array.shape[0]:
            return np.broadcast_to(array[:1], array.shape)
        if way == "moved" and array.ndim > 1:
            return np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0)
        if way == "offset" and array.dtype != object:
            room = np.zeros(array.nbytes + 1, np.uint8)
            view = room[1:].view(array.dtype).reshape(array.shape) if array.nbytes else array
            view[...] = array
            return view
        if way == "readonly":
            array = array.copy()
            array.flags.writeable = False
            return array
        if way == "masked" and array.dtype != object:
            return np.ma.masked_array(array, np.zeros(array.shape, bool))
        if way == "subclass":
            return array.view(type("Own", (np.ndarray,), {}))
        return array

    def targets(of, classes):
        if classes:
            labels = np.asarray(rng.integers(0, classes + (rng.random() < 0.1), of))
            return labels.astype(pick(*[np.int64, np.uint8, np.int32, np.int16] * 3, np.float32, np.float64))
        hard = np.asarray(rng.random(of) < 0.4)
        kind = pick(*[bool, np.uint8, np.int64, np.float32] * 4, np.float64, np.int8, ">i2", np.uint64)
        found = hard.astype(kind)
        if rng.random() < 0.1 and found.size:
            found.flat[0] = pick(0, 1) if kind is bool else pick(2, 100, -1 if np.dtype(kind).kind in "if" else 7)
        if kind is np.float32 and rng.random() < 0.5:
            found = np.asarray(rng.random(of)).astype(np.float32)
        return found

    def expected(loss, z, t, w):
        """float64 of the numbers that were given, or None where they are none of a loss."""
        z, t = np.asarray(z, np.float64), np.asarray(t)
        if not z.size or not np.isfinite(z).all() or np.abs(z).max() > 3e38:
            return None
        if w is not None and (not np.isfinite(w).all() or (w < 0).any() or not w.any() or ((w > 0) & (w < 2.0**-32)).any()):
            return None
        if loss.classes:
            if t.dtype.kind not in "iub" or (t < 0).any() or (t >= loss.classes).any():
                return None
            return oracle.ce_dice(z, t.astype(np.int64), w)
        t = t.astype(np.float64)
        if (t < 0).any() or (t > 1).any():
            return None
        return oracle.bce_dice(z, t, w)

    for case in range(cases):
        classes = int(pick(0, 0, 0, 1, 2, 3, 9, 40))
        loss = class_loss[classes] if classes else mask_loss
        of = shape()
        if classes and rng.random() < 0.9:
            of = (int(pick(0, 1, 2, 3, 1, 2, 3)), classes, *of[:2])
        kind = kinds[rng.integers(len(kinds))]
        try:
            z = numbers(of, np.float32 if kind in ("S3", "datetime64[s]", object) else kind)
            z = bend(z.astype(kind) if kind != "datetime64[s]" else z.astype(np.int64).astype(kind))
        except (TypeError, ValueError):
            continue
        target_shape = (of[0], *of[2:]) if classes and len(of) > 1 else of
        if rng.random() < 0.05:
            target_shape = shape()
        t = bend(targets(target_shape, classes))
        w = bend(np.asarray(rng.random(target_shape)).astype(np.float32) + np.float32(0.01)) if rng.random() < 0.3 else None
        if w is not None and rng.random() < 0.2:
            w = bend(numbers(target_shape, pick(np.float32, np.float64)))
        given = z
        if kind is np.float32 and rng.random() < 0.2 and z.flags.c_contiguous and z.flags.aligned and type(z) is np.ndarray:
            bits = np.asarray(np.right_shift(z.view(np.uint32), 16, dtype=np.uint32)).astype(np.uint16)
            given, z = Bfloat16(bend(bits)), np.asarray(np.left_shift(bits, 16, dtype=np.uint32)).view(np.float32)
        out = None
        if rng.random() < 0.15:
            out = pick(lambda: np.zeros(of, np.float32), lambda: np.zeros(of), lambda: np.zeros(shape(), np.float32), lambda: given, lambda: np.zeros(of[::-1], np.float32).T, lambda: 7)()
        exactloss.set_num_threads(int(pick(1, 2, 3)))
        try:
            value, gradient = loss.value_and_gradient(given, t, w, out=out)
        except (TypeError, ValueError) as error:
            assert type(error) in (TypeError, ValueError) and str(error) and "panicked" not in str(error), (case, repr(error))
            counts["refused"] += 1
            plainly_right = (
                kind is np.float32
                and out is None
                and (w is None or w.dtype == np.float32)
                and given is z
                and all(type(a) is np.ndarray and a.flags.c_contiguous and a.flags.aligned and a.dtype.isnative for a in (z, t) + (() if w is None else (w,)))
                and t.dtype.kind in ("iub" if classes else "iubf")
                and t.dtype not in (np.float64, np.uint64)
                and (not classes or (len(of) > 1 and of[1] == classes and t.shape == (of[0], *of[2:])))
                and (classes or z.shape == t.shape)
                and (w is None or w.shape == t.shape)
            )
            assert not plainly_right or expected(loss, z, t, w) is None, (case, of, z.dtype, t.dtype, str(error))
            continue
        oracle_value = expected(loss, z, t, w)
        assert oracle_value is not None, (case, "a number, where there is none", of, z.dtype, t.dtype, value)
        assert abs(value - oracle_value) <= 2e-5 * max(1, abs(oracle_value)), (case, of, value, oracle_value)
        assert gradient.shape == z.shape and gradient.dtype == np.float32 and np.isfinite(gradient).all()
        if not classes:
            slopes = oracle.bce_dice_gradient(z, t, w)
            assert np.abs(gradient - slopes).max() <= 1e-5 * np.abs(slopes).max() + 1e-30, (case, of)
        counts["right"] += 1

    # Larger than a thread's share, from several threads at once, and states of anything.
    z, t = rng.normal(size=(3, 70000)).astype(np.float32), rng.random((3, 70000)) < 0.3
    exactloss.set_num_threads(3)
    single = mask_loss(z, t)
    found = []
    threads = [threading.Thread(target=lambda: found.append(mask_loss.value_and_gradient(z, t)[0])) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == [single] * 8
    # More than memory holds, of which nothing is written.
    huge = np.broadcast_to(np.float32(0), (1 << 20, 1 << 20))
    for arrays in ((huge, huge), (np.zeros((1 << 40, 0), np.float32), np.zeros((1 << 40, 0), bool)), (np.zeros((0, 1 << 40), np.float32), np.zeros((0, 1 << 40), bool))):
        for loss in (mask_loss, Loss("dice", per_image=True), Loss("dice", channels=1), Loss("ce", classes=2)):
            try:
                loss(*arrays)
                raise AssertionError("a number of nothing")
            except ValueError:
                counts["refused"] += 1
    for _ in range(300):
        sums = pick(mask_loss, class_loss[3], Loss("dice", per_image=True)).accumulator()
        length = len(sums.state())
        state = rng.integers(-(2 ** int(rng.integers(1, 63))), 2 ** int(rng.integers(1, 63)), length + (0 if rng.random() < 0.8 else rng.integers(-3, 4)))
        try:
            sums.load_state(np.abs(state) if rng.random() < 0.7 else state)
            assert np.isfinite(sums.value)
        except ValueError as error:
            assert str(error)
    print(counts["right"], counts["refused"])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
