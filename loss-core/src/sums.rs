//! The sums behind a loss, and what all losses share of them.

use core::array;

use self::sealed::SharedSums as _;
use crate::batch::{Batch, HardBatch, HardConfusion, PixelWeight, SoftConfusion, Terms, add_hard_confusion};
use crate::error::StateError;
use crate::exact::{ExactSum, ProbabilitySum, TermSum, UnitSum};
use crate::fingerprint::Fingerprint;
use crate::finished::{Confusion, Counts};
use crate::pixel::{HardSample, Pixel, Sample};

/// Sums that can be merged and turned into integers and back.
pub trait Sums: Clone + PartialEq + core::fmt::Debug {
    /// Adds other sums of the same loss.
    fn merge(&mut self, other: &Self);

    /// Hands over the integers, in the order of the losses.
    fn save(&self, to: &mut impl FnMut(i64));

    /// Reads what [`save`](Self::save) gave, or element-wise sums of such. `None` if the integers run out, or as soon as one was read that no
    /// pixels can have made.
    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()>;

    /// Whether a term was larger than the largest `f32`, so that there is no value: then a result is refused. Whoever keeps an [`ExactSum`]
    /// whose terms can be that large passes its answer on.
    fn is_saturated(&self) -> bool {
        false
    }
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
        for (place, digit) in (1..).zip(&mut digits) {
            *digit = from.next()?;
            let range = if place < N { 0..=DIGITS_OF_STATES } else { -SATURATED_STATES..=MOST_PIXELS };
            range.contains(digit).then_some(())?;
        }
        *self = Self::from_digits(digits);
        (N == TermSum::LENGTH || !self.is_negative()).then_some(())
    }

    fn is_saturated(&self) -> bool {
        ExactSum::is_saturated(self)
    }
}

/// The most that a digit of 32 bits can be, added over 2²⁰ states.
const DIGITS_OF_STATES: i64 = 0xffff_ffff << 20;

/// The last digits of 2²⁰ saturated states, but for the sign.
const SATURATED_STATES: i64 = 1 << 62;

/// Where a count of pixels stops: a larger one is that large in a state, and a state with a larger one is refused. A last digit of a sum, which
/// counts as many terms of the largest size, likewise.
pub(crate) const MOST_PIXELS: i64 = 1 << 60;

/// Adds counts of pixels.
pub(crate) fn add_counts(count: i64, more: i64) -> i64 {
    count.saturating_add(more).min(MOST_PIXELS)
}

/// Reads a count of pixels.
pub(crate) fn load_count(from: &mut impl Iterator<Item = i64>) -> Option<i64> {
    from.next().filter(|count| (0..=MOST_PIXELS).contains(count))
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

    fn is_saturated(&self) -> bool {
        self.iter().any(S::is_saturated)
    }
}

impl<S: FixedSums, const N: usize> FixedSums for [S; N] {
    const LENGTH: usize = S::LENGTH * N;
}

