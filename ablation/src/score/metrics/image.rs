//! The metrics of one image.

use std::collections::BTreeMap;

use loss_metrics::facts::Metric;
use loss_metrics::instances::Matching;
use loss_metrics::surface::boundary_iou;
use loss_metrics::{Confusion, Detections, Grid, Objects, Pair, Presence, SurfaceDistances};

use super::read::Image;
use super::rows::{ObjectCounts, Row};
use super::{Asked, Of};
use crate::score::ScoreError;
use crate::score::inputs::{Geometry, Inputs};

/// A row for each class of an image.
pub(super) fn rows(
    image: &Image,
    inputs: &Inputs,
    of: Of<'_>,
    (geometry, settings): (&Geometry, &str),
    asked: &Asked,
) -> Result<Vec<Row>, ScoreError> {
    let (classes, names): (Vec<usize>, &[String]) = match of {
        Of::Binary if asked.include_background && geometry.channels <= 1 => (vec![0, 1], &[]),
        Of::Binary => (vec![1], &[]),
        Of::Classes(classes) => {
            let first = usize::from(!asked.include_background && classes.count > 1);
            ((first..classes.count).collect(), &classes.names)
        }
    };
    let count = match of {
        Of::Binary => 2,
        Of::Classes(classes) => classes.count,
    };
    let is_valid = |place: usize| image.valid.get(place).is_none_or(|valid| *valid);
    // The pixels of each class in truth and prediction, and in both.
    let mut counts = vec![[0u64; 3]; count];
    let mut valid = 0;
    for (place, (truth, prediction)) in image.truth.iter().zip(&image.prediction).enumerate() {
        if !is_valid(place) {
            continue;
        }
        valid += 1;
        let (truth, prediction) = (*truth as usize, *prediction as usize);
        if let Some(count) = counts.get_mut(truth) {
            count[0] += 1;
        }
        if let Some(count) = counts.get_mut(prediction) {
            count[1] += 1;
        }
        if let Some(count) = counts.get_mut(truth).filter(|_| truth == prediction) {
            count[2] += 1;
        }
    }
    let grid = match geometry.shape.len() {
        2 | 3 => {
            Some(Grid::new(&geometry.shape, &geometry.spacing).map_err(|error| ScoreError::usage(error.to_string()))?)
        }
        _ if asked.needs_place() => {
            return Err(ScoreError::usage(format!(
                "{}: the shape {} has no axes of height and width, which distances and objects need",
                inputs.input.name(),
                inputs.input.shape_text()
            )));
        }
        _ => None,
    };
    let mut rows = Vec::new();
    for class in classes {
        let [truth, prediction, both] = counts.get(class).copied().unwrap_or_default();
        let confusion = Confusion {
            true_positive: both,
            false_positive: prediction - both,
            false_negative: truth - both,
            true_negative: valid + both - truth - prediction,
        };
        let presence = confusion.presence();
        // Of very many classes those that are not there would be most of all rows.
        if presence == Presence::Absent && count > 256 {
            continue;
        }
        let mut values = BTreeMap::new();
        let mut set = |metric: Metric, value: Option<f64>| {
            if asked.metrics.contains(&metric) {
                values.insert(metric.facts().name.to_owned(), value);
            }
        };
        set(Metric::Dice, confusion.dice());
        set(Metric::Iou, confusion.iou());
        set(Metric::Precision, confusion.precision());
        set(Metric::Recall, confusion.recall());
        set(Metric::Specificity, confusion.specificity());
        set(Metric::FBeta, confusion.f_beta(asked.beta));
        set(Metric::Mcc, confusion.mcc());
        set(Metric::Kappa, confusion.kappa());
        set(Metric::Accuracy, confusion.accuracy());
        let mut objects = Vec::new();
        if let Some(grid) = grid.filter(|_| asked.needs_place()) {
            let mask = |labels: &[i64]| -> Vec<bool> {
                let is = |(place, label): (usize, &i64)| *label == class as i64 && is_valid(place);
                labels.iter().enumerate().map(is).collect()
            };
            let (truth, prediction) = (mask(&image.truth), mask(&image.prediction));
            let pair = Pair::new(grid, &truth, &prediction).map_err(|error| ScoreError::usage(error.to_string()))?;
            if asked.wants_surface() {
                let surfaces = SurfaceDistances::new(&pair, asked.points);
                set(Metric::Hausdorff, surfaces.hausdorff());
                set(Metric::Hd95, surfaces.hausdorff_percentile(95.0));
                set(Metric::Assd, surfaces.average());
                set(Metric::Masd, surfaces.mean_of_averages());
                set(Metric::SurfaceDice, surfaces.dice_at(asked.tolerance));
                if asked.metrics.contains(&Metric::BoundaryIou) {
                    set(Metric::BoundaryIou, boundary_iou(&pair, asked.width));
                }
            }
            if asked.wants_objects() {
                let of = |mask: &[bool]| Objects::of_mask(grid, mask, asked.connectivity);
                let matching = Matching::new(&of(&truth), &of(&prediction));
                let all = matching.detections();
                set(Metric::LesionRecall, all.recall());
                set(Metric::LesionPrecision, all.precision());
                set(Metric::LesionF1, all.f1());
                set(Metric::PanopticQuality, all.panoptic_quality());
                set(Metric::SegmentationQuality, all.segmentation_quality());
                set(Metric::RecognitionQuality, all.recognition_quality());
                objects.push(ObjectCounts::of(&all));
                // Sizes are volumes in the unit of the spacing.
                let pixel = grid.pixel();
                let stratum = |(from, to): (f64, f64)| -> Detections { matching.between(from / pixel, to / pixel) };
                objects.extend(asked.strata().into_iter().map(stratum).map(|counts| ObjectCounts::of(&counts)));
            }
        }
        // A channel is a class of its own.
        let class = if geometry.channels > 1 { image.channel as usize } else { class };
        rows.push(Row {
            input: inputs.input.name().to_owned(),
            targets: inputs.targets.name().to_owned(),
            image: image.image,
            class: Some(class),
            name: names.get(class).cloned(),
            presence: Some(presence.into()),
            valid,
            ignored: image.truth.len() as u64 - valid,
            truth: Some(truth),
            predicted: Some(prediction),
            pixel: geometry.spacing.iter().product(),
            unit: geometry.unit.to_owned(),
            axes: geometry.shape.len(),
            tp: Some(confusion.true_positive),
            fp: Some(confusion.false_positive),
            fn_: Some(confusion.false_negative),
            tn: Some(confusion.true_negative),
            objects,
            settings: settings.to_owned(),
            metrics: values,
            losses: BTreeMap::new(),
        });
    }
    Ok(rows)
}
