//! The command-line tool `ablation`; `ablation --help` says what it does.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ablation::run(std::env::args_os())
}
