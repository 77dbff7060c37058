//! Losses of binary masks: all expressions are evaluated in one pass over the pixels, with one exponential per pixel.

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

/// Runs the same code for each type of targets.
macro_rules! with_plane {
    ($pixels:expr, $plane:ident => $what:expr) => {
        match $pixels.plane {
            AnyPlane::Bool($plane) => $what,
            AnyPlane::U8($plane) => $what,
            AnyPlane::F32($plane) => $what,
        }
    };
}

/// The meaning of the inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Inputs {
    /// Logits; p is their sigmoid.
    Logits,
    /// Probabilities in [0, 1], clipped in logarithms.
    Probabilities(Probabilities),
}

impl Inputs {
    /// Makes probabilities that are clipped to [ε, 1−ε] in logarithms.
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
/// A [`Plane`] converts to it by `into()`.
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
    /// Adds the signed distance of each pixel from the boundary of its mask, which the boundary loss needs: see
    /// [`signed_distance_map`](loss_core::boundary::distance::signed_distance_map).
    ///
    /// # Errors
    /// [`LengthError`] unless there is one distance for each pixel.
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

/// An object for logits or for probabilities.
#[derive(Clone, Debug)]
enum Of<A, B> {
    Logits(A),
    Probabilities(B),
}

/// Runs the same code for logits and for probabilities.
macro_rules! with_link {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Logits($inner) => $what,
            Of::Probabilities($inner) => $what,
        }
    };
}

/// Runs the same code for logits and for probabilities, and wraps the result in the same variant.
macro_rules! map_link {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Logits($inner) => Of::Logits($what),
            Of::Probabilities($inner) => Of::Probabilities($what),
        }
    };
}

/// Expressions to evaluate together.
#[derive(Clone, Debug)]
pub struct Losses {
    plan: Arc<Plan>,
    terms: Terms,
}

impl Losses {
    /// Takes expressions, in this order. A loss that occurs in several of them is summed once.
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

    /// Makes empty sums.
    ///
    /// # Errors
    /// [`EvaluationError::LogitsOnly`] if a loss takes only logits and the inputs are probabilities.
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
        // A loss that ranks pixels has nothing to rank.
        let value = |loss: &BinaryLoss| match loss {
            BinaryLoss::Sums(_) | BinaryLoss::Two(_) => sums.next().unwrap_or(0.0),
            BinaryLoss::Ranking(_) | BinaryLoss::Boundary => 0.0,
        };
        self.plan.combine(&self.plan.losses().map(value).collect::<Vec<_>>())
    }

    /// The first term, of all expressions, that is not a sum over pixels and so has no map.
    #[must_use]
    pub fn without_map(&self) -> Option<&'static str> {
        self.plan.terms().find(|weighted| !weighted.term.loss.is_pointwise()).map(|weighted| weighted.term.name)
    }

    /// Writes the loss of each pixel times its weight, before any mean, for the only expression: 0 where a pixel is ignored, NaN where it is out
    /// of range, at most the largest `f32`. Returns `false` and writes nothing if there are several expressions, or if a term is not a
    /// sum over pixels.
    ///
    /// # Errors
    /// [`LengthError`] unless the map has one place per pixel; nothing is written then.
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

/// The running sums of all expressions. They are exact, so any order and any split of the pixels give equal bits.
///
/// If a loss ranks the pixels, they are kept, at 12 bytes each.
#[derive(Clone, Debug)]
pub struct Accumulator {
    sums: Of<Sums<Logits>, Sums<Probabilities>>,
}

impl Accumulator {
    /// Sets the probability from which a pixel counts as foreground \[½\], and forgets all pixels.
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
    /// [`EvaluationError::NoDistances`] if a loss needs distances and the pixels have none; nothing is added then.
    pub fn extend(&mut self, pixels: Pixels<'_>) -> Result<(), EvaluationError> {
        with_link!(&mut self.sums, sums => with_plane!(pixels, plane => sums.extend(plane, pixels.distances)))
    }

    /// Adds the pixels of slices with all threads of the current pool of rayon. The sums do not depend on it.
    ///
    /// # Errors
    /// Those of [`extend`](Self::extend).
    pub fn par_extend(&mut self, pixels: Pixels<'_>) -> Result<(), EvaluationError> {
        with_link!(&mut self.sums, sums => with_plane!(pixels, plane => sums.par_extend(plane, pixels.distances)))
    }

    /// Adds the pixels of another accumulator of the same losses.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if losses, inputs or thresholds differ; nothing is added then.
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

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_link!(&self.sums, sums => sums.streamed().counts())
    }

    /// The first rejected pixel, if this accumulator has seen one itself and has not been merged since.
    #[must_use]
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        with_link!(&self.sums, sums => sums.streamed().first_rejected())
    }

    /// A hash of the losses, the kind of inputs and the threshold. For a single expression of sums, both the hash and the state equal those of the same loss
    /// built from types.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        with_link!(&self.sums, sums => sums.fingerprint())
    }

    /// The [state](loss_core::Accumulator#state), integers that add; `None` if a loss ranks the pixels, which are then kept.
    #[must_use]
    pub fn state(&self) -> Option<Vec<i64>> {
        with_link!(&self.sums, sums => sums.state())
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if the state does not belong to these losses; nothing is changed then.
    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        with_link!(&mut self.sums, sums => sums.load_state(state))
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no valid pixel, if any was rejected, if a term or the coefficients were too large, or if a loss that
    /// ranks refuses a target or a weight.
    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished { finished: map_link!(&self.sums, sums => sums.finish(sums.streamed().finish()?)?) })
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no valid pixel, if a term or the coefficients were too large, or if a loss that ranks refuses a target or a
    /// weight that other losses accept.
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
    /// The value of the first expression, usually the only one.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.values().first().map_or(0.0, |evaluated| evaluated.value)
    }

    /// The values of all expressions and of their terms.
    #[must_use]
    pub fn values(&self) -> Vec<Evaluated> {
        with_link!(&self.finished, finished => finished.values())
    }

    /// The number of pixels: valid, ignored and rejected.
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

    /// The soft confusion, whose counts are sums of probabilities.
    #[must_use]
    pub fn soft(&self) -> Confusion {
        with_link!(&self.finished, finished => finished.streamed().soft())
    }

    /// The confusion of predictions at the threshold.
    #[must_use]
    pub fn hard(&self) -> Confusion {
        with_link!(&self.finished, finished => finished.streamed().hard())
    }

    /// The gradient of the only expression, times an upstream factor; `None` if there are several.
    #[must_use]
    pub fn gradient(&self, upstream: f64) -> Option<Gradient> {
        Some(Gradient { gradient: map_link!(&self.finished, finished => finished.gradient(upstream)?) })
    }
}

/// The gradient of a finished loss, to write for any of its pixels.
#[derive(Clone, Debug)]
pub struct Gradient {
    gradient: Of<GradientOfSums<Logits>, GradientOfSums<Probabilities>>,
}

impl Gradient {
    /// Writes ∂L/∂x of every pixel, where x is its input; 0 for an ignored or rejected pixel.
    ///
    /// # Errors
    /// [`EvaluationError`] unless there is one place per pixel, and distances if a loss needs them; nothing is written then.
    pub fn write(&self, pixels: Pixels<'_>, to: &mut [f32]) -> Result<(), EvaluationError> {
        with_link!(&self.gradient, gradient => with_plane!(pixels, plane => gradient.write(plane, pixels.distances, to)))
    }
}
