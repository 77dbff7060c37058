//! Losses that are a function of sums over pixels.
//!
//! | loss | file | formula |
//! |---|---|---|
//! | [`AsymmetricFocalTversky`] | `asymmetric_focal_tversky.rs` | ½ background's Tversky loss + ½ (foreground's)^(1−γ) |
//! | [`BalancedBce`] | `balanced_bce.rs` | cross-entropy, each class times the other's share |
//! | [`Dice`] | `dice.rs` | 1 − (2I + s) / (P + T + s) |
//! | [`Iou`] | `iou.rs` | 1 − (I + s) / (P + T − I + s) |
//! | [`Tversky`] | `tversky.rs` | 1 − (TP + s) / (TP + αFP + βFN + s) |
//! | [`ExponentialLogDice`] | `exponential_log_dice.rs` | (−ln(Dice score))^γ |
//! | [`FocalTversky`] | `focal_tversky.rs` | (Tversky loss)^γ |
//! | [`LogDice`] | `log_dice.rs` | −ln(Dice score) |
//! | [`LogCoshDice`] | `log_cosh_dice.rs` | ln cosh(Dice loss) |
//! | [`Mcc`] | `mcc.rs` | 1 − Matthews correlation |
//! | [`NormalisedFocal`] | `normalised_focal.rs` | Σ focal / Σ (1−p_t)^γ |
//!
//! I = Σ w p t, P = Σ w p, T = Σ w t; TP = I, FP = P − I, FN = T − I. Every loss built on a Dice, IoU or Tversky score is a function of one
//! [`Similarity`] score and shares its options: separate smoothing of numerator and denominator, a floor under the
//! denominator, the squared and minimum forms of the overlap, and the loss of an empty mask.
//!
//! # Losses that cannot stream
//!
//! - **clDice** (Shit et al. 2021) compares soft skeletons. A skeleton, and its gradient, come from repeated minima and maxima over
//!   neighbourhoods of the whole image; no fixed number of sums can replace them.
//! - **Hausdorff distance losses** (Karimi and Salcudean 2019) weigh each pixel by its distance to the *prediction's* boundary. That needs a
//!   distance transform of the whole prediction at every step. The boundary loss needs only the mask's, once:
//!   [`BoundaryAccumulator`](crate::boundary::BoundaryAccumulator).
//!
//! Both are out of scope.

mod asymmetric_focal_tversky;
mod balanced_bce;
mod dice;
mod exponential_log_dice;
mod focal_tversky;
mod iou;
mod log_cosh_dice;
mod log_dice;
mod mcc;
mod normalised_focal;
pub(crate) mod overlap;
pub(crate) mod similarity;
mod tversky;
pub(crate) mod user;

pub use asymmetric_focal_tversky::AsymmetricFocalTversky;
pub use balanced_bce::BalancedBce;
pub use dice::Dice;
pub use exponential_log_dice::ExponentialLogDice;
pub use focal_tversky::FocalTversky;
pub use iou::Iou;
pub use log_cosh_dice::LogCoshDice;
pub use log_dice::LogDice;
pub use mcc::Mcc;
pub use normalised_focal::NormalisedFocal;
pub(crate) use overlap::{AnyOverlap, Overlap, OverlapSlope};
pub use overlap::{Minimum, Product, Squared};
pub use similarity::EmptyMask;
pub use tversky::Tversky;
pub(crate) use user::{ByTarget, RegionFamily};
