//! Training the last layer: gradients against naive ones, any order and grouping, steps against exact arithmetic.

use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy, PerClass};
use loss_core::extend::{ExactSum, UnitSum};
use loss_core::head::{Head, HeadGradient, Layer, Sgd, StepError};
use loss_core::{Bce, Dice, Focal, Loss, Pointwise, StateError, Tversky};
use num_bigint::BigInt;
use quickcheck::{Arbitrary, Gen, quickcheck};

const F: usize = 3;

/// Features of a pixel and whether it is foreground.
#[derive(Clone, Copy, Debug)]
struct Pixel([i8; F], bool);

impl Arbitrary for Pixel {
    fn arbitrary(g: &mut Gen) -> Self {
        // Many zeros, as after a ReLU.
        let mut feature = || if bool::arbitrary(g) { 0 } else { i8::arbitrary(g) };
        let features = [feature(), feature(), feature()];
        Pixel(features, bool::arbitrary(g))
    }
}

fn layer() -> Layer<F, 1> {
    Layer { weights: [[0.031, -0.0175, 0.0042]], bias: [-0.37] }
}

fn gradient_of(pixels: &[Pixel], all: &[Pixel], layer: &Layer<F, 1>) -> HeadGradient<i8, F, 1> {
    let loss = Bce::new().mean() + 0.5 * Dice::new(1.0).unwrap();
    let mut sums = loss.accumulator();
    sums.extend(all.iter().map(|Pixel(x, target)| (layer.logits(x)[0], *target)));
    let mut gradient = HeadGradient::new(layer, &sums);
    let Ok(total) = sums.finish() else { return gradient };
    let slope = total.gradient();
    for Pixel(x, target) in pixels {
        gradient.push(x, [slope.at((layer.logits(x)[0], *target))]);
    }
    gradient
}

fn state(gradient: &HeadGradient<i8, F, 1>) -> [i64; 17] {
    gradient.state().unwrap()
}

quickcheck! {
    fn any_order_and_grouping(pixels: Vec<Pixel>, devices: u8) -> bool {
        let layer = layer();
        let whole = gradient_of(&pixels, &pixels, &layer);
        let mut reversed = pixels.clone();
        reversed.reverse();
        let devices = usize::from(devices % 5) + 1;
        let mut merged = gradient_of(&[], &reversed, &layer);
        let mut plain = [0; 17];
        for device in (0..devices).rev() {
            let own: Vec<Pixel> = reversed.iter().copied().skip(device).step_by(devices).collect();
            let own = gradient_of(&own, &pixels, &layer);
            merged.merge(&own).unwrap();
            plain.iter_mut().zip(state(&own)).for_each(|(sum, more)| *sum += more);
        }
        let mut loaded = gradient_of(&[], &pixels, &layer);
        loaded.load_state(plain).unwrap();
        assert!(whole == merged && whole == loaded && state(&whole) == state(&merged) && state(&loaded) == state(&whole));

        let sgd = Sgd::new(0.125, 0.9, 1e-3).unwrap();
        let head = Head::new(layer.weights, layer.bias).unwrap();
        let [mut one, mut other] = [head, head];
        assert_eq!(one.step(&whole, &sgd), other.step(&loaded, &sgd));
        one == other && (pixels.is_empty() || one != head)
    }

    fn gradient_by_a_naive_sum(pixels: Vec<Pixel>) -> bool {
        if pixels.is_empty() {
            return true;
        }
        let layer = layer();
        let loss = Bce::new().mean() + 0.5 * Dice::new(1.0).unwrap();
        let mut sums = loss.accumulator();
        sums.extend(pixels.iter().map(|Pixel(x, target)| (layer.logits(x)[0], *target)));
        let slope = sums.finish().unwrap().gradient();
        let (mut expected, mut size) = ([0.0; F + 1], [0.0; F + 1]);
        for Pixel(x, target) in &pixels {
            let g = f64::from(slope.at((layer.logits(x)[0], *target)));
            for ((sum, size), x) in expected.iter_mut().zip(&mut size).zip(x.iter().map(|x| f64::from(*x)).chain([1.0])) {
                *sum += g * x;
                *size += (g * x).abs();
            }
        }
        let gradient = gradient_of(&pixels, &pixels, &layer);
        let ([weights], [bias]) = (gradient.weights(), gradient.bias());
        let n = pixels.len() as f64;
        let found = [weights[0], weights[1], weights[2], bias];
        found.into_iter().zip(expected).zip(size).all(|((found, expected), size): ((f64, f64), f64)| {
            (found - expected).abs() <= n * 2f64.powi(-65) + 1e-15 * size
        })
    }

    fn products_are_rounded_once(a: f32, b: f32, integer: i16) -> bool {
        let small = |x: f32| if x.is_finite() && x.abs() < 60_000.0 { x } else { x.to_bits() as f32 * 2f32.powi(-40) };
        let (a, b) = (small(a), small(b));
        let mut sum = UnitSum::ZERO;
        sum.add_product(a, b);
        assert_eq!(value(&sum), units(a, b), "{a:e} {b:e}");
        let mut sum = UnitSum::ZERO;
        sum.add_product_with_integer(a, integer.into());
        assert_eq!(value(&sum), units(a, integer.into()), "{a:e} {integer}");
        true
    }
}

