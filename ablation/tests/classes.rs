//! Scores of several classes, from end to end on small arrays.

mod common;

use common::{Answer, Folder, close, number};
use loss_core::class::{
    AbsentClass, ClassAccumulator, ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Foreground, GeneralisedDice,
    Layout, PerClass, SoftmaxFocal, WeightMode,
};
use loss_core::{Dice, EmptyImage, class_weights};
use npyz::Order;

const CLASSES: usize = 3;
const IMAGES: usize = 2;
/// Of an image of 4 × 5.
const PIXELS: usize = 20;
const LOGITS: [u64; 4] = [2, 3, 4, 5];
const LABELS: [u64; 3] = [2, 4, 5];

fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

/// Logits, image by image and class by class, and labels, of which class 0 is the most frequent.
fn arrays(seed: u32, images: usize, classes: usize, pixels: usize) -> (Vec<f32>, Vec<u8>) {
    let mut random = random(seed);
    let labels: Vec<u8> =
        (0..images * pixels).map(|_| if random() < 0.6 { 0 } else { (random() * classes as f32) as u8 }).collect();
    let mut logits = vec![0.0; images * classes * pixels];
    for (index, logit) in logits.iter_mut().enumerate() {
        let (image, class, pixel) = (index / (classes * pixels), index / pixels % classes, index % pixels);
        let is_right = usize::from(labels[image * pixels + pixel]) == class;
        *logit = 3.0 * random() - 1.5 + if is_right { 1.0 } else { 0.0 };
    }
    (logits, labels)
}

fn folder() -> (Folder, Vec<f32>, Vec<u8>) {
    let (folder, (logits, labels)) = (Folder::new(), arrays(1, IMAGES, CLASSES, PIXELS));
    folder.c("z.npy", &LOGITS, &logits).c("y.npy", &LABELS, &labels);
    (folder, logits, labels)
}

const SCORE: &str = "score --logits z.npy --targets y.npy";

/// The accumulator of images, all pixels pooled.
fn sums<L: ClassLoss<CLASSES>>(
    loss: &L,
    logits: &[f32],
    labels: &[u8],
    weights: Option<&[f32]>,
) -> ClassAccumulator<L, CLASSES> {
    let mut sums = loss.class_accumulator();
    for image in 0..labels.len() / PIXELS {
        let pixels = image * PIXELS..(image + 1) * PIXELS;
        let logits = &logits[image * CLASSES * PIXELS..(image + 1) * CLASSES * PIXELS];
        let mut plane = ClassPlane::new(CLASSES, Layout::Planar, logits, &labels[pixels.clone()]).expect("a plane");
        if let Some(weights) = weights {
            plane = plane.with_weights(&weights[pixels]).expect("weights");
        }
        sums.extend_plane(plane);
    }
    sums
}

fn value(loss: &impl ClassLoss<CLASSES>, logits: &[f32], labels: &[u8]) -> f64 {
    sums(loss, logits, labels, None).finish().expect("a value").value()
}

fn dice() -> PerClass<Dice> {
    PerClass::new(Dice::new(1e-5).expect("a loss"))
}

#[test]
fn values_are_those_of_the_library() {
    let (folder, logits, labels) = folder();
    let losses = [
        "0.5 * ce + dice(smooth=1e-5, classes=foreground)",
        "ce(label_smoothing=0.1, reduction=sum, weights=none)",
        "focal(gamma=1.5)",
        "dice(smooth=1e-5, weights=normalise, absent=skip)",
        "gdl(weight=simple, smooth=1)",
        "ce",
    ];
    let mut arguments = vec!["--json", "--class-weights", "1,5,20"];
    losses.iter().for_each(|loss| arguments.extend(["--loss", loss]));
    let json = folder.run(SCORE, &arguments).json();
    let weights = [1.0, 5.0, 20.0];
    let ce = CrossEntropy::new().weights(weights).expect("weights").weighted_mean();
    let focal = SoftmaxFocal::new(1.5).expect("a loss").weights(weights).expect("weights").mean();
    let weighted = dice().weights(weights, WeightMode::Normalise).expect("weights").absent(AbsentClass::Skip);
    let gdl = GeneralisedDice::new(1.0).expect("a loss").volume_weight(loss_core::class::VolumeWeight::Simple);
    let expected = [
        value(&(0.5 * ce + dice().classes(Foreground)), &logits, &labels),
        value(&CrossEntropy::new().label_smoothing(0.1).expect("a loss").sum(), &logits, &labels),
        value(&focal, &logits, &labels),
        value(&weighted, &logits, &labels),
        value(&gdl, &logits, &labels),
        value(&ce, &logits, &labels),
    ];
    for (index, expected) in expected.into_iter().enumerate() {
        close(number(&json, &format!("losses/{index}/value")), expected, 1e-15);
    }
    assert_eq!(json["losses"][0]["loss"], losses[0]);
    assert_eq!(json["losses"][0]["parts"][1]["name"], "dice");
    assert_eq!(number(&json, "class_weights/weights/2"), 20.0);
    assert_eq!(json["class_weights"]["from"], "given");
}

