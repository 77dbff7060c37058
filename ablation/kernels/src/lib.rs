#![forbid(unsafe_code)]
//! The arithmetic of a block, forwards and backwards: a convolution of 3 × 3, group normalisation, leaky ReLU.
//!
//! The framework's own convolutions store nine copies of their input, and their gradient by the weights another nine of both. Its
//! normalisation takes thirty passes over memory. With them a step on eight images of 64 × 64 pixels takes nearly three times as long. Here the rows of an image are
//! read in place, with a margin of zeros around them, and a pixel's result stays in registers until it is complete.
//!
//! Everything is also compiled for wide registers; `pulp` checks at run time whether the processor has them. Both versions round products and sums one by
//! one, in the same order, so the bits are the same.

use pulp::{Arch, Simd, WithSimd};

/// The factor of a leaky ReLU for numbers below 0.
pub const NEGATIVE_SLOPE: f64 = 0.1;

/// The number of pixels of a row that are processed together.
const LANES: usize = 8;
/// The number of channels that are processed together.
const TOGETHER: usize = 4;
/// The number added to a variance before its root is taken.
const EPSILON: f64 = 1e-5;
const TAPS: usize = 9;

/// Width and height of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
}

impl Extent {
    /// The number of pixels of one channel.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.width * self.height
    }

    /// The distance between rows with a margin: the width, a pixel on either side, and enough to fill the lanes.
    fn stride(self) -> usize {
        self.width.next_multiple_of(LANES) + 2
    }

    fn padded(self) -> usize {
        self.stride() * (self.height + 2)
    }
}

/// The channels of one image, with a margin of zeros around each.
struct Padded {
    extent: Extent,
    numbers: Vec<f32>,
}

impl Padded {
    fn new(channels: usize, extent: Extent) -> Self {
        Self { extent, numbers: vec![0.0; channels * extent.padded()] }
    }

    /// Copies the numbers of another image; the margin stays.
    fn fill(&mut self, image: &[f32]) {
        let (extent, stride) = (self.extent, self.extent.stride());
        let channels = self.numbers.chunks_exact_mut(extent.padded()).zip(image.chunks_exact(extent.pixels()));
        for (padded, channel) in channels {
            let rows = padded.chunks_exact_mut(stride).skip(1).zip(channel.chunks_exact(extent.width));
            for (to, from) in rows {
                if let Some(to) = to.get_mut(1..=extent.width) {
                    to.copy_from_slice(from);
                }
            }
        }
    }

    fn channels(&self) -> std::slice::ChunksExact<'_, f32> {
        self.numbers.chunks_exact(self.extent.padded())
    }
}

/// Kernels in the order of reading: for several output channels together, the weights of each by input channel and tap.
struct Kernels(Vec<Vec<[f32; TOGETHER]>>);

impl Kernels {
    /// Makes it of `weight(to, from, tap)`; past the last channel the weights are 0.
    fn new(to: usize, from: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let group = |first: usize| {
            let taps = (0..from).flat_map(|from| (0..TAPS).map(move |tap| (from, tap)));
            let together = |(from, tap)| {
                std::array::from_fn(|place| if first + place < to { weight(first + place, from, tap) } else { 0.0 })
            };
            taps.map(together).collect()
        };
        Self((0..to).step_by(TOGETHER).map(group).collect())
    }
}

/// The convolution of an image, whose channels are one after the other in `output`.
#[inline(always)]
fn convolve(input: &Padded, kernels: &Kernels, output: &mut [f32]) {
    let (extent, stride) = (input.extent, input.extent.stride());
    for (kernel, output) in kernels.0.iter().zip(output.chunks_mut(TOGETHER * extent.pixels())) {
        for y in 0..extent.height {
            for x in (0..extent.width).step_by(LANES) {
                let sums = at(input.channels(), kernel, y * stride + x, stride);
                let wide = LANES.min(extent.width - x);
                let start = y * extent.width + x;
                for (sum, channel) in sums.iter().zip(output.chunks_exact_mut(extent.pixels())) {
                    if let (Some(to), Some(sum)) = (channel.get_mut(start..start + wide), sum.get(..wide)) {
                        to.copy_from_slice(sum);
                    }
                }
            }
        }
    }
}

/// A part of a row, as the three taps of a kernel's row see it.
#[inline(always)]
fn shifted(seen: &[f32; LANES + 2]) -> [[f32; LANES]; 3] {
    let [a, b, c, d, e, f, g, h, i, j] = *seen;
    [[a, b, c, d, e, f, g, h], [b, c, d, e, f, g, h, i], [c, d, e, f, g, h, i, j]]
}

