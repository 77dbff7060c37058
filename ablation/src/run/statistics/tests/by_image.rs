//! Comparisons and rankings of arms by their images.

use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};

use super::super::resample::{RESAMPLES, resamples};
use super::super::{Comparison, Contest, Images, Ranking};
use super::close;
use crate::run::metrics::Counts;

/// Values of two arms by seed and image, between −1 and 1.
#[derive(Clone, Debug)]
struct Arms {
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
}

impl Arbitrary for Arms {
    fn arbitrary(g: &mut Gen) -> Self {
        let seeds = 1 + usize::arbitrary(g) % 4;
        let shape: Vec<usize> = (0..seeds).map(|_| 1 + usize::arbitrary(g) % 4).collect();
        let arm = |g: &mut Gen| {
            let image = |g: &mut Gen| f64::from(i16::arbitrary(g)) / 32768.0;
            shape.iter().map(|images| (0..*images).map(|_| image(g)).collect()).collect()
        };
        Self { first: arm(g), second: arm(g) }
    }
}

fn images(arm: &[Vec<f64>]) -> Vec<Option<Images>> {
    arm.iter().map(|values| Some(Images::Values(values.clone()))).collect()
}

fn compare(first: &[Vec<f64>], second: &[Vec<f64>]) -> Comparison {
    Comparison::by_image("Dice", true, ("A", images(first)), ("B", images(second)))
}

fn moved(arm: &[Vec<f64>], by: f64) -> Vec<Vec<f64>> {
    arm.iter().map(|images| images.iter().map(|value| value + by).collect()).collect()
}

fn intervals_are_close(a: Option<[f64; 2]>, b: Option<[f64; 2]>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some([a, b]), Some([c, d])) => (a - c).abs() < 1e-9 && (b - d).abs() < 1e-9,
        _ => false,
    }
}

