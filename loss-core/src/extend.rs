//! Traits and types for a loss of your own, and for functions generic over losses, inputs or sums.
//!
//! | to write | implement | it reads |
//! |---|---|---|
//! | a sum over pixels | [`Pointwise`](crate::Pointwise) | a [`Pixel`] |
//! | a function of sums over pixels | [`Region`] | terms of a [`Pixel`], then their sums |
//! | a sum over pixels of several classes | [`ClassPointwise`](crate::class::ClassPointwise) | a [`ClassPixel`] |
//! | a loss with sums of its own, or one chosen at run time | [`Loss`](crate::Loss), [`ClassLoss`](crate::class::ClassLoss) | a [`Batch`], a [`ClassBatch`], by [`Terms`], [`ClassTerms`], and writes to [`ClassSlopes`] |
//!
//! [`Pointwise`](crate::Pointwise) and [`Region`] each have an example. Write a formula once, over [`Real`]; it then runs on single pixels and in SIMD registers.
//! Sums are kept as an [`ExactSum`].
//!
//! The other items:
//!
//! - [`Link`], [`Target`], [`HardTarget`] and [`Weight`] bound the types of an input, a target and a weight.
//! - [`SharedSums`] is the difference between an [`Accumulator`](crate::Accumulator), which has [`WeightedSums`], and a
//!   [`CountingAccumulator`](crate::CountingAccumulator), which has [`CountedSums`].
//! - [`ExactValue`] is a loss whose value is computed in integers, as a [`QuotientSum`] of [`IntegerTotals`].
//! - [`ImageValues`] sums the values of images, for losses that [`ImageMean`](crate::ImageMean) does not stream itself.
//! - [`AnyOverlap`] is a form of the overlap chosen at run time.
//! - [`AnySums`] and [`AnySlope`] belong to [`AnyLoss`](crate::AnyLoss), [`AnyClassSums`] and [`AnyClassSlope`] to [`AnyClassLoss`](crate::class::AnyClassLoss).

pub use crate::class::any::{AnyClassSlope, AnyClassSums};
pub use crate::class::batch::{ClassBatch, ClassSlopes, ClassTerms};
pub use crate::class::pixel::ClassPixel;
pub use crate::class::sums::ClassTotals;
pub use crate::fingerprint::Fingerprint;
pub use crate::input::link::Link;
pub use crate::input::pixel::Pixel;
pub use crate::input::sample::{HardTarget, Target, Weight};
pub use crate::loss::any::{AnySlope, AnySums};
pub use crate::loss::exact_value::ExactValue;
pub use crate::loss::passes::GradientPasses;
pub use crate::number::real::{Logistic, Real};
pub use crate::region::overlap::{AnyOverlap, Overlap, OverlapSlope};
pub use crate::region::similarity::Similarity;
pub use crate::region::user::{Region, RegionFamily, RegionLoss, RegionSlopes};
pub use crate::stream::image_mean::ImageValues;
pub use crate::sums::batch::{Batch, HardBatch, Targets, Terms};
pub use crate::sums::exact::{ExactSum, ProbabilitySum, TermSum, UnitSum};
pub use crate::sums::log_sum_exp::LogSumExp;
pub use crate::sums::quotient::QuotientSum;
pub use crate::sums::shared::{CountedSums, IntegerTotals, SharedSums, Totals, WeightedSums};
pub use crate::sums::state::{FixedSums, Sums};
