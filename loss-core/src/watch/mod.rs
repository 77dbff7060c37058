//! A model that is watched where there are no labels: what its outputs say of themselves, as sums of integers that add up over a fleet.
//!
//! | measure | question | range | bytes |
//! |---|---|---|---|
//! | [`Agreement`] | do two models, or two passes of one, see the same mask? | Dice in [0, 1] | 104 |
//! | [`PredictiveEntropy`] | how unsure is a pixel on average? | [0, ln C] nats | 40 |
//! | [`ExpectedDice`] | which Dice does the model expect of its own mask? | [0, 1] | 80 |
//! | [`ForegroundShare`] | how much is foreground? | [0, 1] | 56 |
//! | [`LogitBins`] | have the logits moved away from those of the day of acceptance? | PSI ≥ 0, KS in [0, 1], JSD in [0, ln 2] | 32 + 8 a bin |
//!
//! [`Watch`] takes the four of one model together: one exponential a pixel. [`AlarmLevel`] turns any of these numbers into an alarm with a stated rate of
//! false alarms.
//!
//! No measure proves that a mask is wrong. A model that is sure and wrong is not seen by entropy and expected Dice; a second model sees it if it errs
//! differently; drift sees that the inputs have changed, not that the masks are worse.
//!
//! ```
//! use loss_core::watch::{AlarmLevel, Watch};
//!
//! # let image = |shift: f32| (0..500).map(move |i| ((i * 37 % 100) as f32 - 70.0) * 0.1 + shift);
//! # let accepted_images = (0..99).map(|i| image(i as f32 * 1e-3));
//! // On the day of acceptance: one score for each of 99 images.
//! let mut level = AlarmLevel::<1>::new();
//! for image in accepted_images {
//!     let mut watch = Watch::<16>::new(-8.0, 8.0)?;
//!     watch.extend(image);
//!     level.calibrate(watch.finish()?.entropy)?;
//! }
//!
//! // In the field: 1 of 100 images like those raises an alarm.
//! let mut watch = Watch::<16>::new(-8.0, 8.0)?;
//! watch.extend(image(2.5));
//! assert!(watch.finish()?.entropy > level.at(0.01)?);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Whatever takes logits takes those of `f32`; for codes of 8 bits, count the codes and hand them over with their counts
//! ([`push_times`](Watch::push_times)), or call [`Quantisation::logit`](crate::Quantisation::logit) for each.
//!
//! # State
//!
//! As that of an [`Accumulator`](crate::Accumulator#state): integers that add, with [`STATE_VERSION`](crate::STATE_VERSION) and a fingerprint beside them. Each
//! begins with the valid and the rejected pixels.

mod agreement;
mod alarm;
mod drift;
mod entropy;
mod expected_dice;
mod foreground;
mod model;
mod state;

pub use agreement::{Agreed, Agreement};
pub use alarm::{AlarmError, AlarmLevel};
pub use drift::{Drift, DriftError, LogitBins};
pub use entropy::{ClassEntropy, PredictiveEntropy};
pub use expected_dice::{Expected, ExpectedDice};
pub use foreground::{Foreground, ForegroundShare};
pub use model::{Watch, Watched};
