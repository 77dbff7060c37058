//! Binary masks: the problem of exercises 1 to 5.

use std::sync::Arc;

use loss_core::{Confusion, Histogram, Plane, Quantisation};
use loss_expression::binary::{Finished, Inputs, Losses, Pixels};

use super::{Judgement, Metrics, Problem, Step, TrainingError};
use crate::run::config::{HeadBias, Training};
use crate::run::dataset::BinarySet;
use crate::run::metrics::{MaskView, boundary_f1, boundary_iou, hausdorff_95, name};
use crate::run::network::Architecture;
use loss_expression::{BinaryLoss, Expression};

/// Two halvings: full, half and quarter size.
const HALVINGS: usize = 2;
/// So many predictions are kept, for the pictures: the first.
const PICTURED: usize = 6;
/// Bins of probabilities for the calibration (Guo et al., 2017).
pub(crate) const BINS: usize = 15;
/// Logits are rounded to sixteenths, from −8 to 7.9, for the calibration and the best threshold.
const CALIBRATION_STEP: f32 = 1.0 / 16.0;
/// Pixels within this of its boundary make a mask's rim, for the boundary IoU.
const RIM: f64 = 2.0;

pub(crate) struct BinaryProblem {
    training: Arc<BinarySet>,
    held_out: Arc<BinarySet>,
    loss: Losses,
    base_channels: usize,
    head_bias: f32,
    needs_distances: bool,
}

impl BinaryProblem {
    pub(crate) fn new(
        training: Arc<BinarySet>,
        held_out: Arc<BinarySet>,
        loss: &Expression,
        settings: &Training,
        share: f64,
    ) -> Self {
        let head_bias = match settings.head_bias {
            HeadBias::Zero => 0.0,
            HeadBias::Prior => libm::log(share / (1.0 - share)) as f32,
        };
        let needs_distances = loss.terms().iter().any(|weighted| weighted.term.loss == BinaryLoss::Boundary);
        let loss = Losses::new(vec![loss.clone()]);
        Self { training, held_out, loss, base_channels: settings.base_channels, head_bias, needs_distances }
    }

    fn finished(&self, logits: &[f32]) -> Result<Finished, TrainingError> {
        let mut sums = self.loss.accumulator(Inputs::Logits)?;
        let pixels = Pixels::from(Plane::new(logits, &self.held_out.masks)?);
        sums.extend(if self.needs_distances { pixels.with_distances(self.held_out.distances())? } else { pixels })?;
        Ok(sums.finish()?)
    }

    /// The loss of a batch, and its gradient in place of the logits.
    fn loss_and_gradient(&self, pixels: Pixels<'_>, gradient: &mut [f32]) -> Result<f64, TrainingError> {
        let mut sums = self.loss.accumulator(Inputs::Logits)?;
        sums.extend(pixels)?;
        let finished = sums.finish()?;
        if let Some(ready) = finished.gradient(1.0) {
            ready.write(pixels, gradient)?;
        }
        Ok(finished.value())
    }
}

/// The network for binary masks.
pub(crate) fn architecture(base_channels: usize, head_bias: f32) -> Architecture {
    Architecture {
        images: 1,
        halvings: HALVINGS,
        base_channels,
        logits: 1,
        auxiliary: Vec::new(),
        head_bias: vec![head_bias],
    }
}

impl Problem for BinaryProblem {
    type Images = BinarySet;

    fn architecture(&self) -> Architecture {
        architecture(self.base_channels, self.head_bias)
    }

    fn training(&self) -> &BinarySet {
        &self.training
    }

    fn held_out(&self) -> &BinarySet {
        &self.held_out
    }

    fn step(&self, images: &[usize], logits: &mut [Vec<f32>]) -> Result<Step, TrainingError> {
        let labels: Vec<u8> = images.iter().flat_map(|index| self.training.label(*index)).copied().collect();
        let [logits] = logits else { return Err(TrainingError::Tensor("not one output".to_owned())) };
        let soft = together(images, |index| self.training.soft_label(index));
        let pixels: Pixels<'_> =
            if soft.is_empty() { Plane::new(logits, &labels)?.into() } else { Plane::new(logits, &soft)?.into() };
        let distances = if self.needs_distances { together(images, |index| self.training.distance(index)) } else { Vec::new() };
        let pixels = if self.needs_distances { pixels.with_distances(&distances)? } else { pixels };
        let mut gradient = vec![0.0; logits.len()];
        let mut step = Step::of_loss(self.loss_and_gradient(pixels, &mut gradient)?);
        step.add(&gradient, &labels);
        *logits = gradient;
        Ok(step)
    }

