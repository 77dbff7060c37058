//! segmentation_models.pytorch: `segmentation_models_pytorch.losses`.
//!
//! **Grouping.** Everything is summed over the whole batch, channel by channel, and then averaged over the channels.
//! Stream into [`accumulator`](crate::Loss::accumulator) for `mode="binary"`,
//! [`class_accumulator`](crate::class::ClassLoss::class_accumulator) for `"multiclass"`, [`Channels`](crate::class::Channels) for
//! `"multilabel"`.
//!
//! | smp | here |
//! |---|---|
//! | `from_logits=False` | [`probability_accumulator`](crate::Loss::probability_accumulator) |
//! | `classes=[…]` | `.classes([…])`, or the channels |
//! | `smooth=s` | `.smooth(s, s)` of Jaccard and Tversky, `.smooth(2.0 * s, 2.0 * s)` of Dice |
//! | `log_loss=True` | [`LogDice`](crate::LogDice) |
//! | `ignore_index=i` | [`ignoring(i)`](crate::class::ClassAccumulator::ignoring), or weight 0 |
//!
//! **Empty masks.** **A channel without foreground in the whole batch counts as perfect:** its loss is 0, its false
//! positives have no gradient, and it stays in the mean. This is a trap for rare classes, which are then learned only from the batches
//! that contain them. In this crate a region loss follows its formula by default ([`EmptyMask::Formula`],
//! [`AbsentClass::Count`](crate::class::AbsentClass::Count)), and false positives cost.
//!
//! **Overlap.** Since smp takes soft labels, TP is Σ min(p, t) ([`Minimum`]), which equals Σ pt for labels of 0 and 1.
//!
//! Checked by figures of version 0.6.0, with these exceptions: [`jaccard_multiclass`] and [`tversky_multiclass`] follow from
//! the others; [`focal`], [`soft_bce_with_logits`] and [`soft_cross_entropy`] follow published code of earlier
//! versions; [`lovasz_multiclass`] was not verified.

use super::focal_of;
use crate::class::{ClassPointwise, ClassReduced, CrossEntropy, PerClass};
use crate::error::ParameterError;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Focal, FocalForm, LabelSmoothing, Pointwise};
use crate::region::{Dice, EmptyMask, FocalTversky, Iou, Mcc, Minimum, Tversky};
use crate::sorted::{LovaszHinge, LovaszSoftmax};

/// `eps`, a floor under the denominator of the Tversky index.
const FLOOR: f64 = 1e-7;

/// `DiceLoss(mode="binary")`.
///
/// L = 1 − TP / max(TP + ½FP + ½FN, 1e−7), 0 for a batch without foreground. Defaults: `classes=None`, `log_loss=False`,
/// `from_logits=True`, `smooth=0.0`, `ignore_index=None`, `eps=1e-7`. Ignored pixels take no part.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::dice().accumulator();
/// sums.push((3.0, false)); // a false positive, and no foreground
/// assert_eq!(sums.finish()?.value(), 0.0);
/// sums.push((3.0, true));
/// assert!(sums.finish()?.value() > 0.3);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice() -> Dice<Minimum> {
    Dice::known([0.0; 2], 2.0 * FLOOR).overlap(Minimum).empty_mask(EmptyMask::Zero)
}

/// `DiceLoss(mode="multiclass")`: the mean over classes of [`dice`], with 0 for an absent class.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut sums = smp::dice_multiclass().class_accumulator().ignoring(255u8);
/// sums.push(([40.0, 0.0, 0.0], 1u8)); // wrong: class 1 has a loss of 1
/// sums.push(([0.0, 0.0, 0.0], 255u8));
/// assert!((sums.finish()?.value() - 1.0 / 3.0).abs() < 1e-12); // classes 0 and 2 are absent
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_multiclass() -> PerClass<Dice<Minimum>> {
    PerClass::new(dice())
}

