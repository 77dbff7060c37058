//! Lines, dots and bars over two axes.

use crate::report::model::{Axis, Chart, Look, Series};

use super::axis::{Room, Ruler};
use super::boxes;
use super::frame::{Frame, Margins, Plot, Size};
use super::marker::{LINE, marker};
use super::palette::Ink;
use super::scene::{Point, Scene, Stroke};

/// A chart with known axes.
pub(super) struct Plan<'a> {
    chart: &'a Chart,
    pub(super) frame: Frame<'a>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(chart: &'a Chart, size: Size) -> Self {
        let any = |look: fn(Look) -> bool| chart.series.iter().any(|series| look(series.look));
        let lines_only = !any(|look| matches!(look, Look::Dots | Look::Bars | Look::Boxes));
        let bars = any(|look| look == Look::Bars);
        let at = |horizontal| chart.rules.iter().filter(move |rule| rule.horizontal == horizontal).map(|rule| rule.at);
        let shown = |series: &'a Series| points(series).filter(|point| point.y.is_some() || point.spread.is_some());
        // If the y axis has names, the spread lies along the x axis.
        let lying = |point: &SeriesPoint| point.spread.filter(|_| is_named(&chart.y)).into_iter().flatten();
        let standing = |point: &SeriesPoint| point.spread.filter(|_| !is_named(&chart.y)).into_iter().flatten();
        let x_data =
            chart.series.iter().flat_map(shown).flat_map(|point| std::iter::once(point.x).chain(lying(&point)));
        let y_data = chart.series.iter().flat_map(points).flat_map(|point| point.y.into_iter().chain(standing(&point)));
        let x = Ruler::new(&chart.x, x_data.chain(at(false)), if lines_only { Room::Tight } else { Room::Padded });
        let y = Ruler::new(&chart.y, y_data.chain(at(true)), if bars { Room::WithZero } else { Room::Padded });
        Self {
            chart,
            frame: Frame::new(&chart.title, (&chart.x, x), (&chart.y, y.read_from_top()), &chart.rules, size),
        }
    }

    pub(super) fn draw(&self, margins: Margins) -> Scene {
        let mut scene = self.frame.draw(margins);
        let plot = self.frame.plot(margins);
        for series in &self.chart.series {
            if matches!(series.look, Look::Line | Look::Dashed) {
                self.draw_band(&mut scene, plot, series);
            }
        }
        self.draw_beside(&mut scene, plot, Look::Bars);
        self.draw_boxes(&mut scene, plot);
        for (index, series) in self.chart.series.iter().enumerate() {
            if matches!(series.look, Look::Line | Look::Dashed) {
                self.draw_line(&mut scene, plot, index, series);
            }
        }
        if is_named(&self.chart.y) {
            self.draw_lying(&mut scene, plot);
        } else {
            self.draw_beside(&mut scene, plot, Look::Dots);
        }
        scene
    }

    fn x(&self, plot: Plot, value: f64) -> Option<f64> {
        Some(plot.x(self.frame.x.share(self.frame.x.space(value)?)))
    }

    fn y(&self, plot: Plot, value: f64) -> Option<f64> {
        Some(plot.y(self.frame.y.share(self.frame.y.space(value)?)))
    }

    /// The place of a value; at the lower edge if a logarithmic axis has none for it.
    fn y_or_bottom(&self, plot: Plot, value: f64) -> f64 {
        self.y(plot, value).unwrap_or(plot.bottom).clamp(plot.top, plot.bottom)
    }

    fn draw_band(&self, scene: &mut Scene, plot: Plot, series: &Series) {
        let mut upper: Vec<Point> = Vec::new();
        let mut lower: Vec<Point> = Vec::new();
        let mut finish = |upper: &mut Vec<Point>, lower: &mut Vec<Point>| {
            if upper.len() > 1 {
                scene.area(
                    upper.drain(..).chain(lower.drain(..).rev()).collect::<Vec<_>>(),
                    Ink::Series(series.colour),
                    0.2,
                );
            }
            upper.clear();
            lower.clear();
        };
        for point in points(series) {
            match (point.spread, self.x(plot, point.x)) {
                (Some([low, high]), Some(x)) => {
                    upper.push(plot.clamp((x, self.y_or_bottom(plot, high))));
                    lower.push(plot.clamp((x, self.y_or_bottom(plot, low))));
                }
                _ => finish(&mut upper, &mut lower),
            }
        }
        finish(&mut upper, &mut lower);
    }

    fn draw_line(&self, scene: &mut Scene, plot: Plot, index: usize, series: &Series) {
        let stroke = if series.look == Look::Dashed { Stroke::Dashed } else { Stroke::Solid };
        let ink = Ink::Series(series.colour);
        let places: Vec<Option<Point>> =
            points(series).map(|point| Some((self.x(plot, point.x)?, self.y(plot, point.y?)?))).collect();
        for stretch in places.split(Option::is_none) {
            for path in clipped(stretch.iter().flatten().copied(), plot) {
                scene.path(path, ink, LINE, stroke);
            }
        }
        // On a long line only some points have markers, at different points in each series. A point without neighbours always has one.
        let every = if places.len() <= 14 { 1 } else { places.len().div_ceil(7) };
        let lines = self.chart.series.len().max(1);
        let first = if every == 1 { 0 } else { index * every / lines };
        let marker = marker(self.chart, index);
        for (number, place) in places.iter().enumerate() {
            let Some(place) = place.filter(|place| plot.holds(*place)) else { continue };
            let joined = |number: Option<usize>| number.and_then(|number| places.get(number)?.as_ref()).is_some();
            let alone = !joined(number.checked_sub(1)) && !joined(Some(number + 1));
            match marker {
                Some(marker) if alone || number % every == first % every => marker.draw(scene, place, 4.0, ink, 1.0),
                None if alone => scene.disc(place, 2.5, ink, 1.0),
                _ => {}
            }
        }
    }

    /// Draws a dot beside its name, with a horizontal bar of its spread.
    fn draw_lying(&self, scene: &mut Scene, plot: Plot) {
        for (index, series) in self.chart.series.iter().enumerate().filter(|(_, series)| series.look == Look::Dots) {
            let ink = Ink::Series(series.colour);
            for point in points(series) {
                let Some(y) = point.y.and_then(|y| self.y(plot, y)) else { continue };
                if let Some([low, high]) = point.spread
                    && let (Some(low), Some(high)) = (self.x(plot, low), self.x(plot, high))
                {
                    let (low, high) = (low.clamp(plot.left, plot.right), high.clamp(plot.left, plot.right));
                    for (from, to) in
                        [((low, y), (high, y)), ((low, y - 4.0), (low, y + 4.0)), ((high, y - 4.0), (high, y + 4.0))]
                    {
                        scene.line(from, to, ink, 1.5);
                    }
                }
                if let Some(x) = self.x(plot, point.x)
                    && plot.holds((x, y))
                    && let Some(marker) = marker(self.chart, index)
                {
                    marker.draw(scene, (x, y), 4.5, ink, 1.0);
                }
            }
        }
    }

    /// Draws dots or bars; those of several series are beside each other.
    fn draw_beside(&self, scene: &mut Scene, plot: Plot, look: Look) {
        let drawn: Vec<(usize, &Series)> =
            self.chart.series.iter().enumerate().filter(|(_, series)| series.look == look).collect();
        let apart = self.smallest_step(plot, &drawn);
        let count = drawn.len() as f64;
        let beside = match look {
            Look::Bars => true,
            _ => {
                self.frame.x.named()
                    || drawn.windows(2).any(|pair| pair[0].1.x == pair[1].1.x && pair[0].1.x.len() <= 12)
            }
        };
        let step = match look {
            Look::Bars => (0.8 * apart / count).min(48.0),
            _ => (0.76 * apart / count).min(if self.frame.x.named() { 22.0 } else { 9.0 }),
        };
        for (number, (index, series)) in drawn.iter().enumerate() {
            let shift = if beside { (number as f64 - (count - 1.0) / 2.0) * step } else { 0.0 };
            let crowd = points(series).count();
            let (radius, alpha) = if crowd > 60 { (2.8, 0.6) } else { (4.5, 1.0) };
            let ink = Ink::Series(series.colour);
            for point in points(series) {
                let Some(x) = self.x(plot, point.x).map(|x| x + shift) else { continue };
                let half = (0.46 * step).max(0.5);
                if look == Look::Bars
                    && let Some(y) = point.y
                {
                    let from = self.y_or_bottom(plot, 0.0);
                    let y = self.y_or_bottom(plot, y);
                    scene.rectangle(plot.clamp((x - half, from)), plot.clamp((x + half, y)), ink);
                }
                if let Some([low, high]) = point.spread {
                    let (low, high) = (self.y_or_bottom(plot, low), self.y_or_bottom(plot, high));
                    let ink = if look == Look::Bars { Ink::Text } else { ink };
                    let cap = half.min(4.0);
                    for (from, to) in
                        [((x, low), (x, high)), ((x - cap, low), (x + cap, low)), ((x - cap, high), (x + cap, high))]
                    {
                        scene.line(from, to, ink, 1.5);
                    }
                }
                if look == Look::Dots
                    && let Some(y) = point.y.and_then(|y| self.y(plot, y))
                    && plot.holds((x, y))
                    && let Some(marker) = marker(self.chart, *index)
                {
                    marker.draw(scene, (x, y), radius, ink, alpha);
                }
            }
        }
    }

    /// Draws the distribution at each place of the x axis; those of several series are beside each other.
    fn draw_boxes(&self, scene: &mut Scene, plot: Plot) {
        let drawn: Vec<(usize, &Series)> =
            self.chart.series.iter().enumerate().filter(|(_, series)| series.look == Look::Boxes).collect();
        let step = 0.8 * self.smallest_step(plot, &drawn) / drawn.len().max(1) as f64;
        for (number, (_, series)) in drawn.iter().enumerate() {
            let shift = (number as f64 - (drawn.len() as f64 - 1.0) / 2.0) * step;
            let mut places: Vec<f64> = series.x.clone();
            places.sort_by(f64::total_cmp);
            places.dedup();
            for place in places {
                let Some(x) = self.x(plot, place).map(|x| x + shift) else { continue };
                let at = points(series).filter(|point| point.x == place);
                let mut values: Vec<f64> = at.filter_map(|point| self.frame.y.space(point.y?)).collect();
                values.sort_by(f64::total_cmp);
                let half = (0.42 * step).clamp(2.0, 44.0);
                let y = |value| plot.y(self.frame.y.share(value)).clamp(plot.top, plot.bottom);
                boxes::draw(scene, plot, x, half, &values, y, Ink::Series(series.colour));
            }
        }
    }

    /// The smallest distance between two places of the x axis that have points.
    fn smallest_step(&self, plot: Plot, drawn: &[(usize, &Series)]) -> f64 {
        let mut places: Vec<f64> =
            drawn.iter().flat_map(|(_, series)| series.x.iter()).filter_map(|x| self.x(plot, *x)).collect();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|one, other| (*one - *other).abs() < 0.01);
        let whole =
            if self.frame.x.named() { plot.x(self.frame.x.share(1.0)) - plot.x(self.frame.x.share(0.0)) } else { 60.0 };
        places.windows(2).map(|pair| pair[1] - pair[0]).fold(whole, f64::min)
    }
}

