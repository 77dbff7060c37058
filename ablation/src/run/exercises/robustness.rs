//! Exercise 7: compounds of two losses, and the effect of bad labels on each.

use super::losses::{Shared, named};
use super::tables::{by_mean, family, family_table, final_table, metric, missing, seeds_note, verdicts};
use super::{Exercise, on_task};
use crate::report::numbers::percent_as_set;
use crate::run::arm::NamedLoss;
use crate::run::config::{Config, Losses};
use crate::run::metrics::name;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Section, Series, Table};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::statistics::Comparison;
use crate::run::task::{Labels, Task};

pub(super) static EXERCISE: Exercise = Exercise {
    number: 7,
    title: "Compounds, and bad labels",
    question: "compounds of two losses, under clean, noisy and soft labels and with half of the images empty",
    near: &[],
    arms,
    fill,
};

/// The kinds of labels in the order of the report; the first is the reference of the others.
const LABELS: [Labels; 4] = [Labels::Clean, Labels::Noisy, Labels::Soft, Labels::HalfEmpty];

fn losses(settings: &Losses) -> Vec<NamedLoss> {
    let (shared, smooth) = (Shared(settings), settings.smooth);
    let with_dice = |other: &str| format!("dice(smooth={smooth}) + {other}");
    vec![
        shared.bce_and_dice(),
        shared.focal_and_dice(),
        named("Dice + top-k", with_dice("top_k(percent=10)"), 2),
        named("Dice + boundary", with_dice("0.01 * boundary"), 3),
        named("unified focal", "unified_focal", 4),
        named("Lovász", LOVASZ, 5),
    ]
}

const LOVASZ: &str = "lovasz_hinge";

/// Whether the loss has a value for these labels; a loss of hard labels has none for soft ones.
fn takes(loss: &NamedLoss, labels: Labels) -> bool {
    labels != Labels::Soft || loss.expression != LOVASZ
}

/// The kinds of labels; images from files cannot be emptied.
fn labels_for(config: &Config) -> impl Iterator<Item = Labels> + use<> {
    let is_of_files = config.images.is_some();
    LABELS.into_iter().filter(move |labels| !is_of_files || *labels != Labels::HalfEmpty)
}

fn of_labels(config: &Config, labels: Labels) -> Vec<(Task, NamedLoss)> {
    let losses = losses(&config.losses).into_iter().chain(Shared(&config.losses).own());
    on_task(Task::Binary { share: config.data.share, labels }, losses.filter(|loss| takes(loss, labels)))
}

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    labels_for(config).flat_map(|labels| of_labels(config, labels)).collect()
}

/// The name of a kind of labels in tables.
fn told(config: &Config, labels: Labels) -> String {
    let noise = percent_as_set(config.robustness.label_noise);
    match labels {
        Labels::Usual => format!("{} label noise", percent_as_set(config.data.label_noise)),
        Labels::Clean => "clean".to_owned(),
        Labels::Noisy => format!("{noise} label noise"),
        Labels::Soft => format!("soft, {} annotators", config.robustness.annotators),
        Labels::HalfEmpty => "half of the images empty".to_owned(),
    }
}

/// The beginning of a sentence about a kind of labels.
fn with(config: &Config, labels: Labels) -> String {
    match labels {
        Labels::Usual | Labels::Noisy => format!("With {}", told(config, labels)),
        Labels::Clean => "With clean labels".to_owned(),
        Labels::Soft => format!("With soft labels of {} annotators", config.robustness.annotators),
        Labels::HalfEmpty => "With half of the images empty".to_owned(),
    }
}

/// The entries, with the seeds that they are trained with, which may be fewer than the run's.
fn entries<'a>(outcomes: &Outcomes<'a>, labels: Labels) -> Vec<Entry<'a>> {
    let mut entries = outcomes.entries(&of_labels(outcomes.config, labels));
    entries.iter_mut().for_each(|entry| entry.by_seed.truncate(seeds(outcomes.config) as usize));
    entries
}

fn seeds(config: &Config) -> u32 {
    config.robustness.seeds.min(config.seeds)
}

