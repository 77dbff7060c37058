//! The chain from a loss to a weight, and what training promises.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};

use super::binary::BinaryProblem;
use super::damage::{DamageProblem, Supervision};
use super::*;
use crate::run::config::{Config, HeadBias, Preset};
use crate::run::dataset::{self, Labelling, Split};
use crate::run::metrics::name;

fn small() -> Config {
    let mut config = Config::preset(Preset::Quick);
    config.data.size = 16;
    config.data.share = 0.1;
    (config.data.training_images, config.data.held_out_images) = (6, 4);
    (config.damage.training_images, config.damage.held_out_images) = (6, 4);
    (config.training.batch, config.training.base_channels) = (3, 2);
    config
}

fn binary(config: &Config, loss: &str) -> BinaryProblem {
    labelled(config, loss, Labelling::Swapped(config.data.label_noise))
}

fn labelled(config: &Config, loss: &str, labelling: Labelling) -> BinaryProblem {
    let share = config.data.share;
    let [training, held_out] = [Split::Training, Split::HeldOut]
        .map(|split| Arc::new(dataset::binary(&config.data, share, labelling, 7, split)));
    BinaryProblem::new(training, held_out, &loss.parse().unwrap(), &config.training, share)
}

fn damage(config: &Config, scales: &[(usize, f64, &str)]) -> DamageProblem {
    let [training, held_out] = [Split::Training, Split::HeldOut]
        .map(|split| Arc::new(dataset::damage(&config.data, &config.damage, 7, split)));
    let supervision: Vec<Supervision> = scales
        .iter()
        .map(|(halved, lambda, loss)| Supervision { halved: *halved, lambda: *lambda, loss: loss.parse().unwrap() })
        .collect();
    let shares = dataset::damage_shares(&config.damage);
    DamageProblem::new(training, held_out, &supervision, config.damage.class_weights, &config.training, shares).unwrap()
}

const DEEP: &[(usize, f64, &str)] = &[
    (3, 0.4, "focal(gamma=2)"),
    (2, 0.6, "focal(gamma=2) + dice(smooth=1, classes=foreground)"),
    (0, 1.0, "focal(gamma=2) + dice(smooth=1, classes=foreground)"),
];

/// The loss of a batch, as the loss library gives it.
fn loss(problem: &impl Problem, network: &UNet, batch: &[usize]) -> f64 {
    let device = Device::flex().autodiff();
    let outputs = network.forward(&images(problem.training(), batch, &device));
    let mut logits: Vec<Vec<f32>> = outputs.iter().map(|output| numbers(output).unwrap()).collect();
    problem.step(batch, &mut logits).unwrap().loss
}

/// Adds to the weights of the first layer, along a direction.
fn moved(network: &UNet, direction: &[f32], step: f32) -> UNet {
    let mut network = network.clone();
    network.map_first_kernel(|kernel| {
        let (shape, device) = (kernel.dims(), kernel.device());
        let numbers = kernel.into_data().try_to_vec::<f32>().unwrap();
        let moved: Vec<f32> = numbers.iter().zip(direction).map(|(weight, along)| weight + step * along).collect();
        Tensor::from_data(TensorData::new(moved, shape), &device).require_grad()
    });
    network
}

/// ∂L/∂(first kernel) that the framework makes of our gradient at the logits, against the difference quotient of the loss itself, along the
/// gradient: both are its length.
fn proves_gradient(problem: &impl Problem) {
    let device = Device::flex().autodiff();
    let network = UNet::new(&problem.architecture(), 3, &device).with_heads_of(0.3);
    let batch = [0, 2, 5];
    let outputs = network.forward(&images(problem.training(), &batch, &device));
    let mut logits: Vec<Vec<f32>> = outputs.iter().map(|output| numbers(output).unwrap()).collect();
    problem.step(&batch, &mut logits).unwrap();
    let gradients = with_gradients(outputs.into_iter().zip(logits), 0.0).unwrap().backward();
    let kernel: &Param<Tensor<4>> = network.first_kernel();
    let gradient: Vec<f32> = kernel.val().grad(&gradients).unwrap().into_data().try_to_vec().unwrap();
    let length = gradient.iter().map(|slope| f64::from(*slope).powi(2)).sum::<f64>().sqrt();
    assert!(length > 1e-3, "{length}");
    let direction: Vec<f32> = gradient.iter().map(|slope| (f64::from(*slope) / length) as f32).collect();
    // Small, because pooling and ReLU have kinks; the loss itself is exact.
    let step = 4e-4;
    let [above, below] = [step, -step].map(|step| loss(problem, &moved(&network, &direction, step), &batch));
    let quotient = (above - below) / (2.0 * f64::from(step));
    assert!((quotient - length).abs() < 0.02 * length, "{quotient} against {length}");
}

#[test]
fn the_gradient_reaches_the_first_layer() {
    let config = small();
    for loss in ["bce", "dice(smooth=1)", "0.7*focal(gamma=1.5) + 0.3*tversky(alpha=0.3, beta=0.7, smooth=1)"] {
        proves_gradient(&binary(&config, loss));
    }
    for loss in ["dice(smooth=1) + 0.01 * boundary", "dice(smooth=1) + top_k(percent=10)", "unified_focal"] {
        proves_gradient(&binary(&config, loss));
    }
    let soft = Labelling::Mean { annotators: 3, noise: 0.4 };
    for loss in ["bce + dice(smooth=1)", "dice(smooth=1) + 0.01 * boundary", "unified_focal"] {
        proves_gradient(&labelled(&config, loss, soft));
    }
    proves_gradient(&damage(&config, &[(0, 1.0, "ce + dice(smooth=1)")]));
    proves_gradient(&damage(&config, DEEP));
}

