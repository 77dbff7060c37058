//! Images as labels, one after the other.

use loss_core::Logits;
use loss_core::extend::{ClassPixel, Link};

use super::{Measured, Of};
use crate::arguments::{OnBad, ScoreArguments};
use crate::arrays::Array;
use crate::score::ScoreError;
use crate::score::classes::pixels::ClassPixels;
use crate::score::inputs::{Geometry, Inputs};
use crate::score::pixels::Pixels;
use crate::targets::{Column, MOST_CLASSES, Value, Weighing};

/// An image, or a channel of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) image: u64,
    pub(crate) channel: u64,
    pub(crate) truth: Vec<i64>,
    pub(crate) prediction: Vec<i64>,
    /// Which pixels count; empty if all do.
    pub(crate) valid: Vec<bool>,
}

impl Image {
    /// An image without pixels, with room for so many: growing would copy them again and again.
    fn of(pixels: usize) -> Self {
        let room = pixels.min(1 << 24);
        Self { truth: Vec::with_capacity(room), prediction: Vec::with_capacity(room), ..Self::default() }
    }

    fn clear(&mut self) {
        self.truth.clear();
        self.prediction.clear();
        self.valid.clear();
    }

    fn push(&mut self, truth: i64, prediction: i64, is_valid: bool) {
        self.truth.push(truth);
        self.prediction.push(prediction);
        if !is_valid || !self.valid.is_empty() {
            self.valid.resize(self.truth.len() - 1, true);
            self.valid.push(is_valid);
        }
    }
}

/// Reads a file image by image.
pub(crate) fn each_image(
    inputs: &Inputs,
    arguments: &ScoreArguments,
    of: Of<'_>,
    geometry: &Geometry,
    measured: &mut Measured,
    mut each: impl FnMut(&Image, &mut Measured) -> Result<(), ScoreError>,
) -> Result<(), ScoreError> {
    let mut gather =
        Gather { image: Image::of(geometry.pixels()), next: 0, pixels: geometry.pixels(), channels: geometry.channels };
    let mut ended = |image: &Image, measured: &mut Measured| each(image, measured);
    match of {
        _ if !arguments.prediction.is_empty() => labels(inputs, arguments, of, &mut gather, measured, &mut ended),
        Of::Binary => binary(inputs, arguments, &mut gather, measured, &mut ended),
        Of::Classes(_) => classes(inputs, arguments, &mut gather, measured, &mut ended),
    }
}

/// Pixels that are gathered until an image is whole.
struct Gather {
    image: Image,
    next: u64,
    pixels: usize,
    channels: u64,
}

type Ended<'a> = &'a mut dyn FnMut(&Image, &mut Measured) -> Result<(), ScoreError>;

impl Gather {
    fn push(
        &mut self,
        (truth, prediction, is_valid): (i64, i64, bool),
        measured: &mut Measured,
        ended: Ended<'_>,
    ) -> Result<(), ScoreError> {
        self.image.push(truth, prediction, is_valid);
        if self.image.truth.len() >= self.pixels {
            let channels = self.channels.max(1);
            (self.image.image, self.image.channel) = (self.next / channels, self.next % channels);
            self.next += 1;
            ended(&self.image, measured)?;
            self.image.clear();
        }
        Ok(())
    }
}

fn binary(
    inputs: &Inputs,
    arguments: &ScoreArguments,
    gather: &mut Gather,
    measured: &mut Measured,
    ended: Ended<'_>,
) -> Result<(), ScoreError> {
    let of_logits = arguments.probs.is_empty();
    let threshold = if of_logits { Logits.input_at(arguments.threshold()) } else { arguments.threshold() } as f32;
    // Other metrics need no exponential of each pixel.
    let reads_probabilities = measured.reliability.is_some() || measured.histogram.is_some();
    let mut pixels = Pixels::open_in(inputs, arguments, Inputs::ORDER)?;
    while let Some(chunk) = pixels.next_chunk()? {
        let (inputs_, targets, weights) = chunk.columns();
        for (place, (input, target)) in inputs_.iter().zip(targets).enumerate() {
            let counts = weights.is_none_or(|weights| weights.get(place).is_none_or(|weight| *weight != 0.0));
            let in_range = if of_logits { input.is_finite() } else { (0.0..=1.0).contains(input) };
            let is_valid = counts && in_range && (0.0..=1.0).contains(target);
            if is_valid && *target != 0.0 && *target != 1.0 {
                return Err(soft(&inputs.targets, (*target).into()));
            }
            if is_valid && reads_probabilities {
                let p = if of_logits { Logits.pixel(*input, 0.0).p } else { *input };
                if let Some(reliability) = &mut measured.reliability {
                    reliability.push(p, *target == 1.0);
                }
                if let Some(histogram) = &mut measured.histogram {
                    histogram.push(p, *target == 1.0);
                }
            }
            let pixel = (i64::from(*target == 1.0), i64::from(*input >= threshold), is_valid);
            gather.push(pixel, measured, ended)?;
        }
    }
    Ok(())
}

fn soft(targets: &Array, found: f64) -> ScoreError {
    ScoreError::SoftTargets(format!(
        "{}: metrics need hard targets, 0 or 1, and a target is {}",
        targets.name(),
        Value::from(found)
    ))
}

