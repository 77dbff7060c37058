//! Losses of binary masks, evaluated together: all expressions in one pass over the pixels, and one exponential a pixel.

mod ranking;
mod sums;
mod terms;

use std::sync::Arc;

use loss_core::extend::Link;
use loss_core::{
    Confusion, Counts, LengthError, Logits, ParameterError, Plane, Probabilities, RejectedPixel, StateError,
};

use crate::error::EvaluationError;
use crate::expression::{BinaryLoss, Expression, Ranking};
use crate::map::MapOfTerms;
use crate::plan::{Evaluated, Plan};
use sums::{FinishedSums, GradientOfSums, Sums};
use terms::Terms;

/// Runs the same text for the type of targets that pixels have.
macro_rules! with_plane {
    ($pixels:expr, $plane:ident => $what:expr) => {
        match $pixels.plane {
            AnyPlane::Bool($plane) => $what,
            AnyPlane::U8($plane) => $what,
            AnyPlane::F32($plane) => $what,
        }
    };
}

/// What the inputs of pixels are.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Inputs {
    /// Logits, of which the library takes the logistic function.
    Logits,
    /// Probabilities in [0, 1], clipped in logarithms.
    Probabilities(Probabilities),
}

impl Inputs {
    /// Probabilities, clipped to [ε, 1−ε] in logarithms.
    ///
    /// # Errors
    /// [`ParameterError`] unless ε lies in [2⁻¹²⁶, ½).
    pub fn probabilities(epsilon: f32) -> Result<Self, ParameterError> {
        Ok(Self::Probabilities(Probabilities::new(epsilon)?))
    }

    /// Whether an input is in range.
    #[must_use]
    pub fn accepts(self, input: f32) -> bool {
        match self {
            Inputs::Logits => Logits.accepts(input),
            Inputs::Probabilities(link) => link.accepts(input),
        }
    }
}

/// Slices of pixels: inputs of `f32`, `f16`, `bf16` or quantised codes, with targets of one of three types.
///
/// Made from a [`Plane`] by `into()`.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pixels<'a> {
    plane: AnyPlane<'a>,
    distances: Option<&'a [f32]>,
}

#[derive(Clone, Copy, Debug)]
enum AnyPlane<'a> {
    Bool(Plane<'a, bool>),
    U8(Plane<'a, u8>),
    F32(Plane<'a, f32>),
}

impl<'a> Pixels<'a> {
    /// With the signed distance of each pixel from the boundary of its mask, which the boundary loss needs: see
    /// [`signed_distance_map`](loss_core::boundary::distance::signed_distance_map).
    ///
    /// # Errors
    /// [`LengthError`] unless there is one for each pixel.
    pub fn with_distances(self, distances: &'a [f32]) -> Result<Self, LengthError> {
        let expected = with_plane!(self, plane => plane.len());
        if distances.len() != expected {
            return Err(LengthError { slice: "the distances", length: distances.len(), expected });
        }
        Ok(Self { distances: Some(distances), ..self })
    }
}

impl<'a> From<Plane<'a, bool>> for Pixels<'a> {
    fn from(plane: Plane<'a, bool>) -> Self {
        Self { plane: AnyPlane::Bool(plane), distances: None }
    }
}

impl<'a> From<Plane<'a, u8>> for Pixels<'a> {
    fn from(plane: Plane<'a, u8>) -> Self {
        Self { plane: AnyPlane::U8(plane), distances: None }
    }
}

impl<'a> From<Plane<'a, f32>> for Pixels<'a> {
    fn from(plane: Plane<'a, f32>) -> Self {
        Self { plane: AnyPlane::F32(plane), distances: None }
    }
}

/// What is made for logits or for probabilities.
#[derive(Clone, Debug)]
enum Of<A, B> {
    Logits(A),
    Probabilities(B),
}

/// Runs the same text for logits and for probabilities.
macro_rules! with_link {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Logits($inner) => $what,
            Of::Probabilities($inner) => $what,
        }
    };
}

/// Runs the same text for logits and for probabilities, and makes the same variant of what it gives.
macro_rules! map_link {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Logits($inner) => Of::Logits($what),
            Of::Probabilities($inner) => Of::Probabilities($what),
        }
    };
}

/// Expressions that are evaluated together.
#[derive(Clone, Debug)]
pub struct Losses {
    plan: Arc<Plan>,
    terms: Terms,
}

impl Losses {
    /// Of these expressions, in this order. A loss that occurs in several of them is summed once.
    #[must_use]
    pub fn new(expressions: Vec<Expression>) -> Self {
        let plan = Plan::new(expressions);
        let terms = Terms::new(&plan);
        Self { plan: Arc::new(plan), terms }
    }

