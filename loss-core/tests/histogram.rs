//! A histogram gives the same losses, gradients, ranks and curves as its pixels one by one.

mod common;

use common::{Entry, Visitor, every_loss};
use loss_core::extend::Link;
use loss_core::histogram::Code;
use loss_core::sorted::{HardMining, LovaszErrors, LovaszHinge, Ohem, SortedError, TopK};
use loss_core::{
    Accumulator, Bce, Confusion, Dice, FinishError, Focal, Histogram, LengthError, Logits, Loss, Plane, Pointwise,
    Probabilities, Quantisation, Reason, Sample, StateError,
};
use quickcheck::{Arbitrary, Gen, quickcheck};

// ---- pixels ---------------------------------------------------------------------------------------------------------

/// A code that is valid in both types.
trait TestCode: Code + Send + 'static {
    fn of(bits: u8) -> Self;
}

impl TestCode for i8 {
    fn of(bits: u8) -> Self {
        bits as i8
    }
}

impl TestCode for u8 {
    fn of(bits: u8) -> Self {
        bits
    }
}

/// Codes with targets and a mask. Most codes occur more than once.
#[derive(Clone, Debug)]
struct Pixels<C, const TARGETS: usize, const REJECTED: bool> {
    quantisation: Quantisation,
    codes: Vec<C>,
    targets: Vec<u8>,
    valid: Vec<bool>,
}

type Hard = Pixels<i8, 2, false>;
type Soft = Pixels<u8, 6, false>;

impl<C: TestCode, const TARGETS: usize, const REJECTED: bool> Arbitrary for Pixels<C, TARGETS, REJECTED> {
    fn arbitrary(g: &mut Gen) -> Self {
        let scale = *g.choose(&[0.0627f32, 0.5, 1.0, 3.25, 1e-9, 0.011]).unwrap();
        let zero_point = i32::from(i16::arbitrary(g) % 140);
        let length = 1 + usize::arbitrary(g) % 90;
        let share = usize::arbitrary(g) % 5; // of foreground: none to all
        let masked = bool::arbitrary(g);
        let code = |g: &mut Gen| match u8::arbitrary(g) % 4 {
            // Codes on both sides of the zero point, so that hinge errors of foreground and background tie.
            0 => C::of((zero_point + i32::from(i8::arbitrary(g)) % 4) as u8),
            1 => C::of(*g.choose(&[0, 127, 128, 255]).unwrap()),
            _ => C::of(u8::arbitrary(g)),
        };
        let target = |g: &mut Gen| {
            if REJECTED && u8::arbitrary(g) % 8 == 0 {
                return (TARGETS as u64 + u64::from(u8::arbitrary(g)) % (256 - TARGETS as u64).max(1)) as u8;
            }
            let between = usize::from(u8::arbitrary(g)) % TARGETS;
            let hard = (TARGETS - 1) * usize::from(usize::arbitrary(g) % 4 < share);
            (if bool::arbitrary(g) && share % 4 != 0 { between } else { hard }) as u8
        };
        let mut codes: Vec<C> = (0..length).map(|_| code(g)).collect();
        let mut targets: Vec<u8> = (0..length).map(|_| target(g)).collect();
        // Runs of equal pixels, as masks have.
        if bool::arbitrary(g) {
            let from = usize::arbitrary(g) % length;
            codes[from..].fill(code(g));
            targets[from..].fill(target(g));
        }
        let valid = (0..length).map(|i| i == 0 || !masked || bool::arbitrary(g)).collect();
        Self { quantisation: Quantisation::new(scale, zero_point).unwrap(), codes, targets, valid }
    }
}

impl<C: TestCode, const TARGETS: usize, const REJECTED: bool> Pixels<C, TARGETS, REJECTED> {
    fn len(&self) -> usize {
        self.codes.len()
    }

    fn histogram_of(&self, from: usize, to: usize) -> Histogram<C, TARGETS> {
        let mut histogram = Histogram::with_levels(self.quantisation);
        let (codes, targets) = (&self.codes[from..to], &self.targets[from..to]);
        if self.valid.iter().all(|&valid| valid) {
            histogram.extend_codes(codes, targets).unwrap();
        } else {
            histogram.extend_masked_codes(codes, targets, &self.valid[from..to]).unwrap();
        }
        histogram
    }

    fn histogram(&self) -> Histogram<C, TARGETS> {
        self.histogram_of(0, self.len())
    }

    fn inputs(&self) -> Vec<f32> {
        self.codes.iter().map(|&code| self.quantisation.logit(code.into())).collect()
    }

    /// The targets as numbers; out-of-range ones stay out of range.
    fn numbers(&self) -> Vec<f32> {
        self.targets.iter().map(|&v| f32::from(v) / (TARGETS - 1) as f32).collect()
    }

