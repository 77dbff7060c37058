//! Stored states survive a release: the states and fingerprints of every loss stand in `golden_states.json`, those of a few losses with all that
//! a reader in another language needs in `conformance/`, and `state_reader.py` is such a reader.
//!
//! `LOSS_CORE_WRITE_STATES=1 cargo test --release -p loss-core --all-features --test states` writes the files anew. If that changes a state or a
//! fingerprint, stored states are lost: raise `STATE_VERSION`, and say in `docs/state.md` what has changed.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use common::{Entry, Px, Visitor, every_loss};
use loss_core::boundary::BoundaryAccumulator;
use loss_core::class::{
    Activation, Channels, ClassAccumulator, ClassImageMean, ClassLoss, ClassPointwise, ClassReduction, ConfusionMatrix,
    CrossEntropy, Foreground, GeneralisedDice, PerClass, SoftmaxFocal, WassersteinDice,
};
use loss_core::extend::{Link, SharedSums};
use loss_core::head::{HeadGradient, Layer};
use loss_core::sorted::BinnedLovasz;
use loss_core::watch::{Agreement, ClassEntropy, ExpectedDice, ForegroundShare, LogitBins, PredictiveEntropy, Watch};
use loss_core::{
    Accumulator, Bce, Dice, EmptyImage, Focal, Histogram, ImageMean, Logits, Loss, Mcc, Pointwise, Probabilities,
    Quantisation, STATE_VERSION, Tversky,
};
use quickcheck::{Arbitrary, Gen};
use serde_json::{Value, json};

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(of)
}

fn is_written_anew() -> bool {
    env::var_os("LOSS_CORE_WRITE_STATES").is_some()
}

const ANEW: &str = "LOSS_CORE_WRITE_STATES=1 cargo test --release -p loss-core --all-features --test states";

/// Pixels at generic points: usual ones, sure ones, soft targets, weights, an ignored one, and one that is rejected for each reason.
const PIXELS: [(f32, f32, f32); 16] = [
    (0.37, 1.0, 1.0),
    (-1.9, 0.0, 1.0),
    (2.45, 0.3, 1.0),
    (-0.61, 1.0, 2.75),
    (14.3, 0.0, 0.4),
    (-33.0, 1.0, 1.0),
    (6.2, 1.0, 0.0),
    (f32::NAN, 1.0, 1.0),
    (0.8, -0.25, 1.0),
    (0.8, 1.0, -3.0),
    (-7.7, 0.0, 1.0),
    (3.3, 0.85, 13.5),
    (1e-3, 0.0, 1.0),
    (-0.02, 0.0, 1.0),
    (4.1, 1.0, 0.125),
    (-88.5, 0.0, 7.0),
];

const HARD_PIXELS: [(f32, u8, bool); 9] = [
    (0.37, 1, true),
    (-1.9, 0, true),
    (14.3, 0, true),
    (-33.0, 1, true),
    (6.2, 1, false),
    (f32::INFINITY, 1, true),
    (0.8, 2, true),
    (-0.02, 0, true),
    (4.1, 1, true),
];

/// Logits, label, weight.
const CLASS_PIXELS: [([f32; 3], u8, f32); 9] = [
    ([0.3, -1.2, 2.1], 2, 1.0),
    ([1.7, 0.4, -0.9], 0, 1.0),
    ([-2.0, 3.5, 3.25], 1, 2.5),
    ([0.1, 0.2, 0.3], 0, 1.0),
    ([9.0, -4.0, 31.0], 1, 0.3),
    ([0.5, 0.5, 0.75], 255, 1.0),
    ([f32::NAN, 0.0, 0.0], 1, 1.0),
    ([0.0, 1.0, -1.0], 7, 1.0),
    ([-0.7, 0.9, -1.1], 1, -2.0),
];

/// What is kept of one: fingerprint, state and value.
fn golden(fingerprint: u64, state: &[i64], value: f64) -> Value {
    json!({ "fingerprint": format!("{fingerprint:016x}"), "state": state, "value": value })
}

