#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod calibration;
pub mod curve;
mod distance;
pub mod facts;
mod grid;
pub mod instances;
pub mod overlap;
pub mod surface;

pub use calibration::Reliability;
pub use curve::ProbabilityHistogram;
pub use grid::{Grid, GridError, Pair, Presence};
pub use instances::{Connectivity, Detections, Objects};
pub use overlap::Confusion;
pub use surface::{Points, SurfaceDistances};
