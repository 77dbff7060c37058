//! Holm's correction, Kendall's τ, ranks and power.

use quickcheck::{TestResult, quickcheck};

use super::super::aggregate::{mean_ranks, median};
use super::super::holm::holm;
use super::super::kendall::kendall;
use super::super::outlook::outlook;
use super::super::{Comparison, Components, MOST_SEEDS, Verdict, corrected};
use super::{all, close};

fn shares(values: &[u16]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value) / 65535.0).collect()
}

quickcheck! {
    /// Between p and Bonferroni's n·p, at most 1, and in the order of the p.
    fn holm_lies_between_none_and_bonferroni(values: Vec<u16>) -> bool {
        let p = shares(&values);
        let adjusted = holm(&p);
        let bounded = p.iter().zip(&adjusted).all(|(p, adjusted)| {
            *p <= *adjusted && *adjusted <= (p * values.len() as f64).min(1.0) + 1e-15
        });
        let in_order = p.iter().zip(&adjusted).all(|(p, a)| p_of(&adjusted, &p_above(&values, *p)).iter().all(|b| a <= b));
        bounded && in_order && adjusted.len() == p.len()
    }

    fn the_smallest_p_is_multiplied_by_all(values: Vec<u16>) -> TestResult {
        let p = shares(&values);
        let Some(least) = p.iter().copied().reduce(f64::min) else { return TestResult::discard() };
        let adjusted = holm(&p).into_iter().fold(f64::INFINITY, f64::min);
        TestResult::from_bool(adjusted == (p.len() as f64 * least).min(1.0))
    }

    /// Of scores without ties τ counts inversions: 1 − 4·I / (n(n − 1)).
    fn kendall_counts_inversions(values: Vec<u8>) -> TestResult {
        let n = values.len().min(12);
        if n < 2 {
            return TestResult::discard();
        }
        // A permutation: places in the order of the values, ties by place.
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|place| (values[*place], *place));
        let mut inversions = 0;
        for (index, one) in order.iter().enumerate() {
            inversions += order[index + 1..].iter().filter(|other| *other < one).count();
        }
        let places: Vec<f64> = (0..n).map(|place| place as f64).collect();
        let scores: Vec<f64> = order.iter().map(|place| *place as f64).collect();
        let expected = 1.0 - 4.0 * inversions as f64 / (n * (n - 1)) as f64;
        let reversed: Vec<f64> = scores.iter().map(|score| -score).collect();
        let found = kendall(&places, &scores).unwrap();
        TestResult::from_bool(close(found, expected) && kendall(&places, &reversed) == Some(-found))
    }

    /// Whatever grows with the scores leaves τ as it is, and τ is symmetric.
    fn kendall_sees_the_order_alone(pairs: Vec<(i8, i8)>) -> bool {
        let [a, b] = [0, 1].map(|side| {
            pairs.iter().map(|pair| f64::from(if side == 0 { pair.0 } else { pair.1 })).collect::<Vec<f64>>()
        });
        let stretched: Vec<f64> = a.iter().map(|value| value.powi(3) + value).collect();
        let tau = kendall(&a, &b);
        tau == kendall(&b, &a) && tau == kendall(&stretched, &b) && tau.is_none_or(|tau| (-1.0 - 1e-12..=1.0 + 1e-12).contains(&tau))
    }

    /// Ranks of an image sum to n(n + 1)/2, ties or not.
    fn mean_ranks_have_a_constant_sum(images: Vec<(i8, i8, i8)>, higher: bool) -> TestResult {
        if images.is_empty() {
            return TestResult::discard();
        }
        let arm = |of: fn(&(i8, i8, i8)) -> i8| vec![images.iter().map(|image| f64::from(of(image))).collect::<Vec<f64>>()];
        let ranks = mean_ranks(&[arm(|image| image.0), arm(|image| image.1), arm(|image| image.2)], higher);
        TestResult::from_bool(ranks.len() == 3 && close(ranks.iter().sum(), 6.0))
    }
}

/// The places of the values whose p is larger.
fn p_above(values: &[u16], p: f64) -> Vec<usize> {
    shares(values).iter().enumerate().filter(|(_, other)| **other > p).map(|(place, _)| place).collect()
}

fn p_of(adjusted: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|place| adjusted[*place]).collect()
}

#[test]
fn holm_by_hand() {
    // 3·0.01, 2·0.02 and 0.03, which is raised to the one before.
    assert_eq!(holm(&[0.03, 0.01, 0.02]), [0.04, 0.03, 0.04]);
    assert_eq!(holm(&[0.5, 0.9]), [1.0, 1.0]);
}

#[test]
fn ties_in_kendall() {
    // Three pairs: one alike, one tied in a, one tied in b.
    assert_eq!(kendall(&[1.0, 1.0, 2.0], &[1.0, 2.0, 2.0]), Some(0.5));
    assert_eq!(kendall(&[1.0, 1.0], &[1.0, 2.0]), None);
    assert_eq!(kendall(&[1.0], &[1.0]), None);
}

#[test]
fn medians() {
    assert_eq!(median(&[vec![3.0, 1.0], vec![2.0]]), Some(2.0));
    assert_eq!(median(&[vec![4.0, 1.0], vec![2.0, 3.0]]), Some(2.5));
    assert_eq!(median(&[vec![]]), None);
}

#[test]
fn a_family_decides_together() {
    let one = |by: f64| {
        let first = [0.5, 0.6, 0.52, 0.55];
        let second = [0.5 + by, 0.61 + by, 0.51 + by, 0.56 + by];
        Comparison::new("Dice", true, ("A", &all(&first)), ("B", &all(&second)))
    };
    let alone = one(0.03);
    assert_eq!(alone.verdict, Verdict::SecondHigher);
    let family = corrected(vec![one(0.03), one(0.0), one(0.001), one(-0.002), one(0.002), one(0.0)]);
    assert_eq!((family[0].family, family[0].p), (6, alone.p));
    assert!(family[0].adjusted_p > alone.p);
    assert!(family.iter().skip(1).all(|comparison| !comparison.is_clear()));
    let without = Comparison::new("Dice", true, ("A", &[Some(0.1)]), ("B", &[Some(0.2)]));
    assert_eq!(corrected(vec![alone.clone(), without])[0], alone, "one without a p counts for nothing");
}

#[test]
fn power_by_hand() {
    // With v = 0.01 and a difference of 0.1, n seeds suffice if √n ≥ t(97.5 %, n−1) + t(80 %, n−1): 10.
    let components = Components { seed: 0.006, image: 0.04 };
    let outlook = |difference| outlook(difference, components, 5, 10.0, 0.05).unwrap();
    assert_eq!(outlook(0.1).seeds_for_power, Some(10));
    assert_eq!(outlook(0.0).seeds_for_power, None);
    assert_eq!(outlook(1e-6).seeds_for_power, None, "beyond {MOST_SEEDS}");
    assert!(close(outlook(0.1).half_width, 2.776445 * (0.01_f64 / 5.0).sqrt()));
    assert!(close(outlook(0.1).one_more_seed, 2.570582 * (0.01_f64 / 6.0).sqrt()));
    assert!(close(outlook(0.1).twice_the_images, 2.776445 * (0.008_f64 / 5.0).sqrt()));
}
