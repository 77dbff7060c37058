//! The parameters that several losses share, and how arguments become values.

use super::{Arguments, BuildError, Kind, ParameterFacts, Preset, Range};

const LARGEST: f64 = f32::MAX as f64;

pub(crate) const NOT_NEGATIVE: Range =
    Range { minimum: 0.0, closed: true, maximum: LARGEST, closed_above: true, text: "at least 0" };
pub(crate) const SHARE: Range =
    Range { minimum: 0.0, closed: true, maximum: 1.0, closed_above: true, text: "from 0 to 1" };
pub(crate) const BETWEEN: Range =
    Range { minimum: 0.0, closed: false, maximum: 1.0, closed_above: false, text: "between 0 and 1" };
pub(crate) const BELOW_ONE: Range =
    Range { minimum: 0.0, closed: true, maximum: 1.0, closed_above: false, text: "at least 0, below 1" };
pub(crate) const EXPONENT: Range =
    Range { minimum: 0.0, closed: false, maximum: 1e3, closed_above: true, text: "above 0, at most 1000" };
pub(crate) const FROM_MINUS_ONE: Range =
    Range { minimum: -1.0, closed: true, maximum: LARGEST, closed_above: true, text: "at least -1" };
pub(crate) const UP_TO_2_TO_32: Range =
    Range { minimum: 0.0, closed: true, maximum: 4_294_967_296.0, closed_above: true, text: "from 0 to 2^32" };
pub(crate) const TINY_TO_ONE: Range =
    Range { minimum: 1.0 / 16_777_216.0, closed: true, maximum: 1.0, closed_above: true, text: "from 2^-24 to 1" };
pub(crate) const FROM_2_TO_MINUS_64: Range = Range {
    minimum: 1.0 / (1u128 << 64) as f64,
    closed: true,
    maximum: LARGEST,
    closed_above: true,
    text: "at least 2^-64",
};
pub(crate) const PERCENT: Range =
    Range { minimum: 0.0, closed: false, maximum: 100.0, closed_above: true, text: "above 0, at most 100" };
pub(crate) const WHOLE: Range = Range {
    minimum: 1.0,
    closed: true,
    maximum: 1_099_511_627_776.0,
    closed_above: true,
    text: "a whole number, at least 1",
};
/// γ of reduced focal loss. The threshold to the power −γ is at most 1e30.
pub(crate) const UP_TO_99: Range =
    Range { minimum: 0.0, closed: true, maximum: 99.0, closed_above: true, text: "from 0 to 99" };
pub(crate) const SMALL_EXPONENT: Range =
    Range { minimum: 0.0, closed: false, maximum: 16.0, closed_above: true, text: "above 0, at most 16" };

pub(crate) const fn number(name: &'static str, default: f64, range: Range, meaning: &'static str) -> ParameterFacts {
    ParameterFacts { name, kind: Kind::Number(range), default: Preset::Number(default), meaning }
}

pub(crate) const fn number_or_none(name: &'static str, range: Range, meaning: &'static str) -> ParameterFacts {
    ParameterFacts { name, kind: Kind::NumberOrNone(range), default: Preset::Word("none"), meaning }
}

pub(crate) const fn word(
    name: &'static str,
    default: &'static str,
    accepted: &'static [&'static str],
    meaning: &'static str,
) -> ParameterFacts {
    ParameterFacts { name, kind: Kind::Word(accepted), default: Preset::Word(default), meaning }
}

const fn same_as(name: &'static str, other: &'static str, range: Range, meaning: &'static str) -> ParameterFacts {
    ParameterFacts { name, kind: Kind::Number(range), default: Preset::SameAs(other), meaning }
}

/// α of the focal losses.
pub(crate) const FOCAL_ALPHA: ParameterFacts =
    number_or_none("alpha", SHARE, "α_t = α for foreground, 1−α for background; none = 1 for both");

pub(crate) const FALSE_POSITIVES: &str = "α, the price of false positives";
pub(crate) const FALSE_NEGATIVES: &str = "β, the price of false negatives; β > α favours recall";

/// A count of pixels.
pub(crate) fn whole(parameter: &'static str, number: f64) -> Result<u64, BuildError> {
    // The parameter's range fits into a `u64`.
    if libm::trunc(number) == number {
        Ok(number as u64)
    } else {
        Err(BuildError::Conflict { parameter, message: "must be a whole number" })
    }
}

/// The smoothing above and below the fraction bar.
pub(crate) const SMOOTHING: &[ParameterFacts] = &[
    number("smooth", 1e-5, NOT_NEGATIVE, "s, added above and below the fraction bar of the formula"),
    same_as("smooth_numerator", "smooth", NOT_NEGATIVE, "s above the fraction bar only"),
    same_as("smooth_denominator", "smooth", NOT_NEGATIVE, "s below the fraction bar only"),
];

/// The two values of [`SMOOTHING`]: above and below the bar.
pub(crate) fn smoothing(arguments: &Arguments<'_>) -> [f64; 2] {
    ["smooth_numerator", "smooth_denominator"].map(|name| arguments.number(name))
}

const FLOOR: ParameterFacts = number("floor", 0.0, NOT_NEGATIVE, "a lower limit for the denominator of the formula");
pub(crate) const FLOORED: &[ParameterFacts] = &[FLOOR];
pub(crate) const LOG_FLOORED: &[ParameterFacts] = &[ParameterFacts {
    default: Preset::Number(1e-7),
    meaning: "a lower limit for the score, and for the denominator of its formula",
    ..FLOOR
}];
