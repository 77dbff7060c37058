//! `ablation run`, `config` and `compare`, on images and networks that are as small as they can be.
#![cfg(feature = "train")]

mod common;

use std::fs;
use std::path::Path;

use common::tiny;
use serde_json::Value;

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// All blocks of this kind, each with the section it stands in.
fn blocks<'a>(results: &'a Value, kind: &'a str) -> Vec<(&'a str, &'a Value)> {
    let sections = array(results, "sections").iter();
    let of_section = |section: &'a Value| {
        let blocks = array(section, "blocks").iter().filter_map(move |block| block.get(kind));
        blocks.map(|block| (text(section, "id"), block)).collect::<Vec<_>>()
    };
    sections.flat_map(of_section).collect()
}

#[test]
fn the_report_is_whole_and_its_numbers_agree() {
    let folder = tiny();
    let told = folder.run("run --config tiny.toml --output out --threads 2", &[]).text();
    let results = json(&folder.path("out/results.json"));
    let trained = array(&results, "arms").len();
    // The first six exercises train 48; what was added may share some of them.
    assert!(trained >= 48, "{trained}");
    assert!(
        told.contains("index.html") && told.contains(&format!("{trained} of {trained} trainings (0 from before)")),
        "{told}"
    );
    assert_eq!(results["complete"], true);
    let ids: Vec<&str> = array(&results, "sections").iter().map(|section| text(section, "id")).collect();
    let exercises = array(&results, "exercises");
    assert!(exercises.len() >= 6, "{exercises:?}");
    for exercise in exercises {
        assert!(ids.contains(&format!("exercise-{exercise}").as_str()), "{ids:?}");
    }
    for id in ["data", "loss-curves", "lecture-tables", "walkthroughs", "stability", "exactness", "which-loss"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    let page = String::from_utf8(bytes(&folder.path("out/index.html"))).unwrap();
    for (_, figure) in blocks(&results, "figure") {
        let id = text(figure, "id");
        assert!(page.contains(&format!("figure--{id}")), "{id}");
        assert!(bytes(&folder.path(&format!("out/figures/{id}.png"))).starts_with(b"\x89PNG"), "{id}");
    }
    for (_, table) in blocks(&results, "table") {
        let id = text(table, "id");
        let rows = csv::Reader::from_path(folder.path(&format!("out/data/{id}.csv"))).unwrap().into_records().count();
        assert_eq!(rows, array(table, "rows").len(), "{id}");
    }
    compares_what_the_arms_have(&results);
    steps_are_counted(&results);
}

/// Every comparison of a finding, against the arms: the second's metric minus the first's, seed by seed.
fn compares_what_the_arms_have(results: &Value) {
    let mut checked = 0;
    let mut all: Vec<&str> = array(results, "arms").iter().map(|arm| text(arm, "exercise_data")).collect();
    all.sort_unstable();
    all.dedup();
    for (section, finding) in blocks(results, "finding") {
        let data: &[&str] = match section {
            "exercise-1" | "exercise-2" | "exercise-3" | "exercise-4" => &["10 % foreground"],
            "exercise-5" => &["5 % foreground"],
            "exercise-6" => &["damage maps"],
            // What an exercise was trained on, no section says: one of these.
            _ => &all[..],
        };
        let comparisons = finding.get("comparisons").and_then(Value::as_array);
        for comparison in comparisons.into_iter().flatten() {
            if text(comparison, "metric").starts_with("step count") {
                continue;
            }
            let on_each = data.iter().map(|data| differences_are_of(results, data, comparison));
            match on_each.reduce(Result::or) {
                Some(Ok(differences)) => checked += differences,
                wrong => panic!("{section}: {wrong:?}"),
            }
        }
    }
    assert!(checked >= 30, "{checked}");
}

/// How many differences there are, if all are those of the arms on this data.
fn differences_are_of(results: &Value, data: &str, comparison: &Value) -> Result<usize, String> {
    let metric = text(comparison, "metric");
    let of = |name: &str, seed: u64| {
        let arm = array(results, "arms").iter().find(|arm| {
            // What is called γ = 2 is the focal loss of exercise 4.
            let named =
                text(arm, "loss") == name.trim_end_matches(" loss") || text(arm, "expression") == expression_of(name);
            named && arm["seed"] == seed && text(arm, "exercise_data") == data
        });
        let arm = arm.ok_or_else(|| format!("no arm {name} on {data}"))?;
        Ok::<_, String>(arm["metrics"].get(metric).and_then(Value::as_f64))
    };
    let (first, second) = (text(comparison, "first"), text(comparison, "second"));
    let mut expected = Vec::new();
    for seed in 0..2 {
        if let (Some(first), Some(second)) = (of(first, seed)?, of(second, seed)?) {
            expected.push(second - first);
        }
    }
    let differences: Vec<f64> = array(comparison, "differences").iter().map(|value| value.as_f64().unwrap()).collect();
    let close = |(given, expected): (&f64, &f64)| (given - expected).abs() <= 1e-12 * expected.abs().max(1e-300);
    if differences.len() == expected.len() && differences.iter().zip(&expected).all(close) {
        Ok(differences.len())
    } else {
        Err(format!("{comparison} is not {expected:?}"))
    }
}

fn expression_of(name: &str) -> String {
    name.strip_prefix("γ = ").map_or_else(String::new, |gamma| format!("focal(gamma={gamma})"))
}

fn steps_are_counted(results: &Value) {
    for arm in array(results, "arms") {
        if text(arm, "exercise_data").starts_with("small images") {
            // A cell of a grid is looked at in the end alone.
            assert_eq!((array(arm, "steps").len(), array(arm, "history").len()), (2, 2), "{arm}");
            continue;
        }
        assert_eq!(array(arm, "steps").len(), 3);
        let at: Vec<&Value> = array(arm, "history").iter().map(|entry| &entry[0]).collect();
        assert_eq!(at, [0, 2, 3], "{arm}");
        for (name, value) in array(arm, "history")[2][1].as_object().unwrap() {
            assert_eq!(value, &arm["metrics"][name], "the last evaluation is that of the end: {name}");
        }
    }
}

#[test]
fn threads_and_repetition_change_nothing() {
    let folder = tiny();
    folder.run("run 1 5 6 --config tiny.toml --output one --threads 1 --quiet", &[]).text();
    folder.run("run 1 5 6 --config tiny.toml --output two --threads 2 --quiet", &[]).text();
    let first = bytes(&folder.path("one/results.json"));
    assert!(first == bytes(&folder.path("two/results.json")), "one and two threads give different results.json");
    let again = folder.run("run 1 5 6 --config tiny.toml --output one", &[]).text();
    assert!(again.contains("(32 from before)"), "{again}");
    assert!(first == bytes(&folder.path("one/results.json")), "from stored trainings it differs");
    let fresh = folder.run("run 1 5 6 --config tiny.toml --output one --fresh", &[]).text();
    assert!(fresh.contains("(0 from before)"), "{fresh}");
    assert!(first == bytes(&folder.path("one/results.json")), "trained again it differs");

    let same = folder.run("compare one/results.json two", &[]).text();
    assert!(same.contains("identical"), "{same}");
    folder.run("run 1 --config tiny.toml --output other --seeds 1 --quiet", &[]).text();
    let other = folder.run("compare one other", &[]).text();
    assert!(other.contains("seeds") && !other.contains("The two runs are identical"), "{other}");
    assert_eq!(folder.run("compare one other --json", &[]).json()["identical"], false);
}

/// Every statistic of a report follows from data/images.csv: a script that shares no code with the program finds the same. It would see a changed number.
#[test]
fn the_statistics_follow_from_the_images() {
    use std::process::{Command, Output};

    let folder = tiny();
    folder.run("run --config tiny.toml --seeds 3 --output out --quiet --loss", &["bce + tversky"]).text();
    let check = || -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/statistics.py");
        Command::new("python3").arg(script).arg(folder.path("out")).output().unwrap()
    };
    let answer = check();
    let told = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.status.success(), "{told}{}", String::from_utf8_lossy(&answer.stderr));
    let compared: usize = told.split_whitespace().next().unwrap().parse().unwrap();
    assert!(compared > 1500, "{told}");

    let path = folder.path("out/results.json");
    let whole = json(&path);
    let place = array(&whole, "sections").iter().position(|section| text(section, "id") == "exercise-5").unwrap();
    let block =
        array(&whole["sections"][place], "blocks").iter().position(|block| block.get("finding").is_some()).unwrap();
    // The largest difference: two losses that find nothing differ by 0 in every resample, and any p is right for that.
    let comparisons = array(&whole["sections"][place]["blocks"][block]["finding"], "comparisons");
    let size = |comparison: &Value| comparison["mean"].as_f64().unwrap().abs();
    let largest =
        (0..comparisons.len()).max_by(|a, b| size(&comparisons[*a]).total_cmp(&size(&comparisons[*b]))).unwrap();
    let at = format!("/sections/{place}/blocks/{block}/finding/comparisons/{largest}");
    let changes = [
        "bootstrap/0",
        "student/1",
        "p",
        "adjusted_p",
        "other_sign",
        "by_image/components/image",
        "by_image/outlook/one_more_seed",
    ];
    for field in changes {
        let mut changed = whole.clone();
        let number = changed.pointer_mut(&format!("{at}/{field}")).unwrap_or_else(|| panic!("no {field}"));
        *number = (number.as_f64().unwrap() + 0.01).into();
        fs::write(&path, changed.to_string()).unwrap();
        assert!(!check().status.success(), "a changed {field} is not seen");
    }
}