/// A sum in units of 2⁻⁶⁴.
fn value<const N: usize>(sum: &ExactSum<N>) -> BigInt {
    sum.digits().iter().rev().fold(BigInt::ZERO, |sum, &digit| (sum << 32) + digit)
}

/// a·b in units of 2⁻⁶⁴, half to even.
fn units(a: f32, b: f32) -> BigInt {
    let parts = |x: f32| {
        let exponent = ((x.to_bits() >> 23) & 0xff) as i32;
        let significand = (x.to_bits() & 0x7f_ffff) | if exponent > 0 { 1 << 23 } else { 0 };
        (BigInt::from(significand) * if x < 0.0 { -1 } else { 1 }, exponent.max(1) - 150)
    };
    let ((a, i), (b, j)) = (parts(a), parts(b));
    let (product, shift): (BigInt, i32) = (a * b, i + j + 64);
    if shift >= 0 {
        return product << shift;
    }
    let unit = BigInt::from(1) << -shift;
    let two = BigInt::from(2);
    // The floor of x + ½; at a tie the even one of both.
    let sum: BigInt = &product * 2 + &unit;
    let doubled = &unit * 2;
    let mut floor = &sum / &doubled;
    if sum < BigInt::ZERO && &floor * &doubled != sum {
        floor -= 1;
    }
    let is_tie = &floor * &doubled == sum;
    if is_tie && &floor % &two != BigInt::ZERO { floor - 1 } else { floor }
}

/// At every size of a product: those that vanish, those of the first word, and those that leave the range.
#[test]
fn products_of_any_size() {
    let mut checked = [0; 2];
    for i in (-149..128).step_by(3) {
        for j in (-149..128).step_by(5) {
            let (a, b) = (1.732_050_8 * 2f32.powi(i.max(-148)), -1.618_034 * 2f32.powi(j.max(-148)));
            let mut sum = UnitSum::ZERO;
            sum.add_product(a, b);
            let expected = units(a, b);
            if sum.is_saturated() {
                assert!(expected < -(BigInt::from(1) << 95u32), "{a:e} {b:e}");
                checked[0] += 1;
            } else {
                assert_eq!(value(&sum), expected, "{a:e} {b:e}");
                assert!(expected > -(BigInt::from(1) << 96u32));
                checked[1] += usize::from(expected != BigInt::ZERO);
            }
        }
    }
    assert!(checked[0] > 500 && checked[1] > 500, "{checked:?}");
    for (a, b) in [(f32::NAN, 1.0), (1.0, f32::INFINITY), (0.0, f32::NEG_INFINITY), (f32::NAN, 0.0)] {
        let mut sum = UnitSum::ZERO;
        sum.add_product(a, b);
        assert!(sum.is_saturated(), "{a} {b}");
    }
    let mut sum = ExactSum::<7>::ZERO;
    sum.add_product(f32::MAX, 1.0);
    sum.add_product(f32::MAX, -1.0);
    sum.add_product(0.5, 0.5);
    assert_eq!(sum.to_f64(), 0.25);
    sum.add_product(f32::MAX, 2.0);
    assert!(sum.is_saturated());
}

