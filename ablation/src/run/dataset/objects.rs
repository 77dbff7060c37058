//! The objects of one binary image.

use super::canvas::{Canvas, soft_step};
use super::random::Stream;
use super::shape::{Kind, Shape};
use crate::run::config::Data;

/// Shapes drawn by the weights. Beyond, large ellipses fill what is missing.
const MOST_SHAPES: usize = 300;
const MOST_FILLERS: usize = 100;

/// The objects of an image.
pub(super) struct Objects {
    /// 1 inside an object, 0 outside; the sum is the quota.
    pub(super) mask: Vec<u8>,
    /// What the objects add to the image.
    pub(super) brightness: Vec<f64>,
}

/// Draws objects until they cover `quota` pixels, and lets them shrink or grow to exactly that.
pub(super) fn objects(data: &Data, quota: usize, stream: &mut Stream) -> Objects {
    let pixels = data.size * data.size;
    if quota == 0 {
        return Objects { mask: vec![0; pixels], brightness: vec![0.0; pixels] };
    }
    let side = data.size as f64;
    let mut canvas = Canvas::new(data.size, 3.0 + data.soft_edge.clamp(0.0, side));
    let mut brightness = Vec::new();
    // A shape that is a little too small grows; one that is much too large would swallow the thin ones.
    while canvas.inside() as f64 <= 0.95 * quota as f64 && brightness.len() < MOST_SHAPES + MOST_FILLERS {
        let missing = quota.saturating_sub(canvas.inside()) as f64;
        let (kind, area) = if brightness.len() < MOST_SHAPES {
            let kind = Kind::draw(&data.shapes, stream);
            let part = match kind {
                Kind::Road => stream.between(0.3, 0.9),
                Kind::Blob | Kind::Ellipse | Kind::SmallObject => stream.between(0.12, 0.5),
            };
            (kind, (part * quota as f64).max(stream.between(4.0, 14.0)).min(missing))
        } else {
            (Kind::Ellipse, 2.0 * missing)
        };
        let place = free_place(&canvas, side, stream);
        Shape::random(kind, area, place, side, stream).draw(brightness.len(), &mut canvas);
        brightness.push(data.contrast * stream.between(0.8, 1.2));
    }

    let deepest = canvas.deepest(quota);
    let brightness = canvas
        .depth()
        .iter()
        .zip(canvas.object())
        .map(|(depth, &object)| {
            let own = brightness.get(object).copied().unwrap_or_default();
            own * soft_step(depth - deepest.threshold, data.soft_edge)
        })
        .collect();
    Objects { mask: deepest.mask, brightness }
}

/// The one of a few places that is farthest from what is drawn already.
fn free_place(canvas: &Canvas, side: f64, stream: &mut Stream) -> [f64; 2] {
    let mut place = || [stream.between(1.0, side - 1.0), stream.between(1.0, side - 1.0)];
    let first = place();
    (0..3)
        .map(|_| place())
        .fold(first, |best, new| if canvas.depth_at(new) < canvas.depth_at(best) { new } else { best })
}
