//! The output for the user: results on standard output; notes, progress and errors on standard error.
//!
//! A write to a closed or full terminal or log never stops work, because hours of training are worth more than a line about them. So nothing
//! else in this crate prints: `print!`, `eprint!` and their kin panic if a write fails, and the lints in `lib.rs` and `clippy.toml` refuse them.
#![allow(clippy::disallowed_methods, reason = "the one place that writes to the standard streams")]

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// Writes a line to standard error. If it cannot be written, it is lost.
pub(crate) fn say(text: impl Display) {
    // In one write, so that lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Writes a note: neither result nor error, but needed by the reader of the result.
pub(crate) fn note(text: impl Display) {
    say(format_args!("note: {text}"));
}

/// Writes a warning: the input may be wrong, although there is a result.
pub(crate) fn warn(text: impl Display) {
    say(format_args!("warning: {text}"));
}

/// Whether standard error is a terminal.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Prints a result on standard output.
///
/// A pipe whose reader has gone is not an error: in `ablation score … | head -1` the reader has what it wants, and a script with `pipefail` goes
/// on. Every other failure is an error, because the result is lost: a full disk, an I/O error.
pub(crate) fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // Text after the last line break stays in the buffer until it is flushed, and at exit nobody would see that fail.
    delivered(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Prints the help, the version, or an error of the command line. An error is lost if it cannot be written.
pub(crate) fn answer_of_the_parser(answer: &clap::Error) -> io::Result<()> {
    let printed = answer.print();
    if answer.use_stderr() { Ok(()) } else { delivered(printed.and_then(|()| io::stdout().flush())) }
}

fn delivered(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_has_gone_is_no_error() {
        assert!(delivered(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::Other] {
            assert_eq!(delivered(Err(kind.into())).unwrap_err().kind(), kind);
        }
    }
}
