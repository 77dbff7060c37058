//! Results in the form that C reads.

use loss_core::class::{ClassLoss, FinishedClasses};
use loss_core::extend::Link;
use loss_core::{Confusion, Counts, Finished, Loss, Part};

use crate::ffi::LOSS_MOST_CLASSES;
use crate::terms::LOSS_MOST_TERMS;

/// The number of pushed pixels: valid, ignored and rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LossCounts {
    /// Pixels in the sums.
    pub valid: i64,
    /// Pixels with weight 0, or an ignored label.
    pub ignored: i64,
    /// Rejected: the logit is not finite.
    pub rejected_inputs: i64,
    /// Rejected: the target lies outside [0, 1].
    pub rejected_targets: i64,
    /// Rejected: the weight is neither 0 nor in [2^-32, 2^32].
    pub rejected_weights: i64,
    /// Rejected: the label is no class.
    pub rejected_labels: i64,
}

/// Sums of weights, by prediction and truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossConfusion {
    /// Foreground predicted as foreground.
    pub true_positive: f64,
    /// Background predicted as foreground.
    pub false_positive: f64,
    /// Foreground predicted as background.
    pub false_negative: f64,
    /// Background predicted as background.
    pub true_negative: f64,
}

/// A term of a loss; it adds coefficient * value to the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossPart {
    /// The coefficient.
    pub coefficient: f64,
    /// The value, before the coefficient.
    pub value: f64,
}

/// A finished loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossResult {
    /// The loss.
    pub value: f64,
    /// The sum of the weights of the valid pixels.
    pub weight: f64,
    /// The terms, in order; those past part_count are 0.
    pub parts: [LossPart; LOSS_MOST_TERMS],
    /// The number of terms.
    pub part_count: u32,
    /// The number of pixels.
    pub counts: LossCounts,
    /// The soft confusion, whose counts are sums of probabilities.
    pub soft: LossConfusion,
    /// The confusion of predictions at the threshold.
    pub hard: LossConfusion,
}

/// A finished loss over classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossClassesResult {
    /// The loss.
    pub value: f64,
    /// The sum of the weights of the valid pixels.
    pub weight: f64,
    /// The two terms: cross-entropy, and the Dice loss over classes.
    pub parts: [LossPart; 2],
    /// The number of classes.
    pub class_count: u32,
    /// The number of pixels.
    pub counts: LossCounts,
    /// The soft confusion of each class against the rest; past class_count they are 0.
    pub soft: [LossConfusion; LOSS_MOST_CLASSES],
    /// The confusion of predictions, the class of the largest logit; past class_count they are 0.
    pub hard: [LossConfusion; LOSS_MOST_CLASSES],
}

impl From<Counts> for LossCounts {
    fn from(counts: Counts) -> Self {
        let Counts { valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels, .. } =
            counts;
        Self { valid, ignored, rejected_inputs, rejected_targets, rejected_weights, rejected_labels }
    }
}

impl From<Confusion> for LossConfusion {
    fn from(confusion: Confusion) -> Self {
        let Confusion { true_positive, false_positive, false_negative, true_negative } = confusion;
        Self { true_positive, false_positive, false_negative, true_negative }
    }
}

impl From<Part> for LossPart {
    fn from(part: Part) -> Self {
        Self { coefficient: part.coefficient, value: part.value }
    }
}

impl<L: Loss, K: Link> From<&Finished<L, K>> for LossResult {
    fn from(finished: &Finished<L, K>) -> Self {
        let mut parts = [LossPart::default(); LOSS_MOST_TERMS];
        let mut part_count = 0;
        for (to, part) in parts.iter_mut().zip(finished.parts()) {
            *to = part.into();
            part_count = u32::wrapping_add(part_count, 1);
        }
        Self {
            value: finished.value(),
            weight: finished.weight(),
            parts,
            part_count,
            counts: finished.counts().into(),
            soft: finished.soft().into(),
            hard: finished.hard().into(),
        }
    }
}

impl<L: ClassLoss<LOSS_MOST_CLASSES>> From<&FinishedClasses<L, LOSS_MOST_CLASSES>> for LossClassesResult {
    fn from(finished: &FinishedClasses<L, LOSS_MOST_CLASSES>) -> Self {
        let mut result = Self {
            value: finished.value(),
            weight: finished.weight(),
            counts: finished.counts().into(),
            ..Self::default()
        };
        for (to, part) in result.parts.iter_mut().zip(finished.parts()) {
            *to = part.into();
        }
        for ((soft, hard), class) in result.soft.iter_mut().zip(&mut result.hard).zip(finished.classes()) {
            (*soft, *hard) = (class.soft.into(), class.hard.into());
            result.class_count = result.class_count.wrapping_add(1);
        }
        result
    }
}
