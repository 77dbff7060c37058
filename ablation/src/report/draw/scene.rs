//! A drawing as a list of shapes, in CSS pixels, and its conversion to SVG and pixels by plotters.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plotters::backend::{BitMapBackend, DrawingBackend, RGBPixel, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, ShapeStyle};

use super::DrawError;
use super::bearings::bearing;
use super::bitmap::Bitmap;
use super::font::{self, FAMILY, Run};
use super::palette::Ink;

pub(super) type Point = (f64, f64);

/// A drawing; the origin is its upper left corner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    shapes: Vec<Shape>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Solid,
    Dashed,
    Dotted,
}

impl Stroke {
    /// The lengths of a dash and of the gap after it.
    fn dashes(self) -> Option<(f64, f64)> {
        match self {
            Stroke::Solid => None,
            Stroke::Dashed => Some((7.0, 4.0)),
            Stroke::Dotted => Some((2.0, 3.0)),
        }
    }
}

/// The position of the given point in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Across,
    /// From the bottom to the top.
    Upwards,
}

#[derive(Clone, Debug)]
enum Shape {
    Path { points: Vec<Point>, ink: Ink, width: f64, stroke: Stroke },
    Area { points: Vec<Point>, ink: Ink, alpha: f64 },
    Disc { centre: Point, radius: f64, ink: Ink, alpha: f64 },
    Text { at: Point, text: String, size: f64, ink: Ink, anchor: Anchor, direction: Direction },
    Image { corner: Point, size: Point, bitmap: Bitmap },
}

/// The use of an SVG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A file of its own: with a white background, and each text stretched to the width it was laid out for, whatever font the viewer has.
    File,
    /// Within the page, which has the font and the colours.
    Page,
}

