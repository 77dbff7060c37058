//! Quantised logits or probabilities, counted: a table of how often each code met each target says all that the losses ask for.
//!
//! Start with a [`Histogram`], which returns the value of any loss. A [`GradientTable`] holds its gradient, [`ThresholdCurves`] the scores over thresholds and
//! [`Calibration`] the reliability of the probabilities.

// `bins.rs` adds a histogram to the sums of a loss. The sorted losses of a histogram are in `src/sorted/`, beside the others.

mod bins;
mod calibration;
mod code;
mod curves;
mod gradient;
mod meaning;
#[cfg(feature = "serde")]
mod serde;

use core::marker::PhantomData;

use crate::error::{LengthError, ParameterError, StateError};
use crate::fingerprint::Fingerprint;
use crate::input::link::{Logits, Probabilities};
use crate::input::quantisation::Quantisation;
use crate::input::sample::{Reason, Sample};
use crate::sums::counts::{Counts, RejectedPixel};

pub use calibration::{Calibration, ReliabilityBin};
pub use code::Code;
pub use curves::{OperatingPoint, ThresholdCurves};
pub use gradient::GradientTable;
pub use meaning::Meaning;

/// The number of pixels with each code of a quantised model and each target: one increment per pixel.
///
/// n(q, v), the number of pixels with code q and target v, determines every loss of this crate (it is a sufficient statistic):
///
/// Σ ℓ(zᵢ, tᵢ) = Σ n(q, v)·ℓ(z(q), t(v)), where z(q) = scale·(q − zero point) and t(v) = v/(TARGETS − 1),
///
/// and the sums on the right are as exact as those on the left. So one histogram gives all of these, with the same bits as the pixels one by one:
///
/// | result | method |
/// |---|---|
/// | any loss, at any γ, α, smoothing, threshold | [`accumulator`](Self::accumulator), [`Accumulator::extend_histogram`](crate::Accumulator::extend_histogram) |
/// | its gradient, from a table | [`gradient_table`](Self::gradient_table) |
/// | [`TopK`](crate::sorted::TopK) and [`Ohem`](crate::sorted::Ohem) | [`HardMining::histogram`](crate::sorted::HardMining::histogram) |
/// | the Lovász losses | [`lovasz_hinge`](Histogram::lovasz_hinge), [`lovasz_sigmoid`](Histogram::lovasz_sigmoid) |
/// | precision-recall and ROC curves, areas, the best threshold, calibration | [`curves`](Self::curves) |
///
/// **Shape.** Codes are `i8` or `u8`. Targets are bytes v below `TARGETS`. With 2 of them, by [`new`](Histogram::new), they are `bool`s or 0 and 1. With more, by
/// [`with_levels`](Self::with_levels), they are shares of foreground in equal steps, such as 8-bit masks (256) or the votes of three annotators (4). Other bytes
/// are rejected and counted. All pixels have weight 1; a mask ignores some.
///
/// **Meaning.** The codes stand for logits, or by the type for probabilities (`K`): TFLite's LOGISTIC and SOFTMAX give such, with scale 1/256 and
/// zero point −128. [`of_probabilities`](Histogram::of_probabilities) makes one, [`probability_accumulator`](Histogram::probability_accumulator) its sums. An
/// accumulator of logits does not take it:
///
/// ```
/// use loss_core::{Bce, Histogram, Pointwise, Quantisation};
///
/// let mut histogram = Histogram::of_probabilities(Quantisation::new(1.0 / 256.0, -128)?)?;
/// histogram.extend_codes(&[0i8, -64], &[true, false])?; // p = ½ and ¼
/// let bce = histogram.probability_accumulator(&Bce::new().mean(), 1e-7)?.finish()?;
/// assert!((bce.value() - (2f64.ln() - 0.75f64.ln()) / 2.0).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ```compile_fail,E0308
/// # use loss_core::{Bce, Histogram, Loss, Pointwise, Quantisation};
/// # let mut histogram = Histogram::of_probabilities(Quantisation::new(1.0 / 256.0, -128).unwrap()).unwrap();
/// # histogram.extend_codes(&[0i8, -64], &[true, false]).unwrap();
/// Bce::new().mean().accumulator().extend_histogram(&histogram); // p = ½ would be read as the logit ½
/// ```
///
/// **Memory.** 2 KiB for each level of the targets: 4 KiB for hard targets. 256 levels take 512 KiB; keep those off a small
/// stack. An increment is a 32-bit addition, which small processors have; its carry, once in 2³² pixels, goes to a second
/// word, so no count overflows. At least 2⁴⁰ pixels fit the sums of the losses.
///
/// **State.** [`for_each_of_state`](Self::for_each_of_state) passes on the ignored pixels, those rejected for their targets, then the counts from the lowest code up,
/// lowest target first: [`STATE_LENGTH`](Self::STATE_LENGTH) integers, which *add*, like those of an [`Accumulator`](crate::Accumulator#state).
///
/// ```
/// use loss_core::{Bce, Confusion, Dice, Focal, Histogram, Pointwise, Quantisation};
///
/// let (codes, mask) = ([40i8, -20, 35, -70, 10, -90], [1u8, 0, 1, 0, 1, 0]);
/// let mut histogram = Histogram::new(Quantisation::new(0.05, 3)?);
/// histogram.extend_codes(&codes, &mask)?;
///
/// let bce_dice = histogram.accumulator(&(Bce::new().mean() + Dice::new(1.0)?)).finish()?;
/// assert!((bce_dice.value() - 0.346_941).abs() < 1e-6);
/// for gamma in [0.5, 1.0, 2.0] {
///     histogram.accumulator(&Focal::new(gamma)?.mean()).finish()?; // without another pass over the pixels
/// }
///
/// let (best, dice) = histogram.curves()?.best_threshold(Confusion::dice).ok_or("no foreground")?;
/// assert_eq!((best.code, dice), (10, 1.0));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Histogram<C, const TARGETS: usize = 2, K = Logits> {
    quantisation: Quantisation,
    /// Indexed by target, then by the bits of the code; each count modulo 2³².
    low: [[u32; 256]; TARGETS],
    /// The carries of the counts, in units of 2³².
    high: [[u32; 256]; TARGETS],
    ignored: i64,
    rejected_targets: i64,
    first_rejected: Option<RejectedPixel>,
    codes: PhantomData<(C, K)>,
}

