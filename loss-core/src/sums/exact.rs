//! Exact sums: sums without rounding.
//!
//! Each term is rounded once, to a multiple of 2⁻⁶⁴ (half to even). Everything after that is integer addition. So a sum
//! depends only on the set of its terms: not on their order, nor on how threads, tiles or devices split them,
//! nor on the machine.

mod product;

/// An exact sum of numbers, as an integer count of 2⁻⁶⁴.
///
/// The public form of the count is `N` digits of 32 bits, least significant first: count = Σ `digit[i]`·2³²ⁱ. All digits but the last lie in
/// [0, 2³²); the last, an `i64`, holds the rest with its sign. Sums add by adding their digits, in any order and number;
/// [`from_digits`](Self::from_digits) carries.
///
/// | alias | digits | bytes | a term lies in | terms that fit |
/// |---|---|---|---|---|
/// | [`TermSum`] | 7 | 32 | any finite `f32` | 2⁴⁰ |
/// | [`UnitSum`] | 4 | 20 | [−2³², 2³²] | 2⁴⁰ |
/// | [`ProbabilitySum`] | 3 | 16 | [−1, 1] | 2⁴⁰ |
///
/// The error of a finished sum is at most 2⁻⁶⁵ per term, plus the rounding of [`to_f64`](Self::to_f64).
///
/// # Saturation
///
/// A term that is infinite or NaN *saturates* the sum: from then on the sum has no value, whatever is added, subtracted or merged.
/// [`is_saturated`](Self::is_saturated) is then true, and [`to_f64`](Self::to_f64) returns NaN. The digits of a saturated sum are 0, except the last, which is −2⁴².
/// The last digit of a finite sum of up to 2⁴⁰ terms lies within ±2⁴⁰. So a last digit below −2⁴¹ means saturation, also in an
/// element-wise sum of up to 2²⁰ digits, because the bound of 2⁴⁰ holds for the terms of all of them together.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct ExactSum<const N: usize> {
    /// The count as one integer of N + 1 words in two's complement, least significant first; `top` is the highest word.
    words: [u32; N],
    top: u32,
}

/// A sum of terms of any finite size.
pub type TermSum = ExactSum<7>;

/// A sum of terms of at most 2³², such as a weight times a number in [0, 1].
pub type UnitSum = ExactSum<4>;

/// A sum of terms of at most 1.
pub type ProbabilitySum = ExactSum<3>;

const WORD_BITS: u32 = 32;
const DIGIT_MASK: i64 = 0xffff_ffff;
/// The exponent field of an `f32` whose lowest bit is worth 2⁻⁶⁴.
const UNIT_EXPONENT: u32 = 127 + 23 - 64;
/// Adding the upper part of a term to a word below this makes no carry.
const NEARLY_FULL: u32 = 0xff00_0000;
/// The bits of ½.
const HALF: u32 = 0.5f32.to_bits();
/// The top word of a saturated sum, whose last digit is −2⁴².
const SATURATED_TOP: u32 = -(1i32 << 10) as u32;
/// The lowest top word of a sum that is not saturated: its last digit is −2⁴¹ or more.
const LOWEST_TOP: i32 = -(1 << 9);
/// The top word at which a sum stops growing: its last digit is 2⁶⁰, which pixels never reach.
const HIGHEST_TOP: i32 = 1 << 28;

impl<const N: usize> ExactSum<N> {
    /// The empty sum.
    pub const ZERO: Self = {
        assert!(N >= 3 && N <= 7);
        Self { words: [0; N], top: 0 }
    };

    /// The saturated sum.
    const SATURATED: Self = Self { words: [0; N], top: SATURATED_TOP };

    /// The largest shift of the usual terms, which are finite and do not reach the last word.
    const USUAL_SHIFTS: u32 = {
        let (last_word, infinite) = (WORD_BITS * (N as u32 - 1), 0xff - UNIT_EXPONENT);
        if last_word < infinite { last_word } else { infinite }
    };

