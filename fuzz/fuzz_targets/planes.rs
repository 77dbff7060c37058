//! Fuzzes slices of pixels against single pixels: the sums and the gradient must have the same bits at every level.
#![no_main]

use arbitrary::{Result, Unstructured};
use half::{bf16, f16};
use libfuzzer_sys::fuzz_target;
use loss_core::extend::{HardTarget, Link, Target};
use loss_core::{
    Accumulator, AnyLoss, CountingAccumulator, Finished, Logits, Plane, Probabilities, Quantisation, Sample, SimdLevel,
};
use loss_fuzz::{any_loss, bits, length, number, repeated, state, target, weight};

fuzz_target!(|data: &[u8]| {
    // Too few bytes, or parameters out of range, make no case.
    let _ = case(&mut Unstructured::new(data));
});

/// The number of pixels that a tile holds.
const TILE: usize = 1024;

/// Pixels in memory, in every form that slices accept.
struct Pixels {
    /// The number of elements before the first pixel, so that slices start at any alignment.
    offset: usize,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
    mask: Vec<bool>,
}

impl Pixels {
    fn new(bytes: &mut Unstructured) -> Result<Self> {
        let offset = bytes.int_in_range(0..=15)?;
        let length = length(bytes, 0..=100, TILE)?;
        let mut pixels = vec![(number(bytes)?, target(bytes)?, weight(bytes)?)];
        while pixels.len() < length && !bytes.is_empty() {
            pixels.push((number(bytes)?, target(bytes)?, weight(bytes)?));
        }
        // In the order of the bytes. If they are too few, it starts again from the first.
        let pixels = repeated(&pixels, offset + length);
        Ok(Self {
            offset,
            inputs: pixels.iter().map(|pixel| pixel.0).collect(),
            targets: pixels.iter().map(|pixel| pixel.1).collect(),
            weights: pixels.iter().map(|pixel| pixel.2).collect(),
            mask: pixels.iter().map(|pixel| pixel.2 > 0.5).collect(),
        })
    }

    /// The pixels' inputs in another type, at the same offset.
    fn inputs<T>(&self, convert: impl Fn(f32) -> T) -> Vec<T> {
        self.inputs.iter().map(|&input| convert(input)).collect()
    }
}

/// A way to add a plane. All have the same sums and the same gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Whole,
    InParts,
    Adding,
    Keeping,
}

/// The weights of a plane's pixels.
#[derive(Clone, Copy)]
enum Counting {
    Alike,
    Masked,
    Weighted,
}

/// All but the pixels.
struct Case {
    loss: AnyLoss,
    inputs: u8,
    quantisation: Quantisation,
    counting: Counting,
    way: Way,
}

fn case(bytes: &mut Unstructured) -> Result<()> {
    let Some(loss) = any_loss(bytes)? else { return Ok(()) };
    let inputs = bytes.int_in_range(0..=5)?;
    let targets = bytes.int_in_range(0..=2)?;
    let counting = *bytes.choose(&[Counting::Alike, Counting::Masked, Counting::Weighted])?;
    let way = *bytes.choose(&[Way::Whole, Way::InParts, Way::Adding, Way::Keeping])?;
    let scale = f32::from(bytes.int_in_range(1u8..=255)?) / 64.0;
    let quantisation = Quantisation::new(scale, bytes.arbitrary::<i8>()?.into()).expect("a scale in range");
    let epsilon = f32::from(bytes.int_in_range(1u8..=100)?) * 1e-3;
    let pixels = Pixels::new(bytes)?;
    let case = Case { loss, inputs, quantisation, counting, way };
    if inputs == 5 {
        let link = Probabilities::new(epsilon).expect("a limit in range");
        // Most are probabilities.
        let inputs = pixels.inputs(|input| if input.abs() < 256.0 { input.abs().fract() } else { input });
        let plane = Plane::new(&inputs[pixels.offset..], &pixels.targets[pixels.offset..]).unwrap();
        check(&case, link, counted(plane, counting, &pixels));
        return Ok(());
    }
    match targets {
        0 => of_inputs(&case, &pixels, &pixels.targets, check),
        1 => {
            let targets: Vec<u8> = pixels.targets.iter().map(|&target| target as u8).collect();
            of_inputs(&case, &pixels, &targets, check_hard);
        }
        _ => {
            let targets: Vec<bool> = pixels.targets.iter().map(|&target| target >= 0.5).collect();
            of_inputs(&case, &pixels, &targets, check_hard);
        }
    }
    Ok(())
}

