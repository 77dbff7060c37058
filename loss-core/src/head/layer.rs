use super::feature::Feature;
use crate::fingerprint::Fingerprint;

/// A layer as it is applied: logit_c = b_c + Σ_f w_cf x_f, in `f32`, added up in the order of the features, without fused operations. The same bits on every machine.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Layer<const F: usize, const C: usize> {
    /// By output and feature.
    pub weights: [[f32; F]; C],
    /// By output.
    pub bias: [f32; C],
}

impl<const F: usize, const C: usize> Layer<F, C> {
    /// The logits of a pixel.
    ///
    /// **Error bound.** At most (F + 1)·2⁻²⁴·(|b| + Σ |w x|), as of any sum in `f32`.
    #[inline]
    pub fn logits<X: Feature>(&self, features: &[X; F]) -> [f32; C] {
        let mut logits = self.bias;
        for (logit, weights) in logits.iter_mut().zip(&self.weights) {
            for (weight, feature) in weights.iter().zip(features) {
                *logit += *weight * feature.to_f32();
            }
        }
        logits
    }

    /// Adds what tells these weights from others.
    pub(super) fn add_to_fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("layer").number(F as f64).number(C as f64);
        for number in self.weights.as_flattened().iter().chain(&self.bias) {
            fingerprint.number(f64::from(*number));
        }
    }

    /// Tells these weights from others, the same on every machine.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        self.add_to_fingerprint(&mut fingerprint);
        fingerprint.finish()
    }
}