    fn evaluate(&self, logits: &[f32]) -> Result<Metrics, TrainingError> {
        let finished = self.finished(logits)?;
        let hard = finished.hard();
        let metrics = [
            (name::LOSS, Some(finished.value())),
            (name::DICE, hard.dice()),
            (name::IOU, hard.iou()),
            (name::PRECISION, hard.precision()),
            (name::RECALL, hard.recall()),
            (name::ACCURACY, hard.accuracy()),
        ];
        Ok(metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn judge(&self, logits: &[f32], mut metrics: Metrics) -> Result<Judgement, TrainingError> {
        let pixels = self.held_out.size * self.held_out.size;
        let predicted: Vec<u8> = logits.iter().map(|logit| u8::from(*logit >= 0.0)).collect();
        let view = |mask| MaskView::new(self.held_out.size, self.held_out.size, mask);
        let mut add = |name: &str, of_image: &dyn Fn(MaskView<'_>, MaskView<'_>) -> Option<f64>| {
            let images = predicted.chunks(pixels).zip(self.held_out.masks.chunks(pixels));
            let views = images.filter_map(|(p, t)| Some((view(p)?, view(t)?)));
            let values: Vec<f64> = views.filter_map(|(prediction, truth)| of_image(prediction, truth)).collect();
            let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
            metrics.insert(name.to_owned(), mean);
        };
        add(name::BOUNDARY_F1_1, &|prediction, truth| boundary_f1(prediction, truth, 1.0));
        add(name::BOUNDARY_F1_2, &|prediction, truth| boundary_f1(prediction, truth, 2.0));
        add(name::BOUNDARY_IOU, &|prediction, truth| boundary_iou(prediction, truth, RIM));
        let diagonal = (self.held_out.size as f64) * std::f64::consts::SQRT_2;
        add(name::HAUSDORFF, &|prediction, truth| {
            // Where one of them has no boundary, nothing is near: as far as the image allows.
            let one_alone = prediction.has_boundary() != truth.has_boundary();
            hausdorff_95(prediction, truth).or(one_alone.then_some(diagonal))
        });
        let reliability = self.reliability(logits, &mut metrics)?;
        let pictured = logits.chunks(pixels).take(PICTURED);
        let predictions = pictured.map(|image| image.iter().map(|logit| probability_byte(*logit)).collect()).collect();
        Ok(Judgement { metrics, reliability, predictions })
    }
}

impl BinaryProblem {
    fn reliability(&self, logits: &[f32], metrics: &mut Metrics) -> Result<Vec<[f64; 3]>, TrainingError> {
        let mut histogram = Histogram::<i8>::new(Quantisation::new(CALIBRATION_STEP, 0)?);
        // The cast saturates.
        let codes: Vec<i8> = logits.iter().map(|logit| (logit / CALIBRATION_STEP).round() as i8).collect();
        histogram.extend_codes(&codes, &self.held_out.masks)?;
        let curves = histogram.curves()?;
        let best = curves.best_threshold(Confusion::dice);
        metrics.insert(name::BEST_DICE.to_owned(), best.map(|(_, dice)| dice));
        let calibration = curves.calibration::<BINS>();
        metrics.insert(name::CALIBRATION_ERROR.to_owned(), Some(calibration.expected_calibration_error()));
        let filled = calibration.bins().iter();
        Ok(filled.filter_map(|bin| Some([bin.mean_probability()?, bin.foreground_share()?, bin.pixels])).collect())
    }
}

/// The numbers of these images, one after the other.
fn together<'a>(images: &[usize], of: impl Fn(usize) -> &'a [f32]) -> Vec<f32> {
    images.iter().flat_map(|index| of(*index)).copied().collect()
}

/// The probability of a logit, from 0 to 255.
fn probability_byte(logit: f32) -> u8 {
    (255.0 / (1.0 + libm::exp(-f64::from(logit)))).round() as u8
}
