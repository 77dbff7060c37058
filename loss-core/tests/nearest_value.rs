//! The value in integers is the `f32` nearest to the exact one, for sums of pixels and for any sums that load.

mod common;

use common::{Px, samples};
use loss_core::extend::{ExactValue, Link, SharedSums};
use loss_core::{Accumulator, Bce, Denominator, Dice, EmptyMask, FinishError, Focal, Iou, Loss, Pointwise, Poly1};
use num_bigint::{BigInt, BigUint, Sign};
use quickcheck::quickcheck;

/// A fraction, its denominator above 0.
#[derive(Clone)]
struct Fraction(BigInt, BigInt);

impl Fraction {
    fn plus(self, Self(more, by): Self) -> Self {
        Self(self.0 * &by + more * &self.1, self.1 * by)
    }

    /// The nearest `f32`, ties to even, by comparing with the points half way between neighbours.
    fn nearest(&self) -> f32 {
        let magnitude = Self(BigInt::from(self.0.magnitude().clone()), self.1.clone());
        // By bisection over the bits: the largest f32 that is not above the fraction.
        let (mut low, mut high) = (0u32, f32::INFINITY.to_bits());
        while high - low > 1 {
            let middle = (low + high) / 2;
            if magnitude.is_below(&exact(f32::from_bits(middle).into())) { high = middle } else { low = middle }
        }
        let (under, over) = (exact(f32::from_bits(low).into()), f32::from_bits(high));
        let bits = if over.is_infinite() {
            low
        } else {
            // Twice the fraction against the sum of the neighbours.
            let sum = under.plus(exact(over.into()));
            let twice = Fraction(&magnitude.0 * 2, magnitude.1.clone());
            let is_up = sum.is_below(&twice) || (!twice.is_below(&sum) && low % 2 == 1);
            low + u32::from(is_up)
        };
        f32::from_bits(bits) * if self.0.sign() == Sign::Minus { -1.0 } else { 1.0 }
    }

    fn is_below(&self, other: &Self) -> bool {
        &self.0 * &other.1 < &other.0 * &self.1
    }
}

/// Of a number of `f64`, exactly.
fn exact(number: f64) -> Fraction {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let significand = (bits & ((1 << 52) - 1)) | if exponent > 0 { 1 << 52 } else { 0 };
    let shift = exponent.max(1) - 1075;
    let signed = BigInt::from(significand) * if number < 0.0 { -1 } else { 1 };
    if shift >= 0 { Fraction(signed << shift, 1.into()) } else { Fraction(signed, BigInt::from(1) << -shift) }
}

/// A parameter in units of 2⁻⁶⁴, halves away from 0.
fn units(number: f64) -> BigInt {
    let Fraction(above, below) = exact(number.abs());
    let magnitude: BigInt = ((above << 65) + &below) / (below * 2u8);
    if number < 0.0 { -magnitude } else { magnitude }
}

/// The sum of the digits of a state from a place on.
fn sum(state: &[i64], at: usize, digits: usize) -> BigInt {
    state[at..at + digits].iter().rev().fold(BigInt::ZERO, |sum, &digit| (sum << 32) + digit)
}

/// 1 − score of a state's soft confusion.
fn region(state: &[i64], [at, digits]: [usize; 2], scale: u8, smooth: [f64; 2]) -> Fraction {
    let [tp, fp, fn_] = [0, 1, 2].map(|i| sum(state, at + i * digits, digits));
    let [above, below] = smooth.map(units);
    let (overlap, errors) = (tp * scale, fp + fn_ + &below);
    let denominator = &overlap + &errors;
    if denominator > BigInt::ZERO { Fraction(errors - above, denominator) } else { Fraction(1.into(), 1.into()) }
}

const WEIGHTED: [usize; 2] = [10, 4];
const COUNTED: [usize; 2] = [4, 3];

fn state_of<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = vec![0; sums.state_length()];
    sums.write_state(&mut state).unwrap();
    state
}

