//! 8-bit codes that stand for logits.

use crate::error::{Parameter, ParameterError};
use crate::fingerprint::Fingerprint;

/// The codes of a quantised model: logit = scale·(code − zero point), rounded to `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// The logit of a code.
    #[inline(always)]
    #[must_use]
    pub fn logit(&self, code: i32) -> f32 {
        self.scale * code.wrapping_sub(self.zero_point) as f32
    }

    /// Adds what distinguishes these codes from others.
    pub(crate) fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.scale)).number(f64::from(self.zero_point));
    }
}
