//! The report as a table, JSON or CSV.

use std::fmt::Write as _;

use super::ScoreError;
use super::observed::Clamped;
use super::results::{
    ClassScore, ConfusionScores, ConventionScore, FileScores, LossScore, MeanScores, Names, OVER_IMAGES, OverClasses,
    POOLED, Report, Scores, WeightScores,
};
use crate::arguments::OutputArguments;
use crate::error::Error;
use crate::paths::PairedBy;
use crate::tables::{Column, Grid, left, percent, right, six, six_or_dash, table, trimmed};
use crate::targets::TOLERANCE;
use crate::terminal;
use loss_expression::Short;

pub(crate) fn text(report: &Report, output: &OutputArguments, input: &str) -> Result<String, ScoreError> {
    report.warnings.iter().for_each(terminal::warn);
    if (output.json() || output.csv())
        && let Some(left_out) = left_out(&report.all.scores)
    {
        terminal::note(&left_out);
    }
    if output.json() {
        return serde_json::to_string_pretty(report)
            .map(|text| text + "\n")
            .map_err(|error| Error::Output(error.into()).into());
    }
    if output.csv() { csv(report, input) } else { Ok(tables(report)) }
}

/// What --on-bad skip left out.
pub(crate) fn left_out(scores: &Scores) -> Option<String> {
    let rejected = &scores.rejected;
    let reasons = [
        (rejected.input, "for the logit or probability"),
        (rejected.target, "for the target"),
        (rejected.weight, "for the weight"),
    ];
    let reasons: Vec<String> =
        reasons.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect();
    let total = rejected.total;
    (total > 0).then(|| format!("{total} pixels were out of range and left out: {}", reasons.join(", ")))
}

/// How targets and probabilities were read, where that is not plain.
pub(crate) fn readings(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    match (report.targets_read_as, report.class_axis) {
        ("one-hot", Some(axis)) => {
            lines.push(format!("targets are one-hot along axis {axis}, read as labels of classes"))
        }
        ("multi-label", _) => {
            lines.push("targets are multi-label: each channel is a binary mask of its own".to_owned())
        }
        _ => {}
    }
    if let Some(sight) = &report.foreground {
        lines.push(sight.to_string());
    }
    let Clamped { probabilities, targets } = report.clamped;
    for (count, what) in [(probabilities, "probabilities"), (targets, "targets")] {
        if count > 0 {
            lines.push(format!("{count} {what} within {TOLERANCE:e} outside [0, 1] were taken for 0 or 1"));
        }
    }
    lines
}

fn tables(report: &Report) -> String {
    let mut text = String::new();
    let scores = &report.all.scores;
    let of_classes = scores.over_classes.is_some();
    match &report.names {
        Some(names) => {
            let _ = writeln!(text, "{} against {}", names.input(), names.targets);
        }
        None => {
            let rows = report.files.iter().map(|file| (file.names.input().to_owned(), &file.group.scores));
            let _ = writeln!(
                text,
                "{}\n\n{}\n\n{} files",
                rows_table("file (worst first)", of_classes, rows),
                pair_table(&report.files),
                report.files.len()
            );
        }
    }
    let _ = writeln!(text, "{} pixels: {} valid, {} ignored", scores.pixels, scores.valid, scores.ignored);
    if let Some(left_out) = left_out(scores) {
        let _ = writeln!(text, "{left_out}");
    }
    for line in readings(report) {
        let _ = writeln!(text, "{line}");
    }
    // Conventions have a table of their own.
    if report.conventions.len() < scores.losses.len() || report.mean_over_files.is_some() {
        let _ = writeln!(text, "\n{}", loss_table(report).to_text());
    }
    text.push('\n');
    if !report.conventions.is_empty() {
        let (conventions, notes) = convention_table(&report.conventions);
        let lines: Vec<String> = std::iter::once(conventions.to_text()).chain(notes).collect();
        let _ = writeln!(text, "{}\n", lines.join("\n"));
    }
    if let Some(images) = &report.all.images {
        let rows = images.iter().map(|image| (image.image.to_string(), &image.scores));
        let _ = writeln!(text, "{}\n", rows_table("image", of_classes, rows));
    }
    for (mean, what) in [(&report.all.mean_over_images, "image"), (&report.mean_over_files, "file")] {
        if let Some(MeanScores { skipped: skipped @ 1.., .. }) = mean {
            let _ = writeln!(text, "{what}s without a valid pixel, not in the mean: {skipped}\n");
        }
    }
    match &scores.over_classes {
        Some(over_classes) => {
            let (classes, accuracy) = class_table(over_classes, report.class_weights.as_ref());
            let _ = writeln!(text, "{}\n{accuracy}", classes.to_text());
        }
        None => {
            let _ = writeln!(text, "{}", confusion_table(scores).map_or_else(String::new, |grid| grid.to_text()));
        }
    }
    if let Some(metrics) = &report.metrics {
        let _ = write!(text, "\n{}", super::metrics::text(metrics));
    }
    text
}

