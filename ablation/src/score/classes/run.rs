//! The two passes over pixels of classes.

use loss_expression::classes::{Accumulator, Finished, Gradient, Losses};

use super::pixels::{Chunk, ClassPixels};
use crate::arguments::{OnBad, ScoreArguments};
use crate::score::ScoreError;
use crate::score::inputs::Inputs;
use crate::score::output::Outputs;
use crate::score::passes::Passes;
use crate::score::progress::Progress;
use crate::score::results::{FileOutcome, Outcome};
use crate::targets::ClassShape;

pub(super) struct Run<'a> {
    pub(super) arguments: &'a ScoreArguments,
    pub(super) losses: &'a Losses,
    pub(super) per_image: bool,
    /// All files, for messages.
    pub(super) inputs: &'a [Inputs],
}

impl Run<'_> {
    /// The shape, which was checked when the files were opened.
    fn shape(&self, inputs: &Inputs) -> Result<ClassShape, ScoreError> {
        inputs.classes.ok_or_else(|| ScoreError::usage(format!("{}: no logits of classes", inputs.input.name())))
    }

    fn add(
        &self,
        inputs: &Inputs,
        shape: ClassShape,
        chunk: &Chunk<'_>,
        sums: &mut Accumulator,
    ) -> Result<(), ScoreError> {
        sums.extend(chunk.pixels())?;
        if self.arguments.on_bad == OnBad::Error && sums.counts().rejected() > 0 {
            return Err(ClassPixels::first_bad(self.inputs, inputs, shape, chunk, sums.clone(), self.arguments));
        }
        Ok(())
    }
}

impl Passes for Run<'_> {
    type Accumulator = Accumulator;
    type Finished = Finished;
    type Gradient = Gradient;

    fn accumulator(&self) -> Result<Accumulator, ScoreError> {
        Ok(self.losses.accumulator()?)
    }

    fn merge(&self, into: &mut Accumulator, more: &Accumulator) -> Result<(), ScoreError> {
        Ok(into.merge(more)?)
    }

    fn state(&self, accumulator: &Accumulator) -> (u64, Option<Vec<i64>>) {
        (accumulator.fingerprint(), accumulator.state())
    }

    fn outcome(&self, accumulator: &Accumulator) -> Result<Outcome<Finished>, ScoreError> {
        Ok(Outcome::new(accumulator.counts(), accumulator.finish_valid())?)
    }

    fn sum(&self, inputs: &Inputs, progress: &Progress) -> Result<(FileOutcome<Finished>, Accumulator), ScoreError> {
        let shape = self.shape(inputs)?;
        let bytes = inputs.bytes() / inputs.input.len().max(1);
        let mut pixels = ClassPixels::open(inputs, shape, self.arguments)?;
        let (mut file, mut image) = (self.accumulator()?, self.accumulator()?);
        let mut images = Vec::new();
        while let Some(chunk) = pixels.next_chunk()? {
            if self.per_image {
                self.add(inputs, shape, &chunk, &mut image)?;
                if chunk.ends_image {
                    file.merge(&image)?;
                    images.push(self.outcome(&image)?);
                    image.reset();
                }
            } else {
                self.add(inputs, shape, &chunk, &mut file)?;
            }
            progress.advance(chunk.logits.len() as u64 * bytes);
        }
        Ok((FileOutcome { all: self.outcome(&file)?, images, observed: pixels.observed() }, file))
    }

    fn gradient(&self, finished: &Finished, upstream: f64) -> Option<Gradient> {
        finished.gradient(upstream)
    }

    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Gradient>],
        mut outputs: Outputs,
        progress: &Progress,
    ) -> Result<(), ScoreError> {
        let shape = self.shape(inputs)?;
        let bytes = inputs.bytes() / inputs.input.len().max(1);
        let mut pixels = ClassPixels::open(inputs, shape, self.arguments)?;
        let mut values = Vec::new();
        while let Some(chunk) = pixels.next_chunk()? {
            if let Some(writer) = &mut outputs.gradient {
                values.clear();
                values.resize(chunk.logits.len(), 0.0);
                let image =
                    if self.arguments.is_per_image() { usize::try_from(chunk.image).unwrap_or(usize::MAX) } else { 0 };
                if let Some(gradient) = gradients.get(image).and_then(Option::as_ref) {
                    gradient.write(chunk.pixels(), &mut values)?;
                }
                for (class, plane) in values.chunks(chunk.labels.len()).enumerate() {
                    let of_class = chunk.image * self.losses.classes() as u64 + class as u64;
                    writer.write_f32_at(of_class * shape.pixels + chunk.start, plane)?;
                }
            }
            if let Some(writer) = &mut outputs.map {
                values.clear();
                values.resize(chunk.labels.len(), 0.0);
                self.losses.write_map(chunk.pixels(), &mut values)?;
                writer.write_f32(&values)?;
            }
            progress.advance(chunk.logits.len() as u64 * bytes);
        }
        outputs.finish()
    }
}
