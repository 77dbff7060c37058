//! Losses over classes: against naive oracles, and the laws of streaming.

use loss_core::class::{
    AbsentClass, Activation, Channels, ClassAccumulator, ClassDenominator, ClassLoss, ClassPlane, ClassPointwise,
    ClassReduction, CrossEntropy, Foreground, GeneralisedDice, Layout, PerClass, SoftmaxFocal, VolumeWeight,
    WassersteinDice, WeightMode,
};
use loss_core::{
    Bce, Dice, EmptyImage, FinishError, FocalTversky, Iou, LogDice, Loss, Mcc, Minimum, Pointwise, Reason, SimdLevel,
    Squared, StateError, Tversky,
};
use quickcheck::{Arbitrary, Gen};

const C: usize = 4;
const W: [f64; C] = [1.0, 2.5, 0.25, 4.0];
const DISTANCES: [[f32; C]; C] =
    [[0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.25, 0.5], [1.0, 0.25, 0.0, 0.75], [1.0, 0.5, 0.75, 0.0]];

/// Logits, soft or one-hot targets, and a weight.
#[derive(Clone, Copy, Debug)]
struct Px([f32; C], [f32; C], f32);

impl Arbitrary for Px {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut unit = || f32::from(u16::arbitrary(g)) / 65535.0;
        let logits = std::array::from_fn(|_| (unit() - 0.5) * 9.0);
        let shares: [f32; C] = std::array::from_fn(|_| 0.05 + unit());
        let (soft, label, weight) = (unit() < 0.4, (unit() * 3.99) as usize, 0.5 + 2.0 * unit());
        let sum: f32 = shares.iter().sum();
        let one_hot = |class| f32::from(u8::from(class == label));
        Px(logits, std::array::from_fn(|class| if soft { shares[class] / sum } else { one_hot(class) }), weight)
    }
}

type Exact = ([f64; C], [f64; C], f64);

fn softmax(z: &[f64; C]) -> [f64; C] {
    let largest = z.iter().copied().fold(f64::MIN, f64::max);
    let e = z.map(|z| (z - largest).exp());
    let sum: f64 = e.iter().sum();
    e.map(|e| e / sum)
}

/// Σ over pixels of w f(p, t).
fn total(x: &[Exact], f: impl Fn(&[f64; C], &[f64; C]) -> f64) -> f64 {
    x.iter().map(|(z, t, w)| w * f(&softmax(z), t)).sum()
}

fn weight(x: &[Exact]) -> f64 {
    x.iter().map(|(_, _, w)| w).sum()
}

/// I, P, T of a class.
fn counts(x: &[Exact], c: usize) -> [f64; 3] {
    [total(x, |p, t| p[c] * t[c]), total(x, |p, _| p[c]), total(x, |_, t| t[c])]
}

fn index([i, p, t]: [f64; 3], alpha: f64, beta: f64, smooth: f64) -> f64 {
    1.0 - (i + smooth) / (i + alpha * (p - i) + beta * (t - i) + smooth)
}

fn mcc(x: &[Exact], c: usize, s: f64) -> f64 {
    let tp = total(x, |p, t| p[c] * t[c]) + s;
    let fp = total(x, |p, t| p[c] * (1.0 - t[c])) + s;
    let fneg = total(x, |p, t| (1.0 - p[c]) * t[c]) + s;
    let tn = total(x, |p, t| (1.0 - p[c]) * (1.0 - t[c])) + s;
    1.0 - (tp * tn - fp * fneg) / ((tp + fp) * (tp + fneg) * (tn + fp) * (tn + fneg)).sqrt()
}

trait Visitor {
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, oracle: fn(&[Exact]) -> f64);
}

