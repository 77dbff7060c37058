//! Pixels of an iterator, gathered into tiles, as `stream/gathered.rs` does for one class.

use super::accumulator::ClassAccumulator;
use super::loss::ClassLoss;
use super::numbers::{CLASS_TILE, ClassNumbers, SMALL_CLASS_TILE, few, has_room};
use super::plane::{ClassPlane, Layout};
use super::sample::{ClassSample, ClassTarget};
use crate::arch::SimdLevel;
use crate::error::ClassPlaneError;

/// The number of pixels added one by one before any are gathered. A short iterator may end with them, and then never pays for a tile.
const FEW: usize = 64;

/// Pixels not yet added. They are added when they fill a tile and when this is dropped, even during a panic of the iterator.
struct Gathered<'a, L: ClassLoss<C>, const C: usize, const TILE: usize> {
    to: &'a mut ClassAccumulator<L, C>,
    level: SimdLevel,
    pixels: Pixels<C, TILE>,
    numbers: ClassNumbers<C, TILE>,
}

/// The pixels as slices: either all with labels or all with soft targets.
struct Pixels<const C: usize, const TILE: usize> {
    classes: usize,
    logits: [[f32; TILE]; C],
    soft: [[f32; TILE]; C],
    labels: [i64; TILE],
    weights: [f32; TILE],
    are_soft: bool,
    length: usize,
}

impl<const C: usize, const TILE: usize> Pixels<C, TILE> {
    fn new(classes: usize) -> Self {
        let (row, rows) = ([0.0; TILE], [[0.0; TILE]; C]);
        let labels = [0; TILE];
        Self { classes, logits: rows, soft: rows, labels, weights: row, are_soft: false, length: 0 }
    }

    /// Whether there is room for another pixel of this kind.
    #[inline(always)]
    fn takes(&self, sample: &ClassSample<C>) -> bool {
        let is_soft = matches!(sample.target, ClassTarget::Soft(_));
        self.length < TILE && (self.length == 0 || self.are_soft == is_soft)
    }

    #[inline(always)]
    fn put(&mut self, sample: &ClassSample<C>) {
        let Self { classes, logits, soft, labels, weights, are_soft, length } = self;
        // There is room; the remainder tells the compiler so.
        let place = *length % TILE;
        let put_all = |values: &[f32; C], rows: &mut [[f32; TILE]; C]| {
            for (value, row) in values.iter().zip(rows).take(*classes) {
                put(*value, row, place);
            }
        };
        put_all(&sample.logits, logits);
        match &sample.target {
            ClassTarget::Label(label) => {
                *are_soft = false;
                put(*label, labels, place);
            }
            ClassTarget::Soft(targets) => {
                *are_soft = true;
                put_all(targets, soft);
            }
        }
        put(sample.weight, weights, place);
        *length = place + 1;
    }
}

#[inline(always)]
fn put<T, const TILE: usize>(value: T, row: &mut [T; TILE], place: usize) {
    if let Some(to) = row.get_mut(place) {
        *to = value;
    }
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> Gathered<'_, L, C, TILE> {
    /// Adds all gathered pixels, and leaves none.
    #[inline(never)]
    fn add(&mut self) {
        // The plane fits the room in its classes, so there is no error.
        let _ = self.add_all();
    }

    fn add_all(&mut self) -> Result<(), ClassPlaneError> {
        let Self { to, level, pixels, numbers } = self;
        let pixels_to_add = 0..core::mem::take(&mut pixels.length);
        let Pixels { classes, logits, soft, labels, weights, are_soft, .. } = pixels;
        let in_use = *classes * TILE;
        let logits = logits.as_flattened().get(..in_use).unwrap_or_default();
        if *are_soft {
            let soft = soft.as_flattened().get(..in_use).unwrap_or_default();
            let plane = ClassPlane::soft(*classes, Layout::Planar, logits, soft)?.with_weights(weights)?;
            to.extend_tiles(*level, plane, pixels_to_add, numbers);
        } else {
            let plane = ClassPlane::new(*classes, Layout::Planar, logits, labels)?.with_weights(weights)?;
            to.extend_tiles(*level, plane, pixels_to_add, numbers);
        }
        Ok(())
    }
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> Drop for Gathered<'_, L, C, TILE> {
    fn drop(&mut self) {
        if self.pixels.length > 0 {
            self.add();
        }
    }
}

impl<L: ClassLoss<C>, const C: usize> ClassAccumulator<L, C> {
    /// Adds the pixels of an iterator at a level that has lanes.
    fn extend_gathered<const TILE: usize>(
        &mut self,
        level: SimdLevel,
        mut samples: impl Iterator<Item = ClassSample<C>>,
    ) {
        for _ in 0..FEW {
            match samples.next() {
                Some(sample) => self.push(sample),
                None => return,
            }
        }
        let pixels = Pixels::<C, TILE>::new(self.reading.classes);
        let mut gathered = Gathered { to: self, level, pixels, numbers: ClassNumbers::new() };
        samples.for_each(|sample| {
            if !gathered.pixels.takes(&sample) {
                gathered.add();
            }
            gathered.pixels.put(&sample);
        });
    }
}

impl<L: ClassLoss<C>, S: Into<ClassSample<C>>, const C: usize> Extend<S> for ClassAccumulator<L, C> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        let samples = samples.into_iter();
        // A constant, which the compiler evaluates before it makes the kernels.
        if const { SimdLevel::HAS_LANES && few::<C>() } {
            self.extend_gathered::<CLASS_TILE>(SimdLevel::best(), samples.map(Into::into));
        } else if const { SimdLevel::HAS_LANES && has_room::<C>() } {
            self.extend_gathered::<SMALL_CLASS_TILE>(SimdLevel::best(), samples.map(Into::into));
        } else {
            samples.for_each(|sample| self.push(sample));
        }
    }
}
