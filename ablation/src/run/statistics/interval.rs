//! 95 % intervals of the mean of a few numbers.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Up to here all n^n resamples are taken into account (46 656 of six numbers).
const MOST_ENUMERATED: usize = 6;

/// Above, as many are drawn, from a seed that never changes.
const RESAMPLES: u64 = 10_000;
const RESAMPLING_SEED: u64 = 0x0b00_7574;

/// The arithmetic mean; of equal numbers exactly that number. None of no number.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    // A sum of equal numbers is rounded, and a spread of rounding errors is no spread.
    if values.iter().all(|value| *value == first) {
        return Some(first + 0.0);
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

/// The 2.5 % and 97.5 % percentiles of the means of all resamples with replacement; None of fewer than two numbers.
///
/// Of N resamples (each of the n^n counted once) the lower end is the ⌈N/40⌉-th smallest mean: the smallest number that
/// at least 2.5 % of the means do not exceed, which is the inverse of their distribution function. The upper end is the
/// ⌈N/40⌉-th largest, so that the interval of the negated numbers is the negated interval.
pub(super) fn bootstrap(values: &[f64]) -> Option<[f64; 2]> {
    match values.len() {
        0 | 1 => None,
        _ if is_constant(values) => mean(values).map(|mean| [mean, mean]),
        2..=MOST_ENUMERATED => percentiles(enumerated(values)),
        _ => percentiles(drawn(values)),
    }
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair.first() == pair.last())
}

/// The means of all resamples, with how many of the n^n have it.
///
/// A resample is told by how often it holds each number. Those counts belong to n! / (c₁! … cₙ!) of the n^n.
fn enumerated(values: &[f64]) -> Vec<(f64, u64)> {
    let n = values.len() as u64;
    // The resamples of the numbers so far: how many numbers are still to be chosen, their sum, and their multiplicity.
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
        // 64 bits on every machine, where usize would draw 32 on some.
        let sum: f64 =
            (0..n).filter_map(|_| values.get(usize::try_from(random.random_range(0..n as u64)).unwrap_or(0))).sum();
        (sum / n as f64, 1)
    };
    (0..RESAMPLES).map(resample).collect()
}

fn percentiles(mut means: Vec<(f64, u64)>) -> Option<[f64; 2]> {
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: u64 = means.iter().map(|(_, ways)| ways).sum();
    let rank = all.div_ceil(40);
    let low = ranked(means.iter(), rank)?;
    let high = ranked(means.iter().rev(), rank)?;
    Some([low + 0.0, high + 0.0])
}

/// The number at this place, from 1, if each is repeated as often as it says.
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

/// mean ± t(97.5 %, n − 1) · s / √n with the sample's standard deviation s; None of fewer than two numbers.
pub(super) fn student(values: &[f64]) -> Option<[f64; 2]> {
    let mean = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    if is_constant(values) {
        return Some([mean, mean]);
    }
    let freedom = (values.len() - 1) as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let half_width = t_quantile(freedom)? * (squares / freedom / values.len() as f64).sqrt();
    Some([mean - half_width, mean + half_width])
}

/// The 97.5 % quantile of Student's distribution, rounded to six decimals.
///
/// It is computed with the platform's logarithm and exponential; rounded, it is the same on every machine.
pub(super) fn t_quantile(freedom: f64) -> Option<f64> {
    const DECIMALS: f64 = 1e6;
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((-distribution.inverse_cdf(0.025) * DECIMALS).round() / DECIMALS)
}
