//! The result of an accumulator: the value, and the gradient for a second pass, in closed form from the finished sums.

use crate::error::LengthError;
use crate::input::link::Link;
use crate::input::plane::Plane;
use crate::input::sample::{Checked, Sample, Target};
use crate::loss::{Loss, Part};
use crate::number::finite::{clamp_to_finite, upstream_factor};
use crate::sums::confusion::Confusion;
use crate::sums::counts::Counts;
use crate::sums::shared::Totals;

/// A finished loss: its value, parts, counts and scores, and the gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
#[must_use]
pub struct Finished<L: Loss, K: Link> {
    pub(crate) loss: L,
    pub(crate) link: K,
    pub(crate) sums: L::Sums,
    pub(crate) counts: Counts,
    pub(crate) totals: Totals,
}

impl<L: Loss, K: Link> Finished<L, K> {
    /// The value of the loss.
    pub fn value(&self) -> f64 {
        self.loss.value(&self.totals, &self.sums)
    }

    /// The parts of a combined loss, in the order in which they were added. Their coefficients times their values sum to
    /// [`value`](Self::value).
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        (0..self.loss.part_count()).filter_map(|index| self.loss.part(index, &self.totals, &self.sums))
    }

    /// The number of pixels: valid, ignored and rejected.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Σ w over the valid pixels.
    pub fn weight(&self) -> f64 {
        self.totals.weight
    }

    /// Σ w t, the weight of the foreground.
    pub fn support(&self) -> f64 {
        self.totals.hard.support()
    }

    /// The soft confusion, whose counts are sums of probabilities.
    pub fn soft(&self) -> Confusion {
        self.totals.soft
    }

    /// The confusion of predictions at the threshold.
    pub fn hard(&self) -> Confusion {
        self.totals.hard
    }

    /// The gradient ∂L/∂x, for any pixel.
    pub fn gradient(&self) -> Gradient<L, K> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor. [`Gradient`] says what a huge or NaN factor does.
    pub fn gradient_times(&self, upstream: f64) -> Gradient<L, K> {
        Gradient::new(self, upstream)
    }

    /// Writes ∂L/∂x of every pixel; 0 for an ignored or rejected pixel.
    ///
    /// # Errors
    /// [`LengthError`] if `gradient` and the plane differ in length; nothing is written then.
    pub fn write_gradient<T: Target>(&self, plane: Plane<'_, T>, gradient: &mut [f32]) -> Result<(), LengthError> {
        self.gradient().write(plane, gradient)
    }

    /// ∂L/∂x of each pixel of an iterator.
    pub fn gradients<S: Into<Sample>>(&self, samples: impl IntoIterator<Item = S>) -> impl Iterator<Item = f32> {
        let gradient = self.gradient();
        samples.into_iter().map(move |sample| gradient.at(sample))
    }
}

/// The gradient of a finished loss, times an upstream factor.
///
/// ∂L/∂x = w·\[λ ℓ′(x, t)/W + (t ∂φ/∂TP + (1−t) ∂φ/∂FP − t ∂φ/∂FN)·∂p/∂x\], the exact derivative of the value, rounded to
/// `f32`. It does not depend on the order or the chunks of either pass. Ignored and rejected pixels have gradient 0.
///
/// **It is always finite.** A pixel's gradient, or a coefficient in it (such as λ/W), that exceeds `f32` becomes ±[`f32::MAX`].
/// So does an upstream factor; a NaN factor counts as 0.
#[derive(Clone, Debug)]
#[must_use]
pub struct Gradient<L: Loss, K: Link> {
    pub(crate) loss: L,
    pub(crate) link: K,
    pub(crate) slope: L::Slope,
}

impl<L: Loss, K: Link> Gradient<L, K> {
    pub(crate) fn new(finished: &Finished<L, K>, upstream: f64) -> Self {
        Self {
            loss: finished.loss.clone(),
            link: finished.link.clone(),
            slope: finished.loss.slope(&finished.totals, &finished.sums, upstream_factor(upstream)),
        }
    }

    /// The gradient of one pixel.
    #[inline]
    pub fn at(&self, sample: impl Into<Sample>) -> f32 {
        let sample = sample.into();
        match sample.check(&self.link) {
            Checked::Valid => {
                let pixel = self.link.pixel(sample.input, sample.target);
                clamp_to_finite(sample.weight * self.loss.gradient(&self.slope, &pixel))
            }
            Checked::Ignored | Checked::Rejected(_) => 0.0,
        }
    }
}
