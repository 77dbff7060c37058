//! Counts the instructions per pixel of the main paths with callgrind. The counts do not depend on the load of the machine.
//!
//! `cargo run --release -p loss-bench --bin instructions` runs itself under valgrind, with one call of each path and with two, and prints
//! the difference, in which starting and making data cancel. Without valgrind it prints a note and exits with status 0.
//!
//! A count is no time: instructions on wider registers do more, and divisions take longer than additions.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use loss_bench::counting::{FILE, SIDE, paths, run};
use loss_bench::groups::{GRADIENT, VALUE, results_directory};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The argument with which the program calls itself under valgrind.
const COUNTED: &str = "--counted";

/// The exit status of a run whose path does not exist on this machine.
const NO_SUCH_PATH: i32 = 3;

/// Counts all instructions of a run of this program, `None` if the path does not exist.
fn count(directory: &Path, path: &str, what: &str, calls: usize) -> Result<Option<u64>> {
    let out = directory.join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(std::env::current_exe()?).args([COUNTED, path, what, &calls.to_string()]);
    let output = command.stdout(Stdio::null()).output()?;
    if output.status.code() == Some(NO_SUCH_PATH) {
        return Ok(None);
    }
    if !output.status.success() {
        return Err(format!("{path}, {what}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = fs::read_to_string(&out)?;
    let total = text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    Ok(Some(total.ok_or("callgrind has written no total")?.trim().parse()?))
}

/// The instructions of one call, per pixel.
fn count_a_pixel(directory: &Path, path: &str, what: &str) -> Result<Option<f64>> {
    let (Some(once), Some(twice)) = (count(directory, path, what, 1)?, count(directory, path, what, 2)?) else {
        return Ok(None);
    };
    Ok(Some(twice.saturating_sub(once) as f64 / (SIDE * SIDE) as f64))
}

fn has_valgrind() -> Result<bool> {
    match Command::new("valgrind").arg("--version").stdout(Stdio::null()).status() {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        [COUNTED, path, what, calls] => {
            if run(path, *what == GRADIENT, calls.parse()?).is_none() {
                std::process::exit(NO_SUCH_PATH);
            }
            return Ok(());
        }
        _ => return Err("usage: instructions".into()),
    }
    if !has_valgrind()? {
        println!("There is no valgrind on this machine: no instructions were counted.");
        return Ok(());
    }
    let directory = results_directory();
    fs::create_dir_all(&directory)?;
    println!("Instructions a pixel, {SIDE} x {SIDE} pixels");
    println!("{:<18}{VALUE:>12}{GRADIENT:>24}", "");
    let mut lines = String::new();
    for path in paths() {
        let [Some(value), Some(gradient)] =
            [count_a_pixel(&directory, &path, VALUE)?, count_a_pixel(&directory, &path, GRADIENT)?]
        else {
            continue;
        };
        println!("{path:<18}{value:>12.1}{gradient:>24.1}");
        lines.push_str(&format!("{path}\t{VALUE}\t{value}\n{path}\t{GRADIENT}\t{gradient}\n"));
    }
    fs::write(directory.join(FILE), lines)?;
    Ok(())
}
