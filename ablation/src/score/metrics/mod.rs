//! Metrics beside losses: of each image and class, their means with intervals, and the worst images.

mod asked;
mod bootstrap;
mod image;
mod labels;
mod read;
mod rows;
mod settings;
mod summary;
mod table;

use loss_metrics::{ProbabilityHistogram, Reliability};
use rayon::prelude::*;
use serde::Serialize;

use super::ScoreError;
use super::inputs::AT_A_TIME;
use super::inputs::{Broken, Classes, Geometry, Inputs};
use super::progress::Progress;
use crate::arguments::ScoreArguments;
pub(crate) use asked::Asked;
pub(crate) use asked::Parameters;
pub(crate) use bootstrap::{Resamples, interval};
pub(crate) use labels::classes;
pub(crate) use rows::{PresenceWord, Row, Rows, csv, read as read_rows, write as write_rows};
pub(crate) use settings::difference as settings_difference;
pub(crate) use summary::Summary;
pub(crate) use table::text;
#[cfg(feature = "report")]
pub(crate) use {
    read::{Image, each_image},
    summary::{ClassSummary, WORST, ranked},
    table::{accuracies, calibration, cell, counts, four, losses, means, notes, pooled, remark, sizes, title},
};

/// What was measured of all images.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) rows: Rows,
    /// Of probabilities: how far they can be believed, and scores over thresholds of binary masks.
    pub(crate) reliability: Option<Reliability>,
    pub(crate) histogram: Option<ProbabilityHistogram>,
    pub(crate) warnings: Vec<String>,
    /// Why no image was measured, if only a report asked for it.
    pub(crate) unmeasured: Option<String>,
}

impl Measured {
    /// Nothing yet.
    pub(crate) fn new(asked: &Asked, has_probabilities: bool, of_classes: bool) -> Self {
        Self {
            rows: Rows::default(),
            reliability: (asked.wants_calibration() && has_probabilities).then(|| Reliability::new(asked.bins)),
            histogram: (asked.curves && has_probabilities && !of_classes).then(ProbabilityHistogram::new),
            warnings: Vec::new(),
            unmeasured: None,
        }
    }

    /// No image was measured, for this reason.
    fn without(reason: String) -> Self {
        Self {
            rows: Rows::default(),
            reliability: None,
            histogram: None,
            warnings: Vec::new(),
            unmeasured: Some(reason),
        }
    }

    /// Adds what was measured of other images. `false` if it was asked for otherwise.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        self.rows.0.extend(other.rows.0);
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        let reliability = match (&mut self.reliability, &other.reliability) {
            (Some(all), Some(more)) => all.merge(more),
            (None, None) => true,
            _ => false,
        };
        match (&mut self.histogram, &other.histogram) {
            (Some(all), Some(more)) => all.merge(more),
            (None, None) => {}
            _ => return false,
        }
        reliability
    }
}

/// What kind of pixels are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of<'a> {
    Binary,
    Classes(&'a Classes),
}

/// Measures all files, several at a time.
pub(crate) fn measure(
    arguments: &ScoreArguments,
    asked: &Asked,
    of: Of<'_>,
    inputs: &[&Inputs],
    progress: &Progress,
) -> Result<(Measured, Vec<Broken>), ScoreError> {
    let has_probabilities = arguments.prediction.is_empty();
    let mut all = Measured::new(asked, has_probabilities, matches!(of, Of::Classes(_)));
    if asked.metrics.is_empty() {
        return Ok((all, Vec::new()));
    }
    if !arguments.weights.is_empty() {
        let message = "--weights: metrics count pixels and take no weights; --mask leaves pixels out";
        if asked.for_report_alone {
            return Ok((Measured::without(message.to_owned()), Vec::new()));
        }
        return Err(ScoreError::usage(message.to_owned()));
    }
    let one = |inputs: &&Inputs| -> Result<Measured, ScoreError> {
        // Means over images depend on what an image is, whatever the metric.
        let mut geometry = Geometry::of(inputs, arguments, true)?;
        if matches!(of, Of::Classes(_)) {
            geometry = geometry.without_channels();
        }
        let settings = settings::of(arguments, asked, &geometry);
        let mut measured = Measured::new(asked, has_probabilities, matches!(of, Of::Classes(_)));
        read::each_image(inputs, arguments, of, &geometry, &mut measured, |image, measured| {
            let rows = image::rows(image, inputs, of, (&geometry, &settings), asked)?;
            measured.rows.0.extend(rows);
            Ok(())
        })?;
        progress.advance(inputs.bytes());
        Ok(measured)
    };
    let mut broken = Vec::new();
    // In parts, so that what is measured is added in order and not kept until the end.
    for part in inputs.chunks(AT_A_TIME) {
        let measured: Vec<Result<Measured, ScoreError>> = part.par_iter().map(one).collect();
        for (inputs, measured) in part.iter().zip(measured) {
            match measured {
                Ok(measured) => drop(all.merge(measured)),
                Err(ScoreError::SoftTargets(message)) if asked.for_report_alone => {
                    return Ok((Measured::without(message), Vec::new()));
                }
                Err(error) if arguments.keep_going => {
                    broken.push(Broken { file: inputs.input.name().to_owned(), error: error.to_string() });
                }
                Err(error) => return Err(error),
            }
        }
    }
    all.rows.sort();
    Ok((all, broken))
}

/// Scores over thresholds, for JSON.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Curves {
    pub(crate) roc_auc: Option<f64>,
    pub(crate) average_precision: Option<f64>,
    /// The threshold with the highest Dice, and that Dice.
    pub(crate) best_threshold: Option<f64>,
    pub(crate) best_dice: Option<f64>,
    pub(crate) points: Vec<CurvePoint>,
}

/// A threshold, and the scores there.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CurvePoint {
    pub(crate) threshold: f64,
    pub(crate) dice: Option<f64>,
    pub(crate) iou: Option<f64>,
    pub(crate) precision: Option<f64>,
    pub(crate) recall: Option<f64>,
    pub(crate) specificity: Option<f64>,
}

impl Curves {
    pub(crate) fn of(histogram: &ProbabilityHistogram) -> Self {
        let (best_threshold, best_dice) = histogram.best_dice().unzip();
        let points = histogram.points().into_iter().map(|point| CurvePoint {
            threshold: point.threshold,
            dice: point.confusion.dice(),
            iou: point.confusion.iou(),
            precision: point.confusion.precision(),
            recall: point.confusion.recall(),
            specificity: point.confusion.fall_out().map(|fall_out| 1.0 - fall_out),
        });
        Self {
            roc_auc: histogram.roc_auc(),
            average_precision: histogram.average_precision(),
            best_threshold,
            best_dice,
            points: points.collect(),
        }
    }
}
