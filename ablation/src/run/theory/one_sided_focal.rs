//! Focal loss as the course wrote it.

use loss_core::Pointwise;
use loss_core::extend::{Fingerprint, Pixel, Real};

/// (1−p)^γ·BCE for every pixel, where focal loss has (1−p_t)^γ. So background that is already right keeps its whole weight.
#[derive(Clone, Debug)]
pub(super) struct OneSidedFocal {
    /// γ, at least 0.
    pub(super) gamma: f32,
}

impl OneSidedFocal {
    fn cross_entropy<R: Real>(pixel: &Pixel<R>) -> R {
        pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss
    }

    /// (1−p)^γ = exp(−γ·(−ln(1−p))).
    fn factor<R: Real>(&self, pixel: &Pixel<R>) -> R {
        (R::splat(self.gamma) * pixel.background_loss).exp_neg()
    }
}

impl Pointwise for OneSidedFocal {
    const NAME: &'static str = "one_sided_focal";

    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        self.factor(pixel) * Self::cross_entropy(pixel)
    }

    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let slope = pixel.target * pixel.foreground_slope + pixel.background * pixel.background_slope;
        let fading = R::splat(self.gamma) * pixel.background_slope * Self::cross_entropy(pixel);
        self.factor(pixel) * (slope - fading)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.gamma));
    }
}

#[cfg(test)]
mod tests {
    use loss_core::Loss;

    use super::*;

    #[test]
    fn the_slope_is_that_of_the_loss() {
        let loss = OneSidedFocal { gamma: 1.7 }.sum();
        let value = |logit: f32, target: bool| {
            let mut sums = loss.accumulator();
            sums.push((logit, target));
            sums.finish().unwrap()
        };
        for logit in [-3.1f32, -0.7, 0.4, 2.2] {
            for target in [false, true] {
                let step = 1.0 / 128.0;
                let rise = value(logit + step, target).value() - value(logit - step, target).value();
                let slope = f64::from(value(logit, target).gradient().at((logit, target)));
                let expected = rise / f64::from(2.0 * step);
                assert!(
                    (slope - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                    "{logit} {target}: {slope} {expected}"
                );
            }
        }
    }
}