    /// The expressions.
    #[must_use]
    pub fn expressions(&self) -> &[Expression] {
        self.plan.expressions()
    }

    /// Empty sums.
    ///
    /// # Errors
    /// [`EvaluationError::LogitsOnly`] if a loss takes logits alone, and the inputs are probabilities.
    pub fn accumulator(&self, inputs: Inputs) -> Result<Accumulator, EvaluationError> {
        let sums = match inputs {
            Inputs::Logits => Of::Logits(Sums::new(&self.plan, &self.terms, Logits)),
            Inputs::Probabilities(link) => {
                if self.plan.distinct().iter().any(|(_, loss)| *loss == BinaryLoss::Ranking(Ranking::LovaszHinge)) {
                    return Err(EvaluationError::LogitsOnly { loss: Ranking::LovaszHinge.name() });
                }
                Of::Probabilities(Sums::new(&self.plan, &self.terms, link))
            }
        };
        Ok(Accumulator { sums })
    }

    /// The values of the expressions over no pixels.
    #[must_use]
    pub fn of_nothing(&self) -> Vec<Evaluated> {
        let mut sums = self.terms.of_nothing().into_iter();
        // What ranks the pixels has nothing to rank.
        let value = |loss: &BinaryLoss| match loss {
            BinaryLoss::Sums(_) | BinaryLoss::Two(_) => sums.next().unwrap_or(0.0),
            BinaryLoss::Ranking(_) | BinaryLoss::Boundary => 0.0,
        };
        self.plan.combine(&self.plan.losses().map(value).collect::<Vec<_>>())
    }

    /// The first term, of all expressions, that is no sum over pixels, so that there is no map of it.
    #[must_use]
    pub fn without_map(&self) -> Option<&'static str> {
        self.plan.terms().find(|weighted| !weighted.term.loss.is_pointwise()).map(|weighted| weighted.term.name)
    }

    /// Writes the loss of each pixel by the only expression, before any mean, times its weight: 0 where a pixel is ignored, NaN where it is out
    /// of range, the largest `f32` where it is larger. `false`, and nothing is written, if several expressions are evaluated or a term is no
    /// sum over pixels.
    ///
    /// # Errors
    /// [`LengthError`] unless there is a place for each pixel; nothing is written then.
    pub fn write_map(&self, inputs: Inputs, pixels: Pixels<'_>, map: &mut [f32]) -> Result<bool, LengthError> {
        match inputs {
            Inputs::Logits => self.write_map_of(&Logits, pixels, map),
            Inputs::Probabilities(link) => self.write_map_of(&link, pixels, map),
        }
    }

    fn write_map_of<K: Link>(&self, link: &K, pixels: Pixels<'_>, map: &mut [f32]) -> Result<bool, LengthError> {
        let ([_], None) = (self.plan.expressions(), self.without_map()) else { return Ok(false) };
        let mut map = MapOfTerms::new(map);
        for weighted in self.plan.terms() {
            let part = map.part();
            if let Some(written) = with_plane!(pixels, plane => weighted.term.loss.write_map(link, plane, part)) {
                written?;
                map.add(weighted.coefficient);
            }
        }
        map.finish();
        Ok(true)
    }
}

/// The running sums of all expressions: exact, so that any order and any split of the pixels give equal bits.
///
/// For a loss that ranks the pixels they are kept, 12 bytes each.
#[derive(Clone, Debug)]
pub struct Accumulator {
    sums: Of<Sums<Logits>, Sums<Probabilities>>,
}

impl Accumulator {
    /// Calls a pixel foreground from this probability on, in place of ½, and starts anew.
    ///
    /// # Errors
    /// [`ParameterError`] unless the threshold lies strictly between 0 and 1.
    pub fn at_threshold(self, probability: f64) -> Result<Self, ParameterError> {
        let sums = map_link!(self.sums, sums => sums.at_threshold(probability)?);
        Ok(Self { sums })
    }

    /// Adds the pixels of slices.
    ///
    /// # Errors
    /// [`EvaluationError::NoDistances`], and nothing is added, if a loss needs distances that the pixels have not.
    pub fn extend(&mut self, pixels: Pixels<'_>) -> Result<(), EvaluationError> {
        with_link!(&mut self.sums, sums => with_plane!(pixels, plane => sums.extend(plane, pixels.distances)))
    }

