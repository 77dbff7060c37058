//! Streaming: pixels in, one at a time or many.

use crate::batch::OnePixel;
use crate::error::{FinishError, ParameterError, StateError};
use crate::fingerprint::Fingerprint;
use crate::finished::{Counts, Finished, RejectedPixel};
use crate::link::{Link, Logits};
use crate::loss::Loss;
use crate::pixel::{Checked, Sample};
use crate::sums::{FixedSums, SharedSums, Sums, read_state, state_length, write_state};

/// The format of a state: what each of its integers means.
pub const STATE_VERSION: u32 = 1;

/// The running sums of a loss over a stream of pixels.
///
/// The sums are integers, and exact: any order of the pixels, any split over accumulators that are merged later, and
/// any machine give equal bits. At least 2⁴⁰ pixels fit. Nothing here allocates or panics.
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
/// [`state`](Self::state) gives the sums as plain integers which *add*: the state of two streams together is the
/// element-wise sum of their states. So whatever adds integers merges losses: a thread pool, an MPI all-reduce, SQL's
/// `SUM`, messages from devices. Up to 2²⁰ states may be added plainly before [`from_state`](Self::from_state)
/// normalises.
///
/// | integers | meaning |
/// |---|---|
/// | 0 | valid pixels |
/// | 1 | ignored pixels |
/// | 2–5 | pixels rejected for their input, target, weight, label |
/// | 6–9 | Σ w |
/// | 10–21 | Σ w p t, Σ w p (1−t), Σ w (1−p) t |
/// | 22–33 | the same with p replaced by 1 at and above the threshold, by 0 below |
/// | 34… | the sums of the loss, part by part: 7 for each pointwise part, none for a region part of the product form, 14 for one of the squared or minimum form or of [`AnyOverlap`](crate::AnyOverlap), for balanced BCE and normalised focal, 4 for MCC and asymmetric focal Tversky |
///
/// Each sum is a count of 2⁻⁶⁴ in digits of 32 bits, least significant first ([`ExactSum`](crate::ExactSum)).
/// [`STATE_VERSION`] names this layout and [`fingerprint`](Self::fingerprint) the loss; they stand beside a state,
/// never in it.
#[derive(Clone, Debug)]
pub struct Accumulator<L: Loss, K: Link = Logits> {
    pub(crate) loss: L,
    pub(crate) link: K,
    /// p at the threshold, and the input that it is compared as.
    threshold: f64,
    pub(crate) threshold_input: f32,
    /// What all losses share, and the loss's own.
    pub(crate) sums: (SharedSums, L::Sums),
    pub(crate) first_rejected: Option<RejectedPixel>,
}

impl<L: Loss, K: Link> Accumulator<L, K> {
    /// An accumulator without pixels; [`Loss::accumulator`] is shorter for logits.
    pub fn new(loss: L, link: K) -> Self {
        let sums = (SharedSums::default(), loss.sums());
        let threshold = 0.5;
        let threshold_input = link.input_at(threshold) as f32;
        Self { loss, link, threshold, threshold_input, sums, first_rejected: None }
    }

