"""Batch Dice over processes: gloo on 2 and 4 ranks with shards of uneven size, torchmetrics, MPI and Dask give one process's bits."""

import importlib.util
import os
import pathlib
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
if not torch.distributed.is_available():
    pytest.skip("this torch is without torch.distributed", allow_module_level=True)

import torch.distributed as distributed  # noqa: E402

from exactloss.torch import Loss, monai  # noqa: E402

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 6, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(6, 1, 3, padding=1))


def data():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(7, 1, 24, 24, generator=generator)
    # Foreground is rarer from image to image, so that the Dice of shards differs from that of the batch.
    return x, x.abs() > 0.8 + torch.arange(7).view(7, 1, 1, 1) * 0.25


def shard(rank, world):
    """Uneven, and the last of four ranks has none."""
    bounds = {1: [0, 7], 2: [0, 5, 7], 4: [0, 4, 5, 7, 7]}[world]
    return slice(bounds[rank], bounds[rank + 1])


def slope_of(model):
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


LOSSES = {
    "pooled": lambda group: Loss("bce + dice", process_group=group),
    "per image": lambda group: Loss("dice", per_image=True, process_group=group),
    "added": lambda group: Loss("dice", process_group=group, gradients_are_averaged=False),
    "monai": lambda group: monai.DiceCELoss(sigmoid=True, process_group=group),
}


def on_rank(rank, world, folder):
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=world)
    try:
        x, t = data()
        x, t = x[shard(rank, world)], t[shard(rank, world)]
        found = {}
        for name, make in LOSSES.items():
            model = torch.nn.parallel.DistributedDataParallel(net())
            value = make("world")(model(x), t)
            value.backward()
            slope = slope_of(model)
            if name == "added":
                # As if gradients were added: DistributedDataParallel has divided them.
                slope = slope * world
            # A network's logits of a shard may differ from those of the batch in their last bits; these do not.
            found[name] = value.item(), slope, make("world")(2 * x, t).item()
        sums = Loss("bce + dice").loss.accumulator()
        sums.update((2 * x).numpy(), t.numpy())
        state = torch.from_numpy(sums.state())
        distributed.all_reduce(state)
        sums.load_state(state.numpy())
        found["hash"] = sums.state_hash()
        # A rank whose batch is refused does not leave the others waiting.
        spoilt = torch.full((1, 1, 2, 2), float("nan") if rank == 1 else 0.0, requires_grad=True)
        try:
            Loss("bce", process_group="world")(spoilt, torch.ones(1, 1, 2, 2))
            found["refused"] = "nothing"
        except (ValueError, RuntimeError) as error:
            found["refused"] = f"{type(error).__name__}: {error}"
        if importlib.util.find_spec("torchmetrics"):
            from exactloss.torchmetrics import Metric

            metric = Metric("bce + dice")
            for n in range(len(x)):
                metric.update(2 * x[n : n + 1], t[n : n + 1])
            found["metric"] = metric.compute().item()
        pathlib.Path(folder, f"{rank}.pickle").write_bytes(pickle.dumps(found))
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
    # Torch 1.13 may wait for ever when what refers to a group that is gone (DistributedDataParallel does) is taken down.
    os._exit(0)


@pytest.mark.parametrize("world", [2, 4])
def test_gloo(world, tmp_path):
    torch.multiprocessing.spawn(on_rank, (world, str(tmp_path)), nprocs=world)
    found = [pickle.loads((tmp_path / f"{rank}.pickle").read_bytes()) for rank in range(world)]
    x, t = data()
    for name, make in LOSSES.items():
        model = net()
        value = make(None)(model(x), t)
        value.backward()
        slope = slope_of(model)
        for of_rank in found:
            assert of_rank[name][2] == make(None)(2 * x, t).item(), (name, "the value of one process, to the bit")
            assert of_rank[name][0] == pytest.approx(value.item(), rel=1e-6)
            # The convolutions add in another order; the usual Dice of each rank would be some per cent off.
            error = (of_rank[name][1] - slope).norm() / slope.norm()
            assert error < 5e-6, (name, error)
    usual = []
    for rank in range(world):
        if len(x[shard(rank, world)]):
            model = net()
            Loss("dice")(model(x[shard(rank, world)]), t[shard(rank, world)]).backward()
            usual.append(slope_of(model))
    model = net()
    Loss("dice")(model(x), t).backward()
    assert (sum(usual) / len(usual) - slope_of(model)).norm() / slope_of(model).norm() > 1e-3
    sums = Loss("bce + dice").loss.accumulator()
    sums.update((2 * x).numpy(), t.numpy())
    assert {of_rank["hash"] for of_rank in found} == {sums.state_hash()}
    for rank, of_rank in enumerate(found):
        assert of_rank["refused"].startswith("ValueError: logits[0, 0, 0, 0] is NaN" if rank == 1 else "RuntimeError: 1 other process"), of_rank["refused"]
        assert of_rank.get("metric", sums.value) == sums.value


def test_torchmetrics_keep_integers(tmp_path):
    pytest.importorskip("torchmetrics")
    from exactloss.torchmetrics import Metric

    x, t = data()
    metric, whole = Metric("bce + dice"), Loss("bce + dice").loss(x.numpy(), t.numpy())
    metric.update(x[:3], t[:3])
    for spoil in (lambda: metric.half(), lambda: metric.set_dtype(torch.float16), lambda: metric.to(torch.float64), lambda: metric.type(torch.float16)):
        spoil()
        assert metric.sums.dtype == torch.int64
    metric.update(x[3:], t[3:])
    assert metric.compute().item() == whole and metric.compute().dtype == torch.float64
    assert metric.result().value == whole
    assert pickle.loads(pickle.dumps(metric)).compute().item() == whole
    metric.reset()
    metric(x, t)
    assert metric.compute().item() == whole
    with pytest.raises(ValueError, match="ranks the pixels"):
        Metric("lovasz_hinge")


def files(folder):
    """Files of uneven size, and the accumulator of all of them."""
    rng = np.random.default_rng(0)
    sums = Loss("bce + dice(smooth=1)").loss.accumulator()
    for n in range(9):
        z, t = rng.normal(size=(1 + n % 3, 20, 20)).astype(np.float32), rng.random((1 + n % 3, 20, 20)) < 0.1 * (n + 1)
        for name, array in (("z", z), ("y", t)):
            (folder / name).mkdir(exist_ok=True)
            np.save(folder / name / f"{n}.npy", array)
        sums.update(z, t)
    return sums


ARGUMENTS = ["--logits", "z/*.npy", "--targets", "y/*.npy", "--loss", "bce + dice(smooth=1)"]


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_mpi(ranks, tmp_path):
    if not shutil.which("mpirun") or not importlib.util.find_spec("mpi4py"):
        pytest.skip("mpirun or mpi4py is not installed")
    sums = files(tmp_path)
    command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(ranks), sys.executable, "-m", "exactloss.mpi", "score", *ARGUMENTS]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert f"{sums.value!r}" in ran.stdout and sums.state_hash() in ran.stdout, ran.stdout
    np.save(tmp_path / "z" / "5.npy", np.full((3, 20, 20), np.nan, np.float32))
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode != 0 and "5.npy" in ran.stderr and sums.state_hash() not in ran.stdout, ran.stderr


def test_dask(tmp_path):
    if not importlib.util.find_spec("dask"):
        pytest.skip("dask is not installed")
    sums = files(tmp_path)
    ran = subprocess.run([sys.executable, EXAMPLES / "dask_files.py", *ARGUMENTS], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr
    assert f"{sums.value!r}" in ran.stdout and sums.state_hash() in ran.stdout, ran.stdout
