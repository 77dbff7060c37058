//! The report as a table, JSON or CSV.

use std::fmt::Write as _;

use super::ScoreError;
use super::results::{ConfusionScores, LossScore, MeanScores, OVER_IMAGES, POOLED, Report, Scores};
use crate::cli::ScoreArguments;
use crate::expression::Short;
use crate::tables::{left, right, table, trimmed};

pub(crate) fn text(report: &Report, arguments: &ScoreArguments) -> Result<String, ScoreError> {
    if (arguments.json || arguments.csv)
        && let Some(left_out) = left_out(&report.all.scores)
    {
        super::note(&left_out);
    }
    if arguments.json {
        return serde_json::to_string_pretty(report)
            .map(|text| text + "\n")
            .map_err(|error| ScoreError::Output(error.into()));
    }
    if arguments.csv { csv(report, arguments) } else { Ok(tables(report)) }
}

/// What --on-bad skip left out.
fn left_out(scores: &Scores) -> Option<String> {
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

/// Six digits of a number.
fn six(number: f64) -> String {
    const DIGITS: i32 = 6;
    if number == 0.0 || !number.is_finite() {
        return Short(number).to_string();
    }
    let scientific = format!("{number:.*e}", DIGITS as usize - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let whole = number.fract() == 0.0 && exponent < 15;
    if whole {
        return format!("{number:.0}");
    }
    if !(-5..DIGITS).contains(&exponent) {
        return scientific;
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
    let fixed = format!("{number:.decimals$}");
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn six_or_dash(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), six)
}

fn tables(report: &Report) -> String {
    let mut text = String::new();
    let scores = &report.all.scores;
    match &report.names {
        Some(names) => {
            let _ = writeln!(text, "{} against {}", names.input(), names.targets);
        }
        None => {
            let rows = report.files.iter().map(|file| (file.names.input().to_owned(), &file.group.scores));
            let _ = writeln!(text, "{}\n\n{} files", rows_table("file (worst first)", rows), report.files.len());
        }
    }
    let _ = writeln!(text, "{} pixels: {} valid, {} ignored", scores.pixels, scores.valid, scores.ignored);
    if let Some(left_out) = left_out(scores) {
        let _ = writeln!(text, "{left_out}");
    }
    let _ = writeln!(text, "\n{}\n", loss_table(report));
    if let Some(images) = &report.all.images {
        let rows = images.iter().map(|image| (image.image.to_string(), &image.scores));
        let _ = writeln!(text, "{}\n", rows_table("image", rows));
    }
    for (mean, what) in [(&report.all.mean_over_images, "image"), (&report.mean_over_files, "file")] {
        if let Some(MeanScores { skipped: skipped @ 1.., .. }) = mean {
            let _ = writeln!(text, "{what}s without a valid pixel, not in the mean: {skipped}\n");
        }
    }
    let _ = writeln!(text, "{}", confusion_table(scores));
    text
}

fn loss_table(report: &Report) -> String {
    let all = &report.all;
    let mut columns: Vec<(String, &[LossScore])> = Vec::new();
    if let Some(pooled) = &all.pooled {
        columns.push((POOLED.to_owned(), &pooled.losses));
    } else {
        columns.push((all.scores.reduction.to_owned(), &all.scores.losses));
    }
    if let Some(mean) = &all.mean_over_images {
        columns.push((format!("{OVER_IMAGES} ({})", mean.count), &mean.losses));
    }
    if let Some(mean) = &report.mean_over_files {
        columns.push((format!("mean over files ({})", mean.count), &mean.losses));
    }
    let header = columns.iter().map(|(name, _)| right(name));
    let mut table = table(std::iter::once(left("loss")).chain(header));
    for (index, loss) in all.scores.losses.iter().enumerate() {
        let row_of = |name: &str, value: &dyn Fn(&LossScore) -> Option<f64>| {
            let mut row = vec![left(name)];
            for (_, losses) in &columns {
                row.push(right(six_or_dash(losses.get(index).and_then(value))));
            }
            row
        };
        table.add_row(row_of(&loss.loss, &|loss| loss.value));
        if loss.parts.len() > 1 {
            for (part, score) in loss.parts.iter().enumerate() {
                let name = format!("    {} × {}", Short(score.coefficient), score.term);
                table.add_row(row_of(&name, &|loss| loss.parts.get(part).and_then(|part| part.value)));
            }
        }
    }
    trimmed(&table)
}

/// A row for each file or image.
fn rows_table<'a>(what: &str, rows: impl Iterator<Item = (String, &'a Scores)>) -> String {
    let mut rows = rows.peekable();
    let losses = rows.peek().map_or(&[][..], |(_, scores)| &scores.losses);
    let mut header = vec![left(what)];
    header.extend(losses.iter().map(|loss| right(&loss.loss)));
    header.extend(["valid", "ignored", "support"].map(right));
    let mut table = table(header);
    for (name, scores) in rows {
        let mut row = vec![left(name)];
        row.extend(scores.losses.iter().map(|loss| right(six_or_dash(loss.value))));
        row.extend([right(scores.valid), right(scores.ignored)]);
        row.push(right(six_or_dash(scores.support)));
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

fn confusion_table(scores: &Scores) -> String {
    let Some(confusion) = &scores.confusion else { return String::new() };
    let hard = format!("p ≥ {}", Short(confusion.threshold));
    let mut table = table([left("confusion, all pixels"), right(hard), right("soft")]);
    for (name, number) in CONFUSION_ROWS {
        let [hard, soft] = [&confusion.hard, &confusion.soft].map(|scores| right(six_or_dash(number(scores))));
        table.add_row([left(name), hard, soft]);
    }
    trimmed(&table)
}

const CONFUSION_COLUMNS: [&str; 9] = ["tp", "fp", "fn", "tn", "dice", "iou", "precision", "recall", "accuracy"];

/// What stands in a CSV row beside numbers.
#[derive(Clone, Copy, Default)]
struct Labels<'a> {
    row: &'a str,
    input: &'a str,
    targets: &'a str,
    image: Option<usize>,
    reduction: &'a str,
}

fn csv(report: &Report, arguments: &ScoreArguments) -> Result<String, ScoreError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| ScoreError::Output(error.into());
    let input = if arguments.logits.is_empty() { "probs" } else { "logits" };
    let mut header: Vec<String> = ["row", input, "targets", "image", "reduction"].map(str::to_owned).to_vec();
    header.extend(report.all.scores.losses.iter().map(|loss| loss.loss.clone()));
    header.extend(
        ["pixels", "valid", "ignored", "rejected_input", "rejected_target", "rejected_weight", "rejected", "support"]
            .map(str::to_owned),
    );
    header.push("threshold".to_owned());
    for kind in ["hard", "soft"] {
        header.extend(CONFUSION_COLUMNS.map(|column| format!("{kind}_{column}")));
    }
    let columns = header.len();
    writer.write_record(&header).map_err(failed)?;
    let mut write = |labels: Labels<'_>, losses: &[LossScore], scores: Option<&Scores>| {
        let image = labels.image.map_or(String::new(), |image| image.to_string());
        let mut record: Vec<String> =
            [labels.row, labels.input, labels.targets, &image, labels.reduction].map(str::to_owned).to_vec();
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
            if let Some(confusion) = &scores.confusion {
                record.push(full(Some(confusion.threshold)));
                for kind in [&confusion.hard, &confusion.soft] {
                    record.extend(CONFUSION_ROWS.map(|(_, number)| full(number(kind))));
                }
            }
        }
        record.resize(columns, String::new());
        writer.write_record(&record).map_err(failed)
    };
    let only = report.names.iter().map(|names| (names, &report.all));
    let files = report.files.iter().map(|file| (&file.names, &file.group));
    for (names, group) in only.chain(files) {
        let labels = Labels { input: names.input(), targets: &names.targets, ..Labels::default() };
        for image in group.images.iter().flatten() {
            let labels = Labels { row: "image", image: Some(image.image), reduction: POOLED, ..labels };
            write(labels, &image.scores.losses, Some(&image.scores))?;
        }
        let scores = &group.scores;
        write(Labels { row: "file", reduction: scores.reduction, ..labels }, &scores.losses, Some(scores))?;
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
    let bytes = writer.into_inner().map_err(|error| ScoreError::Output(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn full(number: Option<f64>) -> String {
    number.map_or(String::new(), |number| Short(number).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits() {
        let cases = [
            (0.0, "0"),
            (0.998_311_495_8, "0.998311"),
            (300.646_518_9, "300.647"),
            (-0.25, "-0.25"),
            (1.5e-52, "1.50000e-52"),
            (123_456_789.5, "1.23457e8"),
            (8192.0, "8192"),
            (0.000_123_456_78, "0.000123457"),
        ];
        for (number, text) in cases {
            assert_eq!(six(number), text);
        }
    }
}