#[test]
fn without_a_loss_there_are_three() {
    let (folder, logits, labels) = folder();
    let json = folder.run(SCORE, &["--json"]).json();
    let ce = CrossEntropy::new().weighted_mean();
    let expected = [value(&ce, &logits, &labels), value(&dice(), &logits, &labels)];
    assert_eq!([number(&json, "losses/0/value"), number(&json, "losses/1/value")], expected);
    assert_eq!(number(&json, "losses/2/value"), expected[0] + expected[1]);
    assert_eq!(json["losses"][2]["loss"], "ce + dice(smooth=1e-5)");
    assert_eq!((number(&json, "pixels"), number(&json, "valid")), (40.0, 40.0));
}

/// Six pixels, counted by hand.
fn by_hand() -> Folder {
    let folder = Folder::new();
    let labels = [0u8, 0, 0, 0, 1, 2];
    let predicted = [0, 0, 0, 1, 1, 0];
    let logits: Vec<f32> =
        (0..3).flat_map(|class| predicted.map(|predicted| if predicted == class { 4.0 } else { 0.0 })).collect();
    folder.c("z.npy", &[1, 3, 2, 3], &logits).c("y.npy", &[1, 2, 3], &labels);
    folder
}

#[test]
fn classes_have_their_scores() {
    let folder = by_hand();
    let json = folder.run(SCORE, &["--json", "--classes", "ground, road,house"]).json();
    let figures = |class: usize| {
        let names = ["support", "share", "predicted_share", "dice", "iou", "precision", "recall"];
        names.map(|name| json["classes"][class][name].as_f64())
    };
    let some = |figures: [f64; 7]| figures.map(Some);
    assert_eq!(figures(0), some([4.0, 4.0 / 6.0, 4.0 / 6.0, 0.75, 0.6, 0.75, 0.75]));
    assert_eq!(figures(1), some([1.0, 1.0 / 6.0, 2.0 / 6.0, 2.0 / 3.0, 0.5, 0.5, 1.0]));
    assert_eq!(figures(2), [Some(1.0), Some(1.0 / 6.0), Some(0.0), Some(0.0), Some(0.0), None, Some(0.0)]);
    assert_eq!(json["classes"][2]["name"], "house");
    // The accuracy trap: as good as saying nothing.
    assert_eq!([number(&json, "accuracy"), number(&json, "accuracy_of_background")], [4.0 / 6.0; 2]);
    close(number(&json, "mean_iou"), (0.6 + 0.5) / 3.0, 1e-15);

    let text = folder.run(SCORE, &["--classes", "ground,road,house"]).text();
    let row = text.lines().find(|line| line.trim_start().starts_with("road")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["road", "1", "16.67", "%", "0.666667", "0.5", "0.5", "1"]);
    let trap = "accuracy 66.67 %; a prediction of ground alone would score 66.67 %, which is no worse";
    assert!(text.contains(trap), "{text}");
    assert!(!text.contains("p ≥"), "{text}");
}

#[test]
fn csv_has_columns_for_classes() {
    let folder = by_hand();
    let text = folder.run(SCORE, &["--csv", "--classes", "ground,road,house", "--loss", "ce"]).text();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().map(|row| row.expect("a row")).collect();
    assert_eq!((rows.len(), rows[0]["row"].as_str(), rows[1]["row"].as_str()), (2, "file", "pooled"));
    assert_eq!((rows[1]["road_iou"].as_str(), rows[1]["house_precision"].as_str()), ("0.5", ""));
    assert_eq!(rows[0]["accuracy"], rows[0]["accuracy_of_background"]);
}

