use super::accumulator::ClassAccumulator;
use super::finished::FinishedClasses;
use super::loss::ClassLoss;
use super::plane::ClassPlane;
use super::sample::{ClassSample, Label};
use crate::error::StateError;
use crate::fingerprint::Fingerprint;
use crate::stream::image_mean::{EmptyImage, ImageValues};
use crate::sums::error::FinishError;

/// The mean over images of each image's loss over classes, as [`ImageMean`](crate::ImageMean) is for one class.
///
/// ```
/// use loss_core::class::{ClassLoss, PerClass};
/// use loss_core::{Dice, EmptyImage};
///
/// let mut mean = PerClass::new(Dice::new(1e-5)?).class_image_mean(EmptyImage::Skip);
/// mean.push(([40.0, 0.0], 0u8));
/// mean.end_image()?;
/// assert!(mean.finish()? < 1e-9);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClassImageMean<L: ClassLoss<C>, const C: usize> {
    image: ClassAccumulator<L, C>,
    values: ImageValues,
}

impl<L: ClassLoss<C>, const C: usize> ClassImageMean<L, C> {
    /// Makes a mean without images. The accumulator defines the number of classes and the ignored label.
    pub fn new(accumulator: ClassAccumulator<L, C>, empty: EmptyImage) -> Self {
        let mut image = accumulator;
        image.reset();
        Self { image, values: ImageValues::new(empty) }
    }

    /// Adds a pixel to the current image.
    pub fn push(&mut self, sample: impl Into<ClassSample<C>>) {
        self.image.push(sample);
    }

    /// Adds the pixels of slices to the current image.
    pub fn extend_plane<T: Label>(&mut self, plane: ClassPlane<'_, T, C>) {
        self.image.extend_plane(plane);
    }

    /// Ends the current image and starts the next one. Returns `None` if the image had no valid pixel and was skipped.
    ///
    /// # Errors
    /// [`FinishError::Rejected`] if a pixel was out of range, [`FinishError::NoPixels`] if there was no pixel, and those of
    /// [`end_image_valid`](Self::end_image_valid). The image then stays the current one.
    pub fn end_image(&mut self) -> Result<Option<FinishedClasses<L, C>>, FinishError> {
        let counts = self.image.counts();
        if counts.rejected() > 0 {
            return Err(FinishError::Rejected { counts, first: self.image.first_rejected() });
        }
        self.end_image_valid()
    }

    /// Ends the current image and leaves out its pixels that were out of range.
    ///
    /// # Errors
    /// [`FinishError::NoPixels`] if there was no pixel; [`FinishError::Saturated`] if a term is beyond the largest `f32`, or the image's loss beyond 2¹⁵⁰;
    /// [`FinishError::Coefficient`]. The image then stays the current one.
    pub fn end_image_valid(&mut self) -> Result<Option<FinishedClasses<L, C>>, FinishError> {
        let counts = self.image.counts();
        if counts.pixels() == 0 {
            return Err(FinishError::NoPixels);
        }
        let finished = self.image.finish_any()?;
        let counted = self.values.add(counts, finished.value())?;
        self.image.reset();
        Ok(counted.then_some(finished))
    }

    /// Forgets the pixels of the current image.
    pub fn discard_image(&mut self) {
        self.image.reset();
    }

    /// The number of images in the mean.
    pub fn images(&self) -> i64 {
        self.values.images()
    }

    /// The number of images that had no valid pixel and were left out.
    pub fn skipped(&self) -> i64 {
        self.values.skipped()
    }

    /// Adds the ended images of another mean. Each mean keeps the image that it is working on.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if the losses or the [`EmptyImage`] differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.values.merge(&other.values);
        Ok(())
    }

    /// The ended images as integers that add, like an [accumulator's](crate::Accumulator#state): the number of images, the number skipped, and the
    /// seven digits of the sum of their values.
    pub fn state(&self) -> [i64; 9] {
        self.values.state()
    }

    /// A hash of the images' accumulator and the [`EmptyImage`]; store it beside a [`state`](Self::state).
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.image.add_to_fingerprint(&mut fingerprint);
        self.values.add_to_fingerprint(&mut fingerprint);
        fingerprint.finish()
    }

    /// Adds the ended images of a [`state`](Self::state), or of an element-wise sum of up to 2²⁰ states of the same loss.
    ///
    /// # Errors
    /// [`StateError`] if no images can produce one of the integers; nothing is added then.
    pub fn add_state(&mut self, state: [i64; 9]) -> Result<(), StateError> {
        self.values.add_state(state)
    }

    /// The mean over the ended images.
    ///
    /// # Errors
    /// [`FinishError::NoPixels`] if there are none; [`FinishError::Saturated`] if an added state holds no value.
    pub fn finish(&self) -> Result<f64, FinishError> {
        self.values.mean()
    }
}
