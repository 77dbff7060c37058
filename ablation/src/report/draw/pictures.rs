//! Small images in rows and columns.

use crate::report::model::{Picture, PictureKind, Pictures};

use super::bitmap::Bitmap;
use super::font::{self, wrap};
use super::frame::{LEADING, SMALL, TITLE};
use super::palette::{self, Ink};
use super::scene::{Anchor, Direction, Scene};

/// The pixels of a picture, in colour. Missing bytes are black.
pub(crate) fn bitmap(picture: &Picture) -> Bitmap {
    Bitmap::from_colours(picture.width, picture.height, |column, row| {
        let byte = picture.pixels.get(row * picture.width + column).copied().unwrap_or(0);
        match picture.kind {
            PictureKind::Grey => (byte, byte, byte),
            PictureKind::Painted => palette::paint_of(byte).map_or((128, 128, 128), palette::paint),
        }
    })
}

/// The side of a picture's place, given the columns of pictures and the columns of the figure.
pub(crate) fn side(columns: usize, of_figure: usize) -> f64 {
    // The width of the page without the names of the rows.
    let width = match of_figure {
        0 | 1 => 900.0,
        2 => 470.0,
        _ => 320.0,
    };
    (width / columns.max(1) as f64 - GAP).clamp(64.0, 132.0)
}

const GAP: f64 = 10.0;

/// All pictures with their headings, names, notes and legend.
pub(super) fn draw(pictures: &Pictures, of_figure: usize) -> Scene {
    let leading = LEADING * SMALL;
    let count = pictures.rows.iter().map(|row| row.pictures.len()).chain([pictures.columns.len()]).max().unwrap_or(0);
    let side = side(count, of_figure);
    let names: Vec<Vec<String>> = pictures.rows.iter().map(|row| wrap(&row.name, SMALL, 130.0)).collect();
    let name_width = names.iter().map(|lines| font::widest(lines, SMALL)).fold(0.0, f64::max) + 12.0;
    let width = name_width + count as f64 * (side + GAP);
    let left = |column: usize| name_width + column as f64 * (side + GAP);
    let mut scene = Scene::new(width, 0.0);
    let mut y = 0.0;
    for line in wrap(&pictures.title, TITLE, width) {
        scene.text((0.0, y + TITLE), &line, TITLE, Ink::Text, Anchor::Start, Direction::Across);
        y += LEADING * TITLE;
    }
    let headings: Vec<Vec<String>> = pictures.columns.iter().map(|name| wrap(name, SMALL, side)).collect();
    let tallest = headings.iter().map(Vec::len).max().unwrap_or(0);
    for (column, lines) in headings.iter().enumerate() {
        let first = y + (tallest - lines.len()) as f64 * leading + SMALL;
        for (line, text) in lines.iter().enumerate() {
            let at = (left(column) + side / 2.0, first + line as f64 * leading);
            scene.text(at, text, SMALL, Ink::Text, Anchor::Middle, Direction::Across);
        }
    }
    y += tallest as f64 * leading + 4.0;
    for (row, name) in pictures.rows.iter().zip(&names) {
        let mut below = 0.0_f64;
        let mut highest = 0.0_f64;
        for (column, picture) in row.pictures.iter().enumerate() {
            let largest = picture.width.max(picture.height).max(1) as f64;
            let size = (side * picture.width as f64 / largest, side * picture.height as f64 / largest);
            scene.image((left(column) + (side - size.0) / 2.0, y), size, bitmap(picture));
            highest = highest.max(size.1);
            let lines = wrap(&picture.note, SMALL, side + GAP - 4.0);
            for (line, text) in lines.iter().enumerate() {
                let at = (left(column) + side / 2.0, y + size.1 + 2.0 + SMALL + line as f64 * leading);
                scene.text(at, text, SMALL, Ink::Muted, Anchor::Middle, Direction::Across);
            }
            below = below.max(size.1 + if lines.is_empty() { 0.0 } else { 4.0 + lines.len() as f64 * leading });
        }
        let first = y + highest / 2.0 - (name.len() as f64 / 2.0) * leading + 0.95 * SMALL;
        for (line, text) in name.iter().enumerate() {
            let at = (name_width - 12.0, first + line as f64 * leading);
            scene.text(at, text, SMALL, Ink::Text, Anchor::End, Direction::Across);
        }
        y += below.max(name.len() as f64 * leading) + GAP;
    }
    scene.height = y + legend(&mut scene, pictures, y);
    scene
}

/// Draws the meaning of the colours, in rows; returns their height.
fn legend(scene: &mut Scene, pictures: &Pictures, top: f64) -> f64 {
    const SWATCH: f64 = 14.0;
    let leading = LEADING * SMALL + 5.0;
    let (mut x, mut y) = (0.0, top + 2.0);
    for (paint, meaning) in &pictures.legend {
        let needed = SWATCH + 6.0 + font::width(meaning, SMALL);
        if x > 0.0 && x + needed > scene.width {
            (x, y) = (0.0, y + leading);
        }
        let (red, green, blue) = palette::paint(*paint);
        scene.rectangle((x, y), (x + SWATCH, y + SWATCH), Ink::Axis);
        scene.rectangle((x + 1.0, y + 1.0), (x + SWATCH - 1.0, y + SWATCH - 1.0), Ink::Exact(red, green, blue));
        let at = (x + SWATCH + 6.0, y + 0.82 * SWATCH);
        scene.text(at, meaning, SMALL, Ink::Text, Anchor::Start, Direction::Across);
        x += needed + 18.0;
    }
    if pictures.legend.is_empty() { 0.0 } else { y + leading - top }
}
