//! Bad input is counted and never absorbed, with every loss and at every place.

mod common;

use std::collections::BTreeSet;

use common::{Entry, Px, Visitor, every_loss, samples};
use loss_core::class::{ClassPlane, ClassPlaneError, CrossEntropy, Layout, PerClass, WassersteinDice, WeightMode};
use loss_core::extend::AnyOverlap;
use loss_core::sorted::{HardMining, SortedError, TopK};
use loss_core::{
    Accumulator, AnyLoss, AsymmetricFocalTversky, BalancedBce, Bce, Denominator, Dice, EmptyImage, EmptyMask,
    ExponentialLogCrossEntropy, FinishError, Focal, FocalTversky, Iou, LengthError, LogCoshDice, LogDice, Loss, Mcc,
    Parameter, Plane, Pointwise, Poly1, Probabilities, Reason, Reduced, RejectedPixel, Tversky,
};
use quickcheck::{Arbitrary, Gen};

const BAD: [((f32, f32, f32), Reason); 12] = [
    ((f32::NAN, 1.0, 1.0), Reason::Input),
    ((f32::INFINITY, 0.0, 1.0), Reason::Input),
    ((f32::NEG_INFINITY, 0.5, 1.0), Reason::Input),
    // The order of checks is input, target, weight.
    ((f32::NAN, f32::NAN, f32::NAN), Reason::Input),
    ((0.5, f32::NAN, f32::NAN), Reason::Target),
    ((0.5, -0.001, 1.0), Reason::Target),
    ((0.5, 1.0001, 1.0), Reason::Target),
    ((0.5, 255.0, 1.0), Reason::Target),
    ((0.5, 1.0, -1.0), Reason::Weight),
    ((0.5, 1.0, f32::NAN), Reason::Weight),
    ((0.5, 1.0, 1e-10), Reason::Weight),
    ((0.5, 1.0, 4.3e9), Reason::Weight),
];

struct Bad;

impl Visitor for Bad {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let name = entry.name;
        let mut g = Gen::new(20);
        for (bad, reason) in BAD {
            let good: Vec<Px> = [Px(0.25, 1.0, 1.0)].into_iter().chain(Vec::arbitrary(&mut g)).collect();
            let mut clean = loss.accumulator();
            samples(&good).for_each(|pixel| clean.push(pixel));
            let at = usize::arbitrary(&mut g) % (good.len() + 1);
            let mut sums = loss.accumulator();
            samples(&good[..at]).for_each(|pixel| sums.push(pixel));
            sums.push(bad);
            samples(&good[at..]).for_each(|pixel| sums.push(pixel));

            let first = RejectedPixel { index: at as i64, reason };
            assert_eq!(sums.first_rejected(), Some(first), "{name}: {bad:?}");
            match sums.finish() {
                Err(FinishError::Rejected { counts, first: found }) => {
                    assert_eq!((counts.rejected(), found), (1, Some(first)), "{name}");
                    let by_reason = [counts.rejected_inputs, counts.rejected_targets, counts.rejected_weights];
                    assert_eq!(by_reason[reason as usize], 1, "{name}: {bad:?}");
                    assert_eq!(counts.pixels() as usize, good.len() + 1);
                }
                other => panic!("{name}: {bad:?} gave {other:?}"),
            }
            let (rest, expected) = (sums.finish_valid().unwrap(), clean.finish().unwrap());
            assert_eq!(rest.value().to_bits(), expected.value().to_bits(), "{name}: {bad:?} left a trace");
            assert_eq!(
                (rest.soft(), rest.hard(), rest.weight()),
                (expected.soft(), expected.hard(), expected.weight())
            );
            assert_eq!(rest.gradient().at(bad), 0.0, "{name}: a rejected pixel has no gradient");

            // Positions do not survive a merge; counts do.
            sums.merge(&clean).unwrap();
            assert_eq!(sums.first_rejected(), None);
            assert_eq!(sums.counts().rejected(), 1);
            sums.reset();
            assert_eq!(sums, loss.accumulator(), "{name}: reset");
        }
        let none = loss.accumulator();
        assert!(matches!(none.finish(), Err(FinishError::NoPixels)), "{name}");
        assert!(matches!(none.finish_valid(), Err(FinishError::NoPixels)), "{name}");
        let mut ignored = loss.accumulator();
        ignored.push((f32::NAN, 9.0, 0.0));
        assert!(matches!(ignored.finish(), Err(FinishError::NoValidPixels(counts)) if counts.ignored == 1), "{name}");
        let mut rejected = loss.accumulator();
        rejected.push((f32::NAN, 1.0));
        assert!(matches!(rejected.finish(), Err(FinishError::Rejected { .. })), "{name}");
        assert!(matches!(rejected.finish_valid(), Err(FinishError::NoValidPixels(_))), "{name}");
    }
}

