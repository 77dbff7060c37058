//! A part of the page as data, of which the template makes HTML.

use crate::report::model::Figure;
use crate::report::page::{CellView, ColumnView, TableView, runs};
use crate::tables::Grid;

/// A section of the page.
#[derive(Default)]
pub(super) struct Part {
    /// The anchor.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) text: Vec<String>,
    pub(super) figures: Vec<Figure>,
    pub(super) tables: Vec<TableView>,
    pub(super) cases: Vec<Case>,
    /// The colours of the cases, and what they mean.
    pub(super) legend: Vec<(String, String)>,
    /// What is not drawn, and why.
    pub(super) lacking: Vec<String>,
}

/// An image that is shown as a picture.
pub(super) struct Case {
    pub(super) title: String,
    /// What is said beside it, a line each.
    pub(super) lines: Vec<String>,
    /// What a reader hears who does not see it.
    pub(super) label: String,
    /// Base64.
    pub(super) png: String,
    /// In CSS pixels.
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Part {
    pub(super) fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, title, ..Self::default() }
    }

    /// Without anything but the reason why.
    pub(super) fn lacking(self, reason: impl Into<String>) -> Self {
        let mut part = self;
        part.lacking.push(reason.into());
        part
    }

    /// Adds a table of texts.
    pub(super) fn table(&mut self, id: impl Into<String>, title: impl Into<String>, grid: &Grid, note: &str) {
        let numeric = |column: usize| grid.header.get(column).is_some_and(|column| column.is_numeric);
        // Spaces at the beginning of a name make it a part of the row above.
        let text = |text: &String| {
            let rest = text.trim_start();
            "\u{a0}".repeat(text.len() - rest.len()) + rest
        };
        let columns = grid.header.iter();
        self.tables.push(TableView {
            id: id.into(),
            title: title.into(),
            columns: columns
                .map(|column| ColumnView { name: column.name.clone(), numeric: column.is_numeric })
                .collect(),
            rows: grid
                .rows
                .iter()
                .map(|row| {
                    let missing = grid.header.len().saturating_sub(row.len());
                    let cells = row.iter().map(text).chain(std::iter::repeat_n(String::new(), missing)).enumerate();
                    cells.map(|(column, text)| CellView::new(text, numeric(column))).collect()
                })
                .collect(),
            note: runs(note),
            file: None,
        });
    }
}

/// "1 image", "2 images".
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
