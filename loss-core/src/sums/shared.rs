//! The sums that all losses share.

use self::sealed::SharedSums as _;
use super::batch::{Batch, HardBatch, HardConfusion, SoftConfusion, Terms, add_background, add_hard_confusion};
use super::confusion::{Confusion, ConfusionSums, finish_confusion};
use super::counts::Counts;
use super::exact::{ExactSum, ProbabilitySum, UnitSum};
use super::state::{FixedSums, MOST_PIXELS, Sums, add_counts, load_count};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::input::sample::{HardSample, Sample};

/// Terms up to this, 2⁻⁶⁵, round to 0.
pub(crate) const ROUNDS_TO_ZERO: f32 = 1.0 / (1u128 << 65) as f32;

/// The next larger term, which rounds to a unit.
pub(crate) const ROUNDS_TO_UNIT: f32 = f32::from_bits(ROUNDS_TO_ZERO.to_bits() + 1);

/// Records the errors of a pixel whose p or 1 − p may be 0 (see [`Link::NEVER_CERTAIN`](crate::extend::Link::NEVER_CERTAIN)). A false positive or
/// false negative that is above 0 but rounds to 0 counts as one unit of 2⁻⁶⁴, so that a prediction is not mistaken for none.
#[inline]
fn leave_traces<const DIGITS: usize>(soft: &mut [ExactSum<DIGITS>; 3], pixel: &Pixel<f32>, weight: f32) {
    let [_, false_positive, false_negative] = SoftConfusion.terms(pixel, weight);
    let [_, positives, negatives] = soft;
    for (sum, term, p, share) in
        [(positives, false_positive, pixel.p, pixel.background), (negatives, false_negative, pixel.q, pixel.target)]
    {
        if term <= ROUNDS_TO_ZERO && p > 0.0 && share > 0.0 {
            sum.add(2.0 * ROUNDS_TO_ZERO);
        }
    }
}

/// The sums that an accumulator keeps for every loss: [`WeightedSums`] or [`CountedSums`].
pub trait SharedSums: Sums + FixedSums + Default + sealed::SharedSums {
    /// The type of a pixel that these sums store.
    type Sample: Into<Sample>;
}

pub(crate) mod sealed {
    use super::{Counts, Fingerprint, HardBatch, IntegerTotals, Pixel, Totals};

    pub trait SharedSums {
        /// The number of integers at the start of the state that are [`Counts`].
        const COUNTS: usize;

        /// Adds valid pixels; an input at or above the threshold predicts foreground.
        fn add_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds everything but the weights of valid pixels with hard targets and weight 1.
        fn add_hard_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds the weights of `count` pixels of weight 1.
        fn add_unit_weights(&mut self, count: u32);

        fn counts(&self) -> Counts;

        /// Counts pixels.
        fn count_pixels<R>(&mut self, act: impl FnOnce(&mut Counts) -> R) -> R;

        /// Records the errors of a pixel, see [`leave_traces`](super::leave_traces).
        fn leave_traces(&mut self, pixel: &Pixel<f32>, weight: f32);

        /// The totals. `never_certain`: see [`Link::NEVER_CERTAIN`](crate::extend::Link::NEVER_CERTAIN).
        fn finish(&self, never_certain: bool) -> Totals;

        /// The totals as integers.
        fn integers(&self, never_certain: bool) -> IntegerTotals;

        /// Adds what distinguishes these sums from others.
        fn fingerprint(fingerprint: &mut Fingerprint);
    }
}

/// The shared sums of pixels with any target and weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightedSums {
    counts: Counts,
    weight: UnitSum,
    soft: ConfusionSums,
    hard: ConfusionSums,
}

impl WeightedSums {
    /// Adds valid pixels; an input at or above the threshold predicts foreground.
    #[inline(always)]
    pub(crate) fn add(&mut self, pixels: &impl Batch, threshold: f32) {
        pixels.add_weights(&mut self.weight);
        if pixels.may_have_foreground() {
            pixels.add(&SoftConfusion, &mut self.soft);
            pixels.add(&HardConfusion { threshold }, &mut self.hard);
        } else {
            let ([_, soft, _], [_, hard, _]) = (&mut self.soft, &mut self.hard);
            add_background(pixels, threshold, soft, hard);
        }
    }
}

impl SharedSums for WeightedSums {
    type Sample = Sample;
}

impl sealed::SharedSums for WeightedSums {
    const COUNTS: usize = 6;

    #[inline(always)]
    fn add_pixels(&mut self, pixels: &impl HardBatch, threshold: f32) {
        self.add(pixels, threshold);
    }

