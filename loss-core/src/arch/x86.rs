//! SSE2, which every x86-64 has, AVX2 and AVX-512.
#![allow(unused_unsafe, reason = "one text for three instruction sets, in one of which masks are integers")]
#![allow(clippy::incompatible_msrv, reason = "AVX-512 needs Rust 1.89, and so does the feature `std`")]

use core::arch::x86_64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Shl, Shr, Sub};

use super::lanes::lanes;
use crate::number::lanes::{Kernel, Lanes};
use crate::number::real::{Bits, Float32, Real, functions_of_math};
use crate::number::twice::Twice;

#[inline(never)]
pub(super) fn with_sse2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Sse2>>()
}

/// # Safety
/// The processor has AVX2, BMI1, BMI2 and POPCNT.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) unsafe fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Avx2>>()
}

/// # Safety
/// The processor has AVX-512 F, BW, DQ and VL, BMI1, BMI2 and POPCNT.
#[cfg(any(feature = "std", target_feature = "avx512f"))]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi1,bmi2,popcnt")]
pub(super) unsafe fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Twice<Avx512>>()
}

/// A count for a shift. A count known at compile time becomes part of the instruction.
#[inline(always)]
fn count(by: u32) -> __m128i {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_cvtsi32_si128(by as i32) }
}

lanes! {
    /// Four numbers.
    Sse2, Sse2Bits, __m128, __m128i, __m128, 4, with_sse2;
    arithmetic _mm_add_ps _mm_sub_ps _mm_mul_ps _mm_div_ps _mm_min_ps, _mm_max_ps;
    integers _mm_add_epi32 _mm_sub_epi32 _mm_and_si128 _mm_or_si128 _mm_xor_si128
        |bits, by| _mm_sll_epi32(bits, count(by)),
        |bits, by| _mm_srl_epi32(bits, count(by)),
        |bits, by| _mm_sra_epi32(bits, count(by));
    moves _mm_set1_ps |bits| _mm_set1_epi32(bits as i32), _mm_castps_si128, _mm_castsi128_ps, _mm_loadu_ps, _mm_storeu_ps;
    functions
        |a, b| _mm_cmpge_ps(a, b),
        |mask, yes, no| _mm_or_ps(_mm_and_ps(mask, yes), _mm_andnot_ps(mask, no)),
        |a, b| _mm_and_ps(a, b),
        |mask| (_mm_movemask_ps(mask) as u32).count_ones(),
        |bits| sum_of_four(bits),
        |bits| _mm_movemask_epi8(_mm_cmpeq_epi32(bits, _mm_setzero_si128())) != 0xffff;
}

/// The sum of four signed integers.
#[inline(always)]
unsafe fn sum_of_four(bits: __m128i) -> i64 {
    // SAFETY: SSE2 is part of x86-64, and the array is as long as the register.
    unsafe {
        let mut lanes = [0i32; 4];
        _mm_storeu_si128(lanes.as_mut_ptr().cast(), bits);
        let [a, b, c, d] = lanes.map(i64::from);
        (a + b) + (c + d)
    }
}

lanes! {
    /// Eight numbers.
    Avx2, Avx2Bits, __m256, __m256i, __m256, 8, with_avx2;
    arithmetic _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_min_ps, _mm256_max_ps;
    integers _mm256_add_epi32 _mm256_sub_epi32 _mm256_and_si256 _mm256_or_si256 _mm256_xor_si256
        |bits, by| _mm256_sll_epi32(bits, count(by)),
        |bits, by| _mm256_srl_epi32(bits, count(by)),
        |bits, by| _mm256_sra_epi32(bits, count(by));
    moves _mm256_set1_ps |bits| _mm256_set1_epi32(bits as i32), _mm256_castps_si256, _mm256_castsi256_ps, _mm256_loadu_ps, _mm256_storeu_ps;
    functions
        |a, b| _mm256_cmp_ps::<_CMP_GE_OQ>(a, b),
        |mask, yes, no| _mm256_blendv_ps(no, yes, mask),
        |a, b| _mm256_and_ps(a, b),
        |mask| (_mm256_movemask_ps(mask) as u32).count_ones(),
        |bits| {
            let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(bits));
            let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(bits));
            let four = _mm256_add_epi64(low, high);
            let two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256::<1>(four));
            _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)))
        },
        |bits| _mm256_testz_si256(bits, bits) == 0;
}

lanes! {
    /// Sixteen numbers.
    #[cfg(any(feature = "std", target_feature = "avx512f"))]
    Avx512, Avx512Bits, __m512, __m512i, __mmask16, 16, with_avx512;
    arithmetic _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_min_ps, _mm512_max_ps;
    integers _mm512_add_epi32 _mm512_sub_epi32 _mm512_and_si512 _mm512_or_si512 _mm512_xor_si512
        |bits, by| _mm512_sll_epi32(bits, count(by)),
        |bits, by| _mm512_srl_epi32(bits, count(by)),
        |bits, by| _mm512_sra_epi32(bits, count(by));
    moves _mm512_set1_ps |bits| _mm512_set1_epi32(bits as i32), _mm512_castps_si512, _mm512_castsi512_ps, _mm512_loadu_ps, _mm512_storeu_ps;
    functions
        |a, b| _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b),
        |mask, yes, no| _mm512_mask_blend_ps(mask, no, yes),
        |a: __mmask16, b: __mmask16| a & b,
        |mask: __mmask16| mask.count_ones(),
        |bits| {
            let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(bits));
            let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(bits));
            _mm512_reduce_add_epi64(_mm512_add_epi64(low, high))
        },
        |bits| _mm512_test_epi32_mask(bits, bits) != 0;
}
