//! Draws bars and lines as SVG. Legends stand above the plot, so they never cover it.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The colours of Okabe and Ito, which colour-blind readers can tell apart.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xcc, 0x79, 0xa7),
];
const WIDTH: u32 = 860;
const TITLE: u32 = 36;
const LEGEND: u32 = 28;
const FONT: &str = "sans-serif";

/// The style of text of a size, placed by its left (or right, or middle) and its vertical middle.
fn text(size: u32, horizontal: HPos) -> TextStyle<'static> {
    (FONT, size).into_font().color(&BLACK).pos(Pos::new(horizontal, VPos::Center))
}

/// Draws the title and the legend at the top, and returns the remaining area.
fn frame<'a>(root: &Area<'a>, title: &str, names: &[String]) -> Result<Area<'a>> {
    root.fill(&WHITE)?;
    root.draw(&Text::new(title.to_owned(), (14, TITLE as i32 / 2 + 2), text(19, HPos::Left)))?;
    let mut x = 16;
    let y = (TITLE + LEGEND / 2) as i32;
    for (name, &colour) in names.iter().zip(&COLOURS) {
        root.draw(&Rectangle::new([(x, y - 6), (x + 14, y + 6)], colour.filled()))?;
        root.draw(&Text::new(name.clone(), (x + 20, y), text(14, HPos::Left)))?;
        // There is no font to measure with. 6.5 pixels per letter is more than this text takes.
        x += 20 + 13 * name.chars().count() as i32 / 2 + 18;
    }
    Ok(root.split_vertically(TITLE + LEGEND).1)
}

/// A row of [`bars`]: a name, and a number for each of the series, if it has one.
pub type Row = (String, Vec<Option<f64>>);

/// Draws horizontal bars, a group for each row, with their numbers beside them.
pub fn bars(path: &Path, title: &str, unit: &str, series: &[String], rows: &[Row]) -> Result<()> {
    const BAR: u32 = 15;
    const GAP: u32 = 10;
    let group = BAR * series.len() as u32 + GAP;
    let height = TITLE + LEGEND + group * rows.len() as u32 + 70;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    let area = frame(&root, title, series)?;
    let largest = rows.iter().flat_map(|(_, numbers)| numbers).flatten().copied().fold(0.0, f64::max);
    let letters = rows.iter().map(|(name, _)| name.chars().count() as u32).max().unwrap_or_default();
    let mut chart = ChartBuilder::on(&area)
        .margin_right(24)
        .set_label_area_size(LabelAreaPosition::Left, 8 * letters + 16)
        .set_label_area_size(LabelAreaPosition::Bottom, 58)
        // Room for the number beside the longest bar.
        .build_cartesian_2d(0.0..largest * 1.12, 0.0..f64::from(group * rows.len() as u32))?;
    let mut mesh = chart.configure_mesh();
    let mesh = mesh.disable_y_mesh().y_labels(0).x_desc(unit).x_labels(8);
    let format = |number: &f64| short(*number);
    mesh.x_label_formatter(&format)
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .axis_desc_style((FONT, 15))
        .label_style((FONT, 13))
        .draw()?;
    for (row, (name, numbers)) in rows.iter().enumerate() {
        // From the top down.
        let top = f64::from(group * (rows.len() - row) as u32) - f64::from(GAP) / 2.0;
        let middle = top - f64::from(group - GAP) / 2.0;
        let (x, y) = chart.backend_coord(&(0.0, middle));
        root.draw(&Text::new(name.clone(), (x - 8, y), text(14, HPos::Right)))?;
        for (i, (number, &colour)) in numbers.iter().zip(&COLOURS).enumerate() {
            let Some(number) = *number else { continue };
            let upper = top - f64::from(BAR * i as u32);
            let lower = upper - f64::from(BAR);
            chart.draw_series([Rectangle::new([(0.0, upper - 1.0), (number, lower + 1.0)], colour.filled())])?;
            let (x, y) = chart.backend_coord(&(number, (upper + lower) / 2.0));
            root.draw(&Text::new(short(number), (x + 5, y), text(12, HPos::Left)))?;
        }
    }
    root.present()?;
    Ok(())
}

/// A line of [`lines`]: a name and its points.
pub type Line = (String, Vec<(f64, f64)>);

/// The horizontal axis of [`lines`].
pub enum Axis {
    /// Equal steps for equal differences.
    Linear,
    /// Equal steps for equal ratios.
    Logarithmic,
}

/// Draws lines with points, from 0 upwards.
pub fn lines(path: &Path, title: &str, [x, y]: [&str; 2], axis: Axis, series: &[Line]) -> Result<()> {
    let points = || series.iter().flat_map(|(_, points)| points);
    let first = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let last = points().map(|point| point.0).fold(0.0, f64::max);
    match axis {
        Axis::Linear => draw_lines(path, title, [x, y], (first - 0.3)..(last + 0.3), series),
        Axis::Logarithmic => draw_lines(path, title, [x, y], ((first * 0.7)..(last * 1.4)).log_scale(), series),
    }
}

fn draw_lines<X>(path: &Path, title: &str, [x, y]: [&str; 2], range: X, series: &[Line]) -> Result<()>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let root = SVGBackend::new(path, (WIDTH, 460)).into_drawing_area();
    let names: Vec<String> = series.iter().map(|(name, _)| name.clone()).collect();
    let area = frame(&root, title, &names)?;
    let largest = series.iter().flat_map(|(_, points)| points).map(|point| point.1).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .margin_right(24)
        .margin_left(16)
        .margin_top(10)
        .set_label_area_size(LabelAreaPosition::Left, 70)
        .set_label_area_size(LabelAreaPosition::Bottom, 58)
        .build_cartesian_2d(range, 0.0..largest * 1.1)?;
    // Only whole numbers of threads, classes and pixels get a label.
    let whole = |number: f64| if number.fract().abs() < 1e-9 { count(number) } else { String::new() };
    let (format_x, format_y) = (|number: &f64| whole(*number), |number: &f64| short(*number));
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&format_x)
        .y_label_formatter(&format_y)
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .axis_desc_style((FONT, 15))
        .label_style((FONT, 13))
        .draw()?;
    for ((_, points), &colour) in series.iter().zip(&COLOURS) {
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 4, colour.filled())))?;
    }
    root.present()?;
    Ok(())
}

/// A number in about three digits.
pub fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.095 => format!("{number:.3}"),
        size if size < 9.95 => format!("{number:.2}"),
        size if size < 99.5 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// A count, with k and M for 2¹⁰ and 2²⁰ if it is a whole multiple of them, and otherwise for a thousand and a million.
pub fn count(number: f64) -> String {
    const KIBI: f64 = 1024.0;
    let whole = |unit: f64| number >= unit && number % unit == 0.0;
    if whole(KIBI * KIBI) {
        format!("{} M", number / (KIBI * KIBI))
    } else if whole(KIBI) {
        format!("{} K", number / KIBI)
    } else if number >= 1e6 {
        format!("{} M", number / 1e6)
    } else if number >= 1e4 {
        format!("{} k", number / 1e3)
    } else if number.fract() == 0.0 {
        format!("{number}")
    } else {
        short(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0.0, 0.05, 0.5, 9.95, 41.26, 410.2].map(short), ["0", "0.050", "0.50", "9.9", "41.3", "410"]);
        assert_eq!([1.0, 21.0, 9216.0, 65_536.0, 4_194_304.0].map(count), ["1", "21", "9 K", "64 K", "4 M"]);
        assert_eq!([10_000.0, 1e8].map(count), ["10 k", "100 M"]);
    }
}
