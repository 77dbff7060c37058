//! The presets of `conventions`, compared with the peers' figures where `vectors/` has them, and with a plain transcription of the
//! peers' published formulas elsewhere.

#[path = "reference/arrays.rs"]
mod arrays;

use std::path::PathBuf;

use loss_core::class::{
    ClassAccumulator, ClassDenominator, ClassImageMean, ClassLoss, ClassPointwise, ClassReduction, ClassSample,
    ClassTarget, CrossEntropy, Equal, Foreground, GeneralisedDice, PerClass, SoftmaxFocal,
};
use loss_core::conventions::segmentation_models_pytorch as smp;
use loss_core::conventions::{keras, kornia, monai, nnunet, optax, pytorch, torchvision};
use loss_core::sorted::{HardMining, LovaszHinge, LovaszSoftmax};
use loss_core::{
    Bce, Dice, EmptyImage, EmptyMask, Focal, FocalForm, Iou, Loss, Mcc, Minimum, Pointwise, Sample, Tversky,
};

// Data.

/// `[images, channels, pixels]`.
#[derive(Clone)]
struct Batch {
    images: usize,
    channels: usize,
    pixels: usize,
    logits: Vec<f32>,
    /// Either one per logit, or labels, one per pixel; 255 is ignored.
    targets: Vec<f32>,
}

const IGNORED: f32 = 255.0;

impl Batch {
    /// Two images of 40 pixels. The first image has more foreground; on request a sixth of the pixels is ignored.
    fn made(channels: usize, labels: bool, ignoring: bool) -> Self {
        let (images, pixels) = (2, 40);
        let mut state = 7u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        let logits = (0..images * channels * pixels).map(|_| 7.0 * next() - 3.5).collect();
        let choices = if labels { channels } else { 2 };
        let count = images * pixels * if labels { 1 } else { channels };
        let targets = (0..count)
            .map(|i| {
                let (choice, ignored) = (next(), next() < 1.0 / 6.0);
                let share = if i < count / 2 { choice } else { choice * choice };
                if ignoring && ignored { IGNORED } else { (share * choices as f32).floor() }
            })
            .collect();
        Self { images, channels, pixels, logits, targets }
    }

    fn binary() -> Self {
        Self::made(1, false, false)
    }

    fn binary_ignoring() -> Self {
        Self::made(1, false, true)
    }

    fn classes() -> Self {
        Self::made(3, true, false)
    }

    fn classes_ignoring() -> Self {
        Self::made(3, true, true)
    }

    fn index(&self, image: usize, channel: usize, pixel: usize) -> usize {
        (image * self.channels + channel) * self.pixels + pixel
    }

    /// The pixels of an image of one channel, with the place of each.
    fn samples(&self, image: usize) -> Vec<(usize, Sample)> {
        assert_eq!(self.channels, 1);
        let of = |index: usize| {
            let (input, target) = (self.logits[index], self.targets[index]);
            Sample { input, target, weight: if target == IGNORED { 0.0 } else { 1.0 } }
        };
        (0..self.pixels).map(|pixel| self.index(image, 0, pixel)).map(|index| (index, of(index))).collect()
    }

    /// The pixels of an image of C classes, with their places.
    fn class_samples<const C: usize>(&self, image: usize) -> Vec<([usize; C], ClassSample<C>)> {
        assert_eq!(self.channels, C);
        let of = |pixel: usize| {
            let places = std::array::from_fn(|class| self.index(image, class, pixel));
            let target = ClassTarget::Label(self.targets[image * self.pixels + pixel] as i64);
            (places, ClassSample { logits: places.map(|index| self.logits[index]), target, weight: 1.0 })
        };
        (0..self.pixels).map(of).collect()
    }

    /// The label at each pixel, of any image.
    fn label(&self, image: usize, pixel: usize) -> Option<usize> {
        Some(self.targets[image * self.pixels + pixel]).filter(|&label| label != IGNORED).map(|label| label as usize)
    }
}

// The library's results.

type Evaluated = (f64, Vec<f64>);

fn images(batch: &Batch) -> std::ops::Range<usize> {
    0..batch.images
}

/// All pixels in one accumulator.
fn over_batch<L: Loss>(loss: L, batch: &Batch) -> Evaluated {
    let mut sums = loss.accumulator();
    images(batch).for_each(|image| sums.extend(batch.samples(image).into_iter().map(|(_, sample)| sample)));
    let finished = sums.finish().unwrap();
    let gradient = finished.gradient();
    let slopes = images(batch).flat_map(|image| batch.samples(image)).map(|(_, sample)| gradient.at(sample).into());
    (finished.value(), slopes.collect())
}

/// The mean over images.
fn over_images<L: Loss>(loss: L, batch: &Batch) -> Evaluated {
    let mut mean = loss.image_mean(EmptyImage::Count);
    let mut slopes = Vec::new();
    for image in images(batch) {
        let samples = batch.samples(image);
        samples.iter().for_each(|&(_, sample)| mean.push(sample));
        let finished = mean.end_image().unwrap().unwrap();
        let gradient = finished.gradient_times(1.0 / batch.images as f64);
        slopes.extend(samples.iter().map(|&(_, sample)| f64::from(gradient.at(sample))));
    }
    (mean.finish().unwrap(), slopes)
}

fn class_accumulator<L: ClassLoss<C>, const C: usize>(loss: L) -> ClassAccumulator<L, C> {
    loss.class_accumulator().ignoring(255u8)
}

fn classes_over_batch<L: ClassLoss<C>, const C: usize>(loss: L, batch: &Batch) -> Evaluated {
    let mut sums = class_accumulator(loss);
    let samples: Vec<_> = images(batch).flat_map(|image| batch.class_samples::<C>(image)).collect();
    sums.extend(samples.iter().map(|&(_, sample)| sample));
    let finished = sums.finish().unwrap();
    let (mut slopes, gradient) = (vec![0.0; batch.logits.len()], finished.gradient());
    put(&samples, |sample| gradient.at(sample), &mut slopes);
    (finished.value(), slopes)
}

fn classes_over_images<L: ClassLoss<C>, const C: usize>(loss: L, batch: &Batch) -> Evaluated {
    let mut mean = ClassImageMean::new(class_accumulator(loss), EmptyImage::Count);
    let mut slopes = vec![0.0; batch.logits.len()];
    for image in images(batch) {
        let samples = batch.class_samples::<C>(image);
        samples.iter().for_each(|&(_, sample)| mean.push(sample));
        let finished = mean.end_image().unwrap().unwrap();
        let gradient = finished.gradient_times(1.0 / batch.images as f64);
        put(&samples, |sample| gradient.at(sample), &mut slopes);
    }
    (mean.finish().unwrap(), slopes)
}