    fn samples(&self) -> Vec<Sample> {
        let pixels = self.inputs().into_iter().zip(self.numbers()).zip(&self.valid);
        pixels.map(|((input, target), &valid)| (input, target, valid).into()).collect()
    }

    /// Logits, probabilities and targets of the pixels that are valid.
    fn in_f64(&self) -> Vec<(f64, f64, f64)> {
        let valid = self.samples().into_iter().filter(|sample| sample.weight > 0.0 && sample.target <= 1.0);
        let p = |logit: f32| f64::from(Logits.pixel(logit, 0.0).p);
        valid.map(|Sample { input, target, .. }| (f64::from(input), p(input), f64::from(target))).collect()
    }
}

fn state<L: Loss>(sums: &Accumulator<L, Logits>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs())
}

fn both_near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a == b,
    }
}

// ---- sums and gradients ---------------------------------------------------------------------------------------------

fn compare<L: Loss, C: TestCode, const TARGETS: usize, const REJECTED: bool>(
    name: &str,
    loss: &L,
    pixels: &Pixels<C, TARGETS, REJECTED>,
) {
    let samples = pixels.samples();
    let mut expected = loss.accumulator();
    samples.iter().copied().for_each(|pixel| expected.push(pixel));
    let histogram = pixels.histogram();
    let sums = histogram.accumulator(loss);
    assert!(sums == expected && state(&sums) == state(&expected), "{name}: {pixels:?}");
    assert_eq!(sums.counts(), expected.counts(), "{name}");
    assert_eq!(sums.first_rejected(), expected.first_rejected(), "{name}");

    // With other pixels added, in two parts, at another threshold.
    let mut expected = loss.accumulator().at_threshold(0.3).unwrap();
    let mut sums = expected.clone();
    expected.push((0.5, true));
    samples.iter().copied().for_each(|pixel| expected.push(pixel));
    sums.push((0.5, true));
    sums.extend_histogram(&pixels.histogram_of(0, pixels.len() / 3));
    sums.extend_histogram(&pixels.histogram_of(pixels.len() / 3, pixels.len()));
    assert!(sums == expected, "{name}, in parts: {pixels:?}");
    assert_eq!(sums.first_rejected(), expected.first_rejected(), "{name}, in parts");

    let gradient = sums.finish_valid().unwrap().gradient();
    let table = histogram.gradient_table(|pixel| gradient.at(pixel));
    let mut slopes = vec![f32::NAN; pixels.len()];
    table.write_masked(&pixels.codes, &pixels.targets, &pixels.valid, &mut slopes).unwrap();
    for (i, (slope, &sample)) in slopes.iter().zip(&samples).enumerate() {
        assert_eq!(slope.to_bits(), gradient.at(sample).to_bits(), "{name}: gradient[{i}] of {pixels:?}");
    }
}

/// Codes that stand for probabilities.
#[derive(Clone, Debug)]
struct OfProbabilities<C, const TARGETS: usize, const REJECTED: bool>(Pixels<C, TARGETS, REJECTED>);

impl<C: TestCode, const TARGETS: usize, const REJECTED: bool> Arbitrary for OfProbabilities<C, TARGETS, REJECTED> {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut pixels = Pixels::arbitrary(g);
        let lowest = (0..=u8::MAX).map(|bits| C::of(bits).into()).min().unwrap();
        // 1/256 as TFLite has it; 2⁻²⁴, the least there may be; and lowest codes that stand for more than 0.
        let (scale, below) =
            *g.choose(&[(1.0 / 256.0, 0), (0.0039, 0), (1.0 / 16_777_216.0, 3), (0.0037, 15)]).unwrap();
        pixels.quantisation = Quantisation::new(scale, lowest - below).unwrap();
        Self(pixels)
    }
}

impl<C: TestCode, const TARGETS: usize, const REJECTED: bool> OfProbabilities<C, TARGETS, REJECTED> {
    fn histogram_of(&self, from: usize, to: usize) -> Histogram<C, TARGETS, Probabilities> {
        let mut histogram = Histogram::of_probabilities_with_levels(self.0.quantisation).unwrap();
        let (codes, targets, valid) = (&self.0.codes[from..to], &self.0.targets[from..to], &self.0.valid[from..to]);
        histogram.extend_masked_codes(codes, targets, valid).unwrap();
        histogram
    }

    fn histogram(&self) -> Histogram<C, TARGETS, Probabilities> {
        self.histogram_of(0, self.0.len())
    }
}

