"""The losses of segmentation_models.pytorch (0.6) under their names and arguments, computed exactly.

    >>> import torch
    >>> from exactloss.torch.smp import DiceLoss               # from segmentation_models_pytorch.losses import DiceLoss
    >>> loss = DiceLoss("multiclass")
    >>> loss(torch.zeros(2, 4, 8, 8), torch.randint(4, (2, 8, 8))).shape
    torch.Size([])

mode is "binary" (N, 1, ...), "multiclass" (N, C, ...) with labels (N, ...), or "multilabel" (N, C, ...) with masks of the same shape. What of
the options is not available is refused when the loss is made. Additionally:

process_group : "world", a name or a ProcessGroup, optional
    The processes whose batches make one batch: see `exactloss.torch.Loss`.
"""

from torch import Tensor

from ._peers import Peer, number, refuse

__all__ = ["DiceLoss", "FocalLoss", "JaccardLoss", "LovaszLoss", "MCCLoss", "SoftBCEWithLogitsLoss", "SoftCrossEntropyLoss", "TverskyLoss"]

_MODES = ("binary", "multiclass", "multilabel")


class _Smp(Peer):
    # Where logarithms of probabilities are clipped.
    epsilon = 1e-7

    def __init__(self, mode, modes, ignore_index, from_logits, process_group):
        super().__init__()
        name = type(self).__name__
        if mode not in modes:
            raise ValueError(f"{name}(mode={mode!r}) is not available here: mode is one of {', '.join(modes)}")
        if mode == "multiclass" and not from_logits:
            raise ValueError(f"{name}: over classes from_logits=False is not available: give logits")
        self.mode, self.ignore_index, self.from_logits, self.process_group = mode, ignore_index, from_logits, process_group

    def _term(self):
        raise NotImplementedError

    def _is_per_image(self):
        return False

    def forward(self, y_pred: Tensor, y_true: Tensor) -> Tensor:
        """The loss of a batch: y_pred (N, C, ...), y_true (N, ...) or of the same shape."""
        channels = y_pred.shape[1] if y_pred.dim() > 1 else 1
        options = {"ignore_index": self.ignore_index, "from_logits": self.from_logits, "epsilon": self.epsilon}
        if self.mode == "multiclass":
            options["classes"] = channels
            y_true = y_true.long()
        elif self.mode == "multilabel":
            options["channels"] = channels
        elif y_true.shape != y_pred.shape and y_true.numel() == y_pred.numel():
            y_true = y_true.reshape(y_pred.shape)
        make = lambda: ([self._term()], [self._is_per_image()], options)  # noqa: E731
        return self._module((self.mode, channels), make, self.process_group)(y_pred, y_true)

    def extra_repr(self):
        """The mode and the expression."""
        return f"{self.mode!r}: {self._term()}"


class _Overlap(_Smp):
    def __init__(self, mode, classes, log_loss, from_logits, smooth, ignore_index, eps, class_weights, process_group):
        super().__init__(mode, _MODES, ignore_index, from_logits, process_group)
        refuse(
            "segmentation_models.pytorch",
            type(self).__name__,
            classes=(classes, None, 'exactloss.torch.Loss("dice(classes=foreground)", classes=C) leaves out class 0'),
            log_loss=(log_loss, False, 'exactloss.torch.Loss("log_dice") is the loss of one mask'),
            class_weights=(class_weights, None, "exactloss.torch.Loss takes class_weights over classes: dice(weights=normalise)"),
        )
        self.smooth, self.eps = smooth, eps

    def _tversky(self, name, alpha, beta, gamma=1.0):
        text = f"alpha={number(alpha)}, beta={number(beta)}, smooth={number(self.smooth)}, floor={number(self.eps)}, overlap=minimum"
        # A class that the batch lacks counts as perfect.
        text += ", absent=zero" if self.mode == "multiclass" else ", empty=zero"
        return f"{name}({text}{f', gamma={number(gamma)}' if name == 'focal_tversky' else ''})"


