//! Scores of how two masks overlap.

use crate::grid::{Pair, Presence};

/// Pixels by truth and prediction. Confusions add: that of several images is the sum of theirs.
///
/// With TP, FP, FN and TN:
///
/// | score | formula | one mask empty |
/// |---|---|---|
/// | [`dice`](Self::dice) | 2TP / (2TP + FP + FN) | 0 |
/// | [`iou`](Self::iou) | TP / (TP + FP + FN) | 0 |
/// | [`precision`](Self::precision) | TP / (TP + FP) | 0 |
/// | [`recall`](Self::recall) | TP / (TP + FN) | 0 if an object was missed, none if there was none |
/// | [`specificity`](Self::specificity) | TN / (TN + FP) | the formula; none if all of the image is foreground |
/// | [`f_beta`](Self::f_beta) | (1+β²)TP / ((1+β²)TP + β²FN + FP) | 0 |
/// | [`mcc`](Self::mcc) | (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)) | 0, as that of guessing |
/// | [`kappa`](Self::kappa) | (accuracy − chance) / (1 − chance) | the formula, which is 0 |
/// | [`accuracy`](Self::accuracy) | (TP + TN) / all | the formula |
///
/// **Range.** [0, 1], of MCC and kappa [−1, 1]; higher is better. **Both masks empty.** No score but accuracy and specificity: what counts for nothing
/// can be told from what is perfect. **The same figures:** scikit-learn, MetricsReloaded and MONAI, where they have any.
///
/// Dice, *Measures of the amount of ecologic association between species*, 1945; Jaccard, *The distribution of the flora in the alpine zone*, 1912; van
/// Rijsbergen, *Information Retrieval*, 1979 (F-beta); Matthews, *Comparison of the predicted and observed secondary structure of T4 phage lysozyme*, 1975; Cohen, *A
/// coefficient of agreement for nominal scales*, 1960.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Confusion {
    /// Foreground that was predicted as such.
    pub true_positive: u64,
    /// Background that was predicted as foreground.
    pub false_positive: u64,
    /// Foreground that was predicted as background.
    pub false_negative: u64,
    /// Background that was predicted as such.
    pub true_negative: u64,
}

impl Confusion {
    /// Counts the pixels of two masks.
    pub fn of(pair: &Pair<'_>) -> Self {
        Self::count(pair.truth().iter().copied().zip(pair.prediction().iter().copied()))
    }

    /// Counts pixels: truth and prediction of each.
    pub fn count(pixels: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = [0u64; 4];
        for (truth, prediction) in pixels {
            counts[usize::from(truth) << 1 | usize::from(prediction)] += 1;
        }
        let [true_negative, false_positive, false_negative, true_positive] = counts;
        Self { true_positive, false_positive, false_negative, true_negative }
    }

    /// Adds the pixels of another confusion.
    pub fn add(&mut self, other: &Self) {
        self.true_positive += other.true_positive;
        self.false_positive += other.false_positive;
        self.false_negative += other.false_negative;
        self.true_negative += other.true_negative;
    }

    /// All pixels.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// The pixels of foreground.
    #[must_use]
    pub fn truth(&self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// The pixels that were predicted as foreground.
    #[must_use]
    pub fn prediction(&self) -> u64 {
        self.true_positive + self.false_positive
    }

    /// Which of the masks have a pixel.
    #[must_use]
    pub fn presence(&self) -> Presence {
        Presence::of(self.truth() > 0, self.prediction() > 0)
    }

    /// A quotient that is there if any of the masks is.
    fn of_objects(&self, above: f64, below: f64) -> Option<f64> {
        let worst = if below == 0.0 { 0.0 } else { above / below };
        (self.presence() != Presence::Absent).then_some(worst)
    }

    fn numbers(&self) -> [f64; 4] {
        [self.true_positive, self.false_positive, self.false_negative, self.true_negative].map(|count| count as f64)
    }

    /// The Dice coefficient, which is F1 as well.
    #[must_use]
    pub fn dice(&self) -> Option<f64> {
        self.f_beta(1.0)
    }

    /// Intersection over union, the Jaccard index.
    #[must_use]
    pub fn iou(&self) -> Option<f64> {
        let [tp, fp, fn_, _] = self.numbers();
        self.of_objects(tp, tp + fp + fn_)
    }

    /// The share of what was predicted that is right. Nothing was predicted though there is something: 0.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let [tp, fp, ..] = self.numbers();
        self.of_objects(tp, tp + fp)
    }

    /// The share of what is there that was found; none if nothing is there.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let [tp, _, fn_, _] = self.numbers();
        (tp + fn_ > 0.0).then(|| tp / (tp + fn_))
    }

    /// The share of the background that was left alone; none if there is no background.
    #[must_use]
    pub fn specificity(&self) -> Option<f64> {
        let [_, fp, _, tn] = self.numbers();
        (tn + fp > 0.0).then(|| tn / (tn + fp))
    }

    /// F-beta: recall counts β times as much as precision.
    #[must_use]
    pub fn f_beta(&self, beta: f64) -> Option<f64> {
        let [tp, fp, fn_, _] = self.numbers();
        let square = beta * beta;
        let hits = (1.0 + square) * tp;
        self.of_objects(hits, hits + square * fn_ + fp)
    }

    /// Matthews' correlation coefficient, which is φ as well. Without an error 1, also where all is foreground.
    #[must_use]
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.numbers();
        if self.presence() == Presence::Absent {
            return None;
        }
        if fp + fn_ == 0.0 {
            return Some(1.0);
        }
        // Each factor has its own root, because the product of four counts of large images has more digits than a double.
        let below: f64 = [tp + fp, tp + fn_, tn + fp, tn + fn_].iter().map(|count| count.sqrt()).product();
        Some(if below == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / below })
    }

    /// Cohen's kappa: how much more often truth and prediction agree than by chance.
    #[must_use]
    pub fn kappa(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = self.numbers();
        if self.presence() == Presence::Absent {
            return None;
        }
        if fp + fn_ == 0.0 {
            return Some(1.0);
        }
        // 2(TP·TN − FP·FN) / ((TP+FP)(FP+TN) + (TP+FN)(FN+TN)), which is the definition without its cancelling 1 − chance.
        Some(2.0 * (tp * tn - fp * fn_) / ((tp + fp) * (fp + tn) + (tp + fn_) * (fn_ + tn)))
    }

    /// The share of pixels that are predicted right; none without pixels. Where foreground is rare, see [`background`](Self::background).
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let [tp, _, _, tn] = self.numbers();
        let pixels = self.pixels() as f64;
        (pixels > 0.0).then(|| (tp + tn) / pixels)
    }

    /// The share of background: the accuracy of a prediction of background alone.
    #[must_use]
    pub fn background(&self) -> Option<f64> {
        let [_, fp, _, tn] = self.numbers();
        let pixels = self.pixels() as f64;
        (pixels > 0.0).then(|| (fp + tn) / pixels)
    }
}
