//! Tables and findings that several exercises have.

use crate::run::model::{Cell, Finding, Table};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::statistics::{self, Comparison};

/// A metric with what is needed to show it.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) metric: &'static str,
    pub(super) decimals: usize,
}

pub(super) const fn metric(metric: &'static str, decimals: usize) -> Shown {
    Shown { metric, decimals }
}

/// What the numbers in a table of entries are.
pub(super) fn spread_note(outcomes: &Outcomes<'_>) -> String {
    spread_note_on(outcomes, outcomes.config.data.held_out_images, "images")
}

/// The same, on other data.
pub(super) fn spread_note_on(outcomes: &Outcomes<'_>, held_out: usize, what: &str) -> String {
    match outcomes.config.seeds {
        1 => format!("On {held_out} held-out {what}, after the last step, one seed."),
        seeds => format!(
            "On {held_out} held-out {what}, after the last step: the mean of {seeds} seeds [smallest, largest]."
        ),
    }
}

/// A row for each entry, a column for each metric.
pub(super) fn final_table(id: &str, title: &str, entries: &[Entry<'_>], shown: &[Shown], note: String) -> Table {
    let mut columns = vec!["loss".to_owned()];
    columns.extend(shown.iter().map(|shown| shown.metric.to_owned()));
    let row = |entry: &Entry<'_>| {
        let cells = shown.iter().map(|shown| entry.cell(shown.metric, shown.decimals));
        std::iter::once(Cell::text(entry.name())).chain(cells).collect()
    };
    Table { id: id.to_owned(), title: title.to_owned(), columns, rows: entries.iter().map(row).collect(), note }
}

/// One sentence on how two entries differ in some metrics, with the comparisons.
pub(super) fn compared(first: &Entry<'_>, second: &Entry<'_>, shown: &[Shown]) -> Finding {
    let comparisons: Vec<Comparison> = shown.iter().map(|shown| first.against(second, shown.metric)).collect();
    Finding::from_comparisons(statistics::sentences(&comparisons), comparisons)
}

/// The names of entries that were not trained with every seed, as a sentence; none if all were.
pub(super) fn missing(entries: &[Entry<'_>]) -> Option<String> {
    let incomplete: Vec<String> = entries
        .iter()
        .filter(|entry| entry.by_seed.iter().any(Option::is_none))
        .map(|entry| format!("{} ({} of {})", entry.name(), entry.trained().count(), entry.by_seed.len()))
        .collect();
    (!incomplete.is_empty()).then(|| format!("Not trained with all seeds: {}.", incomplete.join(", ")))
}
