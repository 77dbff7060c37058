//! Parts shared by all benches: short measurements, one place for results, throughput in pixels.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use loss_bench::groups::{GRADIENT, VALUE, results_directory};

/// Takes ten samples in half a second, so that several hundred measurements fit into minutes.
pub fn criterion() -> Criterion {
    let criterion = Criterion::default().output_directory(&results_directory());
    let criterion = criterion.sample_size(10).nresamples(10_000);
    criterion.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500))
}

/// Makes a group, named by its question.
pub fn group<'a>(criterion: &'a mut Criterion, question: &str, pixels: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(question);
    group.throughput(Throughput::Elements(pixels as u64));
    // Every sample has the same number of calls, so half a second stays half a second for long calls too.
    group.sampling_mode(SamplingMode::Flat);
    group
}

/// Times a call.
pub fn time<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    parameter: impl std::fmt::Display,
    mut call: impl FnMut() -> R,
) {
    group.bench_function(BenchmarkId::new(name, parameter), |bencher| bencher.iter(&mut call));
}

/// Times the value, and the value with the gradient.
#[allow(dead_code, reason = "not every bench has gradients")]
pub fn time_both<R>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    value: impl FnMut() -> R,
    gradient: impl FnMut() -> R,
) {
    time(group, name, VALUE, value);
    time(group, name, GRADIENT, gradient);
}