    /// Adds a term, which must be in the range of this sum's type. An infinite or NaN term [saturates](Self#saturation) the sum.
    #[inline]
    pub fn add(&mut self, term: f32) {
        if !self.add_fraction(term) && !self.add_usual(term) && term != 0.0 {
            add_unusual(&mut self.words, &mut self.top, term);
        }
    }

    /// Adds a term in [2⁻³², 1), which lies in the first two words. Returns whether it was added.
    #[inline(always)]
    fn add_fraction(&mut self, term: f32) -> bool {
        // The distance of the term's highest bit from the highest bit of the second word. A minus sign makes it a large number.
        let below = (HALF >> 23).wrapping_sub(term.to_bits() >> 23);
        let [first, second, third, ..] = &mut self.words[..] else { return false };
        if below >= WORD_BITS || *third == u32::MAX {
            return false;
        }
        let significand = (term.to_bits() << 8) | (1 << 31);
        let high = significand >> below;
        let low = significand.rotate_right(below) ^ high;
        let fraction = u64::from(*second) << WORD_BITS | u64::from(*first);
        let (fraction, carry) = fraction.overflowing_add(u64::from(high) << WORD_BITS | u64::from(low));
        (*first, *second) = (fraction as u32, (fraction >> WORD_BITS) as u32);
        *third = third.wrapping_add(carry.into());
        true
    }

    /// Adds a positive, finite term whose bits are all multiples of 2⁻⁶⁴. Returns whether it was added.
    #[inline(always)]
    fn add_usual(&mut self, term: f32) -> bool {
        // A minus sign is the highest bit of the shifted number, so one comparison is enough.
        let shift = (term.to_bits() >> 23).wrapping_sub(UNIT_EXPONENT);
        let units = u64::from(significand(term.to_bits())) << (shift % WORD_BITS);
        shift < Self::USUAL_SHIFTS && self.add_two_words((shift / WORD_BITS) as usize, units)
    }

    /// Adds fewer than 2⁵⁶ units of 2⁻⁶⁴, shifted up by `word` words, unless there may be a carry. Returns whether they were added.
    #[inline(always)]
    fn add_two_words(&mut self, word: usize, units: u64) -> bool {
        // `get_mut` instead of an index, because nothing here may be able to panic.
        let Some([low, high, ..]) = self.words.get_mut(word..) else { return false };
        if *high >= NEARLY_FULL {
            return false;
        }
        let sum = (u64::from(*high) << WORD_BITS | u64::from(*low)).wrapping_add(units);
        (*low, *high) = (sum as u32, (sum >> WORD_BITS) as u32);
        true
    }

    /// Adds a term `times` times; this is exact as well.
    pub fn add_times(&mut self, term: f32, times: u64) {
        if !term.is_finite() && times > 0 {
            *self = Self::SATURATED;
        } else if let Some(Units { count, word, negative }) = Units::of(term) {
            self.add_units_at(word, signed(u128::from(count) * u128::from(times), negative));
        }
    }

    /// Adds an `f64`, rounded to a multiple of 2⁻⁶⁴. A number beyond ±2¹⁵⁰, or NaN, [saturates](Self#saturation) the sum. The number may be a sum of terms itself,
    /// and counts as up to 2²² of them.
    pub fn add_f64(&mut self, term: f64) {
        if !is_in_range(term) {
            *self = Self::SATURATED;
            return;
        }
        let bits = term.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let significand = (bits & ((1 << 52) - 1)) | (1 << 52);
        let shift = exponent - (1023 + 52 - 64);
        let (word, count) = if shift < 0 {
            (0, half_to_even(significand, shift.unsigned_abs()).into())
        } else {
            (shift as usize / WORD_BITS as usize, u128::from(significand) << (shift as u32 % WORD_BITS))
        };
        self.add_units_at(word, signed(count, bits >> 63 == 1));
    }

