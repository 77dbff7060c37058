//! Dice and Tversky worked out by hand: nine pixels one by one, a hundred by kind.

use loss_core::{Dice, Tversky};

use super::TheoryError;
use super::numbers::{columns, percent, plain, significant};
use super::overlaps::{Mask, Outcome, legend};
use super::pixels::{finish, logit};
use crate::run::config::Losses;
use crate::run::model::{
    Cell, Figure, Finding, Paint, Panel, Picture, PictureKind, PictureRow, Pictures, Section, Table,
};

/// Nine pixels, row by row: the predicted probability, and whether the pixel is foreground.
const NINE: [(f64, bool); 9] = [
    (0.9, true),
    (0.8, true),
    (0.3, false),
    (0.7, true),
    (0.4, true),
    (0.6, false),
    (0.1, false),
    (0.2, false),
    (0.05, false),
];
const SIDE: usize = 3;
/// The course's α and β: a miss costs more than a false alarm.
const TVERSKY: [f64; 2] = [0.3, 0.7];
/// The course's smoothing.
const SMOOTH: f64 = 1e-5;
/// The hundred pixels are predicted with certainty.
const CERTAIN: f32 = 120.0;
/// The pairs of α and β that score the hundred pixels.
const PRICES: [[f64; 2]; 3] = [[0.3, 0.7], [0.5, 0.5], [0.7, 0.3]];

pub(super) fn fill(section: &mut Section, _: &Losses) -> Result<(), TheoryError> {
    section.text(
        "A foreground pixel at p = 0.7 is 0.7 of a hit and 0.3 of a miss. Dice and Tversky add up such parts over all pixels: TP = Σ p·t (hits), FP = Σ p·(1−t) (false \
         alarms) and FN = Σ (1−p)·t (misses), with probability p and target t. Then they take one fraction of the three sums.",
    );
    nine(section)?;
    hundred(section)
}

fn nine_samples() -> [(f32, bool); 9] {
    NINE.map(|(p, target)| (logit(p) as f32, target))
}

fn nine(section: &mut Section) -> Result<(), TheoryError> {
    let samples = nine_samples();
    let [alpha, beta] = TVERSKY;
    let dice = finish(Dice::new(SMOOTH)?, samples)?;
    let tversky = finish(Tversky::new(alpha, beta, SMOOTH)?, samples)?;
    let (dice_gradient, tversky_gradient) = (dice.gradient(), tversky.gradient());
    let mut rows = Vec::new();
    let mut strongest: Option<(usize, f64)> = None;
    for (place, sample) in samples.into_iter().enumerate() {
        let part = finish(Dice::new(SMOOTH)?, [sample])?.soft();
        let slope = f64::from(dice_gradient.at(sample));
        if strongest.is_none_or(|(_, largest)| slope.abs() > largest) {
            strongest = Some((place, slope.abs()));
        }
        rows.push(vec![
            Cell::text(place_name(place)),
            Cell::number(f64::from(sample.0), 3),
            Cell::number(part.true_positive + part.false_positive, 2),
            Cell::number(f64::from(u8::from(sample.1)), 0),
            Cell::number(part.true_positive, 2),
            Cell::number(part.false_positive, 2),
            Cell::number(part.false_negative, 2),
            Cell::number(slope, 4),
            Cell::number(f64::from(tversky_gradient.at(sample)), 4),
        ]);
    }
    let sums = dice.soft();
    rows.push(vec![
        Cell::text("sum"),
        Cell::text(""),
        Cell::number(sums.true_positive + sums.false_positive, 2),
        Cell::number(sums.support(), 0),
        Cell::number(sums.true_positive, 2),
        Cell::number(sums.false_positive, 2),
        Cell::number(sums.false_negative, 2),
        Cell::text(""),
        Cell::text(""),
    ]);
    section.table(Table {
        id: "walkthroughs-nine".to_owned(),
        title: "Nine pixels, one by one".to_owned(),
        columns: columns(["pixel", "logit z", "p", "target t", "TP", "FP", "FN", "∂Dice loss/∂z", "∂Tversky loss/∂z"]),
        rows,
        note: format!(
            "Tversky has α = {} (false alarms) and β = {} (misses); smooth = {}. Where the gradient is negative, a training step raises the logit.",
            plain(alpha),
            plain(beta),
            plain(SMOOTH),
        ),
    });
    section.text(format!(
        "From the sums: Dice score 2·{tp} / (2·{tp} + {fp} + {fn_}) = {dice_score}, so the Dice loss is {dice_loss}. \
         Tversky score {tp} / ({tp} + {alpha}·{fp} + {beta}·{fn_}) = {tversky_score}, loss {tversky_loss}. \
         Both add smooth = {smooth} to the numerator and the denominator, too little to show here.",
        tp = significant(sums.true_positive, 3),
        fp = significant(sums.false_positive, 3),
        fn_ = significant(sums.false_negative, 3),
        dice_score = significant(1.0 - dice.value(), 4),
        dice_loss = significant(dice.value(), 4),
        alpha = plain(alpha),
        beta = plain(beta),
        tversky_score = significant(1.0 - tversky.value(), 4),
        tversky_loss = significant(tversky.value(), 4),
        smooth = plain(SMOOTH),
    ));
    section.figure(nine_figure(1.0 - dice.value(), dice.hard().dice()));
    if let Some((place, largest)) = strongest
        && let Some((p, target)) = NINE.get(place)
    {
        section.finding(Finding::new(format!(
            "Of the nine pixels, Dice loss pulls hardest on the one in {} ({} at p = {}), with a gradient of size {}.",
            place_name(place),
            if *target { "foreground" } else { "background" },
            plain(*p),
            significant(largest, 3),
        )));
    }
    Ok(())
}

