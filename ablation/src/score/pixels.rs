//! The pixels of one set of arrays, a chunk at a time.

use loss_core::{Accumulator, LengthError, Link, Plane, Reason};

use super::ScoreError;
use super::error::BadPixel;
use super::inputs::Inputs;
use super::terms::Terms;
use crate::arrays::{Array, DType, Order, Reader, open_together};

/// Pixels read at a time.
const CHUNK: usize = 1 << 16;

/// Reads inputs, targets and weights side by side.
pub(crate) struct Pixels {
    input: Reader,
    targets: Reader,
    mask: Option<Reader>,
    weights: Option<Reader>,
    ignore: Option<f64>,
    start: u64,
    input_values: Vec<f32>,
    target_values: Vec<f32>,
    weight_values: Vec<f32>,
    mask_values: Vec<f32>,
    integers: Vec<i64>,
}

/// Some pixels that follow each other in the files.
pub(crate) struct Chunk<'a> {
    /// How many pixels came before.
    pub(crate) start: u64,
    inputs: &'a [f32],
    targets: &'a [f32],
    /// The targets as they are in the file, if they are integers that may be no `f32`.
    wide_targets: &'a [i64],
    weights: Option<&'a [f32]>,
}

impl Pixels {
    pub(crate) fn open(source: &Inputs, ignore: Option<f64>) -> Result<Self, ScoreError> {
        let mut readers = open_together(&source.arrays())?.into_iter();
        let (Some(input), Some(targets)) = (readers.next(), readers.next()) else {
            return Err(ScoreError::Usage("nothing to read".to_owned()));
        };
        let mask = source.mask.as_ref().and_then(|_| readers.next());
        let weights = source.weights.as_ref().and_then(|_| readers.next());
        Ok(Self {
            input,
            targets,
            mask,
            weights,
            ignore,
            start: 0,
            input_values: Vec::new(),
            target_values: Vec::new(),
            weight_values: Vec::new(),
            mask_values: Vec::new(),
            integers: Vec::new(),
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
        self.input_values.resize(count, 0.0);
        self.input.read_f32(&mut self.input_values)?;
        let weighted = self.mask.is_some() || self.weights.is_some() || self.ignore.is_some();
        if weighted {
            self.weight_values.resize(count, 1.0);
            match &mut self.weights {
                Some(reader) => read(reader, &mut self.integers, &mut self.weight_values)?,
                None => self.weight_values.fill(1.0),
            }
        }
        if let Some(reader) = &mut self.mask {
            self.mask_values.resize(count, 0.0);
            read(reader, &mut self.integers, &mut self.mask_values)?;
            for (weight, mask) in self.weight_values.iter_mut().zip(&self.mask_values) {
                if *mask == 0.0 {
                    *weight = 0.0;
                }
            }
        }
        // Last, so that wide integers are those of the targets.
        self.read_targets(count)?;
        Ok(Some(Chunk {
            start,
            inputs: &self.input_values,
            targets: &self.target_values,
            wide_targets: if is_wide(self.targets.dtype()) { &self.integers } else { &[] },
            weights: weighted.then_some(&self.weight_values[..]),
        }))
    }

    /// Reads the targets, and takes the weight of those that are to be ignored.
    fn read_targets(&mut self, count: usize) -> Result<(), ScoreError> {
        self.target_values.resize(count, 0.0);
        read(&mut self.targets, &mut self.integers, &mut self.target_values)?;
        let Some(ignore) = self.ignore else { return Ok(()) };
        let weights = self.weight_values.iter_mut();
        if is_wide(self.targets.dtype()) {
            // As integers, because two of them may be the same f32.
            let equal = |integer: i64| integer as f64 == ignore && integer == ignore as i64;
            weights.zip(&self.integers).filter(|(_, target)| equal(**target)).for_each(|(weight, _)| *weight = 0.0);
        } else {
            let ignore = ignore as f32;
            let equal = |target: f32| target == ignore || (target.is_nan() && ignore.is_nan());
            weights
                .zip(&self.target_values)
                .filter(|(_, target)| equal(**target))
                .for_each(|(weight, _)| *weight = 0.0);
        }
        Ok(())
    }

    /// The first pixel of a chunk that is out of range, as an error.
    pub(crate) fn first_bad<K: Link>(source: &Inputs, chunk: &Chunk<'_>, terms: &Terms, link: &K) -> ScoreError {
        let mut scratch = Accumulator::new(terms.clone(), link.clone());
        if let Err(error) = chunk.plane(0..chunk.len()).map(|plane| scratch.extend_plane(plane)) {
            return error.into();
        }
        let Some(first) = scratch.first_rejected() else {
            return ScoreError::Usage("a pixel is out of range".to_owned());
        };
        let offset = usize::try_from(first.index).unwrap_or(0);
        let position = chunk.start + offset as u64;
        let value = |values: &[f32]| values.get(offset).copied().unwrap_or(f32::NAN).to_string();
        let bad = |array: &Array, what, found: String, accepted: &'static str, remedy: String| {
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
                let found = value(chunk.inputs);
                let (what, accepted) = if link.accepts(2.0) {
                    ("logit", "any finite f32")
                } else {
                    ("probability", "from 0 to 1 (give logits with --logits)")
                };
                bad(&source.input, what, found, accepted, String::new())
            }
            Reason::Weight => {
                let array = source.weights.as_ref().unwrap_or(&source.input);
                let found = chunk.weights.map_or(String::new(), value);
                bad(array, "weight", found, "0 (ignored), or from 2^-32 to 2^32", String::new())
            }
            // The target; binary losses have no labels to reject.
            _ => {
                let wide = chunk.wide_targets.get(offset).map(i64::to_string);
                let found = wide.unwrap_or_else(|| value(chunk.targets));
                let (accepted, remedy) = if source.targets.dtype().is_integer() {
                    (
                        "0 and 1",
                        format!(
                            "--ignore {found} ignores it, labels of classes need logits of all classes, (N, C, …) for \
                             (N, …), "
                        ),
                    )
                } else {
                    ("from 0 to 1", format!("--ignore {found} ignores it, "))
                };
                bad(&source.targets, "target", found, accepted, remedy)
            }
        }
    }
}

