//! Slices of several classes by lanes, as `stream/tile.rs` does for one class.

use core::marker::PhantomData;
use core::ops::Range;

use super::accumulator::ClassAccumulator;
use super::batch::{ClassBatch, ClassTerms};
use super::finished::ClassGradient;
use super::loss::ClassLoss;
use super::numbers::{CLASS_TILE, ClassNumbers, LoadedClasses, Row, SMALL_CLASS_TILE, few, has_room};
use super::pixel::{Activation, ClassPixel, against_the_rest};
use super::plane::{ClassPlane, ClassRows};
use super::sample::{Label, Reading};
use super::sums::ClassSums;
use crate::arch::SimdLevel;
use crate::error::LengthError;
use crate::number::finite::clamp_to_finite;
use crate::number::lanes::{Kernel, Lanes, WIDEST};
use crate::sums::batch::{Batch, HardBatch, Targets, Terms, count_all, sealed};
use crate::sums::exact::ExactSum;
use crate::sums::rows::Stored;

#[inline(always)]
fn load<V: Lanes, const TILE: usize>(row: &Row<TILE>, vector: usize) -> V {
    V::load(row.get(vector * V::WIDTH..).unwrap_or_default())
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
        value.store(row.get_mut(vector * V::WIDTH..).unwrap_or_default());
    }
}

/// The difference of logits up to this size is finite. Pixels with larger ones go one by one, and get the right value or error there.
const LARGEST_LOGIT: f32 = f32::MAX / 2.0;

/// The number of lanes in which all logits are finite, and their differences as well.
#[inline(always)]
fn count_finite<V: Lanes, const C: usize>(classes: usize, logits: &[V; C]) -> u32 {
    let mut finite = V::splat(0.0).ge(V::splat(0.0));
    for logit in logits.iter().take(classes) {
        finite = V::both(finite, V::splat(LARGEST_LOGIT).ge(logit.abs()));
    }
    V::count(finite)
}

/// The pixel of a vector of a tile's logits.
#[inline(always)]
fn activate<V: Lanes, const C: usize, const TILE: usize>(
    numbers: &ClassNumbers<C, TILE>,
    reading: &Reading,
    logits: &[V; C],
    vector: usize,
) -> ClassPixel<V, C> {
    let classes = reading.classes;
    let target = load_all::<V, C, TILE>(&numbers.target, classes, vector);
    match reading.activation {
        Activation::Softmax => ClassPixel::softmax(classes, logits, target),
        Activation::Sigmoid => ClassPixel::sigmoids(classes, logits, target),
    }
}

/// Valid pixels, a whole number of vectors, activated.
pub(super) struct ClassTile<'a, V, const C: usize, const TILE: usize> {
    numbers: &'a ClassNumbers<C, TILE>,
    reading: Reading,
    vectors: usize,
    lanes: PhantomData<V>,
}

impl<V: Lanes, const C: usize, const TILE: usize> ClassTile<'_, V, C, TILE> {
    #[inline(always)]
    fn pixel(&self, vector: usize) -> ClassPixel<V, C> {
        let (numbers, classes) = (self.numbers, self.reading.classes);
        ClassPixel {
            classes,
            activation: self.reading.activation,
            target: load_all(&numbers.target, classes, vector),
            p: load_all(&numbers.p, classes, vector),
            q: load_all(&numbers.q, classes, vector),
            cross_entropy: load_all(&numbers.cross_entropy, classes, vector),
        }
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
        for vector in 0..self.vectors {
            let weight = load::<V, TILE>(&self.numbers.weights, vector);
            stored.store(terms.terms(&self.pixel(vector), weight), [false; N], &mut rows);
        }
        stored.add::<V, TILE, DIGITS, N>(&rows, [false; N], false, sums);
    }

    #[inline(always)]
    fn class(&self, class: usize, factor: f32) -> OneClassOfTile<'_, V, TILE> {
        let ClassNumbers { target, p, q, cross_entropy, predicted, weights, .. } = self.numbers;
        // There is no class past the last, and none of its places is read.
        let rows = (target.get(class), p.get(class), q.get(class), cross_entropy.get(class));
        let (vectors, [target, p, q, cross_entropy]) = match rows {
            (Some(target), Some(p), Some(q), Some(cross_entropy)) => (self.vectors, [target, p, q, cross_entropy]),
            _ => (0, [weights; 4]),
        };
        let class = class as f32;
        OneClassOfTile { target, p, q, cross_entropy, predicted, weights, class, factor, vectors, lanes: PhantomData }
    }
}