fn compare_probabilities<L: Loss, C: TestCode, const TARGETS: usize, const REJECTED: bool>(
    name: &str,
    loss: &L,
    of: &OfProbabilities<C, TARGETS, REJECTED>,
) {
    let (pixels, samples) = (&of.0, of.0.samples());
    for epsilon in [1e-7, 0.02] {
        let mut expected = loss.probability_accumulator(epsilon).unwrap();
        samples.iter().copied().for_each(|pixel| expected.push(pixel));
        let sums = of.histogram().probability_accumulator(loss, epsilon).unwrap();
        assert!(sums == expected, "{name}: {of:?}");
        assert_eq!((sums.counts(), sums.first_rejected()), (expected.counts(), expected.first_rejected()), "{name}");

        // Beside other pixels, in two parts, at another threshold.
        let mut expected = loss.probability_accumulator(epsilon).unwrap().at_threshold(0.3).unwrap();
        let mut sums = expected.clone();
        expected.push((0.5, true));
        samples.iter().copied().for_each(|pixel| expected.push(pixel));
        sums.push((0.5, true));
        sums.extend_histogram(&of.histogram_of(0, pixels.len() / 3));
        sums.extend_histogram(&of.histogram_of(pixels.len() / 3, pixels.len()));
        assert!(sums == expected, "{name}, in parts: {of:?}");

        let gradient = sums.finish_valid().unwrap().gradient();
        let mut slopes = vec![f32::NAN; pixels.len()];
        let table = of.histogram().gradient_table(|pixel| gradient.at(pixel));
        table.write_masked(&pixels.codes, &pixels.targets, &pixels.valid, &mut slopes).unwrap();
        for (i, (slope, &sample)) in slopes.iter().zip(&samples).enumerate() {
            assert_eq!(slope.to_bits(), gradient.at(sample).to_bits(), "{name}: gradient[{i}] of {of:?}");
        }
    }
}

struct EveryLoss(Gen);

impl Visitor for EveryLoss {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        for _ in 0..4 {
            compare(entry.name, &loss, &Pixels::<i8, 2, true>::arbitrary(&mut self.0));
        }
        compare(entry.name, &loss, &Pixels::<u8, 2, false>::arbitrary(&mut self.0));
        compare(entry.name, &loss, &Pixels::<u8, 4, true>::arbitrary(&mut self.0));
        compare(entry.name, &loss, &Pixels::<i8, 11, true>::arbitrary(&mut self.0));
        for _ in 0..3 {
            compare_probabilities(entry.name, &loss, &OfProbabilities::<i8, 2, true>::arbitrary(&mut self.0));
        }
        compare_probabilities(entry.name, &loss, &OfProbabilities::<u8, 2, false>::arbitrary(&mut self.0));
        compare_probabilities(entry.name, &loss, &OfProbabilities::<i8, 11, true>::arbitrary(&mut self.0));
    }
}

#[test]
fn every_loss_has_the_bits_of_a_stream() {
    every_loss(&mut EveryLoss(Gen::new(30)));
}

#[test]
fn targets_of_eight_bits() {
    // Without optimisation, several histograms of half a MiB each exceed the stack of a test.
    let thread = std::thread::Builder::new().stack_size(32 << 20).spawn(|| {
        let loss = Bce::new().mean() + Focal::new(1.5).unwrap().sum() + Dice::new(1.0).unwrap();
        let mut g = Gen::new(30);
        for _ in 0..5 {
            compare("signed", &loss, &Pixels::<i8, 256, false>::arbitrary(&mut g));
            compare("unsigned", &loss, &Pixels::<u8, 256, false>::arbitrary(&mut g));
        }
    });
    thread.unwrap().join().unwrap();
}

/// Counts beyond 32 bits, compared with the sums of a stream that is merged with itself.
#[test]
fn many_pixels() {
    let loss = Bce::new().pos_weight(1e6).unwrap().sum() + Dice::new(1.0).unwrap();
    let quantisation = Quantisation::new(0.71, 3).unwrap();
    let pixels = [(-128i8, true), (-128, true), (-7, false), (3, true), (4, true), (90, false), (127, false)];
    let mut histogram = Histogram::new(quantisation);
    let mut sums = loss.accumulator();
    for (code, target) in pixels {
        histogram.push(code, target);
        sums.push((quantisation.logit(code.into()), target));
    }
    for doubling in 1..=36 {
        histogram.merge(&histogram.clone()).unwrap();
        sums.merge(&sums.clone()).unwrap();
        assert_eq!(histogram.count(-128, true), 2 << doubling);
        assert!(histogram.accumulator(&loss) == sums, "7·2^{doubling} pixels");
    }
}

