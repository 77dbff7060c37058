//! What holds for all masks: against all pairs of pixels, under symmetries, and where masks are empty.

use loss_metrics::instances::Matching;
use loss_metrics::surface::{Width, boundary_iou};
use loss_metrics::{
    Confusion, Connectivity, Grid, Objects, Pair, Points, Presence, ProbabilityHistogram, Reliability, SurfaceDistances,
};
use quickcheck::{Arbitrary, Gen, QuickCheck, TestResult};

/// Two masks on a small grid, in 2-D or 3-D, with a spacing of its own along each axis.
#[derive(Clone, Debug)]
struct Masks {
    shape: Vec<usize>,
    spacing: Vec<f64>,
    truth: Vec<bool>,
    prediction: Vec<bool>,
}

impl Arbitrary for Masks {
    fn arbitrary(random: &mut Gen) -> Self {
        let axes = if bool::arbitrary(random) { 2 } else { 3 };
        let shape: Vec<usize> = (0..axes).map(|_| usize::from(u8::arbitrary(random) % 6 + 1)).collect();
        let spacing = (0..axes).map(|_| f64::from(u8::arbitrary(random) % 40 + 3) / 10.0).collect();
        let pixels = shape.iter().product();
        let dense = u8::arbitrary(random) % 4 + 1;
        let mut mask = || (0..pixels).map(|_| u8::arbitrary(random) % 5 < dense).collect::<Vec<_>>();
        let (truth, prediction) = (mask(), mask());
        Self { shape, spacing, truth, prediction }
    }
}

impl Masks {
    fn grid(&self) -> Grid {
        Grid::new(&self.shape, &self.spacing).expect("a grid")
    }

    fn pair(&self) -> Pair<'_> {
        Pair::new(self.grid(), &self.truth, &self.prediction).expect("a pair")
    }

    fn place(&self, mut index: usize) -> Vec<usize> {
        let mut place: Vec<usize> = self
            .shape
            .iter()
            .rev()
            .map(|length| {
                let along = index % length;
                index /= length;
                along
            })
            .collect();
        place.reverse();
        place
    }

    fn between(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.place(a), self.place(b));
        let along = |axis: usize| a[axis].abs_diff(b[axis]) as f64 * self.spacing[axis];
        (0..a.len()).map(|axis| along(axis).powi(2)).sum::<f64>().sqrt()
    }

    /// Pixels of the mask with a neighbour by a face that is not: each step is tried, the image's end is outside.
    fn surface(&self, mask: &[bool]) -> Vec<usize> {
        let is_inside = |place: &[isize]| {
            let within = place.iter().zip(&self.shape).all(|(along, length)| (0..*length as isize).contains(along));
            within
                && mask
                    [place.iter().zip(&self.shape).fold(0, |index, (along, length)| index * length + *along as usize)]
        };
        let is_surface = |index: &usize| {
            let place: Vec<isize> = self.place(*index).into_iter().map(|along| along as isize).collect();
            let steps = (0..place.len()).flat_map(|axis| [(axis, -1), (axis, 1)]);
            mask[*index]
                && steps.into_iter().any(|(axis, step)| {
                    let mut next = place.clone();
                    next[axis] += step;
                    !is_inside(&next)
                })
        };
        (0..mask.len()).filter(is_surface).collect()
    }
}