/// The values of several channels at several pixels of a row.
#[inline(always)]
fn at<'a>(
    channels: impl Iterator<Item = &'a [f32]>,
    kernel: &[[f32; TOGETHER]],
    place: usize,
    stride: usize,
) -> [[f32; LANES]; TOGETHER] {
    let mut sums = [[0.0; LANES]; TOGETHER];
    for (channel, taps) in channels.zip(kernel.chunks_exact(TAPS)) {
        for (row, taps) in taps.chunks_exact(3).enumerate() {
            let Some(seen) = channel.get(place + row * stride..).and_then(<[f32]>::first_chunk::<{ LANES + 2 }>) else {
                continue;
            };
            for (seen, weights) in shifted(seen).iter().zip(taps) {
                for (sums, weight) in sums.iter_mut().zip(weights) {
                    for (sum, seen) in sums.iter_mut().zip(seen) {
                        *sum += weight * seen;
                    }
                }
            }
        }
    }
    sums
}

/// Adds the gradient by the weights of a convolution: Σ slope · input, for each output channel, input channel and tap.
#[inline(always)]
fn add_weight_gradient(input: &Padded, slopes: &Padded, gradient: &mut [f32]) {
    let from = input.channels().len();
    let pairs = slopes.numbers.chunks(2 * slopes.extent.padded()).zip(gradient.chunks_mut(2 * from * TAPS));
    for (slopes, gradient) in pairs {
        // Two output channels read an input channel together; a single one is paired with itself, and written once.
        let (first, second) = slopes.split_at(input.extent.padded());
        let second = if second.is_empty() { first } else { second };
        for (place, channel) in input.channels().enumerate() {
            for row in 0..3 {
                let sums = products(channel, [first, second], row, input.extent);
                for (gradient, sums) in gradient.chunks_exact_mut(from * TAPS).zip(&sums) {
                    let to = gradient.iter_mut().skip(place * TAPS + 3 * row);
                    to.zip(sums).for_each(|(to, sum)| *to += sum.iter().sum::<f32>());
                }
            }
        }
    }
}

/// Σ slope · input for the taps of a kernel's row, in lanes.
#[inline(always)]
fn products(channel: &[f32], slopes: [&[f32]; 2], row: usize, extent: Extent) -> [[[f32; LANES]; 3]; 2] {
    let stride = extent.stride();
    let [first, second] = slopes;
    let [mut a, mut b, mut c, mut d, mut e, mut f] = [[0.0; LANES]; 6];
    for y in 0..extent.height {
        // The slopes begin a row and a pixel later, after their margin.
        let begin = (y + 1) * stride + 1;
        for x in (0..extent.width).step_by(LANES) {
            let seen = channel.get((y + row) * stride + x..).and_then(<[f32]>::first_chunk::<{ LANES + 2 }>);
            let [first, second] = [first, second].map(|slopes| slopes.get(begin + x..).and_then(<[f32]>::first_chunk));
            let (Some(seen), Some(first), Some(second)) = (seen, first, second) else { continue };
            let [left, middle, right] = &shifted(seen);
            add_product(&mut a, first, left);
            add_product(&mut b, first, middle);
            add_product(&mut c, first, right);
            add_product(&mut d, second, left);
            add_product(&mut e, second, middle);
            add_product(&mut f, second, right);
        }
    }
    [[a, b, c], [d, e, f]]
}

#[inline(always)]
fn add_product(sums: &mut [f32; LANES], slopes: &[f32; LANES], seen: &[f32; LANES]) {
    for ((sum, slope), seen) in sums.iter_mut().zip(slopes).zip(seen) {
        *sum += slope * seen;
    }
}

/// The shape and numbers of a block: images one after the other, each with its channels row by row; kernels by output channel, input channel and tap.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The number of images in a batch.
    pub images: usize,
    /// The number of input channels.
    pub from: usize,
    /// The number of output channels.
    pub to: usize,
    /// The number of channel groups of the normalisation; it divides `to`.
    pub groups: usize,
    /// The size of each image.
    pub extent: Extent,
}

/// The learned numbers of a block.
#[derive(Clone, Copy)]
pub struct Learned<'a> {
    /// The weights of the convolution, `to` × `from` × 3 × 3.
    pub kernels: &'a [f32],
    /// The factor of each channel after the normalisation.
    pub scale: &'a [f32],
    /// The number added to each channel after that.
    pub shift: &'a [f32],
}

/// The output of a block, and the numbers that its gradient needs.
pub struct Forward {
    /// The output: `images` × `to` × height × width.
    pub output: Vec<f32>,
    /// The numbers for [`backward`].
    pub kept: Kept,
}

/// The numbers of [`forward`] that [`backward`] needs.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The convolution, normalised to mean 0 and standard deviation 1 in each group.
    normalised: Vec<f32>,
    /// 1 / standard deviation, for each image and group.
    inverses: Vec<f32>,
}

