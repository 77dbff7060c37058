//! Several numbers side by side, and kernels written once for any number of them.

use super::real::{Bits, Float32};

/// The largest [`WIDTH`](Lanes::WIDTH). A multiple of this many pixels is a whole number of vectors at every level.
pub(crate) const WIDEST: usize = 32;

/// `f32`s side by side in a processor's register. The implementations are in `arch`.
pub(crate) trait Lanes: Float32 {
    /// The number of lanes.
    const WIDTH: usize;

    /// The number of lanes that are added to each total.
    const TERMS_A_TOTAL: u32;

    /// Runs a kernel in a function of its own, at the level of these lanes.
    ///
    /// A part that many kernels share is then compiled once and not into each of them.
    fn apart<K: Kernel>(kernel: K) -> K::Output;

    /// Loads the first [`WIDTH`](Self::WIDTH) numbers; zeros if there are fewer.
    fn load(from: &[f32]) -> Self;

    /// Stores into the first [`WIDTH`](Self::WIDTH) places; nothing if there are fewer.
    fn store(self, to: &mut [f32]);

    /// A register of 32-bit integers.
    type Total: Bits;

    /// Adds every lane to a register of totals, modulo 2³².
    fn add_to(total: Self::Total, bits: Self::Bits) -> Self::Total;

    /// The sum of totals, each a signed integer.
    fn sum_signed(total: Self::Total) -> i64;

    /// Whether any bit of any lane is set.
    fn any_bit(bits: Self::Bits) -> bool;

    /// Whether both masks hold.
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask;

    /// The number of lanes in which a mask holds.
    fn count(mask: Self::Mask) -> u32;
}

/// A computation written once for lanes of any width.
pub(crate) trait Kernel {
    type Output;

    /// Runs it. Every function called per vector must be inlined, because the instructions of the level are enabled only inside
    /// this function.
    fn run<V: Lanes>(self) -> Self::Output;
}
