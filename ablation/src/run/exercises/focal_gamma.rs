//! Exercise 3: the effect of γ on edges and on probabilities.

use super::losses::{focal_expression, named};
use super::pictures::{SHOWN, at_half, error_legend, errors, grey, mask, noted, of_bytes};
use super::tables::{family, family_table, final_table, found, metric, missing, spread_note};
use super::{Exercise, on_binary};
use crate::run::arm::NamedLoss;
use crate::run::config::Config;
use crate::run::dataset::ImageSet;
use crate::run::metrics::name;
use crate::run::model::{Axis, Chart, Figure, Look, Panel, PictureKind, PictureRow, Pictures, Section, Series};
use crate::run::outcomes::{Entry, Outcomes};
use crate::run::task::Task;
use crate::run::training::binary::BINS;

pub(super) static EXERCISE: Exercise = Exercise {
    number: 3,
    title: "Focal loss and its γ",
    question: "focal loss, γ from 1 to 3: boundaries and calibration",
    near: &[],
    arms,
    fill,
};

fn arms(config: &Config) -> Vec<(Task, NamedLoss)> {
    let gammas = config.losses.gammas.iter().enumerate();
    on_binary(
        config.data.share,
        gammas.map(|(index, gamma)| named(format!("γ = {gamma}"), focal_expression(*gamma), index)),
    )
}

fn fill(section: &mut Section, outcomes: &Outcomes<'_>) {
    let config = outcomes.config;
    let entries = outcomes.entries(&arms(outcomes.config));
    section.text(
        "The focal loss multiplies a pixel's cross-entropy by (1 − p_t)^γ, so pixels that are already right count less. A larger γ leaves more of the gradient to hard pixels, \
         most of them at edges. It also rewards certainty less, so probabilities move towards ½.",
    );
    missing(&entries).into_iter().for_each(|text| section.text(text));
    if let [first, .., last] = &entries[..] {
        let metrics = [name::BOUNDARY_F1_1, name::HAUSDORFF, name::CALIBRATION_ERROR, name::DICE];
        let family = family(metrics.map(|metric| (first, last, metric)));
        family.chunks(2).for_each(|pair| section.finding(found(pair)));
        section.table(family_table(&EXERCISE.part("comparisons"), &family));
    }
    section.figure(by_gamma(&entries, &config.losses.gammas));
    section.figure(reliability(&entries));
    let shown = [
        metric(name::BOUNDARY_F1_1, 3),
        metric(name::BOUNDARY_F1_2, 3),
        metric(name::BOUNDARY_IOU, 3),
        metric(name::HAUSDORFF, 1),
        metric(name::CALIBRATION_ERROR, 4),
        metric(name::DICE, 3),
    ];
    let note = format!(
        "{} All columns are means over the images. Boundary IoU compares the rims within 2 px of the boundaries (Cheng et al., 2021). The Hausdorff distance is the 95th \
         percentile in pixels; if only one of the two masks has a boundary, it is the image's diagonal. The calibration error of an image is the mean gap between \
         probability and share of foreground in 15 bins, weighted by their pixels (Guo et al., 2017); nearly all pixels lie in the lowest bin.",
        spread_note(outcomes)
    );
    section.table(final_table(&EXERCISE.part("final"), "Boundaries and calibration by γ", &entries, &shown, note));
    if let Some(figure) = zoomed(outcomes, &entries) {
        section.figure(figure);
    }
}

fn by_gamma(entries: &[Entry<'_>], gammas: &[f64]) -> Figure {
    let series = |(colour, metric): (usize, &str)| {
        let points = entries.iter().zip(gammas).map(|(entry, gamma)| (*gamma, entry.summary(metric)));
        match entries.first() {
            Some(entry) => Series { name: metric.to_owned(), colour, ..entry.series(points.collect()) },
            None => Series::line(metric, colour, []),
        }
    };
    let chart = |title: &str, label: &str, metrics: &[&str]| {
        Panel::Chart(Chart {
            title: title.to_owned(),
            x: Axis::linear("γ"),
            y: Axis::linear(label),
            series: metrics.iter().copied().enumerate().map(series).collect(),
            rules: Vec::new(),
        })
    };
    Figure {
        id: EXERCISE.part("by-gamma"),
        title: "Boundary quality and calibration by γ".to_owned(),
        caption: "After the last step: means over seeds, bands span the smallest to the largest seed.".to_owned(),
        columns: 3,
        panels: vec![
            chart("boundaries", "score", &[name::BOUNDARY_F1_1, name::BOUNDARY_F1_2, name::BOUNDARY_IOU]),
            chart("distance", "Hausdorff distance, 95 %, in pixels", &[name::HAUSDORFF]),
            chart("calibration", "calibration error", &[name::CALIBRATION_ERROR]),
        ],
    }
}

fn reliability(entries: &[Entry<'_>]) -> Figure {
    let series = |entry: &Entry<'_>| {
        let mut pooled = [[0.0; 3]; BINS];
        for [probability, share, pixels] in entry.trained().flat_map(|trained| &trained.judgement.reliability).copied()
        {
            let place = ((probability * BINS as f64) as usize).min(pooled.len() - 1);
            if let Some([p, t, n]) = pooled.get_mut(place) {
                *p += probability * pixels;
                *t += share * pixels;
                *n += pixels;
            }
        }
        let filled = pooled.iter().filter(|[_, _, n]| *n > 0.0);
        Series::line(entry.name(), entry.loss.colour, filled.map(|[p, t, n]| (p / n, t / n)))
    };
    let mut all: Vec<Series> = entries.iter().map(series).filter(|series| !series.x.is_empty()).collect();
    all.push(Series::line("perfectly calibrated", entries.len(), [(0.0, 0.0), (1.0, 1.0)]).look(Look::Dashed));
    Figure {
        id: EXERCISE.part("reliability"),
        title: "Are the probabilities reliable?".to_owned(),
        caption: "The share of foreground among the pixels of each of 15 bins of probability, over all seeds. On the dashed line share and probability agree. Below the line the network is \
                  too certain of foreground, above it not certain enough."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Chart(Chart {
            title: String::new(),
            x: Axis::linear("mean probability of a bin").range(0.0, 1.0),
                y: Axis::linear("share of foreground").range(0.0, 1.0),
            series: all,
            rules: Vec::new(),
        })],
    }
}

