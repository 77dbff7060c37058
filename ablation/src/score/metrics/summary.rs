//! What the rows say together: of each class the mean over images with its interval, and the pooled value.

use std::collections::BTreeMap;

use loss_metrics::facts::{Group, Metric};
use loss_metrics::{Confusion, Detections, ProbabilityHistogram, Reliability};
use serde::Serialize;

use super::rows::{ObjectCounts, PresenceWord, Row};
use super::{Asked, Curves, Measured, Resamples, Rows, interval};
use crate::arguments::{BothEmpty, MetricArguments};

/// A value, and its interval if one was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Interval {
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) high: Option<f64>,
    /// How many images have a value.
    pub(crate) images: usize,
}

/// A class over all images.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClassSummary {
    pub(crate) class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// All images, …
    pub(crate) images: usize,
    /// … those in which the truth has the class, …
    pub(crate) present: usize,
    /// … of these those in which nothing of it was predicted, …
    pub(crate) missed: usize,
    /// … those in which it was predicted though it is not there, and those in which it is neither.
    pub(crate) false_alarms: usize,
    pub(crate) absent: usize,
    /// The share of pixels that are not of the class: the accuracy of never predicting it.
    pub(crate) background: Option<f64>,
    pub(crate) mean: BTreeMap<String, Interval>,
    pub(crate) pooled: BTreeMap<String, Interval>,
    /// The objects of each size, over all images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sizes: Vec<SizeSummary>,
}

impl ClassSummary {
    pub(crate) fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.class.to_string())
    }
}

/// The objects of a size.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SizeSummary {
    pub(crate) from: f64,
    /// None: there is no upper end.
    pub(crate) to: Option<f64>,
    #[serde(flatten)]
    pub(crate) counts: ObjectCounts,
    pub(crate) recall: Option<f64>,
    pub(crate) precision: Option<f64>,
}

/// All that is said of metrics.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    /// "px" or "mm".
    pub(crate) unit: String,
    pub(crate) points: &'static str,
    pub(crate) connectivity: &'static str,
    pub(crate) tolerance: f64,
    pub(crate) beta: f64,
    pub(crate) both_empty: &'static str,
    /// Whether class 0 is among the classes.
    pub(crate) includes_background: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<f64>,
    pub(crate) classes: Vec<ClassSummary>,
    /// The mean over the classes of their means.
    pub(crate) mean_over_classes: BTreeMap<String, Interval>,
    /// Of losses and of what is of all classes, the mean over images.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) over_images: BTreeMap<String, Interval>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) calibration: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) curves: Option<Curves>,
    /// The images with the lowest value of the first metric.
    pub(crate) worst: Vec<Worst>,
    #[serde(skip)]
    pub(crate) metrics: Vec<Metric>,
    /// Whether files have several images.
    #[serde(skip)]
    pub(crate) has_several: bool,
}

/// An image that is among the worst.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Worst {
    pub(crate) input: String,
    pub(crate) image: u64,
    pub(crate) class: String,
    pub(crate) presence: Option<PresenceWord>,
    pub(crate) metric: String,
    pub(crate) value: f64,
}

/// How many of the worst images are named, and shown.
pub(crate) const WORST: usize = 10;

/// A metric of counts that add.
type OfCounts = fn(&Confusion, &Detections, &Asked) -> Option<f64>;

/// The pooled metrics.
fn pooled(metric: Metric) -> Option<OfCounts> {
    Some(match metric {
        Metric::Dice => |confusion, _, _| confusion.dice(),
        Metric::Iou => |confusion, _, _| confusion.iou(),
        Metric::Precision => |confusion, _, _| confusion.precision(),
        Metric::Recall => |confusion, _, _| confusion.recall(),
        Metric::Specificity => |confusion, _, _| confusion.specificity(),
        Metric::FBeta => |confusion, _, asked| confusion.f_beta(asked.beta),
        Metric::Mcc => |confusion, _, _| confusion.mcc(),
        Metric::Kappa => |confusion, _, _| confusion.kappa(),
        Metric::Accuracy => |confusion, _, _| confusion.accuracy(),
        Metric::LesionRecall => |_, detections, _| detections.recall(),
        Metric::LesionPrecision => |_, detections, _| detections.precision(),
        Metric::LesionF1 => |_, detections, _| detections.f1(),
        Metric::PanopticQuality => |_, detections, _| detections.panoptic_quality(),
        Metric::SegmentationQuality => |_, detections, _| detections.segmentation_quality(),
        Metric::RecognitionQuality => |_, detections, _| detections.recognition_quality(),
        _ => return None,
    })
}

