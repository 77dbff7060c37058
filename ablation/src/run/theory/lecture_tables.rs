//! The lecture's three tables: weighted cross-entropy, focal against cross-entropy, Dice at known overlaps.

use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy};
use loss_core::{Bce, Dice, Focal, Pointwise};

use super::numbers::{cell, columns, percent, plain, significant, times_smaller};
use super::overlaps::{Mask, Outcome, legend};
use super::pixels::{evenly, finish, logit};
use super::{TheoryError, colours};
use crate::run::config::Losses;
use crate::run::model::{Axis, Cell, Chart, Figure, Finding, Panel, PictureRow, Pictures, Section, Series, Table};

/// The classes of damage in the order of their labels, and the lecture's weights.
const CLASSES: [&str; 5] = ["background", "no damage", "minor damage", "major damage", "destroyed"];
const WEIGHTS: [f64; 5] = [1.0, 5.0, 20.0, 20.0, 20.0];
const GAMMA: f32 = 2.0;
const SMOOTH: f64 = 1e-6;
/// The sigmoid of ±120 is 0 or 1 in any float.
const CERTAIN: f32 = 120.0;
/// The number of pixels of the true and of the predicted shape in the Dice table.
const SHAPE: usize = 100;
const SIDE: usize = 20;

pub(super) fn fill(section: &mut Section, _: &Losses) -> Result<(), TheoryError> {
    section.text(
        "Three tables of the lecture, computed again: how class weights change a pixel's loss, how much the focal factor reduces the loss of pixels that are already right, \
         and the Dice score of shapes with a known overlap.",
    );
    weighted(section)?;
    focal(section)?;
    dice(section)
}

/// A pixel of the lecture: its true label, and the probability that the softmax gives to it; the other classes share the rest evenly.
#[derive(Clone, Copy)]
struct Labelled {
    label: u8,
    p: f64,
}

const LABELLED: [Labelled; 2] = [Labelled { label: 0, p: 0.95 }, Labelled { label: 4, p: 0.2 }];

/// The loss of a pixel, and its gradient by the true class's logit.
#[derive(Clone, Copy)]
struct Evaluated {
    loss: f64,
    slope: f64,
}

fn evaluated(loss: impl ClassLoss<5>, pixel: Labelled) -> Result<Evaluated, TheoryError> {
    let mut logits = [0.0f32; 5];
    let others = (CLASSES.len() - 1) as f64;
    if let Some(logit) = logits.get_mut(usize::from(pixel.label)) {
        *logit = libm::log(others * pixel.p / (1.0 - pixel.p)) as f32;
    }
    let mut sums = loss.class_accumulator();
    sums.push((logits, pixel.label));
    let finished = sums.finish()?;
    let gradient = finished.gradient().at((logits, pixel.label));
    let slope = gradient.get(usize::from(pixel.label)).copied().map_or(f64::NAN, f64::from);
    Ok(Evaluated { loss: finished.value(), slope })
}

fn unweighted_and_weighted(pixel: Labelled) -> Result<[Evaluated; 2], TheoryError> {
    let weighted = CrossEntropy::new().weights(WEIGHTS)?.sum();
    Ok([evaluated(CrossEntropy::new().sum(), pixel)?, evaluated(weighted, pixel)?])
}

