//! Sums, results and gradients for one kind of input.

use std::sync::Arc;

use loss_core::boundary::{BoundaryAccumulator, BoundaryGradient, BoundarySample, FinishedBoundary};
use loss_core::extend::{Link, Target};
use loss_core::{Accumulator, Finished, Gradient, LengthError, ParameterError, Plane, Sample, StateError};

use super::ranking::{Kept, Ranked};
use super::terms::Terms;
use crate::error::EvaluationError;
use crate::expression::BinaryLoss;
use crate::plan::{Evaluated, Plan, mixed};

/// The sums of the losses that have sums, and the pixels for the losses that rank them.
#[derive(Clone, Debug)]
pub(super) struct Sums<K: Link> {
    plan: Arc<Plan>,
    streamed: Accumulator<Terms, K>,
    kept: Option<Kept>,
    boundary: Option<BoundaryAccumulator<K>>,
}

impl<K: Link> Sums<K> {
    pub(super) fn new(plan: &Arc<Plan>, terms: &Terms, link: K) -> Self {
        let any = |is: fn(&BinaryLoss) -> bool| plan.losses().any(is);
        Self {
            plan: plan.clone(),
            kept: any(|loss| matches!(loss, BinaryLoss::Ranking(_))).then(Kept::default),
            boundary: any(|loss| *loss == BinaryLoss::Boundary).then(|| BoundaryAccumulator::with_link(link.clone())),
            streamed: Accumulator::new(terms.clone(), link),
        }
    }

    /// The sums that every evaluation has.
    pub(super) fn streamed(&self) -> &Accumulator<Terms, K> {
        &self.streamed
    }

    pub(super) fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let mut changed = Self { streamed: self.streamed.at_threshold(probability)?, ..self };
        changed.reset();
        Ok(changed)
    }

    pub(super) fn reset(&mut self) {
        self.streamed.reset();
        self.kept.iter_mut().for_each(Kept::clear);
        self.boundary.iter_mut().for_each(BoundaryAccumulator::reset);
    }

    pub(super) fn extend<T: Target>(
        &mut self,
        plane: Plane<'_, T>,
        distances: Option<&[f32]>,
    ) -> Result<(), EvaluationError> {
        self.extend_beside(plane, distances)?;
        self.streamed.extend_plane(plane);
        Ok(())
    }

    pub(super) fn par_extend<T: Target + Sync>(
        &mut self,
        plane: Plane<'_, T>,
        distances: Option<&[f32]>,
    ) -> Result<(), EvaluationError>
    where
        K: Send + Sync,
    {
        self.extend_beside(plane, distances)?;
        self.streamed.par_extend_plane(plane);
        Ok(())
    }

    /// Passes the pixels to everything beside the sums.
    fn extend_beside<T: Target>(
        &mut self,
        plane: Plane<'_, T>,
        distances: Option<&[f32]>,
    ) -> Result<(), EvaluationError> {
        if let Some(boundary) = &mut self.boundary {
            let distances = distances.ok_or(EvaluationError::NoDistances)?;
            plane.samples().zip(distances).for_each(|pixel| boundary.push(with_distance(pixel)));
        }
        if let Some(kept) = &mut self.kept {
            kept.extend(self.streamed.link(), plane);
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.streamed.merge(&other.streamed)?;
        if let (Some(kept), Some(more)) = (&mut self.kept, &other.kept) {
            kept.merge(more);
        }
        if let (Some(boundary), Some(more)) = (&mut self.boundary, &other.boundary) {
            boundary.merge(more)?;
        }
        Ok(())
    }

    /// The hash of the sums; a loss without sums is mixed in.
    pub(super) fn fingerprint(&self) -> u64 {
        let others = self
            .plan
            .losses()
            .enumerate()
            .filter(|(_, loss)| !matches!(loss, BinaryLoss::Sums(_) | BinaryLoss::Two(_)));
        others.fold(self.streamed.fingerprint(), |fingerprint, (place, loss)| mixed(fingerprint, place, loss))
    }

    pub(super) fn state(&self) -> Option<Vec<i64>> {
        if self.kept.is_some() {
            return None;
        }
        let mut state = Vec::new();
        self.streamed.for_each_of_state(|integer| state.push(integer));
        if let Some(boundary) = &self.boundary {
            boundary.for_each_of_state(|integer| state.push(integer));
        }
        Some(state)
    }

    pub(super) fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        let own = self.streamed.state_length();
        let beside = self.boundary.as_ref().map_or(0, BoundaryAccumulator::state_length);
        if self.kept.is_some() || state.len() != own + beside {
            return Err(StateError::Length { expected: own + beside, given: state.len() });
        }
        let (own, beside) = state.split_at(own);
        let mut changed = self.clone();
        changed.streamed.load_state(own.iter().copied())?;
        if let Some(boundary) = &mut changed.boundary {
            boundary.load_state(beside.iter().copied())?;
        }
        *self = changed;
        Ok(())
    }

    pub(super) fn finish(&self, streamed: Finished<Terms, K>) -> Result<FinishedSums<K>, EvaluationError> {
        let beside = |loss: &BinaryLoss| {
            Ok(match loss {
                BinaryLoss::Sums(_) | BinaryLoss::Two(_) => Part::Sum,
                BinaryLoss::Ranking(ranking) => {
                    let kept = self.kept.as_ref().ok_or(EvaluationError::NoDistances)?;
                    Part::Ranked(kept.finish(self.streamed.link(), *ranking)?)
                }
                BinaryLoss::Boundary => {
                    let boundary = self.boundary.as_ref().ok_or(EvaluationError::NoDistances)?;
                    Part::Boundary(boundary.finish_valid()?)
                }
            })
        };
        let parts = self.plan.losses().map(beside).collect::<Result<_, EvaluationError>>()?;
        Ok(FinishedSums { plan: self.plan.clone(), streamed, parts })
    }
}