fn state_of<L: Loss, K: Link, C: SharedSums>(sums: &Accumulator<L, K, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

fn state_of_classes<L: ClassLoss<C>, const C: usize>(sums: &ClassAccumulator<L, C>) -> Vec<i64> {
    let mut state = Vec::new();
    sums.for_each_of_state(|integer| state.push(integer));
    state
}

struct Golden(BTreeMap<String, Value>);

impl Golden {
    fn add(&mut self, name: impl Into<String>, fingerprint: u64, state: &[i64], value: f64) {
        let name = name.into();
        let before = self.0.insert(name.clone(), golden(fingerprint, state, value));
        assert_eq!(before, None, "{name} stands twice");
    }

    fn accumulator<L: Loss, K: Link>(&mut self, name: impl Into<String>, mut sums: Accumulator<L, K>) {
        PIXELS.into_iter().for_each(|pixel| sums.push(pixel));
        self.add(name, sums.fingerprint(), &state_of(&sums), sums.finish_valid().unwrap().value());
    }

    fn classes<L: ClassLoss<3>>(&mut self, name: &str, mut sums: ClassAccumulator<L, 3>) {
        CLASS_PIXELS.into_iter().for_each(|pixel| sums.push(pixel));
        let value = sums.finish_valid().unwrap().value();
        self.add(format!("classes: {name}"), sums.fingerprint(), &state_of_classes(&sums), value);
    }
}

impl Visitor for Golden {
    fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
        self.accumulator(entry.name, loss.accumulator());
        let mut sums = loss.counting_accumulator();
        HARD_PIXELS.into_iter().for_each(|pixel| sums.push(pixel));
        let value = sums.finish_valid().unwrap().value();
        self.add(format!("counting: {}", entry.name), sums.fingerprint(), &state_of(&sums), value);
    }
}

