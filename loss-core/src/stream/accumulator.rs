//! The accumulator: the running sums of a loss over a stream of pixels.

use super::finished::Finished;
use super::run::Run;
use crate::arch::SimdLevel;
use crate::error::{Parameter, ParameterError, StateError};
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::loss::Loss;
use crate::loss::exact_value::ExactValue;
use crate::sums::counts::{Counts, RejectedPixel};
use crate::sums::error::FinishError;
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::{CountedSums, SharedSums, WeightedSums};
use crate::sums::state::{FixedSums, Sums, read_state, state_length, write_state};

/// The version of the state format, which defines the meaning of each integer.
pub const STATE_VERSION: u32 = 3;

/// The running sums of a loss over a stream of pixels.
///
/// The sums are integers, and exact. Equal pixels give equal bits in any order, on any machine, and for any split over accumulators that are
/// merged later. At least 2⁴⁰ pixels fit. Nothing here allocates or panics.
///
/// ```
/// use loss_core::{Bce, Dice, Loss, Plane, Pointwise};
///
/// let loss = Bce::new().mean() + Dice::new(1e-5)?;
/// let (logits, mask) = ([1.5, -0.5, 2.0, -3.0], [1u8, 1, 0, 0]);
///
/// let mut one = loss.accumulator();
/// one.extend(logits.iter().zip(&mask)); // any iterator of pixels
///
/// let (mut left, mut right) = (loss.accumulator(), loss.accumulator());
/// left.extend_plane(Plane::new(&logits[..1], &mask[..1])?); // slices
/// right.extend_plane(Plane::new(&logits[1..], &mask[1..])?);
/// right.merge(&left)?; // tiles, threads, devices
/// assert_eq!(one, right);
///
/// let total = one.finish()?;
/// let mut gradient = [0.0; 4];
/// total.write_gradient(Plane::new(&logits, &mask)?, &mut gradient)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # State
///
/// [`state`](Self::state) returns the sums as plain integers which *add*: the state of two streams together is the
/// element-wise sum of their states. So anything that adds integers merges losses: a thread pool, an MPI all-reduce, SQL's
/// `SUM`, messages from devices. Up to 2²⁰ states may be added this way; [`from_state`](Self::from_state) then
/// carries.
///
/// | integers | meaning |
/// |---|---|
/// | 0 | valid pixels |
/// | 1 | ignored pixels |
/// | 2–5 | pixels rejected for their input, target, weight, label (a count each) |
/// | 6–9 | Σ w |
/// | 10–21 | Σ w p t, Σ w p (1−t), Σ w (1−p) t |
/// | 22–33 | the same three with p replaced by 1 at and above the threshold, by 0 below |
/// | 34… | the sums of the loss, part by part: 7 for each pointwise part; none for a region part of the product form; 14 for one of the squared or minimum form, for balanced BCE and for normalised focal; 4 for MCC and asymmetric focal Tversky |
///
/// Each sum is an integer count of 2⁻⁶⁴, in digits of 32 bits, least significant first ([`ExactSum`](crate::extend::ExactSum)). Σ w and the confusions cannot
/// saturate, because weights are at most 2³²; the sums of the loss can.
/// [`STATE_VERSION`] identifies this layout and [`fingerprint`](Self::fingerprint) the loss. Store both beside a state;
/// they are not part of it. State and fingerprint do not depend on how the loss is written: by types, as an array, chosen at run time
/// ([`AnyLoss`](crate::AnyLoss), [`AnyOverlap`](crate::extend::AnyOverlap)), or with nested sums or coefficients.
#[derive(Clone, Debug)]
#[must_use]
pub struct Accumulator<L: Loss, K: Link = Logits, C: SharedSums = WeightedSums> {
    pub(crate) loss: L,
    pub(crate) link: K,
    /// The threshold as a probability, and as an input.
    threshold: f64,
    pub(crate) threshold_input: f32,
    /// The sums that all losses share, and the loss's own.
    pub(crate) sums: (C, L::Sums),
    pub(crate) first_rejected: Option<RejectedPixel>,
}

