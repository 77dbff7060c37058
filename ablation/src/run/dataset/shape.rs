//! The shapes of objects: blobs, ellipses, roads and small discs.

use core::f64::consts::PI;

use super::canvas::{Bounds, Canvas};
use super::random::Stream;
use crate::run::config::Shapes;

/// The number of pixels between two bends of a road.
const ROAD_STEP: f64 = 2.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Ellipse,
    Road,
    SmallObject,
}

impl Kind {
    /// Draws a kind by the weights. A negative or NaN weight counts as 0; if all are 0, it is a blob.
    pub(super) fn draw(shapes: &Shapes, stream: &mut Stream) -> Kind {
        let kinds = [
            (Kind::Blob, shapes.blobs),
            (Kind::Ellipse, shapes.ellipses),
            (Kind::Road, shapes.roads),
            (Kind::SmallObject, shapes.small_objects),
        ];
        let total: f64 = kinds.iter().map(|kind| kind.1.max(0.0)).sum();
        let mut at = stream.unit() * total;
        for (kind, weight) in kinds {
            if at < weight.max(0.0) {
                return kind;
            }
            at -= weight.max(0.0);
        }
        Kind::Blob
    }
}

/// A shape in the plane, in pixels. Pixel centres have whole coordinates.
pub(super) enum Shape {
    /// Discs (x, y, radius) that merge into each other over a width.
    Blob {
        discs: Vec<[f64; 3]>,
        melt: f64,
    },
    Ellipse {
        centre: [f64; 2],
        radii: [f64; 2],
        sin: f64,
        cos: f64,
    },
    /// A line of a width through points.
    Road {
        points: Vec<[f64; 2]>,
        width: f64,
    },
}

impl Shape {
    /// A random shape of about `area` pixels at a place of an image of `size` × `size` pixels.
    pub(super) fn random(kind: Kind, area: f64, centre: [f64; 2], size: f64, stream: &mut Stream) -> Shape {
        let radius = (area.max(1.0) / PI).sqrt();
        match kind {
            Kind::Blob => blob(radius, centre, stream),
            Kind::Ellipse => {
                let ratio = stream.between(0.4, 0.9).sqrt();
                let (sin, cos) = stream.direction();
                Shape::Ellipse { centre, radii: [radius / ratio, radius * ratio], sin, cos }
            }
            Kind::Road => road(area, centre, size, stream),
            Kind::SmallObject => {
                // An area of a pixel or two is smaller than the smallest disc, which has radius 1.
                let largest = radius.clamp(1.0, 3.0);
                Shape::Blob { discs: vec![[centre[0], centre[1], stream.between(1.0, largest)]], melt: 0.0 }
            }
        }
    }

    /// Adds the shape to the canvas as an object.
    pub(super) fn draw(&self, object: usize, canvas: &mut Canvas) {
        match self {
            Shape::Blob { discs, melt } => {
                let least = |axis: fn(&[f64; 3]) -> f64| discs.iter().map(axis).fold(f64::INFINITY, f64::min);
                let most = |axis: fn(&[f64; 3]) -> f64| discs.iter().map(axis).fold(f64::NEG_INFINITY, f64::max);
                let bounds = Bounds {
                    x: [least(|disc| disc[0] - disc[2]) - melt, most(|disc| disc[0] + disc[2]) + melt],
                    y: [least(|disc| disc[1] - disc[2]) - melt, most(|disc| disc[1] + disc[2]) + melt],
                };
                canvas.draw(object, bounds, |x, y| {
                    discs.iter().fold(f64::NEG_INFINITY, |depth, disc| {
                        let (dx, dy) = (x - disc[0], y - disc[1]);
                        soft_maximum(depth, disc[2] - (dx * dx + dy * dy).sqrt(), *melt)
                    })
                });
            }
            Shape::Ellipse { centre, radii, sin, cos } => {
                let longest = radii[0].max(radii[1]);
                let bounds = Bounds {
                    x: [centre[0] - longest, centre[0] + longest],
                    y: [centre[1] - longest, centre[1] + longest],
                };
                canvas.draw(object, bounds, |x, y| {
                    let (dx, dy) = (x - centre[0], y - centre[1]);
                    ellipse_depth([cos * dx + sin * dy, cos * dy - sin * dx], *radii)
                });
            }
            Shape::Road { points, width } => {
                for (from, to) in points.iter().zip(points.iter().skip(1)) {
                    let bounds = Bounds {
                        x: [from[0].min(to[0]) - width, from[0].max(to[0]) + width],
                        y: [from[1].min(to[1]) - width, from[1].max(to[1]) + width],
                    };
                    canvas.draw(object, bounds, |x, y| width / 2.0 - segment_distance([x, y], *from, *to));
                }
            }
        }
    }
}

/// A large disc with smaller ones at its rim.
fn blob(radius: f64, [x, y]: [f64; 2], stream: &mut Stream) -> Shape {
    let core = 0.7 * radius;
    let mut discs = vec![[x, y, core]];
    for _ in 0..2 + stream.below(4) {
        let (sin, cos) = stream.direction();
        let away = core * stream.between(0.7, 1.3);
        discs.push([x + away * cos, y + away * sin, core * stream.between(0.35, 0.75)]);
    }
    Shape::Blob { discs, melt: 0.4 * core }
}

/// A walk in both directions from its middle, with small turns.
fn road(area: f64, middle: [f64; 2], size: f64, stream: &mut Stream) -> Shape {
    let width = stream.between(1.5, 2.5);
    let steps = ((area / width).min(1.5 * size) / ROAD_STEP / 2.0).ceil() as usize;
    let angle = stream.between(0.0, PI);
    let bend = stream.between(-0.04, 0.04);
    let mut half = |start: f64, bend: f64| {
        let (mut point, mut angle, mut turn) = (middle, start, 0.0);
        let mut points = Vec::with_capacity(steps);
        for _ in 0..steps {
            turn = 0.7 * turn + 0.12 * stream.normal();
            angle += turn + bend;
            let (sin, cos) = libm::sincos(angle);
            point = [point[0] + ROAD_STEP * cos, point[1] + ROAD_STEP * sin];
            points.push(point);
        }
        points
    };
    let mut points = half(angle + PI, -bend);
    points.reverse();
    points.push(middle);
    points.extend(half(angle, bend));
    Shape::Road { points, width }
}

/// The larger of two depths, rounded off where they differ by less than `melt`.
fn soft_maximum(a: f64, b: f64, melt: f64) -> f64 {
    let overlap = (melt - (a - b).abs()).max(0.0);
    let bulge = if melt > 0.0 { overlap * overlap / (4.0 * melt) } else { 0.0 };
    a.max(b) + bulge
}

/// The depth in an ellipse at the origin, to first order in the distance from its outline.
fn ellipse_depth([x, y]: [f64; 2], [a, b]: [f64; 2]) -> f64 {
    let norm = |x: f64, y: f64| (x * x + y * y).sqrt();
    let (level, slope) = (norm(x / a, y / b), norm(x / (a * a), y / (b * b)));
    let shortest = a.min(b);
    if slope > 1e-9 { (level * (1.0 - level) / slope).min(shortest) } else { shortest }
}

fn segment_distance([x, y]: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (along, away) = ([to[0] - from[0], to[1] - from[1]], [x - from[0], y - from[1]]);
    let squared = along[0] * along[0] + along[1] * along[1];
    let t = if squared > 0.0 { ((away[0] * along[0] + away[1] * along[1]) / squared).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (away[0] - t * along[0], away[1] - t * along[1]);
    (dx * dx + dy * dy).sqrt()
}
