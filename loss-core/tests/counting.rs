//! Counting accumulators have the bits of ordinary ones over the same pixels, in less memory.

mod common;

use common::listed_losses;
use loss_core::extend::Link;
use loss_core::{
    Accumulator, Bce, CountingAccumulator, Dice, FinishError, Finished, Loss, Plane, Pointwise, Reason, RejectedPixel,
    SimdLevel, StateError, WeightedPlaneError,
};
use quickcheck::{Arbitrary, Gen};

/// Input, target, valid.
type Hard = (f32, u8, bool);

/// A pixel; on request one in twenty is out of range. Inputs below 0 or above 1 are for logits only.
fn pixel(g: &mut Gen, bad: bool, logits: bool) -> Hard {
    let unit = u32::arbitrary(g) as f32 / u32::MAX as f32;
    let input = match (u8::arbitrary(g) % 20, logits) {
        (0, _) if bad => *g.choose(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]).unwrap(),
        (1, true) => *g.choose(&[0.0, -0.0, 1e-45, 17.0, 88.0, -104.0, f32::MAX, f32::MIN]).unwrap(),
        (1, false) => *g.choose(&[0.0, -0.0, 1.0, 0.5, 1e-45, 1.0 - f32::EPSILON / 2.0]).unwrap(),
        (2..4, true) => (unit - 0.5) * 250.0,
        (_, true) => unit * 23.0 - 14.0,
        (_, false) => unit,
    };
    let target = match u8::arbitrary(g) % 20 {
        0 if bad => 2 + u8::arbitrary(g) % 254,
        1..6 => 1,
        _ => 0,
    };
    (input, target, u8::arbitrary(g) % 6 != 0)
}

fn pixels(g: &mut Gen, length: usize, bad: bool, logits: bool) -> Vec<Hard> {
    (0..length).map(|_| pixel(g, bad, logits)).collect()
}

fn state<L: Loss, K: Link>(sums: &CountingAccumulator<L, K>) -> Vec<i64> {
    let mut state = vec![0; sums.state_length()];
    sums.write_state(&mut state).unwrap();
    state
}

fn outcome<L: Loss, K: Link>(finished: &Finished<L, K>, pixels: &[Hard]) -> Vec<u64> {
    let (soft, hard) = (finished.soft(), finished.hard());
    let confusions = [soft, hard].map(|c| [c.true_positive, c.false_positive, c.false_negative, c.true_negative]);
    let numbers = [finished.value(), finished.weight(), finished.support()].into_iter();
    let numbers = numbers.chain(finished.parts().map(|part| part.value)).chain(confusions.into_iter().flatten());
    let slopes = finished.gradients(pixels.iter().copied()).map(f64::from);
    numbers.chain(slopes).map(f64::to_bits).collect()
}

/// Compares all results of the two.
fn compare<L: Loss, K: Link>(
    name: &str,
    counted: &CountingAccumulator<L, K>,
    weighted: &Accumulator<L, K>,
    pixels: &[Hard],
) {
    assert_eq!(counted.counts(), weighted.counts(), "{name}");
    assert_eq!(counted.first_rejected(), weighted.first_rejected(), "{name}");
    match (counted.finish(), weighted.finish()) {
        (Ok(one), Ok(other)) => assert_eq!(outcome(&one, pixels), outcome(&other, pixels), "{name}"),
        (Err(one), Err(other)) => assert_eq!(one, other, "{name}"),
        _ => panic!("{name}: one finishes, the other does not"),
    }
    match (counted.finish_valid(), weighted.finish_valid()) {
        (Ok(one), Ok(other)) => assert_eq!(outcome(&one, pixels), outcome(&other, pixels), "{name}"),
        (one, other) => assert_eq!(one.err(), other.err(), "{name}"),
    }
}

/// Streams, iterators, slices at every level, merges at every split, states.
fn every_way<L: Loss + std::fmt::Debug, K: Link + std::fmt::Debug>(
    name: &str,
    empty: (CountingAccumulator<L, K>, Accumulator<L, K>),
    pixels: &[Hard],
) {
    let (mut counted, mut weighted) = empty.clone();
    pixels.iter().for_each(|&pixel| counted.push(pixel));
    pixels.iter().copied().for_each(|pixel| weighted.push(pixel));
    compare(name, &counted, &weighted, pixels);

    let part = |pixels: &[Hard]| {
        let mut part = empty.0.clone();
        part.extend(pixels.iter().copied());
        part
    };
    for at in 0..=pixels.len().min(12) {
        let (left, right) = (part(&pixels[..at]), part(&pixels[at..]));
        let mut merged = right.clone();
        merged.merge(&left).unwrap();
        assert_eq!(merged, counted, "{name}: split at {at}");
        assert_eq!(state(&merged), state(&counted), "{name}: split at {at}");
        let added = state(&left).into_iter().zip(state(&right)).map(|(left, right)| left + right);
        let mut loaded = part(&[(0.25, 1, true)]);
        loaded.load_state(added).unwrap();
        assert_eq!((&loaded, state(&loaded)), (&counted, state(&counted)), "{name}: states add");
        weighted.merge(&empty.1).unwrap();
        compare(name, &loaded, &weighted, pixels);
    }

    let inputs: Vec<f32> = pixels.iter().map(|pixel| pixel.0).collect();
    let targets: Vec<u8> = pixels.iter().map(|pixel| pixel.1).collect();
    let flags: Vec<bool> = targets.iter().map(|&target| target == 1).collect();
    let valid: Vec<bool> = pixels.iter().map(|pixel| pixel.2).collect();
    let plane = Plane::new(&inputs, &targets).unwrap();
    for level in SimdLevel::available() {
        let (mut counted, mut weighted) = empty.clone();
        counted.extend_plane_at(level, plane.with_mask(&valid).unwrap()).unwrap();
        pixels.iter().copied().for_each(|pixel| weighted.push(pixel));
        compare(name, &counted, &weighted, pixels);

        let (mut counted, mut weighted) = empty.clone();
        counted.extend_plane_at(level, plane).unwrap();
        inputs.iter().zip(&targets).for_each(|pixel| weighted.push(pixel));
        counted.extend_plane_at(level, Plane::new(&inputs, &flags).unwrap()).unwrap();
        inputs.iter().zip(&flags).for_each(|pixel| weighted.push(pixel));
        compare(name, &counted, &weighted, pixels);
    }
}