#[test]
fn is_counted_by_every_loss() {
    every_loss(&mut Bad);
}

/// Any finite logit, target and weight in range give finite sums, values and gradients.
struct Extremes;

impl Visitor for Extremes {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let logits =
            [0.0, -0.0, 1e-45, -1e-38, 16.7, -17.4, 87.4, -88.8, 103.9, -104.0, 1e10, -3e38, f32::MAX, f32::MIN];
        let targets = [0.0, 1.0, 1e-45, 0.5, 1.0 - f32::EPSILON / 2.0];
        let weights = [1.0, 1.0 / 4_294_967_296.0, 4_294_967_296.0];
        for z in logits {
            for t in targets {
                for w in weights {
                    let mut sums = loss.accumulator();
                    sums.push((z, t, w));
                    let finished = match sums.finish() {
                        Err(FinishError::Saturated) => {
                            // Only powers of logits, or their products with weights, exceed f32.
                            let largest = 3.5 * f64::from(w).max(1.0) * f64::from(z).abs().powf(1.5);
                            assert!(largest > 1e37, "{}: ({z}, {t}, {w}) is not too large", entry.name);
                            continue;
                        }
                        finished => finished.unwrap(),
                    };
                    let slope = finished.gradient().at((z, t, w));
                    let (value, name) = (finished.value(), entry.name);
                    assert!(
                        value.is_finite() && slope.is_finite() && slope.abs() < 1e38,
                        "{name}: {value} and {slope} at ({z}, {t}, {w})"
                    );
                }
            }
        }
    }
}

#[test]
fn extreme_pixels_are_finite() {
    every_loss(&mut Extremes);
}

#[test]
fn probabilities_outside_0_to_1_are_rejected() {
    let mut sums = Bce::new().mean().probability_accumulator(1e-6).unwrap();
    sums.extend([(0.0, true), (1.0, false), (-1e-9, true), (1.0000001, true), (f32::NAN, false)]);
    assert_eq!(sums.counts().rejected_inputs, 3);
    // Both valid pixels are as wrong as possible: −ln 1e-6.
    let value = sums.finish_valid().unwrap().value();
    assert!((value - -(1e-6f64.ln())).abs() < 1e-5, "{value}");
    assert!(
        Probabilities::new(0.0).is_err() && Probabilities::new(0.5).is_err() && Probabilities::new(f32::NAN).is_err()
    );
}

#[test]
fn parameters_out_of_range_are_errors() {
    for bad in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(Focal::new(bad).is_err() && Bce::new().pos_weight(bad).is_err());
        let bad = f64::from(bad);
        assert!(
            Dice::new(bad).is_err() && Iou::new(bad).is_err() && Mcc::new(bad).is_err() && LogDice::new(bad).is_err()
        );
        assert!(Tversky::new(bad, 0.5, 0.0).is_err() && Tversky::new(0.5, bad, 0.0).is_err());
        assert!(FocalTversky::new(0.3, 0.7, bad, 0.0).is_err());
        assert!(Dice::new(0.0).unwrap().floor(bad).is_err() && Dice::new(0.0).unwrap().smooth(bad, 0.0).is_err());
        assert!(Bce::new().mean().accumulator().at_threshold(bad).is_err());
    }
    assert!(Focal::new(2.0).unwrap().alpha(1.5).is_err() && Poly1::new(-1.5).is_err());
    let error = Focal::new(-1.0).unwrap_err().to_string();
    assert_eq!(error, "gamma is -1; it must be a finite number, at least 0");
}

