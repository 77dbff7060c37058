//! Evaluates expressions over batches: sums of all pixels, means over images, and gradients.

use loss_core::extend::ImageValues;
use loss_core::{Counts, EmptyImage, FinishError, Reason, StateError};
use loss_expression::{EvaluationError, binary, channels, classes};
use rayon::prelude::*;

use crate::batch::Batch;

/// Pixels that a thread takes at a time.
const STRETCH: usize = 1 << 16;

/// What the inputs are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Binary masks.
    Binary,
    /// Channels that do not exclude each other.
    Channels(usize),
    /// Classes, each pixel being of one.
    Classes(usize),
}

/// An expression, ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Losses {
    /// Of a binary mask, or of each of so many channels.
    Masks {
        /// The losses.
        losses: binary::Losses,
        /// What the inputs are.
        inputs: binary::Inputs,
        /// From which probability on a pixel is called foreground.
        threshold: f64,
        /// How many channels; `None`: one, and no axis for it.
        channels: Option<usize>,
    },
    /// Over classes.
    Classes(classes::Losses),
}

/// What stands against an evaluation.
#[derive(Debug)]
pub enum Failure {
    /// A pixel is out of range: its image, its place among the targets of the image, and what is wrong.
    Pixel { image: usize, place: usize, reason: Reason },
    /// Something else.
    Evaluation(EvaluationError),
}

impl<E: Into<EvaluationError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Evaluation(error.into())
    }
}

impl Losses {
    pub fn sums(&self) -> Result<Sums, EvaluationError> {
        match self {
            Losses::Masks { losses, inputs, threshold, channels } => Ok(match channels {
                None => Sums::Mask(Box::new(losses.accumulator(*inputs)?.at_threshold(*threshold)?)),
                Some(channels) => {
                    let sums = channels::Accumulator::new(&vec![losses.clone(); *channels], *inputs)?;
                    Sums::Channels(sums.at_threshold(*threshold)?)
                }
            }),
            Losses::Classes(losses) => {
                Ok(Sums::Classes(Box::new(losses.accumulator().map_err(EvaluationError::Parameter)?)))
            }
        }
    }

    /// The terms of the expression: their names and coefficients.
    pub fn terms(&self) -> Vec<(String, f64)> {
        match self {
            Losses::Masks { losses, .. } => terms(losses.expressions()),
            Losses::Classes(losses) => terms(losses.expressions()),
        }
    }
}

fn terms<L>(expressions: &[loss_expression::Expression<L>]) -> Vec<(String, f64)> {
    let terms = expressions.iter().flat_map(|expression| expression.terms());
    terms.map(|weighted| (weighted.term.to_string(), weighted.coefficient)).collect()
}

/// The exact sums of pixels.
#[derive(Clone, Debug)]
pub enum Sums {
    Mask(Box<binary::Accumulator>),
    Channels(channels::Accumulator),
    Classes(Box<classes::Accumulator>),
}

impl Sums {
    /// Adds the pixels of a batch, with the threads of the current pool if there are several.
    fn extend(&mut self, batch: Batch<'_>, threads: bool) -> Result<(), Failure> {
        match self {
            Sums::Mask(sums) => {
                let pixels = batch.of_mask()?;
                if threads {
                    sums.par_extend(pixels)?
                } else {
                    sums.extend(pixels)?
                }
                if let Some(first) = sums.first_rejected() {
                    return Err(Failure::Pixel { image: 0, place: place(first.index), reason: first.reason });
                }
            }
            _ if threads && batch.images > 1 => {
                let empty = self.clone();
                let of_images = (0..batch.images).into_par_iter().map(|image| {
                    let mut sums = empty.clone();
                    sums.extend_by_image(batch.image(image), image)?;
                    Ok::<_, Failure>(sums)
                });
                let merged = of_images.try_reduce_with(|mut one, other| {
                    one.merge(&other).map_err(|_| Failure::from(FinishError::Saturated))?;
                    Ok(one)
                });
                if let Some(merged) = merged {
                    *self = merged?;
                }
            }
            _ => (0..batch.images).try_for_each(|image| self.extend_by_image(batch.image(image), image))?,
        }
        Ok(())
    }

