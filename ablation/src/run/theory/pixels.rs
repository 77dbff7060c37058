//! Pixels made for an example, and a loss over them.

use loss_core::{Finished, Logits, Loss, Sample};

use super::TheoryError;

/// The finished loss over some pixels.
pub(super) fn finish<L: Loss, S: Into<Sample>>(
    loss: L,
    samples: impl IntoIterator<Item = S>,
) -> Result<Finished<L, Logits>, TheoryError> {
    let mut sums = loss.accumulator();
    sums.extend(samples);
    Ok(sums.finish()?)
}

/// ln(p / (1 − p)), for 0 < p < 1.
pub(super) fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

/// `count` evenly spaced numbers from the first to the last, both included; with a count below two only the first. The bits are those of NumPy's `linspace`.
pub(super) fn evenly(first: f64, last: f64, count: usize) -> Vec<f64> {
    let step = (last - first) / count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| if i > 0 && i + 1 == count { last } else { i as f64 * step + first }).collect()
}

/// `count` numbers evenly spaced in the logarithm; both ends are above 0.
pub(super) fn evenly_by_ratio(first: f64, last: f64, count: usize) -> Vec<f64> {
    let inner = evenly(libm::log10(first), libm::log10(last), count);
    inner
        .into_iter()
        .enumerate()
        .map(|(i, exponent)| match i {
            0 => first,
            _ if i + 1 == count => last,
            _ => libm::exp10(exponent),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hit_their_ends() {
        assert_eq!(evenly(-8.0, 8.0, 5), [-8.0, -4.0, 0.0, 4.0, 8.0]);
        assert_eq!(evenly(3.0, 4.0, 1), [3.0]);
        let ratios = evenly_by_ratio(0.001, 0.5, 7);
        assert_eq!((ratios[0], ratios[6]), (0.001, 0.5));
        for pair in ratios.windows(2) {
            assert!((pair[1] / pair[0] / libm::pow(500.0, 1.0 / 6.0) - 1.0).abs() < 1e-12);
        }
    }
}
