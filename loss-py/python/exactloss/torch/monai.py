"""The losses of MONAI (1.3 to 1.6) under their names and arguments, computed exactly.

    >>> import torch
    >>> from exactloss.torch.monai import DiceCELoss           # from monai.losses import DiceCELoss
    >>> loss = DiceCELoss(to_onehot_y=True, softmax=True)
    >>> logits, labels = torch.zeros(2, 4, 8, 8, requires_grad=True), torch.randint(4, (2, 1, 8, 8))
    >>> loss(logits, labels).backward()

Shapes are MONAI's: input (B, C, spatial...), target of the same shape, or (B, 1, spatial...) of labels with to_onehot_y=True. Each class says
what of MONAI's options it has not: these are refused when the loss is made, never ignored. Additionally:

process_group : "world", a name or a ProcessGroup, optional
    The processes whose batches make one batch: see `exactloss.torch.Loss`.

MONAI takes a model's probabilities unless sigmoid=True or softmax=True, and so do these; the gradient is by what is given.
"""

from torch import Tensor

from . import _tensors
from ._peers import Peer, check_labels, number, one_hot, refuse, smoothing

__all__ = ["DiceCELoss", "DiceFocalLoss", "DiceLoss", "FocalLoss", "GeneralizedDiceLoss", "TverskyLoss"]


