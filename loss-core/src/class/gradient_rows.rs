//! A gradient in memory, in the layout of its logits.

use core::ops::Range;

use super::numbers::Row;
use super::plane::Layout;

/// A range of a gradient: a number for each class of each pixel in it.
pub(crate) struct ClassRows<'g, const C: usize> {
    values: Values<'g, C>,
    classes: usize,
    /// The index of the first pixel in the plane.
    start: usize,
    pixels: usize,
}

enum Values<'g, const C: usize> {
    Planar([&'g mut [f32]; C]),
    Interleaved(&'g mut [f32]),
}

impl<'g, const C: usize> ClassRows<'g, C> {
    /// All pixels of a gradient.
    pub(super) fn new(layout: Layout, classes: usize, pixels: usize, gradient: &'g mut [f32]) -> Self {
        let values = match layout {
            Layout::Planar => {
                let mut rows = gradient.chunks_mut(pixels.max(1));
                Values::Planar(core::array::from_fn(|_| rows.next().unwrap_or_default()))
            }
            Layout::Interleaved => Values::Interleaved(gradient),
        };
        Self { values, classes, start: 0, pixels }
    }
}

impl<const C: usize> ClassRows<'_, C> {
    /// The range of pixels.
    pub(crate) fn pixels(&self) -> Range<usize> {
        self.start..self.start.wrapping_add(self.pixels)
    }

    /// The place of a class of a pixel.
    pub(super) fn place(&mut self, pixel: usize, class: usize) -> Option<&mut f32> {
        let pixel = pixel.checked_sub(self.start)?;
        match &mut self.values {
            Values::Planar(rows) => rows.get_mut(class)?.get_mut(pixel),
            Values::Interleaved(values) => values.get_mut(pixel.wrapping_mul(self.classes).wrapping_add(class)),
        }
    }

    /// The places of a class of some pixels, if they lie side by side.
    #[inline(always)]
    pub(super) fn row(&mut self, class: usize, start: usize, length: usize) -> Option<&mut [f32]> {
        let start = start.saturating_sub(self.start);
        match &mut self.values {
            Values::Planar(rows) => rows.get_mut(class)?.get_mut(start..)?.get_mut(..length),
            Values::Interleaved(_) => None,
        }
    }

    /// Writes or adds numbers of a class of some pixels.
    #[inline(always)]
    pub(super) fn store<const TILE: usize>(
        &mut self,
        class: usize,
        start: usize,
        length: usize,
        from: &Row<TILE>,
        add: bool,
    ) {
        let start = start.saturating_sub(self.start);
        let from = from.iter().take(length);
        let put = |(to, &slope): (&mut f32, &f32)| *to = if add { *to + slope } else { slope };
        match &mut self.values {
            Values::Planar(rows) => {
                let to = rows.get_mut(class).and_then(|row| row.get_mut(start..)).unwrap_or_default();
                to.iter_mut().zip(from).for_each(put);
            }
            Values::Interleaved(values) => {
                let to = values.get_mut(start * self.classes + class..).unwrap_or_default();
                to.iter_mut().step_by(self.classes.max(1)).zip(from).for_each(put);
            }
        }
    }

    /// Splits off the places of the first pixels.
    #[cfg(feature = "rayon")]
    pub(crate) fn split_at(self, pixels: usize) -> (Self, Self) {
        let Self { values, classes, start, pixels: all } = self;
        let (first, second) = match values {
            Values::Planar(rows) => {
                let mut heads = core::array::from_fn(|_| &mut [] as &mut [f32]);
                let mut tails = core::array::from_fn(|_| &mut [] as &mut [f32]);
                for ((row, head), tail) in rows.into_iter().zip(&mut heads).zip(&mut tails) {
                    let at = pixels.min(row.len());
                    (*head, *tail) = row.split_at_mut(at);
                }
                (Values::Planar(heads), Values::Planar(tails))
            }
            Values::Interleaved(values) => {
                let at = (pixels * classes).min(values.len());
                let (head, tail) = values.split_at_mut(at);
                (Values::Interleaved(head), Values::Interleaved(tail))
            }
        };
        (
            Self { values: first, classes, start, pixels },
            Self { values: second, classes, start: start + pixels, pixels: all - pixels },
        )
    }
}