fn weighted(section: &mut Section) -> Result<(), TheoryError> {
    let mut rows = Vec::new();
    let mut pairs = Vec::new();
    for pixel in LABELLED {
        let [plain, weighted] = unweighted_and_weighted(pixel)?;
        let label = usize::from(pixel.label);
        rows.push(vec![
            Cell::text(CLASSES.get(label).copied().unwrap_or_default()),
            Cell::number(pixel.p, 2),
            Cell::number(plain.loss, 4),
            Cell::number(WEIGHTS.get(label).copied(), 0),
            Cell::number(weighted.loss, 4),
            Cell::number(plain.slope, 3),
            Cell::number(weighted.slope, 3),
        ]);
        pairs.push([plain, weighted]);
    }
    section.table(Table {
        id: "lecture-tables-weighted".to_owned(),
        title: "Cross-entropy with class weights".to_owned(),
        columns: columns([
            "true class",
            "probability of the true class",
            "cross-entropy",
            "weight",
            "weighted cross-entropy",
            "∂CE/∂z of the true class",
                "∂CE/∂z of the true class, weighted",
        ]),
        rows,
        note: format!(
            "One easy pixel of background and one hard pixel of the class destroyed, out of five classes; the other four classes share the rest of the probability \
             evenly. The weights are {} for {}. z is the logit of the true class.",
            WEIGHTS.map(plain).join(", "),
            CLASSES.join(", "),
        ),
    });
    if let [[easy, easy_weighted], [hard, hard_weighted]] = pairs.as_slice() {
        section.finding(Finding::new(format!(
            "The hard pixel costs {} times as much as the easy one without weights, and {} times as much with weights, a factor of {}. Its gradient grows by the same \
         factor, from {} to {} times that of the easy pixel.",
            significant(hard.loss / easy.loss, 3),
            significant(hard_weighted.loss / easy_weighted.loss, 3),
            significant((hard_weighted.loss / easy_weighted.loss) / (hard.loss / easy.loss), 3),
            significant(hard.slope / easy.slope, 3),
            significant(hard_weighted.slope / easy_weighted.slope, 3),
        )));
    }
    Ok(())
}

/// The loss and the size of the gradient of one foreground pixel with a given p_t: by cross-entropy, and by focal loss.
fn faded(p_t: f64) -> Result<[Evaluated; 2], TheoryError> {
    let pixel = (logit(p_t) as f32, true);
    let cross_entropy = finish(Bce::new().sum(), [pixel])?;
    let focal = finish(Focal::new(GAMMA)?.sum(), [pixel])?;
    let slope = |slope: f32| f64::from(slope.abs());
    Ok([
        Evaluated { loss: cross_entropy.value(), slope: slope(cross_entropy.gradient().at(pixel)) },
        Evaluated { loss: focal.value(), slope: slope(focal.gradient().at(pixel)) },
    ])
}

const P_T: [f64; 4] = [0.05, 0.1, 0.5, 0.95];

fn focal(section: &mut Section) -> Result<(), TheoryError> {
    let mut rows = Vec::new();
    let mut ratios = Vec::new();
    for p_t in P_T {
        let [cross_entropy, focal] = faded(p_t)?;
        let ratio = cross_entropy.loss / focal.loss;
        rows.push(vec![
            Cell::number(p_t, 2),
            Cell::number(cross_entropy.loss, 3),
            Cell::number(focal.loss, 5),
            Cell::number(focal.loss / cross_entropy.loss, 4),
            Cell::text(times_smaller(ratio)),
            Cell::text(times_smaller(cross_entropy.slope / focal.slope)),
        ]);
        ratios.push((p_t, ratio));
    }
    section.table(Table {
        id: "lecture-tables-focal".to_owned(),
        title: format!("Focal loss against cross-entropy, γ = {}", plain(f64::from(GAMMA))),
        columns: columns(["p_t", "cross-entropy", "focal", "factor (1−p_t)^γ", "focal is", "focal's gradient is"]),
        rows,
        note: "p_t is the probability of the true class: p for a foreground pixel, 1−p for a background pixel. The gradient is by the logit."
            .to_owned(),
    });
    section.figure(focal_figure()?);
    if let ([hard, ..], [.., easy]) = (ratios.as_slice(), ratios.as_slice()) {
        section.finding(Finding::new(format!(
            "With γ = {}, a nearly right pixel (p_t = {}) weighs {} times less in focal loss than in cross-entropy, and a badly wrong one (p_t = {}) only {} times \
         less.",
            plain(f64::from(GAMMA)),
            plain(easy.0),
            significant(easy.1, 3),
            plain(hard.0),
            significant(hard.1, 3),
        )));
    }
    Ok(())
}

