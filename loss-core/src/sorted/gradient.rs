use crate::error::LengthError;
use crate::input::plane::Plane;
use crate::input::sample::{Sample, Target};

/// The gradient of a sorted loss, times an upstream factor, for any of its pixels.
///
/// Ignored and rejected pixels have gradient 0.
#[derive(Clone, Debug)]
#[must_use]
pub struct PixelGradient<F> {
    at: F,
}

impl<F: Fn(Sample) -> f32> PixelGradient<F> {
    pub(super) fn new(at: F) -> Self {
        Self { at }
    }

    /// The gradient of one pixel, which must be one of the pixels of the loss.
    pub fn at(&self, sample: impl Into<Sample>) -> f32 {
        (self.at)(sample.into())
    }

    /// Writes the gradient of every pixel.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.each(gradient, |slope, sample| *slope = self.at(sample))
    }

    /// Adds the gradient of every pixel to the numbers in `gradient`.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn add<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        plane.each(gradient, |slope, sample| *slope += self.at(sample))
    }
}
