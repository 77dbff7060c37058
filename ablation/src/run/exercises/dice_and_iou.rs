//! Exercise 2: two losses that rank masks in the same order.

use super::charts::histories;
use super::losses::Shared;
use super::tables::{family_table, final_table, found, metric, missing, spread_note};
use super::{Exercise, on_binary};
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::metrics::name;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Section, Series, Table};
use crate::run::outcomes::{Entry, Outcomes, spread_cell};
use crate::run::statistics::{self, Comparison, Summary};
use crate::run::task::Task;
use crate::run::training::{Evaluation, Trained};

/// The levels of IoU whose first step is recorded.
const LEVELS: [f64; 5] = [0.2, 0.3, 0.4, 0.5, 0.6];
/// The level at which speed is compared.
const JUDGED: f64 = 0.5;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 2,
    title: "Dice against IoU",
    question: "Dice against IoU: how fast, how good",
    near: &[],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let losses = Shared(&config.losses);
    on_binary(config.data.share, [losses.dice(), losses.iou()].into_iter().chain(losses.own()))
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let mut entries = outcomes.entries(&arms(outcomes.config));
    // Elsewhere the losses have the names of their scores; here these would be confused with the scores.
    for entry in entries.iter_mut().take(2) {
        entry.loss.name.push_str(" loss");
    }
    section.text(
        "Dice and IoU rank any two masks in the same order, because IoU = Dice / (2 − Dice). As losses they differ in slope: IoU is steeper where the overlap is already good, and flatter \
         where it is poor.",
    );
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if let [dice, iou, ..] = &entries[..] {
        let pair = [name::DICE, name::IOU].map(|metric| dice.against(iou, metric));
        let steps = speed(dice, iou);
        let family = statistics::corrected(pair.into_iter().chain(steps.as_ref().ok().cloned()).collect());
        let (of_pair, of_steps) = family.split_at(2.min(family.len()));
        section.finding(found(of_pair));
        section.finding(steps.map_or_else(Finding::new, |_| found(of_steps)));
        section.table(family_table(&EXERCISE.part("comparisons"), &family));
    }
    section.figure(histories(&EXERCISE.part("by-step"), "Convergence", &entries, &[name::IOU, name::DICE]));
    section.table(steps_table(&entries));
    section.figure(steps_figure(&entries));
    let shown = [
        metric(name::DICE, 3),
        metric(name::IOU, 3),
        metric(name::PRECISION, 3),
        metric(name::RECALL, 3),
        metric(name::BOUNDARY_F1_1, 3),
    ];
    section.table(final_table(&EXERCISE.part("final"), "After the last step", &entries, &shown, spread_note(outcomes)));
}

/// The step at which the IoU first reaches a level, interpolated between two evaluations; `None` if it never does.
fn step_of_level(evaluations: &[Evaluation], level: f64) -> Option<f64> {
    let iou = |evaluation: &Evaluation| evaluation.metrics.get(name::IOU).copied().flatten().unwrap_or(0.0);
    let mut before: Option<&Evaluation> = None;
    for evaluation in evaluations {
        let (step, now) = (evaluation.step as f64, iou(evaluation));
        if now >= level {
            let Some(before) = before else { return Some(step) };
            let (first, was) = (before.step as f64, iou(before));
            return Some(first + (level - was) / (now - was) * (step - first));
        }
        before = Some(evaluation);
    }
    None
}

fn steps_by_seed(entry: &Entry<'_>, level: f64) -> Vec<Option<f64>> {
    let step = |trained: &Trained| step_of_level(&trained.evaluations, level);
    entry.by_seed.iter().map(|trained| trained.and_then(step)).collect()
}

/// The number of steps each loss takes to the judged level, or a sentence if some seed never reaches it.
fn speed(dice: &Entry<'_>, iou: &Entry<'_>) -> Result<Comparison, String> {
    let [first, second] = [dice, iou].map(|entry| steps_by_seed(entry, JUDGED));
    let metric = format!("step count to IoU {JUDGED}");
    let reached = |steps: &[Option<f64>]| steps.iter().flatten().count();
    if reached(&first) < first.len() || reached(&second) < second.len() {
        return Err(format!(
            "{} of {} seeds reach IoU {JUDGED} with {}, and {} with {}. Their speeds are therefore not compared.",
            reached(&first),
            first.len(),
            dice.name(),
            reached(&second),
            iou.name()
        ));
    }
    Ok(Comparison::new(&metric, false, (dice.name(), &first), (iou.name(), &second)))
}

fn steps_table(entries: &[Entry<'_>]) -> Table {
    let mut columns = vec!["IoU level".to_owned()];
    columns.extend(entries.iter().map(|entry| format!("steps with {}", entry.name())));
    columns.extend(entries.iter().map(|entry| format!("seeds that reached it, {}", entry.name())));
    let row = |level: &f64| {
        let mut row = vec![Cell::number(*level, 1)];
        let steps: Vec<_> = entries.iter().map(|entry| steps_by_seed(entry, *level)).collect();
        row.extend(steps.iter().map(|steps| spread_cell(steps, 0)));
        let reached =
            |steps: &Vec<Option<f64>>| Cell::text(format!("{} of {}", steps.iter().flatten().count(), steps.len()));
        row.extend(steps.iter().map(reached));
        row
    };
    Table {
        id: EXERCISE.part("steps"),
        title: "Steps until the held-out IoU reaches a level".to_owned(),
        columns,
        rows: LEVELS.iter().map(row).collect(),
        note: "Interpolated between evaluations: the mean of the seeds that reached the level [smallest, largest]."
            .to_owned(),
    }
}

fn steps_figure(entries: &[Entry<'_>]) -> Figure {
    let series = |entry: &Entry<'_>| {
        let summaries = LEVELS.iter().map(|level| (*level, Summary::new(&steps_by_seed(entry, *level))));
        Series { look: Look::Dots, ..entry.series(summaries.collect()) }
    };
    Figure {
        id: EXERCISE.part("steps-to-level"),
        title: "Steps to reach an IoU".to_owned(),
        caption: "The step at which the held-out IoU first reached each level: means over the seeds that reached it; bars span the fastest to the slowest seed. Lower is faster."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::linear("IoU level").range(0.15, 0.65),
            y: Axis::linear("optimiser steps"),
            series: entries.iter().map(series).collect(),
            rules: Vec::new(),
        })],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_evaluations() {
        let evaluation = |step, iou| Evaluation { step, metrics: [(name::IOU.to_owned(), Some(iou))].into() };
        let evaluations = [evaluation(0, 0.05), evaluation(10, 0.1), evaluation(20, 0.5), evaluation(30, 0.45)];
        let step = step_of_level(&evaluations, 0.3).unwrap();
        assert!((step - 15.0).abs() < 1e-12, "{step}");
        assert!((step_of_level(&evaluations, 0.08).unwrap() - 6.0).abs() < 1e-12);
        assert_eq!(step_of_level(&evaluations, 0.05), Some(0.0));
        assert_eq!(step_of_level(&evaluations, 0.51), None);
    }
}
