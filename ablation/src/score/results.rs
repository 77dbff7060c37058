//! The scores as data: what JSON shows, and what tables and CSV are made of.

use std::borrow::Cow;

use loss_core::class::ClassReport;
use loss_core::{Confusion, Counts, FinishError};
use loss_expression::{Evaluated, EvaluationError, Expression, WeightedTerm};
use loss_expression::{binary, classes};
use serde::{Deserialize, Serialize};

use super::inputs::{Broken, PairedByOption};
use super::means::Means;
use super::metrics::Summary;
use super::observed::{Clamped, Observed};
use crate::arguments::EmptyImages;
use crate::targets::Sight;

/// What the first pass gave for some pixels: those of a file, of an image, or all.
pub(crate) struct Outcome<F> {
    pub(crate) counts: Counts,
    /// `None` without a valid pixel.
    pub(crate) finished: Option<F>,
}

impl<F> Outcome<F> {
    /// Of what finishing gave. That there is no valid pixel is an outcome; that a loss has no value is an error.
    pub(crate) fn new(counts: Counts, finished: Result<F, EvaluationError>) -> Result<Self, EvaluationError> {
        match finished {
            Ok(finished) => Ok(Self { counts, finished: Some(finished) }),
            Err(EvaluationError::Finish(error)) if !is_of_loss(&error) => Ok(Self { counts, finished: None }),
            Err(error) => Err(error),
        }
    }
}

/// Whether a loss has no value, though there are valid pixels.
fn is_of_loss(error: &FinishError) -> bool {
    matches!(error, FinishError::Saturated | FinishError::Coefficient { .. })
}

/// The outcome of a file, and of its images if they are asked for.
pub(crate) struct FileOutcome<F> {
    pub(crate) all: Outcome<F>,
    pub(crate) images: Vec<Outcome<F>>,
    pub(crate) observed: Observed,
}

/// Finished sums, of binary masks or of classes.
pub(crate) trait Finish {
    /// The values of all expressions.
    fn values(&self) -> Vec<Evaluated>;

    /// What there is beside losses.
    fn figures(&self, reading: &Reading) -> Figures;
}

/// How pixels are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) threshold: f64,
    /// The names of the classes, if they have any.
    pub(crate) names: Vec<String>,
}

/// What finished sums have beside losses.
pub(crate) struct Figures {
    pub(crate) confusion: Option<Confusions>,
    pub(crate) support: Option<f64>,
    pub(crate) weight: f64,
    pub(crate) over_classes: Option<OverClasses>,
}

/// Scores over classes: the likeliest class is the prediction.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct OverClasses {
    /// The share of the weight that is predicted right.
    pub(crate) accuracy: f64,
    /// The accuracy of a prediction of class 0 everywhere.
    pub(crate) accuracy_of_background: f64,
    /// The mean of the scores of the classes that have one.
    pub(crate) mean_dice: Option<f64>,
    pub(crate) mean_iou: Option<f64>,
    pub(crate) classes: Vec<ClassScore>,
}

/// A class against the rest.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ClassScore {
    pub(crate) class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Σ w of the class, …
    pub(crate) support: f64,
    /// … as a share of all, and the share of what is predicted to be of the class.
    pub(crate) share: f64,
    pub(crate) predicted_share: f64,
    #[serde(flatten)]
    pub(crate) hard: ConfusionScores,
    pub(crate) soft: ConfusionScores,
}

impl ClassScore {
    /// The name, or the number.
    pub(crate) fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.class.to_string())
    }
}

impl LossScore {
    /// The values as they were evaluated; none without a valid pixel.
    pub(crate) fn evaluated(&self) -> Option<Evaluated> {
        let parts = self.parts.iter().map(|part| part.value).collect::<Option<_>>()?;
        Some(Evaluated { value: self.value?, parts })
    }
}

