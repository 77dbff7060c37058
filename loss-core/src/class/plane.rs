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

/// A stretch of pixels of C classes in memory: logits, labels, and perhaps weights or a mask.
#[derive(Clone, Copy, Debug)]
pub struct ClassPlane<'a, T, const C: usize> {
    classes: usize,
    layout: Layout,
    logits: &'a [f32],
    labels: &'a [T],
    weights: Weights<'a>,
}

impl<'a, T: Label, const C: usize> ClassPlane<'a, T, C> {
    /// Logits of `classes` classes for each label.
    ///
    /// # Errors
    /// [`LengthError`] unless there are `classes` logits a label, and at most C classes.
    pub fn new(classes: usize, layout: Layout, logits: &'a [f32], labels: &'a [T]) -> Result<Self, LengthError> {
        let expected = classes.saturating_mul(labels.len());
        if expected != logits.len() || !(1..=C).contains(&classes) {
            return Err(LengthError { slice: "the logits of all classes", length: logits.len(), expected });
        }
        Ok(Self { classes, layout, logits, labels, weights: Weights::One })
    }

    /// Ignores the pixels whose mask is `false`.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check("the mask", valid.len(), self.labels.len())?;
        Ok(Self { weights: Weights::Mask(valid), ..self })
    }

    /// Weighs each pixel; 0 ignores it.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one value a pixel.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, LengthError> {
        self.check("the weights", weights.len(), self.labels.len())?;
        Ok(Self { weights: Weights::Values(weights), ..self })
    }

    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.labels.len()
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
            Layout::Planar => class * self.labels.len() + pixel,
            Layout::Interleaved => pixel * self.classes + class,
        }
    }

    /// The pixels, one after the other. If the plane has not as many classes as are expected, its logits are NaN, and
    /// so rejected.
    pub(super) fn samples(&self, expected_classes: usize) -> impl Iterator<Item = ClassSample<C>> + '_ {
        let mut weights = self.weights;
        self.labels.iter().enumerate().map(move |(pixel, label)| {
            let mut logits = [f32::NAN; C];
            if self.classes == expected_classes {
                for (class, logit) in logits.iter_mut().enumerate().take(self.classes) {
                    *logit = self.logits.get(self.position(pixel, class)).copied().unwrap_or(f32::NAN);
                }
            }
            ClassSample { logits, target: ClassTarget::Label(label.to_i64()), weight: weights.take_first() }
        })
    }
}
