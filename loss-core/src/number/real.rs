//! The generic number of the formulas.
//!
//! Every per-pixel formula of this crate is one generic function over [`Real`]. The same text is compiled for one pixel
//! (`f32`) and for several at a time ([`Lanes`](crate::number::lanes::Lanes)). The tests also compile it for an `f64` reference and for dual numbers,
//! which prove its derivative.

use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

/// A real number, or several side by side, with the operations of per-pixel formulas.
///
/// Implementations must round every operation on its own, as IEEE 754 defines: no fused multiply-add, no flush to zero.
/// This alone makes the bits of a result equal on every machine.
///
/// A release may add methods, **also without a default**, because a new formula may need a new function. Code that is generic over `Real`, as
/// each loss is, still compiles. Code that implements `Real` for its own type may not compile, so it should depend on one minor version
/// (`loss-core = "~0.1"`).
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The number of lanes.
    const LANES: usize;

    /// The outcome of a comparison in each lane.
    type Mask: Copy;

    /// The same number in every lane.
    fn splat(x: f32) -> Self;

    /// |x|.
    #[must_use]
    fn abs(self) -> Self;

    /// The smaller of two numbers, neither of which is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;

    /// The larger of two numbers, neither of which is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;

    /// self ≥ other, false where either is NaN.
    fn ge(self, other: Self) -> Self::Mask;

    /// `yes` where `mask` holds, `no` elsewhere. Both are computed first.
    #[must_use]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// e⁻ˣ for x ≥ 0.
    #[must_use]
    fn exp_neg(self) -> Self;

    /// 1 − e⁻ˣ for x ≥ 0, without cancellation near 0.
    #[must_use]
    fn one_minus_exp_neg(self) -> Self;

    /// ln(1 + x) for 0 ≤ x ≤ 1.
    #[must_use]
    fn ln_1p(self) -> Self;

    /// ln x for x ≥ 2⁻¹²⁶.
    #[must_use]
    fn ln(self) -> Self;

    /// √x for x = 0 or x ≥ 2⁻¹²⁶.
    #[must_use]
    fn sqrt(self) -> Self;

    /// The [`Logistic`] numbers of an exponential e in [0, 1], the result of [`exp_neg`](Self::exp_neg).
    fn logistic(self) -> Logistic<Self>;
}

/// The three numbers that every sigmoid loss is made of, with e = e⁻ˣ and x ≥ 0.
#[derive(Clone, Copy, Debug)]
pub struct Logistic<R> {
    /// e/(1+e), the smaller of sigmoid(x) and sigmoid(−x).
    pub small: R,
    /// 1/(1+e), the larger.
    pub large: R,
    /// ln(1+e).
    pub softplus: R,
}

/// A [`Real`] made of `f32`s, whose bits `math` works on.
pub trait Float32: Real {
    /// The bits of every lane.
    type Bits: Bits;

    /// The bits of the number.
    fn to_bits(self) -> Self::Bits;

    /// The number with these bits.
    fn from_bits(bits: Self::Bits) -> Self;
}

/// 32 bits, or several groups of 32 side by side. Shifts are by less than 32.
pub trait Bits:
    Copy
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// The same bits in every lane.
    fn splat(bits: u32) -> Self;

    /// The sum, modulo 2³².
    fn plus(self, other: Self) -> Self;

    /// The difference, modulo 2³².
    fn minus(self, other: Self) -> Self;

    /// Shifts to the right and fills with the sign.
    fn shift_signed(self, by: u32) -> Self;
}

impl Bits for u32 {
    #[inline(always)]
    fn splat(bits: u32) -> Self {
        bits
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn shift_signed(self, by: u32) -> Self {
        (self as i32 >> by) as u32
    }
}

/// Implements the functions of [`Real`] by `math`, for a type made of `f32`s.
macro_rules! functions_of_math {
    () => {
        #[inline(always)]
        fn exp_neg(self) -> Self {
            $crate::number::math::exp_neg(self)
        }

        #[inline(always)]
        fn one_minus_exp_neg(self) -> Self {
            $crate::number::math::one_minus_exp_neg(self)
        }

        #[inline(always)]
        fn ln_1p(self) -> Self {
            $crate::number::math::ln_1p(self)
        }

        #[inline(always)]
        fn ln(self) -> Self {
            $crate::number::math::ln(self)
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            $crate::number::math::sqrt(self)
        }

        #[inline(always)]
        fn logistic(self) -> $crate::number::real::Logistic<Self> {
            $crate::number::math::logistic(self)
        }
    };
}
pub(crate) use functions_of_math;

impl Real for f32 {
    const LANES: usize = 1;

    type Mask = bool;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        x
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::from_bits(f32::to_bits(self) & 0x7fff_ffff)
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

    functions_of_math!();
}

impl Float32 for f32 {
    type Bits = u32;

    #[inline(always)]
    fn to_bits(self) -> u32 {
        f32::to_bits(self)
    }

    #[inline(always)]
    fn from_bits(bits: u32) -> Self {
        f32::from_bits(bits)
    }
}
