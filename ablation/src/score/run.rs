//! The two passes over the pixels.

use std::ops::Range;

use loss_core::{Accumulator, Finished, Gradient, Link};

use super::inputs::Inputs;
use super::output::Outputs;
use super::pixels::{Chunk, Pixels};
use super::plan::Plan;
use super::progress::Progress;
use super::results::FileOutcome;
use super::terms::Terms;
use super::{Passes, ScoreError};
use crate::arguments::{OnBad, ScoreArguments};
use crate::arrays::Order;
use crate::expression::BinaryLoss;

/// The outcome of some pixels of binary masks.
type Outcome<K> = super::results::Outcome<Finished<Terms, K>>;

fn outcome<K: Link>(accumulator: &Accumulator<Terms, K>) -> Result<Outcome<K>, ScoreError> {
    Ok(Outcome::new(accumulator.counts(), accumulator.finish_valid())?)
}

/// Images whose pixels alternate have an accumulator each, of about a kilobyte.
const MOST_INTERLEAVED: u64 = 1 << 16;

/// How the axis of images runs through the pixels of a file.
#[derive(Clone, Copy)]
enum Images {
    /// Not asked for.
    None,
    /// One after the other, each of this many pixels.
    InTurn { pixels: u64 },
    /// A pixel of each in turn.
    Interleaved { count: u64 },
}

impl Images {
    fn of(inputs: &Inputs, per_image: bool) -> Self {
        let array = &inputs.input;
        let count = array.shape().first().copied().unwrap_or(1);
        match array.order() {
            _ if !per_image => Images::None,
            Order::Fortran => Images::Interleaved { count },
            Order::C => Images::InTurn { pixels: array.len() / count.max(1) },
        }
    }

    /// The image of a pixel.
    fn image(self, position: u64) -> usize {
        let image = match self {
            Images::None => 0,
            Images::InTurn { pixels } => position / pixels.max(1),
            Images::Interleaved { count } => position % count.max(1),
        };
        usize::try_from(image).unwrap_or(usize::MAX)
    }

    /// The stretches of a chunk that lie in one image each.
    fn stretches(self, chunk: &Chunk<'_>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (start, length) = (chunk.start, chunk.len());
        let mut at = 0;
        std::iter::from_fn(move || {
            let position = start + at as u64;
            let rest = length.checked_sub(at).filter(|rest| *rest > 0)?;
            let count = match self {
                Images::None => rest,
                Images::InTurn { pixels } => {
                    let left = pixels.max(1) - position % pixels.max(1);
                    usize::try_from(left).unwrap_or(usize::MAX).min(rest)
                }
                Images::Interleaved { .. } => 1,
            };
            let stretch = at..at + count;
            at += count;
            Some((self.image(position), stretch))
        })
    }
}

/// What both passes need to know.
pub(crate) struct Run<'a, K: Link> {
    pub(crate) arguments: &'a ScoreArguments,
    pub(crate) plan: &'a Plan<BinaryLoss>,
    pub(crate) terms: &'a Terms,
    pub(crate) link: K,
    pub(crate) per_image: bool,
    /// All files, for messages.
    pub(crate) inputs: &'a [Inputs],
}

