"""The drop-in classes against the libraries themselves, where these are installed (`just python`): values and gradients over options."""

import inspect
import itertools

import pytest

torch = pytest.importorskip("torch")

from exactloss.torch import monai as ours_of_monai  # noqa: E402
from exactloss.torch import smp as ours_of_smp  # noqa: E402


def compare(ours, theirs, logits, targets, kind=torch.float64):
    """Theirs in float64, where it takes that."""
    mine, other = logits.clone().requires_grad_(), logits.clone().to(kind).requires_grad_()
    value = ours(mine, targets)
    expected = theirs(other, targets if targets.dtype != torch.float32 else targets.to(kind))
    # Some of theirs answer with an axis, or in another type.
    assert value.item() == pytest.approx(expected.reshape(()).item(), rel=2e-5, abs=1e-6), ours
    value.backward()
    expected.sum().backward()
    assert torch.allclose(mine.grad.double(), other.grad.double(), rtol=0, atol=2e-5 * other.grad.abs().max().item() + 1e-9), ours


def combinations(**options):
    return [dict(zip(options, values)) for values in itertools.product(*options.values())]


def data(channels, seed=0, images=3):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(images, channels, 6, 7, generator=generator)
    masks = (torch.rand(images, channels, 6, 7, generator=generator) < 0.3).float()
    labels = torch.randint(channels, (images, 1, 6, 7), generator=generator)
    labels[0][labels[0] == 1] = 0
    return logits, masks, labels


def test_monai():
    losses = pytest.importorskip("monai.losses")
    for options in combinations(squared_pred=[False, True], jaccard=[False, True], batch=[False, True], include_background=[True, False], reduction=["mean", "sum"], smooth_nr=[1e-5, 1.0]):
        for channels in (1, 3):
            if channels == 1 and not options["include_background"]:
                continue
            logits, masks, labels = data(channels)
            compare(ours_of_monai.DiceLoss(sigmoid=True, **options), losses.DiceLoss(sigmoid=True, **options), logits, masks)
            if channels > 1:
                given = {"softmax": True, "to_onehot_y": True, **options}
                compare(ours_of_monai.DiceLoss(**given), losses.DiceLoss(**given), logits, labels)
    for options in combinations(batch=[False, True], include_background=[True, False], alpha=[0.3], beta=[0.7], smooth_dr=[1e-5, 2.0]):
        logits, masks, labels = data(3, 1)
        compare(ours_of_monai.TverskyLoss(sigmoid=True, **options), losses.TverskyLoss(sigmoid=True, **options), logits, masks)
        given = {"softmax": True, "to_onehot_y": True, **options}
        compare(ours_of_monai.TverskyLoss(**given), losses.TverskyLoss(**given), logits, labels)
    for options in combinations(batch=[False, True], include_background=[True, False], lambda_dice=[0.5], lambda_ce=[2.0], label_smoothing=[0.0, 0.1]):
        logits, masks, labels = data(3, 2)
        given = {"softmax": True, "to_onehot_y": True, **options}
        compare(ours_of_monai.DiceCELoss(**given), losses.DiceCELoss(**given), logits, labels)
    logits, masks, _ = data(1, 3)
    compare(ours_of_monai.DiceCELoss(sigmoid=True), losses.DiceCELoss(sigmoid=True), logits, masks)
    weight = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    logits, masks, labels = data(3, 4)
    given = {"softmax": True, "to_onehot_y": True, "weight": weight}
    compare(ours_of_monai.DiceCELoss(**given), losses.DiceCELoss(**given), logits, labels)
    compare(ours_of_monai.DiceLoss(**given), losses.DiceLoss(**given), logits, labels)
    for options in combinations(gamma=[0.0, 2.0, 3.5], alpha=[None, 0.25], reduction=["mean", "sum"], include_background=[True, False]):
        logits, masks, labels = data(3, 5)
        compare(ours_of_monai.FocalLoss(**options), losses.FocalLoss(**options), logits, masks)
    for gamma in (0.5, 2.0):
        given = {"use_softmax": True, "to_onehot_y": True, "gamma": gamma}
        compare(ours_of_monai.FocalLoss(**given), losses.FocalLoss(**given), logits, labels)
    for options in combinations(gamma=[1.0, 2.0], lambda_dice=[0.3], lambda_focal=[2.0]):
        compare(ours_of_monai.DiceFocalLoss(sigmoid=True, **options), losses.DiceFocalLoss(sigmoid=True, **options), *data(3, 6)[:2])
    for options in combinations(w_type=["square", "simple", "uniform"], batch=[False, True], include_background=[True, False], reduction=["mean", "sum"]):
        logits, _, labels = data(3, 7)
        given = {"softmax": True, "to_onehot_y": True, **options}
        compare(ours_of_monai.GeneralizedDiceLoss(**given), losses.GeneralizedDiceLoss(**given), logits, labels)


