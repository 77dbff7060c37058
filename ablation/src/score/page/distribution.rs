//! How the images are spread: a box and a point an image, for each metric and class.

use loss_metrics::facts::{Group, Metric};

use super::Content;
use super::contents::{Part, counted};
use crate::report::draw::boxes::MOST_POINTS;
use crate::report::model::{Axis, Chart, Figure, Look, Panel, Series};
use crate::score::metrics::{ClassSummary, Row, Summary, title};

/// So many classes are drawn: those with the worst mean.
const MOST_CLASSES: usize = 12;

pub(super) fn part(content: &Content<'_>) -> Part {
    let part = Part::new("distribution", "Distribution over images");
    let Some(summary) = content.summary else {
        return part.lacking("Not drawn: no image was measured, so there are pooled values alone.");
    };
    let images = summary.classes.iter().map(|class| class.images).max().unwrap_or(0);
    if images < 2 {
        return part.lacking("Not drawn: there is one image, whose values are in the tables above.");
    }
    let classes = shown_classes(summary);
    // What nobody named is in the tables; the two that everybody looks at are drawn.
    let is_named = content.finishing.pixels.is_none() || !content.finishing.metric.metrics.is_empty();
    let drawn = |metric: &Metric| is_named || matches!(metric, Metric::Dice | Metric::Iou);
    let mut panels: Vec<Panel> =
        metrics(summary).filter(drawn).filter_map(|metric| of_metric(content, metric, &classes)).collect();
    panels.extend(content.measured.rows.losses().iter().filter_map(|name| of_loss(content, name)));
    if panels.is_empty() {
        return part.lacking("Not drawn: no metric of images was asked for.");
    }
    let mut caption = format!(
        "A point is an image, of {}. The box has half of the images, the line in it is the median, and the whiskers reach the last image within \
         1.5 heights of the box. Fewer than five images have no box.",
        counted(images, "image")
    );
    if images > MOST_POINTS {
        caption.push_str(
            " Of so many images only some are drawn as points, and all beyond the whiskers; the boxes are of all.",
        );
    }
    if summary.both_empty == "skip" && classes.iter().any(|class| class.absent > 0) {
        caption.push_str(" Images that have a class neither in truth nor in prediction have no point there.");
    }
    if !is_named {
        caption.push_str(" Other metrics are drawn if `--metrics` names them.");
    }
    let mut part = part;
    part.text.extend(left_out(summary));
    // Many names of classes need the whole width.
    let most = match classes.len() {
        0..=2 => 4,
        3..=4 => 3,
        5..=6 => 2,
        _ => 1,
    };
    let columns = panels.len().min(most);
    let title = "Values of images".to_owned();
    part.figures.push(Figure { id: "distribution".to_owned(), title, caption, columns, panels });
    part
}

/// The metrics of images.
pub(super) fn metrics(summary: &Summary) -> impl Iterator<Item = Metric> {
    summary.metrics.iter().copied().filter(|metric| metric.facts().group != Group::Calibration)
}

/// The classes that figures have, in their order.
pub(super) fn shown_classes(summary: &Summary) -> Vec<&ClassSummary> {
    let mut classes: Vec<&ClassSummary> = summary.classes.iter().collect();
    if let (true, Some(metric)) = (classes.len() > MOST_CLASSES, metrics(summary).next()) {
        let facts = metric.facts();
        let mean = |class: &ClassSummary| class.mean.get(facts.name).map(|mean| mean.value);
        let sign = if facts.higher_is_better { 1.0 } else { -1.0 };
        // A class without a value comes last.
        let key = |class: &ClassSummary| mean(class).map_or(f64::INFINITY, |mean| sign * mean);
        classes.sort_by(|a, b| key(a).total_cmp(&key(b)));
        classes.truncate(MOST_CLASSES);
        classes.sort_by_key(|class| class.class);
    }
    classes
}

/// That some classes are not drawn.
pub(super) fn left_out(summary: &Summary) -> Option<String> {
    let (all, first) = (summary.classes.len(), metrics(summary).next()?);
    (all > MOST_CLASSES).then(|| {
        format!(
            "Of {all} classes, the {MOST_CLASSES} with the worst mean `{}` are drawn; the tables have all.",
            first.facts().name
        )
    })
}

/// The rows of a class.
pub(super) fn rows_of<'a>(content: &Content<'a>, class: usize) -> impl Iterator<Item = &'a Row> {
    content.measured.rows.0.iter().filter(move |row| row.class == Some(class))
}

fn of_metric(content: &Content<'_>, metric: Metric, classes: &[&ClassSummary]) -> Option<Panel> {
    let name = title(metric, content.summary?);
    let points = classes.iter().enumerate().flat_map(|(place, class)| {
        let values = rows_of(content, class.class).filter_map(move |row| content.asked.value(row, metric));
        values.map(move |value| (place as f64, value))
    });
    let labels = classes.iter().map(|class| class.label()).collect();
    let axis = Axis::linear(&name);
    let axis = if is_share(metric) { axis.range(-0.03, 1.03) } else { axis };
    panel(name, Axis::named("class", labels), axis, points)
}

/// Whether values lie between 0 and 1.
fn is_share(metric: Metric) -> bool {
    metric.facts().higher_is_better && !matches!(metric, Metric::Mcc | Metric::Kappa)
}

/// Losses of images stand in the row of all classes, or in that of the only one.
fn of_loss(content: &Content<'_>, name: &str) -> Option<Panel> {
    let values = content.measured.rows.0.iter().filter_map(|row| row.losses.get(name).copied().flatten());
    panel(
        name.to_owned(),
        Axis::named("", vec!["all pixels".to_owned()]),
        Axis::linear(name),
        values.map(|value| (0.0, value)),
    )
}

fn panel(title: String, x: Axis, y: Axis, points: impl Iterator<Item = (f64, f64)>) -> Option<Panel> {
    let series = Series::line("", 0, points).look(Look::Boxes);
    (!series.x.is_empty()).then(|| Panel::Chart(Chart { title, x, y, series: vec![series], rules: Vec::new() }))
}
