//! The sums behind a loss, and what all losses share of them.

use core::array;

use self::sealed::SharedSums as _;
use crate::batch::{Batch, HardBatch, HardConfusion, PixelWeight, SoftConfusion, add_hard_confusion};
use crate::error::StateError;
use crate::exact::{ExactSum, ProbabilitySum, UnitSum};
use crate::fingerprint::Fingerprint;
use crate::finished::{Confusion, Counts};
use crate::pixel::{HardSample, Sample};

/// Sums that can be merged and turned into integers and back.
pub trait Sums: Clone + PartialEq + core::fmt::Debug {
    /// Adds other sums of the same loss.
    fn merge(&mut self, other: &Self);

    /// Hands over the integers, in the order of the losses.
    fn save(&self, to: &mut impl FnMut(i64));

    /// Reads what [`save`](Self::save) gave, or element-wise sums of such. `None` if the integers run out.
    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()>;
}

/// Sums whose number of integers is known at compile time.
pub trait FixedSums: Sums {
    /// How many integers [`save`](Sums::save) gives.
    const LENGTH: usize;
}

impl Sums for () {
    fn merge(&mut self, (): &Self) {}

    fn save(&self, _: &mut impl FnMut(i64)) {}

    fn load(&mut self, _: &mut impl Iterator<Item = i64>) -> Option<()> {
        Some(())
    }
}

impl FixedSums for () {
    const LENGTH: usize = 0;
}