fn place_name(place: usize) -> String {
    format!("row {}, column {}", place / SIDE + 1, place % SIDE + 1)
}

fn nine_figure(soft: f64, hard: Option<f64>) -> Figure {
    let painted = |note: String, paint: &dyn Fn((f64, bool)) -> u8, kind| Picture {
        width: SIDE,
        height: SIDE,
        kind,
        note,
        pixels: NINE.map(paint).to_vec(),
    };
    let target = |(_, target): (f64, bool)| if target { Paint::Foreground as u8 } else { Paint::Background as u8 };
    let probability = |(p, _): (f64, bool)| (255.0 * p).round() as u8;
    let outcome = |(p, target): (f64, bool)| {
        let paint = match (p >= 0.5, target) {
            (true, true) => Paint::TruePositive,
            (true, false) => Paint::FalsePositive,
            (false, true) => Paint::FalseNegative,
            (false, false) => Paint::Background,
        };
        paint as u8
    };
    let hard = hard.map_or_else(|| "no Dice".to_owned(), |dice| format!("Dice {}", significant(dice, 3)));
    Figure {
        id: "walkthroughs-nine-picture".to_owned(),
        title: "The nine pixels".to_owned(),
        caption: "The 3 × 3 image of the table: the true mask, the predicted probability (black 0, white 1), and the result if every pixel with p ≥ ½ is predicted foreground. The \
                  soft Dice score uses the probabilities, the hard one the predictions at ½."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns: ["target", "probability", "prediction at one half"].map(str::to_owned).to_vec(),
            rows: vec![PictureRow {
                name: String::new(),
                pictures: vec![
                    painted(String::new(), &target, PictureKind::Painted),
                    painted(format!("soft Dice {}", significant(soft, 3)), &probability, PictureKind::Grey),
                    painted(hard, &outcome, PictureKind::Painted),
                ],
            }],
            legend: legend().into_iter().chain([(Paint::Foreground, "foreground of the target".to_owned())]).collect(),
        })],
    }
}

/// 100 pixels with 8 hits and 9 errors, split between the two kinds.
fn hundred_pixels(false_positives: usize) -> Mask {
    let misses = 9usize.saturating_sub(false_positives);
    let runs =
        [(Outcome::TruePositive, 8), (Outcome::FalseNegative, misses), (Outcome::FalsePositive, false_positives)];
    Mask::of_runs(10, 10, &runs)
}

