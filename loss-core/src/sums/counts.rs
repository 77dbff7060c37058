//! Counts of valid, ignored and rejected pixels.

use super::state::{FixedSums, MOST_PIXELS, Sums, add_counts, load_count};
use crate::input::sample::Reason;

/// The number of pixels that were valid, ignored and rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counts {
    /// Pixels in the sums.
    pub valid: i64,
    /// Pixels with weight 0, or masked out.
    pub ignored: i64,
    /// Rejected: the logit is not finite, or the probability lies outside [0, 1].
    pub rejected_inputs: i64,
    /// Rejected: the target lies outside [0, 1].
    pub rejected_targets: i64,
    /// Rejected: the weight is neither 0 nor in [2⁻³², 2³²].
    pub rejected_weights: i64,
    /// Rejected: the label is no class. Binary losses have no labels.
    pub rejected_labels: i64,
}

impl Counts {
    pub(crate) const NONE: Self =
        Self { valid: 0, ignored: 0, rejected_inputs: 0, rejected_targets: 0, rejected_weights: 0, rejected_labels: 0 };

    /// All pixels.
    pub fn pixels(&self) -> i64 {
        self.each().into_iter().fold(0, i64::saturating_add)
    }

    /// The rejected pixels.
    pub fn rejected(&self) -> i64 {
        let Self { rejected_inputs, rejected_targets, rejected_weights, rejected_labels, .. } = *self;
        [rejected_inputs, rejected_targets, rejected_weights, rejected_labels].into_iter().fold(0, i64::saturating_add)
    }

    /// The valid and the ignored pixels.
    pub(crate) fn not_rejected(&self) -> f64 {
        self.valid.saturating_add(self.ignored) as f64
    }

    pub(crate) fn ignore(&mut self) {
        self.ignored = self.ignored.wrapping_add(1);
    }

    /// Counts a valid pixel.
    #[inline(always)]
    pub(crate) fn accept(&mut self) {
        self.valid = self.valid.wrapping_add(1);
    }

    /// Counts valid and ignored pixels.
    #[inline(always)]
    pub(crate) fn accept_many(&mut self, valid: i64, ignored: i64) {
        self.valid = self.valid.wrapping_add(valid);
        self.ignored = self.ignored.wrapping_add(ignored);
    }

    /// Counts a rejected pixel, and records it in `first` if that is empty.
    pub(crate) fn reject(&mut self, reason: Reason, first: &mut Option<RejectedPixel>) {
        first.get_or_insert(RejectedPixel { index: self.pixels(), reason });
        let count = match reason {
            Reason::Input => &mut self.rejected_inputs,
            Reason::Target => &mut self.rejected_targets,
            Reason::Weight => &mut self.rejected_weights,
            Reason::Label => &mut self.rejected_labels,
        };
        *count = count.wrapping_add(1);
    }

    pub(crate) fn each(&self) -> [i64; 6] {
        let Self { valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels } = *self;
        [valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels]
    }

    pub(crate) fn each_mut(&mut self) -> [&mut i64; 6] {
        [
            &mut self.valid,
            &mut self.ignored,
            &mut self.rejected_inputs,
            &mut self.rejected_targets,
            &mut self.rejected_weights,
            &mut self.rejected_labels,
        ]
    }
}

/// The first pixel that an accumulator rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RejectedPixel {
    /// The number of pixels before it.
    pub index: i64,
    /// The reason of the rejection.
    pub reason: Reason,
}

impl Sums for Counts {
    fn merge(&mut self, other: &Self) {
        for (count, more) in self.each_mut().into_iter().zip(other.each()) {
            *count = add_counts(*count, more);
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.each().into_iter().for_each(|count| to(count.min(MOST_PIXELS)));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        for count in self.each_mut() {
            *count = load_count(from)?;
        }
        Some(())
    }
}

/// A count of pixels, which adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) i64);

impl Count {
    #[inline(always)]
    pub(crate) fn add(&mut self, pixels: u64) {
        self.0 = self.0.wrapping_add(pixels as i64);
    }
}

impl Sums for Count {
    fn merge(&mut self, other: &Self) {
        self.0 = add_counts(self.0, other.0);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        to(self.0.min(MOST_PIXELS));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0 = load_count(from)?;
        Some(())
    }
}

impl FixedSums for Count {
    const LENGTH: usize = 1;
}
