//! The depth field into which shapes are drawn.

/// The depth of a pixel far from every shape.
const FAR: f64 = -1e6;

/// The depth of each pixel in the union of the shapes: the signed distance to the outline in pixels, positive inside.
///
/// The field is continuous, so a threshold on it lets the shapes grow or shrink a little, and its pixels can be counted exactly.
/// It reaches a few pixels beyond each shape; farther out it is a large negative number.
pub(super) struct Canvas {
    size: usize,
    reach: f64,
    depth: Vec<f64>,
    /// The object that made the depth.
    object: Vec<usize>,
    inside: usize,
}

/// A rectangle of the plane that contains a shape.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) x: [f64; 2],
    pub(super) y: [f64; 2],
}

/// The k deepest pixels of a canvas.
pub(super) struct Deepest {
    /// 1 for the k deepest, 0 for the others.
    pub(super) mask: Vec<u8>,
    /// The depth that separates them from the others.
    pub(super) threshold: f64,
}

impl Canvas {
    /// Makes an empty canvas, on which the shapes' fields reach `reach` pixels beyond the shapes.
    pub(super) fn new(size: usize, reach: f64) -> Canvas {
        Canvas { size, reach, depth: vec![FAR; size * size], object: vec![0; size * size], inside: 0 }
    }

    pub(super) fn depth(&self) -> &[f64] {
        &self.depth
    }

    /// The index of the object to which each pixel belongs, or would belong if it were inside.
    pub(super) fn object(&self) -> &[usize] {
        &self.object
    }

    /// The number of pixels with a positive depth.
    pub(super) fn inside(&self) -> usize {
        self.inside
    }

    /// The depth at the pixel nearest to a point.
    pub(super) fn depth_at(&self, [x, y]: [f64; 2]) -> f64 {
        let nearest = |value: f64| (value.round().max(0.0) as usize).min(self.size.saturating_sub(1));
        self.depth.get(nearest(y) * self.size + nearest(x)).copied().unwrap_or(FAR)
    }

    /// Adds a part of an object: the depth becomes the larger of the old depth and the part's.
    pub(super) fn draw(&mut self, object: usize, bounds: Bounds, depth: impl Fn(f64, f64) -> f64) {
        // A negative or too large bound saturates in the cast, which clips it to the canvas.
        let range = |[low, high]: [f64; 2]| {
            let end = (high + self.reach).ceil() + 1.0;
            ((low - self.reach).floor() as usize)..(end as usize).min(self.size)
        };
        let (rows, columns) = (range(bounds.y), range(bounds.x));
        for y in rows {
            for x in columns.clone() {
                let index = y * self.size + x;
                let (Some(old), Some(owner)) = (self.depth.get_mut(index), self.object.get_mut(index)) else {
                    continue;
                };
                let new = depth(x as f64, y as f64);
                if new > *old {
                    self.inside += usize::from(new > 0.0 && *old <= 0.0);
                    (*old, *owner) = (new, object);
                }
            }
        }
    }

    /// The `count` deepest pixels; among equally deep ones the first.
    pub(super) fn deepest(&self, count: usize) -> Deepest {
        let mut mask = vec![0; self.depth.len()];
        let mut order: Vec<(f64, usize)> = self.depth.iter().copied().zip(0..).collect();
        let Some(last) = count.min(order.len()).checked_sub(1) else {
            return Deepest { mask, threshold: f64::INFINITY };
        };
        let (deeper, &mut (lowest, index), others) =
            order.select_nth_unstable_by(last, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for index in deeper.iter().map(|pixel| pixel.1).chain([index]) {
            if let Some(pixel) = mask.get_mut(index) {
                *pixel = 1;
            }
        }
        let next = others.iter().map(|pixel| pixel.0).fold(FAR, f64::max);
        // If no other shape is near, the outline lies half a pixel beyond the last pixel.
        Deepest { mask, threshold: ((lowest + next) / 2.0).max(lowest - 0.5) }
    }
}

/// A step from 0 to 1 over `width` pixels, with its middle at depth 0; sharp if the width is 0.
pub(super) fn soft_step(depth: f64, width: f64) -> f64 {
    if width <= 0.0 {
        return if depth > 0.0 { 1.0 } else { 0.0 };
    }
    let t = (depth / width + 0.5).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
