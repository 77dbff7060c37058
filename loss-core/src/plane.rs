//! Parallel slices of inputs, targets and weights.

use crate::error::LengthError;
use crate::pixel::{Sample, Target};

/// A stretch of pixels in memory: inputs, as many targets, and perhaps weights or a mask.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a, T> {
    inputs: &'a [f32],
    targets: &'a [T],
    weights: Weights<'a>,
}

/// The weights of the pixels that are still to come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weights<'a> {
    One,
    Mask(&'a [bool]),
    Values(&'a [f32]),
}

impl Weights<'_> {
    #[inline(always)]
    pub(crate) fn take_first(&mut self) -> f32 {
        match self {
            Weights::One => 1.0,
            Weights::Mask(mask) => f32::from(u8::from(take_first(mask).unwrap_or_default())),
            Weights::Values(values) => take_first(values).unwrap_or_default(),
        }
    }
}

impl<'a, T: Target> Plane<'a, T> {
    /// Inputs (logits or probabilities, as the accumulator says) and their targets.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn new(inputs: &'a [f32], targets: &'a [T]) -> Result<Self, LengthError> {
        let plane = Self { inputs, targets, weights: Weights::One };
        plane.check_length("the targets", targets.len())?;
        Ok(plane)
    }

    /// Ignores the pixels whose mask is `false`.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check_length("the mask", valid.len())?;
        Ok(Self { weights: Weights::Mask(valid), ..self })
    }

    /// Weighs each pixel; 0 ignores it.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, LengthError> {
        self.check_length("the weights", weights.len())?;
        Ok(Self { weights: Weights::Values(weights), ..self })
    }

    /// How many pixels there are.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The pixels, one after the other.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        let mut weights = self.weights;
        self.inputs.iter().zip(self.targets).map(move |(&input, target)| Sample {
            input,
            target: target.to_f32(),
            weight: weights.take_first(),
        })
    }

    /// Goes through a gradient beside the pixels.
    pub(crate) fn each(&self, gradient: &mut [f32], put: impl Fn(&mut f32, Sample)) -> Result<(), LengthError> {
        self.check_length("the gradient", gradient.len())?;
        gradient.iter_mut().zip(self.samples()).for_each(|(slope, sample)| put(slope, sample));
        Ok(())
    }

    pub(crate) fn check_length(&self, slice: &'static str, length: usize) -> Result<(), LengthError> {
        if length == self.inputs.len() {
            Ok(())
        } else {
            Err(LengthError { slice, length, expected: self.inputs.len() })
        }
    }
}

fn take_first<V: Copy>(values: &mut &[V]) -> Option<V> {
    let (&first, rest) = values.split_first()?;
    *values = rest;
    Some(first)
}
