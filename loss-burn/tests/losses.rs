//! Tensors give the values, gradients and refusals of the libraries beneath, on random pixels.

use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use loss_burn::{ClassSegmentationLoss, Error, SegmentationLoss, with_gradients};
use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Layout, PerClass};
use loss_core::{Bce, Dice, Focal, Loss, Plane, Pointwise, Tversky};
use quickcheck::{Gen, QuickCheck, TestResult};

const HEIGHT: usize = 5;

fn device() -> Device {
    Device::flex().autodiff()
}

fn tensor<const D: usize>(numbers: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &device())
}

fn integers<const D: usize>(numbers: &[i64], shape: [usize; D]) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &device())
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Logits of up to ±12 and targets in [0, 1]; a few rows.
fn pixels(seed: &[(i16, u8)]) -> (Vec<f32>, Vec<f32>) {
    let count = seed.len() / HEIGHT * HEIGHT;
    seed[..count].iter().map(|(logit, target)| (f32::from(*logit) / 2730.0, f32::from(*target) / 255.0)).unzip()
}

fn check(property: fn(Vec<(i16, u8)>) -> TestResult) {
    QuickCheck::new().tests(40).rng(Gen::new(120)).quickcheck(property);
}

#[test]
fn masks_have_the_value_and_gradient_of_the_core() {
    fn property(seed: Vec<(i16, u8)>) -> TestResult {
        let (logits, soft) = pixels(&seed);
        if logits.is_empty() {
            return TestResult::discard();
        }
        let shape = [logits.len() / HEIGHT, 1, HEIGHT, 1];
        let hard: Vec<u8> = soft.iter().map(|target| u8::from(*target > 0.6)).collect();
        let typed = Bce::new().mean() + 0.5 * Dice::new(1.0).unwrap();
        let loss = SegmentationLoss::new("bce + 0.5 * dice(smooth=1)").unwrap();

        let (mut sums, mut expected) = (typed.accumulator(), vec![0.0; logits.len()]);
        let plane = Plane::new(&logits, &hard).unwrap();
        sums.extend_plane(plane);
        let total = sums.finish().unwrap();
        total.write_gradient(plane, &mut expected).unwrap();

        let z = tensor(&logits, shape).require_grad();
        let labels: Vec<i64> = hard.iter().map(|target| i64::from(*target)).collect();
        let as_integers = loss.forward(z.clone(), integers(&labels, shape)).unwrap();
        let as_booleans: Tensor<4, Bool> = integers(&labels, shape).equal_elem(1);
        let as_booleans = loss.forward(z.clone(), as_booleans).unwrap();
        // Upstream, something else multiplies the loss.
        let gradients = (as_integers.loss.clone() * 3.0).backward();
        let slopes = numbers(z.grad(&gradients).unwrap());
        let mut ok = as_integers.result.value() == total.value() && as_booleans.result.value() == total.value();
        ok &= as_integers.loss.into_scalar::<f32>() == total.value() as f32;
        ok &= slopes.iter().zip(&expected).all(|(slope, expected)| *slope == 3.0 * expected);

        let (mut sums, plane) = (typed.accumulator(), Plane::new(&logits, &soft).unwrap());
        sums.extend_plane(plane);
        let as_floats = loss.forward(z, tensor(&soft, shape)).unwrap();
        TestResult::from_bool(ok && as_floats.result.value() == sums.finish().unwrap().value())
    }
    check(property);
}

