//! Parallel slices of inputs, targets and weights.

use super::quantisation::Quantisation;
use super::sample::{Sample, Target, masked, weight_is_valid};
use crate::error::LengthError;

/// Pixels in memory: a slice of inputs, a slice of targets of the same length, and optionally weights or a mask.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Plane<'a, T> {
    pub(crate) inputs: Inputs<'a>,
    pub(crate) targets: &'a [T],
    pub(crate) weights: Weights<'a>,
}

/// The inputs in the type they are stored in. Each converts to `f32` exactly, before anything is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inputs<'a> {
    F32(&'a [f32]),
    #[cfg(feature = "half")]
    F16(&'a [half::f16]),
    #[cfg(feature = "half")]
    Bf16(&'a [half::bf16]),
    I8(&'a [i8], Quantisation),
    U8(&'a [u8], Quantisation),
    I16(&'a [i16], Quantisation),
}

impl<'a> Inputs<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Inputs::F32(inputs) => inputs.len(),
            #[cfg(feature = "half")]
            Inputs::F16(inputs) => inputs.len(),
            #[cfg(feature = "half")]
            Inputs::Bf16(inputs) => inputs.len(),
            Inputs::I8(inputs, _) => inputs.len(),
            Inputs::U8(inputs, _) => inputs.len(),
            Inputs::I16(inputs, _) => inputs.len(),
        }
    }

    /// The input at `index`; NaN past the end.
    #[inline(always)]
    pub(crate) fn at(&self, index: usize) -> f32 {
        let input = match self {
            Inputs::F32(inputs) => inputs.get(index).copied(),
            #[cfg(feature = "half")]
            Inputs::F16(inputs) => inputs.get(index).map(|input| input.to_f32()),
            #[cfg(feature = "half")]
            Inputs::Bf16(inputs) => inputs.get(index).map(|input| input.to_f32()),
            Inputs::I8(codes, quantisation) => codes.get(index).map(|&code| quantisation.logit(code.into())),
            Inputs::U8(codes, quantisation) => codes.get(index).map(|&code| quantisation.logit(code.into())),
            Inputs::I16(codes, quantisation) => codes.get(index).map(|&code| quantisation.logit(code.into())),
        };
        input.unwrap_or(f32::NAN)
    }

    pub(crate) fn split_at(self, index: usize) -> (Self, Self) {
        macro_rules! split {
            ($variant:ident, $inputs:ident $(, $more:ident)?) => {{
                let (head, tail) = split_at($inputs, index);
                (Inputs::$variant(head $(, $more)?), Inputs::$variant(tail $(, $more)?))
            }};
        }
        match self {
            Inputs::F32(inputs) => split!(F32, inputs),
            #[cfg(feature = "half")]
            Inputs::F16(inputs) => split!(F16, inputs),
            #[cfg(feature = "half")]
            Inputs::Bf16(inputs) => split!(Bf16, inputs),
            Inputs::I8(codes, quantisation) => split!(I8, codes, quantisation),
            Inputs::U8(codes, quantisation) => split!(U8, codes, quantisation),
            Inputs::I16(codes, quantisation) => split!(I16, codes, quantisation),
        }
    }

    /// Converts the inputs to `f32` and writes them into a slice of the same length.
    #[inline(always)]
    pub(crate) fn copy_to(&self, to: &mut [f32]) {
        match self {
            Inputs::F32(inputs) => to.iter_mut().zip(*inputs).for_each(|(to, &input)| *to = input),
            #[cfg(feature = "half")]
            Inputs::F16(inputs) => convert_half(*inputs, to),
            #[cfg(feature = "half")]
            Inputs::Bf16(inputs) => convert_half(*inputs, to),
            Inputs::I8(codes, quantisation) => {
                to.iter_mut().zip(*codes).for_each(|(to, &code)| *to = quantisation.logit(code.into()));
            }
            Inputs::U8(codes, quantisation) => {
                to.iter_mut().zip(*codes).for_each(|(to, &code)| *to = quantisation.logit(code.into()));
            }
            Inputs::I16(codes, quantisation) => {
                to.iter_mut().zip(*codes).for_each(|(to, &code)| *to = quantisation.logit(code.into()));
            }
        }
    }
}

#[cfg(feature = "half")]
#[inline(always)]
fn convert_half<F: half::slice::HalfFloatSliceExt + ?Sized>(from: &F, to: &mut [f32]) {
    from.convert_to_f32_slice(to);
}

fn split_at<V>(values: &[V], index: usize) -> (&[V], &[V]) {
    values.split_at_checked(index).unwrap_or((values, &[]))
}

/// The weights of the remaining pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weights<'a> {
    One,
    Mask(&'a [bool]),
    Values(&'a [f32]),
    /// The weight where the mask is `true`, 0 elsewhere.
    Masked(&'a [bool], &'a [f32]),
}

impl<'a> Weights<'a> {
    /// The same weights under a mask, which replaces an earlier mask.
    pub(crate) fn with_mask(self, valid: &'a [bool]) -> Self {
        match self {
            Weights::One | Weights::Mask(_) => Weights::Mask(valid),
            Weights::Values(values) | Weights::Masked(_, values) => Weights::Masked(valid, values),
        }
    }

    /// These weights, under the mask if there is one; they replace earlier weights.
    pub(crate) fn with_values(self, values: &'a [f32]) -> Self {
        match self {
            Weights::One | Weights::Values(_) => Weights::Values(values),
            Weights::Mask(valid) | Weights::Masked(valid, _) => Weights::Masked(valid, values),
        }
    }
}

impl Weights<'_> {
    #[inline(always)]
    pub(crate) fn take_first(&mut self) -> f32 {
        match self {
            Weights::One => 1.0,
            Weights::Mask(mask) => f32::from(u8::from(take_first(mask).unwrap_or_default())),
            Weights::Values(values) => take_first(values).unwrap_or_default(),
            Weights::Masked(mask, values) => {
                masked(take_first(mask).unwrap_or_default(), take_first(values).unwrap_or_default())
            }
        }
    }

    pub(crate) fn split_at(self, index: usize) -> (Self, Self) {
        match self {
            Weights::One => (self, self),
            Weights::Mask(mask) => {
                let (head, tail) = split_at(mask, index);
                (Weights::Mask(head), Weights::Mask(tail))
            }
            Weights::Values(values) => {
                let (head, tail) = split_at(values, index);
                (Weights::Values(head), Weights::Values(tail))
            }
            Weights::Masked(mask, values) => {
                let ((mask, rest), (values, other)) = (split_at(mask, index), split_at(values, index));
                (Weights::Masked(mask, values), Weights::Masked(rest, other))
            }
        }
    }

    /// Writes the weights as numbers, and returns their kind.
    #[inline(always)]
    pub(crate) fn numbers(&self, to: &mut [f32]) -> WeightsOf {
        match self {
            Weights::One => return WeightsOf::One,
            Weights::Mask(mask) => to.iter_mut().zip(*mask).for_each(|(to, &valid)| *to = f32::from(u8::from(valid))),
            Weights::Values(values) => to.iter_mut().zip(*values).for_each(|(to, &weight)| *to = weight),
            Weights::Masked(mask, values) => {
                let pixels = mask.iter().zip(*values);
                to.iter_mut().zip(pixels).for_each(|(to, (&valid, &weight))| *to = masked(valid, weight));
            }
        }
        // Ordered by their bits, the numbers from 0 on keep their order, and everything else comes after them.
        let bits = to.iter().map(|weight| weight.to_bits());
        let (least, most) = bits.fold((u32::MAX, 0), |(least, most), bits| (least.min(bits), most.max(bits)));
        if (least, most) == (1f32.to_bits(), 1f32.to_bits()) {
            WeightsOf::One
        } else if weight_is_valid(f32::from_bits(least)) && weight_is_valid(f32::from_bits(most)) {
            WeightsOf::Positive
        } else if to.iter().fold(true, |all, &weight| all & (weight == 0.0 || weight_is_valid(weight))) {
            WeightsOf::Numbers
        } else {
            WeightsOf::OutOfRange
        }
    }
}

/// The kind of a tile's weights.
pub(crate) enum WeightsOf {
    /// Every weight is 1.
    One,
    /// Every weight is in range.
    Positive,
    /// Every weight is 0 or in range.
    Numbers,
    /// Some weight is neither 0 nor in range.
    OutOfRange,
}

impl<'a, T: Target> Plane<'a, T> {
    /// A plane of inputs (logits or probabilities, depending on the accumulator) and their targets.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn new(inputs: &'a [f32], targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::F32(inputs), targets)
    }

    /// A plane of half-precision (`f16`) inputs, which convert to `f32` exactly.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    #[cfg(feature = "half")]
    pub fn f16(inputs: &'a [half::f16], targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::F16(inputs), targets)
    }

    /// A plane of bfloat16 inputs, which convert to `f32` exactly.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    #[cfg(feature = "half")]
    pub fn bf16(inputs: &'a [half::bf16], targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::Bf16(inputs), targets)
    }

    /// A plane of a quantised model's logits as signed codes. A [`Histogram`](crate::Histogram) of them takes half the time.
    ///
    /// Or its probabilities, if the accumulator takes these: TFLite's LOGISTIC and SOFTMAX give them, with scale 1/256 and zero point −128.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn i8(codes: &'a [i8], quantisation: Quantisation, targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::I8(codes, quantisation), targets)
    }

    /// A plane of a quantised model's logits as unsigned codes. A [`Histogram`](crate::Histogram) of them takes half the time.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn u8(codes: &'a [u8], quantisation: Quantisation, targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::U8(codes, quantisation), targets)
    }

    /// The logits of a quantised model, as codes of 16 bits.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn i16(codes: &'a [i16], quantisation: Quantisation, targets: &'a [T]) -> Result<Self, LengthError> {
        Self::of(Inputs::I16(codes, quantisation), targets)
    }

    fn of(inputs: Inputs<'a>, targets: &'a [T]) -> Result<Self, LengthError> {
        let plane = Self { inputs, targets, weights: Weights::One };
        plane.check_length("the targets", targets.len())?;
        Ok(plane)
    }

    /// Ignores the pixels whose mask is `false`. Their inputs, targets and weights are not read.
    ///
    /// A mask and weights combine, in either order. A second mask replaces the first; to apply both, pass their
    /// conjunction.
    ///
    /// ```
    /// use loss_core::{Bce, Loss, Plane, Pointwise};
    ///
    /// let pixels = Plane::new(&[0.5, 2.0, -1.0], &[true, false, false])?
    ///     .with_weights(&[3.0, f32::NAN, 0.5])?
    ///     .with_mask(&[true, false, true])?;
    /// let mut sums = Bce::new().mean().accumulator();
    /// sums.extend_plane(pixels);
    /// assert_eq!(sums.finish()?.weight(), 3.5);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn with_mask(self, valid: &'a [bool]) -> Result<Self, LengthError> {
        self.check_length("the mask", valid.len())?;
        Ok(Self { weights: self.weights.with_mask(valid), ..self })
    }

    /// Weighs each pixel; a weight of 0 ignores it.
    ///
    /// Weights and a [mask](Self::with_mask) combine, in either order. Second weights replace the first.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ.
    pub fn with_weights(self, weights: &'a [f32]) -> Result<Self, LengthError> {
        self.check_length("the weights", weights.len())?;
        Ok(Self { weights: self.weights.with_values(weights), ..self })
    }

    /// Whether pixels have weights, beyond counting once or not at all.
    pub(crate) fn has_weights(&self) -> bool {
        matches!(self.weights, Weights::Values(_) | Weights::Masked(..))
    }

    /// The number of pixels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are no pixels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Iterates over the pixels.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        let (inputs, mut weights) = (self.inputs, self.weights);
        (0..self.len()).zip(self.targets).map(move |(index, target)| Sample {
            input: inputs.at(index),
            target: target.to_f32(),
            weight: weights.take_first(),
        })
    }

    /// Iterates over the pixels together with their gradient.
    pub(crate) fn each(&self, gradient: &mut [f32], put: impl Fn(&mut f32, Sample)) -> Result<(), LengthError> {
        self.check_length("the gradient", gradient.len())?;
        gradient.iter_mut().zip(self.samples()).for_each(|(slope, sample)| put(slope, sample));
        Ok(())
    }

    /// The inputs and targets, if the pixels have neither weights nor a mask.
    pub(crate) fn pairs(&self) -> Option<impl Iterator<Item = (f32, T)> + '_> {
        match (self.inputs, self.weights) {
            (Inputs::F32(inputs), Weights::One) => Some(inputs.iter().copied().zip(self.targets.iter().copied())),
            _ => None,
        }
    }

    /// Splits the plane after `index` pixels, or after all of them if there are fewer.
    pub fn split_at(self, index: usize) -> (Self, Self) {
        let (inputs, other_inputs) = self.inputs.split_at(index);
        let (targets, other_targets) = split_at(self.targets, index);
        let (weights, other_weights) = self.weights.split_at(index);
        (
            Self { inputs, targets, weights },
            Self { inputs: other_inputs, targets: other_targets, weights: other_weights },
        )
    }

    /// The inputs if they are `f32`s, otherwise an empty slice.
    pub(crate) fn inputs_to_prefetch(&self) -> &'a [f32] {
        match self.inputs {
            Inputs::F32(inputs) => inputs,
            _ => &[],
        }
    }

    pub(crate) fn check_length(&self, slice: &'static str, length: usize) -> Result<(), LengthError> {
        if length == self.len() { Ok(()) } else { Err(LengthError { slice, length, expected: self.len() }) }
    }
}

fn take_first<V: Copy>(values: &mut &[V]) -> Option<V> {
    let (&first, rest) = values.split_first()?;
    *values = rest;
    Some(first)
}
