//! Measures the losses of `loss-core`, and the same losses by other code.
//!
//! This crate holds the parts that its benches and programs share: data, textbook implementations, comparisons of answers, and the
//! names of criterion's groups. `README.md` says how to run them.
#![forbid(unsafe_code)]

pub mod answers;
pub mod counting;
pub mod data;
pub mod groups;
pub mod losses;
pub mod results;
pub mod roofline;
pub mod textbook;
