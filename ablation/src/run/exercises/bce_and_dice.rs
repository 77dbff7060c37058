//! Exercise 1.

use super::pictures::{ROWS, side_by_side};
use super::tables::{compared, final_table, higher, missing, spread_note};
use crate::run::arms::{Catalogue, Exercise, Task, percent};
use crate::run::metrics::name;
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::report::model::{Axis, Chart, Figure, Panel, Section, Series};
use crate::run::statistics;

pub(super) fn fill(section: &mut Section, outcomes: &Outcomes<'_>, catalogue: &Catalogue<'_>) {
    let share = outcomes.config.data.share;
    let entries = outcomes.entries(Task::Binary { share }, &catalogue.binary(Exercise::BceAndDice, share));
    section.text(format!(
        "BCE asks every pixel the same question and takes the mean, so with {} foreground, {} of what it hears is background. Dice \
         compares the overlap with the size of both masks. Their sum has BCE's gradient everywhere and Dice's aim.",
        percent(share),
        percent(1.0 - share)
    ));
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if let [bce, both, ..] = &entries[..] {
        section.finding(compared(bce, both, &[higher(name::DICE, 3), higher(name::RECALL, 3)]));
    }
    for own in entries.iter().skip(2) {
        if let Some(bce) = entries.first() {
            section.finding(compared(bce, own, &[higher(name::DICE, 3)]));
        }
    }
    section.figure(histories(
        "exercise-1-by-step",
        "Quality on held-out images while training",
        &entries,
        &[name::DICE, name::IOU, name::RECALL],
    ));
    let shown = [
        higher(name::DICE, 3),
        higher(name::IOU, 3),
        higher(name::PRECISION, 3),
        higher(name::RECALL, 3),
        higher(name::ACCURACY, 4),
        higher(name::BOUNDARY_F1_1, 3),
    ];
    section.table(final_table("exercise-1-final", "After the last step", &entries, &shown, spread_note(outcomes)));
    let [_, held_out] = outcomes.sets.binary(outcomes.config, share, outcomes.config.first_seed);
    if let Some(pictures) = side_by_side(&held_out, &entries, ROWS) {
        section.figure(Figure {
            id: "exercise-1-masks".to_owned(),
            title: "What each loss found".to_owned(),
            caption: format!(
                "Held-out images of seed {}, the first, whatever it shows; their true masks; and each prediction at p ≥ ½ as an error map: what was \
                 found, what is a false alarm, and what was missed. With this seed the Dice over all held-out images is {}.",
                outcomes.config.first_seed,
                of_first_seed(&entries)
            ),
            columns: 1,
            panels: vec![Panel::Pictures(pictures)],
        });
    }
}

/// More bands than this hide one another.
const MOST_BANDS: usize = 5;

/// A panel for each metric, a line for each entry.
pub(super) fn histories(id: &str, title: &str, entries: &[Entry<'_>], metrics: &[&str]) -> Figure {
    let has_bands = entries.len() <= MOST_BANDS;
    let series = |metric: &str| {
        let all = entries.iter().map(|entry| entry.history(metric)).filter(|series| !series.x.is_empty());
        all.map(|series| if has_bands { series } else { Series { spread: Vec::new(), ..series } }).collect()
    };
    let panel = |metric: &&str| {
        Panel::Chart(Chart {
            title: (*metric).to_owned(),
            x: step_axis(entries),
            y: Axis::linear(*metric).range(0.0, 1.0),
            series: series(metric),
            rules: Vec::new(),
        })
    };
    let spread = if has_bands {
        ", bands reach from the smallest to the largest seed"
    } else {
        "; the table has their spread at the end"
    };
    let metrics_named = statistics::capitalised(&metrics.join(", "));
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: format!("{metrics_named} on held-out images by step: lines are means over seeds{spread}."),
        columns: metrics.len().min(3),
        panels: metrics.iter().map(panel).collect(),
    }
}

/// From the beginning to the last step.
pub(super) fn step_axis(entries: &[Entry<'_>]) -> Axis {
    let last = entries.iter().flat_map(Entry::trained).map(|trained| trained.steps.len()).max();
    let axis = Axis::linear("optimiser step");
    match last {
        Some(last) if last > 0 => axis.range(0.0, last as f64),
        _ => axis,
    }
}

/// The Dice of each entry with the first seed, as a list.
fn of_first_seed(entries: &[Entry<'_>]) -> String {
    let dice = |entry: &Entry<'_>| {
        let dice = entry.metric(name::DICE).first().copied().flatten()?;
        Some(format!("{} {dice:.3}", entry.name()))
    };
    entries.iter().filter_map(dice).collect::<Vec<_>>().join(", ")
}
