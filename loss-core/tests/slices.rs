//! Slices give the bits of a stream at every level, for every length, alignment and type of input.

mod common;

use common::{listed_losses, with_stack};
use loss_core::boundary::BoundaryAccumulator;
use loss_core::extend::{Link, Target};
use loss_core::sorted::{HardMining, TopK};
use loss_core::{
    Accumulator, Bce, Dice, EmptyImage, Focal, Logits, Loss, Plane, Pointwise, Probabilities, Quantisation, Sample,
    SimdLevel, Squared, Tversky, WeightedPlaneError,
};
use quickcheck::{Arbitrary, Gen};

/// Pixels of a slice.
#[derive(Clone, Debug)]
struct Columns<T> {
    inputs: Vec<f32>,
    targets: Vec<T>,
    weights: Weights,
}

#[derive(Clone, Debug)]
enum Weights {
    One,
    Mask(Vec<bool>),
    Values(Vec<f32>),
    /// A mask and weights.
    Both(Vec<bool>, Vec<f32>, Order),
}

#[derive(Clone, Copy, Debug)]
enum Order {
    MaskFirst,
    WeightsFirst,
}

impl Weights {
    /// Both a mask and weights. A pixel that is masked out has any weight, and some pixels have weight 0.
    fn both(g: &mut Gen, length: usize, order: Order) -> Self {
        let valid: Vec<bool> = (0..length).map(|_| u8::arbitrary(g) % 3 > 0).collect();
        let anything = [f32::NAN, f32::INFINITY, -3.0, 1e-30, 1.0, 0.0];
        let weight = |valid: &bool| match valid {
            false => *g.choose(&anything).unwrap(),
            true if u8::arbitrary(g) % 8 == 0 => 0.0,
            true => uniform(g, 0.25, 40.0),
        };
        let values = valid.iter().map(weight).collect();
        Self::Both(valid, values, order)
    }

    fn of(&self, pixel: usize) -> (f32, bool) {
        match self {
            Weights::One => (1.0, true),
            Weights::Mask(mask) => (1.0, mask[pixel]),
            Weights::Values(values) => (values[pixel], true),
            Weights::Both(mask, values, _) => (values[pixel], mask[pixel]),
        }
    }
}

impl<T: Target> Columns<T> {
    fn new(length: usize, mut input: impl FnMut() -> f32, mut target: impl FnMut() -> T, weights: Weights) -> Self {
        let inputs = (0..length).map(|_| input()).collect();
        Self { inputs, targets: (0..length).map(|_| target()).collect(), weights }
    }