/// A step of every weight against exact fractions.
#[test]
fn a_step_is_rounded_twice() {
    let mut bits = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        bits.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    let rounded = |number: BigInt, bits: u32| -> BigInt {
        // Half to even, at 2³² or more.
        let floor: BigInt = &number >> bits;
        let rest = number - (&floor << bits);
        let half = BigInt::from(1) << (bits - 1);
        let is_odd = &floor % 2 != BigInt::ZERO;
        if rest > half || (rest == half && is_odd) { floor + 1 } else { floor }
    };
    let mut refused = 0;
    for round in 0..2000 {
        let decay = if round % 3 == 0 { 0.01 } else { 0.0 };
        let sgd = Sgd::new(0.25 / f64::from(1 + round % 7), 0.9, decay).unwrap();
        let in_units = |x: f64| BigInt::from((x * 4_294_967_296.0 + 0.5) as u64);
        let (rate, momentum) = (in_units(0.25 / f64::from(1 + round % 7)), in_units(0.9));
        let integers: Vec<i64> = (0..8).map(|_| random() as i64 >> (17 + random() % 30)).collect();
        let fraction = [0, 7, 16][round as usize % 3];
        let head = Head::<F, 1>::from_state(integers.iter().copied()).unwrap().fraction_bits(fraction).unwrap();
        let layer = head.layer();
        let mut gradient = HeadGradient::<i8, F, 1>::new(&layer, &Bce::new().mean().accumulator());
        let mut state = vec![1];
        let mut slopes = Vec::new();
        for _ in 0..4 {
            // Of few words or many, of either sign; some end in a half.
            let digits = [
                (random() >> 32) as i64 & !0x7fff_ffff,
                (random() >> 32) as i64,
                (random() >> (32 + random() % 32)) as i64 - 3,
                0,
            ];
            let sum = if round % 2 == 0 { [digits[0], digits[1], 0, 0] } else { digits };
            let sum = UnitSum::from_digits(sum);
            slopes.push(value(&sum));
            state.extend(sum.digits());
        }
        gradient.load_state(state).unwrap();
        let mut next = head;
        let outcome = next.step(&gradient, &sgd);
        let mut expected = Vec::new();
        for (i, slope) in slopes.iter().enumerate() {
            let (weight, velocity) = (BigInt::from(integers[i]), BigInt::from(integers[4 + i]));
            let decay = if i < F { in_units(decay) } else { BigInt::ZERO };
            let fraction = if i < F { fraction } else { 0 };
            let velocity = rounded(((&momentum * velocity + decay * &weight) << fraction) + slope, 32 + fraction);
            let weight = rounded((weight << 32u32) - &rate * &velocity, 32);
            expected.push((weight, velocity));
        }
        let limit = BigInt::from(1) << 47u32;
        if expected.iter().any(|(a, b)| a.magnitude() > limit.magnitude() || b.magnitude() > limit.magnitude()) {
            assert_eq!((outcome, next), (Err(StepError::OutOfRange), head));
            refused += 1;
            continue;
        }
        outcome.unwrap();
        let mut found = Vec::new();
        next.for_each_of_state(|integer| found.push(BigInt::from(integer)));
        let (weights, momenta): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
        assert_eq!(found, [weights, momenta].concat());
    }
    assert!((10..1900).contains(&refused), "{refused}");
}

