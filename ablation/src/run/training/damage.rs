//! Five classes from two images: the problem of the damage maps.

use std::sync::Arc;

use loss_core::deep_supervision::Strides;
use loss_expression::classes::{Finished, Losses, Pixels, Targets};

use super::{Judgement, Metrics, Problem, Step, TrainingError};
use crate::run::config::{HeadBias, Training};
use crate::run::dataset::PairSet;
use crate::run::metrics::{Counts, ImageScores, name};
use crate::run::network::Architecture;
use loss_expression::{ClassesLoss, Expression};

pub(crate) const CLASSES: usize = 5;
pub(crate) const CLASS_NAMES: [&str; CLASSES] = ["background", "no damage", "minor", "major", "destroyed"];
/// Three halvings, so that there is an eighth of the size to supervise.
const HALVINGS: usize = 3;
/// The number of predictions kept for the pictures: those of the most telling pairs.
pub(crate) const PICTURED: usize = 6;

/// The target of one size of the decoder.
struct Scale {
    /// The number of halvings.
    halved: usize,
    lambda: f64,
    loss: Losses,
}

pub(crate) struct DamageProblem {
    training: Arc<PairSet>,
    held_out: Arc<PairSet>,
    /// The sizes in the order of the network's outputs, full size last.
    scales: Vec<Scale>,
    base_channels: usize,
    head_bias: Vec<f32>,
}

/// A loss at a size, given by its number of halvings, with its weight.
pub(crate) struct Supervision {
    pub(crate) halved: usize,
    pub(crate) lambda: f64,
    pub(crate) loss: Expression<ClassesLoss>,
}

impl DamageProblem {
    /// Makes the problem, supervised at these sizes, from the smallest to full size.
    pub(crate) fn new(
        training: Arc<PairSet>,
        held_out: Arc<PairSet>,
        supervision: &[Supervision],
        class_weights: [f64; CLASSES],
        settings: &Training,
        shares: [f64; CLASSES],
    ) -> Result<Self, TrainingError> {
        let scale = |at: &Supervision| {
            let loss = Losses::new(vec![at.loss.clone()], CLASSES, Some(&class_weights))?;
            Ok(Scale { halved: at.halved, lambda: at.lambda, loss })
        };
        let scales = supervision.iter().map(scale).collect::<Result<_, TrainingError>>()?;
        let head_bias = shares.map(|share| match settings.head_bias {
            HeadBias::Zero => 0.0,
            HeadBias::Prior => libm::log(share) as f32,
        });
        Ok(Self { training, held_out, scales, base_channels: settings.base_channels, head_bias: head_bias.to_vec() })
    }

    /// The labels of an image: those of every k-th pixel of every k-th row.
    fn labels(&self, image: usize, halved: usize) -> Result<Vec<u8>, TrainingError> {
        let full = self.training.label(image);
        let mut strides = Strides::new(1 << halved);
        let mut row = vec![0; strides.width(self.held_out.size)];
        let mut labels = Vec::new();
        for full in full.chunks(self.held_out.size) {
            if let Some(width) = strides.push_row(full, &mut row)? {
                labels.extend(row.iter().take(width));
            }
        }
        Ok(labels)
    }

    fn finished(&self, logits: &[f32]) -> Result<Finished, TrainingError> {
        let Some(full) = self.scales.last() else { return Err(TrainingError::Tensor("no output".to_owned())) };
        let mut sums = full.loss.accumulator()?;
        let pixels = self.held_out.size * self.held_out.size;
        for (logits, labels) in logits.chunks(CLASSES * pixels).zip(self.held_out.labels.chunks(pixels)) {
            sums.extend(Pixels::new(logits, Targets::U8(labels)))?;
        }
        Ok(sums.finish()?)
    }
}

impl Scale {
    /// The loss of a batch times λ; its gradient replaces the logits.
    fn step(&self, logits: &mut [f32], labels: &[Vec<u8>]) -> Result<f64, TrainingError> {
        let of_image = logits.len() / labels.len().max(1);
        let mut sums = self.loss.accumulator()?;
        for (logits, labels) in logits.chunks(of_image).zip(labels) {
            sums.extend(Pixels::new(logits, Targets::U8(labels)))?;
        }
        let finished = sums.finish()?;
        let Some(gradient) = finished.gradient(self.lambda) else { return Ok(0.0) };
        let mut slopes = vec![0.0; of_image];
        for (logits, labels) in logits.chunks_mut(of_image).zip(labels) {
            gradient.write(Pixels::new(&*logits, Targets::U8(labels)), &mut slopes)?;
            logits.copy_from_slice(&slopes);
        }
        Ok(self.lambda * finished.value())
    }
}

