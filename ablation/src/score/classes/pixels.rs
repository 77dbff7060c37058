//! The pixels of logits of several classes, a chunk of one image at a time.

use loss_core::Reason;
use loss_expression::classes::{self, Accumulator};

use crate::arguments::ScoreArguments;
use crate::arrays::{Array, Order, unravel};
use crate::score::ScoreError;
use crate::score::error::BadPixel;
use crate::score::inputs::Inputs;
use crate::score::observed::Observed;
use crate::score::pixels::{FINITE, WEIGHTS, beyond, remedy_of_pair};
use crate::targets::{Census, ClassShape, Column, NO_CLASS, OneHot, Planes, Value, Weighing, not_one_hot, value_at};

/// Pixels read at a time, …
const CHUNK: u64 = 1 << 16;
/// … or fewer, so that there are at most so many logits.
const LOGITS: u64 = 1 << 21;

/// The targets: a label for each pixel, or one value for each class.
enum Targets {
    Labels { column: Column, labels: Vec<i64> },
    OneHot(OneHot),
}

/// Labels, mask and weights of all pixels in turn: what class weights are computed from, too.
pub(super) struct Labels<'a> {
    arguments: &'a ScoreArguments,
    targets: Targets,
    weighing: Weighing,
    pub(super) ignores_foreground: bool,
}

impl<'a> Labels<'a> {
    pub(super) fn open(source: &Inputs, shape: ClassShape, arguments: &'a ScoreArguments) -> Result<Self, ScoreError> {
        let targets = if source.one_hot {
            Targets::OneHot(OneHot::open(&source.targets, shape, arguments.ignore, &arguments.foreground)?)
        } else {
            Targets::Labels { column: Column::open(&source.targets, Order::C)?, labels: Vec::new() }
        };
        let weighing = Weighing::open(source.mask.as_ref(), source.weights.as_ref(), Order::C)?;
        Ok(Self { arguments, targets, weighing, ignores_foreground: false })
    }

    /// Reads the labels of some pixels of an image and their weights, 0 for those that are masked out or ignored. Images,
    /// and the pixels of each, come in turn.
    pub(super) fn read(&mut self, image: u64, start: u64, length: usize) -> Result<(), ScoreError> {
        self.weighing.read(length)?;
        let weights = self.weighing.values_mut();
        match &mut self.targets {
            Targets::Labels { column, labels } => {
                column.read(length)?;
                if let Some(ignore) = self.arguments.ignore {
                    column.each_equal(ignore, |place| {
                        if let Some(weight) = weights.get_mut(place) {
                            *weight = 0.0;
                        }
                        self.ignores_foreground |= ignore > Value::Integer(0);
                    });
                }
                if self.arguments.foreground.is_empty() {
                    column.labels(labels);
                } else {
                    column.mark(&self.arguments.foreground);
                    labels.clear();
                    labels.extend(column.singles().iter().map(|mark| i64::from(*mark != 0.0)));
                }
            }
            Targets::OneHot(one_hot) => {
                one_hot.read(image, start, length)?;
                let ignored = weights.iter_mut().zip(one_hot.ignored()).filter(|(_, ignored)| **ignored);
                ignored.for_each(|(weight, _)| *weight = 0.0);
            }
        }
        Ok(())
    }

    /// The labels that were read, …
    pub(super) fn labels(&self) -> &[i64] {
        match &self.targets {
            Targets::Labels { labels, .. } => labels,
            Targets::OneHot(one_hot) => one_hot.labels(),
        }
    }

    /// … and their weights.
    pub(super) fn weights(&self) -> &[f32] {
        self.weighing.values()
    }

    /// The label of the file at a place of what was read.
    fn value(&self, place: usize) -> Value {
        match &self.targets {
            Targets::Labels { column, .. } => column.value(place),
            Targets::OneHot(_) => Value::Integer(NO_CLASS.into()),
        }
    }
}

pub(crate) struct ClassPixels<'a> {
    source: &'a Inputs,
    shape: ClassShape,
    /// What probabilities are clipped to at least; none of logits.
    epsilon: Option<f32>,
    /// Whether all logits are such as probabilities of classes are.
    sums_to_1: bool,
    planes: Planes,
    labels: Labels<'a>,
    image: u64,
    /// The next pixel of the image.
    next: u64,
    observed: Observed,
}

/// Some pixels of one image that follow each other.
pub(crate) struct Chunk<'a> {
    pub(crate) image: u64,
    /// The first pixel, in the image.
    pub(crate) start: u64,
    /// Whether it is the last of its image.
    pub(crate) ends_image: bool,
    /// Class by class.
    pub(crate) logits: &'a [f32],
    pub(crate) labels: &'a [i64],
    pub(crate) weights: &'a [f32],
    source: &'a Labels<'a>,
}

