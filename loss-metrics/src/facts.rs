//! The list of metrics: what lists, helps and tables are made of.

/// What a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Counts of pixels.
    Overlap,
    /// Distances between surfaces.
    Surface,
    /// Objects.
    Instances,
    /// Probabilities.
    Calibration,
}

impl Group {
    /// All, in the order of the list.
    pub const ALL: [Self; 4] = [Self::Overlap, Self::Surface, Self::Instances, Self::Calibration];

    /// The name of the group, which stands for all of its metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Group::Overlap => "overlap",
            Group::Surface => "surface",
            Group::Instances => "instances",
            Group::Calibration => "calibration",
        }
    }
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Metric {
    /// [`Confusion::dice`](crate::Confusion::dice).
    Dice,
    /// [`Confusion::iou`](crate::Confusion::iou).
    Iou,
    /// [`Confusion::precision`](crate::Confusion::precision).
    Precision,
    /// [`Confusion::recall`](crate::Confusion::recall).
    Recall,
    /// [`Confusion::specificity`](crate::Confusion::specificity).
    Specificity,
    /// [`Confusion::f_beta`](crate::Confusion::f_beta).
    FBeta,
    /// [`Confusion::mcc`](crate::Confusion::mcc).
    Mcc,
    /// [`Confusion::kappa`](crate::Confusion::kappa).
    Kappa,
    /// [`Confusion::accuracy`](crate::Confusion::accuracy).
    Accuracy,
    /// [`SurfaceDistances::hausdorff`](crate::SurfaceDistances::hausdorff).
    Hausdorff,
    /// [`SurfaceDistances::hausdorff_percentile`](crate::SurfaceDistances::hausdorff_percentile) with 95.
    Hd95,
    /// [`SurfaceDistances::average`](crate::SurfaceDistances::average).
    Assd,
    /// [`SurfaceDistances::mean_of_averages`](crate::SurfaceDistances::mean_of_averages).
    Masd,
    /// [`SurfaceDistances::dice_at`](crate::SurfaceDistances::dice_at).
    SurfaceDice,
    /// [`boundary_iou`](crate::surface::boundary_iou).
    BoundaryIou,
    /// [`Detections::recall`](crate::Detections::recall).
    LesionRecall,
    /// [`Detections::precision`](crate::Detections::precision).
    LesionPrecision,
    /// [`Detections::f1`](crate::Detections::f1).
    LesionF1,
    /// [`Detections::panoptic_quality`](crate::Detections::panoptic_quality).
    PanopticQuality,
    /// [`Detections::segmentation_quality`](crate::Detections::segmentation_quality).
    SegmentationQuality,
    /// [`Detections::recognition_quality`](crate::Detections::recognition_quality).
    RecognitionQuality,
    /// [`Reliability::expected_error`](crate::Reliability::expected_error).
    Ece,
    /// [`Reliability::maximum_error`](crate::Reliability::maximum_error).
    Mce,
    /// [`Reliability::brier`](crate::Reliability::brier).
    Brier,
}

/// What there is to say of a metric in a list.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The metric.
    pub metric: Metric,
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it looks at.
    pub group: Group,
    /// Whether a higher value is better.
    pub higher_is_better: bool,
    /// Its value for a perfect prediction.
    pub best: f64,
    /// Its definition in a line.
    pub definition: &'static str,
    /// Its value if truth and prediction have nothing of a class in common, because one of them has none of it.
    pub one_empty: &'static str,
}

const fn facts(
    metric: Metric,
    name: &'static str,
    aliases: &'static [&'static str],
    group: Group,
    higher_is_better: bool,
    definition: &'static str,
    one_empty: &'static str,
) -> Facts {
    let best = if higher_is_better { 1.0 } else { 0.0 };
    Facts { metric, name, aliases, group, higher_is_better, best, definition, one_empty }
}

const NO_TRUTH: &str = "missed: 0; nothing to find: none";
const DIAGONAL: &str = "the image's diagonal";