impl<K: Link> Passes for Run<'_, K> {
    type Accumulator = Accumulator<Terms, K>;
    type Finished = Finished<Terms, K>;
    type Gradient = Gradient<Terms, K>;

    fn accumulator(&self) -> Result<Accumulator<Terms, K>, ScoreError> {
        let accumulator = Accumulator::new(self.terms.clone(), self.link.clone());
        Ok(accumulator.at_threshold(self.arguments.threshold())?)
    }

    fn outcome(&self, accumulator: &Accumulator<Terms, K>) -> Result<Outcome<K>, ScoreError> {
        outcome(accumulator)
    }

    fn gradient(&self, finished: &Finished<Terms, K>, upstream: f64) -> Gradient<Terms, K> {
        finished.gradient_times(upstream)
    }

    fn sum(
        &self,
        inputs: &Inputs,
        pooled: &mut Accumulator<Terms, K>,
        progress: &mut Progress,
    ) -> Result<FileOutcome<Finished<Terms, K>>, ScoreError> {
        let images = Images::of(inputs, self.per_image);
        let mut file = self.accumulator()?;
        let mut outcomes = Vec::new();
        let mut pixels = Pixels::open(inputs, self.arguments)?;
        match images {
            Images::None => {
                while let Some(chunk) = pixels.next_chunk()? {
                    file.extend_plane(chunk.plane(0..chunk.len())?);
                    self.check(inputs, &chunk, [&file])?;
                    progress.advance(chunk.len());
                }
            }
            Images::InTurn { pixels: per_image } => {
                let mut image = self.accumulator()?;
                while let Some(chunk) = pixels.next_chunk()? {
                    for (_, stretch) in images.stretches(&chunk) {
                        let last = chunk.start + stretch.end as u64;
                        image.extend_plane(chunk.plane(stretch)?);
                        self.check(inputs, &chunk, [&image])?;
                        if last.is_multiple_of(per_image) {
                            file.merge(&image)?;
                            outcomes.push(outcome(&image)?);
                            image.reset();
                        }
                    }
                    progress.advance(chunk.len());
                }
            }
            Images::Interleaved { count } => {
                let count = if inputs.input.is_empty() { 0 } else { count };
                if count > MOST_INTERLEAVED {
                    return Err(ScoreError::usage(format!(
                        "{}: stored in Fortran order, so its {count} images must be summed at the same time, and at \
                         most {MOST_INTERLEAVED} can be; save it with numpy.ascontiguousarray",
                        inputs.input.name()
                    )));
                }
                let mut all = Vec::new();
                for _ in 0..count {
                    all.push(self.accumulator()?);
                }
                while let Some(chunk) = pixels.next_chunk()? {
                    for (image, stretch) in images.stretches(&chunk) {
                        if let Some(image) = all.get_mut(image) {
                            image.extend_plane(chunk.plane(stretch)?);
                        }
                    }
                    self.check(inputs, &chunk, &all)?;
                    progress.advance(chunk.len());
                }
                for image in &all {
                    file.merge(image)?;
                    outcomes.push(outcome(image)?);
                }
            }
        }
        pooled.merge(&file)?;
        Ok(FileOutcome { all: outcome(&file)?, images: outcomes, observed: pixels.observed() })
    }

    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Gradient<Terms, K>>],
        mut outputs: Outputs,
        progress: &mut Progress,
    ) -> Result<(), ScoreError> {
        let images = Images::of(inputs, self.per_image);
        let mut pixels = Pixels::open(inputs, self.arguments)?;
        let (mut values, mut sums, mut part) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(chunk) = pixels.next_chunk()? {
            if let Some(writer) = &mut outputs.gradient {
                values.clear();
                values.resize(chunk.len(), 0.0);
                for (image, stretch) in images.stretches(&chunk) {
                    let gradient = gradients.get(image).and_then(Option::as_ref);
                    if let (Some(gradient), Some(values)) = (gradient, values.get_mut(stretch.clone())) {
                        gradient.write(chunk.plane(stretch)?, values)?;
                    }
                }
                writer.write_f32(&values)?;
            }
            if let Some(writer) = &mut outputs.map {
                self.map(&chunk, &mut sums, &mut part, &mut values)?;
                writer.write_f32(&values)?;
            }
            progress.advance(chunk.len());
        }
        outputs.finish()
    }
}

impl<K: Link> Run<'_, K> {
    fn check<'a>(
        &self,
        inputs: &Inputs,
        chunk: &Chunk<'_>,
        accumulators: impl IntoIterator<Item = &'a Accumulator<Terms, K>>,
    ) -> Result<(), ScoreError>
    where
        K: 'a,
    {
        let stop = self.arguments.on_bad == OnBad::Error;
        if stop && accumulators.into_iter().any(|accumulator| accumulator.counts().rejected() > 0) {
            return Err(Pixels::first_bad(self.inputs, inputs, chunk, self.terms, &self.link, self.arguments));
        }
        Ok(())
    }

    /// The map of the one expression.
    fn map(
        &self,
        chunk: &Chunk<'_>,
        sums: &mut Vec<f64>,
        part: &mut Vec<f32>,
        map: &mut Vec<f32>,
    ) -> Result<(), ScoreError> {
        sums.clear();
        sums.resize(chunk.len(), 0.0);
        part.resize(chunk.len(), 0.0);
        for weighted in self.plan.expressions().iter().flat_map(|expression| expression.terms()) {
            if let Some(pointwise) = &weighted.term.loss.pointwise {
                pointwise.write_map(&self.link, chunk.plane(0..chunk.len())?, part)?;
                for (sum, part) in sums.iter_mut().zip(part.iter()) {
                    *sum += weighted.coefficient * f64::from(*part);
                }
            }
        }
        map.clear();
        // What lies beyond f32 is its largest number, as in the sums; `clamp` keeps the NaN of a rejected pixel.
        map.extend(sums.iter().map(|sum| sum.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32));
        Ok(())
    }
}
