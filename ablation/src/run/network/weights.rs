//! The first weights, drawn from a seed.
//!
//! The framework's own initialisers share one generator among all threads, so their numbers would depend on which arms run at the same time.

use ablation_kernels::NEGATIVE_SLOPE;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::UNet;

/// Kernels follow He et al., *Delving Deep into Rectifiers*, 2015 (uniform, fan-in). Normalisations stay at 1 and 0, and biases at 0, except those of
/// the heads, whose kernels are 0.
pub(super) fn draw(network: UNet, head_bias: &[f32], seed: u64) -> UNet {
    let mut network = network.map(&mut Draw { random: ChaCha8Rng::seed_from_u64(seed), transposed: false });
    for head in std::iter::once(&mut network.head).chain(&mut network.auxiliary_heads) {
        // So every pixel starts at the probability of the bias, for any seed.
        head.weight = head.weight.clone().map(|old| {
            let zeros = vec![0.0; old.dims().iter().product()];
            set(old, zeros)
        });
        head.bias = head.bias.take().map(|bias| bias.map(|old| set(old, head_bias.to_vec())));
    }
    network
}

struct Draw {
    random: ChaCha8Rng,
    transposed: bool,
}

impl ModuleMapper for Draw {
    fn enter_module(&mut self, _: &str, container: &str) {
        self.transposed = container.contains("ConvTranspose2d");
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 4 {
            return param;
        }
        param.map(|old| {
            let shape = old.dims();
            // A kernel is (out, in, height, width). A transposed one is (in, out, …); its stride equals its size, so each output sees one pixel.
            let fan_in = if self.transposed { shape[0] } else { shape[1] * shape[2] * shape[3] };
            let bound = (6.0 / ((1.0 + NEGATIVE_SLOPE * NEGATIVE_SLOPE) * fan_in as f64)).sqrt() as f32;
            let count = shape.iter().product();
            let drawn = (0..count).map(|_| self.random.random_range(-bound..bound)).collect();
            set(old, drawn)
        })
    }
}

/// A tensor of the same shape with other numbers.
fn set<const D: usize>(old: Tensor<D>, numbers: Vec<f32>) -> Tensor<D> {
    let (shape, device) = (old.dims(), old.device());
    Tensor::from_data(TensorData::new(numbers, shape), &device).require_grad()
}
