//! A pixel after its exponential.

use crate::number::real::Real;

/// A pixel after its exponential (or logarithm): every quantity that a loss may read.
///
/// x is the variable of the gradients: the logit or the probability. Each quantity comes from the exponential and never
/// from subtracting from 1, so it keeps its relative accuracy where it is small. A quantity that no loss reads costs nothing,
/// because the compiler removes it.
#[derive(Clone, Copy, Debug)]
pub struct Pixel<R> {
    /// The input: a logit or a probability.
    pub input: R,
    /// The logit z.
    pub logit: R,
    /// The target t in [0, 1].
    pub target: R,
    /// 1 − t.
    pub background: R,
    /// p, the probability of foreground.
    pub p: R,
    /// q = 1 − p.
    pub q: R,
    /// −ln p, the cross-entropy if the target is 1.
    pub foreground_loss: R,
    /// −ln q, the cross-entropy if the target is 0.
    pub background_loss: R,
    /// ∂p/∂x: p·q for a logit, 1 for a probability.
    pub p_slope: R,
    /// ∂(−ln p)/∂x: −q for a logit, −1/p for a probability.
    pub foreground_slope: R,
    /// ∂(−ln q)/∂x: p for a logit, 1/q for a probability.
    pub background_slope: R,
}

impl<R: Real> Pixel<R> {
    /// p − t, computed as p(1−t) − (1−p)t, where nothing cancels for a hard target.
    #[inline(always)]
    pub fn difference(&self) -> R {
        self.p * self.background - self.q * self.target
    }
}
