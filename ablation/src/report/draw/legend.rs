//! The legend, below a plot or below all panels of a figure.

use crate::report::model::{Chart, Look};

use super::font::{self, wrap};
use super::frame::{LEADING, SMALL};
use super::marker::{LINE, Marker, marker};
use super::palette::Ink;
use super::scene::{Anchor, Direction, Scene, Stroke};

/// The name and the look of a series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    colour: usize,
    look: Look,
    marker: Option<Marker>,
}

/// One entry for each name and look of a chart.
pub(super) fn entries(chart: &Chart) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, series) in chart.series.iter().enumerate() {
        let entry =
            Entry { name: series.name.clone(), colour: series.colour, look: series.look, marker: marker(chart, index) };
        if !series.name.is_empty() && !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

/// The entries of all charts, if one legend serves them all, because one of the charts has all entries.
pub(super) fn shared<'a>(charts: impl Iterator<Item = &'a Chart>) -> Option<Vec<Entry>> {
    let all: Vec<Vec<Entry>> = charts.map(entries).collect();
    let longest = all.iter().max_by_key(|entries| entries.len())?;
    let held = all.iter().flatten().all(|entry| longest.contains(entry));
    (all.len() > 1 && held).then(|| longest.clone())
}

const SAMPLE: f64 = 26.0;
const GAP: f64 = 6.0;
const BETWEEN: f64 = 18.0;

/// Draws the entries in rows; empty and without height if there are none.
pub(super) fn draw(entries: &[Entry], width: f64) -> Scene {
    let leading = LEADING * SMALL + 3.0;
    let (mut x, mut y, mut tallest) = (0.0, 4.0, 1);
    let mut placed = Vec::new();
    for entry in entries {
        let lines = wrap(&entry.name, SMALL, width - SAMPLE - GAP - 2.0);
        let needed = SAMPLE + GAP + font::widest(&lines, SMALL);
        if x > 0.0 && x + needed > width {
            (x, y) = (0.0, y + tallest as f64 * leading);
            tallest = 1;
        }
        tallest = tallest.max(lines.len());
        placed.push((x, y, entry, lines));
        x += needed + BETWEEN;
    }
    let height = if entries.is_empty() { 0.0 } else { y + tallest as f64 * leading + 2.0 };
    let mut scene = Scene::new(width, height);
    for (x, y, entry, lines) in placed {
        entry.draw_sample(&mut scene, x, y + leading / 2.0);
        for (line, text) in lines.iter().enumerate() {
            let at = (x + SAMPLE + GAP, y + (line as f64 + 0.5) * leading + 0.36 * SMALL);
            scene.text(at, text, SMALL, Ink::Text, Anchor::Start, Direction::Across);
        }
    }
    scene
}

impl Entry {
    fn draw_sample(&self, scene: &mut Scene, x: f64, y: f64) {
        let ink = Ink::Series(self.colour);
        match self.look {
            Look::Line => scene.line((x, y), (x + SAMPLE, y), ink, LINE),
            Look::Dashed => scene.path([(x, y), (x + SAMPLE, y)], ink, LINE, Stroke::Dashed),
            Look::Bars => scene.rectangle((x + 6.0, y - 6.0), (x + 20.0, y + 6.0), ink),
            Look::Dots | Look::Boxes => {}
        }
        if let Some(marker) = self.marker {
            marker.draw(scene, (x + SAMPLE / 2.0, y), 4.5, ink, 1.0);
        }
    }
}
