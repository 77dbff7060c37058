//! Sums without rounding.
//!
//! A term is rounded once, to a multiple of 2⁻⁶⁴ (half to even); from there on everything is integer addition. So a sum
//! depends on the set of its terms alone: not on their order, on how they were split over threads, tiles or devices,
//! nor on the machine.

/// An exact sum of numbers, as an integer count of 2⁻⁶⁴.
///
/// The count is kept in `N` digits of 32 bits, least significant first, each in an `i64` that has room for carries:
/// count = Σ `digit[i]`·2³²ⁱ. Adding two sums is adding their digits, in any order and number; [`normalise`](Self::normalise)
/// brings the digits to the one form in which all but the last lie in [0, 2³²).
///
/// | alias | digits | a term lies in | terms that fit |
/// |---|---|---|---|
/// | [`TermSum`] | 7 | any finite `f32` | 2⁴⁰ |
/// | [`UnitSum`] | 4 | [−2³², 2³²] | 2⁴⁰ |
///
/// Error of a finished sum: at most 2⁻⁶⁵ a term, and the rounding of [`to_f64`](Self::to_f64).
#[derive(Clone, Copy, Debug)]
pub struct ExactSum<const N: usize> {
    digits: [i64; N],
}

/// The sum of terms of any finite size.
pub type TermSum = ExactSum<7>;

/// The sum of terms of at most 2³²: a weight times something in [0, 1].
pub type UnitSum = ExactSum<4>;

/// How many terms may be added before the digits must be normalised, so that no digit overflows.
pub(crate) const TERMS_BETWEEN_NORMALISATIONS: i64 = 1 << 30;

const DIGIT_BITS: u32 = 32;
const DIGIT_MASK: u64 = 0xffff_ffff;
/// The exponent field of an `f32` whose last bit is worth 2⁻⁶⁴.
const UNIT_EXPONENT: u32 = 127 + 23 - 64;

impl<const N: usize> ExactSum<N> {
    /// The empty sum.
    pub const ZERO: Self = {
        assert!(N >= 2 && N <= 7);
        Self { digits: [0; N] }
    };

    /// Adds a term, which must be within the range of this sum's type. What is infinite or NaN counts as the largest number.
    #[inline]
    pub fn add(&mut self, term: f32) {
        if let Some(Units { count, digit, negative }) = Units::of(term) {
            self.add_digits(digit, (count & DIGIT_MASK) as i64, (count >> DIGIT_BITS) as i64, negative);
        }
    }

    /// Adds a term so many times, which is exact as well. To the digits, it is one term.
    pub fn add_times(&mut self, term: f32, times: u64) {
        let Some(Units { count, digit, negative }) = Units::of(term) else { return };
        let mut rest = u128::from(count) * u128::from(times);
        for (i, digit) in self.digits.iter_mut().enumerate().skip(digit) {
            // The last digit has no other to carry to.
            let amount = if i == N - 1 { rest as u64 } else { rest as u64 & DIGIT_MASK } as i64;
            *digit = digit.wrapping_add(if negative { amount.wrapping_neg() } else { amount });
            rest >>= DIGIT_BITS;
        }
    }

    /// Adds a finite `f64`, rounded to the same grid; one beyond `f32` counts as its largest value.
    pub fn add_f64(&mut self, term: f64) {
        let bits = term.clamp(f64::from(f32::MIN), f64::from(f32::MAX)).to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let significand = (bits & ((1 << 52) - 1)) | (1 << 52);
        let shift = exponent - (1023 + 52 - 64);
        let negative = bits >> 63 == 1;
        if shift < 0 {
            let right = shift.unsigned_abs();
            if right > 53 {
                return;
            }
            let floor = significand >> right;
            let rest = significand & ((1 << right) - 1);
            let half = 1u64 << (right - 1);
            let count = floor + u64::from(rest > half || (rest == half && floor & 1 == 1));
            self.add_digits(0, (count & DIGIT_MASK) as i64, (count >> DIGIT_BITS) as i64, negative);
        } else {
            let (digit, shift) = ((shift as u32 / DIGIT_BITS) as usize, shift as u32 % DIGIT_BITS);
            let count = u128::from(significand) << shift;
            let part = |i: u32| ((count >> (i * DIGIT_BITS)) as u64 & DIGIT_MASK) as i64;
            self.add_digits(digit, part(0), part(1), negative);
            self.add_digits(digit + 2, part(2), 0, negative);
        }
    }

    /// Adds a whole number, which counts as that many times 1.
    #[inline]
    pub fn add_count(&mut self, count: u32) {
        self.add_digits(2, i64::from(count), 0, false);
    }

    /// Adds count·2^`shift` units of 2⁻⁶⁴, |count| ≤ 2³².
    #[inline]
    pub(crate) fn add_shifted(&mut self, count: i64, shift: u32) {
        let (digit, count) = ((shift / DIGIT_BITS) as usize, i128::from(count) << (shift % DIGIT_BITS));
        self.add_digits(digit, (count as u64 & DIGIT_MASK) as i64, (count >> DIGIT_BITS) as i64, false);
    }

