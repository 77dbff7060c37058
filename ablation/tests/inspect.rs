//! `ablation inspect`, from end to end.

mod common;

use common::{Folder, close, number};
use npyz::Order;
use serde_json::Value;

fn findings(json: &Value) -> Vec<String> {
    let advice = json["advice"].as_array().expect("advice");
    advice.iter().map(|advice| advice["finding"].as_str().expect("a finding").to_owned()).collect()
}

#[test]
fn binary_balance_and_weights() {
    let folder = Folder::new();
    // Two images of 4 × 5: an object of 3 pixels, and a diagonal pair; then nothing.
    let mut mask = [0u8; 40];
    [0, 1, 5, 13, 17].into_iter().for_each(|pixel| mask[pixel] = 1);
    folder.c("y.npy", &[2, 4, 5], &mask);
    let json = folder.run("inspect y.npy --json", &[]).json();
    assert_eq!((number(&json, "images"), number(&json, "pixels"), number(&json, "empty_images")), (2.0, 40.0, 1.0));
    assert_eq!((number(&json, "classes/1/pixels"), number(&json, "classes/1/share")), (5.0, 0.125));
    assert_eq!((number(&json, "classes/0/images"), number(&json, "classes/1/images")), (2.0, 1.0));
    assert_eq!((number(&json, "classes/1/objects"), number(&json, "classes/1/median_object")), (3.0, 1.0));
    assert_eq!(number(&json, "weights/pos_weight"), 7.0);
    assert_eq!((number(&json, "weights/inverse/0"), number(&json, "weights/inverse/1")), (40.0 / 70.0, 4.0));
    assert_eq!(number(&json, "weights/median/1"), 4.0);
    let findings = findings(&json);
    assert_eq!(findings[0], "binary, foreground 12.5 %");
    assert!(findings.contains(&"1 of 2 images have no foreground".to_owned()), "{findings:?}");
    let text = folder.run("inspect y.npy", &[]).text();
    assert!(text.contains("pos_weight 7 ") && text.contains("bce + dice(smooth=1)"), "{text}");
    // What is said to be an expression is one.
    folder.c("z.npy", &[2, 4, 5], &[-0.25f32; 40]);
    for advice in json["advice"].as_array().expect("advice") {
        for loss in advice["losses"].as_array().expect("losses") {
            let loss = loss.as_str().expect("an expression");
            folder.run("score --logits z.npy --targets y.npy --loss", &[loss]).text();
        }
    }
}

/// The lecture's building damage: 96.0, 2.7, 0.1, 0.1 and 0.1 %, the rest ignored.
#[test]
fn classes_files_and_ignored_labels() {
    let folder = Folder::new();
    let counts = [9600, 270, 10, 10, 10];
    let mut labels: Vec<i64> =
        counts.iter().zip(0..).flat_map(|(count, label)| std::iter::repeat_n(label, *count)).collect();
    labels.extend([-1; 100]);
    folder.c("a/1.npy", &[1, 50, 100], &labels[..5000]).c("a/2.npy", &[1, 50, 100], &labels[5000..]);
    let names = "background,intact,minor,major,destroyed";
    let json = folder.run("inspect a/*.npy --ignore -1 --json --classes", &[names]).json();
    assert_eq!(json["files"].as_array().expect("files").len(), 2);
    assert_eq!((number(&json, "images"), number(&json, "ignored")), (2.0, 100.0));
    for (class, count) in counts.into_iter().enumerate() {
        assert_eq!(number(&json, &format!("classes/{class}/pixels")), count as f64);
        close(number(&json, &format!("classes/{class}/share")), count as f64 / 9900.0, 1e-15);
        close(number(&json, &format!("weights/inverse/{class}")), 9900.0 / (5.0 * count as f64), 1e-15);
        close(number(&json, &format!("weights/median/{class}")), 10.0 / count as f64, 1e-15);
    }
    let mean: f64 = (0..5).map(|class| number(&json, &format!("weights/effective_0.9999/{class}"))).sum::<f64>() / 5.0;
    close(mean, 1.0, 1e-14);
    assert_eq!(json["classes"][4]["name"], "destroyed");
    assert_eq!(json["weights"]["pos_weight"], Value::Null);
    let findings = findings(&json);
    assert!(findings[0].starts_with("5 classes, the rarest (minor) 0.101 %"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.contains("accuracy of 96.97 %")), "{findings:?}");
    let text = folder.run("inspect a/*.npy --ignore -1 --classes", &[names]).text();
    assert!(text.contains("2 files") && text.contains("destroyed"), "{text}");
}

