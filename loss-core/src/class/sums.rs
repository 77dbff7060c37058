//! The sums that every class accumulator keeps.

use core::array;

use super::batch::{ClassBatch, PREDICTED, PixelWeight};
use crate::sums::batch::{Batch, HardConfusion, SoftConfusion};
use crate::sums::confusion::{ConfusionSums, finish_confusion};
use crate::sums::counts::Counts;
use crate::sums::exact::UnitSum;
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// Counts, Σ w, and the soft and hard confusion of each class against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ClassSums<const C: usize> {
    pub(super) counts: Counts,
    weight: UnitSum,
    soft: [ConfusionSums; C],
    hard: [ConfusionSums; C],
}

/// The number of integers at the start of the state that count pixels.
pub(super) const COUNTS: usize = 6;

impl<const C: usize> ClassSums<C> {
    pub(super) fn new() -> Self {
        Self {
            counts: Counts::default(),
            weight: UnitSum::ZERO,
            soft: [ConfusionSums::default(); C],
            hard: [ConfusionSums::default(); C],
        }
    }

    /// Adds valid pixels.
    #[inline(always)]
    pub(super) fn add(&mut self, pixels: &impl ClassBatch<C>) {
        pixels.add(&PixelWeight, array::from_mut(&mut self.weight));
        for (class, (soft, hard)) in (0..pixels.classes()).zip(self.soft.iter_mut().zip(&mut self.hard)) {
            let one = pixels.class(class, 1.0);
            one.add(&SoftConfusion, soft);
            one.add(&HardConfusion { threshold: PREDICTED }, hard);
        }
    }

    /// Adds `count` valid pixels with labels and weight 1. The confusion of a class is counted.
    #[inline(always)]
    pub(super) fn add_hard(&mut self, pixels: &impl ClassBatch<C>, count: u32) {
        self.weight.add_count(count);
        for (class, (soft, hard)) in (0..pixels.classes()).zip(self.soft.iter_mut().zip(&mut self.hard)) {
            pixels.add_hard_class(class, soft, hard);
        }
    }

    pub(super) fn finish(&self, classes: usize) -> ClassTotals<C> {
        let (weight, pixels) = (self.weight.to_f64(), self.counts.not_rejected());
        let mut of_class = [Totals::NONE; C];
        for ((totals, soft), hard) in of_class.iter_mut().zip(&self.soft).zip(&self.hard) {
            let [soft, hard] = [soft, hard].map(|sums| finish_confusion(sums, &self.weight));
            // The inputs are logits, so p is never 0 or 1.
            *totals = Totals { weight, pixels, soft, hard, never_certain: true };
        }
        ClassTotals { classes, weight, pixels, of_class }
    }

    fn each(&mut self) -> impl Iterator<Item = &mut UnitSum> {
        let confusions = self.soft.iter_mut().chain(&mut self.hard);
        core::iter::once(&mut self.weight).chain(confusions.flatten())
    }
}

impl<const C: usize> Sums for ClassSums<C> {
    fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        let mut other = *other;
        self.each().zip(other.each()).for_each(|(sum, more)| sum.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.counts.save(to);
        let mut copy = *self;
        copy.each().for_each(|sum| Sums::save(sum, to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.counts.load(from)?;
        self.each().try_for_each(|sum| Sums::load(sum, from))
    }
}

/// The finished sums that all losses over classes share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassTotals<const C: usize> {
    /// The number of classes in use.
    pub classes: usize,
    /// Σ w over the valid pixels.
    pub weight: f64,
    /// The number of pixels that were not rejected, ignored ones included.
    pub pixels: f64,
    /// The totals of each class against the rest.
    pub of_class: [Totals; C],
}
