//! The distance between the boundaries of two masks.

use super::MaskView;

/// The 95 % Hausdorff distance in pixels: the larger of the two directed 95th percentiles of the distances from each boundary pixel of
/// one mask to the nearest boundary pixel of the other.
///
/// The percentile is interpolated linearly between the two nearest ranks: of n sorted distances it is the one at rank
/// 0.95 · (n − 1), counted from 0, as in NumPy.
/// `None` if a mask is empty or full, and so has no boundary, or if the masks differ in size.
pub(crate) fn hausdorff_95(prediction: MaskView, truth: MaskView) -> Option<f64> {
    if !prediction.has_size_of(&truth) || prediction.is_empty() || truth.is_empty() {
        return None;
    }
    let (of_prediction, of_truth) = (prediction.boundary(), truth.boundary());
    let there = percentile_95(at(&of_prediction, &truth.distances(&of_truth)?))?;
    let back = percentile_95(at(&of_truth, &prediction.distances(&of_prediction)?))?;
    let larger = there.max(back);
    larger.is_finite().then_some(larger)
}

/// The distances at the pixels of a boundary.
fn at(boundary: &[bool], distances: &[f32]) -> Vec<f64> {
    boundary.iter().zip(distances).filter(|pixel| *pixel.0).map(|pixel| f64::from(*pixel.1)).collect()
}

/// The 95th percentile; `None` without values.
fn percentile_95(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    // In whole numbers, so that the rank for 21 values is exactly 19.
    let scaled = values.len().checked_sub(1)? * 95;
    let (low, fraction) = (scaled / 100, (scaled % 100) as f64 / 100.0);
    let below = *values.get(low)?;
    let above = values.get(low + 1).copied().unwrap_or(below);
    Some(below + fraction * (above - below))
}