fn focal_figure() -> Result<Figure, TheoryError> {
    let mut of_loss = [Vec::new(), Vec::new()];
    let mut of_slope = [Vec::new(), Vec::new()];
    for p_t in evenly(0.01, 0.99, 99) {
        for ((evaluated, losses), slopes) in faded(p_t)?.into_iter().zip(&mut of_loss).zip(&mut of_slope) {
            losses.push((p_t, evaluated.loss));
            slopes.push((p_t, evaluated.slope));
        }
    }
    let [cross_entropy_slopes, focal_slopes] = &of_slope;
    let larger = cross_entropy_slopes.iter().zip(focal_slopes).take_while(|(one, other)| other.1 > one.1);
    let crossing = larger.last().map(|(one, _)| one.0);
    let chart = |title: &str, label: &str, [cross_entropy, focal]: [Vec<(f64, f64)>; 2]| {
        Panel::Chart(Chart {
            title: title.to_owned(),
            x: Axis::linear("p_t, probability of the true class").range(0.0, 1.0),
            y: Axis::log(label),
            series: vec![
                Series::line("cross-entropy", colours::BCE, cross_entropy),
                Series::line(format!("focal, γ = {}", plain(f64::from(GAMMA))), colours::FOCAL, focal),
            ],
            rules: Vec::new(),
        })
    };
    Ok(Figure {
        id: "lecture-tables-focal-curves".to_owned(),
        title: "The loss of a pixel, and its pull".to_owned(),
        caption: format!(
            "Loss of one pixel (left) and size of its gradient by the logit (right), by the probability of the true class, on a logarithmic scale. The gap between the lines is the \
             focal factor: small on the left, where the pixel is wrong, and larger to the right, where it is already right. {}",
            crossing.map_or_else(String::new, |p_t| format!(
                "Up to p_t = {} the focal loss has the larger gradient, because its factor has a slope too.",
                significant(p_t, 2)
            )),
        ),
        columns: 2,
        panels: vec![chart("Loss", "loss of the pixel", of_loss), chart("Gradient", "|∂L/∂z| of the pixel", of_slope)],
    })
}

/// Two shapes of [`SHAPE`] pixels with a number of pixels in common: the true one and the predicted one.
fn overlapping(common: usize) -> Mask {
    let apart = SHAPE.saturating_sub(common);
    let runs = [(Outcome::FalseNegative, apart), (Outcome::TruePositive, common), (Outcome::FalsePositive, apart)];
    Mask::of_runs(SIDE, SIDE, &runs)
}

const OVERLAPS: [usize; 5] = [0, 10, 50, 80, 100];