/// A class of a tile, independent of the number of classes, so that its kernels are compiled once.
#[derive(Clone, Copy)]
pub(super) struct OneClassOfTile<'a, V, const TILE: usize> {
    target: &'a Row<TILE>,
    p: &'a Row<TILE>,
    q: &'a Row<TILE>,
    cross_entropy: &'a Row<TILE>,
    /// The class of the largest logit.
    predicted: &'a Row<TILE>,
    weights: &'a Row<TILE>,
    class: f32,
    factor: f32,
    vectors: usize,
    lanes: PhantomData<V>,
}

impl<'a, V, const TILE: usize> OneClassOfTile<'a, V, TILE> {
    /// The same, for other lanes.
    #[inline(always)]
    fn with_lanes<W>(&self) -> OneClassOfTile<'a, W, TILE> {
        let Self { target, p, q, cross_entropy, predicted, weights, class, factor, vectors, .. } = *self;
        OneClassOfTile { target, p, q, cross_entropy, predicted, weights, class, factor, vectors, lanes: PhantomData }
    }
}

impl<V: Lanes, const TILE: usize> OneClassOfTile<'_, V, TILE> {
    /// The mask of the pixels where the class is predicted.
    #[inline(always)]
    fn prediction(&self, vector: usize) -> V::Mask {
        let (index, prediction) = (V::splat(self.class), load::<V, TILE>(self.predicted, vector));
        V::both(prediction.ge(index), index.ge(prediction))
    }
}

impl<V: Lanes, const TILE: usize> OneClassOfTile<'_, V, TILE> {
    #[inline(always)]
    fn add_terms<M: Terms<N>, const DIGITS: usize, const N: usize>(&self, terms: &M, sums: &mut [ExactSum<DIGITS>; N]) {
        let (mut rows, mut stored) = ([[0.0; TILE]; N], Stored::default());
        for vector in 0..self.vectors {
            let weight = load::<V, TILE>(self.weights, vector) * V::splat(self.factor);
            let is_predicted = V::select(self.prediction(vector), V::splat(1.0), V::splat(0.0));
            let (target, p, q) = (load(self.target, vector), load(self.p, vector), load(self.q, vector));
            let pixel = against_the_rest(is_predicted, target, p, q, load(self.cross_entropy, vector));
            stored.store(terms.terms(&pixel, weight), M::SPARSE, &mut rows);
        }
        stored.add::<V, TILE, DIGITS, N>(&rows, M::SPARSE, false, sums);
    }
}

impl<V, const TILE: usize> sealed::Batch for OneClassOfTile<'_, V, TILE> {}

impl<V: Lanes, const TILE: usize> HardBatch for OneClassOfTile<'_, V, TILE> {
    #[inline(always)]
    fn count_confusion<N>(&self, _: f32, counts: &mut [N; 3], add: impl Fn(&mut N, u32)) -> Targets {
        let one = V::splat(1.0);
        let (mut predicted, mut members, mut both) = (0, 0, 0);
        for vector in 0..self.vectors {
            let prediction = self.prediction(vector);
            let truth = load::<V, TILE>(self.target, vector).ge(one);
            predicted += V::count(prediction);
            members += V::count(truth);
            both += V::count(V::both(prediction, truth));
        }
        count_all(counts, [both, predicted - both, members - both], add)
    }
}

