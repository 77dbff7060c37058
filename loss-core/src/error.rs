//! The errors of this crate: what was wrong, where, and what is accepted.

use core::fmt;

/// Writes [`Parameter`] from the list of parameters: code, name, meaning.
macro_rules! parameters {
    ($($(#[$doc:meta])* $parameter:ident = $code:literal, $name:literal;)*) => {
        /// A parameter of a loss, link or quantisation, named by the errors about it.
        ///
        /// The number beside each name is its code, which stays the same from release to release.
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

            /// The name that the documentation of the losses uses.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$parameter => $name,)*
                }
            }

            /// The code, for interfaces that pass numbers.
            pub const fn code(self) -> u16 {
                match self {
                    $(Self::$parameter => $code,)*
                }
            }
        }
    };
}

parameters! {
    /// α: the weight of foreground in a focal loss, the weight of false positives in a Tversky loss.
    Alpha = 1, "alpha";
    /// β: the weight of false negatives in a Tversky loss, the exponent in quality focal loss.
    Beta = 2, "beta";
    /// The weight of a class.
    ClassWeight = 3, "class weight";
    /// The number of classes.
    Classes = 4, "classes";
    /// The coefficient of a loss in a sum.
    Coefficient = 5, "coefficient";
    /// δ of the unified focal loss and its parts.
    Delta = 6, "delta";
    /// A distance between two classes.
    Distance = 7, "distance";
    /// ε: the parameter of Poly-1, or the clip of probabilities.
    Epsilon = 8, "epsilon";
    /// The smallest value that a denominator may take.
    Floor = 9, "floor";
    /// γ, an exponent.
    Gamma = 10, "gamma";
    /// The number of pixels that top-k keeps.
    K = 11, "k";
    /// The share of label smoothing, ε.
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
    /// The smoothing s of a score, above and below the fraction bar.
    Smooth = 18, "smooth";
    /// The smoothing above the fraction bar alone.
    SmoothNumerator = 19, "smooth (numerator)";
    /// The smoothing below the fraction bar alone.
    SmoothDenominator = 20, "smooth (denominator)";
    /// The probability up to which OHEM keeps every pixel.
    Thresh = 21, "thresh";
    /// The probability from which a pixel counts as foreground; for reduced focal loss, the p_t up to which a pixel keeps its whole cross-entropy.
    Threshold = 22, "threshold";
    /// The factor of reduced focal loss: the threshold to the power −γ.
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

/// The error of a parameter out of its range.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct ParameterError {
    /// The parameter.
    pub parameter: Parameter,
    /// Which of several values: the class of a class weight, or row · C + column of a distance between C classes.
    pub index: Option<usize>,
    /// The value that was given.
    pub given: f64,
    /// The accepted range, as text.
    pub accepted: &'static str,
}

impl ParameterError {
    pub(crate) fn check(parameter: Parameter, given: f64, holds: bool, accepted: &'static str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { parameter, index: None, given, accepted }) }
    }

    /// The same error, for one of several values.
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

/// The error of a slice whose length does not match the other slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LengthError {
    /// The name of the slice.
    pub slice: &'static str,
    /// The number of values it has.
    pub length: usize,
    /// The number of values expected; for scratch memory, the minimum.
    pub expected: usize,
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} values, expected {}", self.slice, self.length, self.expected)
    }
}

impl core::error::Error for LengthError {}

/// The error of slices that do not make a [`ClassPlane`](crate::class::ClassPlane).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ClassPlaneError {
    /// The number of classes is 0, or above the capacity C of the plane's type.
    Classes {
        /// The number of classes that was given.
        given: usize,
        /// The capacity C.
        capacity: usize,
    },
    /// The slices do not hold one logit for each class of each pixel.
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

/// The error of a plane with weights that is given to an accumulator that counts pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WeightedPlaneError;

impl fmt::Display for WeightedPlaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plane has weights, which a counting accumulator has no sums for: give it a mask, or use Loss::accumulator")
    }
}

impl core::error::Error for WeightedPlaneError {}

/// The error of merging two accumulators, or loading a state, that do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StateError {
    /// The two losses differ in structure, parameters, link or threshold.
    OtherLoss {
        /// The fingerprint of this accumulator.
        expected: u64,
        /// The fingerprint of the other.
        given: u64,
    },
    /// The state has another number of integers.
    Length {
        /// The number of integers in this accumulator's state.
        expected: usize,
        /// The number that was given; counting stops at one too many.
        given: usize,
    },
    /// The state holds a negative count of pixels.
    NegativeCount {
        /// The index of that integer.
        index: usize,
    },
    /// The state holds an integer that no pixels can produce: the state is damaged, or belongs to another loss.
    OutOfRange {
        /// The index of that integer; if a whole sum is out of range, the index of the sum's last integer.
        index: usize,
    },
    /// The state was written in another format.
    Version {
        /// The format version of this crate.
        expected: u32,
        /// The format version of the state.
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
