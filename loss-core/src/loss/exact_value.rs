//! A value without `f64`.

use super::Loss;
use super::combine::Sum;
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::IntegerTotals;

/// A loss whose value is a sum of quotients of its sums, so that it can be rounded once, and in integers:
/// [`Accumulator::nearest_value`](crate::Accumulator::nearest_value).
///
/// These are pointwise losses with a reduction, [`Dice`](crate::Dice) and [`Iou`](crate::Iou) of the product form without a floor, and sums of up to four of them.
pub trait ExactValue: Loss {
    /// How many quotients there are.
    const QUOTIENTS: usize;

    /// Adds the quotients; `None` if a parameter is out of the range of the integers.
    fn add_quotients(&self, totals: &IntegerTotals, sums: &Self::Sums, value: &mut QuotientSum) -> Option<()>;
}

impl<A: ExactValue, B: ExactValue> ExactValue for Sum<A, B> {
    const QUOTIENTS: usize = A::QUOTIENTS + B::QUOTIENTS;

    fn add_quotients(&self, totals: &IntegerTotals, (a, b): &Self::Sums, value: &mut QuotientSum) -> Option<()> {
        self.first.add_quotients(totals, a, value)?;
        self.second.add_quotients(totals, b, value)
    }
}
