//! Comparisons of answers. Every bench makes them before its clock starts, over the data that it times; a test makes them over small
//! images. All of them panic with a message about the difference.

use loss_core::class::Layout;
use loss_core::{PlainSums, SimdLevel, plain_sums};

use crate::data::{ClassImage, Image};
use crate::losses::{
    SMOOTH, bce_dice, class_plane, class_value_and_gradient, cross_entropy_dice, losses, par_value,
    par_value_and_gradient, plane, value, value_and_gradient, value_and_gradient_at, value_and_gradient_of_iterator,
    value_at, value_of_iterator,
};
use crate::textbook::{self, Functions, Libm, Std};

/// The largest relative difference between values of different formulas with `f64` sums.
pub const VALUE_TOLERANCE: f64 = 1e-6;

/// The largest relative difference if a sum is in `f32`, plain or of tensors.
pub const F32_SUMS_TOLERANCE: f64 = 1e-3;

/// The largest difference between slopes of a pixel, relative to the largest slope.
pub const SLOPE_TOLERANCE: f64 = 1e-5;

/// Panics if two values differ by more than the given share of the second.
pub fn check_value(who: &str, given: f64, expected: f64, tolerance: f64) {
    let apart = (given - expected).abs();
    assert!(apart <= tolerance * expected.abs(), "{who}: the value is {given}, not {expected}");
}

/// Panics if slopes differ by more than the given share of the largest slope of the second.
pub fn check_gradient(who: &str, given: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(given.len(), expected.len(), "{who}: slopes");
    let largest = expected.iter().fold(0f32, |largest, slope| largest.max(slope.abs()));
    for (i, (&given, &expected)) in given.iter().zip(expected).enumerate() {
        let apart = f64::from((given - expected).abs());
        assert!(
            apart <= tolerance * f64::from(largest),
            "{who}: slope {i} is {given}, not {expected}, and the largest {largest}"
        );
    }
}

/// Panics unless two results have the same bits.
fn check_bits(who: &str, given: (f64, &[f32]), expected: (f64, &[f32])) {
    assert_eq!(given.0.to_bits(), expected.0.to_bits(), "{who}: the value is {}, not {}", given.0, expected.0);
    let differ = given.1.iter().zip(expected.1).position(|(given, expected)| given.to_bits() != expected.to_bits());
    assert_eq!(differ, None, "{who}: a slope differs");
}

/// BCE + Dice and its gradient, by slices at the best level. The others are compared with it.
pub fn reference(image: &Image) -> (f64, Vec<f32>) {
    let mut gradient = vec![0.0; image.pixels()];
    let value = value_and_gradient(&bce_dice(), plane(image), &mut gradient);
    (value, gradient)
}

/// Checks that textbook code gives our value and our gradient.
pub fn check_textbook(image: &Image) {
    fn check<F: Functions>(who: &str, image: &Image, (value, slopes): &(f64, Vec<f32>)) {
        let Image { logits, mask } = image;
        let mut gradient = vec![0.0; mask.len()];
        check_value(who, textbook::value::<F>(logits, mask, SMOOTH), *value, VALUE_TOLERANCE);
        let shared = textbook::value_of_one_exponential::<F>(logits, mask, SMOOTH);
        check_value(who, shared, *value, VALUE_TOLERANCE);
        type Pass = fn(&[f32], &[u8], f64, &mut [f32]) -> f64;
        let passes: [Pass; 2] =
            [textbook::value_and_gradient::<F>, textbook::value_and_gradient_of_one_exponential::<F>];
        for pass in passes {
            check_value(who, pass(logits, mask, SMOOTH, &mut gradient), *value, VALUE_TOLERANCE);
            check_gradient(who, &gradient, slopes, SLOPE_TOLERANCE);
        }
    }
    let reference = reference(image);
    check::<Std>("textbook by std", image, &reference);
    check::<Libm>("textbook by libm", image, &reference);
}

