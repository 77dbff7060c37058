//! What every loss is to an accumulator: sums to fill, a value and a slope to read off.

pub(crate) mod any;
pub(crate) mod combine;
pub(crate) mod exact_value;
pub(crate) mod passes;
pub(crate) mod reduction;
pub(crate) mod unified_focal;

use self::combine::{Scaled, Sum};
use self::passes::{GradientPasses, OfLoss, OfSum};
use crate::error::ParameterError;
use crate::fingerprint::Fingerprint;
use crate::input::link::{Logits, Probabilities};
use crate::input::pixel::Pixel;
use crate::number::real::Real;
use crate::stream::accumulator::{Accumulator, CountingAccumulator};
use crate::stream::image_mean::{EmptyImage, ImageMean};
use crate::sums::batch::Batch;
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// A complete loss: a reduced pointwise loss, a region loss, or a weighted sum of such.
///
/// Write a [`Pointwise`](crate::Pointwise) or a [`Region`](crate::extend::Region) for a loss of your own; this trait is what
/// accumulators call, and is implemented by hand only to choose losses at run time.
pub trait Loss: Clone {
    /// The sums that this loss needs beside the [`Totals`].
    type Sums: Sums;

    /// What the gradient of a pixel needs to know of the finished sums.
    type Slope: Clone + core::fmt::Debug;

    /// The loss's empty sums.
    fn sums(&self) -> Self::Sums;

    /// Adds valid pixels: one of a stream, or many of a slice.
    ///
    /// A loss of losses hands the batch on to each; a loss with sums of its own says what they are by [`Terms`](crate::extend::Terms).
    fn add<B: Batch>(&self, pixels: &B, sums: &mut Self::Sums);

    /// Whether [`add`](Self::add) looks at −ln p or −ln (1−p) of a pixel, its [`foreground_loss`](Pixel::foreground_loss) and
    /// [`background_loss`](Pixel::background_loss). If it does not, slices save them: they are no such numbers then.
    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        true
    }

    /// The loss. It is finite for any sums that are not saturated, those of no pixel and those of any state that loads included.
    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64;

    /// The slope of `factor` times the loss.
    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope;

    /// ∂(factor·loss)/∂x of a pixel of weight 1.
    fn gradient<R: Real>(&self, slope: &Self::Slope, pixel: &Pixel<R>) -> R;

    /// Makes the gradient of many pixels. A loss that is known when compiling makes it in one pass, by [`gradient`](Self::gradient), and has no
    /// line about it. One that is chosen at run time would ask for each pixel which it is; [`AnyLoss`](crate::AnyLoss) asks once, and a list of such
    /// losses hands itself on to [`sum_gradient_passes`](Self::sum_gradient_passes).
    #[inline(always)]
    fn gradient_passes<P: GradientPasses>(&self, slope: &Self::Slope, passes: P) {
        passes.whole(&OfLoss { loss: self, slope });
    }

    /// The same of a sum of losses of this type, from left to right.
    #[inline(always)]
    fn sum_gradient_passes<'a, P: GradientPasses>(
        terms: impl Iterator<Item = (&'a Self, &'a Self::Slope)> + Clone,
        passes: P,
    ) where
        Self: 'a,
    {
        passes.whole(&OfSum(terms));
    }

    /// How many parts the loss has.
    fn part_count(&self) -> usize {
        1
    }

    /// A part of the loss; `None` past the last.
    fn part(&self, index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part>;

    /// Σ |c| over the parts, c the coefficient a part enters the total with (or 1/d, if its sum is divided by a number d of the user's own).
    ///
    /// A loss of losses must add up theirs. Unless the sum is finite and at most the largest `f32`, 3.4e38, whatever finishes is an error,
    /// [`FinishError::Coefficient`](crate::FinishError::Coefficient).
    fn total_coefficient(&self) -> f64 {
        1.0
    }

    /// Adds structure and parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);

    /// Streams logits.
    fn accumulator(&self) -> Accumulator<Self, Logits> {
        Accumulator::new(self.clone(), Logits)
    }

    /// Streams logits of pixels with hard targets and no weights, in less memory: the same bits.
    fn counting_accumulator(&self) -> CountingAccumulator<Self, Logits> {
        Accumulator::counting(self.clone(), Logits)
    }

    /// Streams probabilities, clipped to [ε, 1−ε] in logarithms.
    ///
    /// # Errors
    /// [`ParameterError`] if ε is not in [2⁻¹²⁶, ½).
    fn probability_accumulator(&self, epsilon: f32) -> Result<Accumulator<Self, Probabilities>, ParameterError> {
        Ok(Accumulator::new(self.clone(), Probabilities::new(epsilon)?))
    }

    /// Streams the logits of several images, for the mean of the images' losses.
    ///
    /// That is another loss than the one of [`accumulator`](Self::accumulator), which pools all pixels ("batch Dice").
    fn image_mean(&self, empty: EmptyImage) -> ImageMean<Self, Logits> {
        ImageMean::new(self.clone(), Logits, empty)
    }

    /// `coefficient` times this loss; `coefficient * loss` says the same. See [`total_coefficient`](Self::total_coefficient) for its range.
    fn times(self, coefficient: f64) -> Scaled<Self> {
        Scaled::new(self, coefficient)
    }

    /// The sum of two losses, over the same pixels; `self + other` says the same.
    fn plus<B: Loss>(self, other: B) -> Sum<Self, B> {
        Sum::new(self, other)
    }
}

/// A part of a combined loss.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Part {
    /// The name of the loss.
    pub name: &'static str,
    /// The coefficient it enters the total with.
    pub coefficient: f64,
    /// Its value, before the coefficient.
    pub value: f64,
}
