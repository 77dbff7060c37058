//! The confusion of predictions and targets, and its scores.

use super::exact::{ExactSum, UnitSum};

/// The confusion: the weight of pixels by prediction and target, and the scores that follow from it.
///
/// A score whose denominator is 0 is `None`.
#[doc(alias = "accuracy")]
#[doc(alias = "confusion matrix")]
#[doc(alias = "F1")]
#[doc(alias = "precision")]
#[doc(alias = "recall")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Confusion {
    /// Foreground predicted as foreground.
    pub true_positive: f64,
    /// Background predicted as foreground.
    pub false_positive: f64,
    /// Foreground predicted as background.
    pub false_negative: f64,
    /// Background predicted as background.
    pub true_negative: f64,
}

impl Confusion {
    pub(crate) const NONE: Self =
        Self { true_positive: 0.0, false_positive: 0.0, false_negative: 0.0, true_negative: 0.0 };

    /// Σ w t, the weight of the foreground.
    #[must_use]
    pub fn support(&self) -> f64 {
        self.true_positive + self.false_negative
    }

    /// The Dice score, or F₁: 2TP / (2TP + FP + FN).
    #[must_use]
    pub fn dice(&self) -> Option<f64> {
        share(2.0 * self.true_positive, self.false_positive + self.false_negative)
    }

    /// The IoU: TP / (TP + FP + FN).
    #[must_use]
    pub fn iou(&self) -> Option<f64> {
        share(self.true_positive, self.false_positive + self.false_negative)
    }

    /// The precision: TP / (TP + FP).
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positive, self.false_positive)
    }

    /// The recall: TP / (TP + FN).
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positive, self.false_negative)
    }

    /// The false positive rate: FP / (FP + TN). It is the x axis of a ROC curve; the recall is the y axis.
    #[must_use]
    pub fn fall_out(&self) -> Option<f64> {
        share(self.false_positive, self.true_negative)
    }

    /// The accuracy: (TP + TN) / all. With rare foreground, predicting only background scores high.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        share(self.true_positive + self.true_negative, self.false_positive + self.false_negative)
    }
}

/// part / (part + rest).
fn share(part: f64, rest: f64) -> Option<f64> {
    let whole = part + rest;
    (whole > 0.0).then(|| part / whole)
}

/// The sums of the confusion, soft or at a threshold: the weights of true positives, false positives and
/// false negatives.
///
/// True negatives are not summed: they are the rest of Σ w.
pub(crate) type ConfusionSums = [UnitSum; 3];

pub(crate) fn finish_confusion<const DIGITS: usize>(
    sums: &[ExactSum<DIGITS>; 3],
    weight: &ExactSum<DIGITS>,
) -> Confusion {
    let mut rest = *weight;
    sums.iter().for_each(|sum| rest.subtract(sum));
    let [true_positive, false_positive, false_negative] = sums.each_ref().map(|sum| sum.to_f64());
    // The rounding of terms can make the rest slightly negative.
    let true_negative = if rest.is_negative() { 0.0 } else { rest.to_f64() };
    Confusion { true_positive, false_positive, false_negative, true_negative }
}