#[test]
fn ignored_is_masked_is_weightless() {
    let (folder, logits, mut labels) = folder();
    let keep = |index: &usize| index % 3 != 1;
    let weights: Vec<f32> = (0..labels.len()).map(|index| if keep(&index) { 1.0 } else { 0.0 }).collect();
    let loss = CrossEntropy::new().weighted_mean() + dice();
    let expected = sums(&loss, &logits, &labels, Some(&weights)).finish().expect("a value");
    let mask: Vec<bool> = (0..labels.len()).map(|index| keep(&index)).collect();
    folder.c("m.npy", &[2, 1, 4, 5], &mask).c("w.npy", &LABELS, &weights);
    let wide: Vec<i64> =
        labels.iter().zip(&mask).map(|(label, keep)| if *keep { (*label).into() } else { -100 }).collect();
    labels.iter_mut().zip(&mask).filter(|(_, keep)| !**keep).for_each(|(label, _)| *label = 255);
    folder.c("y255.npy", &LABELS, &labels).c("ywide.npy", &[2, 1, 4, 5], &wide);
    for words in [
        "--targets y.npy --mask m.npy",
        "--targets y.npy --weights w.npy",
        "--targets y255.npy --ignore 255",
        "--targets ywide.npy --ignore -100",
        "--targets y255.npy --mask m.npy --weights w.npy",
    ] {
        let json = folder.run(&format!("score --logits z.npy {words}"), &["--json"]).json();
        assert_eq!(number(&json, "losses/2/value"), expected.value(), "{words}");
        assert_eq!(number(&json, "ignored"), expected.counts().ignored as f64, "{words}");
        assert_eq!(number(&json, "classes/1/support"), expected.class(1).expect("a class").support(), "{words}");
    }
    let halves: Vec<f32> = (0..labels.len()).map(|index| 0.5 + (index % 4) as f32).collect();
    folder.c("w.npy", &LABELS, &halves);
    let (labels, expected) = (arrays(1, IMAGES, CLASSES, PIXELS).1, &loss);
    let expected = sums(expected, &logits, &labels, Some(&halves)).finish().expect("a value").value();
    let json = folder.run(SCORE, &["--json", "--weights", "w.npy"]).json();
    assert_eq!(number(&json, "losses/2/value"), expected);
}

#[test]
fn weights_come_from_the_targets() {
    let (folder, logits, mut labels) = folder();
    labels[7] = 255;
    folder.c("y.npy", &LABELS, &labels);
    let counts: Vec<f64> = (0..3).map(|class| labels.iter().filter(|label| **label == class).count() as f64).collect();
    let mut expected = [[0.0; 3]; 4];
    class_weights::inverse_frequency(&counts, &mut expected[0]).expect("weights");
    class_weights::median_frequency(&counts, &mut expected[1]).expect("weights");
    class_weights::effective_number(0.9999, &counts, &mut expected[2]).expect("weights");
    class_weights::effective_number(0.5, &counts, &mut expected[3]).expect("weights");
    let mut ignored = labels.clone();
    ignored[7] = 0;
    let mask: Vec<f32> = labels.iter().map(|label| if *label == 255 { 0.0 } else { 1.0 }).collect();
    for (given, weights) in ["inverse", "median", "effective", "effective:0.5"].into_iter().zip(expected) {
        let json = folder.run(SCORE, &["--json", "--loss", "ce", "--ignore", "255", "--class-weights", given]).json();
        for (class, weight) in weights.into_iter().enumerate() {
            close(number(&json, &format!("class_weights/weights/{class}")), weight, 1e-15);
            assert_eq!(number(&json, &format!("class_weights/counts/{class}")), counts[class]);
        }
        let ce = CrossEntropy::new().weights(weights).expect("weights").weighted_mean();
        let expected = sums(&ce, &logits, &ignored, Some(&mask)).finish().expect("a value").value();
        assert_eq!(number(&json, "losses/0/value"), expected, "{given}");
    }
    let text = folder.run(SCORE, &["--ignore", "255", "--class-weights", "median"]).text();
    assert!(text.contains("weight (median)"), "{text}");
    for (given, message) in
        [("1,2", "2 weights for 3 classes"), ("mean", "inverse, median, effective"), ("1,2,-3", "at least 0")]
    {
        let refusal = folder.run(SCORE, &["--ignore", "255", &format!("--class-weights={given}")]).refusal();
        assert!(refusal.contains(message), "{refusal}");
    }
    let answer = folder.run(SCORE, &["--ignore", "255", "--loss", "dice", "--class-weights", "median"]);
    assert!(answer.err.contains("change nothing"), "{}", answer.err);
    folder.c("b.npy", &[4], &[0.5f32; 4]).c("t.npy", &[4], &[1u8, 0, 1, 1]);
    let message = folder.run("score --logits b.npy --targets t.npy --class-weights median", &[]).one_line();
    assert!(message.contains("binary masks") && message.contains("pos_weight"), "{message}");
}