fn counts_the_same<L: Loss + std::fmt::Debug>(name: &str, loss: L, g: &mut Gen) {
    for round in 0..8 {
        let bad = round % 2 == 0;
        let length = [usize::arbitrary(g) % 9, 40, 1024 + usize::arbitrary(g) % 300][round % 3];
        let logits = pixels(g, length, bad, true);
        every_way(name, (loss.counting_accumulator(), loss.accumulator()), &logits);
        let probabilities = pixels(g, length, bad, false);
        let weighted = loss.probability_accumulator(1e-6).unwrap();
        let counted = Accumulator::counting(loss.clone(), *weighted.link());
        every_way(name, (counted, weighted), &probabilities);
    }
    let (counted, weighted) = (loss.counting_accumulator(), loss.accumulator());
    assert_ne!(counted.fingerprint(), weighted.fingerprint(), "{name}");
    assert_eq!(counted.state_length() + 18, weighted.state_length(), "{name}");
}

#[test]
fn has_the_bits_of_the_ordinary_accumulator() {
    let mut g = Gen::new(30);
    for (name, loss) in listed_losses(3, &mut |end| usize::arbitrary(&mut g) % end) {
        counts_the_same(&name, loss, &mut g);
    }
    counts_the_same("bce + dice", bce_dice(), &mut g);
}

fn bce_dice() -> impl Loss + std::fmt::Debug {
    Bce::new().mean() + Dice::new(1e-5).unwrap()
}

#[test]
fn thresholds_count_the_same_pixels() {
    let mut g = Gen::new(30);
    for threshold in [1e-6, 0.2, 0.9] {
        let pixels = pixels(&mut g, 1500, false, true);
        let loss = bce_dice();
        let counted = loss.counting_accumulator().at_threshold(threshold).unwrap();
        assert!(matches!(counted.clone().merge(&loss.counting_accumulator()), Err(StateError::OtherLoss { .. })));
        every_way("threshold", (counted, loss.accumulator().at_threshold(threshold).unwrap()), &pixels);
    }
}

#[test]
fn what_is_rejected_is_reported() {
    let mut sums = bce_dice().counting_accumulator();
    sums.extend([(0.5, 1, true), (f32::NAN, 9, false), (1.5, 255, true), (f32::NAN, 0, true)]);
    let first = Some(RejectedPixel { index: 2, reason: Reason::Target });
    assert_eq!(sums.first_rejected(), first);
    assert!(matches!(sums.finish(), Err(FinishError::Rejected { counts, first: found })
        if found == first && (counts.valid, counts.ignored, counts.rejected_inputs, counts.rejected_targets) == (1, 1, 1, 1)));
    sums.reset();
    assert_eq!((sums.first_rejected(), &sums), (None, &bce_dice().counting_accumulator()));
}

#[test]
fn planes_with_weights_are_refused() {
    let mut sums = bce_dice().counting_accumulator();
    sums.push((0.5, true));
    let before = sums.clone();
    let plane = Plane::new(&[0.5, 1.5], &[true, false]).unwrap();
    assert_eq!(sums.extend_plane(plane.with_weights(&[1.0, 1.0]).unwrap()), Err(WeightedPlaneError));
    assert_eq!(sums, before);
}

/// The layout that the documentation states.
#[test]
fn states_are_counts_and_digits() {
    let loss = Bce::new().mean() + Dice::new(1e-5).unwrap();
    let mut sums = loss.counting_accumulator();
    sums.extend([(200.0, true), (200.0, true), (200.0, false), (-200.0, true), (0.0, false)]);
    let state: [i64; 23] = sums.state().unwrap();
    assert_eq!(state[..4], [5, 0, 0, 0]);
    assert_eq!(state[4..13], [0, 0, 2, 0, 1 << 31, 1, 0, 0, 1], "2, 1½ and 1");
    assert_eq!(state[13..16], [2, 2, 1], "p = ½ is foreground");
    assert_eq!(sums.state::<22>(), Err(StateError::Length { expected: 23, given: 22 }));
}

#[test]
fn a_million_states_add_plainly() {
    let loss = bce_dice();
    let mut sums = loss.counting_accumulator();
    sums.extend([(-3e38, true), (2.5, false), (0.5, true), (-0.01, false)]);
    let plain = state(&sums).into_iter().map(|digit| digit.checked_mul(1 << 20).expect("room for 2^20 states"));
    let mut added = loss.counting_accumulator();
    added.load_state(plain).unwrap();
    for _ in 0..20 {
        let copy = sums.clone();
        sums.merge(&copy).unwrap();
    }
    assert_eq!(added, sums);
    // Up to 2⁴¹ pixels the bits are still equal: doubling a sum changes only the exponent.
    let before = added.finish().unwrap();
    for _ in 0..19 {
        let copy = added.clone();
        added.merge(&copy).unwrap();
    }
    let after = added.finish().unwrap();
    assert_eq!(after.counts().valid, 1 << 41);
    assert_eq!(after.soft().false_positive, before.soft().false_positive * (1 << 19) as f64);
}
