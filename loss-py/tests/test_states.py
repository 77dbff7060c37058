"""States of firmware, of C, of the command line and of Python meet. What is done with them here is what docs/state.md says, and nothing else."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import exactloss
from exactloss import Loss, read_state, write_state

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFORMANCE = ROOT / "loss-core/tests/conformance"
TEXTS = {
    "bce + dice": Loss("bce + dice"),
    "focal + tversky": Loss("0.7 * focal(gamma=2) + 0.3 * tversky(alpha=0.3, beta=0.7, smooth=1)"),
    "sum of bce, large terms": Loss("bce(pos_weight=3.5, reduction=sum)"),
    "mean over images of dice": Loss("dice", per_image=True),
}


def case_of(name):
    return next(case for path in CONFORMANCE.glob("*.json") if (case := json.loads(path.read_text()))["name"] == name)


def postcard(bytes_of):
    """A message in postcard: varints, the signed ones by zigzag."""
    rest = iter(bytes_of)

    def varint():
        number, shift = 0, 0
        for byte in rest:
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number
        return None

    version, fingerprint, state = varint(), varint(), []
    while (number := varint()) is not None:
        state.append(number >> 1 if number % 2 == 0 else -(number >> 1) - 1)
    return version, fingerprint, state


def from_counting(state):
    """A counting accumulator's state as an accumulator's, for the losses without sums of units: docs/state.md, "Counting accumulator"."""
    valid, ignored, rejected_inputs, rejected_targets = state[:4]
    soft, hard, own = state[4:13], state[13:16], state[16:]
    full = [valid, ignored, rejected_inputs, rejected_targets, 0, 0]
    full += [0, 0, valid, 0]
    for start in range(0, 9, 3):
        full += [*soft[start : start + 3], 0]
    for count in hard:
        full += [0, 0, count, 0]
    return full + own


def pixels_of(part):
    number = {"NaN": np.nan, "inf": np.inf, "-inf": -np.inf}
    rows = [[number.get(value, value) for value in pixel] for pixel in part["pixels"]]
    return [np.array(column, np.float32) for column in zip(*rows)]


@pytest.mark.parametrize("name", TEXTS)
def test_stored_states_are_of_these_losses_and_add(name):
    case, loss = case_of(name), TEXTS[name]
    assert case["version"] == exactloss.STATE_VERSION and case["fingerprint"] == loss.fingerprint
    sums = loss.accumulator()
    sums.load_state(sum(np.array(part["state"], np.int64) for part in case["parts"]))
    assert sums.state().tolist() == case["merged"]
    assert loss.state_length == len(case["merged"])
    # Python's own pixels beside a device's.
    z, t = np.array([0.5, -2.0, 1.0], np.float32), np.array([1, 0, 1], np.uint8)
    mine = loss.accumulator()
    mine.update(z[None], t[None])
    both = loss.accumulator()
    both.load_state(np.array(case["merged"], np.int64) + mine.state())
    assert both == sums + mine if not any(case["merged"][2:6]) or case["kind"] == "image mean" else True
    if "message" in case:
        for version, fingerprint, *state in (case["message"]["json"] if isinstance(case["message"]["json"], list) else json.loads(case["message"]["json"]),):
            assert (version, f"{fingerprint:016x}", state) == (exactloss.STATE_VERSION, loss.fingerprint, case["merged"])
        version, fingerprint, state = postcard(bytes.fromhex(case["message"]["postcard"]))
        assert (version, f"{fingerprint:016x}", state) == (exactloss.STATE_VERSION, loss.fingerprint, case["merged"])


def test_parts_are_what_python_makes_of_their_pixels():
    """The devices' pixels, given to Python, make the devices' states."""
    for name in ("bce + dice", "focal + tversky", "sum of bce, large terms"):
        for part in case_of(name)["parts"]:
            z, t, w = pixels_of(part)
            in_range = np.isfinite(z) & (t >= 0) & (t <= 1) & ((w == 0) | ((w >= 2.0**-32) & (w <= 2.0**32)))
            sums = TEXTS[name].accumulator()
            sums.update(z[in_range], t[in_range], w[in_range])
            state = np.array(part["state"])
            # What a device rejects is an error here; all else is the same.
            assert (sums.state()[6:] == state[6:]).all() and (sums.state()[:2] == state[:2]).all(), name


def test_a_rejected_pixel_of_a_device_is_said_and_not_left_out():
    case = case_of("bce + dice")
    assert any(case["merged"][2:6]), "the file has rejected pixels"
    sums = TEXTS["bce + dice"].accumulator()
    sums.load_state(np.array(case["merged"], np.int64))
    with pytest.raises(ValueError, match=f"{sum(case['merged'][2:6])} pixels that were out of range"):
        sums.value


def test_a_counting_device_meets_python():
    case = case_of("bce + dice, counted")
    sums = Loss("bce + dice").accumulator()
    for part in case["parts"]:
        more = Loss("bce + dice").accumulator()
        more.load_state(np.array(from_counting(part["state"]), np.int64))
        sums.merge(more)
        z, t, valid = pixels_of(part)
        valid = valid.astype(bool) & np.isfinite(z) & ((t == 0) | (t == 1))
        python = Loss("bce + dice").accumulator()
        python.update(z[valid], t[valid])
        assert (python.state()[6:] == more.state()[6:]).all()


def device_source(folder):
    """What device.c prints, compiled against the static library."""
    library = os.environ.get("LOSS_C_LIBRARY")
    if not library:
        pytest.skip("LOSS_C_LIBRARY does not name libloss_c.a (.ci/python builds it)")
    program = folder / "device"
    source = pathlib.Path(__file__).with_name("device.c")
    subprocess.run(["cc", "-std=c99", f"-I{ROOT / 'loss-c/include'}", source, library, "-o", program], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines}, source.read_text()


def test_c_meets_python(tmp_path):
    printed, source = device_source(tmp_path)
    array = lambda name: np.array([float(number.rstrip("f")) for number in re.search(rf"{name}\[PIXELS\] = {{(.*?)}}", source)[1].split(", ")])  # noqa: E731
    z, t = array("logits").astype(np.float32), array("mask").astype(np.uint8)
    loss = Loss("bce + dice(smooth=1e-5)")
    sums = loss.accumulator()
    sums.update(z, t)
    version, fingerprint, *state = printed["accumulator"]
    assert (int(version), fingerprint) == (exactloss.STATE_VERSION, loss.fingerprint)
    assert [int(integer) for integer in state] == sums.state().tolist()
    version, _, *state = printed["counting"]
    assert from_counting([int(integer) for integer in state]) == sums.state().tolist()
    total = loss.accumulator()
    total.load_state(sums.state() + np.array(from_counting([int(integer) for integer in state])))
    assert total == sums + sums and total.value == loss(np.concatenate([z, z]), np.concatenate([t, t]))


def score(*arguments, check=True):
    ran = subprocess.run([sys.executable, "-m", "exactloss", *arguments], capture_output=True, text=True)
    assert not check or ran.returncode == 0, ran.stderr
    return ran


def test_the_command_line_in_the_wheel(tmp_path):
    rng = np.random.default_rng(0)
    z, t = rng.normal(size=(2, 1, 16, 16)).astype(np.float32), (rng.random((2, 1, 16, 16)) < 0.3)
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "y.npy", t)
    files = ["--logits", str(tmp_path / "z.npy"), "--targets", str(tmp_path / "y.npy")]
    report = json.loads(score("score", *files, "--loss", "bce + dice", "--json").stdout)
    assert repr(Loss("bce + dice")(z, t)) in json.dumps(report)
    assert "dice" in score("losses").stdout and "foreground" in score("inspect", str(tmp_path / "y.npy")).stdout
    assert score("--version").stdout.split()[1] == exactloss.__version__
    wrong = score("score", *files, "--loss", "bce + dcie", check=False)
    assert wrong.returncode == 2 and "dice" in wrong.stderr
    for name in ("exactloss", "ablation"):
        program = shutil.which(name, path=os.path.dirname(sys.executable))
        if program:
            assert subprocess.run([program, "--version"], capture_output=True, text=True).returncode == 0


def test_state_files_of_the_command_line_meet_those_of_python(tmp_path):
    if "--state" not in score("score", "--help").stdout:
        pytest.skip("this command line writes no states")
    rng = np.random.default_rng(1)
    z, t = rng.normal(size=(2, 1, 16, 16)).astype(np.float32), (rng.random((2, 1, 16, 16)) < 0.3)
    labels, logits = rng.integers(0, 3, (2, 8, 8)).astype(np.uint8), rng.normal(size=(2, 3, 8, 8)).astype(np.float32)
    for loss, arrays, options in ((Loss("bce + dice(smooth=1)"), (z, t), []), (Loss("ce + dice", classes=3), (logits, labels), [])):
        np.save(tmp_path / "z.npy", arrays[0])
        np.save(tmp_path / "y.npy", arrays[1])
        files = ["--logits", str(tmp_path / "z.npy"), "--targets", str(tmp_path / "y.npy")]
        score("score", *files, "--loss", loss.expression, "--state", str(tmp_path / "a.json"), *options)
        theirs = read_state(tmp_path / "a.json")
        mine = loss.accumulator()
        mine.update(*arrays)
        assert theirs == mine
        write_state(tmp_path / "b.json", mine)
        merged = score("merge", str(tmp_path / "a.json"), str(tmp_path / "b.json"), check=False)
        assert merged.returncode == 0 and f"{(mine + mine).value:.6g}" in merged.stdout, merged.stderr


def test_state_files(tmp_path):
    rng = np.random.default_rng(2)
    z, t = rng.normal(size=(2, 3, 9)).astype(np.float32), rng.random((2, 3, 9)) < 0.4
    path = tmp_path / "state.json"
    for loss in (
        Loss("0.5 * bce + dice(smooth=1)"),
        Loss("bce", threshold=0.25),
        Loss("bce", from_logits=False),
        Loss("bce", from_logits=False, epsilon=1e-3),
        Loss("dice", per_image=True),
        Loss("dice", channels=3),
        Loss("ce + dice(weights=multiply)", classes=3, class_weights=[1, 2, 0.5]),
    ):
        sums = loss.accumulator()
        targets = t if loss.classes is None else t[:, 0].astype(np.uint8)
        sums.update(z if loss.accumulator().fingerprint and "from_logits" not in repr(loss) else 1 / (1 + np.exp(-z)), np.ascontiguousarray(targets))
        write_state(path, sums)
        assert read_state(path) == sums, loss
    content = json.loads(path.read_text())
    spoils = {
        "format": "another",
        "format_version": 2,
        "state_version": exactloss.STATE_VERSION - 1,
        "losses": ["ce"],
        "fingerprint": "0x0000000000000000",
        "state": content["state"][:-1],
        "classes": 4,
    }
    for key, wrong in spoils.items():
        path.write_text(json.dumps({**content, key: wrong}))
        with pytest.raises(ValueError):
            read_state(path)
    for key, wrong in (("losses", ["ce", "ce"]), ("losses", "ce"), ("state", [0.5]), ("state", [2**70]), ("state", "0")):
        path.write_text(json.dumps({**content, key: wrong}))
        with pytest.raises(ValueError, match=re.escape(str(path))):
            read_state(path)
    path.write_text("{")
    with pytest.raises(ValueError, match="no state file"):
        read_state(path)
    with pytest.raises(ValueError, match="one expression"):
        write_state(path, Loss(["bce", "dice"]).accumulator())
    assert path.read_text() == "{" and sorted(file.name for file in tmp_path.iterdir()) == ["state.json"]


def fnv(*items):
    """The hash of docs/state.md."""
    hashed = 0xCBF29CE484222325
    for byte in b"".join(item.encode() + b"\xff" if isinstance(item, str) else np.float64(item).tobytes() for item in items):
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return f"{hashed:016x}"


def test_fingerprints_of_what_stands_side_by_side():
    def halves(loss):
        fingerprint = int(loss.fingerprint, 16)
        return fingerprint >> 32, fingerprint & 0xFFFFFFFF

    one = halves(Loss("bce + dice"))
    assert Loss("bce + dice", channels=3).fingerprint == fnv("channels", 3, *one, *one, *one)
    dice, bce = halves(Loss("dice", per_image=True)), halves(Loss("bce"))
    assert Loss(["dice", "bce"], per_image=[True, False]).fingerprint == fnv("groupings", 2, *dice, *bce)