/// Every loss over classes, at parameters that are no special case.
fn every_loss(v: &mut impl Visitor) {
    let ce = CrossEntropy::new();
    v.visit("ce", ce.mean(), |x| total(x, |p, t| -(0..C).map(|c| t[c] * p[c].ln()).sum::<f64>()) / weight(x));
    v.visit("ce weighted smoothed", ce.weights(W).unwrap().label_smoothing(0.125).unwrap().weighted_mean(), |x| {
        let sum = total(x, |p, t| -(0..C).map(|c| W[c] * (0.875 * t[c] + 0.125 / 4.0) * p[c].ln()).sum::<f64>());
        sum / total(x, |_, t| (0..C).map(|c| W[c] * t[c]).sum())
    });
    v.visit("softmax focal", SoftmaxFocal::new(2.0).unwrap().weights(W).unwrap().mean(), |x| {
        total(x, |p, t| -(0..C).map(|c| W[c] * t[c] * (1.0 - p[c]).powi(2) * p[c].ln()).sum::<f64>()) / weight(x)
    });
    v.visit("softmax focal 0.75", SoftmaxFocal::new(0.75).unwrap().over(ClassDenominator::WeightPlus(1.5)), |x| {
        total(x, |p, t| -(0..C).map(|c| t[c] * (1.0 - p[c]).powf(0.75) * p[c].ln()).sum::<f64>()) / (weight(x) + 1.5)
    });
    v.visit("dice", PerClass::new(Dice::new(0.5).unwrap()), |x| {
        (0..C).map(|c| index(counts(x, c), 0.5, 0.5, 0.25)).sum::<f64>() / 4.0
    });
    let weighted = PerClass::new(Tversky::new(0.3, 0.7, 0.5).unwrap()).weights(W, WeightMode::Normalise).unwrap();
    v.visit("tversky normalised", weighted.classes(Foreground), |x| {
        (1..C).map(|c| W[c] * index(counts(x, c), 0.3, 0.7, 0.5)).sum::<f64>() / 6.75
    });
    let multiplied = PerClass::new(Iou::new(0.5).unwrap()).weights(W, WeightMode::Multiply).unwrap();
    v.visit("iou multiplied, chosen", multiplied.classes([0, 3]), |x| {
        [0, 3].into_iter().map(|c| W[c] * index(counts(x, c), 1.0, 1.0, 0.5)).sum::<f64>() / 2.0
    });
    let inside = PerClass::new(Dice::new(0.5).unwrap()).weights(W, WeightMode::Inside).unwrap();
    v.visit("dice inside", inside, |x| {
        (0..C).map(|c| index(counts(x, c).map(|n| W[c] * n), 0.5, 0.5, 0.25)).sum::<f64>() / 4.0
    });
    v.visit("dice inside, micro", inside.reduction(ClassReduction::Pooled), |x| {
        let mut pool = [0.0; 3];
        (0..C).for_each(|c| pool.iter_mut().zip(counts(x, c)).for_each(|(sum, n)| *sum += W[c] * n));
        index(pool, 0.5, 0.5, 0.25)
    });
    // A single loss of pooled sums has no class losses to weigh.
    let normalised = PerClass::new(Dice::new(0.5).unwrap()).weights(W, WeightMode::Normalise).unwrap();
    v.visit("dice normalised, micro", normalised.reduction(ClassReduction::Pooled).classes([0, 2, 3]), |x| {
        let mut pool = [0.0; 3];
        [0, 2, 3].into_iter().for_each(|c: usize| {
            pool.iter_mut().zip(counts(x, c)).for_each(|(sum, n)| *sum += W[c] * n);
        });
        index(pool, 0.5, 0.5, 0.25)
    });
    v.visit(
        "focal tversky, sum",
        PerClass::new(FocalTversky::new(0.3, 0.7, 1.5, 0.5).unwrap()).reduction(ClassReduction::Sum),
        |x| (0..C).map(|c| index(counts(x, c), 0.3, 0.7, 0.5).powf(1.5)).sum(),
    );
    v.visit("log dice, skip", PerClass::new(LogDice::new(0.5).unwrap()).absent(AbsentClass::Skip), |x| {
        let present: Vec<usize> = (0..C).filter(|&c| counts(x, c)[2] > 0.0).collect();
        present.iter().map(|&c| -(1.0 - index(counts(x, c), 0.5, 0.5, 0.25)).ln()).sum::<f64>() / present.len() as f64
    });
    v.visit("dice, zero", PerClass::new(Dice::new(0.5).unwrap()).absent(AbsentClass::Zero), |x| {
        let present = (0..C).filter(|&c| counts(x, c)[2] > 0.0);
        present.map(|c| index(counts(x, c), 0.5, 0.5, 0.25)).sum::<f64>() / 4.0
    });
    v.visit("dice squared", PerClass::new(Dice::new(0.5).unwrap().overlap(Squared)), |x| {
        let of = |c: usize| [total(x, |p, t| p[c] * t[c]), total(x, |p, _| p[c] * p[c]), total(x, |_, t| t[c] * t[c])];
        (0..C).map(|c| index(of(c), 0.5, 0.5, 0.25)).sum::<f64>() / 4.0
    });
    v.visit(
        "tversky minimum, micro",
        PerClass::new(Tversky::new(0.3, 0.7, 0.5).unwrap().overlap(Minimum)).reduction(ClassReduction::Pooled),
        |x| {
            let sum = |f: fn(f64, f64) -> f64| (0..C).map(|c| total(x, |p, t| f(p[c], t[c]))).sum::<f64>();
            index([sum(f64::min), sum(|p, _| p), sum(|_, t| t)], 0.3, 0.7, 0.5)
        },
    );
    v.visit("mcc", PerClass::new(Mcc::new(0.5).unwrap()), |x| (0..C).map(|c| mcc(x, c, 0.5)).sum::<f64>() / 4.0);
    fn generalised(x: &[Exact], weight: fn(f64) -> f64) -> f64 {
        let counts: Vec<[f64; 3]> = (0..C).map(|c| counts(x, c)).collect();
        let weights: Vec<f64> = counts.iter().map(|n| weight(n[2])).collect();
        let largest = weights.iter().copied().filter(|w| w.is_finite()).fold(0.0, f64::max);
        let weights = weights.into_iter().map(|w| if w.is_finite() { w } else { largest });
        let (mut above, mut below) = (0.5, 0.75);
        for (w, [i, p, t]) in weights.zip(counts) {
            above += 2.0 * w * i;
            below += w * (p + t);
        }
        1.0 - above / below
    }
    let gdl = GeneralisedDice::new(0.0).unwrap().smooth(0.5, 0.75).unwrap();
    v.visit("generalised dice", gdl, |x| generalised(x, |t| 1.0 / (t * t)));
    v.visit("generalised dice, simple", gdl.volume_weight(VolumeWeight::Simple), |x| generalised(x, |t| 1.0 / t));
    v.visit("generalised dice, uniform", gdl.volume_weight(VolumeWeight::Uniform), |x| generalised(x, |_| 1.0));
    v.visit("wasserstein dice", WassersteinDice::new(DISTANCES, 0.5).unwrap(), |x| {
        let m = |l: usize, c: usize| f64::from(DISTANCES[l][c]);
        let w = |p: &[f64; C], l: usize| (0..C).map(|c| m(l, c) * p[c]).sum::<f64>();
        let distance = total(x, |p, t| (0..C).map(|l| t[l] * w(p, l)).sum());
        let nearer = total(x, |p, t| (1..C).map(|l| t[l] * (m(l, 0) - w(p, l))).sum());
        1.0 - (2.0 * nearer + 0.5) / (2.0 * nearer + distance + 0.5)
    });
    v.visit(
        "combination",
        0.4 * SoftmaxFocal::new(2.0).unwrap().mean() + PerClass::new(Dice::new(0.5).unwrap()) * 1.5,
        |x| {
            let focal =
                total(x, |p, t| -(0..C).map(|c| t[c] * (1.0 - p[c]).powi(2) * p[c].ln()).sum::<f64>()) / weight(x);
            0.4 * focal + 1.5 * (0..C).map(|c| index(counts(x, c), 0.5, 0.5, 0.25)).sum::<f64>() / 4.0
        },
    );
}

