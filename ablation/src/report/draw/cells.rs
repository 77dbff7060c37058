//! Marks in a grid of names.

use crate::report::model::{Cells, Mark, MarkLook};

use super::axis::{Room, Ruler};
use super::font;
use super::frame::{Frame, Margins, Plot, SMALL, Size};
use super::palette::Ink;
use super::scene::{Anchor, Direction, Scene};

/// The share of a cell that a disc of value 1 fills, and the strength of a filled cell, on which text stays readable.
const LARGEST: f64 = 0.46;
const FILL: f64 = 0.45;

/// A grid with known axes.
pub(super) struct Plan<'a> {
    cells: &'a Cells,
    pub(super) frame: Frame<'a>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(cells: &'a Cells, size: Size) -> Self {
        let x = Ruler::new(&cells.x, std::iter::empty(), Room::Tight);
        let y = Ruler::new(&cells.y, std::iter::empty(), Room::Tight).read_from_top();
        Self { cells, frame: Frame::new(&cells.title, (&cells.x, x), (&cells.y, y), &[], size) }
    }

    pub(super) fn draw(&self, margins: Margins) -> Scene {
        let mut scene = self.frame.draw(margins);
        let plot = self.frame.plot(margins);
        self.cells.marks.iter().for_each(|mark| self.draw_mark(&mut scene, plot, mark));
        scene
    }

    fn draw_mark(&self, scene: &mut Scene, plot: Plot, mark: &Mark) {
        let places = self.frame.x.space(mark.column as f64).zip(self.frame.y.space(mark.row as f64));
        let Some((column, row)) = places else { return };
        let (x, y) = (plot.x(self.frame.x.share(column)), plot.y(self.frame.y.share(row)));
        let width = (plot.right - plot.left) / self.cells.x.categories.len().max(1) as f64;
        let height = (plot.bottom - plot.top) / self.cells.y.categories.len().max(1) as f64;
        match mark.look {
            MarkLook::Disc(colour) => {
                let radius = LARGEST * width.min(height) * mark.value.clamp(0.0, 1.0).sqrt();
                if radius > 0.0 {
                    scene.disc((x, y), radius.max(0.8), Ink::Series(colour), 1.0);
                }
            }
            MarkLook::Filled(colour) => {
                let (half_width, half_height) = (width / 2.0 - 1.0, height / 2.0 - 1.0);
                let corners = [
                    (x - half_width, y - half_height),
                    (x + half_width, y - half_height),
                    (x + half_width, y + half_height),
                    (x - half_width, y + half_height),
                ];
                scene.area(corners, Ink::Series(colour), FILL);
            }
            MarkLook::Empty => {}
        }
        if !mark.text.is_empty() && font::width(&mark.text, SMALL) <= width {
            scene.text((x, y + 0.36 * SMALL), &mark.text, SMALL, Ink::Text, Anchor::Middle, Direction::Across);
        }
    }
}
