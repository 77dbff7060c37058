//! The look of all tables.

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};

use loss_expression::Short;

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// A table with this header.
pub(crate) fn table(header: impl IntoIterator<Item = Cell>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header.into_iter().collect::<Vec<_>>());
    table
}

/// A cell of text, aligned left.
pub(crate) fn left(text: impl ToString) -> Cell {
    Cell::new(text)
}

/// A cell of numbers, aligned right.
pub(crate) fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A table without the spaces at the ends of its lines.
pub(crate) fn trimmed(table: &Table) -> String {
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A table as texts, for a terminal or a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Grid {
    pub(crate) header: Vec<Column>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// The head of a column, and whether numbers stand in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) is_numeric: bool,
}

impl Column {
    pub(crate) fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_numeric: false }
    }

    pub(crate) fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_numeric: true }
    }
}

impl Grid {
    /// Of one column of names, and others of numbers.
    pub(crate) fn of_numbers(first: impl Into<String>, others: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let header = std::iter::once(Column::text(first)).chain(others.into_iter().map(Column::number));
        Self { header: header.collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.into()).chain(cells).collect());
    }

    /// The table for a terminal.
    pub(crate) fn to_text(&self) -> String {
        let cell = |column: usize, text: &str| match self.header.get(column) {
            Some(Column { is_numeric: true, .. }) => right(text),
            _ => left(text),
        };
        let mut table = table(self.header.iter().enumerate().map(|(place, column)| cell(place, &column.name)));
        for row in &self.rows {
            table.add_row(row.iter().enumerate().map(|(place, text)| cell(place, text)));
        }
        trimmed(&table)
    }
}

/// A number with six digits.
pub(crate) fn six(number: f64) -> String {
    const DIGITS: i32 = 6;
    if number == 0.0 || !number.is_finite() {
        return Short(number).to_string();
    }
    let scientific = format!("{number:.*e}", DIGITS as usize - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let whole = number.fract() == 0.0 && exponent < 15;
    if whole {
        return format!("{number:.0}");
    }
    if !(-5..DIGITS).contains(&exponent) {
        return scientific;
    }
    let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
    let fixed = format!("{number:.decimals$}");
    fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with six digits, or a dash if there is none.
pub(crate) fn six_or_dash(number: Option<f64>) -> String {
    number.map_or("–".to_owned(), six)
}

/// A share in percent, with four digits.
pub(crate) fn percent(share: f64) -> String {
    let rounded: f64 = format!("{:.3e}", share * 100.0).parse().unwrap_or(f64::NAN);
    format!("{} %", six(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits() {
        let cases = [
            (0.0, "0"),
            (0.998_311_495_8, "0.998311"),
            (300.646_518_9, "300.647"),
            (-0.25, "-0.25"),
            (1.5e-52, "1.50000e-52"),
            (123_456_789.5, "1.23457e8"),
            (8192.0, "8192"),
            (0.000_123_456_78, "0.000123457"),
        ];
        for (number, text) in cases {
            assert_eq!(six(number), text);
        }
    }
}
