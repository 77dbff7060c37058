//! All requested losses over classes, in one pass.

use std::sync::Arc;

use loss_core::class::{
    AnyClassSet, AnyRegion, ClassLoss, ClassPlane, ClassPointwise, ClassWeights, Label, PerClass, WeightMode,
};
use loss_core::extend::{
    AnyClassSlope, AnyClassSums, ClassBatch, ClassPixel, ClassSlopes, ClassTotals, Fingerprint, Real, Totals,
};
use loss_core::{LengthError, ParameterError, Part};

use crate::expression::ClassesLoss;
use crate::map::MapOfTerms;
use crate::plan::Plan;
use crate::sums_of_terms::SumsOfTerms;

/// Class weights that losses share.
#[derive(Clone, Debug)]
pub(crate) struct Given(Arc<[f64]>);

impl ClassWeights for Given {
    #[inline]
    fn of(&self, class: usize) -> f64 {
        (&*self.0).of(class)
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        (&*self.0).out_of_range()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        (&*self.0).fingerprint(fingerprint);
    }
}

/// A weight for each class, or `None` for weight 1.
pub(crate) type Weights = Option<Given>;

/// Class weights from a slice; `None` is weight 1 for each class.
pub(crate) fn weights(weights: Option<&[f64]>) -> Weights {
    weights.map(|weights| Given(weights.into()))
}

/// A loss over classes with the options of an expression.
type AnyClassLoss = loss_core::class::AnyClassLoss<Weights, AnyClassSet>;

/// Makes the loss; `None` if it is not a loss of sums.
fn class_loss(loss: &ClassesLoss, given: &Weights) -> Result<Option<AnyClassLoss>, ParameterError> {
    let weights = |takes: bool| given.clone().filter(|_| takes);
    let kept = |foreground_only: bool| {
        if foreground_only { AnyClassSet::Foreground } else { AnyClassSet::EveryClass }
    };
    Ok(Some(match loss {
        ClassesLoss::CrossEntropy { loss, denominator, weighted } => {
            AnyClassLoss::CrossEntropy(loss.weights(weights(*weighted))?.over(*denominator))
        }
        ClassesLoss::Focal { loss, denominator, weighted } => {
            AnyClassLoss::SoftmaxFocal(loss.weights(weights(*weighted))?.over(*denominator))
        }
        ClassesLoss::PerClass { binary, foreground_only, absent, reduction, weights: mode } => {
            let loss = PerClass::new(AnyRegion::new(*binary)).absent(*absent).reduction(*reduction);
            let loss = loss.weights(weights(mode.is_some()), mode.unwrap_or(WeightMode::Multiply))?;
            AnyClassLoss::PerClass(loss.classes(kept(*foreground_only)))
        }
        ClassesLoss::GeneralisedDice { loss, foreground_only } => {
            AnyClassLoss::GeneralisedDice(loss.classes(kept(*foreground_only)))
        }
        ClassesLoss::Ranking(_) => return Ok(None),
    }))
}

#[derive(Clone, Debug)]
struct Summand {
    coefficient: f64,
    loss: AnyClassLoss,
}

/// Several losses over the same pixels, with one softmax per pixel for all.
#[derive(Clone, Debug)]
pub(crate) struct ClassTerms(Arc<[Summand]>);

impl ClassTerms {
    pub(crate) fn new(plan: &Plan<ClassesLoss>, weights: &Weights) -> Result<Self, ParameterError> {
        let summand = |(coefficient, loss): &(f64, ClassesLoss)| {
            let loss = class_loss(loss, weights)?;
            Ok(loss.map(|loss| Summand { coefficient: *coefficient, loss }))
        };
        plan.distinct().iter().map(summand).filter_map(Result::transpose).collect::<Result<_, _>>().map(Self)
    }

    /// The values of the losses over no pixels.
    pub(super) fn of_nothing<const C: usize>(&self, classes: usize) -> Vec<f64> {
        let totals = ClassTotals::<C> { classes, weight: 0.0, pixels: 0.0, of_class: [Totals::NONE; C] };
        self.0.iter().map(|term| term.loss.value(&totals, &term.loss.sums())).collect()
    }

    /// The sum of the maps of all terms, which must be sums over pixels.
    pub(super) fn write_map<T: Label, const C: usize>(
        &self,
        plane: ClassPlane<'_, T, C>,
        map: &mut [f32],
    ) -> Result<(), LengthError> {
        let mut map = MapOfTerms::new(map);
        for term in self.0.iter() {
            match &term.loss {
                AnyClassLoss::CrossEntropy(loss) => loss.pointwise().write_map(plane, map.part())?,
                AnyClassLoss::SoftmaxFocal(loss) => loss.pointwise().write_map(plane, map.part())?,
                _ => continue,
            }
            map.add(term.coefficient);
        }
        map.finish();
        Ok(())
    }
}

