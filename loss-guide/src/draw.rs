//! Panels of curves as SVG that reads on a light and on a dark page: lines of text take the page's own colour.

use std::sync::OnceLock;

use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::curves::Curve;
use crate::error::Error;

const FAMILY: &str = "sans-serif";

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The first kind of pixel: a full line.
    First,
    /// The second kind: a dashed line.
    Second,
    /// Others, of charts with more than two curves.
    Third,
    /// A fourth.
    Fourth,
    /// What the others are compared with: thin and grey.
    Faint,
}

/// Colours that keep a contrast of 3 against white and against mdBook's darkest page, and that the colour-blind tell apart.
const COLOURS: [(Look, RGBColor, &str); 5] = [
    (Look::First, RGBColor(0xd5, 0x5e, 0x00), ""),
    (Look::Second, RGBColor(0x3a, 0x8f, 0xd0), "14 8"),
    (Look::Third, RGBColor(0x1e, 0x9b, 0x77), "4 6"),
    (Look::Fourth, RGBColor(0xb8, 0x6a, 0xa8), "18 6 4 6"),
    (Look::Faint, RGBColor(0x8a, 0x8a, 0x8a), ""),
];

impl Look {
    fn colour(self) -> RGBColor {
        COLOURS.iter().find(|(look, ..)| *look == self).map_or(BLACK, |(_, colour, _)| *colour)
    }

    /// The colour as SVG writes it.
    pub(crate) fn hexadecimal(self) -> String {
        let RGBColor(red, green, blue) = self.colour();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    fn width(self) -> u32 {
        if self == Self::Faint { 2 } else { 5 }
    }

    /// The dashes of SVG.
    pub(crate) fn dashes(self) -> &'static str {
        COLOURS.iter().find(|(look, ..)| *look == self).map_or("", |(.., dashes)| dashes)
    }
}

/// A chart of curves.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) curves: Vec<(Look, Curve)>,
    pub(crate) x_range: [f64; 2],
    /// Where it is not that of the curves.
    pub(crate) y_range: Option<[f64; 2]>,
    /// Width and height in the units of the drawing, of which a page shows two as a pixel.
    pub(crate) size: [u32; 2],
}

/// The range of all curves, with some room.
pub(crate) fn range<'a>(curves: impl IntoIterator<Item = &'a Curve>) -> [f64; 2] {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &(_, y) in curves.into_iter().flatten() {
        low = low.min(y);
        high = high.max(y);
    }
    if low > high {
        return [0.0, 1.0];
    }
    // A flat curve lies in the middle of a range of its own size.
    let room = if high - low > 1e-9 { 0.05 * (high - low) } else { low.abs().max(1e-6) };
    [low - room, high + room]
}

fn register() -> Result<(), Error> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let done = REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, notosans::REGULAR_TTF).is_ok());
    if *done { Ok(()) } else { Err(Error::Draw("the font cannot be read".to_owned())) }
}

/// A number beside an axis: without digits that say nothing.
fn tick(number: f64) -> String {
    if number == 0.0 || number.abs() < 1e-12 {
        return "0".to_owned();
    }
    let text =
        if number.abs() >= 1000.0 || number.abs() < 0.001 { format!("{number:.0e}") } else { format!("{number:.3}") };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    text.replace('-', "−")
}

impl Panel {
    /// The chart as an SVG that stands by itself, and says to a reader who cannot see it what it shows.
    pub(crate) fn svg(&self, label: &str) -> Result<String, Error> {
        Ok(wrapped(self.size, label, &self.drawn()?))
    }

    /// What is inside the SVG.
    pub(crate) fn drawn(&self) -> Result<String, Error> {
        register()?;
        let mut text = String::new();
        self.draw(&mut text).map_err(|cause| Error::Draw(cause.to_string()))?;
        Ok(themed(&text))
    }

