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
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("the x87 unit rounds differently from IEEE 754 single precision: enable SSE2");

#[cfg(any(test, feature = "std"))]
extern crate std;

mod accumulator;
mod any;
mod arch;
mod batch;
mod boundary;
mod class;
pub mod class_weights;
mod combine;
pub mod conventions;
pub mod deep_supervision;
pub mod distance;
mod error;
mod exact;
mod fingerprint;
mod finished;
mod gradient;
mod histogram;
mod image_mean;
mod lanes;
mod link;
mod log_sum_exp;
mod loss;
mod math;
#[cfg(feature = "rayon")]
mod parallel;
mod pixel;
mod plane;
mod pointwise;
mod real;
mod reduction;
mod region;
#[cfg(feature = "serde")]
mod serde;
mod sorted;
mod sums;
mod tile;
mod twice;
mod unified_focal;

pub use accumulator::{Accumulator, CountingAccumulator, STATE_VERSION};
pub use any::{AnyLoss, AnySlope, AnySums};
pub use arch::SimdLevel;
pub use batch::{Batch, HardBatch, Targets, Terms};
pub use boundary::{BoundaryAccumulator, BoundaryFinished, BoundaryGradient, BoundarySample};
pub use class::{
    AbsentClass, Activation, AnyClassLoss, AnyClassSet, AnyClassSlope, AnyClassSums, AnyRegion, Channels,
    ClassAccumulator, ClassBatch, ClassDenominator, ClassGradient, ClassImageMean, ClassLoss, ClassPixel, ClassPlane,
    ClassPointwise, ClassReduced, ClassReduction, ClassReport, ClassSample, ClassSet, ClassTarget, ClassTerms,
    ClassTotals, ClassWeights, CrossEntropy, Equal, EveryClass, FinishedChannels, FinishedClasses, Foreground,
    GeneralisedDice, Label, Layout, PerClass, SoftmaxFocal, VolumeWeight, WassersteinDice, WeightMode,
};
pub use combine::{Scaled, Sum};
pub use error::{ClassPlaneError, FinishError, LengthError, Parameter, ParameterError, StateError, WeightedPlane};
pub use exact::{ExactSum, ProbabilitySum, TermSum, UnitSum};
pub use fingerprint::Fingerprint;
pub use finished::{Confusion, Counts, Finished, RejectedPixel};
pub use gradient::{Gradient, GradientPasses};
pub use histogram::{Calibration, Code, GradientTable, Histogram, OperatingPoint, ReliabilityBin, ThresholdCurves};
pub use image_mean::{EmptyImage, ImageMean};
pub use link::{Link, Logits, Probabilities};
pub use log_sum_exp::LogSumExp;
pub use loss::{Loss, Part};
pub use pixel::{HardSample, HardTarget, Pixel, Reason, Sample, Target, Weight};
pub use plane::{Plane, Quantisation};
pub use pointwise::{
    AsymmetricFocal, Bce, ExponentialLogCrossEntropy, Focal, FocalForm, GeneralisedCrossEntropy, LabelSmoothing,
    Pointwise, Poly1, QualityFocal, ReducedFocal,
};
pub use real::{Logistic, Real};
pub use reduction::{Denominator, Reduced};
pub use region::{
    AnyOverlap, AsymmetricFocalTversky, BalancedBce, Dice, EmptyMask, ExponentialLogDice, FocalTversky, Iou,
    LogCoshDice, LogDice, Mcc, Minimum, NormalisedFocal, Overlap, OverlapSlope, Product, Region, RegionFamily,
    RegionLoss, RegionSlopes, Similarity, Squared, Tversky,
};
pub use sorted::{
    BinnedLovasz, ErrorKind, FinishedBinnedLovasz, FinishedHistogramLovasz, FinishedLovasz, FinishedLovaszSoftmax,
    HardMining, Hardest, HardestPixels, HingeErrors, Lovasz, LovaszClasses, LovaszErrors, LovaszHinge, LovaszSoftmax,
    Ohem, PixelGradient, SortedError, TopK, UnitErrors,
};
pub use sums::{CountedSums, FixedSums, SharedSums, Sums, Totals, WeightedSums};
pub use tile::KeptPlane;
#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub use tile::plain_sums::{MOST_SUMS, PlainSums, plain_sums};
pub use unified_focal::{UnifiedFocal, unified_focal};