/// Computes the output of a block.
#[must_use]
pub fn forward(shape: Shape, input: &[f32], learned: Learned<'_>) -> Forward {
    struct Run<'a>(Shape, &'a [f32], Learned<'a>);
    impl WithSimd for Run<'_> {
        type Output = Forward;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Forward {
            run_forward(self.0, self.1, self.2)
        }
    }
    Arch::new().dispatch(Run(shape, input, learned))
}

#[inline(always)]
fn run_forward(shape: Shape, input: &[f32], learned: Learned<'_>) -> Forward {
    let Shape { images, from, to, groups, extent } = shape;
    let pixels = extent.pixels();
    let kernels = Kernels::new(to, from, |to, from_channel, tap| {
        learned.kernels.get((to * from + from_channel) * TAPS + tap).copied().unwrap_or_default()
    });
    let mut padded = Padded::new(from, extent);
    let mut normalised = vec![0.0; images * to * pixels];
    let mut output = vec![0.0; images * to * pixels];
    let mut inverses = Vec::with_capacity(images * groups);
    for ((image, normalised), output) in input
        .chunks_exact(from * pixels)
        .zip(normalised.chunks_exact_mut(to * pixels))
        .zip(output.chunks_exact_mut(to * pixels))
    {
        padded.fill(image);
        convolve(&padded, &kernels, normalised);
        for group in normalised.chunks_exact_mut(to / groups * pixels) {
            inverses.push(normalise(group));
        }
        let channels = normalised.chunks_exact(pixels).zip(output.chunks_exact_mut(pixels));
        for ((normalised, output), (scale, shift)) in channels.zip(learned.scale.iter().zip(learned.shift)) {
            for (output, normalised) in output.iter_mut().zip(normalised) {
                let linear = scale * normalised + shift;
                *output = linear.max(NEGATIVE_SLOPE as f32 * linear);
            }
        }
    }
    Forward { output, kept: Kept { normalised, inverses } }
}

/// Normalises numbers to mean 0 and standard deviation 1, and returns 1 / their standard deviation.
#[inline(always)]
fn normalise(group: &mut [f32]) -> f32 {
    let count = group.len() as f64;
    let mean = (sum(group, |number| number) / count) as f32;
    let variance = sum(group, |number| (number - mean) * (number - mean)) / count;
    let inverse = (1.0 / (variance + EPSILON).sqrt()) as f32;
    group.iter_mut().for_each(|number| *number = (*number - mean) * inverse);
    inverse
}

/// A sum in lanes, each short enough for `f32`.
#[inline(always)]
fn sum(numbers: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    /// The number of terms that are summed in `f32`.
    const SHORT: usize = 64 * LANES;
    let short = |numbers: &[f32]| {
        let mut lanes = [0.0_f32; LANES];
        for numbers in numbers.chunks(LANES) {
            lanes.iter_mut().zip(numbers).for_each(|(lane, number)| *lane += of(*number));
        }
        lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>()
    };
    numbers.chunks(SHORT).map(short).sum()
}

/// The gradients by everything that went into a block.
pub struct Backward {
    /// The gradient by the input; `None` if it was not requested.
    pub input: Option<Vec<f32>>,
    /// The gradient by each weight, in the order of the weights.
    pub kernels: Vec<f32>,
    /// The gradient by each channel's scale.
    pub scale: Vec<f32>,
    /// The gradient by each channel's shift.
    pub shift: Vec<f32>,
}

/// Computes the gradients from `slopes`, the gradient by the block's output.
#[must_use]
pub fn backward(
    shape: Shape,
    input: &[f32],
    learned: Learned<'_>,
    kept: &Kept,
    slopes: Vec<f32>,
    wants_input: bool,
) -> Backward {
    struct Run<'a>(Shape, &'a [f32], Learned<'a>, &'a Kept, Vec<f32>, bool);
    impl WithSimd for Run<'_> {
        type Output = Backward;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Backward {
            run_backward(self.0, self.1, self.2, self.3, self.4, self.5)
        }
    }
    Arch::new().dispatch(Run(shape, input, learned, kept, slopes, wants_input))
}

