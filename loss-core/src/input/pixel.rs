//! A pixel after its exponential has been taken.

use crate::number::real::Real;

/// A pixel whose exponential (or logarithm) has been taken: all that a loss may ask for.
///
/// x stands for the input that gradients are taken by: the logit, or the probability. Each quantity is computed from
/// the exponential, never by subtracting from 1, so that it keeps its relative accuracy where it is small. A quantity
/// that no loss uses costs nothing: the compiler removes it.
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
    /// ∂p/∂x: p·q by the logit, 1 by the probability.
    pub p_slope: R,
    /// ∂(−ln p)/∂x: −q by the logit, −1/p by the probability.
    pub foreground_slope: R,
    /// ∂(−ln q)/∂x: p by the logit, 1/q by the probability.
    pub background_slope: R,
}

impl<R: Real> Pixel<R> {
    /// p − t, as p(1−t) − (1−p)t, in which nothing cancels for a hard target.
    #[inline(always)]
    pub fn difference(&self) -> R {
        self.p * self.background - self.q * self.target
    }
}
