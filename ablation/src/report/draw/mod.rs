//! The drawings of figures, laid out here and drawn by plotters as SVG and as pixels.

mod axis;
mod bearings;
mod bitmap;
pub(crate) mod boxes;
mod cells;
pub(crate) mod chart;
pub(crate) mod font;
mod frame;
mod heat;
mod legend;
mod marker;
pub(crate) mod palette;
pub(crate) mod pictures;
mod scene;

use std::fmt::Display;

use self::frame::{Frame, LEADING, Margins, Size};
use self::palette::Ink;
use self::scene::{Anchor, Direction, Scene, Use};
use crate::report::model::{Chart, Figure, Panel};

/// The reason why a drawing failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DrawError(String);

impl DrawError {
    pub(crate) fn new(cause: impl Display) -> Self {
        Self(cause.to_string())
    }
}

/// A figure as the page has it.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) panels: Vec<DrawnPanel>,
    /// The legend of all panels, if they share one.
    pub(crate) legend: Option<Graphic>,
}

/// The whole figure below its title, as files.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// `None` if it has pictures, which would be thousands of rectangles.
    pub(crate) svg: Option<String>,
    pub(crate) png: Vec<u8>,
}

#[derive(Debug)]
pub(crate) enum DrawnPanel {
    Graphic(Graphic),
    /// The PNG of each, by row.
    Pictures(Vec<Vec<Vec<u8>>>),
}

/// The drawing for the page: laid out for a wide screen and, if that is too wide for a phone, for a narrow one.
#[derive(Debug)]
pub(crate) struct Graphic {
    pub(crate) wide: Svg,
    pub(crate) narrow: Option<Svg>,
}

#[derive(Debug)]
pub(crate) struct Svg {
    pub(crate) text: String,
    /// The width in CSS pixels, as laid out.
    pub(crate) width: f64,
}

impl Graphic {
    fn of(wide: &Scene, narrow: &Scene) -> Result<Self, DrawError> {
        let narrow = if wide.width > 1.1 * NARROW.width { Some(Svg::of(narrow)?) } else { None };
        Ok(Self { wide: Svg::of(wide)?, narrow })
    }
}

impl Svg {
    fn of(scene: &Scene) -> Result<Self, DrawError> {
        Ok(Self { text: palette::by_variables(&scene.svg(Use::Page)?), width: scene.width })
    }
}

enum Plan<'a> {
    Chart(chart::Plan<'a>, &'a Chart),
    Heat(heat::Plan<'a>),
    Cells(cells::Plan<'a>),
    Pictures(Scene),
}

/// The gap between panels.
const GAP: f64 = 28.0;

/// The pixels of a PNG per CSS pixel.
const DENSITY: usize = 2;

/// The size of panels on a phone.
const NARROW: Size = Size { width: 380.0, plot_height: 240.0 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrangement {
    SideBySide,
    Stacked,
}

/// The panels in order, and the legend that they share.
struct Layout {
    panels: Vec<Scene>,
    legend: Option<Scene>,
}

/// A figure whose parts have their places.
pub(crate) struct Laid<'a> {
    figure: &'a Figure,
    columns: usize,
    wide: Layout,
    narrow: Layout,
}

/// Gives the parts of a figure their places.
pub(crate) fn lay(figure: &Figure) -> Result<Laid<'_>, DrawError> {
    font::register()?;
    let columns = figure.columns.clamp(1, figure.panels.len().max(1));
    let size = size(figure, columns);
    let arrangement = if columns > 1 { Arrangement::SideBySide } else { Arrangement::Stacked };
    let wide = lay_out(figure, size, arrangement, columns as f64 * (size.width + GAP) - GAP);
    let narrow = Size { plot_height: NARROW.plot_height.max(least_height(figure)), ..NARROW };
    let narrow = lay_out(figure, narrow, Arrangement::Stacked, NARROW.width);
    Ok(Laid { figure, columns, wide, narrow })
}

impl Laid<'_> {
    /// The panels and the legend for the page.
    pub(crate) fn drawing(&self) -> Result<Drawing, DrawError> {
        let mut panels = Vec::new();
        for ((wide, narrow), panel) in self.wide.panels.iter().zip(&self.narrow.panels).zip(&self.figure.panels) {
            panels.push(match panel {
                Panel::Pictures(pictures) => {
                    let rows = pictures.rows.iter().map(|row| {
                        let pngs = row.pictures.iter().map(|picture| pictures::bitmap(picture).png());
                        pngs.collect::<Result<Vec<_>, _>>()
                    });
                    DrawnPanel::Pictures(rows.collect::<Result<_, _>>()?)
                }
                _ => DrawnPanel::Graphic(Graphic::of(wide, narrow)?),
            });
        }
        let legend = self.wide.legend.as_ref().zip(self.narrow.legend.as_ref());
        Ok(Drawing { panels, legend: legend.map(|(wide, narrow)| Graphic::of(wide, narrow)).transpose()? })
    }

    /// The whole figure as files.
    pub(crate) fn sheet(&self) -> Result<Sheet, DrawError> {
        let whole = whole(self.figure, &self.wide, self.columns);
        let pictured = self.figure.panels.iter().any(|panel| matches!(panel, Panel::Pictures(_)));
        Ok(Sheet { svg: if pictured { None } else { Some(whole.svg(Use::File)?) }, png: whole.bitmap(DENSITY)?.png()? })
    }
}