/// Which files were scored together, of the first of several.
fn pair_table(files: &[FileScores]) -> String {
    const MOST: usize = 10;
    let Some(FileScores { names: first, .. }) = files.first() else { return String::new() };
    let by = &first.paired_by;
    let kinds = [("targets", Some(by.targets)), ("mask", by.mask), ("weights", by.weights)];
    let kinds = kinds.into_iter().filter_map(|(option, by)| Some(left(format!("{option} (by {})", by?.word()))));
    let mut table = table(std::iter::once(left("scored together")).chain(kinds));
    for FileScores { names, .. } in files.iter().take(MOST) {
        let names = [Some(names.input()), Some(&names.targets), names.mask.as_deref(), names.weights.as_deref()];
        table.add_row(names.into_iter().flatten().map(left));
    }
    let mut text = trimmed(&table);
    if files.len() > MOST {
        let _ = write!(text, "\nand {} more; --json and --csv show all", files.len() - MOST);
    }
    text
}

/// The losses of other libraries, and what is to be known of them.
pub(crate) fn convention_table(conventions: &[ConventionScore]) -> (Grid, Vec<String>) {
    let header = [Column::text("convention"), Column::number("value"), Column::text("taken"), Column::text("as")];
    let mut grid = Grid { header: header.into(), rows: Vec::new() };
    for score in conventions {
        grid.row(score.convention, [six_or_dash(score.value), score.grouping.to_owned(), score.loss.clone()]);
    }
    let notes = conventions.iter().filter(|score| !score.note.is_empty());
    (grid, notes.map(|score| format!("{}: {}", score.convention, score.note)).collect())
}

/// The classes, and the accuracy beside that of saying nothing.
pub(crate) fn class_table(over_classes: &OverClasses, weights: Option<&WeightScores>) -> (Grid, String) {
    let scores = ["Dice", "IoU", "precision", "recall"].map(str::to_owned);
    let weight = weights.map(|weights| format!("weight ({})", weights.from));
    let header = ["support", "share"].map(str::to_owned).into_iter().chain(scores).chain(weight);
    let mut grid = Grid::of_numbers("class", header);
    for class in &over_classes.classes {
        let mut row = vec![six(class.support), percent(class.share)];
        row.extend([class.hard.dice, class.hard.iou, class.hard.precision, class.hard.recall].map(six_or_dash));
        if let Some(weight) = weights.and_then(|weights| weights.weights.get(class.class)) {
            row.push(six(*weight));
        }
        grid.row(class.label(), row);
    }
    let means = [over_classes.mean_dice, over_classes.mean_iou].map(six_or_dash);
    grid.row("mean of the classes", [String::new(), String::new()].into_iter().chain(means));
    let background = over_classes.classes.first().map_or("class 0".to_owned(), ClassScore::label);
    let (accuracy, trivial) = (over_classes.accuracy, over_classes.accuracy_of_background);
    let verdict = if accuracy <= trivial { ", which is no worse" } else { "" };
    let sentence = format!(
        "accuracy {}; a prediction of {background} alone would score {}{verdict}",
        percent(accuracy),
        percent(trivial)
    );
    (grid, sentence)
}

