//! The pixels that all examples of the guide are computed on, and the code of pages.

use crate::error::Error;
use crate::subject::{Pixels, Subject};

/// Four pixels of a binary mask: logits and targets.
pub(crate) const LOGITS: [f32; 4] = [2.0, -1.0, 0.5, -3.0];
pub(crate) const MASK: [u8; 4] = [1, 1, 0, 0];
/// How far each lies from the boundary of its mask.
const DISTANCES: [f32; 4] = [-1.0, 0.0, 1.0, 2.0];

/// Three pixels of three classes, class by class, and their labels.
pub(crate) const CLASS_LOGITS: [f32; 9] = [2.0, 0.1, 0.0, -1.0, 3.0, 0.3, 0.5, 0.2, -1.0];
pub(crate) const LABELS: [u8; 3] = [0, 1, 2];

/// The value of an expression on these pixels.
pub(crate) fn value(expression: &str, of_classes: bool) -> Result<f64, Error> {
    let pixels = if of_classes {
        Pixels { logits: CLASS_LOGITS.to_vec(), targets: LABELS.to_vec(), distances: Vec::new() }
    } else {
        Pixels { logits: LOGITS.to_vec(), targets: MASK.to_vec(), distances: DISTANCES.to_vec() }
    };
    Ok(Subject::of_expression(expression, of_classes)?.evaluate(&pixels)?.value)
}

/// A block of code of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the fence: `rust`, `c`, `loss`.
    pub language: String,
    /// The code.
    pub code: String,
}

/// The blocks of code of a page, in their order.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some(Block { language: language.trim().to_owned(), code: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.code += line;
                block.code.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The expressions of a page, one a line, each with its value on the pixels of the examples.
///
/// # Errors
/// [`Error`] if one is no expression.
pub fn expressions(page: &str) -> Result<Vec<(String, f64)>, Error> {
    let mut found = Vec::new();
    for block in blocks(page) {
        let Some(rest) = block.language.strip_prefix("loss") else { continue };
        for line in block.code.lines().filter(|line| !line.is_empty()) {
            found.push((line.to_owned(), value(line, rest.contains("classes"))?));
        }
    }
    Ok(found)
}

/// A block of expressions as a page shows it: each with its value.
pub(crate) fn shown(language: &str, code: &str) -> Result<String, Error> {
    let of_classes = language.contains("classes");
    let lines: Vec<&str> = code.lines().filter(|line| !line.is_empty()).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut text = "```text\n".to_owned();
    for line in lines {
        let room = " ".repeat(width - line.chars().count());
        text += &format!("{line}{room}  →  {:.6}\n", value(line, of_classes)?);
    }
    Ok(text + "```\n")
}
