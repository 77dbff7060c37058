use core::fmt;

use crate::error::LengthError;
use crate::input::sample::Reason;
use crate::sums::counts::{Counts, RejectedPixel};

/// The reason why a sorted loss has no result, or none over all pixels. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SortedError {
    /// There was no pixel.
    NoPixels,
    /// Every pixel was ignored or rejected.
    NoValidPixels(Counts),
    /// Some pixels were rejected.
    Rejected {
        /// The counts of pixels, by reason.
        counts: Counts,
        /// The first rejected pixel.
        first: Option<RejectedPixel>,
    },
    /// The loss of a kept pixel, its weight included, is beyond the largest `f32`, 3.4e38.
    Saturated,
    /// The lent memory is too small.
    Scratch {
        /// The number of elements that the valid pixels need.
        needed: u64,
        /// The number of elements that were lent.
        given: u64,
    },
    /// Slices differ in length.
    Length(LengthError),
}

impl SortedError {
    /// The error that prevents a result over all pixels, if there is one.
    pub(super) fn of_all(counts: Counts, first: Option<RejectedPixel>) -> Result<(), Self> {
        if counts.rejected() > 0 { Err(Self::Rejected { counts, first }) } else { Self::of_valid(counts) }
    }

    /// The error that prevents a result over the valid pixels, if there is one.
    pub(super) fn of_valid(counts: Counts) -> Result<(), Self> {
        match counts {
            counts if counts.pixels() == 0 => Err(Self::NoPixels),
            counts if counts.valid == 0 => Err(Self::NoValidPixels(counts)),
            _ => Ok(()),
        }
    }
}

impl From<LengthError> for SortedError {
    fn from(error: LengthError) -> Self {
        Self::Length(error)
    }
}

impl fmt::Display for SortedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPixels => f.write_str("there was no pixel"),
            Self::NoValidPixels(counts) => {
                write!(f, "no valid pixel: {} ignored, {} rejected", counts.ignored, counts.rejected())
            }
            Self::Rejected { counts, first } => {
                write!(f, "{} of {} pixels were rejected", counts.rejected(), counts.pixels())?;
                if let Some(first) = first {
                    let reason = match first.reason {
                        Reason::Input => "the input is not finite, or is out of the range of this loss",
                        Reason::Weight => "the weight is out of range; the Lovász losses take 0 (ignored) and 1 only",
                        _ => "the target or label is out of range; the Lovász losses take hard targets only",
                    };
                    write!(f, ", the first at index {}: {reason}", first.index)?;
                }
                Ok(())
            }
            Self::Saturated => f.write_str(
                "the loss of a pixel is larger than the largest f32, 3.4e38: use smaller weights or smaller logits",
            ),
            Self::Scratch { needed, given } => {
                write!(f, "the scratch memory has {given} elements, {needed} are needed")
            }
            Self::Length(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SortedError {}
