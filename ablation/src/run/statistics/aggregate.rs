//! Several ways to one number for an arm from its images; the winner may depend on the way.

use super::interval::mean;

/// The median over all images of all seeds; for an even number the mean of the middle two. `None` without images.
pub(crate) fn median(by_seed: &[Vec<f64>]) -> Option<f64> {
    let mut values: Vec<f64> = by_seed.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

/// The mean rank of each arm over the images, where rank 1 is the best on an image and tied arms share the mean of their ranks. `scores[arm][seed][image]`.
pub(crate) fn mean_ranks(scores: &[Vec<Vec<f64>>], higher_is_better: bool) -> Vec<f64> {
    let flat: Vec<Vec<f64>> = scores.iter().map(|arm| arm.iter().flatten().copied().collect()).collect();
    let images = flat.iter().map(Vec::len).min().unwrap_or(0);
    let rank = |arm: &[f64], image: usize| {
        let own = arm.get(image).copied().unwrap_or(f64::NAN);
        let others = || flat.iter().filter_map(|other| other.get(image).copied());
        let better = others().filter(|other| if higher_is_better { *other > own } else { *other < own }).count();
        let tied = others().filter(|other| *other == own).count();
        better as f64 + (tied as f64 + 1.0) / 2.0
    };
    flat.iter().filter_map(|arm| mean(&(0..images).map(|image| rank(arm, image)).collect::<Vec<_>>())).collect()
}
