use crate::real::Real;

/// A power u^γ of a number u in [0, 1].
///
/// Whole and half exponents up to 8 are products (and one square root), which keeps their relative accuracy for any u;
/// other exponents are exp(γ ln u), whose relative error grows with |γ ln u|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Power {
    exponent: f32,
    /// Twice the exponent, if that is a whole number of at most 16.
    halves: Option<u8>,
}

impl Power {
    pub(crate) fn new(exponent: f32) -> Self {
        let halves = (0..=16u8).find(|&halves| f32::from(halves) == exponent + exponent);
        Self { exponent, halves }
    }

    pub(crate) fn exponent(&self) -> f32 {
        self.exponent
    }

    /// u^γ, for u = 0 or u ≥ 2⁻¹²⁶; 0⁰ = 1.
    #[inline(always)]
    pub(crate) fn of<R: Real>(&self, u: R) -> R {
        let Some(halves) = self.halves else {
            let smallest = R::splat(f32::MIN_POSITIVE);
            let magnitude = (-u.max(smallest).ln()).max(R::splat(0.0));
            let power = (R::splat(self.exponent) * magnitude).exp_neg();
            return R::select(u.ge(smallest), power, R::splat(0.0));
        };
        let mut power = if halves % 2 == 1 { u.sqrt() } else { R::splat(1.0) };
        for _ in 0..halves / 2 {
            power = power * u;
        }
        power
    }
}