/// `JaccardLoss(mode="binary")`.
///
/// L = 1 − TP / max(TP + FP + FN, 1e−7), 0 for a batch without foreground. Defaults and ignored pixels as [`dice`].
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::jaccard().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert!((sums.finish()?.value() - 2.0 / 3.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn jaccard() -> Iou<Minimum> {
    Iou::known([0.0; 2], FLOOR).overlap(Minimum).empty_mask(EmptyMask::Zero)
}

/// `JaccardLoss(mode="multiclass")`: the mean over classes of [`jaccard`], with 0 for an absent class.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut sums = smp::jaccard_multiclass().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8)); // class 1: 1 − ½; class 0 is absent
/// assert!((sums.finish()?.value() - 0.25).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn jaccard_multiclass() -> PerClass<Iou<Minimum>> {
    PerClass::new(jaccard())
}

/// `TverskyLoss(mode="binary")`, with smp's α = β = 0.5 and γ = 1.
///
/// L = 1 − TP / max(TP + α FP + β FN, 1e−7), **α on false positives, β on false negatives,** as everywhere in this crate; 0 for a
/// batch without foreground. With these defaults it equals [`dice`]. Other defaults and ignored pixels are those of [`dice`].
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::tversky().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn tversky() -> Tversky<Minimum> {
    Tversky::known_dice([0.0; 2], FLOOR).overlap(Minimum).empty_mask(EmptyMask::Zero)
}

/// `TverskyLoss(mode="multiclass")`: the mean over classes of [`tversky`], with 0 for an absent class.
///
/// With a γ, smp raises the *mean* to it, which [`PerClass`] cannot do. Take the γ-th power of this loss, and γ L^(γ−1) as the
/// upstream factor of its gradient.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut sums = smp::tversky_multiclass().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8)); // class 1: 1 − ½/(½ + ¼)
/// let finished = sums.finish()?;
/// assert!((finished.value() - 1.0 / 6.0).abs() < 1e-7);
/// let (gamma, loss) = (1.5, finished.value());
/// let gradient = finished.gradient_times(gamma * loss.powf(gamma - 1.0)); // of loss.powf(gamma)
/// # let _ = gradient;
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn tversky_multiclass() -> PerClass<Tversky<Minimum>> {
    PerClass::new(tversky())
}

/// `TverskyLoss(mode="binary", alpha=…, beta=…, gamma=…)`: see [`tversky`]. γ is the exponent itself.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::tversky_with(0.3, 0.7, 2.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert!((sums.finish()?.value() - 0.25).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless all are finite, γ above 0 and the others at least 0.
pub fn tversky_with(alpha: f64, beta: f64, gamma: f64) -> Result<FocalTversky<Minimum>, ParameterError> {
    Ok(FocalTversky::new(alpha, beta, gamma, 0.0)?.floor(FLOOR)?.overlap(Minimum).empty_mask(EmptyMask::Zero))
}

/// `FocalLoss(mode="binary")`: the mean over the pixels that are not ignored.
///
/// ℓ = (1 − e^−b)^γ b, with b the cross-entropy, times αt + (1−α)(1−t) if there is an α. Defaults: `alpha=None`, `gamma=2.0`,
/// `ignore_index=None`, `reduction="mean"`, `normalized=False`, `reduced_threshold=None`; the last two are not covered. The loss
/// is a sum over pixels, so an empty mask is no special case.
///
/// `mode="multiclass"` **is not a softmax:** it is the *sum* over classes of this loss, with a sigmoid against the one-hot target. Use
/// [`Channels`](crate::class::Channels), and C times its mean.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::focal().accumulator();
/// sums.extend([(0.0, true, true), (9.0, false, false)]); // the second is ignored
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn focal() -> Reduced<Focal> {
    Focal::known(2.0, None).form(FocalForm::Exponential).mean()
}

/// `FocalLoss(mode="binary", alpha=…, gamma=…)`: see [`focal`].
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::focal_with(Some(0.25), 2.0)?.accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless γ is finite and at least 0, and α in [0, 1].
pub fn focal_with(alpha: Option<f32>, gamma: f32) -> Result<Reduced<Focal>, ParameterError> {
    Ok(focal_of(alpha, gamma)?.form(FocalForm::Exponential).mean())
}

/// `SoftBCEWithLogitsLoss()`: the mean over all pixels, **ignored ones included** with a loss of 0.
///
/// Defaults: `weight=None`, `ignore_index=-100`, `reduction="mean"`, `smooth_factor=None`, `pos_weight=None`. So an image that
/// is half ignored counts half; [`mean`](Pointwise::mean) is over the valid pixels instead. Empty masks are no special
/// case.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::soft_bce_with_logits().accumulator();
/// sums.extend([(0.0, true, true), (0.0, false, false)]); // the second is ignored
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn soft_bce_with_logits() -> Reduced<Bce> {
    Bce::new().mean_over_pixels()
}

/// `SoftBCEWithLogitsLoss(smooth_factor=…, pos_weight=…)`: see [`soft_bce_with_logits`].
///
/// t′ = t(1−s) + (1−t)s: **s is the probability that a label is wrong,** so it has twice the effect of the same number in Keras.
/// smp's `None` corresponds to 0 and 1 here.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::soft_bce_with_logits_with(0.5, 1.0)?.accumulator();
/// sums.push((2.0, true)); // t′ = ½
/// assert!((sums.finish()?.value() - (0.126_928 + 2.126_928) / 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless `smooth_factor` is in [0, 1] and `pos_weight` finite and at least 0.
pub fn soft_bce_with_logits_with(smooth_factor: f32, pos_weight: f32) -> Result<Reduced<Bce>, ParameterError> {
    let loss = Bce::new().pos_weight(pos_weight)?.label_smoothing(LabelSmoothing::flip(smooth_factor)?);
    Ok(loss.mean_over_pixels())
}

/// `SoftCrossEntropyLoss()`: the mean over all pixels, **ignored ones included** with a loss of 0.
///
/// ℓ = (1−ε)(−ln p_y) + ε/C Σ_c (−ln p_c). Defaults: `reduction="mean"`, `smooth_factor=None` (ε), `ignore_index=-100`.
/// PyTorch's own cross-entropy divides by the valid pixels, as [`mean`](ClassPointwise::mean) does here. Empty masks
/// are no special case.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut sums = smp::soft_cross_entropy().class_accumulator().ignoring(-100i32);
/// sums.extend([([0.0, 0.0], 1i32), ([0.0, 0.0], -100)]);
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn soft_cross_entropy() -> ClassReduced<CrossEntropy> {
    CrossEntropy::new().mean_over_pixels()
}

/// `SoftCrossEntropyLoss(smooth_factor=…)`: see [`soft_cross_entropy`].
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut sums = smp::soft_cross_entropy_with(0.1)?.class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless `smooth_factor` is in [0, 1].
pub fn soft_cross_entropy_with(smooth_factor: f32) -> Result<ClassReduced<CrossEntropy>, ParameterError> {
    Ok(CrossEntropy::new().label_smoothing(smooth_factor)?.mean_over_pixels())
}

/// `MCCLoss()`: 1e−5 added to each of the four counts, over the whole batch.
///
/// L = 1 − (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)). Default: `eps=1e-5`. **smp's loss takes probabilities** and has no
/// activation of its own. Here logits go into an accumulator and probabilities into a
/// [`probability_accumulator`](crate::Loss::probability_accumulator). smp has no ignored pixels here. **Empty masks.** The loss is near 1
/// for any prediction, because nothing correlates with a constant.
///
/// ```
/// use loss_core::{Loss, conventions::segmentation_models_pytorch as smp};
///
/// let mut sums = smp::mcc().accumulator();
/// sums.extend([(40.0, true), (-40.0, false)]);
/// assert!(sums.finish()?.value() < 1e-4);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn mcc() -> Mcc {
    Mcc::known(1e-5)
}

