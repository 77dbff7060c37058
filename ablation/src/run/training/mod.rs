//! The training of an arm: one loop, over problems that define the images and the loss.

mod batches;
pub(crate) mod binary;
pub(crate) mod damage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::optim::AdamConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use loss_burn::with_gradients;
use serde::{Deserialize, Serialize};

use super::config::{Pace, Training};
use super::dataset::ImageSet;
use super::metrics::ImageScores;
use super::network::{Architecture, UNet};
use batches::Batches;

/// Metrics by name; `None` if a metric is undefined.
pub(crate) type Metrics = BTreeMap<String, Option<f64>>;

/// A problem for a network: images, a loss, and a judgement of the result.
pub(crate) trait Problem {
    type Images: ImageSet;

    fn architecture(&self) -> Architecture;

    /// The training images, and the held-out images.
    fn training(&self) -> &Self::Images;
    fn held_out(&self) -> &Self::Images;

    /// The loss of a batch from the network's logits at each size. Its gradient replaces the logits.
    fn step(&self, images: &[usize], logits: &mut [Vec<f32>]) -> Result<Step, TrainingError>;

    /// Judges the logits of the first held-out images, or of all, by the metrics that are fast to compute.
    fn evaluate(&self, logits: &[f32]) -> Result<Metrics, TrainingError>;

    /// Judges the logits of all held-out images by every metric, image by image.
    fn judge(&self, logits: &[f32]) -> Result<Judgement, TrainingError>;
}

/// A step of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// The loss of the batch.
    pub(crate) loss: f64,
    /// Σ |∂L/∂z| over the batch's foreground pixels, and over the others.
    pub(crate) foreground_gradient: f64,
    pub(crate) background_gradient: f64,
}

impl Step {
    /// A step without its gradient, which is added later.
    fn of_loss(loss: f64) -> Self {
        Self { loss, foreground_gradient: 0.0, background_gradient: 0.0 }
    }

    /// Adds the gradient of pixels; those with label 0 are background.
    fn add(&mut self, slopes: &[f32], labels: &[u8]) {
        for (slope, label) in slopes.iter().zip(labels) {
            let of_its_kind = if *label == 0 { &mut self.background_gradient } else { &mut self.foreground_gradient };
            *of_its_kind += f64::from(slope.abs());
        }
    }
}

/// An evaluation of the held-out images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evaluation {
    /// The number of steps before it.
    pub(crate) step: usize,
    pub(crate) metrics: Metrics,
}

/// The last evaluation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    pub(crate) metrics: Metrics,
    /// (mean probability, share of foreground, number of pixels) of each bin of probabilities that is not empty.
    pub(crate) reliability: Vec<[f64; 3]>,
    /// The scores of each held-out image, in the order of the set.
    pub(crate) images: Vec<ImageScores>,
    /// The predictions for the first held-out images: probabilities from 0 to 255, or classes.
    #[serde(with = "crate::report::bytes::each")]
    pub(crate) predictions: Vec<Vec<u8>>,
}

/// The complete result of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trained {
    pub(crate) parameters: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) evaluations: Vec<Evaluation>,
    pub(crate) judgement: Judgement,
}

