//! Results as C reads them.

use loss_core::class::{ClassLoss, FinishedClasses};
use loss_core::extend::Link;
use loss_core::{Confusion, Counts, Finished, Loss, Part};

use crate::ffi::LOSS_MOST_CLASSES;
use crate::terms::LOSS_MOST_TERMS;

/// How many pixels were pushed, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LossCounts {
    /// In the sums.
    pub valid: i64,
    /// Weight 0, or an ignored label.
    pub ignored: i64,
    /// Left out: the logit is not finite.
    pub rejected_inputs: i64,
    /// Left out: the target lies outside [0, 1].
    pub rejected_targets: i64,
    /// Left out: the weight is neither 0 nor in [2^-32, 2^32].
    pub rejected_weights: i64,
    /// Left out: the label is no class.
    pub rejected_labels: i64,
}

/// Sums of weights by what was predicted and what is true.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossConfusion {
    /// Foreground, and predicted so.
    pub true_positive: f64,
    /// Background, predicted to be foreground.
    pub false_positive: f64,
    /// Foreground, predicted to be background.
    pub false_negative: f64,
    /// Background, and predicted so.
    pub true_negative: f64,
}

/// A term of a loss: it enters the value with coefficient * value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct LossPart {
    /// The coefficient.
    pub coefficient: f64,
    /// The value before the coefficient.
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
    /// The terms, in their order; those past part_count are 0.
    pub parts: [LossPart; LOSS_MOST_TERMS],
    /// How many terms there are.
    pub part_count: u32,
    /// How many pixels there were.
    pub counts: LossCounts,
    /// The soft confusion: sums of probabilities.
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
    /// How many classes there are.
    pub class_count: u32,
    /// How many pixels there were.
    pub counts: LossCounts,
    /// The soft confusion of each class against the rest; past class_count they are 0.
    pub soft: [LossConfusion; LOSS_MOST_CLASSES],
    /// The confusion of the likeliest classes.
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
