//! Losses as one writes them from the formula, in single precision, with the gradient that automatic differentiation computes step by step.
//!
//! These forms are wrong on purpose, to be compared with `loss-core`. Nothing else may use them.

/// The loss of one pixel and its gradient by the logit. Either may be infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Naive {
    pub(super) loss: f32,
    pub(super) gradient: f32,
}

/// 1 / (1 + e^−z).
pub(super) fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-z))
}

/// −t·ln p − (1−t)·ln(1−p), and its derivative by p.
fn cross_entropy(p: f32, t: f32) -> [f32; 2] {
    [-t * libm::logf(p) - (1.0 - t) * libm::logf(1.0 - p), -t / p + (1.0 - t) / (1.0 - p)]
}

/// BCE through the sigmoid: p = σ(z), then the logarithms.
pub(super) fn bce(z: f32, t: f32) -> Naive {
    let p = sigmoid(z);
    let [loss, slope] = cross_entropy(p, t);
    Naive { loss, gradient: slope * (p * (1.0 - p)) }
}

/// The clip of the probability, at both ends.
pub(super) const CLIP: f32 = 1e-7;

/// BCE of p clipped to [10⁻⁷, 1 − 10⁻⁷], as in frameworks that take probabilities. A clipped value has no gradient.
pub(super) fn clipped_bce(z: f32, t: f32) -> Naive {
    let p = sigmoid(z);
    let inside = (CLIP..=1.0 - CLIP).contains(&p);
    let [loss, slope] = cross_entropy(p.clamp(CLIP, 1.0 - CLIP), t);
    Naive { loss, gradient: if inside { slope * (p * (1.0 - p)) } else { 0.0 } }
}

/// −(1−p_t)^γ·ln p_t with p_t = t·p + (1−t)(1−p).
pub(super) fn focal(z: f32, t: f32, gamma: f32) -> Naive {
    let p = sigmoid(z);
    let p_t = t * p + (1.0 - t) * (1.0 - p);
    let fading = libm::powf(1.0 - p_t, gamma);
    let slope = gamma * libm::powf(1.0 - p_t, gamma - 1.0) * libm::logf(p_t) - fading / p_t;
    Naive { loss: -fading * libm::logf(p_t), gradient: slope * (2.0 * t - 1.0) * (p * (1.0 - p)) }
}

/// −ln(e^z_y / Σ e^z) over the logits z and 0, without subtracting the largest; z is the true logit if t = 1. The gradient is by z.
pub(super) fn softmax_cross_entropy(z: f32, t: f32) -> Naive {
    let powers = [libm::expf(z), libm::expf(0.0)];
    let sum = powers[0] + powers[1];
    let [first, second] = powers.map(|power| power / sum);
    let own = t * first + (1.0 - t) * second;
    // Back through the logarithm, then through the softmax: s·(g − Σ g·s).
    let back = -1.0 / own;
    let through = t * back;
    Naive { loss: -libm::logf(own), gradient: first * (through - back * own) }
}

/// Adds the terms one after the other.
pub(super) fn sequential_sum(terms: &[f32]) -> f32 {
    terms.iter().fold(0.0, |sum, term| sum + term)
}

/// Adds halves, and halves of halves, down to eight terms, as numerical libraries do to lose fewer digits.
pub(super) fn pairwise_sum(terms: &[f32]) -> f32 {
    if terms.len() <= 8 {
        return sequential_sum(terms);
    }
    let (left, right) = terms.split_at(terms.len() / 2);
    pairwise_sum(left) + pairwise_sum(right)
}

/// Adds the terms one after the other in double precision.
pub(super) fn double_sum(terms: &[f32]) -> f64 {
    terms.iter().fold(0.0, |sum, &term| sum + f64::from(term))
}

/// 1 − (2I + s) / (P + T + s) in single precision.
pub(super) fn dice(overlap: f32, predicted: f32, foreground: f32, smooth: f32) -> f32 {
    1.0 - (2.0 * overlap + smooth) / (predicted + foreground + smooth)
}

/// The same in double precision.
pub(super) fn dice_in_double(overlap: f64, predicted: f64, foreground: f64, smooth: f64) -> f64 {
    1.0 - (2.0 * overlap + smooth) / (predicted + foreground + smooth)
}

#[cfg(test)]
mod tests {
    use loss_core::{Bce, Focal, Logits, Loss, Pointwise};

    use super::*;

    /// At moderate logits the naive forms agree with `loss-core`.
    #[test]
    fn moderate_logits_are_right() {
        for z in [-4.3f32, -1.1, 0.6, 3.7] {
            for t in [0.0f32, 1.0] {
                let gradient = |loss: loss_core::Reduced<Bce>| {
                    let mut sums = loss.accumulator();
                    sums.push((z, t));
                    sums.finish().unwrap().gradient().at((z, t))
                };
                let expected = (Bce::new().at(&Logits, (z, t)).unwrap(), gradient(Bce::new().sum()));
                for naive in [bce(z, t), clipped_bce(z, t), softmax_cross_entropy(z, t), focal(z, t, 0.0)] {
                    assert!((naive.loss / expected.0 - 1.0).abs() < 1e-4, "{z} {t}: {naive:?} {expected:?}");
                    assert!((naive.gradient / expected.1 - 1.0).abs() < 1e-4, "{z} {t}: {naive:?} {expected:?}");
                }
                let loss = Focal::new(2.0).unwrap();
                let mut sums = loss.sum().accumulator();
                sums.push((z, t));
                let expected = (loss.at(&Logits, (z, t)).unwrap(), sums.finish().unwrap().gradient().at((z, t)));
                let naive = focal(z, t, 2.0);
                assert!((naive.loss / expected.0 - 1.0).abs() < 1e-3, "{z} {t}: {naive:?} {expected:?}");
                assert!((naive.gradient / expected.1 - 1.0).abs() < 1e-3, "{z} {t}: {naive:?} {expected:?}");
            }
        }
    }

    #[test]
    fn sums_agree_where_nothing_is_rounded() {
        let terms: Vec<f32> = (0..1000u16).map(|i| f32::from(i) / 64.0).collect();
        let expected = 999.0 * 1000.0 / 128.0;
        assert_eq!(sequential_sum(&terms), expected);
        assert_eq!(pairwise_sum(&terms), expected);
        assert_eq!(double_sum(&terms), f64::from(expected));
    }
}