    /// Adds a whole number, which counts as that many terms of 1.
    #[inline]
    pub fn add_count(&mut self, count: u32) {
        if !self.add_two_words(2, count.into()) {
            self.add_count_unusual(count);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_count_unusual(&mut self, count: u32) {
        self.add_units_at(2, count.into());
    }

    /// Adds units of 2⁻⁶⁴, at most 2¹²⁰ of them.
    #[inline]
    pub(crate) fn add_units(&mut self, units: i128) {
        self.add_units_at(0, units);
    }

    /// Adds units of 2⁻⁶⁴, shifted up by `word` words; at most 2¹²⁰ of them.
    #[inline(always)]
    fn add_units_at(&mut self, word: usize, units: i128) {
        add_to_words(&mut self.words, &mut self.top, word, units);
    }

    /// Adds another sum. The result is saturated if either is.
    pub fn merge(&mut self, other: &Self) {
        self.add_complement(other, 0);
    }

    /// Subtracts another sum. The result is saturated if either is.
    pub fn subtract(&mut self, other: &Self) {
        self.add_complement(other, u32::MAX);
    }

    /// Adds another sum. With `complement` set, adds its inverted bits and 1, which is its negative in two's complement.
    fn add_complement(&mut self, other: &Self, complement: u32) {
        let is_saturated = self.is_saturated() || other.is_saturated();
        let mut carry = complement & 1;
        let words = self.words.iter_mut().zip(&other.words).chain([(&mut self.top, &other.top)]);
        for (word, more) in words {
            let sum = u64::from(*word) + u64::from(more ^ complement) + u64::from(carry);
            *word = sum as u32;
            carry = (sum >> WORD_BITS) as u32;
        }
        if is_saturated {
            self.top = SATURATED_TOP;
        }
        // Loaded states may hold sums so large that adding them up would wrap.
        *self = self.normal();
    }

    /// The words, least significant first, and the one above them.
    pub(crate) fn words(&self) -> (&[u32], u32) {
        (&self.words, self.top)
    }

    /// Writes the magnitude, in units of 2⁻⁶⁴, into words of which there are more than N, and tells whether the sum is negative.
    pub(crate) fn magnitude(&self, to: &mut [u32]) -> bool {
        magnitude(&self.words, self.top, to)
    }

    /// The sum in units of 2⁻⁶⁴, if it is not saturated and lies within ±2¹²⁴ of them.
    pub(crate) fn units(&self) -> Option<i128> {
        let mut magnitude = [0; 8];
        let negative = self.magnitude(&mut magnitude);
        let [a, b, c, d, higher @ ..] = magnitude;
        if self.is_saturated() || higher != [0; 4] || d >> 28 != 0 {
            return None;
        }
        let units = [d, c, b, a].into_iter().fold(0u128, |units, word| units << WORD_BITS | u128::from(word));
        Some(signed(units, negative))
    }

    /// A significand of 53 bits in units of 2⁻⁶⁴, without so many of its bits, half upwards.
    pub(crate) fn from_significand(significand: u64, right: u32) -> Self {
        // One bit more than is kept, which is a half.
        let units = (significand << 1).checked_shr(right).unwrap_or(0).wrapping_add(1) >> 1;
        let mut sum = Self::ZERO;
        let [low, high, ..] = &mut sum.words[..] else { return sum };
        (*low, *high) = (units as u32, (units >> WORD_BITS) as u32);
        sum
    }

    /// The same sum with M digits, of which there are more than N.
    #[inline(never)]
    pub(crate) fn widened<const M: usize>(&self) -> ExactSum<M> {
        const { assert!(M > N) };
        let sign = if self.is_negative() { u32::MAX } else { 0 };
        let mut wide = ExactSum { words: [sign; M], top: sign };
        wide.words.iter_mut().zip(&self.words).for_each(|(to, word)| *to = *word);
        if let Some(to) = wide.words.get_mut(N) {
            *to = self.top;
        }
        wide
    }

    /// Whether the sum is 0.
    #[inline(never)]
    pub(crate) fn is_zero(&self) -> bool {
        self.top == 0 && self.words.iter().all(|&word| word == 0)
    }

    /// Whether the sum is negative.
    pub(crate) fn is_negative(&self) -> bool {
        self.top >> (WORD_BITS - 1) == 1
    }

    /// Whether the sum is saturated, because a term was infinite or NaN; see [Saturation](Self#saturation).
    #[must_use]
    pub const fn is_saturated(&self) -> bool {
        (self.top as i32) < LOWEST_TOP
    }

    /// The normal form of the sum: words that were added to a saturated or stopped sum mean nothing and are dropped.
    const fn normal(self) -> Self {
        let top = if self.is_saturated() {
            SATURATED_TOP
        } else if self.top as i32 >= HIGHEST_TOP {
            HIGHEST_TOP as u32
        } else {
            return self;
        };
        Self { words: [0; N], top }
    }

    /// The digits: equal sums have equal digits.
    pub fn digits(&self) -> [i64; N] {
        let Self { words, top } = self.normal();
        let mut digits = words.map(i64::from);
        if let Some(last) = digits.last_mut() {
            *last |= i64::from(top) << WORD_BITS;
        }
        digits
    }

    /// Makes a sum of digits: those of [`digits`](Self::digits), or an element-wise sum of up to 2²⁰ of them.
    pub fn from_digits(digits: [i64; N]) -> Self {
        let mut carry = 0i64;
        let mut words = [0; N];
        for (word, digit) in words.iter_mut().zip(digits) {
            let sum = digit.wrapping_add(carry);
            *word = (sum & DIGIT_MASK) as u32;
            carry = sum >> WORD_BITS;
        }
        Self { words, top: carry as u32 }.normal()
    }

    /// The `f64` nearest to the sum (ties to even); NaN if it is saturated.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        if self.is_saturated() {
            f64::NAN
        } else if self.is_negative() {
            let mut magnitude = Self::ZERO;
            magnitude.subtract(self);
            -words_to_f64(&magnitude.words, magnitude.top)
        } else {
            words_to_f64(&self.words, self.top)
        }
    }
}

