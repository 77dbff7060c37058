//! A value over two axes as colour, with a bar that shows the values of the colours.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

use crate::report::model::Heat;
use crate::report::numbers::power_of_ten;

use super::axis::{Room, Ruler};
use super::bitmap::Bitmap;
use super::font::wrap;
use super::frame::{Frame, LABEL, LEADING, Margins, SMALL, Size};
use super::palette::Ink;
use super::scene::{Anchor, Direction, Scene};

/// The pixels of the image per unit.
const FINE: f64 = 2.0;

/// A heat map with known axes.
pub(super) struct Plan<'a> {
    heat: &'a Heat,
    value: Ruler,
    pub(super) frame: Frame<'a>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(heat: &'a Heat, size: Size) -> Self {
        let values = heat.values.iter().flatten().flatten().copied();
        let value = Ruler::new(&heat.value, values, Room::Tight);
        let x = Ruler::new(
            &heat.x,
            edges(&heat.x_values, &Ruler::new(&heat.x, std::iter::empty(), Room::Tight)),
            Room::Tight,
        );
        let y = Ruler::new(
            &heat.y,
            edges(&heat.y_values, &Ruler::new(&heat.y, std::iter::empty(), Room::Tight)),
            Room::Tight,
        );
        Self {
            heat,
            value,
            frame: Frame::new(&heat.title, (&heat.x, x), (&heat.y, y.read_from_top()), &[], size).without_grid(),
        }
    }

    pub(super) fn draw(&self, margins: Margins) -> Scene {
        let mut scene = self.frame.draw(margins);
        let plot = self.frame.plot(margins);
        let (width, height) = (plot.right - plot.left, plot.bottom - plot.top);
        let columns = cells(&self.heat.x_values, &self.frame.x, (width * FINE) as usize);
        let mut rows = cells(&self.heat.y_values, &self.frame.y, (height * FINE) as usize);
        rows.reverse();
        let image = Bitmap::from_colours(columns.len(), rows.len(), |x, y| {
            let cell = |at: &[Option<usize>], index: usize| at.get(index).copied().flatten();
            let value = cell(&rows, y)
                .zip(cell(&columns, x))
                .and_then(|(row, column)| self.heat.values.get(row)?.get(column).copied().flatten());
            self.colour(value, x, y)
        });
        scene.image((plot.left, plot.top), (width, height), image);
        let outline = [
            (plot.left, plot.top),
            (plot.right, plot.top),
            (plot.right, plot.bottom),
            (plot.left, plot.bottom),
            (plot.left, plot.top),
        ];
        scene.path(outline, Ink::Axis, 1.0, super::scene::Stroke::Solid);
        let bar = self.bar(scene.width, plot.left, plot.right);
        let below = scene.height + 6.0;
        scene.place(&bar, (0.0, below));
        scene.height = below + bar.height;
        scene
    }

    fn colour(&self, value: Option<f64>, x: usize, y: usize) -> (u8, u8, u8) {
        match value.and_then(|value| self.value.space(value)) {
            Some(at) => viridis(self.value.share(at)),
            None => hatch(x, y),
        }
    }

    /// The label, the bar, its ticks, and the meaning of the hatching if there is any.
    fn bar(&self, width: f64, left: f64, right: f64) -> Scene {
        const THICK: f64 = 14.0;
        let (ticks, power) = self.value.ticks(((right - left) / 80.0) as usize);
        let label = match power {
            Some(power) => format!("{} (×{})", self.heat.value.label, power_of_ten(power)),
            None => self.heat.value.label.clone(),
        };
        let lines = wrap(&label, LABEL, width);
        let top = lines.len() as f64 * LEADING * LABEL + 4.0;
        let mut scene = Scene::new(width, top + THICK + 8.0 + LEADING * SMALL);
        for (line, text) in lines.iter().enumerate() {
            let at = ((left + right) / 2.0, LABEL + line as f64 * LEADING * LABEL);
            scene.text(at, text, LABEL, Ink::Muted, Anchor::Middle, Direction::Across);
        }
        let steps = ((right - left) * FINE) as usize;
        let image = Bitmap::from_colours(steps, 1, |x, _| viridis(x as f64 / (steps.max(2) - 1) as f64));
        scene.image((left, top), (right - left, THICK), image);
        for tick in ticks {
            let x = left + self.value.share(tick.at) * (right - left);
            scene.line((x, top + THICK), (x, top + THICK + 4.0), Ink::Axis, 1.0);
            let at = (x, top + THICK + 5.0 + SMALL);
            scene.text(at, &tick.label, SMALL, Ink::Muted, Anchor::Middle, Direction::Across);
        }
        let gaps =
            self.heat.values.iter().flatten().any(|value| value.and_then(|value| self.value.space(value)).is_none());
        if gaps {
            let y = scene.height + 6.0;
            scene.height = y + LEADING * SMALL + 2.0;
            scene.image((left, y), (22.0, 14.0), Bitmap::from_colours(44, 28, hatch));
            scene.text((left + 30.0, y + 12.0), "no number", SMALL, Ink::Text, Anchor::Start, Direction::Across);
        }
        scene
    }
}