/// `report` gives the page, the figures and the tables of the run, byte by byte, and trains nothing.
#[test]
fn a_report_is_drawn_again() {
    let folder = tiny();
    folder.run("run 1 5 --config tiny.toml --output out --quiet", &[]).text();
    let files = |root: &str| -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for part in ["", "figures", "data"] {
            for entry in fs::read_dir(folder.path(root).join(part)).unwrap() {
                let path = entry.unwrap().path();
                let is_record = path.extension().is_some_and(|end| end == "json") || path.ends_with(".lock");
                if path.is_file() && !is_record {
                    let name = path.strip_prefix(folder.path(root)).unwrap().display().to_string();
                    files.push((name, bytes(&path)));
                }
            }
        }
        files.sort();
        files
    };
    let written = files("out");
    assert!(written.iter().any(|(name, _)| name == "index.html") && written.len() > 20, "{}", written.len());
    fs::remove_dir_all(folder.path("out/figures")).unwrap();
    fs::remove_file(folder.path("out/index.html")).unwrap();
    let told = folder.run("report out", &[]).text();
    assert!(told.contains("index.html"), "{told}");
    assert!(files("out") == written, "drawn again it differs");
    folder.run("report out/results.json --output elsewhere", &[]).text();
    assert!(files("elsewhere") == written, "drawn elsewhere it differs");
    assert!(!folder.path("elsewhere/trainings").exists());

    fs::remove_file(folder.path("out/run.json")).unwrap();
    fs::write(folder.path("out/data/images.csv"), "other").unwrap();
    let answer = folder.run("report out", &[]);
    assert!(answer.err.contains("run.json") && answer.err.contains("images.csv"), "{}", answer.err);
    assert!(folder.run("report nowhere", &[]).refusal().contains("nowhere"));
    assert!(folder.run("report tiny.toml", &[]).refusal().contains("tiny.toml"));
}