impl<C: Code> Histogram<C> {
    /// Makes an empty histogram of codes and hard targets.
    pub const fn new(quantisation: Quantisation) -> Self {
        Self::with_levels(quantisation)
    }
}

impl<C: Code, const TARGETS: usize> Histogram<C, TARGETS> {
    /// An empty histogram of codes and of targets v/(TARGETS − 1), for 2 to 256 levels.
    pub const fn with_levels(quantisation: Quantisation) -> Self {
        Self::empty(quantisation)
    }

    /// The pixels of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if there are more or fewer integers than [`STATE_LENGTH`](Self::STATE_LENGTH), if one is negative, or if they add up to more
    /// than 2⁵⁰.
    pub fn from_state(quantisation: Quantisation, state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        Self::read(quantisation, state)
    }
}

impl<C: Code> Histogram<C, 2, Probabilities> {
    /// An empty histogram of codes that stand for probabilities, and hard targets.
    ///
    /// # Errors
    /// [`ParameterError`] unless every code stands for a probability, from 0 to 1, and the scale is at least 2⁻²⁴.
    pub fn of_probabilities(quantisation: Quantisation) -> Result<Self, ParameterError> {
        Self::of_probabilities_with_levels(quantisation)
    }
}

impl<C: Code, const TARGETS: usize> Histogram<C, TARGETS, Probabilities> {
    /// An empty histogram of codes that stand for probabilities, and of targets v/(TARGETS − 1), for 2 to 256 levels.
    ///
    /// # Errors
    /// [`ParameterError`] unless every code stands for a probability, from 0 to 1, and the scale is at least 2⁻²⁴.
    pub fn of_probabilities_with_levels(quantisation: Quantisation) -> Result<Self, ParameterError> {
        let codes = C::RISING;
        quantisation.check_probabilities(codes.into_iter().map(Into::into))?;
        Ok(Self::empty(quantisation))
    }
}

