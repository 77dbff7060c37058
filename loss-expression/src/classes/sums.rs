//! Sums, results and gradients for up to a number of classes.

use std::sync::Arc;

use loss_core::class::{ClassAccumulator, ClassGradient, ClassPlane, FinishedClasses, Label, Layout};
use loss_core::{ParameterError, StateError};

use super::ranking::{Kept, Ranked};
use super::terms::ClassTerms;
use crate::error::EvaluationError;
use crate::expression::ClassesLoss;
use crate::plan::{Evaluated, Plan, mixed};

/// The sums of the losses that have sums, and the pixels for the losses that rank them.
#[derive(Clone, Debug)]
pub(super) struct Sums<const C: usize> {
    plan: Arc<Plan<ClassesLoss>>,
    streamed: ClassAccumulator<ClassTerms, C>,
    kept: Option<Arc<Kept>>,
}

impl<const C: usize> Sums<C> {
    pub(super) fn new(
        plan: &Arc<Plan<ClassesLoss>>,
        terms: &ClassTerms,
        classes: usize,
    ) -> Result<Self, ParameterError> {
        let streamed = ClassAccumulator::new(terms.clone()).with_classes(classes)?;
        let ranks = plan.losses().any(|loss| matches!(loss, ClassesLoss::Ranking(_)));
        Ok(Self { plan: plan.clone(), streamed, kept: ranks.then(|| Arc::new(Kept::new(classes))) })
    }

    /// The sums that every evaluation has.
    pub(super) fn streamed(&self) -> &ClassAccumulator<ClassTerms, C> {
        &self.streamed
    }

    pub(super) fn reset(&mut self) {
        self.streamed.reset();
        self.kept.iter_mut().for_each(|kept| Arc::make_mut(kept).clear());
    }

    pub(super) fn extend<T: Label>(&mut self, plane: ClassPlane<'_, T, C>) {
        self.streamed.extend_plane(plane);
        if let Some(kept) = &mut self.kept {
            Arc::make_mut(kept).extend(plane);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.streamed.merge(&other.streamed)?;
        if let (Some(kept), Some(more)) = (&mut self.kept, &other.kept) {
            Arc::make_mut(kept).merge(more);
        }
        Ok(())
    }

    /// The hash of the sums; a loss without sums is mixed in.
    pub(super) fn fingerprint(&self) -> u64 {
        let others = self.plan.losses().enumerate().filter(|(_, loss)| matches!(loss, ClassesLoss::Ranking(_)));
        others.fold(self.streamed.fingerprint(), |fingerprint, (place, loss)| mixed(fingerprint, place, loss))
    }

    pub(super) fn state(&self) -> Option<Vec<i64>> {
        if self.kept.is_some() {
            return None;
        }
        let mut state = Vec::new();
        self.streamed.for_each_of_state(|integer| state.push(integer));
        Some(state)
    }

    pub(super) fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        if self.kept.is_some() {
            return Err(StateError::Length { expected: 0, given: state.len() });
        }
        self.streamed.load_state(state.iter().copied())
    }

    pub(super) fn finish(&self, streamed: FinishedClasses<ClassTerms, C>) -> Result<FinishedSums<C>, EvaluationError> {
        let part = |loss: &ClassesLoss| match (loss, &self.kept) {
            (ClassesLoss::Ranking(ranking), Some(kept)) => kept.finish::<C>(*ranking).map(Some),
            _ => Ok(None),
        };
        let parts = self.plan.losses().map(part).collect::<Result<_, _>>()?;
        Ok(FinishedSums { plan: self.plan.clone(), streamed, parts })
    }
}

#[derive(Clone, Debug)]
pub(super) struct FinishedSums<const C: usize> {
    plan: Arc<Plan<ClassesLoss>>,
    streamed: FinishedClasses<ClassTerms, C>,
    /// One part for each distinct loss; `None` is the next of the streamed losses.
    parts: Vec<Option<Ranked>>,
}

impl<const C: usize> FinishedSums<C> {
    pub(super) fn streamed(&self) -> &FinishedClasses<ClassTerms, C> {
        &self.streamed
    }

    pub(super) fn values(&self) -> Vec<Evaluated> {
        let mut sums = self.streamed.parts();
        let value = |part: &Option<Ranked>| match part {
            None => sums.next().map_or(0.0, |part| part.value),
            Some(ranked) => ranked.value(),
        };
        self.plan.combine(&self.parts.iter().map(value).collect::<Vec<_>>())
    }

    pub(super) fn gradient(&self, upstream: f64) -> Option<GradientOfSums<C>> {
        let [_] = self.plan.expressions() else { return None };
        let parts = self.parts.iter().zip(self.plan.distinct());
        let ranked = parts.filter_map(|(part, (coefficient, _))| Some((upstream * coefficient, part.clone()?)));
        Some(GradientOfSums { ranked: ranked.collect(), streamed: self.streamed.gradient_times(upstream) })
    }
}

#[derive(Clone, Debug)]
pub(super) struct GradientOfSums<const C: usize> {
    streamed: ClassGradient<ClassTerms, C>,
    ranked: Vec<(f64, Ranked)>,
}

impl<const C: usize> GradientOfSums<C> {
    pub(super) fn classes(&self) -> usize {
        self.streamed.classes()
    }

    pub(super) fn write<T: Label>(
        &self,
        plane: ClassPlane<'_, T, C>,
        layout: Layout,
        to: &mut [f32],
    ) -> Result<(), EvaluationError> {
        self.streamed.write(plane, to)?;
        self.ranked.iter().try_for_each(|(factor, ranked)| ranked.add_gradient(*factor, plane, layout, to))
    }
}
