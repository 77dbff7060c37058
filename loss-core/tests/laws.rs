//! The laws of streaming: the bits of the state do not depend on the order, the split or the way in.

mod common;

use common::{Entry, Px, Visitor, every_loss, samples};
use loss_core::{Accumulator, Bce, Dice, EmptyImage, ImageMean, Logits, Loss, Plane, Pointwise, StateError};
use quickcheck::{Arbitrary, Gen};

fn stream<L: Loss>(loss: &L, pixels: &[Px]) -> Accumulator<L> {
    let mut sums = loss.accumulator();
    samples(pixels).for_each(|pixel| sums.push(pixel));
    sums
}

fn state<L: Loss>(sums: &Accumulator<L>) -> Vec<i64> {
    let mut state = vec![0; sums.state_length()];
    sums.write_state(&mut state).unwrap();
    state
}

fn merged<L: Loss>(mut a: Accumulator<L>, b: &Accumulator<L>) -> Accumulator<L> {
    a.merge(b).unwrap();
    a
}

fn shuffle<T>(g: &mut Gen, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, usize::arbitrary(g) % (i + 1));
    }
}

struct Laws;

impl Visitor for Laws {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let mut g = Gen::new(60);
        let empty = loss.accumulator();
        for _ in 0..60 {
            let [a, b, c]: [Vec<Px>; 3] = std::array::from_fn(|_| Vec::arbitrary(&mut g));
            let [x, y, z] = [&a, &b, &c].map(|pixels| stream(&loss, pixels));
            let name = entry.name;
            assert_eq!(merged(x.clone(), &empty), x, "{name}: identity");
            assert_eq!(merged(empty.clone(), &x), x, "{name}: identity");
            assert_eq!(merged(x.clone(), &y), merged(y.clone(), &x), "{name}: commutativity");
            let left = merged(merged(x.clone(), &y), &z);
            let right = merged(x.clone(), &merged(y.clone(), &z));
            assert_eq!(left, right, "{name}: associativity");

            let mut all = [a.clone(), b, c].concat();
            let whole = state(&stream(&loss, &all));
            assert_eq!(state(&left), whole, "{name}: the whole is the sum of its parts");
            shuffle(&mut g, &mut all);
            assert_eq!(state(&stream(&loss, &all)), whole, "{name}: order");
            for at in 0..=a.len() {
                let split = merged(stream(&loss, &a[..at]), &stream(&loss, &a[at..]));
                assert_eq!(split, x, "{name}: split at {at}");
            }

            // States add as plain integers, in normal form or not.
            let sum: Vec<i64> = state(&x).iter().zip(state(&y)).zip(state(&z)).map(|((x, y), z)| x + y + z).collect();
            assert_eq!(state(&Accumulator::from_state(loss.clone(), sum).unwrap()), whole, "{name}: states add");
        }
    }
}

#[test]
fn merging() {
    every_loss(&mut Laws);
}

struct WaysIn;

impl Visitor for WaysIn {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let mut g = Gen::new(70);
        for _ in 0..60 {
            let pixels: Vec<Px> = Vec::arbitrary(&mut g);
            let logits: Vec<f32> = pixels.iter().map(|pixel| pixel.0).collect();
            let soft: Vec<f32> = pixels.iter().map(|pixel| pixel.1).collect();
            let hard: Vec<u8> = soft.iter().map(|&target| u8::from(target > 0.5)).collect();
            let flags: Vec<bool> = hard.iter().map(|&target| target == 1).collect();
            let weights: Vec<f32> = pixels.iter().map(|pixel| pixel.2).collect();
            let mask: Vec<bool> = weights.iter().map(|&weight| weight > 0.0).collect();

            let mut by_slice = loss.accumulator();
            by_slice.extend_plane(Plane::new(&logits, &soft).unwrap().with_weights(&weights).unwrap());
            assert_eq!(by_slice, stream(&loss, &pixels), "{}: weighted slices", entry.name);

            let mut masked = loss.accumulator();
            masked.extend_plane(Plane::new(&logits, &hard).unwrap().with_mask(&mask).unwrap());
            let mut pushed = loss.accumulator();
            for ((&logit, &target), &valid) in logits.iter().zip(&flags).zip(&mask) {
                pushed.push((logit, target, valid));
            }
            assert_eq!(masked, pushed, "{}: masked slices", entry.name);

            let mut plain = loss.accumulator();
            plain.extend_plane(Plane::new(&logits, &flags).unwrap());
            let mut pairs = loss.accumulator();
            logits.iter().zip(&hard).for_each(|pixel| pairs.push(pixel));
            assert_eq!(plain, pairs, "{}: pairs", entry.name);
        }
    }
}

#[test]
fn ways_in() {
    every_loss(&mut WaysIn);
}

struct Ignored;