    fn plane(&self, from: usize) -> Plane<'_, T> {
        let plane = Plane::new(&self.inputs[from..], &self.targets[from..]).unwrap();
        match &self.weights {
            Weights::One => plane,
            Weights::Mask(mask) => plane.with_mask(&mask[from..]).unwrap(),
            Weights::Values(values) => plane.with_weights(&values[from..]).unwrap(),
            Weights::Both(mask, values, Order::MaskFirst) => {
                plane.with_mask(&mask[from..]).unwrap().with_weights(&values[from..]).unwrap()
            }
            Weights::Both(mask, values, Order::WeightsFirst) => {
                plane.with_weights(&values[from..]).unwrap().with_mask(&mask[from..]).unwrap()
            }
        }
    }

    fn samples(&self, from: usize) -> Vec<Sample> {
        let sample = |i: usize| {
            let (weight, valid) = self.weights.of(i);
            (self.inputs[i], self.targets[i], weight, valid).into()
        };
        (from..self.inputs.len()).map(sample).collect()
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Compares a plane at every level with its pixels one by one: sums, counts, the first rejected pixel, and three forms of the gradient.
fn compare<L: Loss, K: Link, T: Target>(
    name: &str,
    empty: &Accumulator<L, K>,
    plane: Plane<'_, T>,
    samples: &[Sample],
) {
    let mut expected = empty.clone();
    samples.iter().copied().for_each(|pixel| expected.push(pixel));
    let total = expected.finish_valid().ok();
    let gradient = total.as_ref().map(|total| total.gradient());
    let slopes: Vec<f32> =
        gradient.iter().flat_map(|gradient| samples.iter().map(|&sample| gradient.at(sample))).collect();
    for level in SimdLevel::available() {
        let mut sums = empty.clone();
        sums.extend_plane_at(level, plane);
        assert!(sums == expected, "{name}, {level}: {} pixels", plane.len());
        assert_eq!(sums.first_rejected(), expected.first_rejected(), "{name}, {level}");
        let Some(gradient) = &gradient else { continue };

        let mut written = vec![f32::NAN; plane.len()];
        gradient.write_at(level, plane, &mut written).unwrap();
        assert_eq!(bits(&written), bits(&slopes), "{name}, {level}: gradient of {} pixels", plane.len());

        let mut kept = vec![f32::NAN; plane.len()];
        let mut sums = empty.clone();
        let pixels = sums.extend_plane_keeping_at(level, plane, &mut kept).unwrap();
        assert!(sums == expected, "{name}, {level}: keeping");
        pixels.write_gradient(gradient);
        assert_eq!(bits(&kept), bits(&slopes), "{name}, {level}: gradient from what was kept");

        let mut added: Vec<f32> = (0..plane.len()).map(|i| i as f32 * 0.125).collect();
        gradient.add_at(level, plane, &mut added).unwrap();
        let sums: Vec<f32> = slopes.iter().enumerate().map(|(i, slope)| i as f32 * 0.125 + slope).collect();
        assert_eq!(bits(&added), bits(&sums), "{name}, {level}: gradient added");
    }
}

fn uniform(g: &mut Gen, low: f32, high: f32) -> f32 {
    low + (high - low) * (u32::arbitrary(g) >> 8) as f32 / (1 << 24) as f32
}

/// Mostly a logit of a size that networks give, and sometimes another.
fn logit(g: &mut Gen) -> f32 {
    match u8::arbitrary(g) % 16 {
        0 => *g.choose(&[0.0, -0.0, 1e-30, -1e-30, 17.0, -17.0, 88.0, -104.0]).unwrap(),
        1 => uniform(g, -120.0, 120.0),
        _ => uniform(g, -14.0, 9.0),
    }
}

fn lengths(g: &mut Gen) -> [usize; 3] {
    [usize::arbitrary(g) % 70, 64 * (usize::arbitrary(g) % 5), 1000 + usize::arbitrary(g) % 1200]
}

#[test]
fn every_loss_at_every_level() {
    with_stack(compare_all);
}

fn compare_all() {
    let mut g = Gen::new(30);
    let losses = listed_losses(3, &mut |end| usize::arbitrary(&mut g) % end);
    for (index, (name, loss)) in losses.iter().enumerate() {
        let (_, next) = losses[(index + 5) % losses.len()];
        let alone = loss.accumulator();
        let with_another = [loss.times(0.7), next.times(-0.3)].accumulator();
        for length in lengths(&mut g) {
            let g = &mut g;
            let values = (0..length).map(|_| if bool::arbitrary(g) { 0.0 } else { uniform(g, 0.25, 40.0) }).collect();
            let both = Weights::both(g, length, Order::MaskFirst);
            let mut targets = Gen::new(30);
            let mut soft = || *targets.choose(&[0.0f32, 1.0, 0.3, 0.999]).unwrap();
            let mut columns = |weights| Columns::new(length, || logit(g), &mut soft, weights);
            let unweighted = columns(Weights::One);
            compare(name, &alone, unweighted.plane(0), &unweighted.samples(0));
            let weighted = columns(Weights::Values(values));
            compare(name, &with_another, weighted.plane(0), &weighted.samples(0));
            let masked = columns(both);
            compare(name, &alone, masked.plane(0), &masked.samples(0));
        }
    }
}

fn bce_dice() -> impl Loss {
    Bce::new().mean() + Dice::new(1.0).unwrap()
}

#[test]
fn every_length_and_alignment() {
    let mut g = Gen::new(30);
    let empty = bce_dice().accumulator();
    let mut hard = Gen::new(30);
    let columns = Columns::new(2200, || logit(&mut g), || u8::arbitrary(&mut hard) % 2, Weights::One);
    // From each start, so that every alignment occurs. Lengths go up to more than two vectors, and around a tile.
    for from in (2050..2200).chain(1160..1190).chain(0..9) {
        compare("bce + dice", &empty, columns.plane(from), &columns.samples(from));
    }
}

/// The gradient does not depend on whether the exponentials were kept.
#[test]
fn more_pixels_than_are_kept() {
    let logits: Vec<f32> = (0..(1 << 20) + 77).map(|i| (i % 1009) as f32 * 0.03 - 17.0).collect();
    let targets: Vec<u8> = (0..logits.len()).map(|i| u8::from(i % 7 == 0)).collect();
    let plane = Plane::new(&logits, &targets).unwrap();
    let mut sums = bce_dice().accumulator();
    let mut kept = vec![f32::NAN; logits.len()];
    let pixels = sums.extend_plane_keeping(plane, &mut kept).unwrap();
    let gradient = sums.finish().unwrap().gradient();
    pixels.write_gradient(&gradient);
    let mut written = vec![f32::NAN; logits.len()];
    gradient.write(plane, &mut written).unwrap();
    assert_eq!(bits(&kept), bits(&written));
}

#[test]
fn every_type_of_target_and_weight() {
    let mut g = Gen::new(30);
    let length = 1300;
    let mut random = Gen::new(30);
    let mask: Vec<bool> = (0..length).map(|_| bool::arbitrary(&mut g)).collect();
    // One tile without ignored pixels, one with.
    let half_mask: Vec<bool> = (0..length).map(|i| i < 1024 || mask[i]).collect();
    let weights = (0..length).map(|i| if mask[i] { uniform(&mut random, 0.1, 9.0) } else { 0.0 }).collect();
    let both = [Order::MaskFirst, Order::WeightsFirst].map(|order| Weights::both(&mut g, length, order));
    // In the first tile no pixel is ignored and every used weight is 1, although other stored weights are not.
    let ones = (0..length).map(|i| if half_mask[i] { 1.0 } else { f32::NAN }).collect();
    let ones = Weights::Both(half_mask.clone(), ones, Order::WeightsFirst);
    let others = [Weights::One, Weights::Mask(mask.clone()), Weights::Mask(half_mask), Weights::Values(weights), ones];
    for weights in others.into_iter().chain(both) {
        let empty = bce_dice().accumulator();
        let bools = Columns::new(length, || logit(&mut g), || bool::arbitrary(&mut random), weights.clone());
        compare("bool", &empty, bools.plane(0), &bools.samples(0));
        let bytes = Columns::new(length, || logit(&mut g), || u8::arbitrary(&mut random) % 2, weights.clone());
        compare("u8", &empty, bytes.plane(0), &bytes.samples(0));
        let hard =
            Columns::new(length, || logit(&mut g), || f32::from(u8::arbitrary(&mut random) % 2), weights.clone());
        compare("f32, hard", &empty, hard.plane(0), &hard.samples(0));
        let soft = Columns::new(length, || logit(&mut g), || uniform(&mut random, 0.0, 1.0), weights.clone());
        compare("f32, soft", &empty, soft.plane(0), &soft.samples(0));
    }
}

#[test]
fn probabilities() {
    let mut g = Gen::new(30);
    let loss = Focal::new(1.5).unwrap().mean() + Tversky::new(0.3, 0.7, 1.0).unwrap().overlap(Squared);
    let empty = Accumulator::new(loss, Probabilities::new(1e-7).unwrap()).at_threshold(0.3).unwrap();
    let mut random = Gen::new(30);
    let p = || *g.choose(&[0.0f32, 1.0, 0.3, 0.5, 1e-9, 0.999_999_9, 0.125]).unwrap();
    let columns = Columns::new(1100, p, || uniform(&mut random, 0.0, 1.0), Weights::One);
    compare("probabilities", &empty, columns.plane(0), &columns.samples(0));
    compare("probabilities", &empty, columns.plane(3), &columns.samples(3));
}

/// Probabilities below the unit of the sums leave a trace each, for any weight and target.
#[test]
fn probabilities_below_the_grid() {
    let mut g = Gen::new(30);
    let loss = Dice::new(0.0).unwrap() + Bce::new().mean();
    let empty = loss.probability_accumulator(1e-7).unwrap();
    let small = [0.0f32, 0.0, 0.0, 1e-45, 1e-39, 1e-30, 2.7e-20, 2.8e-20, 5.4e-20, 1e-15, 1e-9, 0.25];
    for rarity in [2, 40, 3000] {
        let p = |g: &mut Gen| if u16::arbitrary(g) % rarity == 0 { *g.choose(&small).unwrap() } else { 0.0 };
        let mask = (0..2500).map(|_| bool::arbitrary(&mut g)).collect();
        let values = (0..2500).map(|_| 2f32.powi(i32::from(u8::arbitrary(&mut g) % 65) - 32)).collect();
        let holes = (0..2500).map(|_| if bool::arbitrary(&mut g) { 0.0 } else { 0.75 }).collect();
        for weights in [Weights::One, Weights::Mask(mask), Weights::Values(values), Weights::Values(holes)] {
            let mut random = Gen::new(30);
            let hard = Columns::new(2500, || p(&mut g), || u8::arbitrary(&mut random) % 7 == 0, weights.clone());
            compare("hard", &empty, hard.plane(0), &hard.samples(0));
            let soft = || *random.choose(&[0.0f32, 0.0, 1.0, 1e-30, 1.0 - f32::EPSILON / 2.0, 0.5]).unwrap();
            let soft = Columns::new(2500, || p(&mut g), soft, weights);
            compare("soft", &empty, soft.plane(0), &soft.samples(0));
        }
    }
    // Any order and any split.
    let pixels: Vec<(f32, bool)> = (0..60).map(|i| (small[i % 12], i % 5 == 0)).collect();
    let (mut whole, mut left, mut right) = (empty.clone(), empty.clone(), empty.clone());
    whole.extend(pixels.iter().copied());
    left.extend(pixels[..23].iter().rev().copied());
    right.extend(pixels[23..].iter().copied());
    right.merge(&left).unwrap();
    assert!(whole == right);
}

/// A row with a term beyond f32 saturates its sum at every level, and that sum alone.
#[test]
fn saturated_rows() {
    let loss = Bce::new().sum() + Focal::new(0.0).unwrap().mean() * 0.5 + Dice::new(1.0).unwrap();
    let empty = loss.accumulator();
    for place in [0, 17, 1023, 1055] {
        let mut columns = Columns::new(1056, || 0.5, || true, Weights::Values(vec![1.5; 1056]));
        columns.inputs[place] = -3e38;
        compare("saturated", &empty, columns.plane(0), &columns.samples(0));
        let mut sums = empty.clone();
        sums.extend_plane(columns.plane(0));
        assert_eq!(sums.value(), Err(loss_core::FinishError::Saturated), "{place}");
        let weights = Weights::Values((0..1056).map(|i| if i == place { 0.0 } else { 1.5 }).collect());
        let mut sums = empty.clone();
        sums.extend_plane(Columns { weights, ..columns }.plane(0));
        assert!(sums.value().is_ok(), "what is ignored does not count");
    }
}

#[test]
fn terms_of_any_size() {
    let mut g = Gen::new(30);
    let loss = Bce::new().pos_weight(1e9).unwrap().sum() + Dice::new(1.0).unwrap();
    let empty = loss.accumulator();
    let mut random = Gen::new(30);
    for largest in [15.0, 17.0, 1e6, 3e9, 3e38f32] {
        let mut logit = || {
            let sign = if bool::arbitrary(&mut g) { 1.0 } else { -1.0 };
            sign * *g.choose(&[largest, 3.0, largest / 3.0]).unwrap()
        };
        for weight in [1.0f32, 2f32.powi(-32), 300.0, 2f32.powi(32)] {
            let weights = Weights::Values(vec![weight; 1056]);
            let columns = Columns::new(1056, &mut logit, || u8::arbitrary(&mut random) % 2, weights);
            compare("large terms", &empty, columns.plane(0), &columns.samples(0));
        }
        let columns = Columns::new(1056, &mut logit, || u8::arbitrary(&mut random) % 2, Weights::One);
        compare("large terms", &empty, columns.plane(0), &columns.samples(0));
    }
}

#[test]
fn bad_pixels_are_counted_alike() {
    let mut g = Gen::new(30);
    let empty = bce_dice().accumulator();
    let mut random = Gen::new(30);
    let good = Columns::new(2100, || logit(&mut g), || f32::from(u8::arbitrary(&mut random) % 2), Weights::One);
    for at in [0, 5, 31, 32, 1023, 1024, 1500, 2048, 2099] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut columns = good.clone();
            columns.inputs[at] = bad;
            compare("bad input", &empty, columns.plane(0), &columns.samples(0));
        }
        for bad in [f32::NAN, -0.25, 1.5] {
            let mut columns = good.clone();
            columns.targets[at] = bad;
            compare("bad target", &empty, columns.plane(0), &columns.samples(0));
        }
        for weight in [f32::NAN, -1.0, 1e-30, 1e30, 0.0] {
            let mut columns = good.clone();
            let mut weights = vec![1.0; 2100];
            weights[at] = weight;
            // An ignored pixel may hold anything.
            (columns.inputs[at], columns.targets[at]) = (f32::NAN, 7.0);
            columns.weights = Weights::Values(weights);
            compare("bad or no weight", &empty, columns.plane(0), &columns.samples(0));
            for (order, masked_out) in
                [(Order::MaskFirst, true), (Order::WeightsFirst, true), (Order::MaskFirst, false)]
            {
                let mut weights = vec![1.0; 2100];
                weights[at] = weight;
                let valid = (0..2100).map(|pixel| !masked_out || pixel != at).collect();
                columns.weights = Weights::Both(valid, weights, order);
                compare("bad weight under a mask", &empty, columns.plane(0), &columns.samples(0));
            }
        }
    }
}

