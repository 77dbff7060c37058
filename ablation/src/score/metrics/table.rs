//! Metrics as tables.

use std::fmt::Write as _;

use loss_metrics::facts::{Group, Metric};

use super::rows::PresenceWord;
use super::summary::{ClassSummary, Interval, Summary, Worst};
use crate::tables::{Column, Grid, percent, six, six_or_dash};

/// A metric's name, with its unit or parameter.
pub(crate) fn title(metric: Metric, summary: &Summary) -> String {
    let name = metric.facts().name;
    match metric {
        Metric::SurfaceDice => format!("{name} ({} {})", six(summary.tolerance), summary.unit),
        Metric::FBeta => format!("{name} ({})", six(summary.beta)),
        _ if metric.facts().group == Group::Surface && !metric.facts().higher_is_better => {
            format!("{name} ({})", summary.unit)
        }
        _ => name.to_owned(),
    }
}

/// A number with four decimals, or six digits if it is large.
pub(crate) fn four(number: f64) -> String {
    if number.abs() < 1000.0 { format!("{number:.4}") } else { six(number) }
}

/// A value, with its interval if it has one.
pub(crate) fn cell(interval: Option<&Interval>) -> String {
    match interval {
        None => "–".to_owned(),
        Some(Interval { value, low: Some(low), high: Some(high), .. }) => {
            format!("{} [{}, {}]", four(*value), four(*low), four(*high))
        }
        Some(interval) => four(interval.value),
    }
}

/// "[95 % interval]", with a space before it, where there are intervals.
fn level(summary: &Summary) -> String {
    summary.level.map_or(String::new(), |level| format!(" [{} interval]", percent(level)))
}

/// The metrics of images.
fn shown(summary: &Summary) -> Vec<Metric> {
    summary.metrics.iter().copied().filter(|metric| metric.facts().group != Group::Calibration).collect()
}

/// How many images have each class, and how many of them were missed.
pub(crate) fn counts(summary: &Summary) -> Grid {
    let mut grid = Grid::of_numbers("class", ["images", "present", "missed", "false alarms", "absent"]);
    for class in &summary.classes {
        let numbers = [class.images, class.present, class.missed, class.false_alarms, class.absent];
        grid.row(class.label(), numbers.map(|number| number.to_string()));
    }
    grid
}

/// The means over images.
pub(crate) fn means(summary: &Summary) -> Grid {
    let (shown, first) = (shown(summary), format!("mean over images{}", level(summary)));
    let mean = |class: &ClassSummary, metric: &Metric| cell(class.mean.get(metric.facts().name));
    let over_classes = |metric: &Metric| cell(summary.mean_over_classes.get(metric.facts().name));
    let has_several = summary.classes.len() > 1;
    // A metric a row, so that any number of them fits a terminal; a class a column if there are few.
    if summary.classes.len() <= 4 {
        let columns = summary.classes.iter().map(ClassSummary::label);
        let mut grid = Grid::of_numbers(first, columns.chain(has_several.then(|| "mean of the classes".to_owned())));
        for metric in &shown {
            let cells = summary.classes.iter().map(|class| mean(class, metric));
            grid.row(title(*metric, summary), cells.chain(has_several.then(|| over_classes(metric))));
        }
        return grid;
    }
    let mut grid = Grid::of_numbers(first, shown.iter().map(|metric| title(*metric, summary)));
    for class in &summary.classes {
        grid.row(class.label(), shown.iter().map(|metric| mean(class, metric)));
    }
    grid.row("mean of the classes", shown.iter().map(over_classes));
    grid
}

/// What adds, pooled over all images; none of a single image, whose mean it is.
pub(crate) fn pooled(summary: &Summary) -> Option<Grid> {
    let mut adds = shown(summary);
    adds.retain(|metric| summary.classes.iter().any(|class| class.pooled.contains_key(metric.facts().name)));
    if adds.is_empty() || summary.classes.iter().all(|class| class.images <= 1) {
        return None;
    }
    let first = format!("pooled over all images{}", level(summary));
    let mut grid = Grid::of_numbers(first, adds.iter().map(|metric| title(*metric, summary)));
    for class in &summary.classes {
        grid.row(class.label(), adds.iter().map(|metric| cell(class.pooled.get(metric.facts().name))));
    }
    Some(grid)
}

/// The accuracy of each class, beside that of never predicting it.
pub(crate) fn accuracies(summary: &Summary) -> Vec<String> {
    let sentence = |class: &ClassSummary| {
        let (accuracy, background) = (class.pooled.get("accuracy")?, class.background?);
        let verdict = if accuracy.value <= background { ", which is no worse" } else { "" };
        Some(format!(
            "accuracy of {} {}; without any prediction of it {}{verdict}",
            class.label(),
            percent(accuracy.value),
            percent(background)
        ))
    };
    summary.classes.iter().filter_map(sentence).collect()
}

