//! The second pass: ∂L/∂x of each pixel, in closed form from the finished sums.

use crate::finished::Finished;
use crate::link::Link;
use crate::loss::Loss;
use crate::pixel::{Checked, Sample};
use crate::pointwise::{clamp_to_finite, upstream_factor};

/// The gradient of a finished loss, times an upstream factor.
///
/// ∂L/∂x = w·\[λ ℓ′(x, t)/W + (t ∂φ/∂TP + (1−t) ∂φ/∂FP − t ∂φ/∂FN)·∂p/∂x\], the exact derivative of the value, rounded to
/// `f32`; it is independent of the order and chunking of either pass. Pixels that were ignored or rejected have gradient 0.
///
/// **It is always finite.** What is beyond `f32`, be it the gradient of a pixel or a coefficient in it (such as λ/W), is ±[`f32::MAX`] instead.
/// So is an upstream factor; one that is NaN counts as 0.
#[derive(Clone, Debug)]
#[must_use]
pub struct Gradient<L: Loss, K: Link> {
    pub(crate) loss: L,
    pub(crate) link: K,
    pub(crate) slope: L::Slope,
}

impl<L: Loss, K: Link> Gradient<L, K> {
    pub(crate) fn new(finished: &Finished<L, K>, upstream: f64) -> Self {
        Self {
            loss: finished.loss.clone(),
            link: finished.link.clone(),
            slope: finished.loss.slope(&finished.totals, &finished.sums, upstream_factor(upstream)),
        }
    }

    /// The gradient of one pixel.
    #[inline]
    pub fn at(&self, sample: impl Into<Sample>) -> f32 {
        let sample = sample.into();
        match sample.check(&self.link) {
            Checked::Valid => {
                let pixel = self.link.pixel(sample.input, sample.target);
                clamp_to_finite(sample.weight * self.loss.gradient(&self.slope, &pixel))
            }
            Checked::Ignored | Checked::Rejected(_) => 0.0,
        }
    }
}
