//! The outcome of each training.

use super::training::Trained;

/// The outcome of an arm.
#[derive(Debug)]
pub(crate) enum Fate {
    Trained {
        trained: Trained,
        seconds: f64,
        was_stored: bool,
    },
    /// It failed before its end; the reason.
    Failed(String),
    /// Not reached before the run was interrupted.
    Left,
}
