//! All requested losses, in one pass.

use std::sync::Arc;

use loss_core::extend::{AnySlope, AnySums, Batch, Fingerprint, GradientPasses, Pixel, Real, Totals};
use loss_core::{AnyLoss, Loss, Part, Scaled};

use crate::expression::BinaryLoss;
use crate::plan::Plan;
use crate::sums_of_terms::SumsOfTerms;

/// Several losses over the same pixels, with one exponential per pixel for all.
#[derive(Clone, Debug)]
pub(crate) struct Terms(Arc<[Summand]>);

#[derive(Clone, Copy, Debug)]
struct Summand {
    /// The coefficient in the sum: the product of the next two.
    coefficient: f64,
    /// The coefficient of its term.
    of_term: f64,
    /// The coefficient in its term: 1 unless the term is a sum of losses.
    in_term: f64,
    /// Whether this loss begins a term.
    begins_term: bool,
    loss: AnyLoss,
}

impl Terms {
    pub(crate) fn new(plan: &Plan<BinaryLoss>) -> Self {
        let summands = |(coefficient, loss): &(f64, BinaryLoss)| {
            let losses: Vec<(f64, AnyLoss)> = match loss {
                BinaryLoss::Sums(loss) => vec![(1.0, *loss)],
                BinaryLoss::Two(losses) => losses.to_vec(),
                BinaryLoss::Ranking(_) | BinaryLoss::Boundary => Vec::new(),
            };
            let coefficient = *coefficient;
            losses.into_iter().enumerate().map(move |(index, (in_term, loss))| Summand {
                coefficient: coefficient * in_term,
                of_term: coefficient,
                in_term,
                begins_term: index == 0,
                loss,
            })
        };
        Self(plan.distinct().iter().flat_map(summands).collect())
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

/// Not inlined: inlining all losses would slow down the loop over the pixels of a stream, even for losses that are not in it.
#[inline(never)]
fn add_out_of_line<B: Batch>(loss: &AnyLoss, pixels: &B, sums: &mut AnySums) {
    loss.add(pixels, sums);
}

impl Loss for Terms {
    type Sums = TermsSums;
    type Slope = Vec<AnySlope>;

    fn sums(&self) -> TermsSums {
        SumsOfTerms(self.0.iter().map(|term| term.loss.sums()).collect())
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut TermsSums) {
        for (term, sums) in self.0.iter().zip(&mut sums.0) {
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
        self.0.iter().filter(|term| term.begins_term).count()
    }

    fn part(&self, index: usize, totals: &Totals, sums: &TermsSums) -> Option<Part> {
        let mut terms = self.0.iter().zip(&sums.0);
        let (first, sums) = terms.by_ref().filter(|(term, _)| term.begins_term).nth(index)?;
        let part = first.loss.part(0, totals, sums)?;
        let rest = terms.take_while(|(term, _)| !term.begins_term);
        let value = rest.fold(first.in_term * part.value, |value, (term, sums)| {
            value + term.in_term * term.loss.value(totals, sums)
        });
        Some(Part { coefficient: first.of_term, value, ..part })
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
type TermsSums = SumsOfTerms<AnySums>;

#[cfg(test)]
mod tests {
    use loss_core::{Bce, Dice, Focal, Plane, Pointwise, SimdLevel, Squared, Tversky};

    use super::*;
    use crate::expression::Expression;

    /// Checks that a device with the loss built from types can merge with an expression: state, fingerprint, value and gradient are equal to the bit.
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
