//! The pixels of one set of arrays, a chunk at a time.

use loss_core::{LengthError, Plane, Reason};
use loss_expression::binary::{Accumulator, Inputs as InputKind};

use super::ScoreError;
use super::error::BadPixel;
use super::inputs::Inputs;
use super::observed::Observed;
use crate::arguments::ScoreArguments;
use crate::arrays::{Array, Order, check_shapes, open_in_order, unravel};
use crate::targets::{AxisSums, Census, Column, Exclusive, TOLERANCE, Value, Weighing, clamped, value_at};

/// Pixels read at a time.
const CHUNK: usize = 1 << 18;

/// Reads inputs, targets and weights side by side.
pub(crate) struct Pixels<'a> {
    arguments: &'a ScoreArguments,
    input: Column,
    targets: Column,
    weighing: Weighing,
    start: u64,
    observed: Observed,
    exclusive: Option<Exclusive>,
}

/// Some pixels that follow each other in the files.
pub(crate) struct Chunk<'a> {
    /// How many pixels came before.
    pub(crate) start: u64,
    input: &'a Column,
    targets: &'a Column,
    weighing: &'a Weighing,
    weights: Option<&'a [f32]>,
}

impl<'a> Pixels<'a> {
    pub(crate) fn open(source: &Inputs, arguments: &'a ScoreArguments) -> Result<Self, ScoreError> {
        Self::open_in(source, arguments, source.input.order())
    }

    /// As [`open`](Self::open), with the pixels in this order in place of that of the inputs' file.
    pub(crate) fn open_in(source: &Inputs, arguments: &'a ScoreArguments, order: Order) -> Result<Self, ScoreError> {
        check_shapes(&source.arrays())?;
        let column = |array: &Array| open_in_order(array, order).map(Column::new);
        let (input, targets) = (column(&source.input)?, column(&source.targets)?);
        let mask = source.mask.as_ref().map(column).transpose()?;
        let weights = source.weights.as_ref().map(column).transpose()?;
        let mut exclusive = if arguments.multi_label {
            None
        } else {
            // One of the two may lack a channel axis of length 1, and the other says that it is there.
            let (a, b) = (source.input.shape(), source.targets.shape());
            Exclusive::new(source.targets.dtype(), if b.len() > a.len() { b } else { a }, order)
        };
        let all_count = source.mask.is_none() && source.weights.is_none() && arguments.ignore.is_none();
        let in_order = source.targets.order() == order && source.targets.is_seekable();
        if let Some(exclusive) = exclusive.as_mut().filter(|_| all_count && in_order && arguments.foreground.is_empty())
        {
            let value = |position| value_at(&source.targets, source.targets.order(), position).map(Value::to_f64);
            exclusive.rule_out(&source.targets, value)?;
        }
        Ok(Self {
            arguments,
            input,
            targets,
            weighing: Weighing::new(mask, weights),
            start: 0,
            observed: Observed::default(),
            exclusive,
        })
    }