fn samples(pixels: &[Px]) -> impl Iterator<Item = ([f32; C], [f32; C], f32)> + '_ {
    pixels.iter().map(|&Px(z, t, w)| (z, t, w))
}

struct AgreesWithOracle(usize);

impl Visitor for AgreesWithOracle {
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, oracle: fn(&[Exact]) -> f64) {
        let mut g = Gen::new(12);
        for _ in 0..120 {
            let mut pixels: Vec<Px> = Vec::arbitrary(&mut g);
            pixels.push(Px([0.5, -1.25, 0.75, 0.125], [0.0, 1.0, 0.0, 0.0], 1.5));
            // The minimum form has a kink at p = t, where a difference quotient proves nothing.
            let at_kink = |Px(z, t, _): &Px| {
                softmax(&z.map(f64::from)).iter().zip(t).any(|(p, &t)| (p - f64::from(t)).abs() < 1e-3)
            };
            pixels.retain(|pixel| !at_kink(pixel));
            let exact: Vec<Exact> =
                pixels.iter().map(|Px(z, t, w)| (z.map(f64::from), t.map(f64::from), f64::from(*w))).collect();
            let mut sums = loss.class_accumulator();
            samples(&pixels).for_each(|pixel| sums.push(pixel));
            let finished = sums.finish().unwrap();
            let (value, expected) = (finished.value(), oracle(&exact));
            assert!((value - expected).abs() <= 1e-6 * expected.abs() + 1e-7, "{name}: {value} instead of {expected}");
            let parts: f64 = finished.parts().map(|part| part.coefficient * part.value).sum();
            assert!((parts - value).abs() <= 1e-12, "{name}: parts");

            let difference = |pixel: usize, class: usize| {
                let h = 1e-4;
                let shifted = |h: f64| {
                    let mut exact = exact.clone();
                    exact[pixel].0[class] += h;
                    oracle(&exact)
                };
                (8.0 * (shifted(h) - shifted(-h)) - (shifted(2.0 * h) - shifted(-2.0 * h))) / (12.0 * h)
            };
            let gradient = finished.gradient();
            let expected: Vec<[f64; C]> =
                (0..pixels.len()).map(|pixel| std::array::from_fn(|class| difference(pixel, class))).collect();
            let largest = expected.iter().flatten().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
            for (sample, expected) in samples(&pixels).zip(&expected) {
                for (class, (slope, expected)) in gradient.at(sample).into_iter().zip(expected).enumerate() {
                    let error = (f64::from(slope) - expected).abs();
                    assert!(error <= 4e-6 * largest + 1e-10, "{name}: ∂/∂z{class} is {slope}, the quotient {expected}");
                }
            }
        }
        self.0 += 1;
    }
}

#[test]
fn values_and_gradients_agree_with_oracles() {
    let mut visitor = AgreesWithOracle(0);
    every_loss(&mut visitor);
    assert!(visitor.0 >= 20);
}

