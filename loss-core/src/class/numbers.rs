//! The pixels of a tile as numbers, class by class.

use core::ops::{Deref, DerefMut};

/// The number of pixels in a tile with room for few classes.
pub(super) const CLASS_TILE: usize = 256;

/// The number of pixels in a tile with room for many classes, whose rows take more of the stack.
pub(super) const SMALL_CLASS_TILE: usize = 32;

/// Whether the capacity is for few classes. Their tile, with the results of one vector of its pixels, takes up to half a megabyte of the stack.
pub(super) const fn few<const C: usize>() -> bool {
    C <= 32
}

/// Whether tiles are used. A tile of 256 classes takes a megabyte, or four if the compiler gives each intermediate array its own place. That is more
/// than the stack of a thread, so such pixels go one by one.
pub(super) const fn has_room<const C: usize>() -> bool {
    few::<C>() || !cfg!(debug_assertions)
}

/// A number for each pixel of a tile. Rows of several classes are read side by side, and a cache has few places for addresses a power of two apart. So rows are a
/// little longer than a power of two.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Row<const TILE: usize> {
    numbers: [f32; TILE],
    _apart: [f32; 16],
}

impl<const TILE: usize> Row<TILE> {
    pub(super) const ZEROS: Self = Self { numbers: [0.0; TILE], _apart: [0.0; 16] };
}

impl<const TILE: usize> Deref for Row<TILE> {
    type Target = [f32; TILE];

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.numbers
    }
}

impl<const TILE: usize> DerefMut for Row<TILE> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.numbers
    }
}

/// The pixels of a tile as numbers, class by class.
pub(super) struct ClassNumbers<const C: usize, const TILE: usize> {
    pub(super) logits: [Row<TILE>; C],
    /// The class of each pixel as a number, −1 where the pixel is ignored. Only of a tile with labels.
    pub(super) label: Row<TILE>,
    /// The targets. Only of a tile without labels.
    pub(super) target: [Row<TILE>; C],
    pub(super) weights: Row<TILE>,
    pub(super) p: [Row<TILE>; C],
    pub(super) q: [Row<TILE>; C],
    pub(super) cross_entropy: [Row<TILE>; C],
    /// The slopes of a loss by the probabilities.
    pub(super) by_probability: [Row<TILE>; C],
    /// The sum of slope times probability over the classes before one.
    pub(super) before: [Row<TILE>; C],
    pub(super) predicted: Row<TILE>,
}

impl<const C: usize, const TILE: usize> ClassNumbers<C, TILE> {
    pub(super) fn new() -> Self {
        let (row, rows) = (Row::ZEROS, [Row::ZEROS; C]);
        Self {
            logits: rows,
            label: row,
            target: rows,
            weights: row,
            p: rows,
            q: rows,
            cross_entropy: rows,
            by_probability: rows,
            before: rows,
            predicted: row,
        }
    }
}

/// The properties of a loaded tile.
#[derive(Clone, Copy)]
pub(super) struct LoadedClasses {
    /// The number of pixels with weight 0.
    pub(super) ignored: usize,
    /// Whether all weights are 1.
    pub(super) unweighted: bool,
    /// Whether the targets are labels.
    pub(super) hard: bool,
}
