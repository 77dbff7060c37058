use core::ops::Range;

use super::numbers::{ClassNumbers, LoadedClasses, Row};
use super::sample::{ClassSample, ClassTarget, Label};
use crate::arch::{CACHE_LINE, prefetch};
use crate::error::{ClassPlaneError, LengthError};
use crate::input::plane::{Inputs, Weights, WeightsOf};
use crate::input::quantisation::Quantisation;

/// How the logits of a plane lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Class by class: all pixels of class 0, then all of class 1 (CHW).
    Planar,
    /// Pixel by pixel: all classes of pixel 0, then all of pixel 1 (HWC).
    Interleaved,
}

/// A stretch of pixels of C classes in memory: logits, labels or soft targets, and perhaps weights or a mask.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ClassPlane<'a, T, const C: usize> {
    classes: usize,
    pixels: usize,
    layout: Layout,
    logits: Inputs<'a>,
    targets: Targets<'a, T>,
    weights: Weights<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Targets<'a, T> {
    Labels(&'a [T]),
    /// A target for each logit, in the same layout.
    Soft(&'a [f32]),
}

impl<'a, const C: usize> ClassPlane<'a, u8, C> {
    /// Logits of `classes` classes, and a soft target for each of them in the same layout.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless there are 1 to C classes, and as many targets as logits, a multiple of `classes`.
    pub fn soft(
        classes: usize,
        layout: Layout,
        logits: &'a [f32],
        targets: &'a [f32],
    ) -> Result<Self, ClassPlaneError> {
        let pixels = logits.len().checked_div(classes).unwrap_or(0);
        check_logits(classes, C, logits.len(), classes.saturating_mul(pixels))?;
        let (expected, logits) = (logits.len(), Inputs::F32(logits));
        let plane = Self { classes, pixels, layout, logits, targets: Targets::Soft(targets), weights: Weights::One };
        plane.check("the soft targets", targets.len(), expected)?;
        Ok(plane)
    }
}

fn check_logits(classes: usize, capacity: usize, length: usize, expected: usize) -> Result<(), ClassPlaneError> {
    if !(1..=capacity).contains(&classes) {
        Err(ClassPlaneError::Classes { given: classes, capacity })
    } else if length != expected {
        Err(LengthError { slice: "the logits of all classes", length, expected }.into())
    } else {
        Ok(())
    }
}

impl<'a, T: Label, const C: usize> ClassPlane<'a, T, C> {
    /// Logits of `classes` classes for each label.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless there are 1 to C classes, and as many logits a label.
    pub fn new(classes: usize, layout: Layout, logits: &'a [f32], labels: &'a [T]) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::F32(logits), labels)
    }

    /// The same with logits of 16 bits, which are taken for the numbers that they are.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(feature = "half")]
    pub fn f16(
        classes: usize,
        layout: Layout,
        logits: &'a [half::f16],
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::F16(logits), labels)
    }

    /// The same with logits in the 16 bits of a bfloat16.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(feature = "half")]
    pub fn bf16(
        classes: usize,
        layout: Layout,
        logits: &'a [half::bf16],
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::Bf16(logits), labels)
    }

    /// The logits of a quantised model, as signed codes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn i8(
        classes: usize,
        layout: Layout,
        codes: &'a [i8],
        quantisation: Quantisation,
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::I8(codes, quantisation), labels)
    }

    /// The logits of a quantised model, as unsigned codes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn u8(
        classes: usize,
        layout: Layout,
        codes: &'a [u8],
        quantisation: Quantisation,
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::U8(codes, quantisation), labels)
    }

    /// The logits of a quantised model, as codes of 16 bits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn i16(
        classes: usize,
        layout: Layout,
        codes: &'a [i16],
        quantisation: Quantisation,
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::I16(codes, quantisation), labels)
    }

    fn of(classes: usize, layout: Layout, logits: Inputs<'a>, labels: &'a [T]) -> Result<Self, ClassPlaneError> {
        let pixels = labels.len();
        check_logits(classes, C, logits.len(), classes.saturating_mul(pixels))?;
        Ok(Self { classes, pixels, layout, logits, targets: Targets::Labels(labels), weights: Weights::One })
    }

    /// Ignores the pixels whose mask is `false`. Nothing else of them is looked at, their weights included.
    ///
    /// A mask and weights combine, in either order. A second mask takes the place of the first: to have both, give their
    /// conjunction.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check("the mask", valid.len(), self.pixels)?;
        Ok(Self { weights: self.weights.with_mask(valid), ..self })
    }

    /// Weighs each pixel; 0 ignores it.
    ///
    /// Weights and a [mask](Self::with_mask) combine, in either order. Second weights take the place of the first.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, LengthError> {
        self.check("the weights", weights.len(), self.pixels)?;
        Ok(Self { weights: self.weights.with_values(weights), ..self })
    }

    /// The number of pixels.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn check(&self, slice: &'static str, length: usize, expected: usize) -> Result<(), LengthError> {
        if length == expected { Ok(()) } else { Err(LengthError { slice, length, expected }) }
    }

    pub(crate) fn check_gradient(&self, length: usize) -> Result<(), LengthError> {
        self.check("the gradient", length, self.logits.len())
    }

    /// Where a class of a pixel stands. The logits are in memory, so it cannot wrap around.
    pub(super) fn position(&self, pixel: usize, class: usize) -> usize {
        match self.layout {
            Layout::Planar => class.wrapping_mul(self.pixels).wrapping_add(pixel),
            Layout::Interleaved => pixel.wrapping_mul(self.classes).wrapping_add(class),
        }
    }

    /// The pixels, one after the other. Logits past the number of classes are NaN.
    pub fn samples(&self) -> impl Iterator<Item = ClassSample<C>> + '_ {
        self.samples_expecting(self.classes)
    }

    /// The pixels, one after the other. If the plane has not as many classes as are expected, its logits are NaN, and
    /// so rejected.
    pub(super) fn samples_expecting(&self, expected_classes: usize) -> impl Iterator<Item = ClassSample<C>> + '_ {
        self.samples_of(0..self.pixels, expected_classes)
    }

    /// Some of the pixels.
    pub(super) fn samples_of(
        &self,
        pixels: Range<usize>,
        expected_classes: usize,
    ) -> impl Iterator<Item = ClassSample<C>> + '_ {
        let mut weights = self.weights.split_at(pixels.start).1;
        pixels.map(move |pixel| {
            let gather = |values: Inputs<'_>| {
                let mut gathered = [f32::NAN; C];
                if self.classes == expected_classes {
                    for (class, value) in (0..self.classes).zip(&mut gathered) {
                        *value = values.at(self.position(pixel, class));
                    }
                }
                gathered
            };
            let target = match self.targets {
                Targets::Labels(labels) => ClassTarget::Label(labels.get(pixel).map_or(-1, |label| label.to_i64())),
                Targets::Soft(targets) => ClassTarget::Soft(gather(Inputs::F32(targets))),
            };
            ClassSample { logits: gather(self.logits), target, weight: weights.take_first() }
        })
    }

    /// Copies a stretch of logits or soft targets, class by class.
    #[inline(always)]
    fn copy<const TILE: usize>(&self, from: Inputs<'_>, start: usize, length: usize, rows: &mut [Row<TILE>; C]) {
        for (class, row) in (0..self.classes).zip(rows) {
            let to = row.get_mut(..length).unwrap_or_default();
            match self.layout {
                Layout::Planar => {
                    let (row, _) = from.split_at(class * self.pixels + start).1.split_at(length);
                    row.copy_to(to);
                }
                Layout::Interleaved => {
                    let first = start * self.classes + class;
                    match from {
                        Inputs::F32(from) => {
                            let from = from.get(first..).unwrap_or_default().iter().step_by(self.classes.max(1));
                            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
                        }
                        from => {
                            let places = (first..).step_by(self.classes.max(1));
                            to.iter_mut().zip(places).for_each(|(to, place)| *to = from.at(place));
                        }
                    }
                }
            }
        }
    }

    /// Asks for the logits of pixels ahead of their use.
    #[inline(always)]
    pub(super) fn prefetch(&self, start: usize, length: usize) {
        // Narrower logits come in fewer lines of memory, and the processor keeps up.
        let Inputs::F32(logits) = self.logits else { return };
        match self.layout {
            Layout::Planar => {
                for class in 0..self.classes {
                    for pixel in (start..start + length).step_by(CACHE_LINE) {
                        prefetch(logits, class * self.pixels + pixel);
                    }
                }
            }
            Layout::Interleaved => {
                for logit in (start * self.classes..(start + length) * self.classes).step_by(CACHE_LINE) {
                    prefetch(logits, logit);
                }
            }
        }
    }

    /// Loads a stretch of pixels as numbers: `None` if a target or a weight is out of range.
    ///
    /// An ignored pixel becomes one of weight 0 that is in range.
    #[inline(always)]
    pub(super) fn load<const TILE: usize>(
        &self,
        start: usize,
        length: usize,
        ignored_label: Option<i64>,
        numbers: &mut ClassNumbers<C, TILE>,
    ) -> Option<LoadedClasses> {
        let weights = numbers.weights.get_mut(..length)?;
        match self.weights.split_at(start).1.numbers(weights) {
            WeightsOf::One => weights.fill(1.0),
            WeightsOf::Positive | WeightsOf::Numbers => {}
            WeightsOf::OutOfRange => return None,
        }
        self.copy(self.logits, start, length, &mut numbers.logits);
        let hard = match self.targets {
            Targets::Labels(labels) => {
                let labels = labels.get(start..start + length)?;
                let mut valid = true;
                for (&label, weight) in labels.iter().zip(&mut *weights) {
                    let label = label.to_i64();
                    if Some(label) == ignored_label {
                        *weight = 0.0;
                    }
                    valid &= *weight == 0.0 || (label >= 0 && label < self.classes as i64);
                }
                if !valid {
                    return None;
                }
                // As numbers of the width of what is made of them. A label of an ignored pixel that is no class makes a number that is none either.
                let row = &mut numbers.predicted;
                row.iter_mut().zip(labels).for_each(|(to, &label)| *to = label.to_i64() as f32);
                for (class, target) in (0..self.classes).zip(&mut numbers.target) {
                    for (to, &label) in target.iter_mut().zip(&**row).take(length) {
                        *to = if label == class as f32 { 1.0 } else { 0.0 };
                    }
                }
                true
            }
            Targets::Soft(targets) => {
                self.copy(Inputs::F32(targets), start, length, &mut numbers.target);
                false
            }
        };
        let ignored = weights.iter().fold(0, |count, &weight| count + usize::from(weight == 0.0));
        if ignored > 0 {
            for row in numbers.logits.iter_mut().chain(&mut numbers.target) {
                row.iter_mut()
                    .zip(&*weights)
                    .filter(|(_, weight)| **weight == 0.0)
                    .for_each(|(number, _)| *number = 0.0);
            }
        }
        if !hard {
            let targets = numbers.target.iter().take(self.classes).flat_map(|row| row.iter().take(length));
            if !targets.fold(true, |all, target| all & (0.0..=1.0).contains(target)) {
                return None;
            }
        }
        let unweighted = weights.iter().fold(true, |all, &weight| all & (weight == 1.0));
        Some(LoadedClasses { ignored, unweighted, hard })
    }

    /// A gradient that lies in memory as the plane's logits do.
    pub(crate) fn rows_of<'g>(&self, gradient: &'g mut [f32]) -> ClassRows<'g, C> {
        let values = match self.layout {
            Layout::Planar => {
                let mut rows = gradient.chunks_mut(self.pixels.max(1));
                Values::Planar(core::array::from_fn(|_| rows.next().unwrap_or_default()))
            }
            Layout::Interleaved => Values::Interleaved(gradient),
        };
        ClassRows { values, classes: self.classes, start: 0, pixels: self.pixels }
    }
}

