//! What the values of targets mean: image files, one-hot channels, rounding, and pixels that do not count.

mod common;

use common::{Folder, close, number};
use npyz::Order;
use quickcheck::QuickCheck;
use serde_json::Value;

fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

const SHAPE: [u64; 3] = [2, 4, 5];
const PIXELS: usize = 40;

/// A folder with `z.npy`, `y.npy` of 0 and 1, and the targets.
fn folder() -> (Folder, Vec<u8>) {
    let (folder, mut random) = (Folder::new(), random(3));
    let targets: Vec<u8> = (0..PIXELS).map(|_| u8::from(random() < 0.3)).collect();
    let logits: Vec<f32> = (0..PIXELS).map(|_| 4.0 * random() - 2.0).collect();
    folder.c("z.npy", &SHAPE, &logits).c("y.npy", &SHAPE, &targets);
    (folder, targets)
}

fn score<'a>(targets: &'a str, others: &[&'a str]) -> Vec<&'a str> {
    [&["score", "--logits", "z.npy", "--targets", targets, "--loss", "0.5 * bce + dice(smooth=1e-5)"], others].concat()
}

fn json(folder: &Folder, targets: &str, others: &[&str]) -> Value {
    folder.run("", &[&score(targets, others)[..], &["--json"]].concat()).json()
}

fn refusal(folder: &Folder, targets: &str, others: &[&str]) -> String {
    folder.run("", &score(targets, others)).one_line()
}

fn warnings(json: &Value) -> String {
    let warnings = json["warnings"].as_array().expect("warnings");
    warnings.iter().map(|warning| warning.as_str().expect("text").to_owned() + "\n").collect()
}

/// 0 and another number, in every type.
#[test]
fn masks_of_image_files_are_recognised_and_scored_as_foreground() {
    let (folder, targets) = folder();
    let expected = json(&folder, "y.npy", &[]);
    assert_eq!((&expected["targets_read_as"], warnings(&expected).as_str()), (&Value::from("binary"), ""));
    let with = |value: f64| targets.iter().map(move |target| f64::from(*target) * value);
    folder.c("u8.npy", &SHAPE, &with(255.0).map(|value| value as u8).collect::<Vec<_>>());
    folder.c("u16.npy", &SHAPE, &with(65535.0).map(|value| value as u16).collect::<Vec<_>>());
    folder.c("i64.npy", &SHAPE, &with(2.0).map(|value| value as i64).collect::<Vec<_>>());
    folder.c("u64.npy", &SHAPE, &with(7.0).map(|value| value as u64).collect::<Vec<_>>());
    folder.c("f32.npy", &SHAPE, &with(255.0).map(|value| value as f32).collect::<Vec<_>>());
    folder.c("f64.npy", &SHAPE, &with(255.0).collect::<Vec<_>>());
    let wide: Vec<u64> = targets.iter().map(|target| if *target == 1 { u64::MAX } else { 0 }).collect();
    folder.c("wide.npy", &SHAPE, &wide);
    for (file, value) in [
        ("u8", "255"),
        ("u16", "65535"),
        ("i64", "2"),
        ("u64", "7"),
        ("f32", "255"),
        ("f64", "255"),
        ("wide", "18446744073709551615"),
    ] {
        let file = format!("{file}.npy");
        let message = refusal(&folder, &file, &[]);
        let remedy = format!("all targets are 0 and {value}: --foreground {value}");
        let (first, ignore) = (message.find(&remedy), message.find("--ignore"));
        assert!(first.is_some() && first < ignore, "{message}");
        let json = json(&folder, &file, &["--foreground", value]);
        assert_eq!(json["losses"], expected["losses"], "{file}");
        assert_eq!(json["foreground"]["values"][0]["pixels"], targets.iter().filter(|target| **target == 1).count());
        assert_eq!(json["foreground"]["background"][0]["value"], 0);
        let answer = folder.run("", &score(&file, &["--ignore", value, "--json"]));
        assert!(
            answer.err.contains(&format!("give --foreground {value} in place of --ignore {value}")),
            "{}",
            answer.err
        );
        assert!(warnings(&answer.json()).contains("no foreground is left"));
        let inspected = folder.run("inspect --json --foreground", &[value, &file]).json();
        assert_eq!(inspected["classes"], folder.run("inspect --json y.npy", &[]).json()["classes"], "{file}");
    }
    for file in ["u8.npy", "u16.npy", "f32.npy", "f64.npy", "wide.npy"] {
        let inspected = folder.run("inspect --json", &[file]).json();
        assert_eq!(inspected["targets_read_as"], "binary");
        assert!(!inspected["recognised_foreground"].is_null(), "{file}");
    }
    // 255 as i8.
    folder.c("i8.npy", &SHAPE, &targets.iter().map(|target| -(*target as i8)).collect::<Vec<_>>());
    let message = refusal(&folder, "i8.npy", &[]);
    assert!(message.contains("--foreground -1") && message.contains("--ignore -1"), "{message}");
    assert_eq!(json(&folder, "i8.npy", &["--foreground", "-1"])["losses"], expected["losses"]);
    // All foreground, beside pixels without a label.
    folder.c("void.npy", &SHAPE, &targets.iter().map(|target| if *target == 1 { 255 } else { 1 }).collect::<Vec<u8>>());
    let message = refusal(&folder, "void.npy", &[]);
    assert!(message.contains("--ignore 255 ignores it") && !message.contains("--foreground 255"), "{message}");
    // A mask divided once too often is in range.
    folder.c("twice.npy", &SHAPE, &with(1.0 / 255.0).map(|value| value as f32).collect::<Vec<_>>());
    assert!(warnings(&json(&folder, "twice.npy", &[])).contains("--foreground 0.003921569"));
    assert_eq!(json(&folder, "twice.npy", &["--foreground", "0.003921569"])["losses"], expected["losses"]);
}

#[test]
fn values_that_may_mean_this_or_that_are_refused() {
    let (folder, targets) = folder();
    let mut labels: Vec<u8> = (0..PIXELS).map(|index| (index * index % 5) as u8).collect();
    folder.c("labels.npy", &SHAPE, &labels);
    let mask: Vec<u8> = labels.iter().map(|label| u8::from(*label == 1 || *label == 4)).collect();
    folder.c("mask.npy", &SHAPE, &mask);
    let expected = json(&folder, "mask.npy", &[]);
    for given in [&["--foreground", "1,4"][..], &["--foreground", "4", "--foreground", "1"]] {
        assert_eq!(json(&folder, "labels.npy", given)["losses"], expected["losses"]);
    }
    let message = refusal(&folder, "labels.npy", &["--foreground", "7"]);
    assert!(message.contains("--foreground 7: no pixel has this value; the values are 0, 1 and 4"), "{message}");
    let text = warnings(&json(&folder, "labels.npy", &["--foreground", "4,7"]));
    assert!(text.contains("--foreground 7: no pixel has this value"), "{text}");

    // A value that marks pixels without a label is not background.
    labels[3] = 255;
    folder.c("void.npy", &SHAPE, &labels);
    let message = refusal(&folder, "void.npy", &["--foreground", "4"]);
    assert!(message.contains("--ignore 255") && message.contains("--background 1,255"), "{message}");
    let ignored = json(&folder, "void.npy", &["--foreground", "4", "--ignore", "255"]);
    assert_eq!((number(&ignored, "ignored"), number(&ignored, "valid")), (1.0, 39.0));
    let background = json(&folder, "void.npy", &["--foreground", "4", "--background", "1,255"]);
    assert_eq!(number(&background, "valid"), 40.0);
    let message = refusal(&folder, "void.npy", &["--foreground", "4", "--background", "1"]);
    assert!(message.contains("the target at [0, 0, 3] (flat index 3) is 255"), "{message}");

    // Grey levels.
    let mut grey: Vec<u8> = targets.iter().map(|target| target * 255).collect();
    (grey[0], grey[1], grey[2]) = (31, 128, 200);
    folder.c("grey.npy", &SHAPE, &grey);
    folder.c("greyf.npy", &SHAPE, &grey.iter().map(|value| f32::from(*value) + 0.25).collect::<Vec<_>>());
    for (file, foreground) in [("grey.npy", "255"), ("greyf.npy", "255.25")] {
        let message = refusal(&folder, file, &["--foreground", foreground]);
        assert!(message.contains("antialiased") && message.contains("threshold"), "{message}");
    }
    assert!(refusal(&folder, "grey.npy", &[]).contains("division by 255"));
    // Nothing of it, because there is nothing.
    folder.c("empty.npy", &SHAPE, &[0u8; PIXELS]);
    assert!(warnings(&json(&folder, "empty.npy", &["--foreground", "255"])).contains("all targets are 0"));
    for (given, message) in [
        (&["--foreground", "4", "--ignore", "4"][..], "cannot be both"),
        (&["--foreground", "nan"], "--ignore NaN"),
        (&["--foreground", "4", "--background", "4"], "as --foreground and as --background"),
        (&["--ignore", "0.5"], "the targets are integers"),
    ] {
        let refused = refusal(&folder, "labels.npy", given);
        assert!(refused.contains(message), "{refused}");
    }
}

/// A mask, weights and what was left out can take the foreground away, too.
#[test]
fn lost_foreground_is_warned_of() {
    let (folder, targets) = folder();
    let background: Vec<u8> = targets.iter().map(|target| 1 - target).collect();
    folder.c("m.npy", &SHAPE, &background);
    folder.c("w.npy", &SHAPE, &background.iter().map(|weight| f32::from(*weight)).collect::<Vec<_>>());
    folder.c("y255.npy", &SHAPE, &targets.iter().map(|target| target * 255).collect::<Vec<_>>());
    for (file, given) in [
        ("y.npy", &["--mask", "m.npy"][..]),
        ("y.npy", &["--weights", "w.npy"]),
        ("y.npy", &["--ignore", "1"]),
        ("y255.npy", &["--on-bad", "skip"]),
        ("y255.npy", &["--foreground", "255", "--mask", "m.npy"]),
    ] {
        let text = warnings(&json(&folder, file, given));
        assert!(
            text.contains("no foreground is left") || text.contains("no pixel has this value"),
            "{given:?}: {text}"
        );
    }
    assert_eq!(warnings(&json(&folder, "y.npy", &["--ignore", "0"])), "");
    // Two classes.
    let logits: Vec<f32> = (0..80).map(|index| (index % 7) as f32 - 3.0).collect();
    folder.c("z2.npy", &[2, 2, 4, 5], &logits);
    let words = "score --json --logits z2.npy --targets";
    let expected = folder.run(words, &["y.npy"]).json();
    assert_eq!(folder.run(words, &["y255.npy", "--foreground", "255"]).json()["losses"], expected["losses"]);
    assert!(folder.run(words, &["y255.npy"]).one_line().contains("--foreground 255 takes 255"));
    assert!(warnings(&folder.run(words, &["y255.npy", "--ignore", "255"]).json()).contains("no foreground is left"));
}

const CLASSES: usize = 3;

/// Labels of 2 images of `pixels` pixels, their one-hot form (N, C, pixels), and logits.
fn one_hot(pixels: usize) -> (Vec<u8>, Vec<u8>, Vec<f32>) {
    let mut random = random(11);
    let labels: Vec<u8> = (0..2 * pixels).map(|_| (random() * CLASSES as f32) as u8).collect();
    let at = |index: usize| (index / (CLASSES * pixels), index / pixels % CLASSES, index % pixels);
    let of =
        |(image, class, pixel): (usize, usize, usize)| u8::from(usize::from(labels[image * pixels + pixel]) == class);
    let targets: Vec<u8> = (0..labels.len() * CLASSES).map(|index| of(at(index))).collect();
    let logits = targets.iter().map(|target| 2.0 * f32::from(*target) + 3.0 * random() - 1.5).collect();
    (labels, targets, logits)
}

#[test]
fn one_hot_targets_are_refused_with_both_readings() {
    let (folder, (labels, targets, logits)) = (Folder::new(), one_hot(20));
    let shape = [2, 3, 4, 5];
    folder.c("z.npy", &shape, &logits).c("y.npy", &shape, &targets).c("labels.npy", &[2, 4, 5], &labels);
    folder.c("f.npy", &shape, &targets.iter().map(|target| f64::from(*target)).collect::<Vec<_>>());
    folder.c("b.npy", &shape, &targets.iter().map(|target| *target == 1).collect::<Vec<_>>());
    folder.npz("y.npz", &shape, &logits, &targets);
    folder.c("soft.npy", &shape, &targets.iter().map(|target| 0.05 + 0.85 * f32::from(*target)).collect::<Vec<_>>());
    // In Fortran order.
    let turned: Vec<usize> =
        (0..120).map(|index| (index % 2 * 3 + index / 2 % 3) * 20 + index / 6 % 4 * 5 + index / 24).collect();
    folder.array("yf.npy", Order::Fortran, &shape, &turned.iter().map(|index| targets[*index]).collect::<Vec<_>>());
    folder.array("zf.npy", Order::Fortran, &shape, &turned.iter().map(|index| logits[*index]).collect::<Vec<_>>());
    let losses = ["--json", "--per-image", "--class-weights", "median", "--loss", "ce", "--loss", "dice"];
    let expected = folder.run("score --logits z.npy --targets labels.npy", &losses).json();
    for words in [
        "--logits z.npy --targets y.npy",
        "--logits z.npy --targets f.npy",
        "--logits z.npy --targets b.npy",
        "--logits z.npy --targets yf.npy",
        "--logits zf.npy --targets yf.npy",
        "--logits y.npz:logits --targets y.npz:targets",
    ] {
        let message = folder.run("score", &words.split(' ').collect::<Vec<_>>()).one_line();
        assert!(message.contains("one-hot along axis 1"), "{message}");
        assert!(message.contains("--one-hot") && message.contains("--multi-label"), "{message}");
        let json = folder.run(&format!("score {words} --one-hot"), &losses).json();
        for key in ["losses", "classes", "images", "class_weights"] {
            assert_eq!(json[key], expected[key], "{words}");
        }
        assert_eq!((&json["targets_read_as"], &json["class_axis"]), (&"one-hot".into(), &1.into()));
        let json = folder.run(&format!("score {words} --multi-label --json --loss bce"), &[]).json();
        let bce = |(logit, target): (&f32, &u8)| {
            let logit = f64::from(*logit);
            logit.exp().ln_1p() - logit * f64::from(*target)
        };
        close(number(&json, "losses/0/value"), logits.iter().zip(&targets).map(bce).sum::<f64>() / 120.0, 1e-6);
        assert_eq!(json["targets_read_as"], "multi-label");
    }
    let message = folder.run("score --logits z.npy --targets soft.npy", &[]).one_line();
    assert!(message.contains("sum to 1 along axis 1") && message.contains("--multi-label"), "{message}");
    assert_eq!(folder.run("score --logits z.npy --targets soft.npy --multi-label", &[]).code, Some(0));
    // The map has the shape of the pixels.
    folder.run("score --logits z.npy --targets y.npy --one-hot --loss ce --map", &["map_a.npy"]).text();
    folder.run("score --logits z.npy --targets labels.npy --loss ce --map", &["map_b.npy"]).text();
    assert_eq!(folder.read("map_a.npy"), folder.read("map_b.npy"));
    // One pixel with two classes is enough.
    let mut other = targets.clone();
    other[20 + 7] = 1;
    other[7] = 1;
    folder.c("other.npy", &shape, &other);
    assert_eq!(json(&folder, "other.npy", &[])["targets_read_as"], "binary");
    let message = folder.run("score --logits z.npy --targets other.npy --one-hot", &[]).one_line();
    assert!(message.contains("the pixel at [0, :, 1, 2] (flat index 7) is 1 in class 0 and 1 in class 1"), "{message}");

    // `inspect` recognises the same.
    let counted = folder.run("inspect --json labels.npy", &[]).json();
    for file in ["y.npy", "yf.npy", "b.npy", "f.npy"] {
        let inspected = folder.run("inspect --json", &[file]).json();
        assert_eq!((&inspected["classes"], &inspected["targets_read_as"]), (&counted["classes"], &"one-hot".into()));
        let text = folder.run("inspect", &[file]).text();
        assert!(text.contains("one-hot along axis 1") && !text.contains("binary, foreground"), "{text}");
    }
    let text = folder.run("inspect --multi-label y.npy", &[]).text();
    assert!(text.contains("multi-label, foreground 33.33 %"), "{text}");
}

/// Larger than a chunk; a single image; channels last; with a mask, and with ignored pixels.
#[test]
fn one_hot_targets_of_other_shapes() {
    let (folder, (labels, targets, logits)) = (Folder::new(), one_hot(300 * 400));
    folder.c("z.npy", &[2, 3, 300, 400], &logits).c("y.npy", &[2, 3, 300, 400], &targets);
    folder.c("labels.npy", &[2, 300, 400], &labels).npz("y.npz", &[2, 3, 300, 400], &logits, &targets);
    let losses = ["--json", "--loss", "ce + dice"];
    let expected = folder.run("score --logits z.npy --targets labels.npy", &losses).json();
    for targets in ["y.npy", "y.npz:targets"] {
        let words = format!("score --logits z.npy --targets {targets}");
        assert!(folder.run(&words, &[]).one_line().contains("one-hot along axis 1"));
        assert!(folder.run(&words, &losses).refusal().contains("read as classes with --one-hot"));
        assert_eq!(folder.run(&words, &[&losses[..], &["--one-hot"]].concat()).json()["losses"], expected["losses"]);
    }
    let (folder, (labels, targets, logits)) = (Folder::new(), one_hot(20));
    folder.c("z.npy", &[3, 4, 5], &logits[..60]).c("y.npy", &[3, 4, 5], &targets[..60]);
    folder.c("labels.npy", &[4, 5], &labels[..20]);
    let expected = folder.run("score --logits z.npy --targets labels.npy", &losses).json();
    assert!(folder.run("score --logits z.npy --targets y.npy", &[]).one_line().contains("one-hot along axis 0"));
    let json = folder.run("score --logits z.npy --targets y.npy --one-hot", &losses).json();
    assert_eq!((&json["losses"], &json["class_axis"]), (&expected["losses"], &0.into()));
    let last: Vec<u8> = labels.iter().flat_map(|label| (0..3).map(move |class| u8::from(*label == class))).collect();
    folder.c("last.npy", &[2, 4, 5, 3], &last).c("zl.npy", &[2, 4, 5, 3], &vec![0.5f32; 120]);
    let message = folder.run("score --logits zl.npy --targets last.npy", &[]).one_line();
    assert!(message.contains("one-hot along the last axis") && message.contains("moveaxis"), "{message}");
    // Masked-out and ignored pixels may be anything.
    let mut odd: Vec<f32> = targets.iter().map(|target| f32::from(*target)).collect();
    let mut mask = [1u8; 40];
    for class in 0..3 {
        odd[class * 20 + 4] = f32::NAN;
        odd[60 + class * 20 + 9] = 7.0;
    }
    (mask[4], mask[29]) = (0, 0);
    let shape = [2, 3, 4, 5];
    folder.c("z.npy", &shape, &logits).c("odd.npy", &shape, &odd).c("m.npy", &[2, 4, 5], &mask);
    folder.c("labels.npy", &[2, 4, 5], &labels);
    let expected = folder.run("score --logits z.npy --targets labels.npy --mask m.npy", &losses).json();
    for given in [&["--mask", "m.npy"][..], &["--mask", "m.npy", "--ignore", "nan"]] {
        let words = "score --logits z.npy --targets odd.npy --one-hot";
        assert_eq!(folder.run(words, &[&losses[..], given].concat()).json()["losses"], expected["losses"]);
    }
    let words = "score --logits z.npy --targets odd.npy --one-hot --ignore nan";
    let message = folder.run(words, &losses).one_line();
    assert!(
        message.contains("the pixel at [1, :, 1, 4] (flat index 69) is 7 in class 0 and 7 in class 1"),
        "{message}"
    );
}

/// No ordinary mask looks one-hot, and there is a way out for those that do.
#[test]
fn ordinary_masks_are_not_refused() {
    fn holds(seed: u32, images: u8, height: u8, width: u8, channel: bool) -> bool {
        let (images, height, width) = (u64::from(images % 3) + 1, u64::from(height % 5) + 4, u64::from(width % 5) + 4);
        let mut random = random(seed);
        let count = (images * height * width) as usize;
        let share = 0.05 + 0.9 * random();
        let mut targets: Vec<u8> = (0..count).map(|_| u8::from(random() < share)).collect();
        // Two pixels that touch, in each direction: an object.
        (targets[0], targets[1], targets[width as usize]) = (1, 1, 1);
        let shape = match channel {
            true => vec![images, 1, height, width],
            false if images == 1 => vec![height, width],
            false => vec![images, height, width],
        };
        let folder = Folder::new();
        folder.c("z.npy", &shape, &vec![-0.5f32; count]).c("y.npy", &shape, &targets);
        folder.run("score --logits z.npy --targets y.npy --json", &[]).json()["targets_read_as"] == "binary"
    }
    QuickCheck::new().tests(40).quickcheck(holds as fn(u32, u8, u8, u8, bool) -> bool);

    let folder = Folder::new();
    let lines: Vec<u8> = (0..2 * 6 * 7).map(|index| u8::from(index / 7 % 6 == 2)).collect();
    folder.c("z.npy", &[2, 6, 7], &vec![-0.5f32; 84]).c("y.npy", &[2, 6, 7], &lines);
    let message = folder.run("score --logits z.npy --targets y.npy", &[]).one_line();
    assert!(message.contains("--multi-label takes every value for itself"), "{message}");
    folder.run("score --logits z.npy --targets y.npy --multi-label", &[]).text();
}

/// A pixel counts if mask, weights and the ignored value all leave it in; the others may be anything.
#[test]
fn what_leaves_pixels_out_combines() {
    fn holds(seed: u32) -> bool {
        let mut random = random(seed);
        let (folder, count) = (Folder::new(), 2 * 3 * 4);
        let [mut logits, mut targets, mut weights] = [(); 3].map(|()| Vec::<f64>::new());
        let (mut mask, mut labels, mut class_logits) = (Vec::<i16>::new(), Vec::<i64>::new(), vec![0.0f32; 3 * count]);
        let mut expected = [(0.0, 0.0); 2];
        let mut ignored = 0;
        for pixel in 0..count {
            let (masked, weightless, is_ignored) = (random() < 0.2, random() < 0.2, random() < 0.2);
            let left_out = masked || weightless || is_ignored || pixel == 5;
            let (logit, target) = (f64::from(4.0 * random() - 2.0), f64::from(u8::from(random() < 0.5)));
            let weight = f64::from((random() * 8.0) as u8 + 1) / 4.0;
            let odd = [f64::NAN, f64::INFINITY, -3.0, 1e300][(random() * 4.0) as usize];
            logits.push(if left_out { odd } else { logit });
            targets.push(if is_ignored {
                255.0
            } else if left_out {
                odd
            } else {
                target
            });
            weights.push(if weightless {
                0.0
            } else if masked || pixel == 5 {
                odd
            } else {
                weight
            });
            mask.push(if masked || pixel == 5 { 0 } else { -7 });
            let label = (random() * 3.0) as i64;
            labels.push(if is_ignored {
                255
            } else if left_out {
                i64::MIN
            } else {
                label
            });
            let of_class: Vec<f64> = (0..3).map(|_| f64::from(4.0 * random() - 2.0)).collect();
            for (class, logit) in of_class.iter().enumerate() {
                let at = pixel / 12 * 36 + class * 12 + pixel % 12;
                class_logits[at] = if left_out { odd as f32 } else { *logit as f32 };
            }
            ignored += u32::from(left_out);
            if !left_out {
                expected[0].0 += weight * (logit.exp().ln_1p() - logit * target);
                let normaliser = of_class.iter().map(|logit| logit.exp()).sum::<f64>().ln();
                expected[1].0 += weight * (normaliser - of_class[label as usize]);
                expected.iter_mut().for_each(|(_, sum)| *sum += weight);
            }
        }
        let shape = [2, 3, 4];
        folder.c("z.npy", &shape, &logits).c("y.npy", &shape, &targets).c("w.npy", &shape, &weights);
        folder.c("m.npy", &shape, &mask).c("l.npy", &shape, &labels).c("c.npy", &[2, 3, 3, 4], &class_logits);
        let given = ["--mask", "m.npy", "--weights", "w.npy", "--ignore", "255", "--json"];
        let words =
            ["score --logits z.npy --targets y.npy --loss bce", "score --logits c.npy --targets l.npy --loss ce"];
        words.iter().zip(expected).all(|(words, (sum, weight))| {
            let all = folder.run(words, &given).json();
            let per_image = folder.run(words, &[&given[..], &["--per-image"]].concat()).json();
            let right = |value: f64| (value - sum / weight).abs() <= 1e-5 * (sum / weight);
            right(number(&all, "losses/0/value"))
                && right(number(&per_image, "pooled/losses/0/value"))
                && number(&all, "ignored") == f64::from(ignored)
        })
    }
    QuickCheck::new().tests(25).quickcheck(holds as fn(u32) -> bool);
}

#[test]
fn rounding_is_clamped_and_counted_unless_strict() {
    let (folder, targets) = folder();
    let mut soft: Vec<f64> = targets.iter().map(|target| f64::from(*target) * 0.75).collect();
    let expected = |soft: &[f64]| {
        folder.c("y.npy", &SHAPE, soft);
        json(&folder, "y.npy", &[])
    };
    (soft[3], soft[17]) = (0.0, 1.0);
    let clean = expected(&soft);
    (soft[3], soft[17]) = (-1e-9, 1.000_000_9);
    let clamped = expected(&soft);
    assert_eq!(clamped["losses"], clean["losses"]);
    assert_eq!((number(&clamped, "clamped/targets"), number(&clean, "clamped/targets")), (2.0, 0.0));
    let text = folder.run("", &score("y.npy", &[])).text();
    assert!(text.contains("2 targets within 1e-6 outside [0, 1] were taken for 0 or 1"), "{text}");
    let message = refusal(&folder, "y.npy", &["--strict"]);
    assert!(message.contains("[0, 0, 3] (flat index 3) is -1e-9") && message.contains("--strict"), "{message}");
    assert!(!message.contains("--ignore"), "{message}");
    assert_eq!(number(&folder.run("inspect --json y.npy", &[]).json(), "clamped"), 2.0);
    soft[3] = -1.1e-6;
    folder.c("y.npy", &SHAPE, &soft);
    assert!(refusal(&folder, "y.npy", &[]).contains("is -1.1e-6; accepted: from 0 to 1 (up to 1e-6 outside"));

    let mut probabilities: Vec<f32> = (0..PIXELS).map(|index| (index as f32 + 0.5) / 40.0).collect();
    (probabilities[5], probabilities[6]) = (1.000_000_1, -2e-8);
    folder.c("p.npy", &SHAPE, &probabilities).c("y.npy", &SHAPE, &targets);
    let words = "score --probs p.npy --targets y.npy --loss bce --json";
    assert_eq!(number(&folder.run(words, &[]).json(), "clamped/probabilities"), 2.0);
    let message = folder.run(words, &["--strict"]).one_line();
    assert!(message.contains("is 1.0000001") && !message.contains("--logits"), "{message}");
    probabilities[5] = -3.5;
    folder.c("p.npy", &SHAPE, &probabilities);
    assert!(folder.run(words, &[]).one_line().contains("logits are given with --logits"));
}

#[test]
fn messages_show_the_value_of_the_file_and_hints_say_what_looks_odd() {
    let (folder, _) = folder();
    let mut logits = vec![0.25f64; PIXELS];
    assert!({
        folder.c("z.npy", &SHAPE, &logits);
        refusal(&folder, "y.npy", &[]).contains("give them with --probs")
    });
    logits[7] = 1e39;
    folder.c("z.npy", &SHAPE, &logits);
    assert!(refusal(&folder, "y.npy", &[]).contains("is 1e39, beyond f32"));
    logits[7] = -2.0;
    let mut weights = vec![1.0; PIXELS];
    weights[9] = 1e-60;
    folder.c("z.npy", &SHAPE, &logits).c("w.npy", &SHAPE, &weights);
    assert!(refusal(&folder, "y.npy", &["--weights", "w.npy"]).contains("is 1e-60, which f32 takes for 0"));
    let hard: Vec<f32> = (0..PIXELS).map(|index| (index % 2) as f32).collect();
    folder.c("p.npy", &SHAPE, &hard);
    let json = folder.run("score --probs p.npy --targets y.npy --json", &[]).json();
    assert!(warnings(&json).contains("all probabilities are 0 or 1"));
    // Classes.
    let mut logits = vec![0.5f64; 3 * PIXELS];
    folder.c("c.npy", &[2, 3, 4, 5], &logits);
    let words = "score --json --logits c.npy --targets y.npy";
    assert!(folder.run(words, &[]).one_line().contains("--probs"));
    logits[25] = -1e200;
    folder.c("c.npy", &[2, 3, 4, 5], &logits);
    let message = folder.run(words, &[]).one_line();
    assert!(message.contains("the logit at [0, 1, 1, 0] (flat index 25) is -1e200, beyond f32"), "{message}");
    // Numbers are no names, unless they are those of the classes.
    assert!(folder.run(words, &["--classes", "3,4,5"]).refusal().contains("would name classes 0 to 2"));
    // What an expression cannot hold, or these inputs do not give.
    for words in ["losses wasserstein", "score --logits c.npy --targets y.npy --loss wasserstein"] {
        let message = folder.run(words, &[]).refusal();
        assert!(message.contains("distances between classes") && message.contains("loss_core::"), "{message}");
    }
    for (loss, why) in [
        ("boundary", "a loss of binary masks"),
        ("lovasz", "a loss of binary masks"),
        ("hausdorff", "distance transform"),
    ] {
        let message = folder.run(words, &["--loss", loss]).refusal();
        assert!(message.contains(why), "{message}");
    }
    let boundary = "score --probs p.npy --targets y.npy --loss boundary";
    let message = folder.run(boundary, &[]).refusal();
    assert!(message.contains("--dims 2 takes 2 images") && message.contains("--dims 3 one volume"), "{message}");
    folder.run(boundary, &["--dims", "2"]).text();
    let message = folder.run("score --probs p.npy --targets y.npy --loss lovasz", &[]).refusal();
    assert!(message.contains("lovasz_hinge is a loss of logits, and the inputs are probabilities"), "{message}");
    folder.run("score --probs p.npy --targets y.npy", &["--loss", "topk + ohem + balanced_bce + unified_focal"]).text();
    logits[25] = -0.25;
    folder.c("c.npy", &[2, 3, 4, 5], &logits);
    folder.run(words, &["--loss", "top_k + ohem + lovasz_softmax"]).text();
}

#[test]
fn shapes_that_can_be_read_in_two_ways_are_refused() {
    let folder = Folder::new();
    let logits = vec![-0.75f32; 5 * 5 * 7];
    folder.c("z.npy", &[5, 5, 7], &logits).c("y.npy", &[5, 7], &[1u8; 35]);
    let message = folder.run("score --logits z.npy --targets y.npy", &[]).one_line();
    assert!(message.contains("one image of 5 classes, or 5 images of 5 classes"), "{message}");
    folder.c("z.npy", &[2, 3, 7], &logits[..42]).c("y.npy", &[1, 3, 7], &[1u8; 21]);
    let message = folder.run("score --logits z.npy --targets y.npy", &[]).one_line();
    assert!(message.contains("--classes 2 if it is"), "{message}");
    folder.run("score --logits z.npy --targets y.npy --classes 2", &[]).text();
    folder.c("z.npy", &[6, 7], &logits[..42]).c("y.npy", &[6, 7], &[1u8; 42]);
    let json = folder.run("score --logits z.npy --targets y.npy --per-image --json", &[]).json();
    assert!(warnings(&json).contains("6 images of 7 pixels each"));
}

/// Some files of 0 and 255, others of 0 and 1.
#[test]
fn files_of_different_kinds() {
    let (folder, targets) = folder();
    let logits: Vec<f32> = (0..PIXELS).map(|index| (index % 5) as f32 - 2.0).collect();
    let white: Vec<u8> = targets.iter().map(|target| target * 255).collect();
    for (file, targets) in [("a", &white), ("b", &targets)] {
        folder.c(&format!("preds/{file}.npy"), &SHAPE, &logits).c(&format!("masks/{file}.npy"), &SHAPE, targets);
        folder.c(&format!("ones/{file}.npy"), &SHAPE, &self::folder().1);
    }
    let words = "score --logits preds/*.npy --loss dice --json --targets";
    let message = folder.run(words, &["masks/*.npy"]).one_line();
    assert!(message.contains("some files hold 1 and others 255: --foreground 1,255"), "{message}");
    let message = folder.run(words, &["masks/*.npy", "--foreground", "255"]).one_line();
    assert!(message.contains("--foreground 1,255 takes both"), "{message}");
    let both = folder.run(words, &["masks/*.npy", "--foreground", "1,255"]).json();
    assert_eq!(both["losses"], folder.run(words, &["ones/*.npy"]).json()["losses"]);
    let ignored = folder.run(words, &["masks/*.npy", "--ignore", "255"]).json();
    assert!(
        warnings(&ignored).contains("in 1 of 2 files, the first of which is masks/a.npy"),
        "{}",
        warnings(&ignored)
    );
}
