"""exactloss.torch: autograd, types, memory formats, compilation, precision, processes of a loader, and drop-in classes."""

import copy
import io
import json
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import exactloss  # noqa: E402
from exactloss.torch import Loss, _autograd, _tensors, monai, smp  # noqa: E402

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "loss-core/tests/vectors"
CASES = {case["name"]: case for case in json.loads((VECTORS / "cases.json").read_text())["cases"]}
needs_operators = pytest.mark.skipif(not _autograd.HAS_OPERATORS, reason="torch.library.custom_op is of torch 2.4")


def batch(seed=0, shape=(3, 1, 9, 11)):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator) * 2
    return logits.requires_grad_(), torch.rand(shape, generator=generator) < 0.3


def plain(z, t, smooth=1.0):
    """bce + dice(smooth=1) by torch itself."""
    t = t.to(z.dtype)
    p = torch.sigmoid(z)
    dice = 1 - (2 * (p * t).sum() + smooth) / (p.sum() + t.sum() + smooth)
    return torch.nn.functional.binary_cross_entropy_with_logits(z, t) + dice


LOSS = Loss("bce + dice(smooth=1)")


def test_value_and_gradient_are_those_of_torch():
    z, t = batch()
    value = LOSS(z, t)
    assert value.dtype == torch.float32 and value.shape == ()
    value.backward()
    reference = z.detach().double().requires_grad_()
    expected = plain(reference, t)
    expected.backward()
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(z.grad.double(), reference.grad, rtol=0, atol=4e-6 * reference.grad.abs().max().item())
    array = exactloss.Loss("bce + dice(smooth=1)")
    assert np.float32(array(z.detach().numpy(), t.numpy())) == value.item()
    for kind in (torch.uint8, torch.int32, torch.int64, torch.float32, torch.float16, torch.bfloat16):
        assert LOSS(z, t.to(kind)).item() == value.item(), kind


def test_the_gradient_is_the_derivative():
    """What gradcheck compares, at the steps of float32."""
    z, t = batch(1, (2, 3, 4))
    for loss in (LOSS, Loss("ce + dice(smooth=1)", classes=3), Loss("focal(gamma=2)", channels=3), Loss("dice", per_image=True)):
        targets = t if loss.loss.classes is None else torch.arange(8).reshape(2, 4) % 3
        z.grad = None
        loss(z, targets).backward()
        for _ in range(3):
            direction = torch.where(torch.rand(z.shape) < 0.5, 1.0, -1.0)
            above, below = (loss.loss((z + sign * 2**-8 * direction).detach().numpy(), targets.numpy()) for sign in (1, -1))
            assert (above - below) * 2**7 == pytest.approx((z.grad * direction).sum().item(), rel=2e-3, abs=2e-5)


def test_upstream_gradients_multiply():
    z, t = batch(2)
    (slope,) = torch.autograd.grad(LOSS(z, t), z)
    (scaled,) = torch.autograd.grad(-3 * LOSS(z, t) + 7, z)
    assert torch.allclose(scaled, -3 * slope, rtol=1e-6, atol=0)
    other = z * 2
    (through,) = torch.autograd.grad(LOSS(other, t), z)
    assert torch.allclose(through, 2 * torch.autograd.grad(LOSS(other, t), other)[0])


def test_reductions():
    z, t = batch(3)
    per_image = Loss("dice(smooth=1)", per_image=True, reduction="none")
    of_images = per_image(z, t)
    assert of_images.shape == (3,)
    mean = Loss("dice(smooth=1)", per_image=True)(z, t)
    assert of_images.mean().item() == pytest.approx(mean.item(), rel=1e-6)
    weights = torch.tensor([1.0, 0.0, -2.0])
    (slope,) = torch.autograd.grad((of_images * weights).sum(), z)
    single = [torch.autograd.grad(Loss("dice(smooth=1)")(z[n], t[n]), z)[0][n] for n in range(3)]
    for n in range(3):
        assert torch.allclose(slope[n], weights[n] * single[n], rtol=1e-6, atol=1e-9)
    total = Loss("dice(smooth=1)", per_image=True, reduction="sum")(z, t)
    assert total.item() == pytest.approx(of_images.sum().item(), rel=1e-6)
    # An image without a valid pixel takes nothing with it.
    mask = torch.ones_like(t)
    mask[1] = False
    empty = per_image(z, t, mask=mask)
    assert empty[1] == 0
    (slope,) = torch.autograd.grad(empty.sum(), z)
    assert (slope[1] == 0).all() and (slope[0] != 0).any()
    for wrong, words in (({"reduction": "none"}, "per_image=True"), ({"reduction": "average"}, "must be"), ({"reduction": "sum", "per_image": True, "process_group": "world"}, "process_group=None")):
        with pytest.raises(ValueError, match=words):
            Loss("dice", **wrong)