#[test]
fn weights_and_ignored_pixels_are_those_of_the_core() {
    fn property(seed: Vec<(i16, u8)>) -> TestResult {
        let (logits, soft) = pixels(&seed);
        let labels: Vec<i64> = soft.iter().map(|target| [0, 1, 255][(target * 255.0) as usize % 3]).collect();
        if logits.is_empty() || labels.iter().all(|label| *label == 255) {
            return TestResult::discard();
        }
        let typed = Focal::new(2.0).unwrap().mean() + Tversky::new(0.3, 0.7, 1.0).unwrap();
        let loss =
            SegmentationLoss::new("focal(gamma=2) + tversky(alpha=0.3, beta=0.7, smooth=1)").unwrap().ignoring(255);
        let hard: Vec<u8> = labels.iter().map(|label| u8::from(*label == 1)).collect();
        let weights: Vec<f32> = soft.iter().map(|target| 0.25 + target).collect();
        let valid: Vec<bool> = labels.iter().map(|label| *label != 255).collect();
        let plane = Plane::new(&logits, &hard).unwrap().with_weights(&weights).unwrap().with_mask(&valid).unwrap();
        let (mut sums, mut expected) = (typed.accumulator(), vec![0.0; logits.len()]);
        sums.extend_plane(plane);
        let total = sums.finish().unwrap();
        total.write_gradient(plane, &mut expected).unwrap();

        let shape = [logits.len()];
        let z = tensor(&logits, shape).require_grad();
        let output = loss.forward_weighted(z.clone(), integers(&labels, shape), tensor(&weights, shape)).unwrap();
        let gradients = output.loss.backward();
        let same = output.result.value() == total.value() && output.result.counts() == total.counts();
        TestResult::from_bool(same && numbers(z.grad(&gradients).unwrap()) == expected)
    }
    check(property);
}

#[test]
fn classes_have_the_value_and_gradient_of_the_core() {
    fn property(seed: Vec<(i16, u8)>) -> TestResult {
        const CLASSES: usize = 3;
        let images = 2;
        let pixels = seed.len() / (images * CLASSES);
        if pixels == 0 {
            return TestResult::discard();
        }
        let logits: Vec<f32> =
            seed.iter().take(images * CLASSES * pixels).map(|(z, _)| f32::from(*z) / 5000.0).collect();
        let labels: Vec<i64> =
            seed.iter().take(images * pixels).map(|(_, label)| [0, 1, 2, -1][usize::from(label % 4)]).collect();
        if labels.iter().all(|label| *label == -1) {
            return TestResult::discard();
        }
        let weights = [1.0, 2.5, 0.5];
        let typed =
            CrossEntropy::new().weights(weights).unwrap().weighted_mean() + PerClass::new(Dice::new(1.0).unwrap());
        let valid: Vec<bool> = labels.iter().map(|label| *label >= 0).collect();
        let plane = |image: usize| {
            let range = image * pixels..(image + 1) * pixels;
            let of_image = &logits[image * CLASSES * pixels..(image + 1) * CLASSES * pixels];
            let plane: ClassPlane<'_, i64, CLASSES> =
                ClassPlane::new(CLASSES, Layout::Planar, of_image, &labels[range.clone()]).unwrap();
            plane.with_mask(&valid[range]).unwrap()
        };
        let mut sums = typed.class_accumulator();
        (0..images).for_each(|image| sums.extend_plane(plane(image)));
        let total = sums.finish().unwrap();
        let mut expected = vec![0.0; logits.len()];
        for (image, slopes) in expected.chunks_mut(CLASSES * pixels).enumerate() {
            total.gradient().write(plane(image), slopes).unwrap();
        }

        let loss = ClassSegmentationLoss::new("ce(reduction=weighted_mean) + dice(smooth=1)", CLASSES).unwrap();
        let loss = loss.with_class_weights(&weights).unwrap().ignoring(-1);
        let z = tensor(&logits, [images, CLASSES, pixels, 1]).require_grad();
        let output = loss.forward(z.clone(), integers(&labels, [images, pixels, 1])).unwrap();
        let with_axis = loss.forward(z.clone(), integers(&labels, [images, 1, pixels, 1])).unwrap();
        let gradients = output.loss.backward();
        let same = output.result.value() == total.value() && with_axis.result.value() == total.value();
        TestResult::from_bool(same && numbers(z.grad(&gradients).unwrap()) == expected)
    }
    check(property);
}

