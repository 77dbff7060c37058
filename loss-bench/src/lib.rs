//! What the losses of `loss-core` cost, and what the same answers cost elsewhere.
//!
//! The benches and programs of this crate share what stands here: data, textbook implementations, comparisons of answers, and the
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
