//! The network: a small U-Net for one input image, or for several that share the encoder.
//!
//! Ronneberger et al., *U-Net: Convolutional Networks for Biomedical Image Segmentation*, 2015; group normalisation after Wu and He, 2018.

mod block;
mod weights;

use ablation_kernels::NEGATIVE_SLOPE;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::activation::leaky_relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

/// The shape of a U-Net.
#[derive(Clone, Debug)]
pub(crate) struct Architecture {
    /// The number of images seen at once, each through the same encoder: 1, or 2 for before and after.
    pub(crate) images: usize,
    /// The channels of each image: 1, or 3 for red, green and blue.
    pub(crate) channels: usize,
    /// The number of times the size is halved.
    pub(crate) halvings: usize,
    /// Channels at full size; twice as many after each halving.
    pub(crate) base_channels: usize,
    /// The number of logits per pixel.
    pub(crate) logits: usize,
    /// The smaller sizes at which the decoder is supervised, as the number of halvings of each.
    pub(crate) auxiliary: Vec<usize>,
    /// The start of each logit's bias.
    pub(crate) head_bias: Vec<f32>,
}

impl Architecture {
    /// The approximate number of weights.
    pub(crate) fn weights(&self) -> f64 {
        // 3 × 3 kernels, and the 2 × 2 kernels of the enlargements.
        self.blocks()
            .map(|(from, channels, _)| 9.0 * channels * (from + channels) + 4.0 * 2.0 * channels * channels)
            .sum()
    }

    /// The approximate number of values that all layers output, per pixel of one image at full size.
    pub(crate) fn layers(&self) -> f64 {
        // Two convolutions, and the block's input.
        let of_blocks: f64 = self.blocks().map(|(from, channels, share)| share * (from + 2.0 * channels)).sum();
        of_blocks + self.logits as f64
    }

    /// The input and output channels of each block, and its pixels as a share of the image's; the encoder's blocks occur once for each image.
    fn blocks(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let (images, base) = (self.images as f64, self.base_channels as f64);
        let level = move |level: usize| (base * f64::powi(2.0, level as i32), f64::powi(0.25, level as i32));
        let encoder = (0..self.halvings).map(move |at| {
            let (channels, share) = level(at);
            (if at == 0 { 1.0 } else { channels / 2.0 }, channels, share * images)
        });
        let decoder = (0..self.halvings).map(move |at| {
            let (channels, share) = level(at);
            (channels * (1.0 + images), channels, share)
        });
        let (channels, share) = level(self.halvings);
        encoder.chain(decoder).chain([(channels / 2.0 * images, channels, share)])
    }
}

/// The number of channels in a group of the normalisation.
const CHANNELS_OF_GROUP: usize = 4;

/// Twice: convolution 3 × 3, group normalisation, leaky ReLU.
#[derive(Module, Debug)]
struct Block {
    convolutions: [Conv2d; 2],
    norms: [GroupNorm; 2],
}

impl Block {
    fn new(channels_in: usize, channels: usize, device: &Device) -> Self {
        let convolution = |from: usize| {
            // The normalisation has its own bias.
            let config = Conv2dConfig::new([from, channels], [3, 3]).with_bias(false);
            config.with_padding(PaddingConfig2d::Same).with_initializer(Initializer::Zeros).init(device)
        };
        let groups = (channels / CHANNELS_OF_GROUP).max(1);
        let groups = if channels.is_multiple_of(groups) { groups } else { 1 };
        let norm = || GroupNormConfig::new(groups, channels).init(device);
        Self { convolutions: [convolution(channels_in), convolution(channels)], norms: [norm(), norm()] }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let layers = self.convolutions.iter().zip(&self.norms);
        layers.fold(x, |x, (convolution, norm)| match (&norm.gamma, &norm.beta) {
            (Some(scale), Some(shift)) => {
                block::block(x, convolution.weight.val(), scale.val(), shift.val(), norm.num_groups)
            }
            _ => leaky_relu(norm.forward(convolution.forward(x)), NEGATIVE_SLOPE),
        })
    }
}

/// A U-Net.
#[derive(Module, Debug)]
pub(crate) struct UNet {
    encoder: Vec<Block>,
    bottom: Block,
    /// From the smallest size to the full one.
    enlarge: Vec<ConvTranspose2d>,
    decoder: Vec<Block>,
    head: Conv2d,
    /// The heads at smaller sizes, in the order of [`Architecture::auxiliary`]. They are last, so that all other weights are the same with and without them.
    auxiliary_heads: Vec<Conv2d>,
    auxiliary: Vec<usize>,
}

