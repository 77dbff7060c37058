//! Distances between the surfaces of two masks.

mod area;
mod boundary;
mod elements;

use crate::distance::squared_distances;
use crate::grid::{Grid, Pair, Presence, cropped};

pub use boundary::{Width, boundary_iou};

/// Which points the distances run between. Tools differ in this, and so do their figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Points {
    /// The pixels of a mask that touch the outside by a face (an edge in 2-D), or the end of the image: what MONAI and MetricsReloaded take. Each counts 1,
    /// and percentiles are NumPy's, linear between two points.
    #[default]
    Voxels,
    /// The pieces of the surface between the voxels, each with its area (in 2-D its length): what DeepMind's `surface-distance` takes. Distances run
    /// between the corners that the pieces lie at; averages, shares and percentiles are by area.
    Area,
    /// All pixels of a mask: what `skimage.metrics.hausdorff_distance` takes. A pixel inside the other mask has distance 0.
    Region,
}

/// A point's distance from the other surface, and how much of the surface it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    distance: f64,
    weight: f64,
}

/// The distances of each surface's points from the other surface.
///
/// With d the distances in the unit of the spacing, A the truth's surface and B the prediction's:
///
/// | metric | formula | the same figures |
/// |---|---|---|
/// | [`hausdorff`](Self::hausdorff) | max(max d(a, B), max d(b, A)) | MONAI, MetricsReloaded; with [`Points::Region`] scikit-image |
/// | [`hausdorff_percentile`](Self::hausdorff_percentile) | the larger of the two percentiles; HD95 with 95 | MONAI, MetricsReloaded; with [`Points::Area`] `surface-distance` |
/// | [`average`](Self::average) | ASSD: (Σ d(a, B) + Σ d(b, A)) / (\|A\| + \|B\|) | MONAI (`symmetric=True`), MetricsReloaded |
/// | [`mean_of_averages`](Self::mean_of_averages) | MASD: the mean of the two averages | MetricsReloaded |
/// | [`directed_averages`](Self::directed_averages) | the averages of d(a, B) and of d(b, A) | MONAI, with [`Points::Area`] `surface-distance` |
/// | [`dice_at`](Self::dice_at) | normalised surface Dice: the share of both surfaces that lies within a tolerance of the other | `surface-distance` with [`Points::Area`], MetricsReloaded |
///
/// **One mask empty.** The worst there is: distances are the diagonal of the image ([`Grid::diagonal`]), where the tools say infinite or leave the image out,
/// and the surface Dice is 0. **Both empty.** No value. **Needs** the whole image at a time.
///
/// Huttenlocher, Klanderman and Rucklidge, *Comparing images using the Hausdorff distance*, 1993; Beneš and Zitová, *Performance evaluation of image
/// segmentation algorithms on microscopic image data*, 2015 (MASD); Nikolov et al., *Clinically applicable segmentation of head and neck anatomy for radiotherapy*, 2021 (surface
/// Dice).
#[derive(Clone, Debug)]
#[must_use]
pub struct SurfaceDistances {
    presence: Presence,
    points: Points,
    /// By rising distance.
    of_truth: Vec<Point>,
    of_prediction: Vec<Point>,
    worst: f64,
}

impl SurfaceDistances {
    /// Measures two masks.
    pub fn new(pair: &Pair<'_>, points: Points) -> Self {
        let (presence, worst) = (pair.presence(), pair.grid().diagonal());
        let (Presence::Both, Some((corner, shape))) = (presence, pair.bounds()) else {
            return Self { presence, points, of_truth: Vec::new(), of_prediction: Vec::new(), worst };
        };
        // All that is measured lies in the box around both masks; surfaces between voxels need one more at the end of each axis.
        let is_axis = |axis: usize| usize::from(points == Points::Area && axis + pair.grid().dimensions() >= 3);
        let padding = std::array::from_fn(is_axis);
        let grid = pair.grid().resized(std::array::from_fn(|axis| shape[axis] + padding[axis]));
        let surface = |mask: &[bool]| {
            let mask = cropped(mask, pair.grid(), corner, shape, padding);
            match points {
                Points::Voxels => (boundary::voxels(grid, &mask), None),
                Points::Region => (mask, None),
                Points::Area => {
                    let (sites, areas) = area::surface(grid, &mask);
                    (sites, Some(areas))
                }
            }
        };
        let (truth, prediction) = (surface(pair.truth()), surface(pair.prediction()));
        Self {
            presence,
            points,
            of_truth: distances(grid, &truth, &prediction.0),
            of_prediction: distances(grid, &prediction, &truth.0),
            worst,
        }
    }

