//! ln Σ eˣ over a stream.

use super::exact::UnitSum;
use crate::number::real::Real;

/// A streaming, mergeable log-sum-exp whose bits do not depend on the order of the terms.
///
/// The usual form, a running maximum and a rescaled sum, rounds again whenever the maximum moves, so its result depends on the
/// order. Here x is split into a multiple of 8 and a rest r in [0, 8). The terms of each of the six highest
/// multiples are summed exactly, as eʳ⁻⁸ rounded to a multiple of 2⁻⁶⁴. Lower terms are dropped for good:
/// each is less than e⁻⁴⁰ of the largest.
///
/// **Error bound.** At most 2e−7 absolute plus 1 ULP of the result, for up to 2³⁰ terms. **Special values:** +∞ and NaN
/// are left out and counted; −∞ is a term of e^−∞ = 0. Without terms the result is −∞. No term saturates a sum, because eʳ⁻⁸ is at most 1.
///
/// ```
/// use loss_core::extend::LogSumExp;
///
/// let mut terms = LogSumExp::new();
/// terms.extend([1000.0, 1000.0, -5.0]);
/// assert!((terms.value() - (1000.0 + core::f64::consts::LN_2)).abs() < 1e-6);
///
/// let mut others = LogSumExp::new();
/// others.push(1001.0);
/// terms.merge(&others);
/// assert!((terms.value() - (1001.0 + (1.0 + 2.0 * (-1.0f64).exp()).ln())).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct LogSumExp {
    /// The highest multiple of 8 at or below any term; meaningless without terms.
    anchor: f32,
    /// Σ eʳ⁻⁸ of the terms at anchor, anchor − 8, …
    bins: [UnitSum; BINS],
    terms: i64,
    rejected: i64,
}

const BINS: usize = 6;
const WIDTH: f32 = 8.0;

impl LogSumExp {
    /// Makes the log-sum-exp of no terms.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a term eˣ.
    pub fn push(&mut self, x: f32) {
        if x.is_nan() || x == f32::INFINITY {
            self.rejected = self.rejected.wrapping_add(1);
            return;
        }
        self.terms = self.terms.wrapping_add(1);
        if x == f32::NEG_INFINITY {
            return;
        }
        let anchor = floor_to_width(x);
        self.raise(anchor);
        if let Some(bin) = self.bin_below(anchor) {
            // 8 − r is exact in `f64`. A factor corrects what `f32` rounds off, because it would show in the sum.
            let exact = f64::from(WIDTH) - (f64::from(x) - f64::from(anchor));
            let rounded = exact as f32;
            let rest = (exact - f64::from(rounded)) as f32;
            let term = rounded.exp_neg();
            bin.add(term - term * rest);
        }
    }

    /// Adds the terms of another sum.
    pub fn merge(&mut self, other: &Self) {
        if other.has_terms_above_zero() {
            self.raise(other.anchor);
        }
        for (i, more) in other.bins.iter().enumerate() {
            if let Some(bin) = self.bin_below(other.anchor - i as f32 * WIDTH) {
                bin.merge(more);
            }
        }
        self.terms = self.terms.wrapping_add(other.terms);
        self.rejected = self.rejected.wrapping_add(other.rejected);
    }

    /// The result, ln Σ eˣ.
    #[must_use]
    pub fn value(&self) -> f64 {
        if !self.has_terms_above_zero() {
            return f64::NEG_INFINITY;
        }
        let sum: f64 = (0..).zip(&self.bins).map(|(i, bin)| bin.to_f64() * libm::exp(f64::from(-8 * i))).sum();
        f64::from(self.anchor) + (f64::from(WIDTH) + libm::log(sum))
    }

    /// The number of terms so far, including those with x = −∞.
    #[must_use]
    pub fn terms(&self) -> i64 {
        self.terms
    }

    /// The number of terms left out because x was +∞ or NaN.
    #[must_use]
    pub fn rejected(&self) -> i64 {
        self.rejected
    }

    fn has_terms_above_zero(&self) -> bool {
        self.bins.iter().any(|bin| *bin != UnitSum::ZERO)
    }

    /// Moves the window up if this anchor lies above it.
    fn raise(&mut self, anchor: f32) {
        if !self.has_terms_above_zero() {
            self.anchor = anchor;
            return;
        }
        let steps = (f64::from(anchor) - f64::from(self.anchor)) / f64::from(WIDTH);
        if steps > 0.0 {
            let steps = if steps < BINS as f64 { steps as usize } else { BINS };
            self.bins.rotate_right(steps % BINS);
            self.bins.iter_mut().take(steps).for_each(|bin| *bin = UnitSum::ZERO);
            self.anchor = anchor;
        }
    }

    /// The bin of an anchor at or below the top of the window; `None` if it lies below the window.
    fn bin_below(&mut self, anchor: f32) -> Option<&mut UnitSum> {
        let steps = (f64::from(self.anchor) - f64::from(anchor)) / f64::from(WIDTH);
        if steps < BINS as f64 { self.bins.get_mut(steps as usize) } else { None }
    }
}

impl Extend<f32> for LogSumExp {
    fn extend<I: IntoIterator<Item = f32>>(&mut self, terms: I) {
        terms.into_iter().for_each(|x| self.push(x));
    }
}

/// The largest multiple of 8 that is not above x.
fn floor_to_width(x: f32) -> f32 {
    // From 2²⁶ on, every `f32` is a multiple of 8.
    if Real::abs(x) >= 67_108_864.0 {
        return x;
    }
    let truncated = (x / WIDTH) as i32 as f32 * WIDTH;
    if truncated > x { truncated - WIDTH } else { truncated }
}