#[test]
fn a_count_carries() {
    let quantisation = Quantisation::new(1.0, 0).unwrap();
    let mut state = vec![0i64; Histogram::<i8>::STATE_LENGTH];
    state[2 + 256 + 128] = i64::from(u32::MAX);
    let mut histogram = Histogram::<i8>::from_state(quantisation, state.clone()).unwrap();
    assert_eq!(histogram.count(0, true), u64::from(u32::MAX));
    histogram.push(0, true);
    assert_eq!(histogram.count(0, true), 1 << 32);
    histogram.push(0, true);
    histogram.merge(&Histogram::from_state(quantisation, state).unwrap()).unwrap();
    assert_eq!(histogram.count(0, true), 1 << 33);
    assert_eq!(histogram.counts().valid, 1 << 33);
}

quickcheck! {
    fn merging_is_adding_integers(pixels: Pixels<i8, 3, true>, at: usize) -> bool {
        let (whole, at) = (pixels.histogram(), at % (pixels.len() + 1));
        let (mut left, right) = (pixels.histogram_of(0, at), pixels.histogram_of(at, pixels.len()));
        let mut sum = vec![0i64; left.state_length()];
        for part in [&left, &right] {
            let mut state = vec![0i64; part.state_length()];
            part.write_state(&mut state).unwrap();
            sum.iter_mut().zip(state).for_each(|(sum, integer)| *sum += integer);
        }
        left.merge(&right).unwrap();
        let added = Histogram::from_state(pixels.quantisation, sum).unwrap();
        left == whole && added == whole && added.counts() == whole.counts()
    }

    fn the_order_does_not_matter(pixels: Hard, by: usize) -> bool {
        let mut shuffled = pixels.clone();
        let by = by % pixels.len();
        shuffled.codes.rotate_left(by);
        shuffled.targets.rotate_left(by);
        shuffled.valid.rotate_left(by);
        shuffled.histogram() == pixels.histogram()
    }

    fn bins_are_the_pixels(pixels: Soft) -> bool {
        let mut expanded: Vec<_> = pixels.histogram().bins().flat_map(|(pixel, n)| (0..n).map(move |_| pixel)).collect();
        let mut valid: Vec<_> = pixels.samples().into_iter().filter(|sample| sample.weight > 0.0).collect();
        let order = |a: &Sample, b: &Sample| a.input.total_cmp(&b.input).then(a.target.total_cmp(&b.target));
        expanded.sort_by(order);
        valid.sort_by(order);
        expanded == valid
    }
}

// ---- sorted losses --------------------------------------------------------------------------------------------------

quickcheck! {
    fn lovasz_hinge_has_its_bits(pixels: Hard, upstream: f32) -> bool {
        let upstream = f64::from(if upstream.is_finite() { upstream } else { 1.0 });
        let (inputs, mut scratch) = (pixels.inputs(), vec![0; pixels.len()]);
        let plane = Plane::new(&inputs, &pixels.targets).unwrap().with_mask(&pixels.valid).unwrap();
        let mut sorted = LovaszHinge::new(&mut scratch);
        sorted.extend_plane(plane);
        let expected = sorted.finish().unwrap();
        let finished = pixels.histogram().lovasz_hinge().unwrap();
        let (mut slopes, mut expected_slopes) = (vec![0.0; pixels.len()], vec![0.0; pixels.len()]);
        let table = finished.gradient_times(upstream);
        table.write_masked(&pixels.codes, &pixels.targets, &pixels.valid, &mut slopes).unwrap();
        expected.gradient_times(upstream).write(plane, &mut expected_slopes).unwrap();
        finished.value().to_bits() == expected.value().to_bits()
            && (finished.counts(), finished.has_foreground()) == (expected.counts(), expected.has_foreground())
            && slopes == expected_slopes
    }

    fn lovasz_sigmoid_has_the_bits_of_its_errors(pixels: Hard) -> bool {
        let pixel = |sample: Sample| Logits.pixel(sample.input, sample.target);
        let error = |sample: Sample| if sample.target == 1.0 { pixel(sample).q } else { pixel(sample).p };
        let mut scratch = vec![0; pixels.len()];
        let mut sorted = LovaszErrors::new(&mut scratch);
        let samples = pixels.samples();
        sorted.extend(samples.iter().map(|&sample| Sample { input: error(sample), ..sample }));
        let expected = sorted.finish().unwrap();
        let gradient = expected.gradient();
        let finished = pixels.histogram().lovasz_sigmoid().unwrap();
        let table = finished.gradient();
        finished.value().to_bits() == expected.value().to_bits()
            && samples.iter().enumerate().filter(|(_, sample)| sample.weight > 0.0).all(|(i, &sample)| {
                let by_error = f64::from(gradient.at(Sample { input: error(sample), ..sample }));
                let sign = if sample.target == 1.0 { -1.0 } else { 1.0 };
                let slope = f64::from(table.at(pixels.codes[i], pixels.targets[i]));
                let expected = sign * by_error * f64::from(pixel(sample).p_slope);
                (slope - expected).abs() <= 2e-7 * expected.abs() + 1e-45
            })
    }

    fn the_hardest_pixels_are_the_same(pixels: Soft, k: u64, percent: u8) -> bool {
        let (inputs, targets) = (pixels.inputs(), pixels.numbers());
        let plane = Plane::new(&inputs, &targets).unwrap().with_mask(&pixels.valid).unwrap();
        let histogram = pixels.histogram();
        fn same<R: HardMining, P: Pointwise>(
            rule: R, loss: P, plane: Plane<'_, f32>, pixels: &Soft, histogram: &Histogram<u8, 6>
        ) -> bool {
            let expected = rule.pixels(loss.clone(), Logits, plane).unwrap();
            let hardest = rule.histogram(loss, histogram).unwrap();
            let gradient = hardest.gradient();
            let table = histogram.gradient_table(|pixel| gradient.at(pixel));
            let (mut slopes, mut expected_slopes) = (vec![0.0; pixels.len()], vec![0.0; pixels.len()]);
            table.write_masked(&pixels.codes, &pixels.targets, &pixels.valid, &mut slopes).unwrap();
            expected.write_gradient(plane, &mut expected_slopes).unwrap();
            hardest.hardest() == expected.hardest() && slopes == expected_slopes
        }
        same(TopK::count(1 + k % 100).unwrap(), Bce::new(), plane, &pixels, &histogram)
            && same(TopK::percent(f64::from(1 + percent % 100)).unwrap(), Focal::new(2.0).unwrap(), plane, &pixels, &histogram)
            && same(Ohem::new(0.7).unwrap(), Bce::new(), plane, &pixels, &histogram)
            && same(Ohem::new(0.7).unwrap().at_least(k % 100), Bce::new(), plane, &pixels, &histogram)
    }
}