    /// Which of the masks have a pixel.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// A distance of both surfaces; the worst if one is missing, none if both are.
    fn distance(&self, distance: impl FnOnce(&Self) -> f64) -> Option<f64> {
        match self.presence {
            Presence::Both => Some(distance(self)),
            Presence::Missed | Presence::FalseAlarm => Some(self.worst),
            Presence::Absent => None,
        }
    }

    /// The Hausdorff distance.
    #[must_use]
    pub fn hausdorff(&self) -> Option<f64> {
        let largest = |points: &[Point]| points.last().map_or(0.0, |point| point.distance);
        self.distance(|both| largest(&both.of_truth).max(largest(&both.of_prediction)))
    }

    /// The larger of the two percentiles, `percent` from 0 to 100.
    #[must_use]
    pub fn hausdorff_percentile(&self, percent: f64) -> Option<f64> {
        let percentile = |points: &[Point]| match self.points {
            Points::Area => by_area(points, percent),
            Points::Voxels | Points::Region => linear(points, percent),
        };
        self.distance(|both| percentile(&both.of_truth).max(percentile(&both.of_prediction)))
    }

    /// The average symmetric surface distance, ASSD.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        self.distance(|both| {
            let ((a, b), (c, d)) = (sums(&both.of_truth), sums(&both.of_prediction));
            (a + c) / (b + d)
        })
    }

    /// The mean of the two directed averages, MASD.
    #[must_use]
    pub fn mean_of_averages(&self) -> Option<f64> {
        self.distance(|both| {
            let ((a, b), (c, d)) = (sums(&both.of_truth), sums(&both.of_prediction));
            (a / b + c / d) / 2.0
        })
    }

    /// The average distance of the truth's surface from the prediction's, and of the prediction's from the truth's.
    #[must_use]
    pub fn directed_averages(&self) -> Option<[f64; 2]> {
        let average = |points: &[Point]| {
            let (sum, weight) = sums(points);
            sum / weight
        };
        let of_truth = self.distance(|both| average(&both.of_truth))?;
        Some([of_truth, self.distance(|both| average(&both.of_prediction))?])
    }

    /// The normalised surface Dice: the share of both surfaces within `tolerance` of the other.
    #[must_use]
    pub fn dice_at(&self, tolerance: f64) -> Option<f64> {
        match self.presence {
            Presence::Absent => None,
            Presence::Missed | Presence::FalseAlarm => Some(0.0),
            Presence::Both => {
                let within = |points: &[Point]| -> f64 {
                    let within = points.iter().take_while(|point| point.distance <= tolerance);
                    // From 0: a sum of no numbers is −0.
                    within.map(|point| point.weight).fold(0.0, |sum, weight| sum + weight)
                };
                let all = sums(&self.of_truth).1 + sums(&self.of_prediction).1;
                Some((within(&self.of_truth) + within(&self.of_prediction)) / all)
            }
        }
    }
}

fn distances(grid: Grid, (sites, areas): &(Vec<bool>, Option<Vec<f64>>), others: &[bool]) -> Vec<Point> {
    let squares = squared_distances(grid, others);
    let weight = |place: usize| areas.as_ref().map_or(1.0, |areas| areas[place]);
    let is_site = |(place, is_site): (usize, &bool)| is_site.then_some(place);
    let point = |place: usize| Point { distance: squares[place].sqrt(), weight: weight(place) };
    let mut points: Vec<Point> = sites.iter().enumerate().filter_map(is_site).map(point).collect();
    points.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.weight.total_cmp(&b.weight)));
    points
}

/// Σ weight · distance and Σ weight.
fn sums(points: &[Point]) -> (f64, f64) {
    points.iter().fold((0.0, 0.0), |(sum, weight), point| (sum + point.weight * point.distance, weight + point.weight))
}

/// The percentile of equal points, linear between two.
fn linear(points: &[Point], percent: f64) -> f64 {
    let place = percent / 100.0 * points.len().saturating_sub(1) as f64;
    let at = |place: f64| points.get(place as usize).map_or(0.0, |point| point.distance);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * place.fract()
}

/// The first distance up to which so much of the area lies.
fn by_area(points: &[Point], percent: f64) -> f64 {
    let all = sums(points).1;
    let mut area = 0.0;
    for point in points {
        area += point.weight;
        if area / all >= percent / 100.0 {
            return point.distance;
        }
    }
    points.last().map_or(0.0, |point| point.distance)
}