fn check(law: fn(Masks) -> TestResult) {
    QuickCheck::new().tests(400).min_tests_passed(100).quickcheck(law);
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

#[test]
fn distances_are_those_of_all_pairs_of_points() {
    fn law(masks: Masks) -> TestResult {
        if masks.pair().presence() != Presence::Both {
            return TestResult::discard();
        }
        for points in [Points::Voxels, Points::Region] {
            let of = |mask: &[bool]| match points {
                Points::Voxels => masks.surface(mask),
                _ => (0..mask.len()).filter(|index| mask[*index]).collect(),
            };
            let (truth, prediction) = (of(&masks.truth), of(&masks.prediction));
            let distances = |from: &[usize], to: &[usize]| -> Vec<f64> {
                from.iter().map(|a| to.iter().map(|b| masks.between(*a, *b)).fold(f64::INFINITY, f64::min)).collect()
            };
            let (a, b) = (distances(&truth, &prediction), distances(&prediction, &truth));
            let all = || a.iter().chain(&b);
            let mean = |distances: &[f64]| distances.iter().sum::<f64>() / distances.len() as f64;
            let surfaces = SurfaceDistances::new(&masks.pair(), points);
            let largest = all().fold(0.0, |largest: f64, distance| largest.max(*distance));
            let within = all().filter(|distance| **distance <= 1.7).count() as f64 / all().count() as f64;
            let holds = near(surfaces.hausdorff().unwrap(), largest)
                && near(surfaces.hausdorff_percentile(100.0).unwrap(), largest)
                && near(surfaces.average().unwrap(), all().sum::<f64>() / all().count() as f64)
                && near(surfaces.mean_of_averages().unwrap(), (mean(&a) + mean(&b)) / 2.0)
                // A distance of 1.7 up to rounding may be on either side.
                && (all().any(|distance| near(*distance, 1.7)) || near(surfaces.dice_at(1.7).unwrap(), within))
                && largest < masks.grid().diagonal();
            if !holds {
                return TestResult::failed();
            }
        }
        TestResult::passed()
    }
    check(law);
}

/// The symmetric metrics do not know which mask is the true one, and a mask agrees with itself.
#[test]
fn truth_and_prediction_change_places() {
    fn law(masks: Masks) -> TestResult {
        if masks.pair().presence() != Presence::Both {
            return TestResult::discard();
        }
        let turned = Masks { truth: masks.prediction.clone(), prediction: masks.truth.clone(), ..masks.clone() };
        let same = Masks { prediction: masks.truth.clone(), ..masks.clone() };
        let mut holds = true;
        for points in [Points::Voxels, Points::Region, Points::Area] {
            let [a, b, perfect] = [&masks, &turned, &same].map(|masks| SurfaceDistances::new(&masks.pair(), points));
            holds &= a.hausdorff() == b.hausdorff() && a.hausdorff_percentile(80.0) == b.hausdorff_percentile(80.0);
            holds &= near(a.average().unwrap(), b.average().unwrap())
                && near(a.dice_at(1.0).unwrap(), b.dice_at(1.0).unwrap());
            holds &= perfect.hausdorff() == Some(0.0) && perfect.dice_at(0.0) == Some(1.0);
        }
        let [a, b, perfect] = [&masks, &turned, &same].map(|masks| Confusion::of(&masks.pair()));
        holds &= a.dice() == b.dice() && a.iou() == b.iou() && a.precision() == b.recall() && a.kappa() == b.kappa();
        holds &= [perfect.dice(), perfect.iou(), perfect.mcc(), perfect.kappa()] == [Some(1.0); 4];
        let width = Width::Pixels(1);
        holds &= boundary_iou(&masks.pair(), width) == boundary_iou(&turned.pair(), width);
        TestResult::from_bool(holds && boundary_iou(&same.pair(), width) == Some(1.0))
    }
    check(law);
}

/// Axes that are stored in another order, with their spacing, are the same image.
#[test]
fn a_transposed_image_has_the_same_distances() {
    fn law(masks: Masks) -> TestResult {
        let shape: Vec<usize> = masks.shape.iter().rev().copied().collect();
        let turn = |mask: &[bool]| -> Vec<bool> {
            let turned = Masks { shape: shape.clone(), ..masks.clone() };
            let from = |index: usize| {
                let place: Vec<usize> = turned.place(index).into_iter().rev().collect();
                mask[place.iter().zip(&masks.shape).fold(0, |index, (along, length)| index * length + along)]
            };
            (0..mask.len()).map(from).collect()
        };
        let turned = Masks {
            truth: turn(&masks.truth),
            prediction: turn(&masks.prediction),
            spacing: masks.spacing.iter().rev().copied().collect(),
            shape: shape.clone(),
        };
        let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => near(a, b),
            (a, b) => a == b,
        };
        let mut holds = true;
        for points in [Points::Voxels, Points::Region] {
            let [a, b] = [&masks, &turned].map(|masks| SurfaceDistances::new(&masks.pair(), points));
            holds &= close(a.hausdorff(), b.hausdorff()) && close(a.average(), b.average());
        }
        let count = |masks: &Masks| Objects::of_mask(masks.grid(), &masks.truth, Connectivity::Edges).count();
        TestResult::from_bool(holds && count(&masks) == count(&turned))
    }
    check(law);
}