#[test]
fn a_loss_of_ones_own_is_an_arm() {
    let folder = tiny();
    let own = "0.7*focal(gamma=1) + 0.3*tversky(alpha=0.3, beta=0.7, smooth=1)";
    folder.run("run 1 --config tiny.toml --output out --quiet --loss", &[own]).text();
    let results = json(&folder.path("out/results.json"));
    assert_eq!(array(&results, "arms").iter().filter(|arm| text(arm, "expression") == own).count(), 2);
    let findings = blocks(&results, "finding");
    assert!(findings.iter().any(|(id, finding)| *id == "exercise-1" && text(finding, "sentence").contains(own)));
    let refusal = folder.run("run 1 --config tiny.toml --output bad --loss", &["bce + dise"]).refusal();
    assert!(refusal.contains("dise") && refusal.contains("dice"), "{refusal}");
    assert!(!folder.path("bad/index.html").exists());
}

#[test]
fn settings_are_printed_and_checked() {
    let folder = tiny();
    let settings = folder.run("config --quick", &[]).text();
    assert!(settings.contains("rare_shares") && settings.contains("# "), "{settings}");
    fs::write(folder.path("quick.toml"), settings.replace("size = 48", "size = 50")).unwrap();
    let refusal = folder.run("run --config quick.toml", &[]).refusal();
    assert!(refusal.contains("data.size") && refusal.contains("50") && refusal.contains("multiple of 8"), "{refusal}");
    fs::write(folder.path("typo.toml"), "[training]\nstep = 3\n").unwrap();
    let refusal = folder.run("run --config typo.toml", &[]).refusal();
    assert!(refusal.contains("step") && refusal.contains("steps"), "{refusal}");
    assert!(folder.run("run --config missing.toml", &[]).refusal().contains("missing.toml"));
    assert!(folder.run("run 99", &[]).refusal().contains("99"));
    assert!(folder.run("compare tiny.toml tiny.toml", &[]).refusal().contains("tiny.toml"));
    assert!(folder.run("run --help", &[]).text().contains("--quick"));
}

