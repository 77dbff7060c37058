use super::accumulator::ClassAccumulator;
use super::batch::{ClassBatch, ClassSlopes};
use super::image_mean::ClassImageMean;
use super::pixel::{Activation, ClassPixel};
use super::plane::ClassPlane;
use super::reduction::{ClassDenominator, ClassReduced};
use super::sample::{CheckedClasses, ClassSample, Label, Reading};
use super::sums::ClassTotals;
use crate::error::LengthError;
use crate::fingerprint::Fingerprint;
use crate::input::sample::Reason;
use crate::loss::Part;
use crate::number::finite::clamp_to_finite;
use crate::number::real::Real;
use crate::stream::image_mean::EmptyImage;
use crate::sums::state::Sums;

/// A complete loss over up to C classes, as [`Loss`](crate::Loss) is for one class.
///
/// For a loss of your own, implement [`ClassPointwise`], or wrap a binary region loss in [`PerClass`](super::PerClass).
pub trait ClassLoss<const C: usize>: Clone {
    /// The sums that this loss needs beside the [`ClassTotals`].
    type Sums: Sums;

    /// What the gradient of a pixel needs of the finished sums.
    type Slope: Clone + core::fmt::Debug;

    /// The loss's empty sums.
    fn sums(&self) -> Self::Sums;

    /// Adds valid pixels: one pixel of a stream, or many of a slice.
    ///
    /// A loss made of losses passes the batch on to each of them. A loss with sums of its own describes them by
    /// [`ClassTerms`](crate::extend::ClassTerms).
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut Self::Sums);

    /// The loss. It is finite for all sums that are not saturated, including those of no pixel and those of any state that loads.
    fn value(&self, totals: &ClassTotals<C>, sums: &Self::Sums) -> f64;

    /// The slope of `factor` times the loss.
    fn slope(&self, totals: &ClassTotals<C>, sums: &Self::Sums, factor: f64) -> Self::Slope;

    /// Adds ∂(factor·loss)/∂z_k of a pixel of weight 1, for each class k.
    fn add_gradient<R: Real>(&self, slope: &Self::Slope, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]);

    /// Adds the gradient of many pixels of weight 1: for each of them what [`add_gradient`](Self::add_gradient) adds, to the bit. A loss that is chosen at run time finds
    /// out here which it is, once for all of them.
    #[inline(always)]
    fn add_gradients<B: ClassSlopes<C>>(&self, slope: &Self::Slope, pixels: &mut B) {
        pixels.add(self, slope);
    }

    /// The number of parts of the loss.
    fn part_count(&self) -> usize {
        1
    }

    /// The part at `index`; `None` past the last.
    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &Self::Sums) -> Option<Part>;

    /// The sum of the parts' coefficients, as in [`Loss::total_coefficient`](crate::Loss::total_coefficient).
    fn total_coefficient(&self) -> f64 {
        1.0
    }

    /// Adds structure and parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);

    /// Makes an accumulator of pixels of C classes.
    fn class_accumulator(&self) -> ClassAccumulator<Self, C> {
        ClassAccumulator::new(self.clone())
    }

    /// Makes an accumulator of several images' pixels, for the mean of the images' losses.
    fn class_image_mean(&self, empty: EmptyImage) -> ClassImageMean<Self, C> {
        ClassImageMean::new(self.class_accumulator(), empty)
    }
}

/// A loss over classes that is a sum over pixels of ℓ(z, t).
pub trait ClassPointwise: Clone {
    /// The name of the loss, in lower case, as it appears in the parts of a result.
    const NAME: &'static str;

    /// ℓ(z, t). It must be finite for every pixel; a value beyond `f32` [saturates](crate::extend::ExactSum#saturation) the sum.
    fn loss<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R;

    /// Adds `factor`·∂ℓ/∂z_k for each class k.
    fn add_slope<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>, factor: R, slope: &mut [R; C]);

    /// The pixel's class weight Σ w_c t_c, which [`ClassDenominator::ClassWeight`] sums.
    fn class_weight<R: Real, const C: usize>(&self, _: &ClassPixel<R, C>) -> R {
        R::splat(1.0)
    }

    /// Adds the parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);

    /// The loss of one pixel of C classes after a softmax, without its weight: 0 if the pixel is ignored, and at most [`f32::MAX`].
    ///
    /// # Errors
    /// The reason why the pixel is out of range.
    fn at<const C: usize>(&self, sample: impl Into<ClassSample<C>>) -> Result<f32, Reason> {
        match sample.into().check(&Reading { classes: C, activation: Activation::Softmax, ignored: None }) {
            CheckedClasses::Valid(valid) => Ok(clamp_to_finite(self.loss(&valid.pixel))),
            CheckedClasses::Ignored => Ok(0.0),
            CheckedClasses::Rejected(reason) => Err(reason),
        }
    }

    /// Writes the loss of every pixel times its weight: 0 where the pixel is ignored, NaN where it is out of range, and at most [`f32::MAX`]. (If a loss is larger than
    /// that, an accumulator refuses the sum.)
    ///
    /// # Errors
    /// [`LengthError`] unless the map has one value per pixel; nothing is written then.
    fn write_map<T: Label, const C: usize>(
        &self,
        plane: ClassPlane<'_, T, C>,
        map: &mut [f32],
    ) -> Result<(), LengthError> {
        plane.check("the map", map.len(), plane.pixels())?;
        let reading = Reading { classes: plane.classes(), activation: Activation::Softmax, ignored: None };
        for (value, sample) in map.iter_mut().zip(plane.samples()) {
            *value = match sample.check(&reading) {
                CheckedClasses::Valid(valid) => clamp_to_finite(self.loss(&valid.pixel) * valid.weight),
                CheckedClasses::Ignored => 0.0,
                CheckedClasses::Rejected(_) => f32::NAN,
            };
        }
        Ok(())
    }

    /// Σ w ℓ / Σ w w_y: the mean weighted by class (PyTorch's `mean` of a weighted cross-entropy). Without class weights it is
    /// the plain mean over valid pixels.
    fn weighted_mean(self) -> ClassReduced<Self> {
        self.over(ClassDenominator::ClassWeight)
    }

    /// Σ w ℓ / Σ w: the mean over the valid pixels, without class weights in the denominator.
    fn mean(self) -> ClassReduced<Self> {
        self.over(ClassDenominator::Weight)
    }

    /// Σ w ℓ.
    fn sum(self) -> ClassReduced<Self> {
        self.over(ClassDenominator::Fixed(1.0))
    }

    /// Σ w ℓ / N, where N counts ignored pixels as well.
    fn mean_over_pixels(self) -> ClassReduced<Self> {
        self.over(ClassDenominator::Pixels)
    }

    /// Σ w ℓ divided by a [`ClassDenominator`] of your choice.
    fn over(self, denominator: ClassDenominator) -> ClassReduced<Self> {
        ClassReduced::new(self, denominator)
    }
}