fn of_inputs<T: Target>(case: &Case, pixels: &Pixels, targets: &[T], check: fn(&Case, Logits, Plane<'_, T>)) {
    let &Case { quantisation, counting, .. } = case;
    let (offset, targets) = (pixels.offset, &targets[pixels.offset..]);
    let check = |plane: Plane<'_, T>| check(case, Logits, counted(plane, counting, pixels));
    match case.inputs {
        0 => check(Plane::new(&pixels.inputs[offset..], targets).unwrap()),
        1 => check(Plane::f16(&pixels.inputs(f16::from_f32)[offset..], targets).unwrap()),
        2 => check(Plane::bf16(&pixels.inputs(bf16::from_f32)[offset..], targets).unwrap()),
        3 => check(Plane::i8(&pixels.inputs(|input| input as i8)[offset..], quantisation, targets).unwrap()),
        4 => check(Plane::u8(&pixels.inputs(|input| input as u8)[offset..], quantisation, targets).unwrap()),
        _ => check(Plane::i16(&pixels.inputs(|input| input as i16)[offset..], quantisation, targets).unwrap()),
    }
}

fn counted<'a, T: Target>(plane: Plane<'a, T>, counting: Counting, pixels: &'a Pixels) -> Plane<'a, T> {
    match counting {
        Counting::Alike => plane,
        Counting::Masked => plane.with_mask(&pixels.mask[pixels.offset..]).unwrap(),
        Counting::Weighted => plane.with_weights(&pixels.weights[pixels.offset..]).unwrap(),
    }
}

/// Checks a counting accumulator as well. It takes only hard targets without weights, and must have the values of a weighted one.
fn check_hard<T: HardTarget>(case: &Case, link: Logits, plane: Plane<'_, T>) {
    check(case, link, plane);
    let &Case { loss, way, .. } = case;
    if way != Way::Whole {
        return;
    }
    let empty = CountingAccumulator::counting(loss, link);
    let mut pushed = empty.clone();
    let mut weighted = Accumulator::new(loss, link);
    for sample in plane.samples() {
        pushed.push((sample.input, sample.target as u8, sample.weight == 1.0));
        weighted.push(sample);
    }
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        if sums.extend_plane_at(level, plane).is_err() {
            return; // It has weights.
        }
        assert_eq!(state(&sums), state(&pushed), "{loss:?} {level} counting");
        assert_eq!(sums.first_rejected(), pushed.first_rejected(), "{loss:?} {level} counting");
    }
    let (counted, weighted) = (pushed.finish_valid(), weighted.finish_valid());
    assert_eq!(counted.is_ok(), weighted.is_ok(), "{loss:?}");
    let (Ok(counted), Ok(weighted)) = (counted, weighted) else { return };
    assert_eq!(counted.value().to_bits(), weighted.value().to_bits(), "{loss:?} counted");
    let (counted, weighted) = (counted.gradient(), weighted.gradient());
    for sample in plane.samples() {
        assert_eq!(counted.at(sample).to_bits(), weighted.at(sample).to_bits(), "{loss:?} slope where counted");
    }
}

fn check<K: Link, T: Target>(case: &Case, link: K, plane: Plane<'_, T>) {
    let &Case { loss, way, .. } = case;
    let empty = Accumulator::new(loss, link);
    let samples: Vec<Sample> = plane.samples().collect();
    assert_eq!(samples.len(), plane.len());
    let mut pushed = empty.clone();
    samples.iter().for_each(|&sample| pushed.push(sample));
    let expected = state(&pushed);
    assert_eq!(pushed.counts().pixels(), samples.len() as i64);
    let finished = pushed.finish_valid().ok();
    let gradient = finished.as_ref().map(|finished| gradient_of(&loss, finished, &samples));
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        if way == Way::InParts {
            let (head, tail) = plane.split_at(samples.len() / 3);
            let mut other = empty.clone();
            other.extend_plane_at(level, head);
            sums.extend_plane_at(level, tail);
            sums.merge(&other).unwrap();
        } else {
            sums.extend_plane_at(level, plane);
            assert_eq!(sums.first_rejected(), pushed.first_rejected(), "{loss:?} {level}");
        }
        assert_eq!(state(&sums), expected, "{loss:?} {level} {way:?}");

        let (Some(finished), Some(gradient)) = (&finished, &gradient) else { continue };
        let slopes = finished.gradient();
        // −0 + x is x for either sign of x.
        let mut buffer = vec![if way == Way::Adding { -0.0 } else { f32::NAN }; samples.len()];
        match way {
            Way::Whole | Way::InParts => slopes.write_at(level, plane, &mut buffer).unwrap(),
            Way::Adding => slopes.add_at(level, plane, &mut buffer).unwrap(),
            Way::Keeping => {
                let mut sums = empty.clone();
                sums.extend_plane_keeping_at(level, plane, &mut buffer).unwrap().write_gradient(&slopes);
                assert_eq!(state(&sums), expected, "{loss:?} {level} {way:?}");
            }
        }
        assert_eq!(bits(&buffer), bits(gradient), "{loss:?} {level} gradient {way:?}");
    }
}

/// The gradient pixel by pixel, all finite, as is the loss.
fn gradient_of<K: Link>(loss: &AnyLoss, finished: &Finished<AnyLoss, K>, samples: &[Sample]) -> Vec<f32> {
    assert!(finished.value().is_finite(), "{loss:?} is {}", finished.value());
    let slopes = finished.gradient();
    let gradient: Vec<f32> = samples.iter().map(|&sample| slopes.at(sample)).collect();
    assert!(gradient.iter().all(|slope| slope.is_finite()), "{loss:?} has a slope that is not finite");
    gradient
}
