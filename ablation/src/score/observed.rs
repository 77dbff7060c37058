//! What the first pass sees of the pixels beside their losses, and what is to be said about it.

use serde::{Deserialize, Serialize};

use super::ScoreError;
use super::inputs::Inputs;
use crate::arguments::ScoreArguments;
use crate::targets::{AxisSums, ClassAxis, Sums};

/// Values that lay outside [0, 1] by rounding alone and were taken for 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Clamped {
    pub(crate) probabilities: u64,
    pub(crate) targets: u64,
}

/// What was seen of some pixels.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) clamped: Clamped,
    /// Pixels that count.
    valid: u64,
    /// Whether all inputs that count are in [0, 1], and whether all are 0 or 1.
    in_unit: bool,
    hard: bool,
    /// Pixels of foreground that count, and that do not.
    foreground: u64,
    lost: u64,
    /// Whether pixels were ignored because they have a value that could be foreground.
    pub(crate) ignores_foreground: bool,
    /// The least and the greatest target above 0.
    least: f32,
    greatest: f32,
    /// Whether nothing was merged yet.
    is_new: bool,
    /// Whether all logits of classes lie in [0, 1] and sum to 1 at every pixel.
    pub(crate) are_probabilities: bool,
    /// What is so along each axis of the targets; `None` before anything was seen.
    pub(crate) axes: Option<AxisSums>,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            clamped: Clamped::default(),
            valid: 0,
            in_unit: true,
            hard: true,
            foreground: 0,
            lost: 0,
            ignores_foreground: false,
            least: f32::INFINITY,
            greatest: 0.0,
            is_new: true,
            are_probabilities: false,
            axes: None,
        }
    }
}

impl Observed {
    /// Adds inputs: one for each weight, or several (class by class) for each.
    pub(crate) fn inputs(&mut self, inputs: &[f32], weights: Option<&[f32]>) {
        // All that are 0 or 1 are in [0, 1], too.
        if !self.in_unit {
            return self.hard = false;
        }
        let mut look = |input: &f32| {
            self.in_unit &= (0.0..=1.0).contains(input);
            self.hard &= *input == 0.0 || *input == 1.0;
        };
        match weights {
            None => inputs.iter().for_each(look),
            Some(weights) => {
                let planes = inputs.chunks(weights.len().max(1));
                let pixels = planes.flat_map(|plane| plane.iter().zip(weights));
                pixels.filter(|(_, weight)| **weight != 0.0).for_each(|(input, _)| look(input));
            }
        }
    }

    /// Adds the targets of binary masks.
    pub(crate) fn targets(&mut self, targets: &[f32], weights: Option<&[f32]>) {
        for (place, target) in targets.iter().enumerate() {
            let counts = weights.is_none_or(|weights| weights.get(place).is_none_or(|weight| *weight != 0.0));
            // What is out of range stops the pass, or is left out.
            let is_foreground = counts && *target > 0.0 && *target <= 1.0;
            self.valid += u64::from(counts);
            self.foreground += u64::from(is_foreground);
            self.lost += u64::from(!is_foreground && *target != 0.0 && !target.is_nan());
            if is_foreground {
                (self.least, self.greatest) = (self.least.min(*target), self.greatest.max(*target));
            }
        }
    }

    /// Adds the labels of classes. Of two classes every label above 0 can be foreground.
    pub(crate) fn labels(&mut self, labels: &[i64], weights: &[f32], classes: usize) {
        let last = if classes <= 2 { i64::MAX } else { classes as i64 - 1 };
        for (label, weight) in labels.iter().zip(weights) {
            let is_foreground = (1..=last).contains(label);
            self.valid += u64::from(*weight != 0.0);
            self.foreground += u64::from(*weight != 0.0 && is_foreground);
            self.lost += u64::from(*weight == 0.0 && is_foreground);
        }
    }

    /// Whether there was foreground, and all of it does not count.
    pub(crate) fn has_lost_foreground(&self) -> bool {
        self.foreground == 0 && self.lost > 0
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.clamped.probabilities += other.clamped.probabilities;
        self.clamped.targets += other.clamped.targets;
        self.valid += other.valid;
        self.in_unit &= other.in_unit;
        self.hard &= other.hard;
        self.foreground += other.foreground;
        self.lost += other.lost;
        self.are_probabilities = other.are_probabilities && (self.are_probabilities || self.is_new);
        self.is_new = false;
        self.ignores_foreground |= other.ignores_foreground;
        (self.least, self.greatest) = (self.least.min(other.least), self.greatest.max(other.greatest));
        self.axes = match (self.axes, other.axes) {
            (Some(a), Some(b)) => Some(a.and(b)),
            (a, b) => a.or(b),
        };
    }

