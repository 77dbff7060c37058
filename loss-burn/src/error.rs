//! The errors of a loss over tensors.

use loss_core::{LengthError, ParameterError};
use loss_expression::{EvaluationError, ExpressionError};

/// The reason why tensors have no loss.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no expression.
    #[error("{0}")]
    Expression(#[from] ExpressionError),
    /// A parameter is out of its range.
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    /// The shapes do not belong together.
    #[error("the {what} have shape {found:?}; logits of shape {logits:?} need {expected}")]
    Shape {
        /// The tensor that does not fit.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the logits.
        logits: Vec<usize>,
        /// The shapes that fit.
        expected: String,
    },
    /// The tensor's numbers have another type.
    #[error("the {what} have the type {found}; {remedy}")]
    Type {
        /// The tensor.
        what: &'static str,
        /// Its type.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A target is neither 0 nor 1.
    #[error(
        "target {index} is {value}; integer targets of a mask are 0 and 1 (labels of classes: ClassSegmentationLoss; a label to leave out: ignoring)"
    )]
    Target {
        /// The place in the tensor, counted from 0.
        index: usize,
        /// The target.
        value: i64,
    },
    /// The pixels have no loss.
    #[error("{0}")]
    Evaluation(#[from] EvaluationError),
    /// The loss exceeds the largest `f32`, which a tensor cannot hold.
    #[error("the loss is {value}, more than the largest f32: scale it down, or take its mean in place of its sum")]
    Large {
        /// The loss.
        value: f64,
    },
    /// There is no output to attach a gradient to.
    #[error("there is no output: a gradient needs one")]
    NoOutput,
    /// The backend could not hand a tensor over.
    #[error("a tensor could not be read: {0}")]
    Read(String),
}

impl From<LengthError> for Error {
    fn from(error: LengthError) -> Self {
        EvaluationError::from(error).into()
    }
}
