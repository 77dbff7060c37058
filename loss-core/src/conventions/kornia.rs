//! kornia: `kornia.losses`.
//!
//! **Grouping.** The region and Lovász losses are taken of each image, then averaged: stream into
//! [`class_image_mean`](crate::class::ClassLoss::class_image_mean). The focal losses are not reduced by default
//! (`reduction="none"`), and so not here.
//!
//! **Ignored pixels.** `ignore_index=-100`: [`ignoring(-100)`](crate::class::ClassAccumulator::ignoring). They take no part in the
//! region losses. In the focal losses they have loss 0 and stay in the mean.
//!
//! **Empty masks.** The ε is only below the fraction bar. So a prediction of nothing on an empty mask has a loss of 1, not 0, and an absent class
//! has a loss of 1 whatever is predicted, with no gradient. This is why [`dice_macro`] leaves absent classes out. The pooled
//! losses have an empty mask only if all of an image is ignored; then the loss is 1. [`Dice::new`] of this crate puts the same
//! smoothing above and below, and gives 0 for nothing on an empty mask.
//!
//! Checked by figures of version 0.9.0 for [`dice_macro`], [`binary_focal_with_logits`] and [`lovasz_hinge`], and the others
//! against published code of about that version. One point is not
//! checked, that [`dice_macro`] leaves absent classes out: the vectors of 0.9.0 say so, but have every class in every image, and older published code has no such rule.

use super::{focal_of, softmax_focal_of};
use crate::class::{AbsentClass, ClassReduction, PerClass, SoftmaxFocal};
use crate::error::ParameterError;
use crate::pointwise::{Focal, FocalForm};
use crate::region::{Dice, Tversky};
use crate::sorted::{LovaszClasses, LovaszHinge, LovaszSoftmax};

/// `eps`.
const BELOW: f64 = 1e-8;

/// `dice_loss(pred, target)`: the mean over images of one Dice loss over all their classes ("micro", the default).
///
/// L = 1 − 2 Σ_c I_c / (Σ_c (P_c + T_c) + 1e−8). As Σ_c P_c and Σ_c T_c both count every pixel, this is 1 minus the mean
/// probability of the true class: **large classes decide it.** Defaults: `average="micro"`, `eps=1e-8`,
/// `weight=None`, `ignore_index=-100`; `weight` is not covered.
///
/// ```
/// use loss_core::class::{ClassImageMean, ClassLoss};
/// use loss_core::conventions::kornia;
/// use loss_core::EmptyImage;
///
/// let accumulator = kornia::dice().class_accumulator().ignoring(-100i64);
/// let mut mean = ClassImageMean::new(accumulator, EmptyImage::Count);
/// mean.push(([0.0, 0.0], 1i64)); // p of the true class is ½
/// mean.push(([9.0, 0.0], -100i64));
/// mean.end_image()?;
/// assert!((mean.finish()? - 0.5).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice() -> PerClass<Dice> {
    PerClass::new(Dice::known([0.0, BELOW], 0.0)).reduction(ClassReduction::Pooled)
}

/// `dice_loss(pred, target, average="macro")`: the mean over images of the mean over the classes *present* in the image.
///
/// L = mean over classes with T > 0 of 1 − 2I/(P + T + 1e−8), or 1 if all of the image is ignored. Defaults as [`dice`].
/// **Absent classes** leave the mean, so their false positives cost only what they take from the classes present. Earlier
/// versions counted them with a loss of 1. The default of this crate is [`AbsentClass::Count`].
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::kornia;
/// use loss_core::EmptyImage;
///
/// let mut mean = kornia::dice_macro().class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 0.0], 1u8)); // class 1: 1 − 2·½/(½ + 1)
/// mean.end_image()?;
/// assert!((mean.finish()? - 1.0 / 3.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_macro() -> PerClass<Dice> {
    PerClass::new(Dice::known([0.0, BELOW], 0.0)).absent(AbsentClass::Skip)
}

/// `tversky_loss(pred, target, alpha, beta)`: the mean over images of one Tversky loss over all their classes.
///
/// L = 1 − ΣTP / (ΣTP + α ΣFP + β ΣFN + 1e−8), sums over classes, **α on false positives, β on false negatives,** as
/// everywhere in this crate. Every false positive of a class is a false negative of another, so for a softmax with hard labels only α
/// + β matters. Defaults: `eps=1e-8`, `ignore_index=-100`.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::kornia;
/// use loss_core::EmptyImage;
///
/// let mut mean = kornia::tversky(0.3, 0.7)?.class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 0.0], 1u8)); // 1 − ½/(½ + 0.15 + 0.35)
/// mean.end_image()?;
/// assert!((mean.finish()? - 0.5).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless both are finite and at least 0.
pub fn tversky(alpha: f64, beta: f64) -> Result<PerClass<Tversky>, ParameterError> {
    Ok(PerClass::new(Tversky::new(alpha, beta, 0.0)?.smooth(0.0, BELOW)?).reduction(ClassReduction::Pooled))
}

