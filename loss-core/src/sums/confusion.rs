//! How predictions and targets meet.

use super::exact::{ExactSum, UnitSum};

/// The weight of pixels by prediction and target, and the scores that follow.
///
/// A score whose denominator is 0 is `None`: there is nothing to score.
#[doc(alias = "accuracy")]
#[doc(alias = "confusion matrix")]
#[doc(alias = "F1")]
#[doc(alias = "precision")]
#[doc(alias = "recall")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Confusion {
    /// Foreground called foreground.
    pub true_positive: f64,
    /// Background called foreground.
    pub false_positive: f64,
    /// Foreground called background.
    pub false_negative: f64,
    /// Background called background.
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

    /// 2TP / (2TP + FP + FN).
    #[must_use]
    pub fn dice(&self) -> Option<f64> {
        share(2.0 * self.true_positive, self.false_positive + self.false_negative)
    }

    /// TP / (TP + FP + FN).
    #[must_use]
    pub fn iou(&self) -> Option<f64> {
        share(self.true_positive, self.false_positive + self.false_negative)
    }

    /// TP / (TP + FP).
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positive, self.false_positive)
    }

    /// TP / (TP + FN).
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positive, self.false_negative)
    }

    /// FP / (FP + TN), the false positive rate: the x axis of a ROC curve, whose y axis is the recall.
    #[must_use]
    pub fn fall_out(&self) -> Option<f64> {
        share(self.false_positive, self.true_negative)
    }

    /// (TP + TN) / all. With rare foreground it is high for a prediction of nothing but background.
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
