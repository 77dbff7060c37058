use super::drift::{BinRange, Bins, Drift, DriftError, check};
use super::entropy::entropy;
use super::expected_dice::{self, Expected, Overlap};
use super::foreground::Foreground;
use super::state::{Count, Seen, Threshold, measure, see};
use crate::error::ParameterError;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::sums::error::FinishError;
use crate::sums::exact::{ProbabilitySum, UnitSum};
use crate::sums::state::FixedSums;

type Sums<const B: usize> = (Seen, (UnitSum, ((Overlap, Count), Bins<B>)));

/// What one model's logits say of themselves, in one pass with one exponential a pixel: entropy, expected Dice, share of foreground and drift.
///
/// Its numbers have the bits of [`PredictiveEntropy`](super::PredictiveEntropy), [`ExpectedDice`](super::ExpectedDice),
/// [`ForegroundShare`](super::ForegroundShare) and [`LogitBins`](super::LogitBins), whose pages have formulas, ranges and error bounds. With 16 bins it takes 256 bytes,
/// and its state 32 integers.
///
/// **State.** Valid and rejected pixels; Σ H as a unit sum; Σ m p, Σ m (1−p), Σ (1−m) p as probability sums; the pixels of the mask; B counts.
#[derive(Clone, Debug)]
#[must_use]
pub struct Watch<const B: usize> {
    threshold: Threshold,
    range: BinRange,
    sums: Sums<B>,
}

/// What a watched model shows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Watched {
    /// The mean predictive entropy, in nats.
    pub entropy: f64,
    /// What the model expects of its mask.
    pub expected: Expected,
    /// The shares of foreground.
    pub foreground: Foreground,
}

impl<const B: usize> Watch<B> {
    /// Of no pixels, with B bins from `low` to `high`; the mask has the pixels from p = ½ on.
    ///
    /// # Errors
    /// [`ParameterError`] unless `low` is below `high`, and both are finite.
    pub fn new(low: f32, high: f32) -> Result<Self, ParameterError> {
        let sums = (Seen::default(), (UnitSum::ZERO, ((Overlap::default(), Count(0)), Bins::EMPTY)));
        Ok(Self { threshold: Threshold::HALF, range: BinRange::new::<B>(low, high)?, sums })
    }

    /// The same with another threshold of the mask, of no pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let mut changed = Self { threshold: Threshold::new(probability)?, ..self };
        changed.reset();
        Ok(changed)
    }

    /// Adds a pixel by its logit. If it is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, logit: f32) {
        let (seen, (sum, ((overlap, mask), bins))) = &mut self.sums;
        if !see(seen, logit.is_finite(), 1) {
            return;
        }
        let pixel = Logits.pixel(logit, 0.0);
        sum.add(entropy(&pixel));
        expected_dice::add(overlap, &pixel, self.threshold.logit, |sum, term| sum.add(term));
        mask.add((logit >= self.threshold.logit).into());
        bins.add(&self.range, logit, 1);
    }

    /// Adds so many pixels of one logit: those that a quantised model gave one code.
    #[inline]
    pub fn push_times(&mut self, logit: f32, times: u64) {
        let (seen, (sum, ((overlap, mask), bins))) = &mut self.sums;
        if !see(seen, logit.is_finite(), times) {
            return;
        }
        let pixel = Logits.pixel(logit, 0.0);
        sum.add_times(entropy(&pixel), times);
        expected_dice::add(overlap, &pixel, self.threshold.logit, |sum, term| sum.add_times(term, times));
        mask.add(if logit >= self.threshold.logit { times } else { 0 });
        bins.add(&self.range, logit, times);
    }

    /// What the model shows.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<Watched, FinishError> {
        let counts = self.counts();
        FinishError::of_all(counts, None)?;
        let (_, (entropy, ((overlap, mask), _))) = &self.sums;
        let [inside, _, outside] = overlap;
        let mut probability: ProbabilitySum = *inside;
        probability.merge(outside);
        Ok(Watched {
            entropy: entropy.to_f64() / counts.valid as f64,
            expected: Expected::of(overlap),
            foreground: Foreground::of(mask.0, probability.to_f64(), counts.valid),
        })
    }

    /// How far the logits lie from those of a reference.
    ///
    /// # Errors
    /// [`DriftError`] if the bins differ, if either has no pixel, or if a pixel was rejected here.
    pub fn drift(&self, reference: &Self) -> Result<Drift, DriftError> {
        check([self.counts(), reference.counts()], [self.fingerprint(), reference.fingerprint()])?;
        let ((_, (_, (_, here))), (_, (_, (_, there)))) = (&self.sums, &reference.sums);
        Ok(here.drift(there))
    }

    /// Tells the kind, the threshold and the bins from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("watch").number(self.threshold.probability);
        self.range.fingerprint::<B>(&mut fingerprint);
        fingerprint.finish()
    }
}

measure!([const B: usize] Watch<B>, <Sums<B> as FixedSums>::LENGTH);

/// Logits.
impl<const B: usize> Extend<f32> for Watch<B> {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, logits: I) {
        logits.into_iter().for_each(|logit| self.push(logit));
    }
}
