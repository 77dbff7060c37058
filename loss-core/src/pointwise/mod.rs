//! Losses that are a sum over pixels.
//!
//! | loss | file | formula, target 1 |
//! |---|---|---|
//! | [`AsymmetricFocal`] | `asymmetric_focal.rs` | −δ ln p; target 0: −(1−δ) p^γ ln(1−p) |
//! | [`Bce`] | `bce.rs` | −ln p |
//! | [`ExponentialLogCrossEntropy`] | `exponential_log_cross_entropy.rs` | (−ln p)^γ |
//! | [`Focal`] | `focal.rs` | −(1−p)^γ ln p |
//! | [`GeneralisedCrossEntropy`] | `generalised_cross_entropy.rs` | (1 − p^q)/q |
//! | [`Poly1`] | `poly1.rs` | −ln p + ε(1−p) |
//! | [`QualityFocal`] | `quality_focal.rs` | −(t−p)^β ln p |
//! | [`ReducedFocal`] | `reduced_focal.rs` | −ln p where p < h, −((1−p)/h)^γ ln p elsewhere |

mod asymmetric_focal;
mod bce;
mod exponential_log_cross_entropy;
mod focal;
mod generalised_cross_entropy;
mod label_smoothing;
mod poly1;
mod power;
mod quality_focal;
mod reduced_focal;

pub use asymmetric_focal::AsymmetricFocal;
pub use bce::Bce;
pub use exponential_log_cross_entropy::ExponentialLogCrossEntropy;
pub(crate) use focal::PARAMETERS as FOCAL_PARAMETERS;
pub use focal::{Focal, FocalForm};
pub use generalised_cross_entropy::GeneralisedCrossEntropy;
pub use label_smoothing::LabelSmoothing;
pub use poly1::Poly1;
pub(crate) use power::Power;
pub use quality_focal::QualityFocal;
pub use reduced_focal::ReducedFocal;

use crate::error::LengthError;
use crate::fingerprint::Fingerprint;
use crate::input::link::Link;
use crate::input::pixel::Pixel;
use crate::input::plane::Plane;
use crate::input::sample::{Checked, Reason, Sample, Target};
use crate::loss::reduction::{Denominator, Reduced};
use crate::number::finite::clamp_to_finite;
use crate::number::real::Real;

/// A loss that is a sum over pixels of ℓ(x, t).
///
/// Implement it for a loss of your own, and that loss has all that the built-in ones have: exact sums, reductions,
/// combinations and gradients. Both functions are written once, over [`Real`].
///
/// ```
/// use loss_core::extend::{Fingerprint, Pixel, Real};
/// use loss_core::{Loss, Pointwise};
///
/// /// The Brier score (p − t)².
/// #[derive(Clone)]
/// struct Brier;
///
/// impl Pointwise for Brier {
///     const NAME: &'static str = "brier";
///     fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
///         pixel.difference() * pixel.difference()
///     }
///     fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
///         (pixel.difference() + pixel.difference()) * pixel.p_slope
///     }
///     fn fingerprint(&self, _: &mut Fingerprint) {}
/// }
///
/// let mut sums = Brier.mean().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert_eq!(sums.finish()?.value(), 0.25);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub trait Pointwise: Clone {
    /// The name of the loss, in lower case, as it appears in the parts of a result.
    const NAME: &'static str;

    /// ℓ(x, t). It must be finite for every pixel; a value beyond `f32` [saturates](crate::extend::ExactSum#saturation) the sum.
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R;

    /// ∂ℓ/∂x, where x is the input (logit or probability).
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R;

    /// Adds the parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);

    /// Whether ℓ of a [moderate](Link::is_moderate) input with a hard target lies in [2⁻¹⁸, 16); `false` is always correct.
    #[doc(hidden)]
    fn is_moderate(&self) -> bool {
        false
    }

    /// Σ w ℓ / Σ w: the mean over the pixels that are not ignored.
    fn mean(self) -> Reduced<Self> {
        Reduced::new(self, Denominator::Weight)
    }

    /// Σ w ℓ.
    fn sum(self) -> Reduced<Self> {
        Reduced::new(self, Denominator::Fixed(1.0))
    }

    /// Σ w ℓ / N, where N counts ignored pixels as well (PyTorch's `mean` over a masked map).
    fn mean_over_pixels(self) -> Reduced<Self> {
        Reduced::new(self, Denominator::Pixels)
    }

    /// Σ w ℓ divided by a [`Denominator`] of your choice.
    fn over(self, denominator: Denominator) -> Reduced<Self> {
        Reduced::new(self, denominator)
    }

    /// The loss of one pixel without its weight: 0 if the pixel is ignored, and at most [`f32::MAX`].
    ///
    /// # Errors
    /// The reason why the pixel is out of range.
    fn at<K: Link>(&self, link: &K, sample: impl Into<Sample>) -> Result<f32, Reason> {
        let sample = sample.into();
        match sample.check(link) {
            Checked::Valid => Ok(clamp_to_finite(self.loss(&link.pixel(sample.input, sample.target)))),
            Checked::Ignored => Ok(0.0),
            Checked::Rejected(reason) => Err(reason),
        }
    }

    /// Writes the loss of every pixel times its weight: 0 where the pixel is ignored, NaN where it is out of range, and at most [`f32::MAX`]. (If a loss is larger than
    /// that, an accumulator refuses the sum.)
    ///
    /// # Errors
    /// [`LengthError`] if `map` and the plane differ in length; nothing is written then.
    fn write_map<K: Link, T: Target>(&self, link: &K, plane: Plane<'_, T>, map: &mut [f32]) -> Result<(), LengthError> {
        plane.check_length("the map", map.len())?;
        for (value, sample) in map.iter_mut().zip(plane.samples()) {
            *value = self.at(link, sample).map_or(f32::NAN, |loss| clamp_to_finite(loss * sample.weight));
        }
        Ok(())
    }
}