#[test]
fn what_is_missed_is_the_worst_and_what_is_not_there_has_no_score() {
    for shape in [&[4, 6][..], &[3, 4, 5]] {
        let grid = Grid::new(shape, &vec![1.5; shape.len()]).expect("a grid");
        let empty = vec![false; grid.len()];
        let mut one = empty.clone();
        one[7] = true;
        for (truth, prediction) in [(&one, &empty), (&empty, &one)] {
            let missed = truth[7];
            let pair = Pair::new(grid, truth, prediction).expect("a pair");
            let confusion = Confusion::of(&pair);
            assert_eq!(
                [confusion.dice(), confusion.iou(), confusion.precision(), confusion.f_beta(0.5)],
                [Some(0.0); 4]
            );
            assert_eq!([confusion.mcc(), confusion.kappa()], [Some(0.0); 2]);
            assert_eq!(confusion.recall(), missed.then_some(0.0), "nothing to find is no failure to find it");
            for points in [Points::Voxels, Points::Area, Points::Region] {
                let surfaces = SurfaceDistances::new(&pair, points);
                let worst = Some(grid.diagonal());
                assert_eq!([surfaces.hausdorff(), surfaces.hausdorff_percentile(95.0)], [worst; 2]);
                assert_eq!([surfaces.average(), surfaces.mean_of_averages()], [worst; 2]);
                assert_eq!(surfaces.dice_at(1e9), Some(0.0));
            }
            assert_eq!(boundary_iou(&pair, Width::Share), Some(0.0));
            let objects = |mask: &[bool]| Objects::of_mask(grid, mask, Connectivity::Corners);
            let detections = Matching::new(&objects(truth), &objects(prediction)).detections();
            assert_eq!([detections.f1(), detections.precision(), detections.panoptic_quality()], [Some(0.0); 3]);
            assert_eq!(detections.recall(), missed.then_some(0.0));
        }
        let pair = Pair::new(grid, &empty, &empty).expect("a pair");
        let (confusion, surfaces) = (Confusion::of(&pair), SurfaceDistances::new(&pair, Points::Voxels));
        assert_eq!(
            [confusion.dice(), confusion.precision(), confusion.recall(), confusion.mcc(), confusion.kappa()],
            [None; 5]
        );
        assert_eq!([confusion.accuracy(), confusion.specificity(), confusion.background()], [Some(1.0); 3]);
        assert_eq!([surfaces.hausdorff(), surfaces.average(), surfaces.dice_at(1.0)], [None; 3]);
        assert_eq!(boundary_iou(&pair, Width::Share), None);
        let full = vec![true; grid.len()];
        let confusion = Confusion::of(&Pair::new(grid, &full, &full).expect("a pair"));
        assert_eq!([confusion.dice(), confusion.mcc(), confusion.kappa()], [Some(1.0); 3]);
        assert_eq!(confusion.specificity(), None);
    }
}

/// Two pixels are of one object if a path of neighbours leads from one to the other.
#[test]
fn objects_hang_together() {
    fn law(masks: Masks) -> TestResult {
        for (connectivity, axes) in [(Connectivity::Faces, 1), (Connectivity::Edges, 2), (Connectivity::Corners, 3)] {
            let pixels = masks.truth.len();
            let touch = |a: usize, b: usize| {
                let (a, b) = (masks.place(a), masks.place(b));
                let steps: Vec<usize> = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b)).collect();
                steps.iter().all(|step| *step <= 1) && (1..=axes).contains(&steps.iter().sum::<usize>())
            };
            // The smallest number among neighbours, until nothing changes.
            let mut numbers: Vec<usize> = (0..pixels).collect();
            loop {
                let before = numbers.clone();
                for a in (0..pixels).filter(|a| masks.truth[*a]) {
                    for b in (0..pixels).filter(|b| masks.truth[*b] && touch(a, *b)) {
                        numbers[a] = numbers[a].min(before[b]);
                    }
                }
                if numbers == before {
                    break;
                }
            }
            let objects = Objects::of_mask(masks.grid(), &masks.truth, connectivity);
            let labels = objects.labels();
            for a in 0..pixels {
                if (labels[a] > 0) != masks.truth[a] {
                    return TestResult::failed();
                }
                for b in (0..pixels).filter(|b| masks.truth[a] && masks.truth[*b]) {
                    if (labels[a] == labels[b]) != (numbers[a] == numbers[b]) {
                        return TestResult::failed();
                    }
                }
            }
            if objects.sizes().iter().sum::<u64>() != masks.truth.iter().filter(|inside| **inside).count() as u64 {
                return TestResult::failed();
            }
        }
        TestResult::passed()
    }
    QuickCheck::new().tests(60).quickcheck(law as fn(Masks) -> TestResult);
}

