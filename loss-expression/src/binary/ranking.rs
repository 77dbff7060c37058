//! Losses that rank the pixels, or need more of them than sums; the pixels are kept for them.

use loss_core::extend::{Link, Target};
use loss_core::sorted::{HardMining, HardestPixels, LovaszHinge, SortedError};
use loss_core::{Bce, LengthError, Plane, Pointwise, Sample};

use crate::error::EvaluationError;
use crate::expression::Ranking;

/// The valid pixels, kept only if a loss ranks them.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    inputs: Vec<f32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
}

impl Kept {
    /// Keeps the pixels that take part; the others are counted elsewhere.
    pub(super) fn extend<K: Link, T: Target>(&mut self, link: &K, plane: Plane<'_, T>) {
        for sample in plane.samples() {
            let Sample { input, target, weight } = sample;
            if weight != 0.0 && Bce::new().at(link, sample).is_ok() {
                self.inputs.push(input);
                self.targets.push(target);
                self.weights.push(weight);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.inputs.extend_from_slice(&other.inputs);
        self.targets.extend_from_slice(&other.targets);
        self.weights.extend_from_slice(&other.weights);
    }

    pub(super) fn clear(&mut self) {
        self.inputs.clear();
        self.targets.clear();
        self.weights.clear();
    }

    fn plane(&self) -> Result<Plane<'_, f32>, LengthError> {
        Plane::new(&self.inputs, &self.targets)?.with_weights(&self.weights)
    }

    /// Computes a loss of the kept pixels; there is at least one.
    pub(super) fn finish<K: Link>(&self, link: &K, loss: Ranking) -> Result<Ranked<K>, EvaluationError> {
        let wrong = |error: SortedError| EvaluationError::Ranking { loss: loss.name(), error };
        let plane = self.plane()?;
        Ok(match loss {
            Ranking::TopK(rule) => Ranked::Hardest(rule.pixels(Bce::new(), link.clone(), plane).map_err(wrong)?),
            Ranking::Ohem(rule) => Ranked::Hardest(rule.pixels(Bce::new(), link.clone(), plane).map_err(wrong)?),
            Ranking::LovaszHinge => {
                let mut scratch = vec![0; self.inputs.len()];
                let mut pixels = LovaszHinge::new(&mut scratch);
                pixels.extend_plane(plane);
                let finished = pixels.finish().map_err(wrong)?;
                let gradient = finished.gradient();
                let mut slopes: Vec<(f32, bool, f32)> =
                    plane.samples().map(|sample| (sample.input, sample.target == 1.0, gradient.at(sample))).collect();
                slopes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                slopes.dedup_by(|a, b| a.0.to_bits() == b.0.to_bits() && a.1 == b.1);
                Ranked::Lovasz { value: finished.value(), slopes }
            }
        })
    }
}

/// A finished loss that ranks pixels.
#[derive(Clone, Debug)]
pub(super) enum Ranked<K> {
    Hardest(HardestPixels<Bce, K>),
    Lovasz {
        value: f64,
        /// Logit, target and slope; the slope of a pixel depends only on the first two.
        slopes: Vec<(f32, bool, f32)>,
    },
}

impl<K: Link> Ranked<K> {
    pub(super) fn value(&self) -> f64 {
        match self {
            Self::Hardest(finished) => finished.value(),
            Self::Lovasz { value, .. } => *value,
        }
    }

    /// ∂L/∂x of a pixel; 0 if it takes no part.
    pub(super) fn slope(&self, factor: f64, sample: Sample) -> f32 {
        match self {
            Self::Hardest(finished) => finished.gradient_times(factor).at(sample),
            Self::Lovasz { slopes, .. } => {
                let foreground = sample.target == 1.0;
                let place = slopes.binary_search_by(|(input, target, _)| {
                    input.total_cmp(&sample.input).then(target.cmp(&foreground))
                });
                let slope = place.ok().and_then(|place| slopes.get(place)).filter(|_| sample.weight == 1.0);
                slope.map_or(0.0, |(_, _, slope)| (factor * f64::from(*slope)) as f32)
            }
        }
    }
}
