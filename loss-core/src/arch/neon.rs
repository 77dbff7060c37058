//! NEON, which every 64-bit ARM processor has.

use core::arch::aarch64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::{Bits, Float32, Real, functions_of_math};
use crate::number::twice::Twice;

// SAFETY, of the whole file: the module is compiled for targets that have NEON alone.

#[inline(never)]
pub(super) fn with_neon<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Neon>>()
}

/// Four numbers.
#[derive(Clone, Copy)]
pub(super) struct Neon(float32x4_t);

/// The bits of four numbers.
#[derive(Clone, Copy)]
pub(super) struct NeonBits(uint32x4_t);

macro_rules! operators {
    ($($type:ident $trait:ident $method:ident $instruction:ident),*) => {
        $(impl $trait for $type {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(unsafe { $instruction(self.0, other.0) })
            }
        })*
    };
}
operators!(
    Neon Add add vaddq_f32,
    Neon Sub sub vsubq_f32,
    Neon Mul mul vmulq_f32,
    Neon Div div vdivq_f32,
    NeonBits BitAnd bitand vandq_u32,
    NeonBits BitOr bitor vorrq_u32,
    NeonBits BitXor bitxor veorq_u32
);

impl Neg for Neon {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(unsafe { vnegq_f32(self.0) })
    }
}

impl Shl<u32> for NeonBits {
    type Output = Self;

    #[inline(always)]
    fn shl(self, by: u32) -> Self {
        Self(unsafe { vshlq_u32(self.0, vdupq_n_s32(by as i32)) })
    }
}

impl Shr<u32> for NeonBits {
    type Output = Self;

    #[inline(always)]
    fn shr(self, by: u32) -> Self {
        // NEON shifts to the right by a negative amount.
        Self(unsafe { vshlq_u32(self.0, vdupq_n_s32(-(by as i32))) })
    }
}

impl Bits for NeonBits {
    #[inline(always)]
    fn splat(bits: u32) -> Self {
        Self(unsafe { vdupq_n_u32(bits) })
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self(unsafe { vaddq_u32(self.0, other.0) })
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(unsafe { vsubq_u32(self.0, other.0) })
    }

    #[inline(always)]
    fn shift_signed(self, by: u32) -> Self {
        Self(unsafe { vreinterpretq_u32_s32(vshlq_s32(vreinterpretq_s32_u32(self.0), vdupq_n_s32(-(by as i32)))) })
    }
}

impl Real for Neon {
    const LANES: usize = Self::WIDTH;

    type Mask = uint32x4_t;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(unsafe { vabsq_f32(self.0) })
    }

    // The instructions for the smaller and the larger number treat zeros and NaN otherwise than `f32`'s implementation.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(unsafe { vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0) })
    }

    #[inline(always)]
    fn ge(self, other: Self) -> uint32x4_t {
        unsafe { vcgeq_f32(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: uint32x4_t, yes: Self, no: Self) -> Self {
        Self(unsafe { vbslq_f32(mask, yes.0, no.0) })
    }

    functions_of_math!();
}

impl Float32 for Neon {
    type Bits = NeonBits;

    #[inline(always)]
    fn to_bits(self) -> NeonBits {
        NeonBits(unsafe { vreinterpretq_u32_f32(self.0) })
    }

    #[inline(always)]
    fn from_bits(bits: NeonBits) -> Self {
        Self(unsafe { vreinterpretq_f32_u32(bits.0) })
    }
}

impl Lanes for Neon {
    const WIDTH: usize = 4;
    const TERMS_A_TOTAL: u32 = 1;

    type Total = NeonBits;

    #[inline(always)]
    fn apart<K: Kernel>(kernel: K) -> K::Output {
        with_neon(kernel)
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        match from.first_chunk::<4>() {
            // SAFETY: four numbers are there.
            Some(from) => Self(unsafe { vld1q_f32(from.as_ptr()) }),
            None => Self::splat(0.0),
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some(to) = to.first_chunk_mut::<4>() {
            // SAFETY: there is room for four numbers.
            unsafe { vst1q_f32(to.as_mut_ptr(), self.0) }
        }
    }

    #[inline(always)]
    fn add_to(total: NeonBits, bits: NeonBits) -> NeonBits {
        total.plus(bits)
    }

    #[inline(always)]
    fn sum_signed(bits: NeonBits) -> i64 {
        unsafe { vaddlvq_s32(vreinterpretq_s32_u32(bits.0)) }
    }

    #[inline(always)]
    fn any_bit(bits: NeonBits) -> bool {
        unsafe { vmaxvq_u32(bits.0) != 0 }
    }

    #[inline(always)]
    fn both(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t {
        unsafe { vandq_u32(a, b) }
    }

    #[inline(always)]
    fn count(mask: uint32x4_t) -> u32 {
        unsafe { vaddvq_u32(vshrq_n_u32::<31>(mask)) }
    }
}
