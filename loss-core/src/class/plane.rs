use core::ops::Range;

use super::gradient_rows::ClassRows;
use super::numbers::{ClassNumbers, LoadedClasses, Row};
use super::sample::{ClassSample, ClassTarget, Label};
use crate::arch::{CACHE_LINE, prefetch};
use crate::error::{ClassPlaneError, LengthError};
use crate::input::plane::{Inputs, Weights, WeightsOf};
use crate::input::quantisation::Quantisation;

/// The order of a plane's logits in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Class by class: all pixels of class 0, then all of class 1 (CHW).
    Planar,
    /// Pixel by pixel: all classes of pixel 0, then all of pixel 1 (HWC).
    Interleaved,
}

/// Pixels of C classes in memory: logits, labels or soft targets, and optionally weights or a mask.
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
    /// A plane of logits of `classes` classes, with a soft target for each logit in the same layout.
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
    /// A plane of logits of `classes` classes, with a label for each pixel.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless there are 1 to C classes, and `classes` logits for each label.
    pub fn new(classes: usize, layout: Layout, logits: &'a [f32], labels: &'a [T]) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::F32(logits), labels)
    }

    /// A plane of half-precision (`f16`) logits, which convert to `f32` exactly.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    #[cfg(feature = "half")]
    pub fn f16(
        classes: usize,
        layout: Layout,
        logits: &'a [half::f16],
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::F16(logits), labels)
    }

    /// A plane of bfloat16 logits, which convert to `f32` exactly.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    #[cfg(feature = "half")]
    pub fn bf16(
        classes: usize,
        layout: Layout,
        logits: &'a [half::bf16],
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::Bf16(logits), labels)
    }

    /// A plane of a quantised model's logits as signed codes.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn i8(
        classes: usize,
        layout: Layout,
        codes: &'a [i8],
        quantisation: Quantisation,
        labels: &'a [T],
    ) -> Result<Self, ClassPlaneError> {
        Self::of(classes, layout, Inputs::I8(codes, quantisation), labels)
    }

    /// A plane of a quantised model's logits as unsigned codes.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
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

    /// Ignores the pixels whose mask is `false`. Their logits, targets and weights are not read.
    ///
    /// A mask and weights combine, in either order. A second mask replaces the first; to apply both, pass their
    /// conjunction.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value per pixel.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check("the mask", valid.len(), self.pixels)?;
        Ok(Self { weights: self.weights.with_mask(valid), ..self })
    }

    /// Weighs each pixel; a weight of 0 ignores it.
    ///
    /// Weights and a [mask](Self::with_mask) combine, in either order. Second weights replace the first.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value per pixel.
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

    /// The place of a class of a pixel. The logits are in memory, so it cannot wrap around.
    pub(super) fn position(&self, pixel: usize, class: usize) -> usize {
        match self.layout {
            Layout::Planar => class.wrapping_mul(self.pixels).wrapping_add(pixel),
            Layout::Interleaved => pixel.wrapping_mul(self.classes).wrapping_add(class),
        }
    }

    /// Iterates over the pixels. Logits past the number of classes are NaN.
    pub fn samples(&self) -> impl Iterator<Item = ClassSample<C>> + '_ {
        self.samples_expecting(self.classes)
    }

    /// Iterates over the pixels. If the plane does not have the expected number of classes, the logits are NaN, so that each pixel
    /// is rejected.
    pub(super) fn samples_expecting(&self, expected_classes: usize) -> impl Iterator<Item = ClassSample<C>> + '_ {
        self.samples_of(0..self.pixels, expected_classes)
    }

    /// Iterates over some of the pixels.
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

    /// Copies a range of logits or soft targets, class by class.
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

    /// The logits from a pixel on, to be prefetched.
    #[inline(always)]
    pub(super) fn ahead(&self, start: usize) -> Ahead<'a> {
        let Self { classes, pixels, layout, logits, .. } = *self;
        // Narrower logits fill fewer cache lines, and the processor's own prefetching keeps up.
        let logits = if let Inputs::F32(logits) = logits { logits } else { &[] };
        Ahead { classes, pixels, layout, logits, start }
    }

    /// Loads a range of pixels as numbers; `None` if a target or a weight is out of range.
    ///
    /// An ignored pixel becomes a pixel in range with weight 0.
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
                if let Some(ignored) = ignored_label {
                    for (&label, weight) in labels.iter().zip(&mut *weights) {
                        if label.to_i64() == ignored {
                            *weight = 0.0;
                        }
                    }
                }
                // Labels become numbers as wide as those computed from them. Rounding makes no label a class, because the classes are few.
                // An ignored pixel is of no class, whatever its label.
                let (classes, mut valid) = (0.0..self.classes as f32, true);
                for ((to, &label), &weight) in numbers.label.iter_mut().zip(labels).zip(&*weights) {
                    let (is_ignored, label) = (weight == 0.0, label.to_i64() as f32);
                    valid &= is_ignored | classes.contains(&label);
                    *to = if is_ignored { -1.0 } else { label };
                }
                if !valid {
                    return None;
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
            let targets = numbers.target.iter_mut().filter(|_| !hard);
            for row in numbers.logits.iter_mut().chain(targets) {
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

    /// A gradient in the layout of the plane's logits.
    pub(crate) fn rows_of<'g>(&self, gradient: &'g mut [f32]) -> ClassRows<'g, C> {
        ClassRows::new(self.layout, self.classes, self.pixels, gradient)
    }
}

/// Logits that will be read soon.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    classes: usize,
    pixels: usize,
    layout: Layout,
    logits: &'a [f32],
    start: usize,
}

impl Ahead<'_> {
    /// Prefetches the logits of some of the pixels.
    #[inline(always)]
    pub(super) fn prefetch(&self, first: usize, length: usize) {
        let start = self.start + first;
        match self.layout {
            Layout::Planar => {
                for class in 0..self.classes {
                    for pixel in (start..start + length).step_by(CACHE_LINE) {
                        prefetch(self.logits, class * self.pixels + pixel);
                    }
                }
            }
            Layout::Interleaved => {
                for logit in (start * self.classes..(start + length) * self.classes).step_by(CACHE_LINE) {
                    prefetch(self.logits, logit);
                }
            }
        }
    }
}