    /// Adds the pixels of slices, with all threads of the current pool of rayon: the sums are the same.
    ///
    /// # Errors
    /// As [`extend`](Self::extend).
    pub fn par_extend(&mut self, pixels: Pixels<'_>) -> Result<(), EvaluationError> {
        with_link!(&mut self.sums, sums => with_plane!(pixels, plane => sums.par_extend(plane, pixels.distances)))
    }

    /// Adds the pixels of another accumulator of the same losses.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if losses, inputs or thresholds differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        match (&mut self.sums, &other.sums) {
            (Of::Logits(sums), Of::Logits(more)) => sums.merge(more),
            (Of::Probabilities(sums), Of::Probabilities(more)) => sums.merge(more),
            _ => Err(StateError::OtherLoss { expected: self.fingerprint(), given: other.fingerprint() }),
        }
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        with_link!(&mut self.sums, sums => sums.reset());
    }

    /// How many pixels there were so far, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_link!(&self.sums, sums => sums.streamed().counts())
    }

    /// The first rejected pixel, if this accumulator has seen one itself and was not merged since.
    #[must_use]
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        with_link!(&self.sums, sums => sums.streamed().first_rejected())
    }

    /// Tells the losses, what the inputs are and the threshold from others. Of one expression of sums it is that of the same loss as a type, and
    /// so is the state.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        with_link!(&self.sums, sums => sums.fingerprint())
    }

    /// The [state](loss_core::Accumulator#state): integers that add. `None` if the pixels are kept, because a loss ranks them.
    #[must_use]
    pub fn state(&self) -> Option<Vec<i64>> {
        with_link!(&self.sums, sums => sums.state())
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`], and nothing is changed, if it is no state of these losses.
    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        with_link!(&mut self.sums, sums => sums.load_state(state))
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no (valid) pixel, if any was rejected, if a term was too large, if the coefficients are, or if a loss that
    /// ranks refuses a target or a weight.
    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished { finished: map_link!(&self.sums, sums => sums.finish(sums.streamed().finish()?)?) })
    }

    /// The result over the pixels that were in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is none, if a term was too large, if the coefficients are, or if a loss that ranks refuses a target or a
    /// weight that others take.
    pub fn finish_valid(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished { finished: map_link!(&self.sums, sums => sums.finish(sums.streamed().finish_valid()?)?) })
    }
}

/// The finished losses: values, parts, scores, and the gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
pub struct Finished {
    finished: Of<FinishedSums<Logits>, FinishedSums<Probabilities>>,
}

impl Finished {
    /// The value of the first expression, which is the only one as a rule.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.values().first().map_or(0.0, |evaluated| evaluated.value)
    }

    /// The values of all expressions and of their terms.
    #[must_use]
    pub fn values(&self) -> Vec<Evaluated> {
        with_link!(&self.finished, finished => finished.values())
    }

    /// How many pixels there were, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_link!(&self.finished, finished => finished.streamed().counts())
    }

    /// Σ w over the valid pixels.
    #[must_use]
    pub fn weight(&self) -> f64 {
        with_link!(&self.finished, finished => finished.streamed().weight())
    }

    /// Σ w t, the weight of the foreground.
    #[must_use]
    pub fn support(&self) -> f64 {
        with_link!(&self.finished, finished => finished.streamed().support())
    }

    /// The soft confusion: sums of probabilities.
    #[must_use]
    pub fn soft(&self) -> Confusion {
        with_link!(&self.finished, finished => finished.streamed().soft())
    }

    /// The confusion of predictions at the threshold.
    #[must_use]
    pub fn hard(&self) -> Confusion {
        with_link!(&self.finished, finished => finished.streamed().hard())
    }

    /// The gradient of the only expression times an upstream factor; `None` if several were evaluated.
    #[must_use]
    pub fn gradient(&self, upstream: f64) -> Option<Gradient> {
        Some(Gradient { gradient: map_link!(&self.finished, finished => finished.gradient(upstream)?) })
    }
}

/// The gradient of a finished loss, ready to be written for any of the pixels that it was taken of.
#[derive(Clone, Debug)]
pub struct Gradient {
    gradient: Of<GradientOfSums<Logits>, GradientOfSums<Probabilities>>,
}

impl Gradient {
    /// Writes ∂L/∂x of every pixel, x being its input: 0 where a pixel was ignored or rejected.
    ///
    /// # Errors
    /// [`EvaluationError`], and nothing is written, unless there is a place for each pixel, and distances if a loss needs them.
    pub fn write(&self, pixels: Pixels<'_>, to: &mut [f32]) -> Result<(), EvaluationError> {
        with_link!(&self.gradient, gradient => with_plane!(pixels, plane => gradient.write(plane, pixels.distances, to)))
    }
}
