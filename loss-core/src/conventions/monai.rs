//! MONAI: `monai.losses`.
//!
//! **Grouping.** MONAI computes the loss of each image and channel, then the mean over both. Stream into
//! [`image_mean`](crate::Loss::image_mean) for one channel, [`class_image_mean`](crate::class::ClassLoss::class_image_mean) for a
//! softmax, [`Channels`](crate::class::Channels) for several sigmoids. With `batch=True` it sums over the batch first: stream into an
//! accumulator instead. The focal and cross-entropy parts are means over the whole batch, which is the same for images of
//! equal size.
//!
//! | MONAI | here |
//! |---|---|
//! | `sigmoid=True` | an accumulator of logits |
//! | `softmax=True, to_onehot_y=True` | [`PerClass`] |
//! | neither | [`probability_accumulator`](crate::Loss::probability_accumulator) |
//! | `include_background=False` | `.classes(Foreground)` |
//! | `squared_pred=True`, `jaccard=True` | [`dice_squared`], [`jaccard`], and `PerClass::new` of them |
//! | `smooth_nr`, `smooth_dr` | `.smooth(nr, dr)`; see [`jaccard`] |
//! | `lambda_dice`, `lambda_ce`, `lambda_focal` | `0.5 * monai::dice() + 2.0 * Bce::new().mean()` |
//! | `weight` of `DiceLoss` | `.weights(…, WeightMode::Multiply)` |
//!
//! **Ignored pixels.** MONAI's losses have none. (`MaskedDiceLoss` multiplies prediction and target by a mask, as
//! weight 0 does here.)
//!
//! **Empty masks.** A channel without foreground gives P/(P + 1e−5). That is 0 if nothing at all is predicted, but already ½ for a
//! summed probability of 1e−5, and 1 with almost no gradient for real false positives. This is a trap where images without
//! foreground are common. A smoothing of the size of an object, or the cross-entropy of [`dice_ce`], avoids it.
//!
//! Checked by figures of MONAI 1.6.1, except for [`generalized_wasserstein_dice`].

use super::{focal_of, mean_over_pixels_and_classes, softmax_focal_of};
use crate::class::{
    ClassPointwise, ClassReduced, CrossEntropy, GeneralisedDice, PerClass, SoftmaxFocal, WassersteinDice,
};
use crate::error::{Parameter, ParameterError};
use crate::loss::combine::Sum;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Focal, FocalForm, Pointwise};
use crate::region::{Dice, Iou, Squared, Tversky};

/// `smooth_nr` and `smooth_dr`.
const SMOOTH: f64 = 1e-5;

/// `DiceLoss(sigmoid=True)`: the mean over images of their Dice losses.
///
/// L = 1 − (2I + 1e−5) / (P + T + 1e−5) of each image and channel. Defaults: `include_background=True`,
/// `squared_pred=False`, `jaccard=False`, `reduction="mean"`, `smooth_nr=1e-5`, `smooth_dr=1e-5`, `batch=False`,
/// `weight=None`. Empty masks and ignored pixels: see the [module](self).
///
/// ```
/// use loss_core::{EmptyImage, Loss, conventions::monai};
///
/// let mut mean = monai::dice().image_mean(EmptyImage::Count);
/// for image in [[(40.0, true), (-40.0, false)], [(-40.0, true), (40.0, false)]] {
///     image.into_iter().for_each(|pixel| mean.push(pixel));
///     mean.end_image()?;
/// }
/// assert!((mean.finish()? - 0.5).abs() < 1e-5); // one image right, one wrong
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn dice() -> Dice {
    Dice::known([SMOOTH; 2], 0.0)
}

/// `DiceLoss(sigmoid=True, squared_pred=True)`: [`dice`] with P = Σ p² and T = Σ t².
///
/// ```
/// use loss_core::{Loss, conventions::monai};
///
/// let mut sums = monai::dice_squared().accumulator();
/// sums.push((0.0, true)); // 1 − 2·½ / (¼ + 1)
/// assert!((sums.finish()?.value() - 0.2).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_squared() -> Dice<Squared> {
    dice().overlap(Squared)
}