/// Checks that every way through the pixels gives the same bits.
pub fn check_paths(image: &Image) {
    let loss = bce_dice();
    let (expected, slopes) = reference(image);
    let expected = (expected, &slopes[..]);
    let mut gradient = vec![0.0; image.pixels()];
    let value = value_of_iterator(&loss, image);
    check_bits("an iterator, value", (value, &slopes), expected);
    let value = value_and_gradient_of_iterator(&loss, image, &mut gradient);
    check_bits("an iterator", (value, &gradient), expected);
    for level in SimdLevel::available() {
        let value = value_at(level, &loss, plane(image));
        check_bits(level.name(), (value, &slopes), expected);
        let value = value_and_gradient_at(level, &loss, plane(image), &mut gradient);
        check_bits(level.name(), (value, &gradient), expected);
    }
    check_bits("threads, value", (par_value(&loss, plane(image)), &slopes), expected);
    let value = par_value_and_gradient(&loss, plane(image), &mut gradient);
    check_bits("threads", (value, &gradient), expected);
}

/// Checks that every loss of the list gives the same bits by slices and by an iterator.
pub fn check_losses(image: &Image) {
    let mut slices = vec![0.0; image.pixels()];
    let mut iterator = slices.clone();
    for loss in losses() {
        let with_gradient = (loss.value_and_gradient)(plane(image), &mut slices);
        let expected = (loss.of_iterator)(plane(image), &mut iterator);
        check_bits(loss.name, (with_gradient, &slices), (expected, &iterator));
        check_bits(loss.name, ((loss.value)(plane(image)), &slices), (expected, &iterator));
    }
}

/// Checks that both layouts give the value of textbook code, and planar logits its gradient too.
pub fn check_classes<const C: usize>(image: &ClassImage) {
    let loss = cross_entropy_dice::<C>();
    let mut gradients = [vec![0.0; image.logits.len()], vec![0.0; image.logits.len()]];
    let [planar, interleaved] = &mut gradients;
    let value = class_value_and_gradient(&loss, class_plane::<C>(image, Layout::Planar), planar);
    let other = class_value_and_gradient(&loss, class_plane::<C>(image, Layout::Interleaved), interleaved);
    assert_eq!(value.to_bits(), other.to_bits(), "{C} classes, interleaved");
    type Pass = fn(&[f32], &[u8], usize, f64, Option<&mut [f32]>) -> f64;
    let passes: [(&str, Pass); 2] = [
        ("classes by std", textbook::class_value_and_gradient::<Std>),
        ("classes by libm", textbook::class_value_and_gradient::<Libm>),
    ];
    for (who, pass) in passes {
        let given = pass(&image.logits, &image.labels, C, SMOOTH, None);
        check_value(who, given, value, VALUE_TOLERANCE);
        let given = pass(&image.logits, &image.labels, C, SMOOTH, Some(interleaved));
        check_value(who, given, value, VALUE_TOLERANCE);
        check_gradient(who, interleaved, planar, SLOPE_TOLERANCE);
    }
}

/// BCE + Dice from the sums TP, FP, FN and BCE.
pub fn value_of_sums([true_positive, false_positive, false_negative, bce]: [f64; 4], pixels: usize) -> f64 {
    let twice = 2.0 * true_positive + SMOOTH;
    bce / pixels as f64 + 1.0 - twice / (twice + false_positive + false_negative)
}

/// Computes BCE + Dice with other sums in the same loop, at a level with lanes.
///
/// # Panics
/// If the loop cannot take these pixels, or the level has no lanes.
pub fn value_by(level: SimdLevel, sums: PlainSums, image: &Image) -> f64 {
    let totals = plain_sums(level, sums, &bce_dice(), plane(image));
    let [a, b, c, d, ..] = totals.expect("a multiple of 64 pixels, and a level with lanes");
    value_of_sums([a, b, c, d], image.pixels())
}

/// The levels with lanes: all but the first.
pub fn levels_with_lanes() -> impl Iterator<Item = SimdLevel> {
    SimdLevel::available().filter(|&level| level != SimdLevel::SCALAR)
}

/// Checks that other sums in the same loop give the same value, up to their own rounding.
pub fn check_plain_sums(image: &Image) {
    let expected = value(&bce_dice(), plane(image));
    for level in levels_with_lanes() {
        for (sums, tolerance) in [
            (PlainSums::F32, F32_SUMS_TOLERANCE),
            (PlainSums::F64, 1e-12),
            (PlainSums::Kahan, 1e-7),
            (PlainSums::Neumaier, 1e-7),
        ] {
            check_value(&format!("{sums:?} sums at {level}"), value_by(level, sums, image), expected, tolerance);
        }
    }
}