class DiceLoss(_Overlap):
    """`segmentation_models_pytorch.losses.DiceLoss`: pooled over the batch; a class that it lacks counts as perfect.

    Parameters
    ----------
    mode, from_logits, smooth, ignore_index, eps
        As there; over classes logits alone.
    classes, log_loss, class_weights
        Not available: refused unless they are the defaults.

    Examples
    --------
    >>> import torch
    >>> from exactloss.torch.smp import DiceLoss
    >>> DiceLoss("binary")(torch.zeros(1, 1, 2, 2), torch.ones(1, 2, 2)).item()
    0.3333...
    """

    def __init__(self, mode, classes=None, log_loss=False, from_logits=True, smooth=0.0, ignore_index=None, eps=1e-7, class_weights=None, *, process_group=None):
        super().__init__(mode, classes, log_loss, from_logits, smooth, ignore_index, eps, class_weights, process_group)

    def _term(self):
        return self._tversky("tversky", 0.5, 0.5)


class JaccardLoss(_Overlap):
    """`segmentation_models_pytorch.losses.JaccardLoss`: as `DiceLoss`, of intersection over union.

    Parameters
    ----------
    mode, from_logits, smooth, ignore_index, eps
        As there; over classes logits alone.
    classes, log_loss, class_weights
        Not available: refused unless they are the defaults.
    """

    def __init__(self, mode, classes=None, log_loss=False, from_logits=True, smooth=0.0, ignore_index=None, eps=1e-7, class_weights=None, *, process_group=None):
        super().__init__(mode, classes, log_loss, from_logits, smooth, ignore_index, eps, class_weights, process_group)

    def _term(self):
        return self._tversky("tversky", 1.0, 1.0)


class TverskyLoss(_Overlap):
    """`segmentation_models_pytorch.losses.TverskyLoss`: alpha is the price of false positives, beta that of false negatives.

    Parameters
    ----------
    mode, from_logits, smooth, ignore_index, eps, alpha, beta
        As there; over classes logits alone.
    gamma : float, default 1
        The exponent of the mean; other than 1 in mode "binary" alone, where it is that of the loss.
    classes, log_loss, class_weights
        Not available: refused unless they are the defaults.
    """

    def __init__(
        self, mode, classes=None, log_loss=False, from_logits=True, smooth=0.0, ignore_index=None, eps=1e-7, alpha=0.5, beta=0.5, gamma=1.0, class_weights=None, *, process_group=None
    ):
        super().__init__(mode, classes, log_loss, from_logits, smooth, ignore_index, eps, class_weights, process_group)
        if gamma != 1.0 and mode != "binary":
            refuse("segmentation_models.pytorch", "TverskyLoss", gamma=(gamma, 1.0, "it is the exponent of a mean, and available for one mask"))
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def _term(self):
        return self._tversky("tversky" if self.gamma == 1.0 else "focal_tversky", self.alpha, self.beta, self.gamma)


class FocalLoss(_Smp):
    """`segmentation_models_pytorch.losses.FocalLoss` of masks.

    Parameters
    ----------
    mode : {"binary", "multilabel"}
        "multiclass" is not available: `exactloss.torch.Loss("focal(gamma=2)", classes=C)` is focal loss of a softmax.
    alpha, gamma, ignore_index, from_logits, eps
        As there.
    reduction : {"mean", "sum"}
    normalized, reduced_threshold, class_weights
        Not available here: `exactloss.torch.Loss` has "normalised_focal" and "reduced_focal".
    """

    def __init__(
        self,
        mode,
        alpha=None,
        gamma=2.0,
        ignore_index=None,
        from_logits=True,
        eps=1e-7,
        reduction="mean",
        normalized=False,
        reduced_threshold=None,
        class_weights=None,
        *,
        process_group=None,
    ):
        super().__init__(mode, ("binary", "multilabel"), ignore_index, from_logits, process_group)
        self.epsilon = eps
        refuse(
            "segmentation_models.pytorch",
            "FocalLoss",
            normalized=(normalized, False, 'exactloss.torch.Loss("normalised_focal") is'),
            reduced_threshold=(reduced_threshold, None, 'exactloss.torch.Loss("reduced_focal") is'),
            class_weights=(class_weights, None, "add losses of the channels with weights"),
        )
        if reduction not in ("mean", "sum") or (reduction == "sum" and mode != "binary"):
            raise ValueError(f'FocalLoss(reduction={reduction!r}) is not available here: take "mean", or in mode "binary" "sum"')
        if ignore_index is not None and mode == "multilabel":
            raise ValueError("FocalLoss: ignore_index in mode \"multilabel\" is not available here: the mean over all masks is none of theirs then")
        self.alpha, self.gamma, self.reduction = alpha, gamma, reduction

    def _term(self):
        alpha = "" if self.alpha is None else f", alpha={number(self.alpha)}"
        reduction = ", reduction=sum" if self.reduction == "sum" else ""
        return f"focal(gamma={number(self.gamma)}, form=exponential{alpha}{reduction})"