    #[inline(always)]
    fn add_hard_pixels(&mut self, pixels: &impl HardBatch, threshold: f32) {
        let targets = pixels.count_confusion(threshold, &mut self.hard, UnitSum::add_count);
        add_hard_confusion(pixels, targets, &mut self.soft);
    }

    #[inline(always)]
    fn add_unit_weights(&mut self, count: u32) {
        self.weight.add_count(count);
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    #[inline(always)]
    fn count_pixels<R>(&mut self, act: impl FnOnce(&mut Counts) -> R) -> R {
        act(&mut self.counts)
    }

    #[inline]
    fn leave_traces(&mut self, pixel: &Pixel<f32>, weight: f32) {
        leave_traces(&mut self.soft, pixel, weight);
    }

    fn finish(&self, never_certain: bool) -> Totals {
        Totals {
            weight: self.weight.to_f64(),
            pixels: self.counts.not_rejected(),
            soft: finish_confusion(&self.soft, &self.weight),
            hard: finish_confusion(&self.hard, &self.weight),
            never_certain,
        }
    }

    fn integers(&self, never_certain: bool) -> IntegerTotals {
        let [true_positive, _, false_negative] = &self.hard;
        IntegerTotals {
            weight: self.weight,
            pixels: self.counts.valid.saturating_add(self.counts.ignored),
            soft: self.soft,
            has_foreground: !true_positive.is_zero() || !false_negative.is_zero(),
            never_certain: never_certain && self.counts.valid > 0,
        }
    }

    fn fingerprint(_: &mut Fingerprint) {}
}

impl Sums for WeightedSums {
    fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.weight.merge(&other.weight);
        Sums::merge(&mut self.soft, &other.soft);
        Sums::merge(&mut self.hard, &other.hard);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.counts.save(to);
        self.weight.save(to);
        self.soft.save(to);
        self.hard.save(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.counts.load(from)?;
        self.weight.load(from)?;
        self.soft.load(from)?;
        self.hard.load(from)
    }
}

impl FixedSums for WeightedSums {
    const LENGTH: usize = 6 + 7 * UnitSum::LENGTH;
}

/// The shared sums of pixels with hard targets and no weights, in little more than half the memory of [`WeightedSums`].
///
/// Σ w is the number of valid pixels, and the hard confusion is counted. No weight and no label can be rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountedSums {
    valid: i64,
    ignored: i64,
    rejected_inputs: i64,
    rejected_targets: i64,
    soft: [ProbabilitySum; 3],
    hard: [i64; 3],
}

impl SharedSums for CountedSums {
    type Sample = HardSample;
}

impl sealed::SharedSums for CountedSums {
    const COUNTS: usize = 4;

    #[inline(always)]
    fn add_pixels(&mut self, pixels: &impl HardBatch, threshold: f32) {
        let add = |sum: &mut i64, count: u32| *sum = sum.wrapping_add(count.into());
        let targets = pixels.count_confusion(threshold, &mut self.hard, add);
        add_hard_confusion(pixels, targets, &mut self.soft);
    }

    #[inline(always)]
    fn add_hard_pixels(&mut self, pixels: &impl HardBatch, threshold: f32) {
        self.add_pixels(pixels, threshold);
    }

    // The number of valid pixels holds the weight.
    fn add_unit_weights(&mut self, _: u32) {}

    #[inline(always)]
    fn counts(&self) -> Counts {
        let Self { valid, ignored, rejected_inputs, rejected_targets, .. } = *self;
        Counts { valid, ignored, rejected_inputs, rejected_targets, ..Counts::NONE }
    }

    #[inline(always)]
    fn count_pixels<R>(&mut self, act: impl FnOnce(&mut Counts) -> R) -> R {
        let mut counts = self.counts();
        let result = act(&mut counts);
        let Counts { valid, ignored, rejected_inputs, rejected_targets, .. } = counts;
        *self = Self { valid, ignored, rejected_inputs, rejected_targets, ..*self };
        result
    }

    #[inline]
    fn leave_traces(&mut self, pixel: &Pixel<f32>, weight: f32) {
        leave_traces(&mut self.soft, pixel, weight);
    }

    fn finish(&self, never_certain: bool) -> Totals {
        let weight = ProbabilitySum::from_digits([0, 0, self.valid]);
        let [true_positive, false_positive, false_negative] = self.hard.map(|count| count as f64);
        let true_negative = self.hard.iter().fold(self.valid, |rest, count| rest.saturating_sub(*count)).max(0) as f64;
        Totals {
            weight: weight.to_f64(),
            pixels: self.counts().not_rejected(),
            soft: finish_confusion(&self.soft, &weight),
            hard: Confusion { true_positive, false_positive, false_negative, true_negative },
            never_certain,
        }
    }

