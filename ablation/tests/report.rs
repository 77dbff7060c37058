//! `score --report`: what the page shows is what was scored.
#![cfg(feature = "report")]

mod common;
mod page;

use std::fs;

use common::{Folder, close};
use page::{Page, png_colours};
use serde_json::Value;

const BACKGROUND: [u8; 3] = [17, 22, 28];
const RIGHT: [u8; 3] = [232, 232, 232];
const FALSE_POSITIVE: [u8; 3] = [230, 159, 0];
const FALSE_NEGATIVE: [u8; 3] = [86, 180, 233];
const CONFUSED: [u8; 3] = [232, 64, 132];

/// Numbers that are nowhere special.
fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    }
}

/// Twelve images of logits and masks; of case 7 most are wrong.
fn binary() -> Folder {
    let folder = Folder::new();
    let mut random = random(1);
    for case in 0..12 {
        let targets: Vec<u8> = (0..20 * 30).map(|_| u8::from(random() < 0.3)).collect();
        let strength = if case == 7 { -2.0 } else { 2.0 };
        let logits: Vec<f32> = targets
            .iter()
            .map(|target| strength * (2.0 * f32::from(*target) - 1.0) + 6.0 * (random() - 0.5) - case as f32 / 10.0)
            .collect();
        folder.c(&format!("z/case_{case:02}.npy"), &[20, 30], &logits);
        folder.c(&format!("y/case_{case:02}.npy"), &[20, 30], &targets);
    }
    folder
}

/// The rows of --per-image FILE.
fn rows(folder: &Folder, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("no {name} in {row}"))
}

#[test]
fn the_page_is_well_formed_loads_nothing_and_is_the_same_each_time() {
    let folder = binary();
    let words = "score --logits z --targets y --metrics overlap,hd95,calibration --intervals --per-image --report";
    folder.run(words, &["a.html"]).text();
    folder.run(words, &["b.html"]).text();
    let page = Page::read(&folder, "a.html");
    page.check();
    assert_eq!(page.text.replace("a.html", "b.html"), Page::read(&folder, "b.html").text);
    assert!(page.text.contains("prefers-color-scheme: dark"));
    for part in ["scores", "distribution", "agreement", "thresholds", "worst", "pairs"] {
        assert!(!page.section(part).is_empty());
    }
    // Every picture has words for those who do not see it.
    assert_eq!(page.section("worst").matches("<img ").count(), 10);
    assert_eq!(page.section("worst").matches(" alt=\"").count(), 10);
    assert!(!page.text.contains(" alt=\"\""));
    // Nothing but the answer is printed, and nothing else is left in the folder.
    assert_eq!(folder.names(), ["a.html", "b.html", "y", "z"]);
}

#[test]
fn the_numbers_are_those_of_the_answer() {
    let folder = binary();
    let words = "score --logits z --targets y --metrics dice,hd95,calibration --intervals 0.9 --json --report r.html";
    let json = folder.run(words, &["--per-image", "rows.jsonl"]).json();
    let page = Page::read(&folder, "r.html");
    let class = &json["metrics"]["classes"][0];
    for (group, id) in [("mean", "means"), ("pooled", "pooled")] {
        for (name, interval) in class[group].as_object().unwrap() {
            let cell =
                format!("{:.4} [{:.4}, {:.4}]", of(interval, "value"), of(interval, "low"), of(interval, "high"));
            assert!(page.table(id).contains(&cell), "{name}: {cell} is not in {}", page.table(id));
        }
    }
    let cells: Vec<f64> = page.cells("losses").iter().filter_map(|cell| cell.parse().ok()).collect();
    for loss in json["losses"].as_array().unwrap() {
        // Tables have six digits.
        let value = of(loss, "value");
        assert!(cells.iter().any(|cell| (cell - value).abs() <= 1e-5 * value), "{value} is not in {cells:?}");
    }

    // The heights of the points are the values, by the one axis that all of them have.
    let rows = rows(&folder, "rows.jsonl");
    let dice: Vec<f64> = rows.iter().map(|row| of(&row["metrics"], "dice")).collect();
    let panel = page.panel("distribution", "dice: ");
    page::same_up_to_an_axis(panel.circles().map(|[_, y]| -y).collect(), dice);
    let distances: Vec<f64> = rows.iter().map(|row| of(&row["metrics"], "hd95")).collect();
    let panel = page.panel("distribution", "hd95 (px): ");
    page::same_up_to_an_axis(panel.circles().map(|[_, y]| -y).collect(), distances);

    // Bland and Altman, once more.
    let sizes: Vec<[f64; 2]> = rows.iter().map(|row| [of(row, "truth"), of(row, "predicted")]).collect();
    let differences: Vec<f64> = sizes.iter().map(|[truth, predicted]| predicted - truth).collect();
    let mean = differences.iter().sum::<f64>() / 12.0;
    let deviation = (differences.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>() / 11.0).sqrt();
    let shown: Vec<f64> = page.cells("agreement").iter().filter_map(|cell| cell.parse().ok()).collect();
    let expected = [1.0, 12.0, mean, mean - 1.96 * deviation, mean + 1.96 * deviation];
    assert_eq!(shown.len(), expected.len());
    shown.iter().zip(expected).for_each(|(shown, expected)| close(*shown, expected, 1e-5));
    let panel = page.panel("agreement", "Difference of predicted and true area");
    let means = sizes.iter().map(|[truth, predicted]| (truth + predicted) / 2.0).collect();
    page::same_up_to_an_axis(panel.circles().map(|[x, _]| x).collect(), means);
    page::same_up_to_an_axis(panel.circles().map(|[_, y]| -y).collect(), differences);

    // Of the curves the best threshold, and their areas.
    let curves = &json["metrics"]["curves"];
    assert_eq!(curves["points"].as_array().unwrap().len(), 256);
    let best = format!("best Dice at {}", of(curves, "best_threshold"));
    assert!(page.section("thresholds").contains(&best), "{best}");
    assert!(page.section("thresholds").contains(&format!("{:.5}", of(curves, "roc_auc"))[..6]));
}

