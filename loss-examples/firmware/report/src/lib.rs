//! What the firmware computes and what it prints about it: one text for the boards and for the host that checks them.
#![no_std]
#![forbid(unsafe_code)]

pub mod camera;
mod error;
pub mod lines;
pub mod losses;
pub mod net;
pub mod paths;
pub mod pixels;
pub mod random;
mod report;
pub mod scene;
pub mod tuning;
mod vectors;
pub mod watching;

pub use error::ReportError;
pub use report::{MIXED_PIXELS, RANDOM_PIXELS, report};