impl<const C: usize> ClassLoss<C> for ClassTerms {
    type Sums = ClassTermsSums<C>;
    type Slope = Vec<AnyClassSlope<C>>;

    fn sums(&self) -> ClassTermsSums<C> {
        SumsOfTerms(self.0.iter().map(|term| term.loss.sums()).collect())
    }

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut ClassTermsSums<C>) {
        for (term, sums) in self.0.iter().zip(&mut sums.0) {
            term.loss.add(pixels, sums);
        }
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>) -> f64 {
        self.0.iter().zip(&sums.0).map(|(term, sums)| term.coefficient * term.loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>, factor: f64) -> Vec<AnyClassSlope<C>> {
        let terms = self.0.iter().zip(&sums.0);
        terms.map(|(term, sums)| term.loss.slope(totals, sums, factor * term.coefficient)).collect()
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slopes: &Vec<AnyClassSlope<C>>, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        // Not a closure, which might not be inlined and then be compiled without the instructions of the loop over pixels.
        for (term, slope) in self.0.iter().zip(slopes) {
            term.loss.add_gradient(slope, pixel, gradient);
        }
    }

    #[inline(always)]
    fn add_gradients<B: ClassSlopes<C>>(&self, slopes: &Vec<AnyClassSlope<C>>, pixels: &mut B) {
        for (term, slope) in self.0.iter().zip(slopes) {
            term.loss.add_gradients(slope, pixels);
        }
    }

    fn part_count(&self) -> usize {
        self.0.len()
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>) -> Option<Part> {
        let (term, sums) = self.0.iter().zip(&sums.0).nth(index)?;
        Some(Part { name: "term", coefficient: term.coefficient, value: term.loss.value(totals, sums) })
    }

    fn total_coefficient(&self) -> f64 {
        let of_term = |term: &Summand| term.coefficient.abs() * ClassLoss::<C>::total_coefficient(&term.loss);
        self.0.iter().map(of_term).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        for term in self.0.iter() {
            fingerprint.loss(term.coefficient, |fingerprint| ClassLoss::<C>::fingerprint(&term.loss, fingerprint));
        }
    }
}

/// The sums of [`ClassTerms`].
type ClassTermsSums<const C: usize> = SumsOfTerms<AnyClassSums<C>>;

#[cfg(test)]
mod tests {
    use loss_core::class::{ClassAccumulator, ClassPlane, CrossEntropy, Foreground, GeneralisedDice, Layout};
    use loss_core::{Dice, Mcc, SimdLevel};

    use super::*;
    use crate::expression::Expression;

    /// The same check as for binary masks.
    fn same(expression: &str, weights: Option<[f64; 3]>, typed: impl ClassLoss<8>) {
        let expression: Expression<ClassesLoss> = expression.parse().unwrap();
        let weights = super::weights(weights.as_ref().map(|weights| weights.as_slice()));
        let terms = ClassTerms::new(&Plan::new(vec![expression]), &weights).unwrap();
        let logits: Vec<f32> = (0..3 * 1200).map(|i| (i * i % 97) as f32 * 0.15 - 7.0).collect();
        let labels: Vec<u8> = (0..1200).map(|i| [0, 0, 1, 2][i % 4]).collect();
        let plane = ClassPlane::<_, 8>::new(3, Layout::Planar, &logits, &labels).unwrap();
        for level in SimdLevel::available() {
            let mut a = ClassAccumulator::new(terms.clone()).with_classes(3).unwrap();
            let mut b = ClassAccumulator::new(typed.clone()).with_classes(3).unwrap();
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
        let (ce, dice) = (CrossEntropy::new(), PerClass::new(Dice::new(1e-5).unwrap()));
        same("ce + dice(smooth=1e-5)", None, ce.weighted_mean() + dice);
        let weights = [0.5, 2.0, 1.0];
        same(
            "0.5 * ce(reduction=mean) + 2 * dice(smooth=1e-5, weights=multiply)",
            Some(weights),
            0.5 * ce.weights(weights).unwrap().mean() + 2.0 * dice.weights(weights, WeightMode::Multiply).unwrap(),
        );
        same(
            "mcc(smooth=1, classes=foreground) + generalised_dice(smooth=1)",
            None,
            PerClass::new(Mcc::new(1.0).unwrap()).classes(Foreground) + GeneralisedDice::new(1.0).unwrap(),
        );
    }
}
