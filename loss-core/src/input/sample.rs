//! One pixel of a stream, and the check of its ranges.

use super::link::Link;

/// One pixel of a stream: an input (a logit or a probability, depending on the accumulator's [`Link`]), its target and its
/// weight.
///
/// Tuples convert to it: `(input, target)` and `(input, target, weight)`. The target is a `bool`, a `u8` (0 or 1) or
/// an `f32` in [0, 1]. The weight is an `f32` (0, or in [2⁻³², 2³²]) or a `bool` (`false`: ignored). In `(input, target, weight,
/// valid)` the weight counts where the pixel is valid, and is not read elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The logit or the probability.
    pub input: f32,
    /// The target in [0, 1]; 1 is foreground.
    pub target: f32,
    /// The weight. A weight of 0 ignores the pixel, and nothing else of it is read.
    pub weight: f32,
}

/// The type of a stored target: `bool`, `u8` (0 or 1) or `f32` in [0, 1]. No other type can implement it.
pub trait Target: Copy + sealed::Target {
    /// The target as a number; an invalid target stays outside [0, 1].
    fn to_f32(self) -> f32;

    /// Whether the target lies in [0, 1].
    #[inline(always)]
    fn is_valid(self) -> bool {
        (0.0..=1.0).contains(&self.to_f32())
    }

    /// Whether a valid target is 0 or 1.
    #[inline(always)]
    fn is_hard(self) -> bool {
        let target = self.to_f32();
        target == 0.0 || target == 1.0
    }
}

impl Target for bool {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(u8::from(self))
    }

    #[inline(always)]
    fn is_valid(self) -> bool {
        true
    }

    #[inline(always)]
    fn is_hard(self) -> bool {
        true
    }
}

impl Target for u8 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn is_valid(self) -> bool {
        self <= 1
    }

    #[inline(always)]
    fn is_hard(self) -> bool {
        true
    }
}

impl Target for f32 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }
}

/// A target that is hard by its type: `bool` or `u8` (0 or 1).
pub trait HardTarget: Target + sealed::HardTarget {}

impl HardTarget for bool {}

impl HardTarget for u8 {}

/// Keeps the traits of the same names from being implemented elsewhere, so that they can gain methods. Whoever stores weights or targets in another way
/// converts them first, and knows which of their values are out of range.
mod sealed {
    pub trait Target {}

    impl Target for bool {}

    impl Target for u8 {}

    impl Target for f32 {}

    pub trait HardTarget {}

    impl HardTarget for bool {}

    impl HardTarget for u8 {}

    pub trait Weight {}

    impl Weight for f32 {}

    impl Weight for bool {}
}

/// The type of a stored weight: `f32`, or `bool` for a mask of valid pixels. No other type can implement it.
pub trait Weight: Copy + sealed::Weight {
    /// The weight as a number; 0 ignores the pixel.
    fn to_f32(self) -> f32;
}

impl Weight for f32 {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }
}

impl Weight for bool {
    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from(u8::from(self))
    }
}

/// The weight of a pixel under a mask; it is not read where the mask is `false`.
#[inline(always)]
pub(crate) fn masked(valid: bool, weight: f32) -> f32 {
    if valid { weight } else { 0.0 }
}

impl<T: Target> From<(f32, T)> for Sample {
    #[inline(always)]
    fn from((input, target): (f32, T)) -> Self {
        Self { input, target: target.to_f32(), weight: 1.0 }
    }
}

impl<T: Target> From<(&f32, &T)> for Sample {
    #[inline(always)]
    fn from((&input, &target): (&f32, &T)) -> Self {
        (input, target).into()
    }
}

impl<T: Target> From<(f32, T, f32, bool)> for Sample {
    #[inline(always)]
    fn from((input, target, weight, valid): (f32, T, f32, bool)) -> Self {
        (input, target, masked(valid, weight)).into()
    }
}

impl<T: Target, W: Weight> From<(f32, T, W)> for Sample {
    #[inline(always)]
    fn from((input, target, weight): (f32, T, W)) -> Self {
        Self { input, target: target.to_f32(), weight: weight.to_f32() }
    }
}

/// A [`Sample`] with a hard target and no weight, for a [`CountingAccumulator`](crate::CountingAccumulator).
///
/// Tuples convert to it: `(input, target)` and `(input, target, valid)`. The target is a `bool` or a `u8` (0 or 1), and `valid` a
/// `bool` (`false`: ignored).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardSample(Sample);

impl<T: HardTarget> From<(f32, T)> for HardSample {
    #[inline(always)]
    fn from(pixel: (f32, T)) -> Self {
        Self(pixel.into())
    }
}

impl<T: HardTarget> From<(&f32, &T)> for HardSample {
    #[inline(always)]
    fn from(pixel: (&f32, &T)) -> Self {
        Self(pixel.into())
    }
}

impl<T: HardTarget> From<(f32, T, bool)> for HardSample {
    #[inline(always)]
    fn from(pixel: (f32, T, bool)) -> Self {
        Self(pixel.into())
    }
}

impl From<HardSample> for Sample {
    #[inline(always)]
    fn from(HardSample(sample): HardSample) -> Self {
        sample
    }
}

/// The reason why a pixel was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// The logit is NaN or infinite, or the probability lies outside [0, 1].
    Input,
    /// The target lies outside [0, 1] or is NaN.
    Target,
    /// The weight is neither 0 nor in [2⁻³², 2³²].
    Weight,
    /// The label is no class.
    Label,
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Reason::Input => "the logit is not finite, or the probability is outside [0, 1]",
            Reason::Target => "the target is outside [0, 1]",
            Reason::Weight => "the weight is neither 0 nor in [2^-32, 2^32]",
            Reason::Label => "the label is no class",
        })
    }
}

impl core::error::Error for Reason {}

/// The result of checking a sample.
pub(crate) enum Checked {
    /// Input, target and weight are in range.
    Valid,
    /// Weight 0.
    Ignored,
    /// Out of range.
    Rejected(Reason),
}

const SMALLEST_WEIGHT: f32 = 1.0 / 4_294_967_296.0;
const LARGEST_WEIGHT: f32 = 4_294_967_296.0;

#[inline(always)]
pub(crate) fn weight_is_valid(weight: f32) -> bool {
    (SMALLEST_WEIGHT..=LARGEST_WEIGHT).contains(&weight)
}

impl Sample {
    #[inline(always)]
    pub(crate) fn is_valid<K: Link>(&self, link: &K) -> bool {
        link.accepts(self.input) && self.target.is_valid() && weight_is_valid(self.weight)
    }

    #[inline(always)]
    pub(crate) fn check<K: Link>(&self, link: &K) -> Checked {
        if self.weight == 0.0 {
            Checked::Ignored
        } else if self.is_valid(link) {
            Checked::Valid
        } else if !link.accepts(self.input) {
            Checked::Rejected(Reason::Input)
        } else if !self.target.is_valid() {
            Checked::Rejected(Reason::Target)
        } else {
            Checked::Rejected(Reason::Weight)
        }
    }
}
