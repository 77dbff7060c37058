//! The order of arms in a metric, and its certainty.

use super::interval::{self, union};
use super::{Comparison, Contest, corrected};

/// Arms in the order of a metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranking {
    pub(crate) metric: String,
    /// The arms, by their places in the contest, the best first.
    pub(crate) order: Vec<usize>,
    /// The name of each arm, its mean over the seeds, and the interval of the mean (`None` with one seed).
    pub(crate) names: Vec<String>,
    pub(crate) means: Vec<f64>,
    pub(crate) intervals: Vec<Option<[f64; 2]>>,
    /// The share of bootstrap samples in which each arm has each rank. Tied arms share their ranks.
    pub(crate) shares: Vec<Vec<f64>>,
    /// Each pair of arms, corrected over all pairs. The second arm of a pair comes later in the contest.
    pub(crate) pairs: Vec<Comparison>,
}

impl Ranking {
    /// `None` without a seed that all arms have.
    pub(crate) fn new(metric: &str, higher_is_better: bool, names: &[&str], contest: &Contest) -> Option<Self> {
        let means = contest.means();
        if means.is_empty() || means.len() != names.len() {
            return None;
        }
        let replicates = contest.replicates();
        let worth = |value: f64| if higher_is_better { -value } else { value };
        let mut order: Vec<usize> = (0..means.len()).collect();
        order.sort_by(|a, b| {
            let at = |index: &usize| means.get(*index).copied().map_or(f64::INFINITY, worth);
            at(a).total_cmp(&at(b))
        });
        let mut shares = vec![vec![0.0; means.len()]; means.len()];
        for sample in &replicates {
            let sample: Vec<f64> = sample.iter().copied().map(worth).collect();
            for (value, shares) in sample.iter().zip(&mut shares) {
                let before = sample.iter().filter(|other| *other < value).count();
                let tied = sample.iter().filter(|other| *other == value).count();
                let share = 1.0 / (tied.max(1) as f64 * replicates.len() as f64);
                shares.iter_mut().skip(before).take(tied).for_each(|of_rank| *of_rank += share);
            }
        }
        let of_arm = |arm: usize| {
            let values = contest.values().get(arm)?;
            let tails =
                interval::Tails::of(replicates.iter().filter_map(|means| Some((*means.get(arm)?, 1))).collect());
            let by_bootstrap = tails.filter(|_| values.len() > 1).map(|tails| tails.interval);
            union(by_bootstrap, interval::student(values))
        };
        let mut pairs = Vec::new();
        for first in 0..names.len() {
            for second in first + 1..names.len() {
                pairs.push(Comparison::in_contest(
                    metric,
                    higher_is_better,
                    names,
                    contest,
                    &replicates,
                    [first, second],
                ));
            }
        }
        Some(Self {
            metric: metric.to_owned(),
            order,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            intervals: (0..means.len()).map(of_arm).collect(),
            means,
            shares,
            pairs: corrected(pairs),
        })
    }

    /// The names of the arms, the best first.
    pub(crate) fn names_in_order(&self) -> Vec<&str> {
        self.order.iter().filter_map(|arm| self.names.get(*arm).map(String::as_str)).collect()
    }

    /// The comparison of two arms, in either order.
    pub(crate) fn pair(&self, one: &str, other: &str) -> Option<&Comparison> {
        let is = |pair: &&Comparison| {
            (pair.first == one && pair.second == other) || (pair.first == other && pair.second == one)
        };
        self.pairs.iter().find(is)
    }
}
