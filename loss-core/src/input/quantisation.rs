//! Codes of 8 or 16 bits for logits or probabilities.

use crate::error::{Parameter, ParameterError};
use crate::fingerprint::Fingerprint;

/// How a quantised model's codes stand for logits: logit = scale·(code − zero point), rounded to `f32`. Or for probabilities, where whoever takes the codes says so.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Quantisation {
    scale: f32,
    zero_point: i32,
}

impl Quantisation {
    /// A quantisation with this scale and zero point. Model converters state both for each quantised tensor.
    ///
    /// # Errors
    /// [`ParameterError`] unless the scale lies in [2⁻⁶⁴, 2⁶⁴] and the zero point in [−255, 255].
    ///
    /// ```
    /// use loss_core::{Histogram, Quantisation};
    ///
    /// const QUANTISATION: Quantisation = match Quantisation::new(0.0625, 3) {
    ///     Ok(quantisation) => quantisation,
    ///     Err(_) => panic!(), // at compile time
    /// };
    /// static EMPTY: Histogram<i8> = Histogram::new(QUANTISATION);
    /// # assert_eq!(EMPTY.quantisation(), QUANTISATION);
    /// ```
    pub const fn new(scale: f32, zero_point: i32) -> Result<Self, ParameterError> {
        const TWO_TO_64: f32 = 18_446_744_073_709_551_616.0;
        if !(scale >= 1.0 / TWO_TO_64 && scale <= TWO_TO_64) {
            return Err(ParameterError {
                parameter: Parameter::Scale,
                index: None,
                given: scale as f64,
                accepted: "in [2^-64, 2^64]",
            });
        }
        if zero_point < -255 || zero_point > 255 {
            let given = zero_point as f64;
            return Err(ParameterError {
                parameter: Parameter::ZeroPoint,
                index: None,
                given,
                accepted: "in [-255, 255]",
            });
        }
        Ok(Self { scale, zero_point })
    }

    /// The logit that a code stands for, or the probability.
    #[inline(always)]
    #[must_use]
    pub fn logit(&self, code: i32) -> f32 {
        self.scale * code.wrapping_sub(self.zero_point) as f32
    }

    /// Checks that codes stand for probabilities, of which none is too small for the sums beside others.
    pub(crate) fn check_probabilities(&self, codes: impl Iterator<Item = i32>) -> Result<(), ParameterError> {
        let holds = codes
            .fold(self.scale >= 1.0 / 16_777_216.0, |holds, code| holds && (0.0..=1.0).contains(&self.logit(code)));
        let accepted = "at least 2^-24, and such with the zero point that every code is a probability, from 0 to 1";
        ParameterError::check(Parameter::Scale, f64::from(self.scale), holds, accepted)
    }

    /// Adds what distinguishes these codes from others.
    pub(crate) fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.scale)).number(f64::from(self.zero_point));
    }
}
