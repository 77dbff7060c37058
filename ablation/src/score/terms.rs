//! All losses that were asked for, in one pass.

use std::rc::Rc;

use loss_core::{
    AnyLoss, AnySlope, AnySums, Batch, Fingerprint, Finished, GradientPasses, Link, Loss, Part, Pixel, Real, Scaled,
    Sums, Totals,
};

use super::plan::Plan;
use super::results::{Confusions, Figures, Finish, Reading};
use crate::expression::BinaryLoss;

/// Some number of losses over the same pixels: one exponential a pixel, whatever their number.
#[derive(Clone, Debug)]
pub(crate) struct Terms(Rc<[Summand]>);

#[derive(Clone, Copy, Debug)]
struct Summand {
    coefficient: f64,
    loss: AnyLoss,
    has_sums: bool,
}

impl Terms {
    pub(crate) fn new(plan: &Plan<BinaryLoss>) -> Self {
        let summand = |(coefficient, loss): &(f64, BinaryLoss)| Summand {
            coefficient: *coefficient,
            loss: loss.loss,
            has_sums: loss.has_sums,
        };
        Self(plan.distinct().iter().map(summand).collect())
    }

    /// The values of the losses over no pixels.
    pub(crate) fn of_nothing(&self) -> Vec<f64> {
        let sums = self.sums();
        (0..self.part_count())
            .filter_map(|index| self.part(index, &Totals::NONE, &sums))
            .map(|part| part.value)
            .collect()
    }

    fn each<'a>(&'a self, sums: &'a TermsSums) -> impl Iterator<Item = (Scaled<AnyLoss>, &'a AnySums)> {
        self.0.iter().map(|term| term.loss.times(term.coefficient)).zip(&sums.0)
    }

    fn with_slopes<'a>(&'a self, slopes: &'a [AnySlope]) -> impl Iterator<Item = (&'a AnyLoss, &'a AnySlope)> + Clone {
        self.0.iter().map(|term| &term.loss).zip(slopes)
    }
}

/// Inlined into the loop over the pixels of a stream, all losses would slow it down, even where they do not occur in it.
#[inline(never)]
fn add_out_of_line<B: Batch>(loss: &AnyLoss, pixels: &B, sums: &mut AnySums) {
    loss.add(pixels, sums);
}

impl Loss for Terms {
    type Sums = TermsSums;
    type Slope = Vec<AnySlope>;

    fn sums(&self) -> TermsSums {
        TermsSums(self.0.iter().map(|term| term.loss.sums()).collect())
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut TermsSums) {
        for (term, sums) in self.0.iter().zip(&mut sums.0).filter(|(term, _)| term.has_sums) {
            add_out_of_line(&term.loss, pixels, sums);
        }
    }

    fn value(&self, totals: &Totals, sums: &TermsSums) -> f64 {
        self.each(sums).map(|(loss, sums)| loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &Totals, sums: &TermsSums, factor: f64) -> Vec<AnySlope> {
        self.each(sums).map(|(loss, sums)| loss.slope(totals, sums, factor)).collect()
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &Vec<AnySlope>, pixel: &Pixel<R>) -> R {
        let mut terms = self.with_slopes(slope);
        let Some((loss, slope)) = terms.next() else { return R::splat(0.0) };
        terms.fold(loss.gradient(slope, pixel), |sum, (loss, slope)| sum + loss.gradient(slope, pixel))
    }

    #[inline(always)]
    fn gradient_passes<P: GradientPasses>(&self, slope: &Vec<AnySlope>, passes: P) {
        AnyLoss::sum_gradient_passes(self.with_slopes(slope), passes);
    }

    fn part_count(&self) -> usize {
        self.0.len()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &TermsSums) -> Option<Part> {
        let (loss, sums) = self.each(sums).nth(index)?;
        loss.part(0, totals, sums)
    }

    fn total_coefficient(&self) -> f64 {
        self.0.iter().map(|term| term.loss.times(term.coefficient).total_coefficient()).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        for term in self.0.iter() {
            fingerprint.loss(term.coefficient, |fingerprint| term.loss.fingerprint(fingerprint));
        }
    }
}

/// The sums of [`Terms`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TermsSums(Vec<AnySums>);

impl Sums for TermsSums {
    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sums, more)| sums.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.iter().for_each(|sums| sums.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.iter_mut().try_for_each(|sums| sums.load(from))
    }