/// `DiceLoss(sigmoid=True, jaccard=True)`: the mean over images of their IoU losses.
///
/// L = 1 − (2I + 1e−5) / (2(P + T − I) + 1e−5). **MONAI doubles intersection and union but not the smoothing,** so in the formula of [`Iou`] the smoothing
/// is half of MONAI's: MONAI's `smooth_nr=a, smooth_dr=b` is `.smooth(a / 2.0, b / 2.0)`.
///
/// ```
/// use loss_core::{Loss, conventions::monai};
///
/// let mut sums = monai::jaccard().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // 1 − ½ / 1.5
/// assert!((sums.finish()?.value() - 2.0 / 3.0).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn jaccard() -> Iou {
    Iou::known([SMOOTH / 2.0; 2], 0.0)
}

/// `DiceLoss(softmax=True, to_onehot_y=True)`: the mean over images and classes, background included.
///
/// L = mean over classes of 1 − (2I + 1e−5) / (P + T + 1e−5); defaults as [`dice`]. **A class that is absent from an image
/// counts,** with a loss near 1 for the slightest prediction of it.
/// [`AbsentClass::Count`](crate::class::AbsentClass::Count) does the same here; [`AbsentClass::Skip`](crate::class::AbsentClass::Skip)
/// leaves the class out.
///
/// ```
/// use loss_core::class::{ClassLoss, Foreground};
/// use loss_core::conventions::monai;
/// use loss_core::EmptyImage;
///
/// let without_background = monai::dice_softmax().classes(Foreground);
/// let mut mean = without_background.class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 40.0], 1u8));
/// mean.end_image()?;
/// assert!(mean.finish()? < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn dice_softmax() -> PerClass<Dice> {
    PerClass::new(dice())
}

/// `TverskyLoss(sigmoid=True)`: the mean over images of their Tversky losses, at MONAI's α = β = 0.5.
///
/// L = 1 − (TP + 1e−5) / (TP + α FP + β FN + 1e−5), **α on false positives, β on false negatives,** as everywhere in this crate. With
/// α = β = ½ it is Dice with twice the smoothing. Grouping, empty masks and other defaults are those of [`dice`].
///
/// ```
/// use loss_core::class::PerClass;
/// use loss_core::conventions::monai;
/// use loss_core::Loss;
///
/// let mut sums = monai::tversky().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // 1 − ½ / (½ + ¼ + ¼)
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-5);
/// let softmax = PerClass::new(monai::tversky());
/// # let _ = softmax;
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn tversky() -> Tversky {
    Tversky::known_dice([SMOOTH; 2], 0.0)
}

/// `TverskyLoss(sigmoid=True, alpha=…, beta=…)`: see [`tversky`].
///
/// ```
/// use loss_core::{Loss, conventions::monai};
///
/// let mut sums = monai::tversky_with(0.3, 0.7)?.accumulator();
/// sums.push((-40.0, true)); // missed
/// assert!(sums.finish()?.value() > 0.9999);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless both are finite and at least 0.
pub fn tversky_with(alpha: f64, beta: f64) -> Result<Tversky, ParameterError> {
    Tversky::new(alpha, beta, SMOOTH)
}

/// `GeneralizedDiceLoss(softmax=True, to_onehot_y=True)`: the mean over images.
///
/// L = 1 − (2 Σ w I + 1e−5) / (Σ w (P + T) + 1e−5), with w = 1/T² (`w_type="square"`; the other two [`VolumeWeight`](crate::class::VolumeWeight)s are
/// `"simple"` and `"uniform"`). Defaults: `include_background=True`, `reduction="mean"`,
/// `smooth_nr=smooth_dr=1e-5`, `batch=False`.
///
/// **Empty masks.** An absent class takes the largest finite weight of the image, that of its smallest class, so its false
/// positives cost most. If an image has only one class, all classes get the same weight.
///
/// ```
/// use loss_core::class::{ClassLoss, VolumeWeight};
/// use loss_core::conventions::monai;
/// use loss_core::EmptyImage;
///
/// let loss = monai::generalized_dice().volume_weight(VolumeWeight::Simple);
/// let mut mean = loss.class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 0.0], 1u8)); // both classes have weight 1: 1 − 2·½ / (½ + 1 + ½)
/// mean.end_image()?;
/// assert!((mean.finish()? - 0.5).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn generalized_dice() -> GeneralisedDice {
    GeneralisedDice::known(SMOOTH)
}