#[test]
fn inputs_of_other_types() {
    use half::{bf16, f16};
    let mut g = Gen::new(30);
    let empty = bce_dice().accumulator();
    let targets: Vec<u8> = (0..1111).map(|_| u8::arbitrary(&mut g) % 2).collect();
    let mask: Vec<bool> = (0..1111).map(|_| bool::arbitrary(&mut g)).collect();
    let weights: Vec<f32> = (0..1111).map(|_| uniform(&mut g, 0.25, 3.0)).collect();
    let samples = |input: &dyn Fn(usize) -> f32, masked: bool| -> Vec<Sample> {
        let weight = |i: usize| if masked { f32::from(u8::from(mask[i])) } else { 1.0 };
        (0..1111).map(|i| Sample { input: input(i), target: targets[i].into(), weight: weight(i) }).collect()
    };
    let both = |name: &str, plane: Plane<'_, u8>, input: &dyn Fn(usize) -> f32| {
        compare(name, &empty, plane, &samples(input, false));
        compare(name, &empty, plane.with_mask(&mask).unwrap(), &samples(input, true));
        let mut weighted = samples(input, true);
        weighted.iter_mut().zip(&weights).for_each(|(sample, weight)| sample.weight *= weight);
        let planes = [
            plane.with_mask(&mask).and_then(|plane| plane.with_weights(&weights)),
            plane.with_weights(&weights).and_then(|plane| plane.with_mask(&mask)),
        ];
        planes.into_iter().for_each(|plane| compare(name, &empty, plane.unwrap(), &weighted));
    };

    // All kinds of bits, subnormal, infinite and NaN included.
    for limit in [0x7c00u16, u16::MAX] {
        let codes: Vec<u16> = (0..1111)
            .map(|_| u16::arbitrary(&mut g))
            .map(|code| if code & 0x7fff < limit { code } else { 0 })
            .collect();
        let halves: Vec<f16> = codes.iter().map(|&code| f16::from_bits(code)).collect();
        both("f16", Plane::f16(&halves, &targets).unwrap(), &|i| halves[i].to_f32());
        let bfloats: Vec<bf16> = codes.iter().map(|&code| bf16::from_bits(code)).collect();
        both("bf16", Plane::bf16(&bfloats, &targets).unwrap(), &|i| bfloats[i].to_f32());
    }
    let quantisation = Quantisation::new(0.0627, -7).unwrap();
    let signed: Vec<i8> = (0..1111).map(|_| i8::arbitrary(&mut g)).collect();
    both("i8", Plane::i8(&signed, quantisation, &targets).unwrap(), &|i| 0.0627 * (i32::from(signed[i]) + 7) as f32);
    let unsigned: Vec<u8> = (0..1111).map(|_| u8::arbitrary(&mut g)).collect();
    both("u8", Plane::u8(&unsigned, quantisation, &targets).unwrap(), &|i| {
        0.0627 * (i32::from(unsigned[i]) + 7) as f32
    });
    let wide: Vec<i16> = (0..1111).map(|_| i16::arbitrary(&mut g)).collect();
    both("i16", Plane::i16(&wide, quantisation, &targets).unwrap(), &|i| 0.0627 * (i32::from(wide[i]) + 7) as f32);
}