impl UnitSum {
    /// A whole number.
    pub(crate) fn whole(number: i64) -> Self {
        Self { words: [0, 0, number as u32, (number >> WORD_BITS) as u32], top: (number >> 63) as u32 }
    }
}

impl<const N: usize> Default for ExactSum<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

/// Two sums are equal if they hold the same number, or if both are saturated.
impl<const N: usize> PartialEq for ExactSum<N> {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.normal(), other.normal());
        one.words == other.words && one.top == other.top
    }
}

impl<const N: usize> Eq for ExactSum<N> {}

/// Whether a sum can hold this number: it is not NaN, and at most 2¹⁵⁰, the sum of 2²² of the largest terms.
pub(crate) fn is_in_range(term: f64) -> bool {
    const LARGEST: f64 = f64::from_bits((1023 + 150) << 52);
    (-LARGEST..=LARGEST).contains(&term)
}

fn signed(count: u128, negative: bool) -> i128 {
    if negative { (count as i128).wrapping_neg() } else { count as i128 }
}

/// A rounded term: `count` units of 2⁻⁶⁴, shifted up by `word` words.
struct Units {
    /// Below 2⁵⁵.
    count: u64,
    word: usize,
    negative: bool,
}

impl Units {
    /// Rounds a finite term; `None` if it rounds to 0.
    fn of(term: f32) -> Option<Self> {
        let bits = term.to_bits();
        let exponent = (bits >> 23) & 0xff;
        // Less than half a unit, like the terms of pixels that a network is sure of.
        if exponent < UNIT_EXPONENT - 24 {
            return None;
        }
        let significand = u64::from(significand(bits));
        let (count, word) = match exponent.checked_sub(UNIT_EXPONENT) {
            Some(shift) => (significand << (shift % WORD_BITS), (shift / WORD_BITS) as usize),
            None => (half_to_even(significand, UNIT_EXPONENT - exponent), 0),
        };
        Some(Self { count, word, negative: bits >> 31 == 1 })
    }
}