class _Monai(Peer):
    """Reads input and target as MONAI does, and takes the mean or sum of what comes out."""

    def __init__(self, include_background, to_onehot_y, sigmoid, softmax, reduction, process_group):
        super().__init__()
        name = type(self).__name__
        if sigmoid and softmax:
            raise ValueError(f"{name}: sigmoid=True and softmax=True exclude each other")
        reduction = getattr(reduction, "value", reduction)
        if reduction not in ("mean", "sum"):
            raise ValueError(f'{name}(reduction={reduction!r}) of MONAI is not available here: take "mean" or "sum"')
        self.include_background, self.to_onehot_y = include_background, to_onehot_y
        self.sigmoid, self.softmax = sigmoid, softmax
        self.reduction, self.process_group = reduction, process_group

    def _terms(self, of_classes):
        """Expressions, whether each is taken over each image, and options; `of_classes`: by a softmax."""
        raise NotImplementedError

    def _scale(self, images, channels):
        """What the mean is multiplied by to be MONAI's sum."""
        return images * channels

    def _options(self):
        return {}

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of a batch: input (B, C, spatial...), target of the same shape, or labels (B, 1, spatial...) with to_onehot_y=True."""
        name = type(self).__name__
        _tensors.check("input", input)
        _tensors.check("target", target)
        for which, tensor in (("input", input), ("target", target)):
            if tensor.dim() < 3:
                raise ValueError(f"{name}: {which} must have the shape (B, C, spatial...), and not {tuple(tensor.shape)}")
        channels = input.shape[1]
        if self.softmax and channels == 1:
            raise ValueError(f"{name}: softmax=True needs at least 2 channels; MONAI would leave out the softmax with a warning")
        if self.softmax:
            if target.shape[1] == 1 and self.to_onehot_y:
                if target.is_floating_point():
                    check_labels(target)
                target = target[:, 0].long()
            elif target.shape == input.shape:
                target = target.float()
            classes = channels - (0 if self.include_background else 1)
            module = self._module(("classes", channels), lambda: (*self._terms(True), {"classes": channels, **self._options()}), self.process_group)
        else:
            if self.to_onehot_y and channels > 1:
                if target.shape[1] != 1:
                    raise ValueError(f"{name}: with to_onehot_y=True target must have the shape (B, 1, spatial...), and not {tuple(target.shape)}")
                target = one_hot(target, channels)
            if not self.include_background and channels > 1:
                input, target = input[:, 1:], target[:, 1:]
            classes = input.shape[1]
            given = {"from_logits": self._takes_logits()}
            if classes > 1:
                given["channels"] = classes
            module = self._module(("channels", classes), lambda: (*self._terms(False), {**given, **self._options()}), self.process_group)
        loss = module(input, target)
        return loss if self.reduction == "mean" else loss * self._scale(input.shape[0], classes)

    def _takes_logits(self):
        return self.sigmoid

    def extra_repr(self):
        """The expressions."""
        return " + ".join(self._terms(self.softmax)[0])


class DiceLoss(_Monai):
    """`monai.losses.DiceLoss`: 1 - (2I + smooth_nr) / (P + T + smooth_dr) of each channel of each image, and their mean.

    Parameters
    ----------
    include_background, to_onehot_y, sigmoid, softmax, squared_pred, jaccard, smooth_nr, smooth_dr, batch
        As in MONAI.
    reduction : {"mean", "sum"}
        "none" is not available.
    weight : list of float, optional
        A weight for each class that counts, with softmax=True alone.
    other_act, soft_label
        Not available: refused unless they are the defaults.

    Examples
    --------
    >>> import torch
    >>> from exactloss.torch.monai import DiceLoss
    >>> DiceLoss(sigmoid=True)(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)).item()
    0.3333...
    """

    def __init__(
        self,
        include_background=True,
        to_onehot_y=False,
        sigmoid=False,
        softmax=False,
        other_act=None,
        squared_pred=False,
        jaccard=False,
        reduction="mean",
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        batch=False,
        weight=None,
        soft_label=False,
        *,
        process_group=None,
    ):
        super().__init__(include_background, to_onehot_y, sigmoid, softmax, reduction, process_group)
        refuse(
            "MONAI",
            type(self).__name__,
            other_act=(other_act, None, "apply it to the input before, and leave sigmoid and softmax False"),
            soft_label=(soft_label, False, "its formula has no sums that add"),
        )
        self.squared_pred, self.jaccard, self.batch = squared_pred, jaccard, batch
        self.smooth_nr, self.smooth_dr = smooth_nr, smooth_dr
        self.weight = _weights(type(self).__name__, weight, softmax, include_background)

    def _scale(self, images, channels):
        return channels if self.batch else images * channels

    def _options(self):
        return {} if self.weight is None else {"class_weights": self.weight}

    def _dice(self, of_classes):
        # MONAI doubles Jaccard's fraction, but not its smoothing.
        half = 0.5 if self.jaccard else 1.0
        text = ("iou(" if self.jaccard else "dice(") + smoothing(half * self.smooth_nr, half * self.smooth_dr)
        if self.squared_pred:
            text += ", overlap=squared"
        if of_classes and not self.include_background:
            text += ", classes=foreground"
        if of_classes and self.weight is not None:
            text += ", weights=multiply"
        return text + ")"

    def _terms(self, of_classes):
        return [self._dice(of_classes)], [not self.batch]


def _weights(name, weight, softmax, include_background):
    """Class weights as the core has them: one for each class, also for one that does not count."""
    if weight is None:
        return None
    if not softmax:
        raise ValueError(f"{name}(weight=...) of MONAI is available with softmax=True alone")
    weight = [float(one) for one in weight]
    return weight if include_background else [1.0, *weight]


class DiceCELoss(DiceLoss):
    """`monai.losses.DiceCELoss`: lambda_dice * Dice + lambda_ce * cross-entropy.

    The cross-entropy is that of a softmax over the channels, or of one channel binary cross-entropy; it takes logits in any case, so
    sigmoid=True (one channel) or softmax=True (several) must be given.

    Parameters
    ----------
    lambda_dice, lambda_ce, label_smoothing
        As in MONAI; label_smoothing for several channels, as there.
    weight
        As in MONAI: of several channels weights of the classes in both terms, background included.
    others
        As for `DiceLoss`.
    """

    def __init__(
        self,
        include_background=True,
        to_onehot_y=False,
        sigmoid=False,
        softmax=False,
        other_act=None,
        squared_pred=False,
        jaccard=False,
        reduction="mean",
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        batch=False,
        weight=None,
        lambda_dice=1.0,
        lambda_ce=1.0,
        label_smoothing=0.0,
        *,
        process_group=None,
    ):
        name = type(self).__name__
        if not (sigmoid or softmax):
            raise ValueError(f"{name} needs sigmoid=True or softmax=True: its cross-entropy takes logits, and Dice must do so as well")
        refuse("MONAI", name, reduction=(getattr(reduction, "value", reduction), "mean", "its terms are summed over different things"))
        super().__init__(
            include_background, to_onehot_y, sigmoid, softmax, other_act, squared_pred, jaccard, reduction, smooth_nr, smooth_dr, batch, None, False, process_group=process_group
        )
        if lambda_dice < 0 or lambda_ce < 0:
            raise ValueError(f"{name}: lambda_dice and lambda_ce must not be negative")
        if weight is not None:
            self.weight = _weights(name, weight, softmax, True)
        if not softmax:
            refuse("MONAI", name, label_smoothing=(label_smoothing, 0.0, "MONAI has it for several channels alone"))
        self.lambda_dice, self.lambda_ce, self.label_smoothing = lambda_dice, lambda_ce, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of a batch; see `DiceLoss`."""
        if self.sigmoid and input.shape[1] != 1:
            raise ValueError("DiceCELoss: sigmoid=True of several channels mixes two activations, its cross-entropy being of a softmax: take softmax=True")
        return super().forward(input, target)

    def _terms(self, of_classes):
        ce = "bce"
        if of_classes:
            ce = f"ce(label_smoothing={number(self.label_smoothing)})" if self.label_smoothing else "ce"
        dice = self._dice(of_classes)
        return [f"{number(self.lambda_dice)} * {dice}", f"{number(self.lambda_ce)} * {ce}"], [not self.batch, False]


