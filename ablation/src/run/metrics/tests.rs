use quickcheck::{Arbitrary, Gen, quickcheck};

use super::{MaskView, boundary_f1, boundary_iou, hausdorff_95};

/// Two masks of one size, made of a few rectangles each and some single pixels.
#[derive(Clone, Debug)]
struct Masks {
    width: usize,
    height: usize,
    prediction: Vec<u8>,
    truth: Vec<u8>,
}

impl Arbitrary for Masks {
    fn arbitrary(g: &mut Gen) -> Masks {
        let mut below = |limit: usize| usize::from(u16::arbitrary(g)) % limit;
        let (width, height) = (1 + below(14), 1 + below(14));
        let mut mask = || {
            let mut mask = vec![0; width * height];
            for _ in 0..below(4) {
                let (left, top) = (below(width), below(height));
                let (right, bottom) = (left + 1 + below(width - left), top + 1 + below(height - top));
                for y in top..bottom {
                    mask[y * width + left..y * width + right].fill(1);
                }
            }
            for _ in 0..below(4) {
                let at = below(width * height);
                mask[at] = 255 - mask[at];
            }
            mask
        };
        Masks { width, height, prediction: mask(), truth: mask() }
    }
}

impl Masks {
    fn views(&self) -> [MaskView<'_>; 2] {
        [&self.prediction, &self.truth].map(|pixels| MaskView::new(self.width, self.height, pixels).unwrap())
    }

    /// The boundary pixels of a mask as points.
    fn boundary(&self, mask: &[u8]) -> Vec<[i64; 2]> {
        let (width, height) = (self.width as i64, self.height as i64);
        let outside =
            |x: i64, y: i64| (0..width).contains(&x) && (0..height).contains(&y) && mask[(y * width + x) as usize] == 0;
        let points = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
        let neighbours = |[x, y]: [i64; 2]| [[x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]];
        points
            .filter(|&[x, y]| mask[(y * width + x) as usize] != 0)
            .filter(|&point| neighbours(point).iter().any(|&[x, y]| outside(x, y)))
            .collect()
    }
}

fn nearest(point: [i64; 2], set: &[[i64; 2]]) -> f64 {
    let squared = |other: &[i64; 2]| (point[0] - other[0]).pow(2) + (point[1] - other[1]).pow(2);
    set.iter().map(squared).min().map_or(f64::INFINITY, |squared| (squared as f64).sqrt())
}

fn naive_f1(masks: &Masks, tolerance: f64) -> Option<f64> {
    let (p, t) = (masks.boundary(&masks.prediction), masks.boundary(&masks.truth));
    if p.is_empty() && t.is_empty() {
        return None;
    }
    // 2PR / (P + R) is the harmonic mean.
    let share = |from: &[[i64; 2]], to: &[[i64; 2]]| {
        let near = from.iter().filter(|&&point| nearest(point, to) <= tolerance + 1e-6).count();
        near as f64 / from.len().max(1) as f64
    };
    let (precision, recall) = (share(&p, &t), share(&t, &p));
    Some(if precision == 0.0 || recall == 0.0 { 0.0 } else { 2.0 / (1.0 / precision + 1.0 / recall) })
}

fn naive_iou(masks: &Masks, thickness: f64) -> Option<f64> {
    let band = |mask: &[u8]| -> Vec<bool> {
        let boundary = masks.boundary(mask);
        let width = masks.width;
        let point = |index: usize| [(index % width) as i64, (index / width) as i64];
        (0..mask.len()).map(|i| mask[i] != 0 && nearest(point(i), &boundary) <= thickness + 1e-6).collect()
    };
    let (p, t) = (band(&masks.prediction), band(&masks.truth));
    let both = p.iter().zip(&t).filter(|pair| *pair.0 && *pair.1).count();
    let either = p.iter().zip(&t).filter(|pair| *pair.0 || *pair.1).count();
    (either > 0).then(|| both as f64 / either as f64)
}

fn naive_hausdorff(masks: &Masks) -> Option<f64> {
    let (p, t) = (masks.boundary(&masks.prediction), masks.boundary(&masks.truth));
    if p.is_empty() || t.is_empty() {
        return None;
    }
    let directed = |from: &[[i64; 2]], to: &[[i64; 2]]| {
        let mut distances: Vec<f64> = from.iter().map(|&point| nearest(point, to)).collect();
        distances.sort_by(f64::total_cmp);
        // numpy.percentile(distances, 95)
        let rank = 0.95 * (distances.len() - 1) as f64;
        let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
        distances[low] * (1.0 - rank.fract()) + distances[high] * rank.fract()
    };
    Some(directed(&p, &t).max(directed(&t, &p)))
}

fn agree(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-5,
        (a, b) => a == b,
    }
}

/// Distances of whole, diagonal and odd lengths.
const LENGTHS: [f64; 6] = [0.0, 1.0, core::f64::consts::SQRT_2, 2.0, 2.7, 6.0];