/// Codes of 8 and 16 bits as probabilities: TFLite's LOGISTIC gives scale 1/256 and zero point −128, or 1/32768 and 0.
#[test]
fn codes_that_stand_for_probabilities() {
    let mut g = Gen::new(30);
    let targets: Vec<f32> = (0..777).map(|_| uniform(&mut g, 0.0, 1.0)).collect();
    let loss = Bce::new().mean() + Dice::new(1.0).unwrap() + 2.0 * Focal::new(1.5).unwrap().mean();
    let empty = loss.probability_accumulator(1e-7).unwrap();
    let narrow = Quantisation::new(1.0 / 256.0, -128).unwrap();
    let codes: Vec<i8> = (0..777).map(|_| i8::arbitrary(&mut g)).collect();
    let samples = |p: &dyn Fn(usize) -> f32| -> Vec<Sample> { (0..777).map(|i| (p(i), targets[i]).into()).collect() };
    let plane = Plane::i8(&codes, narrow, &targets).unwrap();
    compare("i8", &empty, plane, &samples(&|i| (i32::from(codes[i]) + 128) as f32 / 256.0));
    // A negative code is no probability.
    let wide = Quantisation::new(1.0 / 32768.0, 0).unwrap();
    for lowest in [0, -3] {
        let codes: Vec<i16> = (0..777).map(|_| i16::arbitrary(&mut g).max(lowest)).collect();
        let plane = Plane::i16(&codes, wide, &targets).unwrap();
        compare("i16", &empty, plane, &samples(&|i| f32::from(codes[i]) / 32768.0));
    }
}

