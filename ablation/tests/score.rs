//! The program from end to end, on small arrays.

mod common;

use common::{Folder, close, number};
use loss_core::{Bce, Dice, EmptyImage, Focal, Iou, Loss, Plane, Pointwise};
use npyz::Order;
use serde_json::Value;

const SHAPE: [u64; 4] = [3, 1, 4, 5];
const PIXELS: usize = 60;

/// Logits and targets that are nowhere special: seven of ten predictions are right.
fn pixels(seed: u32, count: usize) -> (Vec<f32>, Vec<u8>) {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    (0..count)
        .map(|_| {
            let target = u8::from(random() < 0.3);
            let sign = if (random() < 0.7) == (target == 1) { 1.0 } else { -1.0 };
            (sign * (0.1 + 3.0 * random()), target)
        })
        .unzip()
}

/// A folder with `z.npy` and `y.npy`.
fn folder() -> (Folder, Vec<f32>, Vec<u8>) {
    let (folder, (logits, targets)) = (Folder::new(), pixels(1, PIXELS));
    folder.c("z.npy", &SHAPE, &logits).c("y.npy", &SHAPE, &targets);
    (folder, logits, targets)
}

const SCORE: &str = "score --logits z.npy --targets y.npy";

fn value_of(loss: &impl Loss, logits: &[f32], targets: &[u8]) -> f64 {
    let mut sums = loss.accumulator();
    sums.extend(logits.iter().zip(targets));
    sums.finish().expect("a value").value()
}

fn bce_dice() -> impl Loss {
    Bce::new().mean() * 0.5 + Dice::new(1e-5).expect("a loss")
}

const BCE_DICE: &str = "0.5 * bce + dice(smooth=1e-5)";

#[test]
fn values_are_those_of_the_library() {
    let (folder, logits, targets) = folder();
    let json = folder.run(SCORE, &["--json", "--loss", BCE_DICE, "--loss", "focal(gamma=1.5, alpha=0.3)"]).json();
    assert_eq!(json["losses"][0]["loss"], BCE_DICE);
    assert_eq!(number(&json, "losses/0/value"), value_of(&bce_dice(), &logits, &targets));
    assert_eq!(json["losses"][0]["parts"][0]["name"], "bce");
    assert_eq!(number(&json, "losses/0/parts/0/coefficient"), 0.5);
    assert_eq!(number(&json, "losses/0/parts/0/value"), value_of(&Bce::new().mean(), &logits, &targets));
    let focal = Focal::new(1.5).and_then(|focal| focal.alpha(0.3)).expect("a loss").mean();
    assert_eq!(number(&json, "losses/1/value"), value_of(&focal, &logits, &targets));

    let mut sums = bce_dice().accumulator();
    sums.extend(logits.iter().zip(&targets));
    let finished = sums.finish().expect("a value");
    assert_eq!(number(&json, "confusion/hard/tp"), finished.hard().true_positive);
    assert_eq!(number(&json, "confusion/hard/fn"), finished.hard().false_negative);
    assert_eq!(number(&json, "confusion/soft/fp"), finished.soft().false_positive);
    assert_eq!(number(&json, "confusion/hard/recall"), finished.hard().recall().expect("a recall"));
    assert_eq!(number(&json, "support"), finished.support());
    assert_eq!((number(&json, "pixels"), number(&json, "valid")), (60.0, 60.0));
    assert_eq!(json["names"], Value::Null);
    assert_eq!(json["logits"], "z.npy");
    assert_eq!(json["files"], Value::Null);
}

#[test]
fn without_a_loss_there_are_five() {
    let (folder, logits, targets) = folder();
    let json = folder.run(SCORE, &["--json"]).json();
    let losses: Vec<&str> =
        json["losses"].as_array().expect("losses").iter().filter_map(|loss| loss["loss"].as_str()).collect();
    let expected = ["bce", "dice(smooth=1e-5)", "iou(smooth=1e-5)", "focal(gamma=2)", "bce + dice(smooth=1e-5)"];
    assert_eq!(losses, expected);
    let iou = Iou::new(1e-5).expect("a loss");
    assert_eq!(number(&json, "losses/2/value"), value_of(&iou, &logits, &targets));
    let sum = number(&json, "losses/0/value") + number(&json, "losses/1/value");
    assert_eq!(number(&json, "losses/4/value"), sum);
}

#[test]
fn table_shows_losses_and_confusion() {
    let (folder, logits, targets) = folder();
    let text = folder.run(SCORE, &["--loss", BCE_DICE, "--threshold", "0.75"]).text();
    assert!(text.starts_with("z.npy against y.npy\n60 pixels: 60 valid, 0 ignored\n"), "{text}");
    let row = text.lines().find(|line| line.contains(BCE_DICE)).expect("a row");
    let shown: f64 = row.split_whitespace().last().and_then(|value| value.parse().ok()).expect("a number");
    close(shown, value_of(&bce_dice(), &logits, &targets), 1e-5);
    assert!(
        text.contains("0.5 × bce") && text.contains("p ≥ 0.75") && text.contains("pooled over all pixels"),
        "{text}"
    );
}

#[test]
fn threshold_is_that_of_the_hard_confusion() {
    let (folder, logits, targets) = folder();
    let mut sums = bce_dice().accumulator().at_threshold(0.75).expect("a threshold");
    sums.extend(logits.iter().zip(&targets));
    let hard = sums.finish().expect("a value").hard();
    for per_image in [&[][..], &["--per-image"]] {
        let json = folder.run(SCORE, &[&["--json", "--threshold", "0.75"], per_image].concat()).json();
        assert_eq!(number(&json, "confusion/threshold"), 0.75);
        assert_eq!(number(&json, "confusion/hard/tp"), hard.true_positive);
        assert_eq!(number(&json, "confusion/hard/iou"), hard.iou().expect("an IoU"));
        assert!(
            number(&json, "confusion/hard/fn") > number(&folder.run(SCORE, &["--json"]).json(), "confusion/hard/fn")
        );
    }
}

