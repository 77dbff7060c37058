//! The gradient of losses chosen at run time, made in passes over many pixels.

use super::Loss;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// The gradient of many pixels while it is being made, as [`Loss::gradient_passes`] passes it on.
pub trait GradientPasses: sealed::GradientPasses {}

pub(crate) mod sealed {
    use super::OfPixel;

    /// Keeps [`GradientPasses`](super::GradientPasses) from being implemented elsewhere or called in the wrong order.
    pub trait GradientPasses: Sized {
        /// Makes the gradient in one pass, compiled into the loop of the loss.
        fn whole(self, of: &impl OfPixel);

        /// Makes one of several passes, in a function of its own. The pass adds its gradient to the sum of the earlier ones; the last one turns the sum into the gradient.
        fn add(&mut self, of: &impl OfPixel, last: bool);
    }
}

/// ∂L/∂x of a pixel of weight 1, for a loss or a part of it.
pub trait OfPixel {
    /// The gradient.
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R;

    /// Adds the gradient to a sum; several gradients are added one after the other.
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

/// Two parts; the second is added after the first.
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