/// The first logits and weights as PyTorch's SGD has them: v = 0.9 v + g, w = w − 0.1 v.
#[test]
fn the_first_steps_by_hand() {
    let mut head = Head::<1, 1>::new([[0.5]], [0.25]).unwrap();
    let sgd = Sgd::new(0.1, 0.9, 0.0).unwrap();
    let (mut w, mut b, mut v) = (0.5, 0.25, [0.0; 2]);
    for g in [0.3f32, -0.125, 0.7] {
        let mut gradient = HeadGradient::<f32, 1, 1>::new(&head.layer(), &Bce::new().mean().accumulator());
        gradient.push(&[2.0], [g]);
        head.step(&gradient, &sgd).unwrap();
        v = [0.9 * v[0] + 2.0 * f64::from(g), 0.9 * v[1] + f64::from(g)];
        (w, b) = (w - 0.1 * v[0], b - 0.1 * v[1]);
        let layer = head.layer();
        assert!((f64::from(layer.weights[0][0]) - w).abs() < 1e-7 && (f64::from(layer.bias[0]) - b).abs() < 1e-7);
    }
    head.reset_momentum();
    let mut state = Vec::new();
    head.for_each_of_state(|integer| state.push(integer));
    assert_eq!(state[2..], [0, 0]);
}

/// The types of features give the same sums where they hold the same numbers.
#[test]
fn features_of_any_type() {
    let layer = layer();
    let sums = Focal::new(2.0).unwrap().sum().accumulator();
    let (mut a, mut b) = (HeadGradient::<i8, F, 1>::new(&layer, &sums), HeadGradient::<f32, F, 1>::new(&layer, &sums));
    let (mut c, mut d) = (HeadGradient::<i16, F, 1>::new(&layer, &sums), HeadGradient::<u8, F, 1>::new(&layer, &sums));
    for (i, g) in [0.3f32, -1e-9, 7.25, f32::MIN_POSITIVE, -0.0].into_iter().enumerate() {
        let x = [i as i8 * 17, 3, 127 - i as i8];
        assert_eq!(layer.logits(&x), layer.logits(&x.map(f32::from)));
        a.push(&x, [g]);
        b.push(&x.map(f32::from), [g]);
        c.push(&x.map(i16::from), [g]);
        d.push(&x.map(|x| x as u8), [g]);
    }
    for state in [b.state::<17>(), c.state(), d.state()] {
        assert_eq!(a.state::<17>(), state);
    }
    let fingerprints = [a.fingerprint(), b.fingerprint(), c.fingerprint(), d.fingerprint()];
    assert!((0..4).all(|i| (0..i).all(|j| fingerprints[i] != fingerprints[j])));
    // The most negative code.
    a.push(&[-128; F], [1.5]);
    b.push(&[-128.0; F], [1.5]);
    assert_eq!(a.state::<17>(), b.state());
}

