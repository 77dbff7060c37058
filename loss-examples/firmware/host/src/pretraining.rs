//! Trains the firmware's network with the accepted camera, rounds it to int8, and writes it as Rust.
//!
//! Everything is products and sums of `f32` in a fixed order, and the loss is `loss-core`'s, so the file comes out the same on every machine; a test trains anew and compares.

use std::fmt::Write;

use firmware_report::net::{FEATURES, HIDDEN, Net, WINDOW, for_each_window};
use firmware_report::random::Xorshift;
use firmware_report::scene::{Camera, SIDE, Scene};
use firmware_report::tuning::loss;
use loss_core::Loss;

const PIXELS: usize = SIDE * SIDE;
/// How many scenes there are, and where their numbers begin: none is fine-tuned on, nor judged.
const SCENES: u32 = 40;
const FIRST_SCENE: u32 = 1001;
const STEPS: u32 = 700;
const RATE: f32 = 0.08;
const MOMENTUM: f32 = 0.9;

/// A layer with its momentum, and its gradient.
struct Layer<const I: usize, const O: usize> {
    weights: [[f32; I]; O],
    bias: [f32; O],
    momentum: ([[f32; I]; O], [f32; O]),
    gradient: ([[f32; I]; O], [f32; O]),
}

impl<const I: usize, const O: usize> Layer<I, O> {
    fn drawn(random: &mut Xorshift, size: f32) -> Self {
        let mut number = || (random.bits() >> 8) as f32 / (1u32 << 23) as f32 - 1.0;
        let mut weights = [[0.0; I]; O];
        weights.as_flattened_mut().iter_mut().for_each(|weight| *weight = size * number());
        let none = ([[0.0; I]; O], [0.0; O]);
        Self { weights, bias: [0.1; O], momentum: none, gradient: none }
    }

    fn forward(&self, input: &[f32; I]) -> [f32; O] {
        let mut output = self.bias;
        for (output, weights) in output.iter_mut().zip(&self.weights) {
            weights.iter().zip(input).for_each(|(weight, input)| *output += weight * input);
        }
        output
    }

    /// Adds to the gradient, and gives that of the input.
    fn backward(&mut self, input: &[f32; I], slopes: &[f32; O]) -> [f32; I] {
        let mut by_input = [0.0; I];
        let (weights, bias) = &mut self.gradient;
        for (((weights, bias), own), &slope) in weights.iter_mut().zip(bias).zip(&self.weights).zip(slopes) {
            *bias += slope;
            for (((gradient, weight), input), by_input) in weights.iter_mut().zip(own).zip(input).zip(&mut by_input) {
                *gradient += slope * input;
                *by_input += slope * weight;
            }
        }
        by_input
    }

    fn step(&mut self) {
        let numbers = self.weights.as_flattened_mut().iter_mut().chain(&mut self.bias);
        let momenta = self.momentum.0.as_flattened_mut().iter_mut().chain(&mut self.momentum.1);
        let gradients = self.gradient.0.as_flattened_mut().iter_mut().chain(&mut self.gradient.1);
        for ((number, momentum), gradient) in numbers.zip(momenta).zip(gradients) {
            *momentum = MOMENTUM * *momentum + *gradient;
            *number -= RATE * *momentum;
            *gradient = 0.0;
        }
    }

    /// The largest power of two at which every weight has room in an `i8`.
    fn bits(&self) -> i32 {
        let largest = self.weights.as_flattened().iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        (0..20).rev().find(|&bits| largest * power(bits) <= 127.0).unwrap_or(0)
    }

    fn codes(&self, bits: i32) -> [[i8; I]; O] {
        self.weights.map(|row| row.map(|weight| (weight * power(bits)).round() as i8))
    }
}

fn power(bits: i32) -> f32 {
    (1u64 << bits) as f32
}

fn relu<const N: usize>(numbers: [f32; N]) -> [f32; N] {
    numbers.map(|number| if number > 0.0 { number } else { 0.0 })
}

/// The windows of a scene, as numbers from −1 to 1.
fn windows(number: u32) -> Vec<([f32; WINDOW], bool)> {
    let mut windows = Vec::with_capacity(PIXELS);
    for_each_window(&Scene::new(number, Camera::ACCEPTED), &mut |codes, target| {
        windows.push((codes.map(|code| f32::from(code) / 128.0), target));
    });
    windows
}