fn put<const C: usize>(
    samples: &[([usize; C], ClassSample<C>)],
    gradient: impl Fn(ClassSample<C>) -> [f32; C],
    slopes: &mut [f64],
) {
    for &(places, sample) in samples {
        for (place, slope) in places.into_iter().zip(gradient(sample)) {
            slopes[place] = slope.into();
        }
    }
}

fn hinge_over_batch(preset: fn(&mut [u32]) -> LovaszHinge<'_>, batch: &Batch) -> Evaluated {
    let samples: Vec<_> = images(batch).flat_map(|image| batch.samples(image)).collect();
    let mut scratch = vec![0; samples.len()];
    let mut pixels = preset(&mut scratch);
    pixels.extend(samples.iter().map(|&(_, sample)| sample));
    let finished = pixels.finish().unwrap();
    let gradient = finished.gradient();
    (finished.value(), samples.iter().map(|&(_, sample)| gradient.at(sample).into()).collect())
}

fn hinge_over_images(preset: fn(&mut [u32]) -> LovaszHinge<'_>, batch: &Batch) -> Evaluated {
    let share = 1.0 / batch.images as f64;
    let mut scratch = vec![0; batch.pixels];
    let mut pixels = preset(&mut scratch);
    let (mut value, mut slopes) = (0.0, Vec::new());
    for image in images(batch) {
        let samples = batch.samples(image);
        pixels.extend(samples.iter().map(|&(_, sample)| sample));
        let finished = pixels.finish().unwrap();
        value += share * finished.value();
        {
            let gradient = finished.gradient_times(share);
            slopes.extend(samples.iter().map(|&(_, sample)| f64::from(gradient.at(sample))));
        }
        pixels.reset();
    }
    (value, slopes)
}

/// The mean over groups of images.
fn lovasz_softmax(preset: fn(&mut [u64]) -> LovaszSoftmax<'_, 3>, batch: &Batch, groups: &[Vec<usize>]) -> Evaluated {
    let share = 1.0 / groups.len() as f64;
    let mut scratch = vec![0; batch.logits.len()];
    let mut pixels = preset(&mut scratch).ignoring(255u8);
    let (mut value, mut slopes) = (0.0, vec![0.0; batch.logits.len()]);
    for group in groups {
        let samples: Vec<_> = group.iter().flat_map(|&image| batch.class_samples::<3>(image)).collect();
        pixels.extend(samples.iter().map(|&(_, sample)| sample));
        let finished = pixels.finish().unwrap();
        value += share * finished.value();
        put(&samples, |sample| finished.gradient_at(sample, share), &mut slopes);
        pixels.reset();
    }
    (value, slopes)
}

#[track_caller]
fn compare(what: &str, (value, gradient): &Evaluated, (expected, expected_gradient): &Evaluated) {
    let error = (value - expected).abs();
    assert!(error <= 2e-6 * expected.abs() || error <= 1e-12, "{what}: {value:e}, expected {expected:e}");
    assert_eq!(gradient.len(), expected_gradient.len(), "{what}");
    let largest = expected_gradient.iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
    for (i, (slope, expected)) in gradient.iter().zip(expected_gradient).enumerate() {
        assert!((slope - expected).abs() <= 4e-6 * largest, "{what}[{i}]: {slope:e}, expected {expected:e}");
    }
}

// The peers' figures.

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// Evaluates the preset of a case. `None` if the case belongs to a crate function instead of a preset.
fn preset(name: &str, batch: &Batch) -> Option<Evaluated> {
    Some(match name {
        "torch_bce_mean" | "torch_bce_soft" => over_batch(pytorch::bce_with_logits(), batch),
        "torch_bce_pos_weight" => over_batch(pytorch::bce_with_logits_with(7.5).unwrap(), batch),
        "torch_bce_sum" => over_batch(Bce::new().sum(), batch),
        "torch_ce_mean" | "torch_ce_ignore" => classes_over_batch::<_, 5>(pytorch::cross_entropy(), batch),
        "torch_ce_weighted" => {
            let loss = pytorch::cross_entropy_with([1.0, 5.0, 20.0, 20.0, 20.0], 0.0).unwrap();
            classes_over_batch::<_, 5>(loss, batch)
        }
        "torch_ce_smooth" => classes_over_batch::<_, 5>(pytorch::cross_entropy_with(Equal, 0.05).unwrap(), batch),
        "tv_focal_g2" | "tv_focal_soft" => over_batch(torchvision::sigmoid_focal().mean(), batch),
        "tv_focal_g0" => over_batch(torchvision::sigmoid_focal_with(Some(0.25), 0.0).unwrap().mean(), batch),
        "tv_focal_g1p5" => over_batch(torchvision::sigmoid_focal_with(Some(0.5), 1.5).unwrap().mean(), batch),
        "tv_focal_g2_noalpha" => over_batch(torchvision::sigmoid_focal_with(None, 2.0).unwrap().mean(), batch),
        "monai_dice_sigmoid" | "monai_dice_soft_product" => over_images(monai::dice(), batch),
        "monai_dice_sigmoid_batch" => over_batch(monai::dice(), batch),
        "monai_dice_sigmoid_squared" => over_images(monai::dice_squared(), batch),
        "monai_dice_sigmoid_jaccard" => over_images(monai::jaccard(), batch),
        "monai_dice_softmax" => classes_over_images::<_, 5>(monai::dice_softmax(), batch),
        "monai_dice_softmax_nobg" => classes_over_images::<_, 5>(monai::dice_softmax().classes(Foreground), batch),
        "monai_tversky" => over_images(monai::tversky_with(0.3, 0.7).unwrap(), batch),
        "monai_tversky_softmax_nobg" => {
            let loss = PerClass::new(monai::tversky_with(0.3, 0.7).unwrap()).classes(Foreground);
            classes_over_images::<_, 5>(loss, batch)
        }
        "monai_gdl_softmax" => classes_over_images::<_, 5>(monai::generalized_dice(), batch),
        "monai_focal_binary" => over_batch(monai::focal(), batch),
        "monai_focal_softmax" => classes_over_batch::<_, 5>(monai::focal_softmax(), batch),
        "monai_dicece_sigmoid" => over_images(monai::dice_ce(), batch),
        "monai_dicece_softmax" => classes_over_images::<_, 5>(monai::dice_ce_softmax(), batch),
        "monai_dicefocal_sigmoid" => over_images(monai::dice_focal(), batch),
        "smp_dice" => over_batch(smp::dice(), batch),
        "smp_jaccard" => over_batch(smp::jaccard(), batch),
        "smp_tversky_gamma" => over_batch(smp::tversky_with(0.3, 0.7, 4.0 / 3.0).unwrap(), batch),
        "smp_dice_multiclass" | "smp_dice_multiclass_ignore" => {
            classes_over_batch::<_, 5>(smp::dice_multiclass(), batch)
        }
        "smp_lovasz_hinge" => hinge_over_batch(smp::lovasz, batch),
        "smp_mcc" => over_batch(smp::mcc(), batch),
        "kornia_dice_macro" => classes_over_images::<_, 5>(kornia::dice_macro(), batch),
        "kornia_binary_focal" => over_batch(kornia::binary_focal_with_logits().mean_over_pixels(), batch),
        "kornia_lovasz_hinge" => hinge_over_images(kornia::lovasz_hinge, batch),
        "torch_bce_none" | "torch_ce_none" => return None,
        _ => panic!("{name}: no preset is named for this case"),
    })
}

