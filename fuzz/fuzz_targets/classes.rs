//! Fuzzes slices of pixels of several classes against single pixels: the sums and the gradient must have the same bits at every level.
#![no_main]

use std::fmt::Debug;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use loss_core::class::{
    AbsentClass, Activation, ClassAccumulator, ClassDenominator, ClassLoss, ClassPlane, ClassPointwise, ClassReduction,
    ClassSample, ClassTarget, CrossEntropy, FinishedClasses, Foreground, GeneralisedDice, Label, Layout, PerClass,
    SoftmaxFocal, VolumeWeight, WassersteinDice, WeightMode,
};
use loss_core::extend::AnyOverlap;
use loss_core::{Dice, FocalTversky, ParameterError, SimdLevel};
use loss_fuzz::{bits, class_state, length, number, repeated, target, weight};

fuzz_target!(|data: &[u8]| {
    // Too few bytes, or parameters out of range, make no case.
    let _ = case(&mut Unstructured::new(data));
});

/// The number of pixels that a tile holds.
const TILE: usize = 512;

/// The ignored label, if a case has one.
const IGNORED: u8 = 255;

fn case(bytes: &mut Unstructured) -> Result<()> {
    match bytes.int_in_range(0..=7)? {
        0..=2 => cross_entropy_and_dice::<4>(bytes),
        3 => cross_entropy_and_dice::<19>(bytes),
        4 | 5 => focal_and_generalised_dice::<7>(bytes),
        _ => wasserstein_dice::<3>(bytes),
    }
}

fn cross_entropy_and_dice<const C: usize>(bytes: &mut Unstructured) -> Result<()> {
    let class_weights = class_weights::<C>(bytes)?;
    let smoothing = f32::from(bytes.arbitrary::<u8>()?) / 256.0;
    let denominator = *bytes.choose(&[
        ClassDenominator::Weight,
        ClassDenominator::ClassWeight,
        ClassDenominator::Pixels,
        ClassDenominator::PixelsTimesClasses,
        ClassDenominator::Fixed(3.0),
    ])?;
    let reduction = *bytes.choose(&[ClassReduction::Mean, ClassReduction::Sum, ClassReduction::Pooled])?;
    let mode = *bytes.choose(&[WeightMode::Multiply, WeightMode::Normalise, WeightMode::Inside])?;
    let absent = *bytes.choose(&[AbsentClass::Count, AbsentClass::Zero, AbsentClass::Skip])?;
    let overlap = *bytes.choose(&[AnyOverlap::Product, AnyOverlap::Squared, AnyOverlap::Minimum])?;
    let smooth = number(bytes)?.into();
    let loss = || {
        let cross_entropy = CrossEntropy::new().weights(class_weights)?.label_smoothing(smoothing)?.over(denominator);
        let dice = PerClass::new(Dice::new(smooth)?.overlap(overlap)).weights(class_weights, mode)?;
        Ok::<_, ParameterError>(cross_entropy + dice.absent(absent).reduction(reduction))
    };
    let Ok(loss) = loss() else { return Ok(()) };
    of_loss::<_, _, C>(bytes, loss, |label| label)
}

fn focal_and_generalised_dice<const C: usize>(bytes: &mut Unstructured) -> Result<()> {
    let class_weights = class_weights::<C>(bytes)?;
    let [gamma, alpha, beta, smooth] = [number(bytes)?, number(bytes)?, number(bytes)?, number(bytes)?];
    let volume = *bytes.choose(&[VolumeWeight::Square, VolumeWeight::Simple, VolumeWeight::Uniform])?;
    let loss = || {
        let focal = SoftmaxFocal::new(gamma)?.weights(class_weights)?.mean();
        let dice = GeneralisedDice::new(smooth.into())?.volume_weight(volume);
        let tversky = FocalTversky::new(alpha.into(), beta.into(), 0.75, smooth.into())?;
        Ok::<_, ParameterError>(focal + dice + PerClass::new(tversky).classes(Foreground))
    };
    let Ok(loss) = loss() else { return Ok(()) };
    of_loss::<_, _, C>(bytes, loss, |label| label)
}

