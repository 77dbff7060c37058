//! The meaning of an input: a logit or a probability.

use super::pixel::Pixel;
use crate::error::{Parameter, ParameterError};
use crate::fingerprint::Fingerprint;
use crate::number::real::Real;

/// Turns an input into a [`Pixel`].
///
/// A release may add methods that have a default, so a link of your own keeps compiling.
pub trait Link: Clone {
    /// Whether p and 1 − p are above 0 for every input, as they are for a logit of any size. If not, each pixel is checked for a p above 0
    /// that is too small for the sums, so that a prediction is not mistaken for none.
    const NEVER_CERTAIN: bool = false;

    /// Whether this link takes the input.
    fn accepts<R: Real>(&self, input: R) -> R::Mask;

    /// Whether p, 1 − p, −ln p and −ln (1 − p) of an input each lie in [2⁻¹⁸, 16). Slices add such numbers faster; a mask of `false` is always correct.
    #[doc(hidden)]
    #[inline(always)]
    fn is_moderate<R: Real>(&self, _input: R) -> R::Mask {
        R::splat(0.0).ge(R::splat(1.0))
    }

    /// The part of a pixel's computation that a second pass can reuse: for a logit, its exponential.
    fn prepare<R: Real>(&self, input: R) -> R;

    /// The pixel of an input, from the result of [`prepare`](Self::prepare).
    fn prepared_pixel<R: Real>(&self, input: R, prepared: R, target: R) -> Pixel<R>;

    /// Two numbers derived from the result of [`prepare`](Self::prepare), which slices compute once and every loss of a pixel starts from.
    ///
    /// Only −ln p and −ln (1−p) may depend on the second. Where no loss needs them ([`Loss::needs_logarithms`](crate::Loss::needs_logarithms)), the
    /// first takes its place.
    #[inline(always)]
    fn activate<R: Real>(&self, _input: R, prepared: R) -> [R; 2] {
        [prepared; 2]
    }

    /// The pixel of an input, from the result of [`activate`](Self::activate).
    #[inline(always)]
    fn activated_pixel<R: Real>(&self, input: R, [prepared, _]: [R; 2], target: R) -> Pixel<R> {
        self.prepared_pixel(input, prepared, target)
    }

    /// The pixel of an input.
    #[inline(always)]
    fn pixel<R: Real>(&self, input: R, target: R) -> Pixel<R> {
        self.prepared_pixel(input, self.prepare(input), target)
    }

    /// The input whose p is `probability`.
    fn input_at(&self, probability: f64) -> f64;

    /// Adds what distinguishes this link from others.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);
}

/// The link of logits: an input is a logit z, any finite number, and p = sigmoid(z).
///
/// One exponential e = exp(−|z|) gives everything: e/(1+e) and 1/(1+e) are the smaller and the larger of p and 1−p, and
/// ln(1+e) is the softplus. No value is computed as log(sigmoid(z)) or by subtracting p from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logits;

impl Link for Logits {
    const NEVER_CERTAIN: bool = true;

    #[inline(always)]
    fn accepts<R: Real>(&self, logit: R) -> R::Mask {
        R::splat(f32::MAX).ge(logit.abs())
    }

    /// e^−12.375 is 4.2e-6, and 2⁻¹⁸ is 3.8e-6.
    #[inline(always)]
    fn is_moderate<R: Real>(&self, logit: R) -> R::Mask {
        R::splat(12.375).ge(logit.abs())
    }

    #[inline(always)]
    fn prepare<R: Real>(&self, logit: R) -> R {
        logit.abs().exp_neg()
    }

    #[inline(always)]
    fn prepared_pixel<R: Real>(&self, logit: R, exponential: R, target: R) -> Pixel<R> {
        self.activated_pixel(logit, self.activate(logit, exponential), target)
    }

    /// The smaller of p and 1−p, and the softplus.
    #[inline(always)]
    fn activate<R: Real>(&self, _: R, exponential: R) -> [R; 2] {
        let logistic = exponential.logistic();
        [logistic.small, logistic.softplus]
    }

