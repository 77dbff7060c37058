//! The last layer of a segmentation network, trained where it runs: its gradient as exact sums, its step in integers.
//!
//! The layer is a 1×1 convolution over F features of a pixel (`i8`, `u8`, `i16` or `f32`): logit_c = b_c + Σ_f w_cf x_f for C outputs. With g_c = ∂L/∂logit_c, of any loss of this
//! crate,
//!
//! ∂L/∂w_cf = Σ g_c x_f and ∂L/∂b_c = Σ g_c, over the pixels.
//!
//! These sums are exact, as those of the losses are: each product is rounded once to a multiple of 2⁻⁶⁴. So devices that have some of the pixels each, in any order and
//! grouping, obtain bit for bit the update that one machine computes of all of them.
//!
//! | type | what it is |
//! |---|---|
//! | [`Head`] | weights and momentum, as integers |
//! | [`Layer`] | its weights as `f32`: logits of pixels |
//! | [`HeadGradient`] | the exact sums of g·x, which merge |
//! | [`Sgd`] | learning rate, momentum, weight decay |
//!
//! ```
//! use loss_core::head::{Head, HeadGradient, Sgd};
//! use loss_core::{Bce, Dice, Loss, Pointwise};
//!
//! // Two features of a pixel, and whether it is foreground.
//! let pixels = [([12i8, -3], true), ([-20, 5], false), ([7, 9], true), ([-2, -8], false)];
//! let loss = Bce::new().mean() + Dice::new(1.0)?;
//! let mut head = Head::new([[0.01, 0.0]], [0.0])?; // F = 2, C = 1
//! let sgd = Sgd::new(0.05, 0.9, 0.0)?;
//!
//! # let mut last = f64::INFINITY;
//! for _ in 0..20 {
//!     let layer = head.layer();
//!     // First pass: the loss of all pixels, of all devices.
//!     let mut sums = loss.accumulator();
//!     sums.extend(pixels.iter().map(|(x, target)| (layer.logits(x)[0], *target)));
//!     let total = sums.finish()?;
//!
//!     // Second pass: the gradient.
//!     let slope = total.gradient();
//!     let mut gradient = HeadGradient::new(&layer, &sums);
//!     for (x, target) in &pixels {
//!         gradient.push(x, [slope.at((layer.logits(x)[0], *target))]);
//!     }
//!     head.step(&gradient, &sgd)?; // on every device, from the merged gradient
//! #   assert!(total.value() < last);
//! #   last = total.value();
//! }
//! # assert!(last < 0.7);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! For a fleet the first pass of every device is a message with the state of its [`Accumulator`](crate::Accumulator); the server merges them and sends the whole back, so that all have the
//! same slopes; the second pass is a message with the state of its [`HeadGradient`]. A loss that is a sum over pixels (`Bce::new().sum()`) has slopes that do not depend on the
//! others, and needs no first round.
//!
//! **Memory.** A [`Head`] takes 16 bytes a weight, a [`Layer`] 4, a [`HeadGradient`] 20: for 8 features and one output 152, 36 and 208 bytes in all.
//!
//! **Momentum** is that of Sutskever et al., *On the importance of initialization and momentum in deep learning*, 2013, in the form that PyTorch's `SGD` has. The features of a
//! layer below stay as they are, which is what fine-tuning the last layer means: Yosinski et al., *How transferable are features in deep neural networks?*, 2014.

mod feature;
mod gradient;
mod layer;
mod sgd;
mod weights;

pub use feature::Feature;
pub use gradient::{HeadGradient, Round};
pub use layer::Layer;
pub use sgd::Sgd;
pub use weights::{Head, StepError};
