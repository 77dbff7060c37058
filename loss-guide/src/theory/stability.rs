//! Where formulas as they stand in a paper break in 32 bits.

use super::{of_binary, table};
use crate::error::Error;

/// The logistic function as it is written.
fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

fn shown(number: f64) -> String {
    if number.is_finite() {
        let text = if number != 0.0 && number.abs() < 1e-3 { format!("{number:.3e}") } else { format!("{number:.4}") };
        text.replace('-', "−")
    } else {
        "infinite".to_owned()
    }
}

pub(super) fn cross_entropy() -> Result<String, Error> {
    let mut rows = Vec::new();
    for (z, target) in [(-2.0f32, 1u8), (12.0, 0), (20.0, 0), (-104.0, 1), (20.0, 1)] {
        let p = sigmoid(z);
        let naive = if target == 1 { -p.ln() } else { -(1.0 - p).ln() };
        let library = of_binary("bce", &[(z, target)])?.value;
        rows.push(vec![
            format!("{z}").replace('-', "−"),
            target.to_string(),
            shown(f64::from(p)),
            shown(f64::from(naive)),
            shown(library),
        ]);
    }
    Ok(table(&["logit z", "t", "p in 32 bits", "as written", "loss-core"], &rows))
}

/// Dice of an image that is all foreground, and nearly right.
pub(super) fn dice() -> Result<String, Error> {
    let mut rows = Vec::new();
    for z in [4.0f32, 10.0, 14.0, 18.0] {
        let pixels = [(z, 1u8); 1000];
        let found: f32 = pixels.iter().map(|&(z, _)| sigmoid(z)).sum();
        let naive = 1.0 - 2.0 * found / (found + 1000.0);
        rows.push(vec![z.to_string(), shown(f64::from(naive)), shown(of_binary("dice(smooth=0)", &pixels)?.value)]);
    }
    Ok(table(&["logit of all pixels", "1 − 2I / (P + T) as written", "loss-core"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_breaks_and_the_library_does_not() {
        let text = cross_entropy().expect("a table");
        assert!(text.contains("| 20 | 0 | 1.0000 | infinite | 20.0000 |"), "{text}");
        assert!(text.contains("| −104 | 1 | 0.0000 | infinite | 104.0000 |"), "{text}");
        // By hand: 1 − p is e^−18 there, and the Dice loss half of that.
        let text = dice().expect("a table");
        assert!(text.lines().any(|line| line.starts_with("| 18 |") && line.ends_with("| 7.615e−9 |")), "{text}");
    }
}