def test_weights_masks_and_labels():
    z, t = batch(4)
    keep = torch.rand(z.shape) < 0.7
    value = LOSS(z, t, mask=keep)
    assert value.item() == pytest.approx(plain(z[keep], t[keep]).item(), rel=1e-6)
    assert value.item() == LOSS(z, t, keep.float()).item()
    logits, labels = torch.randn(2, 4, 5, 6, requires_grad=True), torch.randint(4, (2, 5, 6))
    labels[0, 0] = 255
    ce = Loss("ce", classes=4, ignore_index=255, class_weights=torch.tensor([1.0, 2.0, 3.0, 0.5]))(logits, labels)
    expected = torch.nn.functional.cross_entropy(logits, labels, torch.tensor([1.0, 2.0, 3.0, 0.5]), ignore_index=255)
    assert ce.item() == pytest.approx(expected.item(), rel=1e-6)
    (slope,), (reference,) = torch.autograd.grad(ce, logits), torch.autograd.grad(expected, logits)
    assert torch.allclose(slope, reference, atol=1e-7)


def test_every_memory_format_gives_the_number_of_its_values():
    logits, labels = torch.randn(2, 4, 5, 6), torch.randint(4, (2, 5, 6))
    loss = Loss("ce + dice", classes=4)
    expected = loss(logits, labels).item()
    strange = logits.to(memory_format=torch.channels_last)
    assert not strange.is_contiguous() and loss(strange, labels).item() == expected
    moved = logits.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).requires_grad_()
    loss(moved, labels.transpose(1, 2).contiguous().transpose(1, 2)).backward()
    contiguous = logits.clone().requires_grad_()
    loss(contiguous, labels).backward()
    assert torch.equal(moved.grad, contiguous.grad)
    z, t = torch.randn(6, 8), torch.rand(6, 8) < 0.5
    assert LOSS(z[:, ::2], t[:, ::2]).item() == LOSS(z[:, ::2].clone(), t[:, ::2].clone()).item()
    assert LOSS(z.T, t.T).item() == LOSS(z, t).item()
    assert LOSS(z[:1].expand(6, 8), t).item() == LOSS(z[:1].expand(6, 8).clone(), t).item()
    assert LOSS(torch.complex(z, z).conj().imag, t).item() == LOSS(-z, t).item()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_logits(kind):
    z, t = batch(5)
    half = z.detach().to(kind).requires_grad_()
    value = LOSS(half, t)
    assert value.dtype == torch.float32 and value.item() == LOSS(half.detach().float(), t).item()
    (value * 64).backward()
    full = half.detach().float().requires_grad_()
    (LOSS(full, t) * 64).backward()
    assert half.grad.dtype == kind and torch.equal(half.grad, full.grad.to(kind))
    # Logits where the loss in half precision is infinite or NaN.
    extreme = torch.tensor([60000.0, -60000.0, 20.0]).to(kind).requires_grad_()
    value = Loss("bce + dice")(extreme, torch.tensor([0, 1, 1]))
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(extreme.grad).all()


def test_autocast():
    net = torch.nn.Conv2d(3, 1, 3)
    x, t = torch.randn(2, 3, 8, 8), torch.rand(2, 1, 6, 6) < 0.3
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(x)
        assert logits.dtype == torch.bfloat16
        value = LOSS(logits, t)
    value.backward()
    assert value.dtype == torch.float32 and torch.isfinite(net.weight.grad).all() and net.weight.grad.dtype == torch.float32


def test_a_second_derivative_is_refused_and_never_wrong():
    z, t = batch(6)
    for loss in (LOSS, Loss("dice", per_image=True, reduction="none")):
        with pytest.raises(RuntimeError, match="no second derivative"):
            torch.autograd.grad(loss(z, t).sum(), z, create_graph=True)


