//! Class weights: given, or computed from the targets in a pass of their own.

use std::fmt;
use std::str::FromStr;

use loss_core::class_weights;

use super::pixels::Labels;
use crate::arguments::ScoreArguments;
use crate::score::ScoreError;
use crate::score::inputs::Inputs;
use crate::score::results::WeightScores;

/// What was asked for as --class-weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WeightsFrom {
    Given(Vec<f64>),
    Inverse,
    Median,
    /// With this β.
    Effective(f64),
}

/// Cui et al. take 0.9, 0.99, 0.999 and 0.9999; the pixels of a data set are many.
const BETA: f64 = 0.9999;

impl FromStr for WeightsFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = "accepted: numbers for the classes, such as 1,5,20,20,20, or inverse, median, effective, \
                        effective:BETA";
        match text.trim() {
            "inverse" => return Ok(WeightsFrom::Inverse),
            "median" => return Ok(WeightsFrom::Median),
            "effective" => return Ok(WeightsFrom::Effective(BETA)),
            _ => {}
        }
        if let Some(beta) = text.trim().strip_prefix("effective:") {
            return match beta.parse() {
                Ok(beta) if (0.0..1.0).contains(&beta) => Ok(WeightsFrom::Effective(beta)),
                _ => Err("accepted: a BETA from 0 to below 1, such as effective:0.999".to_owned()),
            };
        }
        let weights: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
        match weights {
            Some(weights) if weights.iter().all(|weight| (0.0..=f64::from(f32::MAX)).contains(weight)) => {
                if weights.iter().all(|weight| *weight == 0.0) {
                    return Err("accepted: weights of which one at least is above 0".to_owned());
                }
                Ok(WeightsFrom::Given(weights))
            }
            Some(_) => Err("accepted: weights that are finite and at least 0".to_owned()),
            None => Err(accepted.to_owned()),
        }
    }
}

impl fmt::Display for WeightsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeightsFrom::Given(_) => f.write_str("given"),
            WeightsFrom::Inverse => f.write_str("inverse"),
            WeightsFrom::Median => f.write_str("median"),
            WeightsFrom::Effective(beta) => write!(f, "effective:{beta}"),
        }
    }
}

impl WeightsFrom {
    /// Whether they are numbers, and do not depend on the targets.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self, WeightsFrom::Given(_))
    }

    /// The weights of `classes` classes.
    pub(super) fn resolve(
        &self,
        classes: usize,
        inputs: &[Inputs],
        arguments: &ScoreArguments,
    ) -> Result<WeightScores, ScoreError> {
        let from = self.to_string();
        if let WeightsFrom::Given(weights) = self {
            if weights.len() != classes {
                let message = format!("--class-weights: {} weights for {classes} classes", weights.len());
                return Err(ScoreError::usage(message));
            }
            return Ok(WeightScores { from, weights: weights.clone(), counts: None });
        }
        let counts = count(classes, inputs, arguments)?;
        Ok(WeightScores { from, weights: self.of(&counts), counts: Some(counts) })
    }

    /// The weights that follow from counts of pixels.
    pub(crate) fn of(&self, counts: &[u64]) -> Vec<f64> {
        let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
        let mut weights = vec![0.0; counts.len()];
        let computed = match self {
            WeightsFrom::Given(given) => {
                weights.clone_from(given);
                Ok(())
            }
            WeightsFrom::Inverse => class_weights::inverse_frequency(&counts, &mut weights),
            WeightsFrom::Median => class_weights::median_frequency(&counts, &mut weights),
            WeightsFrom::Effective(beta) => class_weights::effective_number(*beta, &counts, &mut weights),
        };
        // There are as many weights as counts.
        debug_assert!(computed.is_ok());
        weights
    }
}

/// The pixels of each class that are not ignored. Labels of no class are left to the pass that scores.
fn count(classes: usize, inputs: &[Inputs], arguments: &ScoreArguments) -> Result<Vec<u64>, ScoreError> {
    const CHUNK: u64 = 1 << 16;
    let mut counts = vec![0; classes];
    for inputs in inputs {
        let Some(shape) = inputs.classes else { continue };
        let mut labels = Labels::open(inputs, shape, arguments)?;
        for image in 0..if shape.pixels == 0 { 0 } else { shape.images } {
            let mut start = 0;
            while start < shape.pixels {
                let length = (shape.pixels - start).min(CHUNK);
                labels.read(image, start, usize::try_from(length).unwrap_or(0))?;
                start += length;
                for (label, weight) in labels.labels().iter().zip(labels.weights()) {
                    let class = usize::try_from(*label).ok().and_then(|class| counts.get_mut(class));
                    if let Some(count) = class.filter(|_| *weight != 0.0) {
                        *count += 1;
                    }
                }
            }
        }
    }
    Ok(counts)
}
