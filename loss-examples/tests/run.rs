//! Runs every example and checks a line of its output.

use std::path::Path;
use std::process::Command;

/// The examples with a line that each must print.
const EXAMPLES: [(&str, &str, &str); 13] = [
    ("on_a_device", env!("CARGO_BIN_EXE_on_a_device"), "loss 1.013696"),
    ("in_training", env!("CARGO_BIN_EXE_in_training"), "loss 1.013696"),
    ("hello", env!("CARGO_BIN_EXE_hello"), "loss 1.013696"),
    ("line_by_line", env!("CARGO_BIN_EXE_line_by_line"), "focal + Tversky 0.191376"),
    ("tiles_and_merge", env!("CARGO_BIN_EXE_tiles_and_merge"), "merged 3ffecdaebe4dfe30"),
    ("training_step", env!("CARGO_BIN_EXE_training_step"), "step 200: loss 0.2335, Dice of the prediction 0.9327"),
    ("quantised", env!("CARGO_BIN_EXE_quantised"), "best threshold  code 20 (p = 0.5987), Dice 0.666667"),
    ("devices", env!("CARGO_BIN_EXE_devices"), "all devices  3ffa775c6e837ae4, loss 1.654141"),
    ("fleet", env!("CARGO_BIN_EXE_fleet"), "one machine and 100 devices: equal bits in 12 steps"),
    ("damage_xbd", env!("CARGO_BIN_EXE_damage_xbd"), "destroyed at p = 0.2: cross-entropy 1.609, weighted 32.189"),
    ("deep_supervision", env!("CARGO_BIN_EXE_deep_supervision"), "total 1.166014"),
    ("from_pytorch", env!("CARGO_BIN_EXE_from_pytorch"), "0.541752"),
    ("course_figures", env!("CARGO_BIN_EXE_course_figures"), "iou   0.9251236, the course prints 0.9251236"),
];

#[test]
fn every_example_runs() {
    for (name, program, line) in EXAMPLES {
        let output = Command::new(program).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains(line), "{name} printed\n{text}instead of a line with {line}");
    }
}

#[test]
fn every_example_is_listed_and_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(EXAMPLES.iter().any(|(name, ..)| *name == stem), "{stem} is not run by a test");
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 60, "{stem} has {lines} lines");
        found += 1;
    }
    assert_eq!(found, EXAMPLES.len());
}
