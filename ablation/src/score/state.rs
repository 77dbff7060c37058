//! The exact sums of a run, in a file that others can be added to.

use std::fs;
use std::path::Path;

use loss_core::STATE_VERSION;
use loss_expression::Vocabulary;
use loss_metrics::{ProbabilityHistogram, Reliability};
use serde::{Deserialize, Serialize};

use super::ScoreError;
use super::inputs::{Classes, Inputs};
use super::metrics::{Asked, Measured, Parameters, Row, Rows};
use super::observed::Clamped;
use super::results::{FileScores, Scorer, WeightScores};
use crate::arguments::{EmptyImages, ScoreArguments};
use crate::arrays::ArrayError;
use crate::error::Error;
use crate::files::write_whole;
use crate::paths::shown;

pub(crate) const FORMAT: &str = "segmentation-loss-state";
pub(crate) const FORMAT_VERSION: u32 = 1;

/// How targets were read: what states have to have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Readings {
    pub(crate) one_hot: bool,
    pub(crate) multi_label: bool,
    pub(crate) class_axis: Option<usize>,
    pub(crate) per_image: bool,
    pub(crate) empty_images_count: bool,
    pub(crate) ignore: Option<String>,
    pub(crate) foreground: Vec<String>,
}

impl Readings {
    pub(crate) fn of(arguments: &ScoreArguments, inputs: &[Inputs]) -> Self {
        Self {
            one_hot: arguments.one_hot,
            multi_label: arguments.multi_label,
            class_axis: inputs.first().and_then(|inputs| inputs.class_axis),
            per_image: arguments.is_per_image(),
            empty_images_count: arguments.empty_images == EmptyImages::Count,
            ignore: arguments.ignore.map(|value| value.to_string()),
            foreground: arguments.foreground.iter().map(ToString::to_string).collect(),
        }
    }

    pub(crate) fn targets_read_as(&self) -> &'static str {
        match self.class_axis {
            Some(_) if self.one_hot => "one-hot",
            Some(_) => "labels",
            None if self.multi_label => "multi-label",
            None => "binary",
        }
    }
}

/// What was added, by its names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileNames {
    pub(crate) input: String,
    pub(crate) targets: String,
}

/// What a state file holds. docs/state.md says what each key means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) format: String,
    pub(crate) format_version: u32,
    pub(crate) state_version: u32,
    /// None of label maps.
    pub(crate) losses: Vec<String>,
    /// "logits", "probabilities" or "labels".
    pub(crate) inputs: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) epsilon: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) classes: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) class_weights: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Vec<i64>>,
    #[serde(default)]
    pub(crate) files: Vec<FileNames>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) class_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) readings: Option<Readings>,
    /// The scores of each file, with those of its images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scores: Vec<FileScores>,
    #[serde(default)]
    pub(crate) clamped: Clamped,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metrics: Option<Parameters>,
    /// The rows of images and classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) images: Vec<Row>,
    /// Sums of probabilities, in decimals, as some have more than 64 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reliability: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) histogram: Option<Vec<i64>>,
}

