use core::marker::PhantomData;

use super::{Code, Histogram, Meaning};
use crate::input::link::Logits;
use crate::input::quantisation::Quantisation;
use crate::number::compensated::Compensated;
use crate::sums::confusion::Confusion;
use crate::sums::error::FinishError;

/// The confusion at every threshold, and the areas and scores that follow from it. Every code is a threshold: codes from it upwards predict foreground.
///
/// A target between 0 and 1 counts as t foreground pixels and 1 − t background pixels. P and N are the foreground and the
/// background, f(q) and b(q) their parts with code q:
///
/// | score | formula | `None` if |
/// |---|---|---|
/// | [`roc_auc`](Self::roc_auc) | Σ f(q)·(Σ_{r<q} b(r) + ½b(q)) / (P·N) | P = 0 or N = 0 |
/// | [`average_precision`](Self::average_precision) | Σ f(q)/P · TP(q)/(TP(q) + FP(q)) | P = 0 |
/// | [`best_threshold`](Self::best_threshold) | max over q of a score of the confusion | no confusion has the score |
/// | [`brier_score`](Self::brier_score) | Σ (f(q)(1−p)² + b(q)p²) / (P + N) | |
/// | [`calibration`](Self::calibration) | Σ\|Σ p − Σ t\| / (P + N), a sum over bins of p | |
///
/// **Exactness.** The confusions are counts (in units of 1/(TARGETS − 1) for targets of several levels). So is everything in the area under the ROC curve except its last
/// division. The other scores are sums of 256 terms in a fixed order, with a relative error below 2⁻⁴⁸, given p as an `f32`. No score depends on the order of the pixels.
///
/// ```
/// use loss_core::{Confusion, Histogram, Quantisation};
///
/// let mut histogram = Histogram::new(Quantisation::new(0.1, 0)?);
/// histogram.extend_codes(&[10i8, 20, 20, 30], &[false, true, false, true])?;
/// let curves = histogram.curves()?;
/// assert_eq!(curves.roc_auc(), Some(0.875)); // of 4 pairs 3 are in order and one is tied
/// assert_eq!(curves.average_precision(), Some((1.0 + 2.0 / 3.0) / 2.0));
///
/// let (point, dice) = curves.best_threshold(Confusion::dice).ok_or("no foreground")?;
/// assert_eq!((point.code, dice), (20, 0.8));
/// for point in curves.points().rev() {
///     let (_recall, _precision) = (point.confusion.recall(), point.confusion.precision());
///     let (_fall_out, _threshold) = (point.confusion.fall_out(), point.probability);
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Fawcett, *An introduction to ROC analysis*, 2006; Davis and Goadrich, *The relationship between precision-recall and ROC curves*, 2006.
#[doc(alias = "AUC")]
#[doc(alias = "average precision")]
#[doc(alias = "precision-recall")]
#[doc(alias = "ROC")]
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct ThresholdCurves<C, K = Logits> {
    quantisation: Quantisation,
    /// The foreground and the background from each code upwards, in the order of the codes, in units.
    foreground: [u64; 256],
    background: [u64; 256],
    /// The number of units in a pixel.
    units: f64,
    codes: PhantomData<(C, K)>,
}

/// A threshold, and the confusion at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint<C> {
    /// The smallest code that predicts foreground.
    pub code: C,
    /// The logit that it stands for; −∞ and ∞ of the probabilities 0 and 1.
    pub logit: f32,
    /// The probability that it stands for.
    pub probability: f32,
    /// Pixels by prediction and target.
    pub confusion: Confusion,
}

impl<C: Code, const TARGETS: usize, K: Meaning> Histogram<C, TARGETS, K> {
    /// The curves over all pixels, if every pixel was in range.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel, or if any was rejected.
    pub fn curves(&self) -> Result<ThresholdCurves<C, K>, FinishError> {
        FinishError::of_all(self.counts(), self.first_rejected())?;
        self.curves_valid()
    }

    /// The curves over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`FinishError`] if there is no valid pixel.
    pub fn curves_valid(&self) -> Result<ThresholdCurves<C, K>, FinishError> {
        FinishError::of_valid(self.counts())?;
        let (mut foreground, mut background) = ([0u64; 256], [0u64; 256]);
        for (target, bits, count) in self.cells() {
            let position = C::from_bits(bits).position();
            for (sums, share) in [(&mut foreground, target), (&mut background, TARGETS - 1 - target)] {
                if let Some(sum) = sums.get_mut(position) {
                    *sum = sum.wrapping_add(count.wrapping_mul(share as u64));
                }
            }
        }
        for sums in [&mut foreground, &mut background] {
            let mut above = 0u64;
            for sum in sums.iter_mut().rev() {
                above = above.wrapping_add(*sum);
                *sum = above;
            }
        }
        let units = (TARGETS - 1) as f64;
        Ok(ThresholdCurves { quantisation: self.quantisation, foreground, background, units, codes: PhantomData })
    }
}

