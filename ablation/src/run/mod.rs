//! `ablation run`: trains a small U-Net under different losses, and writes a report of the results.
//!
//! `exercises` defines which losses meet which data. `schedule` trains them by `training`, which takes images from `dataset`, a `network`, and
//! every value and gradient of a loss from `loss_core`. `exercises` and `theory` make sections of the outcomes, and `report` draws them.

mod arm;
mod cache;
mod command;
mod commented;
mod compare;
mod config;
mod dataset;
mod error;
mod exercises;
mod fate;
mod files;
mod folder;
mod images;
mod memory;
mod metrics;
mod model;
mod network;
mod normal;
mod outcomes;
mod own_images;
mod plan;
mod progress;
mod record;
mod report;
mod results;
mod schedule;
mod seal;
mod statistics;
mod task;
mod theory;
mod training;
mod versions;

pub(crate) use command::{compare, config, draw_again, run, with_exercises};
pub(crate) use error::RunError;
