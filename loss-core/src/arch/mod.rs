//! The code that depends on the processor: registers of several numbers, and the detection of levels.
//!
//! All `unsafe` of the crate is in this folder, for two reasons only. First, an instruction that not every processor of the
//! architecture has; it is called only behind a [`SimdLevel`], whose existence proves that the processor has it.
//! Second, loads and stores of arrays whose length their type states.
#![allow(unsafe_code, reason = "instructions beyond the baseline of an architecture; see the module's documentation")]

#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
mod lanes;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::number::lanes::Kernel;

/// A way to process slices: one number at a time, or several in the processor's registers.
///
/// A level exists only where the processor supports it. Every level gives the same bits.
///
/// The levels are detected when the program runs (feature `std`), or taken from the target's features when it is
/// compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimdLevel(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Scalar,
    #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
    Neon,
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx512f")))]
    Avx512,
}

/// Whether the processor has all of these features, detected when the program runs or taken from the target.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),*) => {{
        #[cfg(feature = "std")]
        let has = $(std::arch::is_x86_feature_detected!($feature))&&*;
        #[cfg(not(feature = "std"))]
        let has = $(cfg!(target_feature = $feature))&&*;
        has
    }};
}

impl SimdLevel {
    /// One number at a time.
    pub const SCALAR: Self = Self(Kind::Scalar);

    /// Whether the architecture has another level. Where it has none, as on microcontrollers, no detection is compiled.
    pub(crate) const HAS_LANES: bool = cfg!(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"),
        all(target_arch = "wasm32", target_feature = "simd128")
    ));

    /// The levels of this processor, the fastest last.
    pub fn available() -> impl DoubleEndedIterator<Item = Self> {
        let levels = [
            Some(Kind::Scalar),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
            Some(Kind::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Some(Kind::Simd128),
            #[cfg(target_arch = "x86_64")]
            Some(Kind::Sse2),
            #[cfg(target_arch = "x86_64")]
            has!("avx2", "bmi1", "bmi2", "popcnt").then_some(Kind::Avx2),
            #[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx512f")))]
            has!("avx512f", "avx512bw", "avx512dq", "avx512vl", "bmi1", "bmi2", "popcnt").then_some(Kind::Avx512),
        ];
        levels.into_iter().flatten().map(Self)
    }

    /// The fastest supported level; slices use it by default.
    #[must_use]
    pub fn best() -> Self {
        Self::available().next_back().unwrap_or(Self::SCALAR)
    }

    /// The level called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::available().find(|level| level.name() == name)
    }

    /// The name of the level.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Scalar => "scalar",
            #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
            Kind::Neon => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Kind::Simd128 => "simd128",
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2 => "sse2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx512f")))]
            Kind::Avx512 => "avx512",
        }
    }

    /// Runs a kernel at this level; `None` if the level has no lanes.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> Option<K::Output> {
        match self.0 {
            Kind::Scalar => {
                drop(kernel);
                None
            }
            #[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
            Kind::Neon => Some(neon::with_neon(kernel)),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Kind::Simd128 => Some(wasm::with_simd128(kernel)),
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2 => Some(x86::with_sse2(kernel)),
            // SAFETY: only `available` makes this kind, after it found the processor to have these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => Some(unsafe { x86::with_avx2(kernel) }),
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx512f")))]
            Kind::Avx512 => Some(unsafe { x86::with_avx512(kernel) }),
        }
    }
}

/// Prefetches the cache line of a slice's element. It changes only the time.
#[inline(always)]
pub(crate) fn prefetch<V>(values: &[V], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 has the instruction, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(value).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

/// The number of `f32`s in a cache line.
pub(crate) const CACHE_LINE: usize = 16;

impl core::fmt::Display for SimdLevel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
