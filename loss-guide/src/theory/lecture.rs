//! The lecture's three tables.

use super::{of_binary, table};
use crate::curves::logit;
use crate::error::Error;
use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy};

const CLASSES: [&str; 5] = ["background", "no damage", "minor damage", "major damage", "destroyed"];
const WEIGHTS: [f64; 5] = [1.0, 5.0, 20.0, 20.0, 20.0];

/// Loss and slope by the true class's logit of a pixel whose label has probability p, the others sharing the rest.
fn evaluated(loss: impl ClassLoss<5>, label: usize, p: f64) -> Result<[f64; 2], Error> {
    let mut logits = [0.0f32; 5];
    logits[label] = (4.0 * p / (1.0 - p)).ln() as f32;
    let mut sums = loss.class_accumulator();
    sums.push((logits, label as u8));
    let finished = sums.finish().map_err(|cause| Error::Loss { loss: "ce".to_owned(), cause: cause.to_string() })?;
    Ok([finished.value(), f64::from(finished.gradient().at((logits, label as u8))[label])])
}

pub(super) fn weighted() -> Result<String, Error> {
    let weighted = CrossEntropy::new()
        .weights(WEIGHTS)
        .map_err(|cause| Error::Loss { loss: "ce".to_owned(), cause: cause.to_string() })?;
    let mut rows = Vec::new();
    for (label, p) in [(0, 0.95), (4, 0.2)] {
        let [loss, slope] = evaluated(CrossEntropy::new().sum(), label, p)?;
        let [heavy, steep] = evaluated(weighted.sum(), label, p)?;
        let three = |number: f64| format!("{number:.3}").replace('-', "−");
        rows.push(vec![
            CLASSES[label].to_owned(),
            p.to_string(),
            three(loss),
            WEIGHTS[label].to_string(),
            three(heavy),
            three(slope),
            three(steep),
        ]);
    }
    let columns = ["true class", "p of it", "cross-entropy", "weight", "weighted", "∂/∂z", "∂/∂z weighted"];
    Ok(table(&columns, &rows))
}

pub(super) fn focal() -> Result<String, Error> {
    let mut rows = Vec::new();
    for p in [0.95, 0.5, 0.1, 0.05] {
        let pixel = [(logit(p), 1)];
        let (bce, focal) = (of_binary("bce", &pixel)?, of_binary("focal(gamma=2)", &pixel)?);
        rows.push(vec![
            p.to_string(),
            format!("{:.3}", bce.value),
            format!("{:.5}", focal.value),
            format!("{:.4}", focal.value / bce.value),
            times(bce.value / focal.value),
            times(f64::from(bce.gradient[0] / focal.gradient[0])),
        ]);
    }
    Ok(table(&["p_t", "cross-entropy", "focal, γ = 2", "(1−p_t)²", "smaller by", "its gradient, smaller by"], &rows))
}

/// A ratio in three digits.
fn times(ratio: f64) -> String {
    let places = if ratio >= 100.0 {
        0
    } else if ratio >= 10.0 {
        1
    } else {
        2
    };
    format!("{ratio:.places$} times")
}

/// Two shapes of 100 pixels in an image of 400, certain predictions.
pub(super) fn overlaps() -> Result<String, Error> {
    let mut rows = Vec::new();
    for common in [100, 80, 50, 10, 0] {
        let pixels: Vec<(f32, u8)> =
            [(40.0, 1, common), (-40.0, 1, 100 - common), (40.0, 0, 100 - common), (-40.0, 0, 200 + common)]
                .into_iter()
                .flat_map(|(logit, target, count)| std::iter::repeat_n((logit, target), count))
                .collect();
        let of = |expression: &str| Ok::<f64, Error>(of_binary(expression, &pixels)?.value.abs());
        let (dice, iou) = (of("dice(smooth=1e-6)")?, of("iou(smooth=1e-6)")?);
        let right = (200 + 2 * common) as f64 / 400.0;
        let numbers = [1.0 - dice, dice, 1.0 - iou, right];
        rows.push(
            std::iter::once(format!("{common} of 100"))
                .chain(numbers.iter().map(|number| format!("{number:.3}")))
                .collect(),
        );
    }
    Ok(table(&["in common", "Dice score", "Dice loss", "IoU", "accuracy"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures that the lecture prints.
    #[test]
    fn tables_hold_the_lectures_figures() {
        let text = weighted().expect("a table");
        assert!(text.contains("| 1.609 | 20 | 32.189 |"), "{text}");
        let text = focal().expect("a table");
        assert!(text.contains("| 0.693 | 0.17329 | 0.2500 |") && text.contains("| 2.303 | 1.86509 |"), "{text}");
        let text = overlaps().expect("a table");
        assert!(text.contains("| 50 of 100 | 0.500 | 0.500 | 0.333 | 0.750 |"), "{text}");
    }
}
