//! The boundary loss and its distance map.

mod common;

use common::{Px, Smooth};
use loss_core::boundary::BoundaryAccumulator;
use loss_core::boundary::distance::{DistanceError, scratch_length, signed_distance_map};
use loss_core::{FinishError, LengthError, Plane, Probabilities, Reason, RejectedPixel, StateError};
use quickcheck::{Arbitrary, Gen};

/// A pixel with a distance in place of a target.
fn distant(g: &mut Gen) -> (f32, f32, f32) {
    let Px(logit, _, weight) = Px::arbitrary(g);
    let whole = f32::from(i16::arbitrary(g));
    let distance = match u8::arbitrary(g) % 4 {
        0 => whole * 65536.0,
        1 => 0.0,
        _ => whole / 256.0,
    };
    (logit, distance, weight)
}

fn pixels(g: &mut Gen, count: usize) -> Vec<(f32, f32, f32)> {
    (0..count).map(|_| distant(g)).collect()
}

fn stream(pixels: &[(f32, f32, f32)]) -> BoundaryAccumulator {
    let mut sums = BoundaryAccumulator::new();
    sums.extend(pixels.iter().copied());
    sums
}

fn state(sums: &BoundaryAccumulator) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Σ w φ p / Σ w, and Σ w|φ|p / Σ w.
fn oracle(pixels: &[(f32, f32, f32)]) -> (f64, f64) {
    let (mut sum, mut magnitude, mut weight) = (0.0, 0.0, 0.0);
    for &(z, distance, w) in pixels {
        let term = f64::from(w) * f64::from(distance) * sigmoid(f64::from(z));
        sum += term;
        magnitude += term.abs();
        weight += f64::from(w);
    }
    (sum / weight, magnitude / weight)
}

#[test]
fn values_and_gradients_agree_with_the_oracle() {
    let mut g = Gen::new(100);
    let mut largest = (0.0f64, 0.0f64);
    for round in 0..400 {
        let mut pixels = pixels(&mut g, 1 + round % 40);
        pixels.push((0.5, -3.0, 1.5));
        let finished = stream(&pixels).finish().unwrap();
        let (expected, magnitude) = oracle(&pixels);
        let error = (finished.value() - expected).abs();
        assert!(error <= 3e-7 * magnitude + 1e-18, "{} instead of {expected}", finished.value());
        largest.0 = largest.0.max(error / magnitude);
        let gradient = finished.gradient();
        for &(z, distance, w) in &pixels {
            let slope = f64::from(gradient.at((z, distance, w)));
            let (p, q) = (sigmoid(f64::from(z)), sigmoid(-f64::from(z)));
            let expected = f64::from(w) * f64::from(distance) * p * q / finished.weight();
            let error = (slope - expected).abs();
            // The part of p(1−p) below 2⁻¹²⁶ may be rounded to 0.
            let flushed = f64::from(f32::MIN_POSITIVE) * f64::from(w) * f64::from(distance).abs() / finished.weight();
            let close = error <= 6e-7 * expected.abs() + flushed + 1e-40;
            assert!(close, "{slope} instead of {expected} at {z}, {distance}, {w}");
            if expected.abs() > 1e-20 {
                largest.1 = largest.1.max(error / expected.abs());
            }
        }
        assert_eq!(finished.gradient_times(-2.0).at(pixels[0]), -2.0 * gradient.at(pixels[0]));
    }
    println!("largest error of a value {:.1e} of Σ w|φ|p / Σ w, of a gradient {:.1e}", largest.0, largest.1);
}

#[test]
fn gradients_are_difference_quotients() {
    let mut g = Gen::new(100);
    for _ in 0..100 {
        let mut pixels = pixels(&mut g, 5);
        let Smooth(Px(z, _, w)) = Smooth::arbitrary(&mut g);
        pixels.push((z, 7.25, w));
        let slope = stream(&pixels).finish().unwrap().gradient().at((z, 7.25, w));
        let weight: f64 = pixels.iter().map(|&(_, _, w)| f64::from(w)).sum();
        let of = |z: f64| f64::from(w) * 7.25 * sigmoid(z) / weight;
        let h = 1e-4;
        let quotient = (of(f64::from(z) + h) - of(f64::from(z) - h)) / (2.0 * h);
        assert!((f64::from(slope) - quotient).abs() <= 1e-6 * quotient.abs());
    }
}

