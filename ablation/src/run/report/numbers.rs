//! The numbers of figures and tables as CSV, with all their digits.

use super::ReportError;
use crate::report::draw::chart;
use crate::report::model::{Axis, Cell, Cells, Chart, Figure, Heat, Panel, Table};

/// A file's name within the report, and its bytes.
type Csv = (String, Vec<u8>);

type Rows = csv::Writer<Vec<u8>>;

/// `data/<id>.csv` of the charts or, without charts, of the heat maps or cells; if the figure has charts too, `data/<id>-heat.csv` and `data/<id>-cells.csv`.
/// Pictures have none.
pub(super) fn of_figure(figure: &Figure) -> Result<Vec<Csv>, ReportError> {
    let mut charts: Vec<(String, &Chart)> = Vec::new();
    let mut heats: Vec<(String, &Heat)> = Vec::new();
    let mut cells: Vec<(String, &Cells)> = Vec::new();
    for (index, panel) in figure.panels.iter().enumerate() {
        let name = |title: &str| if title.is_empty() { (index + 1).to_string() } else { title.to_owned() };
        match panel {
            Panel::Chart(chart) => charts.push((name(&chart.title), chart)),
            Panel::Heat(heat) => heats.push((name(&heat.title), heat)),
            Panel::Cells(grid) => cells.push((name(&grid.title), grid)),
            Panel::Pictures(_) => {}
        }
    }
    let mut files = Vec::new();
    let suffix = if charts.is_empty() { "" } else { "-heat" };
    if !charts.is_empty() {
        files.push(file(format!("data/{}.csv", figure.id), |rows| charts_rows(rows, &charts))?);
    }
    if !heats.is_empty() {
        files.push(file(format!("data/{}{suffix}.csv", figure.id), |rows| heat_rows(rows, &heats))?);
    }
    if !cells.is_empty() {
        let suffix = if files.is_empty() { "" } else { "-cells" };
        files.push(file(format!("data/{}{suffix}.csv", figure.id), |rows| cells_rows(rows, &cells))?);
    }
    Ok(files)
}

/// `data/<id>.csv`; a spread takes three columns.
pub(super) fn of_table(table: &Table) -> Result<Csv, ReportError> {
    file(format!("data/{}.csv", table.id), |rows| table_rows(rows, table))
}

fn file(name: String, fill: impl FnOnce(&mut Rows) -> csv::Result<()>) -> Result<Csv, ReportError> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let bytes = fill(&mut rows)
        .and_then(|()| rows.into_inner().map_err(|error| std::io::Error::other(error.to_string()).into()));
    match bytes {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(ReportError::Csv { file: name, error }),
    }
}

fn digits(value: impl Into<Option<f64>>) -> String {
    value.into().map(|value| value.to_string()).unwrap_or_default()
}

/// The name at a place of an axis with names; elsewhere the number.
fn place(axis: &Axis, at: f64) -> String {
    let named = (at >= 0.0 && at.fract() == 0.0).then(|| axis.categories.get(at as usize)).flatten();
    named.cloned().unwrap_or_else(|| digits(at))
}

fn charts_rows(rows: &mut Rows, charts: &[(String, &Chart)]) -> csv::Result<()> {
    rows.write_record(["panel", "series", "x", "y", "low", "high"])?;
    for (panel, chart) in charts {
        for series in &chart.series {
            for point in chart::points(series) {
                let [low, high] = point.spread.map_or([None, None], |ends| ends.map(Some));
                let [low, high] = [low, high].map(digits);
                let y = point.y.map_or_else(String::new, |y| place(&chart.y, y));
                rows.write_record([panel, &series.name, &place(&chart.x, point.x), &y, &low, &high])?;
            }
        }
    }
    Ok(())
}

fn heat_rows(rows: &mut Rows, heats: &[(String, &Heat)]) -> csv::Result<()> {
    rows.write_record(["panel", "x", "y", "value"])?;
    for (panel, heat) in heats {
        for (y, values) in heat.y_values.iter().zip(&heat.values) {
            for (x, value) in heat.x_values.iter().zip(values) {
                rows.write_record([panel, &place(&heat.x, *x), &place(&heat.y, *y), &digits(*value)])?;
            }
        }
    }
    Ok(())
}

fn cells_rows(rows: &mut Rows, grids: &[(String, &Cells)]) -> csv::Result<()> {
    rows.write_record(["panel", "x", "y", "value", "text"])?;
    for (panel, grid) in grids {
        for mark in &grid.marks {
            let [x, y] = [(&grid.x, mark.column), (&grid.y, mark.row)].map(|(axis, at)| place(axis, at as f64));
            rows.write_record([panel, &x, &y, &digits(mark.value), &mark.text])?;
        }
    }
    Ok(())
}

fn table_rows(rows: &mut Rows, table: &Table) -> csv::Result<()> {
    let count = table.rows.iter().map(Vec::len).chain([table.columns.len()]).max().unwrap_or(0);
    let spread = |column: usize| table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Spread { .. })));
    let mut head = Vec::new();
    for column in 0..count {
        let name = table.columns.get(column).cloned().unwrap_or_default();
        head.push(name.clone());
        if spread(column) {
            head.extend([format!("{name} low"), format!("{name} high")]);
        }
    }
    rows.write_record(&head)?;
    for row in &table.rows {
        let mut record = Vec::new();
        for column in 0..count {
            let (first, ends) = match row.get(column) {
                Some(Cell::Text(text)) => (text.clone(), [None, None]),
                Some(Cell::Number { value, .. }) => (digits(*value), [None, None]),
                Some(Cell::Spread { mean, low, high, .. }) => (digits(*mean), [Some(*low), Some(*high)]),
                Some(Cell::Missing { .. }) | None => (String::new(), [None, None]),
            };
            record.push(first);
            if spread(column) {
                record.extend(ends.map(digits));
            }
        }
        rows.write_record(&record)?;
    }
    Ok(())
}
