//! Metrics as tables.

use std::fmt::Write as _;

use loss_metrics::facts::{Group, Metric};

use super::summary::{Interval, Summary};
use crate::tables::{left, percent, right, six, six_or_dash, table, trimmed};

/// A metric's name, with its unit or parameter.
fn title(metric: Metric, summary: &Summary) -> String {
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

fn four(number: f64) -> String {
    if number.abs() < 1000.0 { format!("{number:.4}") } else { six(number) }
}

fn cell(interval: Option<&Interval>) -> String {
    match interval {
        None => "–".to_owned(),
        Some(Interval { value, low: Some(low), high: Some(high), .. }) => {
            format!("{} [{}, {}]", four(*value), four(*low), four(*high))
        }
        Some(interval) => four(interval.value),
    }
}

/// All that is said of metrics, as text.
pub(crate) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    let shown: Vec<Metric> =
        summary.metrics.iter().copied().filter(|metric| metric.facts().group != Group::Calibration).collect();
    let level = summary.level.map_or(String::new(), |level| format!(" [{} interval]", percent(level)));
    if !shown.is_empty() {
        let mut counts = table(["class", "images", "present", "missed", "false alarms", "absent"].map(right));
        for class in &summary.classes {
            let numbers = [class.images, class.present, class.missed, class.false_alarms, class.absent].map(right);
            counts.add_row(std::iter::once(left(class.label())).chain(numbers));
        }
        let _ = writeln!(text, "{}\n", trimmed(&counts));
        // A metric a row, so that any number of them fits a terminal; a class a column if there are few.
        let is_wide = summary.classes.len() <= 4;
        if is_wide {
            let mut header = vec![left(format!("mean over images{level}"))];
            header.extend(summary.classes.iter().map(|class| right(class.label())));
            if summary.classes.len() > 1 {
                header.push(right("mean of the classes"));
            }
            let mut means = table(header);
            for metric in &shown {
                let mut row = vec![left(title(*metric, summary))];
                row.extend(summary.classes.iter().map(|class| right(cell(class.mean.get(metric.facts().name)))));
                if summary.classes.len() > 1 {
                    row.push(right(cell(summary.mean_over_classes.get(metric.facts().name))));
                }
                means.add_row(row);
            }
            let _ = writeln!(text, "{}\n", trimmed(&means));
        } else {
            let mut header = vec![left(format!("mean over images{level}"))];
            header.extend(shown.iter().map(|metric| right(title(*metric, summary))));
            let mut means = table(header);
            for class in &summary.classes {
                let mut row = vec![left(class.label())];
                row.extend(shown.iter().map(|metric| right(cell(class.mean.get(metric.facts().name)))));
                means.add_row(row);
            }
            let mut row = vec![left("mean of the classes")];
            row.extend(shown.iter().map(|metric| right(cell(summary.mean_over_classes.get(metric.facts().name)))));
            means.add_row(row);
            let _ = writeln!(text, "{}\n", trimmed(&means));
        }
        let adds: Vec<Metric> = shown
            .iter()
            .copied()
            .filter(|metric| summary.classes.iter().any(|class| class.pooled.contains_key(metric.facts().name)))
            .collect();
        if summary.classes.iter().any(|class| class.images > 1) && !adds.is_empty() {
            let mut header = vec![left(format!("pooled over all images{level}"))];
            header.extend(adds.iter().map(|metric| right(title(*metric, summary))));
            let mut pooled = table(header);
            for class in &summary.classes {
                let mut row = vec![left(class.label())];
                row.extend(adds.iter().map(|metric| right(cell(class.pooled.get(metric.facts().name)))));
                pooled.add_row(row);
            }
            let _ = writeln!(text, "{}\n", trimmed(&pooled));
        }
        for class in summary.classes.iter().filter(|class| class.pooled.contains_key("accuracy")) {
            if let (Some(accuracy), Some(background)) = (class.pooled.get("accuracy"), class.background) {
                let verdict = if accuracy.value <= background { ", which is no worse" } else { "" };
                let _ = writeln!(
                    text,
                    "accuracy of {} {}; without any prediction of it {}{verdict}",
                    class.label(),
                    percent(accuracy.value),
                    percent(background)
                );
            }
        }
        for class in summary.classes.iter().filter(|class| !class.sizes.is_empty()) {
            let mut sizes = table([
                left(format!("objects of {}, by size", class.label())),
                right("truth"),
                right("found"),
                right("recall"),
                right("predicted"),
                right("right"),
                right("precision"),
            ]);
            for size in &class.sizes {
                let range = size
                    .to
                    .map_or(format!("from {}", six(size.from)), |to| format!("{} to {}", six(size.from), six(to)));
                sizes.add_row([
                    left(range),
                    right(size.counts.truth),
                    right(size.counts.found),
                    right(six_or_dash(size.recall)),
                    right(size.counts.predicted),
                    right(size.counts.right),
                    right(six_or_dash(size.precision)),
                ]);
            }
            let _ = writeln!(text, "{}\n", trimmed(&sizes));
        }
    }
    if !summary.over_images.is_empty() && summary.level.is_some() {
        let mut losses = table([left("loss, mean over images"), right(level.trim())]);
        for (name, interval) in &summary.over_images {
            losses.add_row([left(name), right(cell(Some(interval)))]);
        }
        let _ = writeln!(text, "{}\n", trimmed(&losses));
    }
    for (name, value) in &summary.calibration {
        let _ = writeln!(text, "{name} {}", six(*value));
    }
    if let Some(curves) = &summary.curves {
        let _ = writeln!(
            text,
            "over 256 thresholds: area under the ROC curve {}, average precision {}; best Dice {} from p ≥ {}",
            six_or_dash(curves.roc_auc),
            six_or_dash(curves.average_precision),
            six_or_dash(curves.best_dice),
            six_or_dash(curves.best_threshold)
        );
    }
    if summary.worst.len() > 1 {
        let metric = &summary.worst[0].metric;
        let mut worst = table([left("worst images"), left("class"), right(metric), left("")]);
        for image in &summary.worst {
            let name =
                if summary.has_several { format!("{} [{}]", image.input, image.image) } else { image.input.clone() };
            let note = image.presence.map_or("", |presence| match presence.word() {
                "missed" => "missed",
                "false_alarm" => "false alarm",
                _ => "",
            });
            worst.add_row([left(name), left(&image.class), right(four(image.value)), left(note)]);
        }
        let _ = writeln!(text, "\n{}\n", trimmed(&worst));
    }
    let mut notes = Vec::new();
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
    for note in notes {
        let _ = writeln!(text, "{note}");
    }
    text
}
