//! The crates `candle-core` and `candle-nn`: their own BCE, and Dice of tensors.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::loss::binary_cross_entropy_with_logit;
use candle_nn::ops::sigmoid;
use loss_bench::answers::F32_SUMS_TOLERANCE;
use loss_bench::data::Image;
use loss_bench::losses::SMOOTH;

use crate::Rival;

/// Tensors on the processor.
pub struct Candle {
    logits: Tensor,
    variable: Var,
    targets: Tensor,
}

impl Candle {
    fn of(image: &Image) -> Result<Self> {
        let logits = Tensor::from_slice(&image.logits, image.pixels(), &Device::Cpu)?;
        let targets = Tensor::from_slice(&image.mask_as_numbers(), image.pixels(), &Device::Cpu)?;
        Ok(Self { variable: Var::from_tensor(&logits)?, logits, targets })
    }

    fn loss(&self, logits: &Tensor) -> Result<Tensor> {
        let bce = binary_cross_entropy_with_logit(logits, &self.targets)?;
        let p = sigmoid(logits)?;
        let intersection = (&p * &self.targets)?.sum_all()?;
        let whole = ((p.sum_all()? + self.targets.sum_all()?)? + SMOOTH)?;
        let dice = (((intersection * 2.0)? + SMOOTH)? / whole)?;
        (bce + 1.0)? - dice
    }

    fn gradient(&self) -> Result<Option<(f64, Tensor)>> {
        let loss = self.loss(&self.variable)?;
        let gradients = loss.backward()?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        Ok(gradients.get(&self.variable).map(|gradient| (value, gradient.clone())))
    }
}

impl Rival for Candle {
    const NAME: &'static str = "candle";
    const TOLERANCE: f64 = F32_SUMS_TOLERANCE;
    const USES_THREADS: bool = true;

    type Gradient = Tensor;

    fn new(image: &Image) -> Self {
        Self::of(image).expect("tensors")
    }

    fn value(&self) -> f64 {
        f64::from(self.loss(&self.logits).and_then(|loss| loss.to_scalar::<f32>()).expect("a loss"))
    }

    fn value_and_gradient(&self) -> Option<(f64, Tensor)> {
        self.gradient().expect("a gradient")
    }

    fn slopes(gradient: Tensor) -> Vec<f32> {
        gradient.to_vec1().expect("numbers")
    }
}