/// A loss of some pixels; without a valid pixel there is no value.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LossScore {
    pub(crate) loss: String,
    pub(crate) value: Option<f64>,
    pub(crate) parts: Vec<PartScore>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PartScore {
    pub(crate) name: Cow<'static, str>,
    pub(crate) term: String,
    pub(crate) coefficient: f64,
    pub(crate) value: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Rejected {
    pub(crate) input: i64,
    pub(crate) target: i64,
    pub(crate) weight: i64,
    pub(crate) total: i64,
}

/// Counts and scores of predictions, by weight.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
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

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Confusions {
    pub(crate) threshold: f64,
    pub(crate) hard: ConfusionScores,
    pub(crate) soft: ConfusionScores,
}

impl Finish for binary::Finished {
    fn values(&self) -> Vec<Evaluated> {
        binary::Finished::values(self)
    }

    fn figures(&self, reading: &Reading) -> Figures {
        let confusion = Confusions { threshold: reading.threshold, hard: self.hard().into(), soft: self.soft().into() };
        Figures { confusion: Some(confusion), support: Some(self.support()), weight: self.weight(), over_classes: None }
    }
}

impl Finish for classes::Finished {
    fn values(&self) -> Vec<Evaluated> {
        classes::Finished::values(self)
    }

    fn figures(&self, reading: &Reading) -> Figures {
        let weight = self.weight();
        let score = |class: ClassReport| ClassScore {
            class: class.class,
            name: reading.names.get(class.class).cloned(),
            support: class.support(),
            share: class.support() / weight,
            predicted_share: (class.hard.true_positive + class.hard.false_positive) / weight,
            hard: class.hard.into(),
            soft: class.soft.into(),
        };
        let classes: Vec<ClassScore> = self.classes().into_iter().map(score).collect();
        let mean = |score: fn(&ClassScore) -> Option<f64>| {
            let scores: Vec<f64> = classes.iter().filter_map(score).collect();
            (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
        };
        let over_classes = OverClasses {
            accuracy: classes.iter().map(|class| class.hard.tp).sum::<f64>() / weight,
            accuracy_of_background: classes.first().map_or(0.0, |class| class.share),
            mean_dice: mean(|class| class.hard.dice),
            mean_iou: mean(|class| class.hard.iou),
            classes,
        };
        Figures { confusion: None, support: None, weight, over_classes: Some(over_classes) }
    }
}

/// The scores of some pixels.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Scores {
    /// What the losses are taken over.
    pub(crate) reduction: Cow<'static, str>,
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
    #[serde(flatten)]
    pub(crate) over_classes: Option<OverClasses>,
}

pub(crate) const POOLED: &str = "pooled over all pixels";
pub(crate) const OVER_IMAGES: &str = "mean over images";

/// The losses of a mean over images or files.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct MeanScores {
    /// How many took part.
    pub(crate) count: u64,
    /// How many had no valid pixel and were left out.
    pub(crate) skipped: u64,
    pub(crate) losses: Vec<LossScore>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LossScores {
    pub(crate) losses: Vec<LossScore>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ImageScores {
    pub(crate) image: usize,
    #[serde(flatten)]
    pub(crate) scores: Scores,
}

/// The scores of a file, or of all; `scores` has the losses that were asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Names {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probs: Option<String>,
    pub(crate) targets: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weights: Option<String>,
    pub(crate) paired_by: PairedByOption,
    /// Which of these names is not UTF-8: its bytes that do not fit are written `\xff` and its backslashes doubled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) escaped: Vec<Cow<'static, str>>,
}

impl Names {
    /// The logits or the probabilities.
    pub(crate) fn input(&self) -> &str {
        self.logits.as_deref().or(self.probs.as_deref()).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct FileScores {
    #[serde(flatten)]
    pub(crate) names: Names,
    #[serde(flatten)]
    pub(crate) group: Group,
}

/// Class weights, and where they come from.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WeightScores {
    pub(crate) from: String,
    pub(crate) weights: Vec<f64>,
    /// The pixels of each class, if the weights come from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<Vec<u64>>,
}

/// A loss of another library.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConventionScore {
    pub(crate) convention: &'static str,
    pub(crate) value: Option<f64>,
    pub(crate) loss: String,
    pub(crate) grouping: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) note: &'static str,
}