#[test]
fn every_case_of_a_peer() {
    let text = std::fs::read_to_string(vectors().join("cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if !["torch_", "tv_", "monai_", "smp_", "kornia_"].iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let file = |key: &str| case["inputs"][key]["file"].as_str().unwrap().to_owned();
        let shape: Vec<usize> = case["inputs"]["logits"]["shape"]
            .as_array()
            .unwrap()
            .iter()
            .map(|length| length.as_u64().unwrap() as usize)
            .collect();
        let batch = Batch {
            images: shape[0],
            channels: shape[1],
            pixels: shape[2..].iter().product(),
            logits: arrays::read_f32(&vectors(), &file("logits")),
            targets: arrays::read_f32(&vectors(), &file("targets")),
        };
        let Some(evaluated) = preset(name, &batch) else { continue };
        let gradient = arrays::read_f64(&vectors(), case["grad"].as_str().unwrap());
        compare(name, &evaluated, &(case["value"].as_f64().unwrap(), gradient));
        checked += 1;
    }
    assert_eq!(checked, 38);
}

// The peers' formulas, transcribed.

/// The value, and the gradient by central differences.
fn naive(batch: &Batch, loss: impl Fn(&[f64]) -> f64) -> Evaluated {
    let mut logits: Vec<f64> = batch.logits.iter().copied().map(f64::from).collect();
    let value = loss(&logits);
    let step = 1e-5;
    let slopes = (0..logits.len())
        .map(|i| {
            let at = logits[i];
            logits[i] = at + step;
            let above = loss(&logits);
            logits[i] = at - step;
            let below = loss(&logits);
            logits[i] = at;
            (above - below) / (2.0 * step)
        })
        .collect();
    (value, slopes)
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn bce(z: f64, t: f64) -> f64 {
    z.max(0.0) - z * t + (-z.abs()).exp().ln_1p()
}

/// The targets of a binary batch; ignored ones are `None`.
fn targets(batch: &Batch) -> Vec<Option<f64>> {
    batch.targets.iter().map(|&target| (target != IGNORED).then(|| f64::from(target))).collect()
}

/// Σ over the valid pixels of ℓ(z, t), and their number.
fn sum(z: &[f64], t: &[Option<f64>], loss: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let pixels = z.iter().zip(t).filter_map(|(&z, &t)| t.map(|t| loss(z, t)));
    pixels.fold((0.0, 0.0), |(sum, count), loss| (sum + loss, count + 1.0))
}

fn mean(z: &[f64], t: &[Option<f64>], loss: impl Fn(f64, f64) -> f64) -> f64 {
    let (sum, count) = sum(z, t, loss);
    sum / count
}

/// I, P and T.
fn ipt(z: &[f64], t: &[Option<f64>]) -> (f64, f64, f64) {
    (sum(z, t, |z, t| sigmoid(z) * t).0, sum(z, t, |z, _| sigmoid(z)).0, sum(z, t, |_, t| t).0)
}

/// The pixels of one image, or of all.
fn halves<'a>(batch: &Batch, z: &'a [f64], t: &'a [Option<f64>]) -> Vec<(&'a [f64], &'a [Option<f64>])> {
    z.chunks(batch.pixels).zip(t.chunks(batch.pixels)).collect()
}

/// The softmax of each valid pixel of some images, with its label.
fn softmaxes(batch: &Batch, z: &[f64], images: impl IntoIterator<Item = usize>) -> Vec<([f64; 3], usize)> {
    let mut pixels = Vec::new();
    for image in images {
        for pixel in 0..batch.pixels {
            let Some(label) = batch.label(image, pixel) else { continue };
            let e = [0, 1, 2].map(|class| z[batch.index(image, class, pixel)].exp());
            let total: f64 = e.iter().sum();
            pixels.push((e.map(|e| e / total), label));
        }
    }
    pixels
}

/// I, P and T of a class.
fn class_ipt(pixels: &[([f64; 3], usize)], class: usize) -> (f64, f64, f64) {
    let own = |label: usize| f64::from(u8::from(label == class));
    (
        pixels.iter().map(|&(p, label)| p[class] * own(label)).sum(),
        pixels.iter().map(|&(p, _)| p[class]).sum(),
        pixels.iter().map(|&(_, label)| own(label)).sum(),
    )
}

/// I, P and T, each summed over the classes.
fn pooled_ipt(pixels: &[([f64; 3], usize)]) -> (f64, f64, f64) {
    [0, 1, 2].iter().map(|&class| class_ipt(pixels, class)).fold((0.0, 0.0, 0.0), |a, b| {
        let (i, p, t) = b;
        (a.0 + i, a.1 + p, a.2 + t)
    })
}

/// Σ over the pixels of ℓ(p, y).
fn class_sum(pixels: &[([f64; 3], usize)], loss: impl Fn(&[f64; 3], usize) -> f64) -> f64 {
    pixels.iter().map(|(p, label)| loss(p, *label)).sum()
}

/// The mean over images of a loss of an image's pixels.
fn image_mean(batch: &Batch, z: &[f64], loss: impl Fn(&[([f64; 3], usize)]) -> f64) -> f64 {
    images(batch).map(|image| loss(&softmaxes(batch, z, [image]))).sum::<f64>() / batch.images as f64
}

#[test]
fn monai_defaults() {
    let batch = Batch::binary();
    let t = targets(&batch);
    let expected = naive(&batch, |z| {
        let of_image = |(z, t): (&[f64], &[Option<f64>])| {
            let (i, p, t) = ipt(z, t);
            1.0 - (i + 1e-5) / (i + 0.5 * (p - i) + 0.5 * (t - i) + 1e-5)
        };
        halves(&batch, z, &t).into_iter().map(of_image).sum::<f64>() / 2.0
    });
    compare("tversky", &over_images(monai::tversky(), &batch), &expected);

    let expected = naive(&batch, |z| {
        mean(z, &t, |z, t| (0.3 * t + 0.7 * (1.0 - t)) * (1.5 * -bce(-z * (2.0 * t - 1.0), 1.0)).exp() * bce(z, t))
    });
    compare("focal_with", &over_batch(monai::focal_with(1.5, Some(0.3)).unwrap(), &batch), &expected);

    let batch = Batch::classes();
    let expected = naive(&batch, |z| {
        let pixels = softmaxes(&batch, z, images(&batch));
        let alpha = |label: usize| if label == 0 { 0.7 } else { 0.3 };
        let of = |p: &[f64; 3], y: usize| -alpha(y) * (1.0 - p[y]).powf(1.5) * p[y].ln();
        class_sum(&pixels, of) / (3 * pixels.len()) as f64
    });
    compare(
        "focal_softmax_with",
        &classes_over_batch::<_, 3>(monai::focal_softmax_with::<3>(1.5, Some(0.3)).unwrap(), &batch),
        &expected,
    );
}

#[test]
fn monai_generalized_wasserstein_dice() {
    let batch = Batch::classes();
    let matrix = [[0.0f32, 2.0, 2.0], [2.0, 0.0, 0.5], [2.0, 0.5, 0.0]];
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| {
            // M / max(M); alpha is 0 for the background and 1 for the others.
            let wasserstein =
                |p: &[f64; 3], label: usize| (0..3).map(|c| f64::from(matrix[label][c]) / 2.0 * p[c]).sum::<f64>();
            let true_pos = class_sum(pixels, |p, y| if y == 0 { 0.0 } else { 1.0 - wasserstein(p, y) });
            let all_error = class_sum(pixels, wasserstein);
            1.0 - (2.0 * true_pos + 1e-5) / (2.0 * true_pos + all_error + 1e-5)
        })
    });
    let loss = monai::generalized_wasserstein_dice(matrix).unwrap();
    compare("generalized_wasserstein_dice", &classes_over_images::<_, 3>(loss, &batch), &expected);
    // Matrices on which MONAI's formula and the paper's differ are refused, and so are matrices that are no distance.
    for wrong in [
        [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5], [0.5, 0.5, 0.0]],
        [[0.0, 1.0, 1.0], [1.0, 0.1, 0.5], [1.0, 0.5, 0.0]],
        [[0.0, f32::INFINITY, 1.0], [f32::INFINITY, 0.0, 0.5], [1.0, 0.5, 0.0]],
        [[0.0, f32::NAN, 1.0], [1.0, 0.0, 0.5], [1.0, 0.5, 0.0]],
    ] {
        assert!(monai::generalized_wasserstein_dice(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn smp_regions() {
    let batch = Batch::binary_ignoring();
    let t = targets(&batch);
    let index = |alpha: f64, beta: f64| {
        naive(&batch, |z| {
            let (i, p, t) = ipt(z, &t);
            1.0 - i / (i + alpha * (p - i) + beta * (t - i)).max(1e-7)
        })
    };
    compare("dice", &over_batch(smp::dice(), &batch), &index(0.5, 0.5));
    compare("jaccard", &over_batch(smp::jaccard(), &batch), &index(1.0, 1.0));
    compare("tversky", &over_batch(smp::tversky(), &batch), &index(0.5, 0.5));

    // A class without pixels has loss 0 and counts in the mean.
    let mut batch = Batch::classes_ignoring();
    batch.targets.iter_mut().filter(|label| **label == 1.0).for_each(|label| *label = 0.0);
    let index = |weight: f64| {
        naive(&batch, |z| {
            let pixels = softmaxes(&batch, z, images(&batch));
            let of = |class: usize| match class_ipt(&pixels, class) {
                (_, _, 0.0) => 0.0,
                (i, p, t) => 1.0 - i / (i + weight * (p + t - 2.0 * i)).max(1e-7),
            };
            (of(0) + of(1) + of(2)) / 3.0
        })
    };
    compare("jaccard_multiclass", &classes_over_batch::<_, 3>(smp::jaccard_multiclass(), &batch), &index(1.0));
    compare("tversky_multiclass", &classes_over_batch::<_, 3>(smp::tversky_multiclass(), &batch), &index(0.5));
    compare("dice_multiclass", &classes_over_batch::<_, 3>(smp::dice_multiclass(), &batch), &index(0.5));
}

#[test]
fn smp_pixels() {
    let batch = Batch::binary_ignoring();
    let t = targets(&batch);
    let focal = |z: f64, t: f64, gamma: f64| (1.0 - (-bce(z, t)).exp()).powf(gamma) * bce(z, t);
    let expected = naive(&batch, |z| mean(z, &t, |z, t| focal(z, t, 2.0)));
    compare("focal", &over_batch(smp::focal(), &batch), &expected);
    let expected = naive(&batch, |z| mean(z, &t, |z, t| (0.25 * t + 0.75 * (1.0 - t)) * focal(z, t, 1.5)));
    compare("focal_with", &over_batch(smp::focal_with(Some(0.25), 1.5).unwrap(), &batch), &expected);

    // Ignored pixels are counted.
    let all = batch.targets.len() as f64;
    let expected = naive(&batch, |z| sum(z, &t, bce).0 / all);
    compare("soft_bce_with_logits", &over_batch(smp::soft_bce_with_logits(), &batch), &expected);
    let expected = naive(&batch, |z| {
        let of = |z: f64, t: f64| {
            let t = (1.0 - t) * 0.125 + t * 0.875;
            3.0 * t * bce(z, 1.0) + (1.0 - t) * bce(z, 0.0)
        };
        sum(z, &t, of).0 / all
    });
    let loss = smp::soft_bce_with_logits_with(0.125, 3.0).unwrap();
    compare("soft_bce_with_logits_with", &over_batch(loss, &batch), &expected);

    let batch = Batch::classes_ignoring();
    let cross_entropy = |epsilon: f64| {
        naive(&batch, |z| {
            let of = |p: &[f64; 3], y: usize| {
                -(1.0 - epsilon) * p[y].ln() - epsilon / 3.0 * p.iter().map(|p| p.ln()).sum::<f64>()
            };
            class_sum(&softmaxes(&batch, z, images(&batch)), of) / batch.targets.len() as f64
        })
    };
    compare("soft_cross_entropy", &classes_over_batch::<_, 3>(smp::soft_cross_entropy(), &batch), &cross_entropy(0.0));
    let loss = smp::soft_cross_entropy_with(0.125).unwrap();
    compare("soft_cross_entropy_with", &classes_over_batch::<_, 3>(loss, &batch), &cross_entropy(0.125));
}

/// Berman's code: the errors sorted downwards, times the differences of the Jaccard loss.
fn lovasz(mut errors: Vec<(f64, bool)>) -> f64 {
    errors.sort_by(|a, b| b.0.total_cmp(&a.0));
    let foreground = errors.iter().filter(|(_, foreground)| *foreground).count() as f64;
    let (mut seen, mut before, mut value) = ((0.0, 0.0), 0.0, 0.0);
    for (error, own) in errors {
        if own {
            seen.0 += 1.0
        } else {
            seen.1 += 1.0
        }
        let jaccard = 1.0 - (foreground - seen.0) / (foreground + seen.1);
        value += error.max(0.0) * (jaccard - before);
        before = jaccard;
    }
    value
}

#[test]
fn lovasz_of_classes() {
    let mut batch = Batch::classes();
    // Class 2 is absent from the second image.
    batch.targets[batch.pixels..].iter_mut().filter(|label| **label == 2.0).for_each(|label| *label = 0.0);
    let of_class = |pixels: &[([f64; 3], usize)], class: usize| {
        lovasz(pixels.iter().map(|&(p, y)| ((f64::from(u8::from(y == class)) - p[class]).abs(), y == class)).collect())
    };
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| (0..3).map(|class| of_class(pixels, class)).sum::<f64>() / 3.0)
    });
    let by_image = [vec![0], vec![1]];
    compare("lovasz_softmax", &lovasz_softmax(kornia::lovasz_softmax::<3>, &batch, &by_image), &expected);

    // If class 2 is absent everywhere, the mean is over the other classes. Ignored pixels do not count.
    let mut batch = Batch::classes_ignoring();
    batch.targets.iter_mut().filter(|label| **label == 2.0).for_each(|label| *label = 0.0);
    let expected = naive(&batch, |z| {
        let pixels = softmaxes(&batch, z, images(&batch));
        (of_class(&pixels, 0) + of_class(&pixels, 1)) / 2.0
    });
    let together = [vec![0, 1]];
    compare("lovasz_multiclass", &lovasz_softmax(smp::lovasz_multiclass::<3>, &batch, &together), &expected);
}