fn csv(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn csv_has_a_row_for_each() {
    let (folder, logits, targets) = folder();
    let text = folder.run(SCORE, &["--csv", "--per-image", "--loss", "dice", "--loss", BCE_DICE]).text();
    let rows = csv(&text);
    let kinds: Vec<&str> = rows.iter().map(|row| row["row"].as_str()).collect();
    assert_eq!(kinds, ["image", "image", "image", "file", "pooled", "mean_over_images"]);
    let image = value_of(&bce_dice(), &logits[20..40], &targets[20..40]);
    assert_eq!(rows[1][BCE_DICE], image.to_string());
    assert_eq!((rows[1]["image"].as_str(), rows[1]["pixels"].as_str()), ("1", "20"));
    assert_eq!(rows[4][BCE_DICE], value_of(&bce_dice(), &logits, &targets).to_string());
    assert_eq!(rows[3]["dice"], rows[5]["dice"]);
    assert_ne!(rows[4]["dice"], rows[5]["dice"]);
}

#[test]
fn per_image_is_the_mean_over_axis_0() {
    let (folder, logits, targets) = folder();
    let mut mean = bce_dice().image_mean(EmptyImage::Skip);
    for (logits, targets) in logits.chunks(20).zip(targets.chunks(20)) {
        mean.extend_plane(Plane::new(logits, targets).expect("a plane"));
        mean.end_image().expect("an image");
    }
    let json = folder.run(SCORE, &["--per-image", "--json", "--loss", BCE_DICE]).json();
    assert_eq!(json["reduction"], "mean over images");
    assert_eq!(number(&json, "losses/0/value"), mean.finish().expect("a mean"));
    assert_eq!(number(&json, "mean_over_images/losses/0/value"), mean.finish().expect("a mean"));
    assert_eq!(number(&json, "pooled/losses/0/value"), value_of(&bce_dice(), &logits, &targets));
    let last = value_of(&bce_dice(), &logits[40..], &targets[40..]);
    assert_eq!(number(&json, "images/2/losses/0/value"), last);
    let text = folder.run(SCORE, &["--per-image", "--loss", "dice"]).text();
    assert!(text.contains("pooled over all pixels") && text.contains("mean over images (3)"), "{text}");
}

#[test]
fn image_without_valid_pixels_is_skipped() {
    let (folder, logits, targets) = folder();
    let mask: Vec<bool> = (0..PIXELS).map(|index| !(20..40).contains(&index)).collect();
    folder.c("m.npy", &SHAPE, &mask);
    let json = folder.run(SCORE, &["--mask", "m.npy", "--per-image", "--json", "--loss", "dice"]).json();
    let dice = Dice::new(1e-5).expect("a loss");
    let [first, last] = [0, 40].map(|at| value_of(&dice, &logits[at..at + 20], &targets[at..at + 20]));
    close(number(&json, "losses/0/value"), (first + last) / 2.0, 1e-15);
    assert_eq!((number(&json, "mean_over_images/count"), number(&json, "mean_over_images/skipped")), (2.0, 1.0));
    assert_eq!(json["images"][1]["losses"][0]["value"], Value::Null);
    assert_eq!((number(&json, "valid"), number(&json, "ignored")), (40.0, 20.0));

    let count = ["--empty-images", "count", "--mask", "m.npy", "--per-image", "--json", "--loss", "dice"];
    let json = folder.run(SCORE, &[&count[..], &["--grad", "g.npy"]].concat()).json();
    close(number(&json, "losses/0/value"), (first + last) / 3.0, 1e-15);
    assert_eq!((number(&json, "mean_over_images/count"), number(&json, "images/1/losses/0/value")), (3.0, 0.0));
    let mut sums = dice.accumulator();
    sums.extend(logits[..20].iter().zip(&targets[..20]));
    let gradient = sums.finish().expect("a value").gradient_times(1.0 / 3.0);
    assert_eq!(folder.read("g.npy").2[4], gradient.at((logits[4], targets[4])));
}

#[test]
fn gradient_is_that_of_the_library() {
    let (folder, logits, targets) = folder();
    folder.run(SCORE, &["--loss", BCE_DICE, "--grad", "g.npy"]).text();
    let (shape, order, gradient) = folder.read("g.npy");
    assert_eq!((&shape[..], order), (&SHAPE[..], Order::C));
    let mut sums = bce_dice().accumulator();
    sums.extend(logits.iter().zip(&targets));
    let mut expected = vec![0.0; PIXELS];
    let finished = sums.finish().expect("a value");
    finished.write_gradient(Plane::new(&logits, &targets).expect("a plane"), &mut expected).expect("a gradient");
    assert_eq!(gradient, expected);
    assert_eq!(folder.names(), ["g.npy", "y.npy", "z.npy"]);
}

/// The same loss twice is one sum with both coefficients.
#[test]
fn gradient_of_a_repeated_loss_counts_it_twice() {
    let (folder, ..) = folder();
    folder.run(SCORE, &["--loss", "bce + dice + 0.5 * bce", "--grad", "a.npy"]).text();
    folder.run(SCORE, &["--loss", "1.5 * bce + dice", "--grad", "b.npy"]).text();
    assert_eq!(folder.read("a.npy").2, folder.read("b.npy").2);
}

#[test]
fn gradient_per_image_is_that_of_the_mean() {
    let (folder, logits, targets) = folder();
    let mask: Vec<u8> = (0..PIXELS).map(|index| u8::from(index >= 20 && index % 7 != 3)).collect();
    folder.c("m.npy", &SHAPE, &mask);
    let arguments = ["--per-image", "--mask", "m.npy", "--loss", BCE_DICE, "--grad", "g.npy"];
    folder.run(SCORE, &arguments).text();
    let (.., gradient) = folder.read("g.npy");
    let valid: Vec<bool> = mask.iter().map(|valid| *valid != 0).collect();
    for image in 0..3 {
        let part = image * 20..image * 20 + 20;
        let plane = Plane::new(&logits[part.clone()], &targets[part.clone()]).expect("a plane");
        let plane = plane.with_mask(&valid[part.clone()]).expect("a plane");
        let mut sums = bce_dice().accumulator();
        sums.extend_plane(plane);
        let mut expected = vec![0.0; 20];
        if let Ok(finished) = sums.finish() {
            finished.gradient_times(0.5).write(plane, &mut expected).expect("a gradient");
        }
        assert_eq!(gradient[part], expected, "image {image}");
    }
}

#[test]
fn map_is_the_loss_of_each_pixel() {
    let (folder, logits, targets) = folder();
    let weights: Vec<f32> = (0..PIXELS).map(|index| (index % 4) as f32 * 0.5).collect();
    folder.c("w.npy", &SHAPE, &weights);
    folder.run(SCORE, &["--weights", "w.npy", "--loss", "2 * bce + poly1(epsilon=0.5)", "--map", "m.npy"]).text();
    let (shape, _, map) = folder.read("m.npy");
    assert_eq!(shape, SHAPE);
    for index in 0..PIXELS {
        let pixel = (logits[index], targets[index]);
        let at = |loss: f32| f64::from(loss * weights[index]);
        let bce = at(Bce::new().at(&loss_core::Logits, pixel).expect("a pixel"));
        let poly1 = loss_core::Poly1::new(0.5).expect("a loss");
        let poly1 = at(poly1.at(&loss_core::Logits, pixel).expect("a pixel"));
        close(f64::from(map[index]), 2.0 * bce + poly1, 1e-6);
    }
}

#[test]
fn map_of_a_region_loss_is_refused() {
    let (folder, ..) = folder();
    let message = folder.run(SCORE, &["--loss", "bce + dice", "--map", "m.npy"]).one_line();
    assert!(message.contains("dice"), "{message}");
    for option in ["--map", "--grad"] {
        let message = folder.run(SCORE, &["--loss", "bce", "--loss", "focal", option, "g.npy"]).one_line();
        assert!(message.contains("one --loss"), "{message}");
    }
    let message = folder.run(SCORE, &["--loss", "bce", "--grad", "z.npy"]).one_line();
    assert!(message.contains("would overwrite"), "{message}");
    assert_eq!(folder.names(), ["y.npy", "z.npy"]);
}

/// Logits and targets.
type Pixels = (Vec<f32>, Vec<u8>);

/// Three files: a good prediction, a bad one, and one between.
fn many() -> (Folder, Vec<Pixels>) {
    let folder = Folder::new();
    let files: Vec<_> = (0..3).map(|file| pixels(10 + file, 12 + 5 * file as usize)).collect();
    for (file, (logits, targets)) in files.iter().enumerate() {
        let shape = [logits.len() as u64];
        folder.c(&format!("preds/{file}.npy"), &shape, logits).c(&format!("masks/{file}.npy"), &shape, targets);
    }
    (folder, files)
}

const SCORE_MANY: &str = "score --logits preds/*.npy --targets masks/*.npy";

#[test]
fn many_files_worst_first() {
    let (folder, files) = many();
    let json = folder.run(SCORE_MANY, &["--json", "--loss", BCE_DICE, "--loss", "iou"]).json();
    let mut values: Vec<(f64, String)> = files
        .iter()
        .enumerate()
        .map(|(file, (logits, targets))| (value_of(&bce_dice(), logits, targets), format!("preds/{file}.npy")))
        .collect();
    let mean = values.iter().map(|(value, _)| value).sum::<f64>() / 3.0;
    values.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (index, (value, name)) in values.iter().enumerate() {
        assert_eq!(number(&json, &format!("files/{index}/losses/0/value")), *value);
        assert_eq!(json["files"][index]["logits"], name.as_str());
        assert_eq!(json["files"][index]["targets"], name.replace("preds", "masks"));
    }
    close(number(&json, "mean_over_files/losses/0/value"), mean, 1e-15);
    let (logits, targets): (Vec<Vec<f32>>, Vec<Vec<u8>>) = files.into_iter().unzip();
    let pooled = value_of(&bce_dice(), &logits.concat(), &targets.concat());
    assert_eq!(number(&json, "losses/0/value"), pooled);

    let text = folder.run(SCORE_MANY, &["--loss", BCE_DICE]).text();
    let position = |name: &str| text.find(name).unwrap_or_else(|| panic!("no {name} in {text}"));
    assert!(position(&values[0].1) < position(&values[1].1) && position(&values[1].1) < position(&values[2].1));
    assert!(text.contains("mean over files (3)") && text.contains("pooled over all pixels"), "{text}");
    let rows = csv(&folder.run(SCORE_MANY, &["--csv", "--loss", BCE_DICE]).text());
    let kinds: Vec<&str> = rows.iter().map(|row| row["row"].as_str()).collect();
    assert_eq!(kinds, ["file", "file", "file", "pooled", "mean_over_files"]);
    assert_eq!(rows[0]["logits"], values[0].1);
}

#[test]
fn gradients_of_many_files_are_those_of_the_pooled_loss() {
    let (folder, files) = many();
    folder.run(SCORE_MANY, &["--loss", BCE_DICE, "--grad", "grads"]).text();
    let mut sums = bce_dice().accumulator();
    files.iter().for_each(|(logits, targets)| sums.extend(logits.iter().zip(targets)));
    let finished = sums.finish().expect("a value");
    for (file, (logits, targets)) in files.iter().enumerate() {
        let mut expected = vec![0.0; logits.len()];
        finished.write_gradient(Plane::new(logits, targets).expect("a plane"), &mut expected).expect("a gradient");
        assert_eq!(folder.read(&format!("grads/{file}.npy")).2, expected);
    }
}

#[test]
fn files_that_do_not_pair_are_refused() {
    let (folder, _) = many();
    std::fs::remove_file(folder.path("masks/1.npy")).expect("a file");
    let message = folder.run(SCORE_MANY, &[]).refusal();
    assert!(message.contains("cannot pair 3 files of --logits with 2 files of --targets"), "{message}");
    assert!(message.contains("  preds/1.npy: none of --targets goes with it"), "{message}");
    let message = folder.run("score --logits preds/*.npy --targets preds/0.npy preds/1.npy", &[]).refusal();
    assert!(message.contains("  preds/2.npy: none"), "{message}");
}

/// Predictions and targets whose names sort differently: `_` stands after the digits.
fn cases() -> Folder {
    let folder = Folder::new();
    for case in [1usize, 2, 10] {
        let mut target = [0u8; 64];
        target[8 * (case % 8)..][..8].fill(1);
        let logits = target.map(|target| if target == 1 { 20.0f32 } else { -20.0 });
        let weights = target.map(|target| 1.0 + f32::from(target));
        folder.c(&format!("a/case_{case}.npy"), &[8, 8], &logits).c(
            &format!("b/case_{case}_mask.npy"),
            &[8, 8],
            &target,
        );
        folder.c(&format!("v/{case:03}.npy"), &[8, 8], &[1u8; 64]).c(&format!("w/case_{case}.npy"), &[8, 8], &weights);
    }
    folder
}

#[test]
fn right_files_are_scored_together_however_they_are_named() {
    let folder = cases();
    let perfect = |words: &str, by: &str| {
        let json = folder.run(words, &["--loss", "dice", "--json"]).json();
        assert!(number(&json, "losses/0/value") < 1e-7, "{words}");
        assert_eq!(json["files"].as_array().expect("files").len(), 3);
        for file in json["files"].as_array().expect("files") {
            let expected = file["logits"].as_str().expect("a path").replace("a/", "b/").replace(".npy", "_mask.npy");
            assert_eq!(file["targets"], expected.as_str(), "{words}");
            assert_eq!(file["paired_by"]["targets"], by, "{words}");
        }
        json
    };
    perfect(
        "score --logits a/case_1.npy a/case_2.npy a/case_10.npy --targets b/case_1_mask.npy b/case_2_mask.npy b/case_10_mask.npy",
        "order",
    );
    perfect("score --logits a/*.npy --targets b/*.npy", "affix");
    perfect("score --logits a --targets b/", "affix");
    perfect("score --logits a/case_10.npy a/case_1.npy a/case_2.npy --targets b", "affix");
    let by_the_shell = "score --logits a/case_1.npy a/case_10.npy a/case_2.npy --targets b/case_10_mask.npy b/case_1_mask.npy b/case_2_mask.npy";
    let message = folder.run(by_the_shell, &[]).one_line();
    assert!(message.contains("a/case_1.npy goes with b/case_10_mask.npy by the order of --targets"), "{message}");
    assert!(message.contains("but with b/case_1_mask.npy by its name; --pair order or --pair name"), "{message}");
    perfect(&format!("{by_the_shell} --pair name"), "affix");
    let json = folder.run(&format!("{by_the_shell} --pair order --loss dice --json"), &[]).json();
    assert!(number(&json, "losses/0/value") > 0.5);
    let message = folder.run("score --logits a --targets b --pair order", &[]).one_line();
    assert!(message.contains("--pair order is for files named one by one"), "{message}");

    // Masks and weights pair by the same rule.
    let json = perfect("score --logits a --targets b --mask v --weights w", "affix");
    for file in json["files"].as_array().expect("files") {
        let logits = file["logits"].as_str().expect("a path");
        let case: usize = logits.trim_start_matches("a/case_").trim_end_matches(".npy").parse().expect("a number");
        assert_eq!(file["mask"], format!("v/{case:03}.npy"));
        assert_eq!(file["weights"], logits.replace("a/", "w/"));
        assert_eq!((&file["paired_by"]["mask"], &file["paired_by"]["weights"]), (&"numbers".into(), &"name".into()));
    }
    let all = "score --logits a --targets b --mask v --weights w --loss dice";
    let rows = csv(&folder.run(all, &["--csv"]).text());
    for row in rows.iter().filter(|row| row["row"] == "file") {
        assert_eq!(row["targets"], row["logits"].replace("a/", "b/").replace(".npy", "_mask.npy"));
        assert_eq!(row["weights"], row["logits"].replace("a/", "w/"));
        let by = ["targets_paired_by", "mask_paired_by", "weights_paired_by"].map(|column| row[column].as_str());
        assert_eq!(by, ["affix", "numbers", "name"]);
        assert!(row["mask"].starts_with("v/"));
    }
    let text = folder.run(all, &[]).text();
    let line = text.lines().find(|line| line.contains("b/case_10_mask.npy")).expect("a line with the pair");
    assert!(["a/case_10.npy", "v/010.npy", "w/case_10.npy"].iter().all(|name| line.contains(name)), "{text}");
    assert!(text.contains("targets (by affix)") && text.contains("mask (by numbers)"), "{text}");
    std::fs::remove_file(folder.path("v/010.npy")).expect("a file");
    let message = folder.run(all, &[]).refusal();
    assert!(message.contains("cannot pair 3 files of --logits with 2 files of --mask"), "{message}");
}

#[test]
fn many_pairs_are_shown_in_part() {
    let folder = Folder::new();
    for file in 0..25 {
        folder.c(&format!("p/{file}.npy"), &[2], &[1.0f32, -1.0]).c(&format!("m/t{file}.npy"), &[2], &[1u8, 0]);
    }
    let text = folder.run("score --logits p --targets m", &[]).text();
    assert!(text.contains("\nand 15 more; --json and --csv show all\n"), "{text}");
    assert_eq!(text.matches("m/t").count(), 10);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_are_scored() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    folder.c("p/1.npy", &[2], &[1.0f32, -1.0]).c("p/._1.npy", &[2], &[9.0f32, 9.0]).c("m/1.npy", &[2], &[1u8, 0]);
    for (name, logits, targets) in
        [(&b"caf\xe8.npy"[..], [3.0f32, -2.0], [1u8, 0]), (b"caf\xe9.npy", [4.0, 5.0], [0, 1])]
    {
        for place in ["p", "m"] {
            let path = folder.path(place).join(OsStr::from_bytes(name));
            if place == "p" {
                folder.c("x", &[2], &logits)
            } else {
                folder.c("x", &[2], &targets)
            };
            std::fs::rename(folder.path("x"), path).expect("a name");
        }
    }
    // A hidden file is none of those meant.
    let json = folder.run("score --logits p/* --targets m/* --loss bce --json", &[]).json();
    let files = json["files"].as_array().expect("files");
    assert_eq!(files.len(), 3);
    let named: Vec<&serde_json::Value> =
        files.iter().filter(|file| file["escaped"] != serde_json::Value::Null).collect();
    assert_eq!(named.len(), 2);
    for file in named {
        assert_eq!(file["escaped"], serde_json::json!(["logits", "targets"]));
        assert_eq!(file["logits"], file["targets"].as_str().expect("a path").replace("m/", "p/"));
    }
    assert_eq!((&files[0]["logits"], number(&files[0], "pixels")), (&r"p/caf\xe9.npy".into(), 2.0));
    let [logits, targets] = [b"p/caf\xe9.npy", b"m/caf\xe9.npy"].map(|name| OsStr::from_bytes(name).to_owned());
    let words = [OsStr::new("--logits"), &logits, OsStr::new("--targets"), &targets];
    let alone = folder.run_os("score --loss bce --json", &words).json();
    assert_eq!(alone["losses"], files[0]["losses"]);
    assert!(folder.run_os("inspect --json", &[&targets]).json()["files"][0] == r"m/caf\xe9.npy");
    // Both are written, though they look alike where bytes are replaced.
    folder.run("score --logits p --targets m --loss bce --grad g", &[]).text();
    assert_eq!(std::fs::read_dir(folder.path("g")).expect("a folder").count(), 3);
}

/// The order of the file changes neither values nor gradients, pixel by pixel.
#[test]
fn fortran_order_is_the_same_array() {
    let (folder, logits, targets) = folder();
    let fortran = |index: usize| {
        let (image, row, column) = (index % 3, index / 3 % 4, index / 12);
        image * 20 + row * 5 + column
    };
    let turned: Vec<f32> = (0..PIXELS).map(|index| logits[fortran(index)]).collect();
    let turned_targets: Vec<i64> = (0..PIXELS).map(|index| targets[fortran(index)].into()).collect();
    folder.array("zf.npy", Order::Fortran, &SHAPE, &turned).array("yf.npy", Order::Fortran, &SHAPE, &turned_targets);
    for per_image in [&[][..], &["--per-image"]] {
        let score = |words: &str, grad: &str| {
            let arguments = [&["--json", "--loss", BCE_DICE, "--grad", grad], per_image].concat();
            folder.run(words, &arguments).json()
        };
        let expected = score(SCORE, "g.npy");
        for words in ["score --logits zf.npy --targets yf.npy", "score --logits zf.npy --targets y.npy"] {
            let json = score(words, "gf.npy");
            assert_eq!(json["losses"], expected["losses"]);
            assert_eq!(json["images"], expected["images"]);
            let (shape, order, gradient) = folder.read("gf.npy");
            assert_eq!((&shape[..], order), (&SHAPE[..], Order::Fortran));
            let (.., same) = folder.read("g.npy");
            assert_eq!(gradient, (0..PIXELS).map(|index| same[fortran(index)]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn other_types_and_containers_give_the_same() {
    let (folder, logits, targets) = folder();
    let expected = folder.run(SCORE, &["--json", "--loss", BCE_DICE]).json();
    folder.npz("all.npz", &SHAPE, &logits, &targets);
    folder.c("z64.npy", &SHAPE, &logits.iter().map(|logit| f64::from(*logit)).collect::<Vec<_>>());
    folder.c("yb.npy", &SHAPE, &targets.iter().map(|target| *target == 1).collect::<Vec<_>>());
    folder.c("yi.npy", &[3, 4, 5], &targets.iter().map(|target| i64::from(*target)).collect::<Vec<_>>());
    folder.c("yf.npy", &SHAPE, &targets.iter().map(|target| f32::from(*target)).collect::<Vec<_>>());
    for words in [
        "score --logits all.npz:logits --targets all.npz:targets",
        "score --logits z64.npy --targets yb.npy",
        "score --logits z.npy --targets yi.npy",
        "score --logits z.npy --targets yf.npy",
    ] {
        let json = folder.run(words, &["--json", "--loss", BCE_DICE]).json();
        assert_eq!(json["losses"], expected["losses"], "{words}");
    }
}

#[test]
fn probabilities_and_their_clip() {
    let folder = Folder::new();
    folder.c("p.npy", &[4], &[0.0f32, 0.25, 0.7, 1.0]).c("y.npy", &[4], &[1u8, 0, 1, 1]);
    let words = "score --probs p.npy --targets y.npy --json --loss bce";
    let expected = |epsilon: f64| (-epsilon.ln() - 0.75f64.ln() - 0.7f64.ln() - (1.0 - epsilon).ln()) / 4.0;
    close(number(&folder.run(words, &[]).json(), "losses/0/value"), expected(1e-7), 1e-6);
    close(number(&folder.run(words, &["--epsilon", "0.01"]).json(), "losses/0/value"), expected(0.01), 1e-6);
    let message = folder.run("score --logits y.npy --targets p.npy", &[]).one_line();
    assert!(message.contains("y.npy: holds u8 values where logits must be floating-point"), "{message}");
    folder.c("bad.npy", &[4], &[0.5f32, 0.5, 1.5, 0.5]);
    let message = folder.run("score --probs bad.npy --targets y.npy", &[]).one_line();
    assert!(message.contains("bad.npy: the probability at [2] (flat index 2) is 1.5"), "{message}");
}

#[test]
fn ignored_is_masked_is_weightless() {
    let (folder, logits, mut targets) = folder();
    let kept: Vec<usize> = (0..PIXELS).filter(|index| index % 3 != 1).collect();
    let keep = |index: &usize| (logits[*index], targets[*index]);
    let (kept_logits, kept_targets): (Vec<f32>, Vec<u8>) = kept.iter().map(keep).unzip();
    let expected = value_of(&bce_dice(), &kept_logits, &kept_targets);
    let mask: Vec<i64> = (0..PIXELS).map(|index| if index % 3 != 1 { 1 << 40 } else { 0 }).collect();
    let weights: Vec<f64> = mask.iter().map(|valid| if *valid == 0 { 0.0 } else { 1.0 }).collect();
    folder.c("m.npy", &SHAPE, &mask).c("w.npy", &SHAPE, &weights);
    (0..PIXELS).filter(|index| index % 3 == 1).for_each(|index| targets[index] = 255);
    folder.c("y255.npy", &SHAPE, &targets);
    let floats: Vec<f32> =
        targets.iter().map(|target| if *target == 255 { f32::NAN } else { (*target).into() }).collect();
    let wide: Vec<i64> =
        targets.iter().map(|target| if *target == 255 { (1 << 53) + 2 } else { (*target).into() }).collect();
    folder.c("ynan.npy", &SHAPE, &floats).c("ywide.npy", &SHAPE, &wide);
    for words in [
        "--targets y.npy --mask m.npy",
        "--targets y.npy --weights w.npy",
        "--targets y255.npy --ignore 255",
        "--targets ynan.npy --ignore nan",
        "--targets ywide.npy --ignore 9007199254740994",
        "--targets y255.npy --mask m.npy --weights w.npy",
    ] {
        let json = folder.run(&format!("score --logits z.npy {words}"), &["--json", "--loss", BCE_DICE]).json();
        assert_eq!(number(&json, "losses/0/value"), expected, "{words}");
        assert_eq!(number(&json, "ignored"), 20.0, "{words}");
    }
    // Another integer, though the same f32.
    let other: Vec<i64> =
        wide.iter().map(|target| if *target == wide[1] { *target } else { *target + (1 << 53) }).collect();
    folder.c("yother.npy", &SHAPE, &other);
    let words = "score --logits z.npy --targets yother.npy --mask m.npy --ignore";
    let message = folder.run(words, &["9007199254740994"]).one_line();
    assert!(message.contains(&format!("[0, 0, 0, 0] (flat index 0) is {}", other[0])), "{message}");
    let message = folder.run(SCORE, &["--mask", "w.npy"]).one_line();
    assert!(message.contains("w.npy: holds f64 values where a mask must be bool or integers"), "{message}");
}

#[test]
fn bad_pixels_are_named_and_nothing_is_written() {
    let (folder, mut logits, mut targets) = folder();
    let before = folder.names();
    logits[47] = f32::NAN;
    folder.c("z.npy", &SHAPE, &logits);
    let message = folder.run(SCORE, &["--loss", "bce", "--grad", "g.npy", "--map", "m.npy"]).one_line();
    assert!(message.starts_with("error: z.npy: the logit at [2, 0, 1, 2] (flat index 47) is NaN"), "{message}");
    assert!(message.contains("--on-bad skip"), "{message}");
    assert_eq!(folder.names(), before);

    targets[33] = 7;
    // Without the channel axis, so that the index is that of the file itself.
    folder.c("y.npy", &[3, 4, 5], &targets);
    for per_image in [&[][..], &["--per-image"]] {
        let message = folder.run(SCORE, &[&["--loss", "bce"], per_image].concat()).one_line();
        assert!(message.starts_with("error: y.npy: the target at [1, 2, 3] (flat index 33) is 7"), "{message}");
        assert!(message.contains("--ignore 7") && message.contains("need logits of all classes"), "{message}");
    }
    let weights = vec![-1.0f32; PIXELS];
    folder.c("w.npy", &SHAPE, &weights);
    let message = folder.run(SCORE, &["--weights", "w.npy"]).one_line();
    assert!(message.starts_with("error: w.npy: the weight at [0, 0, 0, 0] (flat index 0) is -1"), "{message}");
}

#[test]
fn bad_pixel_in_fortran_order_is_the_first_of_the_file() {
    let folder = Folder::new();
    let mut logits = vec![0.5f32; 6];
    (logits[3], logits[5]) = (f32::INFINITY, f32::NAN);
    folder.array("z.npy", Order::Fortran, &[2, 3], &logits).c("y.npy", &[2, 3], &[0u8; 6]);
    for per_image in [&[][..], &["--per-image"]] {
        let message = folder.run(SCORE, per_image).one_line();
        assert!(message.starts_with("error: z.npy: the logit at [1, 1] (flat index 4) is inf"), "{message}");
    }
}

#[test]
fn bad_pixels_can_be_skipped() {
    let (folder, mut logits, targets) = folder();
    let mut bad_targets: Vec<f32> = targets.iter().map(|target| f32::from(*target)).collect();
    (logits[3], logits[50], bad_targets[21]) = (f32::NAN, f32::NEG_INFINITY, 1.25);
    folder.c("z.npy", &SHAPE, &logits).c("y.npy", &SHAPE, &bad_targets);
    let rest = |index: &usize| ![3, 21, 50].contains(index);
    let (kept_logits, kept_targets): (Vec<f32>, Vec<u8>) =
        (0..PIXELS).filter(rest).map(|index| (logits[index], targets[index])).unzip();
    let expected = value_of(&bce_dice(), &kept_logits, &kept_targets);
    let skip = ["--on-bad", "skip", "--loss", BCE_DICE];
    let answer = folder.run(SCORE, &[&skip[..], &["--json", "--grad", "g.npy"]].concat());
    assert!(answer.err.contains("3 pixels were out of range and left out"), "{}", answer.err);
    let json = answer.json();
    assert_eq!(number(&json, "losses/0/value"), expected);
    let rejected = ["input", "target", "weight", "total"].map(|reason| number(&json, &format!("rejected/{reason}")));
    assert_eq!(rejected, [2.0, 1.0, 0.0, 3.0]);
    assert_eq!((number(&json, "valid"), number(&json, "pixels")), (57.0, 60.0));
    let (.., gradient) = folder.read("g.npy");
    assert_eq!([gradient[3], gradient[21], gradient[50]], [0.0; 3]);
    assert!(gradient[4] != 0.0);
    let text = folder.run(SCORE, &skip).text();
    assert!(text.contains("3 pixels were out of range and left out: 2 for the logit"), "{text}");
}

#[test]
fn nothing_valid_is_an_error() {
    let (folder, ..) = folder();
    folder.c("m.npy", &SHAPE, &[0u8; PIXELS]);
    let message = folder.run(SCORE, &["--mask", "m.npy"]).one_line();
    assert!(message.starts_with("error: z.npy: no valid pixel: 60 ignored"), "{message}");
    folder.c("z.npy", &[0, 4], &[0.0f32; 0]).c("y.npy", &[0, 4], &[0u8; 0]);
    let message = folder.run(SCORE, &[]).one_line();
    assert!(message.starts_with("error: z.npy: no valid pixel"), "{message}");
}

#[test]
fn bad_files_are_refused() {
    let (folder, logits, _) = folder();
    let refusal = |words: &str| folder.run(words, &[]).one_line();
    folder.c("short.npy", &[3, 20], &[0u8; 60]);
    let message = refusal("score --logits z.npy --targets short.npy");
    assert!(message.starts_with("error: short.npy: shape (3, 20) differs from (3, 1, 4, 5) of z.npy"), "{message}");
    let bytes = std::fs::read(folder.path("z.npy")).expect("a file");
    std::fs::write(folder.path("cut.npy"), &bytes[..bytes.len() - 7]).expect("a file");
    let message = refusal("score --logits cut.npy --targets y.npy");
    assert!(message.starts_with("error: cut.npy: truncated"), "{message}");
    std::fs::write(folder.path("text.npy"), "0.5 0.25\n").expect("a file");
    let message = refusal("score --logits text.npy --targets y.npy");
    assert!(message.starts_with("error: text.npy: is a text file, which is not read"), "{message}");
    let complex: Vec<u8> = bytes.windows(3).position(|bytes| bytes == b"<f4").map_or(Vec::new(), |at| {
        let mut bytes = bytes.clone();
        bytes[at..at + 3].copy_from_slice(b"<U1");
        bytes
    });
    std::fs::write(folder.path("words.npy"), complex).expect("a file");
    let message = refusal("score --logits words.npy --targets y.npy");
    assert!(message.starts_with("error: words.npy: dtype '<U1'"), "{message}");
    let message = refusal("score --logits none.npy --targets y.npy");
    assert!(message.starts_with("error: none.npy: no such file"), "{message}");
    folder.npz("all.npz", &SHAPE, &logits, &[0; PIXELS]);
    let message = refusal("score --logits all.npz --targets y.npy");
    assert!(message.contains("logits") && message.contains("targets"), "{message}");
    folder.c("line.npy", &[60], &logits);
    let message = refusal("score --logits line.npy --targets line.npy --per-image");
    assert!(message.contains("--per-image needs an axis"), "{message}");
}

/// A loss that is too large for f32 has no value, and no number is shown in its place.
#[test]
fn losses_beyond_f32_are_refused() {
    let (folder, ..) = folder();
    let mut logits = [0.5f32; PIXELS];
    logits[7] = -3e38;
    folder.c("z.npy", &SHAPE, &logits).c("y.npy", &SHAPE, &[1u8; PIXELS]);
    folder.run(SCORE, &["--loss", "bce"]).text();
    for arguments in [&["--loss", "bce(pos_weight=2)"][..], &["--loss", "dice + bce(pos_weight=2)", "--per-image"]] {
        let message = folder.run(SCORE, arguments).one_line();
        assert!(message.starts_with("error: a term of the loss is larger than the largest f32, 3.4e38"), "{message}");
    }
    // No term is too large. The sum over images of their losses holds a loss beyond f32, but not one beyond 2^150.
    let report = folder.run(SCORE, &["--loss", "4 * bce(reduction=sum)", "--per-image", "--json"]).json();
    let mean = number(&report, "mean_over_images/losses/0/value");
    assert!((mean / (4.0 * f64::from(3e38f32) / 3.0) - 1.0).abs() < 1e-6, "{mean}");
    let message = folder.run(SCORE, &["--loss", "1e8 * bce(reduction=sum)", "--per-image"]).one_line();
    assert!(message.contains("larger than the largest f32"), "{message}");
    let message = folder.run(SCORE, &["--loss", "3e38 * bce - 3e38 * dice"]).refusal();
    assert!(message.contains("add up to 6e38") && message.contains("at most 3.4e38"), "{message}");
}

#[test]
fn exit_code_tells_a_wrong_path_from_a_failing_machine() {
    let (folder, ..) = folder();
    let answer = folder.run(SCORE, &["--loss", "bce", "--grad", "nowhere/g.npy"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{}", answer.err);
    let expected = "error: nowhere/g.npy: --grad cannot be written: the folder nowhere does not exist";
    assert!(answer.err.starts_with(expected) && answer.err.lines().count() == 1, "{}", answer.err);
    let message = folder.run(SCORE, &["--loss", "bce", "--grad", "."]).one_line();
    assert!(message.contains("this is a folder; name the file, such as ./z.npy"), "{message}");
    let answer = folder.run(SCORE, &["--loss", "bce", "--grad", "y.npy/g.npy"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(answer.err.starts_with("error: y.npy/g.npy: cannot write"), "{}", answer.err);
    // The name of a temporary file says nothing to anyone.
    assert!(!answer.err.contains(".npy.part"), "{}", answer.err);
    for option in ["--logits", "--targets", "--mask", "--weights"] {
        let mut arguments = vec!["score"];
        for (other, file) in
            [("--logits", "z.npy"), ("--targets", "y.npy"), ("--mask", "y.npy"), ("--weights", "z.npy")]
        {
            arguments.extend([other, if other == option { "-" } else { file }]);
        }
        let message = folder.run("", &arguments).one_line();
        assert!(message.contains("standard input: the file is empty"), "{message}");
    }
    assert!(folder.run("inspect -", &[]).one_line().contains("not read from a pipe"));
    let message = folder.run(SCORE, &["--loss", "bce", "--grad", "-"]).one_line();
    assert!(message.contains("name a file"), "{message}");
}

#[test]
fn bad_command_lines_are_refused() {
    let (folder, ..) = folder();
    let message = folder.run(SCORE, &["--loss", "bce + focl"]).refusal();
    let expected =
        "column 7: there is no loss \"focl\"; did you mean focal?\n  | bce + focl\n  |       ^^^^\n  losses: bce";
    assert!(message.contains(expected), "{message}");
    for arguments in [
        &["--threshold", "1"][..],
        &["--json", "--csv"],
        &["--probs", "z.npy"],
        &["--epsilon", "0.6"],
        &["--lose", "bce"],
        // Without --probs there is nothing to clip.
        &["--epsilon", "0.01"],
        &["--background", "2"],
        &["--one-hot", "--multi-label"],
    ] {
        let message = folder.run(SCORE, arguments).refusal();
        assert!(message.contains(arguments[0]), "{message}");
    }
    let message = folder.run("score --targets y.npy", &[]).refusal();
    assert!(message.contains("--logits") && message.contains("--probs"), "{message}");
}

#[test]
fn losses_are_listed() {
    let folder = Folder::new();
    let text = folder.run("losses", &[]).text();
    let json = folder.run("losses --json", &[]).json();
    let losses = json["losses"].as_array().expect("losses");
    assert_eq!(losses.len(), <loss_expression::BinaryLoss as loss_expression::Vocabulary>::entries().len());
    for loss in losses {
        let (name, formula) = (loss["name"].as_str().expect("a name"), loss["formula"].as_str().expect("a formula"));
        assert!(text.contains(name) && text.contains(formula), "{name}");
        let detail = folder.run("losses", &[name]).text();
        for parameter in loss["parameters"].as_array().expect("parameters") {
            assert!(detail.contains(parameter["name"].as_str().expect("a name")), "{detail}");
        }
    }
    let message = folder.run("losses jacard", &[]).refusal();
    assert!(message.contains("did you mean jaccard?"), "{message}");
    let help = folder.run("score --help", &[]).text();
    assert!(help.contains("Examples:") && help.contains("smooth=1e-5") && help.contains("--on-bad"), "{help}");
    assert!(folder.run("--help", &[]).text().contains("score"));
}
