//! The objects of one binary image.

use super::canvas::{Canvas, soft_step};
use super::random::Stream;
use super::shape::{Kind, Shape};
use crate::run::config::Data;

/// The number of shapes drawn by the weights. After that, large ellipses fill what is missing.
const MOST_SHAPES: usize = 300;
const MOST_FILLERS: usize = 100;
/// The mean brightness of a large object's pixels, soft edge included, relative to its middle.
const LARGE_OBJECT_FADE: f64 = 0.9;

/// The objects of an image.
pub(super) struct Objects {
    /// 1 inside an object, 0 outside; the sum is the quota.
    pub(super) mask: Vec<u8>,
    /// The brightness that the objects add to the image.
    pub(super) brightness: Vec<f64>,
}

/// Draws objects until they cover `quota` pixels, and makes them shrink or grow to exactly that.
pub(super) fn objects(data: &Data, quota: usize, stream: &mut Stream) -> Objects {
    let pixels = data.size * data.size;
    if quota == 0 {
        return Objects { mask: vec![0; pixels], brightness: vec![0.0; pixels] };
    }
    let side = data.size as f64;
    let mut canvas = Canvas::new(data.size, 3.0 + data.soft_edge.clamp(0.0, side));
    let mut brightness = Vec::new();
    // A shape that is slightly too small grows; one that is much too large would swallow the thin ones.
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
    let fade = |depth: f64| soft_step(depth - deepest.threshold, data.soft_edge);
    // An object of a few pixels is all edge, and would be lost in the noise. So each is made as bright, on average, as a large one.
    let mut inside = vec![(0.0, 0.0); brightness.len()];
    for ((&depth, &object), _) in canvas.depth().iter().zip(canvas.object()).zip(&deepest.mask).filter(|p| *p.1 == 1) {
        if let Some((sum, pixels)) = inside.get_mut(object) {
            *sum += fade(depth);
            *pixels += 1.0;
        }
    }
    for (own, &(sum, pixels)) in brightness.iter_mut().zip(&inside) {
        // An object that shrank to nothing leaves a faint trace.
        *own *= if pixels > 0.0 { (LARGE_OBJECT_FADE * pixels / sum).clamp(1.0, 2.0) } else { 1.0 };
    }
    let brightness = canvas
        .depth()
        .iter()
        .zip(canvas.object())
        .map(|(&depth, &object)| brightness.get(object).copied().unwrap_or_default() * fade(depth))
        .collect();
    Objects { mask: deepest.mask, brightness }
}

/// The farthest of a few places from everything already drawn.
fn free_place(canvas: &Canvas, side: f64, stream: &mut Stream) -> [f64; 2] {
    let mut place = || [stream.between(1.0, side - 1.0), stream.between(1.0, side - 1.0)];
    let first = place();
    (0..3)
        .map(|_| place())
        .fold(first, |best, new| if canvas.depth_at(new) < canvas.depth_at(best) { new } else { best })
}
