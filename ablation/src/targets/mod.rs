//! What the values of targets mean: which count as foreground, and whether channels are classes.
//!
//! `score` and `inspect` read targets through this module, so that both recognise the same.

mod census;
mod column;
mod exclusive;
mod one_hot;
mod planes;
mod value;

pub(crate) use census::{Census, Labelled, Sight};
pub(crate) use column::{Column, Weighing};
pub(crate) use exclusive::{AxisSums, ClassAxis, Exclusive, Sums};
pub(crate) use one_hot::{NO_CLASS, OneHot, not_one_hot};
pub(crate) use planes::{ClassShape, Planes, value_at};
pub(crate) use value::{Value, Values};

/// The most classes that there may be.
pub(crate) const MOST_CLASSES: usize = 256;

/// How far outside [0, 1] a probability or a soft target may lie to count as rounded.
pub(crate) const TOLERANCE: f64 = 1e-6;

/// The nearest of 0 and 1, if the value lies outside [0, 1] by no more than rounding explains.
pub(crate) fn clamped(value: f64) -> Option<f32> {
    if (-TOLERANCE..0.0).contains(&value) {
        Some(0.0)
    } else if value > 1.0 && value <= 1.0 + TOLERANCE {
        Some(1.0)
    } else {
        None
    }
}
