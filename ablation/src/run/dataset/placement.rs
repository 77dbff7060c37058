//! The places of the buildings in a set of damage pairs.

use super::apportion::{apportion, share_of};
use super::random::{Purpose, Stream};
use super::{Split, image};

/// The classes of buildings: no damage, minor, major, destroyed.
const BUILDING_CLASSES: [u8; 4] = [1, 2, 3, 4];
/// The mean area of a building in an image of 64 × 64 pixels; it grows with the image.
const MEAN_AREA: f64 = 37.0;
/// The number of places tried in the building's own image, and in each of the next images if none was free.
const TRIES: usize = 40;
const TRIES_ELSEWHERE: usize = 10;
const IMAGES_ELSEWHERE: usize = 8;

/// A building: its class, its footprint and its orientation.
pub(super) struct Building {
    pub(super) class: u8,
    /// The indices of its pixels in its image.
    pub(super) pixels: Vec<usize>,
    pub(super) centre: [f64; 2],
    /// Sine and cosine of the angle of its longer axis.
    pub(super) axis: (f64, f64),
}

/// The buildings of all images of a split; none of them overlap.
pub(super) struct Plan {
    /// One list per image.
    pub(super) buildings: Vec<Vec<Building>>,
    /// The class of each pixel, image by image: 0 without a building.
    pub(super) labels: Vec<u8>,
}

/// Places buildings so that each class covers exactly round(share · pixels) of the split's pixels.
///
/// Buildings of a class are dealt to the images in turn, in a random order of the images, so that those of a rare class are spread.
/// If no free place is found, a building covers free pixels in any shape.
pub(super) fn place(count: usize, size: usize, shares: &[f64; 5], seed: u64, split: Split) -> Plan {
    let area = size * size;
    let pixels = count * area;
    let mut plan = Plan { buildings: (0..count).map(|_| Vec::new()).collect(), labels: vec![0; pixels] };
    let mut stream = Stream::new(seed, Purpose::DamagePlan, split, 0);
    let mut order: Vec<usize> = (0..count).collect();
    stream.shuffle(&mut order);

    let mean_area = (MEAN_AREA * area as f64 / 4096.0).max(4.0);
    let mut waiting: Vec<(usize, u8, usize)> = Vec::new();
    let (mut left, mut turn) = (pixels, 0);
    // The rarest class is last in the order of the classes, and would find the fewest places; so it begins.
    for class in BUILDING_CLASSES.into_iter().rev() {
        let share = shares.get(usize::from(class)).copied().unwrap_or_default();
        let total = share_of(pixels, share).min(left);
        left -= total;
        let buildings = ((total as f64 / mean_area).round() as usize).max(1);
        let weights: Vec<f64> = (0..buildings).map(|_| stream.between(0.82, 1.2)).collect();
        for area in apportion(total, &weights, 0, area).into_iter().filter(|&area| area > 0) {
            if let Some(&home) = order.get(turn % count.max(1)) {
                waiting.push((home, class, area));
            }
            turn += 1;
        }
    }
    // Within an image the buildings keep the order of the dealt classes, so an image's places depend only on its own buildings.
    waiting.sort_by_key(|&(home, ..)| home);
    let mut streams: Vec<Stream> =
        (0..count).map(|index| Stream::new(seed, Purpose::Placement, split, index)).collect();
    let mut homeless = Vec::new();
    for (home, class, area) in waiting {
        if !plan.build(home, size, class, area, TRIES, &mut streams) {
            homeless.push((home, class, area));
        }
    }
    for (home, class, area) in homeless {
        let placed = (1..=IMAGES_ELSEWHERE)
            .map(|step| (home + step) % count)
            .any(|other| plan.build(other, size, class, area, TRIES_ELSEWHERE, &mut streams));
        if !placed {
            plan.fill(home, size, class, area, &mut streams);
        }
    }
    plan
}