fn state<L: ClassLoss<C>>(sums: &ClassAccumulator<L, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

struct Laws(Vec<u64>);

impl Visitor for Laws {
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, _: fn(&[Exact]) -> f64) {
        let mut g = Gen::new(20);
        let stream = |pixels: &[Px]| {
            let mut sums = loss.class_accumulator();
            samples(pixels).for_each(|pixel| sums.push(pixel));
            sums
        };
        for _ in 0..20 {
            let (a, b): (Vec<Px>, Vec<Px>) = Arbitrary::arbitrary(&mut g);
            let mut all = [a.clone(), b.clone()].concat();
            let whole = state(&stream(&all));
            for i in (1..all.len()).rev() {
                all.swap(i, usize::arbitrary(&mut g) % (i + 1));
            }
            assert_eq!(state(&stream(&all)), whole, "{name}: order");
            let (mut left, mut right) = (stream(&a), stream(&b));
            let plain: Vec<i64> = state(&left).iter().zip(state(&right)).map(|(a, b)| a + b).collect();
            left.merge(&right).unwrap();
            right.merge(&stream(&a)).unwrap();
            assert!(left == right, "{name}: commutativity");
            assert_eq!(state(&left), whole, "{name}: merge");
            let mut loaded = loss.class_accumulator();
            loaded.load_state(plain).unwrap();
            assert_eq!(state(&loaded), whole, "{name}: states add");
            assert!(matches!(loaded.load_state([0; 3]), Err(StateError::Length { given: 3, .. })));
        }
        // Bad input is checked in the order logits, soft targets, weight, label. Ignored pixels are not checked.
        let good = ([0.5, -1.0, 2.0, 0.0], 2u8, 1.0);
        let mut sums = loss.class_accumulator().ignoring(255);
        sums.push(good);
        let before = sums.finish().unwrap().value();
        sums.push(([f32::NAN; C], 255u8));
        sums.push(([f32::INFINITY; C], 7u8, 0.0));
        assert_eq!(sums.finish().unwrap().value().to_bits(), before.to_bits(), "{name}: ignored");
        assert_eq!(sums.counts().ignored, 2);
        sums.push(([0.0, f32::NAN, 0.0, 0.0], 9i64, -1.0));
        sums.push(([0.0; C], [0.5, 1.5, 0.0, 0.0], -1.0));
        sums.push(([0.0; C], 9i64, f32::NAN));
        sums.push(([0.0; C], -1i32));
        let counts = sums.counts();
        let rejected =
            [counts.rejected_inputs, counts.rejected_targets, counts.rejected_weights, counts.rejected_labels];
        assert_eq!(rejected, [1, 1, 1, 1], "{name}");
        assert_eq!(sums.first_rejected().map(|first| (first.index, first.reason)), Some((3, Reason::Input)));
        assert!(matches!(sums.finish(), Err(FinishError::Rejected { .. })));
        assert_eq!(
            sums.finish_valid().unwrap().value().to_bits(),
            before.to_bits(),
            "{name}: rejected pixels left a trace"
        );
        assert!(matches!(loss.class_accumulator().finish(), Err(FinishError::NoPixels)));
        // Extreme logits: finite values and gradients, unless the difference of logits is beyond f32.
        for z in [0.0, 1e-38, 17.5, 104.0, 1e10, 3e37, f32::MAX] {
            let extreme = ([z, -z, 0.5 * z, -0.25], 1u8);
            let mut sums = loss.class_accumulator();
            sums.push(extreme);
            let finished = match sums.finish() {
                Err(FinishError::Saturated) if z == f32::MAX => continue,
                finished => finished.unwrap(),
            };
            let slopes = finished.gradient().at(extreme);
            assert!(finished.value().is_finite() && slopes.iter().all(|s| s.abs() < 1e38), "{name} at {z}: {slopes:?}");
        }
        self.0.push(sums.fingerprint());
    }
}

#[test]
fn laws_and_bad_input() {
    let mut laws = Laws(Vec::new());
    every_loss(&mut laws);
    let count = laws.0.len();
    laws.0.sort_unstable();
    laws.0.dedup();
    assert_eq!(laws.0.len(), count, "two losses share a fingerprint");
}

/// The capacity does not change the number of classes: the same pixels in a larger one give the same value and gradient.
#[test]
fn classes_at_run_time() {
    fn finish<const CAPACITY: usize>(classes: usize, pixels: usize) -> (f64, Vec<f32>) {
        let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap());
        let sums = ClassAccumulator::<_, CAPACITY>::new(loss);
        let mut sums = sums.with_classes(classes).unwrap();
        let logits: Vec<f32> = (0..classes * pixels).map(|i| ((i * 7919) % 613) as f32 / 50.0 - 6.0).collect();
        let labels: Vec<u16> = (0..pixels).map(|i| ((i * 31) % classes) as u16).collect();
        let mut interleaved = vec![0.0; logits.len()];
        for pixel in 0..pixels {
            (0..classes).for_each(|class| interleaved[pixel * classes + class] = logits[class * pixels + pixel]);
        }
        let plane = ClassPlane::new(classes, Layout::Planar, &logits, &labels).unwrap();
        sums.extend_plane(plane);
        let mut other = sums.clone();
        other.reset();
        other.extend_plane(ClassPlane::new(classes, Layout::Interleaved, &interleaved, &labels).unwrap());
        assert!(sums == other, "layouts");
        other.reset();
        plane.samples().for_each(|sample| other.push(sample));
        assert!(sums == other, "one by one");
        other.reset();
        other.extend(plane.samples());
        assert!(sums == other, "an iterator");
        let finished = sums.finish().unwrap();
        assert_eq!(finished.classes().count(), classes);
        let mut gradient = vec![0.0; logits.len()];
        finished.gradient().write(plane, &mut gradient).unwrap();
        for (pixel, sample) in plane.samples().enumerate() {
            let slopes = finished.gradient().at(sample);
            for (class, slope) in slopes.into_iter().enumerate().take(classes) {
                assert_eq!(slope.to_bits(), gradient[class * pixels + pixel].to_bits(), "pixel {pixel}, class {class}");
            }
        }
        for level in SimdLevel::available() {
            let (mut sums, mut at_level) = (sums.clone(), vec![0.0; logits.len()]);
            sums.reset();
            sums.extend_plane_at(level, plane);
            assert!(sums == other, "{level}");
            finished.gradient().write_at(level, plane, &mut at_level).unwrap();
            assert_eq!(at_level, gradient, "{level}");
        }
        (finished.value(), gradient)
    }
    assert_eq!(finish::<1>(1, 5), finish::<3>(1, 5));
    assert_eq!(finish::<21>(21, 70), finish::<32>(21, 70));
    finish::<160>(150, 110);
    let one_class = finish::<1>(1, 5);
    assert!(
        one_class.0.abs() < 1e-12 && one_class.1.iter().all(|&slope| slope == 0.0),
        "one class is certain: {one_class:?}"
    );
    let sums = CrossEntropy::new().mean();
    assert!(ClassAccumulator::<_, 4>::new(sums).with_classes(5).is_err());
    assert!(ClassAccumulator::<_, 4>::new(sums).with_classes(0).is_err());
}

