//! The scores as data: what JSON shows, and what tables and CSV are made of.

use loss_core::{Confusion, Link};
use serde::Serialize;

use super::run::{Means, Outcome};
use super::terms::{Evaluated, Plan};
use crate::cli::EmptyImages;

/// A loss of some pixels; without a valid pixel there is no value.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LossScore {
    pub(crate) loss: String,
    pub(crate) value: Option<f64>,
    pub(crate) parts: Vec<PartScore>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PartScore {
    pub(crate) name: &'static str,
    pub(crate) term: String,
    pub(crate) coefficient: f64,
    pub(crate) value: Option<f64>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Rejected {
    pub(crate) input: i64,
    pub(crate) target: i64,
    pub(crate) weight: i64,
    pub(crate) total: i64,
}

/// Counts and scores of predictions, by weight.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ConfusionScores {
    pub(crate) tp: f64,
    pub(crate) fp: f64,
    #[serde(rename = "fn")]
    pub(crate) fn_: f64,
    pub(crate) tn: f64,
    pub(crate) dice: Option<f64>,
    pub(crate) iou: Option<f64>,
    pub(crate) precision: Option<f64>,
    pub(crate) recall: Option<f64>,
    pub(crate) accuracy: Option<f64>,
}

impl From<Confusion> for ConfusionScores {
    fn from(confusion: Confusion) -> Self {
        Self {
            tp: confusion.true_positive,
            fp: confusion.false_positive,
            fn_: confusion.false_negative,
            tn: confusion.true_negative,
            dice: confusion.dice(),
            iou: confusion.iou(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            accuracy: confusion.accuracy(),
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Confusions {
    pub(crate) threshold: f64,
    pub(crate) hard: ConfusionScores,
    pub(crate) soft: ConfusionScores,
}

/// The scores of some pixels.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Scores {
    /// What the losses are taken over.
    pub(crate) reduction: &'static str,
    pub(crate) losses: Vec<LossScore>,
    pub(crate) pixels: i64,
    pub(crate) valid: i64,
    pub(crate) ignored: i64,
    pub(crate) rejected: Rejected,
    pub(crate) confusion: Option<Confusions>,
    /// Σ w t.
    pub(crate) support: Option<f64>,
    /// Σ w.
    pub(crate) weight: Option<f64>,
}

pub(crate) const POOLED: &str = "pooled over all pixels";
pub(crate) const OVER_IMAGES: &str = "mean over images";

/// The losses of a mean over images or files.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MeanScores {
    /// How many took part.
    pub(crate) count: u64,
    /// How many had no valid pixel and were left out.
    pub(crate) skipped: u64,
    pub(crate) losses: Vec<LossScore>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LossScores {
    pub(crate) losses: Vec<LossScore>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ImageScores {
    pub(crate) image: usize,
    #[serde(flatten)]
    pub(crate) scores: Scores,
}

/// The scores of a file, or of all; `scores` has the losses that were asked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    #[serde(flatten)]
    pub(crate) scores: Scores,
    /// With --per-image: the losses of all pixels, for comparison, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pooled: Option<LossScores>,
    /// … the mean, once more under its own name, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_over_images: Option<MeanScores>,
    /// … and the images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<Vec<ImageScores>>,
}

/// What was scored.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Names {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probs: Option<String>,
    pub(crate) targets: String,
}

impl Names {
    /// The logits or the probabilities.
    pub(crate) fn input(&self) -> &str {
        self.logits.as_deref().or(self.probs.as_deref()).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileScores {
    #[serde(flatten)]
    pub(crate) names: Names,
    #[serde(flatten)]
    pub(crate) group: Group,
}

/// Everything there is to report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Of the only file.
    #[serde(flatten)]
    pub(crate) names: Option<Names>,
    #[serde(flatten)]
    pub(crate) all: Group,
    /// Of several files: the mean of the losses of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_over_files: Option<MeanScores>,
    /// Several files, the one with the highest first loss first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileScores>,
}

/// Turns outcomes into scores.
#[derive(Clone, Copy)]
pub(crate) struct Scorer<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) threshold: f64,
    pub(crate) per_image: bool,
    pub(crate) empty_images: EmptyImages,
}

impl Scorer<'_> {
    fn losses(self, values: Option<&[Evaluated]>) -> Vec<LossScore> {
        let score = |(index, expression): (usize, &crate::expression::Expression)| {
            let evaluated = values.and_then(|values| values.get(index));
            let part = |(index, weighted): (usize, &crate::expression::WeightedTerm)| PartScore {
                name: weighted.term.name,
                term: weighted.term.to_string(),
                coefficient: weighted.coefficient,
                value: evaluated.and_then(|evaluated| evaluated.parts.get(index).copied()),
            };
            LossScore {
                loss: expression.to_string(),
                value: evaluated.map(|evaluated| evaluated.value),
                parts: expression.terms().iter().enumerate().map(part).collect(),
            }
        };
        self.plan.expressions().iter().enumerate().map(score).collect()
    }

