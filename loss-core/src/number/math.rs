//! The elementary functions of the formulas, made of arithmetic and integer operations on bits.
//!
//! There are no branches, no fused operations, no tables and no calls of a platform's library: each lane computes
//! the same sequence of IEEE 754 roundings everywhere. No result depends on a subnormal intermediate. The error bounds
//! below were measured over every `f32` of the stated domain against `f64`, in ULP of the exact result, where an ULP is at
//! least 2⁻¹⁴⁹. The coefficients are minimax fits (Remez exchange) of the stated relative error. They are rounded to `f32`, and
//! the others refitted or their neighbours searched, so that the fit loses little.

use core::f32::consts::LOG2_E;

use super::real::{Bits, Float32, Logistic};

/// The first 17 bits of ln 2. Its product with an integer of up to seven bits is exact.
const LN_2_HI: f32 = 0.693_145_75;
/// The rest of ln 2 after [`LN_2_HI`].
const LN_2_LO: f32 = 1.428_606_8e-6;
/// 1.5·2²³. Adding a small number to it rounds that number to an integer, which appears in the low bits of the sum.
const ROUNDER: f32 = 12_582_912.0;
/// The largest x whose e⁻ˣ is at least 2⁻¹²⁶.
const EXP_NEG_MAX: f32 = 87.336_54;
/// 2⁻³⁰: the square of a smaller number is negligible beside the number.
const SECOND_ORDER: f32 = 1.0 / (1 << 30) as f32;
/// The bits of √½.
const SQRT_HALF: u32 = 0x3f35_04f3;

/// e⁻ˣ = scale·e^(hi + lo) with |hi + lo| ≤ ½ ln 2.
struct Reduced<R> {
    hi: R,
    lo: R,
    /// 2⁻ⁿ, where n is the integer nearest to x/ln 2.
    scale: R,
}

/// Cody and Waite's reduction for 0 ≤ x ≤ [`EXP_NEG_MAX`]; for other x the result is meaningless.
///
/// `hi` is exact: n·[`LN_2_HI`] is exact, and so is the difference of two numbers that lie that close.
#[inline(always)]
fn reduce<R: Float32>(x: R) -> Reduced<R> {
    let biased = x * R::splat(LOG2_E) + R::splat(ROUNDER);
    let n = biased - R::splat(ROUNDER);
    Reduced {
        hi: n * R::splat(LN_2_HI) - x,
        lo: n * R::splat(LN_2_LO),
        // The shift removes ROUNDER's own bits.
        scale: R::from_bits(R::Bits::splat(0x3f80_0000).minus(biased.to_bits() << 23)),
    }
}

/// eʳ − 1 − r for |r| ≤ ½ ln 2, as r² times a polynomial of degree 4 (within 2⁻²⁸ of eʳ).
#[inline(always)]
fn exp_tail<R: Float32>(r: R) -> R {
    let c = R::splat;
    let p = c(0.001_381_450_6) * r + c(0.008_368_74);
    let p = p * r + c(0.041_668_367);
    let p = p * r + c(0.166_665_21);
    let p = p * r + c(0.499_999_94);
    r * r * p
}

/// e⁻ˣ for x ≥ 0, and 0 where that is below 2⁻¹²⁶ or x is NaN.
///
/// Error at most 0.89 ULP; exp_neg(0) = 1. It takes 22 operations, a comparison and a selection.
#[inline(always)]
pub(crate) fn exp_neg<R: Float32>(x: R) -> R {
    let Reduced { hi, lo, scale } = reduce(x);
    // Added from the smallest to the largest: hi is exact, and the rounding error of its sum with the rest is small.
    let power = R::splat(1.0) + (hi + (lo + exp_tail(hi + lo)));
    R::select(R::splat(EXP_NEG_MAX).ge(x), power * scale, R::splat(0.0))
}

/// 1 − e⁻ˣ for x ≥ 0, relatively accurate down to the smallest x.
///
/// (1 − 2⁻ⁿ) − 2⁻ⁿ(eʳ − 1): the first difference is exact as long as it matters, and 0 for x < ½ ln 2. Error at most
/// 0.92 ULP in 21 operations and a minimum.
#[inline(always)]
pub(crate) fn one_minus_exp_neg<R: Float32>(x: R) -> R {
    let Reduced { hi, lo, scale } = reduce(x.min(R::splat(EXP_NEG_MAX)));
    let r = hi + lo;
    (R::splat(1.0) - scale) - scale * (r + exp_tail(r))
}

/// x for use in a second-order expression that is added to x itself.
///
/// Below 2⁻³⁰ such an expression vanishes beside x. This function returns 0 there, because squares would become subnormal numbers, which are slow on some
/// processors. The sum has the same bits either way.
#[inline(always)]
fn to_be_squared<R: Float32>(x: R) -> R {
    if cfg!(any(target_arch = "arm", target_arch = "riscv32")) {
        x
    } else {
        R::select(x.ge(R::splat(SECOND_ORDER)), x, R::splat(0.0))
    }
}