/// The plane sets the lengths, for any contents. A second mask or second weights replace the first.
#[test]
fn what_is_given_twice_counts_as_given_last() {
    let (logits, targets) = ([0.5, 2.0, -1.0, 0.25], [true, false, false, true]);
    let (mask, other_mask) = ([true, false, true, true], [true, true, false, true]);
    let (weights, other_weights) = ([0.5, 3.0, 2.0, 0.25], [4.0, 0.125, 1.0, 8.0]);
    let plane = Plane::new(&logits, &targets).unwrap();
    let twice = plane.with_mask(&mask).unwrap().with_weights(&weights).unwrap();
    let twice = twice.with_mask(&other_mask).unwrap().with_weights(&other_weights).unwrap();
    let once = plane.with_weights(&other_weights).unwrap().with_mask(&other_mask).unwrap();
    assert!(twice.samples().eq(once.samples()));
    assert!(
        plane.with_mask(&other_mask).unwrap().samples().eq(plane
            .with_mask(&mask)
            .unwrap()
            .with_mask(&other_mask)
            .unwrap()
            .samples())
    );
    let error = once.with_mask(&mask[1..]).unwrap_err();
    assert_eq!((error.slice, error.length, error.expected), ("the mask", 3, 4));
    let error = once.with_weights(&weights[2..]).unwrap_err();
    assert_eq!((error.slice, error.length, error.expected), ("the weights", 2, 4));
}

/// A map of losses, and losses that process a plane pixel by pixel, treat mask and weights as a stream does.
#[test]
fn what_goes_pixel_by_pixel_sees_mask_and_weights() {
    let mut g = Gen::new(30);
    for order in [Order::MaskFirst, Order::WeightsFirst] {
        let mut random = Gen::new(30);
        let weights = Weights::both(&mut g, 700, order);
        let columns = Columns::new(700, || logit(&mut g), || uniform(&mut random, 0.0, 1.0), weights);
        let (plane, samples) = (columns.plane(0), columns.samples(0));
        assert!(plane.samples().map(|sample| sample.weight.to_bits()).eq(samples.iter().map(|s| s.weight.to_bits())));

        let loss = Focal::new(2.0).unwrap();
        let mut map = vec![f32::NAN; 700];
        loss.write_map(&Logits, plane, &mut map).unwrap();
        let expected: Vec<f32> = samples.iter().map(|&s| loss.at(&Logits, s).unwrap() * s.weight).collect();
        assert_eq!(bits(&map), bits(&expected));

        let mut mean = loss.mean().image_mean(EmptyImage::Skip);
        mean.extend_plane(plane);
        let mut one_by_one = loss.mean().image_mean(EmptyImage::Skip);
        samples.iter().for_each(|&sample| one_by_one.push(sample));
        assert_eq!(mean.end_image().unwrap().unwrap().value(), one_by_one.end_image().unwrap().unwrap().value());

        let mut boundary = BoundaryAccumulator::new();
        boundary.extend_plane(plane);
        let mut expected = BoundaryAccumulator::new();
        for i in 0..700 {
            let (weight, valid) = columns.weights.of(i);
            expected.push((columns.inputs[i], columns.targets[i], weight, valid));
        }
        assert!(boundary == expected);

        let hardest = TopK::count(100).unwrap().pixels(Bce::new(), Logits, plane).unwrap();
        let valid = samples.iter().filter(|sample| sample.weight > 0.0);
        let mut losses: Vec<f32> = valid.map(|&s| Bce::new().at(&Logits, s).unwrap() * s.weight).collect();
        losses.sort_by(|a, b| b.total_cmp(a));
        let expected = losses[..100].iter().map(|&loss| f64::from(loss)).sum::<f64>() / 100.0;
        assert!((hardest.value() / expected - 1.0).abs() < 1e-6, "{} and {expected}", hardest.value());
    }
}

