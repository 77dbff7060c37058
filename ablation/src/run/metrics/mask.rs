//! A mask, its boundary, and the distances from it.

use loss_core::boundary::distance::{scratch_length, signed_distance_map};

/// A binary mask, row by row: non-zero is inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaskView<'a> {
    width: usize,
    height: usize,
    pixels: &'a [u8],
}

impl<'a> MaskView<'a> {
    /// `None` unless there are width × height pixels.
    pub(crate) fn new(width: usize, height: usize, pixels: &'a [u8]) -> Option<MaskView<'a>> {
        (width.checked_mul(height) == Some(pixels.len())).then_some(MaskView { width, height, pixels })
    }

    pub(super) fn has_size_of(&self, other: &MaskView) -> bool {
        (self.width, self.height) == (other.width, other.height)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pixels.iter().all(|&pixel| pixel == 0)
    }

    pub(super) fn inside(&self) -> impl Iterator<Item = bool> {
        self.pixels.iter().map(|&pixel| pixel != 0)
    }

    /// The boundary: the pixels inside that have a 4-neighbour outside.
    ///
    /// Beyond the image is not outside. So the image's border is not a boundary, and a full mask has none.
    pub(super) fn boundary(&self) -> Vec<bool> {
        let outside = |index: Option<usize>| index.and_then(|at| self.pixels.get(at)).is_some_and(|&pixel| pixel == 0);
        let at_boundary = |index: usize| {
            let column = index % self.width;
            outside((column > 0).then(|| index - 1))
                || outside((column + 1 < self.width).then_some(index + 1))
                || outside(index.checked_sub(self.width))
                || outside(index.checked_add(self.width))
        };
        (0..self.pixels.len()).zip(self.inside()).map(|(index, inside)| inside && at_boundary(index)).collect()
    }

    /// The distance of each pixel to the nearest pixel of a set: 0 in the set, infinite if the set is empty.
    ///
    /// `None` for an image with a side longer than 2²⁴.
    pub(super) fn distances(&self, set: &[bool]) -> Option<Vec<f32>> {
        let mut map = vec![0.0; self.pixels.len()];
        // The map of an empty set is 0 everywhere, like that of a full one.
        if !set.contains(&true) {
            map.fill(f32::INFINITY);
            return Some(map);
        }
        let mut scratch = vec![0; scratch_length(self.width)];
        signed_distance_map(set, self.width, self.height, &mut scratch, &mut map).ok()?;
        // Inside the set the signed distance is 0 or negative.
        map.iter_mut().for_each(|distance| *distance = distance.max(0.0));
        Some(map)
    }
}
