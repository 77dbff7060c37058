//! Contests: arms that were judged on the same images.

use super::Images;
use super::components::{self, Split};
use super::interval::{Tails, mean};
use super::resample::{Drawn, resamples};

/// Arms that were judged on the same held-out images, with the seeds that all of them have.
///
/// All arms share the images of a seed, and each seed has other images. So images are nested in seeds, and everything is paired by
/// image. A resample draws seeds and images once for all arms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contest {
    /// Indexed by arm, then by seed.
    arms: Vec<Vec<Images>>,
    /// The value of each arm and seed.
    values: Vec<Vec<f64>>,
}

impl Contest {
    /// Takes the images of each arm by seed, `None` where the arm was not trained. A seed is left out if an arm lacks it, has another number of images, or has no
    /// finite value.
    pub(crate) fn new(arms: Vec<Vec<Option<Images>>>) -> Self {
        let seeds = arms.iter().map(Vec::len).min().unwrap_or(0);
        let (mut kept, mut values) = (vec![Vec::new(); arms.len()], vec![Vec::new(); arms.len()]);
        for seed in 0..seeds {
            let of_seed: Option<Vec<(&Images, f64)>> = arms
                .iter()
                .map(|arm| {
                    let images = arm.get(seed)?.as_ref()?;
                    Some((images, images.value()?))
                })
                .collect();
            let Some(of_seed) = of_seed else { continue };
            if of_seed.windows(2).any(|pair| pair.first().map(|one| one.0.len()) != pair.last().map(|one| one.0.len()))
            {
                continue;
            }
            for ((kept, values), (images, value)) in kept.iter_mut().zip(&mut values).zip(of_seed) {
                kept.push(images.clone());
                values.push(value);
            }
        }
        Self { arms: kept, values }
    }

    pub(crate) fn seeds(&self) -> usize {
        self.arms.first().map_or(0, Vec::len)
    }

    /// The mean number of images of a seed.
    pub(crate) fn images(&self) -> f64 {
        let counts: Vec<f64> = self.arms.first().into_iter().flatten().map(|images| images.len() as f64).collect();
        mean(&counts).unwrap_or(0.0)
    }

    /// The value of each seed, by arm.
    pub(crate) fn values(&self) -> &[Vec<f64>] {
        &self.values
    }

    /// The mean over the seeds, by arm; empty without a seed.
    pub(crate) fn means(&self) -> Vec<f64> {
        self.values.iter().filter_map(|values| mean(values)).collect()
    }

    /// The mean of each arm, by resample. A resample in which an arm has no value is left out.
    pub(super) fn replicates(&self) -> Vec<Vec<f64>> {
        let shape: Vec<usize> = self.arms.first().into_iter().flatten().map(Images::len).collect();
        let mut replicates = Vec::new();
        if shape.is_empty() {
            return replicates;
        }
        let of_arm = |arm: &Vec<Images>, drawn: &[Drawn]| {
            let values = drawn.iter().map(|drawn| arm.get(drawn.seed)?.of(drawn.images.iter().copied()));
            values.sum::<Option<f64>>().map(|sum| sum / drawn.len() as f64)
        };
        resamples(&shape, |drawn| {
            replicates.extend(self.arms.iter().map(|arm| of_arm(arm, drawn)).collect::<Option<Vec<f64>>>());
        });
        replicates
    }

    /// A number for each image, by arm and seed.
    pub(crate) fn by_image(&self) -> Option<Vec<Vec<Vec<f64>>>> {
        self.arms.iter().map(|arm| arm.iter().map(Images::by_image).collect()).collect()
    }

    /// The sources of the variance of an image's score; `None` with fewer than two arms or two seeds.
    pub(crate) fn split(&self) -> Option<Split> {
        components::split(&self.by_image()?)
    }

    /// The differences of two arms by image and seed, the second minus the first.
    pub(super) fn differences(&self, [first, second]: [usize; 2]) -> Option<Vec<Vec<f64>>> {
        let by_image = |arm: usize| self.arms.get(arm)?.iter().map(Images::by_image).collect::<Option<Vec<_>>>();
        let pairs = by_image(first)?.into_iter().zip(by_image(second)?);
        Some(pairs.map(|(first, second)| second.iter().zip(&first).map(|(b, a)| b - a).collect()).collect())
    }
}

/// The tails of the differences of two arms over the resamples.
pub(super) fn tails(replicates: &[Vec<f64>], [first, second]: [usize; 2]) -> Option<Tails> {
    let difference = |means: &Vec<f64>| Some((means.get(second)? - means.get(first)?, 1));
    Tails::of(replicates.iter().filter_map(difference).collect())
}