fn wasserstein_dice<const C: usize>(bytes: &mut Unstructured) -> Result<()> {
    let smooth = number(bytes)?.into();
    let mut distances = [[0.0; C]; C];
    for (index, row) in distances.iter_mut().enumerate() {
        for (other, distance) in row.iter_mut().enumerate() {
            *distance = if index == other { 0.0 } else { f32::from(bytes.arbitrary::<u8>()?) / 255.0 };
        }
    }
    let Ok(loss) = WassersteinDice::new(distances, smooth) else { return Ok(()) };
    of_loss::<_, _, C>(bytes, loss, |label| i64::from(label as i8))
}

fn class_weights<const C: usize>(bytes: &mut Unstructured) -> Result<[f64; C]> {
    let mut weights = [1.0; C];
    if bytes.arbitrary()? {
        for weight in &mut weights {
            *weight = number(bytes)?.abs().into();
        }
    }
    Ok(weights)
}

/// A pixel made of the fuzzer's bytes.
#[derive(Clone)]
struct Pixel<const C: usize> {
    logits: [f32; C],
    soft: [f32; C],
    label: u8,
    weight: f32,
}

impl<const C: usize> Pixel<C> {
    fn new(bytes: &mut Unstructured, classes: usize, soft: bool) -> Result<Self> {
        let mut pixel = Self { logits: [0.0; C], soft: [0.0; C], label: 0, weight: 1.0 };
        for logit in &mut pixel.logits[..classes] {
            *logit = number(bytes)?;
        }
        for share in &mut pixel.soft[..if soft { classes } else { 0 }] {
            *share = target(bytes)?;
        }
        pixel.label = match bytes.arbitrary::<u8>()? {
            label @ 0..=239 => label % classes as u8,
            label => label,
        };
        pixel.weight = weight(bytes)?;
        Ok(pixel)
    }
}

fn of_loss<L: ClassLoss<C> + Debug, T: Label, const C: usize>(
    bytes: &mut Unstructured,
    loss: L,
    label: fn(u8) -> T,
) -> Result<()> {
    let classes = if bytes.ratio(3, 4)? { C } else { bytes.int_in_range(1..=C)? };
    let layout = *bytes.choose(&[Layout::Planar, Layout::Interleaved])?;
    let activation = *bytes.choose(&[Activation::Softmax, Activation::Sigmoid])?;
    let [soft, ignoring, weighted, masked, add] = bytes.arbitrary()?;
    let offset = bytes.int_in_range(0..=15)?;
    let length = length(bytes, 0..=50, TILE)?;
    let mut pixels = vec![Pixel::<C>::new(bytes, classes, soft)?];
    while pixels.len() < length && !bytes.is_empty() {
        pixels.push(Pixel::<C>::new(bytes, classes, soft)?);
    }
    // In the order of the bytes. If they are too few, it starts again from the first.
    let pixels = repeated(&pixels, length);

    let mut empty = loss.class_accumulator().activation(activation).with_classes(classes).unwrap();
    if ignoring {
        empty = empty.ignoring(label(IGNORED));
    }
    let logits = in_memory(&pixels, layout, classes, offset, |pixel| &pixel.logits);
    let targets = in_memory(&pixels, layout, classes, offset, |pixel| &pixel.soft);
    let labels: Vec<T> = pixels.iter().map(|pixel| label(pixel.label)).collect();
    let weights: Vec<f32> = pixels.iter().map(|pixel| pixel.weight).collect();
    let mask: Vec<bool> = pixels.iter().map(|pixel| pixel.weight > 0.5).collect();
    let sample = |pixel: &Pixel<C>| ClassSample {
        logits: pixel.logits,
        target: if soft { ClassTarget::Soft(pixel.soft) } else { ClassTarget::Label(label(pixel.label).to_i64()) },
        weight: match (weighted, masked) {
            (true, _) => pixel.weight,
            (false, true) => f32::from(u8::from(pixel.weight > 0.5)),
            (false, false) => 1.0,
        },
    };
    let samples: Vec<ClassSample<C>> = pixels.iter().map(sample).collect();
    macro_rules! check {
        ($plane:expr) => {{
            let mut plane = $plane.unwrap();
            if weighted {
                plane = plane.with_weights(&weights).unwrap();
            } else if masked {
                plane = plane.with_mask(&mask).unwrap();
            }
            check(&empty, plane, &samples, add, |slopes| in_memory(slopes, layout, classes, 0, |slopes| slopes));
        }};
    }
    if soft {
        check!(ClassPlane::soft(classes, layout, &logits[offset..], &targets[offset..]));
    } else {
        check!(ClassPlane::new(classes, layout, &logits[offset..], &labels));
    }
    Ok(())
}