/// Trains the network, and rounds it.
pub fn pretrain() -> Result<Net, String> {
    let error = |error: &dyn std::fmt::Debug| format!("pretraining: {error:?}");
    let scenes: Vec<_> = (0..SCENES).map(|number| windows(FIRST_SCENE + number)).collect();
    let mut random = Xorshift::new(7);
    let mut first = Layer::<WINDOW, HIDDEN>::drawn(&mut random, 0.6);
    let mut second = Layer::<HIDDEN, FEATURES>::drawn(&mut random, 0.9);
    let mut head = Layer::<FEATURES, 1>::drawn(&mut random, 0.9);
    let loss = loss().map_err(|failure| error(&failure))?;
    for step in 0..STEPS {
        let scene = &scenes[(step % SCENES) as usize];
        let mut sums = loss.accumulator();
        let passes: Vec<_> = scene
            .iter()
            .map(|(window, target)| {
                let hidden = relu(first.forward(window));
                let features = relu(second.forward(&hidden));
                let [logit] = head.forward(&features);
                sums.push((logit, *target));
                (hidden, features, logit)
            })
            .collect();
        let slope = sums.finish().map_err(|failure| error(&failure))?.gradient();
        for ((window, target), (hidden, features, logit)) in scene.iter().zip(&passes) {
            let by_features = head.backward(features, &[slope.at((*logit, *target))]);
            let by_features = masked(by_features, features);
            let by_hidden = masked(second.backward(hidden, &by_features), hidden);
            first.backward(window, &by_hidden);
        }
        first.step();
        second.step();
        head.step();
    }

    // Powers of two: codes of the input have 7 bits after the point, those of activations as many as the largest leaves room for.
    let (mut largest_hidden, mut largest_feature) = (0.0f32, 0.0f32);
    for (window, _) in scenes.iter().flatten() {
        let hidden = relu(first.forward(window));
        hidden.iter().for_each(|number| largest_hidden = largest_hidden.max(*number));
        relu(second.forward(&hidden)).iter().for_each(|number| largest_feature = largest_feature.max(*number));
    }
    let room = |largest: f32| (0..12).rev().find(|&bits| largest * power(bits) <= 127.0).unwrap_or(0);
    let (hidden_bits, feature_bits) = (room(largest_hidden), room(largest_feature));
    let (window_bits, mix_bits) = (first.bits(), second.bits());
    let rounded = |number: f32, bits: i32| (number * power(bits)).round() as i32;
    Ok(Net {
        window: first.codes(window_bits),
        window_bias: first.bias.map(|bias| rounded(bias, 7 + window_bits)),
        window_shift: (7 + window_bits - hidden_bits) as u32,
        mix: second.codes(mix_bits),
        mix_bias: second.bias.map(|bias| rounded(bias, hidden_bits + mix_bits)),
        mix_shift: (hidden_bits + mix_bits - feature_bits) as u32,
        fraction_bits: feature_bits as u32,
        head: head.weights[0],
        head_bias: head.bias[0],
    })
}

/// Slopes where an activation is above 0.
fn masked<const N: usize>(mut slopes: [f32; N], activations: &[f32; N]) -> [f32; N] {
    slopes
        .iter_mut()
        .zip(activations)
        .filter(|(_, activation)| **activation <= 0.0)
        .for_each(|(slope, _)| *slope = 0.0);
    slopes
}

/// The file of a network.
pub fn file(net: &Net) -> String {
    let mut text = String::from(
        "//! Written by `firmware-host pretrain`: weights that were trained with the accepted camera, and rounded.\n\nuse super::Net;\n\n/// The network.\n#[rustfmt::skip]\npub(super) const NET: Net = Net {\n",
    );
    let Net { window, window_bias, window_shift, mix, mix_bias, mix_shift, fraction_bits, head, head_bias } = net;
    let mut rows = |name: &str, rows: &[&[i8]]| {
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "    {name}: [");
        rows.iter().for_each(|row| _ = writeln!(text, "        {row:?},"));
        text += "    ],\n";
    };
    rows("window", &window.each_ref().map(|row| row.as_slice()));
    rows("mix", &mix.each_ref().map(|row| row.as_slice()));
    let _ = writeln!(text, "    window_bias: {window_bias:?},\n    window_shift: {window_shift},");
    let _ = writeln!(text, "    mix_bias: {mix_bias:?},\n    mix_shift: {mix_shift},");
    let _ = writeln!(text, "    fraction_bits: {fraction_bits},\n    head: {head:?},\n    head_bias: {head_bias:?},");
    text += "};\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use firmware_report::net::NET;
    use firmware_report::tuning::fine_tuned;

    /// Where the file stands.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../report/src/net/weights.rs");

    #[test]
    fn the_network_is_what_training_gives() {
        let net = pretrain().expect("a network");
        assert_eq!(net, NET, "write it anew: cargo run --release -p firmware-host -- pretrain");
        assert_eq!(std::fs::read_to_string(FILE).expect("the file"), file(&net));
    }

    /// On scenes that nothing was trained on: the shifted camera costs the network its Dice, and fine-tuning the head gives most of it back.
    #[test]
    fn fine_tuning_helps() {
        let (head, dice) = fine_tuned().expect("a head");
        let [accepted, before, after] = dice.map(|dice| dice.expect("foreground"));
        println!("held-out Dice: accepted camera {accepted:.3}, shifted camera {before:.3}, fine-tuned {after:.3}");
        assert!(accepted > 0.95 && before < 0.5 && after > before + 0.4, "{accepted} {before} {after}");
        assert_ne!(head, NET.trained_head().expect("a head"));
    }
}
