//! The trained arms, in the form that the exercises need.

use super::arm::{Arm, NamedLoss};
use super::config::Config;
use super::dataset::Sets;
use super::fate::Fate;
use super::metrics::name::{self, is_better_lower};
use super::model::{Cell, Look, Series};
use super::statistics::{Comparison, Contest, Images, Ranking, Summary};
use super::task::Task;
use super::training::{Step, Trained};

/// Everything from which the exercises' sections are made.
pub(crate) struct Outcomes<'a> {
    pub(crate) config: &'a Config,
    pub(crate) sets: &'a Sets,
    pub(crate) arms: &'a [Arm],
    pub(crate) fates: &'a [Fate],
}

/// One loss on one task, with all seeds.
#[derive(Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) loss: NamedLoss,
    /// By seed; `None` where the arm was not trained.
    pub(crate) by_seed: Vec<Option<&'a Trained>>,
}

impl<'a> Outcomes<'a> {
    /// A loss on a task.
    fn entry(&self, task: Task, loss: &NamedLoss) -> Entry<'a> {
        let trained = |seed| {
            let asked = Arm { task, loss: loss.clone(), seed };
            let place = self.arms.iter().position(|arm| arm.is_same_training(&asked))?;
            match self.fates.get(place)? {
                Fate::Trained { trained, .. } => Some(trained),
                _ => None,
            }
        };
        Entry { loss: loss.clone(), by_seed: self.config.seeds().map(trained).collect() }
    }

    /// The losses of an exercise, each on its task.
    pub(crate) fn entries(&self, arms: &[(Task, NamedLoss)]) -> Vec<Entry<'a>> {
        arms.iter().map(|(task, loss)| self.entry(*task, loss)).collect()
    }
}

impl<'a> Entry<'a> {
    pub(crate) fn name(&self) -> &str {
        &self.loss.name
    }

    /// The seeds that were trained.
    pub(crate) fn trained(&self) -> impl Iterator<Item = &'a Trained> + '_ {
        self.by_seed.iter().copied().flatten()
    }

