//! What became of the trainings.

use super::training::Trained;

/// What became of an arm.
#[derive(Debug)]
pub(crate) enum Fate {
    Trained {
        trained: Trained,
        seconds: f64,
        was_stored: bool,
    },
    /// It could not be trained to its end; why.
    Failed(String),
    /// Not reached before the run was broken off.
    Left,
}