fn is_named(axis: &Axis) -> bool {
    !axis.categories.is_empty()
}

/// A point of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesPoint {
    pub(crate) x: f64,
    pub(crate) y: Option<f64>,
    pub(crate) spread: Option<[f64; 2]>,
}

/// The points in order, without those that are not numbers.
pub(crate) fn points(series: &Series) -> impl Iterator<Item = SeriesPoint> {
    series.x.iter().enumerate().map(|(index, x)| SeriesPoint {
        x: *x,
        y: series.y.get(index).copied().flatten().filter(|y| y.is_finite()),
        spread: series.spread.get(index).copied().flatten().filter(|ends| ends.iter().all(|end| end.is_finite())),
    })
}

/// The parts of a line within the plot.
fn clipped(points: impl Iterator<Item = Point>, plot: Plot) -> Vec<Vec<Point>> {
    let mut paths: Vec<Vec<Point>> = Vec::new();
    let mut last: Option<Point> = None;
    for point in points {
        if let Some((from, to)) = last.and_then(|from| clip(from, point, plot)) {
            match paths.last_mut() {
                Some(path) if path.last() == Some(&from) => path.push(to),
                _ => paths.push(vec![from, to]),
            }
        }
        last = Some(point);
    }
    paths
}

/// The part of a segment within the plot (Liang and Barsky, 1984).
fn clip(from: Point, to: Point, plot: Plot) -> Option<(Point, Point)> {
    let (along, down) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    let sides = [
        (-along, from.0 - plot.left),
        (along, plot.right - from.0),
        (-down, from.1 - plot.top),
        (down, plot.bottom - from.1),
    ];
    for (speed, distance) in sides {
        if speed == 0.0 {
            if distance < -0.01 {
                return None;
            }
        } else if speed < 0.0 {
            enters = enters.max(distance / speed);
        } else {
            leaves = leaves.min(distance / speed);
        }
    }
    let at = |share: f64| (from.0 + share * along, from.1 + share * down);
    let start = if enters > 0.0 { at(enters) } else { from };
    let end = if leaves < 1.0 { at(leaves) } else { to };
    (enters <= leaves).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Plot = Plot { left: 10.0, right: 110.0, top: 20.0, bottom: 80.0 };

    #[test]
    fn lines_are_cut_at_the_edges() {
        let paths = clipped([(30.0, 50.0), (60.0, -10.0), (90.0, 50.0)].into_iter(), PLOT);
        assert_eq!(paths, [vec![(30.0, 50.0), (45.0, 20.0)], vec![(75.0, 20.0), (90.0, 50.0)]]);
        assert!(clipped([(0.0, 0.0), (5.0, 100.0)].into_iter(), PLOT).is_empty());
    }

    quickcheck::quickcheck! {
        fn cut_lines_lie_within(points: Vec<(i16, i16)>) -> bool {
            let points = points.iter().map(|(x, y)| (f64::from(*x) / 100.0, f64::from(*y) / 100.0));
            clipped(points, PLOT).iter().flatten().all(|point| PLOT.holds(*point))
        }
    }
}