#[test]
fn lengths_must_agree() {
    let error = Plane::new(&[0.0, 1.0], &[true]).unwrap_err();
    assert_eq!(error, LengthError { slice: "the targets", length: 1, expected: 2 });
    let plane = Plane::new(&[0.0, 1.0], &[true, false]).unwrap();
    assert!(plane.with_mask(&[true]).is_err() && plane.with_weights(&[]).is_err());
    let mut map = [7.0; 3];
    assert!(Bce::new().write_map(&loss_core::Logits, plane, &mut map).is_err());
    assert_eq!(map, [7.0; 3], "nothing is written");
}

#[test]
fn maps_mark_what_is_left_out() {
    let (logits, targets, mask) = ([0.0, f32::NAN, 3.0, f32::NAN], [1u8, 1, 7, 0], [true, true, true, false]);
    let mut map = [7.0; 4];
    let plane = Plane::new(&logits, &targets).unwrap().with_mask(&mask).unwrap();
    Bce::new().write_map(&loss_core::Logits, plane, &mut map).unwrap();
    assert!((map[0] - std::f32::consts::LN_2).abs() < 1e-7);
    assert!(map[1].is_nan() && map[2].is_nan());
    assert_eq!(map[3], 0.0);
}

#[test]
fn empty_masks_follow_their_policy() {
    let pixels = [(-3.0, false), (-1.0, false)];
    let value = |loss: Dice| {
        let mut sums = loss.accumulator();
        sums.extend(pixels);
        let finished = sums.finish().unwrap();
        (finished.value(), finished.gradient().at(pixels[1]))
    };
    let dice = Dice::new(0.0).unwrap();
    assert_eq!(value(dice), (1.0, 0.0), "the known trap of the plain formula");
    assert_eq!(value(dice.empty_mask(EmptyMask::Zero)), (0.0, 0.0));
    assert_eq!(value(dice.empty_mask(EmptyMask::One)), (1.0, 0.0));
    let (smoothed, slope) = value(dice.smooth(1.0, 1.0).unwrap());
    assert!(smoothed > 0.2 && smoothed < 0.3 && slope > 0.0, "smoothing gives false positives a gradient");
    let mut nothing = dice.probability_accumulator(1e-6).unwrap();
    nothing.push((0.0, false));
    assert_eq!(nothing.finish().unwrap().value(), 0.0, "nothing is predicted, and nothing is there");
    nothing.push((f32::from_bits(1), false));
    assert_eq!(nothing.finish().unwrap().value(), 1.0, "the smallest probability is a prediction");
}

/// The value of 64 background or foreground pixels at one logit. Checks that the gradient is almost 0.
fn uniform(loss: impl Loss, logit: f32, target: bool) -> f64 {
    let (mut sums, mut counted, mut planes) = (loss.accumulator(), loss.counting_accumulator(), loss.accumulator());
    sums.extend([(logit, target); 64]);
    counted.extend([(logit, target); 64]);
    planes.extend_plane(Plane::new(&[logit; 64], &[target; 64]).unwrap());
    let finished = sums.finish().unwrap();
    assert_eq!(finished.value().to_bits(), counted.value().unwrap().to_bits());
    assert_eq!(finished.value().to_bits(), planes.value().unwrap().to_bits());
    assert!(finished.gradient().at((logit, target)).abs() < 1e-18);
    finished.value()
}

