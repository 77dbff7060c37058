//! The traits that carry the methods of losses, and the names that most programs need.
//!
//! ```
//! use loss_core::prelude::*;
//!
//! let mut sums = (Bce::new().mean() + Dice::new(1e-5)?).accumulator();
//! sums.extend([(2.0, true), (-1.0, false)]);
//! assert!(sums.finish()?.value() < 0.5);
//!
//! let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1e-5)?);
//! let mut sums = loss.class_accumulator();
//! sums.push(([2.0, -1.0, 0.5], 0u8));
//! assert!(sums.finish()?.value() < 1.0);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

pub use crate::class::{
    ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, FinishedClasses, Foreground, Layout,
    PerClass,
};
pub use crate::input::link::{Logits, Probabilities};
pub use crate::input::plane::Plane;
pub use crate::loss::Loss;
pub use crate::pointwise::{Bce, Focal, Pointwise};
pub use crate::region::{Dice, Iou, Tversky};
pub use crate::sorted::HardMining;
pub use crate::stream::accumulator::Accumulator;
pub use crate::stream::finished::{Finished, Gradient};
