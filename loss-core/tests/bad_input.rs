//! Bad input is counted, never absorbed: with every loss, at every place.

mod common;

use std::collections::BTreeSet;

use common::{Entry, HOSTILE_INTEGERS, Px, Visitor, every_loss, hostile_states, samples};
use loss_core::{
    Bce, ClassPlane, ClassPlaneError, CrossEntropy, Dice, EmptyImage, EmptyMask, ExponentialLogCrossEntropy,
    FinishError, Focal, FocalTversky, Iou, Layout, LengthError, LogDice, Loss, Mcc, Parameter, PerClass, Plane,
    Pointwise, Poly1, Probabilities, Reason, RejectedPixel, Tversky, WassersteinDice, WeightMode,
};
use quickcheck::{Arbitrary, Gen};

const BAD: [((f32, f32, f32), Reason); 12] = [
    ((f32::NAN, 1.0, 1.0), Reason::Input),
    ((f32::INFINITY, 0.0, 1.0), Reason::Input),
    ((f32::NEG_INFINITY, 0.5, 1.0), Reason::Input),
    // Checked in the order input, target, weight.
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
            clean.extend(samples(&good));
            let at = usize::arbitrary(&mut g) % (good.len() + 1);
            let mut sums = loss.accumulator();
            sums.extend(samples(&good[..at]));
            sums.push(bad);
            sums.extend(samples(&good[at..]));

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

/// At every finite logit, any target and any weight in range: finite sums, values and gradients.
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
                    let finished = sums.finish().unwrap();
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
    // Both valid ones are as wrong as can be: −ln 1e-6.
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
    let mut nothing = dice.accumulator();
    nothing.push((f32::MIN, false));
    assert_eq!(nothing.finish().unwrap().value(), 0.0, "nothing on nothing agrees");
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

#[test]
fn hostile_states_do_not_panic() {
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
    hostile_states(&loss.accumulator(), 6);
    for integer in HOSTILE_INTEGERS {
        let mut mean = loss.image_mean(EmptyImage::Skip);
        mean.add_state([integer; 9]);
        mean.add_state([integer; 9]);
        mean.push((0.5, true));
        mean.end_image().unwrap();
        assert!(!mean.finish().is_ok_and(f64::is_nan));
    }
}

/// An upstream factor beyond `f32` gives the largest slopes, and none where the slope is 0.
#[test]
fn large_upstream_factors_stay_finite() {
    let mut sums = Bce::new().mean().accumulator();
    sums.extend([(0.5, true), (200.0, true)]);
    let gradient = sums.finish().unwrap().gradient_times(1e300);
    assert_eq!((gradient.at((0.5, true)) < -1e37, gradient.at((200.0, true))), (true, 0.0));
}

/// The words say which, and what to do.
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
