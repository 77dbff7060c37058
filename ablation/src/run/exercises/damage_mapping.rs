//! Exercise 6: classes of which some are rare, from two images.

use super::charts::histories;
use super::losses::named;
use super::pictures::{SHOWN, class_legend, classes, grey};
use super::tables::{family, family_table, final_table, found, metric, missing, spread_note_on};
use super::{Exercise, Shows, rankings};
use crate::guide::Field;
use crate::report::numbers::percent_as_set;
use crate::run::arm::NamedLoss;
use crate::run::config::{Config, Losses};
use crate::run::dataset;
use crate::run::metrics::name;
use crate::run::model::{Axis, Cell, Chart, Figure, Look, Panel, PictureRow, Pictures, Section, Series, Table};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::statistics;
use crate::run::task::Task;
use crate::run::training::damage::{CLASS_NAMES, PICTURED};

pub(super) static EXERCISE: Exercise = Exercise {
    number: 6,
    title: "Damage mapping in five classes",
    question: "damage maps in five classes from image pairs: weights, focal, Dice, deep supervision",
    near: &[
        (Field::MultiClass, Shows::Loss(WEIGHTED_CE)),
        (Field::RemoteSensing, Shows::Loss(FOCAL_AND_DICE)),
        (Field::ChangeDetection, Shows::Loss(FOCAL_AND_DICE)),
    ],
    arms,
    fill,
};

const WEIGHTED_CE: &str = "weighted CE";
const FOCAL_AND_DICE: &str = "focal + Dice";

/// Each loss differs from the one before in one thing.
fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let Losses { gamma, smooth, .. } = config.losses;
    let [shallow, deep] = [false, true].map(|deep_supervision| Task::Damage { deep_supervision });
    // The denominator is that of the weighted cross-entropy, so that only γ differs.
    let focal = format!("focal(gamma={gamma}, reduction=weighted_mean)");
    let focal_and_dice = format!("{focal} + dice(smooth={smooth}, classes=foreground)");
    vec![
        (shallow, named("CE", "ce(weights=none)", 0)),
        (shallow, named(WEIGHTED_CE, "ce", 6)),
        (shallow, named("focal", focal, 4)),
        (shallow, named(FOCAL_AND_DICE, focal_and_dice.clone(), 7)),
        (deep, named("focal + Dice, deep", focal_and_dice, 5)),
    ]
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let config = outcomes.config;
    let entries = outcomes.entries(&arms(config));
    let shares = dataset::damage_shares(&config.damage).map(percent_rounded);
    let weights = config.damage.class_weights.map(|weight| weight.to_string());
    let [eighth, quarter, full] = config.damage.lambdas;
    section.text(format!(
        "Two images show buildings before and after a disaster. Each pixel belongs to one of five classes: {}. Their shares, scaled to sum to 1, are {} (xBD is published \
             with 96.0, 2.7, 0.1, 0.1 and 0.1 %). Both images go through the same encoder, and the decoder joins their features. The losses with class weights use {}.",
        CLASS_NAMES.join(", "),
        shares.join(", "),
        weights.join(", ")
    ));
    section.text(format!(
        "Deep supervision adds two losses to the loss at full size (focal + Dice, λ = {full}): one at an eighth of the size (focal, λ = {eighth}) and one at a quarter (focal + Dice, \
             λ = {quarter}). Labels at 1/k are those of every k-th pixel. The focal losses use the class weights like the weighted cross-entropy; Dice does not. Each loss \
             in the list changes one thing from the loss before it. The losses are compared by the mean Dice of classes: the Dice of each class except background over the pixels of all held-out \
             pairs of a seed, then the mean of the four."
    ));
    missing(&entries).into_iter().for_each(|text| section.text(text));
    let pairs = entries.iter().zip(entries.iter().skip(1));
    let family = family(pairs.map(|(before, after)| (before, after, name::MEAN_DICE)));
    family.iter().for_each(|comparison| section.finding(found(std::slice::from_ref(comparison))));
    section.table(family_table(&EXERCISE.part("comparisons"), &family));
    rankings::add(section, &EXERCISE.part("all"), "on damage maps", &entries, name::MEAN_DICE);
    section.figure(by_class(&entries));
    let note = spread_note_on(outcomes, config.damage.held_out_images, "pairs");
    let [_, held_out] = outcomes.sets.damage(config, config.first_seed);
    let background =
        held_out.labels.iter().filter(|label| **label == 0).count() as f64 / held_out.labels.len().max(1) as f64;
    let overall = format!(
        "{note} The mean Dice of classes is over the four classes except background, each from the pixels of all pairs together, because most pairs lack most classes. Predicting background everywhere reaches an \
         accuracy of {background:.4}."
    );
    let shown_overall = [metric(name::MEAN_DICE, 3), metric(name::ACCURACY, 4)];
    section.table(final_table(&EXERCISE.part("final"), "After the last step", &entries, &shown_overall, overall));
    section.table(by_class_table(&entries, name::DICE, note.clone()));
    section.table(by_class_table(&entries, name::RECALL, note.clone()));
    section.table(by_class_table(
        &entries,
        name::PRECISION,
        format!("{note} Precision is undefined if no pixel is predicted as that class."),
    ));
    section.figure(histories(&EXERCISE.part("by-step"), "While training", &entries, &[name::MEAN_DICE]));
    pictures(outcomes, &entries).into_iter().for_each(|figure| section.figure(figure));
}