/// What does not belong together does not merge, and what has no gradient makes no step.
#[test]
fn what_is_wrong_is_refused() {
    let layer = layer();
    let mut sums = Bce::new().mean().accumulator();
    let mut gradient = HeadGradient::<f32, F, 1>::new(&layer, &sums);
    let other_loss = HeadGradient::<f32, F, 1>::new(&layer, &Tversky::new(0.3, 0.7, 1.0).unwrap().accumulator());
    sums.push((1.0, true));
    let other_round = HeadGradient::<f32, F, 1>::new(&layer, &sums);
    let other_weights =
        HeadGradient::<f32, F, 1>::new(&Layer { bias: [0.0], ..layer }, &Bce::new().mean().accumulator());
    for other in [&other_loss, &other_round, &other_weights] {
        assert!(matches!(gradient.merge(other), Err(StateError::OtherLoss { .. })));
        assert!(gradient != *other);
    }

    let mut head = Head::<F, 1>::new(layer.weights, layer.bias).unwrap();
    let (before, sgd) = (head, Sgd::new(0.1, 0.0, 0.0).unwrap());
    assert_eq!(head.layer(), layer, "weights near 0.01 are multiples of 2⁻³² to their last digit but one");
    assert_eq!(head.step(&gradient, &sgd), Err(StepError::NoPixels));
    // A slope of 0 adds nothing, whatever the features.
    gradient.push(&[f32::NAN, f32::INFINITY, 1e38], [0.0]);
    assert_eq!(gradient.pixels(), 1);
    head.step(&gradient, &sgd).unwrap();
    assert_eq!(head, before);
    assert_eq!(head.step(&other_weights, &sgd), Err(StepError::OtherWeights));
    gradient.push(&[1e30, 0.0, 0.0], [1e10]);
    assert!(gradient.weights()[0][0].is_nan() && gradient.weights()[0][1] == 0.0);
    assert_eq!((head.step(&gradient, &sgd), head), (Err(StepError::Saturated), before));

    let mut gradient = HeadGradient::<f32, F, 1>::new(&layer, &Bce::new().mean().accumulator());
    gradient.push(&[1e6, 0.0, 0.0], [1.0]);
    assert_eq!((head.step(&gradient, &sgd), head), (Err(StepError::OutOfRange), before));

    for weight in [f32::NAN, f32::INFINITY, 4e4, -4e4] {
        let error = Head::<2, 1>::new([[0.0, weight]], [0.0]).unwrap_err();
        assert_eq!(error.index, Some(1));
    }
    assert_eq!(Head::<2, 1>::new([[0.0; 2]], [-5e4]).unwrap_err().index, Some(2));
    for (rate, momentum, decay) in [
        (0.0, 0.9, 0.0),
        (f64::NAN, 0.0, 0.0),
        (4e4, 0.0, 0.0),
        (0.1, 1.0, 0.0),
        (0.1, -0.1, 0.0),
        (0.1, 0.9, 1.5),
        (0.1, 0.9, -1e-9),
        (0.1, f64::NAN, 0.0),
    ] {
        assert!(Sgd::new(rate, momentum, decay).is_err(), "{rate} {momentum} {decay}");
    }
    for state in [vec![0; 7], vec![0; 9], vec![0, 0, 0, 0, 0, 0, 0, 1 << 48]] {
        assert!(Head::<F, 1>::from_state(state).is_err());
    }
    let states = [vec![0; 16], vec![0; 18], [vec![-1], vec![0; 16]].concat(), [vec![1, -1], vec![0; 15]].concat()];
    for state in states {
        assert!(gradient.load_state(state).is_err());
    }
    assert_eq!(gradient.pixels(), 1);
}

/// Several classes: a step against the gradient lowers the loss, and a device at a time gives the bits of all.
#[test]
fn several_classes() {
    let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap());
    let pixels: Vec<([u8; 2], u8)> =
        (0..90u8).map(|i| ([i.wrapping_mul(29) % 50 + 60 * (i % 3), i % 7], i % 3)).collect();
    let mut head = Head::<2, 3>::new([[0.0; 2]; 3], [0.0; 3]).unwrap().fraction_bits(6).unwrap();
    let sgd = Sgd::new(0.25, 0.9, 0.0).unwrap();
    let mut last = f64::INFINITY;
    for _ in 0..30 {
        let layer = head.layer();
        let mut sums = loss.class_accumulator();
        sums.extend(pixels.iter().map(|(x, label)| (layer.logits(x), *label)));
        let total = sums.finish().unwrap();
        let slope = total.gradient();
        let mut whole = HeadGradient::new(&layer, &sums);
        let mut devices: Vec<_> = (0..7).map(|_| HeadGradient::new(&layer, &sums)).collect();
        for (i, (x, label)) in pixels.iter().enumerate() {
            let slopes = slope.at((layer.logits(x), *label));
            whole.push(x, slopes);
            devices[i % 7].push(x, slopes);
        }
        let mut merged = HeadGradient::new(&layer, &sums);
        devices.iter().for_each(|device| merged.merge(device).unwrap());
        assert!(merged == whole && whole.state_length() == 1 + 4 * 9);
        head.step(&merged, &sgd).unwrap();
        last = total.value().min(last);
    }
    assert!(last < 0.8 * (3f64.ln() + 2.0 / 3.0), "{last}");
}