fn with_distance((sample, distance): (Sample, &f32)) -> BoundarySample {
    BoundarySample { input: sample.input, distance: *distance, weight: sample.weight }
}

/// A finished loss.
#[derive(Clone, Debug)]
enum Part<K: Link> {
    /// The next of the streamed losses.
    Sum,
    Ranked(Ranked<K>),
    Boundary(FinishedBoundary<K>),
}

#[derive(Clone, Debug)]
pub(super) struct FinishedSums<K: Link> {
    plan: Arc<Plan>,
    streamed: Finished<Terms, K>,
    /// One part for each distinct loss.
    parts: Vec<Part<K>>,
}

impl<K: Link> FinishedSums<K> {
    pub(super) fn streamed(&self) -> &Finished<Terms, K> {
        &self.streamed
    }

    pub(super) fn values(&self) -> Vec<Evaluated> {
        let mut sums = self.streamed.parts();
        let value = |part: &Part<K>| match part {
            Part::Sum => sums.next().map_or(0.0, |part| part.value),
            Part::Ranked(ranked) => ranked.value(),
            Part::Boundary(boundary) => boundary.value(),
        };
        self.plan.combine(&self.parts.iter().map(value).collect::<Vec<_>>())
    }

    pub(super) fn gradient(&self, upstream: f64) -> Option<GradientOfSums<K>> {
        let [_] = self.plan.expressions() else { return None };
        let (mut ranked, mut boundary) = (Vec::new(), Vec::new());
        for (part, (coefficient, _)) in self.parts.iter().zip(self.plan.distinct()) {
            let factor = upstream * coefficient;
            match part {
                Part::Sum => {}
                Part::Ranked(part) => ranked.push((factor, part.clone())),
                Part::Boundary(part) => boundary.push(part.gradient_times(factor)),
            }
        }
        Some(GradientOfSums { streamed: self.streamed.gradient_times(upstream), ranked, boundary })
    }
}

#[derive(Clone, Debug)]
pub(super) struct GradientOfSums<K: Link> {
    streamed: Gradient<Terms, K>,
    ranked: Vec<(f64, Ranked<K>)>,
    boundary: Vec<BoundaryGradient<K>>,
}

impl<K: Link> GradientOfSums<K> {
    pub(super) fn write<T: Target>(
        &self,
        plane: Plane<'_, T>,
        distances: Option<&[f32]>,
        to: &mut [f32],
    ) -> Result<(), EvaluationError> {
        if !self.boundary.is_empty() && distances.is_none() {
            return Err(EvaluationError::NoDistances);
        }
        self.streamed.write(plane, to).map_err(|error: LengthError| error)?;
        for (factor, ranked) in &self.ranked {
            add(to, plane.samples().map(|sample| ranked.slope(*factor, sample)));
        }
        for (boundary, distances) in self.boundary.iter().zip(std::iter::repeat(distances.unwrap_or_default())) {
            add(to, plane.samples().zip(distances).map(|pixel| boundary.at(with_distance(pixel))));
        }
        Ok(())
    }
}

/// Adds slopes, limited to the largest `f32`.
fn add(to: &mut [f32], slopes: impl Iterator<Item = f32>) {
    to.iter_mut().zip(slopes).for_each(|(to, slope)| *to = (*to + slope).clamp(f32::MIN, f32::MAX));
}