fn lay_out(figure: &Figure, size: Size, arrangement: Arrangement, legend_width: f64) -> Layout {
    let plans: Vec<Plan> = figure
        .panels
        .iter()
        .map(|panel| match panel {
            Panel::Chart(chart) => Plan::Chart(chart::Plan::new(chart, size), chart),
            Panel::Heat(heat) => Plan::Heat(heat::Plan::new(heat, size)),
            Panel::Cells(cells) => Plan::Cells(cells::Plan::new(cells, size)),
            Panel::Pictures(pictures) => Plan::Pictures(pictures::draw(pictures, figure.columns)),
        })
        .collect();
    let charts = plans.iter().filter_map(|plan| match plan {
        Plan::Chart(_, chart) => Some(*chart),
        _ => None,
    });
    let shared = legend::shared(charts);
    let margins = margins(&plans, arrangement);
    let panels = plans.iter().zip(margins).map(|(plan, margins)| match plan {
        Plan::Chart(plan, chart) => {
            let mut scene = plan.draw(margins);
            if shared.is_none() {
                append(&mut scene, &legend::draw(&legend::entries(chart), size.width));
            }
            scene
        }
        Plan::Heat(plan) => plan.draw(margins),
        Plan::Cells(plan) => plan.draw(margins),
        Plan::Pictures(scene) => scene.clone(),
    });
    let panels = panels.collect();
    let legend = shared.map(|entries| legend::draw(&entries, legend_width)).filter(|legend| legend.height > 0.0);
    Layout { panels, legend }
}

/// Panels are narrower if more of them are side by side, so that their text has about the same size on the page.
fn size(figure: &Figure, columns: usize) -> Size {
    let heats_only = figure.panels.iter().all(|panel| matches!(panel, Panel::Heat(_)));
    let (width, plot_height): (f64, f64) = match columns {
        0 | 1 if heats_only => (660.0, 340.0),
        0 | 1 => (940.0, 330.0),
        2 => (500.0, 260.0),
        3 => (345.0, 220.0),
        _ => (262.0, 190.0),
    };
    Size { width, plot_height: plot_height.max(least_height(figure)) }
}

/// The height of a row for each name of a y axis.
fn least_height(figure: &Figure) -> f64 {
    let names = figure.panels.iter().map(|panel| match panel {
        Panel::Chart(chart) => chart.y.categories.len(),
        Panel::Heat(heat) => heat.y.categories.len(),
        Panel::Cells(cells) => cells.y.categories.len(),
        Panel::Pictures(_) => 0,
    });
    28.0 * names.max().unwrap_or(0) as f64
}

/// The margins of each panel. Plots above each other share their left and right edges, and plots side by side their upper and lower ones too.
fn margins(plans: &[Plan], arrangement: Arrangement) -> Vec<Margins> {
    let frames: Vec<Option<&Frame>> = plans
        .iter()
        .map(|plan| match plan {
            Plan::Chart(plan, _) => Some(&plan.frame),
            Plan::Heat(plan) => Some(&plan.frame),
            Plan::Cells(plan) => Some(&plan.frame),
            Plan::Pictures(_) => None,
        })
        .collect();
    let sides = frames.iter().flatten().fold(Margins::default(), |margins, frame| margins.or(frame.sides()));
    let own = frames.iter().map(|frame| frame.map_or(sides, |frame| frame.ends(sides)));
    match arrangement {
        Arrangement::Stacked => own.collect(),
        Arrangement::SideBySide => {
            let all = own.fold(sides, Margins::or);
            frames.iter().map(|_| all).collect()
        }
    }
}

fn append(scene: &mut Scene, below: &Scene) {
    let top = scene.height;
    scene.place(below, (0.0, top));
    scene.height += below.height;
}

/// All panels below the figure's title, as in the files.
fn whole(figure: &Figure, Layout { panels: scenes, legend }: &Layout, columns: usize) -> Scene {
    const MARGIN: f64 = 16.0;
    const SIZE: f64 = 18.0;
    let column_width = scenes.iter().map(|scene| scene.width).fold(0.0, f64::max);
    let width = (columns as f64 * (column_width + GAP) - GAP).max(legend.as_ref().map_or(0.0, |legend| legend.width));
    let mut whole = Scene::new(width + 2.0 * MARGIN, 0.0);
    let mut y = MARGIN;
    for line in font::wrap(&figure.title, SIZE, width) {
        whole.text((MARGIN, y + SIZE), &line, SIZE, Ink::Text, Anchor::Start, Direction::Across);
        y += LEADING * SIZE;
    }
    y += 8.0;
    for row in scenes.chunks(columns) {
        for (column, scene) in row.iter().enumerate() {
            whole.place(scene, (MARGIN + column as f64 * (column_width + GAP), y));
        }
        y += row.iter().map(|scene| scene.height).fold(0.0, f64::max) + GAP;
    }
    y -= GAP;
    if let Some(legend) = legend {
        whole.place(legend, (MARGIN, y + 4.0));
        y += legend.height + 4.0;
    }
    whole.height = (y + MARGIN).ceil();
    whole
}
