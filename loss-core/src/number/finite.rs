//! Limits that keep results and coefficients within the range of `f32`.

use super::real::Real;

/// Limits a result to the range of `f32`.
#[inline(always)]
pub(crate) fn clamp_to_finite<R: Real>(number: R) -> R {
    number.min(R::splat(f32::MAX)).max(R::splat(f32::MIN))
}

/// The coefficient of a gradient as an `f32`, limited to the range of `f32`; 0 in place of NaN.
pub(crate) fn coefficient(slope: f64) -> f32 {
    upstream_factor(slope) as f32
}

/// Limits a number that a tiny smoothing or weight can make as large as the largest `f64`. The limit lies far above `f32`, the range of results, and
/// far below the largest `f64`: the product of three such numbers and a coefficient is finite, so their differences are never NaN.
#[inline(never)]
pub(crate) fn bounded(number: f64) -> f64 {
    number.clamp(-1e90, 1e90)
}

/// Limits the factor of a gradient to the range of `f32`; 0 in place of NaN.
pub(crate) fn upstream_factor(factor: f64) -> f64 {
    if factor.is_nan() { 0.0 } else { factor.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) }
}
