//! Losses over C classes that exclude each other, through a softmax.
//!
//! | loss | formula, label y |
//! |---|---|
//! | [`CrossEntropy`] | −w_y ln p_y |
//! | [`SoftmaxFocal`] | −w_y (1−p_y)^γ ln p_y |
//! | [`PerClass`] | a binary region loss of each class, then their mean or sum |
//! | [`GeneralisedDice`] | 1 − 2 Σ w_c I_c / Σ w_c (P_c + T_c) |
//! | [`WassersteinDice`] | Dice with distances between classes |
//!
//! Start with a loss and [`class_accumulator`](ClassLoss::class_accumulator). The names mirror those of one class: a [`ClassLoss`] makes a
//! [`ClassAccumulator`], which takes pixels or a [`ClassPlane`] and returns [`FinishedClasses`], just as a [`Loss`](crate::Loss) makes an [`Accumulator`](crate::Accumulator).
//!
//! C is a capacity: [`ClassAccumulator::with_classes`] sets any number of classes up to it at run time. If classes do not exclude each other, so that
//! each pixel has C independent sigmoids, use [`Channels`].

mod accumulator;
pub(crate) mod any;
pub(crate) mod batch;
mod channels;
mod combine;
mod confusion_matrix;
mod cross_entropy;
mod finished;
mod focal;
mod gathered;
mod generalised_dice;
mod gradient_rows;
mod image_mean;
mod loss;
mod numbers;
#[cfg(feature = "rayon")]
mod parallel;
pub(crate) mod per_class;
pub(crate) mod pixel;
mod plane;
mod reduction;
mod sample;
#[cfg(feature = "serde")]
mod serde;
mod softmax;
pub(crate) mod sums;
mod tile;
mod wasserstein_dice;
mod weights;

pub use accumulator::ClassAccumulator;
pub use any::{AnyClassLoss, AnyRegion};
pub use channels::{Channels, FinishedChannels};
pub use confusion_matrix::ConfusionMatrix;
pub use cross_entropy::CrossEntropy;
pub use finished::{ClassGradient, ClassReport, FinishedClasses};
pub use focal::SoftmaxFocal;
pub use generalised_dice::{GeneralisedDice, VolumeWeight};
pub use image_mean::ClassImageMean;
pub use loss::{ClassLoss, ClassPointwise};
pub use per_class::{AbsentClass, ClassReduction, PerClass, WeightMode};
pub use pixel::Activation;
pub use plane::{ClassPlane, Layout};
pub use reduction::{ClassDenominator, ClassReduced};
pub use sample::{ClassSample, ClassTarget, Label};
pub use wasserstein_dice::WassersteinDice;
pub use weights::{AnyClassSet, ClassSet, ClassWeights, Equal, EveryClass, Foreground};

pub use crate::error::ClassPlaneError;
