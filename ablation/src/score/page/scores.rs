//! The numbers: the tables of the answer.

use super::Content;
use super::contents::Part;
use super::distribution::metrics;
use crate::score::metrics::{accuracies, counts, losses, means, notes, pooled, sizes};
use crate::score::report::{class_table, confusion_table, convention_table, loss_table};
use crate::tables::{Column, Grid, six_or_dash};

pub(super) fn part(content: &Content<'_>) -> Part {
    let mut part = Part::new("scores", "Scores");
    if let Some(report) = content.report {
        let scores = &report.all.scores;
        if report.conventions.len() < scores.losses.len() || report.mean_over_files.is_some() {
            part.table("losses", "Losses", &loss_table(report), "");
        }
        if !report.conventions.is_empty() {
            let (grid, notes) = convention_table(&report.conventions);
            part.table("conventions", "Losses of other libraries", &grid, &notes.join(" "));
        }
        if let Some(classes) = &scores.over_classes {
            let (grid, accuracy) = class_table(classes, report.class_weights.as_ref());
            part.table("classes", "Classes, over all pixels", &grid, &accuracy);
        }
        if let Some(confusion) = confusion_table(scores) {
            part.table("confusion", "Confusion of all pixels", &confusion, "");
        }
        if !report.files.is_empty() {
            files(&mut part, content);
        }
    }
    match content.summary {
        Some(summary) => {
            if metrics(summary).next().is_some() {
                let note = "missed: the truth has the class, the prediction has none of it. False alarm: the reverse. Absent: neither has it.";
                part.table("counts", "Images with each class", &counts(summary), note);
                part.table("means", "Metrics, mean over images", &means(summary), &notes(summary).join("; "));
            }
            if let Some(grid) = pooled(summary) {
                // A metric a row if there are few classes, as the means have it.
                let grid = if summary.classes.len() <= 4 { transposed(&grid) } else { grid };
                let accuracies = if summary.classes.len() <= 4 { accuracies(summary) } else { Vec::new() };
                part.table("pooled", "Metrics, pooled over all images", &grid, &accuracies.join("; "));
            }
            for (place, class) in summary.classes.iter().enumerate() {
                if let Some(grid) = sizes(class) {
                    part.table(format!("sizes-{place}"), format!("Objects of class {}", class.label()), &grid, "");
                }
            }
            if let Some(grid) = losses(summary) {
                part.table("loss-intervals", "Losses of images", &grid, "");
            }
        }
        None => {
            let reason = content.measured.unmeasured.as_deref().unwrap_or("no metrics were asked for");
            part.lacking.push(format!("There are no metrics of images, only losses: {reason}"));
        }
    }
    part
}

/// The files with the highest first loss.
fn files(part: &mut Part, content: &Content<'_>) {
    const MOST: usize = 20;
    let Some(report) = content.report else { return };
    let names = report.all.scores.losses.iter().map(|loss| Column::number(&loss.loss));
    let mut grid =
        Grid { header: std::iter::once(Column::text("file (worst first)")).chain(names).collect(), rows: Vec::new() };
    for file in report.files.iter().take(MOST) {
        grid.row(file.names.input(), file.group.scores.losses.iter().map(|loss| six_or_dash(loss.value)));
    }
    let rest = report.files.len().saturating_sub(MOST);
    let note = if rest > 0 { format!("and {rest} more; `--json` and `--csv` show all") } else { String::new() };
    part.table("files", "Losses of files", &grid, &note);
}

/// With rows as columns.
fn transposed(grid: &Grid) -> Grid {
    let first = grid.header.first().map_or("", |column| column.name.as_str());
    let mut other = Grid::of_numbers(first, grid.rows.iter().filter_map(|row| row.first()));
    for (place, column) in grid.header.iter().enumerate().skip(1) {
        other.row(&column.name, grid.rows.iter().map(|row| row.get(place).cloned().unwrap_or_default()));
    }
    other
}
