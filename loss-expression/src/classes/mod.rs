//! Losses over classes that exclude each other: all expressions are evaluated in one pass over the pixels, with one softmax per pixel.

mod ranking;
mod sums;
mod terms;

use std::sync::Arc;

use loss_core::class::{ClassPlane, ClassPlaneError, ClassReport, Label, Layout};
use loss_core::{Counts, ParameterError, Quantisation, RejectedPixel, StateError};

use crate::error::EvaluationError;
use crate::expression::{ClassExpression, ClassesLoss};
use crate::plan::{Evaluated, Plan};
use sums::{FinishedSums, GradientOfSums, Sums};
use terms::ClassTerms;

/// The largest number of classes.
pub const MOST_CLASSES: usize = 256;

/// The targets of the pixels, as they are stored. Convert labels of other integer types first: each type here is compiled for
/// every loss.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Targets<'a> {
    /// `u8` labels, one for each pixel.
    U8(&'a [u8]),
    /// `i64` labels, one for each pixel.
    I64(&'a [i64]),
    /// Soft targets in [0, 1], one for each logit, in the layout of the logits.
    Soft(&'a [f32]),
}

/// The logits, as they are stored: one per class for each pixel.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Logits<'a> {
    /// `f32` numbers.
    F32(&'a [f32]),
    /// `f16` numbers.
    F16(&'a [half::f16]),
    /// bfloat16 numbers.
    Bf16(&'a [half::bf16]),
    /// The signed codes of a quantised model.
    I8(&'a [i8], Quantisation),
    /// The unsigned codes of a quantised model.
    U8(&'a [u8], Quantisation),
    /// The codes of a quantised model with 16 bits.
    I16(&'a [i16], Quantisation),
}

impl<'a> From<&'a [f32]> for Logits<'a> {
    fn from(logits: &'a [f32]) -> Self {
        Self::F32(logits)
    }
}

impl<'a> From<&'a [half::f16]> for Logits<'a> {
    fn from(logits: &'a [half::f16]) -> Self {
        Self::F16(logits)
    }
}

impl<'a> From<&'a [half::bf16]> for Logits<'a> {
    fn from(logits: &'a [half::bf16]) -> Self {
        Self::Bf16(logits)
    }
}

impl Logits<'_> {
    /// The logits as `f32`, the only type that the library combines with soft targets.
    fn to_f32(self) -> Vec<f32> {
        match self {
            Logits::F32(logits) => logits.to_vec(),
            Logits::F16(logits) => logits.iter().map(|logit| logit.to_f32()).collect(),
            Logits::Bf16(logits) => logits.iter().map(|logit| logit.to_f32()).collect(),
            Logits::I8(codes, quantisation) => codes.iter().map(|code| quantisation.logit(i32::from(*code))).collect(),
            Logits::U8(codes, quantisation) => codes.iter().map(|code| quantisation.logit(i32::from(*code))).collect(),
            Logits::I16(codes, quantisation) => codes.iter().map(|code| quantisation.logit(i32::from(*code))).collect(),
        }
    }
}

/// Slices of pixels: the logits of all classes and the targets, and optionally weights and a mask.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pixels<'a> {
    /// The order of the logits in memory.
    pub layout: Layout,
    /// The logits: one per class for each pixel.
    pub logits: Logits<'a>,
    /// The targets of the pixels.
    pub targets: Targets<'a>,
    /// A weight for each pixel; 0 ignores it.
    pub weights: Option<&'a [f32]>,
    /// A mask; `false` ignores a pixel.
    pub mask: Option<&'a [bool]>,
}

impl<'a> Pixels<'a> {
    /// Makes pixels without weights, with logits class by class.
    pub fn new(logits: impl Into<Logits<'a>>, targets: Targets<'a>) -> Self {
        Self { layout: Layout::Planar, logits: logits.into(), targets, weights: None, mask: None }
    }

    /// Adds a weight for each pixel.
    pub fn with_weights(self, weights: &'a [f32]) -> Self {
        Self { weights: Some(weights), ..self }
    }

    fn labelled<T: Label, const C: usize>(
        self,
        classes: usize,
        labels: &'a [T],
    ) -> Result<ClassPlane<'a, T, C>, ClassPlaneError> {
        let layout = self.layout;
        self.plane(match self.logits {
            Logits::F32(logits) => ClassPlane::new(classes, layout, logits, labels),
            Logits::F16(logits) => ClassPlane::f16(classes, layout, logits, labels),
            Logits::Bf16(logits) => ClassPlane::bf16(classes, layout, logits, labels),
            Logits::I8(codes, quantisation) => ClassPlane::i8(classes, layout, codes, quantisation, labels),
            Logits::U8(codes, quantisation) => ClassPlane::u8(classes, layout, codes, quantisation, labels),
            Logits::I16(codes, quantisation) => ClassPlane::i16(classes, layout, codes, quantisation, labels),
        })
    }

    fn plane<'p, T: Label, const C: usize>(
        self,
        plane: Result<ClassPlane<'p, T, C>, ClassPlaneError>,
    ) -> Result<ClassPlane<'p, T, C>, ClassPlaneError>
    where
        'a: 'p,
    {
        let mut plane = plane?;
        if let Some(weights) = self.weights {
            plane = plane.with_weights(weights)?;
        }
        if let Some(mask) = self.mask {
            plane = plane.with_mask(mask)?;
        }
        Ok(plane)
    }
}