/// The side of the enlarged part.
const PART: usize = 28;

fn zoomed(outcomes: &Outcomes<'_>, entries: &[Entry<'_>]) -> Option<Figure> {
    let config = outcomes.config;
    let [_, held_out] = outcomes.sets.binary(config, config.data.share, config.first_seed);
    let shown: Vec<_> = entries.iter().filter_map(|entry| Some((entry.name(), entry.first()?))).collect();
    let size = held_out.size;
    let side = PART.min(size);
    let row = |index: usize, name: String| -> Option<Vec<PictureRow>> {
        let truth = held_out.mask(index);
        let corner = busiest(truth, size, side);
        let cut = |pixels: &[u8]| cut(pixels, size, side, corner);
        let image: Vec<f32> = cut_any(held_out.image(index), size, side, corner);
        let (mut probabilities, mut wrong) = (
            vec![grey(&image, side, SHOWN), mask(&cut(truth), side)],
            vec![grey(&image, side, SHOWN), mask(&cut(truth), side)],
        );
        for (_, trained) in &shown {
            let predicted = trained.judgement.predictions.get(index)?;
            probabilities.push(noted(of_bytes(cut(predicted), side, PictureKind::Grey), "probability".to_owned()));
            wrong.push(noted(errors(&at_half(&cut(predicted)), &cut(truth), side), "at p ≥ ½".to_owned()));
        }
        Some(vec![
            PictureRow { name: format!("{name}, probability"), pictures: probabilities },
            PictureRow { name: format!("{name}, mask"), pictures: wrong },
        ])
    };
    if shown.is_empty() {
        return None;
    }
    let mut columns = vec!["image".to_owned(), "truth".to_owned()];
    columns.extend(shown.iter().map(|(name, _)| (*name).to_owned()));
    let rows: Vec<PictureRow> =
        (0..2.min(held_out.len())).filter_map(|index| row(index, format!("image {}", index + 1))).flatten().collect();
    let legend = error_legend();
    Some(Figure {
        id: EXERCISE.part("edges"),
        title: "At the edges".to_owned(),
        caption: format!(
            "The part of {side} × {side} pixels with most edges, enlarged, of held-out images of seed {}: the probability (black 0, white 1), and the mask at p ≥ ½ with its \
             errors.",
            config.first_seed
        ),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures { title: String::new(), columns, rows, legend })],
    })
}

/// The upper left corner of the part whose share of foreground is nearest to a third, which shows many edges.
fn busiest(truth: &[u8], size: usize, side: usize) -> (usize, usize) {
    let wanted = (side * side) as i64 / 3;
    let places = (0..=size - side).step_by(4).flat_map(|y| (0..=size - side).step_by(4).map(move |x| (x, y)));
    let gap = |corner: &(usize, usize)| {
        let inside: i64 = cut(truth, size, side, *corner).iter().map(|pixel| i64::from(*pixel)).sum();
        (inside - wanted).abs()
    };
    places.min_by_key(gap).unwrap_or((0, 0))
}

fn cut(pixels: &[u8], size: usize, side: usize, corner: (usize, usize)) -> Vec<u8> {
    cut_any(pixels, size, side, corner)
}

fn cut_any<T: Copy>(pixels: &[T], size: usize, side: usize, (x, y): (usize, usize)) -> Vec<T> {
    let rows = pixels.chunks(size.max(1)).skip(y).take(side);
    rows.flat_map(|row| row.iter().skip(x).take(side).copied()).collect()
}
