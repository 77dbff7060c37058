//! Dice and Tversky, pixel by pixel.

use super::{of_binary, table};
use crate::curves::logit;
use crate::error::Error;

/// Probabilities of a 3 × 3 image, row by row, and whether each pixel is foreground.
const NINE: [(f64, u8); 9] =
    [(0.9, 1), (0.8, 1), (0.3, 0), (0.7, 1), (0.4, 1), (0.1, 0), (0.6, 0), (0.2, 0), (0.05, 0)];

pub(super) fn nine() -> Result<String, Error> {
    let pixels: Vec<(f32, u8)> = NINE.iter().map(|&(p, target)| (logit(p), target)).collect();
    let (dice, tversky) =
        (of_binary("dice(smooth=0)", &pixels)?, of_binary("tversky(alpha=0.3, beta=0.7, smooth=0)", &pixels)?);
    let mut rows = Vec::new();
    let mut sums = [0.0f64; 3];
    for (place, &(p, target)) in NINE.iter().enumerate() {
        let parts = if target == 1 { [p, 0.0, 1.0 - p] } else { [0.0, p, 0.0] };
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        let slope = |of: &[f32]| format!("{:.4}", of[place]).replace('-', "−");
        let numbers = parts.map(|part| format!("{part:.2}"));
        rows.push(
            [format!("row {}, column {}", place / 3 + 1, place % 3 + 1), p.to_string(), target.to_string()]
                .into_iter()
                .chain(numbers)
                .chain([slope(&dice.gradient), slope(&tversky.gradient)])
                .collect(),
        );
    }
    let [hits, alarms, misses] = sums.map(|sum| format!("{sum:.2}"));
    rows.push(
        ["sum", "", ""]
            .into_iter()
            .map(str::to_owned)
            .chain([hits.clone(), alarms.clone(), misses.clone(), String::new(), String::new()])
            .collect(),
    );
    let columns = ["pixel", "p", "t", "TP = p t", "FP = p (1−t)", "FN = (1−p) t", "∂Dice/∂z", "∂Tversky/∂z"];
    Ok(table(&columns, &rows)
        + &format!(
            "From the sums: the Dice score is 2·{hits} / (2·{hits} + {alarms} + {misses}) = {:.4}, so the **Dice loss is {:.4}**. The Tversky score with α = 0.3 and \
             β = 0.7 is {hits} / ({hits} + 0.3·{alarms} + 0.7·{misses}) = {:.4}, so the **Tversky loss is {:.4}**.\n\n",
            1.0 - dice.value,
            dice.value,
            1.0 - tversky.value,
            tversky.value,
        ))
}

/// A hundred pixels with 8 hits, and 9 errors of the two kinds.
pub(super) fn hundred() -> Result<String, Error> {
    let mut rows = Vec::new();
    for (name, alarms) in [("A: more false alarms", 7), ("B: more misses", 2)] {
        let misses = 9 - alarms;
        let kinds = [(40.0, 1, 8), (40.0, 0, alarms), (-40.0, 1, misses), (-40.0, 0, 92 - 9)];
        let pixels: Vec<(f32, u8)> =
            kinds.iter().flat_map(|&(logit, target, count)| std::iter::repeat_n((logit, target), count)).collect();
        let of = |expression: &str| of_binary(expression, &pixels).map(|evaluated| format!("{:.4}", evaluated.value));
        rows.push(vec![
            name.to_owned(),
            "8".to_owned(),
            alarms.to_string(),
            misses.to_string(),
            of("dice(smooth=1e-5)")?,
            of("tversky(alpha=0.3, beta=0.7, smooth=1e-5)")?,
            of("tversky(alpha=0.7, beta=0.3, smooth=1e-5)")?,
        ]);
    }
    Ok(table(&["mask", "TP", "FP", "FN", "Dice loss", "Tversky 0.3 / 0.7", "Tversky 0.7 / 0.3"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: TP 2.8, FP 1.25, FN 1.2; the published figures of the hundred pixels.
    #[test]
    fn figures_are_those_by_hand() {
        let text = nine().expect("a table");
        assert!(text.contains("Dice loss is 0.3043**") && text.contains("| 2.80 | 1.25 | 1.20 |"), "{text}");
        let text = hundred().expect("a table");
        assert!(text.contains("| 7 | 2 | 0.3600 | 0.3043 | 0.4074 |"), "{text}");
        assert!(text.contains("| 2 | 7 | 0.3600 | 0.4074 | 0.3043 |"), "{text}");
    }
}
