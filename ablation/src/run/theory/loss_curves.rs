//! The course's figure: losses by the foreground's probability, under imbalance.

use std::iter::repeat_n;

use loss_core::{Bce, Dice, Focal, Iou, Logits, Pointwise};

use super::numbers::{listed, most, percent, plain, significant};
use super::one_sided_focal::OneSidedFocal;
use super::pixels::{evenly, finish, logit};
use super::{TheoryError, colours};
use crate::run::config::Losses;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Look, Panel, Section, Series, Table};

const FOREGROUND: usize = 50;
const BACKGROUND: usize = 950;
/// The logit of probability 0.05.
const BACKGROUND_LOGIT: f64 = -2.9444389791664403;
const SMOOTH: f64 = 1e-6;
const GAMMA: f32 = 2.0;
/// The ends of the grid of p, and its number of points.
const ENDS: [f64; 2] = [0.01, 0.99];
const POINTS: usize = 200;

/// A loss of the figure.
struct Curve {
    name: &'static str,
    colour: usize,
    look: Look,
}

const CURVES: [Curve; 5] = [
    Curve { name: "BCE", colour: colours::BCE, look: Look::Line },
    Curve { name: "Dice", colour: colours::DICE, look: Look::Line },
    Curve { name: "IoU", colour: colours::IOU, look: Look::Line },
    Curve { name: "focal as the course wrote it", colour: colours::OTHER, look: Look::Dashed },
    Curve { name: "focal", colour: colours::FOCAL, look: Look::Line },
];

/// The losses of [`CURVES`], in order, for foreground at a given logit.
fn values(foreground: f32) -> Result<[f64; 5], TheoryError> {
    let pixels =
        || repeat_n((foreground, true), FOREGROUND).chain(repeat_n((BACKGROUND_LOGIT as f32, false), BACKGROUND));
    Ok([
        finish(Bce::new().mean(), pixels())?.value(),
        finish(Dice::new(SMOOTH)?, pixels())?.value(),
        finish(Iou::new(SMOOTH)?, pixels())?.value(),
        finish(OneSidedFocal { gamma: GAMMA }.mean(), pixels())?.value(),
        finish(Focal::new(GAMMA)?.mean(), pixels())?.value(),
    ])
}

fn values_at(p: f64) -> Result<[f64; 5], TheoryError> {
    values(logit(p) as f32)
}

/// p, and the losses at it.
fn rows() -> Result<Vec<(f64, [f64; 5])>, TheoryError> {
    evenly(ENDS[0], ENDS[1], POINTS).into_iter().map(|p| Ok((p, values_at(p)?))).collect()
}

pub(super) fn fill(section: &mut Section, _: &Losses) -> Result<(), TheoryError> {
    let rows = rows()?;
    section.text(format!(
        "An image of {} pixels has {} pixels of foreground. The network gives every foreground pixel the probability p and every background pixel {}; p rises from \
         {} to {}. So the background is already right and the foreground is being found: how much does each loss still fall? Dice and IoU have smooth = {}; focal \
         has γ = {}.",
        FOREGROUND + BACKGROUND,
        FOREGROUND,
        significant(background_p()?, 1),
        plain(ENDS[0]),
        plain(ENDS[1]),
        plain(SMOOTH),
        plain(f64::from(GAMMA)),
    ));
    section.figure(figure(&rows));
    section.table(table()?);
    section.finding(movement()?);
    section.finding(floor()?);
    Ok(())
}

/// The background's probability, recovered from the loss of its pixel.
fn background_p() -> Result<f64, TheoryError> {
    let soft = finish(Bce::new().sum(), [(BACKGROUND_LOGIT as f32, false)])?.soft();
    Ok(soft.false_positive)
}

fn figure(rows: &[(f64, [f64; 5])]) -> Figure {
    let chart = |title: &str, label: &str, of: &dyn Fn(usize, f64) -> f64| {
        let series = CURVES.iter().enumerate().map(|(place, curve)| {
            let points = rows.iter().filter_map(|(p, values)| Some((*p, of(place, *values.get(place)?))));
            Series::line(curve.name, curve.colour, points).look(curve.look)
        });
        Panel::Chart(Chart {
            title: title.to_owned(),
            x: Axis::linear("p of the foreground pixels (probability)").range(0.0, 1.0),
            y: Axis::linear(label),
            series: series.collect(),
            rules: Vec::new(),
        })
    };
    let end = |row: Option<&(f64, [f64; 5])>, place: usize| {
        row.and_then(|(_, values)| values.get(place).copied()).unwrap_or(f64::NAN)
    };
    let share = |place: usize, value: f64| {
        let (first, last) = (end(rows.first(), place), end(rows.last(), place));
        (value - last) / (first - last)
    };
    Figure {
        id: "loss-curves-chart".to_owned(),
        title: "Losses against the foreground's probability".to_owned(),
        caption: format!(
            "Losses of {} pixels with {} foreground, by the probability p of the foreground pixels; the background stays at {}. Left: the losses, on their own scales. \
             Right: each loss as a share of its range, 1 at the left end and 0 at the right end. A loss rewards progress most where its line is steepest.",
            FOREGROUND + BACKGROUND,
            percent(FOREGROUND as f64 / (FOREGROUND + BACKGROUND) as f64),
            plain(0.05),
        ),
        columns: 2,
        panels: vec![
            chart("Own scale", "loss", &|_, value| value),
            chart("Share of each loss's range", "share of the loss's range", &share),
        ],
    }
}