#[test]
fn kornia_regions() {
    let batch = Batch::classes_ignoring();
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| {
            let (i, p, t) = pooled_ipt(pixels);
            1.0 - 2.0 * i / (p + t + 1e-8)
        })
    });
    compare("dice", &classes_over_images::<_, 3>(kornia::dice(), &batch), &expected);
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| {
            let (i, p, t) = pooled_ipt(pixels);
            1.0 - i / (i + 0.2 * (p - i) + 0.7 * (t - i) + 1e-8)
        })
    });
    compare("tversky", &classes_over_images::<_, 3>(kornia::tversky(0.2, 0.7).unwrap(), &batch), &expected);

    // Class 1 is absent from the second image; ignored pixels do not count.
    let mut batch = batch;
    batch.targets[batch.pixels..].iter_mut().filter(|label| **label == 1.0).for_each(|label| *label = 0.0);
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| {
            let of_class = |class: usize| {
                let (i, p, t) = class_ipt(pixels, class);
                (t > 0.0).then(|| 1.0 - 2.0 * i / (p + t + 1e-8))
            };
            let present: Vec<f64> = (0..3).filter_map(of_class).collect();
            present.iter().sum::<f64>() / present.len() as f64
        })
    });
    compare("dice_macro", &classes_over_images::<_, 3>(kornia::dice_macro(), &batch), &expected);
}

