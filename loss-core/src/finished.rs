//! What an accumulator gives at its end.

use crate::error::{FinishError, LengthError};
use crate::gradient::Gradient;
use crate::link::Link;
use crate::loss::{Loss, Part};
use crate::pixel::{Reason, Sample, Target};
use crate::plane::Plane;
use crate::sums::Totals;

/// How many pixels were streamed in, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// In the sums.
    pub valid: i64,
    /// Weight 0 or masked out.
    pub ignored: i64,
    /// Left out: the logit not finite, or the probability outside [0, 1].
    pub rejected_inputs: i64,
    /// Left out: the target outside [0, 1].
    pub rejected_targets: i64,
    /// Left out: the weight neither 0 nor in [2⁻³², 2³²].
    pub rejected_weights: i64,
    /// Left out: the label no class. Binary losses have none.
    pub rejected_labels: i64,
}

impl Counts {
    pub(crate) const NONE: Self =
        Self { valid: 0, ignored: 0, rejected_inputs: 0, rejected_targets: 0, rejected_weights: 0, rejected_labels: 0 };

    /// All pixels.
    pub fn pixels(&self) -> i64 {
        self.each().into_iter().fold(0, i64::saturating_add)
    }

    /// The pixels that were left out as out of range.
    pub fn rejected(&self) -> i64 {
        let Self { rejected_inputs, rejected_targets, rejected_weights, rejected_labels, .. } = *self;
        [rejected_inputs, rejected_targets, rejected_weights, rejected_labels].into_iter().fold(0, i64::saturating_add)
    }

    /// The valid and the ignored pixels.
    pub(crate) fn not_rejected(&self) -> f64 {
        self.valid.saturating_add(self.ignored) as f64
    }

    pub(crate) fn ignore(&mut self) {
        self.ignored = self.ignored.wrapping_add(1);
    }

    /// Counts a valid pixel.
    #[inline(always)]
    pub(crate) fn accept(&mut self) {
        self.valid = self.valid.wrapping_add(1);
    }

    /// Counts valid and ignored pixels.
    #[inline(always)]
    pub(crate) fn accept_many(&mut self, valid: i64, ignored: i64) {
        self.valid = self.valid.wrapping_add(valid);
        self.ignored = self.ignored.wrapping_add(ignored);
    }

    /// These counts, if no pixel was rejected and any is valid.
    pub(crate) fn all_valid(self, first: Option<RejectedPixel>) -> Result<Self, FinishError> {
        if self.rejected() > 0 { Err(FinishError::Rejected { counts: self, first }) } else { self.any_valid() }
    }

    /// These counts, if any pixel is valid.
    pub(crate) fn any_valid(self) -> Result<Self, FinishError> {
        match self {
            // Counts are not negative, so that their sum is 0 only if each is.
            Self::NONE => Err(FinishError::NoPixels),
            counts if counts.valid == 0 => Err(FinishError::NoValidPixels(counts)),
            counts => Ok(counts),
        }
    }

    /// Counts a rejected pixel; `first` stays, or becomes this one.
    pub(crate) fn reject(&mut self, reason: Reason, first: &mut Option<RejectedPixel>) {
        first.get_or_insert(RejectedPixel { index: self.pixels(), reason });
        let count = match reason {
            Reason::Input => &mut self.rejected_inputs,
            Reason::Target => &mut self.rejected_targets,
            Reason::Weight => &mut self.rejected_weights,
            Reason::Label => &mut self.rejected_labels,
        };
        *count = count.wrapping_add(1);
    }

    pub(crate) fn each(&self) -> [i64; 6] {
        let Self { valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels } = *self;
        [valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels]
    }

    pub(crate) fn each_mut(&mut self) -> [&mut i64; 6] {
        [
            &mut self.valid,
            &mut self.ignored,
            &mut self.rejected_inputs,
            &mut self.rejected_targets,
            &mut self.rejected_weights,
            &mut self.rejected_labels,
        ]
    }
}

/// The first pixel that an accumulator rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedPixel {
    /// How many pixels came before it.
    pub index: i64,
    /// What was wrong with it.
    pub reason: Reason,
}

/// The weight of pixels by prediction and target, and the scores that follow.
///
/// A score whose denominator is 0 is `None`: there is nothing to score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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

/// The finished loss: value, parts, counts and scores, and the gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
#[must_use]
pub struct Finished<L: Loss, K: Link> {
    pub(crate) loss: L,
    pub(crate) link: K,
    pub(crate) sums: L::Sums,
    pub(crate) counts: Counts,
    pub(crate) totals: Totals,
}

impl<L: Loss, K: Link> Finished<L, K> {
    /// The loss.
    pub fn value(&self) -> f64 {
        self.loss.value(&self.totals, &self.sums)
    }

    /// The parts of a combined loss, in the order they were added: their coefficients times their values sum to
    /// [`value`](Self::value).
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        (0..self.loss.part_count()).filter_map(|index| self.loss.part(index, &self.totals, &self.sums))
    }

    /// How many pixels there were, and what became of them.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Σ w over the valid pixels.
    pub fn weight(&self) -> f64 {
        self.totals.weight
    }

    /// Σ w t, the weight of the foreground.
    pub fn support(&self) -> f64 {
        self.totals.hard.support()
    }

    /// The soft confusion: sums of probabilities.
    pub fn soft(&self) -> Confusion {
        self.totals.soft
    }

    /// The confusion of predictions at the threshold.
    pub fn hard(&self) -> Confusion {
        self.totals.hard
    }

    /// The gradient ∂L/∂x, ready to be taken at any pixel.
    pub fn gradient(&self) -> Gradient<L, K> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor, see [`Gradient`] for factors that are too large or no number.
    pub fn gradient_times(&self, upstream: f64) -> Gradient<L, K> {
        Gradient::new(self, upstream)
    }

    /// Writes ∂L/∂x of every pixel: 0 where a pixel was ignored or rejected.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` is not as long as the plane; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }

    /// ∂L/∂x of each pixel of an iterator.
    pub fn gradients<S: Into<Sample>>(&self, samples: impl IntoIterator<Item = S>) -> impl Iterator<Item = f32> {
        let gradient = self.gradient();
        samples.into_iter().map(move |sample| gradient.at(sample))
    }
}