#[test]
fn orders_containers_and_axes_give_the_same() {
    let folder = Folder::new();
    let labels: Vec<u8> = (0..2 * 7 * 9).map(|index: u32| ((index * index) % 11 % 3) as u8).collect();
    folder.c("y.npy", &[2, 7, 9], &labels).c("c.npy", &[2, 1, 7, 9], &labels);
    let turned: Vec<u8> =
        (0..labels.len()).map(|index| labels[index % 2 * 63 + index / 2 % 7 * 9 + index / 14]).collect();
    folder.array("f.npy", Order::Fortran, &[2, 7, 9], &turned);
    folder.npz("y.npz", &[2, 7, 9], &[0.0; 126], &labels);
    let of = |file: &str| {
        let mut json = folder.run("inspect --json", &[file]).json();
        json["files"] = Value::Null;
        json
    };
    let expected = of("y.npy");
    for file in ["c.npy", "f.npy", "y.npz:targets"] {
        assert_eq!(of(file), expected, "{file}");
    }
    // An array of two axes is one image.
    folder.c("one.npy", &[14, 9], &labels);
    assert_eq!(number(&of("one.npy"), "images"), 1.0);
}

#[test]
fn soft_masks_and_image_files() {
    let folder = Folder::new();
    folder.c("soft.npy", &[1, 2, 3], &[0.0f32, 0.25, 0.75, 1.0, 0.0, 0.0]);
    let json = folder.run("inspect soft.npy --json", &[]).json();
    assert_eq!((number(&json, "soft/between"), number(&json, "soft/sum")), (2.0, 2.0));
    assert_eq!((number(&json, "classes/1/pixels"), number(&json, "weights/pos_weight")), (2.0, 2.0));
    assert!(findings(&json).iter().any(|finding| finding.starts_with("soft labels: 33.33 %")));
    folder.c("png.npy", &[1, 2, 3], &[0u8, 255, 255, 0, 0, 0]);
    let json = folder.run("inspect png.npy --json", &[]).json();
    assert_eq!(json["labels_are_0_and_255"], true);
    assert_eq!((number(&json, "classes/1/pixels"), number(&json, "weights/pos_weight")), (2.0, 2.0));
    assert!(folder.run("inspect png.npy", &[]).text().contains("divide by 255"));
}

#[test]
fn wrong_masks_are_refused() {
    let folder = Folder::new();
    folder.c("y.npy", &[1, 2, 3], &[0i64, 1, 2, 255, 0, 7]).c("f.npy", &[3], &[0.0f32, 1.0, 2.0]);
    folder.c("n.npy", &[1, 2, 3], &[0i64, 1, -7, 0, 0, 0]).c("none.npy", &[2], &[255u8, 255]);
    for (words, message) in [
        ("y.npy", "label 255 occurs, and the next one below is 7: give --ignore 255"),
        (
            "y.npy --ignore 255 --classes 3",
            "error: y.npy: the label at [0, 1, 2] (flat index 5) is 7; accepted: 0 to 2",
        ),
        ("n.npy", "error: n.npy: the label at [0, 0, 2] (flat index 2) is -7; accepted: 0 to 255; --ignore -7"),
        ("f.npy", "the target at [2] (flat index 2) is 2"),
        ("none.npy --ignore 255", "no pixel to look at"),
        ("missing.npy", "no such file"),
    ] {
        let refusal = folder.run(&format!("inspect {words}"), &[]).one_line();
        assert!(refusal.contains(message), "{refusal}");
    }
    assert_eq!(folder.run("inspect", &[]).code, Some(2));
}

#[test]
fn the_guide_has_every_task() {
    let folder = Folder::new();
    let text = folder.run("inspect --guide", &[]).text();
    let help = folder.run("inspect --help", &[]).text();
    let json = folder.run("inspect --guide --json", &[]).json();
    let tasks = json["guide"].as_array().expect("tasks");
    assert_eq!(tasks.len(), 7);
    for task in tasks {
        let name = task["task"].as_str().expect("a task");
        assert!(text.contains(name) && help.contains(name), "{name}");
    }
    assert!(help.contains("Examples:"), "{help}");
}

#[test]
fn folders_and_patterns_name_masks_once() {
    let folder = Folder::new();
    folder.c("m/a.npy", &[2, 2], &[0u8, 1, 1, 1]).c("m/b.npy", &[2, 2], &[0u8, 0, 0, 1]).c(
        "m/._a.npy",
        &[9],
        &[1u8; 9],
    );
    let files = |words: &str| folder.run(&format!("inspect --json {words}"), &[]).json()["files"].clone();
    let both = serde_json::json!(["m/a.npy", "m/b.npy"]);
    assert_eq!(files("m"), both);
    assert_eq!(files("m/*.npy"), both);
    assert_eq!(files("**/*.npy"), both);
    assert_eq!(files("m/b.npy m/a.npy"), serde_json::json!(["m/b.npy", "m/a.npy"]));
    let message = folder.run("inspect m m/a.npy", &[]).one_line();
    assert!(message.contains("m/a.npy: named twice, and would count twice"), "{message}");
}
