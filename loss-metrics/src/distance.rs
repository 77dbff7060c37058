//! The squared Euclidean distance of every pixel from the nearest site, with spacing.
//!
//! One axis after the other: along the last the distance to the nearest site of the line, along the others the lower envelope of parabolas.
//! Felzenszwalb and Huttenlocher, *Distance Transforms of Sampled Functions*, 2012.

use crate::grid::Grid;

/// The squared distances; infinite where there is no site at all.
pub(crate) fn squared_distances(grid: Grid, sites: &[bool]) -> Vec<f64> {
    let ([depth, height, width], [z, y, x]) = (grid.shape(), grid.spacing());
    let mut squares = vec![f64::INFINITY; sites.len()];
    if width == 0 {
        return squares;
    }
    for (row, squares) in sites.chunks(width).zip(squares.chunks_mut(width)) {
        along_row(row, x, squares);
    }
    let mut line = Line::default();
    if height > 1 {
        for plane in squares.chunks_mut(height * width) {
            (0..width).for_each(|start| line.lower(plane, start, width, y));
        }
    }
    if depth > 1 {
        (0..height * width).for_each(|start| line.lower(&mut squares, start, height * width, z));
    }
    squares
}

fn along_row(sites: &[bool], spacing: f64, squares: &mut [f64]) {
    let mut step = |place: usize, since: &mut Option<usize>| {
        *since = if sites[place] { Some(0) } else { since.map(|steps| steps + 1) };
        if let Some(steps) = since {
            let distance = *steps as f64 * spacing;
            squares[place] = squares[place].min(distance * distance);
        }
    };
    let mut since = None;
    (0..sites.len()).for_each(|place| step(place, &mut since));
    since = None;
    (0..sites.len()).rev().for_each(|place| step(place, &mut since));
}

/// Memory for a line, used again for each.
#[derive(Default)]
struct Line {
    values: Vec<f64>,
    /// The parabolas that are lowest somewhere: where each has its vertex, and from where on it is the lowest.
    envelope: Vec<(usize, f64)>,
}

impl Line {
    /// Replaces a line of squared distances by the least of (distance along the line)² + square.
    fn lower(&mut self, squares: &mut [f64], start: usize, stride: usize, spacing: f64) {
        self.values.clear();
        self.values.extend(squares[start..].iter().step_by(stride));
        self.envelope.clear();
        for (vertex, value) in self.values.iter().enumerate() {
            if value.is_infinite() {
                continue;
            }
            let at = vertex as f64 * spacing;
            let mut from = f64::NEG_INFINITY;
            while let Some((lower, since)) = self.envelope.last() {
                let other = *lower as f64 * spacing;
                // Where the two parabolas meet.
                let meeting = ((value + at * at) - (self.values[*lower] + other * other)) / (2.0 * (at - other));
                if meeting > *since {
                    from = meeting;
                    break;
                }
                self.envelope.pop();
            }
            self.envelope.push((vertex, from));
        }
        let mut lowest = 0;
        if self.envelope.is_empty() {
            return;
        }
        for (place, square) in squares[start..].iter_mut().step_by(stride).enumerate() {
            let at = place as f64 * spacing;
            while self.envelope.get(lowest + 1).is_some_and(|(_, from)| *from < at) {
                lowest += 1;
            }
            let vertex = self.envelope[lowest].0;
            let along = place.abs_diff(vertex) as f64 * spacing;
            *square = along * along + self.values[vertex];
        }
    }
}

#[cfg(test)]
mod tests {
    use loss_core::boundary::distance::{scratch_length, signed_distance_map};
    use quickcheck::QuickCheck;

    use super::*;

    /// Against all pairs of pixels.
    #[test]
    fn every_distance_is_the_least() {
        fn holds(shape: (u8, u8, u8), spacing: (u8, u8, u8), sites: Vec<u8>) -> bool {
            let shape = [shape.0 % 5 + 1, shape.1 % 6 + 1, shape.2 % 7 + 1].map(usize::from);
            let spacing = [spacing.0, spacing.1, spacing.2].map(|spacing| f64::from(spacing % 9) / 3.0 + 0.3);
            let grid = Grid::new(&shape, &spacing).expect("a grid");
            let sites: Vec<bool> =
                sites.iter().chain([0; 300].iter()).map(|byte| byte % 7 == 1).take(grid.len()).collect();
            let place = |index: usize| [index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]];
            let between = |a: usize, b: usize| -> f64 {
                let (a, b) = (place(a), place(b));
                (0..3).map(|axis| (a[axis].abs_diff(b[axis]) as f64 * spacing[axis]).powi(2)).sum()
            };
            let given = squared_distances(grid, &sites);
            (0..grid.len()).all(|pixel| {
                let all = (0..grid.len()).filter(|site| sites[*site]).map(|site| between(pixel, site));
                let least = all.fold(f64::INFINITY, f64::min);
                given[pixel] == least || (given[pixel] - least).abs() <= 1e-12 * least
            })
        }
        QuickCheck::new().tests(500).quickcheck(holds as fn((u8, u8, u8), (u8, u8, u8), Vec<u8>) -> bool);
    }

    /// The core's map of exact distances, whose unit is the pixel.
    #[test]
    fn the_distances_are_those_of_the_core() {
        let (width, height) = (37, 23);
        let mask: Vec<bool> = (0..width * height).map(|at| (at * at + 3 * at) % 11 == 0 && at % 5 > 1).collect();
        let mut map = vec![0.0; mask.len()];
        let mut scratch = vec![0; scratch_length(width)];
        signed_distance_map(&mask, width, height, &mut scratch, &mut map).expect("a map");
        let squares = squared_distances(Grid::of_pixels(&[height, width]).expect("a grid"), &mask);
        for ((inside, distance), square) in mask.iter().zip(map).zip(squares) {
            if !inside {
                assert_eq!(f64::from(distance), f64::from(square.sqrt() as f32));
            }
        }
    }
}
