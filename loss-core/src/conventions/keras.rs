//! Keras 3: `keras.losses`.
//!
//! **Grouping.** `reduction="sum_over_batch_size"` is the mean over all axes but the class axis of cross-entropies, so it
//! is the mean over the batch's pixels. [`dice`] and [`tversky`] sum over the whole tensor, batch and classes (`axis=None`).
//! So stream everything into one accumulator.
//!
//! **Probabilities.** Keras takes probabilities unless `from_logits=True`, and clips them to [1e−7, 1−1e−7] in logarithms.
//! [`probability_accumulator(1e-7)`](crate::Loss::probability_accumulator) does the same. Prefer logits: the clip limits a
//! cross-entropy to 16.1, and has no gradient. Keras' *focal* losses clip even with `from_logits=True`; here logits are
//! never clipped.
//!
//! **Ignored pixels.** With `sample_weight=0` a pixel has loss 0 and stays in the mean: `mean_over_pixels`. With `ignore_class`
//! it leaves the mean: `mean`, as returned here.
//!
//! **Empty masks.** In [`dice`] and [`tversky`] the 1e−7 is only below the fraction bar. So on an empty mask **a prediction of nothing has a loss
//! of 1,** not 0, and false positives have no gradient. [`Dice::new`] of this crate puts the smoothing on both
//! sides.
//!
//! Checked against Keras' published code; no computed figures were available.

use super::focal_of;
use crate::class::{ClassPointwise, ClassReduced, ClassReduction, CrossEntropy, PerClass, SoftmaxFocal};
use crate::error::{Parameter, ParameterError};
use crate::loss::combine::Scaled;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Focal, LabelSmoothing, Pointwise};
use crate::region::{Dice, Tversky};

/// `keras.backend.epsilon()`.
const BELOW: f64 = 1e-7;

/// `BinaryCrossentropy()`: the mean over pixels.
///
/// ℓ = −t ln p − (1−t) ln(1−p). Defaults: `from_logits=False`, `label_smoothing=0.0`, `axis=-1`,
/// `reduction="sum_over_batch_size"`.
///
/// ```
/// use loss_core::{Loss, conventions::keras};
///
/// let mut logits = keras::binary_crossentropy().accumulator(); // from_logits=True
/// logits.push((0.0, true));
/// let mut probabilities = keras::binary_crossentropy().probability_accumulator(1e-7)?;
/// probabilities.push((0.5, true));
/// assert!((logits.finish()?.value() - probabilities.finish()?.value()).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn binary_crossentropy() -> Reduced<Bce> {
    Bce::new().mean()
}

/// `BinaryCrossentropy(label_smoothing=…)`: see [`binary_crossentropy`].
///
/// t′ = t(1−s) + s/2 ([`LabelSmoothing::uniform`]): **half of what segmentation_models.pytorch does with the same number.**
///
/// ```
/// use loss_core::{Loss, conventions::keras};
///
/// let mut sums = keras::binary_crossentropy_with(1.0)?.accumulator();
/// sums.push((2.0, true)); // t′ = ½
/// assert!((sums.finish()?.value() - (0.126_928 + 2.126_928) / 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless `label_smoothing` is in [0, 1].
pub fn binary_crossentropy_with(label_smoothing: f32) -> Result<Reduced<Bce>, ParameterError> {
    Ok(Bce::new().label_smoothing(LabelSmoothing::uniform(label_smoothing)?).mean())
}

/// `BinaryFocalCrossentropy()`: the mean over pixels.
///
/// ℓ = (1−p_t)^γ b, with b the cross-entropy and p_t = pt + (1−p)(1−t). Defaults: `apply_class_balancing=False`, `alpha=0.25`,
/// `gamma=2.0`, `from_logits=False`, `label_smoothing=0.0`. **Keras does not use its α** unless `apply_class_balancing=True`, so
/// this loss has none. For `label_smoothing` pass smoothed targets.
///
/// ```
/// use loss_core::{Loss, conventions::keras};
///
/// let mut sums = keras::binary_focal_crossentropy().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn binary_focal_crossentropy() -> Reduced<Focal> {
    Focal::known(2.0, None).mean()
}

/// `BinaryFocalCrossentropy(alpha=…, gamma=…)`: see [`binary_focal_crossentropy`]. An α implies `apply_class_balancing=True`.
///
/// ```
/// use loss_core::{Loss, conventions::keras};
///
/// let mut sums = keras::binary_focal_crossentropy_with(Some(0.25), 2.0)?.accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1], and γ finite and at least 0.
pub fn binary_focal_crossentropy_with(alpha: Option<f32>, gamma: f32) -> Result<Reduced<Focal>, ParameterError> {
    Ok(focal_of(alpha, gamma)?.mean())
}

/// `CategoricalCrossentropy(from_logits=True)`: the mean over pixels, targets one-hot or soft.
///
/// ℓ = −Σ_c t_c ln p_c. Defaults: `from_logits=False`, `label_smoothing=0.0`, `axis=-1`, `reduction="sum_over_batch_size"`.
/// Here losses over classes always take logits.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::categorical_crossentropy().class_accumulator();
/// sums.push(([0.0, 0.0], [0.5, 0.5]));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn categorical_crossentropy() -> ClassReduced<CrossEntropy> {
    CrossEntropy::new().mean()
}