// ---- curves ---------------------------------------------------------------------------------------------------------

/// Σ over pairs of t (1 − t′) [z > z′] + ½ [z = z′], over Σ t · Σ (1 − t).
fn naive_auc(pixels: &[(f64, f64, f64)]) -> Option<f64> {
    let (mut ordered, mut pairs) = (0.0, 0.0);
    for &(z, _, t) in pixels {
        for &(other, _, s) in pixels {
            pairs += t * (1.0 - s);
            ordered += t * (1.0 - s) * if z > other { 1.0 } else { 0.5 * f64::from(z == other) };
        }
    }
    (pairs > 0.0).then(|| ordered / pairs)
}

/// scikit-learn's sum over the distinct scores, from the highest down.
fn naive_average_precision(pixels: &[(f64, f64, f64)]) -> Option<f64> {
    let all: f64 = pixels.iter().map(|pixel| pixel.2).sum();
    let mut scores: Vec<f64> = pixels.iter().map(|pixel| pixel.0).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.dedup();
    let (mut sum, mut recall) = (0.0, 0.0);
    for score in scores {
        let called: Vec<f64> = pixels.iter().filter(|pixel| pixel.0 >= score).map(|pixel| pixel.2).collect();
        let hits: f64 = called.iter().sum();
        sum += (hits / all - recall) * hits / called.len() as f64;
        recall = hits / all;
    }
    (all > 0.0).then_some(sum)
}

fn naive_confusion(pixels: &[(f64, f64, f64)], threshold: f64) -> Confusion {
    let mut confusion = Confusion::default();
    for &(z, _, t) in pixels {
        let (foreground, background) = if z >= threshold {
            (&mut confusion.true_positive, &mut confusion.false_positive)
        } else {
            (&mut confusion.false_negative, &mut confusion.true_negative)
        };
        *foreground += t;
        *background += 1.0 - t;
    }
    confusion
}

fn close(a: &Confusion, b: &Confusion) -> bool {
    let each = |c: &Confusion| [c.true_positive, c.false_positive, c.false_negative, c.true_negative];
    // Targets were rounded to f32.
    each(a).iter().zip(each(b)).all(|(a, b)| (a - b).abs() <= 1e-5)
}

