//! The command-line tool `ablation`: scores predicted segmentation masks, from any framework, with the losses of
//! `loss-core`.
#![forbid(unsafe_code)]

pub mod arrays;
mod cli;
mod conventions;
pub mod expression;
mod inspect;
mod losses;
#[cfg(feature = "train")]
mod run;
mod score;
mod tables;
mod targets;

pub use cli::run;
