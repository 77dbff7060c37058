//! Binary masks: the problem of the exercises with one foreground.

use std::sync::Arc;

use loss_core::{Confusion, Histogram, Plane, Quantisation};
use loss_expression::binary::{Finished, Inputs, Losses, Pixels};

use super::{Judgement, Metrics, Problem, Step, TrainingError};
use crate::run::config::{HeadBias, Training};
use crate::run::dataset::BinarySet;
use crate::run::metrics::{Counts, ImageScores, MaskView, boundary_f1, boundary_iou, hausdorff_95, name};
use crate::run::network::Architecture;
use crate::run::statistics;
use loss_expression::{BinaryLoss, Expression};

/// Two halvings: full, half and quarter size.
const HALVINGS: usize = 2;
/// The number of predictions kept for the pictures: the first ones.
const PICTURED: usize = 6;
/// Bins of probabilities for the calibration (Guo et al., 2017).
pub(crate) const BINS: usize = 15;
/// Logits are rounded to sixteenths, from −8 to 7.9, for the calibration and the best threshold.
const CALIBRATION_STEP: f32 = 1.0 / 16.0;
/// A mask's rim is the pixels within this distance of its boundary, for the boundary IoU.
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

    /// The loss and the counts of the first held-out images, as many as have logits.
    fn finished(&self, logits: &[f32]) -> Result<Finished, TrainingError> {
        let mut sums = self.loss.accumulator(Inputs::Logits)?;
        let pixels = Pixels::from(Plane::new(logits, self.masks_of(logits))?);
        let distances = || self.held_out.distances().get(..logits.len()).unwrap_or_default();
        sums.extend(if self.needs_distances { pixels.with_distances(distances())? } else { pixels })?;
        Ok(sums.finish()?)
    }

    /// The loss of a batch; its gradient replaces the logits.
    fn loss_and_gradient(&self, pixels: Pixels<'_>, gradient: &mut [f32]) -> Result<f64, TrainingError> {
        let mut sums = self.loss.accumulator(Inputs::Logits)?;
        sums.extend(pixels)?;
        let finished = sums.finish()?;
        if let Some(ready) = finished.gradient(1.0) {
            ready.write(pixels, gradient)?;
        }
        Ok(finished.value())
    }

    /// The true masks of the first held-out images, as many as have logits.
    fn masks_of(&self, logits: &[f32]) -> &[u8] {
        self.held_out.masks.get(..logits.len()).unwrap_or(&self.held_out.masks)
    }
}

/// The scores of one square image.
pub(super) fn scores(size: usize, logits: &[f32], mask: &[u8]) -> Result<ImageScores, TrainingError> {
    let predicted: Vec<u8> = logits.iter().map(|logit| u8::from(*logit >= 0.0)).collect();
    let views = (MaskView::new(size, size, &predicted), MaskView::new(size, size, mask));
    let (Some(prediction), Some(truth)) = views else {
        return Err(TrainingError::Tensor("an image of another size".to_owned()));
    };
    let counts = counts(logits, mask);
    // An empty or full mask has no boundary. Two of them either agree or have nothing in common; if only one has no boundary, the distance is the largest in the image.
    let agree = counts.false_positives + counts.false_negatives == 0;
    let (alike, distance) = if agree { (1.0, 0.0) } else { (0.0, size as f64 * std::f64::consts::SQRT_2) };
    let calibration = histogram(logits, mask)?.curves()?.calibration::<BINS>();
    let metrics = [
        (name::DICE, counts.dice()),
        (name::IOU, counts.iou()),
        (name::BOUNDARY_F1_1, boundary_f1(prediction, truth, 1.0).unwrap_or(alike)),
        (name::BOUNDARY_F1_2, boundary_f1(prediction, truth, 2.0).unwrap_or(alike)),
        (name::BOUNDARY_IOU, boundary_iou(prediction, truth, RIM).unwrap_or(alike)),
        (name::HAUSDORFF, hausdorff_95(prediction, truth).unwrap_or(distance)),
        (name::CALIBRATION_ERROR, calibration.expected_calibration_error()),
    ];
    let metrics = metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(ImageScores { counts: vec![counts], metrics })
}

