//! The errors of finishing a loss.

use core::fmt;

use super::counts::{Counts, RejectedPixel};
use super::state::Sums;

/// The reason why there is no result, or none over all pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FinishError {
    /// No pixel was streamed in.
    NoPixels,
    /// Every pixel was ignored or rejected.
    NoValidPixels(Counts),
    /// Some pixels were rejected. `finish_valid` returns the result of the others.
    Rejected {
        /// The counts of pixels, by reason.
        counts: Counts,
        /// The first rejected pixel, if this accumulator saw it itself; a merge forgets it.
        first: Option<RejectedPixel>,
    },
    /// A pixel's term of the loss, its weight included, is beyond the largest `f32`, 3.4e38, so the sum is unknown. A logit or a
    /// weight is too large (the pixel's own, a class's or `pos_weight`).
    Saturated,
    /// There is no value in integers: a smoothing or a denominator of your own is 2⁴⁰ or more, or such a denominator is below 2⁻⁶⁵, or there is a floor. `value` has none of these
    /// limits.
    NotInIntegers,
    /// The coefficients of the loss are out of range, so a result could be infinite.
    Coefficient {
        /// [`Loss::total_coefficient`](crate::Loss::total_coefficient), the sum of their magnitudes.
        sum: f64,
    },
}

impl FinishError {
    /// The largest accepted sum of the magnitudes of a loss's coefficients: the largest `f32`.
    pub const LARGEST_COEFFICIENT: f64 = f32::MAX as f64;

    /// Checks coefficients whose magnitudes add up to `sum`.
    ///
    /// # Errors
    /// [`Coefficient`](Self::Coefficient) unless they are finite and add up to at most [`LARGEST_COEFFICIENT`](Self::LARGEST_COEFFICIENT).
    pub fn check_coefficients(sum: f64) -> Result<(), Self> {
        if sum <= Self::LARGEST_COEFFICIENT { Ok(()) } else { Err(FinishError::Coefficient { sum }) }
    }

    /// The error that prevents a result over all pixels, if there is one.
    pub(crate) fn of_all(counts: Counts, first: Option<RejectedPixel>) -> Result<(), Self> {
        if counts.rejected() > 0 { Err(Self::Rejected { counts, first }) } else { Self::of_valid(counts) }
    }

    /// The error that prevents a result over the valid pixels, if there is one.
    pub(crate) fn of_valid(counts: Counts) -> Result<(), Self> {
        match counts {
            // Counts are not negative, so their sum is 0 only if each is 0.
            Counts::NONE => Err(Self::NoPixels),
            counts if counts.valid == 0 => Err(Self::NoValidPixels(counts)),
            _ => Ok(()),
        }
    }

    /// The error that prevents a result for any pixels: saturated sums, or coefficients out of range.
    pub(crate) fn check(sums: &impl Sums, total_coefficient: f64) -> Result<(), Self> {
        Self::check_coefficients(total_coefficient)?;
        if sums.is_saturated() { Err(FinishError::Saturated) } else { Ok(()) }
    }
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FinishError::NoPixels => f.write_str("no pixel was streamed in"),
            FinishError::NoValidPixels(counts) => {
                write!(f, "no valid pixel: {} ignored, {} rejected", counts.ignored, counts.rejected())
            }
            FinishError::Rejected { counts, first } => {
                write!(f, "{} of {} pixels were rejected", counts.rejected(), counts.pixels())?;
                if let Some(first) = first {
                    write!(f, ", the first at index {}: {}", first.index, first.reason)?;
                }
                f.write_str(" (finish_valid() leaves them out)")
            }
            FinishError::Saturated => f.write_str(
                "a term of the loss is larger than the largest f32, 3.4e38: use smaller weights or smaller logits",
            ),
            FinishError::NotInIntegers => f.write_str(
                "no value in integers: a smoothing or a denominator is 2^40 or more, a denominator below 2^-65, or there is a floor; value() has no such limits",
            ),
            FinishError::Coefficient { sum } => write!(
                f,
                "the magnitudes of the coefficients (or of 1/denominator) add up to {sum:e}; they must be finite numbers that add up to at most 3.4e38"
            ),
        }
    }
}

impl core::error::Error for FinishError {}