#[test]
fn kornia_focal() {
    let batch = Batch::classes_ignoring();
    let expected = |alpha: [f64; 3], gamma: f64| {
        naive(&batch, |z| {
            let of = |p: &[f64; 3], y: usize| -alpha[y] * (1.0 - p[y]).powf(gamma) * p[y].ln();
            // Over all pixels and classes, ignored or not.
            class_sum(&softmaxes(&batch, z, images(&batch)), of) / (3 * batch.targets.len()) as f64
        })
    };
    let mean = ClassDenominator::PixelsTimesClasses;
    let loss = kornia::focal::<3>(Some(0.25)).unwrap().over(mean);
    compare("focal", &classes_over_batch::<_, 3>(loss, &batch), &expected([0.75, 0.25, 0.25], 2.0));
    let loss = kornia::focal_with::<3>(None, 1.5).unwrap().over(mean);
    compare("focal_with", &classes_over_batch::<_, 3>(loss, &batch), &expected([1.0; 3], 1.5));

    let batch = Batch::binary_ignoring();
    let t = targets(&batch);
    let expected = naive(&batch, |z| {
        let of = |z: f64, t: f64| {
            let (positive, negative) = (0.6 * sigmoid(-z).powf(1.5) * t, 0.4 * sigmoid(z).powf(1.5) * (1.0 - t));
            positive * bce(z, 1.0) + negative * bce(z, 0.0)
        };
        sum(z, &t, of).0 / batch.targets.len() as f64
    });
    let loss = kornia::binary_focal_with_logits_with(Some(0.6), 1.5).unwrap().mean_over_pixels();
    compare("binary_focal_with_logits_with", &over_batch(loss, &batch), &expected);
}

