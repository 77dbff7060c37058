//! Losses of masks.

use burn::tensor::{Bool, Int, Tensor};
use loss_core::Plane;
use loss_expression::binary::{Finished, Inputs, Losses, Pixels};

use crate::tensors::{floats, integers, read, same_shape};
use crate::{Error, Output, with_gradients};

/// A segmentation loss of logits and masks of the same shape, such as (N, 1, H, W).
///
/// All elements are pixels of one pool: Dice is that of the whole batch, not the mean over images. Each logit is one pixel; p = sigmoid(z).
///
/// The README of this crate shows how it is used, and how the gradient reaches the network.
#[derive(Clone, Debug)]
pub struct SegmentationLoss {
    losses: Losses,
    ignored: Option<i64>,
}

impl SegmentationLoss {
    /// Reads an expression such as `bce + dice(smooth=1e-5)`: any sum of the binary losses of [`loss_core::list`].
    ///
    /// # Errors
    /// [`Error::Expression`], which shows the place and the remedy.
    pub fn new(expression: &str) -> Result<Self, Error> {
        Ok(Self { losses: Losses::new(vec![expression.parse()?]), ignored: None })
    }

    /// Leaves out the pixels with this integer target, such as 255.
    #[must_use]
    pub fn ignoring(self, target: i64) -> Self {
        Self { ignored: Some(target), ..self }
    }

    /// The loss of these pixels.
    ///
    /// The targets are `Bool`, `Int` (0 and 1) or `Float` (in [0, 1], soft labels). The logits are `f32`, `f16` or `bf16`.
    ///
    /// # Errors
    /// [`Error`] if the shapes differ, a logit is not finite, a target is out of range, or the numbers are `f64`. The tensors stay as they are.
    pub fn forward<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: impl BinaryTargets<D>,
    ) -> Result<Output<Finished>, Error> {
        self.evaluate(logits, targets, None)
    }

    /// The loss of weighted pixels: each weight is finite and at least 0; 0 leaves the pixel out.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward), and [`Error`] if a weight is out of range.
    pub fn forward_weighted<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: impl BinaryTargets<D>,
        weights: Tensor<D>,
    ) -> Result<Output<Finished>, Error> {
        same_shape("weights", &weights.dims(), &logits.dims())?;
        self.evaluate(logits, targets, Some(floats("weights", weights)?))
    }

    fn evaluate<const D: usize>(
        &self,
        logits: Tensor<D>,
        targets: impl BinaryTargets<D>,
        weights: Option<Vec<f32>>,
    ) -> Result<Output<Finished>, Error> {
        same_shape("targets", &targets.shape(), &logits.dims())?;
        let inputs = floats("logits", logits.clone())?;
        let Numbers { targets, valid } = targets.numbers(self.ignored)?;
        let pixels = match &targets {
            Targets::Hard(targets) => masked(Plane::new(&inputs, targets)?, &weights, &valid)?.into(),
            Targets::Soft(targets) => masked(Plane::new(&inputs, targets)?, &weights, &valid)?.into(),
        };
        let (result, gradient) = self.value_and_gradient(pixels, inputs.len())?;
        let loss = with_gradients([(logits, gradient)], result.value())?;
        Ok(Output { loss, result })
    }

    fn value_and_gradient(&self, pixels: Pixels<'_>, count: usize) -> Result<(Finished, Vec<f32>), Error> {
        let mut sums = self.losses.accumulator(Inputs::Logits)?;
        sums.par_extend(pixels)?;
        let result = sums.finish()?;
        let mut gradient = vec![0.0; count];
        if let Some(ready) = result.gradient(1.0) {
            ready.write(pixels, &mut gradient)?;
        }
        Ok((result, gradient))
    }
}

/// Adds weights, and the mask of pixels to count.
fn masked<'a, T>(
    mut plane: Plane<'a, T>,
    weights: &'a Option<Vec<f32>>,
    valid: &'a Option<Vec<bool>>,
) -> Result<Plane<'a, T>, Error>
where
    T: loss_core::extend::Target,
{
    if let Some(weights) = weights {
        plane = plane.with_weights(weights)?;
    }
    if let Some(valid) = valid {
        plane = plane.with_mask(valid)?;
    }
    Ok(plane)
}

/// The targets of masks: tensors of `Bool`, of `Int` and of `Float`.
pub trait BinaryTargets<const D: usize>: private::Sealed {
    #[doc(hidden)]
    fn shape(&self) -> [usize; D];

    #[doc(hidden)]
    fn numbers(self, ignored: Option<i64>) -> Result<Numbers, Error>;
}

/// Targets, and which pixels to count; all if none is left out.
#[doc(hidden)]
pub struct Numbers {
    targets: Targets,
    valid: Option<Vec<bool>>,
}

enum Targets {
    Hard(Vec<u8>),
    Soft(Vec<f32>),
}

impl<const D: usize> BinaryTargets<D> for Tensor<D, Bool> {
    fn shape(&self) -> [usize; D] {
        self.dims()
    }

    fn numbers(self, _: Option<i64>) -> Result<Numbers, Error> {
        let targets = read(self.try_into_data())?.iter::<bool>().map(u8::from).collect();
        Ok(Numbers { targets: Targets::Hard(targets), valid: None })
    }
}

impl<const D: usize> BinaryTargets<D> for Tensor<D, Int> {
    fn shape(&self) -> [usize; D] {
        self.dims()
    }

    fn numbers(self, ignored: Option<i64>) -> Result<Numbers, Error> {
        let numbers = integers(self)?;
        let valid = ignored.map(|ignored| numbers.iter().map(|target| *target != ignored).collect());
        let targets = numbers.into_iter().enumerate().map(|(index, value)| match value {
            0 | 1 => Ok(value as u8),
            _ if Some(value) == ignored => Ok(0),
            _ => Err(Error::Target { index, value }),
        });
        Ok(Numbers { targets: Targets::Hard(targets.collect::<Result<_, _>>()?), valid })
    }
}

impl<const D: usize> BinaryTargets<D> for Tensor<D> {
    fn shape(&self) -> [usize; D] {
        self.dims()
    }

    fn numbers(self, ignored: Option<i64>) -> Result<Numbers, Error> {
        let targets = floats("targets", self)?;
        let valid = ignored.map(|ignored| targets.iter().map(|target| f64::from(*target) != ignored as f64).collect());
        Ok(Numbers { targets: Targets::Soft(targets), valid })
    }
}

mod private {
    use super::{Bool, Int, Tensor};

    pub trait Sealed {}
    impl<const D: usize> Sealed for Tensor<D, Bool> {}
    impl<const D: usize> Sealed for Tensor<D, Int> {}
    impl<const D: usize> Sealed for Tensor<D> {}
}