impl<V: Lanes, const TILE: usize> Batch for OneClassOfTile<'_, V, TILE> {
    #[inline(always)]
    fn add<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        self.add_terms(terms, sums);
    }

    #[inline(always)]
    fn add_apart<const DIGITS: usize, const N: usize>(&self, terms: &impl Terms<N>, sums: &mut [ExactSum<DIGITS>; N]) {
        V::apart(AddTerms { pixels: self.with_lanes(), terms, sums });
    }
}

/// Adds the terms of a class of a tile.
struct AddTerms<'a, M, const DIGITS: usize, const N: usize, const TILE: usize> {
    pixels: OneClassOfTile<'a, (), TILE>,
    terms: &'a M,
    sums: &'a mut [ExactSum<DIGITS>; N],
}

impl<M: Terms<N>, const DIGITS: usize, const N: usize, const TILE: usize> Kernel for AddTerms<'_, M, DIGITS, N, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.pixels.with_lanes::<V>().add(self.terms, self.sums);
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

/// Runs a kernel with a `reading`, compiled twice. If the number of classes is small and known at compile time, the loops over classes become straight
/// code.
macro_rules! with_known_classes {
    ($reading:ident, $run:expr) => {
        if const { few::<C>() } && $reading.classes == C {
            let $reading = Reading { classes: C, ..$reading };
            $run
        } else {
            $run
        }
    };
}

/// Activates every pixel of a loaded tile, and adds the tile to the sums that all losses share if all logits are finite.
struct AddShared<'a, 'p, T, const C: usize, const TILE: usize> {
    numbers: &'a mut ClassNumbers<C, TILE>,
    reading: Reading,
    loaded: LoadedClasses,
    plane: &'a ClassPlane<'p, T, C>,
    start: usize,
    length: usize,
    sums: &'a mut ClassSums<C>,
}

impl<T: Label, const C: usize, const TILE: usize> Kernel for AddShared<'_, '_, T, C, TILE> {
    /// Whether all logits are finite.
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes>(self) -> bool {
        let reading = self.reading;
        with_known_classes!(reading, self.add::<V>(reading))
    }
}

impl<T: Label, const C: usize, const TILE: usize> AddShared<'_, '_, T, C, TILE> {
    #[inline(always)]
    fn add<V: Lanes>(self, reading: Reading) -> bool {
        let Self { numbers, loaded, plane, start, length, sums, .. } = self;
        let vectors = length / V::WIDTH;
        let mut finite = 0;
        for vector in 0..vectors {
            plane.prefetch(start + TILE + vector * V::WIDTH, V::WIDTH);
            finite += activate_and_store::<V, C, TILE>(numbers, &reading, vector) as usize;
        }
        if finite != length {
            return false;
        }
        let tile = ClassTile::<V, C, TILE> { numbers, reading, vectors, lanes: PhantomData };
        if loaded.hard && loaded.unweighted {
            sums.add_hard(&tile, length as u32);
        } else {
            sums.add(&tile);
        }
        true
    }
}

/// Stores the results of a vector of pixels, and returns the number of pixels whose logits are all finite.
#[inline(always)]
fn activate_and_store<V: Lanes, const C: usize, const TILE: usize>(
    numbers: &mut ClassNumbers<C, TILE>,
    reading: &Reading,
    vector: usize,
) -> u32 {
    let classes = reading.classes;
    let logits = load_all::<V, C, TILE>(&numbers.logits, classes, vector);
    let (mut largest, mut predicted) = (V::splat(f32::MIN), V::splat(0.0));
    for (class, &logit) in (0..classes).zip(&logits) {
        let stays = largest.ge(logit);
        predicted = V::select(stays, predicted, V::splat(class as f32));
        largest = V::select(stays, largest, logit);
    }
    predicted.store(numbers.predicted.get_mut(vector * V::WIDTH..).unwrap_or_default());
    let pixel = activate::<V, C, TILE>(numbers, reading, &logits, vector);
    store_all(&pixel.p, &mut numbers.p, classes, vector);
    store_all(&pixel.q, &mut numbers.q, classes, vector);
    store_all(&pixel.cross_entropy, &mut numbers.cross_entropy, classes, vector);
    count_finite(classes, &logits)
}