impl Visitor for Ignored {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let mut g = Gen::new(60);
        for _ in 0..60 {
            let mut pixels: Vec<Px> = Vec::arbitrary(&mut g);
            pixels.push(Px(-0.5, 1.0, 2.0));
            let present: Vec<Px> = pixels.iter().copied().filter(|pixel| pixel.2 != 0.0).collect();
            // No other field of an ignored pixel is read.
            let masked = pixels.iter().map(|&Px(z, t, w)| if w == 0.0 { (f32::NAN, 7.0, 0.0) } else { (z, t, w) });
            let mut sums = loss.accumulator();
            masked.for_each(|pixel| sums.push(pixel));
            let (with, without) = (sums.finish().unwrap(), stream(&loss, &present).finish().unwrap());
            assert_eq!(with.value().to_bits(), without.value().to_bits(), "{}", entry.name);
            assert_eq!(with.counts().ignored as usize, pixels.len() - present.len());
            assert_eq!(with.counts().valid, without.counts().valid);
            assert_eq!((with.soft(), with.hard()), (without.soft(), without.hard()));
        }
    }
}

#[test]
fn weight_zero_is_absence() {
    every_loss(&mut Ignored);
}

struct Parts;

impl Visitor for Parts {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let mut g = Gen::new(60);
        for _ in 0..30 {
            let mut pixels: Vec<Px> = Vec::arbitrary(&mut g);
            pixels.push(Px(-0.5, 1.0, 2.0));
            let finished = stream(&loss, &pixels).finish().unwrap();
            let sum: f64 = finished.parts().map(|part| part.coefficient * part.value).sum();
            assert!((sum - finished.value()).abs() <= 1e-12 * sum.abs(), "{}", entry.name);
            assert!(finished.value().is_finite());
        }
        // The mean over images of one image, and linearity in the coefficient.
        let pixels: Vec<Px> = (0..9).map(|i| Px(i as f32 * 0.7 - 2.9, f32::from(u8::from(i % 3 == 0)), 1.0)).collect();
        let value = stream(&loss, &pixels).finish().unwrap().value();
        let mut mean = loss.image_mean(EmptyImage::Skip);
        samples(&pixels).for_each(|sample| mean.push(sample));
        mean.end_image().unwrap();
        assert!((mean.finish().unwrap() - value).abs() <= 6e-20 + 1e-15 * value, "{}", entry.name);
        let scaled = stream(&loss.clone().times(-2.5), &pixels).finish().unwrap().value();
        assert_eq!(scaled, -2.5 * value, "{}", entry.name);
        let twice = stream(&loss.clone().plus(loss), &pixels).finish().unwrap();
        assert_eq!(twice.value(), value + value, "{}", entry.name);
        assert!(twice.parts().count() >= 2);
    }
}

#[test]
fn parts_and_linearity() {
    every_loss(&mut Parts);
}

struct States(Vec<u64>);

impl Visitor for States {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        let pixels = [Px(0.5, 1.0, 1.0), Px(-1.5, 0.25, 2.0), Px(3e38, 0.0, 1.0)];
        let sums = stream(&loss, &pixels);
        let integers = state(&sums);
        assert_eq!(sums.state_length(), integers.len());
        assert_eq!(Accumulator::from_state(loss.clone(), integers.iter().copied()).unwrap(), sums);
        let mut short = loss.accumulator();
        let before = short.clone();
        let error = short.load_state(integers[1..].iter().copied()).unwrap_err();
        assert_eq!(error, StateError::Length { expected: integers.len(), given: integers.len() - 1 });
        assert!(short.load_state(integers.iter().copied().chain([0])).is_err());
        assert_eq!(short, before, "{}: a failed load changed something", entry.name);
        self.0.push(sums.fingerprint());
    }
}

#[test]
fn states_and_fingerprints() {
    let mut states = States(Vec::new());
    every_loss(&mut states);
    let count = states.0.len();
    states.0.sort_unstable();
    states.0.dedup();
    assert_eq!(states.0.len(), count, "two losses share a fingerprint");
}

#[test]
fn states_are_arrays() {
    type Both = Accumulator<loss_core::Sum<loss_core::Reduced<loss_core::Bce>, loss_core::Dice>>;
    let loss = loss_core::Bce::new().mean() + loss_core::Dice::new(1.0).unwrap();
    let mut sums: Both = loss.accumulator();
    sums.extend([(0.5, true), (-2.25, false)]);
    let state: [i64; Both::STATE_LENGTH] = sums.state().unwrap();
    assert_eq!(&state[..10], [2, 0, 0, 0, 0, 0, 0, 0, 2, 0], "counts, then Σ w = 2 as 2·2⁶⁴");
    assert_eq!(Accumulator::from_state(loss, state).unwrap(), sums);
    assert_eq!(sums.state::<3>(), Err(StateError::Length { expected: Both::STATE_LENGTH, given: 3 }));
}

