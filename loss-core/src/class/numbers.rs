//! The pixels of a tile as numbers.

/// How many pixels are worked through at a time.
pub(super) const CLASS_TILE: usize = 512;

/// A number for each pixel of a tile.
pub(super) type Row = [f32; CLASS_TILE];

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
        let rows = [[0.0; CLASS_TILE]; C];
        let row = [0.0; CLASS_TILE];
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
