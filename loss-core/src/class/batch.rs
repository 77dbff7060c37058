//! Pixels of several classes that are added together.

use super::loss::ClassLoss;
use super::pixel::{ClassPixel, against_the_rest};
use crate::input::pixel::Pixel;
use crate::loss::Loss;
use crate::number::real::Real;
use crate::sums::batch::{Batch, HardBatch, OnePixel, Terms, add_hard_confusion, sealed};
use crate::sums::confusion::ConfusionSums;
use crate::sums::exact::{ExactSum, UnitSum};

/// The term w, the weight of a pixel.
pub(super) struct PixelWeight;

impl<const C: usize> ClassTerms<1, C> for PixelWeight {
    #[inline(always)]
    fn terms<R: Real>(&self, _: &ClassPixel<R, C>, weight: R) -> [R; 1] {
        [weight]
    }
}

/// The terms that a pixel of several classes adds to N sums, as [`Terms`] does for one class.
pub trait ClassTerms<const N: usize, const C: usize> {
    /// The terms of a valid pixel. A term beyond `f32`, or NaN, [saturates](crate::extend::ExactSum#saturation) the sum.
    fn terms<R: Real>(&self, pixel: &ClassPixel<R, C>, weight: R) -> [R; N];
}

/// Valid pixels of several classes: one pixel of a stream, or a tile of a slice.
pub trait ClassBatch<const C: usize>: sealed::Batch {
    /// The pixels as one class against the rest.
    type OneClass<'a>: Batch
    where
        Self: 'a;

    /// The number of classes in use.
    fn classes(&self) -> usize;

    /// Adds the terms of every pixel.
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl ClassTerms<N, C>, sums: &mut [ExactSum<DIGITS>; N]);

    /// One class against the rest, with all weights multiplied by a factor.
    fn class(&self, class: usize, factor: f32) -> Self::OneClass<'_>;

    /// Adds the soft and the hard confusion of a class to sums: true positives, false positives, false negatives. All targets have to be labels, and all weights 1.
    fn add_hard_class(&self, class: usize, soft: &mut ConfusionSums, hard: &mut ConfusionSums);
}

/// The input of a predicted class against the rest; the other classes have 0.
pub(super) const PREDICTED: f32 = 1.0;

/// The gradient of many pixels of weight 1, to which losses add theirs.
pub trait ClassSlopes<const C: usize>: sealed::Batch {
    /// Adds the gradient of a loss to that of every pixel.
    fn add<L: ClassLoss<C>>(&mut self, loss: &L, slope: &L::Slope);

    /// Adds the gradient of a binary loss of each class against the rest. A class has the slope of its loss by p, and a factor of it. Without a slope its own
    /// loss does not count; its logit still changes the probabilities of the others.
    fn add_of_each_class<L: Loss>(&mut self, loss: &L, slopes: &[Option<(L::Slope, f32)>; C]);
}

/// One pixel and its weight.
pub(super) struct OneClassPixel<'a, const C: usize> {
    pub(super) pixel: &'a ClassPixel<f32, C>,
    pub(super) weight: f32,
    /// The class of the largest logit.
    pub(super) predicted: usize,
}

impl<const C: usize> sealed::Batch for OneClassPixel<'_, C> {}

impl<const C: usize> ClassBatch<C> for OneClassPixel<'_, C> {
    type OneClass<'a>
        = OneClass
    where
        Self: 'a;

    #[inline(always)]
    fn classes(&self) -> usize {
        self.pixel.classes
    }

    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(
        &self,
        terms: &impl ClassTerms<N, C>,
        sums: &mut [ExactSum<DIGITS>; N],
    ) {
        let terms = terms.terms(self.pixel, self.weight);
        for (sum, &term) in sums.iter_mut().zip(&terms) {
            sum.add(term);
        }
    }

    #[inline(always)]
    fn class(&self, class: usize, factor: f32) -> OneClass {
        let of = |values: &[f32; C]| values.get(class).copied().unwrap_or(0.0);
        let ClassPixel { target, p, q, cross_entropy, .. } = self.pixel;
        OneClass {
            pixel: against_the_rest(
                f32::from(u8::from(class == self.predicted)),
                of(target),
                of(p),
                of(q),
                of(cross_entropy),
            ),
            weight: self.weight * factor,
        }
    }

    #[inline(always)]
    fn add_hard_class(&self, class: usize, soft: &mut ConfusionSums, hard: &mut ConfusionSums) {
        let OneClass { pixel, weight } = self.class(class, 1.0);
        let one = OnePixel { pixel: &pixel, weight };
        let targets = one.count_confusion(PREDICTED, hard, UnitSum::add_count);
        add_hard_confusion(&one, targets, soft);
    }
}

/// One class of a pixel.
pub(super) struct OneClass {
    pixel: Pixel<f32>,
    weight: f32,
}

impl sealed::Batch for OneClass {}

impl Batch for OneClass {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        OnePixel { pixel: &self.pixel, weight: self.weight }.add(terms, sums);
    }
}
