//! Measures of how well the boundaries of two masks agree.

use super::MaskView;

/// The boundary F1 score: the harmonic mean of precision and recall of the boundary, within a tolerance.
///
/// Precision is the share of the prediction's boundary pixels that have a boundary pixel of the truth within the tolerance, and recall the
/// converse. The boundary is the pixels inside the mask with a 4-neighbour outside; the border of the image is not a boundary.
/// - 0 if exactly one boundary is empty, or if no pixel of either comes near the other.
/// - `None` if both are empty, if the masks differ in size, or if the tolerance is not a number of at least 0.
///
/// Csurka et al., *What is a good evaluation measure for semantic segmentation?*, 2013.
pub(crate) fn boundary_f1(prediction: MaskView, truth: MaskView, tolerance: f64) -> Option<f64> {
    if !prediction.has_size_of(&truth) || tolerance.is_nan() || tolerance < 0.0 {
        return None;
    }
    let boundaries = [prediction.boundary(), truth.boundary()];
    match boundaries.each_ref().map(|boundary| boundary.contains(&true)) {
        [false, false] => return None,
        [true, true] => {}
        _ => return Some(0.0),
    }
    let [of_prediction, of_truth] = &boundaries;
    let precision = share_near(of_prediction, &truth.distances(of_truth)?, tolerance);
    let recall = share_near(of_truth, &prediction.distances(of_prediction)?, tolerance);
    let sum = precision + recall;
    Some(if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 })
}

/// The share of a boundary's pixels whose distance is within the tolerance.
fn share_near(boundary: &[bool], distances: &[f32], tolerance: f64) -> f64 {
    let (mut near, mut all) = (0u64, 0u64);
    for (_, &distance) in boundary.iter().zip(distances).filter(|pixel| *pixel.0) {
        all += 1;
        near += u64::from(is_within(distance, tolerance));
    }
    near as f64 / all.max(1) as f64
}

/// Distances are rounded to `f32`, and so is the limit, so that a limit of √2 includes diagonal neighbours.
fn is_within(distance: f32, limit: f64) -> bool {
    distance <= limit as f32
}

/// Boundary IoU: the IoU of the two masks' bands along their boundaries.
///
/// Let G and P be the masks, and G_d and P_d the pixels within `thickness` of their boundaries. Boundary IoU is
/// |(G_d ∩ G) ∩ (P_d ∩ P)| / |(G_d ∩ G) ∪ (P_d ∩ P)|. The boundary pixels themselves have distance 0. The boundary is the pixels
/// inside the mask with a 4-neighbour outside; the border of the image is not a boundary.
///
/// `None` if both boundaries are empty, if the masks differ in size, or if the thickness is not a number of at least 0.
///
/// Cheng et al., *Boundary IoU: Improving Object-Centric Image Segmentation Evaluation*, 2021.
pub(crate) fn boundary_iou(prediction: MaskView, truth: MaskView, thickness: f64) -> Option<f64> {
    if !prediction.has_size_of(&truth) || thickness.is_nan() || thickness < 0.0 {
        return None;
    }
    let (predicted, true_band) = (band(prediction, thickness)?, band(truth, thickness)?);
    let (mut both, mut either) = (0u64, 0u64);
    for (predicted, is_true) in predicted.into_iter().zip(true_band) {
        both += u64::from(predicted && is_true);
        either += u64::from(predicted || is_true);
    }
    (either > 0).then(|| both as f64 / either as f64)
}

/// The pixels of a mask within a distance of its boundary.
fn band(mask: MaskView, thickness: f64) -> Option<Vec<bool>> {
    let boundary = mask.boundary();
    if !boundary.contains(&true) {
        // An infinite thickness does not reach a boundary that does not exist.
        return Some(boundary);
    }
    let distances = mask.distances(&boundary)?;
    Some(mask.inside().zip(distances).map(|(inside, distance)| inside && is_within(distance, thickness)).collect())
}