/// Probabilities too small or too near 1 for f32 still give a gradient with relative accuracy.
#[test]
fn certain_pixels_keep_their_digits() {
    let loss = PerClass::new(Dice::new(0.0).unwrap()) + CrossEntropy::new().mean();
    let mut sums = loss.class_accumulator();
    let pixels = [([20.0, 0.0, 1.0], 0u8), ([-1.0, 19.0, 0.5], 1), ([0.25, 0.0, 21.0], 2)];
    sums.extend(pixels);
    let finished = sums.finish().unwrap();
    let exact: Vec<[f64; 3]> = pixels
        .iter()
        .map(|(z, label)| {
            let e = z.map(|logit| f64::from(logit - z[usize::from(*label)]).exp());
            let sum: f64 = e.iter().sum();
            e.map(|e| e / sum)
        })
        .collect();
    // To first order, the loss of each class is (FP + FN)/2TP with TP = 1.
    let others = |pixel: usize, label: usize| (0..3).filter(|&c| c != label).map(|c| exact[pixel][c]).sum::<f64>();
    let mut dice = 0.0;
    let mut ce = 0.0;
    for class in 0..3 {
        let elsewhere = exact.iter().enumerate().filter(|&(pixel, _)| pixel != class);
        let errors = others(class, class) + elsewhere.map(|(_, p)| p[class]).sum::<f64>();
        dice += errors / 2.0 / 3.0;
        ce += others(class, class) / 3.0;
    }
    let expected = dice + ce;
    assert!((finished.value() - expected).abs() < 1e-6 * expected, "{:e} instead of {expected:e}", finished.value());
    let slopes = finished.gradient().at(pixels[0]);
    let sum: f32 = slopes.iter().sum();
    assert!(slopes[0] < 0.0 && sum.abs() < 1e-6 * slopes[0].abs(), "{slopes:?}");
}

/// Logits and soft targets beyond the classes in use are not read.
struct Padding;

impl Visitor for Padding {
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, _: fn(&[Exact]) -> f64) {
        let finish = |padding: f32| {
            let mut sums = loss.class_accumulator().with_classes(3).unwrap();
            let pixel = ([0.5, -1.0, 2.0, padding], [0.25, 0.5, 0.25, padding]);
            sums.push(pixel);
            let finished = sums.finish().unwrap();
            (finished.value().to_bits(), finished.gradient().at(pixel))
        };
        assert_eq!(finish(0.0), finish(0.7), "{name}");
        assert_eq!(finish(0.0), finish(f32::NAN), "{name}");
        assert_eq!(finish(0.0).1[3], 0.0, "{name}");
    }
}

#[test]
fn unused_classes_are_not_looked_at() {
    every_loss(&mut Padding);
}

/// With independent sigmoids too, the gradient is the derivative of the value.
struct Sigmoids;

impl Visitor for Sigmoids {
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, _: fn(&[Exact]) -> f64) {
        let pixels = [
            ([0.5, -1.25, 2.0, 0.125], [1.0, 0.0, 0.25, 0.0], 1.5),
            ([-0.75, 0.25, -0.5, 1.0], [0.0, 1.0, 1.0, 0.5], 1.0),
        ];
        let finish = |pixels: [([f32; C], [f32; C], f32); 2]| {
            let mut sums = loss.class_accumulator().activation(Activation::Sigmoid);
            pixels.into_iter().for_each(|pixel| sums.push(pixel));
            sums.finish().unwrap()
        };
        let gradient = finish(pixels).gradient();
        for pixel in 0..2 {
            for (class, slope) in gradient.at(pixels[pixel]).into_iter().enumerate() {
                let h = 1.0 / 64.0;
                let shifted = |h: f32| {
                    let mut pixels = pixels;
                    pixels[pixel].0[class] += h;
                    finish(pixels).value()
                };
                let quotient = (shifted(h) - shifted(-h)) / (2.0 * f64::from(h));
                let error = (f64::from(slope) - quotient).abs();
                assert!(error < 2e-4, "{name}: ∂/∂z{class} is {slope}, the quotient {quotient}");
            }
        }
    }
}

#[test]
fn gradients_of_sigmoids() {
    every_loss(&mut Sigmoids);
}

#[test]
fn soft_targets_in_slices() {
    let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(0.5).unwrap());
    let mut g = Gen::new(20);
    for _ in 0..20 {
        let mut pixels: Vec<Px> = Vec::arbitrary(&mut g);
        pixels.push(Px([0.5, -1.0, 2.0, 0.25], [0.25, 0.0, 0.5, 0.25], 1.0));
        let (n, weights): (usize, Vec<f32>) = (pixels.len(), pixels.iter().map(|pixel| pixel.2).collect());
        let lay = |of: fn(&Px) -> [f32; C], layout| match layout {
            Layout::Interleaved => pixels.iter().flat_map(of).collect::<Vec<f32>>(),
            Layout::Planar => (0..C).flat_map(|class| pixels.iter().map(move |pixel| of(pixel)[class])).collect(),
        };
        let mut pushed = loss.class_accumulator();
        samples(&pixels).for_each(|pixel| pushed.push(pixel));
        for layout in [Layout::Interleaved, Layout::Planar] {
            let (logits, targets) = (lay(|pixel| pixel.0, layout), lay(|pixel| pixel.1, layout));
            let plane = ClassPlane::<_, C>::soft(C, layout, &logits, &targets).unwrap().with_weights(&weights).unwrap();
            let mut sums = loss.class_accumulator();
            sums.extend_plane(plane);
            assert!(sums == pushed, "{layout:?}");
            let mut gradient = vec![0.0; n * C];
            sums.finish().unwrap().gradient().write(plane, &mut gradient).unwrap();
            let first = sums.finish().unwrap().gradient().at((pixels[0].0, pixels[0].1, pixels[0].2));
            assert_eq!(gradient[0], first[0]);
            assert!(ClassPlane::<_, C>::soft(C, layout, &logits, &targets[1..]).is_err());
            assert!(ClassPlane::<_, C>::soft(0, layout, &logits, &targets).is_err());
        }
    }
}