    #[inline(always)]
    fn add_digits(&mut self, at: usize, low: i64, high: i64, negative: bool) {
        // `get_mut` in place of an index: nothing here may be able to panic.
        for (digit, amount) in [(at, low), (at + 1, high)] {
            if let Some(digit) = self.digits.get_mut(digit) {
                *digit = digit.wrapping_add(if negative { -amount } else { amount });
            }
        }
    }

    /// Adds another sum to this one.
    pub fn merge(&mut self, other: &Self) {
        for (digit, more) in self.digits.iter_mut().zip(other.digits) {
            *digit = digit.wrapping_add(more);
        }
        self.normalise();
    }

    /// Takes another sum away from this one.
    pub fn subtract(&mut self, other: &Self) {
        for (digit, less) in self.digits.iter_mut().zip(other.digits) {
            *digit = digit.wrapping_sub(less);
        }
        self.normalise();
    }

    /// Carries, until all digits but the last lie in [0, 2³²).
    pub fn normalise(&mut self) {
        let mut carry = 0i64;
        let last = N - 1;
        for (i, digit) in self.digits.iter_mut().enumerate() {
            let sum = digit.wrapping_add(carry);
            carry = sum >> DIGIT_BITS;
            *digit = if i == last { sum } else { (sum as u64 & DIGIT_MASK) as i64 };
        }
    }

    /// The digits in their one normal form: equal sums have equal digits.
    pub fn digits(&self) -> [i64; N] {
        let mut normal = *self;
        normal.normalise();
        normal.digits
    }

    /// A sum from digits: those of [`digits`](Self::digits), or the element-wise sum of up to 2²⁰ such.
    pub fn from_digits(digits: [i64; N]) -> Self {
        let mut sum = Self { digits };
        sum.normalise();
        sum
    }

    /// The `f64` nearest to the sum (ties to even).
    pub fn to_f64(&self) -> f64 {
        let digits = self.digits();
        let negative = digits.last().is_some_and(|&top| top < 0);
        let mut magnitude = Self::ZERO;
        if negative {
            magnitude.subtract(&Self { digits });
        } else {
            magnitude.digits = digits;
        }
        // Words from the most significant down; the last digit counts as two words.
        let mut window = 0u64;
        let mut lowest_bit = 0i32;
        let mut sticky = false;
        for (i, &digit) in magnitude.digits.iter().enumerate().rev() {
            let width: u32 = if i == N - 1 { 64 } else { DIGIT_BITS };
            let digit = digit as u64;
            let base = (i as i32) * DIGIT_BITS as i32;
            if window == 0 {
                window = digit;
                lowest_bit = base;
            } else {
                let take = window.leading_zeros().min(width);
                let left = width - take;
                window = if take == 0 { window } else { (window << take) | (digit >> left) };
                lowest_bit -= take as i32;
                sticky |= left > 0 && digit & ((1u64 << left) - 1) != 0;
            }
        }
        if sticky {
            window |= 1;
        }
        let value = window as f64 * power_of_two(lowest_bit - 64);
        if negative { -value } else { value }
    }
}

impl<const N: usize> PartialEq for ExactSum<N> {
    fn eq(&self, other: &Self) -> bool {
        self.digits() == other.digits()
    }
}

impl<const N: usize> Eq for ExactSum<N> {}

impl<const N: usize> Default for ExactSum<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

/// A term on the grid: `count` units of 2⁻⁶⁴, `digit` digits further up.
struct Units {
    /// Below 2⁵⁵.
    count: u64,
    digit: usize,
    negative: bool,
}

impl Units {
    /// `None` if nothing is left of the term.
    #[inline(always)]
    fn of(term: f32) -> Option<Self> {
        let mut bits = term.to_bits();
        if bits & 0x7fff_ffff >= f32::INFINITY.to_bits() {
            bits = if term < 0.0 { f32::MIN.to_bits() } else { f32::MAX.to_bits() };
        }
        let exponent = (bits >> 23) & 0xff;
        // 2⁻⁶⁵ is half a unit, a tie that goes to zero; what is smaller is nearer to zero still.
        if exponent < UNIT_EXPONENT - 24 {
            return None;
        }
        let significand = (bits & 0x007f_ffff) | 0x0080_0000;
        let (count, digit) = if exponent >= UNIT_EXPONENT {
            let shift = exponent - UNIT_EXPONENT;
            (u64::from(significand) << (shift % DIGIT_BITS), (shift / DIGIT_BITS) as usize)
        } else {
            (u64::from(half_to_even(significand, UNIT_EXPONENT - exponent)), 0)
        };
        Some(Self { count, digit, negative: bits >> 31 == 1 })
    }
}

#[inline(always)]
fn half_to_even(significand: u32, right: u32) -> u32 {
    let floor = significand >> right;
    let rest = significand & ((1 << right) - 1);
    let half = 1 << (right - 1);
    floor + u32::from(rest > half || (rest == half && floor & 1 == 1))
}

/// 2ᵏ for −1022 ≤ k ≤ 1023.
fn power_of_two(k: i32) -> f64 {
    f64::from_bits(((1023 + k) as u64) << 52)
}