/// Adds an activated tile to the sums of a loss.
struct AddOwn<'a, L: ClassLoss<C>, const C: usize, const TILE: usize> {
    loss: &'a L,
    numbers: &'a ClassNumbers<C, TILE>,
    reading: Reading,
    length: usize,
    sums: &'a mut L::Sums,
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> Kernel for AddOwn<'_, L, C, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let reading = self.reading;
        with_known_classes!(reading, self.add::<V>(reading))
    }
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> AddOwn<'_, L, C, TILE> {
    #[inline(always)]
    fn add<V: Lanes>(self, reading: Reading) {
        let Self { loss, numbers, length, sums, .. } = self;
        loss.add(&ClassTile::<V, C, TILE> { numbers, reading, vectors: length / V::WIDTH, lanes: PhantomData }, sums);
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
        let Self { loss, sums, .. } = self;
        let shared = AddShared { numbers, reading, loaded, plane, start, length, sums: &mut sums.0 };
        level.run(shared)?.then_some(())?;
        level.run(AddOwn { loss: &*loss, numbers, reading, length, sums: &mut sums.1 })?;
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

/// Replaces the logits of a loaded tile by the slopes of the loss, and returns whether all logits are finite.
struct Slopes<'a, 'p, L: ClassLoss<C>, T, const C: usize, const TILE: usize> {
    gradient: &'a ClassGradient<L, C>,
    numbers: &'a mut ClassNumbers<C, TILE>,
    loaded: LoadedClasses,
    plane: &'a ClassPlane<'p, T, C>,
    start: usize,
    length: usize,
}

impl<L: ClassLoss<C>, T: Label, const C: usize, const TILE: usize> Kernel for Slopes<'_, '_, L, T, C, TILE> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes>(self) -> bool {
        let reading = self.gradient.reading;
        with_known_classes!(reading, self.replace::<V>(reading))
    }
}

impl<L: ClassLoss<C>, T: Label, const C: usize, const TILE: usize> Slopes<'_, '_, L, T, C, TILE> {
    #[inline(always)]
    fn replace<V: Lanes>(self, reading: Reading) -> bool {
        let Self { gradient, numbers, loaded, plane, start, length } = self;
        let mut finite = 0;
        for vector in 0..length / V::WIDTH {
            plane.prefetch(start + TILE + vector * V::WIDTH, V::WIDTH);
            let logits = load_all::<V, C, TILE>(&numbers.logits, reading.classes, vector);
            finite += count_finite(reading.classes, &logits) as usize;
            let pixel = activate::<V, C, TILE>(numbers, &reading, &logits, vector);
            let mut slopes = [V::splat(0.0); C];
            gradient.add_to(&pixel, &mut slopes);
            let weight = load::<V, TILE>(&numbers.weights, vector);
            for slope in slopes.iter_mut().take(reading.classes) {
                *slope = if loaded.unweighted {
                    clamp_to_finite(*slope)
                } else {
                    let weighted = clamp_to_finite(weight * *slope);
                    V::select(weight.ge(V::splat(f32::MIN_POSITIVE)), weighted, V::splat(0.0))
                };
            }
            store_all(&slopes, &mut numbers.logits, reading.classes, vector);
        }
        finite == length
    }
}

