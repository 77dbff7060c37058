//! The errors of an evaluation.

use std::fmt;

use loss_core::class::ClassPlaneError;
use loss_core::sorted::SortedError;
use loss_core::{FinishError, LengthError, ParameterError};

/// The reason why losses have no value, or cannot be evaluated on these inputs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The sums have no result.
    Finish(FinishError),
    /// A loss that ranks the pixels has no result.
    Ranking {
        /// The name of the loss.
        loss: &'static str,
        /// The error of the loss.
        error: SortedError,
    },
    /// A loss takes logits, and the inputs are probabilities.
    LogitsOnly {
        /// The name of the loss.
        loss: &'static str,
    },
    /// The boundary loss got no distance map.
    NoDistances,
    /// There is no such channel.
    NoChannel {
        /// The channel that was named, counted from 0.
        channel: usize,
        /// The number of channels.
        channels: usize,
    },
    /// A parameter is out of its range.
    Parameter(ParameterError),
    /// Slices differ in length.
    Length(LengthError),
    /// Slices of classes do not match each other.
    Plane(ClassPlaneError),
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finish(error) => error.fmt(f),
            Self::Ranking { loss, error } => write!(f, "{loss}: {error}"),
            Self::LogitsOnly { loss } => write!(f, "{loss} is a loss of logits, and the inputs are probabilities"),
            Self::NoDistances => f.write_str(
                "boundary needs the signed distance of each pixel from the boundary of its mask, but got none",
            ),
            Self::NoChannel { channel, channels } => {
                write!(f, "there is no channel {channel}: there are {channels} channels, counted from 0")
            }
            Self::Parameter(error) => error.fmt(f),
            Self::Length(error) => error.fmt(f),
            Self::Plane(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EvaluationError {}

impl From<FinishError> for EvaluationError {
    fn from(error: FinishError) -> Self {
        Self::Finish(error)
    }
}

impl From<ParameterError> for EvaluationError {
    fn from(error: ParameterError) -> Self {
        Self::Parameter(error)
    }
}

impl From<LengthError> for EvaluationError {
    fn from(error: LengthError) -> Self {
        Self::Length(error)
    }
}

impl From<ClassPlaneError> for EvaluationError {
    fn from(error: ClassPlaneError) -> Self {
        Self::Plane(error)
    }
}