/// Sums that a loss needs or not, as its options say: all sums of the same loss have them, or none has.
impl<S: Sums> Sums for Option<S> {
    fn merge(&mut self, other: &Self) {
        if let (Some(sums), Some(more)) = (self, other) {
            sums.merge(more);
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        if let Some(sums) = self {
            sums.save(to);
        }
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.as_mut().map_or(Some(()), |sums| sums.load(from))
    }

    fn is_saturated(&self) -> bool {
        self.as_ref().is_some_and(S::is_saturated)
    }
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

    fn is_saturated(&self) -> bool {
        self.0.is_saturated() || self.1.is_saturated()
    }
}

impl<A: FixedSums, B: FixedSums> FixedSums for (A, B) {
    const LENGTH: usize = A::LENGTH + B::LENGTH;
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

/// Makes sums of a state that has exactly as many integers as theirs, each of which pixels can have made. The first `counts` of them are counts.
pub(crate) fn read_state<S: Sums>(
    empty: S,
    counts: usize,
    state: impl IntoIterator<Item = i64>,
) -> Result<S, StateError> {
    let (mut given, mut last, mut ended) = (0usize, 0, false);
    let mut state = state.into_iter();
    // One more than the sums ask for, at most.
    let mut integers = core::iter::from_fn(|| {
        let next = state.next();
        match next {
            Some(integer) => (given, last) = (given.wrapping_add(1), integer),
            None => ended = true,
        }
        next
    });
    let mut sums = empty;
    let loaded = sums.load(&mut integers).is_some();
    if loaded && integers.next().is_none() {
        return Ok(sums);
    }
    let expected = state_length(&sums);
    if loaded || ended {
        return Err(StateError::Length { expected, given });
    }
    // What was read last was refused. If there are more or fewer integers than there should be, it may not be where it should be either.
    let index = given.wrapping_sub(1);
    let given = given.wrapping_add(state.take(expected.saturating_sub(index)).count());
    if given != expected {
        return Err(StateError::Length { expected, given });
    }
    Err(if index < counts && last < 0 { StateError::NegativeCount { index } } else { StateError::OutOfRange { index } })
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

/// Terms up to this, 2⁻⁶⁵, round to 0.
pub(crate) const ROUNDS_TO_ZERO: f32 = 1.0 / (1u128 << 65) as f32;

/// The next larger term, which rounds to a unit.
pub(crate) const ROUNDS_TO_UNIT: f32 = f32::from_bits(ROUNDS_TO_ZERO.to_bits() + 1);

/// Leaves a trace of the errors of a pixel whose p or 1 − p may be 0 (see [`Link::NEVER_CERTAIN`](crate::Link::NEVER_CERTAIN)): a false positive or a
/// false negative that is there, and rounds to 0, counts as one unit of 2⁻⁶⁴. A prediction then is not mistaken for none.
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

/// The sums that an accumulator keeps whatever its loss: [`WeightedSums`] or [`CountedSums`].
pub trait SharedSums: Sums + FixedSums + Default + sealed::SharedSums {
    /// What is pushed: a pixel that these sums have room for.
    type Sample: Into<Sample>;
}

pub(crate) mod sealed {
    use super::{Counts, Fingerprint, HardBatch, Pixel, Totals};

    pub trait SharedSums {
        /// How many integers of the state, from the first on, are the [`Counts`].
        const COUNTS: usize;

        /// Adds valid pixels, which are predicted to be foreground from a threshold of the input on.
        fn add_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds what is not their weight of valid pixels with hard targets and weights of 1.
        fn add_hard_pixels(&mut self, pixels: &impl HardBatch, threshold: f32);

        /// Adds the weights of so many pixels of weight 1.
        fn add_unit_weights(&mut self, count: u32);

        fn counts(&self) -> Counts;

        /// Counts pixels.
        fn count_pixels<R>(&mut self, act: impl FnOnce(&mut Counts) -> R) -> R;

        /// Leaves a trace of the errors of a pixel, see [`leave_traces`](super::leave_traces).
        fn leave_traces(&mut self, pixel: &Pixel<f32>, weight: f32);

        /// The totals. `never_certain`: see [`Link::NEVER_CERTAIN`](crate::Link::NEVER_CERTAIN).
        fn finish(&self, never_certain: bool) -> Totals;

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
    /// Whether p and 1 − p are above 0 in every pixel, as those of logits are, even where they are too small for the sums.
    pub never_certain: bool,
}

impl Totals {
    /// Of no pixels.
    pub const NONE: Self =
        Self { weight: 0.0, pixels: 0.0, soft: Confusion::NONE, hard: Confusion::NONE, never_certain: false };

    /// Whether Σ w p (1−t) and Σ w (1−p) t are above 0, though they may be below 2⁻⁶⁵ and 0 in [`soft`](Self::soft): whether there are false
    /// positives, and false negatives.
    ///
    /// All losses ask here whether a denominator of 0 means that nothing is predicted.
    #[must_use]
    pub fn has_errors(&self) -> [bool; 2] {
        // By the bits, where sums and comparisons of `f64` are calls that take flash.
        let is_positive = |sum: f64| sum.to_bits() as i64 > 0;
        let Self { soft, hard, never_certain, .. } = *self;
        let any = |of: [f64; 2]| never_certain && of.into_iter().any(is_positive);
        [
            is_positive(soft.false_positive) || any([hard.false_positive, hard.true_negative]),
            is_positive(soft.false_negative) || any([hard.true_positive, hard.false_negative]),
        ]
    }

    /// Whether there are errors that weigh anything, if false positives weigh α and false negatives β, neither of them below 0. A call of its own, because it is seldom asked.
    #[cold]
    #[inline(never)]
    pub(crate) fn has_weighed_errors(&self, [alpha, beta]: [f64; 2]) -> bool {
        let [false_positives, false_negatives] = self.has_errors();
        (false_positives && alpha.to_bits() << 1 != 0) || (false_negatives && beta.to_bits() << 1 != 0)
    }
}
