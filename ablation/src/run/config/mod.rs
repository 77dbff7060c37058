//! The settings of a run.

mod check;
mod error;
mod fingerprint;
mod load;
mod preset;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use error::ConfigError;
pub(crate) use fingerprint::fingerprint_of;
pub(crate) use preset::Preset;

use serde::{Deserialize, Serialize};

use super::task::{Labels, Task};

/// Everything that determines the numbers of a run. The output folder and the number of threads do not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The number of seeds for each arm, and the first seed.
    pub(crate) seeds: u32,
    pub(crate) first_seed: u64,
    pub(crate) training: Training,
    pub(crate) data: Data,
    pub(crate) damage: Damage,
    pub(crate) losses: Losses,
    pub(crate) robustness: Robustness,
    pub(crate) sensitivity: Sensitivity,
    /// Images from files instead of synthetic ones. The command line names them, not a file of settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<RealImages>,
}

/// Images from files, reduced to what determines the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealImages {
    /// The hash of all images and masks as they were read, in order.
    pub(crate) sha256: String,
    pub(crate) images: usize,
    /// The number of parts into which the images are split.
    pub(crate) folds: usize,
    /// The values of masks that are foreground.
    pub(crate) foreground: Vec<u32>,
    /// The shares of the values of masks among all pixels, with the name or the value of each.
    pub(crate) shares: Vec<(String, f64)>,
}

/// The training of the network: Adam, a constant learning rate, shuffled batches of a fixed training set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Training {
    /// Optimiser steps of each arm on binary images.
    pub(crate) steps: usize,
    /// Optimiser steps of each arm on damage maps.
    pub(crate) damage_steps: usize,
    /// The number of evaluations of the held-out images, evenly over the steps, beside one before; the last is after the last step.
    pub(crate) evaluations: usize,
    /// The number of images per step.
    pub(crate) batch: usize,
    pub(crate) learning_rate: f64,
    /// The learning rate of the arms on damage maps.
    pub(crate) damage_learning_rate: f64,
    /// Channels of the first level; each level below has twice as many.
    pub(crate) base_channels: usize,
    pub(crate) head_bias: HeadBias,
}

/// The start of the last layer's bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HeadBias {
    /// 0: every pixel starts at probability ½.
    Zero,
    /// The log-odds of the share of foreground: every pixel starts at that probability (Lin et al., 2017).
    Prior,
}

/// The binary images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    /// Width and height in pixels; a multiple of 8.
    pub(crate) size: usize,
    pub(crate) training_images: usize,
    pub(crate) held_out_images: usize,
    /// The share of foreground among all pixels, unless an exercise needs rare foreground.
    pub(crate) share: f64,
    /// The shares of rare foreground, each a set of arms.
    pub(crate) rare_shares: Vec<f64>,
    /// The brightness of the foreground above the background, in units of the background's range.
    pub(crate) contrast: f64,
    /// The standard deviation of each pixel's noise, in the same units.
    pub(crate) noise: f64,
    /// The width in pixels over which an object's edge fades.
    pub(crate) soft_edge: f64,
    /// The share of foreground pixels with a wrong training label; as many background pixels at the boundary are swapped with them.
    pub(crate) label_noise: f64,
    /// The relative frequency of each shape.
    pub(crate) shapes: Shapes,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shapes {
    pub(crate) blobs: f64,
    pub(crate) ellipses: f64,
    /// Thin winding lines, such as roads and vessels.
    pub(crate) roads: f64,
    /// Discs of one to three pixels.
    pub(crate) small_objects: f64,
}

/// The damage maps: pairs of images, before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Damage {
    /// The shares of background, no damage, minor, major, destroyed; scaled to sum to 1.
    pub(crate) shares: [f64; 5],
    pub(crate) training_images: usize,
    pub(crate) held_out_images: usize,
    /// The class weights, for the losses that use them.
    pub(crate) class_weights: [f64; 5],
    /// The weights of the losses at an eighth, a quarter and full size, with deep supervision.
    pub(crate) lambdas: [f64; 3],
}

