//! Measures the same loop over the same vectors with exact sums and with other sums.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

mod common;

use std::hint::black_box;

use common::{criterion, group, time};
use criterion::{Criterion, criterion_group, criterion_main};
use loss_bench::answers::{check_plain_sums, levels_with_lanes, value_by};
use loss_bench::data::Image;
use loss_bench::groups;
use loss_bench::losses::{bce_dice, plane, value, value_at};
use loss_bench::results::write_differences;
use loss_core::PlainSums;

fn what_exactness_costs(c: &mut Criterion) {
    // Once small enough for a core's own cache, and once not.
    let mut differences = Vec::new();
    for side in [256, groups::SIDE] {
        let image = Image::new(side);
        check_plain_sums(&image);
        let group = &mut group(c, groups::EXACTNESS, image.pixels());
        for level in levels_with_lanes() {
            let parameter = format!("{level}, {} pixels", image.pixels());
            time(group, "exact", &parameter, || value_at(level, &bce_dice(), black_box(plane(&image))));
            for (name, sums) in [
                ("f32", PlainSums::F32),
                ("f64", PlainSums::F64),
                ("Kahan", PlainSums::Kahan),
                ("Neumaier", PlainSums::Neumaier),
            ] {
                let (given, expected) = (value_by(level, sums, &image), value(&bce_dice(), plane(&image)));
                differences.push((format!("{name}, {parameter}"), ((given - expected) / expected).abs()));
                time(group, name, &parameter, || value_by(level, sums, black_box(&image)));
            }
        }
    }
    write_differences("exactness", &differences);
}

criterion_group!(name = benches; config = criterion(); targets = what_exactness_costs);
criterion_main!(benches);