impl Plan {
    /// Tries to place a building in an image, at least a pixel away from the others. Returns whether it found a place.
    fn build(&mut self, at: usize, size: usize, class: u8, area: usize, tries: usize, streams: &mut [Stream]) -> bool {
        let Some(stream) = streams.get_mut(at) else { return false };
        let side = size as f64;
        let ratio = stream.between(1.0, 1.9).sqrt();
        let half = (area as f64).sqrt() / 2.0;
        let radii = [half * ratio, half / ratio];
        for _ in 0..tries {
            let axis = stream.direction();
            let centre = [stream.between(0.0, side), stream.between(0.0, side)];
            let Some(pixels) = footprint(size, centre, axis, radii, area) else { continue };
            let labels = image(&self.labels, size, at);
            if pixels.iter().all(|&pixel| is_clear(labels, size, pixel)) {
                self.add(at, size, Building { class, pixels, centre, axis });
                return true;
            }
        }
        false
    }

    /// Covers free pixels, those nearest to a random one first, in this image and if necessary in the next ones.
    fn fill(&mut self, home: usize, size: usize, class: u8, area: usize, streams: &mut [Stream]) {
        let mut missing = area;
        for at in (home..streams.len()).chain(0..home) {
            let Some(stream) = streams.get_mut(at) else { continue };
            if missing == 0 {
                return;
            }
            let labels = image(&self.labels, size, at);
            let mut free: Vec<usize> =
                (0..).zip(labels).filter(|&(_, &label)| label == 0).map(|pixel| pixel.0).collect();
            let Some(&middle) = free.get(stream.below(free.len())) else { continue };
            let axis = stream.direction();
            let squared = |pixel: usize| {
                let (dx, dy) = ((pixel % size).abs_diff(middle % size), (pixel / size).abs_diff(middle / size));
                dx * dx + dy * dy
            };
            free.sort_by_key(|&pixel| (squared(pixel), pixel));
            free.truncate(missing);
            missing -= free.len();
            let centre = [(middle % size) as f64, (middle / size) as f64];
            self.add(at, size, Building { class, pixels: free, centre, axis });
        }
    }

    fn add(&mut self, at: usize, size: usize, building: Building) {
        for &pixel in &building.pixels {
            if let Some(label) = self.labels.get_mut(at * size * size + pixel) {
                *label = building.class;
            }
        }
        if let Some(buildings) = self.buildings.get_mut(at) {
            buildings.push(building);
        }
    }
}

/// The `area` pixels that lie deepest in a rotated rectangle of half-lengths `radii`; `None` if it leaves the image.
fn footprint(
    size: usize,
    [x, y]: [f64; 2],
    (sin, cos): (f64, f64),
    [length, width]: [f64; 2],
    area: usize,
) -> Option<Vec<usize>> {
    // Pixels farther out than this are never among the deepest.
    let reach = (length * length + width * width).sqrt() + 1.5;
    let last = size as f64 - 1.0;
    let (reach_x, reach_y) = (length * cos.abs() + width * sin.abs(), length * sin.abs() + width * cos.abs());
    if x < reach_x || y < reach_y || x + reach_x > last || y + reach_y > last {
        return None;
    }
    let range = |centre: f64| (centre - reach).max(0.0) as usize..((centre + reach).ceil() as usize + 1).min(size);
    let mut pixels: Vec<(f64, usize)> = Vec::new();
    for row in range(y) {
        for column in range(x) {
            let (dx, dy) = (column as f64 - x, row as f64 - y);
            let (along, across) = (cos * dx + sin * dy, cos * dy - sin * dx);
            pixels.push(((length - along.abs()).min(width - across.abs()), row * size + column));
        }
    }
    if pixels.len() < area {
        return None;
    }
    pixels.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Some(pixels.into_iter().take(area).map(|pixel| pixel.1).collect())
}

/// Whether a pixel and its eight neighbours are free.
fn is_clear(labels: &[u8], size: usize, pixel: usize) -> bool {
    let around = |at: usize| at.saturating_sub(1)..(at + 2).min(size);
    around(pixel / size)
        .all(|y| around(pixel % size).all(|x| labels.get(y * size + x).is_some_and(|&label| label == 0)))
}