#[test]
fn nnunet_losses() {
    let batch = Batch::classes_ignoring();
    // dc = mean of (2I + s) / clip(P + T + s, 1e-8) over the foreground; nnU-Net's value is −dc.
    let dc = |pixels: &[([f64; 3], usize)]| {
        let of_class = |class: usize| {
            let (i, p, t) = class_ipt(pixels, class);
            (2.0 * i + 1e-5) / (t + p + 1e-5).max(1e-8)
        };
        (of_class(1) + of_class(2)) / 2.0
    };
    let expected = naive(&batch, |z| 1.0 - dc(&softmaxes(&batch, z, images(&batch))));
    compare("soft_dice, batch_dice", &classes_over_batch::<_, 3>(nnunet::soft_dice(), &batch), &expected);
    let expected = naive(&batch, |z| 1.0 - image_mean(&batch, z, dc));
    compare("soft_dice", &classes_over_images::<_, 3>(nnunet::soft_dice(), &batch), &expected);
    let expected = naive(&batch, |z| {
        let pixels = softmaxes(&batch, z, images(&batch));
        class_sum(&pixels, |p, y| -p[y].ln()) / pixels.len() as f64 + 1.0 - dc(&pixels)
    });
    compare("dc_and_ce", &classes_over_batch::<_, 3>(nnunet::dc_and_ce(), &batch), &expected);

    let batch = Batch::binary();
    let t = targets(&batch);
    let dc = |(z, t): (&[f64], &[Option<f64>])| {
        let (i, p, t) = ipt(z, t);
        (2.0 * i + 1e-5) / (t + p + 1e-5).max(1e-8)
    };
    let expected =
        naive(&batch, |z| 1.0 - halves(&batch, z, &t).into_iter().map(dc).sum::<f64>() / batch.images as f64);
    compare("soft_dice_regions", &over_images(nnunet::soft_dice_regions(), &batch), &expected);
    let expected = naive(&batch, |z| mean(z, &t, bce) + 1.0 - dc((z, &t)));
    compare("dc_and_bce", &over_batch(nnunet::dc_and_bce(), &batch), &expected);
}

#[test]
fn nnunet_top_k() {
    let batch = Batch::classes();
    let z: Vec<f64> = batch.logits.iter().copied().map(f64::from).collect();
    let losses: Vec<f32> =
        softmaxes(&batch, &z, images(&batch)).iter().map(|(p, label)| -p[*label].ln() as f32).collect();
    let hardest = nnunet::top_k(10.0).unwrap().losses(&losses).unwrap();
    let mut sorted = losses.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let k = (losses.len() as f64 * 10.0 / 100.0) as usize;
    let expected = sorted[..k].iter().copied().map(f64::from).sum::<f64>() / k as f64;
    assert!((hardest.value() - expected).abs() <= 1e-12 * expected);
    for &loss in &losses {
        let expected = if loss >= sorted[k - 1] { 1.0 / k as f64 } else { 0.0 };
        assert!((hardest.slope(loss) - expected).abs() < 1e-12);
    }
    assert!(nnunet::top_k(0.0).is_err());
}

#[test]
fn keras_binary() {
    let batch = Batch::binary();
    let t = targets(&batch);
    let expected = naive(&batch, |z| mean(z, &t, bce));
    compare("binary_crossentropy", &over_batch(keras::binary_crossentropy(), &batch), &expected);
    let expected = naive(&batch, |z| mean(z, &t, |z, t| bce(z, t * (1.0 - 0.25) + 0.5 * 0.25)));
    let loss = keras::binary_crossentropy_with(0.25).unwrap();
    compare("binary_crossentropy_with", &over_batch(loss, &batch), &expected);

    let focal = |z: f64, t: f64, gamma: f64| {
        let (p, q) = (sigmoid(z), sigmoid(-z));
        (1.0 - (t * p + (1.0 - t) * q)).powf(gamma) * -(t * p.ln() + (1.0 - t) * q.ln())
    };
    let expected = naive(&batch, |z| mean(z, &t, |z, t| focal(z, t, 2.0)));
    compare("binary_focal_crossentropy", &over_batch(keras::binary_focal_crossentropy(), &batch), &expected);
    let expected = naive(&batch, |z| mean(z, &t, |z, t| (t * 0.25 + (1.0 - t) * 0.75) * focal(z, t, 1.5)));
    let loss = keras::binary_focal_crossentropy_with(Some(0.25), 1.5).unwrap();
    compare("binary_focal_crossentropy_with", &over_batch(loss, &batch), &expected);
}

