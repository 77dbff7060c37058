//! `ExactSum` against big integers.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use loss_core::extend::ExactSum;
use num_bigint::BigInt;

fuzz_target!(|data: &[u8]| {
    // Too few bytes make no case.
    let _ = case(&mut Unstructured::new(data));
});

/// The number of bits below a whole unit in a sum.
const GRID_BITS: i64 = 64;

fn case(bytes: &mut Unstructured) -> Result<()> {
    match bytes.int_in_range(3..=7)? {
        3 => check::<3>(bytes, 1.0),
        4 => check::<4>(bytes, 4_294_967_296.0),
        5 => check::<5>(bytes, 4_294_967_296.0),
        6 => check::<6>(bytes, 4_294_967_296.0),
        _ => check::<7>(bytes, f32::MAX),
    }
}

/// Adds terms up to a largest one to a sum and to an integer, as the bytes say, and compares them.
fn check<const N: usize>(bytes: &mut Unstructured, largest: f32) -> Result<()> {
    let (mut sum, mut integer) = (ExactSum::<N>::ZERO, BigInt::ZERO);
    while !bytes.is_empty() {
        match bytes.int_in_range(0..=7)? {
            0..=2 => {
                let term = term(bytes, largest)?;
                sum.add(term);
                integer += on_grid(term.into());
            }
            3 => {
                let (term, times) = (term(bytes, largest)?, bytes.arbitrary::<u32>()?.into());
                sum.add_times(term, times);
                integer += on_grid(term.into()) * times;
            }
            4 => {
                let term = within(bytes.arbitrary()?, largest.into());
                sum.add_f64(term);
                integer += on_grid(term);
            }
            5 => {
                let count = bytes.arbitrary()?;
                sum.add_count(count);
                integer += BigInt::from(count) << GRID_BITS;
            }
            6 => {
                let (mut other, term) = (ExactSum::<N>::ZERO, term(bytes, largest)?);
                other.add(term);
                if bytes.arbitrary()? {
                    sum.merge(&other);
                    integer += on_grid(term.into());
                } else {
                    sum.subtract(&other);
                    integer -= on_grid(term.into());
                }
            }
            _ => {
                let digits = sum.digits();
                sum = ExactSum::from_digits(digits);
                assert_eq!(sum.digits(), digits);
            }
        }
    }
    let digits = sum.digits();
    let read = digits.iter().rev().fold(BigInt::ZERO, |high, &digit| (high << 32) + digit);
    assert_eq!(read, wrapped(integer, 32 * (N as u32 + 1)));
    check_nearest(&read, sum.to_f64());
    Ok(())
}

/// The integer modulo 2^bits, as a number in two's complement. A sum has room for 2⁴⁰ terms, and the fuzzer may give it more.
fn wrapped(integer: BigInt, bits: u32) -> BigInt {
    let (modulus, half) = (BigInt::from(1) << bits, BigInt::from(1) << (bits - 1));
    let positive = ((integer % &modulus) + &modulus) % &modulus;
    if positive >= half { positive - modulus } else { positive }
}

fn term(bytes: &mut Unstructured, largest: f32) -> Result<f32> {
    let term = if bytes.arbitrary()? { loss_fuzz::number(bytes)? } else { f32::from_bits(bytes.arbitrary()?) };
    Ok(within(term.into(), largest.into()) as f32)
}

fn within(term: f64, largest: f64) -> f64 {
    if term.is_nan() { largest } else { term.clamp(-largest, largest) }
}

/// The significand and the exponent of |number| = significand·2^exponent.
fn parts(number: f64) -> (u64, i64) {
    let (exponent, fraction) = ((number.to_bits() >> 52) & 0x7ff, number.to_bits() & ((1 << 52) - 1));
    let hidden = if exponent == 0 { 0 } else { 1 << 52 };
    (fraction | hidden, exponent.max(1) as i64 - 1023 - 52)
}

/// The number in units of the grid, rounded to the nearest integer, ties to even.
fn on_grid(number: f64) -> BigInt {
    let (significand, exponent) = parts(number);
    let shift = exponent + GRID_BITS;
    let magnitude = if shift >= 0 {
        BigInt::from(significand) << shift
    } else {
        let divisor = BigInt::from(1) << -shift;
        let significand = BigInt::from(significand);
        let (floor, rest) = (&significand / &divisor, &significand % &divisor);
        let up = match (rest << 1u8).cmp(&divisor) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => floor.bit(0),
            std::cmp::Ordering::Greater => true,
        };
        floor + u8::from(up)
    };
    if number.is_sign_negative() { -magnitude } else { magnitude }
}

/// Checks that the number is the `f64` nearest to the integer in units of the grid, ties to even.
fn check_nearest(integer: &BigInt, number: f64) {
    assert!(number.is_finite());
    let magnitude = BigInt::from(integer.magnitude().clone());
    assert_eq!(number.is_sign_negative(), *integer < BigInt::ZERO, "{integer} is {number}");
    let (significand, exponent) = parts(number);
    let shift = exponent + GRID_BITS;
    if shift < 0 {
        // Below 2⁵³ units: exact.
        assert_eq!(BigInt::from(significand), magnitude << -shift, "{number}");
        return;
    }
    let twice_off = ((BigInt::from(significand) << shift) - magnitude) << 1u8;
    let unit = BigInt::from(1) << shift;
    match BigInt::from(twice_off.magnitude().clone()).cmp(&unit) {
        std::cmp::Ordering::Less => {}
        std::cmp::Ordering::Equal => assert!(significand % 2 == 0, "{integer} is {number}"),
        std::cmp::Ordering::Greater => panic!("{integer} is {number}"),
    }
}
