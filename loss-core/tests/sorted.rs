//! The sorted losses compared with naive oracles, reference vectors, differences, and each other.

#[path = "reference/arrays.rs"]
mod arrays;

use std::path::PathBuf;

use loss_core::extend::Link;
use loss_core::sorted::{
    BinnedLovasz, ErrorKind, FinishedBinnedLovasz, HardMining, Hardest, HingeErrors, Lovasz, LovaszClasses,
    LovaszErrors, LovaszHinge, LovaszSoftmax, Ohem, SortedError, TopK, UnitErrors,
};
use loss_core::{Bce, LengthError, Logits, Plane, Pointwise, Reason};
use quickcheck::{Arbitrary, Gen, quickcheck};

// ---- inputs ---------------------------------------------------------------------------------------------------------

/// Pixels: an input, a hard target, and whether it is valid. Some inputs occur twice.
#[derive(Clone, Debug)]
struct Pixels<const ERRORS: bool>(Vec<(f32, bool, bool)>);

type Hinges = Pixels<false>;
type Errors = Pixels<true>;

impl<const ERRORS: bool> Arbitrary for Pixels<ERRORS> {
    fn arbitrary(g: &mut Gen) -> Self {
        let length = 1 + usize::arbitrary(g) % 60;
        let share = u8::arbitrary(g) % 5; // of foreground: 0 to all
        let pixel = |g: &mut Gen| {
            let input = match u8::arbitrary(g) % 4 {
                0 => f32::from(u8::arbitrary(g) % 5) / 4.0,
                1 => f32::from_bits(u32::arbitrary(g)),
                _ => f32::from(u16::arbitrary(g)) / 65535.0,
            };
            let input = if ERRORS {
                if (0.0..=1.0).contains(&input) { input } else { 1.0 }
            } else {
                let logit = (input - 0.5) * 6.0;
                if logit.is_finite() { logit } else { -1.0 }
            };
            (input, u8::arbitrary(g) % 4 < share, u8::arbitrary(g) % 5 != 0)
        };
        let mut pixels: Vec<_> = (0..length).map(|_| pixel(g)).collect();
        if let Some(first) = pixels.first_mut() {
            first.2 = true;
        }
        Pixels(pixels)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let all = self.0.clone();
        Box::new((0..all.len()).filter(move |_| all.len() > 1).map({
            let all = self.0.clone();
            move |i| {
                let mut fewer = all.clone();
                fewer.remove(i);
                fewer[0].2 = true;
                Pixels(fewer)
            }
        }))
    }
}

impl<const ERRORS: bool> Pixels<ERRORS> {
    fn samples(&self) -> impl Iterator<Item = (f32, bool, bool)> + '_ {
        self.0.iter().copied()
    }

    fn valid(&self) -> Vec<(f32, bool)> {
        self.samples().filter(|pixel| pixel.2).map(|pixel| (pixel.0, pixel.1)).collect()
    }
}

fn permuted<T: Clone>(items: &[T], seed: u64) -> (Vec<usize>, Vec<T>) {
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut state = seed | 1;
    order.sort_by_cached_key(|_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 20
    });
    let shuffled = order.iter().map(|&i| items[i].clone()).collect();
    (order, shuffled)
}

// ---- oracles --------------------------------------------------------------------------------------------------------

/// The loss as in Berman's code.
fn lovasz_oracle(pixels: &[(f64, bool)]) -> f64 {
    let mut sorted = pixels.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let foreground = sorted.iter().filter(|pixel| pixel.1).count() as f64;
    let (mut intersection, mut union, mut before, mut sum) = (foreground, foreground, 0.0, 0.0);
    for (error, target) in sorted {
        if target {
            intersection -= 1.0
        } else {
            union += 1.0
        }
        let jaccard = 1.0 - intersection / union;
        sum += error.max(0.0) * (jaccard - before);
        before = jaccard;
    }
    sum
}

fn jaccard(mistaken: impl Iterator<Item = bool>, foreground: usize) -> f64 {
    let (mut a, mut b) = (0.0, 0.0);
    for target in mistaken {
        *(if target { &mut a } else { &mut b }) += 1.0;
    }
    if a + b == 0.0 { 0.0 } else { (a + b) / (foreground as f64 + b) }
}

/// The loss by its definition as an integral over thresholds, which needs no order.
fn integral_oracle(pixels: &[(f64, bool)]) -> f64 {
    let foreground = pixels.iter().filter(|pixel| pixel.1).count();
    let mut levels: Vec<f64> = pixels.iter().map(|pixel| pixel.0).filter(|&error| error > 0.0).collect();
    levels.push(0.0);
    levels.sort_by(f64::total_cmp);
    levels
        .windows(2)
        .map(|level| {
            let mistaken = pixels.iter().filter(|pixel| pixel.0 >= level[1]).map(|pixel| pixel.1);
            (level[1] - level[0]) * jaccard(mistaken, foreground)
        })
        .sum()
}

fn hinge_errors(pixels: &[(f32, bool)]) -> Vec<(f64, bool)> {
    pixels.iter().map(|&(z, t)| (1.0 - f64::from(z) * if t { 1.0 } else { -1.0 }, t)).collect()
}

fn in_f64(pixels: &[(f32, bool)]) -> Vec<(f64, bool)> {
    pixels.iter().map(|&(error, t)| (f64::from(error), t)).collect()
}

fn close(value: f64, expected: f64, relative: f64) -> bool {
    (value - expected).abs() <= relative * expected.abs().max(1e-300)
}

