#![no_std]
#![deny(unsafe_code)]
#![warn(clippy::must_use_candidate, clippy::return_self_not_must_use)]
#![cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "what works through slices by lanes is not called where there are none")
)]
#![doc = include_str!("../README.md")]
//!
//! # Accuracy
//!
//! The largest errors, measured against `f64` formulas over every `f32` in the domain whose absolute value lies in [2⁻¹², 128] and over
//! every 97th elsewhere; where the reference is below 2⁻¹²⁶, an absolute error of 2⁻¹²⁶ is let pass. These are the errors before anything weighs the
//! number: a `pos_weight`, an α or a class weight multiplies that absolute error too, to 2⁻¹²⁶ times the weight. An ULP is the distance of `f32`s around the reference, at least 2⁻¹⁴⁹. A background
//! pixel is the mirror image of a foreground pixel, to the bit; the table is of foreground pixels. Subnormal numbers must not
//! be flushed to zero.
//!
//! All error bounds of this documentation leave out what is this small, and that each term of a sum is rounded to a multiple of 2⁻⁶⁴
//! ([`ExactSum`]). So a loss that is a quotient of sums over n pixels is known to n·2⁻⁶⁵ over its denominator.
//!
#![doc = include_str!("accuracy.md")]
//!
//! [`Activation::Sigmoid`]: class::Activation::Sigmoid
//! [`BinnedLovasz`]: sorted::BinnedLovasz
//! [`BoundaryAccumulator`]: boundary::BoundaryAccumulator
//! [`Channels`]: class::Channels
//! [`ClassPlane`]: class::ClassPlane
//! [`CrossEntropy`]: class::CrossEntropy
//! [`ExactSum`]: extend::ExactSum
//! [`GeneralisedDice`]: class::GeneralisedDice
//! [`LovaszHinge`]: sorted::LovaszHinge
//! [`LovaszSoftmax`]: sorted::LovaszSoftmax
//! [`Ohem`]: sorted::Ohem
//! [`PerClass`]: class::PerClass
//! [`Region`]: extend::Region
//! [`SoftmaxFocal`]: class::SoftmaxFocal
//! [`TopK`]: sorted::TopK
//! [`WassersteinDice`]: class::WassersteinDice
//! [`distance::signed_distance_map`]: boundary::distance::signed_distance_map
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("the x87 unit rounds differently from IEEE 754 single precision: enable SSE2");

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod aggregation;
mod arch;
pub mod boundary;
pub mod class;
pub mod conventions;
mod error;
pub mod extend;
mod facts;
mod fingerprint;
pub mod fixed_point;
pub mod head;
pub mod histogram;
mod input;
pub mod list;
mod loss;
mod number;
mod pointwise;
pub mod prelude;
mod region;
mod sizes;
pub mod sorted;
mod stream;
mod sums;
mod training;
pub mod watch;

// What is for a loss of one's own is in `extend` alone. `pointwise` and `region` list themselves what is public of them.
pub use arch::SimdLevel;
pub use error::{LengthError, Parameter, ParameterError, StateError, WeightedPlaneError};
pub use histogram::Histogram;
pub use input::link::{Logits, Probabilities};
pub use input::plane::Plane;
pub use input::quantisation::Quantisation;
pub use input::sample::{HardSample, Reason, Sample};
pub use loss::any::AnyLoss;
pub use loss::combine::{Scaled, Sum};
pub use loss::reduction::{Denominator, Reduced};
pub use loss::unified_focal::{UnifiedFocal, unified_focal};
pub use loss::{Loss, Part};
pub use pointwise::*;
pub use region::*;
pub use stream::accumulator::{Accumulator, CountingAccumulator, STATE_VERSION};
pub use stream::finished::{Finished, Gradient};
pub use stream::image_mean::{EmptyImage, ImageMean};
pub use stream::tile::KeptPlane;
#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub use stream::tile::plain_sums::{MOST_SUMS, PlainSums, plain_sums};
pub use sums::confusion::Confusion;
pub use sums::counts::{Counts, RejectedPixel};
pub use sums::error::FinishError;
pub use training::{class_weights, deep_supervision};