#[test]
fn the_image_made_bad_is_shown_first_with_every_wrong_pixel() {
    let folder = binary();
    let words = "score --logits z --targets y --per-image rows.jsonl --report r.html";
    folder.run(words, &[]).text();
    let page = Page::read(&folder, "r.html");
    let cases = page.cases();
    assert_eq!(cases.len(), 10);
    assert!(cases[0].contains("1. z/case_07.npy"), "{}", cases[0]);
    let rows = rows(&folder, "rows.jsonl");
    let mut last = 0.0;
    for case in &cases {
        let row = rows.iter().find(|row| case.contains(&format!(". {}<", row["input"].as_str().unwrap()))).unwrap();
        let [tp, fp, fn_, tn] = ["tp", "fp", "fn", "tn"].map(|name| row[name].as_u64().unwrap());
        let dice = of(&row["metrics"], "dice");
        assert!(last <= dice && case.contains(&format!("dice {dice:.4}")), "{case}");
        last = dice;
        let counts = format!("{tp} true positive, {fp} false positive, {fn_} false negative");
        assert_eq!(case.matches(&counts).count(), 2, "in words and for those who do not see: {case}");
        let colours = png_colours(case);
        let count = |colour| colours.iter().filter(|other| **other == colour).count() as u64;
        assert_eq!([RIGHT, FALSE_POSITIVE, FALSE_NEGATIVE, BACKGROUND].map(count), [tp, fp, fn_, tn]);
    }
}

/// Channels are images of their own.
#[test]
fn of_several_channels_the_bad_one_is_shown() {
    let folder = Folder::new();
    let mut random = random(3);
    let truth: Vec<u8> = (0..2 * 3 * 40).map(|_| u8::from(random() < 0.5)).collect();
    let is_bad = |place: usize| place / 40 == 3 + 1; // image 1, channel 1
    let sign = |truth: u8| 2.0 * f32::from(truth) - 1.0;
    let logit = |(place, truth): (usize, &u8)| if is_bad(place) { -sign(*truth) } else { sign(*truth) };
    let logits: Vec<f32> = truth.iter().enumerate().map(logit).collect();
    folder.c("z.npy", &[2, 3, 5, 8], &logits).c("y.npy", &[2, 3, 5, 8], &truth);
    folder.run("score --logits z.npy --targets y.npy --multi-label --dims 2 --report r.html", &[]).text();
    let cases = Page::read(&folder, "r.html").cases();
    assert_eq!(cases.len(), 6);
    assert!(cases[0].contains("1. z.npy [1]") && cases[0].contains("Class 1: dice 0.0000"), "{}", cases[0]);
    for (truth, colour) in truth[160..200].iter().zip(png_colours(&cases[0])) {
        assert_eq!(colour, if *truth == 1 { FALSE_NEGATIVE } else { FALSE_POSITIVE });
    }
}

