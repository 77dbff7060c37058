//! From the parts of the page to HTML.

use askama::Template;

use super::contents::{Case, Part};
use super::{Content, agreement, distribution, facts, scores, thresholds, worst};
use crate::report::draw::{self, Drawing};
use crate::report::page::{FigureView, Look, PanelView, Run, TableView, runs};
use crate::score::ScoreError;
use crate::score::inputs::Broken;

/// So many pairs of files, and so many warnings, are listed.
const MOST_LISTED: usize = 200;

#[derive(Template)]
#[template(path = "score.html")]
struct Page<'a> {
    title: String,
    facts: Vec<(&'static str, String)>,
    broken: &'a [Broken],
    warnings: &'a [String],
    points: Vec<Vec<Run>>,
    sections: Vec<PartView<'a>>,
    files: Vec<&'a [String; 2]>,
    more_files: usize,
    look: Look,
}

struct PartView<'a> {
    part: &'a Part,
    text: Vec<Vec<Run>>,
    lacking: Vec<Vec<Run>>,
    figures: Vec<FigureView<'a>>,
    tables: &'a [TableView],
    cases: &'a [Case],
}

pub(super) fn render(content: &Content<'_>) -> Result<String, ScoreError> {
    let parts = [
        scores::part(content),
        distribution::part(content),
        agreement::part(content),
        thresholds::part(content),
        worst::part(content)?,
    ];
    let failed = |error: &dyn std::fmt::Display| ScoreError::Page(error.to_string());
    let mut drawings: Vec<Vec<Drawing>> = Vec::new();
    for part in &parts {
        let drawn = part.figures.iter().map(|figure| draw::lay(figure)?.drawing());
        drawings.push(drawn.collect::<Result<_, _>>().map_err(|error| failed(&error))?);
    }
    let mut number = 0;
    let mut views = Vec::new();
    for (part, drawings) in parts.iter().zip(&drawings) {
        let texts = |texts: &[String]| texts.iter().map(|text| runs(text)).collect();
        let mut figures = Vec::new();
        for (figure, drawing) in part.figures.iter().zip(drawings) {
            number += 1;
            figures.push(FigureView::new(figure, drawing, number, Vec::new()));
        }
        views.push(PartView {
            part,
            text: texts(&part.text),
            lacking: texts(&part.lacking),
            figures,
            tables: &part.tables,
            cases: &part.cases,
        });
    }
    let files = content.files();
    let page = Page {
        title: facts::title(content),
        facts: facts::facts(content),
        broken: content.broken,
        warnings: content.warnings,
        points: facts::points(content).iter().map(|point| runs(point)).collect(),
        sections: views,
        more_files: files.len().saturating_sub(MOST_LISTED),
        files: files.into_iter().take(MOST_LISTED).collect(),
        look: Look::new(),
    };
    page.render().map_err(|error| failed(&error))
}