fn evaluate<E: ErrorKind, const ERRORS: bool>(pixels: &[(f32, bool, bool)]) -> (f64, Vec<f32>) {
    let mut scratch = vec![0; pixels.iter().filter(|pixel| pixel.2).count()];
    let mut lovasz = Lovasz::<E>::new(&mut scratch);
    lovasz.extend(pixels.iter().copied());
    let finished = lovasz.finish().unwrap();
    let gradient = finished.gradient();
    (finished.value(), pixels.iter().map(|&pixel| gradient.at(pixel)).collect())
}

// ---- Lovász: values -------------------------------------------------------------------------------------------------

quickcheck! {
    fn the_hinge_agrees_with_both_oracles(pixels: Hinges) -> bool {
        let (value, _) = evaluate::<HingeErrors, false>(&pixels.0);
        let errors = hinge_errors(&pixels.valid());
        close(value, lovasz_oracle(&errors), 1e-12) && close(value, integral_oracle(&errors), 1e-12)
    }

    fn errors_agree_with_both_oracles(pixels: Errors) -> bool {
        let (value, _) = evaluate::<UnitErrors, true>(&pixels.0);
        let errors = in_f64(&pixels.valid());
        close(value, lovasz_oracle(&errors), 1e-12) && close(value, integral_oracle(&errors), 1e-12)
    }

    fn the_order_of_pixels_does_not_matter(pixels: Hinges, seed: u64) -> bool {
        let (value, gradient) = evaluate::<HingeErrors, false>(&pixels.0);
        let (order, shuffled) = permuted(&pixels.0, seed);
        let (other_value, other_gradient) = evaluate::<HingeErrors, false>(&shuffled);
        let moved = order.iter().zip(&other_gradient).all(|(&i, g)| g.to_bits() == gradient[i].to_bits());
        value.to_bits() == other_value.to_bits() && moved
    }

    /// L is linear within an order: ⟨∂L/∂e, e⟩ = L, also where errors tie, however their slopes are shared.
    fn the_gradient_times_the_errors_is_the_loss(pixels: Errors) -> bool {
        let (value, gradient) = evaluate::<UnitErrors, true>(&pixels.0);
        let sum: f64 = gradient.iter().zip(&pixels.0).map(|(&g, pixel)| f64::from(g) * f64::from(pixel.0) * f64::from(u8::from(pixel.2))).sum();
        (sum - value).abs() <= 1e-6
    }

    /// The slopes of ties are a subgradient: L(e′) ≥ L(e) + ⟨∂L/∂e, e′ − e⟩ for any other errors.
    fn the_gradient_supports_the_loss(pixels: Errors, others: Vec<u16>) -> bool {
        let valid: Vec<_> = pixels.samples().filter(|pixel| pixel.2).collect();
        let (value, gradient) = evaluate::<UnitErrors, true>(&valid);
        let mut others = others.into_iter().map(|other| f32::from(other) / 65535.0).chain(std::iter::repeat(0.5));
        let moved: Vec<_> = valid.iter().map(|&(e, t, v)| (0.5 * (e + others.next().unwrap()), t, v)).collect();
        let (other_value, _) = evaluate::<UnitErrors, true>(&moved);
        let step: f64 = gradient.iter().zip(valid.iter().zip(&moved))
            .map(|(&g, (from, to))| f64::from(g) * (f64::from(to.0) - f64::from(from.0))).sum();
        other_value >= value + step - 1e-6
    }
}