fn percent_rounded(share: f64) -> String {
    percent_as_set((share * 1e4).round() / 1e4)
}

fn by_class(entries: &[Entry<'_>]) -> Figure {
    let classes: Vec<&str> = CLASS_NAMES.iter().skip(1).copied().collect();
    let chart = |metric: &str| {
        let series = |entry: &Entry<'_>| {
            let points = classes
                .iter()
                .enumerate()
                .map(|(place, class)| (place as f64, entry.summary(&name::of_class(metric, class))));
            Series { look: Look::Dots, ..entry.series(points.collect()) }
        };
        Panel::Chart(Chart {
            title: metric.to_owned(),
            x: Axis::named("class", classes.iter().map(|class| (*class).to_owned()).collect()),
            y: Axis::linear(metric).range(0.0, 1.0),
            series: entries.iter().map(series).collect(),
            rules: Vec::new(),
        })
    };
    Figure {
        id: EXERCISE.part("classes"),
        title: "Dice and recall of each class".to_owned(),
        caption: "On held-out pairs after the last step: dots are means over seeds, bars span the smallest to the largest seed. Background is left out, because it is near 1 for all \
                  losses."
            .to_owned(),
        columns: 2,
        panels: vec![chart(name::DICE), chart(name::RECALL)],
    }
}

/// A row for each entry, a column for each class.
fn by_class_table(entries: &[Entry<'_>], metric: &str, note: String) -> Table {
    let mut columns = vec!["loss".to_owned()];
    columns.extend(CLASS_NAMES.map(str::to_owned));
    let row = |entry: &Entry<'_>| {
        let cells = CLASS_NAMES.iter().map(|class| entry.cell(&name::of_class(metric, class), 3));
        std::iter::once(Cell::text(entry.name())).chain(cells).collect()
    };
    Table {
        id: EXERCISE.part(&metric.to_lowercase()),
        title: statistics::capitalised(&format!("{metric} of each class")),
        columns,
        rows: entries.iter().map(row).collect(),
        note,
    }
}

fn pictures(outcomes: &Outcomes<'_>, entries: &[Entry<'_>]) -> Option<Figure> {
    let config = outcomes.config;
    let [_, held_out] = outcomes.sets.damage(config, config.first_seed);
    let shown: Vec<_> = entries.iter().filter_map(|entry| Some((entry.name(), entry.first()?))).collect();
    if shown.is_empty() {
        return None;
    }
    let mut columns = vec!["before".to_owned(), "after".to_owned(), "truth".to_owned()];
    columns.extend(shown.iter().map(|(name, _)| (*name).to_owned()));
    let size = held_out.size;
    let row = |(place, index): (usize, usize)| {
        let mut pictures = vec![
            grey(held_out.pair(index)[0], size, SHOWN),
            grey(held_out.pair(index)[1], size, SHOWN),
            classes(held_out.label(index), size),
        ];
        for (_, trained) in &shown {
            pictures.push(classes(trained.judgement.predictions.get(place)?, size));
        }
        Some(PictureRow { name: format!("pair {}", index + 1), pictures })
    };
    Some(Figure {
        id: EXERCISE.part("maps"),
        title: "Damage maps".to_owned(),
        caption: format!(
            "Held-out pairs of seed {}: for each class from destroyed to no damage the pair with most of its pixels, then the first of the others. Beside each pair are the true \
             classes and the likeliest class by each loss.",
            config.first_seed
        ),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns,
            rows: held_out.telling(PICTURED).into_iter().enumerate().filter_map(row).collect(),
            legend: class_legend(),
        })],
    })
}
