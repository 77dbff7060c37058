use super::sample::{ClassSample, ClassTarget, Label};
use crate::error::LengthError;
use crate::plane::Weights;

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
pub struct ClassPlane<'a, T, const C: usize> {
    classes: usize,
    pixels: usize,
    layout: Layout,
    logits: &'a [f32],
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
    /// [`LengthError`] unless there are as many targets as logits, a multiple of `classes`, and at most C classes.
    pub fn soft(classes: usize, layout: Layout, logits: &'a [f32], targets: &'a [f32]) -> Result<Self, LengthError> {
        let pixels = logits.len().checked_div(classes).unwrap_or(0);
        check_logits(classes, C, logits.len(), classes.saturating_mul(pixels))?;
        let plane = Self { classes, pixels, layout, logits, targets: Targets::Soft(targets), weights: Weights::One };
        plane.check("the soft targets", targets.len(), logits.len())?;
        Ok(plane)
    }
}

fn check_logits(classes: usize, capacity: usize, length: usize, expected: usize) -> Result<(), LengthError> {
    if expected == length && (1..=capacity).contains(&classes) {
        Ok(())
    } else {
        Err(LengthError { slice: "the logits of all classes", length, expected })
    }
}

impl<'a, T: Label, const C: usize> ClassPlane<'a, T, C> {
    /// Logits of `classes` classes for each label.
    ///
    /// # Errors
    /// [`LengthError`] unless there are `classes` logits a label, and at most C classes.
    pub fn new(classes: usize, layout: Layout, logits: &'a [f32], labels: &'a [T]) -> Result<Self, LengthError> {
        let pixels = labels.len();
        check_logits(classes, C, logits.len(), classes.saturating_mul(pixels))?;
        Ok(Self { classes, pixels, layout, logits, targets: Targets::Labels(labels), weights: Weights::One })
    }

    /// Ignores the pixels whose mask is `false`.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check("the mask", valid.len(), self.pixels)?;
        Ok(Self { weights: Weights::Mask(valid), ..self })
    }

    /// Weighs each pixel; 0 ignores it.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, LengthError> {
        self.check("the weights", weights.len(), self.pixels)?;
        Ok(Self { weights: Weights::Values(weights), ..self })
    }

    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn check(&self, slice: &'static str, length: usize, expected: usize) -> Result<(), LengthError> {
        if length == expected { Ok(()) } else { Err(LengthError { slice, length, expected }) }
    }

    pub(super) fn check_gradient(&self, length: usize) -> Result<(), LengthError> {
        self.check("the gradient", length, self.logits.len())
    }

    /// Where a class of a pixel stands.
    pub(super) fn position(&self, pixel: usize, class: usize) -> usize {
        match self.layout {
            Layout::Planar => class * self.pixels + pixel,
            Layout::Interleaved => pixel * self.classes + class,
        }
    }

    /// The pixels, one after the other. If the plane has not as many classes as are expected, its logits are NaN, and
    /// so rejected.
    pub(super) fn samples(&self, expected_classes: usize) -> impl Iterator<Item = ClassSample<C>> + '_ {
        let mut weights = self.weights;
        (0..self.pixels).map(move |pixel| {
            let gather = |values: &[f32]| {
                let mut gathered = [f32::NAN; C];
                if self.classes == expected_classes {
                    for (class, value) in gathered.iter_mut().enumerate().take(self.classes) {
                        *value = values.get(self.position(pixel, class)).copied().unwrap_or(f32::NAN);
                    }
                }
                gathered
            };
            let target = match self.targets {
                Targets::Labels(labels) => ClassTarget::Label(labels.get(pixel).map_or(-1, |label| label.to_i64())),
                Targets::Soft(targets) => ClassTarget::Soft(gather(targets)),
            };
            ClassSample { logits: gather(self.logits), target, weight: weights.take_first() }
        })
    }
}
