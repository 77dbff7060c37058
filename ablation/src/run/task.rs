//! What is segmented.

use std::fmt;

use serde::Serialize;

use super::numbers::percent_as_set;

/// What is segmented.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Task {
    /// Binary masks with this share of foreground.
    Binary { share: f64 },
    /// Five classes of damage, with or without supervision of the smaller sizes.
    Damage { deep_supervision: bool },
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Binary { share } => write!(f, "{} foreground", percent_as_set(*share)),
            Task::Damage { .. } => f.write_str("damage maps"),
        }
    }
}