impl Chunk<'_> {
    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn plane(&self, range: std::ops::Range<usize>) -> Result<Plane<'_, f32>, LengthError> {
        fn part<'a>(values: &'a [f32], range: &std::ops::Range<usize>) -> &'a [f32] {
            values.get(range.clone()).unwrap_or_default()
        }
        let plane = Plane::new(part(self.inputs, &range), part(self.targets, &range))?;
        match self.weights {
            Some(weights) => plane.with_weights(part(weights, &range)),
            None => Ok(plane),
        }
    }
}

/// Whether integers of this type may be no `f32`.
fn is_wide(dtype: DType) -> bool {
    matches!(dtype, DType::I32 | DType::I64 | DType::U32 | DType::U64)
}

/// Fills `values`; wide integers are kept in `integers` as well.
fn read(reader: &mut Reader, integers: &mut Vec<i64>, values: &mut [f32]) -> Result<(), ScoreError> {
    if !is_wide(reader.dtype()) {
        reader.read_f32(values)?;
        return Ok(());
    }
    integers.resize(values.len(), 0);
    reader.read_i64(integers)?;
    for (value, integer) in values.iter_mut().zip(integers) {
        *value = *integer as f32;
    }
    Ok(())
}

/// Where in `array` the pixel is that comes `position`th in the order of `first`: its index, and its index in the
/// flattened array.
fn position_in(array: &Array, first: &Array, position: u64) -> (String, u64) {
    let mut index = unravel(position, first.shape(), first.order());
    // The shapes may differ by a channel axis of length 1.
    match array.shape().len().cmp(&index.len()) {
        std::cmp::Ordering::Less => {
            index.remove(1);
        }
        std::cmp::Ordering::Greater => index.insert(1, 0),
        std::cmp::Ordering::Equal => {}
    }
    let flat = index.iter().zip(array.shape()).fold(0, |flat, (index, length)| flat * length + index);
    let index: Vec<String> = index.iter().map(u64::to_string).collect();
    (format!("[{}]", index.join(", ")), flat)
}

pub(super) fn unravel(mut position: u64, shape: &[u64], order: Order) -> Vec<u64> {
    let mut take = |length: &u64| {
        let length = (*length).max(1);
        let index = position % length;
        position /= length;
        index
    };
    match order {
        Order::Fortran => shape.iter().map(take).collect(),
        Order::C => {
            let mut index: Vec<u64> = shape.iter().rev().map(&mut take).collect();
            index.reverse();
            index
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_order() {
        // NumPy: np.unravel_index(17, (2, 3, 4), order=…)
        assert_eq!(unravel(17, &[2, 3, 4], Order::C), [1, 1, 1]);
        assert_eq!(unravel(17, &[2, 3, 4], Order::Fortran), [1, 2, 2]);
    }
}
