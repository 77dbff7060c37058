//! The pixels of logits of several classes, a chunk of one image at a time.

use loss_core::{ClassAccumulator, ClassPlane, ClassPlaneError, Layout, Reason};

use super::terms::ClassTerms;
use crate::arrays::{Array, Order, Reader, open_in_order};
use crate::score::ScoreError;
use crate::score::error::BadPixel;
use crate::score::inputs::{ClassShape, Inputs};
use crate::score::pixels::unravel;

/// Pixels read at a time, …
const CHUNK: u64 = 1 << 16;
/// … or fewer, so that there are at most so many logits.
const LOGITS: u64 = 1 << 21;

/// Reads what lies beside the logits: one value a pixel, in C order.
struct Beside {
    reader: Reader,
    integers: Vec<i64>,
}

impl Beside {
    fn open(array: &Array) -> Result<Self, ScoreError> {
        Ok(Self { reader: open_in_order(array, Order::C)?, integers: Vec::new() })
    }

    fn integers(&mut self, count: usize) -> Result<&[i64], ScoreError> {
        self.integers.resize(count, 0);
        self.reader.read_i64(&mut self.integers)?;
        Ok(&self.integers)
    }
}

/// The logits: planes of classes that are read side by side, or image by image where a file can be read in turn only.
enum Planes {
    Seekable(Array),
    InTurn { reader: Reader, image: Vec<f32> },
}

/// Labels, mask and weights of all pixels in turn: what class weights are computed from, too.
pub(super) struct Labels {
    targets: Beside,
    mask: Option<Beside>,
    weights: Option<Reader>,
    ignore: Option<i64>,
    weight_values: Vec<f32>,
}

impl Labels {
    pub(super) fn open(source: &Inputs, ignore: Option<f64>) -> Result<Self, ScoreError> {
        let open = |array: &Array| open_in_order(array, Order::C);
        Ok(Self {
            targets: Beside::open(&source.targets)?,
            mask: source.mask.as_ref().map(Beside::open).transpose()?,
            weights: source.weights.as_ref().map(open).transpose()?,
            // Checked to be an integer.
            ignore: ignore.map(|label| label as i64),
            weight_values: Vec::new(),
        })
    }

    /// The labels of the next pixels and their weights, 0 for those that are masked out or have the ignored label.
    pub(super) fn next(&mut self, count: usize) -> Result<(&[i64], &[f32]), ScoreError> {
        self.weight_values.resize(count, 1.0);
        match &mut self.weights {
            Some(reader) => {
                reader.read_f32(&mut self.weight_values)?;
            }
            None => self.weight_values.fill(1.0),
        }
        if let Some(mask) = &mut self.mask {
            for (weight, valid) in self.weight_values.iter_mut().zip(mask.integers(count)?) {
                if *valid == 0 {
                    *weight = 0.0;
                }
            }
        }
        let labels = self.targets.integers(count)?;
        if let Some(ignore) = self.ignore {
            for (weight, label) in self.weight_values.iter_mut().zip(labels) {
                if *label == ignore {
                    *weight = 0.0;
                }
            }
        }
        Ok((labels, &self.weight_values))
    }
}

pub(super) struct ClassPixels {
    shape: ClassShape,
    planes: Planes,
    labels: Labels,
    logits: Vec<f32>,
    image: u64,
    /// The next pixel of the image.
    next: u64,
}

/// Some pixels of one image that follow each other.
pub(super) struct Chunk<'a> {
    pub(super) image: u64,
    /// The first pixel, in the image.
    pub(super) start: u64,
    /// Whether it is the last of its image.
    pub(super) ends_image: bool,
    /// Class by class.
    pub(super) logits: &'a [f32],
    pub(super) labels: &'a [i64],
    pub(super) weights: &'a [f32],
}