impl<C: Code, K: Meaning> ThresholdCurves<C, K> {
    /// The confusion at each threshold in rising order, from all pixels predicted foreground to only those of the highest code.
    ///
    /// These are the points of precision-recall curves and of ROC curves, which plot [`recall`](Confusion::recall) over [`fall_out`](Confusion::fall_out). A ROC curve
    /// also ends at (0, 0), where nothing is predicted.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = OperatingPoint<C>> + ExactSizeIterator + '_ {
        C::RISING.into_iter().map(|code| self.at(code))
    }

    /// The confusion at one threshold.
    pub fn at(&self, code: C) -> OperatingPoint<C> {
        let input = self.quantisation.logit(code.into());
        let [probability, _] = K::shares(input);
        let above = |sums: &[u64; 256]| {
            let above = sums.get(code.position()).copied().unwrap_or_default();
            (above as f64 / self.units, total(sums).wrapping_sub(above) as f64 / self.units)
        };
        let (true_positive, false_negative) = above(&self.foreground);
        let (false_positive, true_negative) = above(&self.background);
        let confusion = Confusion { true_positive, false_positive, false_negative, true_negative };
        OperatingPoint { code, logit: K::logit(input), probability, confusion }
    }

    /// The threshold at which a score of the confusion is highest, and that score; for example `best_threshold(Confusion::dice)`.
    ///
    /// Among equal scores the highest threshold wins; so it is a code that has occurred, unless predicting nothing is best. Confusions whose score is
    /// `None` or NaN are skipped; if all are, the result is `None`.
    pub fn best_threshold(&self, score: impl Fn(&Confusion) -> Option<f64>) -> Option<(OperatingPoint<C>, f64)> {
        let scored = self.points().filter_map(|point| Some((point, score(&point.confusion)?)));
        scored.filter(|(_, score)| !score.is_nan()).reduce(|best, next| if next.1 >= best.1 { next } else { best })
    }

    /// The area under the ROC curve, by trapezoids: the probability that a foreground pixel has a higher code than a background
    /// pixel, where ties count ½ (the Mann-Whitney statistic over P·N). `None` without foreground or without background.
    #[must_use]
    pub fn roc_auc(&self) -> Option<f64> {
        let (foreground, background) = (u128::from(total(&self.foreground)), u128::from(total(&self.background)));
        let mut twice = 0u128;
        for Level { foreground, background_above, background: tied, .. } in self.levels() {
            // Pixels that are not above are below or tied; tied pixels count once where lower ones count twice.
            let lower = 2 * (background - u128::from(background_above) - u128::from(tied)) + u128::from(tied);
            twice = twice.wrapping_add(u128::from(foreground).wrapping_mul(lower));
        }
        let pairs = foreground.wrapping_mul(background);
        (pairs > 0).then(|| twice as f64 / (2.0 * pairs as f64))
    }

    /// The average precision: Σ (Rₖ − Rₖ₋₁)·Pₖ over falling thresholds, where R is recall and P precision. It is the step sum of scikit-learn's `average_precision_score`,
    /// without interpolation. `None` without foreground.
    #[must_use]
    pub fn average_precision(&self) -> Option<f64> {
        let all = total(&self.foreground);
        let mut sum = Compensated::default();
        for level in self.levels().rev().filter(|level| level.foreground > 0) {
            let called = level.foreground_above.wrapping_add(level.foreground) as f64;
            let wrongly_called = level.background_above.wrapping_add(level.background) as f64;
            sum.add(level.foreground as f64 * (called / (called + wrongly_called)));
        }
        (all > 0).then(|| sum.value() / all as f64)
    }

    /// The Brier score: Σ (t(1−p)² + (1−t)p²) / n, the mean squared error of p for a pixel that is foreground with probability t. For hard targets it is Σ (p − t)² / n.
    ///
    /// Brier, *Verification of forecasts expressed in terms of probability*, 1950.
    #[must_use]
    pub fn brier_score(&self) -> f64 {
        let mut sum = Compensated::default();
        for level in self.levels() {
            let (p, q) = (f64::from(level.p), f64::from(level.q));
            sum.add(level.foreground as f64 * (q * q));
            sum.add(level.background as f64 * (p * p));
        }
        let pixels = total(&self.foreground).wrapping_add(total(&self.background));
        sum.value() / pixels as f64
    }

    /// The number of units in a pixel.
    pub(super) fn units(&self) -> f64 {
        self.units
    }

    /// The codes in rising order.
    pub(super) fn levels(&self) -> impl DoubleEndedIterator<Item = Level> + '_ {
        C::RISING.into_iter().map(|code| {
            let part = |sums: &[u64; 256]| {
                let from = sums.get(code.position()).copied().unwrap_or_default();
                let above = sums.get(code.position() + 1).copied().unwrap_or_default();
                (from.wrapping_sub(above), above)
            };
            let (foreground, foreground_above) = part(&self.foreground);
            let (background, background_above) = part(&self.background);
            let [p, q] = K::shares(self.quantisation.logit(code.into()));
            Level { p, q, foreground, foreground_above, background, background_above }
        })
    }
}

/// The pixels of one code, and those of all higher codes, in units.
pub(super) struct Level {
    pub(super) p: f32,
    pub(super) q: f32,
    pub(super) foreground: u64,
    pub(super) foreground_above: u64,
    pub(super) background: u64,
    pub(super) background_above: u64,
}

/// The sum over all codes, which is the sum from the lowest code upwards.
fn total(sums: &[u64; 256]) -> u64 {
    let [total, ..] = sums;
    *total
}
