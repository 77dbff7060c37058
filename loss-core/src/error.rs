//! What can go wrong, and what to do about it.

use core::fmt;

/// Writes [`Parameter`] from the list of parameters: code, name, meaning.
macro_rules! parameters {
    ($($(#[$doc:meta])* $parameter:ident = $code:literal, $name:literal;)*) => {
        /// A parameter that may be out of its range.
        ///
        /// The number of each is its code: it stays the same from release to release.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Parameter {
            $($(#[$doc])* $parameter = $code,)*
        }

        impl Parameter {
            /// Every parameter.
            pub const ALL: &'static [Self] = &[$(Self::$parameter,)*];

            /// The name, as the documentation of the losses has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$parameter => $name,)*
                }
            }

            /// The code.
            pub const fn code(self) -> u16 {
                match self {
                    $(Self::$parameter => $code,)*
                }
            }
        }
    };
}

parameters! {
    /// α: of a focal loss the weight of foreground, of a Tversky loss the weight of false positives.
    Alpha = 1, "alpha";
    /// β: of a Tversky loss the weight of false negatives, of quality focal loss the exponent.
    Beta = 2, "beta";
    /// The weight of a class.
    ClassWeight = 3, "class weight";
    /// The number of classes.
    Classes = 4, "classes";
    /// What a loss is multiplied by.
    Coefficient = 5, "coefficient";
    /// δ of the unified focal loss and its parts.
    Delta = 6, "delta";
    /// A distance between two classes.
    Distance = 7, "distance";
    /// ε, of Poly-1 or of clipped probabilities.
    Epsilon = 8, "epsilon";
    /// The floor under a denominator.
    Floor = 9, "floor";
    /// γ, an exponent.
    Gamma = 10, "gamma";
    /// The number of pixels that top-k keeps.
    K = 11, "k";
    /// The share of label smoothing.
    LabelSmoothing = 12, "label smoothing";
    /// λ of the unified focal loss.
    Lambda = 13, "lambda";
    /// The share of pixels that top-k keeps, in percent.
    Percent = 14, "percent";
    /// The weight of foreground in cross-entropy.
    PosWeight = 15, "pos_weight";
    /// q of generalised cross-entropy.
    Q = 16, "q";
    /// The scale of quantised codes.
    Scale = 17, "scale";
    /// The smoothing of a score.
    Smooth = 18, "smooth";
    /// The smoothing above the fraction bar.
    SmoothNumerator = 19, "smooth (numerator)";
    /// The smoothing below the fraction bar.
    SmoothDenominator = 20, "smooth (denominator)";
    /// The probability up to which OHEM keeps every pixel.
    Thresh = 21, "thresh";
    /// The probability from which on a pixel is called foreground, or is no longer wrong to reduced focal loss.
    Threshold = 22, "threshold";
    /// What reduced focal loss multiplies by: the threshold to the power −γ.
    ThresholdToMinusGamma = 23, "threshold^-gamma";
    /// The zero point of quantised codes.
    ZeroPoint = 24, "zero point";
    /// How far the bins of logits reach.
    Range = 25, "range of the bins";
    /// The learning rate of a step.
    LearningRate = 26, "learning rate";
    /// The momentum of a step.
    Momentum = 27, "momentum";
    /// The weight decay of a step.
    WeightDecay = 28, "weight decay";
    /// A weight or bias of a head.
    HeadWeight = 29, "weight of the head";
    /// How many bits of a feature stand after the point.
    FractionBits = 30, "fraction bits";
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A parameter of a loss is out of its range.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct ParameterError {
    /// The parameter.
    pub parameter: Parameter,
    /// Which one, if there are several: the class of a class weight, row · C + column of a distance between C classes.
    pub index: Option<usize>,
    /// What was given.
    pub given: f64,
    /// What is accepted, as text.
    pub accepted: &'static str,
}

impl ParameterError {
    pub(crate) fn check(parameter: Parameter, given: f64, holds: bool, accepted: &'static str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { parameter, index: None, given, accepted }) }
    }

    /// The same error of one of several parameters.
    pub(crate) fn of(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// `parameter` is at least 0 and finite.
    pub(crate) fn check_not_negative(parameter: Parameter, given: f64) -> Result<(), Self> {
        Self::check(parameter, given, given >= 0.0 && given <= f64::from(f32::MAX), "a finite number, at least 0")
    }

    /// `parameter` lies in [0, 1].
    pub(crate) fn check_share(parameter: Parameter, given: f64) -> Result<(), Self> {
        Self::check(parameter, given, (0.0..=1.0).contains(&given), "in [0, 1]")
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parameter.name())?;
        if let Some(index) = self.index {
            write!(f, " {index}")?;
        }
        write!(f, " is {}; it must be {}", self.given, self.accepted)
    }
}

impl core::error::Error for ParameterError {}

/// A slice has another length than those beside it ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LengthError {
    /// The slice at fault.
    pub slice: &'static str,
    /// How many values it has.
    pub length: usize,
    /// How many are expected; of scratch memory, how many at least.
    pub expected: usize,
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} values, expected {}", self.slice, self.length, self.expected)
    }
}