/// An [`Accumulator`] for pixels with hard targets and no weights, which counts pixels instead of summing weights.
///
/// [`Loss::counting_accumulator`] makes it. Its values, gradients and scores equal those of an [`Accumulator`] over the same pixels, to the bit, in
/// less memory, for the smallest devices: BCE + Dice takes 240 bytes with all parameters instead of 328, and its state 184 instead of
/// 328. A pixel with a soft target or a weight does not compile.
///
/// ```
/// use loss_core::{Bce, Dice, Loss, Plane, Pointwise};
///
/// let loss = Bce::new().mean() + Dice::new(1e-5)?;
/// let (mut counted, mut weighted) = (loss.counting_accumulator(), loss.accumulator());
/// for (logit, target, valid) in [(1.5, 1u8, true), (-0.5, 1, true), (2.0, 0, false), (-3.0, 0, true)] {
///     counted.push((logit, target, valid)); // valid: false is ignored
///     weighted.push((logit, target, valid));
/// }
/// counted.extend_plane(Plane::new(&[0.25, -8.0], &[true, false])?)?;
/// weighted.extend_plane(Plane::new(&[0.25, -8.0], &[true, false])?);
///
/// assert_eq!(counted.finish()?.value(), weighted.finish()?.value());
/// assert_eq!((counted.state_length(), weighted.state_length()), (23, 41));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// ```compile_fail,E0277
/// # use loss_core::{Bce, Loss, Pointwise};
/// Bce::new().mean().counting_accumulator().push((1.5, 0.25)); // a soft target
/// ```
///
/// # State
///
/// The state adds as every [state](Accumulator#state) does: up to 2²⁰ states, element by element. Its fingerprint differs from that of an ordinary accumulator of the same loss.
///
/// | integers | meaning |
/// |---|---|
/// | 0 | valid pixels |
/// | 1 | ignored pixels |
/// | 2–3 | pixels rejected for their input, target (a count each) |
/// | 4–12 | Σ p t, Σ p (1−t), Σ (1−p) t, in three digits each; the last digit holds the whole part |
/// | 13–15 | true positives, false positives and false negatives at the threshold |
/// | 16… | the sums of the loss, part by part |
pub type CountingAccumulator<L, K = Logits> = Accumulator<L, K, CountedSums>;

impl<L: Loss, K: Link> Accumulator<L, K> {
    /// Makes an accumulator without pixels. [`Loss::accumulator`] is shorter for logits.
    pub fn new(loss: L, link: K) -> Self {
        Self::empty(loss, link)
    }
}

impl<L: Loss, K: Link> CountingAccumulator<L, K> {
    /// Makes a counting accumulator without pixels. [`Loss::counting_accumulator`] is shorter for logits.
    pub fn counting(loss: L, link: K) -> Self {
        Self::empty(loss, link)
    }
}

impl<L: Loss, K: Link, C: SharedSums> Accumulator<L, K, C> {
    fn empty(loss: L, link: K) -> Self {
        let sums = (C::default(), loss.sums());
        let threshold = 0.5;
        let threshold_input = link.input_at(threshold) as f32;
        Self { loss, link, threshold, threshold_input, sums, first_rejected: None }
    }