/// The network for pairs of images, supervised at these smaller sizes and at full size.
pub(crate) fn architecture(base_channels: usize, head_bias: &[f32], auxiliary: Vec<usize>) -> Architecture {
    Architecture {
        images: 2,
        channels: 1,
        halvings: HALVINGS,
        base_channels,
        logits: CLASSES,
        auxiliary,
        head_bias: head_bias.to_vec(),
    }
}

impl Problem for DamageProblem {
    type Images = PairSet;

    fn architecture(&self) -> Architecture {
        let auxiliary = self.scales.iter().map(|scale| scale.halved).filter(|halved| *halved > 0);
        architecture(self.base_channels, &self.head_bias, auxiliary.collect())
    }

    fn training(&self) -> &PairSet {
        &self.training
    }

    fn held_out(&self) -> &PairSet {
        &self.held_out
    }

    fn step(&self, images: &[usize], logits: &mut [Vec<f32>]) -> Result<Step, TrainingError> {
        let mut step = Step::of_loss(0.0);
        for (scale, logits) in self.scales.iter().zip(logits) {
            let labels = images.iter().map(|image| self.labels(*image, scale.halved)).collect::<Result<Vec<_>, _>>()?;
            step.loss += scale.step(logits, &labels)?;
            if scale.halved > 0 {
                continue;
            }
            let pixels = self.held_out.size * self.held_out.size;
            for (slopes, labels) in logits.chunks(CLASSES * pixels).zip(&labels) {
                slopes.chunks(pixels).for_each(|of_class| step.add(of_class, labels));
            }
        }
        Ok(step)
    }

    fn evaluate(&self, logits: &[f32]) -> Result<Metrics, TrainingError> {
        let finished = self.finished(logits)?;
        let mut metrics = Metrics::new();
        let mut dice_of_damage = Vec::new();
        for (class, of_class) in CLASS_NAMES.iter().zip(finished.classes()) {
            let hard = of_class.hard;
            metrics.insert(name::of_class(name::DICE, class), hard.dice());
            metrics.insert(name::of_class(name::RECALL, class), hard.recall());
            metrics.insert(name::of_class(name::PRECISION, class), hard.precision());
            if of_class.class > 0 {
                dice_of_damage.push(hard.dice());
            }
        }
        let known: Vec<f64> = dice_of_damage.into_iter().flatten().collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        metrics.insert(name::MEAN_DICE.to_owned(), mean);
        metrics.insert(name::ACCURACY.to_owned(), finished.accuracy());
        metrics.insert(name::LOSS.to_owned(), Some(finished.value()));
        Ok(metrics)
    }

    fn judge(&self, logits: &[f32]) -> Result<Judgement, TrainingError> {
        let pixels = self.held_out.size * self.held_out.size;
        let maps: Vec<Vec<u8>> = logits.chunks(CLASSES * pixels).map(|image| likeliest(image, pixels)).collect();
        let images = maps.iter().zip(self.held_out.labels.chunks(pixels)).map(|(map, labels)| {
            let of_class =
                |class| Counts::of(map.iter().zip(labels).map(|(found, label)| (*found == class, *label == class)));
            ImageScores { counts: (0..CLASSES as u8).map(of_class).collect(), ..ImageScores::default() }
        });
        let images = images.collect();
        let pictured = self.held_out.telling(PICTURED).into_iter().filter_map(|index| maps.get(index).cloned());
        Ok(Judgement {
            metrics: self.evaluate(logits)?,
            reliability: Vec::new(),
            images,
            predictions: pictured.collect(),
        })
    }
}

/// The likeliest class of each pixel; among equally likely ones the first.
fn likeliest(logits: &[f32], pixels: usize) -> Vec<u8> {
    let mut best = vec![(f32::NEG_INFINITY, 0); pixels];
    for (class, plane) in (0..).zip(logits.chunks(pixels)) {
        for (best, logit) in best.iter_mut().zip(plane) {
            if *logit > best.0 {
                *best = (*logit, class);
            }
        }
    }
    best.into_iter().map(|(_, class)| class).collect()
}
