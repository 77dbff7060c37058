//! The page: the data that fills the template.

use std::path::{Path, PathBuf};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::draw::font::kept_together;
use super::draw::{Drawing, DrawnPanel, Graphic, palette, pictures};
use super::{Heading, ReportError};
use crate::run::exercises::OVERVIEW;
use crate::run::model::{Block, Cell, Figure, Finding, Panel, Pictures, Section, Table};
use crate::run::numbers::{decimals_for, number};
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
    regular: String,
    bold: String,
    light: String,
    dark: String,
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
    Table { table: &'a Table, columns: Vec<ColumnView<'a>>, rows: Vec<Vec<CellView>>, note: Vec<Run> },
    Figure(FigureView<'a>),
}

/// A part of a paragraph in one style.
struct Run {
    text: String,
    code: bool,
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

struct ColumnView<'a> {
    name: &'a str,
    numeric: bool,
}

struct CellView {
    text: String,
    numeric: bool,
    /// The reason for an empty cell.
    missing: Option<String>,
}

struct FigureView<'a> {
    figure: &'a Figure,
    number: usize,
    columns: usize,
    caption: Vec<Run>,
    panels: Vec<PanelView<'a>>,
    legend: Option<&'a Graphic>,
    files: Vec<(String, &'static str)>,
}

enum PanelView<'a> {
    Graphic {
        graphic: &'a Graphic,
        label: String,
        most: usize,
    },
    Pictures {
        pictures: &'a Pictures,
        columns: Vec<String>,
        /// Whether rows have names; if not, the pictures use their place.
        has_row_names: bool,
        has_column_names: bool,
        side: usize,
        rows: Vec<(&'a str, Vec<PictureView<'a>>)>,
        legend: Vec<(String, &'a str)>,
    },
}

struct PictureView<'a> {
    png: String,
    label: String,
    note: &'a str,
    width: usize,
    height: usize,
}

pub(super) fn render(
    heading: &Heading,
    sections: &[Section],
    drawings: &[Drawing],
    written: &[PathBuf],
) -> Result<String, ReportError> {
    let (light, dark) = palette::declarations();
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
        regular: STANDARD.encode(notosans::REGULAR_TTF),
        bold: STANDARD.encode(notosans::BOLD_TTF),
        light,
        dark,
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
        Block::Table(table) => table_view(table),
        Block::Figure(figure) => {
            let (drawing, number) = drawings.next()?;
            BlockView::Figure(figure_view(figure, drawing, number, written))
        }
    })
}

/// Splits a text into runs; text between backticks is code.
fn runs(text: &str) -> Vec<Run> {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return vec![Run { text: text.to_owned(), code: false }]; // a backtick without a second one
    }
    let runs = pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty());
    runs.map(|(index, piece)| {
        let code = index % 2 == 1;
        Run { text: if code { (*piece).to_owned() } else { kept_together(piece) }, code }
    })
    .collect()
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

fn table_view(table: &Table) -> BlockView<'_> {
    let rows: Vec<Vec<CellView>> = table.rows.iter().map(|row| row.iter().map(cell_view).collect()).collect();
    let numeric = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column));
        cells.any(|cell| matches!(cell, Cell::Number { .. } | Cell::Spread { .. }))
    };
    let columns = table.columns.iter().enumerate();
    BlockView::Table {
        table,
        columns: columns.map(|(index, name)| ColumnView { name, numeric: numeric(index) }).collect(),
        rows,
        note: runs(&table.note),
    }
}

fn cell_view(cell: &Cell) -> CellView {
    let view = |text: String, numeric: bool| CellView { text, numeric, missing: None };
    match cell {
        Cell::Text(text) => view(kept_together(text), false),
        Cell::Number { value, decimals } => view(number(*value, *decimals), true),
        Cell::Spread { mean, low, high, decimals, seeds } => {
            let [mean, low, high] = [mean, low, high].map(|value| number(*value, *decimals));
            let of = seeds.map_or_else(String::new, |[n, all]| format!(" ({n} of {all} seeds)"));
            view(format!("{mean} [{low}, {high}]{of}"), true)
        }
        Cell::Missing { missing } => CellView { text: "–".to_owned(), numeric: true, missing: Some(missing.clone()) },
    }
}

