//! The plan of a run: what it would do, without doing it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::arm::Arm;
use super::cache::{Cache, Found};
use super::config::Config;
use super::error::RunError;
use super::exercises::Exercise;
use super::schedule::cost_of;
use super::task::Task;

/// The seconds of a unit of cost, on one core of the machine on which the default was measured.
const SECONDS_OF_COST: f64 = 2.1e-3;
/// The bytes of a stored training for each step and each held-out image, and its predictions.
const STEP_BYTES: f64 = 130.0;
const IMAGE_BYTES: f64 = 420.0;
const TRAINING_BYTES: f64 = 40e3;
/// The bytes of a report with its figures.
const REPORT_BYTES: f64 = 25e6;
const REPORT_SECONDS: f64 = 10.0;

/// The arms and how many of them are stored, and the time and disk space of the others.
pub(crate) fn plan(
    config: &Config,
    exercises: &[&Exercise],
    arms: &[Arm],
    cache: &Cache,
    threads: usize,
) -> Result<String, RunError> {
    let mut stored = 0;
    let (mut cost, mut known_cost, mut known_seconds, mut bytes) = (0.0, 0.0, 0.0, 0.0);
    let mut rows: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut order = Vec::new();
    for arm in arms {
        let task = match arm.task {
            // A line for each learning rate would fill a page.
            Task::Cell { .. } => "small images, by learning rate".to_owned(),
            task => task.to_string(),
        };
        let key = (task, arm.loss.expression.clone());
        let row = rows.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            (0, 0)
        });
        row.0 += 1;
        let of_arm = cost_of(arm, config) as f64;
        if let Found::Stored(found) = cache.load(config, arm)? {
            row.1 += 1;
            stored += 1;
            known_cost += of_arm;
            known_seconds += found.seconds;
            continue;
        }
        cost += of_arm;
        bytes += TRAINING_BYTES
            + STEP_BYTES * config.pace_of(arm.task).steps as f64
            + IMAGE_BYTES * config.data.held_out_images as f64;
    }
    // The stored trainings of this folder show how fast this machine is.
    let of_cost = if known_cost > 0.0 { known_seconds / known_cost } else { SECONDS_OF_COST };
    let side_by_side = threads.clamp(1, (arms.len() - stored).max(1)) as f64;
    let seconds = cost * of_cost / side_by_side + REPORT_SECONDS;
    let numbers: Vec<String> = exercises.iter().map(|exercise| exercise.number.to_string()).collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "exercises {}; {} seeds, {} threads", numbers.join(", "), config.seeds, threads);
    let width = order.iter().map(|(task, _)| task.chars().count()).max().unwrap_or(0);
    for key in &order {
        let (all, there) = rows.get(key).copied().unwrap_or_default();
        let there = if there > 0 { format!(" ({there} stored)") } else { String::new() };
        let _ = writeln!(text, "  {:width$}  {:3} × {}{there}", key.0, all, key.1);
    }
    let basis = if known_cost > 0.0 { "from the trainings stored here" } else { "estimated from another machine" };
    let _ = writeln!(
        text,
        "{} trainings, {stored} of them stored; about {} with {threads} threads ({basis}), and {:.0} MB of disk",
        arms.len(),
        duration(seconds),
        ((bytes + REPORT_BYTES) / 1e6).ceil()
    );
    Ok(text)
}

fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        long if long < 5400.0 => format!("{:.0} min", long / 60.0),
        hours => format!("{:.1} h", hours / 3600.0),
    }
}
