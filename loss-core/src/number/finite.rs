//! Numbers that stay numbers: what keeps results and coefficients within the range of `f32`.

use super::real::Real;

/// What has overflowed `f32` counts as its largest value.
#[inline(always)]
pub(crate) fn clamp_to_finite<R: Real>(number: R) -> R {
    number.min(R::splat(f32::MAX)).max(R::splat(f32::MIN))
}

/// A coefficient of a gradient as an `f32`: the largest one in place of a larger one, and 0 in place of what is no number.
pub(crate) fn coefficient(slope: f64) -> f32 {
    upstream_factor(slope) as f32
}

/// A number that smoothing or weights as small as the smallest `f64` can make as large as the largest. It stays far above `f32`, where results end, and
/// far below the largest `f64`: products of three such numbers and a coefficient are finite, and so their differences are numbers.
#[inline(never)]
pub(crate) fn bounded(number: f64) -> f64 {
    number.clamp(-1e90, 1e90)
}

/// A factor of a gradient, kept within the range of `f32`; 0 in place of NaN.
pub(crate) fn upstream_factor(factor: f64) -> f64 {
    if factor.is_nan() { 0.0 } else { factor.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) }
}
