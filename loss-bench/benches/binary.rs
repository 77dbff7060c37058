//! Measures binary losses by implementation, loss, path, input and image size.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

mod common;

use std::hint::black_box;

use common::{criterion, group, time, time_both};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use half::{bf16, f16};
use loss_bench::answers;
use loss_bench::data::{Image, SCENES};
use loss_bench::groups::{self, ALL_THREADS, GRADIENT, ITERATOR, SLICES, VALUE};
use loss_bench::losses::{
    SMOOTH, bce_dice, counted_value, focal_tversky, histogram_value, losses, par_value, par_value_and_gradient, plane,
    value, value_and_gradient, value_and_gradient_at, value_and_gradient_of_iterator, value_at, value_of_iterator,
    value_of_samples,
};
use loss_bench::textbook::{self, Libm, Std};
use loss_core::extend::Target;
use loss_core::{Plane, Quantisation, SimdLevel};

fn which_implementation(c: &mut Criterion) {
    let image = Image::new(groups::SIDE);
    answers::check_textbook(&image);
    answers::check_paths(&image);
    let Image { logits, mask } = &image;
    let loss = bce_dice();
    let gradient = &std::cell::RefCell::new(vec![0.0; image.pixels()]);
    let group = &mut group(c, groups::IMPLEMENTATION, image.pixels());

    let pixels = || black_box(plane(&image));
    let to = || std::cell::RefMut::map(gradient.borrow_mut(), Vec::as_mut_slice);
    time_both(group, SLICES, || value(&loss, pixels()), || value_and_gradient(&loss, pixels(), &mut to()));
    time_both(
        group,
        ITERATOR,
        || value_of_iterator(&loss, black_box(&image)),
        || value_and_gradient_of_iterator(&loss, black_box(&image), &mut to()),
    );
    time_both(group, ALL_THREADS, || par_value(&loss, pixels()), || par_value_and_gradient(&loss, pixels(), &mut to()));
    time_both(
        group,
        groups::TEXTBOOK_STD,
        || textbook::value::<Std>(black_box(logits), mask, SMOOTH),
        || textbook::value_and_gradient::<Std>(black_box(logits), mask, SMOOTH, &mut to()),
    );
    time_both(
        group,
        groups::TEXTBOOK_SHARED,
        || textbook::value_of_one_exponential::<Std>(black_box(logits), mask, SMOOTH),
        || textbook::value_and_gradient_of_one_exponential::<Std>(black_box(logits), mask, SMOOTH, &mut to()),
    );
    time_both(
        group,
        groups::TEXTBOOK_LIBM,
        || textbook::value::<Libm>(black_box(logits), mask, SMOOTH),
        || textbook::value_and_gradient::<Libm>(black_box(logits), mask, SMOOTH, &mut to()),
    );
}

fn by_loss(c: &mut Criterion) {
    let image = Image::new(groups::SMALL_SIDE);
    answers::check_losses(&image);
    let gradient = &mut vec![0.0; image.pixels()];
    let group = &mut group(c, groups::LOSS, image.pixels());
    for loss in losses() {
        time(group, loss.name, VALUE, || (loss.value)(black_box(plane(&image))));
        time(group, loss.name, GRADIENT, || (loss.value_and_gradient)(black_box(plane(&image)), gradient));
    }
}

fn by_path(c: &mut Criterion) {
    let image = Image::new(groups::SMALL_SIDE);
    answers::check_paths(&image);
    let loss = bce_dice();
    let gradient = &mut vec![0.0; image.pixels()];
    let group = &mut group(c, groups::PATH, image.pixels());
    let pixels = || black_box(plane(&image));
    time(group, ITERATOR, VALUE, || value_of_iterator(&loss, black_box(&image)));
    time(group, ITERATOR, GRADIENT, || value_and_gradient_of_iterator(&loss, black_box(&image), gradient));
    for level in SimdLevel::available() {
        let name = format!("slices, {level}");
        time(group, &name, VALUE, || value_at(level, &loss, pixels()));
        time(group, &name, GRADIENT, || value_and_gradient_at(level, &loss, pixels(), gradient));
    }
    time(group, ALL_THREADS, VALUE, || par_value(&loss, pixels()));
    time(group, ALL_THREADS, GRADIENT, || par_value_and_gradient(&loss, pixels(), gradient));
}

fn by_input(c: &mut Criterion) {
    fn both<T: Target>(
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        expected: f64,
        plane: Plane<'_, T>,
        to: &mut [f32],
    ) {
        let loss = bce_dice();
        // Rounded inputs change the value a little. A difference above 0.05 is a mistake.
        answers::check_value(name, value(&loss, plane), expected, 0.05);
        time(group, name, VALUE, || value(&loss, black_box(plane)));
        time(group, name, GRADIENT, || value_and_gradient(&loss, black_box(plane), to));
    }
    fn known<V, E: std::fmt::Debug>(plane: Result<V, E>) -> V {
        plane.expect("slices of one length")
    }
    let image = Image::new(groups::SMALL_SIDE);
    let Image { logits, mask } = &image;
    let expected = value(&bce_dice(), plane(&image));
    let to = &mut vec![0.0; image.pixels()];
    let group = &mut group(c, groups::INPUT, image.pixels());

    both(group, "f32", expected, plane(&image), to);
    let halves: Vec<f16> = logits.iter().map(|&logit| f16::from_f32(logit)).collect();
    both(group, "f16", expected, known(Plane::f16(&halves, mask)), to);
    let halves: Vec<bf16> = logits.iter().map(|&logit| bf16::from_f32(logit)).collect();
    both(group, "bf16", expected, known(Plane::bf16(&halves, mask)), to);
    let quantisation = known(Quantisation::new(0.125, 0));
    let codes: Vec<i8> = logits.iter().map(|logit| (logit * 8.0).round() as i8).collect();
    both(group, "i8", expected, known(Plane::i8(&codes, quantisation, mask)), to);
    let of_codes = value(&bce_dice(), known(Plane::i8(&codes, quantisation, mask)));
    let of_histogram = || histogram_value(&bce_dice(), quantisation, black_box(&codes), mask);
    answers::check_value("histogram", of_histogram(), of_codes, 0.0);
    time(group, "i8, histogram", VALUE, of_histogram);
    let soft = image.mask_as_numbers();
    both(group, "f32, soft targets", expected, known(Plane::new(logits, &soft)), to);
    let valid = vec![true; mask.len()];
    both(group, "f32, mask of valid pixels", expected, known(plane(&image).with_mask(&valid)), to);
    let weights: Vec<f32> = (0..mask.len()).map(|i| 1.0 + (i % 2) as f32 / 64.0).collect();
    both(group, "f32, weights", expected, known(plane(&image).with_weights(&weights)), to);
}

