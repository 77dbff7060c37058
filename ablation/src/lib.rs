//! The command-line tool `ablation`: scores predicted segmentation masks, from any framework, with the losses of
//! `loss-core`.
#![forbid(unsafe_code)]
// They panic if the terminal is closed; `terminal` does not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro))]

mod answer;
mod arguments;
pub mod arrays;
mod cli;
mod error;
mod files;
mod guide;
#[cfg(feature = "train")]
mod images;
mod inspect;
mod losses;
mod man;
mod part;
pub mod paths;
#[cfg(feature = "report")]
mod report;
#[cfg(feature = "train")]
mod run;
mod score;
mod tables;
mod targets;
mod terminal;

pub use cli::{exit_code_of, run};
