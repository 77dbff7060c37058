//! Gradients of slices of several classes by lanes.

use core::marker::PhantomData;
use core::ops::Range;

use super::activate::Activate;
use super::one_class::Targets;
use super::{Load, has_tiles, load, load_all, pixel, store, store_all, with_known_classes};
use crate::arch::SimdLevel;
use crate::class::batch::ClassSlopes;
use crate::class::finished::ClassGradient;
use crate::class::gradient_rows::ClassRows;
use crate::class::loss::ClassLoss;
use crate::class::numbers::{CLASS_TILE, ClassNumbers, LoadedClasses, Row, SMALL_CLASS_TILE, few, has_room};
use crate::class::pixel::{Activation, against_the_rest, through_sigmoid, through_softmax};
use crate::class::plane::ClassPlane;
use crate::class::sample::{Label, Reading};
use crate::error::LengthError;
use crate::loss::Loss;
use crate::number::finite::clamp_to_finite;
use crate::number::lanes::{Kernel, Lanes, WIDEST};
use crate::sums::batch::sealed;

/// The slopes of the pixels of an activated tile, in place of its logits, which are no longer needed.
struct SlopesOfTile<'a, V, const C: usize, const TILE: usize> {
    numbers: &'a mut ClassNumbers<C, TILE>,
    reading: Reading,
    hard: bool,
    vectors: usize,
    lanes: PhantomData<V>,
}

impl<V, const C: usize, const TILE: usize> sealed::Batch for SlopesOfTile<'_, V, C, TILE> {}

impl<V: Lanes, const C: usize, const TILE: usize> ClassSlopes<C> for SlopesOfTile<'_, V, C, TILE> {
    #[inline(always)]
    fn add<L: ClassLoss<C>>(&mut self, loss: &L, slope: &L::Slope) {
        let Self { numbers, reading, hard, vectors, .. } = self;
        let reading = *reading;
        with_known_classes!(reading, {
            for vector in 0..*vectors {
                let mut slopes = load_all::<V, C, TILE>(&numbers.logits, reading.classes, vector);
                loss.add_gradient(slope, &pixel(numbers, reading, *hard, vector), &mut slopes);
                store_all(&slopes, &mut numbers.logits, reading.classes, vector);
            }
        });
    }

    #[inline(always)]
    fn add_of_each_class<L: Loss>(&mut self, loss: &L, slopes: &[Option<(L::Slope, f32)>; C]) {
        let Self { numbers, reading: Reading { classes, activation, .. }, hard, vectors, .. } = self;
        let ClassNumbers { logits, label, target, p, q, cross_entropy, by_probability, before, .. } = &mut **numbers;
        let rows = p.iter().zip(&*q).zip(&*cross_entropy).zip(&*target);
        let each = slopes.iter().zip(&mut *by_probability).zip(rows).take(*classes);
        for (class, ((slope, to), (((p, q), cross_entropy), target))) in each.enumerate() {
            let Some((slope, factor)) = slope else {
                *to = Row::ZEROS;
                continue;
            };
            let targets = if *hard { Targets::Labels(label) } else { Targets::Soft(target) };
            for vector in 0..*vectors {
                let target = targets.of_class::<V>(class as f32, vector);
                let rest = against_the_rest(
                    load(p, vector),
                    target,
                    load(p, vector),
                    load(q, vector),
                    load(cross_entropy, vector),
                );
                store(V::splat(*factor) * loss.gradient(slope, &rest), to, vector);
            }
        }
        V::apart(ThroughActivation {
            activation: *activation,
            p: p.get(..*classes).unwrap_or_default(),
            q: q.get(..*classes).unwrap_or_default(),
            by_probability: by_probability.get(..*classes).unwrap_or_default(),
            before: before.get_mut(..*classes).unwrap_or_default(),
            by_logit: logits.get_mut(..*classes).unwrap_or_default(),
            vectors: *vectors,
        });
    }
}

/// Adds the gradient by the logits, given that by the probabilities, as [`ClassPixel::add_through_activation`](crate::extend::ClassPixel) does. It is independent
/// of the loss and of the room for classes, so that it is compiled once.
struct ThroughActivation<'a, const TILE: usize> {
    activation: Activation,
    p: &'a [Row<TILE>],
    q: &'a [Row<TILE>],
    by_probability: &'a [Row<TILE>],
    before: &'a mut [Row<TILE>],
    by_logit: &'a mut [Row<TILE>],
    vectors: usize,
}