impl Scene {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, shapes: Vec::new() }
    }

    pub(super) fn path(&mut self, points: impl Into<Vec<Point>>, ink: Ink, width: f64, stroke: Stroke) {
        self.shapes.push(Shape::Path { points: points.into(), ink, width, stroke });
    }

    pub(super) fn line(&mut self, from: Point, to: Point, ink: Ink, width: f64) {
        self.path([from, to], ink, width, Stroke::Solid);
    }

    pub(super) fn area(&mut self, points: impl Into<Vec<Point>>, ink: Ink, alpha: f64) {
        self.shapes.push(Shape::Area { points: points.into(), ink, alpha });
    }

    pub(super) fn rectangle(&mut self, (left, top): Point, (right, bottom): Point, ink: Ink) {
        self.area([(left, top), (right, top), (right, bottom), (left, bottom)], ink, 1.0);
    }

    pub(super) fn disc(&mut self, centre: Point, radius: f64, ink: Ink, alpha: f64) {
        self.shapes.push(Shape::Disc { centre, radius, ink, alpha });
    }

    pub(super) fn image(&mut self, corner: Point, size: Point, bitmap: Bitmap) {
        self.shapes.push(Shape::Image { corner, size, bitmap });
    }

    /// Adds text that begins, has its middle, or ends at a point.
    pub(super) fn text(&mut self, at: Point, text: &str, size: f64, ink: Ink, anchor: Anchor, direction: Direction) {
        let runs = font::runs(text);
        let total = font::width(text, size);
        let mut shift = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -total / 2.0,
            Anchor::End => -total,
        };
        let one = runs.len() == 1;
        for run in runs {
            // SVG drops the spaces at the ends of a text.
            let text = run.text.trim();
            if text.is_empty() {
                shift += font::run_width(&run, size);
                continue;
            }
            let before = run.text.len() - run.text.trim_start().len();
            let indent = font::run_width(&Run { text: " ".repeat(before), raised: run.raised }, size);
            // A text in one piece keeps its anchor, so that it is placed correctly in other fonts too.
            let (shift_here, anchor) = if one { (0.0, anchor) } else { (shift + indent, Anchor::Start) };
            let (rise, run_size) =
                if run.raised { (font::RAISED_BY * size, font::RAISED_SIZE * size) } else { (0.0, size) };
            let at = match direction {
                Direction::Across => (at.0 + shift_here, at.1 - rise),
                Direction::Upwards => (at.0 - rise, at.1 - shift_here),
            };
            shift += font::run_width(&run, size);
            self.shapes.push(Shape::Text { at, text: text.to_owned(), size: run_size, ink, anchor, direction });
        }
    }

    /// Places another drawing in this one.
    pub(super) fn place(&mut self, scene: &Scene, (x, y): Point) {
        let moved = |points: &[Point]| points.iter().map(|point| (point.0 + x, point.1 + y)).collect();
        self.shapes.extend(scene.shapes.iter().map(|shape| {
            let mut shape = shape.clone();
            match &mut shape {
                Shape::Path { points, .. } | Shape::Area { points, .. } => *points = moved(points),
                Shape::Disc { centre: at, .. } | Shape::Text { at, .. } | Shape::Image { corner: at, .. } => {
                    *at = (at.0 + x, at.1 + y);
                }
            }
            shape
        }));
    }

    /// The drawing as SVG, whose user units are tenths of a pixel, because plotters only has whole coordinates.
    pub(crate) fn svg(&self, purpose: Use) -> Result<String, DrawError> {
        const SCALE: f64 = 10.0;
        let (width, height) = (whole(self.width * SCALE), whole(self.height * SCALE));
        let mut drawn = String::new();
        {
            let area =
                SVGBackend::with_string(&mut drawn, (width.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
            for shape in &self.shapes {
                shape.draw_vector(&area, SCALE)?;
            }
            area.present().map_err(DrawError::new)?;
        }
        let body = drawn.split_once(">\n").map_or("", |(_, body)| body);
        // The baseline is given; plotters would shift it by a measure of the viewer's font.
        let mut body = self.with_dashes(&body.replace(" dy=\"0.5ex\"", ""), SCALE);
        if purpose == Use::File {
            body = self.with_lengths(&body, SCALE);
        }
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{}\" height=\"{}\" stroke-linejoin=\"round\">\n",
            whole(self.width),
            whole(self.height)
        );
        if purpose == Use::File {
            let _ = writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>");
        }
        for shape in &self.shapes {
            if let Shape::Image { corner, size, bitmap } = shape {
                let _ = writeln!(
                    svg,
                    "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
                    whole(corner.0 * SCALE),
                    whole(corner.1 * SCALE),
                    whole(size.0 * SCALE),
                    whole(size.1 * SCALE),
                    STANDARD.encode(bitmap.png()?)
                );
            }
        }
        Ok(svg + &body)
    }

    /// Breaks the paths of dashed lines.
    fn with_dashes(&self, body: &str, scale: f64) -> String {
        let strokes = self.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { stroke, .. } => Some(*stroke),
            _ => None,
        });
        let mut parts = body.split("<polyline ");
        let mut with = parts.next().unwrap_or_default().to_owned();
        for (part, stroke) in parts.zip(strokes) {
            with.push_str("<polyline ");
            if let Some((dash, gap)) = stroke.dashes() {
                let _ = write!(with, "stroke-dasharray=\"{} {}\" ", dash * scale, gap * scale);
            }
            with.push_str(part);
        }
        with
    }

    /// Gives each text the length that it was laid out for.
    fn with_lengths(&self, body: &str, scale: f64) -> String {
        let lengths = self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text { text, size, .. } => Some(whole(font::width(text, *size) * scale)),
            _ => None,
        });
        let mut parts = body.split("<text ");
        let mut with = parts.next().unwrap_or_default().to_owned();
        for (part, length) in parts.zip(lengths) {
            let _ = write!(with, "<text textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" {part}");
        }
        with
    }

    /// The drawing as pixels on white, `scale` per unit.
    pub(crate) fn bitmap(&self, scale: usize) -> Result<Bitmap, DrawError> {
        // It is drawn larger and averaged, because plotters leaves most edges jagged; less so where that would take much memory.
        const MOST: f64 = 25e6;
        let finer = if self.width * self.height * ((scale * 3) as f64).powi(2) < MOST { 3 } else { 2 };
        let drawn = (scale * finer) as f64;
        let (width, height) =
            ((self.width.ceil() as usize) * scale * finer, (self.height.ceil() as usize) * scale * finer);
        let mut bitmap = Bitmap::filled(width, height, (255, 255, 255));
        {
            let area =
                BitMapBackend::<RGBPixel>::with_buffer_and_format(&mut bitmap.pixels, (width as u32, height as u32))
                    .map_err(DrawError::new)?
                    .into_drawing_area();
            for shape in &self.shapes {
                shape.draw_pixels(&area, drawn)?;
            }
            area.present().map_err(DrawError::new)?;
        }
        Ok(bitmap.averaged(finer))
    }
}

