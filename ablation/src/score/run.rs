//! The two passes over the pixels.

use std::ops::Range;

use super::ScoreError;
use super::inputs::{Geometry, Inputs};
use super::output::Outputs;
use super::passes::Passes;
use super::pixels::{Chunk, Pixels};
use super::progress::Progress;
use super::results::FileOutcome;
use crate::arguments::{OnBad, ScoreArguments};
use crate::arrays::Order;
use loss_core::boundary::distance::{scratch_length, signed_distance_map};
use loss_expression::BinaryLoss;
use loss_expression::binary::{Accumulator, Finished, Gradient, Inputs as InputKind, Losses, Pixels as BinaryPixels};

/// The outcome of some pixels of binary masks.
type Outcome = super::results::Outcome<Finished>;

pub(super) fn outcome(accumulator: &Accumulator) -> Result<Outcome, ScoreError> {
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
        let first = array.shape().first().copied().unwrap_or(1);
        let count = inputs.images.unwrap_or(first);
        match array.order() {
            _ if !per_image => Images::None,
            // One image has no order.
            _ if count == 1 => Images::InTurn { pixels: array.len() },
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
pub(crate) struct Run<'a> {
    pub(crate) arguments: &'a ScoreArguments,
    pub(crate) losses: &'a Losses,
    pub(crate) kind: InputKind,
    pub(crate) per_image: bool,
    /// All files, for messages.
    pub(crate) inputs: &'a [Inputs],
}

impl Passes for Run<'_> {
    type Accumulator = Accumulator;
    type Finished = Finished;
    type Gradient = Gradient;

    fn accumulator(&self) -> Result<Accumulator, ScoreError> {
        Ok(self.losses.accumulator(self.kind)?.at_threshold(self.arguments.threshold())?)
    }

    fn merge(&self, into: &mut Accumulator, more: &Accumulator) -> Result<(), ScoreError> {
        Ok(into.merge(more)?)
    }

    fn outcome(&self, accumulator: &Accumulator) -> Result<Outcome, ScoreError> {
        outcome(accumulator)
    }

    fn state(&self, accumulator: &Accumulator) -> (u64, Option<Vec<i64>>) {
        (accumulator.fingerprint(), accumulator.state())
    }

    fn gradient(&self, finished: &Finished, upstream: f64) -> Option<Gradient> {
        finished.gradient(upstream)
    }

    fn sum(&self, inputs: &Inputs, progress: &Progress) -> Result<(FileOutcome<Finished>, Accumulator), ScoreError> {
        let images = Images::of(inputs, self.per_image);
        let distances = self.distances(inputs)?;
        let distances = distances.as_deref();
        let is_alone = self.inputs.len() == 1;
        let mut file = self.accumulator()?;
        let mut outcomes = Vec::new();
        let mut pixels = Pixels::open(inputs, self.arguments)?;
        let bytes = inputs.bytes() / inputs.input.len().max(1);
        match images {
            Images::None => {
                while let Some(chunk) = pixels.next_chunk()? {
                    let pixels = beside(&chunk, 0..chunk.len(), distances)?;
                    // Several files have a thread each.
                    if is_alone {
                        file.par_extend(pixels)?
                    } else {
                        file.extend(pixels)?
                    }
                    self.check(inputs, &chunk, [&file])?;
                    progress.advance(chunk.len() as u64 * bytes);
                }
            }
            Images::InTurn { pixels: per_image } => {
                let mut image = self.accumulator()?;
                while let Some(chunk) = pixels.next_chunk()? {
                    for (_, stretch) in images.stretches(&chunk) {
                        let last = chunk.start + stretch.end as u64;
                        image.extend(beside(&chunk, stretch, distances)?)?;
                        self.check(inputs, &chunk, [&image])?;
                        if last.is_multiple_of(per_image) {
                            file.merge(&image)?;
                            outcomes.push(outcome(&image)?);
                            image.reset();
                        }
                    }
                    progress.advance(chunk.len() as u64 * bytes);
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
                            image.extend(beside(&chunk, stretch, distances)?)?;
                        }
                    }
                    self.check(inputs, &chunk, &all)?;
                    progress.advance(chunk.len() as u64 * bytes);
                }
                for image in &all {
                    file.merge(image)?;
                    outcomes.push(outcome(image)?);
                }
            }
        }
        Ok((FileOutcome { all: outcome(&file)?, images: outcomes, observed: pixels.observed() }, file))
    }

    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Gradient>],
        mut outputs: Outputs,
        progress: &Progress,
    ) -> Result<(), ScoreError> {
        let images = Images::of(inputs, self.per_image);
        let distances = self.distances(inputs)?;
        let distances = distances.as_deref();
        let bytes = inputs.bytes() / inputs.input.len().max(1);
        let mut pixels = Pixels::open(inputs, self.arguments)?;
        let mut values = Vec::new();
        while let Some(chunk) = pixels.next_chunk()? {
            if let Some(writer) = &mut outputs.gradient {
                values.clear();
                values.resize(chunk.len(), 0.0);
                for (image, stretch) in images.stretches(&chunk) {
                    let gradient = gradients.get(image).and_then(Option::as_ref);
                    if let (Some(gradient), Some(values)) = (gradient, values.get_mut(stretch.clone())) {
                        gradient.write(beside(&chunk, stretch, distances)?, values)?;
                    }
                }
                writer.write_f32(&values)?;
            }
            if let Some(writer) = &mut outputs.map {
                values.clear();
                values.resize(chunk.len(), 0.0);
                self.losses.write_map(self.kind, chunk.plane(0..chunk.len())?.into(), &mut values)?;
                writer.write_f32(&values)?;
            }
            progress.advance(chunk.len() as u64 * bytes);
        }
        outputs.finish()
    }
}

