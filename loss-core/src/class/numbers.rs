//! The pixels of a tile as numbers.

use core::ops::{Deref, DerefMut};

/// How many pixels are worked through at a time.
pub(super) const CLASS_TILE: usize = 128;

/// A number for each pixel of a tile. Rows of several classes are worked through side by side, and a cache has few places for what is a power of two apart: so they are a
/// little more than that apart.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Row {
    numbers: [f32; CLASS_TILE],
    _apart: [f32; 16],
}

impl Row {
    pub(super) const ZEROS: Self = Self { numbers: [0.0; CLASS_TILE], _apart: [0.0; 16] };
}

impl Deref for Row {
    type Target = [f32; CLASS_TILE];

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.numbers
    }
}

impl DerefMut for Row {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.numbers
    }
}

/// A tile's pixels as numbers, class by class.
pub(super) struct ClassNumbers<const C: usize> {
    pub(super) logits: [Row; C],
    pub(super) target: [Row; C],
    pub(super) weights: Row,
    pub(super) p: [Row; C],
    pub(super) q: [Row; C],
    pub(super) cross_entropy: [Row; C],
    pub(super) predicted: Row,
}

impl<const C: usize> ClassNumbers<C> {
    pub(super) fn new() -> Self {
        let (row, rows) = (Row::ZEROS, [Row::ZEROS; C]);
        Self { logits: rows, target: rows, weights: row, p: rows, q: rows, cross_entropy: rows, predicted: row }
    }
}

/// What a tile turned out to be when it was loaded.
#[derive(Clone, Copy)]
pub(super) struct LoadedClasses {
    /// How many pixels weigh 0.
    pub(super) ignored: usize,
    /// Whether all weights are 1.
    pub(super) unweighted: bool,
    /// Whether the targets are labels.
    pub(super) hard: bool,
}
