//! The mean of the images' losses.

use super::accumulator::Accumulator;
use super::finished::Finished;
use crate::error::StateError;
use crate::fingerprint::Fingerprint;
use crate::input::link::Link;
use crate::input::plane::Plane;
use crate::input::sample::{Sample, Target};
use crate::loss::Loss;
use crate::sums::counts::Counts;
use crate::sums::error::FinishError;
use crate::sums::exact::{TermSum, is_in_range};
use crate::sums::state::{Sums, add_counts, load_count, read_state};

/// The role of an image without any valid pixel in the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmptyImage {
    /// The image is left out of the mean: nothing is known about it.
    #[default]
    Skip,
    /// The image counts, with the loss of no pixels, which is 0 for every loss of this crate.
    Count,
}

impl EmptyImage {
    /// The name of the option in fingerprints.
    fn code(self) -> &'static str {
        match self {
            EmptyImage::Skip => "empty_image=skip",
            EmptyImage::Count => "empty_image=count",
        }
    }
}

/// The mean over images of each image's loss ("per-image Dice").
///
/// Call [`end_image`](Self::end_image) at the end of each image. It returns the image's own result. Its gradient with the
/// upstream factor 1/images is the gradient of the mean. The images' values (`f64`, rounded to multiples
/// of 2⁻⁶⁴) are summed exactly, so the mean does not depend on their order or on how they were spread over workers.
///
/// ```
/// use loss_core::{Dice, EmptyImage, Loss};
///
/// let mut mean = Dice::new(0.0)?.image_mean(EmptyImage::Skip);
/// for (logit, target) in [(40.0, true), (-40.0, true)] {
///     mean.push((logit, target));
///     mean.end_image()?;
/// }
/// assert_eq!(mean.images(), 2);
/// assert!((mean.finish()? - 0.5).abs() < 1e-15); // one image right, one wrong
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[doc(alias = "batch=False")]
#[doc(alias = "per-image mean")]
#[doc(alias = "samplewise")]
#[derive(Clone, Debug)]
#[must_use]
pub struct ImageMean<L: Loss, K: Link> {
    image: Accumulator<L, K>,
    values: ImageValues,
}

impl<L: Loss, K: Link> ImageMean<L, K> {
    /// Makes a mean without images.
    pub fn new(loss: L, link: K, empty: EmptyImage) -> Self {
        Self { image: Accumulator::new(loss, link), values: ImageValues::new(empty) }
    }

    /// Adds a pixel to the current image.
    pub fn push(&mut self, sample: impl Into<Sample>) {
        self.image.push(sample);
    }

    /// Adds the pixels of slices to the current image.
    pub fn extend_plane<T: Target>(&mut self, plane: Plane<'_, T>) {
        self.image.extend_plane(plane);
    }

    /// Ends the current image and starts the next one. Returns `None` if the image had no valid pixel and was skipped.
    ///
    /// # Errors
    /// [`FinishError::Rejected`] if a pixel was out of range, [`FinishError::NoPixels`] if there was no pixel, and those of
    /// [`end_image_valid`](Self::end_image_valid). The image then stays the current one; continue with that method or [`discard_image`](Self::discard_image).
    pub fn end_image(&mut self) -> Result<Option<Finished<L, K>>, FinishError> {
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
    pub fn end_image_valid(&mut self) -> Result<Option<Finished<L, K>>, FinishError> {
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

/// The length of the state of a mean over images. It begins with the counts.
const STATE_LENGTH: usize = 9;
const COUNTS: usize = 2;

/// The exact sum of images' values: what [`ImageMean`] is made of, for a loss that gives its images' values itself.
///
/// ```
/// use loss_core::extend::ImageValues;
/// use loss_core::{Dice, EmptyImage, Loss};
///
/// let mut values = ImageValues::new(EmptyImage::Skip);
/// for (logit, target) in [(40.0, true), (-40.0, true)] {
///     let mut image = Dice::new(0.0)?.accumulator();
///     image.push((logit, target));
///     values.add(image.counts(), image.finish()?.value())?;
/// }
/// assert!((values.mean()? - 0.5).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct ImageValues {
    empty: EmptyImage,
    sum: TermSum,
    images: i64,
    skipped: i64,
}

impl ImageValues {
    /// Of no images yet.
    pub fn new(empty: EmptyImage) -> Self {
        Self { empty, sum: TermSum::ZERO, images: 0, skipped: 0 }
    }

    /// Adds the value of an image with these pixels, and tells whether it counts.
    ///
    /// # Errors
    /// [`FinishError::Saturated`], and nothing is added, if the value is NaN or beyond 2¹⁵⁰.
    pub fn add(&mut self, counts: Counts, value: f64) -> Result<bool, FinishError> {
        if counts.valid == 0 && self.empty == EmptyImage::Skip {
            self.skipped = add_counts(self.skipped, 1);
            return Ok(false);
        }
        if !is_in_range(value) {
            return Err(FinishError::Saturated);
        }
        self.sum.add_f64(value);
        self.images = add_counts(self.images, 1);
        Ok(true)
    }

    /// Adds what distinguishes this mean from the loss of one image, and from other means.
    pub(crate) fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("image_mean").name(self.empty.code());
    }

    /// The fingerprint of the mean, from that of the accumulator of an image.
    #[must_use]
    pub fn fingerprint(&self, of_image: u64) -> u64 {
        let mut fingerprint = Fingerprint::resumed(of_image);
        self.add_to_fingerprint(&mut fingerprint);
        fingerprint.finish()
    }

    /// The images in the mean.
    #[must_use]
    pub fn images(&self) -> i64 {
        self.images
    }

    /// The images that had no valid pixel and were left out.
    #[must_use]
    pub fn skipped(&self) -> i64 {
        self.skipped
    }

    /// Adds the images of another mean that counts empty images alike.
    pub fn merge(&mut self, other: &Self) {
        Sums::merge(self, other);
    }

    /// The images as integers that add; see [`ImageMean::state`].
    #[must_use]
    pub fn state(&self) -> [i64; STATE_LENGTH] {
        let [a, b, c, d, e, f, g] = self.sum.digits();
        [self.images, self.skipped, a, b, c, d, e, f, g]
    }

    /// Adds the images of a [`state`](Self::state), or of an element-wise sum of up to 2²⁰ states.
    ///
    /// # Errors
    /// [`StateError`], and nothing is added, if an integer is such as no images can have made.
    pub fn add_state(&mut self, state: [i64; STATE_LENGTH]) -> Result<(), StateError> {
        let more = read_state(Self::new(self.empty), COUNTS, state)?;
        self.merge(&more);
        Ok(())
    }

    /// The mean.
    ///
    /// # Errors
    /// As [`ImageMean::finish`].
    pub fn mean(&self) -> Result<f64, FinishError> {
        if self.images == 0 {
            return Err(FinishError::NoPixels);
        }
        // No image's value saturates the sum, but states can.
        FinishError::check(self, 1.0)?;
        Ok(self.sum.to_f64() / self.images as f64)
    }
}

impl Sums for ImageValues {
    fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.images = add_counts(self.images, other.images);
        self.skipped = add_counts(self.skipped, other.skipped);
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.state().into_iter().for_each(to);
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        (self.images, self.skipped) = (load_count(from)?, load_count(from)?);
        self.sum.load(from)
    }

    fn is_saturated(&self) -> bool {
        self.sum.is_saturated()
    }
}
