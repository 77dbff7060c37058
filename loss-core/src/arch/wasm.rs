//! Registers of WebAssembly, if the module is compiled for them (`-C target-feature=+simd128`).

// With the feature on, as it always is when this is compiled, most of these are safe to call.
#![allow(unused_unsafe, reason = "`lanes` is written for processors whose instructions are unsafe to call as well")]

use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use super::lanes::lanes;
use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::{Bits, Float32, Real, functions_of_math};
use crate::number::twice::Twice;

#[inline(never)]
pub(super) fn with_simd128<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Simd128>>()
}

lanes! {
    /// Four numbers.
    Simd128, Simd128Bits, v128, v128, v128, 4, with_simd128;
    // The minimum and maximum instructions treat zeros and NaN differently from `f32`'s implementation.
    arithmetic f32x4_add f32x4_sub f32x4_mul f32x4_div
        |a, b| v128_bitselect(a, b, f32x4_lt(a, b)),
        |a, b| v128_bitselect(a, b, f32x4_gt(a, b));
    integers i32x4_add i32x4_sub v128_and v128_or v128_xor
        |bits, by| u32x4_shl(bits, by),
        |bits, by| u32x4_shr(bits, by),
        |bits, by| i32x4_shr(bits, by);
    moves f32x4_splat u32x4_splat, |x| x, |bits| bits, |from: *const f32| v128_load(from.cast()), |to: *mut f32, x| v128_store(to.cast(), x);
    functions
        |a, b| f32x4_ge(a, b),
        |mask, yes, no| v128_bitselect(yes, no, mask),
        |a, b| v128_and(a, b),
        |mask| i32x4_bitmask(mask).count_ones(),
        |bits| {
            let pairs = i64x2_add(i64x2_extend_low_i32x4(bits), i64x2_extend_high_i32x4(bits));
            i64x2_extract_lane::<0>(pairs).wrapping_add(i64x2_extract_lane::<1>(pairs))
        },
        |bits| v128_any_true(bits);
}