#[test]
fn per_image_is_the_mean_over_axis_0() {
    let (folder, logits, labels) = folder();
    let loss = CrossEntropy::new().weighted_mean() + dice();
    let mut mean = loss.class_image_mean(EmptyImage::Skip);
    for (logits, labels) in logits.chunks(CLASSES * PIXELS).zip(labels.chunks(PIXELS)) {
        mean.extend_plane(ClassPlane::<_, CLASSES>::new(CLASSES, Layout::Planar, logits, labels).expect("a plane"));
        mean.end_image().expect("an image");
    }
    let arguments = ["--json", "--per-image", "--loss", "ce + dice(smooth=1e-5)", "--grad", "g.npy"];
    let json = folder.run(SCORE, &arguments).json();
    assert_eq!(number(&json, "losses/0/value"), mean.finish().expect("a mean"));
    assert_eq!(number(&json, "pooled/losses/0/value"), value(&loss, &logits, &labels));
    let of_image = |image: usize| {
        let logits = &logits[image * CLASSES * PIXELS..][..CLASSES * PIXELS];
        (logits, &labels[image * PIXELS..][..PIXELS])
    };
    let (.., gradient) = folder.read("g.npy");
    for image in 0..IMAGES {
        let (logits, labels) = of_image(image);
        let finished = sums(&loss, logits, labels, None).finish().expect("a value");
        assert_eq!(number(&json, &format!("images/{image}/losses/0/value")), finished.value());
        let right: f64 = finished.classes().map(|class| class.hard.true_positive).sum();
        close(number(&json, &format!("images/{image}/accuracy")), right / PIXELS as f64, 1e-15);
        let mut expected = vec![0.0; CLASSES * PIXELS];
        let plane = ClassPlane::new(CLASSES, Layout::Planar, logits, labels).expect("a plane");
        finished.gradient_times(0.5).write(plane, &mut expected).expect("a gradient");
        assert_eq!(gradient[image * CLASSES * PIXELS..][..CLASSES * PIXELS], expected);
    }
    let text = folder.run(SCORE, &["--per-image"]).text();
    assert!(text.contains("mean over images (2)") && text.contains("mean IoU"), "{text}");
}

#[test]
fn gradient_and_map_are_those_of_the_library() {
    let (folder, logits, labels) = folder();
    let weights = [1.0, 2.0, 4.0];
    let ce = CrossEntropy::new().weights(weights).expect("weights");
    let loss = 0.5 * ce.weighted_mean() + PerClass::new(Dice::new(1e-5).expect("a loss").overlap(loss_core::Squared));
    let arguments =
        ["--loss", "0.5 * ce + dice(smooth=1e-5, overlap=squared)", "--class-weights", "1,2,4", "--grad", "g.npy"];
    folder.run(SCORE, &arguments).text();
    let (shape, order, gradient) = folder.read("g.npy");
    assert_eq!((&shape[..], order), (&LOGITS[..], Order::C));
    let finished = sums(&loss, &logits, &labels, None).finish().expect("a value");
    let mut expected = Vec::new();
    for (logits, labels) in logits.chunks(CLASSES * PIXELS).zip(labels.chunks(PIXELS)) {
        let mut of_image = vec![0.0; CLASSES * PIXELS];
        let plane = ClassPlane::new(CLASSES, Layout::Planar, logits, labels).expect("a plane");
        finished.gradient().write(plane, &mut of_image).expect("a gradient");
        expected.extend(of_image);
    }
    for (given, expected) in gradient.iter().zip(&expected) {
        assert!((given - expected).abs() <= 1e-8, "{given} is not {expected}");
    }

    folder.run(SCORE, &["--loss", "2 * ce", "--class-weights", "1,2,4", "--map", "m.npy"]).text();
    let (shape, _, map) = folder.read("m.npy");
    assert_eq!(shape, LABELS);
    for index in 0..IMAGES * PIXELS {
        let (image, pixel) = (index / PIXELS, index % PIXELS);
        let at = |class: usize| logits[(image * CLASSES + class) * PIXELS + pixel];
        let mut one = ClassLoss::<CLASSES>::class_accumulator(&ce.sum());
        one.push(([at(0), at(1), at(2)], labels[index]));
        close(f64::from(map[index]), 2.0 * one.finish().expect("a value").value(), 1e-6);
    }
    let message = folder.run(SCORE, &["--loss", "ce + dice", "--map", "m.npy"]).one_line();
    assert!(message.contains("dice is a function of all"), "{message}");
    let message = folder.run(SCORE, &["--convention", "monai.dice_softmax", "--grad", "g.npy"]).refusal();
    assert!(message.contains("--convention"), "{message}");
}

