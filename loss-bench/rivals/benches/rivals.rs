//! BCE + Dice by other crates, beside ours in criterion's directory.
//!
//! One thread each, and all threads of those that use them.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

#[path = "../../benches/common/mod.rs"]
mod common;

use common::{criterion, group, time};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use loss_bench::answers::{check_gradient, check_value, reference};
use loss_bench::data::Image;
use loss_bench::groups::{self, GRADIENT, VALUE};
use loss_bench::results::write_differences;
use loss_bench_rivals::{Burn, Candle, Ndarray, Oxicuda, Rival};
use rayon::ThreadPoolBuilder;

/// Relative to the largest slope: tensors' sums, and slopes of several operations, are rounded to `f32` on the way.
const SLOPE_TOLERANCE: f64 = 1e-3;

struct Compared<'a, 'g> {
    image: &'a Image,
    reference: (f64, Vec<f32>),
    group: BenchmarkGroup<'g, WallTime>,
    differences: Vec<(String, f64)>,
}

impl Compared<'_, '_> {
    fn rival<R: Rival + Sync>(&mut self) {
        let rival = R::new(self.image);
        let (value, gradient) = &self.reference;
        let given = rival.value();
        check_value(R::NAME, given, *value, R::TOLERANCE);
        self.differences.push((R::NAME.to_owned(), ((given - value) / value).abs()));
        let has_gradient = match rival.value_and_gradient() {
            Some((given, slopes)) => {
                check_value(R::NAME, given, *value, R::TOLERANCE);
                check_gradient(R::NAME, &R::slopes(slopes), gradient, SLOPE_TOLERANCE);
                true
            }
            None => false,
        };
        let runs = [(R::NAME.to_owned(), 1), (format!("{}, all threads", R::NAME), 0)];
        for (name, threads) in runs.into_iter().take(if R::USES_THREADS { 2 } else { 1 }) {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let group = &mut self.group;
            time(group, &name, VALUE, || pool.install(|| rival.value()));
            if has_gradient {
                time(group, &name, GRADIENT, || pool.install(|| rival.value_and_gradient().map(|(value, _)| value)));
            }
        }
    }
}

fn rivals(c: &mut Criterion) {
    let image = Image::new(groups::SIDE);
    let group = group(c, groups::IMPLEMENTATION, image.pixels());
    let mut compared = Compared { reference: reference(&image), image: &image, group, differences: Vec::new() };
    compared.rival::<Ndarray>();
    compared.rival::<Burn>();
    compared.rival::<Candle>();
    compared.rival::<Oxicuda>();
    write_differences("rivals", &compared.differences);
}

criterion_group!(name = benches; config = criterion(); targets = rivals);
criterion_main!(benches);