/// x − ln(1 + x) for x = 0 or 2⁻³⁰ ≤ x ≤ 1.
///
/// With s = x/(2 + x), ln(1 + x) = 2 artanh s = 2s + s³P(s²) and 2s = x − sx. P has degree 3 on [0, 1/9] (within
/// 5·10⁻⁹ of the logarithm). The difference is at most 0.31 where the logarithm is 0.69, so its errors count less
/// than half.
#[inline(always)]
fn ln_1p_gap<R: Float32>(x: R) -> R {
    let c = R::splat;
    let s = x / (x + c(2.0));
    let z = s * s;
    let p = c(0.280_294_3) * z + c(0.279_982_12);
    let p = p * z + c(0.400_217_5);
    let p = p * z + c(0.666_664_1);
    s * (x - z * p)
}

/// ln(1 + x) for 0 ≤ x ≤ 1, relatively accurate down to the smallest x.
///
/// Error at most 1.32 ULP in 13 operations (one of them a division), a comparison and a selection. A polynomial
/// without division needs degree 10: it takes 19 operations and was both slower on AVX2 and less accurate (1.64 ULP).
#[inline(always)]
pub(crate) fn ln_1p<R: Float32>(x: R) -> R {
    x - ln_1p_gap(to_be_squared(x))
}

/// ln x for x ≥ 2⁻¹²⁶, relatively accurate around 1.
///
/// x = 2ᵏ(1 + f) with √½ ≤ 1 + f < √2, then the series of [`ln_1p_gap`] for |s| ≤ 0.172, where degree 2 is enough
/// (within 10⁻⁹ of 2s). Error at most 0.96 ULP in 17 operations, one of them a division.
#[inline(always)]
pub(crate) fn ln<R: Float32>(x: R) -> R {
    let c = R::splat;
    let b = R::Bits::splat;
    let above = x.to_bits().minus(b(SQRT_HALF));
    let f = R::from_bits((above & b(0x007f_ffff)).plus(b(SQRT_HALF))) - c(1.0);
    // k may be negative. Adding it to the bits of ROUNDER turns it into a float.
    let k = R::from_bits(b(ROUNDER.to_bits()).plus(above.shift_signed(23))) - c(ROUNDER);
    let s = f / (f + c(2.0));
    let z = s * s;
    let p = c(0.298_710_67) * z + c(0.399_775_77);
    let p = p * z + c(0.666_667_76);
    let gap = s * (f - z * p);
    k * c(LN_2_HI) + (f - (gap - k * c(LN_2_LO)))
}

/// √x for x ≥ 2⁻¹²⁶, and 0 below.
///
/// x = m·scale² with 1 ≤ m < 4. Kadlec's constants give 1/√m to 0.07 % and a Newton step to 7·10⁻⁷. The last step
/// needs m − s² for s ≈ √m nearly exactly, so s is split after twelve bits, whose square is exact. Error at most
/// 0.501 ULP in 21 operations, a comparison and a selection.
#[inline(always)]
pub(crate) fn sqrt<R: Float32>(x: R) -> R {
    let c = R::splat;
    // An odd biased exponent becomes 127, an even one 128.
    let b = R::Bits::splat;
    let m = R::from_bits(((x.to_bits() & b(0x00ff_ffff)) ^ b(0x0080_0000)).plus(b(0x3f80_0000)));
    let scale = R::from_bits(((x.to_bits() >> 23).plus(b(127)) >> 1) << 23);

    let y = R::from_bits(b(0x5f1f_fff9).minus(m.to_bits() >> 1));
    let y = c(0.703_952_25) * y * (c(2.389_244_6) - m * y * y);
    let half_y = y * (c(0.75) - c(0.25) * m * y * y);

    let s = m * (half_y + half_y);
    let hi = R::from_bits(s.to_bits() & b(0xffff_f000));
    let residue = (m - hi * hi) - (s - hi) * (s + hi);
    let root = s + half_y * residue;
    R::select(x.ge(c(f32::MIN_POSITIVE)), root * scale, c(0.0))
}

/// e/(1+e), 1/(1+e) and ln(1+e) for an e = e⁻ˣ of [`exp_neg`].
///
/// The quotient w = e/(1+e) carries the rounding error of 1 + e, even for a small e. The expression e − e·w equals w and does not
/// carry it. As 1 − q = 1/(1+e) for q = e/(1+e), the derivatives (1−q)² of q and 1−q of ln(1+e) need no further division.
///
/// Errors in ULP of the exact functions of x, where a result below 2⁻¹²⁶ may be off by 2⁻¹²⁶: `small` 1.81, `large` 1.25,
/// `softplus` 2.07. Products computed from them: small·large 2.93, small²·softplus 7.05, small⁵·softplus 14.9. All three results
/// together take 17 operations (two of them divisions), a comparison and a selection.
#[inline(always)]
pub(crate) fn logistic<R: Float32>(e: R) -> Logistic<R> {
    let one = R::splat(1.0);
    let near = to_be_squared(e);
    let small = e - near * (e / (one + e));
    Logistic { small, large: one - small, softplus: e - ln_1p_gap(near) }
}