/// Runs the same code for each type of targets.
macro_rules! with_plane {
    ($pixels:expr, $classes:expr, $plane:ident => $what:expr) => {{
        let (pixels, classes): (Pixels<'_>, usize) = ($pixels, $classes);
        match pixels.targets {
            Targets::U8(labels) => {
                let $plane = pixels.labelled(classes, labels)?;
                $what
            }
            Targets::I64(labels) => {
                let $plane = pixels.labelled(classes, labels)?;
                $what
            }
            Targets::Soft(targets) => {
                let converted;
                let logits = match pixels.logits {
                    Logits::F32(logits) => logits,
                    other => {
                        converted = other.to_f32();
                        converted.as_slice()
                    }
                };
                let $plane = pixels.plane(ClassPlane::soft(classes, pixels.layout, logits, targets))?;
                $what
            }
        }
    }};
}

/// An object for up to a number of classes. Each capacity costs code, and memory that grows with it.
#[derive(Clone, Debug)]
enum Of<A, B, C> {
    Eight(A),
    ThirtyTwo(B),
    Most(C),
}

/// Runs the same code for every capacity.
macro_rules! with_capacity {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Eight($inner) => $what,
            Of::ThirtyTwo($inner) => $what,
            Of::Most($inner) => $what,
        }
    };
}

/// Runs the same code for every capacity, and wraps the result in the same variant.
macro_rules! map_capacity {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Eight($inner) => Of::Eight($what),
            Of::ThirtyTwo($inner) => Of::ThirtyTwo($what),
            Of::Most($inner) => Of::Most($what),
        }
    };
}

/// Expressions to evaluate together.
#[derive(Clone, Debug)]
pub struct Losses {
    plan: Arc<Plan<ClassesLoss>>,
    terms: ClassTerms,
    classes: usize,
}