fn table() -> Result<Table, TheoryError> {
    let rows: Result<Vec<_>, TheoryError> = [0.05, 0.25, 0.5, 0.75, 0.95]
        .into_iter()
        .map(|p| {
            let values = values_at(p)?;
            Ok([p].into_iter().map(|p| Cell::number(p, 2)).chain(values.map(|value| Cell::number(value, 4))).collect())
        })
        .collect();
    Ok(Table {
        id: "loss-curves-values".to_owned(),
        title: "The losses at five probabilities".to_owned(),
        columns: ["p"].into_iter().chain(CURVES.iter().map(|curve| curve.name)).map(str::to_owned).collect(),
        rows: rows?,
        note: String::new(),
    })
}

/// The share of its range that each loss falls by between two probabilities.
fn movement() -> Result<Finding, TheoryError> {
    let (low, high) = (0.05, 0.5);
    let [first, from, to, last] = [values_at(ENDS[0])?, values_at(low)?, values_at(high)?, values_at(ENDS[1])?];
    let mut shares: Vec<(f64, &str)> = CURVES
        .iter()
        .zip(from.iter().zip(&to).zip(first.iter().zip(&last)))
        .map(|(curve, ((from, to), (first, last)))| ((from - to) / (first - last), curve.name))
        .collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    let each: Vec<String> = shares.iter().map(|(share, name)| format!("{name} {}", percent(*share))).collect();
    // Losses that differ by a constant fall by the same share and are named together.
    let with = |share: Option<f64>| {
        let same = shares.iter().filter(|(other, _)| share.is_some_and(|share| (share - other).abs() < SAME));
        listed(&same.map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>())
    };
    Ok(Finding::new(format!(
        "While p rises from {} to {} ({} of the way from {} to {}), each loss falls by this share of its range: {}. The largest fall: {}; the smallest: {}.",
        plain(low),
        plain(high),
        percent((high - low) / (ENDS[1] - ENDS[0])),
        plain(ENDS[0]),
        plain(ENDS[1]),
        listed(&each),
        with(shares.first().map(|(share, _)| *share)),
        with(shares.last().map(|(share, _)| *share)),
    )))
}

/// Shares that differ by less count as equal.
const SAME: f64 = 5e-4;

/// The pointwise losses that remain once the foreground is found, and the part of the background in them.
fn floor() -> Result<Finding, TheoryError> {
    let foreground = (logit(ENDS[1]) as f32, true);
    let background = (BACKGROUND_LOGIT as f32, false);
    let cross_entropy = f64::from(Bce::new().at(&Logits, background)?);
    let course = OneSidedFocal { gamma: GAMMA };
    let focal = Focal::new(GAMMA)?;
    let share = |of_foreground: f32, of_background: f32| {
        let (ours, theirs) =
            (FOREGROUND as f64 * f64::from(of_foreground), BACKGROUND as f64 * f64::from(of_background));
        theirs / (ours + theirs)
    };
    let (course_background, focal_background) = (course.at(&Logits, background)?, focal.at(&Logits, background)?);
    let [.., course_value, focal_value] = values_at(ENDS[1])?;
    Ok(Finding::new(format!(
        "The course writes the focal loss with (1−p)^γ for background too. That multiplies the cross-entropy of background at p = {} by {}; the focal loss itself, \
         with 1−p_t, multiplies it by {}. At p = {}, where the foreground is found, the course's form is still {}, which is {} times the focal loss. The \
         background makes up {} of the course's form and {} of the focal loss.",
        plain(0.05),
        significant(f64::from(course_background) / cross_entropy, 3),
        significant(f64::from(focal_background) / cross_entropy, 3),
        plain(ENDS[1]),
        significant(course_value, 3),
        significant(course_value / focal_value, 3),
        most(share(course.at(&Logits, foreground)?, course_background)),
        most(share(focal.at(&Logits, foreground)?, focal_background)),
    )))
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    #[test]
    fn every_value_is_that_of_the_reference_series() {
        let series = reference::case("seed000_curves")["series"].clone();
        let names: Vec<&str> =
            series["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names, ["p", "logit_p", "bce", "dice", "iou", "focal_as_written", "focal_correct"]);
        let expected = reference::array(series["file"].as_str().unwrap());
        let rows = rows().unwrap();
        assert_eq!(expected.len(), rows.len() * names.len());
        for (expected, (p, values)) in expected.chunks_exact(names.len()).zip(rows) {
            assert_eq!(p, expected[0], "the grid is NumPy's to the bit");
            assert_eq!(logit(p) as f32, expected[1] as f32);
            reference::assert_close("logit", logit(p), expected[1]);
            for ((name, value), &expected) in names[2..].iter().zip(values).zip(&expected[2..]) {
                reference::assert_close(&format!("{name} at {p}"), value, expected);
            }
        }
    }

    #[test]
    fn curves_in_the_figure_are_the_rows() {
        let rows = rows().unwrap();
        let figure = figure(&rows);
        let Panel::Chart(chart) = &figure.panels[0] else { panic!("a chart") };
        for (place, series) in chart.series.iter().enumerate() {
            let expected: Vec<Option<f64>> = rows.iter().map(|(_, values)| Some(values[place])).collect();
            assert_eq!(series.y, expected);
        }
        let Panel::Chart(chart) = &figure.panels[1] else { panic!("a chart") };
        for series in &chart.series {
            assert_eq!((series.y[0], series.y[POINTS - 1]), (Some(1.0), Some(0.0)));
            assert!(series.y.windows(2).all(|pair| pair[0] > pair[1]), "every loss falls as p rises: {}", series.name);
        }
    }

    #[test]
    fn the_background_is_at_the_probability_that_is_said() {
        assert!((background_p().unwrap() - 0.05).abs() < 1e-7);
    }
}
