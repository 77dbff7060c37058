//! Measures cross-entropy + mean Dice over 2 to 150 classes.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

mod common;

use std::hint::black_box;

use common::{criterion, group, time};
use criterion::{Criterion, criterion_group, criterion_main};
use loss_bench::answers;
use loss_bench::data::ClassImage;
use loss_bench::groups::{self, GRADIENT, VALUE};
use loss_bench::losses::{SMOOTH, class_plane, class_value, class_value_and_gradient, cross_entropy_dice};
use loss_bench::textbook::{self, Libm, Std};
use loss_core::class::Layout;

/// 256 K pixels of up to 21 classes (22 MB); 16 K pixels of 150 classes (10 MB).
const fn side(classes: usize) -> usize {
    if classes > 100 { 128 } else { 512 }
}

fn of<const C: usize>(c: &mut Criterion) {
    let image = ClassImage::new(side(C), C as u8);
    answers::check_classes::<C>(&image);
    let loss = cross_entropy_dice::<C>();
    let gradient = &mut vec![0.0; image.logits.len()];
    let group = &mut group(c, groups::CLASSES, image.pixels());
    for (name, layout) in [("planar", Layout::Planar), ("interleaved", Layout::Interleaved)] {
        let plane = || black_box(class_plane::<C>(&image, layout));
        time(group, &format!("loss-core, {name}, {VALUE}"), C, || class_value(&loss, plane()));
        let name = format!("loss-core, {name}, {GRADIENT}");
        time(group, &name, C, || class_value_and_gradient(&loss, plane(), gradient));
    }
    type Pass = fn(&[f32], &[u8], usize, f64, Option<&mut [f32]>) -> f64;
    let passes: [(&str, Pass); 2] = [
        (groups::TEXTBOOK_STD, textbook::class_value_and_gradient::<Std>),
        (groups::TEXTBOOK_LIBM, textbook::class_value_and_gradient::<Libm>),
    ];
    for (name, pass) in passes {
        let (logits, labels) = (&image.logits, &image.labels);
        let value = || pass(black_box(logits), labels, C, SMOOTH, None);
        time(group, &format!("{name}, {VALUE}"), C, value);
        let with_gradient = || pass(black_box(logits), labels, C, SMOOTH, Some(gradient));
        time(group, &format!("{name}, {GRADIENT}"), C, with_gradient);
    }
}

criterion_group!(name = benches; config = criterion(); targets = of::<2>, of::<3>, of::<5>, of::<10>, of::<21>, of::<150>);
criterion_main!(benches);
