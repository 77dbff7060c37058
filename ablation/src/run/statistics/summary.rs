//! The values of one arm over its seeds.

use serde::{Deserialize, Serialize};

use super::interval;

/// The mean of a metric over seeds, with the smallest and the largest value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) mean: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The number of seeds with a value.
    pub(crate) n: usize,
}

impl Summary {
    /// Summarises the values that exist and are finite; `None` if there are none.
    pub(crate) fn new(values: &[Option<f64>]) -> Option<Self> {
        let values: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        let low = values.iter().copied().reduce(f64::min)?;
        let high = values.iter().copied().reduce(f64::max)?;
        // Rounding may move the mean of almost equal numbers one digit beyond them.
        let mean = interval::mean(&values)?.clamp(low, high);
        Some(Self { mean, low, high, n: values.len() })
    }
}