/// A stretch of a gradient: a number for each class of each of some pixels.
pub(crate) struct ClassRows<'g, const C: usize> {
    values: Values<'g, C>,
    classes: usize,
    /// The first pixel's place in the plane.
    start: usize,
    pixels: usize,
}

enum Values<'g, const C: usize> {
    Planar([&'g mut [f32]; C]),
    Interleaved(&'g mut [f32]),
}

impl<const C: usize> ClassRows<'_, C> {
    /// The pixels that there are places for.
    pub(crate) fn pixels(&self) -> Range<usize> {
        self.start..self.start.wrapping_add(self.pixels)
    }

    /// The place of a class of a pixel.
    pub(super) fn place(&mut self, pixel: usize, class: usize) -> Option<&mut f32> {
        let pixel = pixel.checked_sub(self.start)?;
        match &mut self.values {
            Values::Planar(rows) => rows.get_mut(class)?.get_mut(pixel),
            Values::Interleaved(values) => values.get_mut(pixel.wrapping_mul(self.classes).wrapping_add(class)),
        }
    }

    /// Writes or adds a stretch of numbers that are given class by class.
    #[inline(always)]
    pub(super) fn store<const TILE: usize>(&mut self, start: usize, length: usize, rows: &[Row<TILE>; C], add: bool) {
        let start = start.saturating_sub(self.start);
        for (class, row) in (0..self.classes).zip(rows) {
            let from = row.iter().take(length);
            let put = |(to, &slope): (&mut f32, &f32)| *to = if add { *to + slope } else { slope };
            match &mut self.values {
                Values::Planar(rows) => {
                    let to = rows.get_mut(class).and_then(|row| row.get_mut(start..)).unwrap_or_default();
                    to.iter_mut().zip(from).for_each(put);
                }
                Values::Interleaved(values) => {
                    let to = values.get_mut(start * self.classes + class..).unwrap_or_default();
                    to.iter_mut().step_by(self.classes.max(1)).zip(from).for_each(put);
                }
            }
        }
    }

    /// The places of the first pixels, and the others.
    #[cfg(feature = "rayon")]
    pub(crate) fn split_at(self, pixels: usize) -> (Self, Self) {
        let Self { values, classes, start, pixels: all } = self;
        let (first, second) = match values {
            Values::Planar(rows) => {
                let mut heads = core::array::from_fn(|_| &mut [] as &mut [f32]);
                let mut tails = core::array::from_fn(|_| &mut [] as &mut [f32]);
                for ((row, head), tail) in rows.into_iter().zip(&mut heads).zip(&mut tails) {
                    let at = pixels.min(row.len());
                    (*head, *tail) = row.split_at_mut(at);
                }
                (Values::Planar(heads), Values::Planar(tails))
            }
            Values::Interleaved(values) => {
                let at = (pixels * classes).min(values.len());
                let (head, tail) = values.split_at_mut(at);
                (Values::Interleaved(head), Values::Interleaved(tail))
            }
        };
        (
            Self { values: first, classes, start, pixels },
            Self { values: second, classes, start: start + pixels, pixels: all - pixels },
        )
    }
}