    /// Sets the probability from which a pixel counts as foreground \[½\], and forgets all pixels. The threshold changes only the
    /// hard confusion, never the loss.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let accepted = probability > 0.0 && probability < 1.0;
        ParameterError::check(Parameter::Threshold, probability, accepted, "between 0 and 1")?;
        let threshold_input = self.link.input_at(probability) as f32;
        let mut changed = Self { threshold: probability, threshold_input, ..self };
        changed.reset();
        Ok(changed)
    }

    /// Adds a pixel: `(input, target)` or `(input, target, weight)`, see [`Sample`](crate::Sample). A counting accumulator takes a
    /// [`HardSample`](crate::HardSample).
    ///
    /// A pixel out of range is left out of the sums and counted. Input, target and weight are checked in this order.
    #[inline]
    pub fn push(&mut self, sample: impl Into<C::Sample>) {
        let Self { loss, link, threshold_input, sums, first_rejected, .. } = self;
        Run::<L, &L, K, C>::new(&*loss, link.clone(), *threshold_input, sums, first_rejected)
            .push(sample.into().into());
    }

    /// Adds pixels of the kind that these sums store.
    #[inline(always)]
    pub(super) fn run(&mut self) -> Run<'_, L, L, K, C> {
        let Self { loss, link, threshold_input, sums, first_rejected, .. } = self;
        Run::<L, L, K, C>::new(loss.clone(), link.clone(), *threshold_input, sums, first_rejected)
    }

    /// Adds the pixels of another accumulator of the same loss.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if losses, links or thresholds differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        self.check_fingerprint(other.fingerprint())?;
        self.sums.merge(&other.sums);
        // A position counts from the start of its own accumulator, and is meaningless after a merge.
        self.first_rejected = None;
        Ok(())
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        self.sums = (C::default(), self.loss.sums());
        self.first_rejected = None;
    }

    /// The number of pixels so far: valid, ignored and rejected.
    pub fn counts(&self) -> Counts {
        self.sums.0.counts()
    }

    /// The first rejected pixel, if this accumulator has seen one itself and has not been merged since. It is a diagnostic; state
    /// and equality leave it out.
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        self.first_rejected
    }

    /// The loss that is accumulated.
    pub fn loss(&self) -> &L {
        &self.loss
    }

    /// The link: whether inputs are logits or probabilities.
    pub fn link(&self) -> &K {
        &self.link
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, if any pixel was rejected, if a term was too large, or if the loss's coefficients are too large. The
    /// accumulator is unchanged.
    pub fn finish(&self) -> Result<Finished<L, K>, FinishError> {
        FinishError::of_all(self.counts(), self.first_rejected)?;
        self.finish_any()
    }

    /// The value alone, if every pixel was in range. It equals `finish()?.value()` and saves a copy of the sums.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn value(&self) -> Result<f64, FinishError> {
        FinishError::of_all(self.counts(), self.first_rejected)?;
        let (shared, own) = &self.sums;
        FinishError::check(own, self.loss.total_coefficient())?;
        Ok(self.loss.value(&shared.finish(K::NEVER_CERTAIN), own))
    }

    /// The loss as the `f32` nearest to it, if every pixel was in range: in integers alone, for processors that would get the arithmetic of `f64` from
    /// their compiler, which takes 3 to 5 KiB of flash.
    ///
    /// The value is the exact sum of the exact quotients of the sums, rounded once, ties to even. Smoothing and denominators of your own are rounded to
    /// multiples of 2⁻⁶⁴ and must be below 2⁴⁰. [`value`](Self::value) rounds in `f64` at each step; rounded to `f32` it is the same number or, next to a
    /// tie, its neighbour. A value beyond `f32` is ±[`f32::MAX`].
    ///
    /// ```
    /// use loss_core::{Bce, Dice, Loss, Pointwise};
    ///
    /// let mut sums = (Bce::new().mean() + Dice::new(1.0)?).counting_accumulator();
    /// sums.extend([(2.0, true), (-1.0, false), (0.5, true)]);
    /// assert_eq!(sums.nearest_value()?, sums.value()? as f32);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`finish`](Self::finish), and [`FinishError::NotInIntegers`] if a parameter is 2⁴⁰ or more, a denominator of your own below 2⁻⁶⁵, or if Dice or IoU has a floor.
    pub fn nearest_value(&self) -> Result<f32, FinishError>
    where
        L: ExactValue,
    {
        const { assert!(L::QUOTIENTS <= QuotientSum::MOST, "too many losses are added for nearest_value") };
        FinishError::of_all(self.counts(), self.first_rejected)?;
        let (shared, own) = &self.sums;
        // Of coefficients there are denominators alone, which are looked at where they are used: without arithmetic of `f64`.
        if own.is_saturated() {
            return Err(FinishError::Saturated);
        }
        let mut value = QuotientSum::NOTHING;
        value.begin();
        let added = self.loss.add_quotients(&shared.integers(K::NEVER_CERTAIN), own, &mut value);
        added.map(|()| value.nearest()).ok_or(FinishError::NotInIntegers)
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, if a term was too large, or if the loss's coefficients are too large.
    pub fn finish_valid(&self) -> Result<Finished<L, K>, FinishError> {
        FinishError::of_valid(self.counts())?;
        self.finish_any()
    }

    /// The result over the pixels in range, even if there are none.
    pub(crate) fn finish_any(&self) -> Result<Finished<L, K>, FinishError> {
        FinishError::check(&self.sums.1, self.loss.total_coefficient())?;
        Ok(self.finish_unchecked())
    }

    /// The same, for sums and a loss that have been checked.
    pub(crate) fn finish_unchecked(&self) -> Finished<L, K> {
        Finished {
            loss: self.loss.clone(),
            link: self.link.clone(),
            sums: self.sums.1.clone(),
            counts: self.counts(),
            totals: self.sums.0.finish(K::NEVER_CERTAIN),
        }
    }

    /// A hash of the loss, its parameters, the link, the threshold and the kind of accumulator; equal on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.add_to_fingerprint(&mut fingerprint);
        fingerprint.finish()
    }

    pub(crate) fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(1.0, |fingerprint| self.loss.fingerprint(fingerprint));
        self.link.fingerprint(fingerprint);
        fingerprint.number(self.threshold);
        C::fingerprint(fingerprint);
    }

    fn check_fingerprint(&self, given: u64) -> Result<(), StateError> {
        match self.fingerprint() {
            expected if expected == given => Ok(()),
            expected => Err(StateError::OtherLoss { expected, given }),
        }
    }

    /// The [state](Self#state) as an array, in its normal form: equal sums give equal integers.
    ///
    /// # Errors
    /// [`StateError::Length`] if N is not the length of the state.
    pub fn state<const N: usize>(&self) -> Result<[i64; N], StateError> {
        let mut state = [0; N];
        self.write_state(&mut state).map(|()| state)
    }

    /// Writes the integers of the [state](Self#state), in their normal form.
    ///
    /// # Errors
    /// [`StateError::Length`] if the slice does not have the length of the state; nothing is written then.
    pub fn write_state(&self, state: &mut [i64]) -> Result<(), StateError> {
        write_state(&self.sums, state)
    }

    /// Passes the integers of the [state](Self#state) to a function, in their normal form.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        self.sums.save(&mut to);
    }

    /// The number of integers in the state.
    pub fn state_length(&self) -> usize {
        state_length(&self.sums)
    }

    /// Replaces all pixels by those of a [state](Self#state), or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// [`StateError`] if the number of integers is wrong, or if no pixels can produce one of them: a negative count, a negative sum of
    /// terms that are never negative, a digit beyond 2²⁰ states, a count beyond 2⁶⁰. The accumulator is unchanged then. Other damage is not detected, so a message needs a checksum.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state((C::default(), self.loss.sums()), C::COUNTS, state)?;
        self.first_rejected = None;
        Ok(())
    }
}