quickcheck! {
    fn boundary_f1_is_the_naive_one(masks: Masks) -> bool {
        let [prediction, truth] = masks.views();
        LENGTHS.into_iter().all(|length| agree(boundary_f1(prediction, truth, length), naive_f1(&masks, length)))
    }

    fn boundary_iou_is_the_naive_one(masks: Masks) -> bool {
        let [prediction, truth] = masks.views();
        LENGTHS.into_iter().all(|length| agree(boundary_iou(prediction, truth, length), naive_iou(&masks, length)))
    }

    fn hausdorff_is_the_naive_one(masks: Masks) -> bool {
        let [prediction, truth] = masks.views();
        agree(hausdorff_95(prediction, truth), naive_hausdorff(&masks))
    }

    fn all_are_symmetric(masks: Masks) -> bool {
        let [a, b] = masks.views();
        hausdorff_95(a, b) == hausdorff_95(b, a)
            && LENGTHS.into_iter().all(|length| {
                agree(boundary_f1(a, b, length), boundary_f1(b, a, length))
                    && boundary_iou(a, b, length) == boundary_iou(b, a, length)
            })
    }

    fn boundary_f1_grows_with_the_tolerance(masks: Masks) -> bool {
        let [prediction, truth] = masks.views();
        let values = LENGTHS.map(|length| boundary_f1(prediction, truth, length));
        values.windows(2).all(|pair| pair[0].is_some() == pair[1].is_some() && pair[0] <= pair[1])
    }

    fn a_mask_agrees_with_itself(masks: Masks) -> bool {
        let [mask, _] = masks.views();
        let some = !masks.boundary(&masks.prediction).is_empty();
        boundary_f1(mask, mask, 0.0) == some.then_some(1.0)
            && boundary_iou(mask, mask, 1.0) == some.then_some(1.0)
            && hausdorff_95(mask, mask) == some.then_some(0.0)
    }
}

/// A square of 6 × 6 pixels in an image of 20 × 20.
fn square(left: usize, top: usize) -> Vec<u8> {
    let inside = |at: usize, from: usize| (from..from + 6).contains(&at);
    (0..400).map(|index| u8::from(inside(index % 20, left) && inside(index / 20, top))).collect()
}

#[test]
fn a_shifted_square_has_known_values() {
    let (truth, prediction) = (square(4, 5), square(7, 5));
    let [truth, prediction] = [&truth, &prediction].map(|pixels| MaskView::new(20, 20, pixels).unwrap());
    // Of 20 boundary pixels, the three columns in common share three at the top and three at the bottom.
    // The left side of the prediction, in the truth's inside, shares only its ends.
    assert_eq!(boundary_f1(prediction, truth, 0.0), Some(6.0 / 20.0));
    assert_eq!(boundary_f1(prediction, truth, 3.0), Some(1.0));
    assert_eq!(boundary_iou(prediction, truth, 0.0), Some(6.0 / 34.0));
    // At such a thickness the bands are the squares: 18 pixels in common of 54.
    assert_eq!(boundary_iou(prediction, truth, 2.0), Some(18.0 / 54.0));
    // The far side, 6 of 20 pixels, lies 3 away.
    assert_eq!(hausdorff_95(prediction, truth), Some(3.0));
}

/// One pixel and four: the 95th percentile of the distances 0, 1, 2, 3 is 2.85.
#[test]
fn percentiles_are_interpolated() {
    let (one, four) = ([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let [one, four] = [&one, &four].map(|pixels| MaskView::new(6, 2, pixels).unwrap());
    let distance = hausdorff_95(one, four).unwrap();
    assert!((distance - 2.85).abs() < 1e-12, "{distance}");
}

#[test]
fn what_has_no_boundary_has_no_distance() {
    let (empty, full, some) = ([0; 6], [1; 6], [0, 1, 0, 0, 0, 0]);
    let [empty, full, some] = [&empty, &full, &some].map(|pixels| MaskView::new(3, 2, pixels).unwrap());
    for none in [empty, full] {
        assert_eq!(boundary_f1(none, none, 1.0), None);
        assert_eq!(boundary_iou(none, none, 1.0), None);
        assert_eq!(boundary_f1(none, some, 1.0), Some(0.0));
        assert_eq!(boundary_f1(some, none, f64::INFINITY), Some(0.0));
        assert_eq!(boundary_iou(some, none, f64::INFINITY), Some(0.0));
        assert_eq!(hausdorff_95(none, some), None);
        assert_eq!(hausdorff_95(some, none), None);
    }
    assert_eq!(boundary_f1(some, some, f64::NAN), None);
    assert_eq!(boundary_iou(some, some, -1.0), None);
    assert!(MaskView::new(3, 2, &[0; 5]).is_none());
    let turned = [0, 1, 0, 0, 0, 0];
    assert_eq!(hausdorff_95(some, MaskView::new(2, 3, &turned).unwrap()), None);
}

#[test]
fn what_is_better_lower_is_lower_for_a_better_mask() {
    use super::name::{BOUNDARY_F1_1, BOUNDARY_IOU, HAUSDORFF, is_better_lower};

    type Metric = fn(MaskView, MaskView) -> Option<f64>;
    let square = |shift: usize| -> Vec<u8> {
        (0..256)
            .map(|index| u8::from((4 + shift..10 + shift).contains(&(index % 16)) && (4..10).contains(&(index / 16))))
            .collect()
    };
    let (truth, near, far) = (square(0), square(1), square(4));
    let of = |mask: &[u8], metric: Metric| {
        metric(MaskView::new(16, 16, mask).unwrap(), MaskView::new(16, 16, &truth).unwrap()).unwrap()
    };
    let metrics: [(&str, Metric); 3] = [
        (BOUNDARY_F1_1, |p, t| boundary_f1(p, t, 1.0)),
        (BOUNDARY_IOU, |p, t| boundary_iou(p, t, 2.0)),
        (HAUSDORFF, hausdorff_95),
    ];
    for (name, metric) in metrics {
        assert_eq!(of(&near, metric) < of(&far, metric), is_better_lower(name), "{name}");
    }
}