/// The prediction comes from the logits, not from their rounded probabilities.
#[test]
fn close_logits_are_told_apart() {
    let mut sums = CrossEntropy::new().mean().class_accumulator();
    sums.push(([0.0, 1e-9], 1u8));
    assert_eq!(sums.finish().unwrap().accuracy(), Some(1.0));
}

/// Logits that lie further apart than the largest f32: a wrong prediction is refused, a right one has its value.
#[test]
fn differences_of_logits_beyond_f32() {
    fn both<L: ClassLoss<3>>(loss: &L, logits: [f32; 3], label: u8, weight: f32) -> Result<f64, FinishError> {
        let mut one = loss.class_accumulator();
        one.extend(vec![(logits, label, weight); 600]);
        let pixels: Vec<f32> = (0..600).flat_map(|_| logits).collect();
        let (labels, weights) = ([label; 600], [weight; 600]);
        let plane = ClassPlane::<_, 3>::new(3, Layout::Interleaved, &pixels, &labels).unwrap();
        let mut planes = loss.class_accumulator();
        planes.extend_plane(plane.with_weights(&weights).unwrap());
        assert!(one == planes, "{logits:?}");
        let finished = one.finish()?;
        let mut slopes = vec![f32::NAN; 1800];
        finished.gradient().write(plane, &mut slopes).unwrap();
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{logits:?}: {slopes:?}");
        Ok(finished.value())
    }
    let ce = CrossEntropy::new().mean();
    let far = [3e38, -3e38, 0.0];
    assert_eq!(both(&ce, far, 1, 1.0), Err(FinishError::Saturated), "6e38");
    assert_eq!(both(&ce, far, 1, 0.25), Err(FinishError::Saturated), "the pixel's loss comes before its weight");
    assert_eq!(both(&ce, far, 0, 1.0), Ok(0.0));
    assert!((both(&ce, far, 2, 1.0).unwrap() - f64::from(3e38f32)).abs() < 1e32);
    assert_eq!(both(&ce, far, 2, 2.0), Err(FinishError::Saturated));
    assert!((both(&ce, [1.7e38, -1.7e38, 0.0], 1, 1.0).unwrap() / 3.4e38 - 1.0).abs() < 1e-6);
    assert_eq!(both(&ce, [f32::MAX, f32::MIN, f32::MIN], 0, 4_294_967_296.0), Ok(0.0));
    for gamma in [0.0, 0.5, 2.0] {
        let focal = SoftmaxFocal::new(gamma).unwrap().mean();
        assert_eq!(both(&focal, far, 1, 1.0), Err(FinishError::Saturated));
        assert_eq!(both(&focal, far, 0, 1.0), Ok(0.0));
    }
    // Smoothing gives a share to the class that is infinitely far away.
    let smoothed = CrossEntropy::new().label_smoothing(0.1).unwrap().mean();
    assert_eq!(both(&smoothed, far, 0, 1.0), Err(FinishError::Saturated));
    // A region loss takes no difference of logits.
    assert!(both(&PerClass::new(Dice::new(1.0).unwrap()), far, 1, 1.0).unwrap() > 0.3);
    let weighted = CrossEntropy::new().weights([1.0, 3.4e38, 1.0]).unwrap().mean();
    assert_eq!(both(&weighted, [1.0, 0.0, 0.0], 1, 1.0), Err(FinishError::Saturated), "1.55 times 3.4e38");
    let expected = 3.4e38 * (1.0 + 2.0 * (-2f64).exp()).ln();
    assert!((both(&weighted, [0.0, 2.0, 0.0], 1, 1.0).unwrap() / expected - 1.0).abs() < 1e-6);
}