impl<L: Loss<Sums: FixedSums>, K: Link, C: SharedSums> Accumulator<L, K, C> {
    /// The number of integers in the state.
    pub const STATE_LENGTH: usize = C::LENGTH + <L::Sums as FixedSums>::LENGTH;
}

impl<L: Loss> Accumulator<L, Logits> {
    /// Makes an accumulator of logits with the pixels of a [state](Self#state).
    ///
    /// # Errors
    /// [`StateError`] if the state does not belong to this loss.
    pub fn from_state(loss: L, state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        let mut accumulator = Self::new(loss, Logits);
        accumulator.load_state(state)?;
        Ok(accumulator)
    }
}

impl<L: Loss, K: Link, C: SharedSums, S: Into<C::Sample>> Extend<S> for Accumulator<L, K, C> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        let samples = samples.into_iter();
        if const { SimdLevel::HAS_LANES } {
            self.extend_gathered(SimdLevel::best(), samples.map(|sample| sample.into().into()));
        } else {
            let mut run = self.run();
            samples.for_each(|sample| run.push(sample.into().into()));
        }
    }
}

/// Two accumulators are equal if they accumulate the same loss and hold the same sums.
impl<L: Loss, K: Link, C: SharedSums> PartialEq for Accumulator<L, K, C> {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint() && self.sums == other.sums
    }
}