fn curves_hold<C: TestCode, const TARGETS: usize>(pixels: &Pixels<C, TARGETS, false>) {
    let naive: Vec<_> = pixels
        .in_f64()
        .into_iter()
        .map(|(z, p, t)| (z, p, (t * (TARGETS - 1) as f64).round() / (TARGETS - 1) as f64))
        .collect();
    let histogram = pixels.histogram();
    let curves = histogram.curves().unwrap();
    assert!(both_near(curves.roc_auc(), naive_auc(&naive)), "ROC AUC of {pixels:?}");
    let precision = (curves.average_precision(), naive_average_precision(&naive));
    assert!(both_near(precision.0, precision.1), "{precision:?}: average precision of {pixels:?}");
    let n = naive.len() as f64;
    let brier: f64 = naive.iter().map(|&(_, p, t)| t * (1.0 - p).powi(2) + (1.0 - t) * p * p).sum();
    assert!((curves.brier_score() - brier / n).abs() < 1e-7, "Brier score of {pixels:?}");

    let mut before = f64::NEG_INFINITY;
    for point in curves.points() {
        let logit = f64::from(pixels.quantisation.logit(point.code.into()));
        assert!(logit > before && logit == f64::from(point.logit), "thresholds rise");
        before = logit;
        assert!(close(&point.confusion, &naive_confusion(&naive, logit)), "{point:?} of {pixels:?}");
        assert_eq!(curves.at(point.code), point);
    }
    let scores = [Confusion::dice, Confusion::iou, Confusion::accuracy];
    for score in scores {
        let brute = curves.points().filter_map(|point| score(&point.confusion)).reduce(f64::max);
        let best = curves.best_threshold(score);
        assert_eq!(best.map(|(_, score)| score), brute, "best score of {pixels:?}");
        if let Some((point, best)) = best {
            assert_eq!(score(&point.confusion), Some(best));
            let higher = curves.points().rev().take_while(|other| other.code != point.code);
            assert!(higher.into_iter().all(|other| score(&other.confusion).is_none_or(|score| score < best)));
        }
    }

    let (mut gaps, mut largest) = (0.0, 0.0f64);
    let calibration = curves.calibration::<10>();
    for (k, bin) in calibration.bins().iter().enumerate() {
        let inside: Vec<_> = naive.iter().filter(|pixel| ((pixel.1 * 10.0) as usize).min(9) == k).collect();
        let gap = inside.iter().map(|pixel| pixel.2 - pixel.1).sum::<f64>().abs();
        gaps += gap;
        assert!((bin.pixels - inside.len() as f64).abs() < 1e-9, "bin {k} of {pixels:?}");
        if inside.is_empty() {
            assert_eq!((bin.mean_probability(), bin.foreground_share()), (None, None));
        } else {
            largest = largest.max(gap / inside.len() as f64);
            let mean = bin.foreground_share().unwrap() - bin.mean_probability().unwrap();
            assert!(near(mean.abs(), gap / inside.len() as f64));
        }
    }
    assert!(near(calibration.expected_calibration_error(), gaps / n), "calibration of {pixels:?}");
    assert!(near(calibration.maximum_calibration_error(), largest), "calibration of {pixels:?}");
}

quickcheck! {
    fn curves_are_those_of_the_pixels(pixels: Hard) -> () {
        curves_hold(&pixels);
    }

    fn curves_of_soft_targets(pixels: Soft) -> () {
        curves_hold(&pixels);
    }

    fn a_threshold_is_that_of_an_accumulator(pixels: Hard, percent: u8) -> bool {
        let p = f64::from(1 + percent % 99) / 100.0;
        let mut sums = Bce::new().mean().accumulator().at_threshold(p).unwrap();
        sums.extend_histogram(&pixels.histogram());
        let curves = pixels.histogram().curves().unwrap();
        let logit = Logits.input_at(p) as f32;
        let point = curves.points().find(|point| point.logit >= logit);
        point.is_none_or(|point| point.confusion == sums.finish().unwrap().hard())
    }
}

