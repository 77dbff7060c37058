//! Sums of quotients of exact sums, rounded once, in integers alone.
//!
//! A processor without `f64` gets the arithmetic of `f64` from its compiler, which takes 3 to 5 KiB of flash. Here are a product, a difference and a
//! division of long integers instead.

use super::exact::{ExactSum, UnitSum};

const WORD_BITS: u32 = 32;

/// How many words the longest integer has: see [`QuotientSum::MOST`].
const WORDS: usize = 24;

/// A whole number that is never negative, least significant word first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Natural([u32; WORDS]);

impl Natural {
    const ZERO: Self = Self([0; WORDS]);

    fn is_zero(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// The magnitude of a sum in units of 2⁻⁶⁴, and whether the sum is negative.
    fn of<const N: usize>(sum: &ExactSum<N>) -> (Self, bool) {
        let mut number = Self::ZERO;
        let negative = sum.magnitude(&mut number.0);
        (number, negative)
    }

    #[inline(never)]
    fn double(&mut self) {
        let mut carry = 0;
        for word in &mut self.0 {
            (*word, carry) = (*word << 1 | carry, *word >> (WORD_BITS - 1));
        }
    }

    /// self − other, and whether that is below 0: what is left then lacks the borrow.
    #[inline(never)]
    fn minus(&self, other: &Self) -> (Self, bool) {
        let (mut rest, mut borrow) = (*self, false);
        for (word, &less) in rest.0.iter_mut().zip(&other.0) {
            let (difference, one) = word.overflowing_sub(less);
            let (difference, two) = difference.overflowing_sub(borrow.into());
            (*word, borrow) = (difference, one || two);
        }
        (rest, borrow)
    }

    #[inline(never)]
    fn times(&self, other: &Self) -> Self {
        let mut product = Self::ZERO;
        for (place, &factor) in (0..).zip(&self.0).filter(|&(_, &factor)| factor != 0) {
            let mut carry = 0;
            for (word, &more) in product.0.iter_mut().skip(place).zip(&other.0) {
                // (2³² − 1)² + 2·(2³² − 1) is 2⁶⁴ − 1.
                let sum = u64::from(factor).wrapping_mul(more.into()).wrapping_add((*word).into()).wrapping_add(carry);
                (*word, carry) = (sum as u32, sum >> WORD_BITS);
            }
        }
        product
    }

    fn plus(&self, other: &Self) -> Self {
        // Two's complement: −other is never below 0 as a number, and what is borrowed falls off the end.
        let (negative, _) = Self::ZERO.minus(other);
        self.minus(&negative).0
    }
}

/// A sum of quotients of exact sums, as one fraction. It is exact; [`nearest`](Self::nearest) rounds, once.
///
/// A quotient's numerator is any sum, its denominator one of at most five words. So the fraction of n quotients takes 8 + 5(n − 1) words and a carry above the bar.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct QuotientSum {
    numerator: Natural,
    negative: bool,
    denominator: Natural,
}

impl QuotientSum {
    /// How many quotients may be added.
    pub const MOST: usize = 4;

    /// The sum of no quotients.
    pub(crate) fn zero() -> Self {
        let mut denominator = Natural::ZERO;
        let [lowest, ..] = &mut denominator.0;
        *lowest = 1;
        Self { numerator: Natural::ZERO, negative: false, denominator }
    }

    /// Adds numerator/denominator; a quotient with a denominator of 0 is left out.
    pub fn add<const N: usize>(&mut self, numerator: &ExactSum<N>, denominator: &UnitSum) {
        let ((more, more_negative), (divisor, divisor_negative)) = (Natural::of(numerator), Natural::of(denominator));
        if divisor.is_zero() {
            return;
        }
        let (old, more) = (self.numerator.times(&divisor), more.times(&self.denominator));
        let negative = more_negative != divisor_negative;
        (self.numerator, self.negative) = if negative == self.negative {
            (old.plus(&more), negative)
        } else {
            match old.minus(&more) {
                (rest, false) => (rest, self.negative),
                _ => (more.minus(&old).0, negative),
            }
        };
        self.denominator = self.denominator.times(&divisor);
    }

    /// The `f32` nearest to the sum, ties to even; the largest one, with its sign, in place of a larger number.
    pub(crate) fn nearest(&self) -> f32 {
        let (mut rest, mut divisor) = (self.numerator, self.denominator);
        if rest.is_zero() {
            return 0.0;
        }
        // The sum lies in [2^exponent, 2^(exponent + 1)) once rest/divisor lies in [1, 2).
        let mut exponent = 0i32;
        while rest.minus(&divisor).1 {
            rest.double();
            exponent = exponent.wrapping_sub(1);
        }
        loop {
            let mut twice = divisor;
            twice.double();
            if rest.minus(&twice).1 {
                break;
            }
            divisor = twice;
            exponent = exponent.wrapping_add(1);
        }
        // A number below 2⁻¹²⁶ has fewer digits.
        let digits = exponent.wrapping_add(150).clamp(0, 24);
        let mut digit = |divisor: &Natural| {
            let (less, below) = rest.minus(divisor);
            if !below {
                rest = less;
            }
            let is_rest_zero = rest.is_zero();
            rest.double();
            (u32::from(!below), is_rest_zero)
        };
        let kept = (0..digits).fold(0, |kept, _| kept << 1 | digit(&divisor).0);
        // Below 2⁻¹⁵⁰ not even the next digit is a half.
        let (half, is_rest_zero) = if exponent < -150 { (0, false) } else { digit(&divisor) };
        let up = half & (kept | u32::from(!is_rest_zero));
        // The highest digit kept adds 1 to the exponent, as a carry out of it does once more.
        let above_smallest = exponent.wrapping_add(126).max(0).unsigned_abs();
        let bits = (above_smallest << 23).wrapping_add(kept).wrapping_add(up);
        let finite = if above_smallest > 0xfd { f32::MAX.to_bits() } else { bits.min(f32::MAX.to_bits()) };
        f32::from_bits(finite | u32::from(self.negative) << 31)
    }
}