class SoftBCEWithLogitsLoss(_Smp):
    """`segmentation_models_pytorch.losses.SoftBCEWithLogitsLoss`: ignored pixels stay in the mean, with a loss of 0.

    Parameters
    ----------
    ignore_index, smooth_factor
        As there.
    reduction : {"mean", "sum"}
    pos_weight : float, optional
        One number.
    weight
        Not available: give weights to `exactloss.torch.Loss`.
    """

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", smooth_factor=None, pos_weight=None, *, process_group=None):
        super().__init__("binary", ("binary",), ignore_index, True, process_group)
        refuse("segmentation_models.pytorch", "SoftBCEWithLogitsLoss", weight=(weight, None, "give weights to exactloss.torch.Loss"))
        if reduction not in ("mean", "sum"):
            raise ValueError(f'SoftBCEWithLogitsLoss(reduction={reduction!r}) is not available here: take "mean" or "sum"')
        self.reduction, self.smooth_factor, self.pos_weight = reduction, smooth_factor, pos_weight

    def _term(self):
        text = f"bce(reduction={'pixels' if self.reduction == 'mean' else 'sum'}"
        if self.smooth_factor is not None:
            text += f", label_smoothing={number(self.smooth_factor)}"
        if self.pos_weight is not None:
            text += f", pos_weight={number(self.pos_weight)}"
        return text + ")"


class SoftCrossEntropyLoss(_Smp):
    """`segmentation_models_pytorch.losses.SoftCrossEntropyLoss`: ignored pixels stay in the mean, with a loss of 0.

    Parameters
    ----------
    smooth_factor, ignore_index
        As there.
    reduction : {"mean", "sum"}
    dim : 1
        Others are not available.
    """

    def __init__(self, reduction="mean", smooth_factor=None, ignore_index=-100, dim=1, *, process_group=None):
        super().__init__("multiclass", ("multiclass",), ignore_index, True, process_group)
        refuse("segmentation_models.pytorch", "SoftCrossEntropyLoss", dim=(dim, 1, "classes are axis 1"))
        if reduction not in ("mean", "sum"):
            raise ValueError(f'SoftCrossEntropyLoss(reduction={reduction!r}) is not available here: take "mean" or "sum"')
        self.reduction, self.smooth_factor = reduction, smooth_factor

    def _term(self):
        smooth = "" if not self.smooth_factor else f", label_smoothing={number(self.smooth_factor)}"
        return f"ce(reduction={'pixels' if self.reduction == 'mean' else 'sum'}, weights=none{smooth})"


class MCCLoss(_Smp):
    """`segmentation_models_pytorch.losses.MCCLoss`, but for logits, where it takes probabilities: give no sigmoid.

    Parameters
    ----------
    eps : float, default 1e-5
    """

    def __init__(self, eps=1e-5, *, process_group=None):
        super().__init__("binary", ("binary",), None, True, process_group)
        self.eps = eps

    def _term(self):
        return f"mcc(smooth={number(self.eps)})"


class LovaszLoss(_Smp):
    """`segmentation_models_pytorch.losses.LovaszLoss`: the Lovász hinge of a mask, or Lovász-Softmax over the classes present.

    Parameters
    ----------
    mode : {"binary", "multiclass"}
    per_image, ignore_index
        As there.
    from_logits : True
    """

    def __init__(self, mode, per_image=False, ignore_index=None, from_logits=True):
        super().__init__(mode, ("binary", "multiclass"), ignore_index, from_logits, None)
        refuse("segmentation_models.pytorch", "LovaszLoss", from_logits=(from_logits, True, "give logits"))
        self.per_image = per_image

    def _is_per_image(self):
        return self.per_image

    def _term(self):
        return "lovasz_hinge" if self.mode == "binary" else "lovasz_softmax"
