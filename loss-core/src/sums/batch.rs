//! Pixels that are added together: one of a stream, many of a slice, or all that a histogram has counted.

use core::array;

use super::exact::{ExactSum, UnitSum};
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// The terms that a pixel adds to N sums.
///
/// They are written once, over [`Real`]. A stream uses them with one number, slices with several side by side.
pub trait Terms<const N: usize> {
    /// The terms that are 0 for most pixels of most images. A vector of pixels in which all of these are 0 does not add them.
    const SPARSE: [bool; N] = [false; N];

    /// The terms of a valid pixel. A term beyond `f32`, or NaN, [saturates](crate::extend::ExactSum#saturation) the sum.
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; N];

    /// Whether each term of a [moderate](crate::extend::Link::is_moderate) input with a hard target and a weight of 1 is 0 or lies in [2⁻¹⁸, 16). All bits of such
    /// terms are in two digits, so slices add only these two.
    #[doc(hidden)]
    fn are_moderate(&self) -> bool {
        false
    }
}

/// Valid pixels to add to the sums of a loss: one pixel of a stream, a tile of a slice, or the bins of a histogram.
pub trait Batch: sealed::Batch {
    /// Adds the terms of every pixel.
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]);

    /// Adds the terms of every pixel, for losses chosen at run time. For a tile, this calls a function that is compiled once for all losses with
    /// such terms, while [`add`](Self::add) is compiled into each loss.
    #[inline(always)]
    fn add_apart<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        self.add(terms, sums);
    }

    /// Whether any target is above 0; a batch that does not check returns `true`.
    #[inline(always)]
    fn may_have_foreground(&self) -> bool {
        true
    }

    /// Adds the weight of every pixel.
    #[inline(always)]
    fn add_weights(&self, sum: &mut UnitSum) {
        self.add(&PixelWeight, array::from_mut(sum));
    }
}

/// A batch that adds all terms through [`Batch::add_apart`].
pub(crate) struct Apart<'a, B>(pub(crate) &'a B);

impl<B> sealed::Batch for Apart<'_, B> {}

impl<B: Batch> Batch for Apart<'_, B> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        self.0.add_apart(terms, sums);
    }
}

pub(crate) mod sealed {
    /// Keeps [`Batch`](super::Batch) from being implemented elsewhere.
    pub trait Batch {}
}

/// Valid pixels with hard targets and weights of 0 and 1. Their hard confusion is counted.
pub trait HardBatch: Batch {
    /// Counts true positives, false positives and false negatives; an input at or above the threshold predicts foreground.
    fn count_confusion<C>(&self, threshold: f32, counts: &mut [C; 3], add: impl Fn(&mut C, u32)) -> Targets;
}

/// The hard targets in a batch. Ignored pixels count as background.
pub enum Targets {
    /// Only background, as in most tiles of most images.
    Background,
    /// Only foreground.
    Foreground,
    /// Both.
    Mixed,
}

/// One pixel and its weight.
pub(crate) struct OnePixel<'a> {
    pub(crate) pixel: &'a Pixel<f32>,
    pub(crate) weight: f32,
}

impl sealed::Batch for OnePixel<'_> {}

impl Batch for OnePixel<'_> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        let terms = terms.terms(self.pixel, self.weight);
        // The loop is over references: over an iterator by value, microcontrollers would not get it unrolled.
        for (sum, &term) in sums.iter_mut().zip(&terms) {
            sum.add(term);
        }
    }
}

impl HardBatch for OnePixel<'_> {
    #[inline(always)]
    fn count_confusion<C>(&self, threshold: f32, counts: &mut [C; 3], add: impl Fn(&mut C, u32)) -> Targets {
        let [true_positive, false_positive, false_negative] = counts;
        let predicted = self.pixel.input >= threshold;
        if self.pixel.target == 1.0 {
            add(if predicted { true_positive } else { false_negative }, 1);
            Targets::Foreground
        } else {
            if predicted {
                add(false_positive, 1);
            }
            Targets::Background
        }
    }
}

