use loss_core::head::StepError;
use loss_core::watch::DriftError;
use loss_core::{FinishError, LengthError, ParameterError, StateError};

/// Why there is no report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReportError {
    /// A parameter of a loss is out of range.
    Parameter(ParameterError),
    /// A stream of pixels has no result.
    Finish(FinishError),
    /// States do not belong together.
    State(StateError),
    /// Slices differ in length.
    Length(LengthError),
    /// A step of the head cannot be taken.
    Step(StepError),
    /// Histograms of logits cannot be compared.
    Drift(DriftError),
    /// A line or a list is longer than its room.
    Room,
}

macro_rules! from {
    ($($error:ty => $variant:ident),*) => {
        $(impl From<$error> for ReportError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}
from!(ParameterError => Parameter, FinishError => Finish, StateError => State, LengthError => Length, StepError => Step, DriftError => Drift);
