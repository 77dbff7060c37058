//! Label maps, volumes and metrics, from end to end.

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use common::{Folder, close, number};
use npyz::Order;
use serde_json::Value;

/// Numbers that are nowhere special.
fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

fn png(width: u32, height: u32, values: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(values).unwrap();
    writer.finish().unwrap();
    file
}

/// A NIfTI of bytes whose shape is (x, y, z), with this spacing.
fn nifti(shape: [u16; 3], spacing: [f32; 3], x0: f32, values: &[u8]) -> Vec<u8> {
    let header = nifti::NiftiHeader {
        dim: [3, shape[0], shape[1], shape[2], 1, 1, 1, 1],
        datatype: 2,
        bitpix: 8,
        pixdim: [1.0, spacing[0], spacing[1], spacing[2], 1.0, 1.0, 1.0, 1.0],
        vox_offset: 352.0,
        xyzt_units: 2,
        sform_code: 1,
        srow_x: [spacing[0], 0.0, 0.0, x0],
        srow_y: [0.0, spacing[1], 0.0, 0.0],
        srow_z: [0.0, 0.0, spacing[2], 0.0],
        magic: *b"n+1\0",
        ..nifti::NiftiHeader::default()
    };
    // The crate writes headers beside arrays of ndarray alone; the fields that are read stand at these places.
    let mut bytes = vec![0u8; 352];
    bytes[0..4].copy_from_slice(&348i32.to_le_bytes());
    for (place, length) in header.dim.iter().enumerate() {
        bytes[40 + 2 * place..][..2].copy_from_slice(&length.to_le_bytes());
    }
    bytes[70..72].copy_from_slice(&header.datatype.to_le_bytes());
    bytes[72..74].copy_from_slice(&header.bitpix.to_le_bytes());
    for (place, along) in header.pixdim.iter().enumerate() {
        bytes[76 + 4 * place..][..4].copy_from_slice(&along.to_le_bytes());
    }
    bytes[108..112].copy_from_slice(&header.vox_offset.to_le_bytes());
    bytes[123] = header.xyzt_units;
    bytes[254..256].copy_from_slice(&header.sform_code.to_le_bytes());
    for (row, values) in [header.srow_x, header.srow_y, header.srow_z].iter().enumerate() {
        for (place, value) in values.iter().enumerate() {
            bytes[280 + 16 * row + 4 * place..][..4].copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes[344..348].copy_from_slice(&header.magic);
    bytes.extend_from_slice(values);
    bytes
}

fn labels(seed: u32, count: usize, classes: u8) -> (Vec<u8>, Vec<u8>) {
    let mut random = random(seed);
    (0..count)
        .map(|_| {
            let truth = (random() * f32::from(classes)) as u8;
            let prediction = if random() < 0.7 { truth } else { (random() * f32::from(classes)) as u8 };
            (truth, prediction)
        })
        .unzip()
}

const BY_LABELS: &str = "score --prediction p.npy --targets y.npy --json";

#[test]
fn label_maps_have_the_scores_of_their_confusion() {
    let folder = Folder::new();
    let (truth, prediction) = labels(1, 120, 3);
    folder.c("y.npy", &[10, 12], &truth).c("p.npy", &[10, 12], &prediction);
    let json = folder.run(BY_LABELS, &[]).json();
    for class in [1u8, 2] {
        let count = |is: fn(bool, bool) -> bool| {
            truth.iter().zip(&prediction).filter(|(t, p)| is(**t == class, **p == class)).count() as f64
        };
        let (tp, fp, fn_) = (count(|t, p| t && p), count(|t, p| !t && p), count(|t, p| t && !p));
        let path = format!("metrics/classes/{}/pooled", class - 1);
        close(number(&json, &format!("{path}/dice/value")), 2.0 * tp / (2.0 * tp + fp + fn_), 1e-12);
        close(number(&json, &format!("{path}/iou/value")), tp / (tp + fp + fn_), 1e-12);
    }
    // The same as pictures, as whole floats, and from a pipe.
    fs::write(folder.path("y.png"), png(12, 10, &truth)).unwrap();
    fs::write(folder.path("p.png"), png(12, 10, &prediction)).unwrap();
    folder.c("yf.npy", &[1, 10, 12, 1], &truth.iter().map(|label| f32::from(*label)).collect::<Vec<_>>());
    let metrics = |words: &str| folder.run(words, &["--json"]).json()["metrics"]["classes"].clone();
    assert_eq!(metrics("score --prediction p.png --targets y.png"), json["metrics"]["classes"]);
    assert_eq!(json["files"][0]["paired_by"]["targets"], "order");
    assert_eq!(metrics("score --prediction p.png --targets yf.npy"), json["metrics"]["classes"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ablation"))
        .args(["score", "--prediction", "-", "--targets", "y.png", "--json"])
        .current_dir(folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&png(12, 10, &prediction)).unwrap();
    let piped: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(piped["metrics"]["classes"], json["metrics"]["classes"]);
}

/// What may mean this or that is refused with both readings.
#[test]
fn label_maps_that_may_mean_two_things_are_refused() {
    let folder = Folder::new();
    let write = |truth: &[u8], prediction: &[u8]| {
        folder.c("y.npy", &[1, truth.len() as u64], truth).c("p.npy", &[1, prediction.len() as u64], prediction);
    };
    for (truth, prediction, told) in [
        (&[0u8, 255, 255, 0][..], &[0u8, 255, 0, 0][..], "--foreground 255"),
        (&[0, 255, 255, 0], &[0, 1, 0, 0], "--foreground 1,255"),
        (&[1, 2, 3, 1], &[0, 1, 2, 0], "--classes 4"),
        (&[0, 1, 2, 255], &[0, 1, 2, 1], "--ignore 255"),
        (&[0, 5, 5, 0], &[0, 5, 0, 0], "--classes 6"),
    ] {
        write(truth, prediction);
        let message = folder.run(BY_LABELS, &[]).one_line();
        assert!(message.contains(told), "{message}");
    }
    // Probabilities as grey levels.
    let levels: Vec<u8> = (0..80u8).collect();
    write(&levels.iter().map(|level| level / 40).collect::<Vec<_>>(), &levels);
    assert!(folder.run(BY_LABELS, &[]).one_line().contains("--probs"));
    write(&[0, 255, 255, 0], &[0, 1, 0, 0]);
    let json = folder.run(BY_LABELS, &["--foreground", "1,255"]).json();
    close(number(&json, "metrics/classes/0/mean/dice/value"), 2.0 / 3.0, 1e-12);
    write(&[0, 1, 2, 255], &[0, 1, 2, 1]);
    let json = folder.run(BY_LABELS, &["--ignore", "255"]).json();
    assert_eq!(number(&json, "metrics/classes/0/mean/dice/value"), 1.0);
    folder.c("p.npy", &[1, 4], &[0.2f32, 0.7, 0.1, 0.9]);
    assert!(folder.run(BY_LABELS, &["--ignore", "255"]).one_line().contains("--probs"));
}

#[test]
fn distances_take_the_spacing_of_volumes_and_every_order_of_axes() {
    let folder = Folder::new();
    // One voxel each, two steps apart along z, which is 3 mm a step.
    let shape = [4u16, 5, 6];
    let at = |z: usize, y: usize, x: usize| {
        let mut values = vec![0u8; 120];
        values[(z * 5 + y) * 4 + x] = 1;
        values
    };
    let (truth, prediction) = (at(1, 2, 1), at(3, 2, 1));
    let spacing = [0.5, 0.75, 3.0];
    fs::write(folder.path("y.nii"), nifti(shape, spacing, 0.0, &truth)).unwrap();
    fs::write(folder.path("p.nii"), nifti(shape, spacing, 0.0, &prediction)).unwrap();
    let hausdorff = |words: &str| {
        let json = folder.run(words, &["--metrics", "hausdorff", "--json"]).json();
        number(&json, "metrics/classes/0/mean/hausdorff/value")
    };
    assert_eq!(hausdorff("score --prediction p.nii --targets y.nii"), 6.0);
    // SimpleITK's order, and nibabel's.
    folder.c("zyx.npy", &[6, 5, 4], &prediction).array("xyz.npy", Order::Fortran, &[4, 5, 6], &prediction);
    assert_eq!(hausdorff("score --prediction zyx.npy --targets y.nii"), 6.0);
    assert_eq!(hausdorff("score --prediction xyz.npy --targets y.nii"), 6.0);
    assert_eq!(hausdorff("score --prediction zyx.npy --targets zyx.npy --dims 3"), 0.0);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&nifti(shape, spacing, 0.0, &prediction)).unwrap();
    fs::write(folder.path("p.nii.gz"), packed.finish().unwrap()).unwrap();
    assert_eq!(hausdorff("score --prediction p.nii.gz --targets y.nii"), 6.0);
    // A spacing that is permuted, another place in space, and a cube whose axes nothing tells.
    let refusal = |words: &str| folder.run(words, &["--metrics", "hausdorff"]).one_line();
    assert!(
        refusal("score --prediction p.nii --targets y.nii --spacing 0.5,0.75,3").contains("differs from the header's")
    );
    fs::write(folder.path("far.nii"), nifti(shape, spacing, 9.0, &prediction)).unwrap();
    assert!(refusal("score --prediction far.nii --targets y.nii").contains("--ignore-affine"));
    assert_eq!(hausdorff("score --prediction far.nii --targets y.nii --ignore-affine"), 6.0);
    let cube: Vec<u8> = (0..27).map(|place| u8::from(place == 5)).collect();
    fs::write(folder.path("cube.nii"), nifti([3, 3, 3], [1.0, 2.0, 3.0], 0.0, &cube)).unwrap();
    folder.c("cube.npy", &[3, 3, 3], &cube);
    assert!(refusal("score --prediction cube.npy --targets cube.nii").contains("--axes zyx"));
    assert_eq!(hausdorff("score --prediction cube.npy --targets cube.nii --axes zyx"), 0.0);
    assert!(hausdorff("score --prediction cube.npy --targets cube.nii --axes xyz") > 0.0);
    // Three axes without a file that says what they are.
    assert!(refusal("score --prediction zyx.npy --targets zyx.npy --dims 2 --spacing 1,1,1").contains("--dims"));
    folder.c("one.npy", &[6, 5, 4], &truth);
    assert!(refusal("score --prediction zyx.npy --targets one.npy").contains("--dims 3"));
    assert_eq!(hausdorff("score --prediction zyx.npy --targets one.npy --spacing 3,0.75,0.5"), 6.0);
}

#[test]
fn a_missed_object_is_the_worst_and_is_counted() {
    let folder = Folder::new();
    let mask = |on: &[usize]| (0..12).map(|place| u8::from(on.contains(&place))).collect::<Vec<u8>>();
    // Four images: right, missed, a false alarm, nothing.
    let truth = [mask(&[5]), mask(&[5]), mask(&[]), mask(&[])].concat();
    let prediction = [mask(&[5]), mask(&[]), mask(&[3]), mask(&[])].concat();
    folder.c("y.npy", &[4, 3, 4], &truth).c("p.npy", &[4, 3, 4], &prediction);
    let words = format!("{BY_LABELS} --dims 2 --metrics dice,recall,hausdorff,lesion_f1");
    let json = folder.run(&words, &[]).json();
    let class = |path: &str| number(&json, &format!("metrics/classes/0/{path}"));
    assert_eq!([class("present"), class("missed"), class("false_alarms"), class("absent")], [2.0, 1.0, 1.0, 1.0]);
    close(class("mean/dice/value"), 1.0 / 3.0, 1e-12);
    assert_eq!(class("mean/recall/value"), 0.5);
    close(class("mean/hausdorff/value"), 10.0 / 3.0, 1e-12);
    close(class("mean/lesion_f1/value"), 1.0 / 3.0, 1e-12);
    let json = folder.run(&words, &["--both-empty", "perfect"]).json();
    assert_eq!(number(&json, "metrics/classes/0/mean/dice/value"), 0.5);
    let text = folder.run(&words.replace("--json", ""), &[]).text();
    assert!(text.contains("missed") && text.contains("--both-empty perfect"), "{text}");
}

/// A folder with `count` files of logits and targets each.
fn many(count: usize, shape: &[u64]) -> Folder {
    let folder = Folder::new();
    let pixels = shape.iter().product::<u64>() as usize;
    let mut random = random(7);
    for file in 0..count {
        let targets: Vec<u8> = (0..pixels).map(|_| u8::from(random() < 0.3)).collect();
        let logits: Vec<f32> =
            targets.iter().map(|target| 4.0 * (random() - 0.5) + 2.0 * f32::from(*target) - 1.0).collect();
        folder.c(&format!("z/case_{file:02}.npy"), shape, &logits);
        folder.c(&format!("y/case_{file:02}_mask.npy"), shape, &targets);
    }
    folder
}

/// Any split of the files over processes gives the bits of one run.
#[test]
fn states_of_any_split_are_those_of_one_run() {
    let folder = many(40, &[1, 6, 7]);
    let options = [
        "--metrics",
        "overlap,surface,instances,calibration",
        "--dims",
        "2",
        "--per-image",
        "--loss",
        "0.5 * bce + dice(smooth=1e-5)",
        "--loss",
        "focal(gamma=1.5)",
    ];
    let whole = folder.run("score --logits z --targets y --pair {id}_mask.npy --json", &options).json();
    for split in [[10, 20, 30], [1, 2, 39]] {
        let ends = [0, split[0], split[1], split[2], 40];
        let mut running = Vec::new();
        for part in 0..4 {
            let files = |name: &str, ending: &str| -> Vec<String> {
                (ends[part]..ends[part + 1]).map(|file| format!("{name}/case_{file:02}{ending}")).collect()
            };
            let child = Command::new(env!("CARGO_BIN_EXE_ablation"))
                .args(["score", "--state", &format!("s{part}.json")])
                .args(options)
                .arg("--pair")
                .arg("{id}_mask.npy")
                .arg("--logits")
                .args(files("z", ".npy"))
                .arg("--targets")
                .args(files("y", "_mask.npy"))
                .current_dir(folder.path(""))
                .spawn();
            running.push(child.unwrap());
        }
        for child in &mut running {
            assert!(child.wait().unwrap().success());
        }
        let mut merged = folder.run("merge s3.json s0.json s2.json s1.json --json", &[]).json();
        // How files were paired is that of each part.
        for file in merged["files"].as_array_mut().unwrap() {
            file["paired_by"] = whole["files"][0]["paired_by"].clone();
        }
        assert_eq!(merged, whole);
    }
    // Merging in steps is the same, and what would count twice, or is of other losses, is refused.
    folder.run("merge s0.json s1.json --state first.json", &[]).text();
    folder.run("merge s2.json s3.json --state second.json", &[]).text();
    let merged = folder.run("merge first.json second.json --json", &[]).json();
    assert_eq!(merged["losses"], whole["losses"]);
    assert_eq!(merged["metrics"], whole["metrics"]);
    assert!(folder.run("merge s0.json first.json", &[]).one_line().contains("would count twice"));
    folder.run("score --logits z/case_00.npy --targets y/case_00_mask.npy --loss bce --state other.json", &[]).text();
    assert!(folder.run("merge s1.json other.json", &[]).one_line().contains("losses is"));
    let damaged =
        fs::read_to_string(folder.path("s0.json")).unwrap().replace("\"state_version\":3", "\"state_version\":2");
    fs::write(folder.path("old.json"), damaged).unwrap();
    assert!(folder.run("merge old.json", &[]).one_line().contains("state_version is 2"));
}

#[test]
fn rows_intervals_and_comparisons() {
    let folder = many(12, &[1, 6, 7]);
    let words =
        "score --logits z --targets y --metrics dice,hd95 --dims 2 --loss bce --per-image a.csv --intervals 0.9 --json";
    let json = folder.run(words, &[]).json();
    let dice = |end: &str| number(&json, &format!("metrics/classes/0/mean/dice/{end}"));
    assert!(dice("low") < dice("value") && dice("value") < dice("high"));
    assert_eq!(folder.run(words, &[]).json(), json, "the seed is fixed");
    assert_ne!(folder.run(words, &["--seed", "5"]).json()["metrics"]["classes"], json["metrics"]["classes"]);
    let text = fs::read_to_string(folder.path("a.csv")).unwrap();
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 12);
    let mean = rows.iter().map(|row| row["dice"].parse::<f64>().unwrap()).sum::<f64>() / 12.0;
    close(dice("value"), mean, 1e-12);
    let loss = rows.iter().map(|row| row["bce"].parse::<f64>().unwrap()).sum::<f64>() / 12.0;
    close(number(&json, "losses/0/value"), loss, 1e-12);
    // A model that is right everywhere, as JSON Lines.
    for file in 0..12 {
        let (shape, _, targets) = {
            let bytes = fs::read(folder.path(&format!("y/case_{file:02}_mask.npy"))).unwrap();
            let array = npyz::NpyFile::new(&bytes[..]).unwrap();
            (array.shape().to_vec(), (), array.into_vec::<u8>().unwrap())
        };
        let logits: Vec<f32> = targets.iter().map(|target| 8.0 * f32::from(*target) - 4.0).collect();
        folder.c(&format!("best/case_{file:02}.npy"), &shape, &logits);
    }
    folder
        .run("score --logits best --targets y --metrics dice,hd95 --dims 2 --loss bce --per-image b.jsonl", &[])
        .text();
    let compared = folder.run("score --compare a.csv b.jsonl --json", &[]).json();
    let first = &compared["differences"][0];
    assert_eq!((first["value"].as_str(), first["images"].as_u64()), (Some("dice"), Some(12)));
    close(first["difference"].as_f64().unwrap(), 1.0 - mean, 1e-12);
    let text = folder.run("score --compare a.csv b.jsonl", &[]).text();
    assert!(text.contains("dice of class 1: b is better than a"), "{text}");
    // Other images are refused.
    let fewer: String =
        fs::read_to_string(folder.path("a.csv")).unwrap().lines().take(9).map(|line| format!("{line}\n")).collect();
    fs::write(folder.path("fewer.csv"), fewer).unwrap();
    assert!(folder.run("score --compare a.csv fewer.csv", &[]).one_line().contains("missing"));
}

#[test]
fn a_broken_file_stops_all_or_is_named() {
    let folder = many(3, &[1, 6, 7]);
    let whole = folder
        .run("score --logits z/case_00.npy z/case_02.npy --targets y/case_00_mask.npy y/case_02_mask.npy --json", &[])
        .json();
    let bytes = fs::read(folder.path("z/case_01.npy")).unwrap();
    fs::write(folder.path("z/case_01.npy"), &bytes[..bytes.len() - 3]).unwrap();
    assert!(folder.run("score --logits z --targets y", &[]).one_line().contains("truncated"));
    let answer = folder.run("score --logits z --targets y --keep-going --json", &[]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("case_01.npy: truncated"), "{}", answer.err);
    let json: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(json["losses"], whole["losses"]);
    assert_eq!(json["broken"].as_array().map(Vec::len), Some(1));
}

/// A softmax is logits whose logarithm was not taken.
#[test]
fn probabilities_of_classes_are_those_of_their_logits() {
    let folder = Folder::new();
    let (pixels, mut random) = (30, random(9));
    let logits: Vec<f32> = (0..3 * pixels).map(|_| 4.0 * random() - 2.0).collect();
    let labels: Vec<u8> = (0..pixels).map(|_| (3.0 * random()) as u8).collect();
    let at = |class: usize, pixel: usize| f64::from(logits[class * pixels + pixel]).exp();
    let share =
        |class: usize, pixel: usize| (at(class, pixel) / (0..3).map(|class| at(class, pixel)).sum::<f64>()) as f32;
    let probabilities: Vec<f32> = (0..3 * pixels).map(|place| share(place / pixels, place % pixels)).collect();
    let last: Vec<f32> = (0..3 * pixels).map(|place| probabilities[place % 3 * pixels + place / 3]).collect();
    folder.c("z.npy", &[1, 3, 5, 6], &logits).c("p.npy", &[1, 3, 5, 6], &probabilities);
    folder.c("last.npy", &[5, 6, 3], &last).c("y.npy", &[5, 6], &labels);
    let value = |words: &str| {
        let json = folder.run(words, &["--loss", "ce + dice", "--metrics", "ece,dice", "--json"]).json();
        (number(&json, "losses/0/value"), number(&json, "metrics/calibration/ece"))
    };
    let expected = value("score --logits z.npy --targets y.npy");
    for words in ["score --probs p.npy --targets y.npy", "score --probs last.npy --targets y.npy --channels-last"] {
        let given = value(words);
        close(given.0, expected.0, 1e-5);
        close(given.1, expected.1, 1e-4);
    }
    assert!(folder.run("score --probs z.npy --targets y.npy", &[]).one_line().contains("--logits"));
    assert!(folder.run("score --logits p.npy --targets y.npy", &[]).one_line().contains("--probs"));
    assert!(folder.run("score --probs last.npy --targets y.npy", &[]).one_line().contains("--channels-last"));
}

#[test]
fn one_mask_is_that_of_all_only_if_it_is_said() {
    let folder = Folder::new();
    let mut random = random(4);
    let logits: Vec<f32> = (0..3 * 20).map(|_| 2.0 * random() - 1.0).collect();
    let mask: Vec<u8> = (0..20).map(|_| u8::from(random() < 0.4)).collect();
    folder.c("z.npy", &[3, 1, 4, 5], &logits).c("y.npy", &[4, 5], &mask).c("ys.npy", &[3, 1, 4, 5], &mask.repeat(3));
    assert!(folder.run("score --logits z.npy --targets y.npy", &[]).one_line().contains("--broadcast"));
    let losses = |words: &str| folder.run(words, &["--json"]).json()["losses"].clone();
    assert_eq!(
        losses("score --logits z.npy --targets y.npy --broadcast"),
        losses("score --logits z.npy --targets ys.npy")
    );
    assert!(folder.run("score --logits z.npy z.npy --targets ys.npy", &[]).one_line().contains("--broadcast"));
}

#[test]
fn tensors_of_safetensors_are_arrays() {
    let folder = Folder::new();
    let (logits, mask) = ([1.5f32, -2.0, 0.25, 3.0], [1u8, 0, 0, 1]);
    let header = r#"{"y":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"z":{"dtype":"BF16","shape":[2,2],"data_offsets":[4,12]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(mask);
    // These are exact in bf16: the upper half of an f32.
    bytes.extend(logits.iter().flat_map(|logit| [logit.to_le_bytes()[2], logit.to_le_bytes()[3]]));
    fs::write(folder.path("x.safetensors"), &bytes).unwrap();
    folder.c("z.npy", &[2, 2], &logits).c("y.npy", &[2, 2], &mask);
    let losses = |words: &str| folder.run(words, &["--json"]).json()["losses"].clone();
    let expected = losses("score --logits z.npy --targets y.npy");
    assert_eq!(losses("score --logits x.safetensors:z --targets x.safetensors:y"), expected);
    assert!(folder.run("score --logits x.safetensors --targets y.npy", &[]).one_line().contains("holds several"));
    fs::write(folder.path("cut.safetensors"), &bytes[..bytes.len() - 1]).unwrap();
    assert!(folder.run("score --logits cut.safetensors:z --targets y.npy", &[]).one_line().contains("damaged"));
}

/// The boundary loss is that of the library with the library's map.
#[test]
fn boundary_has_its_distances() {
    use loss_core::boundary::distance::{scratch_length, signed_distance_map};
    use loss_core::boundary::{BoundaryAccumulator, BoundarySample};

    let folder = Folder::new();
    let mut random = random(3);
    let logits: Vec<f32> = (0..2 * 42).map(|_| 4.0 * random() - 2.0).collect();
    let mask: Vec<bool> = (0..2 * 42).map(|_| random() < 0.4).collect();
    folder.c("z.npy", &[2, 1, 6, 7], &logits).c("y.npy", &[2, 1, 6, 7], &mask);
    let mut sums = BoundaryAccumulator::new();
    for (logits, mask) in logits.chunks(42).zip(mask.chunks(42)) {
        let (mut map, mut scratch) = ([0.0; 42], vec![0; scratch_length(7)]);
        signed_distance_map(mask, 7, 6, &mut scratch, &mut map).unwrap();
        logits
            .iter()
            .zip(map)
            .for_each(|(input, distance)| sums.push(BoundarySample { input: *input, distance, weight: 1.0 }));
    }
    let json = folder.run("score --logits z.npy --targets y.npy --loss boundary --json", &[]).json();
    assert_eq!(number(&json, "losses/0/value"), sums.finish().unwrap().value());
}

#[test]
fn completions_and_manual_pages() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run("completions", &[shell]).text();
        assert!(script.contains("--per-image"), "{shell}");
    }
    assert!(folder.run("man score", &[]).text().contains("prediction"));
    folder.run("man --output pages", &[]).text();
    assert!(folder.path("pages/ablation-score.1").exists());
    assert!(folder.run("man nothing", &[]).one_line().contains("score"));
}

#[test]
fn answers_go_to_files_whole() {
    let folder = many(2, &[1, 6, 7]);
    folder.run("score --logits z --targets y -o out.json", &[]).text();
    let json: Value = serde_json::from_slice(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert!(json["losses"].is_array());
    assert!(folder.run("score --logits z --targets y -o none/out.json", &[]).code != Some(0));
    assert_eq!(folder.names(), ["out.json", "y", "z"]);
}
