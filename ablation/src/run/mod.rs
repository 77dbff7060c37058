//! `ablation run`: trains a small U-Net under different losses, and writes a report of what came out.
//!
//! `arms` says which losses meet which data; `schedule` trains them by `training`, which takes images from `dataset`, a `network`, and
//! every value and gradient of a loss from `loss_core`; `exercises` and `theory` make sections of the outcomes, and `report` draws them.

mod arms;
mod cache;
mod command;
mod compare;
mod config;
mod dataset;
mod error;
mod exercises;
mod files;
mod memory;
mod metrics;
mod network;
mod outcomes;
mod progress;
mod report;
mod results;
mod schedule;
mod seal;
mod statistics;
mod theory;
mod training;

pub(crate) use command::{compare, config, run};
pub(crate) use error::RunError;