/// Everything there is to report.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Of the only file.
    #[serde(flatten)]
    pub(crate) names: Option<Names>,
    /// How the targets were read: "binary", "multi-label", "labels" or "one-hot".
    pub(crate) targets_read_as: &'static str,
    /// Of classes: their axis in the logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class_axis: Option<usize>,
    /// With --foreground: the values that were taken as foreground and as background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreground: Option<Sight>,
    pub(crate) clamped: Clamped,
    pub(crate) warnings: Vec<String>,
    #[serde(flatten)]
    pub(crate) all: Group,
    /// Of classes: the weights that losses were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class_weights: Option<WeightScores>,
    /// The losses of other libraries, in the order they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conventions: Vec<ConventionScore>,
    /// Of several files: the mean of the losses of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_over_files: Option<MeanScores>,
    /// The metrics, if any were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<Summary>,
    /// Files that could not be scored, with --keep-going.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) broken: Vec<Broken>,
    /// Several files, the one with the highest first loss first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileScores>,
}

/// Turns outcomes into scores.
pub(crate) struct Scorer<'a, L> {
    pub(crate) expressions: &'a [Expression<L>],
    /// The values of the expressions over no pixels.
    pub(crate) of_nothing: Vec<Evaluated>,
    pub(crate) reading: Reading,
    pub(crate) per_image: bool,
    pub(crate) empty_images: EmptyImages,
}

impl<L> Scorer<'_, L> {
    fn losses(&self, values: Option<&[Evaluated]>) -> Vec<LossScore> {
        let score = |(index, expression): (usize, &Expression<L>)| {
            let evaluated = values.and_then(|values| values.get(index));
            let part = |(index, weighted): (usize, &WeightedTerm<L>)| PartScore {
                name: weighted.term.name.into(),
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
        self.expressions.iter().enumerate().map(score).collect()
    }

    pub(crate) fn evaluate(&self, outcome: &Outcome<impl Finish>) -> Option<Vec<Evaluated>> {
        outcome.finished.as_ref().map(|finished| finished.values())
    }

    /// As [`evaluate`](Self::evaluate), for an image, which may count even without a valid pixel.
    pub(crate) fn evaluate_image(&self, image: &Outcome<impl Finish>) -> Option<Vec<Evaluated>> {
        let empty = || (self.empty_images == EmptyImages::Count).then(|| self.of_nothing.clone());
        self.evaluate(image).or_else(empty)
    }

    fn pooled(&self, outcome: &Outcome<impl Finish>) -> Scores {
        let counts = outcome.counts;
        let figures = outcome.finished.as_ref().map(|finished| finished.figures(&self.reading));
        let losses = self.losses(self.evaluate(outcome).as_deref());
        Scores {
            reduction: POOLED.into(),
            losses,
            pixels: counts.pixels(),
            valid: counts.valid,
            ignored: counts.ignored,
            rejected: Rejected {
                input: counts.rejected_inputs,
                target: counts.rejected_targets + counts.rejected_labels,
                weight: counts.rejected_weights,
                total: counts.rejected(),
            },
            confusion: figures.as_ref().and_then(|figures| figures.confusion),
            support: figures.as_ref().and_then(|figures| figures.support),
            weight: figures.as_ref().map(|figures| figures.weight),
            over_classes: figures.and_then(|figures| figures.over_classes),
        }
    }

    pub(crate) fn mean(&self, means: &Means) -> MeanScores {
        let losses = self.losses(means.finish().as_deref());
        MeanScores { count: means.counted, skipped: means.skipped, losses }
    }

    pub(crate) fn images(&self, images: &[Outcome<impl Finish>]) -> Vec<ImageScores> {
        images
            .iter()
            .enumerate()
            .map(|(image, outcome)| {
                let losses = self.losses(self.evaluate_image(outcome).as_deref());
                ImageScores { image, scores: Scores { losses, ..self.pooled(outcome) } }
            })
            .collect()
    }

    /// The scores of a file or of all, with the mean over its images if that was asked for.
    pub(crate) fn group(&self, all: &Outcome<impl Finish>, means: &Means, images: Option<Vec<ImageScores>>) -> Group {
        let mut scores = self.pooled(all);
        if !self.per_image {
            return Group { scores, pooled: None, mean_over_images: None, images: None };
        }
        let mean = self.mean(means);
        let pooled = std::mem::replace(&mut scores.losses, mean.losses.clone());
        scores.reduction = OVER_IMAGES.into();
        Group { scores, pooled: Some(LossScores { losses: pooled }), mean_over_images: Some(mean), images }
    }
}
