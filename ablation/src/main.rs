//! The command-line tool `ablation`; `ablation --help` says what it does.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ablation::run(std::env::args_os())
}
