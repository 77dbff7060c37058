//! The README's programs are these examples, they print what the README shows, and its badges are true.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: [(&str, &str); 2] =
    [("on_a_device", env!("CARGO_BIN_EXE_on_a_device")), ("in_training", env!("CARGO_BIN_EXE_in_training"))];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

/// A program as a reader would copy it: without the lines that document and guard it.
fn body(name: &str) -> String {
    let source = read(&format!("loss-examples/src/bin/{name}.rs"));
    source.split_once("#![forbid(unsafe_code)]\n\n").unwrap().1.to_owned()
}

/// What a comment of the program says that it prints.
fn promised(body: &str) -> Vec<&str> {
    body.lines().filter_map(|line| line.trim().strip_prefix("// prints: ")).collect()
}

#[test]
fn programs_are_shown_as_they_are_with_what_they_print() {
    let readme = read("README.md");
    let mut shown: Vec<&str> =
        readme.split("```rust\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    for (name, program) in PROGRAMS {
        let body = body(name);
        let place = shown.iter().position(|block| **block == body);
        let place = place.unwrap_or_else(|| panic!("README.md does not show {name}.rs as it is:\n{body}"));
        shown.remove(place);

        let answer = Command::new(program).output().unwrap();
        assert!(answer.status.success());
        let printed = String::from_utf8(answer.stdout).unwrap();
        assert_eq!(printed.lines().collect::<Vec<_>>(), promised(&body), "{name}");
        assert!(
            readme.contains(&format!("-p loss-examples --bin {name}`")),
            "README.md does not say how to run {name}"
        );
    }
    assert!(shown.is_empty(), "README.md shows programs that no test runs: {shown:?}");
}

#[test]
fn it_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines < 120, "README.md has {lines} lines");
}

#[test]
fn badges_are_true() {
    let root = read("Cargo.toml");
    let core = read("loss-core/Cargo.toml");
    let value = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let badge = |name: &str| read(&format!("docs/badges/{name}.svg"));
    let licence = value(&root, "license = ");
    assert!(badge("licence").contains(&format!("<title>licence: {licence}</title>")), "{licence}");
    let version = value(&core, "rust-version = ");
    assert!(badge("rust").contains(&format!("<title>loss-core: Rust: {version}</title>")), "{version}");
    assert!(badge("no-std").contains("<title>loss-core: no_std, no alloc</title>"));
    let library = read("loss-core/src/lib.rs");
    assert!(library.starts_with("#![no_std]\n") && !library.contains("extern crate alloc"));
}

#[test]
fn every_example_and_every_link_exists() {
    let readme = read("README.md");
    for entry in fs::read_dir(workspace().join("loss-examples/src/bin")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(readme.contains(&name), "README.md does not name the example {name}");
    }
    for link in readme.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0) {
        if !link.starts_with("https://") {
            assert!(workspace().join(link).exists(), "{link}");
        }
    }
}