#[test]
fn accumulators_of_other_losses_do_not_merge() {
    let two = loss_core::Focal::new(2.0).unwrap().mean();
    let mut sums = two.accumulator();
    sums.push((0.5, true));
    let before = sums.clone();
    let other = loss_core::Focal::new(2.5).unwrap().mean().accumulator();
    assert!(matches!(sums.merge(&other), Err(StateError::OtherLoss { .. })));
    let other = two.accumulator().at_threshold(0.25).unwrap();
    assert!(matches!(sums.merge(&other), Err(StateError::OtherLoss { .. })));
    assert_eq!(sums, before);
    let mut mean = ImageMean::new(two, Logits, EmptyImage::Skip);
    let other = ImageMean::new(loss_core::Focal::new(2.5).unwrap().mean(), Logits, EmptyImage::Skip);
    assert!(mean.merge(&other).is_err());
}

#[test]
fn a_million_states_add_plainly() {
    let loss = loss_core::Bce::new().mean() + loss_core::Dice::new(1.0).unwrap();
    let pixels = [Px(-3e38, 1.0, 4_294_967_296.0), Px(2.5, 0.125, 4_294_967_296.0), Px(0.5, 1.0, 1.0)];
    let one = state(&stream(&loss, &pixels));
    let plain: Vec<i64> = one.iter().map(|&digit| digit.checked_mul(1 << 20).expect("room for 2^20 states")).collect();
    let mut doubled = stream(&loss, &pixels);
    for _ in 0..20 {
        let copy = doubled.clone();
        doubled.merge(&copy).unwrap();
    }
    assert_eq!(Accumulator::from_state(loss, plain).unwrap(), doubled);
}

#[test]
fn the_order_of_images_does_not_matter() {
    let mut g = Gen::new(30);
    let loss = loss_core::Dice::new(0.3).unwrap();
    for _ in 0..50 {
        let mut images: Vec<Vec<Px>> = (0..7).map(|_| Vec::arbitrary(&mut g)).collect();
        images.iter_mut().for_each(|image| image.push(Px(0.5, 0.0, 0.0)));
        let mean_of = |images: &[Vec<Px>]| {
            let mut mean = loss.image_mean(EmptyImage::Count);
            for image in images {
                samples(image).for_each(|sample| mean.push(sample));
                mean.end_image().unwrap();
            }
            mean
        };
        let whole = mean_of(&images).finish().unwrap();
        shuffle(&mut g, &mut images);
        let mut parts = mean_of(&images[..3]);
        parts.merge(&mean_of(&images[3..])).unwrap();
        assert_eq!(parts.finish().unwrap().to_bits(), whole.to_bits());
        assert_eq!(parts.images(), 7);
        let states = [mean_of(&images[..2]), mean_of(&images[2..])].map(|part| part.state());
        let mut added = loss.image_mean(EmptyImage::Count);
        added.add_state(std::array::from_fn(|i| states[0][i] + states[1][i])).unwrap();
        assert_eq!((added.finish().unwrap().to_bits(), added.images()), (whole.to_bits(), 7), "states add");
    }
}

/// Pixels are counted when a stream ends, sometimes before, and also if it is cut short.
#[test]
fn a_stream_counts_its_pixels_however_it_ends() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let pixel = |i: u32| {
        let (logit, target) = ((i % 977) as f32 / 61.0 - 8.0, f32::from(u8::from(i % 7 == 0)));
        let weight = if i % 5 == 0 { 0.75 } else { 1.0 };
        (if i % 1009 == 1008 { f32::NAN } else { logit }, target, if i % 11 == 0 { 0.0 } else { weight })
    };
    let many = 200_003;
    let (mut streamed, mut pushed) = (loss.accumulator(), loss.accumulator());
    streamed.extend((0..many).map(pixel));
    (0..many).for_each(|i| pushed.push(pixel(i)));
    assert_eq!(streamed, pushed);
    assert_eq!((streamed.counts(), streamed.counts().pixels()), (pushed.counts(), i64::from(many)));
    assert_eq!(streamed.first_rejected(), pushed.first_rejected());

    let (mut cut, mut whole) = (loss.accumulator(), loss.accumulator());
    let end = 100_001;
    let source = (0..many).map(|i| if i == end { panic!("the source of the pixels fails") } else { pixel(i) });
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cut.extend(source)));
    (0..end).for_each(|i| whole.push(pixel(i)));
    assert!(failed.is_err() && cut == whole);
}

#[test]
fn once_a_loss_is_that_loss() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let once = 1.0 * Bce::new().mean() + 1.0 * Dice::new(1e-5).unwrap();
    let twice = 2.0 * Bce::new().mean() + 1.0 * Dice::new(1e-5).unwrap();
    assert_eq!(loss.accumulator().fingerprint(), once.accumulator().fingerprint());
    assert_ne!(loss.accumulator().fingerprint(), twice.accumulator().fingerprint());
}

#[test]
fn a_state_with_negative_counts_is_none() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let mut sums = loss.accumulator();
    sums.extend([(0.5, 1.0), (-2.25, 0.0), (f32::NAN, 0.0)]);
    let before = sums.clone();
    let mut state = state(&sums);
    state[3] = -1;
    assert_eq!(sums.load_state(state), Err(StateError::NegativeCount { index: 3 }));
    assert_eq!(sums, before);
}
