//! The number a formula is written over.
//!
//! Every per-pixel formula of this crate is one generic function over [`Real`]. The same text is compiled for one pixel
//! (`f32`), for sixteen at a time, for an `f64` reference and for dual numbers that prove its derivative (the last two
//! are in the tests).

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::math;

/// A real number, or several side by side, with the operations that a per-pixel formula may use.
///
/// Implementations must round every operation on its own, as IEEE 754 says: no fused multiply-add, no flush to zero.
/// That, and nothing else, makes the bits of a result the same on every machine.
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The outcome of a comparison, one a lane.
    type Mask: Copy;

    /// The same number in every lane.
    fn splat(x: f32) -> Self;

    /// |x|.
    fn abs(self) -> Self;

    /// The smaller of two numbers, neither of which is NaN.
    fn min(self, other: Self) -> Self;

    /// The larger of two numbers, neither of which is NaN.
    fn max(self, other: Self) -> Self;

    /// self ≥ other, false where either is NaN.
    fn ge(self, other: Self) -> Self::Mask;

    /// `yes` where `mask` holds, `no` elsewhere. Both are computed.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// e⁻ˣ for x ≥ 0.
    fn exp_neg(self) -> Self;

    /// 1 − e⁻ˣ for x ≥ 0, without cancellation near 0.
    fn one_minus_exp_neg(self) -> Self;

    /// ln(1 + x) for 0 ≤ x ≤ 1.
    fn ln_1p(self) -> Self;

    /// ln x for x ≥ 2⁻¹²⁶.
    fn ln(self) -> Self;

    /// √x for x = 0 or x ≥ 2⁻¹²⁶.
    fn sqrt(self) -> Self;

    /// What one exponential of x ≥ 0 gives.
    fn logistic(self) -> Logistic<Self>;
}

/// With e = e⁻ˣ, x ≥ 0: the three quantities that every sigmoid loss is made of.
#[derive(Clone, Copy, Debug)]
pub struct Logistic<R> {
    /// e/(1+e), the smaller of sigmoid(x) and sigmoid(−x).
    pub small: R,
    /// 1/(1+e), the larger.
    pub large: R,
    /// ln(1+e).
    pub softplus: R,
}

/// A [`Real`] that is made of `f32`s, whose bits the polynomials of [`math`] may take apart.
pub(crate) trait Float32: Real {
    /// Applies a function of the bits to every lane.
    fn map_bits(self, f: impl Fn(u32) -> u32) -> Self;
}

impl Real for f32 {
    type Mask = bool;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        x
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::from_bits(self.to_bits() & 0x7fff_ffff)
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn ge(self, other: Self) -> bool {
        self >= other
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn exp_neg(self) -> Self {
        math::exp_neg(self)
    }

    #[inline(always)]
    fn one_minus_exp_neg(self) -> Self {
        math::one_minus_exp_neg(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        math::ln_1p(self)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        math::ln(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        math::sqrt(self)
    }

    #[inline(always)]
    fn logistic(self) -> Logistic<Self> {
        math::logistic(self)
    }
}

impl Float32 for f32 {
    #[inline(always)]
    fn map_bits(self, f: impl Fn(u32) -> u32) -> Self {
        f32::from_bits(f(self.to_bits()))
    }
}
