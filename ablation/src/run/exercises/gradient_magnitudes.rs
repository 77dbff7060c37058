//! Exercise 4: which pixels get the gradient.

use super::charts::step_axis;
use super::losses::Shared;
use super::tables::missing;
use super::{Exercise, on_binary};
use crate::report::numbers::percent_as_set;
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Panel, Rule, Section, Table};
use crate::run::outcomes::{Entry, Outcomes, spread_cell};
use crate::run::statistics::Summary;
use crate::run::task::Task;
use crate::run::theory;
use crate::run::training::Step;

/// The number of points of a curve over training.
const WINDOWS: usize = 20;
/// The number of steps at the beginning and at the end that the table averages.
const EDGE: usize = 10;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 4,
    title: "Gradient magnitudes",
    question: "gradient magnitudes: who gets the gradient, by probability, by imbalance, while training",
    near: &[],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let losses = Shared(&config.losses);
    on_binary(config.data.share, [losses.bce(), losses.dice(), losses.iou(), losses.focal(), losses.tversky()])
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let share = outcomes.config.data.share;
    section.text(
        "The network is trained by the gradient of the loss by the logits, ∂L/∂z, not by its value. The first part computes that gradient from the formulas: for one pixel, and the shares of foreground and \
         background in it. The second part measures the same in the trainings of this run.",
    );
    section.blocks.extend(theory::gradient_blocks(&outcomes.config.losses));
    let entries = outcomes.entries(&arms(outcomes.config));
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if entries.iter().all(|entry| entry.trained().next().is_none()) {
        return;
    }
    finding(&entries).into_iter().for_each(|finding| section.finding(finding));
    section.figure(over_training(&entries, share));
    section.table(table(&entries));
}

fn share_of_foreground(step: &Step) -> Option<f64> {
    let whole = step.foreground_gradient + step.background_gradient;
    (whole > 0.0).then(|| step.foreground_gradient / whole)
}

fn whole(step: &Step) -> Option<f64> {
    Some(step.foreground_gradient + step.background_gradient)
}

fn over_training(entries: &[Entry<'_>], share: f64) -> Figure {
    let chart = |title: &str, y: Axis, of: fn(&Step) -> Option<f64>, rules| {
        Panel::Chart(Chart {
            title: title.to_owned(),
            x: step_axis(entries),
            y,
            series: entries.iter().map(|entry| entry.by_steps(WINDOWS, of)).collect(),
            rules,
        })
    };
    let rule =
        Rule { name: format!("their share of the pixels, {}", percent_as_set(share)), at: share, horizontal: true };
    Figure {
        id: EXERCISE.part("training"),
        title: "Gradients while training".to_owned(),
        caption: "Left: the foreground's share of Σ|∂L/∂z| of a batch. Right: the whole sum. Means over seeds and over a few steps; bands span the smallest to the largest seed."
            .to_owned(),
        columns: 2,
        panels: vec![
            chart("share of foreground", Axis::linear("foreground's share of Σ|∂L/∂z|").range(0.0, 1.0), share_of_foreground, vec![rule]),
            chart("whole gradient", Axis::log("Σ|∂L/∂z| of a batch"), whole, Vec::new()),
        ],
    }
}

/// The mean over the first or last steps, by seed.
fn at_edge(entry: &Entry<'_>, at_end: bool, of: impl Fn(&Step) -> Option<f64>) -> Vec<Option<f64>> {
    let mean = |steps: &[Step]| {
        let count = EDGE.min(steps.len());
        let part = if at_end { steps.get(steps.len() - count..) } else { steps.get(..count) };
        let values: Vec<Option<f64>> = part.unwrap_or_default().iter().map(&of).collect();
        Summary::new(&values).map(|summary| summary.mean)
    };
    entry.by_seed.iter().map(|trained| trained.and_then(|trained| mean(&trained.steps))).collect()
}

/// The number of steps that the beginning and the end really have.
fn edge(entries: &[Entry<'_>]) -> usize {
    entries.iter().flat_map(Entry::trained).map(|trained| trained.steps.len()).max().unwrap_or(0).min(EDGE)
}

fn table(entries: &[Entry<'_>]) -> Table {
    let columns = [
        "loss",
        "foreground's share, first steps",
        "foreground's share, last steps",
        "Σ|∂L/∂z|, first steps",
        "Σ|∂L/∂z|, last steps",
    ];
    let row = |entry: &Entry<'_>| {
        vec![
            Cell::text(entry.name()),
            spread_cell(&at_edge(entry, false, share_of_foreground), 3),
            spread_cell(&at_edge(entry, true, share_of_foreground), 3),
            spread_cell(&at_edge(entry, false, whole), 4),
            spread_cell(&at_edge(entry, true, whole), 4),
        ]
    };
    Table {
        id: EXERCISE.part("first-and-last"),
        title: "Gradients at the beginning and at the end of training".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: entries.iter().map(row).collect(),
        note: format!("Means over the first and the last {} steps, and over seeds [smallest, largest].", edge(entries)),
    }
}

fn finding(entries: &[Entry<'_>]) -> Option<Finding> {
    let share =
        |entry: &Entry<'_>| Summary::new(&at_edge(entry, false, share_of_foreground)).map(|summary| summary.mean);
    let shares: Vec<(&str, f64)> = entries.iter().filter_map(|entry| Some((entry.name(), share(entry)?))).collect();
    if shares.len() < 2 {
        return None;
    }
    let most = shares.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let least = shares.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Finding::new(format!(
        "In the first {} steps, foreground pixels get {:.0} % of the gradient with {} and {:.0} % with {}.",
        edge(entries),
        100.0 * most.1,
        most.0,
        100.0 * least.1,
        least.0
    )))
}