/// The softmax of a pixel's logits, which lie a class after the other.
fn softmax<const C: usize>(logits: impl Iterator<Item = f32>, classes: usize, probabilities: &mut Vec<f32>) {
    let mut own = [0.0; C];
    own.iter_mut().zip(logits).for_each(|(own, logit)| *own = logit);
    probabilities.clear();
    probabilities.extend(ClassPixel::softmax(classes, &own, [0.0; C]).p.iter().take(classes));
}

fn classes(
    inputs: &Inputs,
    arguments: &ScoreArguments,
    gather: &mut Gather,
    measured: &mut Measured,
    ended: Ended<'_>,
) -> Result<(), ScoreError> {
    let Some(shape) = inputs.classes else { return Ok(()) };
    let mut pixels = ClassPixels::open(inputs, shape, arguments)?;
    let (mut largest, mut predicted): (Vec<f32>, Vec<usize>) = (Vec::new(), Vec::new());
    if measured.reliability.is_some() && shape.classes > MOST_CLASSES {
        return Err(ScoreError::usage(format!(
            "{}: has {} classes, and calibration takes at most {MOST_CLASSES}; name other metrics, such as --metrics overlap",
            inputs.input.name(),
            shape.classes
        )));
    }
    let mut probabilities = Vec::new();
    while let Some(chunk) = pixels.next_chunk()? {
        let count = chunk.labels.len();
        // The class of the largest logit, the first of several, as that of the confusion.
        largest.clear();
        largest.resize(count, f32::MIN);
        predicted.clear();
        predicted.resize(count, 0);
        let mut in_range = vec![true; count];
        for (class, plane) in chunk.logits.chunks(count.max(1)).enumerate() {
            for (place, logit) in plane.iter().enumerate() {
                in_range[place] &= logit.is_finite();
                if *logit > largest[place] {
                    (largest[place], predicted[place]) = (*logit, class);
                }
            }
        }
        for place in 0..count {
            let label = chunk.labels[place];
            let has_class = usize::try_from(label).is_ok_and(|label| label < shape.classes);
            let is_valid = chunk.weights[place] != 0.0 && in_range[place] && has_class;
            if chunk.weights[place] != 0.0 && !has_class && arguments.on_bad == OnBad::Error {
                return Err(ScoreError::usage(format!(
                    "{}: a label is {label}; accepted: 0 to {}, for {} classes; --on-bad skip leaves such pixels out",
                    inputs.targets.name(),
                    shape.classes - 1,
                    shape.classes
                )));
            }
            if let Some(reliability) = measured.reliability.as_mut().filter(|_| is_valid) {
                let logits = chunk.logits.iter().skip(place).step_by(count).copied();
                match shape.classes {
                    0..=8 => softmax::<8>(logits, shape.classes, &mut probabilities),
                    9..=32 => softmax::<32>(logits, shape.classes, &mut probabilities),
                    _ => softmax::<MOST_CLASSES>(logits, shape.classes, &mut probabilities),
                }
                let label = usize::try_from(label).unwrap_or(usize::MAX);
                reliability.push_classes(probabilities.iter().copied(), label);
            }
            gather.push((label, predicted[place] as i64, is_valid), measured, ended)?;
        }
    }
    Ok(())
}

/// Label maps against label maps.
fn labels(
    inputs: &Inputs,
    arguments: &ScoreArguments,
    of: Of<'_>,
    gather: &mut Gather,
    measured: &mut Measured,
    ended: Ended<'_>,
) -> Result<(), ScoreError> {
    const CHUNK: u64 = 1 << 16;
    crate::arrays::check_shapes(&inputs.arrays())?;
    let mut prediction = Column::open(&inputs.input, Inputs::ORDER)?;
    let mut targets = Column::open(&inputs.targets, Inputs::ORDER)?;
    let mut weighing = Weighing::open(inputs.mask.as_ref(), None, Inputs::ORDER)?;
    let classes = match of {
        Of::Binary => 2,
        Of::Classes(classes) => classes.count as i64,
    };
    let (mut truth, mut predicted) = (Vec::new(), Vec::new());
    while targets.remaining() > 0 {
        let count = usize::try_from(targets.remaining().min(CHUNK)).unwrap_or(0);
        targets.read(count)?;
        prediction.read(count)?;
        weighing.read(count)?;
        if let Some(ignore) = arguments.ignore {
            let weights = weighing.values_mut();
            targets.each_equal(ignore, |place| weights[place] = 0.0);
        }
        for (column, labels) in [(&mut targets, &mut truth), (&mut prediction, &mut predicted)] {
            if arguments.foreground.is_empty() {
                column.labels(labels);
            } else {
                column.mark(&arguments.foreground);
                labels.clear();
                labels.extend(column.singles().iter().map(|mark| i64::from(*mark != 0.0)));
            }
        }
        for place in 0..count {
            let is_valid = weighing.values()[place] != 0.0;
            for (column, array, label) in
                [(&targets, &inputs.targets, truth[place]), (&prediction, &inputs.input, predicted[place])]
            {
                if is_valid && !(0..classes).contains(&label) {
                    return Err(ScoreError::usage(format!(
                        "{}: a label is {}; accepted: whole numbers from 0 to {}, for {classes} classes{}",
                        array.name(),
                        column.value(place),
                        classes - 1,
                        if matches!(of, Of::Binary) {
                            "; --foreground takes some values as foreground, --classes N reads labels"
                        } else {
                            "; --classes takes more, --ignore leaves a value of the targets out"
                        }
                    )));
                }
            }
            gather.push((truth[place], predicted[place], is_valid), measured, ended)?;
        }
    }
    Ok(())
}
