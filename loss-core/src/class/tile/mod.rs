//! Slices of several classes by lanes, as `stream/tile.rs` does for one class.

mod activate;
mod gradient;
mod one_class;

use core::marker::PhantomData;
use core::ops::Range;

use self::activate::Activate;
use self::one_class::{AddConfusion, OneClassOfTile, Targets, equal};
use super::accumulator::ClassAccumulator;
use super::batch::{ClassBatch, ClassTerms};
use super::loss::ClassLoss;
use super::numbers::{CLASS_TILE, ClassNumbers, LoadedClasses, Row, SMALL_CLASS_TILE, few, has_room};
use super::pixel::ClassPixel;
use super::plane::ClassPlane;
use super::sample::{Label, Reading};
use super::sums::ClassSums;
use crate::arch::SimdLevel;
use crate::number::lanes::{Kernel, Lanes, WIDEST};
use crate::sums::batch::sealed;
use crate::sums::confusion::ConfusionSums;
use crate::sums::exact::ExactSum;
use crate::sums::rows::Stored;

#[inline(always)]
fn load<V: Lanes, const TILE: usize>(row: &Row<TILE>, vector: usize) -> V {
    V::load(row.get(vector * V::WIDTH..).unwrap_or_default())
}

#[inline(always)]
fn store<V: Lanes, const TILE: usize>(value: V, row: &mut Row<TILE>, vector: usize) {
    value.store(row.get_mut(vector * V::WIDTH..).unwrap_or_default());
}

#[inline(always)]
fn load_all<V: Lanes, const C: usize, const TILE: usize>(
    rows: &[Row<TILE>; C],
    classes: usize,
    vector: usize,
) -> [V; C] {
    let mut loaded = [V::splat(0.0); C];
    for (to, row) in loaded.iter_mut().zip(rows).take(classes) {
        *to = load(row, vector);
    }
    loaded
}

#[inline(always)]
fn store_all<V: Lanes, const C: usize, const TILE: usize>(
    values: &[V; C],
    rows: &mut [Row<TILE>; C],
    classes: usize,
    vector: usize,
) {
    for (&value, row) in values.iter().zip(rows).take(classes) {
        store(value, row, vector);
    }
}

/// Valid pixels, a whole number of vectors, activated.
pub(super) struct ClassTile<'a, V, const C: usize, const TILE: usize> {
    numbers: &'a ClassNumbers<C, TILE>,
    reading: Reading,
    /// Whether the targets are labels.
    hard: bool,
    vectors: usize,
    lanes: PhantomData<V>,
}

/// A vector of the pixels of an activated tile.
#[inline(always)]
fn pixel<V: Lanes, const C: usize, const TILE: usize>(
    numbers: &ClassNumbers<C, TILE>,
    reading: Reading,
    hard: bool,
    vector: usize,
) -> ClassPixel<V, C> {
    let Reading { classes, activation, .. } = reading;
    let target = if hard {
        let (label, mut target) = (load::<V, TILE>(&numbers.label, vector), [V::splat(0.0); C]);
        for (class, target) in (0..classes).zip(&mut target) {
            *target = V::select(equal(label, V::splat(class as f32)), V::splat(1.0), V::splat(0.0));
        }
        target
    } else {
        load_all(&numbers.target, classes, vector)
    };
    ClassPixel {
        classes,
        activation,
        target,
        p: load_all(&numbers.p, classes, vector),
        q: load_all(&numbers.q, classes, vector),
        cross_entropy: load_all(&numbers.cross_entropy, classes, vector),
    }
}

impl<V, const C: usize, const TILE: usize> sealed::Batch for ClassTile<'_, V, C, TILE> {}

