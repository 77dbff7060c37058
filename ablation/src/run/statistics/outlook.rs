//! The effect of more seeds or images.

use serde::{Deserialize, Serialize};

use super::Components;
use super::interval::t_quantile;

/// The largest number of seeds considered.
pub(crate) const MOST_SEEDS: u32 = 1000;

/// The power that a number of seeds must reach.
const POWER: f64 = 0.8;

/// Half the width of the 95 % interval by Student's t, now and with more data, as the variance components of the paired difference predict it, and
/// the number of seeds that would show the observed difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outlook {
    /// With the present seeds and images.
    pub(crate) half_width: f64,
    pub(crate) one_more_seed: f64,
    pub(crate) twice_the_images: f64,
    /// The smallest number of seeds that shows a difference as large as the observed one with a probability of 80 %; `None` above [`MOST_SEEDS`].
    pub(crate) seeds_for_power: Option<u32>,
}

/// Predicts for a mean difference over a number of seeds with a number of images each, tested at a two-sided level.
///
/// The mean of one seed has the variance v = σ²_seed + σ²_image / images. Half an interval is t(97.5 %, n − 1) · √(v / n). The number of seeds is the first n ≥ 2 with
/// |difference| · √(n / v) ≥ t(1 − level / 2, n − 1) + t(80 %, n − 1).
pub(super) fn outlook(
    difference: f64,
    components: Components,
    seeds: usize,
    images: f64,
    level: f64,
) -> Option<Outlook> {
    let of_seed = |images: f64| components.seed + components.image / images;
    let half_width = |seeds: usize, images: f64| {
        Some(t_quantile(seeds as f64 - 1.0, 0.025)? * (of_seed(images) / seeds as f64).sqrt())
    };
    Some(Outlook {
        half_width: half_width(seeds, images)?,
        one_more_seed: half_width(seeds + 1, images)?,
        twice_the_images: half_width(seeds, 2.0 * images)?,
        seeds_for_power: seeds_for(difference, of_seed(images), level),
    })
}

/// The first sufficient number of seeds, by bisection: with each seed more the left side grows and the right side falls.
fn seeds_for(difference: f64, variance: f64, level: f64) -> Option<u32> {
    let suffices = |seeds: u32| {
        let freedom = f64::from(seeds) - 1.0;
        let needed = t_quantile(freedom, level / 2.0).zip(t_quantile(freedom, 1.0 - POWER)).map(|(a, b)| a + b);
        needed.is_some_and(|needed| difference.abs() * f64::from(seeds).sqrt() >= needed * variance.sqrt())
    };
    if difference == 0.0 || !suffices(MOST_SEEDS) {
        return None;
    }
    let (mut low, mut high) = (1, MOST_SEEDS);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if suffices(middle) { high = middle } else { low = middle }
    }
    Some(high)
}