#[test]
fn a_counting_accumulator_refuses_weights_under_a_mask() {
    let plane = Plane::new(&[0.5f32, 2.0], &[true, false]).unwrap();
    let mut sums = bce_dice().counting_accumulator();
    for weighted in [
        plane.with_mask(&[true, false]).unwrap().with_weights(&[1.0, 3.0]).unwrap(),
        plane.with_weights(&[1.0, 3.0]).unwrap().with_mask(&[true, false]).unwrap(),
    ] {
        assert_eq!(sums.extend_plane(weighted), Err(WeightedPlaneError));
    }
    assert_eq!(sums.counts().pixels(), 0);
}

#[test]
fn a_level_has_a_name() {
    for level in SimdLevel::available() {
        assert_eq!(SimdLevel::named(level.name()), Some(level));
    }
    assert_eq!(SimdLevel::available().next(), Some(SimdLevel::SCALAR));
    assert_eq!(SimdLevel::available().last(), Some(SimdLevel::best()));
    assert_eq!(SimdLevel::named("abacus"), None);
}

#[cfg(feature = "rayon")]
mod threads {
    use super::*;
    use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Layout, PerClass};

    #[test]
    fn several_classes_by_threads() {
        let mut g = Gen::new(30);
        let mut logits: Vec<f32> = (0..3 * 150_000).map(|_| logit(&mut g)).collect();
        let labels: Vec<u8> = (0..150_000).map(|_| u8::arbitrary(&mut g) % 3).collect();
        let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap());
        for layout in [Layout::Planar, Layout::Interleaved, Layout::Planar] {
            let plane = ClassPlane::<_, 3>::new(3, layout, &logits, &labels).unwrap();
            let mut expected = loss.class_accumulator();
            expected.push(([0.5, 0.25, -1.0], 2u8));
            expected.extend_plane(plane);
            let total = expected.finish_valid().unwrap();
            let mut slopes = vec![0.0; logits.len()];
            total.gradient().write(plane, &mut slopes).unwrap();
            for threads in [1, 2, 5] {
                let mut sums = loss.class_accumulator();
                sums.push(([0.5, 0.25, -1.0], 2u8));
                in_pool(threads, || sums.par_extend_plane(plane));
                assert!(sums == expected, "{threads} threads");
                assert_eq!(sums.first_rejected(), expected.first_rejected(), "{threads} threads");
                let mut parallel = vec![f32::NAN; slopes.len()];
                in_pool(threads, || total.gradient().par_write(plane, &mut parallel)).unwrap();
                assert_eq!(bits(&parallel), bits(&slopes), "{threads} threads");
            }
            // A bad pixel for the later rounds.
            logits[100_000] = f32::NAN;
        }
    }

    fn in_pool<R: Send>(threads: usize, act: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(act)
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let mut g = Gen::new(30);
        let mut random = Gen::new(30);
        let mut columns = Columns::new(300_000, || logit(&mut g), || u8::arbitrary(&mut random) % 2, Weights::One);
        for bad in [None, Some(170_000), Some(20)] {
            if let Some(at) = bad {
                columns.inputs[at] = f32::NAN;
            }
            let plane = columns.plane(0);
            let loss = Bce::new().mean() + Dice::new(1.0).unwrap();
            let mut expected = loss.accumulator();
            expected.push((0.5, true));
            expected.extend_plane(plane);
            let total = expected.finish_valid().unwrap();
            let mut slopes = vec![0.0; plane.len()];
            total.gradient().write(plane, &mut slopes).unwrap();
            let both = Weights::both(&mut g, columns.inputs.len(), Order::WeightsFirst);
            let masked = Columns { weights: both, ..columns.clone() };
            let mut expected_masked = loss.accumulator();
            masked.samples(0).into_iter().for_each(|pixel| expected_masked.push(pixel));
            let slopes_masked: Vec<f32> = total.gradients(masked.samples(0)).collect();
            for threads in [1, 2, 3, 7] {
                let mut sums = loss.accumulator();
                in_pool(threads, || sums.par_extend_plane(masked.plane(0)));
                assert!(sums == expected_masked, "{threads} threads, mask and weights");
                assert_eq!(sums.first_rejected(), expected_masked.first_rejected(), "{threads} threads");
                let mut parallel = vec![f32::NAN; plane.len()];
                in_pool(threads, || total.gradient().par_write(masked.plane(0), &mut parallel)).unwrap();
                assert_eq!(bits(&parallel), bits(&slopes_masked), "{threads} threads");

                let mut sums = loss.accumulator();
                sums.push((0.5, true));
                in_pool(threads, || sums.par_extend_plane(plane));
                assert!(sums == expected, "{threads} threads");
                assert_eq!(sums.first_rejected(), expected.first_rejected(), "{threads} threads");
                let mut parallel = vec![f32::NAN; plane.len()];
                in_pool(threads, || total.gradient().par_write(plane, &mut parallel)).unwrap();
                assert_eq!(bits(&parallel), bits(&slopes), "{threads} threads");
            }
        }
    }
}

