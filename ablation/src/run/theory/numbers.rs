//! Numbers in the sentences and tables of these sections.

pub(super) use crate::report::numbers::{listed, most, percent, plain, significant, times_smaller};
use crate::run::model::Cell;

/// The names of a table's columns.
pub(super) fn columns<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// A number of unknown size with three significant digits, as text, because small ones need an exponent.
pub(super) fn cell(value: f64) -> Cell {
    if value.is_finite() { Cell::text(significant(value, 3)) } else { Cell::number(None, 0) }
}