/// `focal_loss(pred, target, alpha)` with γ = 2, not reduced.
///
/// ℓ = −α_y (1−p_y)^γ ln p_y of the softmax, with α_0 = 1−α and α_c = α for the other classes, or no factor for `alpha=None`. Defaults:
/// `gamma=2.0`, `reduction="none"`, `weight=None`, `ignore_index=-100`.
///
/// **`reduction="mean"` divides by pixels times classes** and counts ignored pixels: use `.over(ClassDenominator::PixelsTimesClasses)`. (An earlier version
/// divided by pixels.) For `"sum"` use `.sum()`.
///
/// ```
/// use loss_core::class::{ClassDenominator, ClassLoss, ClassPointwise};
/// use loss_core::conventions::kornia;
///
/// let loss = kornia::focal::<2>(Some(0.75))?.over(ClassDenominator::PixelsTimesClasses);
/// let mut sums = loss.class_accumulator().ignoring(-100i64);
/// sums.push(([0.0, 0.0], 1i64));
/// assert!((sums.finish()?.value() - 0.75 * 0.25 * core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1].
pub fn focal<const C: usize>(alpha: Option<f32>) -> Result<SoftmaxFocal<[f64; C]>, ParameterError> {
    softmax_focal_of(alpha, 2.0)
}

/// `focal_loss(pred, target, alpha, gamma)`: see [`focal`].
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPointwise};
/// use loss_core::conventions::kornia;
///
/// let mut sums = kornia::focal_with::<2>(None, 1.0)?.sum().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - 0.5 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1], and γ finite and at least 0.
pub fn focal_with<const C: usize>(alpha: Option<f32>, gamma: f32) -> Result<SoftmaxFocal<[f64; C]>, ParameterError> {
    softmax_focal_of(alpha, gamma)
}

/// `binary_focal_loss_with_logits(pred, target)` with α = 0.25 and γ = 2, not reduced.
///
/// ℓ = α t (1−p)^γ (−ln p) + (1−α)(1−t) p^γ (−ln(1−p)), for soft targets too ([`FocalForm::Split`]). Defaults: `alpha=0.25`,
/// `gamma=2.0`, `reduction="none"`, `pos_weight=None`, `weight=None`, `ignore_index=-100`; the weights are not covered.
/// For `"mean"` use [`mean_over_pixels`](crate::Pointwise::mean_over_pixels), because ignored pixels stay in it. The loss is a sum over pixels, so
/// an empty mask is no special case.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::kornia};
///
/// let mut sums = kornia::binary_focal_with_logits().mean_over_pixels().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn binary_focal_with_logits() -> Focal {
    Focal::known(2.0, Some(0.25)).form(FocalForm::Split)
}

/// `binary_focal_loss_with_logits(pred, target, alpha, gamma)`: see [`binary_focal_with_logits`].
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::kornia};
///
/// let mut sums = kornia::binary_focal_with_logits_with(None, 0.0)?.sum().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1], and γ finite and at least 0.
pub fn binary_focal_with_logits_with(alpha: Option<f32>, gamma: f32) -> Result<Focal, ParameterError> {
    Ok(focal_of(alpha, gamma)?.form(FocalForm::Split))
}

/// `lovasz_hinge_loss(pred, target)`: the mean over images of their Lovász hinges, in memory that the caller lends.
///
/// Call [`reset`](crate::sorted::Lovasz::reset) after each image, and give its gradient the upstream factor 1/images. kornia has no ignored
/// pixels here. **Empty masks:** the loss is the largest hinge error.
///
/// ```
/// use loss_core::conventions::kornia;
///
/// let (mut scratch, mut mean) = ([0; 2], 0.0);
/// let mut pixels = kornia::lovasz_hinge(&mut scratch);
/// for image in [[(2.0, true), (0.5, false)], [(2.0, true), (-2.0, false)]] {
///     pixels.extend(image);
///     mean += pixels.finish()?.value() / 2.0;
///     pixels.reset();
/// }
/// assert!((mean - 1.5 / 2.0 / 2.0).abs() < 1e-12);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
pub fn lovasz_hinge(scratch: &mut [u32]) -> LovaszHinge<'_> {
    LovaszHinge::new(scratch)
}

/// `lovasz_softmax_loss(pred, target)`: the mean over images of their Lovász-Softmax losses, over **all** classes.
///
/// Default: `weight=None`; other weights are not covered. The loss of an absent class is the largest probability that it has anywhere
/// in the image, while Berman's code and [`LovaszClasses::Present`], the default of this crate, leave the class out. kornia has no ignored
/// pixels here. Call [`reset`](LovaszSoftmax::reset) after each image.
///
/// ```
/// use loss_core::conventions::kornia;
///
/// let mut scratch = [0; 3];
/// let mut pixels = kornia::lovasz_softmax::<3>(&mut scratch);
/// pixels.push(([0.0, 0.0, 0.0], 1u8)); // 2/3, and 1/3 for each absent class
/// assert!((pixels.finish()?.value() - 4.0 / 9.0).abs() < 1e-12);
/// # Ok::<(), loss_core::sorted::SortedError>(())
/// ```
pub fn lovasz_softmax<const C: usize>(scratch: &mut [u64]) -> LovaszSoftmax<'_, C> {
    LovaszSoftmax::new(scratch).over(LovaszClasses::All)
}