    fn draw(&self, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let [width, height] = self.size;
        let root = SVGBackend::with_string(text, (width, height)).into_drawing_area();
        let small = width < 400;
        let font = if small { 22 } else { 26 };
        let [low, high] = self.y_range.unwrap_or_else(|| range(self.curves.iter().map(|(_, curve)| curve)));
        let [left, right] = self.x_range;
        let mut builder = ChartBuilder::on(&root);
        builder.margin(8).margin_right(18).x_label_area_size(if self.x.is_empty() { 30 } else { 66 });
        builder.y_label_area_size(if small { 62 } else { 76 });
        builder.caption(&self.title, (FAMILY, f64::from(font) * 1.08));
        let mut chart = builder.build_cartesian_2d(left..right, low..high)?;
        let format = |number: &f64| tick(*number);
        let mut mesh = chart.configure_mesh();
        mesh.x_labels(if small { 3 } else { 6 }).y_labels(if small { 4 } else { 6 });
        mesh.x_label_formatter(&format).y_label_formatter(&format);
        mesh.label_style((FAMILY, font)).axis_style(BLACK.stroke_width(2));
        mesh.bold_line_style(BLACK.mix(0.15)).light_line_style(TRANSPARENT);
        if !self.x.is_empty() {
            mesh.x_desc(&self.x);
        }
        mesh.draw()?;
        if low < 0.0 && high > 0.0 {
            chart.draw_series(LineSeries::new([(left, 0.0), (right, 0.0)], BLACK.mix(0.5).stroke_width(2)))?;
        }
        for (look, curve) in &self.curves {
            let style = look.colour().stroke_width(look.width());
            chart.draw_series(LineSeries::new(curve.iter().copied(), style))?;
        }
        root.present()?;
        drop(chart);
        drop(root);
        Ok(())
    }
}

/// An SVG of so many units, half as many pixels on a page that has room.
pub(crate) fn wrapped([width, height]: [u32; 2], label: &str, inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{}\" height=\"{}\" \
         role=\"img\" aria-label=\"{label}\" font-family=\"sans-serif\" fill=\"currentColor\" \
         style=\"max-width:100%;height:auto\">\n{inside}</svg>",
        width / 2,
        height / 2,
    )
}

/// What plotters drew, in the page's colours, in a few elements where it has one for each tick.
fn themed(text: &str) -> String {
    let compact: String = text.lines().map(str::trim).collect();
    let (mut grid, mut axes, mut texts, mut curves) = (String::new(), String::new(), String::new(), String::new());
    // That of most texts: the numbers beside the axes.
    let sizes = compact.split("<text ").skip(1).map(font_size);
    let size = sizes.last().unwrap_or_default();
    for element in compact.split('<').filter(|element| !element.is_empty()) {
        let of = |name: &str| attribute(element, name).unwrap_or_default();
        if element.starts_with("line ") {
            let [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map(of);
            grid += &if x1 == x2 { format!("M{x1} {y1}V{y2}") } else { format!("M{x1} {y1}H{x2}") };
        } else if element.starts_with("polyline ") && of("stroke") == "#000000" {
            axes += &format!("M{}", of("points").trim().replacen(' ', "L", 1));
        } else if element.starts_with("polyline ") {
            let (stroke, width, points) = (of("stroke"), of("stroke-width"), of("points").trim());
            let look = COLOURS.iter().find(|(look, ..)| look.hexadecimal() == stroke);
            let dashes = look.map_or("", |(_, _, dashes)| dashes);
            let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
            curves += &format!(
                "<polyline fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dashes} points=\"{points}\"/>"
            );
        } else if element.starts_with("text ") {
            let written = element.rsplit_once('>').map_or("", |(_, written)| written);
            let font = font_size(element);
            let own = if size == font { String::new() } else { format!(" font-size=\"{font}\"") };
            let anchor = match of("text-anchor") {
                "middle" => String::new(),
                other => format!(" text-anchor=\"{other}\""),
            };
            texts +=
                &format!("<text x=\"{}\" y=\"{}\" dy=\"{}\"{anchor}{own}>{written}</text>", of("x"), of("y"), of("dy"));
        }
    }
    format!(
        "<path fill=\"none\" stroke=\"currentColor\" opacity=\".15\" d=\"{grid}\"/>\
         <path fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" d=\"{axes}\"/>{curves}\
         <g text-anchor=\"middle\" font-size=\"{size}\">{texts}</g>"
    )
}

/// The size of a text, in whole units: a little more than plotters takes, whose font is scaled by its height.
fn font_size(element: &str) -> String {
    let size: f64 = attribute(&format!(" {element}"), "font-size").and_then(|size| size.parse().ok()).unwrap_or(21.0);
    format!("{:.0}", size * 1.1)
}

/// An attribute of an element.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