/// The significand of a normal number. Other numbers are far below half a unit.
#[inline(always)]
fn significand(bits: u32) -> u32 {
    (bits & 0x007f_ffff) | 0x0080_0000
}

/// A significand of at most 63 bits, divided by 2^`right` and rounded half to even.
fn half_to_even(significand: u64, right: u32) -> u64 {
    // Half a unit is a tie that rounds to zero; smaller numbers round to zero as well.
    if right > 63 {
        return 0;
    }
    let floor = significand >> right;
    let half = 1u64.wrapping_shl(right.wrapping_sub(1));
    let rest = significand & half.wrapping_mul(2).wrapping_sub(1);
    floor.wrapping_add((rest > half || (rest == half && floor & 1 == 1)).into())
}

/// Adds any term. It is a call, because the registers it needs would cost the loop around [`ExactSum::add`] more.
#[cold]
#[inline(never)]
fn add_unusual(words: &mut [u32], top: &mut u32, term: f32) {
    if !term.is_finite() {
        words.fill(0);
        *top = SATURATED_TOP;
    } else if let Some(Units { count, word, negative }) = Units::of(term) {
        add_to_words(words, top, word, signed(count.into(), negative));
    }
}

/// Adds units of 2⁻⁶⁴, shifted up by `word` words. It is one function for sums of any length.
fn add_to_words(words: &mut [u32], top: &mut u32, word: usize, units: i128) {
    let mut rest = units;
    for word in words.iter_mut().skip(word) {
        if rest == 0 {
            return;
        }
        rest = rest.wrapping_add((*word).into());
        *word = rest as u32;
        rest >>= WORD_BITS;
    }
    *top = top.wrapping_add(rest as u32);
}

/// Writes the magnitude of a sum into words, and tells whether it is negative. One function for sums of any length.
#[inline(never)]
pub(crate) fn magnitude(words: &[u32], top: u32, to: &mut [u32]) -> bool {
    // In two's complement the negative is all bits inverted, and 1.
    let complement = if top >> (WORD_BITS - 1) == 1 { u32::MAX } else { 0 };
    let mut carry = complement & 1;
    for (to, word) in to.iter_mut().zip(words.iter().chain([&top])) {
        let (sum, next) = (word ^ complement).overflowing_add(carry);
        (*to, carry) = (sum, next.into());
    }
    complement != 0
}

/// The `f64` nearest to a number of units of 2⁻⁶⁴. It is one function for sums of any length.
#[inline(never)]
fn words_to_f64(words: &[u32], top: u32) -> f64 {
    // The highest 64 bits. Of the lower bits only whether any is set matters.
    let mut window = u64::from(top);
    let mut lowest_bit = (words.len() as u32).wrapping_mul(WORD_BITS);
    let mut any_below = false;
    for word in words.iter().rev().map(|&word| u64::from(word)) {
        let taken = window.leading_zeros().min(WORD_BITS);
        window = window << taken | word >> (WORD_BITS - taken);
        any_below |= (word << taken) as u32 != 0;
        lowest_bit = lowest_bit.wrapping_sub(taken);
    }
    let zeros = window.leading_zeros();
    let Some(significand) = window.checked_shl(zeros) else { return 0.0 };
    // 53 bits are kept; the others are rounded to the nearest, ties to even.
    let (kept, rest) = (significand >> 11, significand & 0x7ff);
    let up = rest > 0x400 || (rest == 0x400 && (any_below || kept & 1 == 1));
    // The highest kept bit adds 1 to the exponent, and so does a carry out of it.
    let exponent = (1023 + 63 - 64 - 1u32).wrapping_add(lowest_bit).wrapping_sub(zeros);
    f64::from_bits((u64::from(exponent) << 52).wrapping_add(kept).wrapping_add(up.into()))
}