impl State {
    #[expect(clippy::too_many_arguments, reason = "a state has all that was scored")]
    pub(crate) fn new<L: Vocabulary>(
        arguments: &ScoreArguments,
        scorer: &Scorer<'_, L>,
        weights: Option<&WeightScores>,
        readings: &Readings,
        (fingerprint, state): (u64, Vec<i64>),
        files: &[FileScores],
        clamped: Clamped,
        warnings: &[String],
    ) -> Self {
        let of_probabilities = !arguments.probs.is_empty();
        let classes =
            files.iter().find_map(|file| file.group.scores.over_classes.as_ref()).map(|over| over.classes.len());
        let names =
            |file: &FileScores| FileNames { input: file.names.input().to_owned(), targets: file.names.targets.clone() };
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            state_version: STATE_VERSION,
            losses: scorer.expressions.iter().map(ToString::to_string).collect(),
            // Losses over classes take logarithms of probabilities, which are logits.
            inputs: if of_probabilities && classes.is_none() { "probabilities" } else { "logits" }.to_owned(),
            epsilon: of_probabilities.then_some(arguments.epsilon),
            threshold: classes.is_none().then_some(scorer.reading.threshold),
            classes,
            class_weights: weights.map(|weights| weights.weights.clone()),
            fingerprint: Some(format!("0x{fingerprint:016x}")),
            state: Some(state),
            files: files.iter().map(names).collect(),
            class_names: scorer.reading.names.clone(),
            readings: Some(readings.clone()),
            scores: files.to_vec(),
            clamped,
            warnings: warnings.to_vec(),
            metrics: None,
            images: Vec::new(),
            reliability: None,
            histogram: None,
        }
    }

    /// Of label maps, which have no losses.
    pub(crate) fn of_labels(arguments: &ScoreArguments, classes: Option<&Classes>, inputs: &[Inputs]) -> Self {
        let names = |inputs: &Inputs| FileNames {
            input: inputs.input.name().to_owned(),
            targets: inputs.targets.name().to_owned(),
        };
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            state_version: STATE_VERSION,
            losses: Vec::new(),
            inputs: "labels".to_owned(),
            epsilon: None,
            threshold: None,
            classes: classes.map(|classes| classes.count),
            class_weights: None,
            fingerprint: None,
            state: None,
            files: inputs.iter().map(names).collect(),
            class_names: classes.map_or(Vec::new(), |classes| classes.names.clone()),
            readings: Some(Readings::of(arguments, inputs)),
            scores: Vec::new(),
            clamped: Clamped::default(),
            warnings: Vec::new(),
            metrics: None,
            images: Vec::new(),
            reliability: None,
            histogram: None,
        }
    }

    /// Adds what was measured.
    pub(crate) fn measured(&mut self, measured: &Measured, asked: &Asked) {
        if asked.metrics.is_empty() {
            return;
        }
        self.metrics = Some(asked.parameters());
        self.images.clone_from(&measured.rows.0);
        self.reliability =
            measured.reliability.as_ref().map(|sums| sums.sums().iter().map(ToString::to_string).collect());
        self.histogram = measured.histogram.as_ref().map(ProbabilityHistogram::state);
    }

    /// What was measured, as a run has it; an error says what is wrong with the file.
    pub(crate) fn to_measured(&self) -> Result<Measured, String> {
        let sums = |texts: &Vec<String>| {
            let sums: Option<Vec<u128>> = texts.iter().map(|text| text.parse().ok()).collect();
            sums.and_then(|sums| Reliability::of_sums(&sums)).ok_or("reliability is no sums of probabilities")
        };
        let counts =
            |state: &Vec<i64>| ProbabilityHistogram::of_state(state).ok_or("histogram is no counts of probabilities");
        Ok(Measured {
            rows: Rows(self.images.clone()),
            reliability: self.reliability.as_ref().map(sums).transpose()?,
            histogram: self.histogram.as_ref().map(counts).transpose()?,
            warnings: Vec::new(),
            unmeasured: None,
        })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), ScoreError> {
        let mut text = serde_json::to_vec(self).map_err(|error| Error::Output(error.into()))?;
        text.push(b'\n');
        Ok(write_whole(path, "--state", &text)?)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, ScoreError> {
        let name = shown(path);
        let failed = |error| ArrayError::Io { array: name.clone(), action: "open", error };
        let bytes = fs::read(path).map_err(failed)?;
        let wrong = |problem: String| {
            ScoreError::usage(format!("{name}: {problem}; accepted: what `ablation score --state` wrote"))
        };
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| wrong(format!("no JSON: {error}")))?;
        if value.get("format").and_then(|format| format.as_str()) != Some(FORMAT) {
            return Err(wrong(format!(
                "no state: format is {}, not {FORMAT:?}",
                value.get("format").unwrap_or(&serde_json::Value::Null)
            )));
        }
        for (key, known) in [("format_version", FORMAT_VERSION), ("state_version", STATE_VERSION)] {
            let found = value.get(key).and_then(serde_json::Value::as_u64);
            if found != Some(known.into()) {
                let found = found.map_or("missing".to_owned(), |found| found.to_string());
                return Err(wrong(format!("{key} is {found}, and this program knows {known}")));
            }
        }
        // From the text: a value in between would turn large integers into doubles.
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))
    }
}
