//! The one font of the figures, its measures, and how lines of text are broken.

use std::sync::OnceLock;

use plotters::style::{FontStyle, IntoFont, register_font};

use super::DrawError;

/// The family, as plotters and the SVG files name it.
pub(super) const FAMILY: &str = "sans-serif";

/// plotters scales Noto Sans so that ascent minus descent is the requested size; this is that height in em.
pub(super) const HEIGHT: f64 = 2789.0 / 2048.0;

/// Registers the font with plotters, whose table of fonts is global.
pub(super) fn register() -> Result<(), DrawError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let done = REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, notosans::REGULAR_TTF).is_ok());
    if *done { Ok(()) } else { Err(DrawError("the font cannot be read".to_owned())) }
}

/// A part of a text on one level.
#[derive(Debug, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) raised: bool,
}

/// The size of raised text and its height above the baseline, in em of the surrounding text.
pub(super) const RAISED_SIZE: f64 = 0.72;
pub(super) const RAISED_BY: f64 = 0.36;

/// Splits off superscripts, which are drawn as small digits, because the font has no superscript minus.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for character in text.chars() {
        let (character, raised) = match character {
            '⁰' => ('0', true),
            '¹' => ('1', true),
            '²' => ('2', true),
            '³' => ('3', true),
            '⁴'..='⁹' => (char::from_u32(u32::from(character) - 0x2070 + 0x30).unwrap_or(character), true),
            '⁻' => ('−', true),
            '⁺' => ('+', true),
            other => (other, false),
        };
        match runs.last_mut() {
            Some(run) if run.raised == raised => run.text.push(character),
            _ => runs.push(Run { text: character.to_string(), raised }),
        }
    }
    runs
}

/// The width of a text of `size` pixels an em.
pub(super) fn width(text: &str, size: f64) -> f64 {
    runs(text).iter().map(|run| run_width(run, size)).sum()
}

pub(super) fn run_width(run: &Run, size: f64) -> f64 {
    // Widths come in whole pixels, so a large font is measured.
    const MEASURED: f64 = 2000.0;
    let size = if run.raised { size * RAISED_SIZE } else { size };
    match (FAMILY, MEASURED).into_font().layout_box(&run.text) {
        Ok((_, (width, _))) => f64::from(width) * HEIGHT * size / MEASURED,
        Err(_) => 0.6 * size * run.text.chars().count() as f64,
    }
}

/// The place of the letter at a byte of a text: after the earlier ones, and kerned with them.
pub(super) fn advance(text: &str, index: usize, letter: char, size: f64) -> f64 {
    let through = text.get(..index + letter.len_utf8()).unwrap_or(text);
    width(through, size) - width(letter.encode_utf8(&mut [0; 4]), size)
}

/// Breaks a text into lines of at most `most` pixels: at spaces, and after hyphens, slashes, underscores and plus signs. A longer piece stays whole.
pub(super) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in kept_together(text).split_inclusive([' ', '-', '/', '_', '+']) {
        if !line.is_empty() && width(&format!("{line}{}", piece.trim_end()), size) > most {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(piece);
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Replaces the spaces in "α = 0.3" and "5 %" by ones that do not break.
pub(crate) fn kept_together(text: &str) -> String {
    text.replace(" = ", "\u{a0}=\u{a0}").replace(" %", "\u{a0}%")
}

/// The width of the widest of some lines.
pub(super) fn widest(lines: &[String], size: f64) -> f64 {
    lines.iter().map(|line| width(line, size)).fold(0.0, f64::max)
}
