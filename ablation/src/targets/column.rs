//! The values of one array beside the predictions, as exact as they are in the file.

use super::Value;
use crate::arrays::{Array, DType, Order, Reader, Result, open_in_order};

/// What a file holds that `f32` does not.
enum Beyond {
    /// Nothing: the type is narrow.
    Nothing,
    Integers(Vec<i128>),
    Doubles(Vec<f64>),
}

/// Reads an array a chunk at a time: rounded to `f32`, and exact where that matters.
pub(crate) struct Column {
    reader: Reader,
    singles: Vec<f32>,
    beyond: Beyond,
    /// Memory for the next marks.
    marks: Vec<f32>,
}

impl Column {
    pub(crate) fn new(reader: Reader) -> Self {
        let beyond = match reader.dtype() {
            DType::I32 | DType::I64 | DType::U32 | DType::U64 => Beyond::Integers(Vec::new()),
            DType::F64 => Beyond::Doubles(Vec::new()),
            _ => Beyond::Nothing,
        };
        Self { reader, singles: Vec::new(), beyond, marks: Vec::new() }
    }

    pub(crate) fn open(array: &Array, order: Order) -> Result<Self> {
        open_in_order(array, order).map(Self::new)
    }

    pub(crate) fn dtype(&self) -> DType {
        self.reader.dtype()
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.reader.remaining()
    }

    /// Reads the next values; any integer and any float is fine.
    pub(crate) fn read(&mut self, count: usize) -> Result<()> {
        self.singles.resize(count, 0.0);
        match &mut self.beyond {
            Beyond::Nothing => drop(self.reader.read_f32(&mut self.singles)?),
            Beyond::Integers(integers) => {
                integers.resize(count, 0);
                self.reader.read_i128(integers)?;
                self.singles.iter_mut().zip(integers).for_each(|(single, integer)| *single = *integer as f32);
            }
            Beyond::Doubles(doubles) => {
                doubles.resize(count, 0.0);
                self.reader.read_f64(doubles)?;
                self.singles.iter_mut().zip(doubles).for_each(|(single, double)| *single = *double as f32);
            }
        }
        Ok(())
    }

    /// The values that were read, rounded to `f32`.
    pub(crate) fn singles(&self) -> &[f32] {
        &self.singles
    }

    /// Those values, to be changed.
    pub(crate) fn singles_mut(&mut self) -> &mut [f32] {
        &mut self.singles
    }

    /// The values that were read as labels; what no `i64` holds is the largest of them, and what is no whole number is −1.
    pub(crate) fn labels(&self, labels: &mut Vec<i64>) {
        labels.clear();
        match &self.beyond {
            Beyond::Integers(integers) => {
                labels.extend(integers.iter().map(|integer| i64::try_from(*integer).unwrap_or(i64::MAX)));
            }
            Beyond::Doubles(doubles) => labels.extend(doubles.iter().map(|double| whole(*double))),
            _ if self.dtype().is_float() => labels.extend(self.singles.iter().map(|single| whole((*single).into()))),
            _ => labels.extend(self.singles.iter().map(|single| *single as i64)),
        }
    }

    /// Makes the values that count as foreground 1 and all others 0; without such values nothing changes.
    pub(crate) fn mark(&mut self, foreground: &[Value]) {
        if foreground.is_empty() {
            return;
        }
        let mut marks = std::mem::take(&mut self.marks);
        marks.clear();
        marks.resize(self.singles.len(), 0.0);
        for value in foreground {
            self.each_equal(*value, |place| {
                if let Some(mark) = marks.get_mut(place) {
                    *mark = 1.0;
                }
            });
        }
        self.marks = std::mem::replace(&mut self.singles, marks);
    }

    /// The value of the file at a place of what was read; of narrow types that were changed, the changed one.
    pub(crate) fn value(&self, offset: usize) -> Value {
        match &self.beyond {
            Beyond::Integers(integers) => Value::Integer(integers.get(offset).copied().unwrap_or(0)),
            Beyond::Doubles(doubles) => doubles.get(offset).copied().unwrap_or(f64::NAN).into(),
            Beyond::Nothing => f64::from(self.singles.get(offset).copied().unwrap_or(f32::NAN)).into(),
        }
    }

