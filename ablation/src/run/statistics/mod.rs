//! Means, spreads, and comparisons between arms that share their seeds and images.

mod aggregate;
mod components;
mod contest;
mod holm;
mod images;
mod interval;
mod kendall;
mod outlook;
mod ranking;
mod resample;
mod sentence;
mod summary;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use aggregate::{mean_ranks, median};
pub(crate) use components::{Components, Split};
pub(crate) use contest::Contest;
pub(crate) use images::Images;
pub(crate) use interval::mean;
pub(crate) use kendall::kendall;
pub(crate) use outlook::{MOST_SEEDS, Outlook};
pub(crate) use ranking::Ranking;
pub(crate) use resample::RESAMPLES;
pub(crate) use sentence::{capitalised, sentences};
pub(crate) use summary::Summary;

/// A difference is clear if its corrected p is at most this.
pub(crate) const LEVEL: f64 = 0.05;

/// The difference of two arms in a metric.
///
/// The two arms have the same seeds and, for each seed, the same held-out images, so the differences are paired. There are two 95 % intervals. The
/// hierarchical bootstrap draws seeds and, within each, images ([`Contest`]). It assumes nothing about the distribution, but is too narrow with few
/// seeds: with three seeds it spans little more than the smallest to the largest difference. Student's t over the seeds' differences accounts for the number of
/// seeds, but assumes that the differences are normally distributed. The p of the comparison is the larger of the two. Holm's method corrects it
/// for all comparisons of its family, which is an exercise. A difference is called clear if the corrected p is at most 5 %; both intervals then exclude
/// 0.
///
/// A metric that single images do not have, such as the steps to a level, is compared by seeds alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    /// The metric, such as "Dice", with the data if that is not obvious.
    pub(crate) metric: String,
    pub(crate) higher_is_better: bool,
    /// The names of the arms.
    pub(crate) first: String,
    pub(crate) second: String,
    /// The means of the first and of the second arm over the seeds that both have; 0 without such a seed.
    pub(crate) means: [f64; 2],
    /// The metric of the second arm minus that of the first, for each seed that both have.
    pub(crate) differences: Vec<f64>,
    /// The mean of the differences; 0 without a seed that both have.
    pub(crate) mean: f64,
    /// The 95 % interval of the mean difference by the bootstrap, over seeds and, if images have values, over images. `None` for fewer than two seeds.
    pub(crate) bootstrap: Option<[f64; 2]>,
    /// The 95 % interval by Student's t with n − 1 degrees of freedom. `None` for fewer than two seeds.
    pub(crate) student: Option<[f64; 2]>,
    /// The larger of the two-sided p-values of the bootstrap and of Student's t.
    pub(crate) p: Option<f64>,
    /// The p after Holm's correction, and the number of comparisons that it was corrected for.
    pub(crate) adjusted_p: Option<f64>,
    pub(crate) family: usize,
    /// The probability that the true difference is 0 or has the opposite sign. It is the larger of two: the bootstrap's share of such resamples, and the one-sided p of
    /// Student's t, which is the posterior probability under flat priors of the mean and of the logarithm of the variance.
    pub(crate) other_sign: Option<f64>,
    /// The contribution of single images; `None` if they have no values, or with one seed.
    pub(crate) by_image: Option<ByImage>,
    pub(crate) verdict: Verdict,
}

/// The part of a comparison that follows from the paired differences of single images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ByImage {
    /// The mean number of held-out images of a seed.
    pub(crate) images: f64,
    /// The variance of the difference of one image: between seeds, and between the images of a seed.
    pub(crate) components: Components,
    /// The mean difference in standard deviations of one image's difference, √(σ²_seed + σ²_image); `None` if that is 0.
    pub(crate) effect: Option<f64>,
    pub(crate) outlook: Option<Outlook>,
}

/// The conclusion of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The second is clearly higher.
    SecondHigher,
    /// The first is clearly higher.
    FirstHigher,
    /// The corrected p is above 5 %, or there are too few seeds for a p.
    NoClearDifference,
}

/// Corrects the p of the comparisons of a family for their number, by Holm's method; those without a p do not count.
pub(crate) fn corrected(mut family: Vec<Comparison>) -> Vec<Comparison> {
    let p: Vec<f64> = family.iter().filter_map(|comparison| comparison.p).collect();
    let mut adjusted = holm::holm(&p).into_iter();
    for comparison in family.iter_mut().filter(|comparison| comparison.p.is_some()) {
        comparison.adjusted_p = adjusted.next();
        comparison.family = p.len();
        comparison.look_ahead();
        comparison.judge();
    }
    family
}