/// The same number, or next to it; −0 is 0.
fn is_near(a: f32, b: f32) -> bool {
    a == b || a.to_bits().abs_diff(b.to_bits()) <= 1 || (a - b).abs() <= f32::MIN_POSITIVE
}

fn check<L: ExactValue, C: SharedSums>(
    sums: &Accumulator<L, loss_core::Logits, C>,
    expected: &Fraction,
    in_f64: bool,
) -> bool {
    let (given, nearest) = (sums.nearest_value().unwrap(), expected.nearest());
    assert_eq!(given, nearest, "{}", sums.value().unwrap());
    if in_f64 {
        let value = sums.value().unwrap() as f32;
        assert!(is_near(given, value), "{given:e}, in f64 {value:e}");
    }
    true
}

fn all_of(pixels: &[Px], smooth: f64) -> bool {
    let valid = pixels.iter().any(|Px(_, _, weight)| *weight != 0.0);
    if !valid {
        return true;
    }
    let loss = Bce::new().mean() + Dice::new(smooth).unwrap();
    let mut sums = loss.accumulator();
    sums.extend(samples(pixels));
    let state = state_of(&sums);
    let bce = Fraction(sum(&state, 34, 7), sum(&state, 6, 4));
    check(&sums, &bce.clone().plus(region(&state, WEIGHTED, 2, [smooth; 2])), true);

    let loss = Focal::new(1.5).unwrap().mean_over_pixels()
        + Iou::new(0.25).unwrap().smooth(0.5, smooth).unwrap()
        + Poly1::new(-0.75).unwrap().over(Denominator::Fixed(-700.1))
        + Bce::new().over(Denominator::WeightPlus(smooth));
    let mut sums = loss.accumulator();
    sums.extend(samples(pixels));
    let state = state_of(&sums);
    let region = region(&state, WEIGHTED, 1, [0.5, smooth]);
    let fixed = Fraction(-sum(&state, 41, 7), -units(-700.1));
    let plus = Fraction(sum(&state, 48, 7), sum(&state, 6, 4) + units(smooth));
    let pixels = Fraction(sum(&state, 34, 7), BigInt::from(state[0] + state[1]) << 64);
    check(&sums, &pixels.plus(region).plus(fixed).plus(plus), false)
}

quickcheck! {
    fn any_pixels(pixels: Vec<Px>) -> bool {
        all_of(&pixels, 1e-5) && all_of(&pixels, 1.0) && all_of(&pixels, 0.0)
    }

    fn any_counted_pixels(pixels: Vec<(f32, bool)>) -> bool {
        let pixels: Vec<_> = pixels.into_iter().filter(|(logit, _)| logit.is_finite()).collect();
        if pixels.is_empty() {
            return true;
        }
        let mut sums = (Bce::new().mean() + Dice::new(1e-5).unwrap()).counting_accumulator();
        sums.extend(pixels.iter().copied());
        let Ok(_) = sums.value() else { return sums.nearest_value() == Err(FinishError::Saturated) };
        let state = state_of(&sums);
        let bce = Fraction(sum(&state, 16, 7), BigInt::from(state[0]) << 64);
        check(&sums, &bce.plus(region(&state, COUNTED, 2, [1e-5; 2])), true)
    }
}