/// `GeneralizedWassersteinDiceLoss(dist_matrix)`: the mean over images.
///
/// L = 1 − (2A + 1e−5) / (2A + ΣW + 1e−5), with W = Σ_c M\[t\]\[c\] p_c and A = Σ (1 − W) over the foreground. M is divided by its
/// largest entry, and row t belongs to target t. Defaults: `weighting_mode="default"`, `reduction="mean"`,
/// `smooth_nr=smooth_dr=1e-5`. The mode `"GDL"` is not covered.
///
/// MONAI writes 1 − W where [`WassersteinDice`] and the paper write M\[t\]\[0\] − W. The two agree **if every foreground
/// class has the largest distance from background** (M\[t\]\[0\] is the largest entry), as MONAI's own example asks. This function refuses
/// other matrices.
///
/// **Empty masks.** Without foreground A = 0, and the loss is ΣW/(ΣW + 1e−5): near 1 for the slightest false positive.
///
/// Checked against MONAI's published code; no computed figures were available.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::monai;
/// use loss_core::EmptyImage;
///
/// let distances = [[0.0, 4.0, 4.0], [4.0, 0.0, 1.0], [4.0, 1.0, 0.0]];
/// let mut mean = monai::generalized_wasserstein_dice(distances)?.class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 0.0, 40.0], 1u8)); // the other kind: A = ¾, W = ¼
/// mean.end_image()?;
/// assert!((mean.finish()? - 0.25 / 1.75).abs() < 1e-5);
/// assert!(monai::generalized_wasserstein_dice([[0.0, 0.5, 1.0], [0.5, 0.0, 0.5], [1.0, 0.5, 0.0]]).is_err());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless distances are finite, at least 0, 0 on the diagonal, and largest between foreground and
/// background.
pub fn generalized_wasserstein_dice<const C: usize>(
    distances: [[f32; C]; C],
) -> Result<WassersteinDice<C>, ParameterError> {
    let largest = distances.iter().flatten().fold(0.0, |largest: f32, &distance| largest.max(distance));
    for (class, row) in (0..).zip(&distances).skip(1) {
        let from_background = row.first().copied().unwrap_or(largest);
        ParameterError::check(
            Parameter::Distance,
            f64::from(from_background),
            from_background == largest,
            "the largest of all distances where it is one from background",
        )
        .map_err(|error| error.of(C.wrapping_mul(class)))?;
    }
    let scale = if largest > 0.0 { largest } else { 1.0 };
    WassersteinDice::new(distances.map(|row| row.map(|distance| distance / scale)), SMOOTH)
}

/// `FocalLoss()`: the mean over batch, channels and pixels.
///
/// ℓ = σ(−x(2t−1))^γ b, with b the cross-entropy, times αt + (1−α)(1−t) if there is an α. Defaults: `gamma=2.0`, `alpha=None`,
/// `weight=None`, `reduction="mean"`, `use_softmax=False`, `include_background=True`. For soft targets the form is
/// [`FocalForm::Margin`]: at t = ½ the factor does not depend on x. It is a sum over pixels, so an empty mask is no special
/// case.
///
/// ```
/// use loss_core::{Loss, conventions::monai};
///
/// let mut sums = monai::focal().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn focal() -> Reduced<Focal> {
    Focal::known(2.0, None).form(FocalForm::Margin).mean()
}

/// `FocalLoss(gamma=…, alpha=…)`: see [`focal`].
///
/// ```
/// use loss_core::{Loss, conventions::monai};
///
/// let mut sums = monai::focal_with(2.0, Some(0.25))?.accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless γ is finite and at least 0, and α in [0, 1].
pub fn focal_with(gamma: f32, alpha: Option<f32>) -> Result<Reduced<Focal>, ParameterError> {
    Ok(focal_of(alpha, gamma)?.form(FocalForm::Margin).mean())
}