/// The p of a logit is above 0 even below the grid of the sums, so it is a false positive and the prediction is not empty.
#[test]
fn predictions_below_the_grid_are_predictions() {
    for logit in [-45.2f32, -46.0, -50.0, -80.0, -88.0, -104.0, -1e10, f32::MIN] {
        for overlap in [AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum] {
            let background = |loss: Tversky| uniform(loss.overlap(overlap), logit, false);
            assert_eq!(uniform(Dice::new(0.0).unwrap().overlap(overlap), logit, false), 1.0, "{logit}, {overlap:?}");
            assert_eq!(uniform(Iou::new(0.0).unwrap().overlap(overlap), logit, false), 1.0);
            assert_eq!(background(Tversky::new(0.3, 0.7, 0.0).unwrap()), 1.0);
            assert_eq!(background(Tversky::new(0.3, 0.0, 0.0).unwrap()), 1.0);
            assert_eq!(background(Tversky::new(0.0, 0.7, 0.0).unwrap()), 0.0, "false positives weigh nothing");
            assert_eq!(uniform(FocalTversky::new(0.3, 0.7, 0.75, 0.0).unwrap().overlap(overlap), logit, false), 1.0);
            let log_cosh = uniform(LogCoshDice::new(0.0).unwrap().overlap(overlap), logit, false);
            assert!((log_cosh - 1f64.cosh().ln()).abs() < 1e-15);
            let floor = uniform(LogDice::new(0.0).unwrap().overlap(overlap), logit, false);
            assert!((floor + 1e-7f64.ln()).abs() < 1e-12, "the floor of the logarithm");
        }
        assert_eq!(uniform(Mcc::new(0.0).unwrap(), logit, false), 1.0, "no correlation");
        assert_eq!(uniform(Mcc::new(0.0).unwrap(), -logit, true), 1.0);
        // The foreground is missed by less than the grid: ½ of the background's loss, and almost none of the foreground's.
        let asymmetric = AsymmetricFocalTversky::new(0.6, 0.25, 0.0).unwrap();
        assert!((uniform(asymmetric, logit, false) - 0.5).abs() < 1e-13);
        assert!((uniform(asymmetric, -logit, true) - 0.5).abs() < 1e-13);
        assert_eq!(
            uniform(AsymmetricFocalTversky::new(1.0, 0.25, 0.0).unwrap(), -logit, true),
            0.0,
            "U₀ weighs no misses"
        );
        // With foreground the ratio is known.
        let mut sums = Dice::new(0.0).unwrap().accumulator();
        sums.extend([(logit, false), (60.0, true)]);
        assert!(sums.finish().unwrap().value() < 1e-19);
    }
}

/// Only probabilities of exactly 0 predict nothing. All others do, in every form of input.
#[test]
fn probabilities_below_the_grid_leave_a_trace() {
    let mut g = Gen::new(30);
    let loss = Dice::new(0.0).unwrap() + Mcc::new(0.0).unwrap();
    let empty = loss.probability_accumulator(1e-6).unwrap();
    for length in [1usize, 40, 1024, 3000] {
        for p in [f32::from_bits(1), 1e-38, 1e-30, 2.7e-20, 5e-20, 1e-12, 0.25] {
            let mut inputs = vec![0.0; length];
            let targets = vec![false; length];
            let nothing = Plane::new(&inputs, &targets).unwrap();
            let mut sums = empty.clone();
            sums.extend_plane(nothing);
            assert_eq!(sums.value(), Ok(0.0), "{length}");
            inputs[usize::arbitrary(&mut g) % length] = p;
            let plane = Plane::new(&inputs, &targets).unwrap();
            let weights = vec![0.5f32.powi(usize::arbitrary(&mut g) as i32 % 33); length];
            for plane in [plane, plane.with_weights(&weights).unwrap()] {
                let (mut sums, mut one_by_one) = (empty.clone(), empty.clone());
                sums.extend_plane(plane);
                one_by_one.extend(plane.samples());
                assert_eq!(sums.value(), Ok(2.0), "{p} among {length}");
                assert!(sums == one_by_one, "{p} among {length}");
            }
            let mut counted = Accumulator::counting(loss, *empty.link());
            counted.extend_plane(plane).unwrap();
            assert_eq!(counted.value(), Ok(2.0), "{p} among {length}");
        }
    }
    // A soft target below the grid is a false negative.
    let mut sums = empty.clone();
    sums.extend([(0.0f32, 1e-30f32); 64]);
    assert_eq!(sums.value(), Ok(2.0));
}