#[test]
fn the_gradient_is_the_derivative_where_nothing_ties() {
    let mut g = Gen::new(50);
    let mut compared = 0;
    for _ in 0..300 {
        // Next to an error of 10³⁰ the oracle has no digits left for a step.
        let pixels: Vec<_> =
            Hinges::arbitrary(&mut g).valid().into_iter().filter(|pixel| pixel.0.abs() < 100.0).collect();
        if pixels.is_empty() {
            continue;
        }
        let errors = hinge_errors(&pixels);
        let h = 1e-6;
        // There must be no kink within the step: no other error, and not 0.
        let clear = |i: usize| {
            let apart = |other: f64| (errors[i].0 - other).abs() > 4.0 * h;
            apart(0.0) && errors.iter().enumerate().all(|(j, other)| i == j || apart(other.0))
        };
        let all: Vec<_> = pixels.iter().map(|&(z, t)| (z, t, true)).collect();
        let (_, gradient) = evaluate::<HingeErrors, false>(&all);
        for i in (0..errors.len()).filter(|&i| clear(i)) {
            let at = |step: f64| {
                let mut moved = errors.clone();
                moved[i].0 += step;
                lovasz_oracle(&moved)
            };
            let by_error = (at(h) - at(-h)) / (2.0 * h);
            let by_logit = if errors[i].1 { -by_error } else { by_error };
            assert!((f64::from(gradient[i]) - by_logit).abs() < 1e-6, "{} and {by_logit}", gradient[i]);
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// Two orders by hand: a foreground and a background pixel tie below one wrong pixel of each kind.
#[test]
fn ties_get_the_mean_of_two_orders() {
    let pixels = [(0.9, true, true), (0.8, false, true), (0.5, true, true), (0.5, false, true), (0.1, true, true)];
    let (_, gradient) = evaluate::<UnitErrors, true>(&pixels);
    // G = 3, a = b = 1: J = 2/4, then foreground first 3/4 and 4/5, or background first 3/5 and 4/5.
    let foreground = ((3.0 / 4.0 - 2.0 / 4.0) + (4.0 / 5.0 - 3.0 / 5.0)) / 2.0;
    let background = ((4.0 / 5.0 - 3.0 / 4.0) + (3.0 / 5.0 - 2.0 / 4.0)) / 2.0;
    assert!((f64::from(gradient[2]) - foreground).abs() < 1e-7);
    assert!((f64::from(gradient[3]) - background).abs() < 1e-7);
}

#[test]
fn without_foreground_the_loss_is_the_largest_error() {
    let pixels = [(0.5, false, true), (2.0, false, true), (-3.0, false, true), (2.0, false, true), (9.0, true, false)];
    let (value, gradient) = evaluate::<HingeErrors, false>(&pixels);
    assert_eq!((value, gradient), (3.0, vec![0.0, 0.5, 0.0, 0.5, 0.0]));
    let (value, gradient) = evaluate::<HingeErrors, false>(&[(-3.0, false, true), (-1.0, false, true)]);
    assert_eq!((value, gradient), (0.0, vec![0.0, 0.0]));
}

/// Errors that `f32` would round to the same number keep their order: 1 + 2⁻²⁵ and 1 + 2⁻²⁶.
#[test]
fn the_order_of_hinges_needs_no_rounding() {
    let tiny = 1.0 / f32::from_bits((127 + 25) << 23);
    let (_, gradient) = evaluate::<HingeErrors, false>(&[(tiny, false, true), (-0.5 * tiny, true, true)]);
    assert_eq!(gradient, [0.5, -0.5]); // background first: J = 1/2, 1
    let (_, gradient) = evaluate::<HingeErrors, false>(&[(0.5 * tiny, false, true), (-tiny, true, true)]);
    assert_eq!(gradient, [0.0, -1.0]); // foreground first: J = 1, 1
    let (_, gradient) = evaluate::<HingeErrors, false>(&[(-0.0, false, true), (0.0, true, true)]);
    assert_eq!(gradient, [0.25, -0.75]); // a tie: both zeros are one
}

#[test]
fn extreme_logits_and_many_ties() {
    let (value, gradient) = evaluate::<HingeErrors, false>(&[(f32::MAX, false, true), (f32::MIN, true, true)]);
    assert!(close(value, f64::from(f32::MAX), 1e-15));
    assert_eq!(gradient, [0.25, -0.75]);
    let pixels: Vec<_> = (0..200_000).map(|i| (0.0, i % 4 == 0, true)).collect();
    let (value, gradient) = evaluate::<HingeErrors, false>(&pixels); // bisection, or this takes hours
    assert!(close(value, 1.0, 1e-15));
    let sum: f64 = gradient.iter().map(|&g| f64::from(g).abs()).sum();
    assert!((sum - 1.0).abs() < 1e-6);
}

#[test]
fn upstream_factors_and_adding() {
    let (logits, mask) = ([0.5, -0.25, 2.0, -1.5], [1u8, 0, 0, 1]);
    let plane = Plane::new(&logits, &mask).unwrap();
    let mut scratch = [0; 4];
    let mut lovasz = LovaszHinge::new(&mut scratch);
    lovasz.extend_plane(plane);
    let finished = lovasz.finish().unwrap();
    let (mut once, mut more) = ([0.0; 4], [1.0; 4]);
    finished.write_gradient(plane, &mut once).unwrap();
    finished.gradient_times(-2.0).add(plane, &mut more).unwrap();
    for (once, more) in once.iter().zip(more) {
        assert_eq!(more, 1.0 - 2.0 * once);
    }
    let error = finished.write_gradient(plane, &mut once[..3]).unwrap_err();
    assert_eq!(error, LengthError { slice: "the gradient", length: 3, expected: 4 });
}

// ---- Lovász: what is refused ----------------------------------------------------------------------------------------

#[test]
fn bad_pixels_are_counted_and_an_error() {
    let mut scratch = [0; 8];
    let mut lovasz = LovaszHinge::new(&mut scratch);
    assert_eq!(lovasz.finish().err(), Some(SortedError::NoPixels));
    lovasz.push((f32::NAN, true, false));
    assert!(matches!(lovasz.finish(), Err(SortedError::NoValidPixels(counts)) if counts.ignored == 1));
    lovasz.push((1.0, true));
    lovasz.push((f32::NAN, 0.5, 3.0f32));
    lovasz.push((1.0, 0.5, 3.0f32));
    lovasz.push((1.0, 1.0, 3.0f32));
    match lovasz.finish().unwrap_err() {
        SortedError::Rejected { counts, first: Some(first) } => {
            assert_eq!((counts.rejected_inputs, counts.rejected_targets, counts.rejected_weights), (1, 1, 1));
            assert_eq!((first.index, first.reason), (2, Reason::Input));
        }
        other => panic!("{other}"),
    }
    assert_eq!(
        lovasz.finish().unwrap_err().to_string(),
        "3 of 5 pixels were rejected, the first at index 2: the input is not finite, or is out of the range of this loss"
    );
    let finished = lovasz.finish_valid().unwrap();
    assert_eq!(finished.value(), 0.0);
    assert_eq!(finished.gradient().at((1.0, 0.5)), 0.0);
    assert_eq!(finished.gradient().at((f32::NAN, true)), 0.0);

    let mut errors = LovaszErrors::new(&mut scratch);
    errors.extend([(1.0, true), (1.5, true), (-0.1, false)]);
    assert!(matches!(errors.finish(), Err(SortedError::Rejected { counts, .. }) if counts.rejected_inputs == 2));
    errors.reset();
    assert_eq!(errors.finish().err(), Some(SortedError::NoPixels));
}

#[test]
fn a_small_scratch_is_an_error() {
    let mut scratch = [0; 2];
    let mut lovasz = LovaszErrors::new(&mut scratch);
    lovasz.extend([(0.5, true), (0.25, false)]);
    let value = lovasz.finish().unwrap().value();
    lovasz.push((0.125, false, false)); // ignored pixels take no room
    assert_eq!(lovasz.finish().unwrap().value(), value);
    lovasz.push((0.125, false));
    assert_eq!(lovasz.finish().err(), Some(SortedError::Scratch { needed: 3, given: 2 }));
    let mut none = LovaszErrors::new(&mut []);
    none.push((0.5, true));
    assert_eq!(none.finish().err(), Some(SortedError::Scratch { needed: 1, given: 0 }));
}

#[test]
fn pixels_may_be_added_after_finish() {
    let pixels = [(0.5, true, true), (0.25, false, true), (0.75, false, true), (0.125, true, true)];
    let mut scratch = [0; 4];
    let mut lovasz = LovaszErrors::new(&mut scratch);
    lovasz.extend(pixels[..2].iter().copied());
    let _ = lovasz.finish().unwrap();
    lovasz.extend(pixels[2..].iter().copied());
    assert_eq!(lovasz.finish().unwrap().value(), evaluate::<UnitErrors, true>(&pixels).0);
}

// ---- reference vectors ----------------------------------------------------------------------------------------------

fn check_reference(value: f64, gradient: &[f32], expected: f64, file: &str) {
    assert!(close(value, expected, 2e-6), "{file}: {value}, expected {expected}");
    let expected = arrays::read_f64(&vectors(), file);
    let largest = expected.iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
    assert_eq!(gradient.len(), expected.len());
    for (i, (&slope, expected)) in gradient.iter().zip(expected).enumerate() {
        assert!((f64::from(slope) - expected).abs() <= 4e-6 * largest, "{file}[{i}]: {slope}, expected {expected}");
    }
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The mean over images, or one image for the whole batch.
fn hinge_of_images(logits: &[f32], mask: &[f32], images: usize) -> (f64, Vec<f32>) {
    let mut scratch = vec![0; logits.len() / images];
    let mut lovasz = LovaszHinge::new(&mut scratch);
    let mut gradient = vec![0.0; logits.len()];
    let mut value = 0.0;
    let pixels = logits.len() / images;
    for ((z, t), g) in logits.chunks(pixels).zip(mask.chunks(pixels)).zip(gradient.chunks_mut(pixels)) {
        let plane = Plane::new(z, t).unwrap();
        lovasz.reset();
        lovasz.extend_plane(plane);
        let finished = lovasz.finish().unwrap();
        value += finished.value() / images as f64;
        finished.gradient_times(1.0 / images as f64).add(plane, g).unwrap();
    }
    (value, gradient)
}

#[test]
fn reference_lovasz_hinge() {
    let logits = arrays::read_f32(&vectors(), "pub_bin.logits.npy");
    let mask = arrays::read_f32(&vectors(), "pub_bin.targets.npy");
    let (value, gradient) = hinge_of_images(&logits, &mask, 1);
    check_reference(value, &gradient, 2.2757414445910498, "smp_lovasz_hinge.grad.npy");
    let (value, gradient) = hinge_of_images(&logits, &mask, 2);
    check_reference(value, &gradient, 2.2708502321290345, "kornia_lovasz_hinge.grad.npy");
}

// ---- Lovász softmax -------------------------------------------------------------------------------------------------

const CLASSES: usize = 4;

/// Logits by plane, and labels (255: ignored).
#[derive(Clone, Debug)]
struct Classes(Vec<f32>, Vec<u8>);

impl Arbitrary for Classes {
    fn arbitrary(g: &mut Gen) -> Self {
        let pixels = 1 + usize::arbitrary(g) % 24;
        let present = 1 + u8::arbitrary(g) % CLASSES as u8;
        let scale = [1.0, 4.0, 30.0][usize::arbitrary(g) % 3];
        let logits =
            (0..pixels * CLASSES).map(|_| (f32::from(u16::arbitrary(g)) / 65535.0 - 0.5) * 2.0 * scale).collect();
        let label = |g: &mut Gen| if u8::arbitrary(g) % 5 == 0 { 255 } else { u8::arbitrary(g) % present };
        let mut labels: Vec<u8> = (0..pixels).map(|_| label(g)).collect();
        labels[0] = 0;
        Classes(logits, labels)
    }
}

/// The loss of f64 logits by plane, and the distance to the nearest tie.
fn softmax_oracle(logits: &[f64], labels: &[u8], mean: LovaszClasses) -> (f64, f64) {
    let n = labels.len();
    let (mut sum, mut classes, mut nearest) = (0.0, 0.0, f64::INFINITY);
    for c in 0..CLASSES {
        let errors: Vec<(f64, bool)> = (0..n)
            .filter(|&i| labels[i] != 255)
            .map(|i| {
                let by = |keep: &dyn Fn(usize) -> bool| {
                    (0..CLASSES)
                        .filter(|&k| keep(k))
                        .map(|k| (logits[k * n + i] - logits[c * n + i]).exp())
                        .sum::<f64>()
                };
                // p = 1/Σ exp(z_k − z_c), 1 − p = Σ_{k ≠ c} exp(z_k − z_c) p
                let p = 1.0 / by(&|_| true);
                let target = usize::from(labels[i]) == c;
                (if target { by(&|k| k != c) * p } else { p }, target)
            })
            .collect();
        let mut sorted: Vec<f64> = errors.iter().map(|error| error.0).collect();
        sorted.sort_by(f64::total_cmp);
        nearest = sorted.windows(2).fold(nearest, |nearest, pair| nearest.min(pair[1] - pair[0]));
        if mean == LovaszClasses::All || errors.iter().any(|error| error.1) {
            sum += lovasz_oracle(&errors);
            classes += 1.0;
        }
    }
    (sum / classes, nearest)
}

fn evaluate_softmax(logits: &[f32], labels: &[u8], mean: LovaszClasses) -> (f64, Vec<f32>) {
    let mut scratch = vec![0; logits.len()];
    let mut lovasz = LovaszSoftmax::<CLASSES>::new(&mut scratch).ignoring(255u8).over(mean);
    lovasz.extend_planar(logits, labels).unwrap();
    let finished = lovasz.finish().unwrap();
    let mut gradient = vec![f32::NAN; logits.len()];
    finished.write_planar_gradient(logits, labels, &mut gradient).unwrap();
    (finished.value(), gradient)
}

quickcheck! {
    fn softmax_agrees_with_the_oracle(input: Classes) -> bool {
        let Classes(logits, labels) = input;
        let wide: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        [LovaszClasses::Present, LovaszClasses::All].into_iter().all(|mean| {
            close(evaluate_softmax(&logits, &labels, mean).0, softmax_oracle(&wide, &labels, mean).0, 1e-11)
        })
    }

    fn the_order_of_class_pixels_does_not_matter(input: Classes, seed: u64) -> bool {
        let Classes(logits, labels) = input;
        let (order, shuffled_labels) = permuted(&labels, seed);
        let plane = |class: usize| &logits[class * labels.len()..][..labels.len()];
        let shuffled: Vec<f32> = (0..CLASSES).flat_map(|c| order.iter().map(move |&i| plane(c)[i])).collect();
        let (value, gradient) = evaluate_softmax(&logits, &labels, LovaszClasses::Present);
        let (other_value, other) = evaluate_softmax(&shuffled, &shuffled_labels, LovaszClasses::Present);
        let n = labels.len();
        let moved = (0..other.len()).all(|i| other[i].to_bits() == gradient[i / n * n + order[i % n]].to_bits());
        value.to_bits() == other_value.to_bits() && moved
    }
}

#[test]
fn the_softmax_gradient_is_the_derivative() {
    let mut g = Gen::new(50);
    let mut compared = 0;
    for _ in 0..400 {
        let Classes(logits, labels) = Classes::arbitrary(&mut g);
        let wide: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        let h = 1e-6;
        for mean in [LovaszClasses::Present, LovaszClasses::All] {
            if softmax_oracle(&wide, &labels, mean).1 < 4.0 * h {
                continue;
            }
            let (_, gradient) = evaluate_softmax(&logits, &labels, mean);
            for i in 0..wide.len() {
                let at = |step: f64| {
                    let mut moved = wide.clone();
                    moved[i] += step;
                    softmax_oracle(&moved, &labels, mean).0
                };
                let expected = (at(h) - at(-h)) / (2.0 * h);
                assert!((f64::from(gradient[i]) - expected).abs() < 1e-7, "{} and {expected}", gradient[i]);
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// Far from the decision boundary the loss and all slopes keep their relative accuracy.
#[test]
fn saturated_softmax() {
    let (z, labels) = ([50.0f32, 0.0, 0.0], [0u8]);
    let mut scratch = [0; 3];
    let mut lovasz = LovaszSoftmax::<3>::new(&mut scratch);
    lovasz.extend_planar(&z, &labels).unwrap();
    let finished = lovasz.finish().unwrap();
    let tail = (-50.0f64).exp();
    assert!(close(finished.value(), 2.0 * tail, 1e-12));
    // Only class 0 is present: L = 1 − p₀.
    let gradient = finished.gradient_at((z, 0u8), 1.0);
    for (slope, expected) in gradient.into_iter().zip([-2.0 * tail, tail, tail]) {
        assert!(close(f64::from(slope), expected, 1e-6), "{slope:e} {expected:e}");
    }
}

#[test]
fn two_classes_are_the_binary_loss() {
    let logits = [0.5f32, -1.5, 2.0, 0.25, -3.0];
    let labels = [1u8, 0, 0, 1, 0];
    // p of class 1 by logits (0, z): errors of both classes are |t − p|.
    let planes: Vec<f32> = [0.0; 5].into_iter().chain(logits).collect();
    let mut scratch = [0; 10];
    let mut softmax = LovaszSoftmax::<8>::new(&mut scratch).with_classes(2).unwrap();
    softmax.extend_planar(&planes, &labels).unwrap();
    let finished = softmax.finish().unwrap();
    let mut memory = [0; 5];
    let mut errors = LovaszErrors::new(&mut memory);
    for (&z, &t) in logits.iter().zip(&labels) {
        let pixel = Logits.pixel(z, f32::from(t));
        errors.push((if t == 1 { pixel.q } else { pixel.p }, t));
    }
    let expected = errors.finish().unwrap().value();
    assert!(close(finished.class_value(1).unwrap(), expected, 1e-6));
    assert_eq!((finished.class_value(2), finished.class_value(9)), (None, None));
}

#[test]
fn bad_class_pixels() {
    let mut scratch = [0; 5];
    assert!(LovaszSoftmax::<2>::new(&mut scratch).with_classes(3).is_err());
    assert!(LovaszSoftmax::<2>::new(&mut scratch).with_classes(0).is_err());
    let mut lovasz = LovaszSoftmax::<2>::new(&mut scratch).ignoring(255u8);
    assert_eq!(lovasz.finish().err(), Some(SortedError::NoPixels));
    let error = LengthError { slice: "the logits of all classes", length: 3, expected: 4 };
    assert_eq!(lovasz.extend_planar(&[0.0; 3], &[0u8, 1]), Err(error));
    lovasz.push(([f32::NAN, 0.0], 255u8));
    lovasz.push(([f32::NAN, 0.0], 0u8, false));
    assert!(matches!(lovasz.finish(), Err(SortedError::NoValidPixels(counts)) if counts.ignored == 2));
    lovasz.extend([([0.0, 1.0], 1u8), ([0.0, 2.0], 0)]);
    assert_eq!(lovasz.finish().unwrap().gradient_at(([f32::NAN, 0.0], 255u8), 1.0), [0.0; 2]);
    lovasz.extend([([0.0, 1.0], 2u8), ([f32::INFINITY, 1.0], 2)]);
    lovasz.push(([0.0, 1.0], 1u8, 0.5f32));
    lovasz.push(([0.0, 1.0], [0.5, 0.5]));
    match lovasz.finish().unwrap_err() {
        SortedError::Rejected { counts, first: Some(first) } => {
            assert_eq!((first.index, first.reason), (4, Reason::Label));
            let rejected = [counts.rejected_inputs, counts.rejected_targets, counts.rejected_weights];
            assert_eq!((rejected, counts.rejected_labels), ([1, 1, 1], 1));
        }
        other => panic!("{other}"),
    }
    let finished = lovasz.finish_valid().unwrap();
    let mut gradient = [7.0; 4];
    assert!(finished.write_planar_gradient(&[0.0; 4], &[0u8, 1], &mut gradient[..3]).is_err());
    assert!(finished.write_planar_gradient(&[0.0; 3], &[0u8, 1], &mut gradient[..3]).is_err());
    assert_eq!(gradient, [7.0; 4]);
    finished.add_planar_gradient(0.0, &[0.0, 0.0, 1.0, 2.0], &[1u8, 0], &mut gradient).unwrap();
    assert_eq!(gradient, [7.0; 4]);
    lovasz.push(([0.0, 1.0], 1u8));
    assert_eq!(lovasz.finish_valid().err(), Some(SortedError::Scratch { needed: 6, given: 5 }));
}

// ---- bins -----------------------------------------------------------------------------------------------------------

/// The `f32` next below a positive one.
fn below(x: f32) -> f32 {
    f32::from_bits(x.to_bits() - 1)
}

fn bins<const BINS: usize>(pixels: impl IntoIterator<Item = (f32, bool, bool)>) -> BinnedLovasz<BINS> {
    let mut bins = BinnedLovasz::new();
    bins.extend(pixels);
    bins
}

fn within_bound<const BINS: usize>(pixels: &Errors) -> bool {
    let exact = lovasz_oracle(&in_f64(&pixels.valid()));
    let binned = bins::<BINS>(pixels.samples()).finish().unwrap().value();
    (binned - exact).abs() <= FinishedBinnedLovasz::<BINS>::ERROR_BOUND + 1e-15
}

quickcheck! {
    fn bins_stay_within_the_bound(pixels: Errors) -> bool {
        within_bound::<1>(&pixels) && within_bound::<3>(&pixels) && within_bound::<16>(&pixels) && within_bound::<1000>(&pixels)
    }

    fn bins_merge_to_the_bit(pixels: Errors, at: usize, seed: u64) -> bool {
        let whole = bins::<16>(pixels.samples());
        let (_, shuffled) = permuted(&pixels.0, seed);
        let (left, right) = shuffled.split_at(at % shuffled.len());
        let (mut merged, right) = (bins::<16>(left.iter().copied()), bins::<16>(right.iter().copied()));
        let mut sum = Vec::new();
        merged.for_each_of_state(|count| sum.push(count));
        let mut counts = sum.iter_mut();
        right.for_each_of_state(|count| *counts.next().unwrap() += count);
        merged.merge(&right);
        let value = |bins: &BinnedLovasz<16>| bins.finish().unwrap().value().to_bits();
        merged == whole && value(&merged) == value(&whole) && BinnedLovasz::from_state(sum).unwrap() == whole
    }

    /// If the bins are narrower than the gaps between errors, the slopes are those of the exact loss, for ties as well.
    fn fine_bins_have_the_exact_gradient(pixels: Vec<(u8, bool)>) -> bool {
        let pixels: Vec<_> = pixels.into_iter().map(|(e, t)| (f32::from(e) / 256.0, t, true)).collect();
        if pixels.is_empty() { return true }
        let (_, exact) = evaluate::<UnitErrors, true>(&pixels);
        let finished = bins::<256>(pixels.iter().copied()).finish().unwrap();
        // The exact loss has no slope at an error of 0.
        pixels.iter().zip(&exact).all(|(&pixel, &slope)| pixel.0 == 0.0 || finished.gradient().at(pixel) == slope)
    }
}

/// The bound is reached: errors on lower edges all move up by half a bin, and errors just below upper edges move down by almost as much.
#[test]
fn the_bound_of_bins_is_reached() {
    let lower: Vec<_> = (0..64u8).map(|i| (f32::from(i % 16) / 16.0, i % 3 == 0, true)).collect();
    let upper: Vec<_> = lower.iter().map(|&(e, t, v)| (below(e + 1.0 / 16.0), t, v)).collect();
    for (pixels, sign) in [(lower, 1.0), (upper, -1.0)] {
        let binned = bins::<16>(pixels.iter().copied()).finish().unwrap().value();
        let off = binned - evaluate::<UnitErrors, true>(&pixels).0;
        assert!((off - sign / 32.0).abs() < 1e-7, "{off}");
    }
}

#[test]
fn bins_are_closed_below_and_1_is_in_the_last() {
    let third = 1.0f32 / 3.0; // above 1/3
    let counted = bins::<3>([(0.0, false, true), (below(third), false, true), (third, false, true), (1.0, true, true)]);
    assert_eq!((counted.background(), counted.foreground()), (&[2, 1, 0], &[0, 0, 1]));
}

#[test]
fn bins_refuse_what_is_out_of_range() {
    let mut bins = BinnedLovasz::<4>::new();
    assert_eq!(bins.finish().err(), Some(SortedError::NoPixels));
    bins.extend([(0.5, 0.0), (0.5, 0.5), (1.1, 1.0)]);
    bins.push((f32::NAN, true, false));
    match bins.finish().unwrap_err() {
        SortedError::Rejected { counts, first: Some(first) } => {
            assert_eq!((counts.valid, counts.ignored, counts.rejected()), (1, 1, 2));
            assert_eq!((first.index, first.reason), (1, Reason::Target));
        }
        other => panic!("{other}"),
    }
    let finished = bins.finish_valid().unwrap();
    assert_eq!(finished.value(), 0.625); // no foreground: the centre of its bin
    assert_eq!(finished.gradient().at((0.5, true, false)), 0.0);
    let mut state = Vec::new();
    bins.for_each_of_state(|count| state.push(count));
    assert_eq!(state.len(), BinnedLovasz::<4>::STATE_LENGTH);
    assert!(BinnedLovasz::<4>::from_state(state.iter().copied().skip(1)).is_err());
    assert!(BinnedLovasz::<4>::from_state(state.iter().copied().chain([0])).is_err());
}

// ---- the hardest pixels ---------------------------------------------------------------------------------------------

/// Finite losses, some of them equal, some negative.
#[derive(Clone, Debug)]
struct Losses(Vec<f32>);

impl Arbitrary for Losses {
    fn arbitrary(g: &mut Gen) -> Self {
        let length = 1 + usize::arbitrary(g) % 80;
        let loss = |g: &mut Gen| match u8::arbitrary(g) % 4 {
            0 => f32::from(i8::arbitrary(g) / 16),
            1 => Some(f32::from_bits(u32::arbitrary(g))).filter(|loss| loss.is_finite()).unwrap_or(-0.0),
            _ => f32::from(u16::arbitrary(g)) / 8192.0,
        };
        Losses((0..length).map(|_| loss(g)).collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(
            self.0.shrink().filter(|losses| !losses.is_empty() && losses.iter().all(|l| l.is_finite())).map(Losses),
        )
    }
}

fn top_oracle(losses: &[f32], k: usize) -> f64 {
    let mut sorted: Vec<f64> = losses.iter().copied().map(f64::from).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.iter().take(k).sum::<f64>() / k as f64
}

/// Compares means of losses up to 10³⁸ of both signs, as accurately as a plain f64 sum allows.
fn same_mean(value: f64, expected: f64, losses: &[f32]) -> bool {
    let scale = losses.iter().fold(1e-6, |scale, &loss| f64::max(scale, f64::from(loss).abs()));
    (value - expected).abs() <= 1e-13 * scale
}

fn slopes_sum_to_one(hardest: &Hardest, losses: &[f32]) -> bool {
    let slopes = losses.iter().map(|&loss| hardest.slope(loss));
    (slopes.sum::<f64>() - 1.0).abs() < 1e-12
}

quickcheck! {
    fn top_k_agrees_with_sorting(losses: Losses, k: usize) -> bool {
        let Losses(losses) = losses;
        let k = 1 + k % losses.len();
        let hardest = TopK::count(k as u64).unwrap().losses(&losses).unwrap();
        hardest.kept() == k as u64 && same_mean(hardest.value(), top_oracle(&losses, k), &losses)
            && slopes_sum_to_one(&hardest, &losses)
    }

    fn the_order_of_losses_does_not_matter(losses: Losses, k: usize, seed: u64) -> bool {
        let top = TopK::count(1 + (k % losses.0.len()) as u64).unwrap();
        top.losses(&losses.0).unwrap() == top.losses(&permuted(&losses.0, seed).1).unwrap()
    }

    fn ohem_agrees_with_its_definition(losses: Losses, least: usize) -> bool {
        let Losses(losses) = losses;
        let least = 1 + least % losses.len();
        let rule = Ohem::new(0.5).unwrap().at_least(least as u64);
        let hardest = rule.losses(&losses).unwrap();
        let above: Vec<f32> = losses.iter().copied().filter(|&loss| loss > rule.threshold()).collect();
        let kept = above.len().max(least);
        hardest.kept() == kept as u64 && same_mean(hardest.value(), top_oracle(&losses, kept), &losses)
            && slopes_sum_to_one(&hardest, &losses)
    }
}

#[test]
fn percentages_are_those_of_nn_u_net() {
    let kept = |pixels: usize, percent: f64| TopK::percent(percent).unwrap().losses(&vec![1.0; pixels]).unwrap().kept();
    assert_eq!((kept(100, 10.0), kept(109, 10.0), kept(9, 10.0), kept(7, 100.0)), (10, 10, 1, 7));
    assert_eq!(TopK::count(9).unwrap().losses(&[1.0, 3.0]).unwrap().value(), 2.0);
    for percent in [0.0, -1.0, 100.5, f64::NAN] {
        assert!(TopK::percent(percent).is_err());
    }
    assert!(TopK::count(0).is_err());
    for thresh in [0.0, 1.0, f64::NAN] {
        assert!(Ohem::new(thresh).is_err());
    }
}

#[test]
fn ohem_keeps_a_sixteenth_by_default_and_never_nothing() {
    let losses = [0.125; 40];
    assert_eq!(Ohem::new(0.7).unwrap().losses(&losses).unwrap().kept(), 2);
    assert_eq!(Ohem::new(0.7).unwrap().losses(&losses[..3]).unwrap().kept(), 1);
    let threshold = Ohem::new(0.7).unwrap().threshold();
    let above = f32::from_bits(threshold.to_bits() + 1);
    let at = Ohem::new(0.7).unwrap().at_least(1).losses(&[threshold, above]).unwrap();
    assert_eq!((at.kept(), at.value()), (1, f64::from(above))); // strictly above
}

#[test]
fn ties_share_the_last_places() {
    let losses = [1.0, 3.0, 1.0, 0.5, 1.0];
    let hardest = TopK::count(3).unwrap().losses(&losses).unwrap();
    assert_eq!((hardest.value(), hardest.threshold(), hardest.share_of_ties()), (5.0 / 3.0, 1.0, 2.0 / 3.0));
    let mut slopes = [f32::NAN; 5];
    hardest.write_slopes(9.0, &losses, &mut slopes).unwrap();
    assert_eq!(slopes, [2.0, 3.0, 2.0, 0.0, 2.0]);
    assert!(hardest.write_slopes(9.0, &losses, &mut slopes[1..]).is_err());
    hardest.write_masked_slopes(9.0, &losses, &[true, false, true, true, true], &mut slopes).unwrap();
    assert_eq!(slopes, [2.0, 0.0, 2.0, 0.0, 2.0]);
}

#[test]
fn both_zeros_are_one_loss() {
    let losses = [0.0, -0.0, -1.0];
    let hardest = TopK::count(1).unwrap().losses(&losses).unwrap();
    assert_eq!((hardest.value(), hardest.slope(0.0), hardest.slope(-0.0)), (0.0, 0.5, 0.5));
}

/// The top k of all pixels is the mean, and has the accumulator's gradient.
#[test]
fn all_pixels_are_the_mean() {
    use loss_core::Loss;
    let logits: Vec<f32> = (0..100u8).map(|i| f32::from(i) * 0.17 - 8.0).collect();
    let targets: Vec<f32> = (0..100u8).map(|i| f32::from(i % 7) / 6.0).collect();
    let valid: Vec<bool> = (0..100).map(|i| i % 5 != 0).collect();
    let plane = Plane::new(&logits, &targets).unwrap().with_mask(&valid).unwrap();
    let mut sums = Bce::new().mean().accumulator();
    sums.extend_plane(plane);
    let mean = sums.finish().unwrap();
    let hardest = TopK::percent(100.0).unwrap().pixels(Bce::new(), Logits, plane).unwrap();
    assert_eq!((hardest.value(), hardest.hardest().kept()), (mean.value(), 80));
    let (mut ours, mut theirs) = ([0.0; 100], [0.0; 100]);
    hardest.write_gradient(plane, &mut ours).unwrap();
    mean.write_gradient(plane, &mut theirs).unwrap();
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 1e-9);
    }
}

#[test]
fn the_gradient_of_the_hardest_is_the_derivative() {
    let logits: Vec<f32> = (0..50u16).map(|i| f32::from(i * 37 % 50) * 0.21 - 5.1).collect();
    let targets: Vec<bool> = (0..50u8).map(|i| i % 3 == 0).collect();
    let weights: Vec<f32> = (0..50u8).map(|i| f32::from(i % 4) * 0.75).collect();
    let plane = Plane::new(&logits, &targets).unwrap().with_weights(&weights).unwrap();
    let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
    let oracle = |logits: &[f64], kept: usize| {
        let mut losses: Vec<f64> = (0..50)
            .filter(|&i| weights[i] != 0.0)
            .map(|i| f64::from(weights[i]) * softplus(if targets[i] { -logits[i] } else { logits[i] }))
            .collect();
        losses.sort_by(|a, b| b.total_cmp(a));
        losses.iter().take(kept).sum::<f64>() / kept as f64
    };
    fn check(rule: impl HardMining, plane: Plane<'_, bool>, logits: &[f32], oracle: impl Fn(&[f64], usize) -> f64) {
        let hardest = rule.pixels(Bce::new(), Logits, plane).unwrap();
        let kept = hardest.hardest().kept() as usize;
        let wide: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        assert!(close(hardest.value(), oracle(&wide, kept), 1e-6));
        let mut gradient = [0.0; 50];
        hardest.gradient_times(2.0).add(plane, &mut gradient).unwrap();
        for i in 0..50 {
            let at = |step: f64| {
                let mut moved = wide.clone();
                moved[i] += step;
                oracle(&moved, kept)
            };
            let expected = 2.0 * (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((f64::from(gradient[i]) - expected).abs() < 1e-6, "{i}: {} and {expected}", gradient[i]);
        }
    }
    check(TopK::percent(30.0).unwrap(), plane, &logits, oracle);
    check(Ohem::new(0.7).unwrap(), plane, &logits, oracle);
    check(Ohem::new(0.01).unwrap().at_least(9), plane, &logits, oracle);
}

#[test]
fn bad_losses_and_pixels() {
    let top = TopK::count(2).unwrap();
    assert_eq!(top.losses(&[]).err(), Some(SortedError::NoPixels));
    match top.losses(&[1.0, f32::INFINITY, f32::NAN]).unwrap_err() {
        SortedError::Rejected { counts, first: Some(first) } => {
            assert_eq!((counts.rejected_inputs, first.index, first.reason), (2, 1, Reason::Input));
        }
        other => panic!("{other}"),
    }
    assert_eq!(top.masked_losses(&[1.0, f32::NAN, 3.0], &[true, false, true]).unwrap().value(), 2.0);
    assert!(matches!(top.masked_losses(&[1.0], &[true, false]), Err(SortedError::Length(_))));
    assert!(matches!(top.masked_losses(&[1.0], &[false]), Err(SortedError::NoValidPixels(_))));
    let plane = Plane::new(&[1.0, 2.0], &[0.5, 1.5]).unwrap();
    match top.pixels(Bce::new(), Logits, plane).unwrap_err() {
        SortedError::Rejected { counts, first: Some(first) } => {
            assert_eq!((counts.rejected_targets, first.index, first.reason), (1, 1, Reason::Target));
        }
        other => panic!("{other}"),
    }
    assert!((Bce::new().at(&Logits, (1.0, 0.5)).unwrap() - 0.813_261_7).abs() < 1e-6);
}