#[test]
fn half_precision_is_taken_exactly() {
    let device = device();
    let z = tensor(&[1.5, -0.25, 3.0, -7.5], [4]);
    let half = z.clone().cast(DType::F16);
    let mask = integers(&[1, 0, 0, 1], [4]);
    let loss = SegmentationLoss::new("bce + dice").unwrap();
    let [full, half] = [z, half].map(|z| loss.forward(z, mask.clone()).unwrap().result.value());
    assert_eq!(full, half);
    assert!(full > 0.5);
    drop(device);
}

#[test]
fn several_outputs_share_one_value() {
    let outputs = [tensor(&[1.0, 2.0, 3.0], [3]).require_grad(), tensor(&[3e38, -3e38], [2]).require_grad()];
    let own = [vec![0.5, -1.0, 1e-31], vec![2.0, 4.0]];
    let loss = with_gradients(outputs.clone().into_iter().zip(own), -1.25).unwrap();
    let gradients = loss.backward();
    // Σ z·g is more than an f32 holds here.
    assert_eq!(loss.into_scalar::<f32>(), -1.25);
    let found = outputs.map(|output| numbers(output.grad(&gradients).unwrap()));
    assert_eq!(found, [vec![0.5, -1.0, 0.0], vec![2.0, 4.0]]);
}

#[test]
fn bad_input_is_refused_in_words() {
    let mask = SegmentationLoss::new("bce").unwrap();
    let z = tensor(&[0.5, -1.0], [2]);
    let message = |error: Error| error.to_string();
    let of_mask = |z: Tensor<1>, t: Tensor<1, Int>| message(mask.forward(z, t).unwrap_err());
    assert_eq!(
        of_mask(z.clone(), integers(&[1, 0, 1], [3])),
        "the targets have shape [3]; logits of shape [2] need the same shape"
    );
    assert!(
        of_mask(z.clone(), integers(&[1, 257], [2]))
            .starts_with("target 1 is 257; integer targets of a mask are 0 and 1")
    );
    assert!(of_mask(tensor(&[f32::NAN, 1.0], [2]), integers(&[0, 1], [2])).contains("logit"));
    assert!(of_mask(z.clone().cast(DType::F64), integers(&[0, 1], [2])).contains("F64; cast them to f32"));
    let soft = mask.forward(z.clone(), tensor(&[0.5, 1.5], [2])).unwrap_err();
    assert!(message(soft).contains("target"));
    assert!(matches!(SegmentationLoss::new("bcee"), Err(Error::Expression(_))));

    let classes = ClassSegmentationLoss::new("ce", 3).unwrap();
    let z = tensor(&[0.5; 12], [2, 3, 2]);
    let wrong = message(classes.forward(z.clone(), integers(&[0, 1, 2, 3], [4])).unwrap_err());
    assert_eq!(wrong, "the targets have shape [4]; logits of shape [2, 3, 2] need labels of shape [2, 2] or [2, 1, 2]");
    assert!(message(classes.forward(z, integers(&[0, 1, 2, 3], [2, 2])).unwrap_err()).contains("label"));
    let z = tensor(&[0.5; 12], [3, 2, 2]);
    assert!(
        message(classes.forward(z, integers(&[0; 6], [3, 2])).unwrap_err()).contains("3 classes along the second axis")
    );
    let short = ClassSegmentationLoss::new("ce", 3).unwrap().with_class_weights(&[1.0, 2.0]).unwrap_err();
    assert_eq!(message(short), "classes is 3; it must be the number of class weights");
    assert_eq!(with_gradients::<1>([], 0.0).unwrap_err(), Error::NoOutput);
    let large = with_gradients([(tensor(&[1.0], [1]), vec![1.0])], 1e39).unwrap_err();
    assert!(message(large).contains("more than the largest f32"));
}