impl<const TILE: usize> Kernel for ThroughActivation<'_, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { activation, p, q, by_probability, before, by_logit, vectors } = self;
        let rows = || p.iter().zip(q).zip(by_probability);
        for vector in 0..vectors {
            let at = |((p, q), g): ((&Row<TILE>, &Row<TILE>), &Row<TILE>)| {
                (load::<V, TILE>(p, vector), load::<V, TILE>(q, vector), load::<V, TILE>(g, vector))
            };
            if activation == Activation::Sigmoid {
                for (to, row) in by_logit.iter_mut().zip(rows()) {
                    let (p, q, g) = at(row);
                    store(load::<V, TILE>(to, vector) + through_sigmoid(p, q, g), to, vector);
                }
                continue;
            }
            let mut sum = V::splat(0.0);
            for (before, row) in before.iter_mut().zip(rows()) {
                let (p, _, g) = at(row);
                store(sum, before, vector);
                sum = sum + g * p;
            }
            let mut after = V::splat(0.0);
            for ((to, before), row) in by_logit.iter_mut().zip(&*before).zip(rows()).rev() {
                let (p, q, g) = at(row);
                let others = load::<V, TILE>(before, vector) + after;
                store(load::<V, TILE>(to, vector) + through_softmax(p, q, g, others), to, vector);
                after = after + g * p;
            }
        }
    }
}

/// Replaces the logits of an activated tile by the slopes of a loss.
struct AddSlopes<'a, L: ClassLoss<C>, const C: usize, const TILE: usize> {
    gradient: &'a ClassGradient<L, C>,
    numbers: &'a mut ClassNumbers<C, TILE>,
    hard: bool,
    length: usize,
}

impl<L: ClassLoss<C>, const C: usize, const TILE: usize> Kernel for AddSlopes<'_, L, C, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { gradient, numbers, hard, length } = self;
        let reading = gradient.reading;
        for row in numbers.logits.iter_mut().take(reading.classes) {
            *row = Row::ZEROS;
        }
        let vectors = length / V::WIDTH;
        gradient.add_all(&mut SlopesOfTile::<V, C, TILE> { numbers, reading, hard, vectors, lanes: PhantomData });
    }
}

/// Writes or adds the slopes of a tile, times the weights, to a gradient.
struct WriteSlopes<'a, 'g, const C: usize, const TILE: usize> {
    numbers: &'a mut ClassNumbers<C, TILE>,
    classes: usize,
    unweighted: bool,
    start: usize,
    length: usize,
    to: &'a mut ClassRows<'g, C>,
    add: bool,
}

impl<const C: usize, const TILE: usize> Kernel for WriteSlopes<'_, '_, C, TILE> {
    type Output = ();

    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { numbers, classes, unweighted, start, length, to, add } = self;
        for (class, row) in numbers.logits.iter_mut().take(classes).enumerate() {
            // Slopes of a class that lie side by side go where they belong at once.
            let mut beside = if add { None } else { to.row(class, start, length) };
            for vector in 0..length / V::WIDTH {
                let slope = load::<V, TILE>(row, vector);
                let slope = if unweighted {
                    clamp_to_finite(slope)
                } else {
                    let weight = load::<V, TILE>(&numbers.weights, vector);
                    let weighted = clamp_to_finite(weight * slope);
                    V::select(weight.ge(V::splat(f32::MIN_POSITIVE)), weighted, V::splat(0.0))
                };
                let to = beside.as_deref_mut().unwrap_or(&mut row[..]);
                slope.store(to.get_mut(vector * V::WIDTH..).unwrap_or_default());
            }
            if beside.is_none() {
                to.store(class, start, length, row, add);
            }
        }
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
            if self.write_tile(level, plane, start, length, numbers, to, add).is_none() {
                self.write_each(plane, start..start + length, to, add);
            }
            start += length;
        }
        start
    }

    /// Writes or adds the gradient of a tile; `None` and nothing if a pixel is not valid.
    #[allow(clippy::too_many_arguments, reason = "a range of a plane, and where its gradient goes")]
    fn write_tile<T: Label, const TILE: usize>(
        &self,
        level: SimdLevel,
        plane: &ClassPlane<'_, T, C>,
        start: usize,
        length: usize,
        numbers: &mut ClassNumbers<C, TILE>,
        to: &mut ClassRows<'_, C>,
        add: bool,
    ) -> Option<()> {
        let reading = self.reading;
        let LoadedClasses { hard, unweighted, .. } =
            level.run(Load { plane, start, length, ignored: reading.ignored, numbers: &mut *numbers })??;
        let ahead = plane.ahead(start + TILE);
        level.run(Activate::new(numbers, reading, length, false, ahead))?.then_some(())?;
        level.run(AddSlopes { gradient: self, numbers: &mut *numbers, hard, length })?;
        level.run(WriteSlopes { numbers, classes: reading.classes, unweighted, start, length, to, add })
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
