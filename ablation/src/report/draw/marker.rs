//! The distinguishing marks of the series of a chart: line widths and markers.

use super::palette::Ink;
use super::scene::{Point, Scene};
use crate::report::model::{Chart, Look, Series};

/// The width of a series' line.
pub(super) const LINE: f64 = 2.0;

/// The shape that identifies a series without its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    shape: MarkerShape,
    hollow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MarkerShape {
    Disc,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Cross,
}

impl Marker {
    /// Draws the marker. A disc has this `radius`; the other shapes have about the same area.
    pub(super) fn draw(self, scene: &mut Scene, (x, y): Point, radius: f64, ink: Ink, alpha: f64) {
        match self.shape {
            MarkerShape::Disc if self.hollow => {
                scene.disc((x, y), radius, ink, 1.0);
                scene.disc((x, y), radius - 1.6, Ink::Surface, 1.0);
            }
            MarkerShape::Disc => scene.disc((x, y), radius, ink, alpha),
            MarkerShape::Cross => {
                let arm = 0.95 * radius;
                scene.line((x - arm, y - arm), (x + arm, y + arm), ink, if self.hollow { 1.4 } else { 2.4 });
                scene.line((x - arm, y + arm), (x + arm, y - arm), ink, if self.hollow { 1.4 } else { 2.4 });
            }
            shape => {
                let corners = |radius: f64| {
                    shape.corners().iter().map(|(a, b)| (x + a * radius, y + b * radius)).collect::<Vec<_>>()
                };
                if self.hollow {
                    scene.area(corners(1.08 * radius), ink, 1.0);
                    scene.area(corners(0.5 * radius), Ink::Surface, 1.0);
                } else {
                    scene.area(corners(radius), ink, alpha);
                }
            }
        }
    }
}

impl MarkerShape {
    fn corners(self) -> &'static [Point] {
        match self {
            MarkerShape::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            MarkerShape::Triangle => &[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)],
            MarkerShape::TriangleDown => &[(0.0, 1.25), (1.15, -0.8), (-1.15, -0.8)],
            MarkerShape::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            MarkerShape::Disc | MarkerShape::Cross => &[],
        }
    }
}

/// The marker of a series: by its colour, and hollow if a dashed line or an earlier series has the same colour. A single line needs none.
pub(super) fn marker(chart: &Chart, index: usize) -> Option<Marker> {
    const SHAPES: [MarkerShape; 6] = [
        MarkerShape::Disc,
        MarkerShape::Square,
        MarkerShape::Triangle,
        MarkerShape::Diamond,
        MarkerShape::TriangleDown,
        MarkerShape::Cross,
    ];
    let series = chart.series.get(index)?;
    let needed = match series.look {
        Look::Dots => true,
        Look::Bars | Look::Boxes => false,
        Look::Line | Look::Dashed => {
            series.x.len() == 1 || chart.series.iter().filter(|other| other.look != Look::Bars).count() > 1
        }
    };
    let taken = colour_taken(chart.series.get(..index).unwrap_or_default(), series);
    let hollow = (series.look == Look::Dashed) ^ (series.colour / SHAPES.len() % 2 == 1) ^ taken;
    needed.then(|| Marker { shape: SHAPES[series.colour % SHAPES.len()], hollow })
}

/// Whether an earlier series in the legend has the same colour, so that this one gets the hollow marker.
fn colour_taken(earlier: &[Series], series: &Series) -> bool {
    earlier.iter().any(|other| other.colour == series.colour && other.look == series.look && other.name != series.name)
}