/// Lays numbers of classes out as a plane has them, after an offset.
fn in_memory<P, const C: usize>(
    pixels: &[P],
    layout: Layout,
    classes: usize,
    offset: usize,
    of: impl Fn(&P) -> &[f32; C],
) -> Vec<f32> {
    let mut numbers = vec![f32::NAN; offset];
    match layout {
        Layout::Planar => {
            for class in 0..classes {
                numbers.extend(pixels.iter().map(|pixel| of(pixel)[class]));
            }
        }
        Layout::Interleaved => numbers.extend(pixels.iter().flat_map(|pixel| &of(pixel)[..classes])),
    }
    numbers
}

fn check<L: ClassLoss<C> + Debug, T: Label, const C: usize>(
    empty: &ClassAccumulator<L, C>,
    plane: ClassPlane<'_, T, C>,
    samples: &[ClassSample<C>],
    add: bool,
    in_memory: impl Fn(&[[f32; C]]) -> Vec<f32>,
) {
    let mut pushed = empty.clone();
    samples.iter().for_each(|&sample| pushed.push(sample));
    let expected = class_state(&pushed);
    assert_eq!(pushed.counts().pixels(), samples.len() as i64);
    let (head, tail) = samples.split_at(samples.len() / 3);
    let [mut first, mut second] = [empty.clone(), empty.clone()];
    tail.iter().for_each(|&sample| first.push(sample));
    head.iter().for_each(|&sample| second.push(sample));
    first.merge(&second).unwrap();
    assert_eq!(class_state(&first), expected, "in two parts");

    let finished = pushed.finish_valid().ok();
    let gradient = finished.as_ref().map(|finished| in_memory(&gradient_of(finished, samples)));
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        sums.extend_plane_at(level, plane);
        assert_eq!(class_state(&sums), expected, "{level}");
        assert_eq!(sums.first_rejected(), pushed.first_rejected(), "{level}");
        let (Some(finished), Some(gradient)) = (&finished, &gradient) else { continue };
        // −0 + x is x for either sign of x.
        let mut buffer = vec![if add { -0.0 } else { f32::NAN }; gradient.len()];
        let slopes = finished.gradient();
        if add { slopes.add_at(level, plane, &mut buffer) } else { slopes.write_at(level, plane, &mut buffer) }
            .unwrap();
        assert_eq!(bits(&buffer), bits(gradient), "{level} gradient, added: {add}");
    }
}

/// The gradient pixel by pixel, all finite, as is the loss.
fn gradient_of<L: ClassLoss<C>, const C: usize>(
    finished: &FinishedClasses<L, C>,
    samples: &[ClassSample<C>],
) -> Vec<[f32; C]> {
    assert!(finished.value().is_finite(), "the loss is {}", finished.value());
    let slopes = finished.gradient();
    let gradient: Vec<[f32; C]> = samples.iter().map(|&sample| slopes.at(sample)).collect();
    assert!(gradient.as_flattened().iter().all(|slope| slope.is_finite()), "a slope is not finite");
    gradient
}
