//! Pixels that are added to sums together: one of a stream, many of a slice, or all that a histogram has counted.

use core::array;

use crate::exact::{ExactSum, UnitSum};
use crate::pixel::Pixel;
use crate::real::Real;

/// What a pixel adds to N sums.
///
/// Written once over [`Real`], it serves a stream, where R is one number, and slices, where it is several side by side.
pub trait Terms<const N: usize> {
    /// The terms of a valid pixel. What is beyond `f32`, or no number, counts as the largest number.
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; N];
}

/// Valid pixels, to be added to the sums of a loss: one pixel of a stream, a tile of a slice, or the bins of a histogram.
pub trait Batch: sealed::Batch {
    /// Adds the terms of every pixel.
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]);
}

pub(crate) mod sealed {
    /// Keeps [`Batch`](super::Batch) from being implemented elsewhere.
    pub trait Batch {}
}

/// One pixel with its weight.
pub(crate) struct OnePixel<'a> {
    pub(crate) pixel: &'a Pixel<f32>,
    pub(crate) weight: f32,
}

impl sealed::Batch for OnePixel<'_> {}

impl Batch for OnePixel<'_> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        sums.iter_mut().zip(terms.terms(self.pixel, self.weight)).for_each(|(sum, term)| sum.add(term));
    }
}

/// The weight of a pixel.
pub(crate) struct PixelWeight;

impl Terms<1> for PixelWeight {
    #[inline(always)]
    fn terms<R: Real>(&self, _: &Pixel<R>, weight: R) -> [R; 1] {
        [weight]
    }
}

/// w p t, w p (1−t) and w (1−p) t.
pub(crate) struct SoftConfusion;

impl Terms<3> for SoftConfusion {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 3] {
        let (target, background) = (weight * pixel.target, weight * pixel.background);
        [pixel.p * target, pixel.p * background, pixel.q * target]
    }
}

/// w p (1−t) alone: all that is left of the confusion where there is no foreground.
pub(crate) struct FalsePositive;

impl Terms<1> for FalsePositive {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        let [_, false_positive, _] = SoftConfusion.terms(pixel, weight);
        [false_positive]
    }
}

/// Adds the soft confusion of pixels with hard targets, of which so many are foreground.
///
/// Stretches without any are most of most images; they cost one sum in place of three.
#[inline(always)]
pub(crate) fn add_hard_confusion(pixels: &impl Batch, foreground: u32, sums: &mut [UnitSum; 3]) {
    if foreground > 0 {
        pixels.add(&SoftConfusion, sums);
    } else {
        let [_, false_positive, _] = sums;
        pixels.add(&FalsePositive, array::from_mut(false_positive));
    }
}

/// The same with p replaced by 1 where the input reaches a threshold, by 0 elsewhere.
pub(crate) struct HardConfusion {
    pub(crate) threshold: f32,
}

impl Terms<3> for HardConfusion {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 3] {
        let (target, background, zero) = (weight * pixel.target, weight * pixel.background, R::splat(0.0));
        let predicted = pixel.input.ge(R::splat(self.threshold));
        [R::select(predicted, target, zero), R::select(predicted, background, zero), R::select(predicted, zero, target)]
    }
}

/// w (1−p)(1−t).
pub(crate) struct TrueNegative;

impl Terms<1> for TrueNegative {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [pixel.q * (weight * pixel.background)]
    }
}