#[test]
fn a_term_beyond_f32_is_an_error() {
    // The definition of w·ℓ for one pixel: it is refused if and only if it exceeds the largest f32.
    let largest = f64::from(f32::MAX);
    for pos_weight in [1.0, 1e38, 3.4e38] {
        for logit in [-3.4e38, -3e38, -1e5, -3.5, -1.0, 0.0, 0.5, 3.0, 90.0, 3e38f32] {
            for weight in [1.0 / 4_294_967_296.0, 0.25, 1.0, 3.0] {
                for target in [true, false] {
                    let sums = |loss: Reduced<Bce>| {
                        let mut sums = loss.accumulator();
                        sums.push((logit, target, weight));
                        let mut planes = loss.accumulator();
                        planes.extend_plane(
                            Plane::new(&[logit; 64], &[target; 64]).unwrap().with_weights(&[weight; 64]).unwrap(),
                        );
                        let result = sums.value();
                        assert_eq!(planes.value().err(), result.err());
                        result
                    };
                    let z = if target { -f64::from(logit) } else { f64::from(logit) };
                    let of_pixel = z.max(0.0) + (-z.abs()).exp().ln_1p();
                    let expected = if target { of_pixel * f64::from(pos_weight) } else { of_pixel };
                    let result = sums(Bce::new().pos_weight(pos_weight).unwrap().mean());
                    let name = format!("{pos_weight} · ({logit}, {target}, {weight})");
                    // The product of the pixel's loss and the class weight is rounded to f32, then multiplied by the pixel's weight.
                    if expected * f64::from(weight).max(1.0) > largest {
                        assert_eq!(result, Err(FinishError::Saturated), "{name}");
                    } else {
                        let value = result.unwrap_or_else(|error| panic!("{name}: {error}"));
                        // The absolute error of a term is 2⁻⁶⁵, and 2⁻¹²⁶ times its weights.
                        let absolute = f64::from(pos_weight) * 1.2e-38 + 2.8e-20 / f64::from(weight);
                        assert!(
                            (value - expected).abs() <= 1e-6 * expected + absolute,
                            "{name}: {value}, not {expected}"
                        );
                    }
                }
            }
        }
    }
    let text = FinishError::Saturated.to_string();
    assert!(text.contains("3.4e38") && text.contains("weights"), "{text}");
}

/// A saturated sum stays saturated after more pixels, in its state, and in every sum that it is added to.
#[test]
fn what_is_saturated_stays_so() {
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    let pixels = [(0.5f32, 1.0f32, 1.0f32), (-3e38, 1.0, 4.0), (-1.5, 0.25, 2.0)];
    for order in [[0, 1, 2], [1, 0, 2], [2, 0, 1]] {
        let mut sums = loss.accumulator();
        sums.extend(order.map(|index| pixels[index]));
        let mut first = loss.accumulator();
        first.extend([pixels[1], pixels[0], pixels[2]]);
        assert_eq!(sums, first);
        assert_eq!(sums.state::<41>(), first.state());
        let refused = [sums.value(), sums.finish().map(|_| 0.0), sums.finish_valid().map(|_| 0.0)];
        assert_eq!(refused, [Err(FinishError::Saturated); 3]);
        // The terms of Dice alone are not too large.
        let mut dice = Dice::new(1.0).unwrap().accumulator();
        dice.extend(order.map(|index| pixels[index]));
        assert!(dice.finish().is_ok());

        let mut other = loss.accumulator();
        other.extend([pixels[0]; 5]);
        let (one, many) = (sums.state::<41>().unwrap(), other.state::<41>().unwrap());
        other.merge(&sums).unwrap();
        assert_eq!(other.value(), Err(FinishError::Saturated));
        let added = std::array::from_fn::<i64, 41, _>(|i| one[i] + many[i]);
        other.load_state(added).unwrap();
        assert_eq!(other.value(), Err(FinishError::Saturated));

        let mut mean = loss.image_mean(EmptyImage::Skip);
        order.iter().for_each(|&index| mean.push(pixels[index]));
        assert_eq!(mean.end_image().map(|_| ()), Err(FinishError::Saturated));
        assert_eq!(mean.images(), 0, "the image is still the current one");
        mean.discard_image();
        mean.push(pixels[0]);
        mean.end_image().unwrap();
    }
    // An image's value may exceed the sum over images although no term is too large, because the sum holds more than a term may be.
    let image = |coefficient: f64| {
        let mut mean = (coefficient * Bce::new().sum()).image_mean(EmptyImage::Skip);
        mean.push((-3e38, true));
        mean.end_image_valid().map(|_| ())?;
        mean.finish()
    };
    assert_eq!(image(1e8), Err(FinishError::Saturated));
    assert_eq!(image(4.0), Ok(4.0 * f64::from(3e38f32)));
}

#[test]
fn the_hardest_pixels_are_refused_like_all() {
    let (inputs, targets) = ([-3e38f32, 0.5, 1.0, -2.0], [true; 4]);
    let plane = Plane::new(&inputs, &targets).unwrap();
    let mined = |plane| {
        TopK::percent(50.0).unwrap().pixels(Bce::new(), loss_core::Logits, plane).map(|hardest| hardest.value())
    };
    assert!((mined(plane).unwrap() - 1.5e38).abs() < 1e32);
    assert_eq!(mined(plane.with_weights(&[4.0, 1.0, 1.0, 1.0]).unwrap()), Err(SortedError::Saturated));
    assert_eq!(mined(plane.with_weights(&[0.0, 1.0, 4_294_967_296.0, 1.0]).unwrap()).map(f64::is_finite), Ok(true));
}