    #[inline(always)]
    fn activated_pixel<R: Real>(&self, logit: R, [small, softplus]: [R; 2], target: R) -> Pixel<R> {
        let large = R::splat(1.0) - small;
        // max(±z, 0) + ln(1 + e^−|z|)
        let wrong = logit.abs() + softplus;
        let foreground = logit.ge(R::splat(0.0));
        let p = R::select(foreground, large, small);
        let q = R::select(foreground, small, large);
        Pixel {
            input: logit,
            logit,
            target,
            background: R::splat(1.0) - target,
            p,
            q,
            foreground_loss: R::select(foreground, softplus, wrong),
            background_loss: R::select(foreground, wrong, softplus),
            p_slope: small * large,
            foreground_slope: -q,
            background_slope: p,
        }
    }

    fn input_at(&self, probability: f64) -> f64 {
        libm::log(probability) - libm::log1p(-probability)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("logits");
    }
}

/// The link of probabilities: an input is p in [0, 1], clipped to [ε, 1−ε] **in logarithms only**; elsewhere p is used as it is.
///
/// A clipped logarithm has slope 0. Prefer logits where you have them: a probability near 1 has lost the digits of
/// 1 − p.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Probabilities {
    epsilon: f32,
    /// −ln(1−ε) and −ln ε, the bounds of the logarithms.
    smallest_loss: f32,
    largest_loss: f32,
}

impl Probabilities {
    /// Makes the link for probabilities with the clip ε in [2⁻¹²⁶, ½).
    ///
    /// # Errors
    /// [`ParameterError`] if ε is out of range.
    pub fn new(epsilon: f32) -> Result<Self, ParameterError> {
        ParameterError::check(
            Parameter::Epsilon,
            f64::from(epsilon),
            (f32::MIN_POSITIVE..0.5).contains(&epsilon),
            "in [2^-126, 0.5)",
        )?;
        let epsilon_f64 = f64::from(epsilon);
        Ok(Self {
            epsilon,
            smallest_loss: -libm::log1p(-epsilon_f64) as f32,
            largest_loss: -libm::log(epsilon_f64) as f32,
        })
    }

    /// The clip ε.
    #[must_use]
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// A slope, set to 0 where the logarithm is clipped.
    #[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), inline(always))]
    fn inside<R: Real>(&self, p: R, q: R, slope: R) -> R {
        let (epsilon, zero) = (R::splat(self.epsilon), R::splat(0.0));
        R::select(p.ge(epsilon), R::select(q.ge(epsilon), slope, zero), zero)
    }
}

impl Link for Probabilities {
    #[inline(always)]
    fn accepts<R: Real>(&self, p: R) -> R::Mask {
        p.min(R::splat(1.0) - p).ge(R::splat(0.0))
    }

    #[inline(always)]
    fn prepare<R: Real>(&self, p: R) -> R {
        p
    }

    #[inline(always)]
    fn prepared_pixel<R: Real>(&self, p: R, _: R, target: R) -> Pixel<R> {
        let one = R::splat(1.0);
        let q = one - p;
        let epsilon = R::splat(self.epsilon);
        let (smallest, largest) = (R::splat(self.smallest_loss), R::splat(self.largest_loss));
        let (p_in_logarithm, q_in_logarithm) = (p.max(epsilon), q.max(epsilon));
        let foreground_loss = (-p_in_logarithm.ln()).max(smallest).min(largest);
        // 1 − p has lost digits of a small p; p/q has not, so −ln q is computed as ln(1 + p/q).
        let small = (p / q_in_logarithm).min(one).ln_1p();
        let background_loss = R::select(q.ge(p), small, -q_in_logarithm.ln()).max(smallest).min(largest);
        Pixel {
            input: p,
            logit: background_loss - foreground_loss,
            target,
            background: one - target,
            p,
            q,
            foreground_loss,
            background_loss,
            p_slope: one,
            foreground_slope: self.inside(p, q, -(one / p_in_logarithm)),
            background_slope: self.inside(p, q, one / q_in_logarithm),
        }
    }

    fn input_at(&self, probability: f64) -> f64 {
        probability
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("probabilities").number(f64::from(self.epsilon));
    }
}
