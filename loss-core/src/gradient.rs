//! The second pass: ∂L/∂x of each pixel, in closed form from the finished sums.

use crate::finished::Finished;
use crate::link::Link;
use crate::loss::Loss;
use crate::pixel::{Checked, Pixel, Sample};
use crate::pointwise::{clamp_to_finite, upstream_factor};
use crate::real::Real;

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

/// The gradient of many pixels in the making: what [`Loss::gradient_passes`] hands on.
pub trait GradientPasses: passes::GradientPasses {}

pub(crate) mod passes {
    use super::OfPixel;

    /// Keeps [`GradientPasses`](super::GradientPasses) from being implemented, or used wrongly, elsewhere.
    pub trait GradientPasses: Sized {
        /// Makes the gradient in one pass, which is compiled into the loop of the loss.
        fn whole(self, of: &impl OfPixel);

        /// Makes a pass of several, in a function of its own, which adds its gradient to the sum of those before. The last makes the gradient of the sum.
        fn add(&mut self, of: &impl OfPixel, last: bool);
    }
}

/// ∂L/∂x of a pixel of weight 1, of a loss or of a part of it.
pub trait OfPixel {
    /// The gradient.
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R;

    /// Adds the gradient to a sum; several, one after the other.
    #[inline(always)]
    fn add_to<R: Real>(&self, sum: R, pixel: &Pixel<R>) -> R {
        sum + self.gradient(pixel)
    }
}

/// A loss with its slope.
pub(crate) struct OfLoss<'a, L: Loss> {
    pub(crate) loss: &'a L,
    pub(crate) slope: &'a L::Slope,
}

impl<L: Loss> OfPixel for OfLoss<'_, L> {
    #[inline(always)]
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        self.loss.gradient(self.slope, pixel)
    }
}

/// The sum of losses with their slopes, from left to right.
pub(crate) struct OfSum<I>(pub(crate) I);

impl<'a, L: Loss + 'a, I: Iterator<Item = (&'a L, &'a L::Slope)> + Clone> OfPixel for OfSum<I> {
    #[inline(always)]
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let mut terms = self.0.clone();
        let Some((loss, slope)) = terms.next() else { return R::splat(0.0) };
        let mut sum = loss.gradient(slope, pixel);
        for (loss, slope) in terms {
            sum = sum + loss.gradient(slope, pixel);
        }
        sum
    }
}

/// Two parts, of which the second is added after the first.
pub(crate) struct Both<A, B>(pub(crate) A, pub(crate) B);

impl<A: OfPixel, B: OfPixel> OfPixel for Both<A, B> {
    #[inline(always)]
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        self.0.gradient(pixel) + self.1.gradient(pixel)
    }

    #[inline(always)]
    fn add_to<R: Real>(&self, sum: R, pixel: &Pixel<R>) -> R {
        self.1.add_to(self.0.add_to(sum, pixel), pixel)
    }
}
