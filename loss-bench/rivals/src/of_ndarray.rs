//! The crate `ndarray`: whole arrays at a time, as its users write it.

use loss_bench::answers::F32_SUMS_TOLERANCE;
use loss_bench::data::Image;
use loss_bench::losses::SMOOTH;
use ndarray::{Array1, Zip};

use crate::Rival;

/// Arrays of numbers.
pub struct Ndarray {
    logits: Array1<f32>,
    targets: Array1<f32>,
}

impl Ndarray {
    /// BCE + Dice, the probabilities, and 2I + s and P + T + s.
    fn loss(&self) -> (f64, Array1<f32>, [f32; 2]) {
        let Self { logits, targets } = self;
        let p = logits.mapv(|z| 1.0 / (1.0 + (-z).exp()));
        let bce = Zip::from(logits).and(targets).map_collect(|&z, &t| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p());
        let above = 2.0 * (&p * targets).sum() + SMOOTH as f32;
        let below = p.sum() + targets.sum() + SMOOTH as f32;
        let value = f64::from(bce.sum()) / logits.len() as f64 + 1.0 - f64::from(above / below);
        (value, p, [above, below])
    }
}

impl Rival for Ndarray {
    const NAME: &'static str = "ndarray";
    const TOLERANCE: f64 = F32_SUMS_TOLERANCE;
    const USES_THREADS: bool = false;

    type Gradient = Array1<f32>;

    fn new(image: &Image) -> Self {
        Self { logits: image.logits.clone().into(), targets: image.mask_as_numbers().into() }
    }

    fn value(&self) -> f64 {
        self.loss().0
    }

    fn value_and_gradient(&self) -> Option<(f64, Array1<f32>)> {
        let (value, mut slopes, [above, below]) = self.loss();
        let pixels = slopes.len() as f32;
        let (of_foreground, of_all) = (-2.0 / below, above / (below * below));
        Zip::from(&mut slopes).and(&self.targets).for_each(|slope, &t| {
            let p = *slope;
            *slope = (p - t) / pixels + p * (1.0 - p) * (of_foreground * t + of_all);
        });
        Some((value, slopes))
    }

    fn slopes(gradient: Array1<f32>) -> Vec<f32> {
        gradient.to_vec()
    }
}
