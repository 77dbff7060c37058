//! The trait of every loss: the sums to fill, the value and the slope to read.

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

/// A complete loss: a reduced pointwise loss, a region loss, or a weighted sum of these.
///
/// For a loss of your own, implement [`Pointwise`](crate::Pointwise) or [`Region`](crate::extend::Region). Accumulators call this trait; implement it by
/// hand only to choose losses at run time.
pub trait Loss: Clone {
    /// The sums that this loss needs beside the [`Totals`].
    type Sums: Sums;

    /// What the gradient of a pixel needs of the finished sums.
    type Slope: Clone + core::fmt::Debug;

    /// The loss's empty sums.
    fn sums(&self) -> Self::Sums;

    /// Adds valid pixels: one pixel of a stream, or many of a slice.
    ///
    /// A loss made of losses passes the batch on to each of them. A loss with sums of its own describes them by [`Terms`](crate::extend::Terms).
    fn add<B: Batch>(&self, pixels: &B, sums: &mut Self::Sums);

    /// Whether [`add`](Self::add) reads −ln p or −ln (1−p), the pixel's [`foreground_loss`](Pixel::foreground_loss) and
    /// [`background_loss`](Pixel::background_loss). If not, slices do not compute them, and the two fields hold other numbers.
    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        true
    }

    /// The loss. It is finite for all sums that are not saturated, including those of no pixel and those of any state that loads.
    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64;

    /// The slope of `factor` times the loss.
    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope;

    /// ∂(factor·loss)/∂x of a pixel of weight 1.
    fn gradient<R: Real>(&self, slope: &Self::Slope, pixel: &Pixel<R>) -> R;

    /// Makes the gradient of many pixels. The default, right for a loss known at compile time, makes it in one pass of [`gradient`](Self::gradient).
    /// A loss chosen at run time would find out for every pixel which loss it is; [`AnyLoss`](crate::AnyLoss) finds out once, and a list of such
    /// losses calls [`sum_gradient_passes`](Self::sum_gradient_passes).
    #[inline(always)]
    fn gradient_passes<P: GradientPasses>(&self, slope: &Self::Slope, passes: P) {
        passes.whole(&OfLoss { loss: self, slope });
    }

    /// Makes the gradient of a sum of losses of this type, from left to right.
    #[inline(always)]
    fn sum_gradient_passes<'a, P: GradientPasses>(
        terms: impl Iterator<Item = (&'a Self, &'a Self::Slope)> + Clone,
        passes: P,
    ) where
        Self: 'a,
    {
        passes.whole(&OfSum(terms));
    }

    /// The number of parts of the loss.
    fn part_count(&self) -> usize {
        1
    }

    /// The part at `index`; `None` past the last.
    fn part(&self, index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part>;

    /// Σ |c| over the parts, where c is the coefficient of a part in the total (or 1/d, if its sum is divided by a number d that the user chose).
    ///
    /// A loss made of losses must add up theirs. If the sum is not finite, or is above the largest `f32`, 3.4e38, finishing returns
    /// [`FinishError::Coefficient`](crate::FinishError::Coefficient).
    fn total_coefficient(&self) -> f64 {
        1.0
    }

    /// Adds structure and parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);

    /// Makes an accumulator of logits.
    fn accumulator(&self) -> Accumulator<Self, Logits> {
        Accumulator::new(self.clone(), Logits)
    }

    /// Makes an accumulator of logits with hard targets and no weights. It takes less memory and gives the same bits.
    fn counting_accumulator(&self) -> CountingAccumulator<Self, Logits> {
        Accumulator::counting(self.clone(), Logits)
    }

    /// Makes an accumulator of probabilities, clipped to [ε, 1−ε] in logarithms.
    ///
    /// # Errors
    /// [`ParameterError`] if ε is not in [2⁻¹²⁶, ½).
    fn probability_accumulator(&self, epsilon: f32) -> Result<Accumulator<Self, Probabilities>, ParameterError> {
        Ok(Accumulator::new(self.clone(), Probabilities::new(epsilon)?))
    }

    /// Makes an accumulator of several images' logits, for the mean of the images' losses.
    ///
    /// This loss differs from that of [`accumulator`](Self::accumulator), which pools all pixels ("batch Dice").
    fn image_mean(&self, empty: EmptyImage) -> ImageMean<Self, Logits> {
        ImageMean::new(self.clone(), Logits, empty)
    }

    /// This loss times `coefficient`; the same as `coefficient * loss`. [`total_coefficient`](Self::total_coefficient) states the range.
    fn times(self, coefficient: f64) -> Scaled<Self> {
        Scaled::new(self, coefficient)
    }

    /// The sum of two losses over the same pixels; the same as `self + other`.
    fn plus<B: Loss>(self, other: B) -> Sum<Self, B> {
        Sum::new(self, other)
    }
}

/// One part of a combined loss.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Part {
    /// The name of the loss.
    pub name: &'static str,
    /// Its coefficient in the total.
    pub coefficient: f64,
    /// Its value, before the coefficient.
    pub value: f64,
}