/// The counts of predictions at probability ½ against the truth.
fn counts(logits: &[f32], mask: &[u8]) -> Counts {
    Counts::of(logits.iter().zip(mask).map(|(logit, truth)| (*logit >= 0.0, *truth != 0)))
}

/// The network for binary masks.
pub(crate) fn architecture(channels: usize, base_channels: usize, head_bias: f32) -> Architecture {
    Architecture {
        images: 1,
        channels,
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
        architecture(self.training.channels, self.base_channels, self.head_bias)
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
        let distances =
            if self.needs_distances { together(images, |index| self.training.distance(index)) } else { Vec::new() };
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
        let pixels = self.held_out.size * self.held_out.size;
        let images = logits.chunks(pixels).zip(self.held_out.masks.chunks(pixels));
        let counts: Vec<Counts> = images.map(|(logits, mask)| counts(logits, mask)).collect();
        let mean = |of: fn(Counts) -> f64| statistics::mean(&counts.iter().map(|image| of(*image)).collect::<Vec<_>>());
        let metrics = [
            (name::LOSS, Some(finished.value())),
            (name::DICE, mean(Counts::dice)),
            (name::IOU, mean(Counts::iou)),
            (name::POOLED_DICE, hard.dice()),
            (name::PRECISION, hard.precision()),
            (name::RECALL, hard.recall()),
            (name::ACCURACY, hard.accuracy()),
        ];
        Ok(metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn judge(&self, logits: &[f32]) -> Result<Judgement, TrainingError> {
        let pixels = self.held_out.size * self.held_out.size;
        let mut metrics = self.evaluate(logits)?;
        let of_images = logits.chunks(pixels).zip(self.held_out.masks.chunks(pixels));
        let images = of_images.map(|(logits, mask)| scores(self.held_out.size, logits, mask));
        let images = images.collect::<Result<Vec<ImageScores>, _>>()?;
        for name in name::OF_IMAGES {
            let values: Vec<f64> = images.iter().filter_map(|image| image.metrics.get(name).copied()).collect();
            metrics.insert(name.to_owned(), statistics::mean(&values));
        }
        let curves = histogram(logits, &self.held_out.masks)?.curves()?;
        let best = curves.best_threshold(Confusion::dice);
        metrics.insert(name::BEST_DICE.to_owned(), best.map(|(_, dice)| dice));
        let bins = curves.calibration::<BINS>();
        let filled = bins.bins().iter();
        let reliability =
            filled.filter_map(|bin| Some([bin.mean_probability()?, bin.foreground_share()?, bin.pixels])).collect();
        let pictured = logits.chunks(pixels).take(PICTURED);
        let predictions = pictured.map(|image| image.iter().map(|logit| probability_byte(*logit)).collect()).collect();
        Ok(Judgement { metrics, reliability, images, predictions })
    }
}

/// The number of times each rounded logit met foreground and background.
fn histogram(logits: &[f32], masks: &[u8]) -> Result<Histogram<i8>, TrainingError> {
    let mut histogram = Histogram::<i8>::new(Quantisation::new(CALIBRATION_STEP, 0)?);
    // The cast saturates.
    let codes: Vec<i8> = logits.iter().map(|logit| (logit / CALIBRATION_STEP).round() as i8).collect();
    histogram.extend_codes(&codes, masks)?;
    Ok(histogram)
}

/// The numbers of these images, joined.
fn together<'a>(images: &[usize], of: impl Fn(usize) -> &'a [f32]) -> Vec<f32> {
    images.iter().flat_map(|index| of(*index)).copied().collect()
}

/// The probability of a logit, scaled to 0 to 255.
fn probability_byte(logit: f32) -> u8 {
    (255.0 / (1.0 + libm::exp(-f64::from(logit)))).round() as u8
}
