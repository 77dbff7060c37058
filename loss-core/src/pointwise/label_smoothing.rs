use crate::error::{Parameter, ParameterError};
use crate::number::real::Real;

/// A rule that softens targets.
///
/// Two rules are in use, and their s differs by a factor of two; each has its own constructor. Both keep a soft target
/// soft.
#[doc(alias = "label_smoothing")]
#[doc(alias = "smooth_factor")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct LabelSmoothing {
    flip: f32,
}

impl LabelSmoothing {
    /// No smoothing: targets stay as they are.
    pub const NONE: Self = Self { flip: 0.0 };

    /// t′ = t(1−s) + (1−t)s: each label is wrong with probability s (segmentation_models.pytorch's SoftBCEWithLogitsLoss).
    ///
    /// # Errors
    /// [`ParameterError`] if s is not in [0, 1].
    pub fn flip(s: f32) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::LabelSmoothing, f64::from(s))?;
        Ok(Self { flip: s })
    }

    /// t′ = t(1−s) + s/2: each label is replaced by a fair coin with probability s (Keras's BinaryCrossentropy). It
    /// equals `flip(s/2)`.
    ///
    /// # Errors
    /// [`ParameterError`] if s is not in [0, 1].
    pub fn uniform(s: f32) -> Result<Self, ParameterError> {
        Self::flip(s).map(|Self { flip }| Self { flip: flip / 2.0 })
    }

    /// The smoothed target and one minus it.
    #[inline(always)]
    pub(crate) fn apply<R: Real>(&self, target: R, background: R) -> (R, R) {
        // A slice skips this once for all its pixels. For one pixel the test would take longer than the arithmetic; the bits are the same.
        if R::LANES > 1 && self.flip == 0.0 {
            return (target, background);
        }
        let (flip, keep) = (R::splat(self.flip), R::splat(1.0 - self.flip));
        (target * keep + background * flip, background * keep + target * flip)
    }

    pub(crate) fn probability_of_flip(&self) -> f32 {
        self.flip
    }
}