/// `CategoricalCrossentropy(from_logits=True, label_smoothing=…)`: t′ = t(1−s) + s/C; see [`categorical_crossentropy`].
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::categorical_crossentropy_with(0.1)?.class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless `label_smoothing` is in [0, 1].
pub fn categorical_crossentropy_with(label_smoothing: f32) -> Result<ClassReduced<CrossEntropy>, ParameterError> {
    Ok(CrossEntropy::new().label_smoothing(label_smoothing)?.mean())
}

/// `SparseCategoricalCrossentropy(from_logits=True)`: the mean over the pixels whose label is not `ignore_class`.
///
/// ℓ = −ln p_y. Defaults: `from_logits=False`, `ignore_class=None`, `reduction="sum_over_batch_size"`. If every pixel has the label
/// `ignore_class`, Keras returns 0; here it is an error.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::sparse_categorical_crossentropy().class_accumulator().ignoring(255u8);
/// sums.extend([([0.0, 0.0], 1u8), ([0.0, 0.0], 255)]);
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn sparse_categorical_crossentropy() -> ClassReduced<CrossEntropy> {
    CrossEntropy::new().mean()
}

/// `CategoricalFocalCrossentropy(from_logits=True)`: the mean over pixels, times α = ¼.
///
/// ℓ = −α Σ_c t_c (1−p_c)^γ ln p_c. Defaults: `alpha=0.25`, `gamma=2.0`, `from_logits=False`, `label_smoothing=0.0`. **α is
/// one factor for all classes,** so it only scales the loss. For an `alpha` with a number for each class, use
/// [`SoftmaxFocal::weights`].
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::categorical_focal_crossentropy().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn categorical_focal_crossentropy() -> Scaled<ClassReduced<SoftmaxFocal>> {
    0.25 * SoftmaxFocal::known(2.0).mean()
}

/// `CategoricalFocalCrossentropy(from_logits=True, alpha=…, gamma=…)`: see [`categorical_focal_crossentropy`].
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::categorical_focal_crossentropy_with(1.0, 0.0)?.class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless both are finite and at least 0.
pub fn categorical_focal_crossentropy_with(
    alpha: f64,
    gamma: f32,
) -> Result<Scaled<ClassReduced<SoftmaxFocal>>, ParameterError> {
    ParameterError::check_not_negative(Parameter::Alpha, alpha)?;
    Ok(alpha * SoftmaxFocal::new(gamma)?.mean())
}

/// `Dice()` of one channel, over the whole batch.
///
/// L = 1 − 2I / (P + T + 1e−7). Defaults: `reduction="sum_over_batch_size"`, `axis=None`. For an `axis` without the
/// batch, use [`image_mean`](crate::Loss::image_mean). **Empty masks:** always 1; see the [module](self).
///
/// ```
/// use loss_core::{Dice, Loss, conventions::keras};
///
/// let nothing = [(-104.0, false), (-104.0, false)];
/// let mut peer = keras::dice().accumulator();
/// peer.extend(nothing);
/// assert_eq!(peer.finish()?.value(), 1.0); // nothing predicted on an empty mask costs 1
/// let mut ours = Dice::new(1e-7)?.accumulator();
/// ours.extend(nothing);
/// assert!(ours.finish()?.value() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub const fn dice() -> Dice {
    Dice::known([0.0, BELOW], 0.0)
}

/// `Dice()` of a softmax: one Dice loss over all classes of the whole batch.
///
/// L = 1 − 2 Σ_c I_c / (Σ_c (P_c + T_c) + 1e−7), which is 1 minus the mean probability of the true class: large classes
/// decide it.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::keras;
///
/// let mut sums = keras::dice_softmax().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8));
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-6);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dice_softmax() -> PerClass<Dice> {
    PerClass::new(dice()).reduction(ClassReduction::Pooled)
}

/// `Tversky()` of one channel, over the whole batch: α = β = 0.5, so it is [`dice`] except for the 1e−7.
///
/// L = 1 − TP / (TP + ½FP + ½FN + 1e−7). For several classes of a softmax use
/// `PerClass::new(keras::tversky()).reduction(ClassReduction::Pooled)`. Other defaults and empty masks are those of [`dice`].
///
/// ```
/// use loss_core::{Loss, conventions::keras};
///
/// let mut sums = keras::tversky().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-6);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn tversky() -> Tversky {
    Tversky::known_dice([0.0, BELOW], 0.0)
}

/// `Tversky(alpha=…, beta=…)`: see [`tversky`].
///
/// **Swapped.** Keras documents α as the weight of false positives and β as that of false negatives. Its code computes
/// `fp = sum((1 - y_pred) * y_true)`, which are the false *negatives*, and the reverse for `fn`. So its α weighs false negatives.
/// This function takes Keras' arguments and does what its code does. Everywhere else in this crate α weighs false positives.
///
/// ```
/// use loss_core::{Loss, Tversky, conventions::keras};
///
/// let (mut peer, mut ours) = (keras::tversky_with(0.3, 0.7)?.accumulator(), Tversky::new(0.7, 0.3, 0.0)?.accumulator());
/// let pixels = [(1.0, true), (0.5, false), (-3.0, false)];
/// peer.extend(pixels);
/// ours.extend(pixels);
/// assert!((peer.finish()?.value() - ours.finish()?.value()).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless both are finite and at least 0.
pub fn tversky_with(alpha: f64, beta: f64) -> Result<Tversky, ParameterError> {
    Tversky::new(beta, alpha, 0.0)?.smooth(0.0, BELOW)
}
