use crate::error::StateError;
use crate::fingerprint::Fingerprint;
use crate::histogram::Code;
use crate::sums::confusion::Confusion;
use crate::sums::counts::{Count, Counts};
use crate::sums::state::{Sums, gives_state, read_state};

use super::sample::Label;

/// How often each of C classes was predicted for each label: what is left of the codes of several classes in a few bytes.
///
/// A histogram of one class's codes is a sufficient statistic of every loss ([`Histogram`](crate::Histogram)). One of C classes would have a bin for each combination of
/// codes, 256^C of them. These C² counts are what the likeliest class of a pixel leaves: accuracy, and of each class Dice, IoU, precision and recall, exactly. Losses need the
/// logits: [`ClassAccumulator`](super::ClassAccumulator).
///
/// The likeliest class is the one of the largest code, the first of several, which is also that of the largest logit if all codes have one scale. No floating point is used. With
/// 5 classes it takes 232 bytes.
///
/// **State.** Pixels with the ignored label, those whose label is no class, then for each label its C counts by predicted class: 2 + C² integers, which add.
///
/// ```
/// use loss_core::class::ConfusionMatrix;
///
/// let mut matrix = ConfusionMatrix::<3>::new().ignoring(255u8);
/// matrix.push_codes(&[-7i8, 90, 12], 1u8);
/// matrix.push_codes(&[40i8, 3, 12], 2u8);
/// matrix.push_codes(&[0i8, 0, 0], 255u8);
/// assert_eq!(matrix.class(1).and_then(|class| class.dice()), Some(1.0));
/// assert_eq!(matrix.accuracy(), Some(0.5));
/// assert_eq!(matrix.count(2u8, 0), 1);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfusionMatrix<const C: usize> {
    ignored_label: Option<i64>,
    /// Ignored and rejected pixels; by label and predicted class.
    sums: ([Count; 2], [[Count; C]; C]),
}

impl<const C: usize> ConfusionMatrix<C> {
    /// How many integers the state has.
    pub const STATE_LENGTH: usize = 2 + C * C;

    /// Of no pixels.
    pub const fn new() -> Self {
        Self { ignored_label: None, sums: ([Count(0); 2], [[Count(0); C]; C]) }
    }

    /// Ignores pixels of a label.
    pub fn ignoring(self, label: impl Label) -> Self {
        Self { ignored_label: Some(label.to_i64()), ..self }
    }

    /// Adds a pixel by its codes.
    #[inline]
    pub fn push_codes<Q: Code>(&mut self, codes: &[Q; C], label: impl Label) {
        let (mut largest, mut predicted) = (i32::MIN, 0);
        for (class, &code) in (0..C).zip(codes) {
            let code: i32 = code.into();
            if code > largest {
                (largest, predicted) = (code, class);
            }
        }
        self.push(predicted, label);
    }

    /// Adds a pixel by its predicted class. One whose label or predicted class is no class is counted as rejected.
    #[inline]
    pub fn push(&mut self, predicted: usize, label: impl Label) {
        let (counts, cells) = &mut self.sums;
        let [ignored, rejected] = counts;
        let label = label.to_i64();
        let cell = usize::try_from(label).ok().and_then(|label| cells.get_mut(label)?.get_mut(predicted));
        let count = match cell {
            _ if Some(label) == self.ignored_label => ignored,
            Some(count) => count,
            None => rejected,
        };
        count.add(1);
    }

    /// How many pixels of a label were predicted to be of a class; 0 if either is no class.
    #[must_use]
    pub fn count(&self, label: impl Label, predicted: usize) -> i64 {
        let row = usize::try_from(label.to_i64()).ok().and_then(|label| self.sums.1.get(label));
        row.and_then(|row| row.get(predicted)).map_or(0, |count| count.0)
    }

    /// How many pixels there were, and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let ([ignored, rejected], cells) = &self.sums;
        let valid = cells.as_flattened().iter().fold(0i64, |sum, count| sum.saturating_add(count.0));
        Counts { valid, ignored: ignored.0, rejected_labels: rejected.0, ..Counts::NONE }
    }

    /// A class against the rest, if there is one of this number.
    #[must_use]
    pub fn class(&self, class: usize) -> Option<Confusion> {
        let row = self.sums.1.get(class)?;
        let sum =
            |counts: &mut dyn Iterator<Item = &Count>| counts.fold(0i64, |sum, count| sum.saturating_add(count.0));
        let hits = row.get(class)?.0;
        let (of_label, predicted) =
            (sum(&mut row.iter()), sum(&mut self.sums.1.iter().filter_map(|row| row.get(class))));
        let rest = self.counts().valid.saturating_sub(of_label).saturating_sub(predicted).saturating_add(hits);
        Some(Confusion {
            true_positive: hits as f64,
            false_positive: predicted.saturating_sub(hits) as f64,
            false_negative: of_label.saturating_sub(hits) as f64,
            true_negative: rest as f64,
        })
    }

    /// The share of pixels whose predicted class is right; `None` without any.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let right = (0..C).zip(&self.sums.1).filter_map(|(class, row)| row.get(class));
        let right = right.fold(0i64, |sum, count| sum.saturating_add(count.0));
        let valid = self.counts().valid;
        (valid > 0).then(|| right as f64 / valid as f64)
    }

    /// Adds the pixels of another.
    ///
    /// # Errors
    /// [`StateError::OtherLoss`], and nothing is added, if they ignore different labels.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let (expected, given) = (self.fingerprint(), other.fingerprint());
        if expected != given {
            return Err(StateError::OtherLoss { expected, given });
        }
        self.sums.merge(&other.sums);
        Ok(())
    }

    /// Tells the number of classes and the ignored label from others.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.name("confusion matrix").number(C as f64);
        if let Some(label) = self.ignored_label {
            fingerprint.name("ignored").number((label >> 32) as f64).number((label & 0xffff_ffff) as f64);
        }
        fingerprint.finish()
    }

    /// Replaces all pixels by those of a state, or of an element-wise sum of states.
    ///
    /// # Errors
    /// [`StateError`], and nothing is changed, if there are more or fewer integers, or if one is negative or beyond 2⁶⁰.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = i64>) -> Result<(), StateError> {
        self.sums = read_state(Self::new().sums, Self::STATE_LENGTH, state)?;
        Ok(())
    }
}

impl<const C: usize> Default for ConfusionMatrix<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal if they ignore the same label and hold the same counts.
impl<const C: usize> PartialEq for ConfusionMatrix<C> {
    fn eq(&self, other: &Self) -> bool {
        self.ignored_label == other.ignored_label && self.sums == other.sums
    }
}

gives_state!([const C: usize] ConfusionMatrix<C>);

#[cfg(feature = "serde")]
crate::stream::serde::messages!([const C: usize] ConfusionMatrix<C>);

#[cfg(feature = "defmt")]
crate::stream::logs::logged!([const C: usize] ConfusionMatrix<C>);
