//! The sums behind a loss, and what all losses share of them.

use core::array;

use crate::batch::{Batch, HardConfusion, PixelWeight, SoftConfusion, add_hard_confusion};
use crate::error::StateError;
use crate::exact::{ExactSum, UnitSum};
use crate::finished::{Confusion, Counts};

/// Sums that can be merged and turned into integers and back.
pub trait Sums: Clone + PartialEq + core::fmt::Debug {
    /// Adds other sums of the same loss.
    fn merge(&mut self, other: &Self);

    /// Brings every sum to its normal form.
    fn normalise(&mut self);

    /// Hands over the integers of the normal form, in the order of the losses.
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

    fn normalise(&mut self) {}

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

    fn normalise(&mut self) {
        ExactSum::normalise(self);
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

    fn normalise(&mut self) {
        self.iter_mut().for_each(S::normalise);
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

    fn normalise(&mut self) {
        self.0.normalise();
        self.1.normalise();
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

    fn normalise(&mut self) {}

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
    let mut length = 0;
    sums.save(&mut |_| length += 1);
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

/// Makes sums of a state that has exactly as many integers as theirs.
pub(crate) fn read_state<S: Sums>(empty: S, state: impl IntoIterator<Item = i64>) -> Result<S, StateError> {
    let mut given = 0;
    let mut integers = state.into_iter().inspect(|_| given += 1);
    let mut sums = empty;
    let complete = sums.load(&mut integers).is_some();
    if complete && integers.next().is_none() {
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

pub(crate) fn finish_confusion(sums: &ConfusionSums, weight: &UnitSum) -> Confusion {
    let mut rest = *weight;
    sums.iter().for_each(|sum| rest.subtract(sum));
    let [true_positive, false_positive, false_negative] = [0, 1, 2].map(|i| sums[i].to_f64());
    // The rounding of terms can leave a little less than nothing.
    Confusion { true_positive, false_positive, false_negative, true_negative: rest.to_f64().max(0.0) }
}

/// The sums that every accumulator keeps, whatever its loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SharedSums {
    pub(crate) counts: Counts,
    weight: UnitSum,
    soft: ConfusionSums,
    hard: ConfusionSums,
}

impl SharedSums {
    /// How many integers [`save`](Sums::save) gives.
    pub(crate) const LENGTH: usize = 6 + 7 * UnitSum::LENGTH;

    /// Adds valid pixels, which are predicted to be foreground from a threshold of the input on.
    #[inline(always)]
    pub(crate) fn add(&mut self, pixels: &impl Batch, threshold: f32) {
        pixels.add(&PixelWeight, array::from_mut(&mut self.weight));
        pixels.add(&SoftConfusion, &mut self.soft);
        pixels.add(&HardConfusion { threshold }, &mut self.hard);
    }

    /// Adds `pixels` valid pixels of weight 1 and hard targets. Their confusion is a matter of counting.
    #[inline(always)]
    pub(crate) fn add_hard(&mut self, pixels: &impl Batch, count: u32, confusion: [u32; 3]) {
        self.weight.add_count(count);
        let [true_positive, _, false_negative] = confusion;
        add_hard_confusion(pixels, true_positive + false_negative, &mut self.soft);
        self.hard.iter_mut().zip(confusion).for_each(|(sum, count)| sum.add_count(count));
    }

    pub(crate) fn finish(&self) -> Totals {
        Totals {
            weight: self.weight.to_f64(),
            pixels: self.counts.not_rejected(),
            soft: finish_confusion(&self.soft, &self.weight),
            hard: finish_confusion(&self.hard, &self.weight),
        }
    }
}

impl Sums for SharedSums {
    fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.weight.merge(&other.weight);
        Sums::merge(&mut self.soft, &other.soft);
        Sums::merge(&mut self.hard, &other.hard);
    }

    fn normalise(&mut self) {
        self.weight.normalise();
        Sums::normalise(&mut self.soft);
        Sums::normalise(&mut self.hard);
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