    /// The training with the first seed, for pictures.
    pub(crate) fn first(&self) -> Option<&'a Trained> {
        self.by_seed.first().copied().flatten()
    }

    /// A metric after the last step, by seed.
    pub(crate) fn metric(&self, name: &str) -> Vec<Option<f64>> {
        self.by_seed.iter().map(|trained| trained.and_then(|trained| metric_of(trained, name))).collect()
    }

    pub(crate) fn summary(&self, name: &str) -> Option<Summary> {
        Summary::new(&self.metric(name))
    }

    /// A metric after the last step as a cell: the mean with the smallest and the largest value.
    pub(crate) fn cell(&self, name: &str, decimals: usize) -> Cell {
        spread_cell(&self.metric(name), decimals)
    }

    /// A metric by step: the mean over the seeds, with the smallest and the largest value.
    pub(crate) fn history(&self, name: &str) -> Series {
        let steps: Vec<usize> = self
            .trained()
            .next()
            .map_or(Vec::new(), |first| first.evaluations.iter().map(|evaluation| evaluation.step).collect());
        let at = |index: usize| {
            let value = |trained: &Trained| trained.evaluations.get(index)?.metrics.get(name).copied().flatten();
            let values: Vec<Option<f64>> = self.trained().map(value).collect();
            Summary::new(&values)
        };
        let points = steps.iter().enumerate().map(|(index, step)| (*step as f64, at(index)));
        self.series(points.collect())
    }

    /// A number of each optimiser step: means over windows of steps, then over seeds.
    pub(crate) fn by_steps(&self, windows: usize, of: impl Fn(&Step) -> Option<f64>) -> Series {
        let steps = self.trained().map(|trained| trained.steps.len()).max().unwrap_or(0);
        let width = steps.div_ceil(windows.max(1)).max(1);
        let window = |first: usize| {
            let mean = |trained: &Trained| {
                let values: Vec<Option<f64>> = trained.steps.iter().skip(first).take(width).map(&of).collect();
                Summary::new(&values).map(|summary| summary.mean)
            };
            let values: Vec<Option<f64>> = self.trained().map(mean).collect();
            let last = (first + width).min(steps);
            ((first + 1 + last) as f64 / 2.0, Summary::new(&values))
        };
        self.series((0..steps).step_by(width).map(window).collect())
    }

    pub(crate) fn series(&self, points: Vec<(f64, Option<Summary>)>) -> Series {
        Series {
            name: self.loss.name.clone(),
            colour: self.loss.colour,
            look: Look::Line,
            x: points.iter().map(|(x, _)| *x).collect(),
            y: points.iter().map(|(_, summary)| summary.as_ref().map(|summary| summary.mean)).collect(),
            spread: points
                .iter()
                .map(|(_, summary)| summary.as_ref().map(|summary| [summary.low, summary.high]))
                .collect(),
        }
    }

    /// The held-out images by seed, if this metric is made of images; otherwise `None`.
    fn images(&self, metric: &str) -> Option<Vec<Option<Images>>> {
        let of_images = |trained: &Trained| images_of(trained, metric);
        let by_seed: Vec<Option<Images>> = self.by_seed.iter().map(|trained| trained.and_then(of_images)).collect();
        by_seed.iter().any(Option::is_some).then_some(by_seed)
    }

    /// Compares this entry with another: image by image if the metric is made of images, otherwise seed by seed.
    pub(crate) fn against(&self, second: &Entry<'_>, metric: &str) -> Comparison {
        let higher_is_better = !is_better_lower(metric);
        if let (Some(ours), Some(theirs)) = (self.images(metric), second.images(metric)) {
            return Comparison::by_image(metric, higher_is_better, (self.name(), ours), (second.name(), theirs));
        }
        let (ours, theirs) = (self.metric(metric), second.metric(metric));
        Comparison::new(metric, higher_is_better, (self.name(), &ours), (second.name(), &theirs))
    }
}

/// The images behind a metric in one training; `None` if images have no part in it.
fn images_of(trained: &Trained, metric: &str) -> Option<Images> {
    let images = &trained.judgement.images;
    let counts = |skipped: usize| images.iter().map(move |image| image.counts.iter().skip(skipped).copied().collect());
    match metric {
        name::POOLED_DICE => Some(Images::Pooled(counts(0).collect())),
        // Class 0 is background.
        name::MEAN_DICE => Some(Images::Pooled(counts(1).collect())),
        _ => images.iter().map(|image| image.metrics.get(metric).copied()).collect::<Option<_>>().map(Images::Values),
    }
    .filter(|images| images.len() > 0)
}

/// A contest of some entries in a metric made of images, on the seeds that all of them have; `None` without such a seed.
pub(crate) fn contest(entries: &[Entry<'_>], metric: &str) -> Option<Contest> {
    let images: Option<Vec<_>> = entries.iter().map(|entry| entry.images(metric)).collect();
    Some(Contest::new(images?)).filter(|contest| contest.seeds() > 0)
}

/// The ranking of some entries by such a metric.
pub(crate) fn ranking(entries: &[Entry<'_>], metric: &str) -> Option<Ranking> {
    let names: Vec<&str> = entries.iter().map(Entry::name).collect();
    Ranking::new(metric, !is_better_lower(metric), &names, &contest(entries, metric)?)
}

pub(crate) fn metric_of(trained: &Trained, name: &str) -> Option<f64> {
    trained.judgement.metrics.get(name).copied().flatten()
}

/// The mean over the seeds with the smallest and the largest value; for one seed the number.
pub(crate) fn spread_cell(values: &[Option<f64>], decimals: usize) -> Cell {
    Summary::new(values)
        .map_or_else(|| Cell::number(None, decimals), |summary| Cell::summary(summary, decimals, values.len()))
}