/// All metrics, by group.
pub const METRICS: [Facts; 24] = [
    facts(Metric::Dice, "dice", &["dsc", "f1"], Group::Overlap, true, "2TP / (2TP + FP + FN)", "0"),
    facts(Metric::Iou, "iou", &["jaccard"], Group::Overlap, true, "TP / (TP + FP + FN)", "0"),
    facts(Metric::Precision, "precision", &["ppv"], Group::Overlap, true, "TP / (TP + FP)", "0"),
    facts(Metric::Recall, "recall", &["sensitivity"], Group::Overlap, true, "TP / (TP + FN)", NO_TRUTH),
    facts(Metric::Specificity, "specificity", &["tnr"], Group::Overlap, true, "TN / (TN + FP)", "the formula"),
    facts(Metric::FBeta, "f_beta", &[], Group::Overlap, true, "(1+β²)TP / ((1+β²)TP + β²FN + FP)", "0"),
    facts(Metric::Mcc, "mcc", &[], Group::Overlap, true, "Matthews' correlation of truth and prediction", "0"),
    facts(Metric::Kappa, "kappa", &[], Group::Overlap, true, "Cohen's: agreement beyond chance", "0"),
    facts(Metric::Accuracy, "accuracy", &[], Group::Overlap, true, "(TP + TN) / all", "the formula"),
    facts(
        Metric::Hausdorff,
        "hausdorff",
        &["hd"],
        Group::Surface,
        false,
        "the largest distance of one surface's points from the other",
        DIAGONAL,
    ),
    facts(
        Metric::Hd95,
        "hd95",
        &[],
        Group::Surface,
        false,
        "the larger of the two 95th percentiles of these distances",
        DIAGONAL,
    ),
    facts(Metric::Assd, "assd", &["asd"], Group::Surface, false, "the mean distance over both surfaces", DIAGONAL),
    facts(Metric::Masd, "masd", &[], Group::Surface, false, "the mean of the two surfaces' mean distances", DIAGONAL),
    facts(
        Metric::SurfaceDice,
        "nsd",
        &["surface_dice"],
        Group::Surface,
        true,
        "the share of both surfaces within the tolerance of the other",
        "0",
    ),
    facts(
        Metric::BoundaryIou,
        "boundary_iou",
        &[],
        Group::Surface,
        true,
        "IoU of the pixels near the two outlines",
        "0",
    ),
    facts(
        Metric::LesionRecall,
        "lesion_recall",
        &[],
        Group::Instances,
        true,
        "the share of the truth's objects that the prediction touches",
        NO_TRUTH,
    ),
    facts(
        Metric::LesionPrecision,
        "lesion_precision",
        &[],
        Group::Instances,
        true,
        "the share of the predicted objects that touch the truth",
        "0",
    ),
    facts(Metric::LesionF1, "lesion_f1", &[], Group::Instances, true, "2 found / (2 found + wrong + missed)", "0"),
    facts(
        Metric::PanopticQuality,
        "pq",
        &["panoptic_quality"],
        Group::Instances,
        true,
        "Σ IoU of objects that match (IoU > ½) / mean number of objects",
        "0",
    ),
    facts(Metric::SegmentationQuality, "sq", &[], Group::Instances, true, "the mean IoU of objects that match", "0"),
    facts(Metric::RecognitionQuality, "rq", &[], Group::Instances, true, "F1 of objects that match", "0"),
    facts(
        Metric::Ece,
        "ece",
        &[],
        Group::Calibration,
        false,
        "Σ over bins of |share right − mean probability|, by pixels",
        "the formula",
    ),
    facts(Metric::Mce, "mce", &[], Group::Calibration, false, "the largest such gap of a bin", "the formula"),
    facts(Metric::Brier, "brier", &[], Group::Calibration, false, "the mean of (p − t)²", "the formula"),
];

impl Metric {
    /// What there is to say of it.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        // Every metric is in the list, as a test checks; the order is that of the declaration.
        METRICS.get(self as usize).unwrap_or(&METRICS[0])
    }

    /// The metric of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let is = |facts: &&Facts| facts.name == name || facts.aliases.contains(&name);
        METRICS.iter().find(is).map(|facts| facts.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_at_its_place() {
        for (place, facts) in METRICS.iter().enumerate() {
            assert_eq!(facts.metric as usize, place, "{}", facts.name);
            assert_eq!(facts.metric.facts().name, facts.name);
            for name in facts.aliases.iter().chain([&facts.name]) {
                assert_eq!(Metric::find(name), Some(facts.metric), "{name} stands for one metric");
            }
        }
    }
}