mod classes {
    use super::*;
    use loss_core::class::{
        Activation, ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, ClassSample, ClassTarget, CrossEntropy,
        GeneralisedDice, Layout, PerClass, SoftmaxFocal, WassersteinDice, WeightMode,
    };
    use loss_core::{Mcc, Minimum};

    /// Pixels of a slice, and the same as samples.
    struct ClassColumns<const C: usize> {
        logits: Vec<f32>,
        labels: Vec<u8>,
        soft: Option<Vec<f32>>,
        weights: Weights,
        layout: Layout,
        classes: usize,
    }

    impl<const C: usize> ClassColumns<C> {
        fn plane(&self) -> ClassPlane<'_, u8, C> {
            let plane = match &self.soft {
                None => ClassPlane::new(self.classes, self.layout, &self.logits, &self.labels),
                Some(targets) => ClassPlane::soft(self.classes, self.layout, &self.logits, targets),
            };
            match &self.weights {
                Weights::One => plane.unwrap(),
                Weights::Mask(mask) => plane.unwrap().with_mask(mask).unwrap(),
                Weights::Values(values) => plane.unwrap().with_weights(values).unwrap(),
                Weights::Both(mask, values, Order::MaskFirst) => {
                    plane.unwrap().with_mask(mask).unwrap().with_weights(values).unwrap()
                }
                Weights::Both(mask, values, Order::WeightsFirst) => {
                    plane.unwrap().with_weights(values).unwrap().with_mask(mask).unwrap()
                }
            }
        }

        fn at(&self, pixel: usize, class: usize) -> usize {
            match self.layout {
                Layout::Planar => class * self.labels.len() + pixel,
                Layout::Interleaved => pixel * self.classes + class,
            }
        }

