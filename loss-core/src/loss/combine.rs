//! Weighted sums of losses over one pass.

use super::passes::GradientPasses;
use super::{Loss, Part};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;
use crate::sums::batch::Batch;
use crate::sums::shared::Totals;

/// A + B over the same pixels, in one pass and with one exponential per pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Sum<A, B> {
    pub(crate) first: A,
    pub(crate) second: B,
}

impl<A, B> Sum<A, B> {
    pub(crate) const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Loss, B: Loss> Loss for Sum<A, B> {
    type Sums = (A::Sums, B::Sums);
    type Slope = (A::Slope, B::Slope);

    fn sums(&self) -> Self::Sums {
        (self.first.sums(), self.second.sums())
    }

    #[inline(always)]
    fn add<P: Batch>(&self, pixels: &P, (a, b): &mut Self::Sums) {
        self.first.add(pixels, a);
        self.second.add(pixels, b);
    }

    fn value(&self, totals: &Totals, (a, b): &Self::Sums) -> f64 {
        self.first.value(totals, a) + self.second.value(totals, b)
    }

    fn slope(&self, totals: &Totals, (a, b): &Self::Sums, factor: f64) -> Self::Slope {
        (self.first.slope(totals, a, factor), self.second.slope(totals, b, factor))
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, (a, b): &Self::Slope, pixel: &Pixel<R>) -> R {
        self.first.gradient(a, pixel) + self.second.gradient(b, pixel)
    }

    fn part_count(&self) -> usize {
        self.first.part_count() + self.second.part_count()
    }

    fn part(&self, index: usize, totals: &Totals, (a, b): &Self::Sums) -> Option<Part> {
        match index.checked_sub(self.first.part_count()) {
            None => self.first.part(index, totals, a),
            Some(index) => self.second.part(index, totals, b),
        }
    }

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        self.first.needs_logarithms() || self.second.needs_logarithms()
    }

    fn total_coefficient(&self) -> f64 {
        self.first.total_coefficient() + self.second.total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(1.0, |fingerprint| self.first.fingerprint(fingerprint));
        fingerprint.loss(1.0, |fingerprint| self.second.fingerprint(fingerprint));
    }
}

/// λ·A, a loss with a coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Scaled<A> {
    pub(crate) loss: A,
    pub(crate) coefficient: f64,
}

impl<A> Scaled<A> {
    pub(crate) const fn new(loss: A, coefficient: f64) -> Self {
        Self { loss, coefficient }
    }
}

impl<A: Loss> Loss for Scaled<A> {
    type Sums = A::Sums;
    type Slope = A::Slope;

    fn sums(&self) -> Self::Sums {
        self.loss.sums()
    }

    #[inline(always)]
    fn add<P: Batch>(&self, pixels: &P, sums: &mut Self::Sums) {
        self.loss.add(pixels, sums);
    }

    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64 {
        self.coefficient * self.loss.value(totals, sums)
    }

    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope {
        self.loss.slope(totals, sums, factor * self.coefficient)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &Self::Slope, pixel: &Pixel<R>) -> R {
        self.loss.gradient(slope, pixel)
    }

    #[inline(always)]
    fn gradient_passes<G: GradientPasses>(&self, slope: &Self::Slope, passes: G) {
        self.loss.gradient_passes(slope, passes);
    }

    #[inline(always)]
    fn sum_gradient_passes<'a, G: GradientPasses>(
        terms: impl Iterator<Item = (&'a Self, &'a Self::Slope)> + Clone,
        passes: G,
    ) where
        Self: 'a,
    {
        A::sum_gradient_passes(terms.map(|(scaled, slope)| (&scaled.loss, slope)), passes);
    }

    fn part_count(&self) -> usize {
        self.loss.part_count()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part> {
        let part = self.loss.part(index, totals, sums)?;
        Some(Part { coefficient: self.coefficient * part.coefficient, ..part })
    }

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        self.loss.needs_logarithms()
    }

    fn total_coefficient(&self) -> f64 {
        self.coefficient.abs() * self.loss.total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(self.coefficient, |fingerprint| self.loss.fingerprint(fingerprint));
    }
}

/// Implements `loss + loss`, `number * loss` and `loss * number` for a type that is a [`Loss`] or a [`ClassLoss`](crate::class::ClassLoss).
macro_rules! combinable {
    ([$($generics:tt)*] $loss:ty) => {
        impl<$($generics)* Other> core::ops::Add<Other> for $loss {
            type Output = $crate::loss::combine::Sum<Self, Other>;

            fn add(self, other: Other) -> Self::Output {
                $crate::loss::combine::Sum::new(self, other)
            }
        }

        impl<$($generics)*> core::ops::Mul<f64> for $loss {
            type Output = $crate::loss::combine::Scaled<Self>;

            fn mul(self, coefficient: f64) -> Self::Output {
                $crate::loss::combine::Scaled::new(self, coefficient)
            }
        }

        impl<$($generics)*> core::ops::Mul<$loss> for f64 {
            type Output = $crate::loss::combine::Scaled<$loss>;

            fn mul(self, loss: $loss) -> Self::Output {
                $crate::loss::combine::Scaled::new(loss, self)
            }
        }
    };
}
pub(crate) use combinable;

combinable!([A, B,] Sum<A, B>);
combinable!([A,] Scaled<A>);