def test_the_graph_can_be_gone_through_twice_and_notices_changes():
    z, t = batch(7)
    value = LOSS(z, t)
    (one,) = torch.autograd.grad(value, z, retain_graph=True)
    (other,) = torch.autograd.grad(value, z)
    assert torch.equal(one, other)
    z = torch.randn(5, requires_grad=True)
    logits = z * 1
    value = LOSS(logits, torch.ones(5))
    logits.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()


def test_the_gradient_is_handed_over_without_a_copy():
    """A gradient that something else refers to is copied when it becomes `.grad`."""
    for pixels in (_autograd.SMALL // 2, _autograd.SMALL * 2):
        z = torch.randn(pixels, requires_grad=True)
        places = []
        room = _tensors.room

        def noting(tensor):
            gradient = room(tensor)
            places.append(gradient.data_ptr())
            return gradient

        _tensors.room = noting
        try:
            LOSS(z, torch.ones(pixels)).backward()
        finally:
            _tensors.room = room
        assert places == [z.grad.data_ptr()]


def test_an_upstream_gradient_that_is_not_finite_is_seen():
    """Infinite scales of a GradScaler are found by gradients that are not finite."""
    for pixels in (8, 2 * _autograd.SMALL):
        for factor in (float("nan"), float("inf"), float("-inf")):
            z = torch.randn(pixels, requires_grad=True)
            (LOSS(z, torch.ones(pixels)) * factor).backward()
            assert z.grad.isnan().all()
    z = torch.randn(2, 5, requires_grad=True)
    of_images = Loss("dice", per_image=True, reduction="none")(z, torch.ones(2, 5))
    (of_images * torch.tensor([1.0, float("inf")])).sum().backward()
    assert z.grad[0].isfinite().all() and z.grad[1].isnan().all()


def test_forward_mode_is_refused_and_never_without_a_tangent():
    with torch.autograd.forward_ad.dual_level():
        z = torch.autograd.forward_ad.make_dual(torch.randn(4), torch.ones(4))
        with pytest.raises((RuntimeError, NotImplementedError)):
            LOSS(z, torch.ones(4))


def test_changed_attributes_of_drop_in_classes_count():
    logits, labels = torch.randn(2, 3, 4, 4), torch.randint(3, (2, 1, 4, 4))
    loss = monai.DiceCELoss(to_onehot_y=True, softmax=True)
    first = loss(logits, labels)
    loss.lambda_dice, loss.lambda_ce = 0.25, 3.0
    expected = monai.DiceCELoss(to_onehot_y=True, softmax=True, lambda_dice=0.25, lambda_ce=3.0)(logits, labels)
    assert loss(logits, labels).item() == expected.item() != first.item()


LABELS = [
    (lambda loss, z, y: loss(z, y.masked_fill(y == 1, 255)), r"target\[0, 0, \d, \d\] is 255; labels must be whole numbers from 0 to 2"),
    (lambda loss, z, y: loss(z, torch.full_like(y, float("nan"), dtype=torch.float32)), r"target\[0, 0, 0, 0\] is nan; labels must be whole numbers"),
    (lambda loss, z, y: loss(z, torch.zeros(5)), r"target must have the shape \(B, C, spatial...\), and not \(5,\)"),
]


@pytest.mark.parametrize("number", range(len(LABELS)))
def test_words_of_drop_in_classes(number):
    act, words = LABELS[number]
    z, y = torch.randn(1, 3, 4, 4), torch.arange(16).reshape(1, 1, 4, 4) % 3
    with pytest.raises(ValueError, match=words):
        act(monai.DiceLoss(to_onehot_y=True, sigmoid=True), z, y)


def test_a_gradient_that_comes_with_the_value_has_the_bits_of_one_that_does_not():
    torch.manual_seed(11)
    for shape in ((1,), (2, 1, 16, 9), (_autograd.SMALL,), (_autograd.SMALL + 1,)):
        z, t = torch.randn(shape, requires_grad=True), torch.rand(shape) < 0.3
        for factor in (1.0, -0.37):
            value = LOSS(z, t)
            (first,) = torch.autograd.grad(factor * value, z, retain_graph=True)
            (again,) = torch.autograd.grad(factor * value, z)
            sums = LOSS.loss.accumulator()
            sums.update(z.detach().numpy(), t.numpy())
            expected = sums.gradient(z.detach().numpy(), t.numpy(), upstream=float(torch.tensor(factor)))
            assert first.numpy().tobytes() == again.numpy().tobytes() == expected.tobytes()
            assert value.item() == LOSS(z.detach(), t).item() == np.float32(sums.value)


WORDS = [
    (lambda z, t: LOSS(z.double(), t), TypeError, "logits are torch.float64.*call logits.float"),
    (lambda z, t: LOSS(z.detach().long(), t), TypeError, "wrong way round"),
    (lambda z, t: LOSS(z.detach().numpy(), t), TypeError, "torch.as_tensor"),
    (lambda z, t: LOSS(z, t.double()), TypeError, "targets are torch.float64.*targets.float"),
    (lambda z, t: LOSS(z, t[:, 0]), ValueError, r"\(3, 1, 9, 11\) and targets \(3, 9, 11\)"),
    (lambda z, t: LOSS(z.detach().to("meta"), t), ValueError, "logits are on meta; .*call logits.cpu"),
    (lambda z, t: LOSS(z, t.to("meta")), ValueError, "targets are on meta"),
    (lambda z, t: LOSS(z, t, mask=t.to("meta")), ValueError, "mask are on meta"),
    (lambda z, t: LOSS(z.detach().to_sparse(), t), TypeError, "to_dense"),
    (lambda z, t: LOSS(z * float("nan"), t), ValueError, r"logits\[0, 0, 0, 0\] is NaN"),
    (lambda z, t: LOSS(z, torch.sigmoid(z)), ValueError, "targets.detach"),
    (lambda z, t: LOSS(z[:0], t[:0]), ValueError, "there is no pixel"),
    (lambda z, t: Loss("bce + dcie"), ValueError, "column 7"),
    (lambda z, t: Loss("lovasz_hinge", process_group="world"), ValueError, "ranks the pixels"),
    (lambda z, t: Loss("bce", process_group="world")(z, t), RuntimeError, "init_process_group"),
]


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_words(number):
    act, error, words = WORDS[number]
    with pytest.raises(error, match=words):
        act(*batch(8))


def test_modules_are_stored_copied_and_shown():
    z, t = batch(9)
    for loss in (LOSS, monai.DiceCELoss(sigmoid=True), smp.DiceLoss("binary"), Loss.of(exactloss.Loss.preset("monai.dice_ce"))):
        expected = loss(z, t).item()
        assert pickle.loads(pickle.dumps(loss))(z, t).item() == expected
        assert copy.deepcopy(loss)(z, t).item() == expected
        assert loss.state_dict() == {} and list(loss.parameters()) == []
        file = io.BytesIO()
        torch.save(torch.nn.ModuleList([loss]).state_dict(), file)
        assert loss.half().to("cpu").double()(z, t).item() == expected
        assert repr(loss)
    assert repr(LOSS) == "Loss('bce + dice(smooth=1)')"


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        # More inputs than one thread takes, in the process of a worker.
        z, t = batch(index, (1 << 17,))
        return LOSS(z.detach(), t)


def test_workers_of_a_loader():
    exactloss.set_num_threads(3)
    expected = [Pairs()[n].item() for n in range(4)]
    loader = torch.utils.data.DataLoader(Pairs(), batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60)
    assert [value.item() for value in loader] == expected
    exactloss.set_num_threads(0)


@needs_operators
def test_operators_hold_what_they_promise():
    z, t = batch(10)
    key = _autograd.key_of(LOSS.loss)
    torch.library.opcheck(_autograd.of_batch, (z, t, None, None, key, "", 1.0))
    torch.library.opcheck(_autograd.of_batch, (z.detach(), t, torch.rand(z.shape), t, key, "", 2.0))
    torch.library.opcheck(_autograd.of_batch, (z, t, None, None, _autograd.key_of(exactloss.Loss("lovasz_hinge")), "", 1.0))
    torch.library.opcheck(_autograd.of_images, (z, t, None, None, _autograd.key_of(exactloss.Loss("dice", per_image=True))))


@needs_operators
def test_a_step_is_compiled_as_one_graph():
    net = torch.nn.Conv2d(3, 4, 3, padding=1)
    x = torch.randn(2, 3, 8, 8)
    for loss, t in (
        (LOSS, torch.rand(2, 4, 8, 8) < 0.2),
        (Loss("ce + dice", classes=4), torch.randint(4, (2, 8, 8))),
        (Loss("dice", per_image=True, reduction="none"), torch.rand(2, 4, 8, 8) < 0.2),
        (Loss("lovasz_hinge"), torch.rand(2, 4, 8, 8) < 0.2),
        (monai.DiceCELoss(softmax=True, to_onehot_y=True), torch.randint(4, (2, 1, 8, 8))),
    ):
        expected = loss(net(x), t).sum()
        expected.backward()
        slope, net.weight.grad = net.weight.grad.clone(), None
        step = torch.compile(lambda x, t: loss(net(x), t).sum(), fullgraph=True)
        value = step(x, t)
        value.backward()
        assert value.item() == pytest.approx(expected.item(), rel=1e-5)
        assert torch.allclose(net.weight.grad, slope, rtol=1e-4, atol=1e-6)
        net.weight.grad = None
    with pytest.raises(RuntimeError):
        z, t = batch(11)
        compiled = torch.compile(lambda z, t: LOSS(z, t), fullgraph=True)
        (slope,) = torch.autograd.grad(compiled(z, t), z, create_graph=True)
        torch.autograd.grad(slope.sum(), z)


# Drop-in classes, against the figures of the libraries themselves.

PEERS = {
    "monai_dice_sigmoid": monai.DiceLoss(sigmoid=True),
    "monai_dice_sigmoid_batch": monai.DiceLoss(sigmoid=True, batch=True),
    "monai_dice_sigmoid_squared": monai.DiceLoss(sigmoid=True, squared_pred=True),
    "monai_dice_sigmoid_jaccard": monai.DiceLoss(sigmoid=True, jaccard=True),
    "monai_dice_softmax": monai.DiceLoss(softmax=True, to_onehot_y=True),
    "monai_dice_softmax_nobg": monai.DiceLoss(softmax=True, to_onehot_y=True, include_background=False),
    "monai_dice_soft_product": monai.DiceLoss(sigmoid=True),
    "monai_tversky": monai.TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7),
    "monai_tversky_softmax_nobg": monai.TverskyLoss(softmax=True, to_onehot_y=True, include_background=False, alpha=0.3, beta=0.7),
    "monai_gdl_softmax": monai.GeneralizedDiceLoss(softmax=True, to_onehot_y=True),
    "monai_focal_binary": monai.FocalLoss(),
    "monai_focal_softmax": monai.FocalLoss(to_onehot_y=True, use_softmax=True),
    "monai_dicece_sigmoid": monai.DiceCELoss(sigmoid=True),
    "monai_dicece_softmax": monai.DiceCELoss(softmax=True, to_onehot_y=True),
    "monai_dicefocal_sigmoid": monai.DiceFocalLoss(sigmoid=True),
    "smp_dice": smp.DiceLoss("binary"),
    "smp_jaccard": smp.JaccardLoss("binary"),
    "smp_tversky_gamma": smp.TverskyLoss("binary", alpha=0.3, beta=0.7, gamma=4 / 3),
    "smp_dice_multiclass": smp.DiceLoss("multiclass"),
    "smp_dice_multiclass_ignore": smp.DiceLoss("multiclass", ignore_index=255),
    "smp_lovasz_hinge": smp.LovaszLoss("binary"),
    "smp_mcc": smp.MCCLoss(),
}


