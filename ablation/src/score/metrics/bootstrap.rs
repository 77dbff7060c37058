//! Intervals by the bootstrap over images.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How often each image is drawn, in each resample. The same seed and number of images give the same resamples, on every machine and for every metric.
pub(crate) struct Resamples {
    images: usize,
    draws: Vec<Vec<u32>>,
    level: f64,
}

impl Resamples {
    pub(crate) fn new(images: usize, count: u32, seed: u64, level: f64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || ((u64::from(generator.next_u32()) * images as u64) >> 32) as u32;
        let draws = (0..count).map(|_| (0..images).map(|_| draw()).collect()).collect();
        Self { images, draws, level }
    }

    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// The interval of a statistic of drawn images: of N resamples the ⌈N(1 − level)/2⌉-th smallest and largest. None of fewer than two images, and resamples
    /// without a value are left out.
    pub(crate) fn interval(&self, statistic: impl Fn(&[u32]) -> Option<f64> + Sync) -> Option<[f64; 2]> {
        if self.images < 2 {
            return None;
        }
        let mut values: Vec<f64> = self.draws.par_iter().filter_map(|drawn| statistic(drawn)).collect();
        values.sort_by(f64::total_cmp);
        let rank = (values.len() as f64 * (1.0 - self.level) / 2.0).ceil().max(1.0) as usize;
        Some([*values.get(rank - 1)?, *values.get(values.len().checked_sub(rank)?)?])
    }
}

/// The mean of the values that are there, and its interval.
pub(crate) fn interval(values: &[Option<f64>], resamples: Option<&Resamples>) -> Option<(f64, Option<[f64; 2]>)> {
    let mean = |picked: &mut dyn Iterator<Item = Option<f64>>| {
        let (mut sum, mut count) = (0.0, 0u32);
        for value in picked.flatten() {
            (sum, count) = (sum + value, count + 1);
        }
        (count > 0).then(|| sum / f64::from(count))
    };
    let value = mean(&mut values.iter().copied())?;
    let drawn = |drawn: &[u32]| mean(&mut drawn.iter().map(|place| values.get(*place as usize).copied().flatten()));
    Some((value, resamples.and_then(|resamples| resamples.interval(drawn))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_the_mean_and_depend_on_the_seed_alone() {
        let values: Vec<Option<f64>> = (0..40).map(|place| Some(f64::from(place * place % 17) / 17.0)).collect();
        let of = |seed, level| interval(&values, Some(&Resamples::new(40, 2000, seed, level))).unwrap();
        let (mean, Some([low, high])) = of(1, 0.95) else { panic!("an interval") };
        assert!(low < mean && mean < high);
        assert_eq!(of(1, 0.95), of(1, 0.95));
        assert_ne!(of(1, 0.95), of(2, 0.95));
        let (_, Some([lower, higher])) = of(1, 0.99) else { panic!("an interval") };
        assert!(lower < low && high < higher);
        // A normal interval of the mean: within a tenth of its width.
        let spread = values.iter().flatten().map(|value| (value - mean).powi(2)).sum::<f64>() / 39.0;
        let half = 1.96 * (spread / 40.0).sqrt();
        assert!(((high - low) / 2.0 - half).abs() < half / 10.0);
        assert_eq!(interval(&values[..1], Some(&Resamples::new(1, 100, 1, 0.95))), Some((0.0, None)));
        assert_eq!(interval(&[None, None], None), None);
    }
}
