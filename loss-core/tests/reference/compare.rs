//! The tolerances of `vectors/README.md`.

use crate::vocabulary::GradientSummary;

#[derive(Default)]
pub struct Checks {
    case: String,
    compared: usize,
    failures: Vec<String>,
}

impl Checks {
    pub fn start(&mut self, case: &str) {
        case.clone_into(&mut self.case);
    }

    pub fn compared(&self) -> usize {
        self.compared
    }

    pub fn fail(&mut self, what: String) {
        self.failures.push(format!("{}: {what}", self.case));
    }

    fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.compared += 1;
        if !holds {
            self.fail(what());
        }
    }

    pub fn value(&mut self, what: &str, value: f64, expected: f64) {
        let error = (value - expected).abs();
        let close = error <= 2e-6 * expected.abs() || error <= 1e-12;
        self.require(close, || format!("{what} {value:e}, expected {expected:e}, off by {:e}", error / expected.abs()));
    }

    pub fn map(&mut self, map: &[f32], expected: &[f64]) {
        self.require(map.len() == expected.len(), || format!("map of {}, expected {}", map.len(), expected.len()));
        for (i, (&value, &expected)) in map.iter().zip(expected).enumerate() {
            let error = (f64::from(value) - expected).abs();
            let close = error <= 2e-6 * expected.abs() || error <= 1e-37;
            let saturated = value == f32::MAX && expected >= f64::from(f32::MAX);
            self.require(close || saturated, || format!("map[{i}] {value:e}, expected {expected:e}"));
        }
    }

    pub fn gradient(&mut self, gradient: &[f32], expected: &[f64]) {
        self.require(gradient.len() == expected.len(), || {
            format!("gradient of {}, expected {}", gradient.len(), expected.len())
        });
        let largest = expected.iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
        for (i, (&slope, &expected)) in gradient.iter().zip(expected).enumerate() {
            self.slope(&format!("gradient[{i}]"), f64::from(slope), expected, largest);
        }
    }

    fn slope(&mut self, what: &str, slope: f64, expected: f64, largest: f64) {
        let error = (slope - expected).abs();
        let close = error <= 4e-6 * largest || error <= 1e-37;
        self.require(close, || format!("{what} {slope:e}, expected {expected:e}, largest {largest:e}"));
    }

    pub fn summary(
        &mut self,
        gradient: &[f32],
        width: usize,
        summary: &GradientSummary,
        rows: Option<Vec<f64>>,
        columns: Option<Vec<f64>>,
    ) {
        let largest = summary.max_abs;
        let gradient: Vec<f64> = gradient.iter().copied().map(f64::from).collect();
        let at = |i: usize| gradient.get(i).copied().unwrap_or(f64::NAN);
        for (&i, &expected) in summary.sample_index.iter().zip(&summary.sample_value) {
            self.slope(&format!("gradient[{i}]"), at(i), expected, largest);
        }
        self.slope("largest", at(summary.argmax_abs).abs(), largest, largest);
        // A sum of n slopes may be off by n times the limit of one.
        let l1: f64 = gradient.iter().map(|slope| slope.abs()).sum();
        self.slope("l1", l1, summary.l1, summary.l1);
        self.slope("sum", gradient.iter().sum(), summary.sum, summary.l1);
        self.slope("l2", gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt(), summary.l2, summary.l2);
        let sums_of = |index: &dyn Fn(usize) -> usize, count: usize| {
            let mut sums = vec![(0.0, 0.0); count];
            for (i, slope) in gradient.iter().enumerate() {
                sums[index(i)].0 += slope;
                sums[index(i)].1 += slope.abs();
            }
            sums
        };
        if let Some(rows) = rows {
            for (i, (&(sum, l1), &expected)) in
                sums_of(&|i| i / width, gradient.len() / width).iter().zip(&rows).enumerate()
            {
                self.slope(&format!("row {i}"), sum, expected, l1.max(largest));
            }
        }
        if let Some(columns) = columns {
            for (i, (&(sum, l1), &expected)) in sums_of(&|i| i % width, width).iter().zip(&columns).enumerate() {
                self.slope(&format!("column {i}"), sum, expected, l1.max(largest));
            }
        }
    }

    pub fn finish(self) {
        let shown: Vec<&str> = self.failures.iter().take(40).map(String::as_str).collect();
        assert!(
            self.failures.is_empty(),
            "{} of {} comparisons failed:\n{}",
            self.failures.len(),
            self.compared,
            shown.join("\n")
        );
        assert!(self.compared > 0, "nothing was compared");
    }
}