def case_of(name):
    case = CASES[name]
    logits = torch.from_numpy(np.load(VECTORS / case["inputs"]["logits"]["file"])).requires_grad_()
    targets = torch.from_numpy(np.load(VECTORS / case["inputs"]["targets"]["file"]))
    gradient = torch.from_numpy(np.load(VECTORS / case["grad"])) if isinstance(case["grad"], str) else None
    return logits, targets, case["value"], gradient


@pytest.mark.parametrize("name", PEERS)
def test_drop_in_classes_give_the_figures_of_their_libraries(name):
    logits, targets, expected, gradient = case_of(name)
    if name.startswith("monai") and targets.dim() < logits.dim():
        targets = targets[:, None]
    value = PEERS[name](logits, targets)
    assert value.item() == pytest.approx(expected, rel=2e-6)
    value.backward()
    assert torch.allclose(logits.grad.double(), gradient, rtol=0, atol=4e-6 * gradient.abs().max().item())


def test_every_case_of_these_libraries_has_its_class():
    assert {name for name in CASES if name.startswith(("monai_", "smp_"))} == set(PEERS)


def test_every_preset_of_these_libraries_is_the_class_with_its_defaults():
    """Two ways to the same loss: the table of conventions, and the drop-in classes."""
    pairs = {
        "monai.dice": monai.DiceLoss(sigmoid=True),
        "monai.dice_squared": monai.DiceLoss(sigmoid=True, squared_pred=True),
        "monai.jaccard": monai.DiceLoss(sigmoid=True, jaccard=True),
        "monai.tversky": monai.TverskyLoss(sigmoid=True),
        "monai.focal": monai.FocalLoss(),
        "monai.dice_ce": monai.DiceCELoss(sigmoid=True),
        "monai.dice_focal": monai.DiceFocalLoss(sigmoid=True),
        "monai.dice_softmax": monai.DiceLoss(softmax=True, to_onehot_y=True),
        "monai.dice_softmax_foreground": monai.DiceLoss(softmax=True, to_onehot_y=True, include_background=False),
        "monai.tversky_softmax": monai.TverskyLoss(softmax=True, to_onehot_y=True),
        "monai.generalized_dice": monai.GeneralizedDiceLoss(softmax=True, to_onehot_y=True),
        "monai.focal_softmax": monai.FocalLoss(use_softmax=True, to_onehot_y=True),
        "monai.dice_ce_softmax": monai.DiceCELoss(softmax=True, to_onehot_y=True),
        "smp.dice": smp.DiceLoss("binary"),
        "smp.jaccard": smp.JaccardLoss("binary"),
        "smp.tversky": smp.TverskyLoss("binary"),
        "smp.focal": smp.FocalLoss("binary"),
        "smp.soft_bce_with_logits": smp.SoftBCEWithLogitsLoss(),
        "smp.mcc": smp.MCCLoss(),
        "smp.dice_multiclass": smp.DiceLoss("multiclass"),
        "smp.jaccard_multiclass": smp.JaccardLoss("multiclass"),
        "smp.tversky_multiclass": smp.TverskyLoss("multiclass"),
        "smp.soft_cross_entropy": smp.SoftCrossEntropyLoss(),
    }
    assert set(pairs) == {name for name, *_ in exactloss.presets() if name.startswith(("monai.", "smp."))}
    z, t = batch(12)
    logits, labels = torch.randn(2, 4, 6, 6), torch.randint(4, (2, 6, 6))
    for name, of, *_ in exactloss.presets():
        if name not in pairs:
            continue
        if of == "classes":
            preset = exactloss.Loss.preset(name, classes=4)(logits.numpy(), labels.numpy())
            given = labels[:, None] if name.startswith("monai") else labels
            value = pairs[name](logits, given).item()
        else:
            preset, value = exactloss.Loss.preset(name)(z.detach().numpy(), t.numpy()), pairs[name](z, t).item()
        assert value == pytest.approx(preset, rel=1e-6), name


