//! Measures one thread up to all threads of the machine, beside the same threads only reading the same buffers.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

mod common;

use std::hint::black_box;
use std::thread::available_parallelism;

use common::{criterion, group, time};
use criterion::{Criterion, criterion_group, criterion_main};
use loss_bench::answers::check_paths;
use loss_bench::data::Image;
use loss_bench::groups::{self, GRADIENT, READING, VALUE};
use loss_bench::losses::{bce_dice, par_value, par_value_and_gradient, plane};
use loss_bench::roofline::{par_read, read};
use rayon::ThreadPoolBuilder;

fn threads(c: &mut Criterion) {
    let image = Image::new(groups::LARGE_SIDE);
    check_paths(&image);
    let loss = bce_dice();
    let gradient = &mut vec![0.0; image.pixels()];
    let group = &mut group(c, groups::THREADS, image.pixels());
    let most = available_parallelism().map_or(1, usize::from);
    let powers = (0..).map(|power| 1 << power).take_while(|&count| count < most);
    let expected = read(&image.logits, &image.mask);
    for count in powers.chain([most]) {
        let pool = ThreadPoolBuilder::new().num_threads(count).build().expect("threads");
        let reading = || pool.install(|| par_read(black_box(&image.logits), &image.mask));
        assert_eq!(reading(), expected, "{count} threads read something else");
        // The three take turns, so a slow phase of the machine slows all of them.
        time(group, READING, count, reading);
        time(group, VALUE, count, || pool.install(|| par_value(&loss, black_box(plane(&image)))));
        time(group, GRADIENT, count, || {
            pool.install(|| par_value_and_gradient(&loss, black_box(plane(&image)), gradient))
        });
    }
}

criterion_group!(name = benches; config = criterion(); targets = threads);
criterion_main!(benches);
