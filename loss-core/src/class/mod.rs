//! Losses over C classes that exclude each other, by a softmax.
//!
//! | loss | file | formula, label y |
//! |---|---|---|
//! | [`CrossEntropy`] | `cross_entropy.rs` | −w_y ln p_y |
//! | [`SoftmaxFocal`] | `focal.rs` | −w_y (1−p_y)^γ ln p_y |
//! | [`PerClass`] | `per_class.rs` | a binary region loss of each class, reduced |
//! | [`GeneralisedDice`] | `generalised_dice.rs` | 1 − 2 Σ w_c I_c / Σ w_c (P_c + T_c) |
//! | [`WassersteinDice`] | `wasserstein_dice.rs` | Dice with a distance between classes |
//!
//! C is a capacity: [`ClassAccumulator::with_classes`] takes any number of classes up to it at run time. Classes that are no
//! alternatives (each pixel has C independent sigmoids) are [`Channels`].

mod accumulator;
mod any;
mod batch;
mod channels;
mod combine;
mod cross_entropy;
mod finished;
mod focal;
mod generalised_dice;
mod image_mean;
mod loss;
mod numbers;
#[cfg(feature = "rayon")]
mod parallel;
mod per_class;
mod pixel;
mod plane;
mod reduction;
mod sample;
#[cfg(feature = "serde")]
mod serde;
mod sums;
mod tile;
mod wasserstein_dice;
mod weights;

pub use accumulator::ClassAccumulator;
pub use any::{AnyClassLoss, AnyClassSlope, AnyClassSums, AnyRegion};
pub use batch::{ClassBatch, ClassTerms};
pub use channels::{Channels, FinishedChannels};
pub use cross_entropy::CrossEntropy;
pub use finished::{ClassGradient, ClassReport, FinishedClasses};
pub use focal::SoftmaxFocal;
pub use generalised_dice::{GeneralisedDice, VolumeWeight};
pub use image_mean::ClassImageMean;
pub use loss::{ClassLoss, ClassPointwise};
pub use per_class::{AbsentClass, ClassReduction, PER_CLASS, PerClass, WeightMode};
pub use pixel::{Activation, ClassPixel};
pub use plane::{ClassPlane, Layout};
pub use reduction::{ClassDenominator, ClassReduced};
pub use sample::{ClassSample, ClassTarget, Label};
pub use sums::ClassTotals;
pub use wasserstein_dice::WassersteinDice;
pub use weights::{AnyClassSet, ClassSet, ClassWeights, Equal, EveryClass, Foreground};