/// Some pixels of a chunk, with their distances if there are any.
fn beside<'a>(
    chunk: &'a Chunk<'_>,
    part: Range<usize>,
    distances: Option<&'a [f32]>,
) -> Result<BinaryPixels<'a>, ScoreError> {
    let start = usize::try_from(chunk.start).unwrap_or(usize::MAX).saturating_add(part.start);
    let length = part.len();
    let pixels: BinaryPixels<'_> = chunk.plane(part)?.into();
    match distances {
        None => Ok(pixels),
        Some(distances) => {
            Ok(pixels.with_distances(distances.get(start..start.saturating_add(length)).unwrap_or_default())?)
        }
    }
}

impl Run<'_> {
    /// The signed distance of each pixel from the boundary of its image's mask, if a loss asks for it.
    fn distances(&self, inputs: &Inputs) -> Result<Option<Vec<f32>>, ScoreError> {
        let mut terms = self.losses.expressions().iter().flat_map(|expression| expression.terms());
        if !terms.any(|term| term.term.loss == BinaryLoss::Boundary) {
            return Ok(None);
        }
        let geometry = Geometry::of(inputs, self.arguments, true)?;
        let [height, width] = geometry.shape[..] else {
            return Err(ScoreError::usage(format!(
                "{}: the distances of boundary are those of images (height, width), and the shape is {}",
                inputs.input.name(),
                inputs.input.shape_text()
            )));
        };
        if inputs.input.order() == Order::Fortran {
            return Err(ScoreError::usage(format!(
                "{}: boundary needs images one after the other; save it with numpy.ascontiguousarray",
                inputs.input.name()
            )));
        }
        let mut mask = Vec::new();
        let mut pixels = Pixels::open(inputs, self.arguments)?;
        while let Some(chunk) = pixels.next_chunk()? {
            let (_, targets, _) = chunk.columns();
            if let Some(soft) = targets.iter().find(|target| **target > 0.0 && **target < 1.0) {
                return Err(ScoreError::usage(format!(
                    "{}: boundary needs hard targets, 0 or 1, and a target is {soft}",
                    inputs.targets.name()
                )));
            }
            mask.extend(targets.iter().map(|target| *target == 1.0));
        }
        let mut distances = vec![0.0; mask.len()];
        let mut scratch = vec![0; scratch_length(width)];
        let area = (width * height).max(1);
        for (mask, distances) in mask.chunks(area).zip(distances.chunks_mut(area)) {
            signed_distance_map(mask, width, height, &mut scratch, distances)
                .map_err(|error| ScoreError::usage(format!("{}: {error}", inputs.targets.name())))?;
        }
        Ok(Some(distances))
    }

    fn check<'a>(
        &self,
        inputs: &Inputs,
        chunk: &Chunk<'_>,
        accumulators: impl IntoIterator<Item = &'a Accumulator>,
    ) -> Result<(), ScoreError> {
        let stop = self.arguments.on_bad == OnBad::Error;
        if stop && accumulators.into_iter().any(|accumulator| accumulator.counts().rejected() > 0) {
            return Err(Pixels::first_bad(self.inputs, inputs, chunk, self.accumulator()?, self.kind, self.arguments));
        }
        Ok(())
    }
}
