//! Streaming: pixels go in, one at a time, by slices or on all cores; a value and a gradient come out.
//!
//! | file | what |
//! |---|---|
//! | `accumulator.rs` | the running sums of a loss |
//! | `run.rs` | pixels on their way into the sums, one by one |
//! | `gathered.rs` | pixels of an iterator, gathered into tiles |
//! | `numbers.rs` | the pixels of a tile as numbers |
//! | `tile.rs` | slices, tile by tile: sums and gradients |
//! | `finished.rs` | value, parts and scores, and the gradient |
//! | `image_mean.rs` | the mean of the images' losses |
//! | `parallel.rs` | slices on all cores |
//! | `serde.rs` | states as messages |
//! | `logs.rs` | states in logs |

pub(crate) mod accumulator;
pub(crate) mod finished;
mod gathered;
pub(crate) mod image_mean;
#[cfg(feature = "defmt")]
pub(crate) mod logs;
pub(crate) mod numbers;
#[cfg(feature = "rayon")]
pub(crate) mod parallel;
mod run;
#[cfg(feature = "serde")]
pub(crate) mod serde;
pub(crate) mod tile;