#[test]
fn keras_regions() {
    let batch = Batch::binary();
    let t = targets(&batch);
    let expected = naive(&batch, |z| {
        let (i, p, t) = ipt(z, &t);
        1.0 - 2.0 * i / (t + p + 1e-7)
    });
    compare("dice", &over_batch(keras::dice(), &batch), &expected);
    // As in the source, whose `fp` counts the misses.
    let tversky = |alpha: f64, beta: f64| {
        let t = &t;
        naive(&batch, move |z| {
            let intersection = sum(z, t, |z, t| t * sigmoid(z)).0;
            let fp = sum(z, t, |z, t| (1.0 - sigmoid(z)) * t).0;
            let r#fn = sum(z, t, |z, t| sigmoid(z) * (1.0 - t)).0;
            1.0 - intersection / (intersection + fp * alpha + r#fn * beta + 1e-7)
        })
    };
    compare("tversky", &over_batch(keras::tversky(), &batch), &tversky(0.5, 0.5));
    compare("tversky_with", &over_batch(keras::tversky_with(0.2, 0.9).unwrap(), &batch), &tversky(0.2, 0.9));

    let batch = Batch::classes();
    let expected = naive(&batch, |z| {
        let (i, p, t) = pooled_ipt(&softmaxes(&batch, z, images(&batch)));
        1.0 - 2.0 * i / (t + p + 1e-7)
    });
    compare("dice_softmax", &classes_over_batch::<_, 3>(keras::dice_softmax(), &batch), &expected);
    let pooled = PerClass::new(keras::tversky()).reduction(ClassReduction::Pooled);
    compare("tversky of a softmax", &classes_over_batch::<_, 3>(pooled, &batch), &expected);
}

#[test]
fn keras_classes() {
    let batch = Batch::classes();
    let cross_entropy = |smoothing: f64| {
        naive(&batch, |z| {
            let of = |p: &[f64; 3], y: usize| {
                let target = |class| if class == y { 1.0 - smoothing } else { 0.0 } + smoothing / 3.0;
                (0..3).map(|class| -target(class) * p[class].ln()).sum()
            };
            class_sum(&softmaxes(&batch, z, images(&batch)), of) / batch.targets.len() as f64
        })
    };
    let loss = keras::categorical_crossentropy();
    compare("categorical_crossentropy", &classes_over_batch::<_, 3>(loss, &batch), &cross_entropy(0.0));
    let loss = keras::categorical_crossentropy_with(0.25).unwrap();
    compare("categorical_crossentropy_with", &classes_over_batch::<_, 3>(loss, &batch), &cross_entropy(0.25));
    let focal = |alpha: f64, gamma: f64| {
        naive(&batch, |z| {
            let of = |p: &[f64; 3], y: usize| -alpha * (1.0 - p[y]).powf(gamma) * p[y].ln();
            class_sum(&softmaxes(&batch, z, images(&batch)), of) / batch.targets.len() as f64
        })
    };
    let loss = keras::categorical_focal_crossentropy();
    compare("categorical_focal_crossentropy", &classes_over_batch::<_, 3>(loss, &batch), &focal(0.25, 2.0));
    let loss = keras::categorical_focal_crossentropy_with(0.5, 1.5).unwrap();
    compare("categorical_focal_crossentropy_with", &classes_over_batch::<_, 3>(loss, &batch), &focal(0.5, 1.5));

    let batch = Batch::classes_ignoring();
    let expected = naive(&batch, |z| {
        let pixels = softmaxes(&batch, z, images(&batch));
        class_sum(&pixels, |p, y| -p[y].ln()) / pixels.len() as f64
    });
    let loss = keras::sparse_categorical_crossentropy();
    compare("sparse_categorical_crossentropy", &classes_over_batch::<_, 3>(loss, &batch), &expected);
}

#[test]
fn optax_losses() {
    let batch = Batch::binary();
    let t = targets(&batch);
    let expected = naive(&batch, |z| mean(z, &t, bce));
    compare("sigmoid_binary_ce", &over_batch(optax::sigmoid_binary_cross_entropy().mean(), &batch), &expected);
    let focal = |z: f64, t: f64, gamma: f64| {
        let p = sigmoid(z);
        (1.0 - (p * t + (1.0 - p) * (1.0 - t))).powf(gamma) * bce(z, t)
    };
    let expected = naive(&batch, |z| mean(z, &t, |z, t| focal(z, t, 2.0)));
    compare("sigmoid_focal", &over_batch(optax::sigmoid_focal().mean(), &batch), &expected);
    let expected = naive(&batch, |z| mean(z, &t, |z, t| (0.25 * t + 0.75 * (1.0 - t)) * focal(z, t, 0.5)));
    let loss = optax::sigmoid_focal_with(Some(0.25), 0.5).unwrap().mean();
    compare("sigmoid_focal_with", &over_batch(loss, &batch), &expected);

    let dice = |alpha: f64, beta: f64, smooth: f64| {
        let t = &t;
        let batch = &batch;
        naive(batch, move |z| {
            let of_image = |(z, t): (&[f64], &[Option<f64>])| {
                let (i, p, t) = ipt(z, t);
                1.0 - (i + smooth) / (i + alpha * (p - i) + beta * (t - i) + smooth)
            };
            halves(batch, z, t).into_iter().map(of_image).sum::<f64>() / 2.0
        })
    };
    compare("dice", &over_images(optax::dice(), &batch), &dice(0.5, 0.5, 1.0));
    compare("dice_with", &over_images(optax::dice_with(0.3, 0.7, 0.5).unwrap(), &batch), &dice(0.3, 0.7, 0.5));

    let batch = Batch::classes();
    let expected = naive(&batch, |z| {
        image_mean(&batch, z, |pixels| {
            let of_class = |class: usize| {
                let (i, p, t) = class_ipt(pixels, class);
                1.0 - (i + 1.0) / (i + 0.5 * (p - i) + 0.5 * (t - i) + 1.0)
            };
            (of_class(0) + of_class(1) + of_class(2)) / 3.0
        })
    });
    compare("dice_softmax", &classes_over_images::<_, 3>(optax::dice_softmax(), &batch), &expected);
    let expected = naive(&batch, |z| {
        let pixels = softmaxes(&batch, z, images(&batch));
        class_sum(&pixels, |p, y| -p[y].ln()) / pixels.len() as f64
    });
    let loss = optax::softmax_cross_entropy_with_integer_labels().mean();
    compare("softmax_cross_entropy_with_integer_labels", &classes_over_batch::<_, 3>(loss, &batch), &expected);
    assert_eq!(optax::softmax_cross_entropy(), CrossEntropy::new());
}

/// optax's issue 1267 and kornia's 918: NaN where a saturated logit is right and γ is small.
#[test]
fn small_gammas_have_finite_gradients() {
    for gamma in [0.0, 0.1, 0.5, 0.9] {
        for form in [FocalForm::Mixture, FocalForm::Split, FocalForm::Exponential, FocalForm::Margin] {
            let loss = optax::sigmoid_focal_with(None, gamma).unwrap().form(form).mean();
            for (logit, target) in [(1000.0, true), (-1000.0, false), (100.0, true), (f32::MAX, true)] {
                let mut sums = loss.accumulator();
                sums.push((logit, target));
                let finished = sums.finish().unwrap();
                let slope = finished.gradient().at((logit, target));
                assert!(finished.value() == 0.0 && slope.abs() < 1e-3, "γ {gamma}, {form:?}, {logit}: {slope}");
            }
        }
    }
}

// Traps.

/// The loss of an image without foreground, and its slope at a false positive.
fn on_an_empty_mask<L: Loss>(loss: L, logit: f32) -> (f64, f32) {
    let mut sums = loss.accumulator();
    sums.extend([(logit, false), (-104.0, false)]);
    let finished = sums.finish().unwrap();
    (finished.value(), finished.gradient().at((logit, false)))
}

#[test]
fn traps() {
    let (nothing, false_positive) = (-104.0, 2.0);
    // Keras: an empty prediction on an empty mask has loss 1, without gradient.
    assert_eq!(on_an_empty_mask(keras::dice(), nothing), (1.0, 0.0));
    assert_eq!(on_an_empty_mask(keras::dice(), false_positive), (1.0, 0.0));
    assert_eq!(on_an_empty_mask(keras::tversky(), false_positive), (1.0, 0.0));
    // smp: perfect, whatever is predicted.
    assert_eq!(on_an_empty_mask(smp::dice(), false_positive), (0.0, 0.0));
    assert_eq!(on_an_empty_mask(smp::jaccard(), false_positive), (0.0, 0.0));
    assert_eq!(on_an_empty_mask(smp::tversky(), false_positive), (0.0, 0.0));
    assert_eq!(on_an_empty_mask(smp::tversky_with(0.3, 0.7, 2.0).unwrap(), false_positive), (0.0, 0.0));
    // MONAI and nnU-Net: an empty prediction on an empty mask has loss 0, any other has 1 with almost no gradient.
    for loss in [monai::dice(), nnunet::soft_dice_regions()] {
        assert!(on_an_empty_mask(loss, nothing).0 < 1e-6);
        let (value, slope) = on_an_empty_mask(loss, false_positive);
        assert!(value > 0.9999 && slope > 0.0 && slope < 1e-4);
    }
    // A smoothing of a few pixels in numerator and denominator avoids both traps.
    for loss in [Tversky::new(0.5, 0.5, 1.0).unwrap(), optax::dice()] {
        assert!(on_an_empty_mask(loss, nothing).0 < 1e-6);
        let (value, slope) = on_an_empty_mask(loss, false_positive);
        assert!(value < 0.5 && slope > 0.01);
    }
    // kornia: an image of only ignored pixels has loss 1.
    let mut mean = ClassImageMean::new(class_accumulator(kornia::dice_macro()), EmptyImage::Count);
    mean.push(([0.0, 0.0], 255u8));
    mean.end_image().unwrap();
    assert_eq!(mean.finish(), Ok(1.0));
    let mut mean = ClassImageMean::new(class_accumulator(kornia::dice()), EmptyImage::Count);
    mean.push(([0.0, 0.0], 255u8));
    mean.end_image().unwrap();
    assert_eq!(mean.finish(), Ok(1.0));
}

// The presets themselves.

/// The presets' constants come from unchecked constructors; this test compares them with the checked ones.
#[test]
fn constants_are_in_range() {
    let dice = |above, below, floor| Dice::new(0.0).unwrap().smooth(above, below).unwrap().floor(floor).unwrap();
    let tversky =
        |above, below, floor| Tversky::new(0.5, 0.5, 0.0).unwrap().smooth(above, below).unwrap().floor(floor).unwrap();
    assert_eq!(monai::dice(), Dice::new(1e-5).unwrap());
    assert_eq!(monai::jaccard(), Iou::new(0.5e-5).unwrap());
    assert_eq!(monai::tversky(), Tversky::new(0.5, 0.5, 1e-5).unwrap());
    assert_eq!(monai::generalized_dice(), GeneralisedDice::new(1e-5).unwrap());
    assert_eq!(monai::focal(), Focal::new(2.0).unwrap().form(FocalForm::Margin).mean());
    assert_eq!(monai::focal_softmax(), SoftmaxFocal::new(2.0).unwrap().over(ClassDenominator::PixelsTimesClasses));
    let zero = EmptyMask::Zero;
    assert_eq!(smp::dice(), dice(0.0, 0.0, 2e-7).overlap(Minimum).empty_mask(zero));
    assert_eq!(smp::jaccard(), Iou::new(0.0).unwrap().floor(1e-7).unwrap().overlap(Minimum).empty_mask(zero));
    assert_eq!(smp::tversky(), tversky(0.0, 0.0, 1e-7).overlap(Minimum).empty_mask(zero));
    assert_eq!(smp::mcc(), Mcc::new(1e-5).unwrap());
    assert_eq!(kornia::dice(), PerClass::new(dice(0.0, 1e-8, 0.0)).reduction(ClassReduction::Pooled));
    let focal = Focal::new(2.0).unwrap().alpha(0.25).unwrap();
    assert_eq!(kornia::binary_focal_with_logits(), focal.form(FocalForm::Split));
    assert_eq!(torchvision::sigmoid_focal(), focal);
    assert_eq!(nnunet::soft_dice_regions(), dice(1e-5, 1e-5, 1e-8));
    assert_eq!(keras::dice(), dice(0.0, 1e-7, 0.0));
    assert_eq!(keras::tversky(), tversky(0.0, 1e-7, 0.0));
    assert_eq!(keras::categorical_focal_crossentropy(), 0.25 * SoftmaxFocal::new(2.0).unwrap().mean());
    assert_eq!(optax::dice(), tversky(1.0, 1.0, 0.0));
    assert_eq!(optax::dice(), optax::dice_with(0.5, 0.5, 1.0).unwrap());
}

#[test]
fn parameters_out_of_range_are_errors() {
    assert!(monai::tversky_with(-0.1, 0.5).is_err());
    assert!(monai::focal_with(-1.0, None).is_err());
    assert!(monai::focal_softmax_with::<3>(2.0, Some(1.5)).is_err());
    assert!(smp::tversky_with(0.5, 0.5, 0.0).is_err());
    assert!(smp::focal_with(Some(-0.1), 2.0).is_err());
    assert!(smp::soft_bce_with_logits_with(1.5, 1.0).is_err());
    assert!(smp::soft_bce_with_logits_with(0.5, f32::NAN).is_err());
    assert!(smp::soft_cross_entropy_with(-0.5).is_err());
    assert!(kornia::tversky(f64::NAN, 0.5).is_err());
    assert!(kornia::focal::<3>(Some(f32::NAN)).is_err());
    assert!(kornia::focal_with::<3>(None, f32::INFINITY).is_err());
    assert!(kornia::binary_focal_with_logits_with(Some(2.0), 2.0).is_err());
    assert!(torchvision::sigmoid_focal_with(Some(-1.0), 2.0).is_err());
    assert!(nnunet::top_k(101.0).is_err());
    assert!(keras::binary_crossentropy_with(2.0).is_err());
    assert!(keras::binary_focal_crossentropy_with(None, -1.0).is_err());
    assert!(keras::categorical_crossentropy_with(2.0).is_err());
    assert!(keras::categorical_focal_crossentropy_with(-1.0, 2.0).is_err());
    assert!(keras::tversky_with(0.5, -1.0).is_err());
    assert!(optax::sigmoid_focal_with(None, -0.5).is_err());
    assert!(optax::dice_with(0.5, 0.5, -1.0).is_err());
    assert!(pytorch::bce_with_logits_with(-1.0).is_err());
    assert!(pytorch::cross_entropy_with([1.0, -1.0], 0.0).is_err());
}

/// Whether a text names a function of a module: followed by no further letter of a longer name.
fn names(text: &str, module: &str, function: &str) -> bool {
    let call = format!("{module}::{function}");
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    text.match_indices(&call).any(|(at, _)| ends(&text[at + call.len()..]))
}

#[test]
fn every_preset_is_tested() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let test = std::fs::read_to_string(root.join("tests/conventions.rs")).unwrap();
    // The part after this heading checks no values.
    let (test, _) = test.split_once("\n// The presets themselves.\n").unwrap();
    let overview = std::fs::read_to_string(root.join("src/conventions/mod.rs")).unwrap();
    let (mut presets, mut untested) = (0, Vec::new());
    for entry in std::fs::read_dir(root.join("src/conventions")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        let named_as = if module == "segmentation_models_pytorch" { "smp" } else { module };
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some(rest) = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn ")) else {
                continue;
            };
            let function = rest.split(['(', '<']).next().unwrap();
            presets += 1;
            if !names(test, named_as, function) {
                untested.push(format!("{module}::{function}"));
            }
            let listed = function.trim_end_matches("_with");
            assert!(names(&overview, module, listed), "{module}::{listed} is not in the overview");
        }
    }
    assert!(presets > 50, "{presets} presets found");
    assert!(untested.is_empty(), "no test names {untested:?}");
}