def test_segmentation_models_pytorch():
    losses = pytest.importorskip("segmentation_models_pytorch").losses
    for smooth, name in itertools.product([0.0, 1.0], ["DiceLoss", "JaccardLoss", "TverskyLoss"]):
        ours, theirs = getattr(ours_of_smp, name), getattr(losses, name)
        more = {"alpha": 0.3, "beta": 0.7} if name == "TverskyLoss" else {}
        compare(ours("binary", smooth=smooth, **more), theirs("binary", smooth=smooth, **more), *data(1, 8)[:2])
        compare(ours("multilabel", smooth=smooth, **more), theirs("multilabel", smooth=smooth, **more), *data(3, 9)[:2])
        logits, _, labels = data(3, 10)
        compare(ours("multiclass", smooth=smooth, **more), theirs("multiclass", smooth=smooth, **more), logits, labels[:, 0])
        absent = labels[:, 0].clone()
        absent[absent == 2] = 1
        compare(ours("multiclass", smooth=smooth, **more), theirs("multiclass", smooth=smooth, **more), logits, absent)
    compare(ours_of_smp.TverskyLoss("binary", gamma=1.5), losses.TverskyLoss("binary", gamma=1.5), *data(1, 11)[:2])
    logits, masks, labels = data(1, 12)
    masks[0, 0, 0] = 255
    compare(ours_of_smp.DiceLoss("binary", ignore_index=255), losses.DiceLoss("binary", ignore_index=255), logits, masks)
    logits, _, labels = data(3, 13)
    labels[0, 0, 0] = 255
    compare(ours_of_smp.DiceLoss("multiclass", ignore_index=255), losses.DiceLoss("multiclass", ignore_index=255), logits, labels[:, 0])
    for options in combinations(alpha=[None, 0.25], gamma=[1.0, 2.0]):
        compare(ours_of_smp.FocalLoss("binary", **options), losses.FocalLoss("binary", **options), *data(1, 14)[:2])
        compare(ours_of_smp.FocalLoss("multilabel", **options), losses.FocalLoss("multilabel", **options), *data(3, 15)[:2])
        logits, masks, _ = data(1, 19)
        given = {"from_logits": False, **options}
        compare(ours_of_smp.FocalLoss("binary", **given), losses.FocalLoss("binary", **given), torch.sigmoid(logits), masks)
    compare(ours_of_smp.SoftBCEWithLogitsLoss(smooth_factor=0.1), losses.SoftBCEWithLogitsLoss(smooth_factor=0.1), *data(1, 16)[:2])
    for smooth_factor in (None, 0.2):
        logits, _, labels = data(3, 17)
        compare(ours_of_smp.SoftCrossEntropyLoss(smooth_factor=smooth_factor), losses.SoftCrossEntropyLoss(smooth_factor=smooth_factor or 0.0), logits, labels[:, 0])
    for per_image in (False, True):
        compare(ours_of_smp.LovaszLoss("binary", per_image=per_image), losses.LovaszLoss("binary", per_image=per_image), *data(1, 18)[:2], torch.float32)


@pytest.mark.parametrize("library, ours", [("monai.losses", ours_of_monai), ("segmentation_models_pytorch.losses", ours_of_smp)])
def test_arguments_have_the_libraries_names_and_order(library, ours):
    theirs = pytest.importorskip(library)
    for name in ours.__all__:
        mine, other = (list(inspect.signature(getattr(module, name).__init__).parameters) for module in (ours, theirs))
        mine = [argument for argument in mine if argument != "process_group"]
        assert mine == other[: len(mine)], name