    /// The next pixels; `None` at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, ScoreError> {
        let count = usize::try_from(self.input.remaining()).unwrap_or(usize::MAX).min(CHUNK);
        if count == 0 {
            return Ok(None);
        }
        let start = self.start;
        self.start += count as u64;
        self.input.read(count)?;
        self.weighing.read(count)?;
        self.targets.read(count)?;
        let mut ignored = 0;
        if let Some(ignore) = self.arguments.ignore {
            let weights = self.weighing.values_mut();
            self.targets.each_equal(ignore, |place| {
                if let Some(weight) = weights.get_mut(place) {
                    *weight = 0.0;
                    ignored += 1;
                }
            });
        }
        let ignores_foreground =
            ignored > 0 && self.arguments.ignore.is_some_and(|value| !value.is_nan() && value != Value::Integer(0));
        self.observed.ignores_foreground |= ignores_foreground;
        let weighted = !self.weighing.is_empty() || self.arguments.ignore.is_some();
        let weights = self.weighing.values();
        if self.arguments.foreground.is_empty() {
            let strict = self.arguments.strict;
            self.observed.clamped.targets += clamp(&mut self.targets, weights, strict);
        } else {
            self.targets.mark(&self.arguments.foreground);
        }
        if !self.arguments.probs.is_empty() {
            self.observed.clamped.probabilities += clamp(&mut self.input, weights, self.arguments.strict);
        }
        let weights = weighted.then_some(weights);
        self.observed.inputs(self.input.singles(), weights);
        self.observed.targets(self.targets.singles(), weights);
        if let Some(exclusive) = &mut self.exclusive {
            exclusive.add(self.targets.singles(), weights);
        }
        Ok(Some(Chunk { start, input: &self.input, targets: &self.targets, weighing: &self.weighing, weights }))
    }

    /// What was seen of the pixels so far.
    pub(crate) fn observed(self) -> Observed {
        let axes = self.exclusive.as_ref().map_or(Some(AxisSums::NONE), Exclusive::finish);
        let mut observed = self.observed;
        observed.axes = axes;
        observed
    }

    /// The first pixel of a chunk that is out of range, as an error.
    pub(crate) fn first_bad(
        all: &[Inputs],
        source: &Inputs,
        chunk: &Chunk<'_>,
        mut scratch: Accumulator,
        kind: InputKind,
        arguments: &ScoreArguments,
    ) -> ScoreError {
        let plane = match chunk.plane(0..chunk.len()) {
            Ok(plane) => plane,
            Err(error) => return error.into(),
        };
        if let Err(error) = scratch.extend(plane.into()) {
            return error.into();
        }
        let Some(first) = scratch.first_rejected() else {
            return ScoreError::usage("a pixel is out of range".to_owned());
        };
        let offset = usize::try_from(first.index).unwrap_or(0);
        let position = chunk.start + offset as u64;
        let bad = |array: &Array, what, found: String, accepted: String, remedy: String| {
            let (index, flat) = position_in(array, &source.input, position);
            let array = array.name().to_owned();
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
        match first.reason {
            Reason::Input => {
                let found = chunk.input.value(offset);
                if kind.accepts(2.0) {
                    return bad(&source.input, "logit", beyond(found), FINITE.to_owned(), String::new());
                }
                let number = found.to_f64();
                let accepted = if (-TOO_FAR..=1.0 + TOO_FAR).contains(&number) || number.is_nan() {
                    format!("from 0 to 1{}", tolerance(arguments))
                } else {
                    "from 0 to 1 (logits are given with --logits)".to_owned()
                };
                bad(&source.input, "probability", found.to_string(), accepted, String::new())
            }
            Reason::Weight => {
                let array = source.weights.as_ref().unwrap_or(&source.input);
                bad(array, "weight", beyond(chunk.weighing.value(offset)), WEIGHTS.to_owned(), String::new())
            }
            // The target; binary losses have no labels to reject.
            _ => {
                let found = chunk.targets.value(offset);
                let labelled: Vec<_> = all.iter().map(Inputs::labelled).collect();
                let census = match Census::of(&labelled, arguments.ignore) {
                    Ok(census) => census,
                    Err(error) => return error.into(),
                };
                let (accepted, remedy) = if source.targets.dtype().is_integer() {
                    ("0 and 1".to_owned(), remedy(found, &census))
                } else if census.recognised().is_some() {
                    ("from 0 to 1".to_owned(), remedy(found, &census))
                } else if is_marker(found) {
                    ("from 0 to 1".to_owned(), format!("--ignore {found} ignores it, "))
                } else if found.to_f64() > 1.0 + TOO_FAR && found.to_f64() <= 255.0 {
                    let remedy = "grey levels from 0 to 255 must be divided by 255, ".to_owned();
                    ("from 0 to 1".to_owned(), remedy)
                } else {
                    (format!("from 0 to 1{}", tolerance(arguments)), String::new())
                };
                bad(&source.targets, "target", found.to_string(), accepted, remedy)
            }
        }
    }
}

/// What a logit may be.
pub(super) const FINITE: &str = "any finite f32 (up to 3.4e38 in magnitude)";
/// What a weight may be.
pub(super) const WEIGHTS: &str = "0 (ignored), or from 2^-32 to 2^32";
/// What lies further outside [0, 1] was not meant to be a probability.
const TOO_FAR: f64 = 0.01;

fn tolerance(arguments: &ScoreArguments) -> String {
    if arguments.strict {
        " exactly, because of --strict".to_owned()
    } else {
        format!(" (up to {TOLERANCE:e} outside is taken as rounding)")
    }
}

/// A value as it is in its file, with a word where `f32` does not hold it.
pub(super) fn beyond(found: Value) -> String {
    let number = found.to_f64();
    match number as f32 {
        single if number.is_finite() && single.is_infinite() => format!("{found}, beyond f32"),
        single if number != 0.0 && single == 0.0 => format!("{found}, which f32 takes for 0"),
        _ => found.to_string(),
    }
}

/// Whether a value outside [0, 1] can mark pixels without a target: -1, 255, NaN, …
fn is_marker(value: Value) -> bool {
    value.is_nan() || (value.is_integer() && (value < Value::Integer(0) || value >= Value::Integer(255)))
}