impl Summary {
    /// Of rows that are sorted.
    pub(crate) fn of(measured: &Measured, asked: &Asked, arguments: &MetricArguments) -> Self {
        let rows = &measured.rows;
        let mut places: Vec<(&str, &str, u64)> = Vec::new();
        for row in &rows.0 {
            let place = row.place();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        places.sort_unstable();
        places.dedup();
        let images = places.len();
        let index = |row: &Row| places.binary_search(&row.place()).unwrap_or(0);
        let resamples =
            arguments.intervals.map(|level| Resamples::new(images, arguments.resamples, arguments.seed, level));
        let mut by_class: BTreeMap<usize, Vec<Option<&Row>>> = BTreeMap::new();
        let mut of_all: Vec<Option<&Row>> = vec![None; images];
        for row in &rows.0 {
            let slots = match row.class {
                Some(class) => by_class.entry(class).or_insert_with(|| vec![None; images]),
                None => &mut of_all,
            };
            if let Some(slot) = slots.get_mut(index(row)) {
                *slot = Some(row);
            }
        }
        let made = |value: Option<(f64, Option<[f64; 2]>)>, count: usize| {
            value.map(|(value, ends)| Interval {
                value,
                low: ends.map(|[low, _]| low),
                high: ends.map(|[_, high]| high),
                images: count,
            })
        };
        let mut classes = Vec::new();
        let mut columns: BTreeMap<String, Vec<Vec<Option<f64>>>> = BTreeMap::new();
        for (class, slots) in &by_class {
            let mut mean = BTreeMap::new();
            let mut pooled_values = BTreeMap::new();
            for metric in asked.metrics.iter().filter(|metric| metric.facts().group != Group::Calibration) {
                let name = metric.facts().name.to_owned();
                let values: Vec<Option<f64>> = slots.iter().map(|row| asked.value((*row)?, *metric)).collect();
                let count = values.iter().flatten().count();
                if let Some(made) = made(interval(&values, resamples.as_ref()), count) {
                    mean.insert(name.clone(), made);
                }
                columns.entry(name.clone()).or_default().push(values);
                if let Some(statistic) = pooled(*metric) {
                    let sums = |drawn: &mut dyn Iterator<Item = usize>| {
                        let (mut confusion, mut detections) = (Confusion::default(), Detections::default());
                        for row in drawn.filter_map(|place| *slots.get(place)?) {
                            if let Some(counts) = row.confusion() {
                                confusion.add(&counts);
                            }
                            if let Some(counts) = row.objects.first() {
                                detections.add(&counts.detections());
                            }
                        }
                        statistic(&confusion, &detections, asked)
                    };
                    let all = sums(&mut (0..images)).map(|value| {
                        let ends = resamples.as_ref().and_then(|resamples| {
                            resamples.interval(|drawn| sums(&mut drawn.iter().map(|place| *place as usize)))
                        });
                        (value, ends)
                    });
                    if let Some(made) = made(all, slots.iter().flatten().count()) {
                        pooled_values.insert(name, made);
                    }
                }
            }
            let count = |of: &[PresenceWord]| {
                slots.iter().flatten().filter(|row| row.presence.is_some_and(|presence| of.contains(&presence))).count()
            };
            let mut confusion = Confusion::default();
            slots.iter().flatten().filter_map(|row| row.confusion()).for_each(|counts| confusion.add(&counts));
            let missing = images - slots.iter().flatten().count();
            classes.push(ClassSummary {
                class: *class,
                name: slots.iter().flatten().find_map(|row| row.name.clone()),
                images,
                present: count(&[PresenceWord::Both, PresenceWord::Missed]),
                missed: count(&[PresenceWord::Missed]),
                false_alarms: count(&[PresenceWord::FalseAlarm]),
                absent: count(&[PresenceWord::Absent]) + missing,
                background: confusion.background(),
                mean,
                pooled: pooled_values,
                sizes: sizes(slots, asked),
            });
        }
        let mut mean_over_classes = BTreeMap::new();
        for (name, columns) in &columns {
            let mean = |drawn: &mut dyn Iterator<Item = usize>| {
                let places: Vec<usize> = drawn.collect();
                let of_class = |values: &Vec<Option<f64>>| {
                    let values: Vec<f64> =
                        places.iter().filter_map(|place| values.get(*place).copied().flatten()).collect();
                    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
                };
                let means: Vec<f64> = columns.iter().filter_map(of_class).collect();
                (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
            };
            let all = mean(&mut (0..images)).map(|value| {
                let ends = resamples.as_ref().and_then(|resamples| {
                    resamples.interval(|drawn| mean(&mut drawn.iter().map(|place| *place as usize)))
                });
                (value, ends)
            });
            if let Some(made) = made(all, images) {
                mean_over_classes.insert(name.clone(), made);
            }
        }
        let mut over_images = BTreeMap::new();
        for name in rows.losses() {
            let slots =
                if of_all.iter().any(Option::is_some) { &of_all } else { by_class.values().next().unwrap_or(&of_all) };
            let values: Vec<Option<f64>> = slots.iter().map(|row| (*row)?.value(&name)).collect();
            let count = values.iter().flatten().count();
            if let Some(made) = made(interval(&values, resamples.as_ref()), count) {
                over_images.insert(name, made);
            }
        }
        let first = rows.0.first();
        Self {
            unit: first.map_or("px".to_owned(), |row| row.unit.clone()),
            points: asked.points_word(),
            connectivity: asked.connectivity_word(),
            tolerance: asked.tolerance,
            beta: asked.beta,
            both_empty: match asked.both_empty {
                BothEmpty::Skip => "skip",
                BothEmpty::Perfect => "perfect",
            },
            includes_background: asked.include_background,
            level: resamples.map(|resamples| resamples.level()),
            worst: worst(rows, asked),
            classes,
            mean_over_classes,
            over_images,
            calibration: calibration(measured.reliability.as_ref(), asked),
            curves: measured.histogram.as_ref().filter(|histogram| has_pixels(histogram)).map(Curves::of),
            metrics: asked.metrics.clone(),
            has_several: rows.0.iter().any(|row| row.image > 0),
        }
    }
}

fn has_pixels(histogram: &ProbabilityHistogram) -> bool {
    !histogram.points().is_empty()
}

fn sizes(slots: &[Option<&Row>], asked: &Asked) -> Vec<SizeSummary> {
    let of = |(place, (from, to)): (usize, (f64, f64))| {
        let mut all = Detections::default();
        let counts = slots.iter().flatten().filter_map(|row| row.objects.get(place + 1));
        counts.for_each(|counts| all.add(&counts.detections()));
        SizeSummary {
            from,
            to: to.is_finite().then_some(to),
            counts: ObjectCounts::of(&all),
            recall: all.recall(),
            precision: all.precision(),
        }
    };
    asked.strata().into_iter().enumerate().map(of).collect()
}

fn calibration(reliability: Option<&Reliability>, asked: &Asked) -> BTreeMap<String, f64> {
    let value = |metric: &Metric| {
        let reliability = reliability?;
        let value = match metric {
            Metric::Ece => reliability.expected_error(),
            Metric::Mce => reliability.maximum_error(),
            Metric::Brier => reliability.brier(),
            _ => None,
        };
        Some((metric.facts().name.to_owned(), value?))
    };
    asked.metrics.iter().filter_map(value).collect()
}

/// The rows by the first metric of images, the worst first, and that metric.
pub(crate) fn ranked<'a>(rows: &'a Rows, asked: &Asked) -> Option<(Metric, Vec<(&'a Row, f64)>)> {
    let metric = *asked.metrics.iter().find(|metric| metric.facts().group != Group::Calibration)?;
    let facts = metric.facts();
    let mut all: Vec<(&Row, f64)> = rows.0.iter().filter_map(|row| Some((row, row.value(facts.name)?))).collect();
    all.sort_by(|(_, a), (_, b)| if facts.higher_is_better { a.total_cmp(b) } else { b.total_cmp(a) });
    Some((metric, all))
}

fn worst(rows: &Rows, asked: &Asked) -> Vec<Worst> {
    let Some((metric, ranked)) = ranked(rows, asked) else { return Vec::new() };
    let worst = |(row, value): (&Row, f64)| Worst {
        input: row.input.clone(),
        image: row.image,
        class: row.label(),
        presence: row.presence,
        metric: metric.facts().name.to_owned(),
        value,
    };
    ranked.into_iter().take(WORST).map(worst).collect()
}