/// A rounded number; a number beyond all drawings stays there.
fn whole(value: f64) -> i32 {
    value.round() as i32
}

fn colour(ink: Ink) -> RGBColor {
    let (red, green, blue) = ink.light();
    RGBColor(red, green, blue)
}

fn filled(ink: Ink, alpha: f64) -> ShapeStyle {
    colour(ink).mix(alpha).filled()
}

fn scaled(points: &[Point], scale: f64) -> Vec<(i32, i32)> {
    points.iter().map(|(x, y)| (whole(x * scale), whole(y * scale))).collect()
}

impl Shape {
    fn draw_vector<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<(), DrawError> {
        match self {
            // Dashes are an attribute, which takes few bytes.
            Shape::Path { points, ink, width, .. } => {
                let style = colour(*ink).stroke_width(whole(width * scale).unsigned_abs());
                area.draw(&PathElement::new(scaled(points, scale), style)).map_err(DrawError::new)
            }
            Shape::Image { .. } => Ok(()), // plotters' SVG has none
            Shape::Text { .. } => self.draw_text(area, scale, 1.24, 0.0, VPos::Center),
            _ => self.draw_common(area, scale),
        }
    }

    fn draw_pixels<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<(), DrawError> {
        match self {
            Shape::Path { points, ink, width, stroke: Stroke::Solid } => {
                // Segment by segment, because plotters' own outline of a thick path has spikes at sharp turns.
                let half = width / 2.0;
                for pair in points.windows(2) {
                    let [from, to] = [pair[0], pair[1]];
                    let (along, across) = (to.0 - from.0, to.1 - from.1);
                    let length = along.hypot(across);
                    if length > 0.0 {
                        let (x, y) = (-across / length * half, along / length * half);
                        let corners = [
                            (from.0 + x, from.1 + y),
                            (to.0 + x, to.1 + y),
                            (to.0 - x, to.1 - y),
                            (from.0 - x, from.1 - y),
                        ];
                        Shape::Area { points: corners.to_vec(), ink: *ink, alpha: 1.0 }.draw_common(area, scale)?;
                    }
                }
                if points.len() > 2 && *width > 1.0 {
                    for centre in &points[1..points.len() - 1] {
                        let joint = Circle::new(
                            (whole(centre.0 * scale), whole(centre.1 * scale)),
                            (half * scale) as u32,
                            filled(*ink, 1.0),
                        );
                        area.draw(&joint).map_err(DrawError::new)?;
                    }
                }
                Ok(())
            }
            Shape::Image { corner, size, bitmap } => {
                let [width, height] = [size.0, size.1].map(|side| whole(side * scale).unsigned_abs() as usize);
                let image = bitmap.stretched(width, height);
                let element = plotters::element::BitMapElement::with_owned_buffer(
                    (whole(corner.0 * scale), whole(corner.1 * scale)),
                    (width as u32, height as u32),
                    image.pixels,
                );
                match element {
                    Some(element) => area.draw(&element).map_err(DrawError::new),
                    None => Err(DrawError("a picture has too few pixels".to_owned())),
                }
            }
            Shape::Text { at, text, size, ink, anchor, direction } => {
                // Letter by letter, because plotters ignores how far to the right of the pen each begins.
                let start = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => -font::width(text, *size) / 2.0,
                    Anchor::End => -font::width(text, *size),
                };
                for (index, letter) in text.char_indices().filter(|(_, letter)| !letter.is_whitespace()) {
                    let shift = start + font::advance(text, index, letter, *size) + bearing(letter) * size;
                    let at = match direction {
                        Direction::Across => (at.0 + shift, at.1),
                        Direction::Upwards => (at.0, at.1 - shift),
                    };
                    let (text, anchor) = (letter.to_string(), Anchor::Start);
                    let letter = Shape::Text { at, text, size: *size, ink: *ink, anchor, direction: *direction };
                    // plotters puts the baseline half the size below the upper edge.
                    letter.draw_text(area, scale, font::HEIGHT, 0.5, VPos::Top)?;
                }
                Ok(())
            }
            _ => self.draw_common(area, scale),
        }
    }

    fn draw_common<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: f64) -> Result<(), DrawError> {
        match self {
            Shape::Path { points, ink, width, stroke } => {
                let style = colour(*ink).stroke_width(whole(width * scale).unsigned_abs());
                let Some((dash, gap)) = stroke.dashes() else { return Ok(()) };
                let [dash, gap] = [dash, gap].map(|length| whole(length * scale));
                area.draw(&DashedPathElement::new(scaled(points, scale), dash, gap, style)).map_err(DrawError::new)
            }
            Shape::Area { points, ink, alpha } => {
                let corners = scaled(points, scale);
                let style = filled(*ink, *alpha);
                match corners[..] {
                    // Exact edges for upright rectangles.
                    [a, b, c, d] if a.1 == b.1 && b.0 == c.0 && c.1 == d.1 && d.0 == a.0 => {
                        let upper_left = (a.0.min(c.0), a.1.min(c.1));
                        let lower_right = (a.0.max(c.0), a.1.max(c.1));
                        area.draw(&Rectangle::new([upper_left, lower_right], style)).map_err(DrawError::new)
                    }
                    _ => area.draw(&Polygon::new(corners, style)).map_err(DrawError::new),
                }
            }
            Shape::Disc { centre, radius, ink, alpha } => {
                let centre = (whole(centre.0 * scale), whole(centre.1 * scale));
                let radius = whole(radius * scale).unsigned_abs();
                area.draw(&Circle::new(centre, radius, filled(*ink, *alpha))).map_err(DrawError::new)
            }
            Shape::Text { .. } | Shape::Image { .. } => Ok(()),
        }
    }

    /// `size_of_em` is plotters' size for a font of one em, and `baseline` how far below the point it puts the baseline, in such sizes.
    fn draw_text<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: f64,
        size_of_em: f64,
        baseline: f64,
        vertical: VPos,
    ) -> Result<(), DrawError> {
        let Shape::Text { at, text, size, ink, anchor, direction } = self else { return Ok(()) };
        let size = size * scale * size_of_em;
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let (transform, point) = match direction {
            Direction::Across => (FontTransform::None, (at.0 * scale, at.1 * scale - baseline * size)),
            Direction::Upwards => (FontTransform::Rotate270, (at.0 * scale - baseline * size, at.1 * scale)),
        };
        let style =
            (FAMILY, size).into_font().transform(transform).color(&colour(*ink)).pos(Pos::new(horizontal, vertical));
        area.draw(&Text::new(text.as_str(), (whole(point.0), whole(point.1)), style)).map_err(DrawError::new)
    }
}
