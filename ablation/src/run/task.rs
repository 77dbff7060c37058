//! What is segmented.

use std::fmt;

use serde::Serialize;

use super::numbers::{percent_as_set, plain};

/// What is segmented.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Task {
    /// Binary masks with this share of foreground, and what the network is told of them.
    Binary { share: f64, labels: Labels },
    /// Small binary images and a short training with a learning rate of its own: one cell of a grid.
    Cell { learning_rate: f64 },
    /// Nuclei under a microscope: one real image.
    Nuclei,
    /// Five classes of damage, with or without supervision of the smaller sizes.
    Damage { deep_supervision: bool },
}

/// The labels that a network is trained with. It is judged by the true masks in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Labels {
    /// With the few errors that the settings of the data ask for.
    Usual,
    /// The true masks.
    Clean,
    /// With many errors along the boundaries.
    Noisy,
    /// The mean of several annotators who each make as many errors: shares from 0 to 1.
    Soft,
    /// The true masks, and every second image has no object.
    HalfEmpty,
}

impl Labels {
    /// As a report has it after the name of the data; nothing of the usual ones.
    fn told(self) -> &'static str {
        match self {
            Labels::Usual => "",
            Labels::Clean => ", clean labels",
            Labels::Noisy => ", noisy labels",
            Labels::Soft => ", soft labels",
            Labels::HalfEmpty => ", half of the images empty",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Binary { share, labels } => write!(f, "{} foreground{}", percent_as_set(*share), labels.told()),
            Task::Cell { learning_rate } => write!(f, "small images, learning rate {}", plain(*learning_rate)),
            Task::Nuclei => f.write_str("nuclei"),
            Task::Damage { .. } => f.write_str("damage maps"),
        }
    }
}