class FocalLoss(_Monai):
    """`monai.losses.FocalLoss`, of logits: of each channel by a sigmoid, or with use_softmax=True of all by a softmax.

    Parameters
    ----------
    include_background, to_onehot_y, gamma, use_softmax
        As in MONAI; include_background=False with use_softmax=True is not available.
    alpha : float, optional
        As in MONAI; not with use_softmax=True.
    reduction : {"mean", "sum"}
        As in MONAI: "sum" adds over images and channels what is averaged over pixels. "none" is not available.
    weight
        Not available.
    """

    def __init__(self, include_background=True, to_onehot_y=False, gamma=2.0, alpha=None, weight=None, reduction="mean", use_softmax=False, *, process_group=None):
        super().__init__(include_background, to_onehot_y, False, use_softmax, reduction, process_group)
        refuse("MONAI", "FocalLoss", weight=(weight, None, "weigh the classes by exactloss.torch.Loss with class_weights"))
        if use_softmax:
            refuse(
                "MONAI",
                "FocalLoss",
                alpha=(alpha, None, "with use_softmax=True it weighs channels; class_weights of exactloss.torch.Loss do that"),
                include_background=(include_background, True, "with use_softmax=True MONAI drops the background before the softmax"),
            )
        self.gamma, self.alpha = gamma, alpha

    def _takes_logits(self):
        return True

    def _terms(self, of_classes):
        return [_focal(self.gamma, self.alpha, of_classes)], [False]


def _focal(gamma, alpha, of_classes):
    if of_classes:
        return f"focal(gamma={number(gamma)}, reduction=pixels_and_classes, weights=none)"
    return f"focal(gamma={number(gamma)}, form=margin{'' if alpha is None else f', alpha={number(alpha)}'})"


class DiceFocalLoss(DiceLoss):
    """`monai.losses.DiceFocalLoss`: lambda_dice * Dice + lambda_focal * focal loss.

    Parameters
    ----------
    gamma, lambda_dice, lambda_focal, alpha
        As in MONAI; alpha not with softmax=True.
    weight
        Not available.
    others
        As for `DiceLoss`; sigmoid=True or softmax=True must be given.
    """

    def __init__(
        self,
        include_background=True,
        to_onehot_y=False,
        sigmoid=False,
        softmax=False,
        other_act=None,
        squared_pred=False,
        jaccard=False,
        reduction="mean",
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        batch=False,
        gamma=2.0,
        weight=None,
        lambda_dice=1.0,
        lambda_focal=1.0,
        alpha=None,
        *,
        process_group=None,
    ):
        name = type(self).__name__
        if not sigmoid:
            # MONAI's focal part is by a sigmoid unless use_softmax is passed on, which it is with softmax=True.
            refuse("MONAI", name, softmax=(softmax, False, "take sigmoid=True, or DiceCELoss"), sigmoid=(sigmoid, True, "focal loss takes logits, and Dice must do so as well"))
        refuse(
            "MONAI",
            name,
            weight=(weight, None, "weigh the classes by exactloss.torch.Loss with class_weights"),
            reduction=(getattr(reduction, "value", reduction), "mean", "its terms are summed over different things"),
        )
        super().__init__(
            include_background, to_onehot_y, sigmoid, softmax, other_act, squared_pred, jaccard, reduction, smooth_nr, smooth_dr, batch, None, False, process_group=process_group
        )
        self.gamma, self.alpha, self.lambda_dice, self.lambda_focal = gamma, alpha, lambda_dice, lambda_focal

    def _terms(self, of_classes):
        focal = _focal(self.gamma, self.alpha, of_classes)
        return [f"{number(self.lambda_dice)} * {self._dice(of_classes)}", f"{number(self.lambda_focal)} * {focal}"], [not self.batch, False]


