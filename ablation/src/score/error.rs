//! What can go wrong with a score, and the exit code that says so.

use std::borrow::Cow;
use std::io;

use loss_core::class::ClassPlaneError;
use loss_core::{FinishError, LengthError, ParameterError, StateError};

use crate::arrays::ArrayError;
use crate::error::Error;
use crate::paths::{PairingError, PathError};
use loss_expression::{EvaluationError, ExpressionError};

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScoreError {
    /// As any command.
    #[error(transparent)]
    Common(#[from] Error),
    #[error(transparent)]
    Pairing(#[from] PairingError),
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error("{array}: holds {found} values where {what} must be {accepted}; {remedy}")]
    WrongDType { array: String, found: String, what: &'static str, accepted: &'static str, remedy: &'static str },
    #[error(transparent)]
    BadPixel(Box<BadPixel>),
    /// Metrics were asked for, and targets are not 0 or 1.
    #[error("{0}; take them apart with numpy's mask > 0.5, or leave --metrics out")]
    SoftTargets(String),
    #[error("{array}: no valid pixel: {ignored} ignored, {rejected} rejected, of {pixels}")]
    NoValidPixels { array: String, pixels: i64, ignored: i64, rejected: i64 },
    #[error("{path}: {option} cannot be written: the folder {folder} does not exist; make it first")]
    NoFolder { path: String, option: &'static str, folder: String },
    #[error("{path}: cannot make the folder: {error}")]
    Folder { path: String, error: io::Error },
    /// A figure cannot be drawn, or the page not be made.
    #[error("internal error: the report cannot be made: {0}")]
    #[cfg_attr(not(feature = "report"), expect(dead_code, reason = "made where there are pages"))]
    Page(String),
    #[error("internal error: {0}")]
    Length(#[from] LengthError),
    #[error("internal error: {0}")]
    ClassPlane(#[from] ClassPlaneError),
    #[error("internal error: {0}")]
    State(#[from] StateError),
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    /// A loss has no value, though there are pixels, or cannot be evaluated on these.
    #[error("{0}")]
    Evaluation(#[from] EvaluationError),
    /// The mean of losses has no value, though there are images.
    #[error("{0}")]
    Finish(#[from] FinishError),
}

/// A pixel that is out of range.
#[derive(Debug, thiserror::Error)]
#[error(
    "{array}: the {what} at {index} (flat index {flat}) is {found}; accepted: {accepted}; {remedy}--on-bad skip \
     leaves such pixels out"
)]
pub(crate) struct BadPixel {
    pub(crate) array: String,
    /// The logit, the target, …
    pub(crate) what: &'static str,
    pub(crate) index: String,
    pub(crate) flat: u64,
    pub(crate) found: String,
    pub(crate) accepted: Cow<'static, str>,
    pub(crate) remedy: String,
}

impl From<ArrayError> for ScoreError {
    fn from(error: ArrayError) -> Self {
        Error::from(error).into()
    }
}

impl From<PathError> for ScoreError {
    fn from(error: PathError) -> Self {
        Error::from(error).into()
    }
}

impl ScoreError {
    pub(crate) fn usage(message: String) -> Self {
        Error::Usage(message).into()
    }

    /// 2 if what was given is at fault, 1 if the machine is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            ScoreError::Common(error) => error.exit_code(),
            ScoreError::Folder { .. }
            | ScoreError::NoFolder { .. }
            | ScoreError::Length(_)
            | ScoreError::State(_)
            | ScoreError::Page(_) => 1,
            _ => 2,
        }
    }
}