/// The reason why a training did not finish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrainingError {
    #[error("interrupted")]
    Interrupted,
    #[error("step {step}: a logit is NaN or infinite, so the training has diverged; use a smaller learning_rate")]
    Diverged { step: usize },
    #[error("the logits of a batch: {0}")]
    Pixels(#[from] loss_core::FinishError),
    #[error("the logits of a batch: {0}")]
    Evaluation(#[from] loss_expression::EvaluationError),
    #[error("the parameters of a loss: {0}")]
    Parameter(#[from] loss_core::ParameterError),
    #[error("internal error: {0}")]
    Length(#[from] loss_core::LengthError),
    #[error("internal error: {0}")]
    ClassPlane(#[from] loss_core::class::ClassPlaneError),
    #[error("{0}")]
    Gradient(#[from] loss_burn::Error),
    #[error("internal error: {0}")]
    Expression(#[from] loss_expression::ExpressionError),
    #[error("internal error: a tensor could not be read: {0}")]
    Tensor(String),
}

/// The number of held-out images, the first ones, that are evaluated during a training. All of them are judged once, after the last step, so more
/// of them cost little time.
pub(crate) const FOLLOWED: usize = 32;

/// Trains a network. The first weights and the order of images depend on the seed.
pub(crate) fn train(
    problem: &impl Problem,
    settings: &Training,
    Pace { steps, learning_rate }: Pace,
    seed: u64,
    stop: &AtomicBool,
    progress: impl Fn(usize),
) -> Result<Trained, TrainingError> {
    let device = Device::flex().autodiff();
    let mut network = UNet::new(&problem.architecture(), seed, &device);
    let mut optimiser = AdamConfig::new().with_epsilon(1e-8).init();
    let mut batches = Batches::new(problem.training().len(), settings.batch, seed);
    let mut trained = Trained {
        parameters: parameters(&network),
        steps: Vec::new(),
        evaluations: Vec::new(),
        judgement: Judgement::default(),
    };
    trained.look(problem, &network, settings.batch, 0)?;
    for step in 1..=steps {
        if stop.load(Ordering::Relaxed) {
            return Err(TrainingError::Interrupted);
        }
        let batch = batches.next();
        let images = images(problem.training(), &batch, &device);
        let outputs = network.forward(&images);
        let mut logits = outputs.iter().map(numbers).collect::<Result<Vec<_>, _>>()?;
        if logits.iter().flatten().any(|logit| !logit.is_finite()) {
            return Err(TrainingError::Diverged { step });
        }
        let done = problem.step(&batch, &mut logits)?;
        trained.steps.push(done);
        let loss = with_gradients(outputs.into_iter().zip(logits), done.loss)?;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimiser.step(learning_rate, network, gradients);
        if is_evaluated(step, steps, settings.evaluations) {
            trained.look(problem, &network, settings.batch, step)?;
            if step == steps {
                let logits = held_out_logits(problem, &network, settings.batch, step, usize::MAX)?;
                trained.judgement = problem.judge(&logits)?;
            }
        }
        progress(step);
    }
    Ok(trained)
}

impl Trained {
    /// Evaluates the first held-out images after a number of steps.
    fn look(&mut self, problem: &impl Problem, network: &UNet, batch: usize, step: usize) -> Result<(), TrainingError> {
        let logits = held_out_logits(problem, network, batch, step, FOLLOWED)?;
        self.evaluations.push(Evaluation { step, metrics: problem.evaluate(&logits)? });
        Ok(())
    }
}

/// Whether there is an evaluation after this step. Evaluations are evenly spaced, the last one after the last step.
fn is_evaluated(step: usize, steps: usize, evaluations: usize) -> bool {
    let [step, steps, evaluations] = [step, steps, evaluations].map(|count| count as u64);
    step * evaluations / steps > (step - 1) * evaluations / steps
}

fn parameters(network: &UNet) -> usize {
    burn::module::Module::num_params(network)
}

/// The images of a batch, as a tensor for each input of the network.
fn images(set: &impl ImageSet, batch: &[usize], device: &Device) -> Vec<Tensor<4>> {
    let size = set.size();
    let mut pixels: Vec<Vec<f32>> = Vec::new();
    for index in batch {
        let inputs = set.inputs(*index);
        pixels.resize_with(inputs.len(), || Vec::with_capacity(batch.len() * size * size));
        pixels.iter_mut().zip(inputs).for_each(|(all, own)| all.extend_from_slice(own));
    }
    let tensor = |pixels| Tensor::from_data(TensorData::new(pixels, [batch.len(), set.channels(), size, size]), device);
    pixels.into_iter().map(tensor).collect()
}

/// The logits of the held-out images at full size, up to a number of images.
fn held_out_logits<P: Problem>(
    problem: &P,
    network: &UNet,
    batch: usize,
    step: usize,
    most: usize,
) -> Result<Vec<f32>, TrainingError> {
    let network = burn::module::Module::valid(network);
    let device = Device::flex();
    let all: Vec<usize> = (0..problem.held_out().len().min(most)).collect();
    let mut logits = Vec::new();
    for batch in all.chunks(batch) {
        let images = images(problem.held_out(), batch, &device);
        if let Some(full) = network.forward(&images).last() {
            logits.extend(numbers(full)?);
        }
    }
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(TrainingError::Diverged { step });
    }
    Ok(logits)
}

fn numbers(tensor: &Tensor<4>) -> Result<Vec<f32>, TrainingError> {
    let data = tensor.clone().inner().into_data();
    data.try_to_vec::<f32>().map_err(|error| TrainingError::Tensor(format!("{error:?}")))
}
