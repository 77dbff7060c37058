//! The status that a function returns.

use core::ffi::CStr;

use loss_core::class::ClassPlaneError;
use loss_core::{FinishError, LengthError, Parameter, ParameterError, StateError};

/// The outcome of a call. A call that does not return LOSS_STATUS_OK has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossStatus {
    /// Success.
    Ok = 0,
    /// A pointer is NULL but must not be.
    NullPointer = 1,
    /// A pointer is not aligned to its type.
    Misaligned = 2,
    /// The object was not initialised by its `..._init` function, or is of another kind.
    NotInitialised = 3,
    /// Two ranges of memory overlap but must not.
    Overlap = 4,
    /// A length is not the required one, or is larger than any memory.
    Length = 5,
    /// The number of terms is not 1 to LOSS_MOST_TERMS.
    TermCount = 6,
    /// The number of classes is not 1 to LOSS_MOST_CLASSES.
    ClassCount = 7,
    /// An option is no value of its enumeration, or the term has no such option.
    Option = 8,
    /// A coefficient is not a finite number, or the magnitudes of all coefficients add up to more than 3.4e38.
    Coefficient = 9,
    /// A threshold does not lie between 0 and 1.
    Threshold = 10,
    /// gamma is out of range.
    Gamma = 11,
    /// alpha is out of range.
    Alpha = 12,
    /// beta is out of range.
    Beta = 13,
    /// The smoothing is out of range.
    Smooth = 14,
    /// pos_weight is out of range.
    PosWeight = 15,
    /// delta is out of range.
    Delta = 16,
    /// epsilon is out of range.
    Epsilon = 17,
    /// q is out of range.
    Q = 18,
    /// A class weight is out of range.
    ClassWeight = 19,
    /// The scale of the quantised codes is out of range.
    Scale = 20,
    /// The zero point of the quantised codes is out of range.
    ZeroPoint = 21,
    /// Another parameter is out of range.
    Parameter = 22,
    /// The two objects have different losses.
    OtherLoss = 23,
    /// The state holds a negative count.
    NegativeCount = 24,
    /// No pixel was pushed.
    NoPixels = 25,
    /// Every pixel was ignored or rejected.
    NoValidPixels = 26,
    /// Some pixels were rejected.
    Rejected = 27,
    /// A term of the loss is larger than the largest float.
    Saturated = 28,
    /// The state holds an integer that no pixels can produce.
    State = 29,
}

impl LossStatus {
    /// Every status.
    pub const ALL: [Self; 30] = {
        use LossStatus::*;
        [
            Ok,
            NullPointer,
            Misaligned,
            NotInitialised,
            Overlap,
            Length,
            TermCount,
            ClassCount,
            Option,
            Coefficient,
            Threshold,
            Gamma,
            Alpha,
            Beta,
            Smooth,
            PosWeight,
            Delta,
            Epsilon,
            Q,
            ClassWeight,
            Scale,
            ZeroPoint,
            Parameter,
            OtherLoss,
            NegativeCount,
            NoPixels,
            NoValidPixels,
            Rejected,
            Saturated,
            State,
        ]
    };