fn note(config: &Config) -> String {
    seeds_note(seeds(config), config.data.held_out_images, "images")
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let config = outcomes.config;
    let all: Vec<(Labels, Vec<Entry<'_>>)> =
        labels_for(config).map(|labels| (labels, entries(outcomes, labels))).collect();
    section.text(format!(
        "A compound adds a loss over pixels to a loss over regions. Here each is trained four times: with the true masks; with {0} of the \
             foreground's labels swapped with background along the boundary; with soft labels, the mean of {1} annotators who each make {0} such \
             errors; and with true masks where every second image has no object. The true masks always judge the network.",
        percent_as_set(config.robustness.label_noise),
        config.robustness.annotators
    ));
    section.text(
        "The Lovász hinge takes only hard labels, so it has no result with soft ones. The boundary loss takes the distances from the boundary of \
         the labels, computed once for each mask; for soft labels it uses those of the majority.",
    );
    for (labels, entries) in &all {
        let text = missing(entries);
        text.into_iter().for_each(|text| section.text(format!("{}: {text}", with(config, *labels))));
    }
    if let Some(finding) = loss_of_dice(config, &all) {
        section.finding(finding);
    }
    let pairs = all.iter().flat_map(|(_, entries)| {
        let (reference, others) = (entries.first(), entries.iter().skip(1));
        others.filter_map(move |other| Some((reference?, other, name::DICE)))
    });
    let family = family(pairs);
    let mut left = &family[..];
    for (labels, entries) in &all {
        let (own, others) = left.split_at(entries.len().saturating_sub(1).min(left.len()));
        left = others;
        section.finding(against_reference(config, *labels, entries, own));
    }
    section.figure(figure(config, &all));
    section.table(family_table(&EXERCISE.part("comparisons"), &family));
    section.table(table(outcomes, &all));
    for (labels, entries) in &all {
        let shown = [
            metric(name::DICE, 3),
            metric(name::PRECISION, 3),
            metric(name::RECALL, 3),
            metric(name::BOUNDARY_F1_1, 3),
            metric(name::HAUSDORFF, 1),
            metric(name::CALIBRATION_ERROR, 4),
        ];
        let id = EXERCISE.part(match labels {
            Labels::Usual => "usual",
            Labels::Clean => "clean",
            Labels::Noisy => "noisy",
            Labels::Soft => "soft",
            Labels::HalfEmpty => "half-empty",
        });
        let title = format!("After the last step: {}", told(config, *labels));
        section.table(final_table(&id, &title, entries, &shown, note(config)));
    }
}

/// A finding on the losses with one kind of labels, compared with the first of them.
fn against_reference(config: &Config, labels: Labels, entries: &[Entry<'_>], comparisons: &[Comparison]) -> Finding {
    let with = with(config, labels);
    let means = by_mean(entries, name::DICE);
    let (Some(best), Some(reference)) = (means.first(), entries.first()) else {
        return Finding::new(format!("{with}, nothing was trained."));
    };
    let mut sentence = format!("{with}, {} reaches the highest mean Dice, {:.3}.", best.0, best.1);
    sentence.push_str(&verdicts(reference.name(), comparisons));
    Finding::from_comparisons(sentence, comparisons.to_vec())
}

/// The losses that lose most and least Dice through noisy labels.
fn loss_of_dice(config: &Config, all: &[(Labels, Vec<Entry<'_>>)]) -> Option<Finding> {
    let of = |wanted: Labels| all.iter().find(|(labels, _)| *labels == wanted).map(|(_, entries)| entries);
    let (clean, noisy) = (of(Labels::Clean)?, of(Labels::Noisy)?);
    let mut lost: Vec<(&str, f64)> = clean
        .iter()
        .filter_map(|entry| {
            let other = noisy.iter().find(|other| other.name() == entry.name())?;
            Some((entry.name(), entry.summary(name::DICE)?.mean - other.summary(name::DICE)?.mean))
        })
        .collect();
    lost.sort_by(|a, b| a.1.total_cmp(&b.1));
    let ([least, ..], [.., most]) = (&lost[..], &lost[..]) else { return None };
    let told = |lost: f64| format!("{} {:.3}", if lost > 0.0 { "loses" } else { "gains" }, lost.abs());
    Some(Finding::new(format!(
        "When {} of the foreground's labels are wrong, {} {} of mean Dice, more than any other loss here; at the other end, {} {}. These are \
         differences of means that were not tested.",
        percent_as_set(config.robustness.label_noise),
        most.0,
        told(most.1),
        least.0,
        told(least.1)
    )))
}

fn figure(config: &Config, all: &[(Labels, Vec<Entry<'_>>)]) -> Figure {
    let names = all.first().map_or(&[][..], |(_, entries)| &entries[..]);
    let series = |clean: &Entry<'_>| {
        let at = |(place, (_, entries)): (usize, &(Labels, Vec<Entry<'_>>))| {
            let entry = entries.iter().find(|entry| entry.name() == clean.name());
            (place as f64, entry.and_then(|entry| entry.summary(name::DICE)))
        };
        Series { look: Look::Dots, ..clean.series(all.iter().enumerate().map(at).collect()) }
    };
    Figure {
        id: EXERCISE.part("dice"),
        title: "Dice by labels".to_owned(),
        caption: "On held-out images, judged by the true masks: dots are means over seeds, bars span the smallest to the largest seed. \
                  With half of the images empty the task itself differs, so compare losses within that column, not with other columns."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::named("labels", all.iter().map(|(labels, _)| told(config, *labels)).collect()),
            y: Axis::linear(name::DICE),
            series: names.iter().map(series).collect(),
            rules: Vec::new(),
        })],
    }
}

fn table(outcomes: &Outcomes<'_>, all: &[(Labels, Vec<Entry<'_>>)]) -> Table {
    let mut columns = vec!["loss".to_owned()];
    columns.extend(all.iter().map(|(labels, _)| told(outcomes.config, *labels)));
    let names = all.first().map_or(&[][..], |(_, entries)| &entries[..]);
    let row = |clean: &Entry<'_>| {
        let cell = |(labels, entries): &(Labels, Vec<Entry<'_>>)| {
            let entry = entries.iter().find(|entry| entry.name() == clean.name());
            match entry {
                Some(entry) => entry.cell(name::DICE, 3),
                None => Cell::Missing { missing: format!("takes no {} labels", told_short(*labels)) },
            }
        };
        std::iter::once(Cell::text(clean.name())).chain(all.iter().map(cell)).collect()
    };
    Table {
        id: EXERCISE.part("by-labels"),
        title: "Dice by loss and labels".to_owned(),
        columns,
        rows: names.iter().map(row).collect(),
        note: note(outcomes.config),
    }
}

fn told_short(labels: Labels) -> &'static str {
    match labels {
        Labels::Soft => "soft",
        _ => "such",
    }
}
