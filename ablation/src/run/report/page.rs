//! The page: the data that fills the template.

use std::path::{Path, PathBuf};

use askama::Template;

use super::{Heading, ReportError};
use crate::report::draw::Drawing;
use crate::report::numbers::{decimals_for, number};
use crate::report::page::{FigureView, Look, PanelView, Run, TableView, runs};
use crate::run::exercises::OVERVIEW;
use crate::run::model::{Block, Figure, Finding, Section};
use crate::run::statistics::Comparison;

/// The summary fits on a page: it shows this many findings of an exercise, and the first one of other sections.
const OF_EXERCISE: usize = 4;
/// The largest number of decimals that a column of intervals has room for.
const MOST_DECIMALS: usize = 6;

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    heading: &'a Heading,
    /// The section before the summary, if there is one.
    overview: Option<SectionView<'a>>,
    /// The sections with findings, and their sentences.
    summary: Vec<Summary<'a>>,
    sections: Vec<SectionView<'a>>,
    data: Vec<String>,
    look: Look,
}

struct Summary<'a> {
    section: &'a Section,
    sentences: Vec<Vec<Run>>,
}

struct SectionView<'a> {
    section: &'a Section,
    blocks: Vec<BlockView<'a>>,
}

enum BlockView<'a> {
    Text(Vec<Run>),
    Finding { sentence: Vec<Run>, comparisons: Vec<ComparisonView<'a>> },
    Table(TableView),
    Figure(FigureView<'a>),
}

struct ComparisonView<'a> {
    comparison: &'a Comparison,
    seeds: usize,
    mean: String,
    bootstrap: String,
    student: String,
    p: String,
    other_sign: String,
    effect: String,
    verdict: String,
}

pub(super) fn render(
    heading: &Heading,
    sections: &[Section],
    drawings: &[Drawing],
    written: &[PathBuf],
) -> Result<String, ReportError> {
    let mut figures = drawings.iter().zip(1..);
    let names: Vec<String> = written.iter().map(|path| slashes(path)).collect();
    let mut views: Vec<SectionView<'_>> = Vec::new();
    for section in sections {
        let blocks = section.blocks.iter().filter_map(|block| view(block, &mut figures, &names)).collect();
        views.push(SectionView { section, blocks });
    }
    let is_overview = views.first().is_some_and(|view| view.section.id == OVERVIEW);
    let overview = if is_overview { Some(views.remove(0)) } else { None };
    let page = Page {
        heading,
        overview,
        summary: sections
            .iter()
            .filter(|section| section.id != OVERVIEW)
            .map(|section| Summary {
                section,
                sentences: section
                    .findings()
                    .take(if section.id.starts_with("exercise-") { OF_EXERCISE } else { 1 })
                    .map(|finding| runs(&finding.sentence))
                    .collect(),
            })
            .filter(|summary| !summary.sentences.is_empty())
            .collect(),
        sections: views,
        data: names.iter().filter(|name| name.ends_with(".csv")).cloned().collect(),
        look: Look::new(),
    };
    Ok(page.render()?)
}

/// A path as it is written in a link.
fn slashes(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn view<'a>(
    block: &'a Block,
    drawings: &mut impl Iterator<Item = (&'a Drawing, usize)>,
    written: &[String],
) -> Option<BlockView<'a>> {
    Some(match block {
        Block::Text(text) => BlockView::Text(runs(text)),
        Block::Finding(Finding { sentence, comparisons }) => BlockView::Finding {
            sentence: runs(sentence),
            comparisons: comparisons.iter().map(comparison_view).collect(),
        },
        Block::Table(table) => BlockView::Table(TableView::of(table, Some(format!("data/{}.csv", table.id)))),
        Block::Figure(figure) => {
            let (drawing, number) = drawings.next()?;
            BlockView::Figure(FigureView::new(figure, drawing, number, files(figure, written)))
        }
    })
}

fn comparison_view(comparison: &Comparison) -> ComparisonView<'_> {
    // Two digits of the narrowest interval's half width, or three of the mean if there is no interval.
    let widths = [comparison.bootstrap, comparison.student].into_iter().flatten().map(|[low, high]| (high - low) / 2.0);
    let narrowest = widths.filter(|width| *width > 0.0).fold(f64::INFINITY, f64::min);
    let decimals = if narrowest.is_finite() { decimals_for(narrowest, 2) } else { decimals_for(comparison.mean, 3) };
    let decimals = decimals.min(MOST_DECIMALS);
    let signed =
        |value: f64| if value > 0.0 { format!("+{}", number(value, decimals)) } else { number(value, decimals) };
    let interval = |ends: Option<[f64; 2]>| {
        ends.map_or("—".to_owned(), |[low, high]| format!("[{}, {}]", signed(low), signed(high)))
    };
    let verdict = comparison.better().map_or("no clear difference".to_owned(), |better| format!("{better} better"));
    ComparisonView {
        comparison,
        seeds: comparison.differences.len(),
        mean: signed(comparison.mean),
        bootstrap: interval(comparison.bootstrap),
        student: interval(comparison.student),
        p: comparison.adjusted_p.map_or_else(|| "—".to_owned(), |p| number(p, 4)),
        other_sign: comparison.other_sign.map_or_else(|| "—".to_owned(), |share| number(share, 4)),
        effect: comparison
            .by_image
            .as_ref()
            .and_then(|by_image| by_image.effect)
            .map_or_else(|| "—".to_owned(), |effect| number(effect, 2)),
        verdict,
    }
}

/// The files of a figure that were written: its drawing, and its numbers.
fn files(figure: &Figure, written: &[String]) -> Vec<(String, &'static str)> {
    let candidates = [
        (format!("figures/{}.svg", figure.id), "SVG"),
        (format!("figures/{}.png", figure.id), "PNG"),
        (format!("data/{}.csv", figure.id), "data as CSV"),
        (format!("data/{}-heat.csv", figure.id), "heat map as CSV"),
        (format!("data/{}-cells.csv", figure.id), "cells as CSV"),
    ];
    candidates.into_iter().filter(|(name, _)| written.contains(name)).collect()
}
