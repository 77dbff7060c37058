//! Losses over classes that exclude each other, evaluated together: all expressions in one pass over the pixels, and one softmax a pixel.

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

/// The most classes that there can be.
pub const MOST_CLASSES: usize = 256;

/// What the pixels should be, as it is stored. Labels of other integers are to be converted: each type that is taken here would be compiled for
/// every loss.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Targets<'a> {
    /// A label for each pixel.
    U8(&'a [u8]),
    /// A label for each pixel.
    I64(&'a [i64]),
    /// A target in [0, 1] for each logit, in the layout of the logits.
    Soft(&'a [f32]),
}

/// The logits, as they are stored: as many for each pixel as there are classes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Logits<'a> {
    /// Numbers of 32 bits.
    F32(&'a [f32]),
    /// Numbers of 16 bits.
    F16(&'a [half::f16]),
    /// Numbers in the 16 bits of a bfloat16.
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
    /// Soft targets come with logits of 32 bits in the library.
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

/// Slices of pixels: the logits of all classes, with targets, and perhaps weights and a mask.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Pixels<'a> {
    /// How the logits lie in memory.
    pub layout: Layout,
    /// As many for each pixel as there are classes.
    pub logits: Logits<'a>,
    /// What the pixels should be.
    pub targets: Targets<'a>,
    /// A weight for each pixel; 0 ignores it.
    pub weights: Option<&'a [f32]>,
    /// `false` ignores a pixel.
    pub mask: Option<&'a [bool]>,
}

impl<'a> Pixels<'a> {
    /// Pixels without weights, logits class by class.
    pub fn new(logits: impl Into<Logits<'a>>, targets: Targets<'a>) -> Self {
        Self { layout: Layout::Planar, logits: logits.into(), targets, weights: None, mask: None }
    }

    /// Weighs each pixel.
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

/// Runs the same text for the type of targets that pixels have.
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

/// What is made for so many classes at most. What a capacity costs is its code, and memory that grows with it.
#[derive(Clone, Debug)]
enum Of<A, B, C> {
    Eight(A),
    ThirtyTwo(B),
    Most(C),
}

/// Runs the same text for every capacity.
macro_rules! with_capacity {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Eight($inner) => $what,
            Of::ThirtyTwo($inner) => $what,
            Of::Most($inner) => $what,
        }
    };
}

/// Runs the same text for every capacity, and makes the same variant of what it gives.
macro_rules! map_capacity {
    ($of:expr, $inner:ident => $what:expr) => {
        match $of {
            Of::Eight($inner) => Of::Eight($what),
            Of::ThirtyTwo($inner) => Of::ThirtyTwo($what),
            Of::Most($inner) => Of::Most($what),
        }
    };
}

/// Expressions that are evaluated together.
#[derive(Clone, Debug)]
pub struct Losses {
    plan: Arc<Plan<ClassesLoss>>,
    terms: ClassTerms,
    classes: usize,
}

impl Losses {
    /// Of these expressions, in this order, over so many classes, with a weight for each or none. A loss that occurs in several expressions is
    /// summed once.
    ///
    /// # Errors
    /// [`ParameterError`] unless there are 1 to [`MOST_CLASSES`] classes, and weights are finite, at least 0, and as many as classes.
    pub fn new(
        expressions: Vec<ClassExpression>,
        classes: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, ParameterError> {
        let plan = Plan::new(expressions);
        let terms = ClassTerms::new(&plan, &terms::weights(weights))?;
        let losses = Self { plan: Arc::new(plan), terms, classes };
        // Whatever is wrong with the number of classes is so here, and not later.
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

    /// Empty sums.
    ///
    /// # Errors
    /// None that [`new`](Self::new) has not found.
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
        // What ranks the pixels has nothing to rank.
        let value = |loss: &ClassesLoss| match loss {
            ClassesLoss::Ranking(_) => 0.0,
            _ => values.next().unwrap_or(0.0),
        };
        self.plan.combine(&self.plan.losses().map(value).collect::<Vec<_>>())
    }

    /// The first term, of all expressions, that is no sum over pixels, so that there is no map of it.
    #[must_use]
    pub fn without_map(&self) -> Option<&'static str> {
        self.plan.terms().find(|weighted| !weighted.term.loss.is_pointwise()).map(|weighted| weighted.term.name)
    }

    /// Whether class weights matter to any of the losses.
    #[must_use]
    pub fn takes_weights(&self) -> bool {
        self.plan.terms().any(|weighted| weighted.term.loss.takes_weights())
    }

    /// Writes the loss of each pixel by the only expression, before any mean, times its weight: 0 where a pixel is ignored, NaN where it is out
    /// of range, the largest `f32` where it is larger. `false`, and nothing is written, if several expressions are evaluated or a term is no
    /// sum over pixels.
    ///
    /// # Errors
    /// [`ClassPlaneError`] unless there is a place for each pixel, and as many logits as classes; nothing is written then.
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

/// The running sums of all expressions: exact, so that any order and any split of the pixels give equal bits.
///
/// For a loss that ranks the pixels they are kept, 4 bytes a logit and 12 a pixel.
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
    /// [`ClassPlaneError`] unless there are as many logits as classes and pixels; nothing is added then.
    pub fn extend(&mut self, pixels: Pixels<'_>) -> Result<(), ClassPlaneError> {
        let classes = self.classes();
        with_capacity!(&mut self.sums, sums => with_plane!(pixels, classes, plane => sums.extend(plane)));
        Ok(())
    }

    /// Adds the pixels of another accumulator of the same losses.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if losses, class weights or numbers of classes differ.
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

    /// How many pixels there were so far, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        with_capacity!(&self.sums, sums => sums.streamed().counts())
    }

    /// The first rejected pixel, if this accumulator has seen one itself and was not merged since.
    #[must_use]
    pub fn first_rejected(&self) -> Option<RejectedPixel> {
        with_capacity!(&self.sums, sums => sums.streamed().first_rejected())
    }

    /// Tells the losses, their class weights and the number of classes from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        with_capacity!(&self.sums, sums => sums.fingerprint())
    }

    /// The [state](loss_core::class::ClassAccumulator#state): integers that add. `None` if the pixels are kept, because a loss ranks them.
    #[must_use]
    pub fn state(&self) -> Option<Vec<i64>> {
        with_capacity!(&self.sums, sums => sums.state())
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`], and nothing is changed, if it is no state of these losses.
    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        with_capacity!(&mut self.sums, sums => sums.load_state(state))
    }

    /// The result, if every pixel was in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is no (valid) pixel, if any was rejected, if a term was too large, if the coefficients are, or if a loss that
    /// ranks refuses a target or a weight.
    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        Ok(Finished { finished: map_capacity!(&self.sums, sums => Box::new(sums.finish(sums.streamed().finish()?)?)) })
    }

    /// The result over the pixels that were in range.
    ///
    /// # Errors
    /// [`EvaluationError`] if there is none, if a term was too large, if the coefficients are, or if a loss that ranks refuses a target or a
    /// weight that others take.
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
    /// The value of the first expression, which is the only one as a rule.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.values().first().map_or(0.0, |evaluated| evaluated.value)
    }

    /// The values of all expressions and of their terms.
    #[must_use]
    pub fn values(&self) -> Vec<Evaluated> {
        with_capacity!(&self.finished, finished => finished.values())
    }

    /// How many pixels there were, and what became of them.
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

    /// The accuracy of a prediction of class 0 everywhere.
    #[must_use]
    pub fn accuracy_of_background(&self) -> Option<f64> {
        with_capacity!(&self.finished, finished => finished.streamed().accuracy_of_background())
    }

    /// The gradient of the only expression times an upstream factor; `None` if several were evaluated.
    #[must_use]
    pub fn gradient(&self, upstream: f64) -> Option<Gradient> {
        let gradient = map_capacity!(&self.finished, finished => Box::new(finished.gradient(upstream)?));
        Some(Gradient { gradient })
    }
}

/// The gradient of a finished loss, ready to be written for any of the pixels that it was taken of.
#[derive(Clone, Debug)]
pub struct Gradient {
    gradient: Of<Box<GradientOfSums<8>>, Box<GradientOfSums<32>>, Box<GradientOfSums<MOST_CLASSES>>>,
}

impl Gradient {
    /// Writes ∂L/∂z of every logit, in the layout of the logits: 0 where a pixel was ignored or rejected. Lovász-Softmax ranks its pixels anew at
    /// each call, so write all of them in one, or in few.
    ///
    /// # Errors
    /// [`EvaluationError`], and nothing is written, unless there is a place for each logit, and as many logits as classes.
    pub fn write(&self, pixels: Pixels<'_>, to: &mut [f32]) -> Result<(), EvaluationError> {
        let layout = pixels.layout;
        with_capacity!(&self.gradient, gradient => {
            with_plane!(pixels, gradient.classes(), plane => gradient.write(plane, layout, to)?);
        });
        Ok(())
    }
}
