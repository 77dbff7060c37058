//! Binary losses against textbook code with plain `f64` sums, over one 512×512 image.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loss_core::{Bce, Dice, Loss, Plane, Pointwise};

const PIXELS: usize = 512 * 512;

/// BCE + Dice as a textbook writes it, numerically stable, by the standard library's functions.
fn textbook(logits: &[f32], mask: &[u8]) -> f64 {
    let (mut bce, mut intersection, mut sum) = (0.0, 0.0, 0.0);
    for (&z, &t) in logits.iter().zip(mask) {
        let t = f32::from(t);
        bce += f64::from(z.max(0.0) - z * t + (-z.abs()).exp().ln_1p());
        let p = 1.0 / (1.0 + (-z).exp());
        intersection += f64::from(p * t);
        sum += f64::from(p + t);
    }
    bce / logits.len() as f64 + 1.0 - (2.0 * intersection + 1.0) / (sum + 1.0)
}

fn bce_dice(c: &mut Criterion) {
    let logits: Vec<f32> = (0..PIXELS).map(|i| ((i * 7919) % 16_411) as f32 / 16_411.0 * 14.0 - 9.0).collect();
    let mask: Vec<u8> = (0..PIXELS).map(|i| u8::from((i * 104_729) % 19 == 0)).collect();
    let loss = Bce::new().mean() + Dice::new(1.0).expect("a smoothing of 1");
    let plane = Plane::new(&logits, &mask).expect("equal lengths");
    let finish = || {
        let mut sums = loss.accumulator();
        sums.extend_plane(plane);
        sums.finish().expect("valid pixels")
    };
    // Answers first: what is timed must be right.
    let (value, expected) = (finish().value(), textbook(&logits, &mask));
    assert!((value - expected).abs() < 1e-6 * expected, "{value} and {expected}");

    let mut group = c.benchmark_group("bce + dice");
    group.throughput(Throughput::Elements(PIXELS as u64));
    group.bench_function("textbook, value", |b| b.iter(|| textbook(black_box(&logits), &mask)));
    group.bench_function("loss-core, value", |b| b.iter(|| finish().value()));
    let mut gradient = vec![0.0; PIXELS];
    group.bench_function("loss-core, value and gradient", |b| {
        b.iter(|| finish().write_gradient(plane, black_box(&mut gradient)).expect("equal lengths"));
    });
    group.finish();
}

criterion_group!(benches, bce_dice);
criterion_main!(benches);
