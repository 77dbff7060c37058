//! 95 % intervals of the mean of a few numbers.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Up to this many numbers, all n^n resamples are enumerated (46 656 for six numbers).
const MOST_ENUMERATED: usize = 6;

/// For more numbers this many resamples are drawn, from a fixed seed.
const RESAMPLES: u64 = 10_000;
const RESAMPLING_SEED: u64 = 0x0b00_7574;

/// The arithmetic mean; for equal numbers exactly that number. `None` without numbers.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    // A sum of equal numbers is rounded, and would give them a spread.
    if values.iter().all(|value| *value == first) {
        return Some(first + 0.0);
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

/// The result of a bootstrap for a mean: its 95 % interval, and the shares of resamples on either side of 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tails {
    /// The 2.5 % and 97.5 % percentiles.
    ///
    /// Of N resamples the lower end is the ⌈N/40⌉-th smallest mean. This is the inverse of their distribution function: the smallest number that at least 2.5 % of the means do
    /// not exceed. The upper end is the ⌈N/40⌉-th largest, so that the interval of the negated numbers is the negated
    /// interval.
    pub(super) interval: [f64; 2],
    /// The share of resamples whose mean is at most 0, and the share whose mean is at least 0.
    pub(super) not_above: f64,
    pub(super) not_below: f64,
}

impl Tails {
    /// Makes it of means, each with its number of occurrences. `None` without means.
    pub(super) fn of(mut means: Vec<(f64, u64)>) -> Option<Self> {
        let interval = percentiles(&mut means)?;
        let all: u64 = means.iter().map(|(_, ways)| ways).sum();
        let share = |is: &dyn Fn(f64) -> bool| {
            let ways: u64 = means.iter().filter(|(mean, _)| is(*mean)).map(|(_, ways)| ways).sum();
            ways as f64 / all.max(1) as f64
        };
        Some(Self { interval, not_above: share(&|mean| mean <= 0.0), not_below: share(&|mean| mean >= 0.0) })
    }

    /// Twice the smaller tail, at most 1. For drawn resamples one more is counted on either side, because their number limits how small a p they can show.
    pub(super) fn p(&self, drawn: Option<usize>) -> f64 {
        let tail = self.not_above.min(self.not_below);
        let tail = drawn.map_or(tail, |drawn| (tail * drawn as f64 + 1.0) / (drawn as f64 + 1.0));
        (2.0 * tail).min(1.0)
    }
}

/// The bootstrap over a few numbers. Up to six numbers it enumerates all resamples with replacement, counting each of the n^n once; for more it draws 10 000. `None` for
/// fewer than two numbers.
pub(super) fn bootstrap(values: &[f64]) -> Option<Tails> {
    match values.len() {
        0 | 1 => None,
        _ if is_constant(values) => Tails::of(vec![(mean(values)?, 1)]),
        2..=MOST_ENUMERATED => Tails::of(enumerated(values)),
        _ => Tails::of(drawn(values)),
    }
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair.first() == pair.last())
}

/// The means of all resamples, each with the number of the n^n resamples that have it.
///
/// A resample is described by how often it contains each number. Counts c₁, …, cₙ describe n! / (c₁! … cₙ!) of the n^n.
fn enumerated(values: &[f64]) -> Vec<(f64, u64)> {
    let n = values.len() as u64;
    // The resamples of the numbers so far: how many are still to be chosen, their sum, and their multiplicity.
    let mut partial: Vec<(u64, f64, u64)> = vec![(n, 0.0, 1)];
    for (index, value) in values.iter().enumerate() {
        let is_last = index + 1 == values.len();
        partial = partial
            .into_iter()
            .flat_map(|(left, sum, ways)| {
                let counts = if is_last { left..=left } else { 0..=left };
                counts.map(move |count| (left - count, sum + count as f64 * value, ways * choose(left, count)))
            })
            .collect();
    }
    partial.into_iter().map(|(_, sum, ways)| (sum / n as f64, ways)).collect()
}

/// The binomial coefficient of small numbers.
fn choose(n: u64, k: u64) -> u64 {
    (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
}

fn drawn(values: &[f64]) -> Vec<(f64, u64)> {
    let mut random = ChaCha8Rng::seed_from_u64(RESAMPLING_SEED);
    let n = values.len();
    let resample = |_| {
        // 64 bits on every machine; usize would draw 32 bits on some.
        let sum: f64 =
            (0..n).filter_map(|_| values.get(usize::try_from(random.random_range(0..n as u64)).unwrap_or(0))).sum();
        (sum / n as f64, 1)
    };
    (0..RESAMPLES).map(resample).collect()
}

fn percentiles(means: &mut [(f64, u64)]) -> Option<[f64; 2]> {
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: u64 = means.iter().map(|(_, ways)| ways).sum();
    let rank = all.div_ceil(40);
    let low = ranked(means.iter(), rank)?;
    let high = ranked(means.iter().rev(), rank)?;
    Some([low + 0.0, high + 0.0])
}

/// The number at this place, counted from 1, if each number is repeated as often as its count says.
fn ranked<'a>(means: impl Iterator<Item = &'a (f64, u64)>, rank: u64) -> Option<f64> {
    let mut before = 0;
    for (mean, ways) in means {
        before += ways;
        if before >= rank {
            return Some(*mean);
        }
    }
    None
}

/// mean ± t(97.5 %, n − 1) · s / √n, with the sample's standard deviation s; `None` for fewer than two numbers.
pub(super) fn student(values: &[f64]) -> Option<[f64; 2]> {
    let mean = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    if is_constant(values) {
        return Some([mean, mean]);
    }
    let half_width = t_quantile((values.len() - 1) as f64, 0.025)? * error_of_mean(values, mean);
    Some([mean - half_width, mean + half_width])
}

/// The two-sided p of Student's t test that the mean is 0, with six significant digits; `None` for fewer than two numbers. Equal numbers give 0, or 1 if
/// they are all 0.
pub(super) fn student_p(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    if is_constant(values) {
        return Some(if mean == 0.0 { 1.0 } else { 0.0 });
    }
    let distribution = StudentsT::new(0.0, 1.0, (values.len() - 1) as f64).ok()?;
    let t = mean / error_of_mean(values, mean);
    // The platform's functions differ in the last digits. Rounded, the p is the same on every machine.
    format!("{:.5e}", (2.0 * distribution.cdf(-t.abs())).min(1.0)).parse().ok()
}

fn error_of_mean(values: &[f64], mean: f64) -> f64 {
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (values.len() - 1) as f64 / values.len() as f64).sqrt()
}

/// The smallest interval that contains both.
pub(super) fn union(one: Option<[f64; 2]>, other: Option<[f64; 2]>) -> Option<[f64; 2]> {
    let ([a, b], [c, d]) = (one?, other?);
    Some([a.min(c), b.max(d)])
}

/// The number that Student's t exceeds with this probability, rounded to six decimals.
///
/// It uses the platform's logarithm and exponential. Rounded, it is the same on every machine.
pub(super) fn t_quantile(freedom: f64, tail: f64) -> Option<f64> {
    const DECIMALS: f64 = 1e6;
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((-distribution.inverse_cdf(tail) * DECIMALS).round() / DECIMALS)
}
