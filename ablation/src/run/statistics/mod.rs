//! Means, spreads, and paired comparisons between arms that share their seeds.

mod interval;
mod sentence;
mod summary;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use sentence::{capitalised, sentences};
pub(crate) use summary::Summary;

/// How two arms differ in a metric, seed by seed.
///
/// A difference is called clear only if both 95 % intervals exclude 0. The bootstrap alone is too narrow with few seeds:
/// of three seeds its interval reaches from the smallest difference to the largest, so any three differences of equal
/// sign would be "clear", which chance alone brings about one time in four. Student's t takes the number of seeds into
/// account, but trusts that differences are normally distributed; the bootstrap does not.
///
/// Several comparisons are not corrected for their number: of 20 between equal arms, one is "clear" on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    /// "Dice", with the data it is of where that is not plain.
    pub(crate) metric: String,
    pub(crate) higher_is_better: bool,
    /// The names of the arms.
    pub(crate) first: String,
    pub(crate) second: String,
    /// The means of the first and of the second over the seeds that both have; 0 without such a seed.
    pub(crate) means: [f64; 2],
    /// The metric of the second minus that of the first, one number a seed that both have.
    pub(crate) differences: Vec<f64>,
    /// Of the differences; 0 without a seed that both have.
    pub(crate) mean: f64,
    /// 95 % interval of the mean difference: percentiles of the bootstrap over seeds. None of fewer than two seeds.
    pub(crate) bootstrap: Option<[f64; 2]>,
    /// 95 % interval by Student's t with n − 1 degrees of freedom, which is the wider with few seeds. None of fewer than two seeds.
    pub(crate) student: Option<[f64; 2]>,
    pub(crate) verdict: Verdict,
}

/// What a comparison shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Both intervals lie above 0: the second is higher.
    SecondHigher,
    /// Both intervals lie below 0.
    FirstHigher,
    /// An interval contains 0, or there are too few seeds for one.
    NoClearDifference,
}

impl Comparison {
    /// Compares two arms by their names and their values, `None` where the metric is undefined.
    ///
    /// Values at the same place belong to the same seed. A seed is left out if either value is missing or not finite.
    ///
    /// If all differences are equal, both intervals have no width and the verdict follows their sign: such arms differ
    /// by the same amount in every seed, as a deterministic change does. Two arms with equal values have no clear
    /// difference.
    pub(crate) fn new(
        metric: impl Into<String>,
        higher_is_better: bool,
        (first, first_values): (&str, &[Option<f64>]),
        (second, second_values): (&str, &[Option<f64>]),
    ) -> Self {
        let pairs: Vec<[f64; 2]> = first_values
            .iter()
            .zip(second_values)
            .filter_map(|(first, second)| Some([(*first)?, (*second)?]))
            .filter(|[first, second]| (second - first).is_finite())
            .collect();
        let differences: Vec<f64> = pairs.iter().map(|[first, second]| second - first).collect();
        let values = |side: usize| pairs.iter().filter_map(|pair| pair.get(side).copied()).collect::<Vec<f64>>();
        let (bootstrap, student) = (interval::bootstrap(&differences), interval::student(&differences));
        Self {
            metric: metric.into(),
            higher_is_better,
            first: first.to_owned(),
            second: second.to_owned(),
            means: [0, 1].map(|side| interval::mean(&values(side)).unwrap_or(0.0)),
            mean: interval::mean(&differences).unwrap_or(0.0),
            differences,
            bootstrap,
            student,
            verdict: Verdict::of(bootstrap, student),
        }
    }

    /// The seeds that both arms have a value of.
    pub(crate) fn seeds(&self) -> usize {
        self.differences.len()
    }

    /// The smallest interval that holds both: it excludes 0 exactly if the verdict is clear.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        match (self.bootstrap, self.student) {
            (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
            _ => None,
        }
    }

    /// The name of the arm that is clearly better, if one is.
    pub(crate) fn better(&self) -> Option<&str> {
        match (self.verdict, self.higher_is_better) {
            (Verdict::NoClearDifference, _) => None,
            (Verdict::SecondHigher, true) | (Verdict::FirstHigher, false) => Some(&self.second),
            (Verdict::FirstHigher, true) | (Verdict::SecondHigher, false) => Some(&self.first),
        }
    }
}

impl Verdict {
    fn of(bootstrap: Option<[f64; 2]>, student: Option<[f64; 2]>) -> Self {
        match (bootstrap, student) {
            (Some([a, _]), Some([b, _])) if a > 0.0 && b > 0.0 => Verdict::SecondHigher,
            (Some([_, a]), Some([_, b])) if a < 0.0 && b < 0.0 => Verdict::FirstHigher,
            _ => Verdict::NoClearDifference,
        }
    }
}