fn by_iterator(c: &mut Criterion) {
    let image = Image::new(groups::SMALL_SIDE);
    let (loss, expected) = (bce_dice(), value(&bce_dice(), plane(&image)));
    let Image { logits, mask } = &image;
    let width = groups::SMALL_SIDE;
    let group = &mut group(c, groups::ITERATORS, image.pixels());
    let mut row = |name: &str, value: &dyn Fn() -> f64| {
        answers::check_value(name, value(), expected, 0.0);
        time(group, name, VALUE, value);
    };
    let pairs = || black_box(logits).iter().zip(mask);
    row("slices, to compare with", &|| value(&loss, black_box(plane(&image))));
    row("zip of slices", &|| value_of_samples(&loss, pairs()));
    row("mapped", &|| value_of_samples(&loss, pairs().map(|(&logit, &target)| (logit, target == 1))));
    row("by index", &|| value_of_samples(&loss, (0..logits.len()).map(|i| (black_box(logits)[i], mask[i]))));
    row("row by row, flattened", &|| {
        let rows = black_box(logits).chunks(width).zip(mask.chunks(width));
        value_of_samples(&loss, rows.flat_map(|(logits, mask)| logits.iter().zip(mask)))
    });
    row("filtered", &|| value_of_samples(&loss, pairs().filter(|(logit, _)| logit.is_finite())));
    row("soft targets", &|| value_of_samples(&loss, pairs().map(|(&logit, &target)| (logit, f32::from(target)))));
    row("weighted", &|| value_of_samples(&loss, pairs().map(|(&logit, &target)| (logit, target, 1.0))));
    let optional: Vec<Option<(f32, u8)>> = logits.iter().copied().zip(mask.iter().copied()).map(Some).collect();
    row("optional, flattened", &|| value_of_samples(&loss, black_box(&optional).iter().copied().flatten()));
    row("counted", &|| counted_value(&loss, pairs().map(|(&logit, &target)| (logit, target == 1))));
}

fn by_image(c: &mut Criterion) {
    let group = &mut group(c, groups::IMAGES, groups::SMALL_SIDE * groups::SMALL_SIDE);
    for scene in &SCENES {
        let image = Image::of(scene, groups::SMALL_SIDE);
        let to = &mut vec![0.0; image.pixels()];
        let (bce_dice, focal_tversky) = (bce_dice(), focal_tversky());
        let textbook = textbook::value::<Std>(&image.logits, &image.mask, SMOOTH);
        answers::check_value(scene.name, value(&bce_dice, plane(&image)), textbook, answers::VALUE_TOLERANCE);
        let pixels = || black_box(plane(&image));
        let name = format!("BCE + Dice, {}", scene.name);
        time(group, &name, VALUE, || value(&bce_dice, pixels()));
        time(group, &name, GRADIENT, || value_and_gradient(&bce_dice, pixels(), to));
        let name = format!("focal + Tversky, {}", scene.name);
        time(group, &name, VALUE, || value(&focal_tversky, pixels()));
        time(group, &name, GRADIENT, || value_and_gradient(&focal_tversky, pixels(), to));
    }
}

fn by_size(c: &mut Criterion) {
    for side in groups::SIDES {
        let image = Image::new(side);
        let Image { logits, mask } = &image;
        let loss = bce_dice();
        let answer = value(&loss, plane(&image));
        let expected = textbook::value::<Std>(logits, mask, SMOOTH);
        answers::check_value("slices", answer, expected, answers::VALUE_TOLERANCE);
        let gradient = &mut vec![0.0; image.pixels()];
        let group = &mut group(c, groups::SIZE, image.pixels());
        let name = |what: &str| format!("{SLICES}, {what}");
        let parameter = image.pixels();
        time(group, &name(VALUE), parameter, || value(&loss, black_box(plane(&image))));
        time(group, &name(GRADIENT), parameter, || value_and_gradient(&loss, black_box(plane(&image)), gradient));
        let name = format!("{ALL_THREADS}, {VALUE}");
        time(group, &name, parameter, || par_value(&loss, black_box(plane(&image))));
        // Textbook code takes a second per call for larger images, and the caches no longer hold their data.
        if side <= groups::SIDE {
            let name = format!("{}, {VALUE}", groups::TEXTBOOK_STD);
            time(group, &name, parameter, || textbook::value::<Std>(black_box(logits), mask, SMOOTH));
        }
    }
}

criterion_group!(name = benches; config = criterion(); targets = which_implementation, by_loss, by_path, by_input, by_iterator, by_image, by_size);
criterion_main!(benches);