/// Counts true positives, false positives and false negatives of many pixels.
#[inline(always)]
pub(crate) fn count_all<C>(counts: &mut [C; 3], more: [u32; 3], add: impl Fn(&mut C, u32)) -> Targets {
    let [true_positive, _, false_negative] = more;
    counts.iter_mut().zip(more).for_each(|(count, more)| add(count, more));
    if true_positive + false_negative == 0 { Targets::Background } else { Targets::Mixed }
}

/// The term w, the weight of a pixel.
pub(crate) struct PixelWeight;

impl Terms<1> for PixelWeight {
    #[inline(always)]
    fn terms<R: Real>(&self, _: &Pixel<R>, weight: R) -> [R; 1] {
        [weight]
    }
}

/// The terms of the soft confusion: w p t, w p (1−t) and w (1−p) t.
pub(crate) struct SoftConfusion;

impl Terms<3> for SoftConfusion {
    const SPARSE: [bool; 3] = [true, false, true];

    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 3] {
        let (target, background) = (weight * pixel.target, weight * pixel.background);
        [pixel.p * target, pixel.p * background, pixel.q * target]
    }

    fn are_moderate(&self) -> bool {
        true
    }
}

/// The term w p: the only one of the confusion without foreground, and the true positives with nothing but foreground.
struct Probability;

impl Terms<1> for Probability {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [weight * pixel.p]
    }

    fn are_moderate(&self) -> bool {
        true
    }
}

/// The term w where the input reaches a threshold: the only one of the hard confusion without foreground.
struct Predicted {
    threshold: f32,
}

impl Terms<1> for Predicted {
    const SPARSE: [bool; 1] = [true];

    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [R::select(pixel.input.ge(R::splat(self.threshold)), weight, R::splat(0.0))]
    }
}

/// Adds the soft and the hard confusion of pixels without foreground.
#[inline(always)]
pub(crate) fn add_background(pixels: &impl Batch, threshold: f32, soft: &mut UnitSum, hard: &mut UnitSum) {
    pixels.add(&Probability, array::from_mut(soft));
    pixels.add(&Predicted { threshold }, array::from_mut(hard));
}

/// The term w (1−p).
struct Complement;

impl Terms<1> for Complement {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [weight * pixel.q]
    }

    fn are_moderate(&self) -> bool {
        true
    }
}

/// Adds the soft confusion of pixels with hard targets.
#[inline(always)]
pub(crate) fn add_hard_confusion<const DIGITS: usize>(
    pixels: &impl Batch,
    targets: Targets,
    sums: &mut [ExactSum<DIGITS>; 3],
) {
    let [true_positive, false_positive, false_negative] = sums;
    match targets {
        Targets::Background => pixels.add(&Probability, array::from_mut(false_positive)),
        Targets::Foreground => {
            pixels.add(&Probability, array::from_mut(true_positive));
            pixels.add(&Complement, array::from_mut(false_negative));
        }
        Targets::Mixed => pixels.add(&SoftConfusion, sums),
    }
}

/// The terms of the hard confusion: p is replaced by 1 where the input reaches a threshold, by 0 elsewhere.
pub(crate) struct HardConfusion {
    pub(crate) threshold: f32,
}

impl Terms<3> for HardConfusion {
    const SPARSE: [bool; 3] = [true; 3];

    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 3] {
        let (target, background, zero) = (weight * pixel.target, weight * pixel.background, R::splat(0.0));
        let predicted = pixel.input.ge(R::splat(self.threshold));
        [R::select(predicted, target, zero), R::select(predicted, background, zero), R::select(predicted, zero, target)]
    }
}

/// The term of true negatives, w (1−p)(1−t).
pub(crate) struct TrueNegative;

impl Terms<1> for TrueNegative {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [pixel.q * (weight * pixel.background)]
    }
}
