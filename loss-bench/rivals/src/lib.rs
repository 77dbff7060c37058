//! BCE + Dice as a user of other crates gets it: with the losses that a crate has, and its own tensors for those that it has not.
//!
//! Each type holds the data as its crate wants it, made before any clock runs. Sums are the crate's, in `f32`.
#![forbid(unsafe_code)]

mod of_burn;
mod of_candle;
mod of_ndarray;
mod of_oxicuda;

pub use of_burn::Burn;
pub use of_candle::Candle;
pub use of_ndarray::Ndarray;
pub use of_oxicuda::Oxicuda;

use loss_bench::data::Image;

/// A crate with the pixels of an image.
pub trait Rival: Sized {
    /// The crate, as the report names it.
    const NAME: &'static str;

    /// How far its value of millions of pixels may be from the exact one, relative to it: what its `f32` sums leave.
    const TOLERANCE: f64;

    /// Whether it works with several threads.
    const USES_THREADS: bool;

    /// Where the gradient is, in whatever the crate keeps numbers.
    type Gradient;

    /// Takes the pixels over.
    fn new(image: &Image) -> Self;

    /// BCE + Dice.
    fn value(&self) -> f64;

    /// BCE + Dice and its gradient; `None` if the crate computes none.
    fn value_and_gradient(&self) -> Option<(f64, Self::Gradient)>;

    /// The gradient as slopes.
    fn slopes(gradient: Self::Gradient) -> Vec<f32>;
}