def test_several_channels_sums_and_probabilities_as_monai_has_them():
    z, t = batch(13, (2, 3, 4, 5))
    p = torch.sigmoid(z.detach())
    axes = (2, 3)

    def dice(p, t, axes):
        return 1 - (2 * (p * t).sum(axes) + 1e-5) / (p.sum(axes) + t.float().sum(axes) + 1e-5)

    tf = t.float()
    assert monai.DiceLoss(sigmoid=True)(z, t).item() == pytest.approx(dice(p, tf, axes).mean().item(), rel=1e-5)
    assert monai.DiceLoss(sigmoid=True, reduction="sum")(z, t).item() == pytest.approx(dice(p, tf, axes).sum().item(), rel=1e-5)
    assert monai.DiceLoss(sigmoid=True, batch=True)(z, t).item() == pytest.approx(dice(p, tf, (0, 2, 3)).mean().item(), rel=1e-5)
    assert monai.DiceLoss(sigmoid=True, include_background=False)(z, t).item() == pytest.approx(dice(p, tf, axes)[:, 1:].mean().item(), rel=1e-5)
    assert monai.DiceLoss()(p, t).item() == pytest.approx(dice(p, tf, axes).mean().item(), rel=1e-5)
    labels = torch.randint(3, (2, 1, 4, 5))
    hot = torch.moveaxis(torch.nn.functional.one_hot(labels[:, 0], 3), -1, 1).float()
    assert monai.DiceLoss(sigmoid=True, to_onehot_y=True)(z, labels).item() == pytest.approx(dice(p, hot, axes).mean().item(), rel=1e-5)
    q = torch.softmax(z.detach(), 1)
    for targets, one_hot in ((hot, False), (labels, True)):
        assert monai.DiceLoss(softmax=True, to_onehot_y=one_hot)(z, targets).item() == pytest.approx(dice(q, hot, axes).mean().item(), rel=1e-5)
    weight = [1.0, 2.0, 5.0]
    weighted = monai.DiceLoss(softmax=True, to_onehot_y=True, weight=weight)(z, labels).item()
    assert weighted == pytest.approx((dice(q, hot, axes) * torch.tensor(weight)).mean().item(), rel=1e-5)
    nobg = monai.DiceLoss(softmax=True, to_onehot_y=True, weight=[2.0, 5.0], include_background=False)(z, labels).item()
    assert nobg == pytest.approx((dice(q, hot, axes)[:, 1:] * torch.tensor([2.0, 5.0])).mean().item(), rel=1e-5)
    ce = torch.nn.functional.cross_entropy(z, labels[:, 0], torch.tensor(weight), label_smoothing=0.1).item()
    dice_ce = monai.DiceCELoss(softmax=True, to_onehot_y=True, weight=weight, label_smoothing=0.1, lambda_dice=0.5, lambda_ce=2.0)
    assert dice_ce(z, labels).item() == pytest.approx(0.5 * (dice(q, hot, axes) * torch.tensor(weight)).mean().item() + 2 * ce, rel=1e-5)
    bce = torch.nn.functional.binary_cross_entropy_with_logits(z, tf, reduction="none")
    pt = torch.exp(-bce)
    focal = (1 - pt) ** 2 * bce * (0.3 * tf + 0.7 * (1 - tf))
    assert monai.FocalLoss(alpha=0.3)(z, t).item() == pytest.approx(focal.mean().item(), rel=1e-5)
    assert monai.FocalLoss(alpha=0.3, reduction="sum")(z, t).item() == pytest.approx(focal.mean(axes).sum().item(), rel=1e-5)
    assert smp.FocalLoss("multilabel", alpha=0.3)(z, t).item() == pytest.approx(focal.mean().item(), rel=1e-5)


