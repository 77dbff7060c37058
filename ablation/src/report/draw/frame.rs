//! The frame of a panel: title, axes with ticks and labels, names of rules. No part of it covers the data.

use crate::report::model::{Axis, Rule};
use crate::report::numbers::power_of_ten;

use super::axis::Ruler;
use super::font::{self, widest, wrap};
use super::palette::Ink;
use super::scene::{Anchor, Direction, Point, Scene, Stroke};

pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 14.0;
pub(super) const SMALL: f64 = 13.0;
/// The distance between baselines, in em.
pub(super) const LEADING: f64 = 1.3;

/// The room around the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// The part of the top that the names of vertical rules take.
    pub(super) rules: f64,
}

impl Margins {
    /// The larger of two margins on each side, so that plots of panels side by side line up.
    pub(super) fn or(self, other: Margins) -> Margins {
        Margins {
            left: self.left.max(other.left),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
            rules: self.rules.max(other.rules),
        }
    }
}

/// The size of a figure's panels: the whole width, and the height of the plot alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) plot_height: f64,
}

/// The place of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) x: Ruler,
    pub(super) y: Ruler,
    x_label: &'a str,
    y_label: &'a str,
    rules: &'a [Rule],
    size: Size,
    grid: bool,
}

/// The form of the labels on the x axis.
struct XLabels {
    ticks: Vec<(f64, Vec<String>)>,
    direction: Direction,
    height: f64,
    axis: Vec<String>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(
        title: &'a str,
        (x_axis, x): (&'a Axis, Ruler),
        (y_axis, y): (&'a Axis, Ruler),
        rules: &'a [Rule],
        size: Size,
    ) -> Self {
        Self { title, x, y, x_label: &x_axis.label, y_label: &y_axis.label, rules, size, grid: true }
    }

    /// The same without a grid, for data that fill the plot.
    pub(super) fn without_grid(self) -> Self {
        Self { grid: false, ..self }
    }

    fn y_ticks(&self) -> (Vec<(f64, Vec<String>)>, Option<i32>) {
        let (ticks, power) = self.y.ticks((self.size.plot_height / 42.0) as usize);
        let most = if self.y.named() { 0.34 * self.size.width } else { f64::INFINITY };
        (ticks.into_iter().map(|tick| (tick.at, wrap(&tick.label, SMALL, most))).collect(), power)
    }

    fn lying(&self) -> impl Iterator<Item = (f64, Vec<String>)> {
        self.rules.iter().filter(|rule| rule.horizontal).filter_map(|rule| {
            let share = self.y.share(self.y.space(rule.at)?);
            let lines = wrap(&rule.name, SMALL, 0.2 * self.size.width);
            (-1e-9..=1.0 + 1e-9).contains(&share).then_some((share, lines))
        })
    }

    fn standing(&self) -> impl Iterator<Item = (f64, &str)> {
        self.rules.iter().filter(|rule| !rule.horizontal).filter_map(|rule| {
            let share = self.x.share(self.x.space(rule.at)?);
            (-1e-9..=1.0 + 1e-9).contains(&share).then_some((share, rule.name.as_str()))
        })
    }

    fn x_labels(&self, plot_width: f64) -> XLabels {
        let leading = LEADING * SMALL;
        let axis_lines = |power: Option<i32>| wrap(&with_power(self.x_label, power), LABEL, plot_width);
        if self.x.named() {
            let (ticks, _) = self.x.ticks(0);
            let room = plot_width / ticks.len().max(1) as f64 - 6.0;
            let wrapped: Vec<_> = ticks.iter().map(|tick| (tick.at, wrap(&tick.label, SMALL, room))).collect();
            let most = wrapped.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
            let fits = most <= 4 && wrapped.iter().all(|(_, lines)| widest(lines, SMALL) <= room + 4.0);
            if fits {
                let height = most as f64 * leading;
                return XLabels { ticks: wrapped, direction: Direction::Across, height, axis: axis_lines(None) };
            }
            let lines = if room + 6.0 >= 2.0 * leading { 150.0 } else { f64::INFINITY };
            let turned: Vec<_> = ticks.iter().map(|tick| (tick.at, wrap(&tick.label, SMALL, lines))).collect();
            let height = turned.iter().map(|(_, lines)| widest(lines, SMALL)).fold(0.0, f64::max) + 4.0;
            return XLabels { ticks: turned, direction: Direction::Upwards, height, axis: axis_lines(None) };
        }
        let mut wanted = 8;
        let (ticks, power) = loop {
            let (ticks, power) = self.x.ticks(wanted);
            let crowded = ticks.windows(2).any(|pair| {
                let apart = (self.x.share(pair[1].at) - self.x.share(pair[0].at)) * plot_width;
                0.5 * (font::width(&pair[0].label, SMALL) + font::width(&pair[1].label, SMALL)) + 12.0 > apart
            });
            if !crowded || wanted == 1 {
                break (ticks, power);
            }
            wanted -= 1;
        };
        XLabels {
            ticks: ticks.into_iter().map(|tick| (tick.at, vec![tick.label])).collect(),
            direction: Direction::Across,
            height: leading,
            axis: axis_lines(power),
        }
    }

    /// The names of the vertical rules with the middles of their places, in as many rows above the plot as they need.
    fn standing_rows(&self, plot_left: f64, plot_width: f64) -> Vec<(f64, f64, usize, &str)> {
        let mut ends: Vec<f64> = Vec::new(); // of the last name in each row
        let mut named: Vec<(f64, &str)> =
            self.standing().map(|(share, name)| (plot_left + share * plot_width, name)).collect();
        named.sort_by(|one, other| one.0.total_cmp(&other.0));
        if let [(left, one), (right, other)] = named[..] {
            // Two names that would touch are moved to the outer sides of their lines, if there is room.
            let (first, second) = (font::width(one, SMALL), font::width(other, SMALL));
            let meet = left + first / 2.0 + 8.0 > right - second / 2.0;
            if meet && right - left >= 6.0 && left - first >= 0.0 && right + second <= self.size.width {
                return vec![(left, left - first / 2.0, 0, one), (right, right + second / 2.0, 0, other)];
            }
        }
        let mut rows = Vec::new();
        for (x, name) in named {
            let half = font::width(name, SMALL) / 2.0;
            let middle = x.clamp(half.min(self.size.width / 2.0), (self.size.width - half).max(self.size.width / 2.0));
            let row = ends.iter().position(|end| middle - half > end + 8.0).unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(0.0);
            }
            if let Some(end) = ends.get_mut(row) {
                *end = middle + half;
            }
            rows.push((x, middle, row, name));
        }
        rows
    }

    /// The room needed at the sides.
    pub(super) fn sides(&self) -> Margins {
        let (ticks, _) = self.y_ticks();
        let left = ticks.iter().map(|(_, lines)| widest(lines, SMALL)).fold(0.0, f64::max) + 12.0;
        let names = self.lying().map(|(_, lines)| widest(&lines, SMALL) + 10.0).fold(0.0, f64::max);
        let last = if self.x.named() {
            0.0
        } else {
            // The number of ticks depends on the room that is left.
            let last = |wanted| self.x.ticks(wanted).0.pop().map_or(0.0, |tick| font::width(&tick.label, SMALL) / 2.0);
            (2..=12).map(last).fold(0.0, f64::max)
        };
        Margins { left, right: names.max(last).max(10.0), ..Margins::default() }
    }

    /// The room needed above and below, given that at the sides.
    pub(super) fn ends(&self, sides: Margins) -> Margins {
        let plot_width = self.size.width - sides.left - sides.right;
        let labels = self.x_labels(plot_width);
        let axis = labels.axis.len() as f64 * LEADING * LABEL;
        let rows = self.standing_rows(sides.left, plot_width).iter().map(|row| row.2 + 1).max().unwrap_or(0);
        let rules = rows as f64 * LEADING * SMALL;
        let top = self.title_lines().len() as f64 * LEADING * TITLE
            + self.y_label_lines().len() as f64 * LEADING * LABEL
            + 16.0;
        Margins { top, bottom: 8.0 + labels.height + 3.0 + axis + 8.0, rules, ..sides }
    }

    fn title_lines(&self) -> Vec<String> {
        wrap(self.title, TITLE, self.size.width)
    }

    fn y_label_lines(&self) -> Vec<String> {
        let (_, power) = self.y_ticks();
        if power.is_none() && self.y_label == self.title {
            return Vec::new(); // the title says it
        }
        wrap(&with_power(self.y_label, power), LABEL, self.size.width)
    }

    pub(super) fn plot(&self, margins: Margins) -> Plot {
        Plot {
            left: margins.left,
            right: self.size.width - margins.right,
            top: margins.top + margins.rules,
            bottom: margins.top + margins.rules + self.size.plot_height,
        }
    }

    /// Draws the frame. The data go on top.
    pub(super) fn draw(&self, margins: Margins) -> Scene {
        let plot = self.plot(margins);
        let mut scene = Scene::new(self.size.width, plot.bottom + margins.bottom);
        for (line, text) in self.title_lines().iter().enumerate() {
            let baseline = TITLE + line as f64 * LEADING * TITLE;
            scene.text((0.0, baseline), text, TITLE, Ink::Text, Anchor::Start, Direction::Across);
        }
        let rows = self.standing_rows(plot.left, plot.right - plot.left);
        let y_label = self.y_label_lines();
        for (line, text) in y_label.iter().enumerate() {
            let baseline = margins.top - 14.0 - (y_label.len() - 1 - line) as f64 * LEADING * LABEL;
            scene.text((0.0, baseline), text, LABEL, Ink::Muted, Anchor::Start, Direction::Across);
        }
        self.draw_y(&mut scene, plot);
        self.draw_x(&mut scene, plot);
        for (x, middle, row, name) in rows {
            let baseline = plot.top - 6.0 - row as f64 * LEADING * SMALL;
            // Only up to its own row: further up it would cross the names below.
            scene.path([(x, plot.bottom), (x, plot.top - 3.0)], Ink::Axis, 1.5, Stroke::Dotted);
            scene.text((middle, baseline), name, SMALL, Ink::Muted, Anchor::Middle, Direction::Across);
        }
        self.draw_lying(&mut scene, plot);
        scene
    }

    fn draw_y(&self, scene: &mut Scene, plot: Plot) {
        let (ticks, _) = self.y_ticks();
        for (at, lines) in &ticks {
            let y = plot.y(self.y.share(*at));
            if self.grid && !self.y.named() {
                scene.line((plot.left, y), (plot.right, y), Ink::Grid, 1.0);
            }
            let first = y + 0.36 * SMALL - (lines.len() - 1) as f64 * LEADING * SMALL / 2.0;
            for (line, text) in lines.iter().enumerate() {
                let baseline = first + line as f64 * LEADING * SMALL;
                scene.text((plot.left - 8.0, baseline), text, SMALL, Ink::Muted, Anchor::End, Direction::Across);
            }
        }
        if self.grid && self.y.named() {
            for between in 0..=ticks.len() {
                let y = plot.y(self.y.share(between as f64 - 0.5));
                scene.line((plot.left, y), (plot.right, y), Ink::Grid, 1.0);
            }
        }
        for at in self.y.short_ticks() {
            let y = plot.y(self.y.share(at));
            scene.line((plot.left - 3.0, y), (plot.left, y), Ink::Axis, 1.0);
        }
        scene.line((plot.left, plot.top), (plot.left, plot.bottom), Ink::Axis, 1.0);
    }

    fn draw_x(&self, scene: &mut Scene, plot: Plot) {
        let labels = self.x_labels(plot.right - plot.left);
        let leading = LEADING * SMALL;
        for (at, lines) in &labels.ticks {
            let x = plot.x(self.x.share(*at));
            if !self.x.named() {
                if self.grid {
                    scene.line((x, plot.top), (x, plot.bottom), Ink::Grid, 1.0);
                }
                scene.line((x, plot.bottom), (x, plot.bottom + 5.0), Ink::Axis, 1.0);
            }
            for (line, text) in lines.iter().enumerate() {
                match labels.direction {
                    Direction::Across => {
                        let at = (x, plot.bottom + 7.0 + SMALL + line as f64 * leading);
                        scene.text(at, text, SMALL, Ink::Muted, Anchor::Middle, Direction::Across);
                    }
                    Direction::Upwards => {
                        let middle = line as f64 - (lines.len() - 1) as f64 / 2.0;
                        let at = (x + 0.36 * SMALL + middle * leading, plot.bottom + 8.0);
                        scene.text(at, text, SMALL, Ink::Muted, Anchor::End, Direction::Upwards);
                    }
                }
            }
        }
        if self.grid && self.x.named() {
            for between in 1..=labels.ticks.len() {
                let x = plot.x(self.x.share(between as f64 - 0.5));
                scene.line((x, plot.top), (x, plot.bottom), Ink::Grid, 1.0);
            }
        }
        for at in self.x.short_ticks() {
            let x = plot.x(self.x.share(at));
            scene.line((x, plot.bottom), (x, plot.bottom + 3.0), Ink::Axis, 1.0);
        }
        scene.line((plot.left, plot.bottom), (plot.right, plot.bottom), Ink::Axis, 1.0);
        for (line, text) in labels.axis.iter().enumerate() {
            let baseline = plot.bottom + 11.0 + labels.height + (line as f64 * LEADING + 1.1) * LABEL;
            let middle = (plot.left + plot.right) / 2.0;
            scene.text((middle, baseline), text, LABEL, Ink::Muted, Anchor::Middle, Direction::Across);
        }
    }

    /// Draws horizontal lines, with their names to the right of the plot, moved apart where they would touch.
    fn draw_lying(&self, scene: &mut Scene, plot: Plot) {
        let leading = LEADING * SMALL;
        let mut names: Vec<(f64, Vec<String>)> = self.lying().map(|(share, lines)| (plot.y(share), lines)).collect();
        names.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut free = 0.0;
        for (y, lines) in names {
            scene.path([(plot.left, y), (plot.right, y)], Ink::Axis, 1.5, Stroke::Dotted);
            let height = lines.len() as f64 * leading;
            let top = (y - height / 2.0).max(free);
            free = top + height;
            for (line, text) in lines.iter().enumerate() {
                let at = (plot.right + 6.0, top + line as f64 * leading + 0.98 * SMALL);
                scene.text(at, text, SMALL, Ink::Muted, Anchor::Start, Direction::Across);
            }
        }
    }
}

impl Plot {
    pub(super) fn x(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }

    pub(super) fn y(&self, share: f64) -> f64 {
        self.bottom - share * (self.bottom - self.top)
    }

    pub(super) fn clamp(&self, (x, y): Point) -> Point {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }

    /// Half a unit beyond the edges counts as inside.
    pub(super) fn holds(&self, (x, y): Point) -> bool {
        (self.left - 0.5..=self.right + 0.5).contains(&x) && (self.top - 0.5..=self.bottom + 0.5).contains(&y)
    }
}

/// The label, with the power of ten that the ticks leave out.
fn with_power(label: &str, power: Option<i32>) -> String {
    match power {
        Some(power) => format!("{label} (×{})", power_of_ten(power)).trim_start().to_owned(),
        None => label.to_owned(),
    }
}
