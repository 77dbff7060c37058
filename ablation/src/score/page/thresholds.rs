//! Scores over the threshold, and how far probabilities can be believed.

use super::Content;
use super::contents::Part;
use crate::report::model::{Axis, Chart, Figure, Look, Panel, Rule, Series};
use crate::score::metrics::{Curves, calibration};
use crate::tables::six;

pub(super) fn part(content: &Content<'_>) -> Part {
    let mut part = Part::new("thresholds", "Thresholds and calibration");
    if content.finishing.input == "prediction" {
        return part.lacking("Not drawn: label maps have no probabilities; `--logits` or `--probs` give them.");
    }
    let Some(summary) = content.summary else {
        return part.lacking("Not drawn: no image was measured, and the curves are of measured pixels.");
    };
    match &summary.curves {
        Some(curves) => part.figures.push(over_thresholds(content, curves)),
        None if content.report.is_some_and(|report| report.all.scores.over_classes.is_some()) => {
            part.lacking.push("Curves over thresholds are not drawn: with several classes the likeliest one is the prediction, so there is no threshold.".to_owned());
        }
        None if content.finishing.pixels.is_none() => {
            part.lacking.push(
                "Curves over thresholds are not drawn: the states were written without `--metrics calibration`."
                    .to_owned(),
            );
        }
        None => part.lacking.push("Curves over thresholds are not drawn: there is no valid pixel.".to_owned()),
    }
    let lines = calibration(summary);
    if !lines.is_empty() {
        part.text.push(lines.join("; "));
    }
    match reliability(content) {
        Some(figure) => part.figures.push(figure),
        None => part.lacking.push("The reliability curve is drawn with `--metrics calibration`.".to_owned()),
    }
    part
}

fn over_thresholds(content: &Content<'_>, curves: &Curves) -> Figure {
    let line = |name: &str, colour: usize, value: fn(&crate::score::metrics::CurvePoint) -> Option<f64>| {
        let points = curves.points.iter().map(|point| (point.threshold, value(point).unwrap_or(f64::NAN)));
        Series::line(name, colour, points)
    };
    let confusion = content.report.and_then(|report| report.all.scores.confusion.as_ref());
    let mut rules = Vec::new();
    if let Some(confusion) = confusion {
        let at = confusion.threshold;
        rules.push(Rule { name: format!("scored at {}", six(at)), at, horizontal: false });
    }
    if let Some(at) = curves.best_threshold {
        rules.push(Rule { name: format!("best Dice at {}", six(at)), at, horizontal: false });
    }
    Figure {
        id: "thresholds".to_owned(),
        title: "Scores of all pixels over the threshold".to_owned(),
        caption: "From the histogram of all pixels in 256 steps of probability: what Dice, precision and recall would be if pixels were called foreground from this \
                  probability on."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::linear("threshold").range(0.0, 1.0),
            y: Axis::linear("score, pooled over all pixels").range(0.0, 1.0),
            series: vec![
                line("Dice", 0, |point| point.dice),
                line("precision", 1, |point| point.precision),
                line("recall", 2, |point| point.recall),
            ],
            rules,
        })],
    }
}

fn reliability(content: &Content<'_>) -> Option<Figure> {
    let reliability = content.measured.reliability.as_ref()?;
    let bins: Vec<(f64, f64)> =
        reliability.bins().filter_map(|bin| Some((bin.mean_probability?, bin.share_right?))).collect();
    if bins.is_empty() {
        return None;
    }
    // At the middle of each bin.
    let (all, count) = (reliability.pixels() as f64, reliability.bins().count() as f64);
    let shares = reliability.bins().enumerate();
    let shares = shares.map(|(place, bin)| ((place as f64 + 0.5) / count, bin.pixels as f64 / all));
    let of_classes = content.report.is_some_and(|report| report.all.scores.over_classes.is_some());
    let (x, y, name) = if of_classes {
        ("mean probability of the predicted class", "share that is right", "predicted class")
    } else {
        ("mean probability of foreground", "share that is foreground", "foreground")
    };
    Some(Figure {
        id: "reliability".to_owned(),
        title: "How far probabilities can be believed".to_owned(),
        caption: format!(
            "The line joins bins of probabilities, {} if none is empty. On the dashed line a probability of 0.8 is right in 80 % of the pixels; below it, \
             the network is too sure.",
            content.asked.bins
        ),
        columns: 2,
        panels: vec![
            Panel::Chart(Chart {
                title: "Reliability".to_owned(),
                x: Axis::linear(x).range(0.0, 1.0),
                y: Axis::linear(y).range(0.0, 1.0),
                series: vec![
                    Series::line(name, 0, bins),
                    Series::line("perfectly calibrated", 5, [(0.0, 0.0), (1.0, 1.0)]).look(Look::Dashed),
                ],
                rules: Vec::new(),
            }),
            Panel::Chart(Chart {
                title: "Pixels of each bin".to_owned(),
                x: Axis::linear(x).range(0.0, 1.0),
                y: Axis::linear("share of all pixels"),
                series: vec![Series::line("", 0, shares).look(Look::Bars)],
                rules: Vec::new(),
            }),
        ],
    })
}