impl<L: ClassLoss<C>, const C: usize> ClassGradient<L, C> {
    /// Writes or adds the gradient of the pixels that `to` covers.
    pub(crate) fn write_range<T: Label>(
        &self,
        level: SimdLevel,
        plane: ClassPlane<'_, T, C>,
        mut to: ClassRows<'_, C>,
        add: bool,
    ) {
        let pixels = to.pixels();
        let mut done = pixels.start;
        // Constants, which the compiler evaluates before it makes the kernels.
        if const { has_room::<C>() } && has_tiles(level, &plane, &self.reading) {
            done = if const { few::<C>() } {
                self.write_tiles(level, &plane, &mut to, add, &mut ClassNumbers::<C, CLASS_TILE>::new())
            } else {
                self.write_tiles(level, &plane, &mut to, add, &mut ClassNumbers::<C, SMALL_CLASS_TILE>::new())
            };
        }
        self.write_each(&plane, done..pixels.end, &mut to, add);
    }

    /// The same for whole vectors; returns the index of the first pixel after them.
    fn write_tiles<T: Label, const TILE: usize>(
        &self,
        level: SimdLevel,
        plane: &ClassPlane<'_, T, C>,
        to: &mut ClassRows<'_, C>,
        add: bool,
        numbers: &mut ClassNumbers<C, TILE>,
    ) -> usize {
        let Range { mut start, end } = to.pixels();
        while end - start >= WIDEST {
            let length = (end - start).min(TILE) / WIDEST * WIDEST;
            match self.slopes(level, plane, start, length, numbers) {
                Some(()) => to.store(start, length, &numbers.logits, add),
                None => self.write_each(plane, start..start + length, to, add),
            }
            start += length;
        }
        start
    }

    /// Replaces a tile's logits by its slopes; `None` if a pixel is not valid.
    fn slopes<T: Label, const TILE: usize>(
        &self,
        level: SimdLevel,
        plane: &ClassPlane<'_, T, C>,
        start: usize,
        length: usize,
        numbers: &mut ClassNumbers<C, TILE>,
    ) -> Option<()> {
        let ignored = self.reading.ignored;
        let loaded = level.run(Load { plane, start, length, ignored, numbers: &mut *numbers })??;
        level.run(Slopes { gradient: self, numbers, loaded, plane, start, length })?.then_some(())
    }

    fn write_each<T: Label>(
        &self,
        plane: &ClassPlane<'_, T, C>,
        pixels: Range<usize>,
        to: &mut ClassRows<'_, C>,
        add: bool,
    ) {
        for (pixel, sample) in pixels.clone().zip(plane.samples_of(pixels, self.reading.classes)) {
            for (class, slope) in (0..plane.classes()).zip(self.at(sample)) {
                if let Some(to) = to.place(pixel, class) {
                    *to = if add { *to + slope } else { slope };
                }
            }
        }
    }
}

impl<L: ClassLoss<C>, const C: usize> ClassGradient<L, C> {
    /// Writes the gradient of every pixel, in the layout of the plane.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane's logits differ in length; nothing is written then.
    pub fn write<T: Label>(&self, plane: ClassPlane<'_, T, C>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.write_at(SimdLevel::best(), plane, gradient)
    }

    /// Writes the gradient of every pixel at the given level. The gradient does not depend on it.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane's logits differ in length; nothing is written then.
    pub fn write_at<T: Label>(
        &self,
        level: SimdLevel,
        plane: ClassPlane<'_, T, C>,
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check_gradient(gradient.len())?;
        self.write_range(level, plane, plane.rows_of(gradient), false);
        Ok(())
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane's logits differ in length; nothing is written then.
    pub fn add<T: Label>(&self, plane: ClassPlane<'_, T, C>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.add_at(SimdLevel::best(), plane, gradient)
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`, at the given level. The gradient does not depend on it.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane's logits differ in length; nothing is written then.
    pub fn add_at<T: Label>(
        &self,
        level: SimdLevel,
        plane: ClassPlane<'_, T, C>,
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check_gradient(gradient.len())?;
        self.write_range(level, plane, plane.rows_of(gradient), true);
        Ok(())
    }
}
