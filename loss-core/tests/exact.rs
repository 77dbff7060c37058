//! Sums against arithmetic on big integers.

use loss_core::extend::{ExactSum, ProbabilitySum, TermSum, UnitSum};
use num_bigint::{BigInt, Sign};
use quickcheck::{Arbitrary, Gen, quickcheck};

/// The term as a count of 2⁻⁶⁴, rounded half to even, by definition.
fn count(term: f64) -> BigInt {
    let bits = term.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let significand = BigInt::from(if exponent == 0 { fraction } else { fraction | (1 << 52) });
    let shift = exponent.max(1) - 1075 + 64;
    let magnitude =
        if shift >= 0 { significand << shift as u64 } else { round_half_to_even(&significand, (-shift) as u64) };
    if term < 0.0 { -magnitude } else { magnitude }
}

fn round_half_to_even(magnitude: &BigInt, right: u64) -> BigInt {
    let floor = magnitude >> right;
    let rest = magnitude - (&floor << right);
    let half = BigInt::from(1) << (right - 1);
    let odd = &floor % 2u8 == BigInt::from(1);
    if rest > half || (rest == half && odd) { floor + 1 } else { floor }
}

/// The f64 nearest to count·2⁻⁶⁴, by definition.
fn nearest_f64(count: &BigInt) -> f64 {
    let (sign, magnitude) = (count.sign(), BigInt::from_biguint(Sign::Plus, count.magnitude().clone()));
    let bits = magnitude.bits();
    let value = if bits <= 53 {
        magnitude.iter_u64_digits().next().unwrap_or(0) as f64 * 2f64.powi(-64)
    } else {
        let right = bits - 53;
        let rounded = round_half_to_even(&magnitude, right);
        rounded.iter_u64_digits().next().unwrap_or(0) as f64 * 2f64.powi(right as i32 - 64)
    };
    if sign == Sign::Minus { -value } else { value }
}

fn integer<const N: usize>(sum: &ExactSum<N>) -> BigInt {
    sum.digits().iter().rev().fold(BigInt::from(0), |value, &digit| (value << 32u32) + digit)
}

/// Any finite `f32`, many of them near the places where rounding changes.
#[derive(Clone, Copy, Debug)]
struct Term(f32);

impl Arbitrary for Term {
    fn arbitrary(g: &mut Gen) -> Self {
        let bits = u32::arbitrary(g);
        let near_the_grid = ((127 - 66 + bits % 28) << 23) | (u32::arbitrary(g) & 0x807f_ffff);
        let term = f32::from_bits(match bits % 4 {
            0 => u32::arbitrary(g),
            1 => near_the_grid,
            // Ties: few significant bits.
            2 => near_the_grid & 0xffff_8000 & !(u32::arbitrary(g) & 0x003f_8000),
            _ => ((100 + bits % 40) << 23) | (u32::arbitrary(g) & 0x807f_ffff),
        });
        Self(if term.is_finite() { term } else { f32::MAX })
    }
}

/// A digit of a sum, often near the places where it carries.
#[derive(Clone, Copy, Debug)]
struct Digit(u32);

impl Arbitrary for Digit {
    fn arbitrary(g: &mut Gen) -> Self {
        let bits = u32::arbitrary(g);
        Self(match u8::arbitrary(g) % 4 {
            0 => bits,
            1 => !(bits & 0x01ff_ffff),
            2 => u32::MAX,
            _ => bits & 0xff,
        })
    }
}

fn any_sum<const N: usize>(digits: &[Digit], top: i8) -> ExactSum<N> {
    let mut state = [0; N];
    for (to, &Digit(digit)) in state.iter_mut().zip(digits) {
        *to = i64::from(digit);
    }
    // Half of the tops are 0, so the word below them is the last.
    state[N - 1] |= i64::from(if top % 2 == 0 { 0 } else { top }) << 32;
    ExactSum::from_digits(state)
}

fn carry_in_any_sum<const N: usize>(digits: &[Digit], top: i8, terms: &[Term], limit: f32) -> bool {
    let mut sum = any_sum::<N>(digits, top);
    let mut expected = integer(&sum);
    terms.iter().map(|&Term(term)| term.clamp(-limit, limit)).all(|term| {
        sum.add(term);
        expected += count(f64::from(term));
        integer(&sum) == expected
    })
}