#[test]
fn a_volume_shows_the_slice_with_the_most_wrong_pixels() {
    let folder = Folder::new();
    let mut random = random(5);
    let (depth, area) = (5, 6 * 7);
    let truth: Vec<u8> = (0..depth * area).map(|_| u8::from(random() < 0.4)).collect();
    let mut prediction = truth.clone();
    for (place, pixel) in prediction.iter_mut().enumerate() {
        // Slice 3 has most wrong pixels.
        if random() < if place / area == 3 { 0.4 } else { 0.05 } {
            *pixel = 1 - *pixel;
        }
    }
    folder.c("y.npy", &[5, 6, 7], &truth).c("p.npy", &[5, 6, 7], &prediction);
    let words = "score --prediction p.npy --targets y.npy --spacing 3,1,2 --report r.html";
    folder.run(words, &["--per-image", "rows.jsonl"]).text();
    let page = Page::read(&folder, "r.html");
    page.check();
    let wrong = |slice: usize| (slice * area..(slice + 1) * area).filter(|at| truth[*at] != prediction[*at]).count();
    assert_eq!((0..depth).max_by_key(|slice| wrong(*slice)), Some(3));
    let cases = page.cases();
    assert!(cases[0].contains("Slice [3, :, :] of 5"), "{}", cases[0]);
    // Pixels are twice as wide as they are high.
    assert!(cases[0].contains("style=\"aspect-ratio:320/137\""), "{}", cases[0]);
    let colours = png_colours(&cases[0]);
    assert_eq!(colours.len(), area);
    for (at, colour) in (3 * area..4 * area).zip(&colours) {
        let expected = match (truth[at], prediction[at]) {
            (0, 0) => BACKGROUND,
            (1, 1) => RIGHT,
            (0, 1) => FALSE_POSITIVE,
            _ => FALSE_NEGATIVE,
        };
        assert_eq!(*colour, expected);
    }
    // Sizes are in mm³, 6 of them a voxel.
    let row = &rows(&folder, "rows.jsonl")[0];
    let difference = 6.0 * (of(row, "predicted") - of(row, "truth"));
    assert!(page.section("agreement").contains("volume, in mm³"));
    assert!(page.cells("agreement").contains(&format!("{difference}")), "{:?}", page.cells("agreement"));
    // One image has neither a distribution nor limits of agreement, and label maps no threshold.
    assert!(page.section("distribution").contains("there is one image"));
    assert!(page.section("agreement").contains("one image has no limits of agreement"));
    assert!(page.section("thresholds").contains("label maps have no probabilities"));
}

#[test]
fn classes_show_each_kind_of_error_and_what_is_missing() {
    let folder = Folder::new();
    let mut random = random(9);
    for image in 0..3 {
        // Nobody has class 4; class 3 of image 0 is missed everywhere.
        let truth: Vec<u8> = (0..12 * 15).map(|_| (random() * 4.0) as u8).collect();
        let prediction: Vec<u8> = truth
            .iter()
            .map(|label| match label {
                3 if image == 0 => 0,
                label if random() < 0.8 => *label,
                _ => (random() * 4.0) as u8 % if image == 0 { 3 } else { 4 },
            })
            .collect();
        folder.c(&format!("y/{image}.npy"), &[12, 15], &truth).c(&format!("p/{image}.npy"), &[12, 15], &prediction);
    }
    let words = "score --prediction p --targets y --classes sky,road,house,water,moon --report r.html";
    folder.run(words, &["--json"]).json();
    let page = Page::read(&folder, "r.html");
    page.check();
    let summary = page.section("summary");
    assert!(summary.contains("Class water was missed in 1 of the 3 images that have it."), "{summary}");
    assert!(summary.contains("Class moon is in no target, and was never predicted."), "{summary}");
    let cases = page.cases();
    assert!(cases[0].contains("1. p/0.npy") && cases[0].contains("Class water (missed)"), "{}", cases[0]);
    let [truth, prediction] = ["y/0.npy", "p/0.npy"].map(|name| labels(&folder, name));
    let colours = png_colours(&cases[0]);
    let mut right = std::collections::BTreeMap::new();
    for ((truth, prediction), colour) in truth.iter().zip(&prediction).zip(&colours) {
        match (truth, prediction) {
            (0, 0) => assert_eq!(*colour, BACKGROUND),
            (a, b) if a == b => assert_eq!(right.entry(*a).or_insert(*colour), colour),
            (0, _) => assert_eq!(*colour, FALSE_POSITIVE),
            (_, 0) => assert_eq!(*colour, FALSE_NEGATIVE),
            _ => assert_eq!(*colour, CONFUSED),
        }
    }
    let distinct: std::collections::BTreeSet<_> = right.values().collect();
    assert_eq!(distinct.len(), right.len(), "classes differ by colour");
}

