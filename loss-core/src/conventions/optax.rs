//! optax: `optax.losses`.
//!
//! **Grouping.** optax's losses are not reduced over the batch: the cross-entropies return one number per pixel, [`dice`] one per
//! image. A pointwise loss is returned without a reduction, for [`mean`](crate::Pointwise::mean), [`sum`](crate::Pointwise::sum) or
//! [`write_map`](crate::Pointwise::write_map). For [`dice`] stream into [`image_mean`](crate::Loss::image_mean), whose
//! `end_image` returns each image's own loss.
//!
//! **Ignored pixels.** optax leaves masking to the caller (`where=` of `jnp.mean`). Here weight 0 does it, because `mean` is over
//! the valid pixels.
//!
//! [`dice`] was checked against optax's published code, [`sigmoid_focal`] against the code in issue 1267. The formulas of the
//! cross-entropies as of version 0.2 were not verified; they follow their names.

use super::focal_of;
use crate::class::{CrossEntropy, PerClass};
use crate::error::ParameterError;
use crate::pointwise::{Bce, Focal};
use crate::region::Tversky;

/// `sigmoid_binary_cross_entropy(logits, labels)`, not reduced.
///
/// ℓ = −t ln σ(x) − (1−t) ln σ(−x), for soft targets too. There are no options. Empty masks are no special case.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::optax};
///
/// let mut sums = optax::sigmoid_binary_cross_entropy().mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn sigmoid_binary_cross_entropy() -> Bce {
    Bce::new()
}

/// `sigmoid_focal_loss(logits, labels)` with γ = 2 and without α, not reduced.
///
/// ℓ = (1−p_t)^γ b, with b the cross-entropy and p_t = pt + (1−p)(1−t). Defaults: `alpha=None`, `gamma=2.0`. Empty masks are no
/// special case.
///
/// **Small γ.** For γ < 1, 0.0 included, optax's gradient is NaN where a logit is saturated and right, because
/// (1−p_t)^(γ−1) is infinite there ([issue 1267](https://github.com/google-deepmind/optax/issues/1267), since fixed by pull request 1346, which computes in
/// logarithms). Here 1−p_t comes from the exponential and keeps its relative accuracy, and the gradient is finite for every logit.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::optax};
///
/// let mut sums = optax::sigmoid_focal_with(None, 0.0)?.mean().accumulator();
/// sums.push((1000.0, true));
/// assert_eq!(sums.finish()?.gradient().at((1000.0, true)), 0.0);
/// let mut sums = optax::sigmoid_focal().mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn sigmoid_focal() -> Focal {
    Focal::known(2.0, None)
}

/// `sigmoid_focal_loss(logits, labels, alpha, gamma)`: see [`sigmoid_focal`]. α weighs foreground, 1−α background.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::optax};
///
/// let mut sums = optax::sigmoid_focal_with(Some(0.25), 2.0)?.mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1], and γ finite and at least 0.
pub fn sigmoid_focal_with(alpha: Option<f32>, gamma: f32) -> Result<Focal, ParameterError> {
    focal_of(alpha, gamma)
}

/// `softmax_cross_entropy(logits, labels)`, not reduced: targets are shares of the classes.
///
/// ℓ = −Σ_c t_c ln p_c. For `smooth_labels(labels, alpha)` use [`label_smoothing(alpha)`](CrossEntropy::label_smoothing).
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPointwise};
/// use loss_core::conventions::optax;
///
/// let mut sums = optax::softmax_cross_entropy().mean().class_accumulator();
/// sums.push(([0.0, 0.0], [0.25, 0.75]));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn softmax_cross_entropy() -> CrossEntropy {
    CrossEntropy::new()
}

/// `softmax_cross_entropy_with_integer_labels(logits, labels)`, not reduced: targets are labels.
///
/// ℓ = −ln p_y. Here a label that is no class is out of range, and an error.
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPointwise};
/// use loss_core::conventions::optax;
///
/// let mut sums = optax::softmax_cross_entropy_with_integer_labels().mean().class_accumulator();
/// sums.push(([0.0, 0.0], 1i32));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn softmax_cross_entropy_with_integer_labels() -> CrossEntropy {
    CrossEntropy::new()
}

/// `dice_loss(predictions, targets)` of one class, or `binary_dice_loss`: a loss of each image.
///
/// L = 1 − (I + 1) / (I + α(P − I) + β(T − I) + 1) with α = β = ½, **α on false positives, β on false negatives,** as everywhere
/// in this crate. **The smoothing of 1 belongs to the Tversky formula:** the loss equals [`Dice::new(2.0)`](crate::Dice::new). Defaults:
/// `class_weights=None`, `smooth=1.0`, `alpha=0.5`, `beta=0.5`, `apply_softmax=True`, `reduction="mean"` (over classes),
/// `ignore_background=False`.
///
/// **Empty masks.** ½P/(½P + 1): it is 0 if nothing is predicted, and false positives have a gradient, which is sound. On the other hand the smoothing
/// changes the values of small objects as well.
///
/// ```
/// use loss_core::{EmptyImage, Loss, conventions::optax};
///
/// let mut mean = optax::dice().image_mean(EmptyImage::Skip);
/// mean.push((0.0, true)); // 1 − 1.5/(½ + ¼ + 1)
/// let image = mean.end_image()?.map(|image| image.value());
/// assert!(image.is_some_and(|value| (value - 1.0 / 7.0).abs() < 1e-7));
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn dice() -> Tversky {
    Tversky::known_dice([1.0; 2], 0.0)
}

/// `dice_loss(predictions, targets)` of a softmax: the mean over classes of [`dice`], background included.
///
/// For `ignore_background=True` use `.classes(Foreground)`, for `class_weights` use `.weights(…, WeightMode::Multiply)`.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::optax;
/// use loss_core::EmptyImage;
///
/// let mut mean = optax::dice_softmax().class_image_mean(EmptyImage::Skip);
/// mean.push(([0.0, 0.0], 1u8)); // class 1: 1/7; class 0: 1 − 1/1.25
/// mean.end_image()?;
/// assert!((mean.finish()? - (1.0 / 7.0 + 0.2) / 2.0).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn dice_softmax() -> PerClass<Tversky> {
    PerClass::new(dice())
}

/// `dice_loss(predictions, targets, smooth=…, alpha=…, beta=…)` of one class: see [`dice`].
///
/// ```
/// use loss_core::{Loss, conventions::optax};
///
/// let mut sums = optax::dice_with(0.3, 0.7, 0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless all are finite and at least 0.
pub fn dice_with(alpha: f64, beta: f64, smooth: f64) -> Result<Tversky, ParameterError> {
    Tversky::new(alpha, beta, smooth)
}