fn figure_view<'a>(figure: &'a Figure, drawing: &'a Drawing, number: usize, written: &[String]) -> FigureView<'a> {
    let panels =
        figure.panels.iter().zip(&drawing.panels).filter_map(|(panel, drawn)| panel_view(figure, panel, drawn));
    let candidates = [
        (format!("figures/{}.svg", figure.id), "SVG"),
        (format!("figures/{}.png", figure.id), "PNG"),
        (format!("data/{}.csv", figure.id), "data as CSV"),
        (format!("data/{}-heat.csv", figure.id), "heat map as CSV"),
        (format!("data/{}-cells.csv", figure.id), "cells as CSV"),
    ];
    FigureView {
        figure,
        number,
        columns: figure.columns.clamp(1, figure.panels.len().max(1)),
        caption: runs(&figure.caption),
        panels: panels.collect(),
        legend: drawing.legend.as_ref(),
        files: candidates.into_iter().filter(|(name, _)| written.contains(name)).collect(),
    }
}

fn panel_view<'a>(figure: &'a Figure, panel: &'a Panel, drawn: &'a DrawnPanel) -> Option<PanelView<'a>> {
    match (panel, drawn) {
        (Panel::Pictures(pictures), DrawnPanel::Pictures(pngs)) => Some(pictures_view(pictures, pngs, figure.columns)),
        (Panel::Chart(chart), DrawnPanel::Graphic(graphic)) => {
            Some(graphic_view(figure, &chart.title, &format!("{} against {}", chart.y.label, chart.x.label), graphic))
        }
        (Panel::Heat(heat), DrawnPanel::Graphic(graphic)) => {
            let axes = format!("{} over {} and {}", heat.value.label, heat.x.label, heat.y.label);
            Some(graphic_view(figure, &heat.title, &axes, graphic))
        }
        (Panel::Cells(cells), DrawnPanel::Graphic(graphic)) => {
            let axes = format!("{} by {} and {}", cells.value, cells.y.label, cells.x.label);
            Some(graphic_view(figure, &cells.title, &axes, graphic))
        }
        _ => None,
    }
}

fn graphic_view<'a>(figure: &Figure, title: &str, axes: &str, graphic: &'a Graphic) -> PanelView<'a> {
    let title = if title.is_empty() { &figure.title } else { title };
    let most = (1.1 * graphic.wide.width).round() as usize;
    PanelView::Graphic { graphic, label: format!("{title}: {axes}"), most }
}

fn pictures_view<'a>(pictures: &'a Pictures, pngs: &[Vec<Vec<u8>>], of_figure: usize) -> PanelView<'a> {
    let count = pictures.rows.iter().map(|row| row.pictures.len()).chain([pictures.columns.len()]).max().unwrap_or(0);
    let side = pictures::side(count, of_figure);
    let rows = pictures.rows.iter().zip(pngs).map(|(row, pngs)| {
        let views = row.pictures.iter().zip(pngs).enumerate().map(|(column, (picture, png))| {
            let largest = picture.width.max(picture.height).max(1) as f64;
            let scaled = |pixels: usize| (side * pixels as f64 / largest).round() as usize;
            let parts = [row.name.as_str(), pictures.columns.get(column).map_or("", String::as_str), &picture.note];
            PictureView {
                png: STANDARD.encode(png),
                label: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
                note: &picture.note,
                width: scaled(picture.width),
                height: scaled(picture.height),
            }
        });
        (row.name.as_str(), views.collect())
    });
    PanelView::Pictures {
        pictures,
        columns: pictures.columns.iter().map(|name| kept_together(name)).collect(),
        has_row_names: pictures.rows.iter().any(|row| !row.name.is_empty()),
        has_column_names: pictures.columns.iter().any(|name| !name.is_empty()),
        side: side as usize,
        rows: rows.collect(),
        legend: pictures.legend.iter().map(|(paint, meaning)| (palette::paint_hex(*paint), meaning.as_str())).collect(),
    }
}
