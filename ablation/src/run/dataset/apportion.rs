//! Whole numbers in proportion to weights, with an exact sum.

/// Divides `total` in proportion to the weights, each part within `least..=most`.
///
/// Parts are rounded down, and the rest goes to the largest remainders (Hamilton's method). The sum is `total` if the
/// bounds allow it: at least `least` and at most `most` times the number of weights.
pub(super) fn apportion(total: usize, weights: &[f64], least: usize, most: usize) -> Vec<usize> {
    if weights.is_empty() {
        return Vec::new();
    }
    let least = least.min(most);
    let total = total.clamp(least.saturating_mul(weights.len()), most.saturating_mul(weights.len()));
    let sum: f64 = weights.iter().sum();
    let ideal = |weight: f64| if sum > 0.0 { weight / sum * total as f64 } else { 0.0 };
    let mut parts: Vec<usize> = weights.iter().map(|&weight| (ideal(weight) as usize).clamp(least, most)).collect();

    let remainder = |index: usize| weights.get(index).map_or(0.0, |&weight| ideal(weight) % 1.0);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b)));
    loop {
        let given: usize = parts.iter().sum();
        if given == total {
            return parts;
        }
        // While parts are missing or too many, one of them is within its bounds, so each round changes the sum.
        let step = (given.abs_diff(total) / weights.len()).max(1);
        let mut rest = given.abs_diff(total);
        for &index in &order {
            let Some(part) = parts.get_mut(index) else { continue };
            let room = if given < total { most - *part } else { *part - least };
            let change = step.min(rest).min(room);
            *part = if given < total { *part + change } else { *part - change };
            rest -= change;
        }
    }
}

/// round(share · pixels), where a share outside [0, 1] becomes the nearest one inside.
pub(super) fn share_of(pixels: usize, share: f64) -> usize {
    ((share * pixels as f64).round() as usize).min(pixels)
}