    /// Calls `found` with the place of every value that is equal to this one.
    pub(crate) fn each_equal(&self, value: Value, found: impl FnMut(usize)) {
        let value = value.in_type(self.dtype());
        match (&self.beyond, value) {
            (Beyond::Integers(integers), Value::Integer(wanted)) => {
                places(integers, |integer| *integer == wanted, found);
            }
            (Beyond::Integers(_), Value::Float(_)) => {}
            (Beyond::Doubles(doubles), _) => {
                let (wanted, nan) = (value.to_f64(), value.is_nan());
                places(doubles, |double| *double == wanted || (nan && double.is_nan()), found);
            }
            (Beyond::Nothing, _) => {
                let (wanted, nan) = (value.to_f64(), value.is_nan());
                places(&self.singles, |single| f64::from(*single) == wanted || (nan && single.is_nan()), found);
            }
        }
    }

    /// Calls `outside` with the place and value of every number of a float array that lies outside [0, 1].
    pub(crate) fn each_outside(&self, mut outside: impl FnMut(usize, f64)) {
        if !self.dtype().is_float() {
            return;
        }
        match &self.beyond {
            Beyond::Doubles(doubles) => {
                let is_outside = |double: &f64| *double < 0.0 || *double > 1.0;
                places(doubles, is_outside, |place| outside(place, doubles.get(place).copied().unwrap_or(0.0)));
            }
            _ => {
                let is_outside = |single: &f32| *single < 0.0 || *single > 1.0;
                let singles = &self.singles;
                places(singles, is_outside, |place| outside(place, singles.get(place).copied().unwrap_or(0.0).into()));
            }
        }
    }
}

/// A whole number; −1 for any other.
fn whole(number: f64) -> i64 {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if number.fract() == 0.0 && number.abs() <= EXACT { number as i64 } else { -1 }
}

fn places<T>(values: &[T], is_wanted: impl Fn(&T) -> bool, mut found: impl FnMut(usize)) {
    // Most chunks have none, and this test is fast.
    if values.iter().any(&is_wanted) {
        values.iter().enumerate().filter(|(_, value)| is_wanted(value)).for_each(|(place, _)| found(place));
    }
}

/// Mask and weights: the weight of each pixel, 0 where it is masked out.
pub(crate) struct Weighing {
    mask: Option<Column>,
    weights: Option<Column>,
    values: Vec<f32>,
}

impl Weighing {
    pub(crate) fn new(mask: Option<Column>, weights: Option<Column>) -> Self {
        Self { mask, weights, values: Vec::new() }
    }

    pub(crate) fn open(mask: Option<&Array>, weights: Option<&Array>, order: Order) -> Result<Self> {
        let open = |array: Option<&Array>| array.map(|array| Column::open(array, order)).transpose();
        Ok(Self::new(open(mask)?, open(weights)?))
    }

    /// Whether every pixel counts alike.
    pub(crate) fn is_empty(&self) -> bool {
        self.mask.is_none() && self.weights.is_none()
    }

    /// Reads the weights of the next pixels. A masked-out pixel has weight 0, whatever its weight is.
    pub(crate) fn read(&mut self, count: usize) -> Result<()> {
        self.values.clear();
        self.values.resize(count, 1.0);
        if let Some(weights) = &mut self.weights {
            weights.read(count)?;
            self.values.copy_from_slice(weights.singles());
            if let Beyond::Doubles(doubles) = &weights.beyond {
                // A weight so small that f32 makes it 0 is out of range, not ignored.
                let vanished =
                    self.values.iter_mut().zip(doubles).filter(|(value, double)| **value == 0.0 && **double != 0.0);
                vanished.for_each(|(value, _)| *value = f32::NAN);
            }
        }
        if let Some(mask) = &mut self.mask {
            mask.read(count)?;
            let masked = self.values.iter_mut().zip(mask.singles()).filter(|(_, mask)| **mask == 0.0);
            masked.for_each(|(value, _)| *value = 0.0);
        }
        Ok(())
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The weight of the file at a place of what was read.
    pub(crate) fn value(&self, offset: usize) -> Value {
        match &self.weights {
            Some(weights) => weights.value(offset),
            None => Value::Integer(1),
        }
    }
}
