use super::state::{Count, Seen, Threshold, measure, one_minus_dice, see};
use crate::error::ParameterError;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Link, Logits};
use crate::sums::confusion::{Confusion, finish_confusion};
use crate::sums::error::FinishError;
use crate::sums::exact::ProbabilitySum;
use crate::sums::state::FixedSums;

type Sums = (Seen, ([ProbabilitySum; 3], [Count; 3]));

/// Pairwise Dice: how far two models, or two passes of one model (dropout, a flipped image), see the same mask.
///
/// With p and r the probabilities of a pixel by the two:
///
/// Dice = 2 Σ p r / (Σ p + Σ r), and of the masks the same with p and r replaced by 1 from the threshold on and by 0 below.
///
/// **Range.** [0, 1]; 1 is agreement. The Dice of probabilities is 1 only where both are sure: of p with itself it is Σ p² / Σ p. Where neither
/// predicts anything there is no Dice, and [`Agreed::disagreement`] is 0. The two may change places.
///
/// **Error bound.** p, r, 1 − p and 1 − r are within 1.81 ULP, and their products are rounded once: relative error at most 4e−7, and 2⁻⁶⁵ a pixel.
///
/// **False alarms.** [`AlarmLevel`](super::AlarmLevel) of [`Agreed::disagreement`] over images: see there.
///
/// **State.** Valid and rejected pixels; Σ p r, Σ p (1−r), Σ (1−p) r as probability sums; the pixels in both masks, in the first alone, in the second alone.
///
/// ```
/// use loss_core::watch::Agreement;
///
/// let mut agreement = Agreement::new();
/// agreement.extend([(3.0, 2.5), (-4.0, -3.0), (1.0, -0.5)]);
/// let agreed = agreement.finish()?;
/// assert_eq!(agreed.masks.dice(), Some(2.0 / 3.0));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Roy et al., *Bayesian QuickNAT*, NeuroImage 2019 (Dice between passes); Zenk et al., *Comparative benchmarking of failure detection methods in medical
/// image segmentation*, Medical Image Analysis 2025 (pairwise Dice as the most robust of the detectors compared).
#[derive(Clone, Debug)]
#[must_use]
pub struct Agreement {
    threshold: Threshold,
    sums: Sums,
}

/// How far two models agree.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Agreed {
    /// Of the probabilities: Σ p r as true positives, Σ p (1−r) as false positives, Σ (1−p) r as false negatives.
    pub probabilities: Confusion,
    /// Of the masks.
    pub masks: Confusion,
}

impl Agreed {
    /// 1 − Dice of the masks: 0 where both are empty.
    #[must_use]
    pub fn disagreement(&self) -> f64 {
        disagreement(&self.masks)
    }

    /// 1 − Dice of the probabilities.
    #[must_use]
    pub fn soft_disagreement(&self) -> f64 {
        disagreement(&self.probabilities)
    }
}

fn disagreement(of: &Confusion) -> f64 {
    one_minus_dice(of.true_positive, of.false_positive + of.false_negative).unwrap_or(0.0)
}

impl Agreement {
    /// Of no pixels; a mask has the pixels from p = ½ on.
    pub fn new() -> Self {
        Self { threshold: Threshold::HALF, sums: Sums::default() }
    }

    /// Of no pixels, with another threshold of the masks.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(probability: f64) -> Result<Self, ParameterError> {
        Ok(Self { threshold: Threshold::new(probability)?, sums: Sums::default() })
    }

    /// Adds a pixel by its two logits. If either is not finite, the pixel is counted as rejected.
    #[inline]
    pub fn push(&mut self, one: f32, other: f32) {
        let (seen, (soft, hard)) = &mut self.sums;
        if !see(seen, one.is_finite() && other.is_finite(), 1) {
            return;
        }
        let [a, b] = [one, other].map(|logit| Logits.pixel(logit, 0.0f32));
        for (sum, term) in soft.iter_mut().zip([a.p * b.p, a.p * b.q, a.q * b.p]) {
            sum.add(term);
        }
        let [a, b] = [one, other].map(|logit| logit >= self.threshold.logit);
        for (count, holds) in hard.iter_mut().zip([a && b, a && !b, !a && b]) {
            count.add(holds.into());
        }
    }

    /// How far they agree.
    ///
    /// # Errors
    /// [`FinishError`] if there was no pixel, or if any was rejected.
    pub fn finish(&self) -> Result<Agreed, FinishError> {
        FinishError::of_all(self.counts(), None)?;
        let (_, (soft, hard)) = &self.sums;
        let whole = ProbabilitySum::from_digits([0, 0, self.counts().valid]);
        let hard = hard.map(|Count(count)| ProbabilitySum::from_digits([0, 0, count]));
        Ok(Agreed { probabilities: finish_confusion(soft, &whole), masks: finish_confusion(&hard, &whole) })
    }

    /// Tells the kind and the threshold from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("agreement").number(self.threshold.probability);
        fingerprint.finish()
    }
}

measure!([] Agreement, <Sums as FixedSums>::LENGTH);

impl Default for Agreement {
    fn default() -> Self {
        Self::new()
    }
}

/// Pairs of logits.
impl Extend<(f32, f32)> for Agreement {
    fn extend<I: IntoIterator<Item = (f32, f32)>>(&mut self, pixels: I) {
        pixels.into_iter().for_each(|(one, other)| self.push(one, other));
    }
}
