//! NEON, which every 64-bit ARM processor has.
#![allow(
    unused_unsafe,
    reason = "`lanes` is one text for all processors; here the function of the level is safe to call"
)]

use core::arch::aarch64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use super::lanes::lanes;
use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::{Bits, Float32, Real, functions_of_math};
use crate::number::twice::Twice;

#[inline(never)]
pub(super) fn with_neon<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Neon>>()
}

lanes! {
    /// Four numbers.
    Neon, NeonBits, float32x4_t, uint32x4_t, uint32x4_t, 4, with_neon;
    // The minimum and maximum instructions treat zeros and NaN differently from `f32`'s implementation.
    arithmetic vaddq_f32 vsubq_f32 vmulq_f32 vdivq_f32
        |a, b| vbslq_f32(vcltq_f32(a, b), a, b),
        |a, b| vbslq_f32(vcgtq_f32(a, b), a, b);
    // NEON shifts to the right by a negative amount.
    integers vaddq_u32 vsubq_u32 vandq_u32 vorrq_u32 veorq_u32
        |bits, by| vshlq_u32(bits, vdupq_n_s32(by as i32)),
        |bits, by| vshlq_u32(bits, vdupq_n_s32(-(by as i32))),
        |bits, by| vreinterpretq_u32_s32(vshlq_s32(vreinterpretq_s32_u32(bits), vdupq_n_s32(-(by as i32))));
    moves vdupq_n_f32 vdupq_n_u32, vreinterpretq_u32_f32, vreinterpretq_f32_u32, vld1q_f32, vst1q_f32;
    functions
        |a, b| vcgeq_f32(a, b),
        |mask, yes, no| vbslq_f32(mask, yes, no),
        |a, b| vandq_u32(a, b),
        |mask| vaddvq_u32(vshrq_n_u32::<31>(mask)),
        |bits| vaddlvq_s32(vreinterpretq_s32_u32(bits)),
        |bits| vmaxvq_u32(bits) != 0;
}
