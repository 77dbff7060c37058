//! The pixels of a batch, as slices of arrays that lie in C order.

use half::{bf16, f16};
use loss_core::{LengthError, Plane, Quantisation};
use loss_expression::{binary, classes};

/// The inputs as they are stored.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Numbers of 32 bits.
    F32(&'a [f32]),
    /// Numbers of 16 bits.
    F16(&'a [f16]),
    /// Numbers in the 16 bits of a bfloat16.
    Bf16(&'a [bf16]),
    /// Signed codes of a quantised model.
    I8(&'a [i8], Quantisation),
    /// Unsigned codes of a quantised model.
    U8(&'a [u8], Quantisation),
    /// Codes of a quantised model with 16 bits.
    I16(&'a [i16], Quantisation),
}

impl<'a> Values<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F16(values) => values.len(),
            Values::Bf16(values) => values.len(),
            Values::I8(codes, _) => codes.len(),
            Values::U8(codes, _) => codes.len(),
            Values::I16(codes, _) => codes.len(),
        }
    }

    /// One of them, as the number that it stands for; NaN past the end.
    pub fn at(&self, index: usize) -> f32 {
        let value = match self {
            Values::F32(values) => values.get(index).copied(),
            Values::F16(values) => values.get(index).map(|value| value.to_f32()),
            Values::Bf16(values) => values.get(index).map(|value| value.to_f32()),
            Values::I8(codes, quantisation) => codes.get(index).map(|code| quantisation.logit(i32::from(*code))),
            Values::U8(codes, quantisation) => codes.get(index).map(|code| quantisation.logit(i32::from(*code))),
            Values::I16(codes, quantisation) => codes.get(index).map(|code| quantisation.logit(i32::from(*code))),
        };
        value.unwrap_or(f32::NAN)
    }

    fn part(self, start: usize, length: usize) -> Self {
        match self {
            Values::F32(values) => Values::F32(part(values, start, length)),
            Values::F16(values) => Values::F16(part(values, start, length)),
            Values::Bf16(values) => Values::Bf16(part(values, start, length)),
            Values::I8(codes, quantisation) => Values::I8(part(codes, start, length), quantisation),
            Values::U8(codes, quantisation) => Values::U8(part(codes, start, length), quantisation),
            Values::I16(codes, quantisation) => Values::I16(part(codes, start, length), quantisation),
        }
    }
}

/// What the pixels should be, as it is stored.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// Binary targets, or labels.
    U8(&'a [u8]),
    /// Labels.
    I64(&'a [i64]),
    /// Targets in [0, 1].
    F32(&'a [f32]),
}

impl<'a> Targets<'a> {
    /// One of them; NaN past the end.
    pub fn at(&self, index: usize) -> f64 {
        let target = match self {
            Targets::U8(targets) => targets.get(index).map(|&target| f64::from(target)),
            Targets::I64(targets) => targets.get(index).map(|&target| target as f64),
            Targets::F32(targets) => targets.get(index).map(|&target| f64::from(target)),
        };
        target.unwrap_or(f64::NAN)
    }

    fn part(self, start: usize, length: usize) -> Self {
        match self {
            Targets::U8(targets) => Targets::U8(part(targets, start, length)),
            Targets::I64(targets) => Targets::I64(part(targets, start, length)),
            Targets::F32(targets) => Targets::F32(part(targets, start, length)),
        }
    }
}

fn part<V>(values: &[V], start: usize, length: usize) -> &[V] {
    values.get(start..start.saturating_add(length)).unwrap_or_default()
}

/// What there is a target for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetsOf {
    /// Each pixel: a label of a class.
    Pixels,
    /// Each input.
    Inputs,
}

/// Images of channels of pixels: one channel for binary masks, a logit for each class, or channels that do not exclude each other.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// How many images there are.
    pub images: usize,
    /// How many channels an image has.
    pub channels: usize,
    /// How many pixels a channel has.
    pub pixels: usize,
    /// Image by image, channel by channel.
    pub inputs: Values<'a>,
    /// As [`targets_of`](Self::targets_of) says.
    pub targets: Targets<'a>,
    /// What there is a target for.
    pub targets_of: TargetsOf,
    /// A weight for each target or, of soft targets of classes, for each pixel.
    pub weights: Option<&'a [f32]>,
    /// `false` ignores a pixel; as many as weights.
    pub mask: Option<&'a [bool]>,
    /// Whether there is a weight for each pixel of each channel, or for each pixel.
    pub weighs_channels: bool,
}

impl<'a> Batch<'a> {
    /// How many inputs an image has.
    pub fn inputs_of_image(&self) -> usize {
        self.channels * self.pixels
    }

    fn targets_of_image(&self) -> usize {
        match self.targets_of {
            TargetsOf::Pixels => self.pixels,
            TargetsOf::Inputs => self.channels * self.pixels,
        }
    }

    fn weights_of_image(&self) -> usize {
        if self.weighs_channels { self.channels * self.pixels } else { self.pixels }
    }

    /// One image as a batch.
    pub fn image(self, image: usize) -> Self {
        let (inputs, targets, weights) = (self.inputs_of_image(), self.targets_of_image(), self.weights_of_image());
        Self {
            images: 1,
            inputs: self.inputs.part(image * inputs, inputs),
            targets: self.targets.part(image * targets, targets),
            weights: self.weights.map(|all| part(all, image * weights, weights)),
            mask: self.mask.map(|all| part(all, image * weights, weights)),
            ..self
        }
    }

    /// Some inputs of channels that each have a target and a weight of their own, as one channel of one image.
    pub fn stretch(self, start: usize, length: usize) -> Self {
        Self {
            images: 1,
            channels: 1,
            pixels: length,
            inputs: self.inputs.part(start, length),
            targets: self.targets.part(start, length),
            weights: self.weights.map(|all| part(all, start, length)),
            mask: self.mask.map(|all| part(all, start, length)),
            ..self
        }
    }

    /// All inputs, each with a target of its own, as pixels of a binary mask.
    pub fn of_mask(&self) -> Result<binary::Pixels<'a>, LengthError> {
        match self.targets {
            Targets::U8(targets) => Ok(self.plane(targets)?.into()),
            Targets::F32(targets) => Ok(self.plane(targets)?.into()),
            // Labels of a binary mask are bytes or numbers when they come here.
            Targets::I64(targets) => Err(LengthError { slice: "the targets", length: 0, expected: targets.len() }),
        }
    }

    fn plane<T: loss_core::extend::Target>(&self, targets: &'a [T]) -> Result<Plane<'a, T>, LengthError> {
        let mut plane = match self.inputs {
            Values::F32(inputs) => Plane::new(inputs, targets),
            Values::F16(inputs) => Plane::f16(inputs, targets),
            Values::Bf16(inputs) => Plane::bf16(inputs, targets),
            Values::I8(codes, quantisation) => Plane::i8(codes, quantisation, targets),
            Values::U8(codes, quantisation) => Plane::u8(codes, quantisation, targets),
            Values::I16(codes, quantisation) => Plane::i16(codes, quantisation, targets),
        }?;
        if let Some(weights) = self.weights {
            plane = plane.with_weights(weights)?;
        }
        if let Some(mask) = self.mask {
            plane = plane.with_mask(mask)?;
        }
        Ok(plane)
    }

    /// The pixels of one image, over classes.
    pub fn of_classes(&self) -> classes::Pixels<'a> {
        let inputs = match self.inputs {
            Values::F32(inputs) => classes::Logits::F32(inputs),
            Values::F16(inputs) => classes::Logits::F16(inputs),
            Values::Bf16(inputs) => classes::Logits::Bf16(inputs),
            Values::I8(codes, quantisation) => classes::Logits::I8(codes, quantisation),
            Values::U8(codes, quantisation) => classes::Logits::U8(codes, quantisation),
            Values::I16(codes, quantisation) => classes::Logits::I16(codes, quantisation),
        };
        let targets = match self.targets {
            Targets::U8(labels) => classes::Targets::U8(labels),
            Targets::I64(labels) => classes::Targets::I64(labels),
            Targets::F32(targets) => classes::Targets::Soft(targets),
        };
        let mut pixels = classes::Pixels::new(inputs, targets);
        pixels.weights = self.weights;
        pixels.mask = self.mask;
        pixels
    }
}