        fn samples(&self) -> Vec<ClassSample<C>> {
            let sample = |pixel: usize| {
                let gather = |values: &[f32]| {
                    let value = |class| if class < self.classes { values[self.at(pixel, class)] } else { f32::NAN };
                    std::array::from_fn::<f32, C, _>(value)
                };
                let target = match &self.soft {
                    None => ClassTarget::Label(self.labels[pixel].into()),
                    Some(targets) => ClassTarget::Soft(gather(targets)),
                };
                let (weight, valid) = self.weights.of(pixel);
                let weight = if valid { weight } else { 0.0 };
                ClassSample { logits: gather(&self.logits), target, weight }
            };
            (0..self.labels.len()).map(sample).collect()
        }
    }

    fn compare<L: ClassLoss<C>, const C: usize>(name: &str, empty: &ClassAccumulator<L, C>, columns: &ClassColumns<C>) {
        let (plane, samples) = (columns.plane(), columns.samples());
        let mut expected = empty.clone();
        samples.iter().copied().for_each(|pixel| expected.push(pixel));
        let total = expected.finish_valid().ok();
        for level in SimdLevel::available() {
            let mut sums = empty.clone();
            sums.extend_plane_at(level, plane);
            assert!(sums == expected, "{name}, {level}: {} pixels, {:?}", plane.pixels(), columns.layout);
            assert_eq!(sums.first_rejected(), expected.first_rejected(), "{name}, {level}");
            let Some(gradient) = total.as_ref().map(|total| total.gradient()) else { continue };
            let mut slopes = vec![f32::NAN; columns.logits.len()];
            gradient.write_at(level, plane, &mut slopes).unwrap();
            let mut added: Vec<f32> = (0..slopes.len()).map(|i| i as f32 * 0.125).collect();
            gradient.add_at(level, plane, &mut added).unwrap();
            for (pixel, &sample) in samples.iter().enumerate() {
                for (class, &slope) in gradient.at(sample).iter().enumerate().take(columns.classes) {
                    let at = columns.at(pixel, class);
                    assert_eq!(slopes[at].to_bits(), slope.to_bits(), "{name}, {level}: {} and {slope}", slopes[at]);
                    assert_eq!(added[at].to_bits(), (at as f32 * 0.125 + slope).to_bits(), "{name}, {level}: added");
                }
            }
        }
    }

    fn columns<const C: usize>(g: &mut Gen, classes: usize, length: usize, variant: usize) -> ClassColumns<C> {
        let layout = if variant % 2 == 0 { Layout::Planar } else { Layout::Interleaved };
        let soft = (variant % 3 == 2).then(|| (0..length * classes).map(|_| uniform(g, 0.0, 1.0)).collect());
        let weights = match variant % 4 {
            0 | 1 if variant == 5 => Weights::both(g, length, Order::MaskFirst),
            0 | 1 if variant == 8 => Weights::both(g, length, Order::WeightsFirst),
            0 | 1 => Weights::One,
            2 => Weights::Mask((0..length).map(|_| bool::arbitrary(g)).collect()),
            _ => Weights::Values(
                (0..length).map(|_| if bool::arbitrary(g) { 0.0 } else { uniform(g, 0.2, 30.0) }).collect(),
            ),
        };
        ClassColumns {
            logits: (0..length * classes).map(|_| logit(g)).collect(),
            labels: (0..length).map(|_| u8::arbitrary(g) % classes as u8).collect(),
            soft,
            weights,
            layout,
            classes,
        }
    }

    fn every_way<L: ClassLoss<C>, const C: usize>(name: &str, loss: L) {
        let mut g = Gen::new(30);
        for variant in 0..12 {
            let classes = if variant % 5 == 4 { C - 1 } else { C };
            let activation = if variant == 7 { Activation::Sigmoid } else { Activation::Softmax };
            let empty = loss.class_accumulator().with_classes(classes).unwrap().activation(activation);
            let empty = if variant % 3 == 0 { empty.ignoring(1u8) } else { empty };
            for length in [usize::arbitrary(&mut g) % 40, 480 + usize::arbitrary(&mut g) % 200] {
                compare(name, &empty, &columns(&mut g, classes, length, variant));
            }
        }
    }

    #[test]
    fn every_loss_of_classes() {
        every_way::<_, 5>("ce", CrossEntropy::new().mean());
        every_way::<_, 3>("focal", SoftmaxFocal::new(2.0).unwrap().weights([0.5, 1.0, 300.0]).unwrap().mean());
        every_way::<_, 5>("ce + dice", CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap()));
        let tversky = PerClass::new(Tversky::new(0.3, 0.7, 1.0).unwrap().overlap(Minimum));
        every_way::<_, 4>("tversky", tversky.weights([0.5, 1.0, 3.0, 0.0], WeightMode::Inside).unwrap());
        every_way::<_, 2>("mcc", PerClass::new(Mcc::new(1.0).unwrap()));
        every_way::<_, 4>("generalised dice", GeneralisedDice::new(1.0).unwrap());
        let distances = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.25], [1.0, 0.25, 0.0]];
        every_way::<_, 3>("wasserstein", WassersteinDice::new(distances, 0.5).unwrap());
    }

    #[test]
    fn bad_pixels_are_counted_alike() {
        let mut g = Gen::new(30);
        let empty = (CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap())).class_accumulator();
        for at in [0, 31, 511, 512, 1029] {
            for kind in 0..4 {
                let mut columns = columns::<3>(&mut g, 3, 1030, kind % 2);
                match kind {
                    0 => columns.logits[at] = f32::NAN,
                    1 => columns.logits[3 * at + 2] = f32::INFINITY,
                    2 => columns.labels[at] = 3,
                    _ => {
                        let mut weights = vec![1.0; 1030];
                        weights[at] = -1.0;
                        columns.weights = Weights::Values(weights.clone());
                        compare("bad pixel", &empty, &columns);
                        let valid = (0..1030).map(|pixel| pixel != at).collect();
                        columns.weights = Weights::Both(valid, weights, Order::MaskFirst);
                    }
                }
                compare("bad pixel", &empty, &columns);
            }
        }
    }

    /// A map of losses, a mean over images, and threads.
    #[test]
    fn mask_and_weights_everywhere() {
        let mut g = Gen::new(30);
        let loss = CrossEntropy::new();
        for order in [Order::MaskFirst, Order::WeightsFirst] {
            let weights = Weights::both(&mut g, 800, order);
            let columns = ClassColumns { weights, ..columns::<3>(&mut g, 3, 800, 1) };
            let (plane, samples) = (columns.plane(), columns.samples());
            let mut map = vec![f32::NAN; 800];
            loss.write_map(plane, &mut map).unwrap();
            let expected: Vec<f32> = samples.iter().map(|&s| loss.at(s).unwrap() * s.weight).collect();
            assert_eq!(bits(&map), bits(&expected));

            let mut mean = loss.mean().class_image_mean(EmptyImage::Skip);
            mean.extend_plane(plane);
            let mut sums = loss.mean().class_accumulator();
            for (pixel, sample) in samples.iter().enumerate() {
                let (weight, valid) = columns.weights.of(pixel);
                sums.push((sample.logits, sample.target, weight, valid));
            }
            assert_eq!(mean.end_image().unwrap().unwrap().value(), sums.finish().unwrap().value());

            #[cfg(feature = "rayon")]
            {
                let mut parallel = loss.mean().class_accumulator();
                parallel.par_extend_plane(plane);
                assert!(parallel == sums);
            }
        }
        let plane = columns::<3>(&mut g, 3, 5, 0);
        let plane = plane.plane().with_mask(&[true, false, true, false, true]).unwrap();
        let twice = plane.with_weights(&[2.0; 5]).unwrap().with_mask(&[false, true, true, false, true]).unwrap();
        let mut sums = loss.mean().class_accumulator();
        sums.extend_plane(twice.with_weights(&[0.5, 1.0, 4.0, 8.0, 16.0]).unwrap());
        assert_eq!((sums.counts().valid, sums.counts().ignored), (3, 2));
        assert_eq!(sums.finish().unwrap().weight(), 21.0);
    }

    #[test]
    fn more_classes_than_a_tile_holds() {
        let mut g = Gen::new(30);
        let empty = (CrossEntropy::new().mean() + PerClass::new(Dice::new(1.0).unwrap())).class_accumulator();
        compare("64 classes", &empty, &columns::<64>(&mut g, 60, 100, 0));
    }
}