impl Comparison {
    /// Compares two arms by their names and their values by seed, `None` where the metric is undefined.
    ///
    /// Values at the same place belong to the same seed. A seed is left out if either value is missing or is not finite.
    ///
    /// If all differences are equal, both intervals have width 0 and the verdict follows their sign. Such arms differ
    /// by the same amount in every seed, as after a deterministic change. Two arms with equal values have no clear
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
        let values = |side: usize| pairs.iter().filter_map(|pair| pair.get(side).copied()).collect::<Vec<f64>>();
        let [first_values, second_values] = [0, 1].map(values);
        let mut comparison =
            Self::paired(metric.into(), higher_is_better, [first, second], [&first_values, &second_values]);
        let tails = interval::bootstrap(&comparison.differences);
        comparison.resampled(tails, None);
        comparison
    }

    /// Compares two arms image by image. For each arm and seed it takes the images, or `None` if it was not trained.
    pub(crate) fn by_image(
        metric: impl Into<String>,
        higher_is_better: bool,
        (first, first_images): (&str, Vec<Option<Images>>),
        (second, second_images): (&str, Vec<Option<Images>>),
    ) -> Self {
        let contest = Contest::new(vec![first_images, second_images]);
        let replicates = if contest.seeds() > 1 { contest.replicates() } else { Vec::new() };
        Self::in_contest(&metric.into(), higher_is_better, &[first, second], &contest, &replicates, [0, 1])
    }

    /// Compares two arms of a contest, whose resamples are given.
    fn in_contest(
        metric: &str,
        higher_is_better: bool,
        names: &[&str],
        contest: &Contest,
        replicates: &[Vec<f64>],
        arms: [usize; 2],
    ) -> Self {
        let name = |arm: usize| names.get(arm).copied().unwrap_or_default();
        let values = |arm: usize| contest.values().get(arm).map_or(&[][..], Vec::as_slice);
        let mut comparison = Self::paired(metric.to_owned(), higher_is_better, arms.map(name), arms.map(values));
        let differences = contest.differences(arms);
        if contest.seeds() > 1
            && let Some(components) = differences.as_deref().and_then(components::one_way)
        {
            let spread = (components.seed + components.image).sqrt();
            comparison.by_image = Some(ByImage {
                images: contest.images(),
                components,
                effect: (spread > 0.0).then(|| comparison.mean / spread),
                outlook: None,
            });
        }
        let tails = if contest.seeds() > 1 { contest::tails(replicates, arms) } else { None };
        comparison.resampled(tails, Some(replicates.len()));
        comparison
    }

    /// The part that follows from the values of the seeds; both arms have the same number of them.
    fn paired(metric: String, higher_is_better: bool, names: [&str; 2], values: [&[f64]; 2]) -> Self {
        let [first, second] = values;
        let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| second - first).collect();
        let [first_name, second_name] = names.map(str::to_owned);
        Self {
            metric,
            higher_is_better,
            first: first_name,
            second: second_name,
            means: values.map(|values| interval::mean(values).unwrap_or(0.0)),
            mean: interval::mean(&differences).unwrap_or(0.0),
            bootstrap: None,
            student: interval::student(&differences),
            p: None,
            adjusted_p: None,
            family: 1,
            other_sign: None,
            by_image: None,
            verdict: Verdict::NoClearDifference,
            differences,
        }
    }

    /// Adds the results of the resamples. `drawn` is the number drawn, `None` if all were enumerated.
    fn resampled(&mut self, tails: Option<interval::Tails>, drawn: Option<usize>) {
        let student_p = interval::student_p(&self.differences);
        let (Some(tails), Some(student_p)) = (tails, student_p) else { return };
        let beyond = match self.mean {
            mean if mean > 0.0 => tails.not_above.max(student_p / 2.0),
            mean if mean < 0.0 => tails.not_below.max(student_p / 2.0),
            _ => 0.5,
        };
        self.bootstrap = Some(tails.interval);
        self.p = Some(tails.p(drawn).max(student_p));
        self.other_sign = Some(beyond);
        self.adjusted_p = self.p;
        self.look_ahead();
        self.judge();
    }

    /// Adds the effect of more seeds, at the level that Holm's method requires of the smallest p of the family.
    fn look_ahead(&mut self) {
        let (mean, seeds, level) = (self.mean, self.seeds(), LEVEL / self.family.max(1) as f64);
        if let Some(by_image) = &mut self.by_image {
            by_image.outlook = outlook::outlook(mean, by_image.components, seeds, by_image.images, level);
        }
    }

    fn judge(&mut self) {
        let is_clear = self.adjusted_p.is_some_and(|p| p <= LEVEL);
        self.verdict = match self.mean {
            mean if is_clear && mean > 0.0 => Verdict::SecondHigher,
            mean if is_clear && mean < 0.0 => Verdict::FirstHigher,
            _ => Verdict::NoClearDifference,
        };
    }

    /// The number of seeds for which both arms have a value.
    pub(crate) fn seeds(&self) -> usize {
        self.differences.len()
    }

    /// The smallest interval that contains both intervals; it excludes 0 if the difference is clear.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        interval::union(self.bootstrap, self.student)
    }

    pub(crate) fn is_clear(&self) -> bool {
        self.verdict != Verdict::NoClearDifference
    }

    /// The name of the arm that is clearly better, if one is.
    pub(crate) fn better(&self) -> Option<&str> {
        match (self.verdict, self.higher_is_better) {
            (Verdict::NoClearDifference, _) => None,
            (Verdict::SecondHigher, true) | (Verdict::FirstHigher, false) => Some(&self.second),
            (Verdict::FirstHigher, true) | (Verdict::SecondHigher, false) => Some(&self.first),
        }
    }

    /// The number of seeds that would show a difference as large as the observed one with a probability of 80 %; `None` if it is not known or above
    /// [`MOST_SEEDS`].
    pub(crate) fn seeds_for_power(&self) -> Option<u32> {
        self.by_image?.outlook?.seeds_for_power
    }
}
