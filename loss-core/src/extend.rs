//! For a loss of your own, and for functions that are generic over losses, inputs or sums.
//!
//! | to write | implement | it sees |
//! |---|---|---|
//! | a sum over pixels | [`Pointwise`](crate::Pointwise) | a [`Pixel`] |
//! | a function of sums over pixels | [`Region`] | terms of a [`Pixel`], then their sums |
//! | a sum over pixels of several classes | [`ClassPointwise`](crate::class::ClassPointwise) | a [`ClassPixel`] |
//! | a loss with sums of its own, or one chosen at run time | [`Loss`](crate::Loss), [`ClassLoss`](crate::class::ClassLoss) | a [`Batch`], a [`ClassBatch`], by [`Terms`], [`ClassTerms`] |
//!
//! The pages of [`Pointwise`](crate::Pointwise) and [`Region`] have an example each. A formula is written once, over [`Real`]; sums are kept as
//! an [`ExactSum`].
//!
//! [`Link`], [`Target`], [`HardTarget`] and [`Weight`] are what an input, a target and a weight may be. [`SharedSums`] is what tells an
//! [`Accumulator`](crate::Accumulator) ([`WeightedSums`]) from a [`CountingAccumulator`](crate::CountingAccumulator) ([`CountedSums`]).
//! [`AnyOverlap`] is a form of the overlap that is chosen at run time; [`AnySums`] and [`AnySlope`] belong to [`AnyLoss`](crate::AnyLoss),
//! [`AnyClassSums`] and [`AnyClassSlope`] to [`AnyClassLoss`](crate::class::AnyClassLoss). [`ImageValues`] sums the values of images, for what
//! [`ImageMean`](crate::ImageMean) does not stream itself.

pub use crate::class::any::{AnyClassSlope, AnyClassSums};
pub use crate::class::batch::{ClassBatch, ClassTerms};
pub use crate::class::pixel::ClassPixel;
pub use crate::class::sums::ClassTotals;
pub use crate::fingerprint::Fingerprint;
pub use crate::input::link::Link;
pub use crate::input::pixel::Pixel;
pub use crate::input::sample::{HardTarget, Target, Weight};
pub use crate::loss::any::{AnySlope, AnySums};
pub use crate::loss::passes::GradientPasses;
pub use crate::number::real::{Logistic, Real};
pub use crate::region::overlap::{AnyOverlap, Overlap, OverlapSlope};
pub use crate::region::similarity::Similarity;
pub use crate::region::user::{Region, RegionFamily, RegionLoss, RegionSlopes};
pub use crate::stream::image_mean::ImageValues;
pub use crate::sums::batch::{Batch, HardBatch, Targets, Terms};
pub use crate::sums::exact::{ExactSum, ProbabilitySum, TermSum, UnitSum};
pub use crate::sums::log_sum_exp::LogSumExp;
pub use crate::sums::shared::{CountedSums, SharedSums, Totals, WeightedSums};
pub use crate::sums::state::{FixedSums, Sums};
