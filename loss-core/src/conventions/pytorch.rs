//! PyTorch's own: `torch.nn`.
//!
//! **Grouping.** All are means over the batch's pixels: stream everything into one accumulator. They are sums over pixels, so empty
//! masks are no special case.
//!
//! **`reduction`** is `"mean"` by default, as here. For `"sum"` use `Bce::new().sum()` or `CrossEntropy::new().sum()`, for `"none"`
//! [`write_map`](crate::Pointwise::write_map) of the loss before its reduction.
//!
//! Checked by figures of version 2.15.

use crate::class::{ClassPointwise, ClassReduced, ClassWeights, CrossEntropy};
use crate::error::ParameterError;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Pointwise};

/// `BCEWithLogitsLoss()`: the mean over pixels and channels.
///
/// ℓ = w₁ t sp(−x) + (1−t) sp(x), with sp the softplus. Defaults: `weight=None`, `reduction="mean"`, `pos_weight=None` (w₁ = 1).
/// A `weight` multiplies the losses but not the denominator: PyTorch's mean is [`mean_over_pixels`](Pointwise::mean_over_pixels), while
/// [`mean`](Pointwise::mean) divides by the weights. **Ignored pixels:** PyTorch has none; pixels with
/// weight 0 stay in its mean, and leave the mean returned here.
///
/// ```
/// use loss_core::{Loss, conventions::pytorch};
///
/// let mut sums = pytorch::bce_with_logits().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn bce_with_logits() -> Reduced<Bce> {
    Bce::new().mean()
}

/// `BCEWithLogitsLoss(pos_weight=…)`: see [`bce_with_logits`]. For a `pos_weight` with a number for each channel, use an array of
/// these in [`Channels`](crate::class::Channels).
///
/// ```
/// use loss_core::{Loss, conventions::pytorch};
///
/// let mut sums = pytorch::bce_with_logits_with(7.5)?.accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 7.5 * core::f64::consts::LN_2).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless `pos_weight` is finite and at least 0.
pub fn bce_with_logits_with(pos_weight: f32) -> Result<Reduced<Bce>, ParameterError> {
    Ok(Bce::new().pos_weight(pos_weight)?.mean())
}

/// `CrossEntropyLoss()`: the mean over the pixels that are not ignored.
///
/// ℓ = −w_y ln p_y; the mean is Σℓ/Σw_y. Defaults: `weight=None`, `ignore_index=-100`, `reduction="mean"`, `label_smoothing=0.0`.
///
/// **Ignored pixels** leave the mean: [`ignoring(-100)`](crate::class::ClassAccumulator::ignoring), or any other label. If no pixel
/// is left, PyTorch returns NaN, which spoils the training step; here it is an error,
/// [`FinishError::NoValidPixels`](crate::FinishError::NoValidPixels).
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::pytorch;
///
/// let mut sums = pytorch::cross_entropy().class_accumulator().ignoring(-100i64);
/// sums.push(([0.0, 0.0], -100i64));
/// assert!(sums.finish().is_err()); // NaN in PyTorch
/// sums.push(([0.0, 0.0], 1i64));
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn cross_entropy() -> ClassReduced<CrossEntropy> {
    CrossEntropy::new().weighted_mean()
}

/// `CrossEntropyLoss(weight=…, label_smoothing=…)`: see [`cross_entropy`].
///
/// ℓ = (1−ε) w_y (−ln p_y) + ε/C Σ_c w_c (−ln p_c), **divided by Σ w_y even with label smoothing.** That is the weight of the labels, not the
/// number of pixels, so the weight cancels if all pixels have the same class.
///
/// ```
/// use loss_core::class::{ClassLoss, Equal};
/// use loss_core::conventions::pytorch;
///
/// let mut sums = pytorch::cross_entropy_with([1.0, 5.0], 0.0)?.class_accumulator();
/// sums.push(([0.0, 0.0], 1u8)); // 5 ln 2 / 5
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// let smoothed = pytorch::cross_entropy_with(Equal, 0.1)?;
/// # let _ = smoothed;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless every weight is finite and at least 0, and `label_smoothing` in [0, 1].
pub fn cross_entropy_with<W: ClassWeights>(
    weight: W,
    label_smoothing: f32,
) -> Result<ClassReduced<CrossEntropy<W>>, ParameterError> {
    Ok(CrossEntropy::new().weights(weight)?.label_smoothing(label_smoothing)?.weighted_mean())
}
