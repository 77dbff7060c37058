//! The held-out images behind an arm's value for one seed.

use super::interval::mean;
use crate::run::metrics::Counts;

/// The held-out images of an arm with one seed, in the order of the set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Images {
    /// Each image has a value; the seed's value is their mean.
    Values(Vec<f64>),
    /// Each image has counts for each class. The seed's value is the mean over the classes of the Dice score of the counts of all
    /// images together. A class that neither occurs nor is predicted anywhere is left out.
    Pooled(Vec<Vec<Counts>>),
}

impl Images {
    pub(crate) fn len(&self) -> usize {
        match self {
            Images::Values(values) => values.len(),
            Images::Pooled(counts) => counts.len(),
        }
    }

    /// The seed's value; `None` without images, or if it is not finite.
    pub(crate) fn value(&self) -> Option<f64> {
        match self {
            Images::Values(values) => mean(values).filter(|mean| mean.is_finite()),
            Images::Pooled(_) => self.of(0..self.len()),
        }
    }

    /// The value of some of the images; an image may occur more than once.
    pub(super) fn of(&self, images: impl Iterator<Item = usize>) -> Option<f64> {
        match self {
            Images::Values(values) => {
                let (mut sum, mut count) = (0.0, 0_u32);
                for image in images {
                    sum += values.get(image)?;
                    count += 1;
                }
                (count > 0).then(|| sum / f64::from(count))
            }
            Images::Pooled(counts) => {
                let mut sums: Vec<Counts> = vec![Counts::default(); counts.first().map_or(0, Vec::len)];
                for image in images {
                    sums.iter_mut().zip(counts.get(image)?).for_each(|(sum, counts)| sum.add(*counts));
                }
                let of_classes: Vec<f64> = sums.into_iter().filter_map(Counts::pooled_dice).collect();
                mean(&of_classes)
            }
        }
        .filter(|value| value.is_finite())
    }

    /// A number for each image whose mean is (about) the seed's value: the image's own value or, for pooled counts, Tukey's pseudo-value
    /// m·θ − (m−1)·θ₋ᵢ, where θ₋ᵢ is the value without image i.
    pub(super) fn by_image(&self) -> Option<Vec<f64>> {
        match self {
            Images::Values(values) => Some(values.clone()),
            Images::Pooled(_) => {
                let all = self.len();
                let whole = self.value()?;
                let without = |left_out: usize| self.of((0..all).filter(|image| *image != left_out));
                let pseudo = |image| Some(all as f64 * whole - (all as f64 - 1.0) * without(image).unwrap_or(whole));
                (0..all).map(pseudo).collect()
            }
        }
    }
}
