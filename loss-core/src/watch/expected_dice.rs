use super::state::{Seen, Threshold, measure, one_minus_dice, see};
use crate::error::ParameterError;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::input::pixel::Pixel;
use crate::sums::error::FinishError;
use crate::sums::exact::ProbabilitySum;
use crate::sums::state::FixedSums;

/// Σ m p, Σ m (1−p), Σ (1−m) p.
pub(super) type Overlap = [ProbabilitySum; 3];

type Sums = (Seen, Overlap);

/// Expected Dice: the Dice that a mask has by the model's own probabilities, without any label.
///
/// With m the mask, 1 from the threshold on and 0 below, and p the probability of a pixel:
///
/// 2 Σ m p / (Σ m + Σ p) = 1 − (Σ m (1−p) + Σ (1−m) p) / (2 Σ m p + Σ m (1−p) + Σ (1−m) p),
///
/// the *soft Dice confidence*. It is the ratio of the expectations over masks that are drawn pixel by pixel with probability p, in place of the expectation of
/// the ratio; the two differ by the order of 1/(Σ m + Σ p). It is right as far as the probabilities are calibrated, and blind to an error that the model is sure of.
///
/// **Range.** [0, 1]; 1 is a mask of which every pixel is sure. An empty mask has no expected Dice: [`Expected::dice`] is `None`.
///
/// **Error bound.** p and 1 − p are within 1.81 ULP: relative error of 1 − Dice at most 1e−6, and 2⁻⁶⁵ a pixel in its sums.
///
/// **False alarms.** [`AlarmLevel`](super::AlarmLevel) of [`Expected::shortfall`] over images: see there.
///
/// **State.** Valid and rejected pixels; Σ m p, Σ m (1−p), Σ (1−m) p as probability sums.
///
/// ```
/// use loss_core::watch::ExpectedDice;
///
/// let mut expected = ExpectedDice::new();
/// expected.extend([0.0, 40.0, -40.0]); // p = ½, 1, 0: m = 1, 1, 0
/// assert!((expected.finish()?.dice().unwrap() - 2.0 * 1.5 / (2.0 + 1.5)).abs() < 1e-6);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Borges et al., *Soft Dice Confidence: a near-optimal confidence estimator for selective prediction in semantic segmentation*, 2024.
#[derive(Clone, Debug)]
#[must_use]
pub struct ExpectedDice {
    threshold: Threshold,
    sums: Sums,
}

/// What a model expects of its mask.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Expected {
    /// Σ m p: expected true positives.
    pub true_positive: f64,
    /// Σ m (1−p): expected false positives.
    pub false_positive: f64,
    /// Σ (1−m) p: expected false negatives.
    pub false_negative: f64,
}

impl Expected {
    pub(super) fn of([a, b, c]: &Overlap) -> Self {
        Self { true_positive: a.to_f64(), false_positive: b.to_f64(), false_negative: c.to_f64() }
    }

    /// The expected Dice; `None` of an empty mask.
    #[must_use]
    pub fn dice(&self) -> Option<f64> {
        self.shortfall().map(|shortfall| 1.0 - shortfall)
    }

    /// 1 − expected Dice, which keeps its digits where that is near 1; `None` of an empty mask.
    #[must_use]
    pub fn shortfall(&self) -> Option<f64> {
        let Self { true_positive, false_positive, false_negative } = *self;
        let is_empty = true_positive + false_positive == 0.0;
        if is_empty { None } else { one_minus_dice(true_positive, false_positive + false_negative) }
    }
}

/// Adds a pixel so many times.
#[inline(always)]
pub(super) fn add(
    [inside, unsure, outside]: &mut Overlap,
    pixel: &Pixel<f32>,
    threshold: f32,
    mut add: impl FnMut(&mut ProbabilitySum, f32),
) {
    if pixel.input >= threshold {
        add(inside, pixel.p);
        add(unsure, pixel.q);
    } else {
        add(outside, pixel.p);
    }
}

impl ExpectedDice {
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
        let (seen, sums) = &mut self.sums;
        if see(seen, logit.is_finite(), 1) {
            add(sums, &Logits.pixel(logit, 0.0), self.threshold.logit, |sum, term| sum.add(term));
        }
    }

    /// What the model expects of its mask.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<Expected, FinishError> {
        FinishError::of_all(self.counts(), None)?;
        Ok(Expected::of(&self.sums.1))
    }

    /// Tells the kind and the threshold from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("expected dice").number(self.threshold.probability);
        fingerprint.finish()
    }
}

measure!([] ExpectedDice, <Sums as FixedSums>::LENGTH);

impl Default for ExpectedDice {
    fn default() -> Self {
        Self::new()
    }
}

/// Logits.
impl Extend<f32> for ExpectedDice {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, logits: I) {
        logits.into_iter().for_each(|logit| self.push(logit));
    }
}