#[inline(always)]
fn run_backward(
    shape: Shape,
    input: &[f32],
    learned: Learned<'_>,
    kept: &Kept,
    mut slopes: Vec<f32>,
    wants_input: bool,
) -> Backward {
    let Shape { images, from, to, groups, extent } = shape;
    let pixels = extent.pixels();
    // The gradient by the input is a convolution with the kernels turned round, from output channels to input channels.
    let turned = Kernels::new(from, to, |to_channel, from_channel, tap| {
        learned.kernels.get((from_channel * from + to_channel) * TAPS + (TAPS - 1 - tap)).copied().unwrap_or_default()
    });
    let (mut padded, mut padded_slopes) = (Padded::new(from, extent), Padded::new(to, extent));
    let mut kernels = vec![0.0; to * from * TAPS];
    let (mut scale, mut shift) = (vec![0.0; to], vec![0.0; to]);
    let mut by_input = vec![0.0; if wants_input { images * from * pixels } else { 0 }];
    let mut inputs = by_input.chunks_exact_mut(from * pixels);
    let in_image = input.chunks_exact(from * pixels).zip(slopes.chunks_exact_mut(to * pixels));
    let kept = kept.normalised.chunks_exact(to * pixels).zip(kept.inverses.chunks_exact(groups));
    for ((image, slopes), (normalised, inverses)) in in_image.zip(kept) {
        let channels = slopes.chunks_exact_mut(pixels).zip(normalised.chunks_exact(pixels));
        for (channel, (slopes, normalised)) in channels.enumerate() {
            let learned = (learned.scale.get(channel).copied(), learned.shift.get(channel).copied());
            let (Some(of_scale), Some(of_shift)) = learned else { continue };
            let [by_scale, by_shift] = through_activation(slopes, normalised, of_scale, of_shift);
            if let (Some(scale), Some(shift)) = (scale.get_mut(channel), shift.get_mut(channel)) {
                (*scale, *shift) = (*scale + by_scale, *shift + by_shift);
            }
        }
        let of_group = to / groups * pixels;
        let parts = slopes.chunks_exact_mut(of_group).zip(normalised.chunks_exact(of_group));
        for ((slopes, normalised), inverse) in parts.zip(inverses) {
            through_normalisation(slopes, normalised, *inverse);
        }
        padded.fill(image);
        padded_slopes.fill(slopes);
        add_weight_gradient(&padded, &padded_slopes, &mut kernels);
        if let Some(by_input) = inputs.next() {
            convolve(&padded_slopes, &turned, by_input);
        }
    }
    let narrow = |sums: Vec<f64>| sums.into_iter().map(|sum| sum as f32).collect();
    Backward { input: wants_input.then_some(by_input), kernels, scale: narrow(scale), shift: narrow(shift) }
}

/// From the slopes by a channel's output to those by its normalised numbers, by its scale and by its shift.
#[inline(always)]
fn through_activation(slopes: &mut [f32], normalised: &[f32], scale: f32, shift: f32) -> [f64; 2] {
    let mut sums = [0.0, 0.0];
    for (slopes, normalised) in slopes.chunks_mut(pieces()).zip(normalised.chunks(pieces())) {
        let mut lanes = [[0.0_f32; LANES]; 2];
        for (slopes, normalised) in slopes.chunks_mut(LANES).zip(normalised.chunks(LANES)) {
            let [by_scale, by_shift] = &mut lanes;
            let sums = by_scale.iter_mut().zip(by_shift);
            for ((slope, normalised), (by_scale, by_shift)) in slopes.iter_mut().zip(normalised).zip(sums) {
                let active = if scale * normalised + shift > 0.0 { *slope } else { NEGATIVE_SLOPE as f32 * *slope };
                *by_scale += active * normalised;
                *by_shift += active;
                *slope = active * scale;
            }
        }
        for (sum, lanes) in sums.iter_mut().zip(lanes) {
            *sum += lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>();
        }
    }
    sums
}

/// From the slopes by a group's normalised numbers to those by the numbers before the normalisation.
#[inline(always)]
fn through_normalisation(slopes: &mut [f32], normalised: &[f32], inverse: f32) {
    let count = slopes.len() as f64;
    let (mut whole, mut along) = (0.0, 0.0);
    for (slopes, normalised) in slopes.chunks(pieces()).zip(normalised.chunks(pieces())) {
        let mut lanes = [[0.0_f32; LANES]; 2];
        for (slopes, normalised) in slopes.chunks(LANES).zip(normalised.chunks(LANES)) {
            let [whole, along] = &mut lanes;
            let sums = whole.iter_mut().zip(along);
            for ((slope, normalised), (whole, along)) in slopes.iter().zip(normalised).zip(sums) {
                *whole += slope;
                *along += slope * normalised;
            }
        }
        let [of_whole, of_along] = lanes.map(|lanes| lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>());
        (whole, along) = (whole + of_whole, along + of_along);
    }
    let (mean, along) = ((whole / count) as f32, (along / count) as f32);
    for (slope, normalised) in slopes.iter_mut().zip(normalised) {
        *slope = inverse * (*slope - mean - normalised * along);
    }
}

/// The number of terms summed in `f32` lanes before `f64` takes over.
const fn pieces() -> usize {
    64 * LANES
}

#[cfg(test)]
mod tests;