impl<const N: usize> Sums for ExactSum<N> {
    #[inline]
    fn merge(&mut self, other: &Self) {
        ExactSum::merge(self, other);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.digits().into_iter().for_each(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        let mut digits = [0; N];
        for digit in &mut digits {
            *digit = from.next()?;
        }
        *self = Self::from_digits(digits);
        Some(())
    }
}

impl<const N: usize> FixedSums for ExactSum<N> {
    const LENGTH: usize = N;
}

impl<S: Sums, const N: usize> Sums for [S; N] {
    fn merge(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(sum, more)| sum.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.iter().for_each(|sum| sum.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.iter_mut().try_for_each(|sum| sum.load(from))
    }
}

impl<S: FixedSums, const N: usize> FixedSums for [S; N] {
    const LENGTH: usize = S::LENGTH * N;
}

impl<A: Sums, B: Sums> Sums for (A, B) {
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
        self.1.merge(&other.1);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.save(to);
        self.1.save(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.load(from)?;
        self.1.load(from)
    }
}

impl<A: FixedSums, B: FixedSums> FixedSums for (A, B) {
    const LENGTH: usize = A::LENGTH + B::LENGTH;
}

impl Sums for Counts {
    fn merge(&mut self, other: &Self) {
        for (count, more) in self.each_mut().into_iter().zip(other.each()) {
            *count = count.wrapping_add(more);
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.each().into_iter().for_each(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        for count in self.each_mut() {
            *count = from.next()?;
        }
        Some(())
    }
}

/// How many integers a state has.
pub(crate) fn state_length(sums: &impl Sums) -> usize {
    let mut length = 0usize;
    sums.save(&mut |_| length = length.wrapping_add(1));
    length
}

/// Writes a state into a slice of exactly its length.
pub(crate) fn write_state(sums: &impl Sums, state: &mut [i64]) -> Result<(), StateError> {
    let (expected, given) = (state_length(sums), state.len());
    if given != expected {
        return Err(StateError::Length { expected, given });
    }
    let mut to = state.iter_mut();
    sums.save(&mut |integer| {
        if let Some(to) = to.next() {
            *to = integer;
        }
    });
    Ok(())
}

/// Makes sums of a state that has exactly as many integers as theirs, and whose counts of pixels can be such.
pub(crate) fn read_state<S: Sums>(
    empty: S,
    counts: impl FnOnce(&S) -> Counts,
    state: impl IntoIterator<Item = i64>,
) -> Result<S, StateError> {
    let mut given = 0usize;
    // One more than the sums ask for, at most.
    let mut integers = state.into_iter().inspect(|_| given = given.wrapping_add(1));
    let mut sums = empty;
    let complete = sums.load(&mut integers).is_some();
    if complete && integers.next().is_none() {
        counts(&sums).not_negative()?;
        return Ok(sums);
    }
    drop(integers);
    Err(StateError::Length { expected: state_length(&sums), given })
}

/// Σ w·(…) of the ways in which prediction and target can meet, soft or at a threshold: true positives, false positives and
/// false negatives.
///
/// True negatives are not summed: they are what is left of Σ w.
pub(crate) type ConfusionSums = [UnitSum; 3];

pub(crate) fn finish_confusion<const DIGITS: usize>(
    sums: &[ExactSum<DIGITS>; 3],
    weight: &ExactSum<DIGITS>,
) -> Confusion {
    let mut rest = *weight;
    sums.iter().for_each(|sum| rest.subtract(sum));
    let [true_positive, false_positive, false_negative] = sums.each_ref().map(|sum| sum.to_f64());
    // The rounding of terms can leave a little less than nothing.
    let true_negative = if rest.is_negative() { 0.0 } else { rest.to_f64() };
    Confusion { true_positive, false_positive, false_negative, true_negative }
}

/// The sums that an accumulator keeps whatever its loss: [`WeightedSums`] or [`CountedSums`].
pub trait SharedSums: Sums + FixedSums + Default + sealed::SharedSums {
    /// What is pushed: a pixel that these sums have room for.
    type Sample: Into<Sample>;
}

pub(crate) mod sealed {
    use super::{Counts, Fingerprint, HardBatch, Totals};

    pub trait SharedSums {
        /// Adds valid pixels, which are predicted to be foreground from a threshold of the input on.
        fn add_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds what is not their weight of valid pixels with hard targets and weights of 1.
        fn add_hard_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds the weights of so many pixels of weight 1.
        fn add_unit_weights(&mut self, count: u32);

        fn counts(&self) -> Counts;

        /// Counts pixels.
        fn count_pixels<R>(&mut self, act: impl FnOnce(&mut Counts) -> R) -> R;

        fn finish(&self) -> Totals;

        /// Adds what tells these sums from others.
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
    /// Adds valid pixels, which are predicted to be foreground from a threshold of the input on.
    #[inline(always)]
    pub(crate) fn add(&mut self, pixels: &impl Batch, threshold: f32) {
        pixels.add(&PixelWeight, array::from_mut(&mut self.weight));
        pixels.add(&SoftConfusion, &mut self.soft);
        pixels.add(&HardConfusion { threshold }, &mut self.hard);
    }
}

impl SharedSums for WeightedSums {
    type Sample = Sample;
}

impl sealed::SharedSums for WeightedSums {
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

    fn finish(&self) -> Totals {
        Totals {
            weight: self.weight.to_f64(),
            pixels: self.counts.not_rejected(),
            soft: finish_confusion(&self.soft, &self.weight),
            hard: finish_confusion(&self.hard, &self.weight),
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

/// The shared sums of pixels with hard targets and no weights: little more than half of [`WeightedSums`].
///
/// Σ w is the number of valid pixels, and the hard confusion a matter of counting. No weight and no label can be rejected.
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

    // The number of valid pixels says it.
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

    fn finish(&self) -> Totals {
        let weight = ProbabilitySum::from_digits([0, 0, self.valid]);
        let [true_positive, false_positive, false_negative] = self.hard.map(|count| count as f64);
        let true_negative = self.hard.iter().fold(self.valid, |rest, count| rest.saturating_sub(*count)).max(0) as f64;
        Totals {
            weight: weight.to_f64(),
            pixels: self.counts().not_rejected(),
            soft: finish_confusion(&self.soft, &weight),
            hard: Confusion { true_positive, false_positive, false_negative, true_negative },
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
        self.hard.iter_mut().zip(other.hard).for_each(|(count, more)| *count = count.wrapping_add(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        [self.valid, self.ignored, self.rejected_inputs, self.rejected_targets].into_iter().for_each(&mut *to);
        self.soft.save(to);
        self.hard.into_iter().for_each(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        for count in [&mut self.valid, &mut self.ignored, &mut self.rejected_inputs, &mut self.rejected_targets] {
            *count = from.next()?;
        }
        self.soft.load(from)?;
        for count in &mut self.hard {
            *count = from.next()?;
        }
        Some(())
    }
}

impl FixedSums for CountedSums {
    const LENGTH: usize = 4 + 3 * ProbabilitySum::LENGTH + 3;
}

/// The finished sums that all losses share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// Σ w over the valid pixels.
    pub weight: f64,
    /// The number of pixels that were not rejected, ignored ones included.
    pub pixels: f64,
    /// Σ w p t, Σ w p (1−t), Σ w (1−p) t and Σ w (1−p)(1−t).
    pub soft: Confusion,
    /// The same with p replaced by 1 at and above the threshold and by 0 below it.
    pub hard: Confusion,
}