impl<C: Code, const TARGETS: usize, K: Meaning> Histogram<C, TARGETS, K> {
    /// The number of integers in the state: two counts, and 256 for each level of the targets.
    pub const STATE_LENGTH: usize = 2 + 256 * TARGETS;

    const fn empty(quantisation: Quantisation) -> Self {
        const { assert!(TARGETS >= 2 && TARGETS <= 256) };
        Self {
            quantisation,
            low: [[0; 256]; TARGETS],
            high: [[0; 256]; TARGETS],
            ignored: 0,
            rejected_targets: 0,
            first_rejected: None,
            codes: PhantomData,
        }
    }

    /// Adds a pixel. A target of `TARGETS` or more is rejected and counted.
    #[inline(always)]
    pub fn push(&mut self, code: C, target: impl Into<u8>) {
        if !self.add(code, target.into(), 1) {
            self.reject();
        }
    }

    /// Adds equal pixels, and returns whether the target is valid.
    #[inline(always)]
    fn add(&mut self, code: C, target: u8, pixels: u32) -> bool {
        let (target, bits) = (usize::from(target), usize::from(code.to_bits()));
        let Some(count) = self.low.get_mut(target).and_then(|row| row.get_mut(bits)) else { return false };
        let (sum, carry) = count.overflowing_add(pixels);
        *count = sum;
        if carry {
            self.carry(target, bits);
        }
        true
    }

    #[cold]
    fn carry(&mut self, target: usize, bits: usize) {
        if let Some(high) = self.high.get_mut(target).and_then(|row| row.get_mut(bits)) {
            *high = high.wrapping_add(1);
        }
    }

    #[cold]
    fn reject(&mut self) {
        if self.first_rejected.is_none() {
            self.first_rejected = Some(RejectedPixel { index: self.counts().pixels(), reason: Reason::Target });
        }
        self.rejected_targets = self.rejected_targets.wrapping_add(1);
    }

    /// Counts pixels as ignored. They have no other effect.
    pub fn ignore(&mut self, pixels: u32) {
        self.ignored = self.ignored.wrapping_add(i64::from(pixels));
    }

    /// Adds the pixels of slices.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is added then.
    pub fn extend_codes<V: Copy + Into<u8>>(&mut self, codes: &[C], targets: &[V]) -> Result<(), LengthError> {
        check_length("the targets", targets.len(), codes.len())?;
        let (mut rest, mut target_rest) = (codes, targets);
        // Arrays instead of `chunks_exact`, whose own splitting can panic where it is not inlined.
        while let (Some((codes, after)), Some((targets, targets_after))) =
            (rest.split_first_chunk::<RUN>(), target_rest.split_first_chunk::<RUN>())
        {
            if !self.add_equal(codes, targets) {
                codes.iter().zip(targets).for_each(|(&code, &target)| self.push(code, target));
            }
            (rest, target_rest) = (after, targets_after);
        }
        rest.iter().zip(target_rest).for_each(|(&code, &target)| self.push(code, target));
        Ok(())
    }

    /// Adds the pixels at once if they are all equal, and returns whether they were.
    #[inline(always)]
    fn add_equal<V: Copy + Into<u8>>(&mut self, codes: &[C; RUN], targets: &[V; RUN]) -> bool {
        let ([code, ..], [target, ..]) = (codes, targets);
        let (code, target) = (*code, (*target).into());
        let same_code = codes.iter().fold(true, |same, &other| same & (other.to_bits() == code.to_bits()));
        let same_target = targets.iter().fold(true, |same, &other| same & (other.into() == target));
        INCREMENTS_WAIT && same_code && same_target && self.add(code, target, RUN as u32)
    }

