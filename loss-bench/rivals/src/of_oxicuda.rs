//! The crate `oxicuda-vision`: its Dice over probabilities, and its focal loss of γ = 0, which is half of BCE. It has no gradients.

use loss_bench::data::Image;
use loss_bench::losses::SMOOTH;
use oxicuda_vision::losses::{Reduction, binary_focal_loss, dice_loss};

use crate::Rival;

/// Slices of numbers.
pub struct Oxicuda {
    logits: Vec<f32>,
    targets: Vec<f32>,
}

impl Rival for Oxicuda {
    const NAME: &'static str = "oxicuda-vision";
    // One running sum: of 4 M pixels it is off by 0.4 %.
    const TOLERANCE: f64 = 1e-2;
    const USES_THREADS: bool = false;

    type Gradient = Vec<f32>;

    fn new(image: &Image) -> Self {
        Self { logits: image.logits.clone(), targets: image.mask_as_numbers() }
    }

    fn value(&self) -> f64 {
        let Self { logits, targets } = self;
        let p: Vec<f32> = logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
        let half = binary_focal_loss(logits, targets, 0.5, 0.0, Reduction::Mean).expect("finite logits");
        let dice = dice_loss(&p, targets, SMOOTH as f32).expect("slices of one length");
        2.0 * f64::from(half[0]) + f64::from(dice)
    }

    fn value_and_gradient(&self) -> Option<(f64, Vec<f32>)> {
        None
    }

    fn slopes(gradient: Vec<f32>) -> Vec<f32> {
        gradient
    }
}