fn all_golden() -> BTreeMap<String, Value> {
    let mut golden = Golden(BTreeMap::new());
    every_loss(&mut golden);

    let bce_dice = Bce::new().mean() + Dice::new(0.75).unwrap();
    golden.accumulator("at a threshold: bce + dice", bce_dice.accumulator().at_threshold(0.3).unwrap());
    let mut probabilities = bce_dice.probability_accumulator(1e-7).unwrap();
    let in_range = PIXELS.into_iter().map(|(z, t, w)| ((0.5 + z / 40.0).clamp(0.0, 1.0), t, w));
    probabilities.extend(in_range.chain([(1.5, 1.0, 1.0), (1.0, 0.0, 1.0)]));
    let value = probabilities.finish_valid().unwrap().value();
    golden.add("probabilities: bce + dice", probabilities.fingerprint(), &state_of(&probabilities), value);

    let losses = [Bce::new().pos_weight(3.0).unwrap().mean(), Bce::new().mean()];
    let mut channels = Channels::new(losses.map(|loss| loss.accumulator()));
    PIXELS.iter().for_each(|&(z, t, w)| channels.push([(z, t, w), (-z, 1.0 - t, w)]));
    let finished = channels.finish_valid().unwrap();
    for channel in 0..2 {
        let value = finished.channel(channel).unwrap().value();
        let sums = channels.channel_mut(channel).unwrap();
        golden.add(format!("channels: {channel}"), sums.fingerprint(), &state_of(sums), value);
    }

    for (name, empty) in [("skip", EmptyImage::Skip), ("count", EmptyImage::Count)] {
        let mut mean = bce_dice.image_mean(empty);
        fill_images(&mut mean, &[&PIXELS[..5], &PIXELS[6..7], &PIXELS[10..]]);
        golden.add(format!("image mean, {name}"), mean.fingerprint(), &mean.state(), mean.finish().unwrap());
        let loss = CrossEntropy::new().mean() + PerClass::new(Dice::new(0.75).unwrap());
        let mut mean = ClassImageMean::new(ClassAccumulator::new(loss).ignoring(255u8), empty);
        for image in [&CLASS_PIXELS[..3], &CLASS_PIXELS[5..6], &CLASS_PIXELS[3..5]] {
            image.iter().for_each(|&pixel| mean.push(pixel));
            mean.end_image().unwrap();
        }
        golden.add(format!("image mean of classes, {name}"), mean.fingerprint(), &mean.state(), mean.finish().unwrap());
    }

    let mut boundary = BoundaryAccumulator::new();
    boundary.extend(PIXELS.iter().map(|&(z, t, w)| (z, 40.0 * (t - 0.4), w)));
    let mut state = Vec::new();
    boundary.for_each_of_state(|integer| state.push(integer));
    golden.add("boundary", boundary.fingerprint(), &state, boundary.finish_valid().unwrap().value());
    let mut boundary = BoundaryAccumulator::with_link(Probabilities::new(1e-7).unwrap());
    boundary.extend([(0.25, -3.5), (1.0, 2.0), (0.875, 1.25)]);
    let mut state = Vec::new();
    boundary.for_each_of_state(|integer| state.push(integer));
    golden.add("boundary of probabilities", boundary.fingerprint(), &state, boundary.finish().unwrap().value());

    let mut lovasz = BinnedLovasz::<8>::new();
    lovasz.extend([(0.9f32, 1.0f32, 1.0f32), (0.3, 0.0, 1.0), (0.31, 1.0, 1.0), (1.0, 0.0, 1.0), (7.0, 1.0, 1.0)]);
    lovasz.extend([(0.5f32, 1.0f32, 0.0f32), (0.5, 0.5, 1.0), (0.5, 1.0, 2.0)]);
    let mut state = Vec::new();
    lovasz.for_each_of_state(|integer| state.push(integer));
    golden.add("binned lovasz", lovasz.fingerprint(), &state, lovasz.finish_valid().unwrap().value());

    let quantisation = Quantisation::new(0.0625, -3).unwrap();
    let mut histogram = Histogram::<i8>::new(quantisation);
    histogram.extend_codes(&[40i8, -20, 40, -70, 127, -128, 5], &[1u8, 0, 1, 1, 0, 0, 2]).unwrap();
    histogram.ignore(3);
    let mut state = Vec::new();
    histogram.for_each_of_state(|integer| state.push(integer));
    let value = histogram.accumulator(&bce_dice).finish_valid().unwrap().value();
    golden.add("histogram of i8", histogram.fingerprint(), &state, value);
    let mut histogram = Histogram::<u8, 4>::with_levels(quantisation);
    histogram.extend_codes(&[40u8, 200, 40, 255, 0], &[3u8, 0, 3, 1, 2]).unwrap();
    let mut state = Vec::new();
    histogram.for_each_of_state(|integer| state.push(integer));
    let value = histogram.accumulator(&bce_dice).finish_valid().unwrap().value();
    golden.add("histogram of u8, 4 levels", histogram.fingerprint(), &state, value);
    let mut histogram = Histogram::<i8, 2, _>::of_probabilities(Quantisation::new(1.0 / 256.0, -128).unwrap()).unwrap();
    histogram.extend_codes(&[40i8, -20, 40, -70, 127, -128, 5], &[1u8, 0, 1, 1, 0, 0, 2]).unwrap();
    let mut state = Vec::new();
    histogram.for_each_of_state(|integer| state.push(integer));
    let value = histogram.probability_accumulator(&bce_dice, 1e-7).unwrap().finish_valid().unwrap().value();
    golden.add("histogram of probabilities as i8", histogram.fingerprint(), &state, value);

    add_watched(&mut golden);

    let dice = || PerClass::new(Dice::new(0.75).unwrap());
    let ce = CrossEntropy::new();
    golden.classes(
        "ce",
        ce.weights([0.5, 1.0, 3.0]).unwrap().label_smoothing(0.125).unwrap().weighted_mean().class_accumulator(),
    );
    golden.classes("softmax focal", SoftmaxFocal::new(1.5).unwrap().sum().class_accumulator());
    golden.classes("ce + dice, ignoring", (ce.mean() + dice()).class_accumulator().ignoring(255u8));
    golden.classes("ce + dice, two classes", (ce.mean() + dice()).class_accumulator().with_classes(2).unwrap());
    golden.classes("dice, sigmoids", dice().class_accumulator().activation(Activation::Sigmoid));
    golden.classes(
        "dice, pooled foreground",
        dice().reduction(ClassReduction::Pooled).classes(Foreground).class_accumulator(),
    );
    golden.classes("mcc", PerClass::new(Mcc::new(0.75).unwrap()).class_accumulator());
    golden.classes("generalised dice", GeneralisedDice::new(0.75).unwrap().class_accumulator());
    let distances = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.25], [1.0, 0.25, 0.0]];
    golden.classes("wasserstein dice", WassersteinDice::new(distances, 0.75).unwrap().class_accumulator());
    golden.0
}

