//! The names of metrics, as the report and `results.json` have them.

pub(crate) const LOSS: &str = "loss";
/// Means over the images, down to the calibration error.
pub(crate) const DICE: &str = "Dice";
pub(crate) const IOU: &str = "IoU";
pub(crate) const BOUNDARY_F1_1: &str = "boundary F1 at 1 px";
pub(crate) const BOUNDARY_F1_2: &str = "boundary F1 at 2 px";
pub(crate) const BOUNDARY_IOU: &str = "boundary IoU";
pub(crate) const HAUSDORFF: &str = "Hausdorff 95 %";
pub(crate) const CALIBRATION_ERROR: &str = "calibration error";
/// Of the pixels of all images together, as are those below.
pub(crate) const POOLED_DICE: &str = "pooled Dice";
/// At the threshold that makes it largest on the held-out images themselves.
pub(crate) const BEST_DICE: &str = "pooled Dice at the best threshold";
pub(crate) const PRECISION: &str = "precision";
pub(crate) const RECALL: &str = "recall";
pub(crate) const ACCURACY: &str = "accuracy";
/// Over the classes that are not background.
pub(crate) const MEAN_DICE: &str = "mean Dice of classes";

/// The metrics that every mask has of its own, in the order of `data/images.csv`.
pub(crate) const OF_IMAGES: [&str; 7] =
    [DICE, IOU, BOUNDARY_F1_1, BOUNDARY_F1_2, BOUNDARY_IOU, HAUSDORFF, CALIBRATION_ERROR];

/// Whether more of it is worse. All others are shares, of which more is better.
pub(crate) fn is_better_lower(metric: &str) -> bool {
    [LOSS, HAUSDORFF, CALIBRATION_ERROR].contains(&metric)
}

/// A metric of one class.
pub(crate) fn of_class(metric: &str, class: &str) -> String {
    format!("{metric} of {class}")
}
