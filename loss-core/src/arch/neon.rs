//! NEON, which every 64-bit ARM processor has.

use core::arch::aarch64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use super::four::lanes_of_four;
use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::{Bits, Float32, Real, functions_of_math};
use crate::number::twice::Twice;

/// The mask stands first.
#[inline(always)]
unsafe fn select(yes: float32x4_t, no: float32x4_t, mask: uint32x4_t) -> float32x4_t {
    // SAFETY: every processor that this module is compiled for has NEON.
    unsafe { vbslq_f32(mask, yes, no) }
}

lanes_of_four! {
    /// Four numbers.
    Neon, NeonBits: with_neon;
    registers float32x4_t, uint32x4_t, uint32x4_t;
    arithmetic vaddq_f32 vsubq_f32 vmulq_f32 vdivq_f32 vnegq_f32 vabsq_f32;
    comparisons vcltq_f32 vcgtq_f32 vcgeq_f32 select;
    integers vaddq_u32 vsubq_u32 vandq_u32 vorrq_u32 veorq_u32;
    // It shifts to the right by a negative amount.
    shifts
        |bits, by| vshlq_u32(bits, vdupq_n_s32(by as i32)),
        |bits, by| vshlq_u32(bits, vdupq_n_s32(-(by as i32))),
        |bits, by| vreinterpretq_u32_s32(vshlq_s32(vreinterpretq_s32_u32(bits), vdupq_n_s32(-(by as i32))));
    moves vdupq_n_f32 vdupq_n_u32,
        |x| vreinterpretq_u32_f32(x),
        |bits| vreinterpretq_f32_u32(bits),
        |from| vld1q_f32(from),
        |to, x| vst1q_f32(to, x);
    functions vandq_u32,
        |mask| vaddvq_u32(vshrq_n_u32::<31>(mask)),
        |bits| vaddlvq_s32(vreinterpretq_s32_u32(bits)),
        |bits| vmaxvq_u32(bits) != 0;
}
