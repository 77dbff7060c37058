//! torchvision: `torchvision.ops`.
//!
//! Checked by figures of version 0.29.2.

use super::focal_of;
use crate::error::ParameterError;
use crate::pointwise::Focal;

/// `sigmoid_focal_loss(inputs, targets)` with α = 0.25 and γ = 2, not reduced.
///
/// ℓ = α_t (1−p_t)^γ b, with b the cross-entropy, p_t = pt + (1−p)(1−t) and α_t = αt + (1−α)(1−t), for soft targets too
/// ([`FocalForm::Mixture`](crate::FocalForm::Mixture)). Defaults: `alpha=0.25`, `gamma=2`, `reduction="none"`. For `"mean"` use
/// [`mean`](crate::Pointwise::mean), for `"sum"` [`sum`](crate::Pointwise::sum), for `"none"`
/// [`write_map`](crate::Pointwise::write_map). **α is the weight of foreground:** 0.25 weighs foreground *less*. The paper
/// chose it for γ = 2 and a detector; it is not the share of background.
///
/// **Empty masks** are no special case. torchvision has no **ignored pixels**; here weight 0 leaves them out of the mean.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::torchvision};
///
/// let mut sums = torchvision::sigmoid_focal().mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.0625 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn sigmoid_focal() -> Focal {
    Focal::known(2.0, Some(0.25))
}

/// `sigmoid_focal_loss(inputs, targets, alpha, gamma)`: see [`sigmoid_focal`]. The peer's `alpha=-1` is `None`.
///
/// ```
/// use loss_core::{Loss, Pointwise, conventions::torchvision};
///
/// let mut sums = torchvision::sigmoid_focal_with(None, 2.0)?.sum().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless α is in [0, 1], and γ finite and at least 0.
pub fn sigmoid_focal_with(alpha: Option<f32>, gamma: f32) -> Result<Focal, ParameterError> {
    focal_of(alpha, gamma)
}