/// `LovaszLoss(mode="binary")`: the Lovász hinge of all pixels of the batch, in memory that the caller lends.
///
/// Defaults: `per_image=False`, `ignore_index=None`, `from_logits=True`. For `per_image=True` call
/// [`reset`](crate::sorted::Lovasz::reset) after each image, and take the mean. **Empty masks:** the loss is the largest hinge
/// error. Ignored pixels (weight 0) take no part.
///
/// ```
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut scratch = [0; 2];
/// let mut pixels = smp::lovasz(&mut scratch);
/// pixels.extend([(2.0, true), (0.5, false)]);
/// assert!((pixels.finish()?.value() - 1.5 / 2.0).abs() < 1e-12);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
pub fn lovasz(scratch: &mut [u32]) -> LovaszHinge<'_> {
    LovaszHinge::new(scratch)
}

/// `LovaszLoss(mode="multiclass")`: the Lovász-Softmax of all pixels of the batch, over the classes present.
///
/// Defaults as [`lovasz`]. An absent class leaves the mean, so its false positives cost nothing. Not verified for version 0.6.0:
/// smp uses Berman's code, whose default is `classes="present"`, as here.
///
/// ```
/// use loss_core::conventions::segmentation_models_pytorch as smp;
///
/// let mut scratch = [0; 3];
/// let mut pixels = smp::lovasz_multiclass::<3>(&mut scratch).ignoring(255u8);
/// pixels.push(([0.0, 0.0, 0.0], 1u8));
/// pixels.push(([0.0, 0.0, 0.0], 255u8));
/// assert!((pixels.finish()?.value() - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
pub fn lovasz_multiclass<const C: usize>(scratch: &mut [u64]) -> LovaszSoftmax<'_, C> {
    LovaszSoftmax::new(scratch)
}