    fn integers(&self, never_certain: bool) -> IntegerTotals {
        let [true_positive, _, false_negative] = self.hard;
        IntegerTotals {
            weight: UnitSum::whole(self.valid),
            pixels: self.valid.saturating_add(self.ignored),
            soft: self.soft.map(|sum| sum.widened()),
            has_foreground: true_positive != 0 || false_negative != 0,
            never_certain: never_certain && self.valid > 0,
        }
    }

    fn fingerprint(fingerprint: &mut Fingerprint) {
        fingerprint.name("counted");
    }
}

impl Sums for CountedSums {
    fn merge(&mut self, other: &Self) {
        self.count_pixels(|counts| counts.merge(&other.counts()));
        Sums::merge(&mut self.soft, &other.soft);
        self.hard.iter_mut().zip(other.hard).for_each(|(count, more)| *count = add_counts(*count, more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        let counts = [self.valid, self.ignored, self.rejected_inputs, self.rejected_targets];
        counts.into_iter().for_each(|count| to(count.min(MOST_PIXELS)));
        self.soft.save(to);
        self.hard.into_iter().for_each(|count| to(count.min(MOST_PIXELS)));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        for count in [&mut self.valid, &mut self.ignored, &mut self.rejected_inputs, &mut self.rejected_targets] {
            *count = load_count(from)?;
        }
        self.soft.load(from)?;
        for count in &mut self.hard {
            *count = load_count(from)?;
        }
        Some(())
    }
}

impl FixedSums for CountedSums {
    const LENGTH: usize = 4 + 3 * ProbabilitySum::LENGTH + 3;
}

/// The finished sums that losses share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// Σ w over the valid pixels.
    pub weight: f64,
    /// The number of pixels that were not rejected, ignored ones included.
    pub pixels: f64,
    /// Σ w p t, Σ w p (1−t), Σ w (1−p) t and Σ w (1−p)(1−t).
    pub soft: Confusion,
    /// The same with p replaced by 1 at and above the threshold, and by 0 below it.
    pub hard: Confusion,
    /// Whether p and 1 − p are above 0 in every pixel, as they are for logits even where they are too small for the sums.
    pub never_certain: bool,
}

/// The sums that all losses share as integers, for a value without `f64`: see [`ExactValue`](crate::extend::ExactValue).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct IntegerTotals {
    /// Σ w over the valid pixels.
    pub weight: UnitSum,
    /// The number of pixels that were not rejected, ignored ones included.
    pub pixels: i64,
    /// Σ w p t, Σ w p (1−t) and Σ w (1−p) t.
    pub soft: [UnitSum; 3],
    /// Whether Σ w t is above 0.
    pub has_foreground: bool,
    /// Whether there are pixels, and p and 1 − p are above 0 in each, see [`Totals::never_certain`].
    pub never_certain: bool,
}

impl Totals {
    /// The totals of no pixels.
    pub const NONE: Self =
        Self { weight: 0.0, pixels: 0.0, soft: Confusion::NONE, hard: Confusion::NONE, never_certain: false };

    /// Whether there are false positives, and false negatives. They may be below 2⁻⁶⁵, and then 0 in
    /// [`soft`](Self::soft).
    ///
    /// Every loss uses this to decide whether a denominator of 0 means that nothing is predicted.
    #[must_use]
    pub fn has_errors(&self) -> [bool; 2] {
        // The test is on the bits, because sums and comparisons of `f64` are calls that take flash.
        let is_positive = |sum: f64| sum.to_bits() as i64 > 0;
        let Self { soft, hard, never_certain, .. } = *self;
        let any = |of: [f64; 2]| never_certain && of.into_iter().any(is_positive);
        [
            is_positive(soft.false_positive) || any([hard.false_positive, hard.true_negative]),
            is_positive(soft.false_negative) || any([hard.true_positive, hard.false_negative]),
        ]
    }

    /// Whether there are errors of any weight, with weights α of false positives and β of false negatives, neither below 0. It is a call because it is rare.
    #[cold]
    #[inline(never)]
    pub(crate) fn has_weighed_errors(&self, [alpha, beta]: [f64; 2]) -> bool {
        let [false_positives, false_negatives] = self.has_errors();
        (false_positives && alpha.to_bits() << 1 != 0) || (false_negatives && beta.to_bits() << 1 != 0)
    }
}