/// The losses and their parts, pooled and as means.
pub(crate) fn loss_table(report: &Report) -> Grid {
    let all = &report.all;
    let mut columns: Vec<(String, &[LossScore])> = Vec::new();
    if let Some(pooled) = &all.pooled {
        columns.push((POOLED.to_owned(), &pooled.losses));
    } else {
        columns.push((all.scores.reduction.clone().into_owned(), &all.scores.losses));
    }
    if let Some(mean) = &all.mean_over_images {
        columns.push((format!("{OVER_IMAGES} ({})", mean.count), &mean.losses));
    }
    if let Some(mean) = &report.mean_over_files {
        columns.push((format!("mean over files ({})", mean.count), &mean.losses));
    }
    let mut grid = Grid::of_numbers("loss", columns.iter().map(|(name, _)| name));
    for (index, loss) in all.scores.losses.iter().enumerate() {
        let row_of = |value: &dyn Fn(&LossScore) -> Option<f64>| -> Vec<String> {
            columns.iter().map(|(_, losses)| six_or_dash(losses.get(index).and_then(value))).collect()
        };
        grid.row(&loss.loss, row_of(&|loss| loss.value));
        if loss.parts.len() > 1 {
            for (part, score) in loss.parts.iter().enumerate() {
                let name = format!("    {} × {}", Short(score.coefficient), score.term);
                grid.row(name, row_of(&|loss| loss.parts.get(part).and_then(|part| part.value)));
            }
        }
    }
    grid
}

/// A row for each file or image.
fn rows_table<'a>(what: &str, of_classes: bool, rows: impl Iterator<Item = (String, &'a Scores)>) -> String {
    let mut rows = rows.peekable();
    let losses = rows.peek().map_or(&[][..], |(_, scores)| &scores.losses);
    let mut header = vec![left(what)];
    header.extend(losses.iter().map(|loss| right(&loss.loss)));
    header.extend(["valid", "ignored", if of_classes { "mean IoU" } else { "support" }].map(right));
    let mut table = table(header);
    for (name, scores) in rows {
        let mut row = vec![left(name)];
        row.extend(scores.losses.iter().map(|loss| right(six_or_dash(loss.value))));
        row.extend([right(scores.valid), right(scores.ignored)]);
        let mean_iou = scores.over_classes.as_ref().and_then(|scores| scores.mean_iou);
        row.push(right(six_or_dash(if of_classes { mean_iou } else { scores.support })));
        table.add_row(row);
    }
    trimmed(&table)
}

/// A row of the table of confusion: its name, and how to get its number.
type Row = (&'static str, fn(&ConfusionScores) -> Option<f64>);

const CONFUSION_ROWS: [Row; 9] = [
    ("true positives", |scores| Some(scores.tp)),
    ("false positives", |scores| Some(scores.fp)),
    ("false negatives", |scores| Some(scores.fn_)),
    ("true negatives", |scores| Some(scores.tn)),
    ("dice", |scores| scores.dice),
    ("iou", |scores| scores.iou),
    ("precision", |scores| scores.precision),
    ("recall", |scores| scores.recall),
    ("accuracy", |scores| scores.accuracy),
];

/// The confusion of all pixels, hard and soft; none of classes.
pub(crate) fn confusion_table(scores: &Scores) -> Option<Grid> {
    let confusion = scores.confusion.as_ref()?;
    let hard = format!("p ≥ {}", Short(confusion.threshold));
    let mut grid = Grid::of_numbers("confusion, all pixels", [hard, "soft".to_owned()]);
    for (name, number) in CONFUSION_ROWS {
        grid.row(name, [&confusion.hard, &confusion.soft].map(|scores| six_or_dash(number(scores))));
    }
    Some(grid)
}

const CONFUSION_COLUMNS: [&str; 9] = ["tp", "fp", "fn", "tn", "dice", "iou", "precision", "recall", "accuracy"];

const CLASS_COLUMNS: [&str; 6] = ["support", "share", "dice", "iou", "precision", "recall"];

/// What stands in a CSV row beside numbers.
#[derive(Clone, Copy, Default)]
struct Labels<'a> {
    row: &'a str,
    names: Option<&'a Names>,
    image: Option<usize>,
    reduction: &'a str,
}

/// The other files of a row, and how they were found to belong to it.
const PAIR_COLUMNS: [&str; 5] = ["mask", "weights", "targets_paired_by", "mask_paired_by", "weights_paired_by"];

fn pair_cells(names: &Names) -> [String; PAIR_COLUMNS.len()] {
    let by = &names.paired_by;
    let [targets, mask, weights] =
        [Some(by.targets), by.mask, by.weights].map(|by| by.map_or("", PairedBy::word).to_owned());
    [names.mask.clone().unwrap_or_default(), names.weights.clone().unwrap_or_default(), targets, mask, weights]
}