#[test]
fn coefficients_out_of_range_are_errors() {
    let (bce, dice) = (Bce::new().sum(), Dice::new(1.0).unwrap());
    fn value<L: Loss>(loss: L) -> Result<f64, FinishError> {
        let mut sums = loss.accumulator();
        sums.push((-3e38, true));
        let mut counted = loss.counting_accumulator();
        counted.push((-3e38, true));
        let (value, finished) = (sums.value(), sums.finish().map(|finished| finished.value()));
        assert!(
            finished == value
                || value.is_err() && finished.err() == value.err()
                || format!("{value:?}") == format!("{finished:?}")
        );
        assert_eq!(format!("{:?}", counted.value()), format!("{value:?}"));
        assert_eq!(sums.finish_valid().is_ok(), value.is_ok());
        let mut mean = loss.image_mean(EmptyImage::Skip);
        mean.push((0.5, true));
        assert_eq!(mean.end_image().is_ok(), value.is_ok());
        value
    }
    let coefficient_of = |result: Result<f64, FinishError>| match result {
        Err(FinishError::Coefficient { sum }) => sum,
        other => panic!("{other:?}"),
    };
    assert_eq!(coefficient_of(value(1e300 * bce)), 1e300);
    assert_eq!(coefficient_of(value(1e308 * bce + 1e308 * dice)), f64::INFINITY);
    assert_eq!(coefficient_of(value(-3e38 * bce + 3e38 * dice)), 6e38);
    assert_eq!(coefficient_of(value(1e30 * (dice + 1e30 * bce))), 1e30 * (1.0 + 1e30));
    assert_eq!(coefficient_of(value([1e300 * AnyLoss::Bce(bce), 1.0 * AnyLoss::Bce(bce)])), 1e300);
    assert!(coefficient_of(value(f64::NAN * bce)).is_nan());
    assert!(coefficient_of(value(0.0 * (f64::INFINITY * bce))).is_nan());
    assert_eq!(coefficient_of(value(Bce::new().over(Denominator::Fixed(0.0)))), f64::INFINITY);
    assert_eq!(coefficient_of(value(2.0 * BalancedBce::new().over(Denominator::Fixed(-1e-300)))), 2.0 * (1.0 / 1e-300));
    assert!(coefficient_of(value(Bce::new().over(Denominator::WeightPlus(f64::NAN)))).is_nan());
    let text = value(1e300 * bce).unwrap_err().to_string();
    assert!(text.contains("1e300") && text.contains("3.4e38"), "{text}");

    let largest = f64::from(f32::MAX);
    let expected = largest * f64::from(3e38f32);
    // The pixel's loss is 3e38 in the scalar's f32, and each of two coefficients is half the largest.
    assert!((value(0.5 * largest * bce + 0.5 * largest * Bce::new().sum()).unwrap() / expected - 1.0).abs() < 1e-6);
    assert!((value(-1e-30 * bce + 1e30 * (1e-30 * dice)).unwrap() / -3e8 - 1.0).abs() < 1e-6);
}

/// A factor of NaN gives the gradient 0, and an infinite factor the largest one.
#[test]
fn upstream_factors_give_finite_gradients() {
    let loss = 0.0 * Bce::new().mean() + 3.0 * Dice::new(1e-30).unwrap();
    let mut sums = loss.accumulator();
    let pixels = [(0.5, true), (-60.0, false), (70.0, true), (2.0, false)];
    sums.extend(pixels);
    let finished = sums.finish().unwrap();
    for pixel in pixels {
        let slope = finished.gradient().at(pixel);
        assert_eq!(finished.gradient_times(f64::NAN).at(pixel), 0.0);
        let largest = finished.gradient_times(f64::from(f32::MAX)).at(pixel);
        assert_eq!(finished.gradient_times(f64::INFINITY).at(pixel), largest);
        assert!(largest.is_finite() && largest.signum() == slope.signum());
        assert_eq!(finished.gradient_times(f64::NEG_INFINITY).at(pixel), -largest);
    }
}