    /// Adds the pixels of an image, which is this one of its batch.
    fn extend_by_image(&mut self, batch: Batch<'_>, image: usize) -> Result<(), Failure> {
        match self {
            Sums::Mask(_) => self.extend(batch, false).map_err(|failure| match failure {
                Failure::Pixel { place, reason, .. } => Failure::Pixel { image, place, reason },
                other => other,
            }),
            Sums::Channels(sums) => {
                for channel in 0..sums.channels().len() {
                    let start = channel * batch.pixels;
                    let before = sums.channels()[channel].counts().pixels();
                    sums.extend(channel, batch.stretch(start, batch.pixels).of_mask()?)?;
                    if let Some(first) = sums.channels()[channel].first_rejected() {
                        let place = start + place(first.index - before);
                        return Err(Failure::Pixel { image, place, reason: first.reason });
                    }
                }
                Ok(())
            }
            Sums::Classes(sums) => {
                let before = sums.counts().pixels();
                sums.extend(batch.of_classes())?;
                match sums.first_rejected() {
                    Some(first) => {
                        Err(Failure::Pixel { image, place: place(first.index - before), reason: first.reason })
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        match (self, other) {
            (Sums::Mask(sums), Sums::Mask(more)) => sums.merge(more),
            (Sums::Classes(sums), Sums::Classes(more)) => sums.merge(more),
            (Sums::Channels(sums), Sums::Channels(more)) => sums.merge(more),
            (sums, other) => Err(StateError::OtherLoss { expected: sums.fingerprint(), given: other.fingerprint() }),
        }
    }

    fn fingerprint(&self) -> u64 {
        match self {
            Sums::Mask(sums) => sums.fingerprint(),
            Sums::Channels(sums) => sums.fingerprint(),
            Sums::Classes(sums) => sums.fingerprint(),
        }
    }

    /// `None` if a loss ranks the pixels, which are kept then.
    fn state(&self) -> Option<Vec<i64>> {
        match self {
            Sums::Mask(sums) => sums.state(),
            Sums::Channels(sums) => sums.state(),
            Sums::Classes(sums) => sums.state(),
        }
    }

    fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        match self {
            Sums::Mask(sums) => sums.load_state(state),
            Sums::Channels(sums) => sums.load_state(state),
            Sums::Classes(sums) => sums.load_state(state),
        }
    }

    pub fn counts(&self) -> Counts {
        match self {
            Sums::Mask(sums) => sums.counts(),
            Sums::Channels(sums) => sums.counts(),
            Sums::Classes(sums) => sums.counts(),
        }
    }

    pub fn finish(&self) -> Result<Finished, EvaluationError> {
        Ok(match self {
            Sums::Mask(sums) => Finished::Mask(Box::new(sums.finish()?)),
            Sums::Channels(sums) => Finished::Channels(sums.finish()?),
            Sums::Classes(sums) => Finished::Classes(Box::new(sums.finish()?)),
        })
    }
}

fn place(index: i64) -> usize {
    usize::try_from(index).unwrap_or(0)
}

/// The results of sums.
#[derive(Clone, Debug)]
pub enum Finished {
    Mask(Box<binary::Finished>),
    Channels(channels::Finished),
    Classes(Box<classes::Finished>),
}

impl Finished {
    pub fn value(&self) -> f64 {
        match self {
            Finished::Mask(finished) => finished.value(),
            Finished::Channels(finished) => finished.mean(),
            Finished::Classes(finished) => finished.value(),
        }
    }

    /// The values of the terms without their coefficients.
    pub fn parts(&self) -> Vec<f64> {
        let first =
            |values: Vec<loss_expression::Evaluated>| values.into_iter().next().map_or(Vec::new(), |first| first.parts);
        match self {
            Finished::Mask(finished) => first(finished.values()),
            Finished::Channels(finished) => {
                let parts: Vec<Vec<f64>> = finished.channels().iter().map(|channel| first(channel.values())).collect();
                let count = parts.first().map_or(0, Vec::len);
                let mean = |term| parts.iter().filter_map(|parts| parts.get(term)).sum::<f64>() / parts.len() as f64;
                (0..count).map(mean).collect()
            }
            Finished::Classes(finished) => first(finished.values()),
        }
    }

    fn gradient(&self, upstream: f64) -> Option<Gradient> {
        Some(match self {
            Finished::Mask(finished) => Gradient::Mask(finished.gradient(upstream)?),
            Finished::Channels(finished) => {
                let gradients =
                    (0..finished.channels().len()).map(|channel| finished.gradient_of_mean(channel, upstream));
                Gradient::Channels(gradients.collect::<Option<_>>()?)
            }
            Finished::Classes(finished) => Gradient::Classes(finished.gradient(upstream)?),
        })
    }
}

enum Gradient {
    Mask(binary::Gradient),
    Channels(Vec<binary::Gradient>),
    Classes(classes::Gradient),
}

impl Gradient {
    fn write(&self, batch: Batch<'_>, to: &mut [f32], threads: bool) -> Result<(), EvaluationError> {
        match self {
            Gradient::Mask(gradient) => {
                let stretch = |(index, to): (usize, &mut [f32])| {
                    gradient.write(batch.stretch(index * STRETCH, to.len()).of_mask()?, to)
                };
                if threads {
                    to.par_chunks_mut(STRETCH).enumerate().try_for_each(stretch)
                } else {
                    gradient.write(batch.of_mask()?, to)
                }
            }
            _ => {
                let each = batch.inputs_of_image().max(1);
                let image = |(image, to): (usize, &mut [f32])| self.write_image(batch.image(image), to);
                if threads {
                    to.par_chunks_mut(each).enumerate().try_for_each(image)
                } else {
                    to.chunks_mut(each).enumerate().try_for_each(image)
                }
            }
        }
    }

    fn write_image(&self, batch: Batch<'_>, to: &mut [f32]) -> Result<(), EvaluationError> {
        match self {
            Gradient::Mask(gradient) => gradient.write(batch.of_mask()?, to),
            Gradient::Channels(gradients) => {
                let channels = gradients.iter().zip(to.chunks_mut(batch.pixels.max(1))).enumerate();
                for (channel, (gradient, to)) in channels {
                    gradient.write(batch.stretch(channel * batch.pixels, batch.pixels).of_mask()?, to)?;
                }
                Ok(())
            }
            Gradient::Classes(gradient) => gradient.write(batch.of_classes(), to),
        }
    }
}

/// What an expression is taken over before the mean, and its sums.
#[derive(Clone, Debug)]
pub enum Total {
    /// All pixels.
    Pooled(Sums),
    /// The pixels of each image.
    ByImage {
        /// Of no pixels.
        image: Sums,
        /// The values of the images.
        values: ImageValues,
    },
}

/// The values of images in a batch; `None` where an image has no valid pixel.
pub type OfImages = Vec<Option<f64>>;

impl Total {
    pub fn new(losses: &Losses, per_image: bool) -> Result<Self, EvaluationError> {
        let sums = losses.sums()?;
        Ok(if per_image {
            Total::ByImage { image: sums, values: ImageValues::new(EmptyImage::Skip) }
        } else {
            Total::Pooled(sums)
        })
    }

    /// Adds the pixels of a batch, and gives the values of its images if they are taken one by one.
    pub fn extend(&mut self, batch: Batch<'_>, threads: bool) -> Result<OfImages, Failure> {
        match self {
            Total::Pooled(sums) => sums.extend(batch, threads).map(|()| Vec::new()),
            Total::ByImage { image, values } => {
                let one = |index: usize| {
                    let mut sums = image.clone();
                    sums.extend_by_image(batch.image(index), index)?;
                    let counts = sums.counts();
                    Ok((counts, if counts.valid == 0 { None } else { Some(sums.finish()?.value()) }))
                };
                let of_images: Vec<(Counts, Option<f64>)> = if threads {
                    (0..batch.images).into_par_iter().map(one).collect::<Result<_, Failure>>()?
                } else {
                    (0..batch.images).map(one).collect::<Result<_, Failure>>()?
                };
                for (counts, value) in &of_images {
                    // An image without any pixel is not there.
                    if counts.pixels() > 0 {
                        values.add(*counts, value.unwrap_or(0.0))?;
                    }
                }
                Ok(of_images.into_iter().map(|(_, value)| value).collect())
            }
        }
    }

    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        match (self, other) {
            (Total::Pooled(sums), Total::Pooled(more)) => sums.merge(more),
            (Total::ByImage { values, .. }, Total::ByImage { values: more, .. }) if expected == given => {
                values.merge(more);
                Ok(())
            }
            _ => Err(StateError::OtherLoss { expected, given }),
        }
    }

    pub fn fingerprint(&self) -> u64 {
        match self {
            Total::Pooled(sums) => sums.fingerprint(),
            Total::ByImage { image, values } => values.fingerprint(image.fingerprint()),
        }
    }

    pub fn state(&self) -> Option<Vec<i64>> {
        match self {
            Total::Pooled(sums) => sums.state(),
            Total::ByImage { values, .. } => Some(values.state().to_vec()),
        }
    }

    pub fn load_state(&mut self, state: &[i64]) -> Result<(), StateError> {
        match self {
            Total::Pooled(sums) => sums.load_state(state),
            Total::ByImage { values, .. } => {
                let all = ImageValues::new(EmptyImage::Skip);
                let expected = all.state().len();
                let state = state.try_into().map_err(|_| StateError::Length { expected, given: state.len() })?;
                *values = all;
                values.add_state(state)
            }
        }
    }

    /// Writes the gradient of the total times `upstream(image)`; of pooled sums that of no image.
    pub fn write_gradient(
        &self,
        batch: Batch<'_>,
        upstream: Upstream<'_>,
        to: &mut [f32],
        threads: bool,
    ) -> Result<(), Failure> {
        match self {
            Total::Pooled(sums) => {
                let Upstream::OfMean(upstream) = upstream else { return Err(FinishError::NoPixels.into()) };
                match sums.finish()?.gradient(upstream) {
                    Some(gradient) => Ok(gradient.write(batch, to, threads)?),
                    None => Err(FinishError::NoPixels.into()),
                }
            }
            Total::ByImage { image: empty, values } => {
                let one = |(image, to): (usize, &mut [f32])| {
                    let batch = batch.image(image);
                    let mut sums = empty.clone();
                    sums.extend_by_image(batch, image)?;
                    if sums.counts().valid == 0 {
                        to.fill(0.0);
                        return Ok(());
                    }
                    let upstream = match upstream {
                        Upstream::OfMean(upstream) => upstream / values.images() as f64,
                        Upstream::OfImages(upstream) => upstream.get(image).copied().unwrap_or(0.0),
                    };
                    match sums.finish()?.gradient(upstream) {
                        Some(gradient) => Ok(gradient.write(batch, to, false)?),
                        None => Err(Failure::from(FinishError::NoPixels)),
                    }
                };
                let each = batch.inputs_of_image().max(1);
                if threads {
                    to.par_chunks_mut(each).enumerate().try_for_each(one)
                } else {
                    to.chunks_mut(each).enumerate().try_for_each(one)
                }
            }
        }
    }
}

/// What a gradient is multiplied by.
#[derive(Clone, Copy, Debug)]
pub enum Upstream<'a> {
    /// The derivative by the loss.
    OfMean(f64),
    /// The derivative by the value of each image.
    OfImages(&'a [f64]),
}

/// The fingerprint of totals: that of the only one, or of all.
pub fn fingerprint(totals: &[Total]) -> u64 {
    match totals {
        [total] => total.fingerprint(),
        totals => channels::side_by_side("groupings", totals.iter().map(Total::fingerprint)),
    }
}