/// A mask with more false alarms, and its mirror image with more misses.
fn hundreds() -> [(&'static str, Mask); 2] {
    [("A: more false alarms", hundred_pixels(7)), ("B: more misses", hundred_pixels(2))]
}

fn tversky_loss(mask: &Mask, [alpha, beta]: [f64; 2]) -> Result<f64, TheoryError> {
    Ok(finish(Tversky::new(alpha, beta, SMOOTH)?, mask.samples(CERTAIN))?.value())
}

fn hundred(section: &mut Section) -> Result<(), TheoryError> {
    let masks = hundreds();
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    for (name, mask) in &masks {
        let dice = finish(Dice::new(SMOOTH)?, mask.samples(CERTAIN))?;
        let counts = dice.hard();
        for prices @ [alpha, beta] in PRICES {
            let loss = tversky_loss(mask, prices)?;
            rows.push(vec![
                Cell::text(*name),
                Cell::number(counts.true_positive, 0),
                Cell::number(counts.false_positive, 0),
                Cell::number(counts.false_negative, 0),
                Cell::number(alpha, 1),
                Cell::number(beta, 1),
                Cell::number(1.0 - loss, 4),
                Cell::number(loss, 4),
                Cell::number(dice.value(), 4),
            ]);
        }
        groups.extend(group_rows(name, mask)?);
    }
    section.table(Table {
        id: "walkthroughs-hundred".to_owned(),
        title: "A hundred pixels and their mirror image".to_owned(),
        columns: columns(["mask", "TP", "FP", "FN", "α", "β", "Tversky score", "Tversky loss", "Dice loss"]),
        rows,
        note: format!(
            "Predictions are certain (logits ±{}), smooth = {}. α weighs a false alarm, β a miss; ½ and ½ give Dice.",
            plain(f64::from(CERTAIN)),
            plain(SMOOTH),
        ),
    });
    section.figure(hundred_figure(&masks));
    let [(_, alarms), (_, misses)] = &masks;
    for prices in PRICES {
        let finding = dearer(prices, tversky_loss(alarms, prices)?, tversky_loss(misses, prices)?);
        section.finding(finding);
    }
    section.table(Table {
        id: "walkthroughs-hundred-gradient".to_owned(),
        title: "The same masks with less certain predictions: the pull on each kind of pixel".to_owned(),
        columns: columns(["mask", "kind of pixel", "pixels", "logit z", "p", "TP each", "FP each", "FN each", "∂L/∂z each"]),
        rows: groups,
        note: format!(
            "The logits are ±{} here, because certain predictions have almost no gradient. Tversky loss with α = {}, β = {}.",
            plain(f64::from(DOUBTFUL)),
            plain(TVERSKY[0]),
            plain(TVERSKY[1]),
        ),
    });
    Ok(())
}

/// The size of logits in the table of gradients.
const DOUBTFUL: f32 = 2.0;

fn group_rows(name: &str, mask: &Mask) -> Result<Vec<Vec<Cell>>, TheoryError> {
    let [alpha, beta] = TVERSKY;
    let loss = Tversky::new(alpha, beta, SMOOTH)?;
    let gradient = finish(loss, mask.samples(DOUBTFUL))?.gradient();
    Outcome::ALL
        .into_iter()
        .map(|outcome| {
            let pixel = outcome.pixel(DOUBTFUL);
            let part = finish(loss, [pixel])?.soft();
            Ok(vec![
                Cell::text(name),
                Cell::text(outcome.name()),
                Cell::number(mask.count(outcome) as f64, 0),
                Cell::number(f64::from(pixel.0), 0),
                Cell::number(part.true_positive + part.false_positive, 3),
                Cell::number(part.true_positive, 3),
                Cell::number(part.false_positive, 3),
                Cell::number(part.false_negative, 3),
                Cell::number(f64::from(gradient.at(pixel)), 5),
            ])
        })
        .collect()
}

fn hundred_figure(masks: &[(&str, Mask)]) -> Figure {
    let row = |(name, mask): &(&str, Mask)| {
        let [hits, alarms, misses, _] = Outcome::ALL.map(|outcome| mask.count(outcome));
        PictureRow {
            name: (*name).to_owned(),
            pictures: vec![mask.target_picture(), mask.picture(format!("TP {hits}, FP {alarms}, FN {misses}"))],
        }
    };
    Figure {
        id: "walkthroughs-hundred-picture".to_owned(),
        title: "The two masks of a hundred pixels".to_owned(),
        caption: "Left: the true mask. Right: hits, false alarms and misses by colour. Both masks have the same number of hits and of errors. B has misses where A has false alarms, \
                  so its true shape is larger."
            .to_owned(),
        columns: 1,
        panels: vec![Panel::Pictures(Pictures {
            title: String::new(),
            columns: ["target", "prediction against target"].map(str::to_owned).to_vec(),
            rows: masks.iter().map(row).collect(),
            legend: legend().into_iter().chain([(Paint::Foreground, "foreground of the target".to_owned())]).collect(),
        })],
    }
}

/// A finding: the mask that costs more.
fn dearer([alpha, beta]: [f64; 2], alarms: f64, misses: f64) -> Finding {
    let verdict = if alarms == misses {
        format!("both masks cost {}: Tversky treats the two kinds of error alike", significant(alarms, 4))
    } else {
        let (dear, cheap, name) = if misses > alarms {
            (misses, alarms, "with more misses")
        } else {
            (alarms, misses, "with more false alarms")
        };
        format!(
            "the mask {name} costs {} and the other {}, {} less",
            significant(dear, 4),
            significant(cheap, 4),
            percent(1.0 - cheap / dear),
        )
    };
    Finding::new(format!("With α = {} for false alarms and β = {} for misses {verdict}.", plain(alpha), plain(beta)))
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    #[test]
    fn the_hundred_pixels_are_the_reference() {
        for ((_, mask), name) in hundreds().into_iter().zip(["a", "b"]) {
            let (logits, targets): (Vec<f32>, Vec<u8>) =
                mask.samples(CERTAIN).map(|(logit, target)| (logit, u8::from(target))).unzip();
            assert_eq!(logits, reference::array_f32(&format!("seed003_worked_{name}.logits.npy")));
            assert_eq!(targets, reference::array_u8(&format!("seed003_worked_{name}.targets.npy")));
            let case = format!("seed003_tversky_worked_{name}");
            reference::assert_close(&case, tversky_loss(&mask, TVERSKY).unwrap(), reference::value(&case));
            let case = format!("seed003_dice_worked_{name}");
            let dice = finish(Dice::new(SMOOTH).unwrap(), mask.samples(CERTAIN)).unwrap().value();
            reference::assert_close(&case, dice, reference::value(&case));
        }
    }

    #[test]
    fn the_findings_name_the_dearer_mask() {
        let [(_, alarms), (_, misses)] = hundreds();
        let sentence = |prices| {
            dearer(prices, tversky_loss(&alarms, prices).unwrap(), tversky_loss(&misses, prices).unwrap()).sentence
        };
        assert!(sentence([0.3, 0.7]).contains("with more misses costs 0.4074 and the other 0.3043"));
        assert!(sentence([0.7, 0.3]).contains("with more false alarms costs 0.4074 and the other 0.3043"));
        assert!(sentence([0.5, 0.5]).contains("both masks cost 0.3600"));
    }

    #[test]
    fn pixels_add_up_to_the_sums_and_gradients_to_differences() {
        let samples = nine_samples();
        let whole = finish(Dice::new(SMOOTH).unwrap(), samples).unwrap();
        let parts: f64 =
            samples.iter().map(|&s| finish(Dice::new(SMOOTH).unwrap(), [s]).unwrap().soft().true_positive).sum();
        assert!((parts - whole.soft().true_positive).abs() < 1e-6);
        // By hand: TP 0.9 + 0.8 + 0.7 + 0.4, FP 0.3 + 0.6 + 0.1 + 0.2 + 0.05, FN 4 − TP.
        let (tp, fp, misses) = (2.8, 1.25, 1.2);
        assert!((1.0 - whole.value() - (2.0 * tp + SMOOTH) / (2.0 * tp + fp + misses + SMOOTH)).abs() < 1e-6);
        for place in 0..9 {
            let moved = |step: f32| {
                let mut moved = samples;
                moved[place].0 += step;
                finish(Dice::new(SMOOTH).unwrap(), moved).unwrap().value()
            };
            let slope = f64::from(whole.gradient().at(samples[place]));
            let expected = (moved(1.0 / 64.0) - moved(-1.0 / 64.0)) * 32.0;
            assert!((slope - expected).abs() < 1e-5, "{place}: {slope}, {expected}");
        }
    }

    /// Whatever the weights, the mask with more of the more expensive error costs more.
    #[test]
    fn the_dearer_error_makes_the_dearer_mask() {
        fn holds(alpha: u8, beta: u8) -> bool {
            let prices = [alpha, beta].map(|price| 0.1 + f64::from(price) / 64.0);
            let [alarms, misses] = hundreds().map(|(_, mask)| tversky_loss(&mask, prices).unwrap());
            (misses > alarms) == (beta > alpha) && (alarms > misses) == (alpha > beta)
        }
        quickcheck::quickcheck(holds as fn(u8, u8) -> bool);
    }
}