#[test]
fn images_end_one_by_one() {
    let loss = Dice::new(0.0).unwrap();
    let mut mean = loss.image_mean(EmptyImage::Skip);
    assert!(matches!(mean.end_image(), Err(FinishError::NoPixels)));
    assert!(matches!(mean.finish(), Err(FinishError::NoPixels)));
    mean.push((f32::NAN, true));
    mean.push((40.0, true));
    assert!(matches!(mean.end_image(), Err(FinishError::Rejected { .. })));
    assert_eq!(mean.images(), 0, "the image is still the current one");
    assert!(mean.end_image_valid().unwrap().is_some());
    mean.push((f32::NAN, true, false));
    assert!(mean.end_image().unwrap().is_none(), "no valid pixel: skipped");
    mean.push((f32::NAN, true));
    mean.discard_image();
    mean.push((-40.0, true));
    mean.end_image().unwrap();
    assert_eq!((mean.images(), mean.skipped()), (2, 1));
    assert!((mean.finish().unwrap() - 0.5).abs() < 1e-15);
}

/// An upstream factor beyond `f32` gives the largest slopes, and none where the slope is 0.
#[test]
fn large_upstream_factors_stay_finite() {
    let mut sums = Bce::new().mean().accumulator();
    sums.extend([(0.5, true), (200.0, true)]);
    let gradient = sums.finish().unwrap().gradient_times(1e300);
    assert_eq!((gradient.at((0.5, true)) < -1e37, gradient.at((200.0, true))), (true, 0.0));
}

/// The message says which number is wrong, and what to do.
#[test]
fn errors_name_what_is_wrong() {
    let (logits, labels) = ([0.0; 18], [0u8; 3]);
    let error = ClassPlane::<_, 5>::new(6, Layout::Planar, &logits, &labels).unwrap_err();
    assert_eq!(error, ClassPlaneError::Classes { given: 6, capacity: 5 });
    assert_eq!(error.to_string(), "6 classes are more than the capacity C = 5: use a type with a larger C");
    let error = ClassPlane::<_, 5>::soft(6, Layout::Planar, &logits, &logits).unwrap_err();
    assert_eq!(error, ClassPlaneError::Classes { given: 6, capacity: 5 });
    let error = ClassPlane::<u8, 5>::new(0, Layout::Planar, &[], &labels).unwrap_err();
    assert_eq!(error.to_string(), "no classes; there must be at least 1");
    let error = ClassPlane::<_, 5>::new(5, Layout::Planar, &logits, &labels).unwrap_err();
    assert_eq!(error.to_string(), "the logits of all classes: 18 values, expected 15");
    assert!(ClassPlane::<_, 6>::new(6, Layout::Planar, &logits, &labels).is_ok());

    let weights = |weights: [f64; 3]| CrossEntropy::new().weights(weights).unwrap_err();
    let error = weights([1.0, 2.0, -0.5]);
    assert_eq!((error.parameter, error.index, error.given), (Parameter::ClassWeight, Some(2), -0.5));
    assert_eq!(error.to_string(), "class weight 2 is -0.5; it must be a finite number, at least 0");
    assert_eq!((weights([1e39, f64::NAN, 1.0]).index, weights([1.0, f64::NAN, -1.0]).index), (Some(0), Some(1)));
    let error = PerClass::new(Dice::new(1.0).unwrap()).weights([1.0, f64::INFINITY], WeightMode::Inside).unwrap_err();
    assert_eq!((error.index, error.given), (Some(1), f64::INFINITY));
    let error = WassersteinDice::new([[0.0, 1.0], [2.0, 0.0]], 0.0).unwrap_err();
    assert_eq!((error.parameter, error.index, error.given), (Parameter::Distance, Some(2), 2.0));
    let error = ExponentialLogCrossEntropy::new(0.3).unwrap().class_weights(1.0, -1.0).unwrap_err();
    assert_eq!((error.parameter, error.index), (Parameter::ClassWeight, Some(0)));

    let names: BTreeSet<&str> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
    let codes: BTreeSet<u16> = Parameter::ALL.iter().map(|parameter| parameter.code()).collect();
    assert!(names.len() == Parameter::ALL.len() && codes.len() == Parameter::ALL.len());
}