quickcheck! {
    fn a_term_many_times_is_one_product(terms: Vec<(Term, u32, u8)>) -> bool {
        let (mut sum, mut expected) = (TermSum::ZERO, BigInt::from(0));
        for (Term(term), times, shift) in terms {
            let times = u64::from(times) << (shift % 9);
            sum.add_times(term, times);
            expected += count(f64::from(term)) * times;
        }
        integer(&sum) == expected
    }

    fn sums_equal_big_integers(terms: Vec<Term>) -> bool {
        let mut sum = TermSum::ZERO;
        terms.iter().for_each(|&Term(term)| sum.add(term));
        let expected: BigInt = terms.iter().map(|&Term(term)| count(f64::from(term))).sum();
        integer(&sum) == expected && sum.to_f64().to_bits() == nearest_f64(&expected).to_bits()
    }

    fn unit_sums_equal_big_integers(terms: Vec<Term>) -> bool {
        let terms: Vec<f32> = terms.iter().map(|&Term(term)| term.clamp(-4_294_967_296.0, 4_294_967_296.0)).collect();
        let mut sum = UnitSum::ZERO;
        terms.iter().for_each(|&term| sum.add(term));
        let expected: BigInt = terms.iter().map(|&term| count(f64::from(term))).sum();
        integer(&sum) == expected && sum.to_f64().to_bits() == nearest_f64(&expected).to_bits()
    }

    fn probability_sums_equal_big_integers(terms: Vec<Term>) -> bool {
        let terms: Vec<f32> = terms.iter().map(|&Term(term)| term.clamp(-1.0, 1.0)).collect();
        let mut sum = ProbabilitySum::ZERO;
        terms.iter().for_each(|&term| sum.add(term));
        let expected: BigInt = terms.iter().map(|&term| count(f64::from(term))).sum();
        integer(&sum) == expected && sum.to_f64().to_bits() == nearest_f64(&expected).to_bits()
    }

    fn terms_carry_in_any_sum(digits: Vec<Digit>, top: i8, terms: Vec<Term>) -> bool {
        carry_in_any_sum::<3>(&digits, top, &terms, 1.0)
            && carry_in_any_sum::<4>(&digits, top, &terms, 4_294_967_296.0)
            && carry_in_any_sum::<7>(&digits, top, &terms, f32::MAX)
    }

    fn whole_numbers_carry_in_any_sum(digits: Vec<Digit>, top: i8, counts: Vec<Digit>) -> bool {
        let mut sum = any_sum::<4>(&digits, top);
        let expected = counts.iter().fold(integer(&sum), |sum, &Digit(count)| sum + (BigInt::from(count) << 64u32));
        counts.iter().for_each(|&Digit(count)| sum.add_count(count));
        integer(&sum) == expected
    }

    fn f64_terms_equal_big_integers(terms: Vec<(Term, Term)>) -> bool {
        // The sum of two f32 of different size has up to 53 bits. An f64 may be a sum of 2²² of the largest terms.
        let largest = f64::powi(2.0, 150);
        let sum_of = |&(Term(a), Term(b)): &(Term, Term)| {
            let scale = if b < 0.0 { f64::powi(2.0, 22) } else { 1.0 };
            ((f64::from(a) + f64::from(b) * 1e-9) * scale).clamp(-largest, largest)
        };
        let terms: Vec<f64> = terms.iter().map(sum_of).collect();
        let mut sum = TermSum::ZERO;
        terms.iter().for_each(|&term| sum.add_f64(term));
        let expected: BigInt = terms.iter().map(|&term| count(term)).sum();
        integer(&sum) == expected && sum.to_f64().to_bits() == nearest_f64(&expected).to_bits()
    }

    fn differences_are_exact(a: Vec<Term>, b: Vec<Term>) -> bool {
        let of = |terms: &[Term]| {
            let mut sum = TermSum::ZERO;
            terms.iter().for_each(|&Term(term)| sum.add(term));
            sum
        };
        let mut difference = of(&a);
        difference.subtract(&of(&b));
        integer(&difference) == integer(&of(&a)) - integer(&of(&b))
    }

    fn conversion_is_correctly_rounded(digits: Vec<i64>, top: i32) -> bool {
        let mut state = [0; 7];
        for (to, digit) in state.iter_mut().zip(digits) {
            *to = digit & 0xffff_ffff;
        }
        state[6] = i64::from(top);
        let sum = TermSum::from_digits(state);
        sum.to_f64().to_bits() == nearest_f64(&integer(&sum)).to_bits()
    }
}

#[test]
fn ties_of_the_conversion_go_to_even() {
    // 2⁵³ plus a number, in units of 1 and of 2⁻⁶⁴; from 2⁵³ on neighbouring `f64`s differ by 2.
    for (units, rest, expected) in [
        (1, 0, 9_007_199_254_740_992.0),
        (1, 1, 9_007_199_254_740_994.0),
        (2, 0, 9_007_199_254_740_994.0),
        (3, 0, 9_007_199_254_740_996.0),
        (2, 0xffff_ffff, 9_007_199_254_740_994.0),
    ] {
        assert_eq!(TermSum::from_digits([rest, 0, units, 1 << 21, 0, 0, 0]).to_f64(), expected, "{units} and {rest}");
    }
    assert_eq!(TermSum::ZERO.to_f64().to_bits(), 0);
}