/// Larger than a chunk, in every container and order.
#[test]
fn containers_and_orders_give_the_same() {
    const PIXELS: usize = 300 * 400;
    let (folder, (logits, labels)) = (Folder::new(), arrays(5, 2, 3, PIXELS));
    let (shape, label_shape) = ([2, 3, 300, 400], [2u64, 300, 400]);
    folder.c("z.npy", &shape, &logits).c("y.npy", &label_shape, &labels);
    let turned = |classes: usize| {
        move |index: usize| {
            let (image, class) = (index % 2, index / 2 % classes);
            let (row, column) = (index / (2 * classes) % 300, index / (600 * classes));
            (image * classes + class) * PIXELS + row * 400 + column
        }
    };
    let fortran: Vec<f32> = (0..logits.len()).map(turned(3)).map(|index| logits[index]).collect();
    let fortran_labels: Vec<i32> = (0..labels.len()).map(turned(1)).map(|index| labels[index].into()).collect();
    folder.array("zf.npy", Order::Fortran, &shape, &fortran);
    folder.array("yf.npy", Order::Fortran, &label_shape, &fortran_labels);
    folder.npz("z.npz", &shape, &logits, &vec![0; logits.len()]);
    folder.c("z64.npy", &shape, &logits.iter().map(|logit| f64::from(*logit)).collect::<Vec<_>>());
    for per_image in [&[][..], &["--per-image"]] {
        let score = |words: &str, place: &str| {
            let arguments = ["--json", "--loss", "ce + dice(overlap=squared)", "--grad", place];
            folder.run(&format!("score {words}"), &[&arguments[..], per_image].concat()).json()
        };
        let expected = score("--logits z.npy --targets y.npy", "g.npy");
        for words in [
            "--logits zf.npy --targets yf.npy",
            "--logits z.npz:logits --targets y.npy",
            "--logits z64.npy --targets yf.npy",
        ] {
            let json = score(words, "other.npy");
            assert_eq!(json["losses"], expected["losses"], "{words}");
            assert_eq!(json["classes"], expected["classes"], "{words}");
            assert_eq!(json["images"], expected["images"], "{words}");
            assert_eq!(folder.read("other.npy"), folder.read("g.npy"), "{words}");
        }
    }
}