impl<V: Lanes, const C: usize, const TILE: usize> ClassBatch<C> for ClassTile<'_, V, C, TILE> {
    type OneClass<'a>
        = OneClassOfTile<'a, V, TILE>
    where
        Self: 'a;

    #[inline(always)]
    fn classes(&self) -> usize {
        self.reading.classes
    }

    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(
        &self,
        terms: &impl ClassTerms<N, C>,
        sums: &mut [ExactSum<DIGITS>; N],
    ) {
        let (mut rows, mut stored) = ([[0.0; TILE]; N], Stored::default());
        let reading = self.reading;
        with_known_classes!(reading, {
            for vector in 0..self.vectors {
                let weight = load::<V, TILE>(&self.numbers.weights, vector);
                let pixel = pixel(self.numbers, reading, self.hard, vector);
                stored.store(terms.terms(&pixel, weight), [false; N], &mut rows);
            }
        });
        stored.add::<V, TILE, DIGITS, N>(&rows, [false; N], false, sums);
    }

    #[inline(always)]
    fn class(&self, class: usize, factor: f32) -> OneClassOfTile<'_, V, TILE> {
        let ClassNumbers { label, target, p, q, cross_entropy, predicted, weights, .. } = self.numbers;
        // There is no class past the last, and none of its places is read.
        let rows = (target.get(class), p.get(class), q.get(class), cross_entropy.get(class));
        let (vectors, [target, p, q, cross_entropy]) = match rows {
            (Some(target), Some(p), Some(q), Some(cross_entropy)) => (self.vectors, [target, p, q, cross_entropy]),
            _ => (0, [weights; 4]),
        };
        let targets = if self.hard { Targets::Labels(label) } else { Targets::Soft(target) };
        let class = class as f32;
        OneClassOfTile { targets, p, q, cross_entropy, predicted, weights, class, factor, vectors, lanes: PhantomData }
    }

    #[inline(always)]
    fn add_hard_class(&self, class: usize, soft: &mut ConfusionSums, hard: &mut ConfusionSums) {
        let ClassNumbers { label: labels, predicted, p, q, .. } = self.numbers;
        if let (Some(p), Some(q)) = (p.get(class), q.get(class)) {
            let (class, vectors) = (class as f32, self.vectors);
            V::apart(AddConfusion { labels, predicted, p, q, class, vectors, soft, hard });
        }
    }
}

/// Loads a tile.
struct Load<'a, 'p, T, const C: usize, const TILE: usize> {
    plane: &'a ClassPlane<'p, T, C>,
    start: usize,
    length: usize,
    ignored: Option<i64>,
    numbers: &'a mut ClassNumbers<C, TILE>,
}

impl<T: Label, const C: usize, const TILE: usize> Kernel for Load<'_, '_, T, C, TILE> {
    type Output = Option<LoadedClasses>;

    #[inline(always)]
    fn run<V: Lanes>(self) -> Self::Output {
        self.plane.load(self.start, self.length, self.ignored, self.numbers)
    }
}

/// Whether loops over the classes of a pixel are compiled for this number of classes: for all of the room, and for a few in a room for eight.
const fn is_known<const C: usize>(classes: usize) -> bool {
    few::<C>() && (classes == C || classes < C && C <= 8)
}

/// Runs an expression for a `reading`. If the number of classes is small and known at compile time, the loops over classes become straight code, whose
/// numbers stay in registers.
macro_rules! with_known_classes {
    ($reading:ident, $run:expr) => {
        with_known_classes!(@each $reading, $run, 2, 3, 4, 5, C)
    };
    (@each $reading:ident, $run:expr, $($classes:expr),*) => {
        match $reading.classes {
            $(classes if const { $crate::class::tile::is_known::<C>($classes) } && classes == $classes => {
                let $reading = $crate::class::sample::Reading { classes: $classes, ..$reading };
                $run
            })*
            _ => $run,
        }
    };
}
use with_known_classes;

/// Adds an activated tile to the sums that all losses share.
struct AddShared<'a, const C: usize, const TILE: usize> {
    numbers: &'a ClassNumbers<C, TILE>,
    reading: Reading,
    loaded: LoadedClasses,
    length: usize,
    sums: &'a mut ClassSums<C>,
}

impl<const C: usize, const TILE: usize> Kernel for AddShared<'_, C, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { numbers, reading, loaded: LoadedClasses { hard, unweighted, .. }, length, sums } = self;
        let tile = ClassTile::<V, C, TILE> { numbers, reading, hard, vectors: length / V::WIDTH, lanes: PhantomData };
        if hard && unweighted {
            sums.add_hard(&tile, length as u32);
        } else {
            sums.add(&tile);
        }
    }
}