    pub(crate) fn evaluate<K: Link>(self, outcome: &Outcome<K>) -> Option<Vec<Evaluated>> {
        outcome.finished.as_ref().map(|finished| self.plan.evaluate(finished))
    }

    /// As [`evaluate`](Self::evaluate), for an image, which may count even without a valid pixel.
    pub(crate) fn evaluate_image<K: Link>(self, image: &Outcome<K>) -> Option<Vec<Evaluated>> {
        let empty = || (self.empty_images == EmptyImages::Count).then(|| self.plan.evaluate_nothing());
        self.evaluate(image).or_else(empty)
    }

    fn pooled<K: Link>(self, outcome: &Outcome<K>) -> Scores {
        let counts = outcome.counts;
        let finished = outcome.finished.as_ref();
        let confusion = |finished: &loss_core::Finished<_, K>| Confusions {
            threshold: self.threshold,
            hard: finished.hard().into(),
            soft: finished.soft().into(),
        };
        Scores {
            reduction: POOLED,
            losses: self.losses(self.evaluate(outcome).as_deref()),
            pixels: counts.pixels(),
            valid: counts.valid,
            ignored: counts.ignored,
            rejected: Rejected {
                input: counts.rejected_inputs,
                target: counts.rejected_targets,
                weight: counts.rejected_weights,
                total: counts.rejected(),
            },
            confusion: finished.map(confusion),
            support: finished.map(|finished| finished.support()),
            weight: finished.map(|finished| finished.weight()),
        }
    }

    pub(crate) fn mean(self, means: &Means) -> MeanScores {
        let losses = self.losses(means.finish().as_deref());
        MeanScores { count: means.counted, skipped: means.skipped, losses }
    }

    pub(crate) fn images<K: Link>(self, images: &[Outcome<K>]) -> Vec<ImageScores> {
        let scores =
            |outcome| Scores { losses: self.losses(self.evaluate_image(outcome).as_deref()), ..self.pooled(outcome) };
        images.iter().enumerate().map(|(image, outcome)| ImageScores { image, scores: scores(outcome) }).collect()
    }

    /// The scores of a file or of all, with the mean over its images if that was asked for.
    pub(crate) fn group<K: Link>(self, all: &Outcome<K>, means: &Means, images: Option<Vec<ImageScores>>) -> Group {
        let mut scores = self.pooled(all);
        if !self.per_image {
            return Group { scores, pooled: None, mean_over_images: None, images: None };
        }
        let mean = self.mean(means);
        let pooled = std::mem::replace(&mut scores.losses, mean.losses.clone());
        scores.reduction = OVER_IMAGES;
        Group { scores, pooled: Some(LossScores { losses: pooled }), mean_over_images: Some(mean), images }
    }
}