/// Sums of any size, as a state may hold them: quotients from far below the smallest `f32` to far above the largest, of either sign.
#[test]
fn any_sums_that_load() {
    let mut bits = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        bits.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    let loss = Poly1::new(-0.75).unwrap().mean() + Dice::new(2.5).unwrap();
    let mut sums = loss.counting_accumulator();
    let (mut subnormal, mut negative, mut huge, mut usual) = (0, 0, 0, 0);
    for _ in 0..20_000 {
        let mut digits = |count: usize, most: u32| {
            let used = random() as usize % (count + 1);
            let mut digits: Vec<i64> = (0..count).map(|i| if i < used { (random() >> 32) as i64 } else { 0 }).collect();
            if used == count {
                digits[count - 1] = (random() >> (64 - 1 - random() % u64::from(most))) as i64;
            }
            digits
        };
        let mut state = vec![1 + digits(1, 50)[0], 0, 0, 0];
        (0..3).for_each(|_| state.extend(digits(3, 40)));
        state.extend([0; 3]);
        let mut term = digits(7, 40);
        let is_negative = random() % 4 == 0;
        if is_negative {
            term.iter_mut().for_each(|digit| *digit = -*digit);
            let carried = loss_core::extend::TermSum::from_digits(term.clone().try_into().unwrap());
            term = carried.digits().to_vec();
        }
        state.extend(term);
        sums.load_state(state.iter().copied()).unwrap();
        let bce = Fraction(sum(&state, 16, 7), BigInt::from(state[0]) << 64);
        let expected = bce.plus(region(&state, COUNTED, 2, [2.5; 2]));
        check(&sums, &expected, false);
        let nearest = expected.nearest();
        subnormal += usize::from(nearest.abs() < 1e-12);
        negative += usize::from(nearest < 0.0);
        huge += usize::from(nearest.abs() == f32::MAX);
        usual += usize::from((1e-3..1e3).contains(&nearest));
    }
    assert!(negative > 1000 && usual > 1000, "{subnormal} {negative} {huge} {usual}");
}

/// Small quotients, for which the sum of the losses has few digits: weights as large as they may be.
#[test]
fn numbers_below_the_smallest_normal_one() {
    let loss = Bce::new().mean();
    let mut sums = loss.accumulator();
    let mut tested = 0;
    for weight in (0..60).map(|i| 1i64 << i) {
        for term in (0..200).map(|i| i * 7 + 1) {
            let mut state = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, weight];
            state.extend([0; 24]);
            state.extend([term, 0, 0, 0, 0, 0, 0]);
            sums.load_state(state.iter().copied()).unwrap();
            let expected = Fraction(BigInt::from(BigUint::from(term as u64)), BigInt::from(weight) << 96);
            assert_eq!(sums.nearest_value().unwrap().to_bits(), expected.nearest().to_bits(), "{term}/{weight}");
            tested += usize::from(expected.nearest() < f32::MIN_POSITIVE);
        }
    }
    assert!(tested > 1000, "{tested}");
}

#[test]
fn empty_masks_and_errors_are_those_of_the_value() {
    for smooth in [0.0, 1.0] {
        for empty in [EmptyMask::Formula, EmptyMask::Zero, EmptyMask::One] {
            let dice = Dice::new(smooth).unwrap().empty_mask(empty);
            for pixels in [vec![(-3.0, false), (0.3, false)], vec![(-200.0, false)], vec![(-1.5, true), (2.0, false)]] {
                let (mut one, mut other) = (dice.accumulator(), dice.counting_accumulator());
                one.extend(pixels.iter().copied());
                other.extend(pixels.iter().copied());
                let expected = one.value().unwrap() as f32;
                assert!(is_near(one.nearest_value().unwrap(), expected), "{dice:?}, {pixels:?}");
                assert_eq!(one.nearest_value(), other.nearest_value());
            }
        }
    }
    let mut sums = Dice::new(1.0).unwrap().accumulator();
    assert_eq!(sums.nearest_value(), Err(FinishError::NoPixels));
    sums.push((f32::NAN, true));
    sums.push((1.0, true));
    assert_eq!(sums.nearest_value().map_err(Some), sums.value().map(|_| 0.0).map_err(Some));
    let refused = Err(FinishError::NotInIntegers);
    for dice in [Dice::new(1.2e12).unwrap(), Dice::new(1.0).unwrap().floor(0.5).unwrap()] {
        let mut sums = dice.accumulator();
        sums.push((1.0, true));
        assert_eq!(sums.nearest_value(), refused);
    }
    // 1e-20 leaves nothing on the grid.
    for (number, expected) in [(1e12, None), (2e12, Some(refused)), (1e-20, Some(refused)), (-1e-300, Some(refused))] {
        let mut sums = Bce::new().over(Denominator::Fixed(number)).accumulator();
        sums.push((1.0, true));
        let found = sums.nearest_value();
        assert!(expected.map_or(found.is_ok(), |expected| found == expected), "{number}: {found:?}");
    }
}
