//! One sum, in several orders: of 32-bit numbers, and of whole numbers of units.

use super::table;
use crate::error::Error;
use loss_core::extend::TermSum;

/// The losses of four pixels: one badly wrong, three nearly right.
const TERMS: [f32; 4] = [16.118_095, 0.000_001_2, 0.000_001_1, 0.000_001_3];

fn orders() -> [(&'static str, [f32; 4]); 3] {
    let [large, a, b, c] = TERMS;
    [("largest first", [large, a, b, c]), ("largest last", [a, b, c, large]), ("largest second", [b, large, c, a])]
}

pub(super) fn worked() -> Result<String, Error> {
    let mut terms = Vec::new();
    for term in TERMS {
        let mut sum = TermSum::default();
        sum.add(term);
        terms.push(vec![format!("{term}"), units(&sum).to_string()]);
    }
    let mut rows = Vec::new();
    for (name, order) in orders() {
        let rounded = order.iter().fold(0.0f32, |sum, term| sum + term);
        let mut exact = TermSum::default();
        order.iter().for_each(|&term| exact.add(term));
        rows.push(vec![
            name.to_owned(),
            format!("{rounded:.7}"),
            units(&exact).to_string(),
            format!("{:.12}", exact.to_f64()),
        ]);
    }
    Ok(table(&["loss of a pixel", "the same in units of 2⁻⁶⁴"], &terms)
        + &table(&["order", "sum of `f32`", "sum of units", "as a number"], &rows))
}

/// A sum as a whole number of units: its digits, carried.
fn units(sum: &TermSum) -> i128 {
    // Four digits of 32 bits are enough for these terms.
    sum.digits().iter().take(4).rev().fold(0, |units, &digit| (units << 32) + i128::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_sums_differ_and_units_do_not() {
        let rounded = orders().map(|(_, order)| order.iter().fold(0.0f32, |sum, term| sum + term).to_bits());
        assert!(rounded[0] != rounded[1]);
        let exact = orders().map(|(_, order)| {
            let mut sum = TermSum::default();
            order.iter().for_each(|&term| sum.add(term));
            units(&sum)
        });
        assert!(exact.iter().all(|sum| *sum == exact[0]));
        // 2⁶⁴ units are 1.
        let by_hand: f64 = TERMS.iter().map(|&term| f64::from(term)).sum();
        assert!((exact[0] as f64 / 2f64.powi(64) - by_hand).abs() < 1e-12);
    }
}
