//! Scores over thresholds.

use loss_core::histogram::{OperatingPoint, ThresholdCurves};
use loss_core::{Confusion, Histogram, Quantisation};

/// The thresholds: k/256.
pub const THRESHOLDS: usize = 256;

/// How often each of 256 steps of probability met foreground and background: what all thresholds k/256 ask for, exactly. Histograms add.
///
/// It is the core's [`Histogram`] of codes ⌊256·p⌋, so that "p ≥ k/256" is "code ≥ k". Areas under curves take pixels of one step as ties.
///
/// **One side empty.** Points have the scores that [`loss_core::Confusion`] gives, which are none where their formula is 0/0.
#[derive(Clone, Debug)]
#[must_use]
pub struct ProbabilityHistogram {
    histogram: Histogram<u8>,
}

/// A threshold, and what it makes of the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Pixels of this probability and above are called foreground.
    pub threshold: f64,
    /// Pixels by prediction and target.
    pub confusion: Confusion,
}

impl Default for ProbabilityHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl ProbabilityHistogram {
    /// Without pixels.
    pub fn new() -> Self {
        // Codes are compared and never turned into logits here, so any step will do.
        let step = Quantisation::new(1.0, 0).unwrap_or_else(|_| unreachable!("1 is a step"));
        Self { histogram: Histogram::new(step) }
    }

    /// Adds a pixel: the probability of foreground, and whether it is.
    pub fn push(&mut self, probability: f32, is_foreground: bool) {
        // A product with a power of two is exact; what is beyond 0 and 1 goes to the ends.
        self.histogram.push((probability * THRESHOLDS as f32) as u8, is_foreground);
    }

    /// Adds the pixels of another histogram.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same step, which is all that could differ.
        let merged = self.histogram.merge(&other.histogram);
        debug_assert!(merged.is_ok());
    }

    /// The counts as integers, which add: those of background from the lowest step on, then those of foreground.
    #[must_use]
    pub fn state(&self) -> Vec<i64> {
        let mut state = Vec::with_capacity(self.histogram.state_length());
        self.histogram.for_each_of_state(|integer| state.push(integer));
        state
    }

    /// From such integers; none if they are no counts.
    #[must_use]
    pub fn of_state(state: &[i64]) -> Option<Self> {
        let mut new = Self::new();
        new.histogram.load_state(state.iter().copied()).ok()?;
        Some(new)
    }

    fn curves(&self) -> Option<ThresholdCurves<u8>> {
        self.histogram.curves_valid().ok()
    }

    /// What each threshold makes of the pixels, the lowest (0, all is foreground) first; nothing without pixels.
    #[must_use]
    pub fn points(&self) -> Vec<CurvePoint> {
        let Some(curves) = self.curves() else { return Vec::new() };
        let point = |point: OperatingPoint<u8>| CurvePoint {
            threshold: f64::from(point.code) / THRESHOLDS as f64,
            confusion: point.confusion,
        };
        curves.points().map(point).collect()
    }

    /// The threshold with the highest Dice, and that Dice.
    #[must_use]
    pub fn best_dice(&self) -> Option<(f64, f64)> {
        let (point, dice) = self.curves()?.best_threshold(Confusion::dice)?;
        Some((f64::from(point.code) / THRESHOLDS as f64, dice))
    }

    /// The area under the ROC curve; none unless there are both foreground and background.
    #[must_use]
    pub fn roc_auc(&self) -> Option<f64> {
        self.curves()?.roc_auc()
    }

    /// Average precision; none without foreground.
    #[must_use]
    pub fn average_precision(&self) -> Option<f64> {
        self.curves()?.average_precision()
    }
}
