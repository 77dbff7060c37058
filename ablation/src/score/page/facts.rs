//! The head of the page: what was scored, by what, and what to see first.

use super::Content;
use super::contents::counted;
use crate::report::command;
use crate::report::versions::VERSIONS;
use crate::score::metrics::{ClassSummary, Summary, cell, remark};
use crate::score::report::{left_out, readings};
use crate::tables::{percent, six};

/// So many classes have a sentence each.
const MOST_CLASSES: usize = 8;

pub(super) fn title(content: &Content<'_>) -> String {
    match &content.files()[..] {
        [[input, targets]] => format!("{input} against {targets}"),
        files => format!("Scores of {} files", files.len()),
    }
}

/// Names and values.
pub(super) fn facts(content: &Content<'_>) -> Vec<(&'static str, String)> {
    let finishing = content.finishing;
    let mut facts = vec![("Command", command::line(finishing.output.command.iter().map(String::as_str)))];
    let what = match finishing.input {
        "logits" => "logits",
        "probs" => "probabilities",
        _ => "label maps",
    };
    facts.push(("Files", format!("{} of {what}, each against its targets", counted(content.files().len(), "file"))));
    match content.report {
        Some(report) => {
            let losses: Vec<&str> = report.all.scores.losses.iter().map(|loss| loss.loss.as_str()).collect();
            let scores = &report.all.scores;
            facts.push(("Losses", losses.join("; ")));
            facts.push(("Pixels", format!("{}: {} valid, {} ignored", scores.pixels, scores.valid, scores.ignored)));
            facts.push(("Targets read as", report.targets_read_as.to_owned()));
            let read = left_out(scores).into_iter().chain(readings(report)).collect::<Vec<_>>();
            if !read.is_empty() {
                facts.push(("Reading", read.join("; ")));
            }
            if let Some(confusion) = &scores.confusion {
                facts.push(("Threshold", format!("p ≥ {}", six(confusion.threshold))));
            }
        }
        None => facts.push(("Losses", "none: label maps have no probabilities".to_owned())),
    }
    if let Some(summary) = content.summary {
        let names: Vec<&str> = summary.metrics.iter().map(|metric| metric.facts().name).collect();
        facts.push(("Metrics", names.join(", ")));
        facts.push(("Pixel size", pixel(content)));
        if let Some(level) = summary.level {
            let metric = finishing.metric;
            facts.push((
                "Intervals",
                format!(
                    "{}, bootstrap over images, {} resamples, seed {}",
                    percent(level),
                    metric.resamples,
                    metric.seed
                ),
            ));
        }
    }
    let versions = VERSIONS.map(|(name, version)| format!("{name} {version}"));
    facts.push(("Versions", versions.join(", ")));
    facts
}

/// What a pixel measures, if that is known.
fn pixel(content: &Content<'_>) -> String {
    let mut sizes: Vec<String> = Vec::new();
    for row in &content.measured.rows.0 {
        let size = match row.unit.as_str() {
            "px" => "not known: sizes and distances are in pixels".to_owned(),
            unit if row.axes > 1 => format!("{} {unit}{}", six(row.pixel), power(row.axes)),
            unit => format!("{} {unit}", six(row.pixel)),
        };
        if !sizes.contains(&size) {
            sizes.push(size);
        }
    }
    match &sizes[..] {
        [only] => only.clone(),
        [] => "not known".to_owned(),
        several => format!("{} sizes, from file to file", several.len()),
    }
}

/// ² or ³.
pub(super) fn power(axes: usize) -> &'static str {
    match axes {
        2 => "²",
        3 => "³",
        _ => "",
    }
}

/// What to see first, a sentence each.
pub(super) fn points(content: &Content<'_>) -> Vec<String> {
    let mut points = Vec::new();
    if let Some(report) = content.report {
        for loss in &report.all.scores.losses {
            if let Some(value) = loss.value {
                points.push(format!("`{}`: {} ({})", loss.loss, six(value), report.all.scores.reduction));
            }
        }
    }
    let Some(summary) = content.summary else { return points };
    if summary.classes.len() <= MOST_CLASSES {
        points.extend(summary.classes.iter().filter_map(|class| of_class(summary, class)));
    } else if let Some(name) = first_metric(summary)
        && let Some(mean) = summary.mean_over_classes.get(name)
    {
        points.push(format!("`{name}`, mean of {} classes: {}", summary.classes.len(), cell(Some(mean))));
    }
    for class in &summary.classes {
        let label = class.label();
        if class.present == 0 && class.images > 0 {
            let found = match class.false_alarms {
                0 => "and was never predicted".to_owned(),
                alarms => format!("and was predicted in {}", counted(alarms, "image")),
            };
            points.push(format!("Class {label} is in no target, {found}."));
        } else if class.missed > 0 {
            let of = counted(class.present, "image");
            points.push(format!("Class {label} was missed in {} of the {of} that have it.", class.missed));
        }
        if class.present > 0 && class.false_alarms > 0 {
            let of = counted(class.false_alarms + class.absent, "image");
            points.push(format!("Class {label} was found in {} of the {of} that lack it.", class.false_alarms));
        }
    }
    if let [worst, _, ..] = &summary.worst[..] {
        let remark = Some(remark(worst.presence)).filter(|remark| !remark.is_empty());
        let remark = remark.map_or_else(String::new, |remark| format!(", {remark}"));
        let image = if summary.has_several { format!(" [{}]", worst.image) } else { String::new() };
        points.push(format!(
            "Worst image: {}{image}, class {}, `{}` {}{remark}.",
            worst.input,
            worst.class,
            worst.metric,
            six(worst.value)
        ));
    }
    points
}

fn first_metric(summary: &Summary) -> Option<&'static str> {
    let is_of_images = |name: &&str| summary.mean_over_classes.contains_key(*name);
    summary.metrics.iter().map(|metric| metric.facts().name).find(is_of_images)
}

fn of_class(summary: &Summary, class: &ClassSummary) -> Option<String> {
    let name = first_metric(summary)?;
    let mean = class.mean.get(name)?;
    let of = counted(mean.images, "image");
    let pooled = class.pooled.get(name).filter(|_| class.images > 1);
    let pooled = pooled.map_or_else(String::new, |pooled| format!(", pooled {}", cell(Some(pooled))));
    Some(format!("`{name}` of class {}: mean {} over {of}{pooled}", class.label(), cell(Some(mean))))
}
