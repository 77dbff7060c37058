//! A softmax in steps, which a single pixel takes for all its classes, and a tile for all its pixels.

use crate::number::real::Real;

/// The exponentials of a pixel so far.
///
/// With m the largest logit, e_c = exp(z_c − m) and o the sum of all e_c but that of the (first) largest logit:
/// p_c = e_c/(1 + o), 1 − p_max = o/(1 + o), −ln p_c = (m − z_c) + ln(1 + o). Only the gap m − z_c can overflow; it
/// is infinite then.
pub(super) struct Exponentials<R> {
    /// 1 until the largest logit was met, then 0: of equal logits the first counts as the largest.
    ahead: R,
    others: R,
}

impl<R: Real> Exponentials<R> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { ahead: R::splat(1.0), others: R::splat(0.0) }
    }

    /// Adds a class, given its gap and e⁻ᵍᵃᵖ. Returns 1 for the class of the largest logit, 0 for the others.
    #[inline(always)]
    pub(super) fn add(&mut self, gap: R, exponential: R) -> R {
        let (zero, one) = (R::splat(0.0), R::splat(1.0));
        let largest = R::select(zero.ge(gap), self.ahead, zero);
        self.ahead = self.ahead - largest;
        self.others = self.others + exponential * (one - largest);
        largest
    }

    #[inline(always)]
    pub(super) fn finish(self) -> Shares<R> {
        let (one, others) = (R::splat(1.0), self.others);
        let sum = one + others;
        // ln_1p is for small sums, whose digits would be lost by adding 1.
        let logarithm = R::select(one.ge(others), others.min(one).ln_1p(), sum.ln());
        Shares { others, sum, share: one / sum, logarithm }
    }
}

/// What makes probabilities of the exponentials of a pixel.
pub(super) struct Shares<R> {
    others: R,
    sum: R,
    share: R,
    logarithm: R,
}

impl<R: Real> Shares<R> {
    /// p, 1 − p and −ln p of a class, given whether its logit is the largest.
    #[inline(always)]
    pub(super) fn class(&self, gap: R, exponential: R, largest: R) -> [R; 3] {
        let rest = R::select(largest.ge(R::splat(1.0)), self.others, self.sum - exponential);
        [exponential * self.share, rest * self.share, gap + self.logarithm]
    }
}
