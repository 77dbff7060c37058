//! Tables and figures as data, of which drawings, pages and files are made.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// The stem of its file; unique in the report.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// A remark that the reader needs; may be empty.
    pub(crate) note: String,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Text(String),
    /// A number, and the number of decimals to show.
    Number {
        value: f64,
        decimals: usize,
    },
    /// A mean, with the smallest and the largest value of the seeds.
    Spread {
        mean: f64,
        low: f64,
        high: f64,
        decimals: usize,
        /// The number of seeds, if not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seeds: Option<[usize; 2]>,
    },
    /// There is no such number; a reason in a word or two.
    Missing {
        missing: String,
    },
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A number; a dash if there is none.
    pub(crate) fn number(value: impl Into<Option<f64>>, decimals: usize) -> Self {
        match value.into() {
            Some(value) if value.is_finite() => Cell::Number { value, decimals },
            _ => Cell::Missing { missing: "undefined".to_owned() },
        }
    }
}

/// One or more panels under one caption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The stem of its files; unique in the report.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What the figure shows and how to read it; screen readers read it as well.
    pub(crate) caption: String,
    /// The number of panels side by side on a wide screen.
    pub(crate) columns: usize,
    pub(crate) panels: Vec<Panel>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Panel {
    Chart(Chart),
    Heat(Heat),
    Cells(Cells),
    Pictures(Pictures),
}

/// Series over two axes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chart {
    /// May be empty if the figure has one panel.
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    /// Straight lines across the chart, such as a baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Axis {
    /// The label with its unit: "training step", "|∂L/∂z| per pixel".
    pub(crate) label: String,
    pub(crate) scale: Scale,
    /// The ends of the axis; without them, those of the data, with some room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<[f64; 2]>,
    /// The names at 0, 1, 2, …, if the axis has names instead of numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) categories: Vec<String>,
}

impl Axis {
    pub(crate) fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None, categories: Vec::new() }
    }

    /// A base 10 axis; values that are not above 0 are not drawn.
    pub(crate) fn log(label: impl Into<String>) -> Self {
        Self { scale: Scale::Log, ..Self::linear(label) }
    }

    pub(crate) fn named(label: impl Into<String>, categories: Vec<String>) -> Self {
        Self { categories, ..Self::linear(label) }
    }

    pub(crate) fn range(self, low: f64, high: f64) -> Self {
        Self { range: Some([low, high]), ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scale {
    Linear,
    Log,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// The place in the palette. A loss has the same one in all figures where it stands beside others.
    pub(crate) colour: usize,
    pub(crate) look: Look,
    pub(crate) x: Vec<f64>,
    /// As many as `x`; `None` where there is no number, which breaks the line.
    pub(crate) y: Vec<Option<f64>>,
    /// The smallest and largest of the seeds at each point, or an interval, drawn as a band or a bar; empty, or as many as `x`. They are values of y or,
    /// if the y axis has names, of x.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) spread: Vec<Option<[f64; 2]>>,
}

impl Series {
    pub(crate) fn line(name: impl Into<String>, colour: usize, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (x, y) = points.into_iter().map(|(x, y)| (x, Some(y).filter(|y| y.is_finite()))).unzip();
        Self { name: name.into(), colour, look: Look::Line, x, y, spread: Vec::new() }
    }

    pub(crate) fn look(self, look: Look) -> Self {
        Self { look, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    Line,
    Dashed,
    /// Only markers; the spread is a bar through each.
    Dots,
    Bars,
    /// All points of each place side by side, over a box of their quartiles.
    Boxes,
}

/// A straight line across a chart, with its name beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) at: f64,
    /// Whether it lies at a value of y; otherwise it stands at a value of x.
    pub(crate) horizontal: bool,
}

/// A value over two axes, as colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heat {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// The meaning of the colour, with its unit.
    pub(crate) value: Axis,
    /// The middles of the cells, in ascending order.
    pub(crate) x_values: Vec<f64>,
    pub(crate) y_values: Vec<f64>,
    /// `values[row][column]`, row by `y_values`; `None` where there is no number.
    pub(crate) values: Vec<Vec<Option<f64>>>,
}

/// Marks in the cells of a grid whose rows and columns have names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cells {
    pub(crate) title: String,
    /// Both axes have names.
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// The meaning of a mark's value, with its unit.
    pub(crate) value: String,
    pub(crate) marks: Vec<Mark>,
}

/// A mark in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The places of its names on the axes.
    pub(crate) column: usize,
    pub(crate) row: usize,
    pub(crate) value: f64,
    pub(crate) look: MarkLook,
    /// Written in the cell; may be empty.
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarkLook {
    /// A disc whose area is the value, from 0 to 1, in this colour of the palette.
    Disc(usize),
    /// A filled cell in this colour of the palette.
    Filled(usize),
    /// Only the text.
    Empty,
}

/// Pictures in rows and columns, each with its heading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pictures {
    pub(crate) title: String,
    /// The headings of the columns.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<PictureRow>,
    /// The meaning of the colours, if the pictures are not grey: index in the palette of the picture, and meaning.
    pub(crate) legend: Vec<(Paint, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PictureRow {
    pub(crate) name: String,
    pub(crate) pictures: Vec<Picture>,
}

/// An image of one byte per pixel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) kind: PictureKind,
    /// Written below it, such as "Dice 0.81"; may be empty.
    pub(crate) note: String,
    /// Row by row.
    #[serde(with = "super::bytes::one")]
    pub(crate) pixels: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PictureKind {
    /// Grey values: 0 black, 255 white.
    Grey,
    /// The code of a [`Paint`] for each pixel.
    Painted,
}

/// The meaning of a pixel in a painted picture; its number is the pixel's byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub(crate) enum Paint {
    Background = 0,
    TruePositive = 1,
    FalsePositive = 2,
    FalseNegative = 3,
    /// The foreground of a mask.
    Foreground = 4,
    /// Classes 1 to 4 of a damage map.
    Class1 = 11,
    Class2 = 12,
    Class3 = 13,
    Class4 = 14,
}