/// The settings that the losses of the arms share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Losses {
    /// The smoothing of Dice, IoU and Tversky.
    pub(crate) smooth: f64,
    /// α (false positives) and β (false negatives) of Tversky.
    pub(crate) tversky: [f64; 2],
    /// γ of the focal loss, unless an exercise varies it.
    pub(crate) gamma: f64,
    /// The values of γ that are compared.
    pub(crate) gammas: Vec<f64>,
    /// The user's own arms, as expressions of `score --loss`, for exercises that accept them.
    pub(crate) own: Vec<String>,
}

/// The labels of the exercise on robustness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Robustness {
    /// The number of the run's seeds that it uses.
    pub(crate) seeds: u32,
    /// The share of foreground pixels whose noisy label is wrong, as in `data.label_noise`; each annotator has the same share.
    pub(crate) label_noise: f64,
    /// The number of annotators whose mean is a soft label.
    pub(crate) annotators: usize,
}

/// The grids of the exercise on sensitivity: small images and short trainings, because there are many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sensitivity {
    /// The number of the run's seeds that it uses.
    pub(crate) seeds: u32,
    pub(crate) steps: usize,
    /// Width and height in pixels; a multiple of 8.
    pub(crate) size: usize,
    pub(crate) training_images: usize,
    pub(crate) held_out_images: usize,
    pub(crate) learning_rates: Vec<f64>,
    /// γ of focal.
    pub(crate) gammas: Vec<f64>,
    /// α of Tversky; β is 1 − α.
    pub(crate) alphas: Vec<f64>,
    /// λ of λ·BCE + (1 − λ)·Dice.
    pub(crate) lambdas: Vec<f64>,
    /// The smoothing of Dice.
    pub(crate) smooths: Vec<f64>,
}

impl Config {
    /// All seeds, in order.
    pub(crate) fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.first_seed;
        (0..u64::from(self.seeds)).map(move |index| first.saturating_add(index))
    }

    /// Whether an arm of this task is trained with this seed.
    pub(crate) fn has_seed(&self, task: Task, seed: u64) -> bool {
        (self.first_seed..self.first_seed.saturating_add(u64::from(self.seeds_of(task)))).contains(&seed)
    }

    /// The number of seeds for an arm of this task, from the first on.
    pub(crate) fn seeds_of(&self, task: Task) -> u32 {
        match task {
            Task::Cell { .. } => self.sensitivity.seeds.min(self.seeds),
            Task::Binary { labels, .. } if labels != Labels::Usual => self.robustness.seeds.min(self.seeds),
            Task::Binary { .. } | Task::Nuclei | Task::Damage { .. } => self.seeds,
        }
    }

    /// The number of evaluations of the held-out images during such a training.
    pub(crate) fn evaluations_of(&self, task: Task) -> usize {
        match task {
            // Nobody looks at the course of a cell's training.
            Task::Cell { .. } => 1,
            Task::Binary { .. } | Task::Nuclei | Task::Damage { .. } => self.training.evaluations,
        }
    }

    /// The settings of the small images of cells.
    pub(crate) fn data_of_cells(&self) -> Data {
        let Sensitivity { size, training_images, held_out_images, .. } = self.sensitivity;
        Data { size, training_images, held_out_images, ..self.data.clone() }
    }

    /// The length and speed of an arm's training.
    pub(crate) fn pace_of(&self, task: Task) -> Pace {
        let Training { steps, damage_steps, learning_rate, damage_learning_rate, .. } = self.training;
        match task {
            Task::Binary { .. } | Task::Nuclei => Pace { steps, learning_rate },
            Task::Cell { learning_rate } => Pace { steps: self.sensitivity.steps, learning_rate },
            Task::Damage { .. } => Pace { steps: damage_steps, learning_rate: damage_learning_rate },
        }
    }
}

/// The length and speed of a training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Pace {
    pub(crate) steps: usize,
    pub(crate) learning_rate: f64,
}