impl ClassPixels {
    pub(super) fn open(source: &Inputs, shape: ClassShape, ignore: Option<f64>) -> Result<Self, ScoreError> {
        let planes = if source.input.is_seekable() && source.input.order() == Order::C {
            Planes::Seekable(source.input.clone())
        } else {
            Planes::InTurn { reader: open_in_order(&source.input, Order::C)?, image: Vec::new() }
        };
        let labels = Labels::open(source, ignore)?;
        Ok(Self { shape, planes, labels, logits: Vec::new(), image: 0, next: 0 })
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, ScoreError> {
        let ClassShape { images, classes, pixels, .. } = self.shape;
        if self.image >= images || pixels == 0 {
            return Ok(None);
        }
        let (image, start) = (self.image, self.next);
        let most = (LOGITS / classes as u64).clamp(1, CHUNK);
        let count = (pixels - start).min(most);
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        self.read_logits(image, start, length)?;
        self.next += count;
        let ends_image = self.next == pixels;
        if ends_image {
            (self.image, self.next) = (image + 1, 0);
        }
        let (labels, weights) = self.labels.next(length)?;
        Ok(Some(Chunk { image, start, ends_image, logits: &self.logits, labels, weights }))
    }

    fn read_logits(&mut self, image: u64, start: u64, length: usize) -> Result<(), ScoreError> {
        let ClassShape { classes, pixels, .. } = self.shape;
        self.logits.resize(length * classes, 0.0);
        match &mut self.planes {
            Planes::Seekable(array) => {
                for (class, plane) in self.logits.chunks_mut(length).enumerate() {
                    let position = (image * classes as u64 + class as u64) * pixels + start;
                    array.reader_at(position)?.read_f32(plane)?;
                }
            }
            Planes::InTurn { reader, image } => {
                let pixels = usize::try_from(pixels).unwrap_or(usize::MAX);
                if start == 0 {
                    image.resize(pixels.saturating_mul(classes), 0.0);
                    reader.read_f32(image)?;
                }
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                for (plane, of_image) in self.logits.chunks_mut(length).zip(image.chunks(pixels)) {
                    if let Some(values) = of_image.get(start..start.saturating_add(length)) {
                        plane.copy_from_slice(values);
                    }
                }
            }
        }
        Ok(())
    }

    /// The first pixel of a chunk that is out of range, as an error.
    pub(super) fn first_bad<const C: usize>(
        source: &Inputs,
        shape: ClassShape,
        chunk: &Chunk<'_>,
        mut scratch: ClassAccumulator<ClassTerms, C>,
    ) -> ScoreError {
        scratch.reset();
        match chunk.plane(shape.classes) {
            Ok(plane) => scratch.extend_plane(plane),
            Err(error) => return error.into(),
        }
        let Some(first) = scratch.first_rejected() else {
            return ScoreError::Usage("a pixel is out of range".to_owned());
        };
        let offset = usize::try_from(first.index).unwrap_or(0);
        let position = chunk.image * shape.pixels + chunk.start + offset as u64;
        let bad = |array: &Array, place: (String, u64), what, found: String, accepted: String, remedy: String| {
            let ((index, flat), array) = (place, array.name().to_owned());
            ScoreError::BadPixel(Box::new(BadPixel {
                array,
                what,
                index,
                flat,
                found,
                accepted: accepted.into(),
                remedy,
            }))
        };
        let beside = |array: &Array| place_of(array, position);
        match first.reason {
            Reason::Input => {
                let planes = chunk.logits.chunks(chunk.labels.len()).enumerate();
                let not_finite = planes
                    .filter_map(|(class, plane)| Some((class, *plane.get(offset)?)))
                    .find(|(_, logit)| !logit.is_finite());
                let (class, found) = not_finite.unwrap_or((0, f32::NAN));
                let in_image = class as u64 * shape.pixels + chunk.start + offset as u64;
                let flat = chunk.image * shape.classes as u64 * shape.pixels + in_image;
                let place = place_of(&source.input, flat);
                let accepted = "any finite f32".to_owned();
                bad(&source.input, place, "logit", found.to_string(), accepted, String::new())
            }
            Reason::Weight => {
                let array = source.weights.as_ref().unwrap_or(&source.input);
                let found = chunk.weights.get(offset).copied().unwrap_or(f32::NAN).to_string();
                let accepted = "0 (ignored), or from 2^-32 to 2^32".to_owned();
                bad(array, beside(array), "weight", found, accepted, String::new())
            }
            _ => {
                let label = chunk.labels.get(offset).copied().unwrap_or(-1);
                let most = shape.classes - 1;
                let accepted = format!("0 to {most}, for {} classes", shape.classes);
                let remedy = if label == shape.classes as i64 {
                    format!("labels from 1 must be lowered by 1, --ignore {label} ignores it, ")
                } else {
                    format!("--ignore {label} ignores it, ")
                };
                let array = &source.targets;
                bad(array, beside(array), "label", label.to_string(), accepted, remedy)
            }
        }
    }
}

impl Chunk<'_> {
    pub(super) fn plane<const C: usize>(&self, classes: usize) -> Result<ClassPlane<'_, i64, C>, ClassPlaneError> {
        Ok(ClassPlane::new(classes, Layout::Planar, self.logits, self.labels)?.with_weights(self.weights)?)
    }
}

/// The index of the value of an array that comes at this position in C order, and its place in the flattened array.
fn place_of(array: &Array, position: u64) -> (String, u64) {
    let index: Vec<String> = unravel(position, array.shape(), Order::C).iter().map(u64::to_string).collect();
    (format!("[{}]", index.join(", ")), position)
}
