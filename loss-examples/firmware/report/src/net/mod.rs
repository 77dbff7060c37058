//! A small segmentation network in int8: two convolutions, whose weights stay as they were trained, and a last layer.
//!
//! | layer | what |
//! |---|---|
//! | 3×3 convolution | 2 channels to 6, ReLU |
//! | 1×1 convolution | 6 to 8, ReLU |
//! | 1×1 convolution | 8 features to a logit: the head, which is fine-tuned |
//!
//! Weights are `i8`, sums `i32`, activations `i8` from 0 to 127, scales powers of two. `weights.rs` is written by `firmware-host pretrain`.

mod weights;

use loss_core::head::Head;

use crate::error::ReportError;
use crate::scene::{CHANNELS, SIDE, Scene, SceneRow};

/// Features of a pixel.
pub const FEATURES: usize = 8;
/// Channels between the convolutions.
pub const HIDDEN: usize = 6;
/// Inputs of the first convolution: a window of 3×3 pixels.
pub const WINDOW: usize = 9 * CHANNELS;

/// The features of a network, as integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Net {
    /// By output and input: channel by channel, row by row.
    pub window: [[i8; WINDOW]; HIDDEN],
    /// By output.
    pub window_bias: [i32; HIDDEN],
    /// Bits that are cut off the sums.
    pub window_shift: u32,
    /// By output and input.
    pub mix: [[i8; HIDDEN]; FEATURES],
    /// By output.
    pub mix_bias: [i32; FEATURES],
    /// Bits that are cut off the sums.
    pub mix_shift: u32,
    /// Bits of a feature after the point.
    pub fraction_bits: u32,
    /// The head that was trained with it.
    pub head: [f32; FEATURES],
    /// Its bias.
    pub head_bias: f32,
}

/// The network that the firmware comes with.
pub const NET: Net = weights::NET;

impl Net {
    /// The features of a pixel, from the window around it.
    pub fn features(&self, window: &[i8; WINDOW]) -> [i8; FEATURES] {
        let hidden = layer(&self.window, &self.window_bias, self.window_shift, window);
        layer(&self.mix, &self.mix_bias, self.mix_shift, &hidden)
    }

    /// The head that the network was trained with.
    ///
    /// # Errors
    /// None: the weights are in range.
    pub fn trained_head(&self) -> Result<Head<FEATURES, 1>, ReportError> {
        Ok(Head::new([self.head], [self.head_bias])?.fraction_bits(self.fraction_bits)?)
    }

    /// Hands over the features and the target of every pixel of a scene.
    #[inline(never)]
    pub fn for_each_pixel(&self, scene: &Scene, act: &mut dyn FnMut(&[i8; FEATURES], bool)) {
        for_each_window(scene, &mut |window, target| act(&self.features(window), target));
    }
}

/// Hands over the codes around every pixel of a scene, and its target. Three rows are kept.
pub fn for_each_window(scene: &Scene, act: &mut dyn FnMut(&[i8; WINDOW], bool)) {
    let mut rows = [SceneRow::EMPTY; 3];
    let [above, middle, below] = &mut rows;
    scene.row(-1, above);
    scene.row(0, middle);
    for y in 0..SIDE as i32 {
        scene.row(y.wrapping_add(1), below);
        let mut window = Window::new();
        window.push(above, middle, below, 0);
        window.push(above, middle, below, 0);
        for x in 0..SIDE {
            window.push(above, middle, below, (x.wrapping_add(1)).min(SIDE - 1));
            act(&window.codes(), middle.mask.get(x).copied().unwrap_or_default());
        }
        (*above, *middle) = (*middle, *below);
    }
}

/// The codes around a pixel: a row of three for each channel and line.
struct Window([[i8; 3]; WINDOW / 3]);

impl Window {
    const fn new() -> Self {
        Self([[0; 3]; WINDOW / 3])
    }

    /// Moves to the right by a column.
    #[inline(always)]
    fn push(&mut self, above: &SceneRow, middle: &SceneRow, below: &SceneRow, x: usize) {
        let rows = (0..CHANNELS).flat_map(|channel| [(above, channel), (middle, channel), (below, channel)]);
        for (part, (row, channel)) in self.0.iter_mut().zip(rows) {
            let [left, centre, right] = part;
            (*left, *centre) = (*centre, *right);
            *right = row.codes.get(channel).and_then(|codes| codes.get(x)).copied().unwrap_or_default();
        }
    }

    fn codes(&self) -> [i8; WINDOW] {
        let mut codes = [0; WINDOW];
        codes.iter_mut().zip(self.0.as_flattened()).for_each(|(to, code)| *to = *code);
        codes
    }
}

/// A convolution of a pixel: sums in 32 bits, rounded and cut to what a feature holds; negative ones are 0.
#[inline(always)]
fn layer<const INPUTS: usize, const OUTPUTS: usize>(
    weights: &[[i8; INPUTS]; OUTPUTS],
    bias: &[i32; OUTPUTS],
    shift: u32,
    inputs: &[i8; INPUTS],
) -> [i8; OUTPUTS] {
    let mut outputs = [0; OUTPUTS];
    for ((output, weights), bias) in outputs.iter_mut().zip(weights).zip(bias) {
        let products =
            weights.iter().zip(inputs).map(|(weight, input)| i32::from(*weight).wrapping_mul((*input).into()));
        let sum = products.fold(*bias, i32::wrapping_add);
        let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
        *output = sum.wrapping_add(half).wrapping_shr(shift).clamp(0, 127) as i8;
    }
    outputs
}