    /// An error if logits are probabilities, or may be.
    pub(crate) fn check_logits(&self, inputs: &[Inputs], arguments: &ScoreArguments) -> Result<(), ScoreError> {
        match inputs.first() {
            Some(first) if self.are_probabilities && self.valid > 0 => Err(ScoreError::usage(format!(
                "{}: all logits lie in [0, 1] and sum to 1 over the classes of every pixel, so they are probabilities; give them with --probs",
                first.input.name()
            ))),
            Some(first)
                if self.in_unit && self.valid > 0 && !arguments.logits.is_empty() && !arguments.small_logits =>
            {
                Err(ScoreError::usage(format!(
                    "{}: all logits lie in [0, 1], as probabilities do: if they are probabilities, give them with --probs; if they are \
                     logits, so that every p is from 0.5 to 0.73, add --small-logits",
                    first.input.name()
                )))
            }
            _ => Ok(()),
        }
    }

    /// An error if the channels of binary targets may be classes.
    pub(crate) fn check_channels(&self, inputs: &[Inputs], arguments: &ScoreArguments) -> Result<(), ScoreError> {
        let (Some((axis, sums)), Some(first)) = (self.axes.and_then(AxisSums::found), inputs.first()) else {
            return Ok(());
        };
        let targets = &first.targets;
        let what = format!("{}: the targets {}", targets.name(), targets.shape_text());
        let multi_label = match targets.shape().len() {
            3 => {
                "--multi-label takes every value for itself, as binary masks that happen to have one pixel in each line"
            }
            _ => "--multi-label takes each channel as a binary mask of its own",
        };
        let with_logits = if arguments.logits.is_empty() { "with --logits, " } else { "" };
        Err(ScoreError::usage(match (sums, axis) {
            (Sums::Distribution, _) => format!(
                "{what} sum to 1 along {axis} at every pixel, as probabilities of classes do. {multi_label}; losses over \
                 classes need labels, such as numpy.argmax(targets, {}) makes",
                if axis == ClassAxis::First {
                    "0"
                } else if axis == ClassAxis::Last {
                    "-1"
                } else {
                    "1"
                }
            ),
            (_, ClassAxis::Last) => format!(
                "{what} are one-hot along {axis}: exactly one channel of each pixel is 1. {multi_label}; for classes, move \
                 the axis of logits and targets with numpy.moveaxis(a, -1, 1) and give --one-hot"
            ),
            _ => format!(
                "{what} are one-hot along {axis}: exactly one channel of each pixel is 1. Choose a reading: {with_logits}\
                 --one-hot takes them as labels of classes, by a softmax; {multi_label}"
            ),
        }))
    }

    /// What a reader of the scores should know.
    pub(crate) fn warnings(&self, inputs: &[Inputs], arguments: &ScoreArguments, per_image: bool) -> Vec<String> {
        let mut warnings = Vec::new();
        let of_classes = inputs.first().is_some_and(|inputs| inputs.classes.is_some());
        if self.has_lost_foreground() {
            let mut warning = format!(
                "no foreground is left: every pixel whose target is not 0 ({} of them) is ignored, masked out, of weight 0 or \
                 out of range",
                self.lost
            );
            if let Some(ignore) = arguments.ignore.filter(|_| self.ignores_foreground) {
                warning.push_str(&format!(
                    "; if {ignore} marks the foreground, give --foreground {ignore} in place of --ignore {ignore}"
                ));
            }
            warnings.push(warning);
        }
        if !arguments.probs.is_empty() && self.hard && self.valid > 0 {
            warnings.push(
                "all probabilities are 0 or 1, as predictions behind a threshold are; losses need the probabilities before it"
                    .to_owned(),
            );
        }
        if !of_classes && self.foreground > 0 && self.least == self.greatest && self.greatest < 1.0 {
            warnings.push(format!(
                "all targets are 0 or {0}; if {0} marks the foreground, give --foreground {0}",
                self.greatest
            ));
        }
        let two_axes = inputs
            .iter()
            .find(|inputs| per_image && !of_classes && inputs.images.is_none() && inputs.input.shape().len() == 2);
        if let Some(inputs) = two_axes {
            let [count, pixels] = inputs.input.shape() else { return warnings };
            warnings.push(format!(
                "{}: {count} images of {pixels} pixels each, because axis 0 of {} is that of images; one image needs an \
                 axis more: array[None]",
                inputs.input.name(),
                inputs.input.shape_text()
            ));
        }
        warnings
    }
}
