//! Prints results of `loss-core`, one line per case: the same lines on every machine. `.ci/machines` compares them.
//!
//! A line is a name, a colon, and fields `key=value`. The last line counts how often slices gave other bits than pixels one by
//! one. If they ever did, the program fails.
#![deny(unsafe_code)]

mod binary;
mod classes;
mod data;
mod integers;
mod lines;
mod sorted;
#[cfg(target_family = "wasm")]
mod wasm;

/// The list of losses in `loss-core`'s own tests, which fail if a loss is missing from it.
#[path = "../../../loss-core/tests/common/mod.rs"]
mod common;

use std::process::ExitCode;

use lines::Lines;

/// All lines, and whether slices gave the same as pixels one by one.
fn everything() -> (String, bool) {
    let mut lines = Lines::default();
    binary::every_loss(&mut lines);
    binary::every_input(&mut lines);
    classes::every_loss(&mut lines);
    sorted::every_loss(&mut lines);
    integers::all(&mut lines);
    integers::firmware(&mut lines);
    lines.end()
}

/// The processor's levels, slowest first.
fn levels() -> String {
    loss_core::SimdLevel::available().map(|level| level.name()).collect::<Vec<_>>().join(" ")
}

/// Writes the lines, or with an argument the levels.
fn main() -> ExitCode {
    if std::env::args().len() > 1 {
        println!("{}", levels());
        return ExitCode::SUCCESS;
    }
    let (text, agree) = everything();
    print!("{text}");
    if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
