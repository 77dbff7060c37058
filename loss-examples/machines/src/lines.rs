//! Lines of output, and hashes that stand for many numbers.

use std::fmt::{Debug, Display, Write as _};

use firmware_report::lines::Checksum;
use loss_core::{Counts, Part};

/// Lines of text, and whether all ways to the same sums agreed.
#[derive(Debug, Default)]
pub struct Lines {
    text: String,
    differences: u64,
}

impl Lines {
    /// Adds a line.
    pub fn line(&mut self, name: &str, fields: &[(&str, String)]) {
        self.text += name;
        self.text.push(':');
        for (key, value) in fields {
            // Values have no spaces, so that a reader can split the fields.
            let _ = write!(self.text, " {key}={}", value.replace(' ', "_"));
        }
        self.text.push('\n');
    }

    /// Adds complete lines.
    pub fn text(&mut self, text: &str) {
        self.text += text;
    }

    /// Adds a line if two ways differ.
    pub fn agree<T: PartialEq>(&mut self, given: &T, expected: &T, what: impl FnOnce() -> String) {
        if given != expected {
            self.differences += 1;
            self.line(&what(), &[("differs", "from pixels one by one".to_owned())]);
        }
    }

    /// All lines, and whether there was no difference.
    pub fn end(mut self) -> (String, bool) {
        let differences = self.differences;
        self.line("slices that differ from pixels one by one", &[("count", differences.to_string())]);
        (self.text, differences == 0)
    }
}

/// A result, or the text of its error.
pub fn outcome<T, E: Display>(outcome: &Result<T, E>, show: impl FnOnce(&T) -> String) -> String {
    outcome.as_ref().map_or_else(|error| error.to_string(), show)
}

/// The bits of a number. All NaN are written alike, because processors differ in which one they make.
pub fn bits(value: f64) -> String {
    if value.is_nan() { "NaN".to_owned() } else { format!("{:016x}", value.to_bits()) }
}

/// The bits of an optional number.
pub fn some_bits(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), bits)
}

/// The bits of a loss's terms.
pub fn parts(parts: impl Iterator<Item = Part>) -> String {
    parts.map(|part| bits(part.value)).collect::<Vec<_>>().join(",")
}

/// The counts of pixels.
pub fn counts(counts: Counts) -> String {
    let Counts { valid, ignored, .. } = counts;
    let Counts { rejected_inputs, rejected_targets, rejected_weights, rejected_labels, .. } = counts;
    format!("{valid}/{ignored}/{rejected_inputs}/{rejected_targets}/{rejected_weights}/{rejected_labels}")
}

/// The output of `Debug`.
pub fn debug(value: &impl Debug) -> String {
    format!("{value:?}")
}

/// A hash of the numbers' bits, and the number of NaN among them.
pub fn numbers(values: &[f32]) -> String {
    let mut checksum = Checksum::new();
    values.iter().for_each(|value| checksum.add(if value.is_nan() { u32::MAX } else { value.to_bits() }));
    format!("{:016x}/{}", checksum.get(), values.iter().filter(|value| value.is_nan()).count())
}

/// A hash of integers.
pub fn integers(values: &[i64]) -> String {
    let mut checksum = Checksum::new();
    values.iter().for_each(|&value| checksum.add_integer(value));
    format!("{:016x}", checksum.get())
}

/// A hash of bytes.
pub fn bytes(values: &[u8]) -> String {
    let mut checksum = Checksum::new();
    values.iter().for_each(|&value| checksum.add(value.into()));
    format!("{:016x}", checksum.get())
}

/// A fingerprint or another word in hexadecimal.
pub fn word(value: u64) -> String {
    format!("{value:016x}")
}