#[test]
fn any_order_and_any_split_give_equal_bits() {
    let mut g = Gen::new(100);
    for _ in 0..60 {
        let mut all = pixels(&mut g, 24);
        let whole = stream(&all);
        for at in 0..=all.len() {
            let (mut left, right) = (stream(&all[..at]), stream(&all[at..]));
            let added: Vec<i64> = state(&left).iter().zip(state(&right)).map(|(a, b)| a + b).collect();
            left.merge(&right).unwrap();
            assert_eq!(left, whole);
            assert_eq!(state(&left), state(&whole));
            let mut loaded = BoundaryAccumulator::new();
            loaded.load_state(added).unwrap();
            assert_eq!(state(&loaded), state(&whole), "states add");
        }
        let inputs: Vec<f32> = all.iter().map(|pixel| pixel.0).collect();
        let distances: Vec<f32> = all.iter().map(|pixel| pixel.1).collect();
        let weights: Vec<f32> = all.iter().map(|pixel| pixel.2).collect();
        let plane = Plane::new(&inputs, &distances).unwrap().with_weights(&weights).unwrap();
        let mut by_slices = BoundaryAccumulator::new();
        by_slices.extend_plane(plane);
        assert_eq!(by_slices, whole);
        if let Ok(finished) = whole.finish() {
            let one_by_one: Vec<f32> = all.iter().map(|&pixel| finished.gradient().at(pixel)).collect();
            let mut gradient = vec![f32::NAN; all.len()];
            finished.gradient().write(plane, &mut gradient).unwrap();
            assert_eq!(gradient, one_by_one);
            finished.gradient().add(plane, &mut gradient).unwrap();
            assert!(gradient.iter().zip(&one_by_one).all(|(sum, slope)| *sum == slope + slope));
            assert!(finished.gradient().write(plane, &mut gradient[1..]).is_err());
        }
        all.reverse();
        assert_eq!(state(&stream(&all)), state(&whole));
    }
}

#[test]
fn bad_pixels_are_counted() {
    let mut sums = BoundaryAccumulator::new();
    assert!(matches!(sums.finish(), Err(FinishError::NoPixels)));
    sums.push((f32::NAN, f32::NAN, false));
    assert!(matches!(sums.finish(), Err(FinishError::NoValidPixels(_))));
    sums.extend([(0.0, 4.0, 1.0), (f32::NAN, f32::NAN, f32::NAN), (0.0, f32::NAN, -1.0), (0.0, f32::INFINITY, 1.0)]);
    sums.extend([(0.0, 2_147_483_900.0, 1.0), (0.0, -2_147_483_900.0, 1.0), (0.0, 1.0, 1e-10)]);
    let counts = sums.counts();
    assert_eq!((counts.valid, counts.ignored), (1, 1));
    assert_eq!((counts.rejected_inputs, counts.rejected_targets, counts.rejected_weights), (1, 4, 1));
    assert_eq!(sums.first_rejected(), Some(RejectedPixel { index: 2, reason: Reason::Input }));
    assert!(matches!(sums.finish(), Err(FinishError::Rejected { .. })));
    let rest = sums.finish_valid().unwrap();
    assert_eq!((rest.value(), rest.sum(), rest.weight()), (2.0, 2.0, 1.0));
    assert_eq!(rest.gradient().at((0.0, f32::NAN)), 0.0);
    assert_eq!(rest.gradient().at((f32::NAN, f32::NAN, false)), 0.0);
    let before = sums.clone();
    let expected = sums.state_length();
    assert_eq!(sums.load_state([1, 2]), Err(StateError::Length { expected, given: 2 }));
    assert_eq!(sums, before);
    sums.reset();
    assert_eq!(sums, BoundaryAccumulator::new());
}

#[test]
fn extremes_are_finite() {
    for z in [0.0, 1e-45, 88.8, -104.0, f32::MAX, f32::MIN] {
        for distance in [0.0, 1e-45, -1.0, 2_147_483_648.0, -2_147_483_648.0] {
            for w in [1.0, 1.0 / 4_294_967_296.0, 4_294_967_296.0] {
                let finished = stream(&[(z, distance, w)]).finish().unwrap();
                let p = sigmoid(f64::from(z));
                let expected = f64::from(distance) * p;
                assert!((finished.value() - expected).abs() <= 3e-7 * expected.abs() + 1e-9);
                assert!(finished.gradient().at((z, distance, w)).is_finite());
            }
        }
    }
}

#[test]
fn probabilities_are_linear() {
    let mut sums = BoundaryAccumulator::with_link(Probabilities::new(1e-6).unwrap());
    sums.extend([(0.25, 3.0), (1.0, -2.0), (0.0, 9.0)]);
    let finished = sums.finish().unwrap();
    assert_eq!(finished.value(), (0.75 - 2.0) / 3.0);
    for p in [0.0, 0.25, 1.0] {
        assert!((finished.gradient().at((p, 3.0)) - 1.0).abs() < 1e-7);
    }
    sums.push((1.5, 1.0));
    assert_eq!(sums.counts().rejected_inputs, 1);
    let mut other = BoundaryAccumulator::with_link(Probabilities::new(1e-3).unwrap());
    assert!(matches!(other.merge(&sums), Err(StateError::OtherLoss { .. })));
}

fn map_of(mask: &[bool], width: usize) -> Vec<f32> {
    let height = mask.len().checked_div(width).unwrap_or(0);
    // The old contents of the scratch and the map must not matter.
    let (mut scratch, mut map) = (vec![0xdead_beef; scratch_length(width)], vec![f32::NAN; mask.len()]);
    signed_distance_map(mask, width, height, &mut scratch, &mut map).unwrap();
    map
}

