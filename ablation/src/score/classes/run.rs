//! The two passes over pixels of classes.

use loss_core::{ClassAccumulator, ClassGradient, ClassPixel, FinishedClasses};

use super::pixels::{Chunk, ClassPixels};
use super::terms::ClassTerms;
use crate::arguments::{OnBad, ScoreArguments};
use crate::score::inputs::Inputs;
use crate::score::output::Outputs;
use crate::score::progress::Progress;
use crate::score::results::{FileOutcome, Outcome};
use crate::score::{Passes, ScoreError};
use crate::targets::ClassShape;

pub(super) struct Run<'a, const C: usize> {
    pub(super) arguments: &'a ScoreArguments,
    pub(super) terms: &'a ClassTerms,
    pub(super) classes: usize,
    pub(super) per_image: bool,
    /// All files, for messages.
    pub(super) inputs: &'a [Inputs],
}

impl<const C: usize> Run<'_, C> {
    /// The shape, which was checked when the files were opened.
    fn shape(&self, inputs: &Inputs) -> Result<ClassShape, ScoreError> {
        inputs.classes.ok_or_else(|| ScoreError::usage(format!("{}: no logits of classes", inputs.input.name())))
    }

    fn add(
        &self,
        inputs: &Inputs,
        shape: ClassShape,
        chunk: &Chunk<'_>,
        sums: &mut ClassAccumulator<ClassTerms, C>,
    ) -> Result<(), ScoreError> {
        sums.extend_plane(chunk.plane(self.classes)?);
        if self.arguments.on_bad == OnBad::Error && sums.counts().rejected() > 0 {
            return Err(ClassPixels::first_bad(self.inputs, inputs, shape, chunk, sums.clone(), self.arguments));
        }
        Ok(())
    }

    /// The losses of pixels before any mean; NaN where a pixel is out of range.
    fn map(&self, chunk: &Chunk<'_>, map: &mut Vec<f32>) {
        map.clear();
        let pixels = chunk.labels.len();
        for (pixel, (label, weight)) in chunk.labels.iter().zip(chunk.weights).enumerate() {
            if *weight == 0.0 {
                map.push(0.0);
                continue;
            }
            let (mut logits, mut target) = ([0.0; C], [0.0; C]);
            for (logit, plane) in logits.iter_mut().zip(chunk.logits.chunks(pixels)) {
                *logit = plane.get(pixel).copied().unwrap_or(f32::NAN);
            }
            let class = usize::try_from(*label).ok().filter(|class| *class < self.classes);
            let is_valid = logits.iter().all(|logit| logit.is_finite()) && weight.is_finite() && *weight > 0.0;
            let (true, Some(target_of_class)) = (is_valid, class.and_then(|class| target.get_mut(class))) else {
                map.push(f32::NAN);
                continue;
            };
            *target_of_class = 1.0;
            let value = f64::from(*weight) * self.terms.at(&ClassPixel::softmax(self.classes, &logits, target));
            map.push(value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32);
        }
    }
}

impl<const C: usize> Passes for Run<'_, C> {
    type Accumulator = ClassAccumulator<ClassTerms, C>;
    type Finished = FinishedClasses<ClassTerms, C>;
    type Gradient = ClassGradient<ClassTerms, C>;

    fn accumulator(&self) -> Result<Self::Accumulator, ScoreError> {
        Ok(ClassAccumulator::new(self.terms.clone()).with_classes(self.classes)?)
    }

    fn outcome(&self, accumulator: &Self::Accumulator) -> Result<Outcome<Self::Finished>, ScoreError> {
        Ok(Outcome::new(accumulator.counts(), accumulator.finish_valid())?)
    }

    fn sum(
        &self,
        inputs: &Inputs,
        pooled: &mut Self::Accumulator,
        progress: &mut Progress,
    ) -> Result<FileOutcome<Self::Finished>, ScoreError> {
        let shape = self.shape(inputs)?;
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
            progress.advance(chunk.logits.len());
        }
        pooled.merge(&file)?;
        Ok(FileOutcome { all: self.outcome(&file)?, images, observed: pixels.observed() })
    }

    fn gradient(&self, finished: &Self::Finished, upstream: f64) -> Self::Gradient {
        finished.gradient_times(upstream)
    }

    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Self::Gradient>],
        mut outputs: Outputs,
        progress: &mut Progress,
    ) -> Result<(), ScoreError> {
        let shape = self.shape(inputs)?;
        let mut pixels = ClassPixels::open(inputs, shape, self.arguments)?;
        let mut values = Vec::new();
        while let Some(chunk) = pixels.next_chunk()? {
            if let Some(writer) = &mut outputs.gradient {
                values.clear();
                values.resize(chunk.logits.len(), 0.0);
                let image =
                    if self.arguments.per_image { usize::try_from(chunk.image).unwrap_or(usize::MAX) } else { 0 };
                if let Some(gradient) = gradients.get(image).and_then(Option::as_ref) {
                    gradient.write(chunk.plane(self.classes)?, &mut values)?;
                }
                for (class, plane) in values.chunks(chunk.labels.len()).enumerate() {
                    let of_class = chunk.image * self.classes as u64 + class as u64;
                    writer.write_f32_at(of_class * shape.pixels + chunk.start, plane)?;
                }
            }
            if let Some(writer) = &mut outputs.map {
                self.map(&chunk, &mut values);
                writer.write_f32(&values)?;
            }
            progress.advance(chunk.logits.len());
        }
        outputs.finish()
    }
}
