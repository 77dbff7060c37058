#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod binary;
mod classes;
mod error;
mod gradients;
mod tensors;

pub use binary::{BinaryTargets, SegmentationLoss};
pub use classes::{ClassSegmentationLoss, ClassTargets};
pub use error::Error;
pub use gradients::with_gradients;

use burn::tensor::Tensor;

/// A loss for the optimiser, and everything that was computed with it.
#[derive(Clone, Debug)]
pub struct Output<R> {
    /// The loss, one number that [`backward`](Tensor::backward) starts from.
    pub loss: Tensor<1>,
    /// The value in `f64`, the parts of the expression, and the confusion with its scores.
    pub result: R,
}