class TverskyLoss(_Monai):
    """`monai.losses.TverskyLoss`: 1 - (TP + smooth_nr) / (TP + alpha FP + beta FN + smooth_dr) of each channel of each image.

    Parameters
    ----------
    include_background, to_onehot_y, sigmoid, softmax, alpha, beta, smooth_nr, smooth_dr, batch
        As in MONAI: alpha is the price of false positives, beta that of false negatives.
    reduction : {"mean", "sum"}
        "none" is not available.
    other_act, soft_label
        Not available: refused unless they are the defaults.
    """

    def __init__(
        self,
        include_background=True,
        to_onehot_y=False,
        sigmoid=False,
        softmax=False,
        other_act=None,
        alpha=0.5,
        beta=0.5,
        reduction="mean",
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        batch=False,
        soft_label=False,
        *,
        process_group=None,
    ):
        super().__init__(include_background, to_onehot_y, sigmoid, softmax, reduction, process_group)
        refuse(
            "MONAI",
            "TverskyLoss",
            other_act=(other_act, None, "apply it to the input before, and leave sigmoid and softmax False"),
            soft_label=(soft_label, False, "its formula has no sums that add"),
        )
        self.alpha, self.beta, self.smooth_nr, self.smooth_dr, self.batch = alpha, beta, smooth_nr, smooth_dr, batch

    def _scale(self, images, channels):
        return channels if self.batch else images * channels

    def _terms(self, of_classes):
        text = f"tversky(alpha={number(self.alpha)}, beta={number(self.beta)}, {smoothing(self.smooth_nr, self.smooth_dr)}"
        if of_classes and not self.include_background:
            text += ", classes=foreground"
        return [text + ")"], [not self.batch]


class GeneralizedDiceLoss(_Monai):
    """`monai.losses.GeneralizedDiceLoss` over classes, by a softmax.

    Parameters
    ----------
    include_background, to_onehot_y, softmax, w_type, smooth_nr, smooth_dr, batch
        As in MONAI; softmax=True must be given. w_type is "square", "simple" or "uniform".
    reduction : {"mean", "sum"}
        "none" is not available.
    sigmoid, other_act, soft_label
        Not available: refused unless they are the defaults.
    """

    def __init__(
        self,
        include_background=True,
        to_onehot_y=False,
        sigmoid=False,
        softmax=False,
        other_act=None,
        w_type="square",
        reduction="mean",
        smooth_nr=1e-5,
        smooth_dr=1e-5,
        batch=False,
        soft_label=False,
        *,
        process_group=None,
    ):
        super().__init__(include_background, to_onehot_y, sigmoid, softmax, reduction, process_group)
        w_type = getattr(w_type, "value", w_type)
        refuse(
            "MONAI",
            "GeneralizedDiceLoss",
            softmax=(softmax, True, "it is available over classes, by a softmax"),
            other_act=(other_act, None, "it is available over classes, by a softmax"),
            soft_label=(soft_label, False, "its formula has no sums that add"),
        )
        if w_type not in ("square", "simple", "uniform"):
            raise ValueError(f'GeneralizedDiceLoss: w_type must be "square", "simple" or "uniform", not {w_type!r}')
        self.w_type, self.smooth_nr, self.smooth_dr, self.batch = w_type, smooth_nr, smooth_dr, batch

    def _scale(self, images, channels):
        return 1 if self.batch else images

    def _terms(self, of_classes):
        text = f"generalised_dice(weight={self.w_type}, {smoothing(self.smooth_nr, self.smooth_dr)}"
        if not self.include_background:
            text += ", classes=foreground"
        return [text + ")"], [not self.batch]
