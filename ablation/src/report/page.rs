//! What pages have in common: their look, and the views that `macros.html` makes figures and tables of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::draw::font::kept_together;
use super::draw::{Drawing, DrawnPanel, Graphic, palette, pictures};
use super::model::{Cell, Figure, Panel, Pictures, Table};
use super::numbers::number;

/// The fonts and the colours of a page, which `style.css` asks for.
pub(crate) struct Look {
    pub(crate) regular: String,
    pub(crate) bold: String,
    pub(crate) light: String,
    pub(crate) dark: String,
}

impl Look {
    pub(crate) fn new() -> Self {
        let (light, dark) = palette::declarations();
        Self { regular: STANDARD.encode(notosans::REGULAR_TTF), bold: STANDARD.encode(notosans::BOLD_TTF), light, dark }
    }
}

/// A part of a paragraph in one style.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) code: bool,
}

/// Splits a text into runs; text between backticks is code.
pub(crate) fn runs(text: &str) -> Vec<Run> {
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

/// A table of texts.
#[derive(Debug)]
pub(crate) struct TableView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) columns: Vec<ColumnView>,
    pub(crate) rows: Vec<Vec<CellView>>,
    pub(crate) note: Vec<Run>,
    /// The file with the same numbers, if there is one.
    pub(crate) file: Option<String>,
}

#[derive(Debug)]
pub(crate) struct ColumnView {
    pub(crate) name: String,
    pub(crate) numeric: bool,
}

#[derive(Debug)]
pub(crate) struct CellView {
    pub(crate) text: String,
    pub(crate) numeric: bool,
    /// The reason for an empty cell.
    pub(crate) missing: Option<String>,
}

impl TableView {
    pub(crate) fn of(table: &Table, file: Option<String>) -> Self {
        let numeric = |column: usize| {
            let mut cells = table.rows.iter().filter_map(|row| row.get(column));
            cells.any(|cell| matches!(cell, Cell::Number { .. } | Cell::Spread { .. }))
        };
        let columns = table.columns.iter().enumerate();
        Self {
            id: table.id.clone(),
            title: table.title.clone(),
            columns: columns.map(|(index, name)| ColumnView { name: name.clone(), numeric: numeric(index) }).collect(),
            rows: table.rows.iter().map(|row| row.iter().map(CellView::of).collect()).collect(),
            note: runs(&table.note),
            file,
        }
    }
}

impl CellView {
    pub(crate) fn new(text: String, numeric: bool) -> Self {
        Self { text, numeric, missing: None }
    }

    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Text(text) => Self::new(kept_together(text), false),
            Cell::Number { value, decimals } => Self::new(number(*value, *decimals), true),
            Cell::Spread { mean, low, high, decimals, seeds } => {
                let [mean, low, high] = [mean, low, high].map(|value| number(*value, *decimals));
                let of = seeds.map_or_else(String::new, |[n, all]| format!(" ({n} of {all} seeds)"));
                Self::new(format!("{mean} [{low}, {high}]{of}"), true)
            }
            Cell::Missing { missing } => Self { text: "–".to_owned(), numeric: true, missing: Some(missing.clone()) },
        }
    }
}

pub(crate) struct FigureView<'a> {
    pub(crate) figure: &'a Figure,
    pub(crate) number: usize,
    pub(crate) columns: usize,
    pub(crate) caption: Vec<Run>,
    pub(crate) panels: Vec<PanelView<'a>>,
    pub(crate) legend: Option<&'a Graphic>,
    /// Files with the same content: path, and what it is.
    pub(crate) files: Vec<(String, &'static str)>,
}

pub(crate) enum PanelView<'a> {
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

pub(crate) struct PictureView<'a> {
    pub(crate) png: String,
    pub(crate) label: String,
    pub(crate) note: &'a str,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl<'a> FigureView<'a> {
    /// A drawn figure, by its number on the page.
    pub(crate) fn new(
        figure: &'a Figure,
        drawing: &'a Drawing,
        number: usize,
        files: Vec<(String, &'static str)>,
    ) -> Self {
        let panels = figure.panels.iter().zip(&drawing.panels);
        Self {
            figure,
            number,
            columns: figure.columns.clamp(1, figure.panels.len().max(1)),
            caption: runs(&figure.caption),
            panels: panels.filter_map(|(panel, drawn)| panel_view(figure, panel, drawn)).collect(),
            legend: drawing.legend.as_ref(),
            files,
        }
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
