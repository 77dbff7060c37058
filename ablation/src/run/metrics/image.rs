//! The scores of one held-out image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The pixels of one class in one image, counted at the threshold: prediction against truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 4]", into = "[u64; 4]")]
pub(crate) struct Counts {
    pub(crate) true_positives: u64,
    pub(crate) false_positives: u64,
    pub(crate) false_negatives: u64,
    pub(crate) true_negatives: u64,
}

/// The scores of one held-out image of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ImageScores {
    /// The counts of each judged class: the foreground of a mask, every class of a damage map.
    pub(crate) counts: Vec<Counts>,
    /// The image's own metrics, by name. A mask has all of them; a damage map has none, because most of its classes are absent.
    pub(crate) metrics: BTreeMap<String, f64>,
}

impl Counts {
    /// Counts pixels, each a pair of "predicted" and "true".
    pub(crate) fn of(pixels: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for pixel in pixels {
            let count = match pixel {
                (true, true) => &mut counts.true_positives,
                (true, false) => &mut counts.false_positives,
                (false, true) => &mut counts.false_negatives,
                (false, false) => &mut counts.true_negatives,
            };
            *count += 1;
        }
        counts
    }

    /// 2TP / (2TP + FP + FN). If an image has no foreground and none is found, it is 1.
    pub(crate) fn dice(self) -> f64 {
        self.pooled_dice().unwrap_or(1.0)
    }

    /// TP / (TP + FP + FN); 1 if there is no foreground and none is found.
    pub(crate) fn iou(self) -> f64 {
        let union = self.true_positives + self.false_positives + self.false_negatives;
        if union == 0 { 1.0 } else { self.true_positives as f64 / union as f64 }
    }

    /// The Dice score of counts added up over images; `None` if there is no foreground and none is found.
    pub(crate) fn pooled_dice(self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        let sum = twice + self.false_positives + self.false_negatives;
        (sum > 0).then(|| twice as f64 / sum as f64)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
        self.true_negatives += other.true_negatives;
    }
}

impl From<[u64; 4]> for Counts {
    fn from([true_positives, false_positives, false_negatives, true_negatives]: [u64; 4]) -> Self {
        Self { true_positives, false_positives, false_negatives, true_negatives }
    }
}

impl From<Counts> for [u64; 4] {
    fn from(counts: Counts) -> Self {
        [counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives]
    }
}
