//! The data of an arm.

use std::fmt;

use serde::Serialize;

use crate::report::numbers::{percent_as_set, plain};

/// The data of an arm: what is segmented.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Task {
    /// Binary masks with this share of foreground, with training labels of a kind.
    Binary { share: f64, labels: Labels },
    /// Small binary images and a short training with its own learning rate: one cell of a grid.
    Cell { learning_rate: f64 },
    /// Nuclei under a microscope: one real image.
    Nuclei,
    /// Five classes of damage, with or without supervision of the smaller sizes.
    Damage { deep_supervision: bool },
}

/// The labels that a network is trained with. The true masks always judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Labels {
    /// With the few errors set for the data.
    Usual,
    /// The true masks.
    Clean,
    /// With many errors along the boundaries.
    Noisy,
    /// The mean of several annotators who each make the same number of errors: shares from 0 to 1.
    Soft,
    /// The true masks, and every second image has no object.
    HalfEmpty,
}

impl Labels {
    /// The text after the name of the data in a report; empty for the usual labels.
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