/// Codes with fraction bits train as the numbers that they stand for.
#[test]
fn fraction_bits_are_a_scale_of_the_features() {
    let codes = Head::<2, 1>::new([[0.5, -1.25]], [0.125]).unwrap().fraction_bits(5).unwrap();
    let numbers = Head::<2, 1>::new([[0.5, -1.25]], [0.125]).unwrap();
    let (mut one, mut other) = (codes, numbers);
    let sgd = Sgd::new(0.25, 0.875, 0.0).unwrap();
    let sums = Bce::new().mean().accumulator();
    for round in 0..5i8 {
        let code = [40 - round * 9, -17 + round];
        let number = code.map(|code| f32::from(code) / 32.0);
        assert_eq!(one.layer().logits(&code), other.layer().logits(&number));
        let mut a = HeadGradient::<i8, 2, 1>::new(&one.layer(), &sums);
        let mut b = HeadGradient::<f32, 2, 1>::new(&other.layer(), &sums);
        a.push(&code, [0.375]);
        b.push(&number, [0.375]);
        one.step(&a, &sgd).unwrap();
        other.step(&b, &sgd).unwrap();
        let [mut x, mut y] = [Vec::new(), Vec::new()];
        one.for_each_of_state(|integer| x.push(integer));
        other.for_each_of_state(|integer| y.push(integer));
        assert_eq!(x, y);
    }
    assert!(codes.fraction_bits(17).is_err());
}

/// The state of a head comes back.
#[test]
fn a_head_is_stored() {
    let head = Head::<F, 1>::new([[1.5, -2.25, 1e-3]], [32768.0]).unwrap();
    let mut state = Vec::new();
    head.for_each_of_state(|integer| state.push(integer));
    assert_eq!(state, [3 << 31, -9 << 30, 4_294_968, 1 << 47, 0, 0, 0, 0]);
    assert_eq!(Head::from_state(state), Ok(head));
}

/// Any integers: what loads is a state that loads again, and a step from it is taken or refused.
#[test]
fn hostile_states() {
    let mut bits = 88_172_645_463_325_252u64;
    let mut random = move || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        bits.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    let layer = layer();
    let head = Head::<F, 1>::new(layer.weights, layer.bias).unwrap();
    let empty = HeadGradient::<i8, F, 1>::new(&layer, &Bce::new().mean().accumulator());
    let sgd = Sgd::new(0.01, 0.9, 0.1).unwrap();
    let [mut loaded, mut stepped, mut saturated, mut too_far] = [0; 4];
    for _ in 0..20_000 {
        let wild = random() % 3 == 0;
        let state: Vec<i64> = (0..17)
            .map(|place| match random() % 6 {
                0 => 0,
                1 if place % 4 != 0 && place % 4 != 3 => (random() >> 32) as i64,
                2 if place % 4 == 0 && place > 0 => -((random() >> (24 + random() % 39)) as i64),
                3 if wild && place % 4 == 0 => -(1 << 42),
                4 if wild => random() as i64,
                _ if place % 4 == 0 && place > 0 => -((random() >> 63) as i64),
                _ => (random() >> 50) as i64,
            })
            .collect();
        let mut gradient = empty.clone();
        if gradient.load_state(state).is_err() {
            assert!(gradient == empty);
            continue;
        }
        loaded += 1;
        let normal: [i64; 17] = gradient.state().unwrap();
        let mut again = empty.clone();
        again.load_state(normal).unwrap();
        assert!(again == gradient && again.state() == Ok(normal));
        again.merge(&gradient).unwrap();
        let mut next = head;
        match next.step(&gradient, &sgd) {
            Ok(()) => stepped += 1,
            Err(StepError::Saturated) => saturated += 1,
            Err(StepError::OutOfRange) => too_far += 1,
            Err(StepError::NoPixels) => assert_eq!(gradient.pixels(), 0),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        loaded > 1000 && stepped > 100 && saturated > 20 && too_far > 100,
        "{loaded} {stepped} {saturated} {too_far}"
    );
}
