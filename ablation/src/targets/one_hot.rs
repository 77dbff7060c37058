//! One-hot targets, read as labels.

use super::Value;
use super::planes::{ClassShape, Planes};
use crate::arrays::{Array, Result};

/// The label of a pixel that is not one-hot.
pub(crate) const NO_CLASS: i64 = -1;

/// Reads the labels of one-hot targets.
pub(crate) struct OneHot {
    planes: Planes,
    /// The values that mark a class.
    marks: Vec<f32>,
    ignore: Option<f32>,
    labels: Vec<i64>,
    ignored: Vec<bool>,
}

impl OneHot {
    /// `ignore`: a pixel with this value in any class is ignored. `foreground`: the values that mark a class, if not 1.
    pub(crate) fn open(array: &Array, shape: ClassShape, ignore: Option<Value>, foreground: &[Value]) -> Result<Self> {
        let in_type = |value: &Value| value.in_type(array.dtype()).to_f64() as f32;
        let marks = if foreground.is_empty() { vec![1.0] } else { foreground.iter().map(in_type).collect() };
        let (planes, ignore) = (Planes::open(array, shape)?, ignore.as_ref().map(in_type));
        Ok(Self { planes, marks, ignore, labels: Vec::new(), ignored: Vec::new() })
    }

    /// Reads the labels of some pixels of an image; images, and the pixels of each, come in turn.
    pub(crate) fn read(&mut self, image: u64, start: u64, length: usize) -> Result<()> {
        self.planes.read(image, start, length)?;
        self.labels.clear();
        self.labels.resize(length, NO_CLASS);
        self.ignored.clear();
        self.ignored.resize(length, false);
        let mut wrong = vec![false; length];
        let ignore = self.ignore;
        let is_ignored =
            |value: f32| ignore.is_some_and(|ignore| value == ignore || (value.is_nan() && ignore.is_nan()));
        for (class, plane) in (0..).zip(self.planes.values().chunks(length.max(1))) {
            for (place, value) in plane.iter().enumerate() {
                let (Some(label), Some(wrong), Some(ignored)) =
                    (self.labels.get_mut(place), wrong.get_mut(place), self.ignored.get_mut(place))
                else {
                    continue;
                };
                if is_ignored(*value) {
                    *ignored = true;
                } else if self.marks.contains(value) {
                    *wrong |= *label != NO_CLASS;
                    *label = class;
                } else {
                    *wrong |= *value != 0.0;
                }
            }
        }
        self.labels.iter_mut().zip(wrong).filter(|(_, wrong)| *wrong).for_each(|(label, _)| *label = NO_CLASS);
        Ok(())
    }

    /// The labels that were read; [`NO_CLASS`] where there is not exactly one class.
    pub(crate) fn labels(&self) -> &[i64] {
        &self.labels
    }

    /// Which of them are ignored.
    pub(crate) fn ignored(&self) -> &[bool] {
        &self.ignored
    }

    /// The values of a pixel that was read, one for each class.
    pub(crate) fn values_of(&self, place: usize) -> Vec<f32> {
        let length = self.labels.len().max(1);
        self.planes.values().chunks(length).filter_map(|plane| plane.get(place).copied()).collect()
    }
}

/// What is wrong with the values of a pixel that is not one-hot.
pub(crate) fn not_one_hot(values: &[f32]) -> String {
    let set: Vec<usize> =
        (0..values.len()).filter(|class| values.get(*class).is_some_and(|value| *value != 0.0)).collect();
    let shown = |class: &usize| values.get(*class).copied().unwrap_or(f32::NAN).to_string();
    match &set[..] {
        [] => "0 in every class".to_owned(),
        [class] => format!("{} in class {class}", shown(class)),
        [first, second, ..] => {
            format!("{} in class {first} and {} in class {second}", shown(first), shown(second))
        }
    }
}