    fn is_saturated(&self) -> bool {
        self.0.iter().any(Sums::is_saturated)
    }
}

impl<K: Link> Finish for Finished<Terms, K> {
    fn parts(&self) -> Vec<f64> {
        Finished::parts(self).map(|part| part.value).collect()
    }

    fn figures(&self, reading: &Reading) -> Figures {
        let confusion = Confusions { threshold: reading.threshold, hard: self.hard().into(), soft: self.soft().into() };
        Figures { confusion: Some(confusion), support: Some(self.support()), weight: self.weight(), over_classes: None }
    }
}

#[cfg(test)]
mod tests {
    use loss_core::{Bce, Dice, Focal, Plane, Pointwise, SimdLevel, Squared, Tversky};

    use super::*;
    use crate::expression::Expression;

    /// What an expression sums, a device that has the loss by types merges: state, fingerprint, value and gradient are equal to the bit.
    fn same(expression: &str, typed: impl Loss) {
        let expression: Expression = expression.parse().unwrap();
        let terms = Terms::new(&Plan::new(vec![expression]));
        let logits: Vec<f32> = (0..3000).map(|i| (i * i % 97) as f32 * 0.15 - 7.0).collect();
        let targets: Vec<f32> = (0..3000).map(|i| [0.0, 0.0, 1.0, 0.25][i % 4]).collect();
        let plane = Plane::new(&logits, &targets).unwrap();
        for level in SimdLevel::available() {
            let (mut a, mut b) = (terms.accumulator(), typed.accumulator());
            a.extend_plane_at(level, plane);
            b.extend_plane_at(level, plane);
            assert_eq!(a.fingerprint(), b.fingerprint());
            let (mut of_a, mut of_b) = (vec![0; a.state_length()], vec![0; b.state_length()]);
            a.write_state(&mut of_a).unwrap();
            b.write_state(&mut of_b).unwrap();
            assert_eq!(of_a, of_b);
            a.load_state(of_b).unwrap();
            let (a, b) = (a.finish().unwrap(), b.finish().unwrap());
            assert_eq!(a.value().to_bits(), b.value().to_bits());
            let (mut of_a, mut of_b) = (vec![0.0; logits.len()], vec![0.0; logits.len()]);
            a.gradient().write_at(level, plane, &mut of_a).unwrap();
            b.gradient().write_at(level, plane, &mut of_b).unwrap();
            let bits = |gradient: &[f32]| gradient.iter().map(|slope| slope.to_bits()).collect::<Vec<u32>>();
            assert_eq!(bits(&of_a), bits(&of_b), "{level}");
        }
    }

    #[test]
    fn an_expression_is_the_loss_that_types_make() {
        let (bce, dice) = (Bce::new().mean(), Dice::new(1e-5).unwrap());
        same("bce", bce);
        same("bce + dice(smooth=1e-5)", bce + dice);
        same("dice(smooth=1e-5) + bce", dice + bce);
        same("0.5 * bce + 1 * dice(smooth=1e-5, overlap=squared)", 0.5 * bce + dice.overlap(Squared));
        let focal = Focal::new(1.5).unwrap().alpha(0.25).unwrap().sum();
        same(
            "-2 * dice(smooth=1e-5) + 0.25 * focal(gamma=1.5, alpha=0.25, reduction=sum) - tversky(alpha=0.3, beta=0.7, smooth=1)",
            -2.0 * dice + 0.25 * focal + -1.0 * Tversky::new(0.3, 0.7, 1.0).unwrap(),
        );
    }
}
