//! Words for what can be wrong: which pixel, what it holds, what is accepted, and what to do.

use loss_core::{FinishError, Reason};
use loss_expression::EvaluationError;
use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

use crate::arrays::{Arrays, input_name};
use crate::batch::TargetsOf;
use crate::evaluate::{Failure, Kind};
use crate::settings::{Inputs, Settings};

/// An error of Python of what stands against an evaluation.
pub fn of_failure(failure: Failure, settings: &Settings, arrays: &Arrays<'_>) -> PyErr {
    match failure {
        Failure::Evaluation(error) => of_evaluation(&error),
        Failure::Pixel { image, place, reason } => {
            let text = of_pixel(image, place, reason, settings, arrays).unwrap_or_else(|| reason.to_string());
            PyValueError::new_err(text)
        }
    }
}

/// An error of Python of what stands against a result.
pub fn of_evaluation(error: &EvaluationError) -> PyErr {
    let text = match error {
        EvaluationError::Finish(FinishError::NoPixels) => "there is no pixel, so the loss has no value".to_owned(),
        EvaluationError::Finish(FinishError::NoValidPixels(counts)) => {
            format!("every pixel is ignored ({}), so the loss has no value", counts.ignored)
        }
        EvaluationError::Finish(FinishError::Rejected { counts, .. }) => {
            format!("the state has {} pixels that were out of range where it was made", counts.rejected())
        }
        other => other.to_string(),
    };
    PyValueError::new_err(text)
}

fn of_pixel(image: usize, place: usize, reason: Reason, settings: &Settings, arrays: &Arrays<'_>) -> Option<String> {
    let batch = arrays.batch().ok()?;
    let (targets_of_image, inputs_of_image) = match batch.targets_of {
        TargetsOf::Pixels => (batch.pixels, batch.channels * batch.pixels),
        TargetsOf::Inputs => (batch.channels * batch.pixels, batch.channels * batch.pixels),
    };
    // Of soft targets of classes the place is that of the pixel, and one of its channels is wrong.
    let is_classes = matches!(settings.kind, Kind::Classes(_));
    let channels_of = |start: usize| (0..batch.channels).map(move |channel| start + channel * batch.pixels + place);
    Some(match reason {
        Reason::Input => {
            let name = input_name(settings);
            let first = image * inputs_of_image;
            let accepted = |value: f32| match settings.inputs {
                Inputs::Logits => value.is_finite(),
                Inputs::Probabilities(_) => (0.0..=1.0).contains(&value),
            };
            let at = if is_classes {
                channels_of(first).find(|&index| !accepted(batch.inputs.at(index)))?
            } else {
                first + place
            };
            let (value, index) = (batch.inputs.at(at), index(at, &arrays.shape));
            match settings.inputs {
                Inputs::Logits => format!("{name}{index} is {value}; every logit must be finite"),
                Inputs::Probabilities(_) => {
                    format!(
                        "{name}{index} is {value}; every probability must lie in [0, 1] (from_logits=True takes logits)"
                    )
                }
            }
        }
        Reason::Target if is_classes => {
            let first = image * targets_of_image;
            let at = channels_of(first).find(|&index| !(0.0..=1.0).contains(&batch.targets.at(index)))?;
            let (value, index) = (arrays.target(at), index(at, &arrays.target_shape));
            format!("targets{index} is {value}; every soft target must lie in [0, 1]")
        }
        Reason::Target => {
            let at = image * targets_of_image + place;
            let (value, index) = (arrays.target(at), index(at, &arrays.target_shape));
            let remedy = if value == 255.0 {
                ": ignore_index=255 leaves such pixels out, targets == 255 makes a mask of 0 and 255 one of False and True"
            } else if value.fract() == 0.0 {
                ": logits of several classes, (N, C, …), need classes=C"
            } else {
                ""
            };
            format!("targets{index} is {value}; every binary target must be 0, 1 or (float32) between{remedy}")
        }
        Reason::Label => {
            let at = image * targets_of_image + place;
            let (value, index) = (arrays.target(at), index(at, &arrays.target_shape));
            let last = batch.channels.saturating_sub(1);
            format!(
                "targets{index} is {value}; every label must be from 0 to {last}: ignore_index={value} leaves such pixels out"
            )
        }
        Reason::Weight => {
            let weights = batch.weights?;
            let of_image = if batch.weighs_channels { inputs_of_image } else { batch.pixels };
            let at = image * of_image + place;
            let shape: Vec<usize> = if batch.weighs_channels {
                arrays.shape.clone()
            } else {
                arrays.shape.iter().enumerate().filter(|(axis, _)| *axis != 1).map(|(_, length)| *length).collect()
            };
            let value = weights.get(at).copied().unwrap_or(f32::NAN);
            format!("weights{} is {value}; every weight must be 0 (ignored), or from 2^-32 to 2^32", index(at, &shape))
        }
        other => other.to_string(),
    })
}

/// The index of a place, as Python writes it.
fn index(place: usize, shape: &[usize]) -> String {
    let mut rest = place;
    let mut index: Vec<String> = shape
        .iter()
        .rev()
        .map(|&length| {
            let length = length.max(1);
            let at = rest % length;
            rest /= length;
            at.to_string()
        })
        .collect();
    index.reverse();
    format!("[{}]", index.join(", "))
}
