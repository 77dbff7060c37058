//! What rare foreground does to accuracy, to gradients and to losses.

use super::{of_binary, percent, table};
use crate::curves::{Curve, evenly, logit};
use crate::draw::{Look, Panel};
use crate::error::Error;

const PIXELS: usize = 10_000;

/// A model that says "background" everywhere.
pub(super) fn accuracy() -> Result<String, Error> {
    let rows: Result<Vec<_>, Error> = [0.5, 0.2, 0.05, 0.01, 0.001]
        .into_iter()
        .map(|share: f64| {
            let foreground = (share * PIXELS as f64).round() as usize;
            let pixels: Vec<(f32, u8)> = (0..PIXELS).map(|place| (logit(0.01), u8::from(place < foreground))).collect();
            let right = pixels.iter().filter(|(logit, target)| (*logit >= 0.0) == (*target == 1)).count();
            let of = |expression| of_binary(expression, &pixels).map(|evaluated| format!("{:.3}", evaluated.value));
            Ok(vec![
                percent(share),
                percent(right as f64 / PIXELS as f64),
                "0".to_owned(),
                of("bce")?,
                of("dice(smooth=1)")?,
            ])
        })
        .collect();
    Ok(table(&["foreground", "accuracy", "recall", "BCE", "Dice loss"], &rows?))
}

const LOSSES: [(Look, &str, &str); 4] = [
    (Look::First, "BCE", "bce"),
    (Look::Second, "focal, γ = 2", "focal(gamma=2)"),
    (Look::Third, "Dice", "dice(smooth=1)"),
    (Look::Fourth, "balanced BCE", "balanced_bce"),
];

/// The foreground's share of the sum of |∂L/∂z|, early in training.
fn share_of_foreground(expression: &str, share: f64) -> Result<f64, Error> {
    let foreground = (share * PIXELS as f64).round().max(1.0) as usize;
    let pixels: Vec<(f32, u8)> =
        (0..PIXELS).map(|place| if place < foreground { (logit(0.3), 1) } else { (logit(0.1), 0) }).collect();
    let gradient = of_binary(expression, &pixels)?.gradient;
    let sum = |of: &[f32]| of.iter().map(|slope| f64::from(slope.abs())).sum::<f64>();
    let (ours, theirs) = gradient.split_at(foreground);
    Ok(sum(ours) / (sum(ours) + sum(theirs)))
}

pub(super) fn shares() -> Result<String, Error> {
    // From 0.1 % to 50 %, by the logarithm.
    let exponents: Vec<f64> = evenly(-3.0, 0.5f64.log10(), 34).collect();
    let mut curves = Vec::new();
    for (look, _, expression) in LOSSES {
        let curve: Result<Curve, Error> = exponents
            .iter()
            .map(|&exponent| Ok((exponent, 100.0 * share_of_foreground(expression, 10f64.powf(exponent))?)))
            .collect();
        curves.push((look, curve?));
    }
    let panel = Panel {
        title: "share of the gradient that foreground has, %".to_owned(),
        x: "log₁₀ of the share of foreground (−2: 1 %)".to_owned(),
        curves,
        x_range: [-3.0, 0.5f64.log10()],
        y_range: Some([0.0, 100.0]),
        size: [800, 480],
    };
    let mut rows = Vec::new();
    for (_, name, expression) in LOSSES {
        let mut row = vec![name.to_owned()];
        for share in [0.5, 0.1, 0.01, 0.001] {
            row.push(percent(share_of_foreground(expression, share)?));
        }
        rows.push(row);
    }
    let caption = "10 000 pixels early in training: the network gives every foreground pixel p = 0.3 and every background pixel p = 0.1. The lines show which part of \
                   the sum of |∂L/∂z| comes from foreground.";
    Ok(chart(&panel, &LOSSES.map(|(look, name, _)| (look, name)), caption)?
        + &table(&["foreground's share of the gradient at", "50 %", "10 %", "1 %", "0.1 % foreground"], &rows))
}

/// A chart with its legend and caption.
pub(super) fn chart(panel: &Panel, legend: &[(Look, &str)], caption: &str) -> Result<String, Error> {
    let mut entries = String::new();
    for (look, name) in legend {
        entries += &format!(
            "<span><svg width=\"34\" height=\"10\" aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" x2=\"34\" y2=\"5\" stroke=\"{}\" stroke-width=\"3\" \
             stroke-dasharray=\"{}\"/></svg> {name}</span> ",
            look.hexadecimal(),
            if look.dashes().is_empty() { "none" } else { look.dashes() },
        );
    }
    Ok(format!(
        "<figure class=\"picture\"><div class=\"panels\">{}</div><p class=\"legend\">{entries}</p><figcaption>{caption}</figcaption></figure>\n\n",
        panel.svg(&panel.title)?,
    ))
}

const CURVES: [(Look, &str, &str); 4] = [
    (Look::First, "BCE", "bce"),
    (Look::Second, "Dice", "dice(smooth=1e-6)"),
    (Look::Third, "IoU", "iou(smooth=1e-6)"),
    (Look::Fourth, "focal, γ = 2", "focal(gamma=2)"),
];

/// The course's picture: the background is right already, and the foreground is being found.
pub(super) fn curves() -> Result<String, Error> {
    let value = |expression: &str, p: f64| {
        let pixels: Vec<(f32, u8)> =
            (0..1000).map(|place| if place < 10 { (logit(p), 1) } else { (logit(0.05), 0) }).collect();
        Ok::<f64, Error>(of_binary(expression, &pixels)?.value)
    };
    let mut drawn = Vec::new();
    let mut rows = Vec::new();
    for (look, name, expression) in CURVES {
        let (first, last) = (value(expression, 0.01)?, value(expression, 0.99)?);
        let share = |p: f64| Ok::<f64, Error>((value(expression, p)? - last) / (first - last));
        let curve: Result<Curve, Error> = evenly(0.01, 0.99, 50).map(|p| Ok((p, share(p)?))).collect();
        drawn.push((look, curve?));
        let mut row = vec![name.to_owned()];
        for p in [0.05, 0.25, 0.5, 0.75, 0.95] {
            row.push(format!("{:.4}", value(expression, p)?));
        }
        rows.push(row);
    }
    let panel = Panel {
        title: "share of the loss's range that is left".to_owned(),
        x: "p of the foreground pixels".to_owned(),
        curves: drawn,
        x_range: [0.0, 1.0],
        y_range: Some([0.0, 1.0]),
        size: [800, 480],
    };
    let caption = "1000 pixels, of which 10 are foreground. Background stays at p = 0.05; the foreground's p rises. Each loss is shown as a share of its own range. \
                   A loss rewards progress most where its line is steepest.";
    Ok(chart(&panel, &CURVES.map(|(look, name, _)| (look, name)), caption)?
        + &table(&["loss at p =", "0.05", "0.25", "0.5", "0.75", "0.95"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For BCE by hand: |∂ℓ/∂z| is 0.7 of a foreground pixel and 0.1 of a background pixel.
    #[test]
    fn shares_are_what_the_gradient_says() {
        for share in [0.5, 0.1, 0.01] {
            let by_hand = 0.7 * share / (0.7 * share + 0.1 * (1.0 - share));
            let found = share_of_foreground("bce", share).expect("a share");
            assert!((found - by_hand).abs() < 1e-6, "{share}: {found}, {by_hand}");
        }
    }
}