/// What is kept of a model without labels, and of a step of its last layer.
fn add_watched(golden: &mut Golden) {
    macro_rules! add {
        ($name:literal, $measure:expr, $value:expr) => {{
            let mut state = Vec::new();
            $measure.for_each_of_state(|integer| state.push(integer));
            golden.add($name, $measure.fingerprint(), &state, $value);
        }};
    }
    let logits = PIXELS.map(|(logit, ..)| logit).into_iter().filter(|logit| logit.is_finite());

    let mut agreement = Agreement::at_threshold(0.3).unwrap();
    agreement.extend(logits.clone().map(|logit| (logit, 0.75 * logit - 0.5)));
    add!("watch: agreement", agreement, agreement.finish().unwrap().soft_disagreement());
    let mut entropy = PredictiveEntropy::new();
    entropy.extend(logits.clone());
    add!("watch: entropy", entropy, entropy.finish().unwrap());
    let mut entropy = ClassEntropy::<3>::new();
    entropy.extend(CLASS_PIXELS.map(|(logits, ..)| logits).into_iter().filter(|[logit, ..]| logit.is_finite()));
    add!("watch: class entropy", entropy, entropy.finish().unwrap());
    let mut expected = ExpectedDice::at_threshold(0.7).unwrap();
    expected.extend(logits.clone());
    add!("watch: expected dice", expected, expected.finish().unwrap().shortfall().unwrap());
    let mut share = ForegroundShare::new();
    share.extend(logits.clone());
    add!("watch: foreground share", share, share.finish().unwrap().probability);
    let mut reference = LogitBins::<5>::new(-8.0, 6.0).unwrap();
    reference.extend([-3.0, 0.0, 0.5, 9.0]);
    let mut bins = LogitBins::<5>::new(-8.0, 6.0).unwrap();
    bins.extend(logits.clone());
    add!("watch: logit bins", bins, bins.drift(&reference).unwrap().jensen_shannon);
    let mut watch = Watch::<4>::new(-8.0, 6.0).unwrap();
    watch.extend(logits);
    add!("watch: all of one model", watch, watch.finish().unwrap().entropy);

    let mut matrix = ConfusionMatrix::<3>::new().ignoring(255u8);
    CLASS_PIXELS.iter().for_each(|(logits, label, _)| matrix.push_codes(&logits.map(|logit| logit as i8), *label));
    add!("confusion matrix", matrix, matrix.accuracy().unwrap());

    let layer = Layer { weights: [[0.25, -0.75], [1.5, 0.125]], bias: [0.5, -1.0] };
    let mut sums = Bce::new().mean().accumulator();
    sums.extend([(0.3, true), (-0.7, false)]);
    let mut gradient = HeadGradient::<i8, 2, 2>::new(&layer, &sums);
    gradient.push(&[113, -128], [0.013, -0.4]);
    gradient.push(&[0, 77], [-2.5e-3, 0.0]);
    add!("head gradient", gradient, gradient.weights()[1][0]);
}

fn fill_images<L: Loss>(mean: &mut ImageMean<L, Logits>, images: &[&[(f32, f32, f32)]]) {
    for image in images {
        image.iter().for_each(|&pixel| mean.push(pixel));
        mean.end_image().unwrap();
    }
}