impl<'a> ClassPixels<'a> {
    pub(crate) fn open(
        source: &'a Inputs,
        shape: ClassShape,
        arguments: &'a ScoreArguments,
    ) -> Result<Self, ScoreError> {
        let planes = Planes::open(&source.input, shape)?;
        let labels = Labels::open(source, shape, arguments)?;
        let epsilon = (!arguments.probs.is_empty()).then_some(arguments.epsilon);
        let observed = Observed::default();
        Ok(Self { source, shape, epsilon, sums_to_1: true, planes, labels, image: 0, next: 0, observed })
    }

    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, ScoreError> {
        let ClassShape { images, classes, pixels, .. } = self.shape;
        if self.image >= images || pixels == 0 {
            return Ok(None);
        }
        let (image, start) = (self.image, self.next);
        let most = (LOGITS / classes as u64).clamp(1, CHUNK);
        let count = (pixels - start).min(most);
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        self.planes.read(image, start, length)?;
        self.next += count;
        let ends_image = self.next == pixels;
        if ends_image {
            (self.image, self.next) = (image + 1, 0);
        }
        self.labels.read(image, start, length)?;
        let weights = self.labels.weights();
        self.observed.inputs(self.planes.values(), Some(weights));
        let softmax = Softmax { source: self.source, shape: self.shape, at: image * pixels + start };
        if self.epsilon.is_none() {
            self.sums_to_1 &= softmax.is_one_everywhere(self.planes.values(), weights);
        }
        if let Some(epsilon) = self.epsilon {
            let strict = self.labels.arguments.strict;
            self.observed.clamped.probabilities +=
                softmax.to_logits(self.planes.values_mut(), weights, epsilon, strict)?;
        }
        let (logits, labels, weights) = (self.planes.values(), self.labels.labels(), self.labels.weights());
        self.observed.labels(labels, weights, classes);
        self.observed.ignores_foreground = self.labels.ignores_foreground;
        Ok(Some(Chunk { image, start, ends_image, logits, labels, weights, source: &self.labels }))
    }

    /// What was seen of the pixels so far.
    pub(super) fn observed(mut self) -> Observed {
        self.observed.are_probabilities = self.epsilon.is_none() && self.sums_to_1;
        self.observed
    }

    /// The first pixel of a chunk that is out of range, as an error.
    pub(super) fn first_bad(
        all: &[Inputs],
        source: &Inputs,
        shape: ClassShape,
        chunk: &Chunk<'_>,
        mut scratch: Accumulator,
        arguments: &ScoreArguments,
    ) -> ScoreError {
        scratch.reset();
        if let Err(error) = scratch.extend(chunk.pixels()) {
            return error.into();
        }
        let Some(first) = scratch.first_rejected() else {
            return ScoreError::usage("a pixel is out of range".to_owned());
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
                let class = not_finite.map_or(0, |(class, _)| class);
                let flat = shape.position(chunk.image, class, chunk.start + offset as u64);
                let place = place_of(&source.input, flat);
                match value_at(&source.input, Order::C, flat) {
                    Ok(found) if !arguments.probs.is_empty() => {
                        let accepted = "from 0 to 1 (logits are given with --logits)".to_owned();
                        bad(&source.input, place, "probability", found.to_string(), accepted, String::new())
                    }
                    Ok(found) => bad(&source.input, place, "logit", beyond(found), FINITE.to_owned(), String::new()),
                    Err(error) => error.into(),
                }
            }
            Reason::Weight => {
                let array = source.weights.as_ref().unwrap_or(&source.input);
                let found = match value_at(array, Order::C, position) {
                    Ok(found) => beyond(found),
                    Err(error) => return error.into(),
                };
                bad(array, beside(array), "weight", found, WEIGHTS.to_owned(), String::new())
            }
            _ => {
                let array = &source.targets;
                if let Targets::OneHot(one_hot) = &chunk.source.targets {
                    let flat = shape.position(chunk.image, 0, chunk.start + offset as u64);
                    let place = (index_of(array, flat, source.class_axis), flat);
                    let found = not_one_hot(&one_hot.values_of(offset));
                    let accepted = "with --one-hot, 1 in one class and 0 in the others".to_owned();
                    let remedy = "--multi-label takes each channel as a binary mask, ".to_owned();
                    return bad(array, place, "pixel", found, accepted, remedy);
                }
                let found = chunk.source.value(offset);
                let most = shape.classes - 1;
                let accepted = format!("0 to {most}, for {} classes", shape.classes);
                let labelled: Vec<_> = all.iter().map(Inputs::labelled).collect();
                let census = match Census::of(&labelled, arguments.ignore) {
                    Ok(census) => census,
                    Err(error) => return error.into(),
                };
                let remedy = if let Some(pair) = remedy_of_pair(&census).filter(|_| shape.classes == 2) {
                    pair
                } else if found == Value::Integer(shape.classes as i128) {
                    format!("labels from 1 must be lowered by 1, --ignore {found} ignores it, ")
                } else {
                    format!("--ignore {found} ignores it, ")
                };
                bad(array, beside(array), "label", found.to_string(), accepted, remedy)
            }
        }
    }
}