/// A pixel against all others.
fn distance(mask: &[bool], width: usize, at: usize) -> f32 {
    let (x, y) = ((at % width) as i64, (at / width) as i64);
    let others = mask.iter().enumerate().filter(|&(_, &class)| class != mask[at]);
    let squared = others.map(|(i, _)| (i as i64 % width as i64 - x).pow(2) + (i as i64 / width as i64 - y).pow(2));
    squared.min().map_or(0.0, |squared| {
        let root = (squared as f64).sqrt();
        (if mask[at] { 1.0 - root } else { root }) as f32
    })
}

fn brute_force(mask: &[bool], width: usize) -> Vec<f32> {
    (0..mask.len()).map(|at| distance(mask, width, at)).collect()
}

#[test]
fn maps_agree_with_brute_force() {
    let mut g = Gen::new(100);
    for round in 0..600 {
        let (width, height) = (1 + usize::arbitrary(&mut g) % 23, 1 + usize::arbitrary(&mut g) % 23);
        let share = [1, 3, 40, 128, 250, 255][round % 6];
        let mask: Vec<bool> = (0..width * height).map(|_| u8::arbitrary(&mut g) < share).collect();
        assert_eq!(map_of(&mask, width), brute_force(&mask, width), "{width} × {height}: {mask:?}");
    }
}

#[test]
fn every_small_mask_has_its_map() {
    for (width, height) in [(1, 1), (1, 6), (6, 1), (2, 4), (4, 2), (3, 3), (4, 3)] {
        for bits in 0..1u32 << (width * height) {
            let mask: Vec<bool> = (0..width * height).map(|i| bits >> i & 1 == 1).collect();
            assert_eq!(map_of(&mask, width), brute_force(&mask, width), "{width} × {height}: {bits:b}");
        }
    }
}

#[test]
fn a_disc_far_away_is_exact() {
    let (width, height) = (301, 167);
    let mask: Vec<bool> = (0..width * height)
        .map(|i| (i % width) as i64 * (i % width) as i64 + (i / width) as i64 * (i / width) as i64 <= 30 * 30)
        .collect();
    let inverse: Vec<bool> = mask.iter().map(|inside| !inside).collect();
    for mask in [mask, inverse] {
        // Without optimisation all pixels would take half a minute. These lie in every row and column.
        for (at, found) in map_of(&mask, width).into_iter().enumerate().step_by(29) {
            assert_eq!(found, distance(&mask, width, at), "{at}");
        }
    }
}

#[test]
fn without_a_boundary_all_is_0() {
    assert_eq!(map_of(&[false; 12], 4), [0.0; 12]);
    assert_eq!(map_of(&[true; 12], 4), [0.0; 12]);
    assert_eq!(map_of(&[], 0), [0.0; 0]);
}

#[test]
fn sizes_must_agree() {
    let (mut scratch, mut map) = ([0; 12], [7.0; 8]);
    let mut call = |mask: &[bool], width, height, scratch: &mut [u32]| {
        let outcome = signed_distance_map(mask, width, height, scratch, &mut map);
        assert_eq!(map, [7.0; 8], "nothing is written");
        outcome.unwrap_err()
    };
    let error = call(&[true; 7], 4, 2, &mut scratch);
    assert_eq!(error, DistanceError::Length(LengthError { slice: "the mask", length: 7, expected: 8 }));
    assert_eq!(error.to_string(), "the mask: 7 values, expected 8");
    let error = call(&[true; 9], 3, 3, &mut scratch);
    assert_eq!(error, DistanceError::Length(LengthError { slice: "the map", length: 8, expected: 9 }));
    let error = call(&[true; 8], 4, 2, &mut scratch[..11]);
    assert_eq!(error, DistanceError::Length(LengthError { slice: "the scratch", length: 11, expected: 12 }));
    let error = call(&[true; 8], 1 << 25, usize::MAX, &mut scratch);
    assert!(matches!(error, DistanceError::Size { .. }));
}

/// The loss is smallest on the mask itself, and a step against the gradient lowers it.
#[test]
fn the_gradient_points_to_the_mask() {
    let mut g = Gen::new(100);
    let mask: Vec<bool> = (0..64).map(|i| (2..6).contains(&(i % 8)) && (2..6).contains(&(i / 8))).collect();
    let distances = map_of(&mask, 8);
    let mut logits: Vec<f32> = (0..64).map(|_| Px::arbitrary(&mut g).0.clamp(-3.0, 3.0)).collect();
    let value = |logits: &[f32]| {
        let mut sums = BoundaryAccumulator::new();
        sums.extend(logits.iter().zip(&distances));
        sums.finish().unwrap()
    };
    let before = value(&logits);
    let mut gradient = vec![0.0; 64];
    before.gradient().write(Plane::new(&logits, &distances).unwrap(), &mut gradient).unwrap();
    logits.iter_mut().zip(&gradient).for_each(|(logit, slope)| *logit -= 0.1 * slope);
    assert!(value(&logits).value() < before.value());
    let best: Vec<f32> = mask.iter().map(|&inside| if inside { 90.0 } else { -90.0 }).collect();
    let least: f64 = distances.iter().map(|&distance| f64::from(distance.min(0.0))).sum::<f64>() / 64.0;
    assert!((value(&best).value() - least).abs() < 1e-12);
}
