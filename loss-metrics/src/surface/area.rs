//! The surface between voxels: what of it lies at each corner of the grid, from the eight (in 2-D four) pixels around the corner.

use super::elements;
use crate::grid::Grid;

/// The corners that the surface passes, and how much of it does. A corner has the index of the last of its pixels.
pub(super) fn surface(grid: Grid, mask: &[bool]) -> (Vec<bool>, Vec<f64>) {
    let ([depth, height, width], [plane, row, _]) = (grid.shape(), grid.strides());
    let is_flat = grid.dimensions() == 2;
    let (all, table) = if is_flat { (0b1111, lengths(grid)) } else { (0b1111_1111, areas(grid)) };
    let (mut sites, mut weights) = (vec![false; mask.len()], vec![0.0; mask.len()]);
    for z in 0..depth {
        for y in 0..height {
            for x in 0..width {
                let index = z * plane + y * row + x;
                // Pixels before the first are background.
                let at = |back: [usize; 3]| {
                    let inside = back[0] <= z && back[1] <= y && back[2] <= x;
                    inside && mask[index - back[0] * plane - back[1] * row - back[2]]
                };
                let mut code = 0;
                let backs = if is_flat { 0..=0 } else { 0..=1 };
                for back in backs.rev() {
                    for corner in [[back, 1, 1], [back, 1, 0], [back, 0, 1], [back, 0, 0]] {
                        code = code << 1 | usize::from(at(corner));
                    }
                }
                if code != 0 && code != all {
                    (sites[index], weights[index]) = (true, table[code]);
                }
            }
        }
    }
    (sites, weights)
}

/// The length of the contour for each code of four pixels.
fn lengths(grid: Grid) -> Vec<f64> {
    let [_, y, x] = grid.spacing();
    let diagonal = y.hypot(x) / 2.0;
    let length = |code: u32| match code {
        0b0000 | 0b1111 => 0.0,
        0b0011 | 0b1100 => x,
        0b0101 | 0b1010 => y,
        // Two corners are cut off.
        0b0110 | 0b1001 => 2.0 * diagonal,
        _ => diagonal,
    };
    (0..16).map(length).collect()
}

/// The area of the surface for each code of eight voxels.
fn areas(grid: Grid) -> Vec<f64> {
    let [z, y, x] = grid.spacing();
    let area = |normal: &[u8; 3]| {
        let [a, b, c] = normal.map(|component| f64::from(component) / 8.0);
        ((a * y * x).powi(2) + (b * z * x).powi(2) + (c * z * y).powi(2)).sqrt()
    };
    (0..=u8::MAX).map(|code| elements::of(code).iter().map(area).sum()).collect()
}
