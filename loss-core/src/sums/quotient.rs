//! Sums of quotients of exact sums, rounded once, in integers alone.
//!
//! A processor without `f64` gets the arithmetic of `f64` from its compiler, which takes 3 to 5 KiB of flash. Here are a product, a difference and a
//! division of long integers instead.

use super::exact::{ExactSum, UnitSum, magnitude};

const WORD_BITS: u32 = 32;

/// How many words the longest integer has: see [`QuotientSum::MOST`].
const WORDS: usize = 24;

/// How many words a numerator has, and a denominator.
const NUMERATOR: usize = 8;
const DENOMINATOR: usize = 5;

/// A whole number that is never negative, least significant word first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Natural([u32; WORDS]);

impl Natural {
    const ZERO: Self = Self([0; WORDS]);

    fn is_zero(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    // Each of these stands in flash once, and works in place: copies of numbers this long take more than the arithmetic.

    #[inline(never)]
    fn double(&mut self) {
        let mut carry = 0;
        for word in &mut self.0 {
            (*word, carry) = (*word << 1 | carry, *word >> (WORD_BITS - 1));
        }
    }

    #[inline(never)]
    fn is_below(&self, other: &Self) -> bool {
        let differing = self.0.iter().rev().zip(other.0.iter().rev()).find(|(word, other)| word != other);
        differing.is_some_and(|(word, other)| word < other)
    }

    /// Adds another number, or takes it away if `complement` has all bits: in two's complement that adds all of its bits inverted, and 1.
    #[inline(never)]
    fn add(&mut self, other: &Self, complement: u32) {
        let mut carry = complement & 1;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            let sum = u64::from(*word) + u64::from(more ^ complement) + u64::from(carry);
            (*word, carry) = (sum as u32, (sum >> WORD_BITS) as u32);
        }
    }

    /// Becomes another number, without the function for copies, which would stand in flash for this alone.
    fn set(&mut self, other: &Self) {
        self.0.fill(0);
        self.add(other, 0);
    }

    /// Writes self·other over a number that is 0. A last word of 0 takes the carry.
    #[inline(never)]
    fn multiply(&self, other: &[u32], product: &mut Self) {
        for (place, &factor) in (0..WORDS).zip(&self.0).filter(|&(_, &factor)| factor != 0) {
            let mut carry = 0;
            for (word, &more) in product.0.iter_mut().skip(place).zip(other.iter().chain(&[0])) {
                // (2³² − 1)² + 2·(2³² − 1) is 2⁶⁴ − 1.
                let sum = u64::from(factor).wrapping_mul(more.into()).wrapping_add((*word).into()).wrapping_add(carry);
                (*word, carry) = (sum as u32, sum >> WORD_BITS);
            }
        }
    }
}

/// A sum of quotients of exact sums, as one fraction. It is exact; [`nearest_value`](crate::Accumulator::nearest_value) rounds it, once.
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

    /// What [`begin`](Self::begin) makes the sum of no quotients of. In two steps, or else the sum would be copied.
    pub(crate) const NOTHING: Self = Self { numerator: Natural::ZERO, negative: false, denominator: Natural::ZERO };

    /// Begins the sum, which then is 0/1.
    #[inline(never)]
    pub(crate) fn begin(&mut self) {
        let [lowest, ..] = &mut self.denominator.0;
        *lowest |= 1;
    }

    /// Adds numerator/denominator; a quotient with a denominator of 0 is left out.
    pub fn add<const N: usize>(&mut self, numerator: &ExactSum<N>, denominator: &UnitSum) {
        let (words, top) = numerator.words();
        self.add_words(words, top, denominator);
    }

    /// The same for sums of any length: it stands in flash once.
    #[inline(never)]
    fn add_words(&mut self, words: &[u32], top: u32, denominator: &UnitSum) {
        let (mut above, mut below) = ([0; NUMERATOR], [0; DENOMINATOR]);
        let negative = magnitude(words, top, &mut above) != denominator.magnitude(&mut below);
        self.add_quotient(&above, &below, negative);
    }

    fn add_quotient(&mut self, above: &[u32], below: &[u32], negative: bool) {
        if below.iter().all(|&word| word == 0) {
            return;
        }
        // One by one: an array of them would be copied.
        let mut old = Natural::ZERO;
        let mut more = Natural::ZERO;
        let mut denominator = Natural::ZERO;
        self.numerator.multiply(below, &mut old);
        self.denominator.multiply(above, &mut more);
        self.denominator.multiply(below, &mut denominator);
        self.denominator.set(&denominator);
        let differ = negative != self.negative;
        // The larger one, and what it gains or loses.
        let (larger, other) = if differ && old.is_below(&more) {
            self.negative = negative;
            (&more, &old)
        } else {
            (&old, &more)
        };
        self.numerator.set(larger);
        self.numerator.add(other, if differ { u32::MAX } else { 0 });
    }

    /// The `f32` nearest to the sum, ties to even; the largest one, with its sign, in place of a larger number. The sum is used up.
    #[inline(never)]
    pub(crate) fn nearest(&mut self) -> f32 {
        let Self { numerator: rest, negative, denominator: divisor } = self;
        if rest.is_zero() {
            return 0.0;
        }
        // The sum lies in [2^exponent, 2^(exponent + 1)) once rest/divisor does in [1, 2): it is doubled until it is not below 1, and halved until it is below 1;
        // then the rest is doubled once more.
        let mut exponent = -1i32;
        while rest.is_below(divisor) {
            rest.double();
            exponent = exponent.wrapping_sub(1);
        }
        while !rest.is_below(divisor) {
            divisor.double();
            exponent = exponent.wrapping_add(1);
        }
        rest.double();
        // A number below 2⁻¹²⁶ has fewer digits than 24, and one below 2⁻¹⁵⁰ not even a half of the last.
        if exponent < -150 {
            return if *negative { -0.0 } else { 0.0 };
        }
        // After the digits that are kept one more, which is a half, and whether anything is left.
        let digits = exponent.wrapping_add(151).min(25);
        let (mut kept, mut is_rest_zero) = (0u32, false);
        for _ in 0..digits {
            let below = rest.is_below(divisor);
            if !below {
                rest.add(divisor, u32::MAX);
            }
            kept = kept << 1 | u32::from(!below);
            is_rest_zero = rest.is_zero();
            rest.double();
        }
        let (kept, half) = (kept >> 1, kept & 1);
        let up = half & (kept | u32::from(!is_rest_zero));
        // The highest digit kept adds 1 to the exponent, as a carry out of it does once more.
        let above_smallest = exponent.wrapping_add(126).max(0).unsigned_abs();
        let bits = (above_smallest.min(0xff) << 23).wrapping_add(kept).wrapping_add(up);
        f32::from_bits(bits.min(f32::MAX.to_bits()) | u32::from(*negative) << 31)
    }
}