/// Only background, with logits so certain that the p of the other classes vanish from their sums: these classes still count as predicted.
#[test]
fn classes_below_the_grid_are_predicted() {
    for sure in [46.0, 60.0, 104.0, 1e10] {
        fn of<L: ClassLoss<C>>(loss: L, sure: f32) -> f64 {
            let mut sums = loss.class_accumulator();
            sums.extend([([sure, 0.0, 0.0, 0.0], 0u8); 64]);
            let finished = sums.finish().unwrap();
            assert!(finished.gradient().at(([sure, 0.0, 0.0, 0.0], 0u8)).iter().all(|slope| slope.abs() < 1e-18));
            finished.value()
        }
        let dice = || PerClass::new(Dice::new(0.0).unwrap());
        assert!((of(dice(), sure) - 0.75).abs() < 1e-18, "the three absent classes count 1 each");
        assert_eq!(of(dice().classes(Foreground), sure), 1.0);
        assert_eq!(of(PerClass::new(Dice::new(0.0).unwrap().overlap(Squared)).classes(Foreground), sure), 1.0);
        assert_eq!(of(PerClass::new(Iou::new(0.0).unwrap().overlap(Minimum)).classes(Foreground), sure), 1.0);
        assert!(of(dice().reduction(ClassReduction::Pooled), sure) < 1e-18, "there is foreground among all classes");
        assert_eq!(of(dice().classes(Foreground).reduction(ClassReduction::Pooled), sure), 1.0);
        assert_eq!(of(dice().classes([9]).reduction(ClassReduction::Pooled), sure), 0.0, "no class at all");
        assert_eq!(of(PerClass::new(Mcc::new(0.0).unwrap()), sure), 1.0);
        let uniform = GeneralisedDice::new(0.0).unwrap().volume_weight(VolumeWeight::Uniform);
        assert_eq!(of(uniform.classes(Foreground), sure), 1.0);
        assert!(of(uniform, sure) < 1e-18);
        let inner = dice().classes(Foreground).weights([1.0, 0.0, 0.0, 0.0], WeightMode::Inside).unwrap();
        assert_eq!(of(inner.reduction(ClassReduction::Pooled), sure), 0.0, "what is predicted weighs nothing");
        assert_eq!(of(WassersteinDice::new(DISTANCES, 0.0).unwrap(), sure), 1.0);
        assert_eq!(of(WassersteinDice::new([[0.0; C]; C], 0.0).unwrap(), sure), 0.0, "no class is distant");
    }
}

#[test]
fn coefficients_of_losses_over_classes() {
    fn sum_of<L: ClassLoss<C>>(loss: L) -> Option<f64> {
        let mut sums = loss.class_accumulator();
        sums.push(([3e37, 0.0, 0.0, 0.0], 1u8));
        let mut mean = loss.class_image_mean(EmptyImage::Skip);
        mean.push(([0.0; C], 1u8));
        match (sums.finish(), mean.end_image()) {
            (Ok(finished), Ok(_)) => {
                assert!(finished.value().is_finite());
                None
            }
            (Err(FinishError::Coefficient { sum }), Err(FinishError::Coefficient { .. })) => Some(sum),
            (finished, _) => panic!("{:?}", finished.err()),
        }
    }
    let (ce, dice) = (CrossEntropy::new().sum(), PerClass::new(Dice::new(1.0).unwrap()));
    assert_eq!(sum_of(1e300 * ce), Some(1e300));
    assert_eq!(sum_of(1e308 * ce + 1e308 * dice), Some(f64::INFINITY));
    assert_eq!(sum_of(CrossEntropy::new().over(ClassDenominator::Fixed(1e-300))), Some(1.0 / 1e-300));
    assert_eq!(sum_of(-1e38 * (ce + dice)), None);
    assert!(sum_of(f64::NAN * dice).is_some_and(f64::is_nan));
}

struct Hostile;

impl Visitor for Hostile {
    /// States of arbitrary integers: every state that loads has finite values, parts and gradients, and loads again.
    fn visit<L: ClassLoss<C>>(&mut self, name: &str, loss: L, _: fn(&[Exact]) -> f64) {
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed.wrapping_mul(0x2545_f491_4f6c_dd1d)
        };
        let (mut loaded, mut finished) = (0, 0);
        let states = 1500;
        for _ in 0..states {
            let mut sums = loss.class_accumulator();
            let wildness = random() % 2 * (random() % 8);
            let drawn: Vec<i64> = (0..sums.state_length())
                .map(|place| {
                    let (kind, integer) = (random() % 16, random());
                    match kind {
                        _ if place == 0 => 1 + (integer >> 40) as i64,
                        _ if integer % 1000 < wildness => random() as i64 >> (integer / 1000 % 63),
                        0..6 => 0,
                        6..8 => 1,
                        8..10 => 0xffff_ffff,
                        10 => (integer >> 12) as i64,
                        _ => (integer >> 32 >> (kind * 2)) as i64,
                    }
                })
                .collect();
            match sums.load_state(drawn.iter().copied()) {
                Ok(()) => loaded += 1,
                Err(StateError::OutOfRange { .. } | StateError::NegativeCount { .. }) => continue,
                Err(error) => panic!("{name}: {error}"),
            }
            for step in 0..3 {
                match step {
                    0 => {}
                    1 => sums.push(([0.5, -1.0, 30.0, 0.0], 1u8)),
                    _ => (0..5).for_each(|_| sums.merge(&sums.clone()).unwrap()),
                }
                match sums.finish_valid() {
                    Ok(result) => {
                        finished += usize::from(step == 0);
                        assert!(result.value().is_finite(), "{name}: {} of {drawn:?}", result.value());
                        assert!(result.parts().all(|part| part.value.is_finite()), "{name}: {drawn:?}");
                        for factor in [1.0, f64::INFINITY] {
                            let gradient = result.gradient_times(factor);
                            for logits in
                                [[0.5, -1.0, 2.0, 0.0], [60.0, 0.0, -60.0, 9.0], [f32::MAX, f32::MIN, 0.0, 1.0]]
                            {
                                let slopes = gradient.at((logits, 1u8));
                                assert!(slopes.iter().all(|s| s.is_finite()), "{name}: {slopes:?} of {drawn:?}");
                            }
                        }
                    }
                    Err(FinishError::Saturated) => {}
                    Err(error) => panic!("{name}: {error}"),
                }
                let mut again = loss.class_accumulator();
                again.load_state(state(&sums)).unwrap();
                assert!(again == sums, "{name}: {drawn:?}");
            }
        }
        assert!(loaded > states / 3 && loaded < states && finished > states / 8, "{name}: {loaded}, {finished}");
    }
}