/// `FocalLoss(use_softmax=True, to_onehot_y=True)`: the mean over batch, **classes** and pixels.
///
/// ℓ = −(1−p_y)^γ ln p_y. The other classes of a pixel have loss 0 and stay in the mean, so the value is 1/C of
/// [`SoftmaxFocal::mean`](ClassPointwise::mean). Defaults: `gamma=2.0`, `alpha=None`, `weight=None`,
/// `reduction="mean"`. With `include_background=False` MONAI drops channel 0 *before* the softmax, which changes the
/// model: pass only the other logits to this loss, and weight 0 for background pixels.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::monai;
///
/// let mut sums = monai::focal_softmax().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn focal_softmax() -> ClassReduced<SoftmaxFocal> {
    mean_over_pixels_and_classes(SoftmaxFocal::known(2.0))
}

/// `FocalLoss(use_softmax=True, to_onehot_y=True, gamma=…, alpha=…)`: see [`focal_softmax`]. α is the weight of every class but
/// background, whose weight is 1 − α.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::monai;
///
/// let mut sums = monai::focal_softmax_with::<2>(0.0, Some(0.75))?.class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - 0.75 * core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless γ is finite and at least 0, and α in [0, 1].
pub fn focal_softmax_with<const C: usize>(
    gamma: f32,
    alpha: Option<f32>,
) -> Result<ClassReduced<SoftmaxFocal<[f64; C]>>, ParameterError> {
    Ok(mean_over_pixels_and_classes(softmax_focal_of(alpha, gamma)?))
}

/// `DiceCELoss(sigmoid=True)` of one channel: [`dice`] plus the mean binary cross-entropy.
///
/// Defaults: `lambda_dice=1.0`, `lambda_ce=1.0`, `weight=None`, and those of [`dice`]. **With several channels** MONAI's
/// second part is the cross-entropy of a *softmax*, even with `sigmoid=True`, so it is not a multi-label loss. Stream image by image.
///
/// ```
/// use loss_core::{EmptyImage, Loss, conventions::monai};
///
/// let mut mean = monai::dice_ce().image_mean(EmptyImage::Count);
/// mean.push((0.0, true)); // 1 − 1/1.5, and ln 2
/// let image = mean.end_image()?.map(|image| image.parts().count());
/// assert_eq!(image, Some(2));
/// assert!((mean.finish()? - (1.0 / 3.0 + core::f64::consts::LN_2)).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_ce() -> Sum<Dice, Reduced<Bce>> {
    dice() + Bce::new().mean()
}

/// `DiceCELoss(softmax=True, to_onehot_y=True)`: [`dice_softmax`] plus the mean cross-entropy.
///
/// Defaults as [`dice_ce`]. With `include_background=False` only the Dice part leaves class 0 out. With a `weight` the
/// cross-entropy is divided by Σ w_y over the whole batch, which is not a mean over images. Then stream [`CrossEntropy`] with
/// [`weighted_mean`](ClassPointwise::weighted_mean) into its own accumulator.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::monai;
/// use loss_core::EmptyImage;
///
/// let mut mean = monai::dice_ce_softmax().class_image_mean(EmptyImage::Count);
/// mean.push(([0.0, 40.0], 1u8));
/// mean.end_image()?;
/// assert!(mean.finish()? < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_ce_softmax() -> Sum<PerClass<Dice>, ClassReduced<CrossEntropy>> {
    dice_softmax() + CrossEntropy::new().weighted_mean()
}

/// `DiceFocalLoss(sigmoid=True)`: [`dice`] plus [`focal`].
///
/// Defaults: `lambda_dice=1.0`, `lambda_focal=1.0`, `gamma=2.0`, `alpha=None`, and those of [`dice`]. **With
/// `softmax=True`** MONAI's focal part still uses sigmoids: take [`dice_softmax`] and, for each channel of the one-hot
/// targets, [`focal`], and add the mean of these.
///
/// ```
/// use loss_core::{EmptyImage, Loss, conventions::monai};
///
/// let mut mean = monai::dice_focal().image_mean(EmptyImage::Count);
/// mean.push((0.0, true));
/// mean.end_image()?;
/// assert!((mean.finish()? - (1.0 / 3.0 + 0.25 * core::f64::consts::LN_2)).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_focal() -> Sum<Dice, Reduced<Focal>> {
    dice() + focal()
}
