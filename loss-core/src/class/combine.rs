//! Weighted sums of losses over classes.

use super::batch::{ClassBatch, ClassSlopes};
use super::loss::ClassLoss;
use super::pixel::ClassPixel;
use super::sums::ClassTotals;
use crate::fingerprint::Fingerprint;
use crate::loss::Part;
use crate::loss::combine::{Scaled, Sum};
use crate::number::real::Real;

impl<A: ClassLoss<C>, B: ClassLoss<C>, const C: usize> ClassLoss<C> for Sum<A, B> {
    type Sums = (A::Sums, B::Sums);
    type Slope = (A::Slope, B::Slope);

    fn sums(&self) -> Self::Sums {
        (self.first.sums(), self.second.sums())
    }

    #[inline(always)]
    fn add<P: ClassBatch<C>>(&self, pixels: &P, (a, b): &mut Self::Sums) {
        self.first.add(pixels, a);
        self.second.add(pixels, b);
    }

    fn value(&self, totals: &ClassTotals<C>, (a, b): &Self::Sums) -> f64 {
        self.first.value(totals, a) + self.second.value(totals, b)
    }

    fn slope(&self, totals: &ClassTotals<C>, (a, b): &Self::Sums, factor: f64) -> Self::Slope {
        (self.first.slope(totals, a, factor), self.second.slope(totals, b, factor))
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, (a, b): &Self::Slope, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        self.first.add_gradient(a, pixel, gradient);
        self.second.add_gradient(b, pixel, gradient);
    }

    #[inline(always)]
    fn add_gradients<P: ClassSlopes<C>>(&self, (a, b): &Self::Slope, pixels: &mut P) {
        self.first.add_gradients(a, pixels);
        self.second.add_gradients(b, pixels);
    }

    fn part_count(&self) -> usize {
        self.first.part_count() + self.second.part_count()
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, (a, b): &Self::Sums) -> Option<Part> {
        match index.checked_sub(self.first.part_count()) {
            None => self.first.part(index, totals, a),
            Some(index) => self.second.part(index, totals, b),
        }
    }

    fn total_coefficient(&self) -> f64 {
        self.first.total_coefficient() + self.second.total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(1.0, |fingerprint| self.first.fingerprint(fingerprint));
        fingerprint.loss(1.0, |fingerprint| self.second.fingerprint(fingerprint));
    }
}

impl<A: ClassLoss<C>, const C: usize> ClassLoss<C> for Scaled<A> {
    type Sums = A::Sums;
    type Slope = A::Slope;

    fn sums(&self) -> Self::Sums {
        self.loss.sums()
    }

    #[inline(always)]
    fn add<P: ClassBatch<C>>(&self, pixels: &P, sums: &mut Self::Sums) {
        self.loss.add(pixels, sums);
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &Self::Sums) -> f64 {
        self.coefficient * self.loss.value(totals, sums)
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &Self::Sums, factor: f64) -> Self::Slope {
        self.loss.slope(totals, sums, factor * self.coefficient)
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slope: &Self::Slope, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        self.loss.add_gradient(slope, pixel, gradient);
    }

    #[inline(always)]
    fn add_gradients<P: ClassSlopes<C>>(&self, slope: &Self::Slope, pixels: &mut P) {
        self.loss.add_gradients(slope, pixels);
    }

    fn part_count(&self) -> usize {
        self.loss.part_count()
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &Self::Sums) -> Option<Part> {
        let part = self.loss.part(index, totals, sums)?;
        Some(Part { coefficient: self.coefficient * part.coefficient, ..part })
    }

    fn total_coefficient(&self) -> f64 {
        self.coefficient.abs() * self.loss.total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.loss(self.coefficient, |fingerprint| self.loss.fingerprint(fingerprint));
    }
}
