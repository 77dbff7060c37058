//! Checks that the header equals cbindgen's output for the sources, and compiles. `LOSS_C_WRITE_HEADER=1 cargo test -p loss-c --test header` writes it.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use cbindgen::{Builder, Config};
use loss_c::*;

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

/// The sources as the compiler reads them: macros write functions, and cbindgen cannot expand macros.
static SOURCE: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--lib", "--profile=check", "--manifest-path"])
        .arg(path("Cargo.toml"))
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1") // -Z is for nightly compilers
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("expanded"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
});

static HEADER: LazyLock<String> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("expanded.rs");
    fs::write(&source, &*SOURCE).unwrap();
    let config = Config::from_file(path("cbindgen.toml")).unwrap();
    let mut header = Vec::new();
    Builder::new().with_config(config).with_src(source).generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
});

#[test]
fn the_header_is_up_to_date() {
    let path = path("include/loss.h");
    if env::var_os("LOSS_C_WRITE_HEADER").is_some() {
        fs::write(&path, &*HEADER).unwrap();
    }
    let message =
        "loss-c/include/loss.h differs from the sources: LOSS_C_WRITE_HEADER=1 cargo test -p loss-c --test header";
    assert!(fs::read_to_string(&path).unwrap_or_default() == *HEADER, "{message}");
}

#[test]
fn the_readme_shows_the_example_and_the_sizes_that_there_are() {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let example = fs::read_to_string(path("examples/minimal.c")).unwrap();
    assert!(readme.contains(&format!("```c\n{example}```")), "README.md does not show examples/minimal.c as it is");
    for (name, sums, gradient) in [
        ("loss_bce_and_dice_counting", size_of::<LossBceAndDiceCounting>(), size_of::<LossBceAndDiceGradient>()),
        ("loss_bce_and_dice", size_of::<LossBceAndDice>(), size_of::<LossBceAndDiceGradient>()),
        ("loss_focal_and_tversky", size_of::<LossFocalAndTversky>(), size_of::<LossFocalAndTverskyGradient>()),
        ("loss_any", size_of::<LossAny>(), size_of::<LossAnyGradient>()),
        ("loss_ce_and_dice", size_of::<LossCeAndDice>(), size_of::<LossCeAndDiceGradient>()),
    ] {
        assert!(readme.contains(&format!("| `{name}` | {sums}, {gradient} |")), "{name}: run loss-c/run");
        assert!(example.lines().all(|line| {
            let size = |object: &str, size: usize| {
                !line.contains(&format!("static {object} ")) || line.ends_with(&format!("// {size} bytes"))
            };
            size(name, sums) && size(&format!("{name}_gradient"), gradient)
        }));
    }
}

#[test]
fn the_header_has_every_function_once_with_its_documentation() {
    let mut count = 0;
    for rest in SOURCE.split("extern \"C\" fn ").skip(1) {
        let name = rest.split('(').next().unwrap();
        let lines: Vec<&str> = HEADER.lines().collect();
        let is_declaration = |line: &str| line.contains(&format!(" {name}(")) || line.contains(&format!("*{name}("));
        let declarations: Vec<usize> = (0..lines.len()).filter(|&line| is_declaration(lines[line])).collect();
        assert!(matches!(declarations[..], [line] if lines[line - 1].starts_with("//")), "{name}: {declarations:?}");
        count += 1;
    }
    assert!(count > 90, "{count} functions found");
}

/// Compiles a source, and returns the result; `None` if there is no such compiler.
fn compiles(compiler: &[&str], source: &str) -> Option<Result<(), String>> {
    let (&program, options) = compiler.split_first().unwrap();
    let child = Command::new(program)
        .args(options)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        child => child.unwrap(),
    };
    child.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(output.status.success().then_some(()).ok_or_else(|| String::from_utf8(output.stderr).unwrap()))
}

const COMPILERS: [&[&str]; 4] = [
    &["cc", "-xc", "-std=c99"],
    &["cc", "-xc", "-std=c11"],
    &["c++", "-xc++", "-std=c++11"],
    &["c++", "-xc++", "-std=c++17"],
];

/// A declaration that does not compile unless the condition holds, in any C or C++.
fn assertion(condition: &str) -> String {
    format!("extern char assertion[({condition}) ? 1 : -1];\n")
}

#[test]
fn the_header_compiles_without_warnings_twice_and_the_sizes_in_it_are_those_of_rust() {
    let mut source = HEADER.repeat(2);
    let mut size = |name: &str, of_rust: usize| source += &assertion(&format!("sizeof({name}) == {of_rust}"));
    size("loss_term", size_of::<LossTerm>());
    size("loss_any", size_of::<LossAny>());
    size("loss_any_gradient", size_of::<LossAnyGradient>());
    size("loss_bce_and_dice", size_of::<LossBceAndDice>());
    size("loss_bce_and_dice_counting", size_of::<LossBceAndDiceCounting>());
    size("loss_bce_and_dice_gradient", size_of::<LossBceAndDiceGradient>());
    size("loss_bce_and_dice_parameters", size_of::<LossBceAndDiceParameters>());
    size("loss_focal_and_tversky", size_of::<LossFocalAndTversky>());
    size("loss_focal_and_tversky_gradient", size_of::<LossFocalAndTverskyGradient>());
    size("loss_focal_and_tversky_parameters", size_of::<LossFocalAndTverskyParameters>());
    size("loss_ce_and_dice", size_of::<LossCeAndDice>());
    size("loss_ce_and_dice_gradient", size_of::<LossCeAndDiceGradient>());
    size("loss_ce_and_dice_parameters", size_of::<LossCeAndDiceParameters>());
    size("loss_histogram", size_of::<LossHistogram>());
    size("loss_counts", size_of::<LossCounts>());
    size("loss_result", size_of::<LossResult>());
    size("loss_classes_result", size_of::<LossClassesResult>());
    size("loss_status", size_of::<LossStatus>());
    source += &assertion("sizeof(loss_bce_and_dice_counting) <= 256");
    for compiler in COMPILERS {
        assert_eq!(compiles(compiler, &source).unwrap_or(Ok(())), Ok(()), "{compiler:?}");
        let wrong = source.clone() + &assertion("sizeof(loss_bce_and_dice_counting) > 256");
        assert!(compiles(compiler, &wrong).is_none_or(|result| result.is_err()), "{compiler:?} takes what is wrong");
    }
}
