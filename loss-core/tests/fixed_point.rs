//! q7 and q15 numbers, and states as unsigned numbers.

use loss_core::aggregation::{self, AggregationError, BITS, MOST_DEVICES};
use loss_core::fixed_point::{shift_for, to_q7, to_q15};
use loss_core::{Bce, Dice, Histogram, Loss, Pointwise, Quantisation};
use quickcheck::quickcheck;

/// The nearest integer, half to even, by `f64`.
fn nearest(x: f64) -> f64 {
    x.round_ties_even()
}

quickcheck! {
    fn rounded_half_to_even(bits: u32, shift: i8, fraction: u8) -> bool {
        for number in [f32::from_bits(bits), f32::from(fraction) * 0.03125 - 4.0, f32::from(fraction) * 0.001953125 - 0.25] {
            let shift = i32::from(shift);
            let exact = |power: i32| if number.is_nan() { 0.0 } else { nearest(f64::from(number) * 2f64.powi(power)) };
            assert_eq!(f64::from(to_q7(number, shift)), exact(7 + shift).clamp(-128.0, 127.0), "{number:e} {shift}");
            assert_eq!(f64::from(to_q15(number, shift)), exact(15 + shift).clamp(-32768.0, 32767.0), "{number:e} {shift}");
            let found = shift_for(number);
            if number.is_finite() && number != 0.0 && found < 126 {
                let largest = f64::from(number).abs() * 2f64.powi(found);
                assert!((0.5..1.0).contains(&largest), "{number:e} {found}");
            }
        }
        true
    }

    fn integers_come_back(integers: Vec<i64>, devices: u32) -> bool {
        let integers: Vec<i64> = integers.iter().map(|integer| integer >> 23).collect();
        let _ = devices;
        if integers.is_empty() {
            return true;
        }
        let sum: u128 = integers.iter().map(|&integer| {
            let number = aggregation::encode(integer).unwrap();
            assert!(number < 1 << BITS);
            u128::from(number)
        }).sum();
        aggregation::decode(sum, integers.len() as u32) == Ok(integers.iter().sum())
    }
}

#[test]
fn the_ends_and_what_is_no_number() {
    assert_eq!([f32::INFINITY, f32::NEG_INFINITY, f32::NAN].map(|x| to_q7(x, 0)), [127, -128, 0]);
    assert_eq!([1.0, -1.0, 0.99, -0.0].map(|x| to_q15(x, 0)), [32767, -32768, 32440, 0]);
    // Subnormal numbers, and shifts beyond any use.
    assert_eq!([1e-45, -1e-45, 3e-45].map(|x| to_q15(x, 134)), [1, -1, 2]);
    assert_eq!([i32::MAX, 500, -500, i32::MIN].map(|shift| to_q7(1e-45, shift)), [127, 127, 0, 0]);
    assert_eq!(
        [shift_for(0.0), shift_for(1e-45), shift_for(f32::INFINITY), shift_for(f32::MAX)],
        [126, 126, -128, -128]
    );
    assert_eq!([shift_for(0.75), shift_for(-0.75), shift_for(1.0), shift_for(0.25)], [0, 0, -1, 1]);
}

/// No field wraps: the largest sum is below 2⁶², and every state with a value is in range.
#[test]
fn the_field_is_large_enough() {
    const FIELD_OF_64_BITS: u128 = 0xffff_ffff_0000_0001;
    let largest = u128::from(MOST_DEVICES) * ((1 << BITS) - 1);
    assert!(largest < 1 << 62);
    assert!(largest < FIELD_OF_64_BITS);
    let ends = [-(1i64 << 40), 1 << 40, 0, 0xffff_ffff, -1].map(|end| aggregation::encode(end).unwrap());
    assert!(ends.iter().all(|&number| number < 1 << BITS), "{ends:?}");
    for beyond in [(1 << 40) + 1, -(1 << 40) - 1, -(1 << 42), i64::MAX, i64::MIN] {
        assert_eq!(aggregation::encode(beyond), Err(AggregationError::Integer(beyond)));
    }
    for devices in [0, MOST_DEVICES + 1] {
        assert_eq!(aggregation::decode(5, devices), Err(AggregationError::Devices(devices)));
    }
    for sum in [3 << BITS, u128::MAX] {
        assert_eq!(aggregation::decode(sum, 3), Err(AggregationError::Sum(sum)));
    }
    // As many devices as there may be, with the lowest and the highest integers.
    for end in [-(1i64 << 40), 1 << 40] {
        let sum = u128::from(aggregation::encode(end).unwrap()) * u128::from(MOST_DEVICES);
        assert_eq!(aggregation::decode(sum, MOST_DEVICES), Ok(end << 20));
    }
}

/// Devices with sums of either sign; one that has no value is found before it spoils the others.
#[test]
fn states_are_added_in_a_field() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let (mut whole, mut total, mut devices) = (loss.counting_accumulator(), [0u128; 23], 0);
    for device in 0..50 {
        let mut sums = loss.counting_accumulator();
        let pixels = (0..20).map(|i| ((i * 37 % 41) as f32 * 0.3 - 6.0 - device as f32 * 0.05, (i + device) % 3 == 0));
        sums.extend(pixels.clone());
        whole.extend(pixels);
        for (sum, integer) in total.iter_mut().zip(sums.state::<23>().unwrap()) {
            *sum += u128::from(aggregation::encode(integer).unwrap());
        }
        devices += 1;
    }
    let mut decoded = loss.counting_accumulator();
    decoded.load_state(total.map(|sum| aggregation::decode(sum, devices).unwrap())).unwrap();
    assert!(decoded == whole && decoded.value() == whole.value());

    let mut spoiled = loss.accumulator();
    spoiled.push((3e38, false, 100.0));
    let mut refused = 0;
    spoiled.for_each_of_state(|integer| refused += u32::from(aggregation::encode(integer).is_err()));
    assert_eq!(refused, 1);
}

#[test]
fn tables_of_q7_and_q15_are_those_of_the_gradient() {
    let quantisation = Quantisation::new(0.0625, 3).unwrap();
    let mut histogram = Histogram::<i8>::new(quantisation);
    histogram.extend_codes(&[40i8, -20, 35, -70, 10, -90], &[1u8, 0, 1, 0, 1, 0]).unwrap();
    let total = histogram.accumulator(&(Bce::new().mean() + Dice::new(1.0).unwrap())).finish().unwrap();
    let gradient = total.gradient();
    let table = histogram.gradient_table(|pixel| gradient.at(pixel));
    let ((q7, shift), (q15, same)) = (table.to_q7(), table.to_q15());
    assert_eq!(shift, same);
    let mut largest = 0;
    for code in i8::MIN..=i8::MAX {
        for target in [0u8, 1] {
            let slope = table.at(code, target);
            let (small, large) =
                (q7[usize::from(target)][usize::from(code as u8)], q15[usize::from(target)][usize::from(code as u8)]);
            assert_eq!((small, large), (to_q7(slope, shift), to_q15(slope, shift)));
            largest = largest.max(large.unsigned_abs());
        }
    }
    assert!((16384..=32768).contains(&largest), "{largest}");
}