    /// Adds the pixels of slices, and ignores those whose mask is `false`.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is added then.
    pub fn extend_masked_codes<V: Copy + Into<u8>>(
        &mut self,
        codes: &[C],
        targets: &[V],
        valid: &[bool],
    ) -> Result<(), LengthError> {
        check_length("the targets", targets.len(), codes.len())?;
        check_length("the mask", valid.len(), codes.len())?;
        for ((&code, &target), &valid) in codes.iter().zip(targets).zip(valid) {
            if valid { self.push(code, target) } else { self.ignore(1) }
        }
        Ok(())
    }

    /// Adds the pixels of another histogram.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if the codes stand for something else.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        let more = other.low.as_flattened().iter().zip(other.high.as_flattened());
        for ((low, high), (&more_low, &more_high)) in self.cells_mut().zip(more) {
            let (sum, carry) = low.overflowing_add(more_low);
            *low = sum;
            *high = high.wrapping_add(more_high).wrapping_add(u32::from(carry));
        }
        self.ignored = self.ignored.wrapping_add(other.ignored);
        self.rejected_targets = self.rejected_targets.wrapping_add(other.rejected_targets);
        // A position counts from the start of its own histogram, and is meaningless after a merge.
        self.first_rejected = None;
        Ok(())
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        self.cells_mut().for_each(|cell| (*cell.0, *cell.1) = (0, 0));
        (self.ignored, self.rejected_targets, self.first_rejected) = (0, 0, None);
    }

    /// How the codes stand for logits, or probabilities.
    pub fn quantisation(&self) -> Quantisation {
        self.quantisation
    }

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let valid = self.cells().fold(0i64, |valid, (.., count)| valid.saturating_add_unsigned(count));
        Counts { valid, ignored: self.ignored, rejected_targets: self.rejected_targets, ..Counts::NONE }
    }

    /// The first rejected pixel, if this histogram has seen one itself and has not been merged since. It is a diagnostic; state and
    /// equality leave it out.
    #[must_use]
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        self.first_rejected
    }

    /// The number of pixels with this code and target.
    pub fn count(&self, code: C, target: impl Into<u8>) -> u64 {
        let (target, bits) = (usize::from(target.into()), usize::from(code.to_bits()));
        let part = |words: &[[u32; 256]]| words.get(target).and_then(|row| row.get(bits)).copied().unwrap_or_default();
        whole(part(&self.low), part(&self.high))
    }

    /// The bins that are not empty: the pixel of each, and the number of such pixels.
    pub fn bins(&self) -> impl Iterator<Item = (Sample, u64)> + '_ {
        self.cells().filter(|&(.., count)| count > 0).map(|(target, bits, count)| (self.sample(target, bits), count))
    }

    /// The pixel of a bin.
    pub(crate) fn sample(&self, target: usize, bits: u8) -> Sample {
        let input = self.quantisation.logit(C::from_bits(bits).into());
        Sample { input, target: target as f32 / (TARGETS - 1) as f32, weight: 1.0 }
    }

    /// Targets, codes and counts.
    fn cells(&self) -> impl Iterator<Item = (usize, u8, u64)> + '_ {
        (0..TARGETS).zip(self.low.iter().zip(&self.high)).flat_map(|(target, (low, high))| {
            let counts = low.iter().zip(high).map(|(&low, &high)| whole(low, high));
            counts.zip(0..=u8::MAX).map(move |(count, bits)| (target, bits, count))
        })
    }

    fn cells_mut(&mut self) -> impl Iterator<Item = (&mut u32, &mut u32)> {
        self.low.as_flattened_mut().iter_mut().zip(self.high.as_flattened_mut())
    }

    /// A hash of the type and meaning of the codes and the levels of the targets; equal on every machine.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("histogram").name(C::NAME).number(TARGETS as f64);
        self.quantisation.fingerprint(&mut fingerprint);
        K::fingerprint_of_codes(&mut fingerprint);
        fingerprint.finish()
    }

    /// Passes the integers of the state to a function.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        to(self.ignored);
        to(self.rejected_targets);
        for (low, high) in self.low.iter().zip(&self.high) {
            for code in C::RISING {
                let bits = usize::from(code.to_bits());
                let part = |words: &[u32; 256]| words.get(bits).copied().unwrap_or_default();
                to(whole(part(low), part(high)) as i64);
            }
        }
    }

    /// Writes the integers of the state.
    ///
    /// # Errors
    /// [`StateError::Length`] if the slice does not have the length of the state; nothing is written then.
    pub fn write_state(&self, state: &mut [i64]) -> Result<(), StateError> {
        if state.len() != Self::STATE_LENGTH {
            return Err(StateError::Length { expected: Self::STATE_LENGTH, given: state.len() });
        }
        let mut to = state.iter_mut();
        self.for_each_of_state(|integer| {
            if let Some(to) = to.next() {
                *to = integer;
            }
        });
        Ok(())
    }

    /// The number of integers in the state.
    #[must_use]
    pub fn state_length(&self) -> usize {
        Self::STATE_LENGTH
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if the number of integers is wrong, one of them is negative, or they add up to more than 2⁵⁰; nothing is changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        *self = Self::read(self.quantisation, state)?;
        Ok(())
    }

    fn read(quantisation: Quantisation, state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        let mut histogram = Self::empty(quantisation);
        let mut given = 0usize;
        let mut integers = state.into_iter();
        // All counts together must stay far below the limit of a sum over codes and targets.
        let mut room = MOST_PIXELS_OF_STATE;
        let mut next = || {
            let integer = integers.next().ok_or(StateError::Length { expected: Self::STATE_LENGTH, given })?;
            if integer < 0 {
                return Err(StateError::NegativeCount { index: given });
            }
            if integer > room {
                return Err(StateError::OutOfRange { index: given });
            }
            room = room.wrapping_sub(integer);
            given = given.wrapping_add(1);
            Ok(integer)
        };
        histogram.ignored = next()?;
        histogram.rejected_targets = next()?;
        for (low, high) in histogram.low.iter_mut().zip(&mut histogram.high) {
            for code in C::RISING {
                let bits = usize::from(code.to_bits());
                let count = next()? as u64;
                if let (Some(low), Some(high)) = (low.get_mut(bits), high.get_mut(bits)) {
                    (*low, *high) = (count as u32, (count >> 32) as u32);
                }
            }
        }
        match integers.next() {
            None => Ok(histogram),
            Some(_) => Err(StateError::Length { expected: Self::STATE_LENGTH, given: Self::STATE_LENGTH + 1 }),
        }
    }
}

