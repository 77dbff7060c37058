use super::state::{Count, Seen, Threshold, measure, see};
use crate::error::ParameterError;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::sums::error::FinishError;
use crate::sums::exact::ProbabilitySum;
use crate::sums::state::FixedSums;

type Sums = (Seen, (Count, ProbabilitySum));

/// The share of foreground: of the mask, and as the mean probability.
///
/// Σ m / n and Σ p / n, m being 1 from the threshold on and 0 below.
///
/// **Range.** [0, 1]. The first is exact. **Error bound** of the second: p is within 1.81 ULP: relative 3e−7, and 2⁻⁶⁵ absolute.
///
/// **False alarms.** [`AlarmLevel`](super::AlarmLevel) of [`Foreground::distance`] from the share of accepted images: see there. It is two-sided, because a
/// mask that is nearly empty is as suspect as one that covers everything.
///
/// **State.** Valid and rejected pixels; the pixels of the mask; Σ p as a probability sum.
///
/// ```
/// use loss_core::watch::ForegroundShare;
///
/// let mut share = ForegroundShare::new();
/// share.extend([0.0, 40.0, -40.0, -0.001]);
/// assert_eq!(share.finish()?.mask, 0.5);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// As an estimate of the class prior, by probabilities: Saerens et al., *Adjusting the outputs of a classifier to new a priori probabilities*, Neural
/// Computation 2002.
#[derive(Clone, Debug)]
#[must_use]
pub struct ForegroundShare {
    threshold: Threshold,
    sums: Sums,
}

/// How much is foreground.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Foreground {
    /// The share of the mask.
    pub mask: f64,
    /// The mean probability.
    pub probability: f64,
}

impl Foreground {
    pub(super) fn of(mask: i64, probability: f64, pixels: i64) -> Self {
        Self { mask: mask as f64 / pixels as f64, probability: probability / pixels as f64 }
    }

    /// How far the mask's share lies from one that is expected, on either side.
    #[must_use]
    pub fn distance(&self, expected: f64) -> f64 {
        let difference = self.mask - expected;
        if difference < 0.0 { -difference } else { difference }
    }
}

impl ForegroundShare {
    /// Of no pixels; the mask has the pixels from p = ½ on.
    pub fn new() -> Self {
        Self { threshold: Threshold::HALF, sums: Sums::default() }
    }

    /// Of no pixels, with another threshold of the mask.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(probability: f64) -> Result<Self, ParameterError> {
        Ok(Self { threshold: Threshold::new(probability)?, sums: Sums::default() })
    }

    /// Adds a pixel by its logit. If it is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, logit: f32) {
        let (seen, (mask, probability)) = &mut self.sums;
        if see(seen, logit.is_finite(), 1) {
            mask.add((logit >= self.threshold.logit).into());
            probability.add(Logits.pixel(logit, 0.0f32).p);
        }
    }

    /// The shares.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<Foreground, FinishError> {
        FinishError::of_all(self.counts(), None)?;
        let (_, (mask, probability)) = &self.sums;
        Ok(Foreground::of(mask.0, probability.to_f64(), self.counts().valid))
    }

    /// Tells the kind and the threshold from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("foreground share").number(self.threshold.probability);
        fingerprint.finish()
    }
}

measure!([] ForegroundShare, <Sums as FixedSums>::LENGTH);

impl Default for ForegroundShare {
    fn default() -> Self {
        Self::new()
    }
}

/// Logits.
impl Extend<f32> for ForegroundShare {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, logits: I) {
        logits.into_iter().for_each(|logit| self.push(logit));
    }
}