#[test]
fn hostile_states_are_finite() {
    every_loss(&mut Hostile);
}

#[test]
fn maps_of_losses_over_classes() {
    let logits = [0.0, 2.0, f32::NAN, 0.0, -1.0, 0.0];
    let plane = ClassPlane::<_, 2>::new(2, Layout::Planar, &logits, &[1u8, 0, 0]).unwrap();
    let mut map = [7.0; 3];
    CrossEntropy::new().write_map(plane, &mut map).unwrap();
    assert!((map[0] - std::f32::consts::LN_2).abs() < 1e-7);
    assert!((f64::from(map[1]) - (-3f64).exp().ln_1p()).abs() < 1e-7 && map[2].is_nan());
    assert_eq!(CrossEntropy::new().at(([2.0, -1.0], 0u8)), Ok(map[1]));
    assert!(CrossEntropy::new().write_map(plane, &mut map[..2]).is_err());
}

#[test]
fn no_weight_has_no_accuracy() {
    let mut mean = ClassLoss::<2>::class_image_mean(&CrossEntropy::new().mean(), EmptyImage::Count);
    mean.push(([f32::NAN; 2], 0u8, false));
    let empty = mean.end_image().unwrap().unwrap();
    assert_eq!((empty.value(), empty.accuracy(), empty.accuracy_of_background()), (0.0, None, None));
}

#[test]
fn images_and_channels() {
    let loss = PerClass::new(Dice::new(0.5).unwrap());
    let mut mean = ClassLoss::<3>::class_image_mean(&loss, EmptyImage::Skip);
    let images = [([1.0, -2.0, 0.5], 0u8), ([0.25, 0.5, -1.5], 2)];
    let mut values = 0.0;
    for image in images {
        mean.push(image);
        values += mean.end_image().unwrap().unwrap().value();
    }
    assert!((mean.finish().unwrap() - values / 2.0).abs() < 1e-15);

    // Independent sigmoids: the class accumulator agrees with an accumulator for each channel.
    let pixels = [([1.0, -2.0, 0.5], [1.0, 0.0, 0.25]), ([-0.5, 0.75, 3.0], [0.0, 1.0, 1.0])];
    let mut sums = ClassAccumulator::<_, 3>::new(loss).activation(Activation::Sigmoid);
    sums.extend(pixels);
    let mut channels = Channels::new([(); 3].map(|()| Dice::new(0.5).unwrap().accumulator()));
    pixels.iter().for_each(|(z, t)| channels.push(std::array::from_fn(|c| (z[c], t[c]))));
    let (by_class, by_channel) = (sums.finish().unwrap(), channels.finish().unwrap());
    assert!((by_class.value() - by_channel.mean()).abs() < 1e-15);
    for (z, t) in pixels {
        let slopes = by_class.gradient().at((z, t));
        for (c, channel) in by_channel.channels().enumerate() {
            let expected = channel.gradient_times(1.0 / 3.0).at((z[c], t[c]));
            assert!((slopes[c] - expected).abs() <= 1e-7 * expected.abs(), "{slopes:?}, {expected}");
        }
    }
    let weighted =
        Channels::new([Bce::new().pos_weight(3.0).unwrap(), Bce::new()].map(|loss| loss.mean().accumulator()));
    assert!(matches!(weighted.finish(), Err(FinishError::NoPixels)));
}

#[test]
fn the_accuracy_trap_shows() {
    let mut sums = CrossEntropy::new().mean().class_accumulator();
    for i in 0..100 {
        sums.push(([4.0, 0.0, 0.0], if i < 96 { 0u8 } else { 1 }));
    }
    let finished = sums.finish().unwrap();
    assert_eq!((finished.accuracy(), finished.accuracy_of_background()), (Some(0.96), Some(0.96)));
    let rare = finished.class(1).unwrap();
    assert_eq!((rare.support(), rare.hard.recall(), rare.hard.dice()), (4.0, Some(0.0), Some(0.0)));
    assert_eq!(finished.class(2).unwrap().hard.dice(), None, "nothing there, nothing predicted");
    assert!(finished.class(3).is_none());
}

/// A new loss over classes fails here until it is in `every_loss`, which makes every test of this file cover it.
#[test]
fn every_loss_is_in_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/class");
    let listed = include_str!("classes.rs");
    let mut found = 0;
    // A loss stands in a file of its own; folders hold what all of them share.
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| line.starts_with("impl")) {
            let Some((_, name)) =
                line.split_once(" ClassPointwise for ").or_else(|| line.split_once(" ClassLoss<C> for "))
            else {
                continue;
            };
            let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
            // Reductions are made by a pointwise loss's methods, combinations by operators.
            let made = match name.as_str() {
                "ClassReduced" => ".mean()".to_owned(),
                "Sum" | "Scaled" => "\"combination\"".to_owned(),
                // `one_state.rs` compares it with every loss that it can hold.
                "AnyClassLoss" => continue,
                _ => format!("{name}::new("),
            };
            let list = &listed[listed.find("fn every_loss(").unwrap()..listed.find("fn samples(").unwrap()];
            assert!(list.contains(&made), "{name} is not tested");
            found += 1;
        }
    }
    assert!(found >= 8, "{found} losses over classes found");
}