fn labels(folder: &Folder, name: &str) -> Vec<u8> {
    let bytes = fs::read(folder.path(name)).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let folder = binary();
    // A broken file is named, and the exit code is 1.
    fs::write(folder.path("z/case_03.npy"), b"no array").unwrap();
    let answer = folder.run("score --logits z --targets y --keep-going --report kept.html", &[]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let page = Page::read(&folder, "kept.html");
    page.check();
    assert!(page.text.contains("<strong>1 file was not scored.</strong>") && page.text.contains("z/case_03.npy"));
    assert!(page.section("pairs").contains("11 pairs") && !page.section("pairs").contains("case_03"));

    // Weights leave pooled values alone, unless metrics are named.
    folder.c("w.npy", &[20, 30], &[0.5f32; 600]);
    let words = "score --logits z/case_00.npy --targets y/case_00.npy --weights w.npy --report r.html";
    folder.run(words, &[]).text();
    let page = Page::read(&folder, "r.html");
    page.check();
    assert!(page.section("scores").contains("metrics count pixels and take no weights"));
    for part in ["distribution", "agreement", "thresholds", "worst"] {
        assert!(page.section(part).contains("no image was measured"), "{part}");
    }
    assert!(folder.run(words, &["--metrics", "dice"]).one_line().contains("--weights"));

    // So do soft targets.
    folder.c("soft.npy", &[20, 30], &[0.25f32; 600]);
    let words = "score --logits z/case_00.npy --targets soft.npy --report r.html";
    folder.run(words, &[]).text();
    assert!(Page::read(&folder, "r.html").section("scores").contains("metrics need hard targets"));
    assert!(folder.run(words, &["--metrics", "dice"]).one_line().contains("leave --metrics out"));

    // States have rows and sums, and no pixels.
    for case in ["00", "01"] {
        let words = format!("score --logits z/case_{case}.npy --targets y/case_{case}.npy --state s{case}.json");
        folder.run(&words, &["--metrics", "dice,calibration"]).text();
    }
    folder.run("merge s00.json s01.json --report r.html", &[]).text();
    let page = Page::read(&folder, "r.html");
    page.check();
    assert!(page.section("worst").contains("states have no pixels"));
    assert_eq!(page.panel("distribution", "dice").circles().count(), 2);
    assert!(page.section("thresholds").contains("best Dice at"));
}

#[test]
fn a_page_is_written_whole_or_not_at_all() {
    let folder = binary();
    fs::write(folder.path("r.html"), "old").unwrap();
    let before = folder.names();
    let mut logits = vec![0.0f32; 600];
    logits[599] = f32::NAN;
    folder.c("z/case_11.npy", &[20, 30], &logits);
    folder.run("score --logits z --targets y --report r.html", &[]).one_line();
    assert_eq!((fs::read_to_string(folder.path("r.html")).unwrap().as_str(), folder.names()), ("old", before));
}

#[test]
fn pages_that_would_destroy_or_go_nowhere_are_refused_before_the_work() {
    let folder = binary();
    let words = "score --logits z --targets y --report";
    let refusal = |others: &[&str]| folder.run(words, others).one_line();
    assert!(refusal(&["y/case_00.npy"]).contains("--report would overwrite an input"));
    assert!(refusal(&["z/../z/case_00.npy"]).contains("--report would overwrite an input"));
    assert!(refusal(&["z"]).contains("this is a folder"));
    assert!(refusal(&["-"]).contains("name a file"));
    assert!(refusal(&["r.html", "-o", "z/../r.html"]).contains("name the same file"));
    assert!(refusal(&["r.html", "--per-image", "r.html"]).contains("name the same file"));
    let answer = folder.run(words, &["none/r.html"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    assert!(answer.err.contains("the folder none does not exist; make it first"), "{}", answer.err);
    assert_eq!(folder.run(words, &["r.html", "--state", "s.json"]).code, Some(2));
    folder.run("score --logits z --targets y --metrics dice --state s.json", &[]).text();
    assert!(folder.run("merge s.json --report s.json", &[]).one_line().contains("would overwrite an input"));
    assert_eq!(folder.names(), ["s.json", "y", "z"]);
}
