use crate::number::real::Real;

/// A power u^γ of a number u in [0, 1].
///
/// Whole and half exponents up to 8 are computed by products (and one square root), which keep the relative accuracy for any u.
/// Other exponents are computed as exp(γ ln u), whose relative error grows with |γ ln u|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Power {
    exponent: f32,
    /// Twice the exponent, if that is a whole number up to 16.
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

    /// u^γ·b for any u in [0, 1].
    #[inline(always)]
    pub(crate) fn fade<R: Real>(&self, u: R, b: R) -> R {
        self.of(flush(u)) * b
    }

    /// ∂(u^γ·b)/∂x = u^γ·(b′ + γ (u′/u) b), from u′/u.
    #[inline(always)]
    pub(crate) fn fade_slope<R: Real>(&self, u: R, logarithmic_slope: R, b: R, b_slope: R) -> R {
        // The power comes first, because it is 0 where the logarithmic slope is largest. γ comes last, because γ·b may overflow where u′/u is 0.
        let power = self.of(flush(u));
        power * b_slope + power * logarithmic_slope * b * R::splat(self.exponent)
    }
}

/// Keeps a divisor above 0. Where that changes it, the dividend or the power that multiplies the quotient is 0.
#[inline(always)]
pub(super) fn at_least_tiny<R: Real>(u: R) -> R {
    u.max(R::splat(f32::MIN_POSITIVE))
}

/// Replaces a subnormal number, whose logarithm and root are not defined, by 0.
#[inline(always)]
pub(super) fn flush<R: Real>(u: R) -> R {
    R::select(u.ge(R::splat(f32::MIN_POSITIVE)), u, R::splat(0.0))
}
