//! Losses that are a function of sums over pixels.
//!
//! | loss | file | formula |
//! |---|---|---|
//! | [`Dice`] | `dice.rs` | 1 − (2I + s) / (P + T + s) |
//! | [`Iou`] | `iou.rs` | 1 − (I + s) / (P + T − I + s) |
//! | [`Tversky`] | `tversky.rs` | 1 − (TP + s) / (TP + αFP + βFN + s) |
//! | [`FocalTversky`] | `focal_tversky.rs` | (Tversky loss)^γ |
//! | [`LogDice`] | `log_dice.rs` | −ln(Dice score) |
//! | [`LogCoshDice`] | `log_cosh_dice.rs` | ln cosh(Dice loss) |
//! | [`Mcc`] | `mcc.rs` | 1 − Matthews correlation |
//!
//! I = Σ w p t, P = Σ w p, T = Σ w t; TP = I, FP = P − I, FN = T − I. All but the last are a function of one
//! [`Similarity`] score and share its options: separate smoothing of numerator and denominator, a floor under the
//! denominator, the squared and minimum forms of the overlap, and what an empty mask counts for.

mod dice;
mod focal_tversky;
mod iou;
mod log_cosh_dice;
mod log_dice;
mod mcc;
mod overlap;
mod similarity;
mod tversky;
mod user;

pub use dice::Dice;
pub use focal_tversky::FocalTversky;
pub use iou::Iou;
pub use log_cosh_dice::LogCoshDice;
pub use log_dice::LogDice;
pub use mcc::Mcc;
pub use overlap::{AnyOverlap, Minimum, Overlap, OverlapSlope, Product, Squared};
pub use similarity::{EmptyMask, Similarity};
pub use tversky::Tversky;
pub use user::{Region, RegionFamily, RegionLoss, RegionSlopes};
