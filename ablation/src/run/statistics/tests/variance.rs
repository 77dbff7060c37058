//! Variance components.

use quickcheck::quickcheck;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::super::components::{Split, one_way, split};
use super::close;
use crate::run::normal::normal_pair;

/// Numbers with these variances, `[loss][seed][image]`; seeds have one image more or less.
fn simulated(of: Split, [losses, seeds, images]: [usize; 3], seed: u64) -> Vec<Vec<Vec<f64>>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |variance: f64| variance.sqrt() * normal_pair(&mut random)[0];
    let by_loss: Vec<f64> = (0..losses).map(|_| draw(of.loss)).collect();
    let mut scores = vec![Vec::new(); losses];
    for seed in 0..seeds {
        let of_seed = draw(of.seed);
        let by_image: Vec<f64> = (0..images + seed % 3).map(|_| draw(of.image)).collect();
        for (loss, scores) in by_loss.iter().zip(&mut scores) {
            let interaction = draw(of.loss_by_seed);
            scores.push(
                by_image.iter().map(|image| 3.0 + loss + of_seed + image + interaction + draw(of.residual)).collect(),
            );
        }
    }
    scores
}

/// The mean of many estimates is near the truth: they are unbiased. Nothing is cut at 0 here, because no component is near it.
#[test]
fn components_of_simulated_data_are_found() {
    let truth = Split { loss: 4.0, seed: 9.0, image: 2.0, loss_by_seed: 3.0, residual: 1.0 };
    let rounds = 200;
    let mut sums = [0.0; 5];
    let mut of_differences = [0.0; 2];
    for round in 0..rounds {
        let scores = simulated(truth, [6, 12, 8], round);
        let found = split(&scores).unwrap();
        let parts = [found.loss, found.seed, found.image, found.loss_by_seed, found.residual];
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part / rounds as f64);
        let differences: Vec<Vec<f64>> =
            scores[0].iter().zip(&scores[1]).map(|(a, b)| b.iter().zip(a).map(|(b, a)| b - a).collect()).collect();
        let found = one_way(&differences).unwrap();
        of_differences[0] += found.seed / rounds as f64;
        of_differences[1] += found.image / rounds as f64;
    }
    let expected = [truth.loss, truth.seed, truth.image, truth.loss_by_seed, truth.residual];
    for (found, expected) in sums.into_iter().zip(expected) {
        assert!((found - expected).abs() < 0.15 * expected, "{found} for {expected}");
    }
    // Of a difference of two losses: twice what the loss does to a seed and to an image.
    for (found, expected) in of_differences.into_iter().zip([6.0, 2.0]) {
        assert!((found - expected).abs() < 0.15 * expected, "{found} for {expected}");
    }
}

quickcheck! {
    /// Adding to all, or to all of a seed, moves no component but the seed's.
    fn shifts_are_seen_where_they_are(seed: u64, shift: i8) -> bool {
        let shift = f64::from(shift);
        let of = Split { loss: 1.0, seed: 1.0, image: 1.0, loss_by_seed: 1.0, residual: 1.0 };
        let scores = simulated(of, [3, 4, 3], seed);
        let moved: Vec<Vec<Vec<f64>>> = scores
            .iter()
            .map(|loss| {
                let seeds = loss.iter().enumerate();
                seeds.map(|(seed, images)| images.iter().map(|score| score + shift * (seed + 1) as f64).collect()).collect()
            })
            .collect();
        let (a, b) = (split(&scores).unwrap(), split(&moved).unwrap());
        let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * (1.0 + shift * shift);
        close(a.loss, b.loss) && close(a.image, b.image) && close(a.loss_by_seed, b.loss_by_seed) && close(a.residual, b.residual)
    }

    /// The estimates add up to what a naive computation of the one-way case gives.
    fn one_way_by_its_definition(values: Vec<(i8, i8, i8)>) -> bool {
        let by_seed: Vec<Vec<f64>> = values.iter().map(|(a, b, c)| [a, b, c].map(|value| f64::from(*value)).to_vec()).collect();
        let Some(found) = one_way(&by_seed) else { return values.len() < 2 };
        let n = by_seed.len() as f64;
        let means: Vec<f64> = by_seed.iter().map(|values| values.iter().sum::<f64>() / 3.0).collect();
        let grand = means.iter().sum::<f64>() / n;
        let between = means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>() * 3.0 / (n - 1.0);
        let squares = by_seed.iter().zip(&means).flat_map(|(values, mean)| values.iter().map(move |value| (value - mean).powi(2)));
        let within = squares.sum::<f64>() / (2.0 * n);
        (found.image - within).abs() < 1e-9 * (1.0 + within)
            && (found.seed - ((between - within) / 3.0).max(0.0)).abs() < 1e-9 * (1.0 + between)
    }
}

#[test]
fn too_little_has_no_components() {
    assert_eq!(one_way(&[vec![1.0, 2.0]]), None);
    assert_eq!(one_way(&[vec![1.0], vec![2.0]]), None);
    assert_eq!(split(&[vec![vec![1.0, 2.0], vec![3.0, 4.0]]]), None, "one loss");
    let equal = vec![vec![vec![0.5; 3]; 2]; 2];
    let found = split(&equal).unwrap();
    assert!(close(found.total(), 0.0));
}