impl UNet {
    /// The network with its first weights, which depend only on the seed.
    pub(crate) fn new(architecture: &Architecture, seed: u64, device: &Device) -> Self {
        let Architecture { images, channels: seen, halvings, base_channels, logits, auxiliary, .. } = architecture;
        let channels = |level: usize| base_channels << level;
        let encoder = (0..*halvings).map(|level| {
            let from = if level == 0 { *seen } else { channels(level - 1) };
            Block::new(from, channels(level), device)
        });
        let encoder: Vec<Block> = encoder.collect();
        let from = if *halvings == 0 { *seen } else { channels(halvings - 1) };
        let upwards = (0..*halvings).rev();
        let enlarge = upwards.clone().map(|level| {
            let config = ConvTranspose2dConfig::new([channels(level + 1), channels(level)], [2, 2]).with_stride([2, 2]);
            config.with_initializer(Initializer::Zeros).init(device)
        });
        let decoder = upwards.map(|level| Block::new(channels(level) * (1 + images), channels(level), device));
        let head = |level: usize| {
            Conv2dConfig::new([channels(level), *logits], [1, 1]).with_initializer(Initializer::Zeros).init(device)
        };
        let network = Self {
            encoder,
            bottom: Block::new(from * images, channels(*halvings), device),
            enlarge: enlarge.collect(),
            decoder: decoder.collect(),
            head: head(0),
            auxiliary_heads: auxiliary.iter().map(|level| head(*level)).collect(),
            auxiliary: auxiliary.clone(),
        };
        weights::draw(network, &architecture.head_bias, seed)
    }

    /// The logits at each auxiliary size and, last, at full size. Every image is (batch, 1, height, width), and its sides are multiples of
    /// 2^halvings.
    pub(crate) fn forward(&self, images: &[Tensor<4>]) -> Vec<Tensor<4>> {
        let mut levels: Vec<Tensor<4>> = images.to_vec();
        let mut skips = Vec::new();
        for block in &self.encoder {
            let seen: Vec<Tensor<4>> = levels.into_iter().map(|x| block.forward(x)).collect();
            levels = seen.iter().map(|x| max_pool2d(x.clone(), MaxPoolOptions::new([2, 2]))).collect();
            skips.push(seen);
        }
        let mut x = self.bottom.forward(together(levels));
        let mut outputs = Vec::new();
        for (step, (enlarge, block)) in self.enlarge.iter().zip(&self.decoder).enumerate() {
            self.supervise(self.enlarge.len() - step, &x, &mut outputs);
            let mut parts = vec![enlarge.forward(x)];
            parts.extend(skips.pop().unwrap_or_default());
            x = block.forward(together(parts));
        }
        outputs.push(self.head.forward(x));
        outputs
    }

    #[cfg(test)]
    pub(crate) fn first_kernel(&self) -> &burn::module::Param<Tensor<4>> {
        &self.encoder[0].convolutions[0].weight
    }

    #[cfg(test)]
    pub(crate) fn map_first_kernel(&mut self, change: impl FnOnce(Tensor<4>) -> Tensor<4>) {
        let place = &mut self.encoder[0].convolutions[0].weight;
        *place = place.clone().map(change);
    }

    /// Gives the heads a kernel, because without one no gradient reaches the layers before them.
    #[cfg(test)]
    pub(crate) fn with_heads_of(mut self, weight: f32) -> Self {
        for head in std::iter::once(&mut self.head).chain(&mut self.auxiliary_heads) {
            head.weight = head.weight.clone().map(|old| {
                let shape = old.dims();
                let numbers =
                    (0..shape.iter().product()).map(|index: usize| weight * (1.0 + index as f32 % 3.0)).collect();
                let device = old.device();
                Tensor::from_data(burn::tensor::TensorData::new::<f32, _>(numbers, shape), &device).require_grad()
            });
        }
        self
    }

    /// Adds the logits of an auxiliary head, if there is one at this level.
    fn supervise(&self, level: usize, x: &Tensor<4>, outputs: &mut Vec<Tensor<4>>) {
        let heads = self.auxiliary.iter().zip(&self.auxiliary_heads);
        outputs.extend(heads.filter(|(at, _)| **at == level).map(|(_, head)| head.forward(x.clone())));
    }
}

fn together(mut parts: Vec<Tensor<4>>) -> Tensor<4> {
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) }
}