#[test]
fn every_loss_has_the_states_that_it_had() {
    let path = path("golden_states.json");
    let found = all_golden();
    if is_written_anew() {
        let lines: Vec<String> = found.iter().map(|(name, golden)| format!("  {}: {golden}", json!(name))).collect();
        fs::write(&path, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
    }
    let stored: BTreeMap<String, Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (name, found) in &found {
        let stored = stored.get(name).unwrap_or_else(|| panic!("{name} has no golden state: {ANEW}"));
        for part in ["fingerprint", "state", "value"] {
            assert_eq!(found[part], stored[part], "{name}: the {part} differs, and what users have stored is lost");
        }
    }
    for name in stored.keys() {
        assert!(found.contains_key(name), "{name} is gone, and with it the states that users have stored");
    }
}

/// A file of `golden_states.json` loads into an accumulator of the loss, and has its value.
#[test]
fn stored_states_load() {
    struct Load(BTreeMap<String, Value>);

    impl Visitor for Load {
        fn visit<L: Loss + std::fmt::Debug>(&mut self, entry: &Entry, loss: L) {
            let stored = &self.0[entry.name];
            let state: Vec<i64> = serde_json::from_value(stored["state"].clone()).unwrap();
            let mut sums = loss.accumulator();
            sums.load_state(state.clone()).unwrap();
            assert_eq!(state_of(&sums), state, "{}: not the normal form", entry.name);
            let value = sums.finish_valid().unwrap().value();
            assert_eq!(Some(value.to_bits()), stored["value"].as_f64().map(f64::to_bits), "{}", entry.name);
        }
    }
    if !is_written_anew() {
        let text = fs::read_to_string(path("golden_states.json")).unwrap();
        every_loss(&mut Load(serde_json::from_str(&text).unwrap()));
    }
}

// ---- Conformance vectors --------------------------------------------------------------------------------------------

/// A number as JSON has it; what it does not have, as text.
fn number(x: f32) -> Value {
    if x.is_finite() { json!(f64::from(x)) } else { json!(x.to_string()) }
}

fn pixel_of(&(input, target, weight): &(f32, f32, f32)) -> Value {
    json!([number(input), number(target), number(weight)])
}

fn plain_sum(parts: &[Vec<i64>]) -> Vec<i64> {
    let mut sum = vec![0; parts[0].len()];
    parts.iter().for_each(|part| sum.iter_mut().zip(part).for_each(|(sum, integer)| *sum += integer));
    sum
}

/// What all cases have.
struct Case {
    name: &'static str,
    kind: &'static str,
    fingerprint_of: Value,
    terms: Value,
}

impl Case {
    fn of(&self, fingerprint: u64, pixels: Vec<Value>, states: Vec<Vec<i64>>, merged: Vec<i64>, value: f64) -> Value {
        let parts: Vec<Value> =
            pixels.into_iter().zip(states).map(|(pixels, state)| json!({ "pixels": pixels, "state": state })).collect();
        json!({
            "name": self.name,
            "kind": self.kind,
            "version": STATE_VERSION,
            "fingerprint": format!("{fingerprint:016x}"),
            "fingerprint_of": self.fingerprint_of,
            "terms": self.terms,
            "parts": parts,
            "merged": merged,
            "value": value,
        })
    }

    fn binary<L: Loss>(&self, loss: &L, parts: &[Vec<(f32, f32, f32)>]) -> Value {
        let states: Vec<Vec<i64>> = parts
            .iter()
            .map(|pixels| {
                let mut sums = loss.accumulator();
                sums.extend(pixels.iter().copied());
                state_of(&sums)
            })
            .collect();
        let mut sums = loss.accumulator();
        sums.load_state(plain_sum(&states)).unwrap();
        let pixels = parts.iter().map(|pixels| pixels.iter().map(pixel_of).collect()).collect();
        let mut case =
            self.of(sums.fingerprint(), pixels, states, state_of(&sums), sums.finish_valid().unwrap().value());
        case["message"] = json!({
            "json": serde_json::to_string(&sums).unwrap(),
            "postcard": postcard::to_stdvec(&sums).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        });
        case
    }

    fn counting<L: Loss>(&self, loss: &L, parts: &[Vec<(f32, u8, bool)>]) -> Value {
        let states: Vec<Vec<i64>> = parts
            .iter()
            .map(|pixels| {
                let mut sums = loss.counting_accumulator();
                sums.extend(pixels.iter().copied());
                state_of(&sums)
            })
            .collect();
        let mut sums = loss.counting_accumulator();
        sums.load_state(plain_sum(&states)).unwrap();
        let pixel = |&(input, target, valid): &(f32, u8, bool)| json!([number(input), target, valid]);
        let pixels = parts.iter().map(|pixels| pixels.iter().map(pixel).collect()).collect();
        self.of(sums.fingerprint(), pixels, states, state_of(&sums), sums.finish_valid().unwrap().value())
    }

    fn classes<L: ClassLoss<3>>(&self, empty: &ClassAccumulator<L, 3>, parts: &[Vec<([f32; 3], u8, f32)>]) -> Value {
        let states: Vec<Vec<i64>> = parts
            .iter()
            .map(|pixels| {
                let mut sums = empty.clone();
                sums.extend(pixels.iter().copied());
                state_of_classes(&sums)
            })
            .collect();
        let mut sums = empty.clone();
        sums.load_state(plain_sum(&states)).unwrap();
        let pixel = |&(logits, label, weight): &([f32; 3], u8, f32)| json!([logits.map(number), label, number(weight)]);
        let pixels = parts.iter().map(|pixels| pixels.iter().map(pixel).collect()).collect();
        let value = sums.finish_valid().unwrap().value();
        let mut case = self.of(sums.fingerprint(), pixels, states, state_of_classes(&sums), value);
        case["classes"] = json!(3);
        case
    }

    /// Each part is several images.
    fn image_mean<L: Loss>(&self, empty: &ImageMean<L, Logits>, parts: &[Vec<Image>]) -> Value {
        let states: Vec<Vec<i64>> = parts
            .iter()
            .map(|images| {
                let mut mean = empty.clone();
                let images: Vec<&[(f32, f32, f32)]> = images.iter().map(Vec::as_slice).collect();
                fill_images(&mut mean, &images);
                mean.state().to_vec()
            })
            .collect();
        let mut mean = empty.clone();
        mean.add_state(plain_sum(&states).try_into().unwrap()).unwrap();
        let image = |pixels: &Vec<(f32, f32, f32)>| pixels.iter().map(pixel_of).collect::<Value>();
        let pixels = parts.iter().map(|images| images.iter().map(image).collect()).collect();
        self.of(mean.fingerprint(), pixels, states, mean.state().to_vec(), mean.finish().unwrap())
    }
}

fn dice_term(coefficient: f64, smooth: f64) -> Value {
    json!({ "term": "tversky", "coefficient": coefficient, "alpha": 0.5, "beta": 0.5, "smooth": [smooth / 2.0, smooth / 2.0] })
}

/// Logits, targets and weights.
type Image = Vec<(f32, f32, f32)>;

/// The cases, of the pixels that are given for each part.
fn cases(
    binary: &[Vec<(f32, f32, f32)>],
    hard: &[Vec<(f32, u8, bool)>],
    classes: &[Vec<([f32; 3], u8, f32)>],
    images: &[Vec<Image>],
) -> Vec<Value> {
    let dice = Dice::new(1e-5).unwrap();
    let dice_names = ["dice", "product"].map(Value::from);
    let dice_numbers = [0.5, 0.5, 0.5e-5, 0.5e-5, 0.0].map(Value::from);
    let dice_of: Vec<Value> =
        dice_names.iter().chain(&dice_numbers).cloned().chain([json!("empty_mask=formula")]).collect();
    let of = |parts: &[&[Value]]| Value::from(parts.concat());
    // Each loss begins with its coefficient.
    let one = [json!("+"), json!(1.0)];
    let bce_of = ["bce".into(), json!(1.0), json!(0.0), "weight".into()];
    let logits_of = [json!("logits"), json!(0.5)];

    let bce_dice = Case {
        name: "bce + dice",
        kind: "binary",
        fingerprint_of: of(&[&one, &bce_of, &one, &dice_of, &logits_of]),
        terms: json!([{ "term": "mean", "coefficient": 1.0 }, dice_term(1.0, 1e-5)]),
    }
    .binary(&(Bce::new().mean() + dice), binary);
    let counting = Case {
        name: "bce + dice, counted",
        kind: "counting",
        fingerprint_of: of(&[&one, &bce_of, &one, &dice_of, &logits_of, &[json!("counted")]]),
        terms: json!([{ "term": "mean", "coefficient": 1.0 }, dice_term(1.0, 1e-5)]),
    }
    .counting(&(Bce::new().mean() + dice), hard);
    let focal_tversky = Case {
        name: "focal + tversky",
        kind: "binary",
        fingerprint_of: json!([
            "+",
            0.7,
            "focal",
            2.0,
            -1.0,
            "form=mixture",
            "weight",
            "+",
            0.3,
            "tversky",
            "product",
            0.3,
            0.7,
            1.0,
            1.0,
            0.0,
            "empty_mask=formula",
            "logits",
            0.5
        ]),
        terms: json!([
            { "term": "mean", "coefficient": 0.7 },
            { "term": "tversky", "coefficient": 0.3, "alpha": 0.3, "beta": 0.7, "smooth": [1.0, 1.0] },
        ]),
    }
    .binary(&(0.7 * Focal::new(2.0).unwrap().mean() + 0.3 * Tversky::new(0.3, 0.7, 1.0).unwrap()), binary);
    // Weights and logits as large as they may be, so that all digits of a sum are used.
    let large: Vec<Vec<(f32, f32, f32)>> = binary
        .iter()
        .map(|pixels| pixels.iter().map(|&(z, t, w)| (z * 1e20, t, if w > 0.0 { w * 1e8 } else { w })).collect())
        .collect();
    let sum = Case {
        name: "sum of bce, large terms",
        kind: "binary",
        fingerprint_of: json!(["+", 1.0, "bce", 3.5, 0.0, "fixed", 1.0, "logits", 0.5]),
        terms: json!([{ "term": "sum", "coefficient": 1.0 }]),
    }
    .binary(&Bce::new().pos_weight(3.5).unwrap().sum(), &large);
    let ce_dice_loss = CrossEntropy::new().mean() + PerClass::new(dice);
    let per_class = ["equal", "weight_mode=multiply", "absent=count", "reduction=mean", "every class", "classes"];
    let ce_dice = Case {
        name: "ce + dice over classes",
        kind: "classes",
        fingerprint_of: of(&[
            &one,
            &["ce".into(), json!(0.0), "equal".into(), "weight".into()],
            &one,
            &["per class".into()],
            &dice_of,
            &per_class.map(Value::from),
            &[json!(3.0), json!(3.0), json!("activation=softmax"), json!("ignored"), json!(0.0), json!(255.0)],
        ]),
        terms: json!([
            { "term": "class mean", "coefficient": 1.0 },
            { "term": "class tversky", "coefficient": 1.0, "alpha": 0.5, "beta": 0.5, "smooth": [0.5e-5, 0.5e-5] },
        ]),
    }
    .classes(&ce_dice_loss.class_accumulator().ignoring(255u8), classes);
    let image_mean = Case {
        name: "mean over images of dice",
        kind: "image mean",
        fingerprint_of: of(&[&one, &dice_of, &logits_of, &[json!("image_mean"), json!("empty_image=skip")]]),
        terms: json!([]),
    }
    .image_mean(&dice.image_mean(EmptyImage::Skip), images);
    vec![bce_dice, counting, focal_tversky, sum, ce_dice, image_mean]
}

/// The cases of `conformance/`.
fn conformance() -> Vec<Value> {
    let binary: Vec<_> = [&PIXELS[..6], &PIXELS[6..11], &PIXELS[11..]].map(<[_]>::to_vec).into();
    let hard: Vec<_> = [&HARD_PIXELS[..4], &HARD_PIXELS[4..]].map(<[_]>::to_vec).into();
    let classes: Vec<_> = [&CLASS_PIXELS[..3], &CLASS_PIXELS[3..]].map(<[_]>::to_vec).into();
    let images = [[&PIXELS[..3], &PIXELS[6..7]], [&PIXELS[3..6], &PIXELS[10..]]];
    let images: Vec<_> = images.map(|images| images.map(<[_]>::to_vec).into()).into();
    cases(&binary, &hard, &classes, &images)
}

/// A case as text, a line for each of its parts.
fn text(case: &Value) -> String {
    let lines = case.as_object().unwrap().iter().map(|(key, value)| match value {
        Value::Array(values) if values.iter().any(Value::is_object) => {
            let lines: Vec<String> = values.iter().map(|value| format!("    {value}")).collect();
            format!("  {}: [\n{}\n  ]", json!(key), lines.join(",\n"))
        }
        value => format!("  {}: {value}", json!(key)),
    });
    format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

fn file_name(case: &Value) -> String {
    let name: String = case["name"].as_str().unwrap().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    name.split_whitespace().collect::<Vec<_>>().join("_") + ".json"
}

/// Runs the reader over files; what it says of each.
fn read(files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new("python3").arg(path("state_reader.py")).args(files).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn agree(case: &Value, read: &Value) {
    let name = &case["name"];
    assert_eq!(read["merged"], case["merged"], "{name}: merged state");
    assert_eq!(read["fingerprint"], case["fingerprint"], "{name}: fingerprint");
    let bits = |value: &Value| value["value"].as_f64().unwrap().to_bits();
    assert_eq!(bits(read), bits(case), "{name}: value {} and {}", read["value"], case["value"]);
}

#[test]
fn conformance_vectors_are_what_this_crate_gives_and_another_reader_finds() {
    let folder = path("conformance");
    let cases = conformance();
    let files: Vec<PathBuf> = cases.iter().map(|case| folder.join(file_name(case))).collect();
    if is_written_anew() {
        fs::create_dir_all(&folder).unwrap();
        cases.iter().zip(&files).for_each(|(case, file)| fs::write(file, text(case)).unwrap());
    }
    for (case, file) in cases.iter().zip(&files) {
        let stored = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}; {ANEW}", file.display()));
        let stored: Value = serde_json::from_str(&stored).unwrap();
        for (key, value) in case.as_object().unwrap() {
            assert_eq!(&stored[key], value, "{}: {key} differs; {ANEW}", file.display());
        }
    }
    let read = read(&files);
    assert_eq!(read.len(), cases.len());
    cases.iter().zip(&read).for_each(|(case, read)| agree(case, read));
    let count = fs::read_dir(&folder).unwrap().count();
    assert_eq!(count, cases.len(), "{} has a file of no case", folder.display());
}

/// What the reader finds in states of pixels of any kind.
#[test]
fn another_reader_finds_the_same_in_any_states() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("states");
    fs::create_dir_all(&folder).unwrap();
    let mut g = Gen::new(25);
    let (mut all, mut files) = (Vec::new(), Vec::new());
    for round in 0..25 {
        let parts = 1 + round % 5;
        let moderate = |Px(z, t, w): Px| (z.clamp(-1e6, 1e6), t, w);
        let pixels = |g: &mut Gen| -> Vec<(f32, f32, f32)> {
            [Px(0.3, 1.0, 1.0)].into_iter().chain(Vec::arbitrary(g)).map(moderate).collect()
        };
        let binary: Vec<_> = (0..parts).map(|_| pixels(&mut g)).collect();
        let hard: Vec<Vec<_>> = binary
            .iter()
            .map(|part| part.iter().map(|&(z, t, w)| (z, u8::from(t > 0.5), w != 0.0)).collect())
            .collect();
        let classes: Vec<Vec<_>> = binary
            .iter()
            .map(|part| {
                let pixel =
                    |(i, &(z, t, w)): (usize, &(f32, f32, f32))| ([z, 2.0 * t, 0.25 - z / 3.0], (i % 4) as u8, w);
                part.iter()
                    .enumerate()
                    .map(pixel)
                    .map(|(z, label, w)| (z, if label == 3 { 255 } else { label }, w))
                    .collect()
            })
            .collect();
        let images: Vec<Vec<_>> = (0..parts).map(|_| (0..1 + round % 3).map(|_| pixels(&mut g)).collect()).collect();
        for (index, mut case) in cases(&binary, &hard, &classes, &images).into_iter().enumerate() {
            let file = folder.join(format!("{round}_{index}.json"));
            let mut asked = case.clone();
            // The reader is not told what it should find.
            asked.as_object_mut().unwrap().retain(|key, _| !["merged", "value", "fingerprint"].contains(&key.as_str()));
            fs::write(&file, asked.to_string()).unwrap();
            files.push(file);
            case["name"] = json!(format!("{}, round {round}", case["name"]));
            all.push(case);
        }
    }
    let read = read(&files);
    assert_eq!(read.len(), all.len());
    all.iter().zip(&read).for_each(|(case, read)| agree(case, read));
}

/// A reader that finds something else is noticed.
#[test]
fn the_reader_refuses_what_is_not_so() {
    if is_written_anew() {
        return;
    }
    let file = path("conformance").join("bce_dice.json");
    let stored: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let refused = |name: &str, case: &Value| {
        let file = folder.join(name);
        fs::write(&file, case.to_string()).unwrap();
        !Command::new("python3").arg(path("state_reader.py")).arg(file).output().unwrap().status.success()
    };
    assert!(!refused("right.json", &stored));
    for (key, wrong) in [("value", json!(0.5)), ("fingerprint", json!("0123456789abcdef")), ("merged", json!([1]))] {
        let mut case = stored.clone();
        case[key] = wrong;
        assert!(refused("wrong.json", &case), "{key}");
    }
}

/// The example of docs/state.md.
#[test]
fn the_worked_example_is_so() {
    let loss = Bce::new().mean() + Dice::new(0.0).unwrap();
    let mut sums = loss.accumulator();
    sums.extend([(0.0, true), (0.0, false)]);
    let half = [0, 1 << 31, 0, 0];
    let (one, none) = ([0, 0, 1, 0], [0; 4]);
    let bce = [0, 1659121664, 1, 0, 0, 0, 0];
    let expected: Vec<i64> =
        [&[2, 0, 0, 0, 0, 0, 0, 0, 2, 0], &half[..], &half, &half, &one, &one, &none, &bce].concat();
    assert_eq!(state_of(&sums), expected);
    assert!((sums.finish().unwrap().value() - 1.193_147).abs() < 1e-6);
    let page = fs::read_to_string(path("../../docs/state.md")).unwrap();
    assert!(page.contains("| 0, 1659121664, 1, 0, 0, 0, 0 |") && page.contains("1.193147"));
    assert!(page.contains(&format!("**version {STATE_VERSION}**")));
}