quickcheck! {
    /// What both arms share is no difference.
    fn a_shift_of_both_arms_changes_nothing(arms: Arms, shift: i8) -> bool {
        let shift = f64::from(shift) / 16.0;
        let (a, b) = (compare(&arms.first, &arms.second), compare(&moved(&arms.first, shift), &moved(&arms.second, shift)));
        (a.mean - b.mean).abs() < 1e-12
            && intervals_are_close(a.bootstrap, b.bootstrap)
            && intervals_are_close(a.student, b.student)
    }

    fn swapping_the_arms_negates_exactly(arms: Arms) -> bool {
        let (a, b) = (compare(&arms.first, &arms.second), compare(&arms.second, &arms.first));
        let negated = |interval: Option<[f64; 2]>| interval.map(|[low, high]| [-high, -low]);
        a.mean == -b.mean && a.bootstrap == negated(b.bootstrap) && a.student == negated(b.student)
            && a.p == b.p && a.other_sign == b.other_sign && a.better().is_some() == b.better().is_some()
    }

    /// The order of a seed's images says nothing: all but the drawn interval is the same.
    fn the_order_of_images_says_nothing(arms: Arms) -> bool {
        let reversed = |arm: &[Vec<f64>]| -> Vec<Vec<f64>> {
            arm.iter().map(|images| images.iter().rev().copied().collect()).collect()
        };
        let (a, b) = (compare(&arms.first, &arms.second), compare(&reversed(&arms.first), &reversed(&arms.second)));
        let parts = |comparison: &Comparison| {
            comparison.by_image.map_or([0.0; 2], |by_image| [by_image.components.seed, by_image.components.image])
        };
        let components = parts(&a).into_iter().zip(parts(&b));
        (a.mean - b.mean).abs() < 1e-12
            && intervals_are_close(a.student, b.student)
            && components.into_iter().all(|(a, b)| (a - b).abs() < 1e-9)
    }

    /// A claim is never bolder than Student's test of the seeds.
    fn no_claim_rests_on_the_bootstrap_alone(arms: Arms) -> TestResult {
        let comparison = compare(&arms.first, &arms.second);
        let (Some(p), Some([low, high])) = (comparison.p, comparison.student) else {
            return TestResult::from_bool(!comparison.is_clear() && comparison.seeds() < 2);
        };
        let excludes_0 = low > 0.0 || high < 0.0 || low == high;
        TestResult::from_bool((!comparison.is_clear() || excludes_0) && (0.0..=1.0).contains(&p))
    }

    fn pseudo_values_of_values_are_the_values(arms: Arms) -> bool {
        arms.first.iter().all(|values| Images::Values(values.clone()).by_image().as_ref() == Some(values))
    }

    /// Of one class in images of equal sums, the pooled Dice is the mean of the images' Dice, and so are the pseudo-values.
    fn pooled_scores_of_equal_sums_are_means(hits: Vec<u8>) -> TestResult {
        if hits.len() < 2 {
            return TestResult::discard();
        }
        let counts: Vec<Counts> = hits.iter().map(|hits| {
            let hits = u64::from(*hits);
            Counts::from([hits, 255 - hits, 255 - hits, 9])
        }).collect();
        let values: Vec<f64> = counts.iter().map(|counts| counts.dice()).collect();
        let pooled = Images::Pooled(counts.into_iter().map(|counts| vec![counts]).collect());
        let pseudo = pooled.by_image().unwrap();
        TestResult::from_bool(
            close(pooled.value().unwrap(), Images::Values(values.clone()).value().unwrap())
                && pseudo.iter().zip(&values).all(|(pseudo, value)| (pseudo - value).abs() < 1e-9),
        )
    }

    /// Every resample gives each rank once, and each arm one rank.
    fn shares_of_ranks_add_up(arms: Arms) -> bool {
        let third = moved(&arms.first, 0.25);
        let contest = Contest::new(vec![images(&arms.first), images(&arms.second), images(&third)]);
        let ranking = Ranking::new("Dice", true, &["A", "B", "C"], &contest).unwrap();
        let of_arm = ranking.shares.iter().all(|shares| (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let of_rank = (0..3).all(|rank| (ranking.shares.iter().map(|shares| shares[rank]).sum::<f64>() - 1.0).abs() < 1e-9);
        let first = ranking.order.iter().position(|arm| *arm == 0).unwrap();
        let third = ranking.order.iter().position(|arm| *arm == 2).unwrap();
        of_arm && of_rank && third < first && ranking.shares[0][0] < 1e-9 && ranking.pairs.len() == 3
    }
}

/// Images within their seed, seeds within the data, each as often as the others.
#[test]
fn resamples_draw_evenly() {
    let shape = [2, 5, 3];
    let (mut count, mut seeds, mut first_images) = (0, [0_u32; 3], [0_u32; 2]);
    resamples(&shape, |drawn| {
        count += 1;
        assert_eq!(drawn.len(), 3);
        for place in drawn {
            assert_eq!(place.images.len(), shape[place.seed]);
            assert!(place.images.iter().all(|image| *image < shape[place.seed]));
            seeds[place.seed] += 1;
            if place.seed == 0 {
                place.images.iter().for_each(|image| first_images[*image] += 1);
            }
        }
    });
    assert_eq!(count, RESAMPLES);
    // Five standard deviations of 30 000 draws are about 400.
    assert!(seeds.iter().all(|count| count.abs_diff(10_000) < 410), "{seeds:?}");
    let [one, other] = first_images;
    assert!(one.abs_diff(other) < 750, "{first_images:?}");
}

/// The interval of a mean of normal numbers comes out as theory has it: seeds with variance 1, images with variance 4.
#[test]
fn the_bootstrap_has_the_width_of_both_sources() {
    use rand::SeedableRng;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let (seeds, images_of_seed) = (60, 8);
    let mut normal = || crate::run::normal::normal_pair(&mut random)[0];
    let second: Vec<Vec<f64>> = (0..seeds)
        .map(|_| {
            let of_seed = normal();
            (0..images_of_seed).map(|_| of_seed + 2.0 * normal()).collect()
        })
        .collect();
    let first = vec![vec![0.0; images_of_seed]; seeds];
    let comparison = compare(&first, &second);
    let [low, high] = comparison.bootstrap.unwrap();
    // Drawn twice over, the images count for a little more than once: σ² = 1 + 4/8 + 4/8.
    let expected = 2.0 * 1.96 * (2.0_f64 / seeds as f64).sqrt();
    assert!(((high - low) / expected - 1.0).abs() < 0.15, "{} for {expected}", high - low);
    let [low, high] = comparison.student.unwrap();
    let expected = 2.0 * 2.0 * (1.5_f64 / seeds as f64).sqrt();
    assert!(((high - low) / expected - 1.0).abs() < 0.2, "{} for {expected}", high - low);
}

#[test]
fn seeds_that_an_arm_lacks_are_left_out() {
    let arm = vec![vec![0.5, 0.7], vec![0.1, 0.3], vec![0.2, 0.4]];
    let mut missing = images(&arm);
    missing[1] = None;
    let comparison = Comparison::by_image("Dice", true, ("A", images(&arm)), ("B", missing));
    assert_eq!((comparison.seeds(), comparison.mean), (2, 0.0));
    assert!(close(comparison.means[0], 0.45));
    let one = Comparison::by_image("Dice", true, ("A", images(&arm[..1])), ("B", images(&arm[..1])));
    assert_eq!((one.interval(), one.by_image, one.is_clear()), (None, None, false));
}