fn first_outputs(problem: &impl Problem) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let network = UNet::new(&problem.architecture(), 11, &device).with_heads_of(0.3);
    let outputs = network.forward(&images(problem.training(), &[1, 4], &device));
    numbers(outputs.last().unwrap()).unwrap()
}

#[test]
fn arms_begin_with_the_same_weights() {
    let config = small();
    assert_eq!(first_outputs(&binary(&config, "bce")), first_outputs(&binary(&config, "iou")));
    let shallow = damage(&config, &[(0, 1.0, "ce")]);
    assert_eq!(first_outputs(&shallow), first_outputs(&damage(&config, DEEP)));
}

#[test]
fn the_head_begins_at_the_prior() {
    let mut config = small();
    let zero = first_outputs(&binary(&config, "bce"));
    config.training.head_bias = HeadBias::Prior;
    let prior = first_outputs(&binary(&config, "bce"));
    let log_odds = (0.1f32 / 0.9).ln();
    for (at_zero, at_prior) in zero.iter().zip(&prior) {
        assert!((at_prior - at_zero - log_odds).abs() < 1e-5);
    }
}

fn trained(problem: &impl Problem, config: &Config, seed: u64) -> Trained {
    let pace = Pace { steps: 7, learning_rate: 0.01 };
    train(problem, &config.training, pace, seed, &AtomicBool::new(false), |_| {}).unwrap()
}

#[test]
fn a_training_is_its_seed() {
    let config = small();
    let problem = binary(&config, "bce + dice(smooth=1)");
    let first = trained(&problem, &config, 1);
    assert_eq!(first, trained(&problem, &config, 1));
    assert_ne!(first.steps, trained(&problem, &config, 2).steps);
    // The framework draws numbers of its own from a generator that all threads share.
    let beside = std::thread::scope(|scope| {
        let run = || trained(&binary(&config, "bce + dice(smooth=1)"), &config, 1);
        let both = [scope.spawn(run), scope.spawn(run)];
        both.map(|handle| handle.join().unwrap())
    });
    assert!(beside.iter().all(|other| *other == first));
}

#[test]
fn training_lowers_the_loss() {
    let mut config = small();
    config.data.noise = 0.1;
    for problem in [binary(&config, "bce"), binary(&config, "dice(smooth=1)")] {
        let pace = Pace { steps: 40, learning_rate: 0.02 };
        let trained = train(&problem, &config.training, pace, 5, &AtomicBool::new(false), |_| {}).unwrap();
        let (first, last) = (trained.steps.first().unwrap().loss, trained.steps.last().unwrap().loss);
        assert!(last < 0.8 * first, "{first} to {last}");
    }
}

#[test]
fn interrupted_and_diverged_trainings_say_so() {
    let config = small();
    let pace = Pace { steps: 3, learning_rate: 0.01 };
    let stopped = train(&binary(&config, "bce"), &config.training, pace, 0, &AtomicBool::new(true), |_| {});
    assert!(matches!(stopped, Err(TrainingError::Interrupted)));
    let wild = Pace { steps: 50, learning_rate: 1e38 };
    let error = train(&binary(&config, "bce"), &config.training, wild, 0, &AtomicBool::new(false), |_| {}).unwrap_err();
    assert!(error.to_string().contains("learning_rate"), "{error}");
}

/// Every mask has every metric, and masks without a boundary are judged by whether they agree.
#[test]
fn empty_and_full_masks_have_scores() {
    let [low, high] = [-3.0_f32, 3.0].map(|logit| vec![logit; 64]);
    let [empty, full] = [0_u8, 1].map(|pixel| vec![pixel; 64]);
    let mut half = empty.clone();
    half[32..].fill(1);
    let of = |logits: &[f32], mask: &[u8]| {
        let scores = binary::scores(8, logits, mask).unwrap().metrics;
        assert!(name::OF_IMAGES.iter().all(|name| scores.contains_key(*name)), "{scores:?}");
        [name::DICE, name::IOU, name::BOUNDARY_F1_1, name::BOUNDARY_IOU, name::HAUSDORFF].map(|name| scores[name])
    };
    let diagonal = 8.0 * std::f64::consts::SQRT_2;
    assert_eq!(of(&low, &empty), [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(of(&high, &full), [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(of(&high, &empty), [0.0, 0.0, 0.0, 0.0, diagonal]);
    assert_eq!(of(&low, &full), [0.0, 0.0, 0.0, 0.0, diagonal]);
    assert_eq!(of(&low, &half), [0.0, 0.0, 0.0, 0.0, diagonal]);
    assert_eq!(of(&high, &half)[2..], [0.0, 0.0, diagonal]);
}

quickcheck::quickcheck! {
    fn evaluations_lie_evenly(steps: u16, evaluations: u8) -> bool {
        let steps = usize::from(steps) + 1;
        let evaluations = (usize::from(evaluations) + 1).min(steps);
        let at: Vec<usize> = (1..=steps).filter(|step| is_evaluated(*step, steps, evaluations)).collect();
        let gaps: Vec<usize> = std::iter::once(at[0]).chain(at.windows(2).map(|pair| pair[1] - pair[0])).collect();
        let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
        at.len() == evaluations && at.last() == Some(&steps) && most - least <= 1
    }
}
