//! Tensors of the inference engine `microflow` as inputs of `loss-core`, without a copy.
//!
//! ```sh
//! cargo run --release --manifest-path loss-examples/microflow/Cargo.toml
//! ```
//!
//! A tensor of int8 features has an array of channels for each pixel, which is what the last layer takes. Its pixels lie column by column; the mask has to, too, or is read in that order. What is summed does not
//! depend on it.

use std::error::Error;

use loss_core::head::{Head, HeadGradient, Sgd};
use loss_core::{Bce, Dice, Histogram, Loss, Pointwise, Quantisation};
use microflow::buffer::Buffer2D;
use microflow::tensor::Tensor4D;

const SIDE: usize = 24;
const FEATURES: usize = 8;

/// What a network gives: features of every pixel, as a tensor of `microflow`.
type Features = Tensor4D<i8, 1, SIDE, SIDE, FEATURES, 1>;
/// Its logits.
type Logits = Tensor4D<i8, 1, SIDE, SIDE, 1, 1>;

fn main() -> Result<(), Box<dyn Error>> {
    let mask: Vec<bool> = (0..SIDE * SIDE).map(|i| is_foreground(i % SIDE, i / SIDE)).collect();

    // Logits: codes and their scale as the tensor has them, into a histogram.
    let logits = Logits::quantize([Buffer2D::from_fn(|y, x| [logit(y, x)])], [0.0625], [3]);
    let quantisation = Quantisation::new(logits.scale[0], logits.zero_point[0].into())?;
    let mut histogram = Histogram::<i8>::new(quantisation);
    histogram.extend_codes(logits.buffer[0].as_slice().as_flattened(), &mask)?;
    let loss = Bce::new().mean() + Dice::new(1.0)?;
    println!("loss of the logits: {:.6}", histogram.accumulator(&loss).finish()?.value());

    // Features: one step of the last layer.
    let features = Features::quantize([Buffer2D::from_fn(|y, x| feature(y, x))], [1.0 / 32.0], [0]);
    let pixels: &[[i8; FEATURES]] = features.buffer[0].as_slice();
    let mut head = Head::new([[0.25; FEATURES]], [0.0])?.fraction_bits(5)?;
    let sgd = Sgd::new(0.25, 0.875, 0.0)?;
    for step in 0..10 {
        let layer = head.layer();
        let mut sums = loss.counting_accumulator();
        sums.extend(pixels.iter().zip(&mask).map(|(features, &target)| (layer.logits(features)[0], target)));
        let total = sums.finish()?;
        println!("step {step}: loss {:.6}", total.value());
        let slope = total.gradient();
        let mut gradient = HeadGradient::new(&layer, &sums);
        for (features, &target) in pixels.iter().zip(&mask) {
            gradient.push(features, [slope.at((layer.logits(features)[0], target))]);
        }
        head.step(&gradient, &sgd)?;
    }
    Ok(())
}

fn is_foreground(y: usize, x: usize) -> bool {
    y.abs_diff(11).pow(2) + x.abs_diff(14).pow(2) < 40
}

fn noise(y: usize, x: usize, seed: usize) -> f32 {
    ((y * 7919 + x * 104_729 + seed * 1_299_709) % 997) as f32 / 997.0 - 0.5
}

fn logit(y: usize, x: usize) -> f32 {
    if is_foreground(y, x) { 2.0 + noise(y, x, 0) } else { -2.5 + noise(y, x, 0) }
}

fn feature(y: usize, x: usize) -> [f32; FEATURES] {
    std::array::from_fn(|channel| {
        let signal = if is_foreground(y, x) == (channel % 2 == 0) { 1.0 } else { 0.0 };
        (signal + noise(y, x, channel + 1)).max(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The histogram of the tensor is that of its pixels in any order, one by one.
    #[test]
    fn a_tensor_has_the_sums_of_its_pixels() -> Result<(), Box<dyn Error>> {
        let logits = Logits::quantize([Buffer2D::from_fn(|y, x| [logit(y, x)])], [0.0625], [3]);
        let mask: Vec<bool> = (0..SIDE * SIDE).map(|i| is_foreground(i % SIDE, i / SIDE)).collect();
        let mut whole = Histogram::<i8>::new(Quantisation::new(0.0625, 3)?);
        let mut one_by_one = whole.clone();
        whole.extend_codes(logits.buffer[0].as_slice().as_flattened(), &mask)?;
        for y in 0..SIDE {
            for x in 0..SIDE {
                one_by_one.push(logits.buffer[0][(y, x)][0], is_foreground(y, x));
            }
        }
        assert!(whole == one_by_one);
        Ok(())
    }

    #[test]
    fn it_runs() -> Result<(), Box<dyn Error>> {
        main()
    }
}