#[cfg(feature = "defmt")]
crate::stream::logs::logged!([C: Code, const TARGETS: usize, K: Meaning] Histogram<C, TARGETS, K>);

/// Two histograms are equal if their codes stand for the same logits and all counts are equal.
impl<C: Code, const TARGETS: usize, K: Meaning> PartialEq for Histogram<C, TARGETS, K> {
    fn eq(&self, other: &Self) -> bool {
        self.quantisation == other.quantisation
            && self.low == other.low
            && self.high == other.high
            && (self.ignored, self.rejected_targets) == (other.ignored, other.rejected_targets)
    }
}

/// The largest number of pixels in a state. The pixels of 2⁵ such states do not overflow the sums of [`ThresholdCurves`], in units of 1/255.
const MOST_PIXELS_OF_STATE: i64 = 1 << 50;

/// Whether an increment waits until the last one of the same count is stored, as it does on a processor that works ahead. A run of equal
/// pixels, which fills most of a typical mask, then takes four times as long as other pixels.
const INCREMENTS_WAIT: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The number of pixels that are compared together.
const RUN: usize = if INCREMENTS_WAIT { 16 } else { 8 };

fn whole(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn check_length(slice: &'static str, length: usize, expected: usize) -> Result<(), LengthError> {
    if length == expected { Ok(()) } else { Err(LengthError { slice, length, expected }) }
}
