//! Arrays with an axis of classes, read plane by plane.

use super::{Column, Value};
use crate::arrays::{Array, Order, Result};

/// How classes lie in an array in C order: image by image, class by class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassShape {
    pub(crate) images: u64,
    pub(crate) classes: usize,
    /// The pixels of an image.
    pub(crate) pixels: u64,
}

impl ClassShape {
    /// Of an array of this shape with this axis of classes.
    pub(crate) fn of(shape: &[u64], axis: usize) -> Self {
        let (before, after) = shape.split_at(axis.min(shape.len()));
        Self {
            images: before.iter().product(),
            classes: after.first().map_or(0, |classes| usize::try_from(*classes).unwrap_or(usize::MAX)),
            pixels: after.iter().skip(1).product(),
        }
    }

    /// Where the value of a class stands in C order.
    pub(crate) fn position(&self, image: u64, class: usize, pixel: u64) -> u64 {
        (image * self.classes as u64 + class as u64) * self.pixels + pixel
    }
}

/// Planes of classes that are read side by side, or image by image where a file can be read in turn only.
pub(crate) struct Planes {
    shape: ClassShape,
    source: Source,
    values: Vec<f32>,
}

enum Source {
    Seekable(Array),
    InTurn { column: Column, image: Vec<f32> },
}

/// An image of so many values or fewer is read whole.
const SMALL: u64 = 1 << 12;

impl Planes {
    pub(crate) fn open(array: &Array, shape: ClassShape) -> Result<Self> {
        let of_image = shape.pixels.saturating_mul(shape.classes as u64);
        let source = if array.is_seekable() && array.order() == Order::C && of_image > SMALL {
            Source::Seekable(array.clone())
        } else {
            Source::InTurn { column: Column::open(array, Order::C)?, image: Vec::new() }
        };
        Ok(Self { shape, source, values: Vec::new() })
    }

    /// Reads some pixels of an image, class by class. Images, and the pixels of each, come in turn.
    pub(crate) fn read(&mut self, image: u64, start: u64, length: usize) -> Result<&[f32]> {
        let shape = self.shape;
        self.values.resize(length * shape.classes, 0.0);
        match &mut self.source {
            Source::Seekable(array) => {
                for (class, plane) in self.values.chunks_mut(length).enumerate() {
                    let mut column = Column::new(array.reader_at(shape.position(image, class, start))?);
                    column.read(length)?;
                    plane.copy_from_slice(column.singles());
                }
            }
            Source::InTurn { column, image } => {
                let pixels = usize::try_from(shape.pixels).unwrap_or(usize::MAX);
                if start == 0 {
                    column.read(pixels.saturating_mul(shape.classes))?;
                    image.clear();
                    image.extend_from_slice(column.singles());
                }
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                for (plane, of_image) in self.values.chunks_mut(length).zip(image.chunks(pixels)) {
                    if let Some(values) = of_image.get(start..start.saturating_add(length)) {
                        plane.copy_from_slice(values);
                    }
                }
            }
        }
        Ok(&self.values)
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Those values, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

/// The value of an array at a position in this order, exact as in the file.
pub(crate) fn value_at(array: &Array, order: Order, position: u64) -> Result<Value> {
    const CHUNK: u64 = 1 << 16;
    let (mut column, mut left) = if array.is_seekable() && array.order() == order {
        (Column::new(array.reader_at(position)?), 0)
    } else {
        (Column::open(array, order)?, position)
    };
    while left > 0 {
        let count = left.min(CHUNK);
        column.read(usize::try_from(count).unwrap_or(0))?;
        left -= count;
    }
    column.read(1)?;
    Ok(column.value(0))
}
