#![no_std]
#![deny(unsafe_code)]
#![warn(clippy::must_use_candidate, clippy::return_self_not_must_use)]
#![cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    allow(dead_code, reason = "what works through slices by lanes is not called where there are none")
)]
#![doc = include_str!("../README.md")]
#![doc = include_str!("start.md")]
//!
//! # Accuracy
//!
//! The table lists the largest errors, measured against `f64` formulas. Every `f32` of the domain whose absolute value lies in [2⁻¹², 128] was tried, and every
//! 97th elsewhere. Where the reference is below 2⁻¹²⁶, an absolute error of 2⁻¹²⁶ is allowed. An ULP is the distance between neighbouring `f32`s at the reference,
//! at least 2⁻¹⁴⁹. The table is for foreground pixels; a background pixel is their mirror image, to the bit.
//!
//! The errors are those before weighting: a `pos_weight`, an α or a class weight multiplies the absolute error as well, to 2⁻¹²⁶ times the weight. The processor
//! must not flush subnormal numbers to zero.
//!
//! Every error bound in this documentation leaves out two things: errors below 2⁻¹²⁶, and the rounding of each term of a sum to a multiple of 2⁻⁶⁴
//! ([`ExactSum`]). The rounding of terms gives a quotient of sums over n pixels an error of n·2⁻⁶⁵ divided by its denominator.
//!
#![doc = include_str!("accuracy.md")]
//!
//! [`BoundaryAccumulator`]: boundary::BoundaryAccumulator
//! [`ExactSum`]: extend::ExactSum
//! [`Region`]: extend::Region
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

// Names that only a loss of the user's own needs are in `extend` alone. `pointwise` and `region` list their public names themselves.
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