fn dice(section: &mut Section) -> Result<(), TheoryError> {
    let mut rows = Vec::new();
    let mut pictures = Vec::new();
    let mut gaps = Vec::new();
    for common in OVERLAPS {
        let mask = overlapping(common);
        let finished = finish(Dice::new(SMOOTH)?, mask.samples(CERTAIN))?;
        let (hard, quality) = (finished.hard(), 1.0 - finished.value());
        rows.push(vec![
            Cell::number(common as f64 / SHAPE as f64, 1),
            Cell::number(hard.true_positive, 0),
            Cell::number(hard.false_positive, 0),
            Cell::number(hard.false_negative, 0),
            Cell::number(quality, 4),
            Cell::number(finished.value(), 4),
            Cell::number(hard.iou(), 4),
            cell(hard.accuracy().unwrap_or(f64::NAN)),
        ]);
        if let (Some(iou), Some(accuracy)) = (hard.iou(), hard.accuracy()) {
            gaps.push((common, quality, iou, accuracy));
        }
        pictures.push(mask.picture(format!("Dice {}", significant(quality, 3))));
    }
    section.table(Table {
        id: "lecture-tables-dice".to_owned(),
        title: "Dice at known overlaps".to_owned(),
        columns: columns(["overlap", "TP", "FP", "FN", "Dice", "Dice loss", "IoU", "accuracy"]),
        rows,
        note: format!(
            "The true and the predicted shape have {SHAPE} pixels each, in an image of {SIDE} × {SIDE}. The overlap is the share of common pixels; for shapes of equal \
             size it is the Dice score. Predictions are certain (logits ±{}), smooth = {}.",
            plain(f64::from(CERTAIN)),
            plain(SMOOTH),
        ),
    });
    section.figure(Figure {
        id: "lecture-tables-overlaps".to_owned(),
        title: "The shapes of the Dice table".to_owned(),
        caption: format!(
            "The predicted shape moves away from the true one ({SHAPE} pixels each, in images of {SIDE} × {SIDE}). Colours show hits, false alarms and misses; Dice \
             counts false alarms and misses alike."
        ),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns: OVERLAPS.iter().map(|common| format!("{common} of {SHAPE} in common")).collect(),
            rows: vec![PictureRow { name: String::new(), pictures }],
            legend: legend(),
        })],
    });
    if let [(_, _, _, accuracy), (_, quality, iou, _), ..] = gaps.as_slice() {
        section.finding(Finding::new(format!(
            "Two shapes that do not touch still reach an accuracy of {}, because accuracy counts the background outside both as right. Their Dice score is 0. IoU is \
         stricter than Dice: {} where Dice is {}.",
            percent(*accuracy),
            significant(*iou, 3),
            significant(*quality, 3),
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    #[test]
    fn weighted_cross_entropy_is_the_lectures() {
        for (pixel, name) in LABELLED.into_iter().zip(["background", "destroyed"]) {
            let [plain, weighted] = unweighted_and_weighted(pixel).unwrap();
            for (kind, evaluated) in [("ce", plain), ("wce", weighted)] {
                let case = format!("seed001_{kind}_{name}");
                reference::assert_close(&case, evaluated.loss, reference::value(&case));
                let gradient = reference::array(&format!("{case}.grad.npy"));
                let expected = gradient[usize::from(pixel.label)];
                assert!((evaluated.slope - expected).abs() <= 4e-6 * expected.abs(), "{case}: {}", evaluated.slope);
            }
        }
    }

    #[test]
    fn focal_and_cross_entropy_are_the_lectures() {
        for (p_t, name) in P_T.into_iter().zip(["pt05", "pt10", "pt50", "pt95"]) {
            // A background pixel mirrors a foreground pixel.
            for target in ["t0", "t1"] {
                for (kind, evaluated) in ["ce", "focal"].into_iter().zip(faded(p_t).unwrap()) {
                    let case = format!("seed001_{name}_{kind}_{target}");
                    reference::assert_close(&case, evaluated.loss, reference::value(&case));
                    let expected = reference::array(&format!("{case}.grad.npy"))[0].abs();
                    assert!((evaluated.slope - expected).abs() <= 4e-6 * expected, "{case}: {}", evaluated.slope);
                }
            }
        }
    }

    #[test]
    fn shapes_and_their_dice_are_the_lectures() {
        for common in OVERLAPS {
            let mask = overlapping(common);
            let (logits, targets): (Vec<f32>, Vec<u8>) =
                mask.samples(CERTAIN).map(|(logit, target)| (logit, u8::from(target))).unzip();
            assert_eq!(logits, reference::array_f32(&format!("seed001_ov{common:03}.logits.npy")));
            assert_eq!(targets, reference::array_u8(&format!("seed001_ov{common:03}.targets.npy")));
            let value = finish(Dice::new(SMOOTH).unwrap(), mask.samples(CERTAIN)).unwrap().value();
            let case = format!("seed001_dice_overlap_{common:03}");
            reference::assert_close(&case, value, reference::value(&case));
        }
    }

    #[test]
    fn the_tables_hold_the_numbers() {
        let mut section = Section::new("lecture-tables", "");
        super::super::tests::fill_default(fill, &mut section);
        let dice = super::super::tests::table(&section, "lecture-tables-dice");
        for (row, common) in dice.rows.iter().zip(OVERLAPS) {
            let Cell::Number { value, .. } = row[5] else { panic!("a number") };
            reference::assert_close("Dice loss", value, reference::value(&format!("seed001_dice_overlap_{common:03}")));
        }
        let focal = super::super::tests::table(&section, "lecture-tables-focal");
        for (row, name) in focal.rows.iter().zip(["pt05", "pt10", "pt50", "pt95"]) {
            let Cell::Number { value, .. } = row[2] else { panic!("a number") };
            reference::assert_close("focal", value, reference::value(&format!("seed001_{name}_focal_t1")));
        }
    }
}