/// The objects of a class by size; none if no sizes were asked for.
pub(crate) fn sizes(class: &ClassSummary) -> Option<Grid> {
    if class.sizes.is_empty() {
        return None;
    }
    let first = format!("objects of {}, by size", class.label());
    let mut grid = Grid::of_numbers(first, ["truth", "found", "recall", "predicted", "right", "precision"]);
    for size in &class.sizes {
        let range = match size.to {
            Some(to) => format!("{} to {}", six(size.from), six(to)),
            None => format!("from {}", six(size.from)),
        };
        let counts = &size.counts;
        let cells = [
            counts.truth.to_string(),
            counts.found.to_string(),
            six_or_dash(size.recall),
            counts.predicted.to_string(),
            counts.right.to_string(),
            six_or_dash(size.precision),
        ];
        grid.row(range, cells);
    }
    Some(grid)
}

/// The losses of images with their intervals, if there are any.
pub(crate) fn losses(summary: &Summary) -> Option<Grid> {
    if summary.over_images.is_empty() || summary.level.is_none() {
        return None;
    }
    let mut grid = Grid::of_numbers("loss, mean over images", [level(summary).trim()]);
    for (name, interval) in &summary.over_images {
        grid.row(name, [cell(Some(interval))]);
    }
    Some(grid)
}

/// What is said of probabilities, a line each.
pub(crate) fn calibration(summary: &Summary) -> Vec<String> {
    let curves = summary.curves.as_ref().map(|curves| {
        format!(
            "over 256 thresholds: area under the ROC curve {}, average precision {}; best Dice {} from p ≥ {}",
            six_or_dash(curves.roc_auc),
            six_or_dash(curves.average_precision),
            six_or_dash(curves.best_dice),
            six_or_dash(curves.best_threshold)
        )
    });
    summary.calibration.iter().map(|(name, value)| format!("{name} {}", six(*value))).chain(curves).collect()
}

/// What is worth a word beside the value of an image.
pub(crate) fn remark(presence: Option<PresenceWord>) -> &'static str {
    match presence {
        Some(PresenceWord::Missed) => "missed",
        Some(PresenceWord::FalseAlarm) => "false alarm",
        _ => "",
    }
}

/// The worst images; none of a single one.
fn worst(summary: &Summary) -> Option<Grid> {
    let [first, _, ..] = &summary.worst[..] else { return None };
    let header = [Column::text("worst images"), Column::text("class"), Column::number(&first.metric), Column::text("")];
    let row = |image: &Worst| {
        let name = if summary.has_several { format!("{} [{}]", image.input, image.image) } else { image.input.clone() };
        vec![name, image.class.clone(), four(image.value), remark(image.presence).to_owned()]
    };
    Some(Grid { header: header.into(), rows: summary.worst.iter().map(row).collect() })
}

/// What has to be known to read the numbers.
pub(crate) fn notes(summary: &Summary) -> Vec<String> {
    let (shown, mut notes) = (shown(summary), Vec::new());
    if summary.level.is_some() && summary.classes.iter().all(|class| class.images < 2) {
        notes.push("one image has no interval: nothing varies over images".to_owned());
    }
    if !shown.is_empty() {
        if !summary.includes_background
            && summary.classes.iter().all(|class| class.class > 0)
            && summary.classes.len() > 1
        {
            notes.push("class 0 is background and has no row; --include-background gives it one".to_owned());
        }
        let absent = summary.classes.iter().any(|class| class.absent > 0);
        if absent && summary.both_empty == "skip" {
            notes.push("images that have a class neither in truth nor in prediction are not in its means; --both-empty perfect counts them as right".to_owned());
        }
        if summary.classes.iter().any(|class| class.missed + class.false_alarms > 0) {
            notes.push("a class that was missed, or found where it is not, has the worst value: 0, or the image's diagonal as distance".to_owned());
        }
    }
    if shown.iter().any(|metric| metric.facts().group == Group::Surface) {
        notes.push(format!(
            "distances are in {}, between {}",
            summary.unit,
            match summary.points {
                "area" => "pieces of surface, by area",
                "region" => "all pixels of the masks",
                _ => "the outermost pixels of the masks",
            }
        ));
    }
    if shown.iter().any(|metric| metric.facts().group == Group::Instances) {
        notes.push(format!("objects touch by {}", summary.connectivity));
    }
    notes
}

/// All that is said of metrics, as text.
pub(crate) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    if !shown(summary).is_empty() {
        let _ = writeln!(text, "{}\n", counts(summary).to_text());
        let _ = writeln!(text, "{}\n", means(summary).to_text());
        if let Some(pooled) = pooled(summary) {
            let _ = writeln!(text, "{}\n", pooled.to_text());
        }
        for sentence in accuracies(summary) {
            let _ = writeln!(text, "{sentence}");
        }
        for sizes in summary.classes.iter().filter_map(sizes) {
            let _ = writeln!(text, "{}\n", sizes.to_text());
        }
    }
    if let Some(losses) = losses(summary) {
        let _ = writeln!(text, "{}\n", losses.to_text());
    }
    for line in calibration(summary) {
        let _ = writeln!(text, "{line}");
    }
    if let Some(worst) = worst(summary) {
        let _ = writeln!(text, "\n{}\n", worst.to_text());
    }
    for note in notes(summary) {
        let _ = writeln!(text, "{note}");
    }
    text
}