/// Adds an activated tile to the sums of a loss.
struct AddOwn<'a, L: ClassLoss<C>, const C: usize, const TILE: usize> {
    loss: &'a L,
    numbers: &'a ClassNumbers<C, TILE>,
    reading: Reading,
    hard: bool,
    length: usize,
    sums: &'a mut L::Sums,
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> Kernel for AddOwn<'_, L, C, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { loss, numbers, reading, hard, length, sums } = self;
        let tile = ClassTile::<V, C, TILE> { numbers, reading, hard, vectors: length / V::WIDTH, lanes: PhantomData };
        loss.add(&tile, sums);
    }
}

/// Whether a plane can be read by tiles: the level has lanes, the plane has at least a vector of pixels, and its classes are the expected ones.
fn has_tiles<T: Label, const C: usize>(level: SimdLevel, plane: &ClassPlane<'_, T, C>, reading: &Reading) -> bool {
    level != SimdLevel::SCALAR && plane.classes() == reading.classes && plane.pixels() >= WIDEST
}

impl<L: ClassLoss<C>, const C: usize> ClassAccumulator<L, C> {
    /// Adds a tile. Returns `None` and adds nothing if a pixel is not valid.
    fn add_tile<T: Label, const TILE: usize>(
        &mut self,
        level: SimdLevel,
        plane: &ClassPlane<'_, T, C>,
        start: usize,
        length: usize,
        numbers: &mut ClassNumbers<C, TILE>,
    ) -> Option<()> {
        let reading = self.reading;
        let loaded = level.run(Load { plane, start, length, ignored: reading.ignored, numbers })??;
        let ahead = plane.ahead(start + TILE);
        level.run(Activate::new(numbers, reading, length, true, ahead))?.then_some(())?;
        let Self { loss, sums, .. } = self;
        level.run(AddShared { numbers, reading, loaded, length, sums: &mut sums.0 })?;
        level.run(AddOwn { loss: &*loss, numbers, reading, hard: loaded.hard, length, sums: &mut sums.1 })?;
        sums.0.counts.accept_many((length - loaded.ignored) as i64, loaded.ignored as i64);
        Some(())
    }

    /// Adds a range of the pixels of slices.
    pub(crate) fn extend_range<T: Label>(
        &mut self,
        level: SimdLevel,
        plane: ClassPlane<'_, T, C>,
        pixels: Range<usize>,
    ) {
        // Constants, which the compiler evaluates before it makes the kernels.
        if const { has_room::<C>() } && has_tiles(level, &plane, &self.reading) {
            if const { few::<C>() } {
                self.extend_tiles(level, plane, pixels, &mut ClassNumbers::<C, CLASS_TILE>::new());
            } else {
                self.extend_tiles(level, plane, pixels, &mut ClassNumbers::<C, SMALL_CLASS_TILE>::new());
            }
        } else {
            plane.samples_of(pixels, self.classes()).for_each(|sample| self.push(sample));
        }
    }

    /// Adds a range of the pixels of slices, by tiles.
    pub(super) fn extend_tiles<T: Label, const TILE: usize>(
        &mut self,
        level: SimdLevel,
        plane: ClassPlane<'_, T, C>,
        pixels: Range<usize>,
        numbers: &mut ClassNumbers<C, TILE>,
    ) {
        let classes = self.classes();
        let Range { mut start, end } = pixels;
        while end - start >= WIDEST {
            let length = (end - start).min(TILE) / WIDEST * WIDEST;
            if self.add_tile(level, &plane, start, length, numbers).is_none() {
                plane.samples_of(start..start + length, classes).for_each(|sample| self.push(sample));
            }
            start += length;
        }
        plane.samples_of(start..end, classes).for_each(|sample| self.push(sample));
    }
}

impl<L: ClassLoss<C>, const C: usize> ClassAccumulator<L, C> {
    /// Adds the pixels of slices. If the plane does not have the accumulator's number of classes, each pixel is rejected for
    /// its input.
    pub fn extend_plane<T: Label>(&mut self, plane: ClassPlane<'_, T, C>) {
        self.extend_plane_at(SimdLevel::best(), plane);
    }

    /// Adds the pixels of slices at the given level. The sums do not depend on it.
    pub fn extend_plane_at<T: Label>(&mut self, level: SimdLevel, plane: ClassPlane<'_, T, C>) {
        self.extend_range(level, plane, 0..plane.pixels());
    }
}