/// The sum starts with 2⁴⁰ − 1 of the largest terms, and the last ones are added one by one.
#[test]
fn two_to_the_40_terms_fit() {
    fn near_the_limit<const N: usize>(term: f32) {
        let one = count(f64::from(term));
        let almost: BigInt = &one * ((1u64 << 40) - 1000);
        let mut digits = [0i64; N];
        let mut rest = almost.clone();
        for digit in digits.iter_mut().take(N - 1) {
            let low: BigInt = &rest & BigInt::from(0xffff_ffffu32);
            *digit = low.iter_u64_digits().next().unwrap_or(0) as i64;
            rest >>= 32u32;
        }
        let top: i64 = rest.try_into().expect("the last digit has room");
        digits[N - 1] = top;
        let mut sum = ExactSum::from_digits(digits);
        assert_eq!(integer(&sum), almost);
        for _ in 0..1000 {
            sum.add(term);
        }
        let full = &one * (1u64 << 40);
        assert_eq!(integer(&sum), full);
        assert_eq!(sum.to_f64(), nearest_f64(&full));
        // 2²⁰ states of 2²⁰ terms each add up without carries, to 2⁴⁰ terms.
        let mut sum = ExactSum::<N>::ZERO;
        sum.add_times(term, 1 << 20);
        let digits = sum.digits().map(|digit| digit.checked_mul(1 << 20).expect("room for 2^20 states"));
        assert_eq!(integer(&ExactSum::from_digits(digits)), full);
    }
    near_the_limit::<7>(f32::MAX);
    near_the_limit::<7>(f32::MIN);
    near_the_limit::<4>(4_294_967_296.0);
    near_the_limit::<4>(-4_294_967_296.0);
    near_the_limit::<3>(1.0);
    near_the_limit::<3>(-1.0);
}

/// A term that is too large for any sum.
fn too_large(kind: u8) -> f32 {
    [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN][usize::from(kind % 4)]
}

/// Terms with one too large among them, which arrives in one of three ways.
fn saturated<const N: usize>(before: &[Term], kind: u8, after: &[Term]) -> ExactSum<N> {
    let mut sum = ExactSum::<N>::ZERO;
    let add_all =
        |sum: &mut ExactSum<N>, terms: &[Term]| terms.iter().for_each(|&Term(term)| sum.add(term.clamp(-1.0, 1.0)));
    add_all(&mut sum, before);
    match kind / 4 % 3 {
        0 => sum.add(too_large(kind)),
        1 => sum.add_times(too_large(kind), 1 + u64::from(kind)),
        _ => sum.add_f64(if kind % 2 == 0 { f64::from(too_large(kind)) } else { -1.5e45 }),
    }
    add_all(&mut sum, after);
    (0..u32::from(kind)).for_each(|count| sum.add_count(count << 24));
    sum
}

fn saturation_absorbs<const N: usize>(before: &[Term], kind: u8, after: &[Term]) -> bool {
    let sum = saturated::<N>(before, kind, after);
    let mut finite = ExactSum::<N>::ZERO;
    before.iter().chain(after).for_each(|&Term(term)| finite.add(term.clamp(-1.0, 1.0)));
    let (mut merged, mut other_way, mut less, mut taken) = (sum, finite, sum, finite);
    merged.merge(&finite);
    other_way.merge(&sum);
    less.subtract(&sum);
    taken.subtract(&sum);
    let mut digits = [0; N];
    digits[N - 1] = -(1 << 42);
    let all = [sum, merged, other_way, less, taken, ExactSum::from_digits(sum.digits())];
    !finite.is_saturated()
        && !finite.to_f64().is_nan()
        && all.iter().all(|one| one.is_saturated() && one.to_f64().is_nan() && *one == sum && *one != finite)
        && all.iter().all(|one| one.digits() == digits)
}

/// The element-wise sum of so many states of each.
fn states<const N: usize>(saturated: i64, finite: &ExactSum<N>, others: i64) -> ExactSum<N> {
    let mut digits = finite.digits().map(|digit| digit * others);
    digits[N - 1] += saturated * -(1 << 42);
    ExactSum::from_digits(digits)
}

quickcheck! {
    fn a_term_that_is_too_large_saturates(before: Vec<Term>, kind: u8, after: Vec<Term>) -> bool {
        saturation_absorbs::<3>(&before, kind, &after)
            && saturation_absorbs::<4>(&before, kind, &after)
            && saturation_absorbs::<7>(&before, kind, &after)
    }

    /// Among up to 2²⁰ states, of up to 2⁴⁰ terms of any size.
    fn a_saturated_state_shows_in_a_sum_of_states(term: Term, saturated: u32, others: u32) -> bool {
        let (Term(term), others) = (term, i64::from(others % (1 << 20)));
        let mut finite = TermSum::ZERO;
        finite.add_times(term, 1 << 20);
        let saturated = i64::from(saturated) % ((1 << 20) - others) + 1;
        states(saturated, &finite, others).is_saturated() && !states(0, &finite, others).is_saturated()
    }
}

#[test]
fn the_largest_terms_do_not_saturate() {
    for term in [f32::MAX, f32::MIN] {
        let mut sum = TermSum::ZERO;
        sum.add_times(term, 1 << 40);
        assert!(!sum.is_saturated());
        assert_eq!(sum.to_f64(), f64::from(term) * (1u64 << 40) as f64);
        sum.add(0.0 * term);
        sum.add_f64(f64::from(term));
        assert!(!sum.is_saturated());
        sum.add_times(f32::INFINITY, 0);
        assert!(!sum.is_saturated(), "none of them");
    }
}