/// The example of scikit-learn's documentation of `roc_auc_score` and `average_precision_score`.
#[test]
fn figures_of_scikit_learn() {
    let mut histogram = Histogram::new(Quantisation::new(0.01, 0).unwrap());
    histogram.extend_codes(&[10u8, 40, 35, 80], &[0u8, 0, 1, 1]).unwrap();
    let curves = histogram.curves().unwrap();
    assert_eq!(curves.roc_auc(), Some(0.75));
    assert!((curves.average_precision().unwrap() - 0.833_333_333_333_333_3).abs() < 1e-15);
    let rates: Vec<_> = [80, 40, 35, 10]
        .map(|code| curves.at(code).confusion)
        .map(|confusion| (confusion.fall_out().unwrap(), confusion.recall().unwrap()))
        .into();
    assert_eq!(rates, [(0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
}

#[test]
fn without_foreground_or_background() {
    let quantisation = Quantisation::new(0.01, 0).unwrap();
    // A background that is not predicted foreground has no Dice. 5 is the highest threshold at which a pixel is predicted foreground.
    for (target, precision, best) in [(false, None, (0.0, 5)), (true, Some(1.0), (1.0, 3))] {
        let mut histogram = Histogram::new(quantisation);
        histogram.extend_codes(&[3i8, 5], &[target, target]).unwrap();
        let curves = histogram.curves().unwrap();
        assert_eq!(curves.roc_auc(), None);
        assert_eq!(curves.average_precision(), precision);
        let found = curves.best_threshold(Confusion::dice).map(|(point, dice)| (dice, point.code));
        assert_eq!(found, Some(best));
        assert_eq!(curves.best_threshold(|_| None), None);
        assert_eq!(curves.best_threshold(|_| Some(f64::NAN)), None);
    }
}

// ---- what can go wrong ----------------------------------------------------------------------------------------------

#[test]
fn no_pixels_and_bad_ones() {
    let quantisation = Quantisation::new(0.1, 0).unwrap();
    let mut histogram = Histogram::<i8>::new(quantisation);
    let loss = Bce::new().mean();
    assert_eq!(histogram.curves().unwrap_err(), FinishError::NoPixels);
    assert_eq!(histogram.accumulator(&loss).finish().unwrap_err(), FinishError::NoPixels);
    assert_eq!(histogram.lovasz_hinge().unwrap_err(), SortedError::NoPixels);
    assert_eq!(histogram.lovasz_sigmoid().unwrap_err(), SortedError::NoPixels);
    assert_eq!(Ohem::new(0.5).unwrap().histogram(Bce::new(), &histogram).unwrap_err(), SortedError::NoPixels);

    histogram.extend_masked_codes(&[1, 2], &[true, false], &[false, false]).unwrap();
    histogram.ignore(3);
    let counts = histogram.counts();
    assert_eq!((counts.valid, counts.ignored), (0, 5));
    assert_eq!(histogram.curves().unwrap_err(), FinishError::NoValidPixels(counts));
    assert_eq!(histogram.lovasz_hinge().unwrap_err(), SortedError::NoValidPixels(counts));

    histogram.push(1, 1);
    histogram.push(1, 2);
    histogram.push(1, 255);
    let (counts, first) = (histogram.counts(), histogram.first_rejected());
    assert_eq!((counts.valid, counts.ignored, counts.rejected_targets), (1, 5, 2));
    assert_eq!(first.map(|first| (first.index, first.reason)), Some((6, Reason::Target)));
    assert_eq!(histogram.curves().unwrap_err(), FinishError::Rejected { counts, first });
    assert_eq!(histogram.accumulator(&loss).finish().unwrap_err(), FinishError::Rejected { counts, first });
    assert_eq!(histogram.lovasz_hinge().unwrap_err(), SortedError::Rejected { counts, first });
    let top = TopK::count(1).unwrap().histogram(Bce::new(), &histogram);
    assert_eq!(top.unwrap_err(), SortedError::Rejected { counts, first });
    assert_eq!(histogram.curves_valid().unwrap().points().len(), 256);
    assert_eq!(histogram.gradient_table(|_| 1.0).at(1, 2), 0.0);

    histogram.reset();
    assert!(histogram == Histogram::new(quantisation) && histogram.first_rejected().is_none());
}

#[test]
fn what_does_not_fit() {
    let quantisation = Quantisation::new(0.1, 0).unwrap();
    let mut histogram = Histogram::<i8>::new(quantisation);
    let error = LengthError { slice: "the targets", length: 1, expected: 2 };
    assert_eq!(histogram.extend_codes(&[1, 2], &[true]), Err(error));
    let error = LengthError { slice: "the mask", length: 3, expected: 2 };
    assert_eq!(histogram.extend_masked_codes(&[1, 2], &[true, true], &[true; 3]), Err(error));
    assert_eq!(histogram.counts().pixels(), 0);
    let table = histogram.gradient_table(|_| 1.0);
    let error = LengthError { slice: "the gradient", length: 1, expected: 2 };
    assert_eq!(table.write(&[1, 2], &[true, true], &mut [0.0]), Err(error));

    let other = Histogram::new(Quantisation::new(0.1, 1).unwrap());
    let (expected, given) = (histogram.fingerprint(), other.fingerprint());
    assert_eq!(histogram.merge(&other), Err(StateError::OtherLoss { expected, given }));
    assert_ne!(expected, Histogram::<u8>::new(quantisation).fingerprint());
    assert_ne!(expected, Histogram::<i8, 3>::with_levels(quantisation).fingerprint());

    for (length, given) in [(0, 0), (513, 513), (515, 515), (999, 515)] {
        let error = StateError::Length { expected: 514, given };
        assert_eq!(histogram.load_state(vec![0; length]), Err(error));
    }
    let mut state = vec![1i64; 514];
    state[7] = -1;
    assert_eq!(histogram.load_state(state), Err(StateError::NegativeCount { index: 7 }));
    assert_eq!(histogram.write_state(&mut [0; 3]), Err(StateError::Length { expected: 514, given: 3 }));
    assert!(histogram == Histogram::new(quantisation));
}

// ---- codes that stand for probabilities -----------------------------------------------------------------------------

/// A quantisation by which a code is no probability makes no histogram of them.
#[test]
fn every_code_is_a_probability() {
    for (scale, zero_point, signed, unsigned) in [
        (1.0 / 256.0, -128, true, false),
        (1.0 / 256.0, 0, false, true),
        (1.0 / 255.0, 0, false, true),
        (0.00393, 0, false, false),
        (1.0 / 256.0, -127, false, false),
        (1.0 / 256.0, 1, false, false),
        (1.0 / 256.0, -1, false, true),
        (1.0 / 256.0, -2, false, false),
        (1.0 / 16_777_216.0, -128, true, true),
        (1.0 / 20_000_000.0, -128, false, false),
    ] {
        let quantisation = Quantisation::new(scale, zero_point).unwrap();
        let made = (
            Histogram::<i8, 2, _>::of_probabilities(quantisation).is_ok(),
            Histogram::<u8, 2, _>::of_probabilities(quantisation).is_ok(),
        );
        assert_eq!(made, (signed, unsigned), "{scale}, {zero_point}");
    }
    let error = Histogram::<i8, 2, _>::of_probabilities(Quantisation::new(0.1, 0).unwrap()).unwrap_err();
    assert!(error.to_string().contains("every code is a probability"), "{error}");
}

/// Scores over thresholds are those of the probabilities: of logits that stand for them, but for rounding.
#[test]
fn curves_of_probabilities() {
    let mut g = Gen::new(30);
    for _ in 0..50 {
        let of = OfProbabilities::<i8, 2, false>::arbitrary(&mut g);
        let curves = of.histogram().curves().unwrap();
        let samples: Vec<Sample> = of.0.samples().into_iter().filter(|sample| sample.weight > 0.0).collect();
        for point in curves.points() {
            let p = of.0.quantisation.logit(point.code.into());
            assert_eq!(point.probability, p);
            let called = |sample: &&Sample| sample.input >= p;
            let found = samples.iter().filter(called).filter(|sample| sample.target == 1.0).count();
            assert_eq!(point.confusion.true_positive, found as f64);
            let (p, logit) = (f64::from(p), f64::from(point.logit));
            match p {
                0.0 => assert_eq!(logit, f64::NEG_INFINITY),
                1.0 => assert_eq!(logit, f64::INFINITY),
                _ => assert!((1.0 / (1.0 + (-logit).exp()) - p).abs() < 1e-7),
            }
        }
        let brier: f64 = samples.iter().map(|sample| f64::from(sample.input - sample.target).powi(2)).sum();
        assert!((curves.brier_score() - brier / samples.len() as f64).abs() < 1e-6);
        let calibration = curves.calibration::<15>();
        let mean_p: f64 = samples.iter().map(|sample| f64::from(sample.input)).sum();
        assert!(near(calibration.bins().iter().map(|bin| bin.probability).sum(), mean_p));
    }
}

/// What is stored of probabilities is not read as logits, nor the other way round.
#[test]
fn probabilities_are_told_from_logits() {
    let quantisation = Quantisation::new(1.0 / 256.0, -128).unwrap();
    let probabilities = Histogram::<i8, 2, _>::of_probabilities(quantisation).unwrap();
    assert_ne!(probabilities.fingerprint(), Histogram::<i8>::new(quantisation).fingerprint());
    let mut merged = probabilities.clone();
    merged.push(3, true);
    merged.merge(&merged.clone()).unwrap();
    assert_eq!(merged.count(3, true), 2);
}

#[cfg(feature = "serde")]
quickcheck! {
    fn a_histogram_of_probabilities_is_a_message(of: OfProbabilities<i8, 2, true>) -> bool {
        let histogram = of.histogram();
        let bytes = postcard::to_stdvec(&histogram).unwrap();
        let mut read = Histogram::<i8, 2, _>::of_probabilities(of.0.quantisation).unwrap();
        read.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap();
        let mut other = Histogram::<i8>::new(of.0.quantisation);
        let refused = other.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).is_err();
        read == histogram && refused
    }
}

#[cfg(feature = "serde")]
quickcheck! {
    fn a_histogram_is_a_message(pixels: Pixels<i8, 2, true>) -> bool {
        let histogram = pixels.histogram();
        let bytes = postcard::to_stdvec(&histogram).unwrap();
        let mut read = Histogram::<i8>::new(pixels.quantisation);
        read.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).unwrap();
        let mut other = Histogram::<u8>::new(pixels.quantisation);
        let refused = other.deserialize(&mut postcard::Deserializer::from_bytes(&bytes)).is_err();
        read == histogram && refused
    }
}
