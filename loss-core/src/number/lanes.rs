//! Several numbers side by side, and work that is written once for any number of them.

use super::real::{Bits, Float32};

/// The largest [`WIDTH`](Lanes::WIDTH): whole numbers of this many pixels are whole numbers of vectors at every level.
pub(crate) const WIDEST: usize = 32;

/// `f32`s side by side in a register of some processor. The implementations are in `arch`.
pub(crate) trait Lanes: Float32 {
    /// How many there are.
    const WIDTH: usize;

    /// How many lanes are added to each total.
    const TERMS_A_TOTAL: u32;

    /// Does some work in a function of its own, at the level of these lanes.
    ///
    /// A part of a kernel that many kernels share is compiled once this way, and not into each.
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

    /// In how many lanes a mask holds.
    fn count(mask: Self::Mask) -> u32;
}

/// Work that is written once for lanes of any width.
pub(crate) trait Kernel {
    type Output;

    /// Does it. What this calls for each vector must be inlined: only inside this function are the instructions of the level
    /// in use.
    fn run<V: Lanes>(self) -> Self::Output;
}
