//! The error of an expression, shown at its column.

use std::fmt;
use std::ops::Range;

/// The reason why a text is not a loss, and the place at fault.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionError {
    expression: String,
    /// The range at fault, in bytes; empty at the end of the expression.
    span: Range<usize>,
    message: String,
    /// The possible texts at that place.
    possible: String,
}

impl ExpressionError {
    pub(super) fn new(expression: &str, span: Range<usize>, message: String, possible: String) -> Self {
        Self { expression: expression.to_owned(), span, message, possible }
    }

    /// The column at fault, in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.characters(0..self.span.start) + 1
    }

    fn characters(&self, span: Range<usize>) -> usize {
        self.expression.get(span).map_or(0, |text| text.chars().count())
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every character takes one column.
        let shown: String =
            self.expression.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        let column = self.column();
        let carets = "^".repeat(self.characters(self.span.clone()).max(1));
        writeln!(f, "in the loss expression, column {column}: {}", self.message)?;
        writeln!(f, "  | {shown}")?;
        write!(f, "  | {carets:>width$}", width = column - 1 + carets.len())?;
        if !self.possible.is_empty() {
            write!(f, "\n  {}", self.possible)?;
        }
        Ok(())
    }
}

impl std::error::Error for ExpressionError {}