    /// Calls a pixel foreground from this probability on, in place of ½, and starts anew. The loss does not depend
    /// on it, only the hard confusion.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let accepted = probability > 0.0 && probability < 1.0;
        ParameterError::check("threshold", probability, accepted, "between 0 and 1")?;
        let threshold_input = self.link.input_at(probability) as f32;
        let mut changed = Self { threshold: probability, threshold_input, ..self };
        changed.reset();
        Ok(changed)
    }

    /// Adds a pixel: `(input, target)` or `(input, target, weight)`, see [`Sample`].
    ///
    /// A pixel that is out of range (checked in the order input, target, weight) is left out of the sums and counted.
    #[inline]
    pub fn push(&mut self, sample: impl Into<Sample>) {
        let sample = sample.into();
        match sample.check(&self.link) {
            Checked::Valid => self.add(sample),
            Checked::Ignored => self.sums.0.counts.ignore(),
            Checked::Rejected(reason) => self.sums.0.counts.reject(reason, &mut self.first_rejected),
        }
    }

    #[inline(always)]
    fn add(&mut self, sample: Sample) {
        let pixel = self.link.pixel(sample.input, sample.target);
        let pixel = OnePixel { pixel: &pixel, weight: sample.weight };
        let (shared, own) = &mut self.sums;
        shared.add(&pixel, self.threshold_input);
        self.loss.add(&pixel, own);
        if shared.counts.accept() {
            self.sums.normalise();
        }
    }

    /// Adds the pixels of another accumulator of the same loss.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if losses, links or thresholds differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        self.check_fingerprint(other.fingerprint())?;
        self.sums.merge(&other.sums);
        // A position counts from the start of its own accumulator, and means nothing in the whole.
        self.first_rejected = None;
        Ok(())
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        self.sums = (SharedSums::default(), self.loss.sums());
        self.first_rejected = None;
    }

    /// How many pixels there were so far, and what became of them.
    pub fn counts(&self) -> Counts {
        self.sums.0.counts
    }

    /// The first rejected pixel, if this accumulator has seen one itself and was not merged since. It is a diagnostic,
    /// outside state and equality.
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        self.first_rejected
    }

    /// The loss that is accumulated.
    pub fn loss(&self) -> &L {
        &self.loss
    }

    /// What an input is.
    pub fn link(&self) -> &K {
        &self.link
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is no (valid) pixel, or if any was rejected; the accumulator is as it was.
    pub fn finish(&self) -> Result<Finished<L, K>, FinishError> {
        self.sums.0.counts.all_valid(self.first_rejected).map(|_| self.finish_any())
    }

    /// The result over the pixels that were in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is none.
    pub fn finish_valid(&self) -> Result<Finished<L, K>, FinishError> {
        self.sums.0.counts.any_valid().map(|_| self.finish_any())
    }

    /// The result over the pixels that were in range, be there any or not.
    pub(crate) fn finish_any(&self) -> Finished<L, K> {
        Finished {
            loss: self.loss.clone(),
            link: self.link.clone(),
            sums: self.sums.1.clone(),
            counts: self.sums.0.counts,
            totals: self.sums.0.finish(),
        }
    }

    /// Tells the loss, its parameters, the link and the threshold from others, the same on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.loss.fingerprint(&mut fingerprint);
        self.link.fingerprint(&mut fingerprint);
        fingerprint.number(self.threshold);
        fingerprint.finish()
    }

    fn check_fingerprint(&self, given: u64) -> Result<(), StateError> {
        match self.fingerprint() {
            expected if expected == given => Ok(()),
            expected => Err(StateError::OtherLoss { expected, given }),
        }
    }

    /// The [state](Self#state) as an array, in its one normal form.
    ///
    /// # Errors
    /// [`StateError::Length`] if the array has not as many integers as the state.
    pub fn state<const N: usize>(&self) -> Result<[i64; N], StateError> {
        let mut state = [0; N];
        self.write_state(&mut state).map(|()| state)
    }

    /// Writes the integers of the [state](Self#state), in their one normal form.
    ///
    /// # Errors
    /// [`StateError::Length`], and nothing is written, if the slice has not as many integers as the state.
    pub fn write_state(&self, state: &mut [i64]) -> Result<(), StateError> {
        write_state(&self.sums, state)
    }

    /// Hands over the integers of the [state](Self#state), in their one normal form.
    pub fn for_each_of_state(&self, mut to: impl FnMut(i64)) {
        self.sums.save(&mut to);
    }

    /// How many integers the state has.
    pub fn state_length(&self) -> usize {
        state_length(&self.sums)
    }

    /// Replaces all pixels by those of a [state](Self#state), or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// [`StateError::Length`], and nothing is changed, if there are more or fewer integers.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state((SharedSums::default(), self.loss.sums()), state)?;
        self.first_rejected = None;
        Ok(())
    }
}

impl<L: Loss<Sums: FixedSums>, K: Link> Accumulator<L, K> {
    /// How many integers the state has.
    pub const STATE_LENGTH: usize = SharedSums::LENGTH + <L::Sums as FixedSums>::LENGTH;
}

impl<L: Loss> Accumulator<L, Logits> {
    /// An accumulator of logits with the pixels of a [state](Self#state).
    ///
    /// # Errors
    /// [`StateError::Length`] if the state is not one of this loss.
    pub fn from_state(loss: L, state: impl IntoIterator<Item = i64>) -> Result<Self, StateError> {
        let mut accumulator = Self::new(loss, Logits);
        accumulator.load_state(state)?;
        Ok(accumulator)
    }
}

impl<L: Loss, K: Link, S: Into<Sample>> Extend<S> for Accumulator<L, K> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// Equal if they accumulate the same loss and hold the same sums.
impl<L: Loss, K: Link> PartialEq for Accumulator<L, K> {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint() && self.sums == other.sums
    }
}