REFUSED = [
    lambda: monai.DiceLoss(sigmoid=True, reduction="none"),
    lambda: monai.DiceLoss(sigmoid=True, softmax=True),
    lambda: monai.DiceLoss(other_act=torch.tanh),
    lambda: monai.DiceLoss(sigmoid=True, soft_label=True),
    lambda: monai.DiceLoss(sigmoid=True, weight=[1.0]),
    lambda: monai.DiceCELoss(),
    lambda: monai.DiceCELoss(sigmoid=True, reduction="sum"),
    lambda: monai.DiceCELoss(sigmoid=True)(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3)),
    lambda: monai.DiceCELoss(sigmoid=True, label_smoothing=0.1),
    lambda: monai.DiceLoss(softmax=True)(torch.zeros(1, 1, 3), torch.zeros(1, 1, 3)),
    lambda: monai.DiceLoss(softmax=True)(torch.zeros(1, 2, 3), torch.zeros(1, 1, 3)),
    lambda: monai.DiceLoss(sigmoid=True)(torch.zeros(3), torch.zeros(3)),
    lambda: monai.FocalLoss(weight=[1.0, 2.0]),
    lambda: monai.FocalLoss(use_softmax=True, alpha=0.25),
    lambda: monai.FocalLoss(use_softmax=True, include_background=False),
    lambda: monai.DiceFocalLoss(softmax=True),
    lambda: monai.DiceFocalLoss(sigmoid=True, weight=[1.0]),
    lambda: monai.GeneralizedDiceLoss(sigmoid=True),
    lambda: monai.GeneralizedDiceLoss(softmax=True, w_type="cube"),
    lambda: smp.DiceLoss("unary"),
    lambda: smp.DiceLoss("binary", log_loss=True),
    lambda: smp.DiceLoss("multiclass", classes=[1]),
    lambda: smp.DiceLoss("multiclass", from_logits=False),
    lambda: smp.TverskyLoss("multiclass", gamma=2.0),
    lambda: smp.FocalLoss("multiclass"),
    lambda: smp.FocalLoss("binary", normalized=True),
    lambda: smp.FocalLoss("binary", reduced_threshold=0.5),
    lambda: smp.SoftCrossEntropyLoss(dim=2),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_options_that_are_not_honoured_are_refused(number):
    with pytest.raises(ValueError):
        REFUSED[number]()


def test_a_network_trains_along_the_same_curve():
    example = pathlib.Path(__file__).resolve().parents[1] / "examples/train_unet.py"
    ran = subprocess.run([sys.executable, example, "--steps", "12", "--tolerance", "1e-4"], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
