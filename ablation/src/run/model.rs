//! The content of a report as data: sections of text, findings, tables and figures.
//!
//! The drawings, the page and the files are all made from this, so `results.json` holds every number that is shown.

use serde::{Deserialize, Serialize};

use super::statistics::{Comparison, Summary};
pub(crate) use crate::report::model::{
    Axis, Cell, Cells, Chart, Figure, Heat, Look, Mark, MarkLook, Paint, Panel, Picture, PictureKind, PictureRow,
    Pictures, Rule, Scale, Series, Table,
};

/// A chapter of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Section {
    /// The anchor in the page and the stem of its files: lower case, digits and hyphens.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    pub(crate) fn new(id: &str, title: impl Into<String>) -> Self {
        Self { id: id.to_owned(), title: title.into(), blocks: Vec::new() }
    }

    /// The findings, for the summary.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Finding(finding) => Some(finding),
            _ => None,
        })
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    pub(crate) fn finding(&mut self, finding: Finding) {
        self.blocks.push(Block::Finding(finding));
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    pub(crate) fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(figure));
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    Finding(Finding),
    Table(Table),
    Figure(Figure),
}

/// A sentence with numbers, and the comparisons that support it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) sentence: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) comparisons: Vec<Comparison>,
}

impl Finding {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), comparisons: Vec::new() }
    }

    pub(crate) fn from_comparisons(sentence: impl Into<String>, comparisons: Vec<Comparison>) -> Self {
        Self { sentence: sentence.into(), comparisons }
    }
}

impl Cell {
    /// A summary over a number of seeds; for one seed a plain number.
    pub(crate) fn summary(summary: Summary, decimals: usize, seeds: usize) -> Self {
        let Summary { mean, low, high, n } = summary;
        match seeds {
            1 => Cell::number(mean, decimals),
            _ => Cell::Spread { mean, low, high, decimals, seeds: (n < seeds).then_some([n, seeds]) },
        }
    }
}