    /// What was wrong and what to do, as text.
    pub fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"done",
            Self::NullPointer => c"a pointer is NULL: give memory of the type and length that the header says",
            Self::Misaligned => c"a pointer is not aligned to its type: declare the memory with that type",
            Self::NotInitialised => c"the object is not ready or of another kind: call its init function first",
            Self::Overlap => c"two stretches of memory overlap: give the output or the other object memory of its own",
            Self::Length => c"a length is not the one that is needed (the header names the constant or function for it), or more than memory holds",
            Self::TermCount => c"the number of terms must be 1 to LOSS_MOST_TERMS",
            Self::ClassCount => c"the number of classes must be 1 to LOSS_MOST_CLASSES",
            Self::Option => c"an option is none of its enumeration's, or this term has no such option",
            Self::Coefficient => c"coefficients must be finite numbers whose magnitudes add up to at most 3.4e38",
            Self::Threshold => c"the threshold must lie between 0 and 1",
            Self::Gamma => c"gamma is out of range: see the function that takes it",
            Self::Alpha => c"alpha is out of range: see the function that takes it",
            Self::Beta => c"beta is out of range: see the function that takes it",
            Self::Smooth => c"the smoothing must be a finite number, at least 0",
            Self::PosWeight => c"pos_weight must be a finite number, at least 0",
            Self::Delta => c"delta must be in [0, 1]",
            Self::Epsilon => c"epsilon is out of range: see the function that takes it",
            Self::Q => c"q is out of range: see the function that takes it",
            Self::ClassWeight => c"class weights must be finite numbers, at least 0",
            Self::Scale => c"the scale must be in [2^-64, 2^64]",
            Self::ZeroPoint => c"the zero point must be in [-255, 255]",
            Self::Parameter => c"a parameter is out of range: see the function that takes it",
            Self::OtherLoss => c"the two were made by losses that differ in structure, parameters or threshold",
            Self::NegativeCount => c"the state holds a negative count of pixels: it was damaged, or is none",
            Self::NoPixels => c"no pixel was pushed",
            Self::NoValidPixels => c"no valid pixel: every one was ignored or rejected; the counts say why",
            Self::Rejected => c"pixels were rejected: the counts say why; the finish_valid function leaves them out",
            Self::Saturated => c"a term of the loss is larger than the largest float, 3.4e38: use smaller weights or smaller logits",
            Self::State => c"the state holds an integer that no pixels can have made: it was damaged, or is none",
        }
    }
}

impl From<Parameter> for LossStatus {
    fn from(parameter: Parameter) -> Self {
        match parameter {
            Parameter::Alpha => Self::Alpha,
            Parameter::Beta => Self::Beta,
            Parameter::ClassWeight => Self::ClassWeight,
            Parameter::Classes => Self::ClassCount,
            Parameter::Coefficient => Self::Coefficient,
            Parameter::Delta => Self::Delta,
            Parameter::Epsilon => Self::Epsilon,
            Parameter::Gamma | Parameter::ThresholdToMinusGamma => Self::Gamma,
            Parameter::PosWeight => Self::PosWeight,
            Parameter::Q => Self::Q,
            Parameter::Scale => Self::Scale,
            Parameter::Smooth | Parameter::SmoothNumerator | Parameter::SmoothDenominator => Self::Smooth,
            Parameter::Threshold => Self::Threshold,
            Parameter::ZeroPoint => Self::ZeroPoint,
            _ => Self::Parameter,
        }
    }
}

impl From<ParameterError> for LossStatus {
    fn from(error: ParameterError) -> Self {
        error.parameter.into()
    }
}

impl From<ClassPlaneError> for LossStatus {
    fn from(error: ClassPlaneError) -> Self {
        match error {
            ClassPlaneError::Classes { .. } => Self::ClassCount,
            _ => Self::Length,
        }
    }
}

impl From<LengthError> for LossStatus {
    fn from(_: LengthError) -> Self {
        Self::Length
    }
}

impl From<StateError> for LossStatus {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Length { .. } => Self::Length,
            StateError::NegativeCount { .. } => Self::NegativeCount,
            StateError::OutOfRange { .. } => Self::State,
            // The nearest status for errors that a later release may add.
            _ => Self::OtherLoss,
        }
    }
}

impl From<FinishError> for LossStatus {
    fn from(error: FinishError) -> Self {
        match error {
            FinishError::NoPixels => Self::NoPixels,
            FinishError::NoValidPixels(_) => Self::NoValidPixels,
            FinishError::Saturated => Self::Saturated,
            FinishError::Coefficient { .. } => Self::Coefficient,
            // The nearest status for errors that a later release may add.
            _ => Self::Rejected,
        }
    }
}
