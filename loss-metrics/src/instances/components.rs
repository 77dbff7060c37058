//! The objects of a mask: pixels that hang together.

use std::collections::BTreeMap;

use crate::grid::Grid;

/// Which pixels touch each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connectivity {
    /// By faces: 4 neighbours in 2-D, 6 in 3-D. `scipy.ndimage.label`'s default, and `skimage.measure.label` with `connectivity=1`.
    Faces,
    /// By edges as well: 18 neighbours in 3-D; in 2-D all 8.
    Edges,
    /// By corners as well: 8 neighbours in 2-D, 26 in 3-D. The default of `skimage.measure.label` and `cc3d`.
    #[default]
    Corners,
}

impl Connectivity {
    /// How many axes two neighbours may differ along.
    fn axes(self) -> usize {
        match self {
            Connectivity::Faces => 1,
            Connectivity::Edges => 2,
            Connectivity::Corners => 3,
        }
    }

    /// How many neighbours a pixel has.
    #[must_use]
    pub fn neighbours(self, dimensions: usize) -> usize {
        steps(self, dimensions).len()
    }
}

/// The steps to a pixel's neighbours.
fn steps(connectivity: Connectivity, dimensions: usize) -> Vec<[isize; 3]> {
    let all = (0..27).map(|code| [code / 9 - 1, code / 3 % 3 - 1, code % 3 - 1]);
    all.filter(|step| {
        let differing = step.iter().filter(|along| **along != 0).count();
        (1..=connectivity.axes()).contains(&differing) && (dimensions == 3 || step[0] == 0)
    })
    .collect()
}

/// Objects of an image: a number from 1 for each pixel, 0 for background, and how many pixels each has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Objects {
    labels: Vec<u32>,
    sizes: Vec<u64>,
}

impl Objects {
    /// The connected components of a mask, numbered by their first pixels. Of a mask that is shorter than the grid, what there is.
    pub fn of_mask(grid: Grid, mask: &[bool], connectivity: Connectivity) -> Self {
        let (shape, strides) = (grid.shape(), grid.strides());
        let steps = steps(connectivity, grid.dimensions());
        let mut objects = Self { labels: vec![0; mask.len()], sizes: Vec::new() };
        let mut waiting = Vec::new();
        for start in 0..mask.len() {
            if !mask[start] || objects.labels[start] > 0 {
                continue;
            }
            let label = objects.sizes.len() as u32 + 1;
            let mut size = 0;
            objects.labels[start] = label;
            waiting.push(start);
            while let Some(index) = waiting.pop() {
                size += 1;
                let place = [index / strides[0], index / strides[1] % shape[1], index % shape[2]];
                for step in &steps {
                    let next: [Option<usize>; 3] = std::array::from_fn(|axis| {
                        place[axis].checked_add_signed(step[axis]).filter(|along| *along < shape[axis])
                    });
                    let [Some(z), Some(y), Some(x)] = next else { continue };
                    let next = z * strides[0] + y * strides[1] + x;
                    if mask.get(next) == Some(&true) && objects.labels[next] == 0 {
                        objects.labels[next] = label;
                        waiting.push(next);
                    }
                }
            }
            objects.sizes.push(size);
        }
        objects
    }

    /// Objects that are numbered already: each number but 0 is one, whether it hangs together or not.
    pub fn of_numbers(numbers: &[i64]) -> Self {
        let mut labels_of: BTreeMap<i64, u32> = BTreeMap::new();
        let mut objects = Self { labels: Vec::with_capacity(numbers.len()), sizes: Vec::new() };
        for number in numbers {
            if *number == 0 {
                objects.labels.push(0);
                continue;
            }
            let next = objects.sizes.len() as u32 + 1;
            let label = *labels_of.entry(*number).or_insert(next);
            if label == next {
                objects.sizes.push(0);
            }
            if let Some(size) = objects.sizes.get_mut(label as usize - 1) {
                *size += 1;
            }
            objects.labels.push(label);
        }
        objects
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// The object of each pixel, from 1; 0 is background.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The pixels of each object.
    #[must_use]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }
}