fn viridis(share: f64) -> (u8, u8, u8) {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let RGBColor(red, green, blue) = ViridisRGB.get_color(share);
    (red, green, blue)
}

fn hatch(x: usize, y: usize) -> (u8, u8, u8) {
    if (x + y) % 12 < 3 { (120, 124, 130) } else { (196, 199, 204) }
}

/// The edges of cells whose middles are given, in the axis's own space: halfway between the middles, and as far outside.
fn borders(middles: &[f64], ruler: &Ruler) -> Vec<f64> {
    let at: Vec<f64> = middles.iter().filter_map(|middle| ruler.space(*middle)).collect();
    let (Some(first), Some(last)) = (at.first(), at.last()) else { return Vec::new() };
    let half = |pair: Option<&[f64]>| pair.map_or(0.5, |pair| (pair[1] - pair[0]) / 2.0);
    let mut borders = vec![first - half(at.get(..2))];
    borders.extend(at.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0));
    borders.push(last + half(at.len().checked_sub(2).and_then(|from| at.get(from..))));
    borders
}

/// The outermost edges, as values.
fn edges(middles: &[f64], ruler: &Ruler) -> impl Iterator<Item = f64> {
    let borders = borders(middles, ruler);
    let value = |at: f64| match ruler.scale {
        crate::report::model::Scale::Linear => at,
        crate::report::model::Scale::Log => 10_f64.powf(at),
    };
    let ends = [borders.first().copied(), borders.last().copied()].map(|end| end.map(value));
    ends.into_iter().flatten()
}

/// The cell of each pixel along an axis.
fn cells(middles: &[f64], ruler: &Ruler, pixels: usize) -> Vec<Option<usize>> {
    let borders = borders(middles, ruler);
    (0..pixels)
        .map(|pixel| {
            let at = ruler.low + (pixel as f64 + 0.5) / pixels as f64 * (ruler.high - ruler.low);
            let below = borders.partition_point(|border| *border <= at);
            (below > 0 && below < borders.len()).then(|| below - 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Axis;

    #[test]
    fn cells_meet_halfway() {
        let ruler = Ruler::new(&Axis::linear(""), [0.0, 8.0].into_iter(), Room::Tight);
        // Borders at 0.5, 1.5, 4, 8.
        let cells = cells(&[1.0, 2.0, 6.0], &ruler, 16);
        let expected = [None, Some(0), Some(0), Some(1), Some(1), Some(1), Some(1), Some(1)];
        assert_eq!(cells[..8], expected);
        assert!(cells[8..].iter().all(|cell| *cell == Some(2)));
    }

    #[test]
    fn edges_of_a_log_axis_are_of_even_ratio() {
        let ruler = Ruler::new(&Axis::log(""), std::iter::empty(), Room::Tight);
        let found: Vec<f64> = edges(&[0.01, 0.1, 1.0], &ruler).collect();
        assert!((found[0] - 10_f64.powf(-2.5)).abs() < 1e-12 && (found[1] - 10_f64.powf(0.5)).abs() < 1e-9);
    }
}