/// Ctrl-C leaves a valid report of what is finished, and the next run goes on from there.
#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_it_has() {
    use std::process::{Command, Stdio};

    let folder = tiny();
    // So many seeds that it is still at work when the first training is stored.
    let mut run = Command::new(env!("CARGO_BIN_EXE_ablation"))
        .args(["run", "1", "--config", "tiny.toml", "--output", "out", "--threads", "1", "--seeds", "1000"])
        .current_dir(folder.path(""))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let stored = || fs::read_dir(folder.path("out/trainings")).map_or(0, |entries| entries.count());
    while stored() < 3 {
        assert!(run.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    assert!(run.wait().unwrap().success());
    let results = json(&folder.path("out/results.json"));
    assert_eq!(results["complete"], false);
    let trained = array(&results, "arms").len();
    assert!((3..2000).contains(&trained), "{trained}");
    assert!(String::from_utf8(bytes(&folder.path("out/index.html"))).unwrap().contains("partial"));

    folder.run("run 1 --config tiny.toml --output out --quiet", &[]).text();
    folder.run("run 1 --config tiny.toml --output whole --quiet", &[]).text();
    let resumed = bytes(&folder.path("out/results.json"));
    assert!(resumed == bytes(&folder.path("whole/results.json")), "resumed it differs from a run in one go");
}

fn png(path: &Path, [width, height]: [u32; 2], pixel: impl Fn(u32, u32) -> u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let bytes: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

/// Four images of squares, with masks of this value, and others of their numbers.
fn with_images(folder: &common::Folder) {
    for image in 0..4 {
        let inside = move |x: u32, y: u32| (image..image + 9).contains(&x) && (4..15).contains(&y);
        let name = |kind: &str| folder.path(&format!("{kind}/cell_{image}.png"));
        png(&name("images"), [24, 20], |x, y| 50 + 100 * u8::from(inside(x, y)) + ((x * 7 + y * 13) % 20) as u8);
        png(&name("masks"), [24, 20], |x, y| 255 * u8::from(inside(x, y)));
        png(&name("numbers"), [24, 20], |x, y| if inside(x, y) { 1 + u8::from(x > image + 4) } else { 0 });
    }
}

const ON_IMAGES: &str = "run 1 7 --config tiny.toml --crop 16 --quiet";

#[test]
fn ones_own_images_are_trained_on() {
    let folder = tiny();
    with_images(&folder);
    let words = format!("{ON_IMAGES} --folds 2 --output out");
    folder.run(&words, &["--images", "images/*.png", "--masks", "masks/*.png"]).text();
    let results = json(&folder.path("out/results.json"));
    assert_eq!(results["complete"], true);
    let images = &results["configuration"]["images"];
    assert_eq!((&images["images"], &images["folds"]), (&4.into(), &2.into()));
    let share = 9.0 * 11.0 / (24.0 * 20.0);
    assert!((results["configuration"]["data"]["share"].as_f64().unwrap() - share).abs() < 1e-3);
    assert!(array(&results, "arms").iter().all(|arm| text(arm, "exercise_data").starts_with("20.6")));
    // A folder names its images; numbers of objects are the same masks; and nothing is trained again.
    let again = folder.run(&words, &["--images", "images", "--masks", "masks"]).text();
    let trained = array(&results, "arms").len();
    assert!(again.contains(&format!("{trained} of {trained} trainings ({trained} from before)")), "{again}");
    let bytes_before = bytes(&folder.path("out/results.json"));
    folder.run(&words, &["--images", "images", "--masks", "masks", "--threads", "1", "--fresh"]).text();
    assert!(bytes_before == bytes(&folder.path("out/results.json")), "trained again it differs");
}

#[test]
fn images_that_cannot_be_trained_on_are_refused() {
    let folder = tiny();
    with_images(&folder);
    let refusal = |words: &str, others: &[&str]| {
        let refusal = folder.run(&format!("{ON_IMAGES} --output bad {words}"), others).refusal();
        assert!(!folder.path("bad").exists(), "{refusal}");
        refusal
    };
    let both = refusal("--images images --masks numbers", &[]);
    assert!(
        both.contains("neither 0 and 1 nor 0 and 255")
            && both.contains("--classes N")
            && both.contains("--foreground nonzero"),
        "{both}"
    );
    assert!(refusal("--images images --masks masks --folds 5", &[]).contains("4 images cannot be split into 5 folds"));
    assert!(refusal("--images images --masks numbers --classes 2", &[]).contains("has the label 2"));
    assert!(refusal("--images images --masks numbers --foreground 7", &[]).contains("no mask has this value"));
    assert!(refusal("--images images --masks images --foreground nonzero", &[]).contains("nothing but foreground"));
    assert!(refusal("--images images/cell_0.png --masks masks", &[]).contains("cannot pair"));
    png(&folder.path("masks/cell_3.png"), [20, 24], |_, _| 0);
    let size = refusal("--images images --masks masks", &[]);
    assert!(size.contains("cell_3.png: is 20 × 24 pixels") && size.contains("24 × 20"), "{size}");
    fs::write(folder.path("masks/cell_3.png"), "no image").unwrap();
    assert!(refusal("--images images --masks masks", &[]).contains("cell_3.png: is no image that can be read"));
    let other = folder
        .run("run 6 --config tiny.toml --crop 16 --images images --masks numbers --foreground nonzero", &[])
        .refusal();
    assert!(other.contains("exercise 6: it has images of its own"), "{other}");
    let large = folder
        .run("run 1 --config tiny.toml --crop 32 --images images --masks numbers --foreground 1,2", &[])
        .refusal();
    assert!(large.contains("give --crop 16 or less"), "{large}");
}

/// More seeds and another loss train what is new alone, and a plan says so before.
#[test]
fn what_is_stored_is_used() {
    let folder = tiny();
    let plan = folder.run("run 1 --config tiny.toml --output out --plan", &[]).text();
    assert!(plan.contains("4 trainings, 0 of them stored") && plan.contains("MB of disk"), "{plan}");
    assert!(!folder.path("out").exists(), "a plan makes nothing");
    folder.run("run 1 --config tiny.toml --output out --quiet", &[]).text();
    let more = "run 1 --config tiny.toml --output out --quiet --seeds 3";
    let plan = folder.run(&format!("{more} --plan"), &["--loss", "iou"]).text();
    assert!(plan.contains("9 trainings, 4 of them stored") && plan.contains("3 × bce (2 stored)"), "{plan}");
    let told = folder.run(more, &["--loss", "iou"]).text();
    assert!(told.contains("9 of 9 trainings (4 from before)"), "{told}");
}