/// What can be done about targets of two values, or one, that are not 0 and 1.
pub(super) fn remedy_of_pair(census: &Census) -> Option<String> {
    let (values, foreground) = (census.list(), census.recognised()?);
    let subject = if values.contains(" and ") { "all targets are" } else { "every target is" };
    Some(format!(
        "{subject} {values}: --foreground {foreground} takes {foreground} as foreground{}, ",
        if census.has_one() { String::new() } else { format!(" (--ignore {foreground} would leave none)") }
    ))
}

/// What can be done about targets that are not 0 and 1.
fn remedy(found: Value, census: &Census) -> String {
    if let Some(remedy) = remedy_of_pair(census) {
        return remedy;
    }
    let values = census.list();
    if census.is_pair() && found < Value::Integer(0) {
        return format!(
            "all targets are {values}: --foreground {found} takes {found} as foreground (as an i8, 255 is -1), --ignore {found} \
             ignores it, "
        );
    }
    if let Some(white) = census.mixed() {
        return format!(
            "some files hold 1 and others {white}: --foreground 1,{white} takes both as foreground, --ignore {white} ignores \
             one, "
        );
    }
    if census.is_binary_beside(found) {
        return format!(
            "--ignore {found} ignores it, labels of classes need logits of all classes, (N, C, …) for (N, …), "
        );
    }
    if census.has_grey_levels() {
        return format!(
            "the targets are {values}: grey levels need a threshold, such as numpy's mask > 127, or a division by 255; \
             --foreground takes some values as foreground, "
        );
    }
    let mut remedy = String::new();
    if is_marker(found) {
        remedy = format!("--ignore {found} ignores it, ");
    }
    if census.are_labels() {
        remedy.push_str(&format!(
            "the targets are {values}: --foreground takes some of them as foreground, and labels of classes need logits of \
             all classes, (N, C, …) for (N, …), "
        ));
    } else if remedy.is_empty() {
        remedy = format!("the targets are {values}; --ignore {found} ignores it, ");
    }
    remedy
}

/// Moves what lies outside [0, 1] by rounding alone to 0 or 1, and counts it where it has weight; `strict`: nothing.
fn clamp(column: &mut Column, weights: &[f32], strict: bool) -> u64 {
    let mut outside = Vec::new();
    column.each_outside(|place, value| outside.push((place, value)));
    let (singles, mut count) = (column.singles_mut(), 0);
    for (place, value) in outside {
        let Some(single) = singles.get_mut(place) else { continue };
        match clamped(value).filter(|_| !strict) {
            Some(nearest) => {
                *single = nearest;
                count += u64::from(weights.get(place).is_none_or(|weight| *weight != 0.0));
            }
            // Rounding to f32 does not make it right.
            None if (0.0..=1.0).contains(single) => *single = f32::NAN,
            None => {}
        }
    }
    count
}

impl Chunk<'_> {
    /// Inputs, targets, and weights if there are any, as they are scored.
    pub(crate) fn columns(&self) -> (&[f32], &[f32], Option<&[f32]>) {
        (self.input.singles(), self.targets.singles(), self.weights)
    }

    pub(crate) fn len(&self) -> usize {
        self.input.singles().len()
    }

    pub(crate) fn plane(&self, range: std::ops::Range<usize>) -> Result<Plane<'_, f32>, LengthError> {
        fn part<'a>(values: &'a [f32], range: &std::ops::Range<usize>) -> &'a [f32] {
            values.get(range.clone()).unwrap_or_default()
        }
        let plane = Plane::new(part(self.input.singles(), &range), part(self.targets.singles(), &range))?;
        match self.weights {
            Some(weights) => plane.with_weights(part(weights, &range)),
            None => Ok(plane),
        }
    }
}

/// Where in `array` the pixel is that comes `position`th in the order of `first`: its index, and its index in the
/// flattened array.
fn position_in(array: &Array, first: &Array, position: u64) -> (String, u64) {
    // The shapes may differ by axes of length 1.
    let index = unravel(position, first.shape(), first.order());
    let mut long = index.into_iter().zip(first.shape()).filter(|(_, length)| **length != 1).map(|(index, _)| index);
    let index: Vec<u64> =
        array.shape().iter().map(|length| if *length == 1 { 0 } else { long.next().unwrap_or(0) }).collect();
    let flat = index.iter().zip(array.shape()).fold(0, |flat, (index, length)| flat * length + index);
    let index: Vec<String> = index.iter().map(u64::to_string).collect();
    (format!("[{}]", index.join(", ")), flat)
}
