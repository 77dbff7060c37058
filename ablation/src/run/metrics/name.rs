//! The names of metrics in the report and in `results.json`.

pub(crate) const LOSS: &str = "loss";
/// The metrics down to the calibration error are means over the images.
pub(crate) const DICE: &str = "Dice";
pub(crate) const IOU: &str = "IoU";
pub(crate) const BOUNDARY_F1_1: &str = "boundary F1 at 1 px";
pub(crate) const BOUNDARY_F1_2: &str = "boundary F1 at 2 px";
pub(crate) const BOUNDARY_IOU: &str = "boundary IoU";
pub(crate) const HAUSDORFF: &str = "Hausdorff 95 %";
pub(crate) const CALIBRATION_ERROR: &str = "calibration error";
/// This metric and those below are of the pixels of all images together.
pub(crate) const POOLED_DICE: &str = "pooled Dice";
/// At the threshold that makes it largest on the held-out images themselves.
pub(crate) const BEST_DICE: &str = "pooled Dice at the best threshold";
pub(crate) const PRECISION: &str = "precision";
pub(crate) const RECALL: &str = "recall";
pub(crate) const ACCURACY: &str = "accuracy";
/// The mean over the classes except background.
pub(crate) const MEAN_DICE: &str = "mean Dice of classes";

/// The metrics that every mask has on its own, in the order of `data/images.csv`.
pub(crate) const OF_IMAGES: [&str; 7] =
    [DICE, IOU, BOUNDARY_F1_1, BOUNDARY_F1_2, BOUNDARY_IOU, HAUSDORFF, CALIBRATION_ERROR];

/// Whether lower is better. All other metrics are shares, for which higher is better.
pub(crate) fn is_better_lower(metric: &str) -> bool {
    [LOSS, HAUSDORFF, CALIBRATION_ERROR].contains(&metric)
}

/// The name of a metric for one class.
pub(crate) fn of_class(metric: &str, class: &str) -> String {
    format!("{metric} of {class}")
}