impl Losses {
    /// Takes expressions, in this order, over a number of classes, with a weight for each class or none. A loss that occurs in several expressions is
    /// summed once.
    ///
    /// # Errors
    /// [`ParameterError`] unless there are 1 to [`MOST_CLASSES`] classes, and weights are finite, at least 0, and one per class.
    pub fn new(
        expressions: Vec<ClassExpression>,
        classes: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, ParameterError> {
        if let Some(weights) = weights {
            ParameterError::check_number_of_weights(weights.len(), classes)?;
        }
        let plan = Plan::new(expressions);
        let terms = ClassTerms::new(&plan, &terms::weights(weights))?;
        let losses = Self { plan: Arc::new(plan), terms, classes };
        // Finds here, and not later, whatever is wrong with the number of classes.
        losses.sums()?;
        Ok(losses)
    }

    /// The expressions.
    #[must_use]
    pub fn expressions(&self) -> &[ClassExpression] {
        self.plan.expressions()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    fn sums(&self) -> Result<SumsUpTo, ParameterError> {
        Ok(match self.classes {
            0..=8 => Of::Eight(Box::new(Sums::new(&self.plan, &self.terms, self.classes)?)),
            9..=32 => Of::ThirtyTwo(Box::new(Sums::new(&self.plan, &self.terms, self.classes)?)),
            _ => Of::Most(Box::new(Sums::new(&self.plan, &self.terms, self.classes)?)),
        })
    }

    /// Makes empty sums.
    ///
    /// # Errors
    /// None in practice: [`new`](Self::new) has checked everything.
    pub fn accumulator(&self) -> Result<Accumulator, ParameterError> {
        Ok(Accumulator { sums: self.sums()? })
    }

    /// The values of the expressions over no pixels.
    #[must_use]
    pub fn of_nothing(&self) -> Vec<Evaluated> {
        let values = match self.classes {
            0..=8 => self.terms.of_nothing::<8>(self.classes),
            9..=32 => self.terms.of_nothing::<32>(self.classes),
            _ => self.terms.of_nothing::<MOST_CLASSES>(self.classes),
        };
        let mut values = values.into_iter();
        // A loss that ranks pixels has nothing to rank.
        let value = |loss: &ClassesLoss| match loss {
            ClassesLoss::Ranking(_) => 0.0,
            _ => values.next().unwrap_or(0.0),
        };
        self.plan.combine(&self.plan.losses().map(value).collect::<Vec<_>>())
    }

    /// The first term, of all expressions, that is not a sum over pixels and so has no map.
    #[must_use]
    pub fn without_map(&self) -> Option<&'static str> {
        self.plan.terms().find(|weighted| !weighted.term.loss.is_pointwise()).map(|weighted| weighted.term.name)
    }

    /// Whether class weights change any of the losses.
    #[must_use]
    pub fn takes_weights(&self) -> bool {
        self.plan.terms().any(|weighted| weighted.term.loss.takes_weights())
    }

    /// Writes the loss of each pixel times its weight, before any mean, for the only expression: 0 where a pixel is ignored, NaN where it is out
    /// of range, at most the largest `f32`. Returns `false` and writes nothing if there are several expressions, or if a term is not a
    /// sum over pixels.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless the map has one place per pixel, and there is one logit per class; nothing is written then.
    pub fn write_map(&self, pixels: Pixels<'_>, map: &mut [f32]) -> Result<bool, ClassPlaneError> {
        let ([_], None) = (self.plan.expressions(), self.without_map()) else { return Ok(false) };
        match self.classes {
            0..=8 => self.write_map_of::<8>(pixels, map)?,
            9..=32 => self.write_map_of::<32>(pixels, map)?,
            _ => self.write_map_of::<MOST_CLASSES>(pixels, map)?,
        }
        Ok(true)
    }

    fn write_map_of<const C: usize>(&self, pixels: Pixels<'_>, map: &mut [f32]) -> Result<(), ClassPlaneError> {
        with_plane!(pixels, self.classes, plane => {
            let plane: ClassPlane<'_, _, C> = plane;
            self.terms.write_map(plane, map)?;
        });
        Ok(())
    }
}

type SumsUpTo = Of<Box<Sums<8>>, Box<Sums<32>>, Box<Sums<MOST_CLASSES>>>;

/// The running sums of all expressions. They are exact, so any order and any split of the pixels give equal bits.
///
/// If a loss ranks the pixels, they are kept, at 4 bytes per logit and 12 per pixel.
#[derive(Clone, Debug)]
pub struct Accumulator {
    sums: SumsUpTo,
}

impl Accumulator {
    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        with_capacity!(&self.sums, sums => sums.streamed().classes())
    }

    /// Adds the pixels of slices.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless there is one logit for each class and pixel; nothing is added then.
    pub fn extend(&mut self, pixels: Pixels<'_>) -> Result<(), ClassPlaneError> {
        let classes = self.classes();
        with_capacity!(&mut self.sums, sums => with_plane!(pixels, classes, plane => sums.extend(plane)));
        Ok(())
    }

