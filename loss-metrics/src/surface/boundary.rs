//! The pixels of a mask that lie at its boundary.

use crate::distance::squared_distances;
use crate::grid::{Grid, Pair};
use crate::overlap::Confusion;

/// The pixels of a mask whose neighbour by a face is outside of it, or of the image.
pub(super) fn voxels(grid: Grid, mask: &[bool]) -> Vec<bool> {
    let (shape, strides) = (grid.shape(), grid.strides());
    let [_, height, width] = shape;
    let is_boundary = |(index, inside): (usize, &bool)| {
        let place = [index / (height * width).max(1), index / width.max(1) % height.max(1), index % width.max(1)];
        let axes = 3 - grid.dimensions()..3;
        *inside
            && axes.into_iter().any(|axis| {
                let before = place[axis] > 0 && mask[index - strides[axis]];
                let after = place[axis] + 1 < shape[axis] && mask[index + strides[axis]];
                !(before && after)
            })
    };
    mask.iter().enumerate().map(is_boundary).collect()
}

/// How far from the boundary a pixel still belongs to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    /// So many pixels, counted as a king moves: the mask without what is left after so many erosions with 3×3 (3×3×3) pixels. What lies beyond the image is
    /// outside. This is Cheng's.
    Pixels(usize),
    /// 2 % of the diagonal in pixels, at least 1: Cheng's choice for images.
    Share,
    /// Less than this distance from the mask's outermost pixels, in the unit of the spacing. This is MetricsReloaded's, where it is 1.
    Distance(f64),
}

/// Boundary IoU: the IoU of the parts of the two masks that lie near their boundaries.
///
/// It is stricter than IoU for large objects, whose inside says nothing of how well their outline was met.
///
/// **Range.** [0, 1]; higher is better. **One mask empty:** 0. **Both:** no value. **Needs** the whole image.
///
/// Cheng, Girshick, Dollár, Berg and Kirillov, *Boundary IoU: Improving object-centric image segmentation evaluation*, 2021.
#[must_use]
pub fn boundary_iou(pair: &Pair<'_>, width: Width) -> Option<f64> {
    let region = |mask: &[bool]| near(pair.grid(), mask, width);
    let (truth, prediction) = (region(pair.truth()), region(pair.prediction()));
    Confusion::count(truth.into_iter().zip(prediction)).iou()
}

fn near(grid: Grid, mask: &[bool], width: Width) -> Vec<bool> {
    let erosions = match width {
        Width::Pixels(pixels) => pixels,
        Width::Share => {
            let diagonal = grid.shape().map(|length| (length * length) as f64);
            let diagonal = diagonal.iter().skip(3 - grid.dimensions()).sum::<f64>().sqrt();
            ((0.02 * diagonal).round_ties_even() as usize).max(1)
        }
        Width::Distance(distance) => {
            let squares = squared_distances(grid, &voxels(grid, mask));
            return mask.iter().zip(squares).map(|(inside, square)| *inside && square.sqrt() < distance).collect();
        }
    };
    let left = eroded(grid, mask, erosions);
    mask.iter().zip(left).map(|(inside, left)| *inside && !left).collect()
}

/// What is left after so many erosions with a cube: pixels all of whose neighbours up to that far are inside, one axis after the other.
fn eroded(grid: Grid, mask: &[bool], erosions: usize) -> Vec<bool> {
    let (shape, strides) = (grid.shape(), grid.strides());
    let mut left = mask.to_vec();
    for axis in 3 - grid.dimensions()..3 {
        let (length, stride) = (shape[axis], strides[axis]);
        for start in (0..left.len()).filter(|index| index / stride.max(1) % length.max(1) == 0) {
            let line: Vec<bool> = (0..length).map(|place| left[start + place * stride]).collect();
            // The outside before and after each place, the image's ends among them.
            let mut since = 0;
            let mut run = vec![0; length];
            for (run, inside) in run.iter_mut().zip(&line) {
                since = if *inside { since + 1 } else { 0 };
                *run = since;
            }
            since = 0;
            for place in (0..length).rev() {
                since = if line[place] { since + 1 } else { 0 };
                left[start + place * stride] = run[place].min(since) > erosions;
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use quickcheck::QuickCheck;

    use super::*;

    #[test]
    fn what_is_eroded_has_no_outside_near_it() {
        fn holds(shape: (u8, u8, u8), erosions: u8, bytes: Vec<u8>) -> bool {
            let shape = [shape.0 % 5 + 1, shape.1 % 6 + 1, shape.2 % 7 + 1].map(usize::from);
            let erosions = usize::from(erosions % 3);
            let grid = Grid::of_pixels(&shape).expect("a grid");
            let mask: Vec<bool> =
                bytes.iter().chain([1; 300].iter()).map(|byte| byte % 9 != 0).take(grid.len()).collect();
            let at = |place: [isize; 3]| {
                let inside = (0..3).all(|axis| (0..shape[axis] as isize).contains(&place[axis]));
                inside && mask[(place[0] as usize * shape[1] + place[1] as usize) * shape[2] + place[2] as usize]
            };
            let far = erosions as isize;
            let given = eroded(grid, &mask, erosions);
            (0..grid.len()).all(|index| {
                let place = [index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]];
                let place = place.map(|along| along as isize);
                let around = |axis: usize| place[axis] - far..=place[axis] + far;
                let all = around(0).all(|z| around(1).all(|y| around(2).all(|x| at([z, y, x]))));
                given[index] == all
            })
        }
        QuickCheck::new().tests(300).quickcheck(holds as fn((u8, u8, u8), u8, Vec<u8>) -> bool);
    }
}