#[test]
fn capacities_and_single_images() {
    for classes in [1, 2, 9, 33, 256] {
        let (folder, (logits, labels)) = (Folder::new(), arrays(3, 1, classes, PIXELS));
        folder.c("z.npy", &[classes as u64, 4, 5], &logits).c("y.npy", &[4, 5], &labels);
        let given = classes.to_string();
        let json = folder.run(SCORE, &["--json", "--classes", &given]).json();
        let mut sums = ClassAccumulator::<_, 256>::new(CrossEntropy::new().weighted_mean());
        sums = sums.with_classes(classes).expect("classes");
        sums.extend_plane(ClassPlane::new(classes, Layout::Planar, &logits, &labels).expect("a plane"));
        close(number(&json, "losses/0/value"), sums.finish().expect("a value").value(), 1e-15);
        assert_eq!(json["classes"].as_array().expect("classes").len(), classes);
    }
    let (folder, ..) = folder();
    for (given, message) in
        [("4", "does not fit"), ("0", "from 1 to 65536"), ("257", "at most 256 classes"), ("a,b,a", "none twice")]
    {
        let refusal = folder.run(SCORE, &["--classes", given]).refusal();
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn many_files_worst_first() {
    let folder = Folder::new();
    let files: Vec<_> = (0..3).map(|file| arrays(20 + file, 1, CLASSES, PIXELS)).collect();
    for (file, (logits, labels)) in files.iter().enumerate() {
        folder.c(&format!("preds/{file}.npy"), &[1, 3, 4, 5], logits);
        folder.c(&format!("masks/{file}.npy"), &[1, 4, 5], labels);
    }
    let score = "score --logits preds/*.npy --targets masks/*.npy";
    let json = folder.run(score, &["--json", "--loss", "dice", "--grad", "grads"]).json();
    let mut values: Vec<f64> = files.iter().map(|(logits, labels)| value(&dice(), logits, labels)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    for (index, value) in values.iter().enumerate() {
        assert_eq!(number(&json, &format!("files/{index}/losses/0/value")), *value);
    }
    let (logits, labels): (Vec<_>, Vec<_>) = files.into_iter().unzip();
    assert_eq!(number(&json, "losses/0/value"), value(&dice(), &logits.concat(), &labels.concat()));
    assert_eq!(folder.read("grads/2.npy").0, [1, 3, 4, 5]);
    let text = folder.run(score, &["--loss", "dice", "--convention", "monai.dice_softmax"]).text();
    assert!(text.contains("mean over files (3)") && text.contains("monai.dice_softmax"), "{text}");
}

fn conventions(answer: Answer) -> Vec<(String, f64)> {
    let json = answer.json();
    let scores = json["conventions"].as_array().expect("conventions").clone();
    let name = |score: &serde_json::Value| score["convention"].as_str().expect("a name").to_owned();
    scores.iter().map(|score| (name(score), number(score, "value"))).collect()
}

#[test]
fn conventions_group_as_their_libraries_do() {
    let (folder, logits, labels) = folder();
    let mut mean = dice().class_image_mean(EmptyImage::Skip);
    for (logits, labels) in logits.chunks(CLASSES * PIXELS).zip(labels.chunks(PIXELS)) {
        mean.extend_plane(ClassPlane::<_, CLASSES>::new(CLASSES, Layout::Planar, logits, labels).expect("a plane"));
        mean.end_image().expect("an image");
    }
    let of_images = mean.finish().expect("a mean");
    let ce = value(&CrossEntropy::new().weighted_mean(), &logits, &labels);
    let answer = folder.run(SCORE, &["--json", "--loss", "dice", "--convention", "monai", "--convention", "torch"]);
    let scores = conventions(answer);
    let of = |name: &str| scores.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no {name}")).1;
    assert_eq!(scores.len(), 7);
    assert_eq!((of("monai.dice_softmax"), of("pytorch.cross_entropy")), (of_images, ce));
    close(of("monai.dice_ce_softmax"), of_images + ce, 1e-15);
    let json = folder.run(SCORE, &["--json", "--loss", "dice", "--convention", "monai"]).json();
    // Conventions that take images change nothing for others.
    assert_eq!(number(&json, "losses/0/value"), value(&dice(), &logits, &labels));
    assert!(json.get("images").is_none() && json.get("mean_over_images").is_none());
    let text = folder.run(SCORE, &["--convention", "kornia.dice_macro"]).text();
    assert!(text.contains("leave its mean") && text.contains("mean over images"), "{text}");
    let message = folder.run(SCORE, &["--convention", "monai.dice"]).refusal();
    assert!(message.contains("no loss of classes") && message.contains("monai.dice_softmax"), "{message}");
    let message = folder.run(SCORE, &["--convention", "monay"]).refusal();
    assert!(message.contains("did you mean monai?"), "{message}");

    let binary = Folder::new();
    binary.c("z.npy", &[2, 4], &[1.0f32, -1.0, 2.0, 0.5, -3.0, 1.5, 0.0, -0.5]);
    binary.c("y.npy", &[2, 4], &[1u8, 0, 0, 1, 0, 1, 1, 0]);
    let json = binary.run(SCORE, &["--json", "--loss", "dice", "--loss", "bce", "--per-image"]).json();
    let expected = number(&json, "mean_over_images/losses/0/value") + number(&json, "pooled/losses/1/value");
    let scores = conventions(binary.run(SCORE, &["--json", "--convention", "monai.dice_ce"]));
    assert_eq!(scores[0].0, "monai.dice_ce");
    close(scores[0].1, expected, 1e-15);
    let text = binary.run("losses --conventions", &[]).text();
    assert!(
        text.contains("keras.dice  (binary masks, pooled") && text.contains("an empty mask costs 1 even if nothing")
    );
}

#[test]
fn bad_labels_are_named_and_nothing_is_written() {
    let (folder, mut logits, mut labels) = folder();
    labels[33] = 3;
    folder.c("y.npy", &LABELS, &labels);
    let before = folder.names();
    for per_image in [&[][..], &["--per-image"]] {
        let message = folder.run(SCORE, &[&["--loss", "ce", "--grad", "g.npy"], per_image].concat()).one_line();
        let expected = "error: y.npy: the label at [1, 2, 3] (flat index 33) is 3; accepted: 0 to 2, for 3 classes; \
                        labels from 1 must be lowered by 1, --ignore 3 ignores it";
        assert!(message.starts_with(expected), "{message}");
        assert!(message.contains("--on-bad skip"), "{message}");
    }
    assert_eq!(folder.names(), before);
    let json = folder.run(SCORE, &["--json", "--loss", "ce", "--on-bad", "skip", "--grad", "g.npy"]).json();
    assert_eq!((number(&json, "valid"), number(&json, "rejected/target")), (39.0, 1.0));
    assert_eq!(folder.read("g.npy").2[CLASSES * PIXELS + 13], 0.0);

    logits[CLASSES * PIXELS + PIXELS + 7] = f32::NEG_INFINITY;
    folder.c("z.npy", &LOGITS, &logits);
    let message = folder.run(SCORE, &[]).one_line();
    assert!(message.starts_with("error: z.npy: the logit at [1, 1, 1, 2] (flat index 87) is -inf"), "{message}");
    folder.c("w.npy", &LABELS, &[-1.0f32; 40]);
    let message = folder.run(SCORE, &["--weights", "w.npy"]).one_line();
    assert!(message.starts_with("error: w.npy: the weight at [0, 0, 0] (flat index 0) is -1"), "{message}");
}

#[test]
fn what_is_not_of_classes_is_refused() {
    let (folder, logits, labels) = folder();
    let floats: Vec<f32> = labels.iter().map(|label| f32::from(*label) + 0.5).collect();
    folder.c("yf.npy", &LABELS, &floats).c("same.npy", &LOGITS, &vec![0u8; logits.len()]);
    folder.c("w.npy", &[2, 5, 4], &floats);
    for (words, message) in [
        ("--logits z.npy --targets yf.npy", "yf.npy: the label at [0, 0, 0] (flat index 0) is "),
        ("--logits z.npy --targets same.npy --classes 3", "argmax"),
        ("--logits z.npy --targets y.npy --weights w.npy", "w.npy: shape (2, 5, 4) differs from (2, 4, 5)"),
        ("--logits z.npy --targets y.npy --threshold 0.3", "--threshold is for binary masks"),
        ("--logits z.npy --targets y.npy --ignore 0.5", "integers"),
        ("--probs z.npy --targets y.npy", "probab"),
    ] {
        let refusal = folder.run(&format!("score {words}"), &[]).one_line();
        assert!(refusal.contains(message), "{refusal}");
    }
    let message = folder.run(SCORE, &["--loss", "ce + bce"]).refusal();
    assert!(message.contains("bce is a loss of binary masks, and these are classes"), "{message}");
}

#[test]
fn losses_over_classes_are_listed() {
    let folder = Folder::new();
    let text = folder.run("losses --classes", &[]).text();
    let json = folder.run("losses --classes --json", &[]).json();
    for loss in json["losses"].as_array().expect("losses") {
        let name = loss["name"].as_str().expect("a name");
        assert!(text.contains(name), "{name}");
        let detail = folder.run("losses --classes", &[name]).text();
        for parameter in loss["parameters"].as_array().expect("parameters") {
            assert!(detail.contains(parameter["name"].as_str().expect("a name")), "{detail}");
        }
    }
    assert!(folder.run("losses gdl", &[]).text().contains("generalised_dice"));
    let json = folder.run("losses --conventions --json", &[]).json();
    assert!(json["conventions"].as_array().expect("conventions").len() >= 40);
    let help = folder.run("score --help", &[]).text();
    assert!(help.contains("--class-weights") && help.contains("generalised_dice"), "{help}");
}