impl core::error::Error for LengthError {}

/// Slices do not make a [`ClassPlane`](crate::class::ClassPlane).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ClassPlaneError {
    /// The number of classes is 0, or above the capacity C of the plane's type.
    Classes {
        /// How many classes were asked for.
        given: usize,
        /// C.
        capacity: usize,
    },
    /// The slices do not have a logit for each class of each pixel.
    Length(LengthError),
}

impl From<LengthError> for ClassPlaneError {
    fn from(error: LengthError) -> Self {
        Self::Length(error)
    }
}

impl fmt::Display for ClassPlaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classes { given: 0, .. } => f.write_str("no classes; there must be at least 1"),
            Self::Classes { given, capacity } => {
                write!(f, "{given} classes are more than the capacity C = {capacity}: use a type with a larger C")
            }
            Self::Length(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ClassPlaneError {}

/// A plane with weights was given to an accumulator that counts pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WeightedPlaneError;

impl fmt::Display for WeightedPlaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plane has weights, which a counting accumulator has no sums for: give it a mask, or use Loss::accumulator")
    }
}

impl core::error::Error for WeightedPlaneError {}

/// Two accumulators, or an accumulator and a state, do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StateError {
    /// They were made by losses that differ in structure, parameters, link or threshold.
    OtherLoss {
        /// The fingerprint of this accumulator.
        expected: u64,
        /// The fingerprint of the other.
        given: u64,
    },
    /// The state has another number of integers.
    Length {
        /// How many this accumulator's state has.
        expected: usize,
        /// How many were given, counted up to one too many.
        given: usize,
    },
    /// The state holds a negative count of pixels.
    NegativeCount {
        /// Which of its integers.
        index: usize,
    },
    /// The state holds an integer that no pixels can have made: it was damaged, or is not a state of this loss.
    OutOfRange {
        /// Which of its integers; for a sum as a whole, its last.
        index: usize,
    },
    /// The state was written in another format.
    Version {
        /// The format of this crate.
        expected: u32,
        /// The format of the state.
        given: u32,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::OtherLoss { expected, given } => {
                write!(f, "the state belongs to another loss: fingerprint {given:016x}, expected {expected:016x}")
            }
            StateError::Length { expected, given } => {
                write!(f, "the state has {given} integers, expected {expected}")
            }
            StateError::NegativeCount { index } => {
                write!(f, "integer {index} of the state, a count of pixels, is negative")
            }
            StateError::OutOfRange { index } => {
                write!(f, "integer {index} of the state is out of range: no pixels can have made it")
            }
            StateError::Version { expected, given } => {
                write!(f, "the state has format version {given}, expected {expected}")
            }
        }
    }
}

impl core::error::Error for StateError {}