fn csv(report: &Report, input: &str) -> Result<String, ScoreError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| ScoreError::from(Error::Output(error.into()));
    let mut header: Vec<String> = ["row", input, "targets", "image", "reduction"].map(str::to_owned).to_vec();
    header.extend(report.all.scores.losses.iter().map(|loss| loss.loss.clone()));
    header.extend(
        ["pixels", "valid", "ignored", "rejected_input", "rejected_target", "rejected_weight", "rejected", "support"]
            .map(str::to_owned),
    );
    match &report.all.scores.over_classes {
        None => {
            header.push("threshold".to_owned());
            for kind in ["hard", "soft"] {
                header.extend(CONFUSION_COLUMNS.map(|column| format!("{kind}_{column}")));
            }
        }
        Some(over_classes) => {
            header.extend(["accuracy", "accuracy_of_background", "mean_dice", "mean_iou"].map(str::to_owned));
            for class in &over_classes.classes {
                header.extend(CLASS_COLUMNS.map(|column| format!("{}_{column}", class.label())));
            }
        }
    }
    header.extend(PAIR_COLUMNS.map(str::to_owned));
    let columns = header.len();
    writer.write_record(&header).map_err(failed)?;
    let mut write = |labels: Labels<'_>, losses: &[LossScore], scores: Option<&Scores>| {
        let image = labels.image.map_or(String::new(), |image| image.to_string());
        let (input, targets) = labels.names.map_or(("", ""), |names| (names.input(), &names.targets));
        let mut record: Vec<String> =
            [labels.row, input, targets, &image, labels.reduction].map(str::to_owned).to_vec();
        record.extend(losses.iter().map(|loss| full(loss.value)));
        if let Some(scores) = scores {
            let rejected = scores.rejected;
            let counts = [
                scores.pixels,
                scores.valid,
                scores.ignored,
                rejected.input,
                rejected.target,
                rejected.weight,
                rejected.total,
            ];
            record.extend(counts.map(|count| count.to_string()));
            record.push(full(scores.support));
            if let Some(over_classes) = &scores.over_classes {
                let OverClasses { accuracy, accuracy_of_background, mean_dice, mean_iou, classes } = over_classes;
                record.extend([Some(*accuracy), Some(*accuracy_of_background), *mean_dice, *mean_iou].map(full));
                for class in classes {
                    let hard = &class.hard;
                    let figures =
                        [Some(class.support), Some(class.share), hard.dice, hard.iou, hard.precision, hard.recall];
                    record.extend(figures.map(full));
                }
            }
            if let Some(confusion) = &scores.confusion {
                record.push(full(Some(confusion.threshold)));
                for kind in [&confusion.hard, &confusion.soft] {
                    record.extend(CONFUSION_ROWS.map(|(_, number)| full(number(kind))));
                }
            }
        }
        record.resize(columns - PAIR_COLUMNS.len(), String::new());
        record.extend(labels.names.map_or([const { String::new() }; PAIR_COLUMNS.len()], pair_cells));
        writer.write_record(&record).map_err(failed)
    };
    let only = report.names.iter().map(|names| (names, &report.all));
    let files = report.files.iter().map(|file| (&file.names, &file.group));
    for (names, group) in only.chain(files) {
        let labels = Labels { names: Some(names), ..Labels::default() };
        for image in group.images.iter().flatten() {
            let labels = Labels { row: "image", image: Some(image.image), reduction: POOLED, ..labels };
            write(labels, &image.scores.losses, Some(&image.scores))?;
        }
        let scores = &group.scores;
        write(Labels { row: "file", reduction: &scores.reduction, ..labels }, &scores.losses, Some(scores))?;
    }
    let all = &report.all;
    let pooled = all.pooled.as_ref().map_or(&all.scores.losses, |pooled| &pooled.losses);
    let labels = Labels { row: "pooled", reduction: POOLED, ..Labels::default() };
    write(labels, pooled, Some(&all.scores))?;
    if let Some(mean) = &all.mean_over_images {
        let labels = Labels { row: "mean_over_images", reduction: OVER_IMAGES, ..Labels::default() };
        write(labels, &mean.losses, None)?;
    }
    if let Some(mean) = &report.mean_over_files {
        let labels = Labels { row: "mean_over_files", reduction: "mean over files", ..Labels::default() };
        write(labels, &mean.losses, None)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::Output(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn full(number: Option<f64>) -> String {
    number.map_or(String::new(), |number| Short(number).to_string())
}
