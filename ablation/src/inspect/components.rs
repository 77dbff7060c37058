//! The sizes of objects. An object is the pixels of a class that touch by their edges.

/// Labels the objects of planes row by row. Its memory grows with the objects of one plane.
pub(super) struct Components {
    width: usize,
    height: usize,
    column: usize,
    row: usize,
    /// The class and object of each pixel: of this row up to the column, then of the row above.
    line: Vec<Option<(usize, usize)>>,
    /// The objects of the plane: another object that each is a part of (or itself), its pixels, its class.
    objects: Vec<(usize, u64, usize)>,
    sizes: Vec<Vec<u64>>,
}

impl Components {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let line = vec![None; width];
        Self { width, height, column: 0, row: 0, line, objects: Vec::new(), sizes: Vec::new() }
    }

    /// Adds the next pixel: its class, or `None` if it belongs to no object.
    pub(super) fn push(&mut self, class: Option<usize>) {
        let above = self.line.get(self.column).copied().flatten().filter(|_| self.row > 0);
        let before = self.column.checked_sub(1).and_then(|column| self.line.get(column).copied().flatten());
        let same = |other: Option<(usize, usize)>| other.filter(|(of, _)| Some(*of) == class).map(|(_, object)| object);
        let object = class.map(|class| {
            let object = match (same(before), same(above)) {
                (Some(a), Some(b)) => self.join(a, b),
                (Some(object), None) | (None, Some(object)) => self.whole(object),
                (None, None) => {
                    self.objects.push((self.objects.len(), 0, class));
                    self.objects.len() - 1
                }
            };
            if let Some((_, pixels, _)) = self.objects.get_mut(object) {
                *pixels += 1;
            }
            (class, object)
        });
        if let Some(place) = self.line.get_mut(self.column) {
            *place = object;
        }
        self.column += 1;
        if self.column >= self.width {
            (self.column, self.row) = (0, self.row + 1);
        }
        if self.row >= self.height {
            self.end_plane();
        }
    }

    /// The object that this one is a part of.
    fn whole(&mut self, mut object: usize) -> usize {
        while let Some(&(parent, ..)) = self.objects.get(object) {
            if parent == object {
                break;
            }
            // Each step halves the path for the next time.
            let grandparent = self.objects.get(parent).map_or(parent, |(grandparent, ..)| *grandparent);
            if let Some((to, ..)) = self.objects.get_mut(object) {
                *to = grandparent;
            }
            object = grandparent;
        }
        object
    }

    fn join(&mut self, a: usize, b: usize) -> usize {
        let (a, b) = (self.whole(a), self.whole(b));
        let (first, second) = (a.min(b), a.max(b));
        if first != second {
            let pixels = self.objects.get(second).map_or(0, |(_, pixels, _)| *pixels);
            if let Some((parent, ..)) = self.objects.get_mut(second) {
                *parent = first;
            }
            if let Some((_, sum, _)) = self.objects.get_mut(first) {
                *sum += pixels;
            }
        }
        first
    }

    fn end_plane(&mut self) {
        for (object, (parent, pixels, class)) in self.objects.drain(..).enumerate() {
            if parent != object {
                continue;
            }
            if self.sizes.len() <= class {
                self.sizes.resize(class + 1, Vec::new());
            }
            if let Some(sizes) = self.sizes.get_mut(class) {
                sizes.push(pixels);
            }
        }
        self.line.fill(None);
        (self.row, self.column) = (0, 0);
    }

    /// The sizes of the objects of each class.
    pub(super) fn finish(self) -> Vec<Vec<u64>> {
        self.sizes
    }
}

/// The median; of an even number the lower of the middle two.
pub(super) fn median(sizes: &mut [u64]) -> Option<u64> {
    let middle = sizes.len().checked_sub(1)? / 2;
    Some(*sizes.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use quickcheck::QuickCheck;

    use super::*;

    fn sizes(width: usize, rows: &[&str]) -> Vec<Vec<u64>> {
        let mut components = Components::new(width, rows.len());
        for symbol in rows.iter().flat_map(|row| row.chars()) {
            components.push(symbol.to_digit(10).filter(|digit| *digit > 0).map(|digit| digit as usize));
        }
        let mut sizes = components.finish();
        sizes.iter_mut().for_each(|sizes| sizes.sort_unstable());
        sizes
    }

    #[test]
    fn objects_touch_by_edges() {
        // A spiral, a diagonal neighbour, and another class between.
        let rows = ["1111.", "...1.", "11.1.", "1..1.", "11111", "....2", "11..2"];
        assert_eq!(sizes(5, &rows), [vec![], vec![2, 15], vec![2]]);
        assert_eq!(sizes(2, &["1.", ".1"]), [vec![], vec![1, 1]]);
        assert_eq!(sizes(3, &["1.1", "1.1", "111"]), [vec![], vec![7]]);
    }

    /// Against flood filling.
    #[test]
    fn objects_are_those_of_flood_filling() {
        fn holds(width: u8, pixels: Vec<u8>) -> bool {
            let width = usize::from(width % 7) + 1;
            let height = pixels.len() / width;
            let labels: Vec<usize> = pixels.iter().take(width * height).map(|pixel| usize::from(pixel % 3)).collect();
            if height == 0 {
                return true;
            }
            let mut components = Components::new(width, height);
            labels.iter().for_each(|label| components.push(Some(*label).filter(|label| *label > 0)));
            let mut given = components.finish();
            given.resize(3, Vec::new());
            let mut expected = vec![Vec::new(); 3];
            let mut seen = vec![false; labels.len()];
            for start in 0..labels.len() {
                let (mut stack, mut size) = (vec![start], 0);
                while let Some(at) = stack.pop() {
                    if seen[at] || labels[at] != labels[start] || labels[at] == 0 {
                        continue;
                    }
                    (seen[at], size) = (true, size + 1);
                    let (row, column) = (at / width, at % width);
                    let near = [(row > 0, at.wrapping_sub(width)), (column > 0, at.wrapping_sub(1))];
                    let far = [(row + 1 < height, at + width), (column + 1 < width, at + 1)];
                    stack.extend(near.into_iter().chain(far).filter(|(inside, _)| *inside).map(|(_, at)| at));
                }
                if size > 0 {
                    expected[labels[start]].push(size);
                }
            }
            given.iter_mut().chain(&mut expected).for_each(|sizes| sizes.sort_unstable());
            given == expected
        }
        QuickCheck::new().tests(500).quickcheck(holds as fn(u8, Vec<u8>) -> bool);
    }

    #[test]
    fn median_of_sizes() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7]), Some(7));
        assert_eq!(median(&mut [9, 1, 4, 2]), Some(2));
    }
}
