//! The crate `burn` with its backend `flex`: its own BCE, and Dice of tensors.

use burn::nn::loss::{BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor, TensorData};
use loss_bench::answers::F32_SUMS_TOLERANCE;
use loss_bench::data::Image;
use loss_bench::losses::SMOOTH;

use crate::Rival;

/// Tensors on the processor.
pub struct Burn {
    logits: Tensor<1>,
    tracked: Tensor<1>,
    targets: Tensor<1>,
    labels: Tensor<1, Int>,
    bce: BinaryCrossEntropyLoss,
}

impl Burn {
    fn loss(&self, logits: Tensor<1>) -> Tensor<1> {
        let bce = self.bce.forward(logits.clone(), self.labels.clone());
        let p = sigmoid(logits);
        let intersection = (p.clone() * self.targets.clone()).sum();
        let whole = p.sum() + self.targets.clone().sum() + SMOOTH;
        bce + 1.0 - (intersection * 2.0 + SMOOTH) / whole
    }
}

impl Rival for Burn {
    const NAME: &'static str = "burn (flex)";
    const TOLERANCE: f64 = F32_SUMS_TOLERANCE;
    const USES_THREADS: bool = true;

    type Gradient = Tensor<1>;

    fn new(image: &Image) -> Self {
        let device = Device::flex();
        let labels: Vec<i32> = image.mask.iter().map(|&target| target.into()).collect();
        let logits = || TensorData::from(image.logits.as_slice());
        Self {
            logits: Tensor::from_data(logits(), &device),
            tracked: Tensor::<1>::from_data(logits(), &device).autodiff().require_grad(),
            targets: Tensor::from_data(TensorData::from(image.mask_as_numbers().as_slice()), &device),
            labels: Tensor::from_data(TensorData::from(labels.as_slice()), &device),
            bce: BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device),
        }
    }

    fn value(&self) -> f64 {
        f64::from(self.loss(self.logits.clone()).into_scalar::<f32>())
    }

    fn value_and_gradient(&self) -> Option<(f64, Tensor<1>)> {
        let loss = self.loss(self.tracked.clone());
        let gradients = loss.backward();
        Some((f64::from(loss.into_scalar::<f32>()), self.tracked.grad(&gradients)?))
    }

    fn slopes(gradient: Tensor<1>) -> Vec<f32> {
        gradient.into_data().try_to_vec().expect("numbers")
    }
}