#[test]
fn strata_are_parts_of_the_whole() {
    fn law(masks: Masks) -> TestResult {
        let objects = |mask: &[bool]| Objects::of_mask(masks.grid(), mask, Connectivity::Faces);
        let matching = Matching::new(&objects(&masks.truth), &objects(&masks.prediction));
        let mut sum = matching.between(0.0, 3.0);
        sum.add(&matching.between(3.0, f64::INFINITY));
        let all = matching.detections();
        let counts = |of: &loss_metrics::Detections| [of.truth, of.predicted, of.found, of.right, of.matched];
        TestResult::from_bool(counts(&sum) == counts(&all) && near(sum.iou, all.iou) && all.found <= all.truth)
    }
    check(law);
}

#[test]
fn numbered_objects_need_not_hang_together() {
    let objects = Objects::of_numbers(&[7, 0, -3, 7, 7, 9]);
    assert_eq!((objects.labels(), objects.sizes()), (&[1, 0, 2, 1, 1, 3][..], &[3, 1, 1][..]));
}

/// The sums of any parts, in any order, are those of the whole, and survive being stored.
#[test]
fn calibration_and_curves_add() {
    fn law(pixels: Vec<(u8, bool)>, split: usize) -> TestResult {
        if pixels.is_empty() {
            return TestResult::discard();
        }
        let of = |pixels: &[(u8, bool)]| {
            let (mut reliability, mut histogram) = (Reliability::new(7), ProbabilityHistogram::new());
            for (p, t) in pixels {
                reliability.push(f32::from(*p) / 255.0, *t);
                histogram.push(f32::from(*p) / 255.0, *t);
            }
            (reliability, histogram)
        };
        let (first, second) = pixels.split_at(split % pixels.len());
        let ((mut reliability, mut histogram), (more, others)) = (of(second), of(first));
        let (whole, all) = of(&pixels);
        let merged = reliability.merge(&more);
        histogram.merge(&others);
        let stored = Reliability::of_sums(&reliability.sums());
        let counts = ProbabilityHistogram::of_state(&histogram.state()).expect("a state");
        let dice = |threshold: f64| {
            let pixels = pixels.iter().map(|(p, t)| (*t, f64::from(f32::from(*p) / 255.0) >= threshold));
            Confusion::count(pixels).dice()
        };
        let same = all
            .points()
            .iter()
            .all(|point| point.confusion.dice().unwrap_or(0.0) == dice(point.threshold).unwrap_or(0.0));
        TestResult::from_bool(
            merged && stored == Some(whole.clone()) && reliability == whole && counts.points() == all.points() && same,
        )
    }
    QuickCheck::new().quickcheck(law as fn(Vec<(u8, bool)>, usize) -> TestResult);
}

#[test]
fn grids_are_checked() {
    assert!(Grid::of_pixels(&[4]).is_err() && Grid::of_pixels(&[1, 2, 3, 4]).is_err());
    assert!(Grid::new(&[2, 3], &[1.0]).is_err() && Grid::new(&[2, 3], &[1.0, 0.0]).is_err());
    assert!(Grid::new(&[2, 3], &[1.0, f64::NAN]).is_err());
    let grid = Grid::new(&[2, 3], &[3.0, 4.0]).expect("a grid");
    assert_eq!((grid.pixel(), grid.diagonal()), (12.0, 6f64.hypot(12.0)));
    assert!(Pair::new(grid, &[true; 6], &[true; 5]).is_err());
}