impl Chunk<'_> {
    pub(super) fn pixels(&self) -> classes::Pixels<'_> {
        classes::Pixels::new(self.logits, classes::Targets::I64(self.labels)).with_weights(self.weights)
    }
}

/// The index of the value of an array that comes at this position in C order, and its place in the flattened array.
fn place_of(array: &Array, position: u64) -> (String, u64) {
    (index_of(array, position, None), position)
}

/// The index at a position in C order, with `:` for all along an axis.
fn index_of(array: &Array, position: u64, all: Option<usize>) -> String {
    let index = unravel(position, array.shape(), Order::C);
    let text = |(axis, at): (usize, &u64)| if Some(axis) == all { ":".to_owned() } else { at.to_string() };
    let index: Vec<String> = index.iter().enumerate().map(text).collect();
    format!("[{}]", index.join(", "))
}

/// Probabilities of classes, on their way to logits: logarithms are logits whose softmax is them again.
struct Softmax<'a> {
    source: &'a Inputs,
    shape: ClassShape,
    /// Where the first pixel is, of all images.
    at: u64,
}

impl Softmax<'_> {
    /// How far the sum over the classes may be from 1.
    fn tolerance(&self) -> f32 {
        if self.source.input.dtype().size() < 4 { 0.02 } else { 1e-3 }
    }

    /// The sum over the classes at each pixel.
    fn sums(values: &[f32], pixels: usize) -> Vec<f32> {
        let mut sums = vec![0.0; pixels];
        for plane in values.chunks(pixels.max(1)) {
            sums.iter_mut().zip(plane).for_each(|(sum, value)| *sum += value);
        }
        sums
    }

    fn is_one_everywhere(&self, values: &[f32], weights: &[f32]) -> bool {
        let in_unit = |value: &f32| (0.0..=1.0).contains(value);
        if values.iter().zip(weights.iter().cycle()).any(|(value, weight)| *weight != 0.0 && !in_unit(value)) {
            return false;
        }
        let sums = Self::sums(values, weights.len());
        sums.iter().zip(weights).all(|(sum, weight)| *weight == 0.0 || (sum - 1.0).abs() <= self.tolerance())
    }

    /// Takes logarithms, of at least ε, and returns how many values lay outside [0, 1] by rounding alone. What lies further outside becomes NaN, which is
    /// rejected and named.
    fn to_logits(&self, values: &mut [f32], weights: &[f32], epsilon: f32, strict: bool) -> Result<u64, ScoreError> {
        let mut clamped = 0;
        for (value, weight) in values.iter_mut().zip(weights.iter().cycle()) {
            if (0.0..=1.0).contains(value) {
                continue;
            }
            match crate::targets::clamped((*value).into()).filter(|_| !strict) {
                Some(nearest) => {
                    clamped += u64::from(*weight != 0.0);
                    *value = nearest;
                }
                None => *value = f32::NAN,
            }
        }
        let sums = Self::sums(values, weights.len());
        let is_off = |(sum, weight): (&f32, &f32)| *weight != 0.0 && (sum - 1.0).abs() > self.tolerance();
        if let Some(place) = sums.iter().zip(weights).position(|pixel| is_off((pixel.0, pixel.1))) {
            let sum = sums.get(place).copied().unwrap_or(0.0);
            let input = &self.source.input;
            let pixel = self.at + place as u64;
            let position = self.shape.position(pixel / self.shape.pixels.max(1), 0, pixel % self.shape.pixels.max(1));
            return Err(ScoreError::usage(format!(
                "{}: the probabilities of the {} classes at {} sum to {sum}, and a softmax sums to 1; logits are given with --logits, and \
                 independent channels with targets (N, C, …) and --multi-label",
                input.name(),
                self.shape.classes,
                index_of(input, position, self.source.class_axis)
            )));
        }
        // The core's logarithm is not public, and this one has the same bits on every machine.
        values.iter_mut().filter(|value| !value.is_nan()).for_each(|value| {
            *value = libm::log(f64::from(value.max(epsilon))) as f32;
        });
        Ok(clamped)
    }
}
