use quickcheck::{Arbitrary, Gen, TestResult, quickcheck};

use super::*;

/// Values of two arms by seed, between −1 and 1, a few of them missing.
#[derive(Clone, Debug)]
struct Arms {
    first: Vec<Option<f64>>,
    second: Vec<Option<f64>>,
}

impl Arbitrary for Arms {
    fn arbitrary(g: &mut Gen) -> Self {
        let seeds = usize::arbitrary(g) % 10;
        let arm = |g: &mut Gen| {
            let value = |g: &mut Gen| (u8::arbitrary(g) > 20).then(|| f64::from(i16::arbitrary(g)) / 32768.0);
            (0..seeds).map(|_| value(g)).collect()
        };
        Self { first: arm(g), second: arm(g) }
    }
}

impl Arms {
    fn compare(&self) -> Comparison {
        Comparison::new("Dice", true, ("A", &self.first), ("B", &self.second))
    }
}

fn all(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn compare(first: &[f64], second: &[f64]) -> Comparison {
    Comparison::new("Dice", true, ("A", &all(first)), ("B", &all(second)))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

quickcheck! {
    fn intervals_contain_the_mean(arms: Arms) -> TestResult {
        let comparison = arms.compare();
        let (Some(bootstrap), Some(student)) = (comparison.bootstrap, comparison.student) else {
            return TestResult::from_bool(comparison.seeds() < 2);
        };
        let contains = |[low, high]: [f64; 2]| low <= comparison.mean + 1e-12 && comparison.mean <= high + 1e-12;
        TestResult::from_bool(contains(bootstrap) && contains(student))
    }

    fn a_shift_moves_the_intervals(arms: Arms, shift: i8) -> bool {
        let shift = f64::from(shift) / 16.0;
        let moved = Arms { second: arms.second.iter().map(|value| value.map(|value| value + shift)).collect(), ..arms.clone() };
        let (a, b) = (arms.compare(), moved.compare());
        let moved_by_shift = |a: Option<[f64; 2]>, b: Option<[f64; 2]>| match (a, b) {
            (None, None) => true,
            (Some([a, b]), Some([c, d])) => close(a + shift, c) && close(b + shift, d),
            _ => false,
        };
        moved_by_shift(a.bootstrap, b.bootstrap) && moved_by_shift(a.student, b.student)
    }

    fn swapping_the_arms_negates_exactly(arms: Arms) -> bool {
        let a = arms.compare();
        let b = Arms { first: arms.second.clone(), second: arms.first.clone() }.compare();
        let negated = |interval: Option<[f64; 2]>| interval.map(|[low, high]| [-high, -low]);
        let verdict = match b.verdict {
            Verdict::FirstHigher => Verdict::SecondHigher,
            Verdict::SecondHigher => Verdict::FirstHigher,
            Verdict::NoClearDifference => Verdict::NoClearDifference,
        };
        a.mean == -b.mean
            && a.bootstrap == negated(b.bootstrap)
            && a.student == negated(b.student)
            && a.verdict == verdict
    }

    fn enumeration_is_that_of_all_resamples(values: Vec<i16>) -> TestResult {
        let values: Vec<f64> = values.into_iter().take(6).map(f64::from).collect();
        let n = values.len();
        if n < 2 {
            return TestResult::discard();
        }
        let total = n.pow(n as u32);
        let mut means: Vec<f64> = (0..total)
            .map(|resample| (0..n).map(|place| values[resample / n.pow(place as u32) % n]).sum::<f64>() / n as f64)
            .collect();
        means.sort_by(f64::total_cmp);
        let rank = total.div_ceil(40);
        let tails = interval::bootstrap(&values).unwrap();
        let at_most_0 = means.iter().filter(|mean| **mean <= 0.0).count() as f64 / total as f64;
        TestResult::from_bool(tails.interval == [means[rank - 1], means[total - rank]] && close(tails.not_above, at_most_0))
    }

    fn the_sentence_is_the_same_when_the_arms_are_swapped(arms: Arms) -> TestResult {
        let a = arms.compare();
        if a.verdict == Verdict::NoClearDifference {
            return TestResult::discard();
        }
        let b = Comparison::new("Dice", true, ("B", &arms.second), ("A", &arms.first));
        TestResult::from_bool(a.sentence() == b.sentence() && a.better() == b.better())
    }
}

#[test]
fn quantiles_of_student() {
    for (freedom, quantile) in [(1.0, 12.706205), (2.0, 4.302653), (3.0, 3.182446), (4.0, 2.776445), (9.0, 2.262157)] {
        assert_eq!(interval::t_quantile(freedom, 0.025), Some(quantile));
    }
}

#[test]
fn intervals_of_three_seeds() {
    let comparison = compare(&[0.5, 0.6, 0.7], &[0.51, 0.63, 0.78]);
    let [low, high] = comparison.bootstrap.unwrap();
    assert!(close(low, 0.01) && close(high, 0.08), "the ends are the smallest and the largest difference");
    // Differences 0.01, 0.03, 0.08: mean 0.04, s² = 0.0013.
    let half = 4.302653 * (0.0013_f64 / 3.0).sqrt();
    let [low, high] = comparison.student.unwrap();
    assert!(close(low, 0.04 - half) && close(high, 0.04 + half));
    assert_eq!(comparison.verdict, Verdict::NoClearDifference, "the bootstrap alone would call this clear");
    assert_eq!(comparison.interval(), comparison.student);
}

#[test]
fn one_seed_has_no_verdict() {
    let one = compare(&[0.1], &[0.9]);
    assert_eq!((one.bootstrap, one.student, one.verdict), (None, None, Verdict::NoClearDifference));
    assert_eq!(one.sentence(), "In Dice, A has 0.100 and B has 0.900. One seed supports no conclusion.");
    let none = Comparison::new("Dice", true, ("A", &[None, Some(0.4)]), ("B", &[Some(0.2), Some(f64::NAN)]));
    assert_eq!((none.seeds(), none.mean), (0, 0.0));
    assert_eq!(none.sentence(), "A and B cannot be compared in Dice: no seed has a value of both.");
}

#[test]
fn equal_differences_decide_by_their_sign() {
    let exact = compare(&[0.5, 0.25, 0.75], &[0.75, 0.5, 1.0]);
    assert_eq!((exact.bootstrap, exact.student), (Some([0.25, 0.25]), Some([0.25, 0.25])));
    assert_eq!(exact.verdict, Verdict::SecondHigher);
    let equal = compare(&[0.3, 0.1, 0.2], &[0.3, 0.1, 0.2]);
    assert_eq!((equal.bootstrap, equal.verdict), (Some([0.0, 0.0]), Verdict::NoClearDifference));
    assert_eq!(equal.sentence(), "A and B have the same Dice (95 % interval 0.000 to 0.000, p = 1.0).");
}

#[test]
fn the_means_are_of_the_seeds_that_both_have() {
    let second = [Some(0.5), Some(0.7), None];
    let comparison = Comparison::new("Dice", true, ("A", &all(&[0.25, 0.75, 0.9])), ("B", &second));
    assert_eq!((comparison.means, comparison.seeds()), ([0.5, 0.6], 2));
}

#[test]
fn sentences_say_which_is_better() {
    let (low, high) = ([0.761, 0.742, 0.770], [0.805, 0.788, 0.812]);
    let dice = compare(&low, &high);
    assert_eq!(
        dice.sentence(),
        "B beats A in Dice: 0.8017 against 0.7577, a difference of 0.0440 (95 % interval 0.0390 to 0.0490, p < 0.001)."
    );
    let distance = Comparison::new("Hausdorff distance", false, ("A", &all(&low)), ("B", &all(&high)));
    assert!(
        distance.sentence().starts_with("A beats B in Hausdorff distance: 0.7577 against 0.8017 (lower is better),")
    );
    assert_eq!((dice.better(), distance.better()), (Some("B"), Some("A")));
    let noisy = compare(&[0.80, 0.70, 0.75], &[0.76, 0.73, 0.74]);
    assert_eq!(
        noisy.sentence(),
        "Three seeds do not tell A and B apart in Dice: A leads by 0.007 on average (95 % interval −0.081 to 0.094, p = 0.77)."
    );
    let both = sentences(&[noisy, dice]);
    assert!(both.starts_with("B beats A") && both.ends_with("−0.081 to 0.094, p = 0.77)."));
}

#[test]
fn summaries() {
    let summary = Summary::new(&[Some(0.5), None, Some(0.25), Some(f64::NAN), Some(0.75)]).unwrap();
    assert_eq!(summary, Summary { mean: 0.5, low: 0.25, high: 0.75, n: 3 });
    assert_eq!(Summary::new(&[None, Some(f64::INFINITY)]), None);
    assert_eq!(Summary::new(&all(&[0.1, 0.1, 0.1])).unwrap().mean, 0.1);
}

#[test]
fn sentences_begin_with_a_capital_but_symbols_stay() {
    let values = |by: f64| [0.5 + by, 0.6 + by, 0.52 + by].map(Some);
    let of = |second: &str| Comparison::new("Dice", true, ("BCE", &values(0.0)), (second, &values(0.1))).sentence();
    assert!(of("focal").starts_with("Focal beats BCE in Dice"), "{}", of("focal"));
    assert!(of("γ = 1").starts_with("γ = 1 beats"), "{}", of("γ = 1"));
}

mod by_image;
mod corrections;
mod variance;
