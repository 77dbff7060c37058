//! All losses that were asked for, in one pass.

use std::sync::Arc;

use loss_core::{AnyLoss, AnySlope, AnySums, Batch, Fingerprint, Loss, Part, Pixel, Real, Scaled, Sums, Totals};

use crate::expression::BinaryLoss;
use crate::plan::Plan;

/// Some number of losses over the same pixels: one exponential a pixel, whatever their number.
#[derive(Clone, Debug)]
pub(crate) struct Terms(Arc<[Summand]>);

#[derive(Clone, Copy, Debug)]
struct Summand {
    /// The coefficient in the sum, …
    coefficient: f64,
    /// … which is that of its term …
    of_term: f64,
    /// … times that in its term, 1 unless a term is a sum of losses.
    in_term: f64,
    /// Whether a term begins with it.
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
}

/// All other losses than cross-entropy. Inlined, they would slow down the loop over pixels even where they do not
/// occur in it: 18 million pixels a second in place of 30.
#[inline(never)]
fn add_out_of_line<B: Batch>(loss: &AnyLoss, pixels: &B, sums: &mut AnySums) {
    loss.add(pixels, sums);
}

#[inline(never)]
fn gradient_out_of_line<R: Real>(loss: &AnyLoss, slope: &AnySlope, pixel: Pixel<R>) -> R {
    loss.gradient(slope, &pixel)
}

impl Loss for Terms {
    type Sums = TermsSums;
    type Slope = Vec<AnySlope>;

    fn sums(&self) -> TermsSums {
        TermsSums(self.0.iter().map(|term| term.loss.sums()).collect())
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut TermsSums) {
        for (term, sums) in self.0.iter().zip(&mut sums.0) {
            match (&term.loss, sums) {
                (AnyLoss::Bce(bce), AnySums::Pointwise(sum)) => bce.add(pixels, sum),
                (loss, sums) => add_out_of_line(loss, pixels, sums),
            }
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
        let of_term = |(term, slope): (&Summand, &AnySlope)| match (&term.loss, slope) {
            (AnyLoss::Bce(bce), AnySlope::Pointwise(slope)) => bce.gradient(slope, pixel),
            (loss, slope) => gradient_out_of_line(loss, slope, *pixel),
        };
        self.0.iter().zip(slope).fold(R::splat(0.0), |sum, term| sum + of_term(term))
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
