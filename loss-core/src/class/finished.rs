use super::batch::ClassSlopes;
use super::loss::ClassLoss;
use super::pixel::ClassPixel;
use super::sample::{CheckedClasses, ClassSample, Reading, ValidPixel};
use super::sums::ClassTotals;
use crate::loss::Part;
use crate::number::finite::{clamp_to_finite, upstream_factor};
use crate::number::real::Real;
use crate::sums::confusion::Confusion;
use crate::sums::counts::Counts;

/// A finished loss over classes: value, parts, counts, a report for each class, and the gradient for a second pass.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedClasses<L: ClassLoss<C>, const C: usize> {
    pub(super) loss: L,
    pub(super) reading: Reading,
    pub(super) counts: Counts,
    pub(super) totals: ClassTotals<C>,
    pub(super) sums: L::Sums,
}

/// The report of one class against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct ClassReport {
    /// The number of the class.
    pub class: usize,
    /// The soft confusion, whose counts are sums of probabilities.
    pub soft: Confusion,
    /// The confusion of predictions, the class of the largest logit.
    pub hard: Confusion,
}

impl ClassReport {
    /// Σ w t_c, the weight of the class.
    #[must_use]
    pub fn support(&self) -> f64 {
        self.hard.support()
    }
}

impl<L: ClassLoss<C>, const C: usize> FinishedClasses<L, C> {
    /// The value of the loss.
    pub fn value(&self) -> f64 {
        self.loss.value(&self.totals, &self.sums)
    }

    /// The parts of a combined loss, in the order in which they were added.
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

    /// The report of a class; `None` if it is not in use.
    pub fn class(&self, class: usize) -> Option<ClassReport> {
        let totals = self.totals.of_class.get(class).filter(|_| class < self.totals.classes)?;
        Some(ClassReport { class, soft: totals.soft, hard: totals.hard })
    }

    /// The report of each class: Dice, IoU, precision, recall and support.
    pub fn classes(&self) -> impl Iterator<Item = ClassReport> + '_ {
        (0..self.totals.classes).filter_map(|class| self.class(class))
    }

    /// The share of the weight whose prediction is right; `None` without any weight.
    ///
    /// Compare it with [`accuracy_of_background`](Self::accuracy_of_background). With 96 % background, predicting only background has an
    /// accuracy of 0.96 and finds nothing.
    pub fn accuracy(&self) -> Option<f64> {
        self.share(self.classes().map(|class| class.hard.true_positive).sum())
    }

    /// The accuracy of predicting class 0 everywhere; `None` without any weight.
    pub fn accuracy_of_background(&self) -> Option<f64> {
        self.share(self.class(0).map_or(0.0, |class| class.support()))
    }

    fn share(&self, weight: f64) -> Option<f64> {
        (self.totals.weight > 0.0).then(|| weight / self.totals.weight)
    }

    /// The gradient ∂L/∂z_k, for any pixel.
    pub fn gradient(&self) -> ClassGradient<L, C> {
        self.gradient_times(1.0)
    }

    /// The gradient times an upstream factor, as in [`Gradient`](crate::Gradient).
    pub fn gradient_times(&self, upstream: f64) -> ClassGradient<L, C> {
        ClassGradient {
            loss: self.loss.clone(),
            reading: self.reading,
            slope: self.loss.slope(&self.totals, &self.sums, upstream_factor(upstream)),
        }
    }
}

/// The gradient of a finished loss over classes, times an upstream factor. Ignored and rejected pixels have gradient 0. It is always
/// finite, as for [`Gradient`](crate::Gradient).
#[derive(Clone, Debug)]
#[must_use]
pub struct ClassGradient<L: ClassLoss<C>, const C: usize> {
    loss: L,
    pub(super) reading: Reading,
    slope: L::Slope,
}

impl<L: ClassLoss<C>, const C: usize> ClassGradient<L, C> {
    /// The number of classes in use.
    pub fn classes(&self) -> usize {
        self.reading.classes
    }

    /// ∂L/∂z_k of one pixel; 0 for classes that are not in use.
    #[inline]
    pub fn at(&self, sample: impl Into<ClassSample<C>>) -> [f32; C] {
        let mut gradient = [0.0; C];
        if let CheckedClasses::Valid(ValidPixel { pixel, weight, .. }) = sample.into().check(&self.reading) {
            self.add_to(&pixel, &mut gradient);
            gradient.iter_mut().for_each(|slope| *slope = clamp_to_finite(weight * *slope));
        }
        gradient
    }

    /// Adds the gradient of many pixels of weight 1.
    #[inline(always)]
    pub(super) fn add_all(&self, pixels: &mut impl ClassSlopes<C>) {
        self.loss.add_gradients(&self.slope, pixels);
    }

    /// Adds the gradient of pixels of weight 1.
    #[inline(always)]
    fn add_to<R: Real>(&self, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        self.loss.add_gradient(&self.slope, pixel, gradient);
    }
}