    /// Adds the pixels of another accumulator of the same losses.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`] if losses, class weights or numbers of classes differ; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        match (&mut self.sums, &other.sums) {
            (Of::Eight(sums), Of::Eight(more)) => sums.merge(more),
            (Of::ThirtyTwo(sums), Of::ThirtyTwo(more)) => sums.merge(more),
            (Of::Most(sums), Of::Most(more)) => sums.merge(more),
            _ => Err(StateError::OtherLoss { expected: self.fingerprint(), given: other.fingerprint() }),
        }
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        with_capacity!(&mut self.sums, sums => sums.reset());
    }

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_capacity!(&self.sums, sums => sums.streamed().counts())
    }

    /// The first rejected pixel, if this accumulator has seen one itself and has not been merged since.
    #[must_use]
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        with_capacity!(&self.sums, sums => sums.streamed().first_rejected())
    }

    /// A hash of the losses, their class weights and the number of classes.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        with_capacity!(&self.sums, sums => sums.fingerprint())
    }

    /// The [state](loss_core::class::ClassAccumulator#state), integers that add; `None` if a loss ranks the pixels, which are then kept.
    #[must_use]
    pub fn state(&self) -> Option<Vec<i64>> {
        with_capacity!(&self.sums, sums => sums.state())
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`] if the state does not belong to these losses; nothing is changed then.
    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        with_capacity!(&mut self.sums, sums => sums.load_state(state))
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no valid pixel, if any was rejected, if a term or the coefficients were too large, or if a loss that
    /// ranks refuses a target or a weight.
    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished { finished: map_capacity!(&self.sums, sums => Box::new(sums.finish(sums.streamed().finish()?)?)) })
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no valid pixel, if a term or the coefficients were too large, or if a loss that ranks refuses a target or a
    /// weight that other losses accept.
    pub fn finish_valid(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished {
            finished: map_capacity!(&self.sums, sums => Box::new(sums.finish(sums.streamed().finish_valid()?)?)),
        })
    }
}

/// The finished losses: values, parts, the scores of each class, and the gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
pub struct Finished {
    finished: Of<Box<FinishedSums<8>>, Box<FinishedSums<32>>, Box<FinishedSums<MOST_CLASSES>>>,
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
        with_capacity!(&self.finished, finished => finished.values())
    }

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_capacity!(&self.finished, finished => finished.streamed().counts())
    }

    /// Σ w over the valid pixels.
    #[must_use]
    pub fn weight(&self) -> f64 {
        with_capacity!(&self.finished, finished => finished.streamed().weight())
    }

    /// The confusions of each class against the rest.
    #[must_use]
    pub fn classes(&self) -> Vec<ClassReport> {
        with_capacity!(&self.finished, finished => finished.streamed().classes().collect())
    }

    /// The share of the weight that is predicted right; `None` if any target was soft.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        with_capacity!(&self.finished, finished => finished.streamed().accuracy())
    }

    /// The accuracy of predicting class 0 everywhere.
    #[must_use]
    pub fn accuracy_of_background(&self) -> Option<f64> {
        with_capacity!(&self.finished, finished => finished.streamed().accuracy_of_background())
    }

    /// The gradient of the only expression, times an upstream factor; `None` if there are several.
    #[must_use]
    pub fn gradient(&self, upstream: f64) -> Option<Gradient> {
        let gradient = map_capacity!(&self.finished, finished => Box::new(finished.gradient(upstream)?));
        Some(Gradient { gradient })
    }
}

/// The gradient of a finished loss, to write for any of its pixels.
#[derive(Clone, Debug)]
pub struct Gradient {
    gradient: Of<Box<GradientOfSums<8>>, Box<GradientOfSums<32>>, Box<GradientOfSums<MOST_CLASSES>>>,
}

impl Gradient {
    /// Writes ∂L/∂z of every logit, in the layout of the logits; 0 for an ignored or rejected pixel. Lovász-Softmax ranks its pixels again at
    /// each call, so write all pixels in one call, or in few.
    ///
    /// # Errors
    /// [`EvaluationError`] unless there is one place per logit, and one logit per class; nothing is written then.
    pub fn write(&self, pixels: Pixels<'_>, to: &mut [f32]) -> Result<(), EvaluationError> {
        let layout = pixels.layout;
        with_capacity!(&self.gradient, gradient => {
            with_plane!(pixels, gradient.classes(), plane => gradient.write(plane, layout, to)?);
        });
        Ok(())
    }
}
