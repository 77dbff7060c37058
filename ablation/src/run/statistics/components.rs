//! The sources of variance: unbiased estimates by the analysis of variance, with images nested in seeds.

use serde::{Deserialize, Serialize};

/// The variance of one number per image, split into that between seeds and that between the images of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Components {
    pub(crate) seed: f64,
    pub(crate) image: f64,
}

/// The variance of an image's score over losses, seeds and images, split into its sources. A negative estimate becomes 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Split {
    /// Between losses: the effect that an experiment looks for.
    pub(crate) loss: f64,
    /// Between seeds, equal for all losses: other images, first weights and order.
    pub(crate) seed: f64,
    /// Between the images of a seed, equal for all losses: some images are easier.
    pub(crate) image: f64,
    /// Of the combination of loss and seed: a loss has better and worse seeds. Only more seeds reduce it.
    pub(crate) loss_by_seed: f64,
    /// Of the combination of loss and image, and everything else: a loss has better and worse images. More images reduce it.
    pub(crate) residual: f64,
}

/// A negative estimate becomes 0.
fn variance(estimate: f64) -> f64 {
    if estimate > 0.0 { estimate } else { 0.0 }
}

/// The numbers of images of the seeds. All three are m if every seed has m images.
struct Sizes {
    /// N, the number over all seeds.
    all: f64,
    seeds: f64,
    /// (N − Σ mₛ²/N) / (n − 1).
    between: f64,
    /// Σ mₛ² / N.
    within: f64,
}

impl Sizes {
    /// `None` unless there are two seeds, and more images than seeds.
    fn of(images: impl Iterator<Item = usize>) -> Option<Self> {
        let (mut all, mut squares, mut seeds) = (0.0, 0.0, 0.0);
        for count in images {
            let count = count as f64;
            (all, squares, seeds) = (all + count, squares + count * count, seeds + 1.0);
        }
        let is_enough = seeds > 1.0 && all > seeds;
        is_enough.then(|| Self { all, seeds, between: (all - squares / all) / (seeds - 1.0), within: squares / all })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// One number per image, by seed: y = µ + seed + image. `None` unless there are two seeds, and more images than seeds.
///
/// σ²_image = MS_within; σ²_seed = (MS_between − MS_within) / m.
pub(super) fn one_way(by_seed: &[Vec<f64>]) -> Option<Components> {
    let sizes = Sizes::of(by_seed.iter().map(Vec::len))?;
    let grand = by_seed.iter().flatten().sum::<f64>() / sizes.all;
    let (mut between, mut within) = (0.0, 0.0);
    for values in by_seed {
        let of_seed = mean(values);
        between += values.len() as f64 * (of_seed - grand) * (of_seed - grand);
        within += values.iter().map(|value| (value - of_seed) * (value - of_seed)).sum::<f64>();
    }
    let (between, within) = (between / (sizes.seeds - 1.0), within / (sizes.all - sizes.seeds));
    Some(Components { seed: variance((between - within) / sizes.between), image: variance(within) })
}

/// One number per loss and image: y = µ + loss + seed + image(seed) + loss·seed + residual, all random, with images nested in seeds and crossed with
/// losses. `scores[loss][seed][image]`; `None` unless there are two losses, two seeds, and more images than seeds.
///
/// Let MS be the mean square of each term, with a losses and n seeds of m images each. The estimates are:
/// residual MS_E; loss·seed (MS_LS − MS_E)/m; image (MS_I − MS_E)/a; seed (MS_S − MS_I − MS_LS + MS_E)/(a·m); loss (MS_L − MS_LS)/(n·m). If
/// seeds have different numbers of images, m is (N − Σmₛ²/N)/(n − 1), and the loss's estimate is (MS_L − MS_E − σ²_LS·Σmₛ²/N)/N.
pub(crate) fn split(scores: &[Vec<Vec<f64>>]) -> Option<Split> {
    let losses = scores.len() as f64;
    let first = scores.first()?;
    if scores.len() < 2 || scores.iter().any(|loss| !loss.iter().map(Vec::len).eq(first.iter().map(Vec::len))) {
        return None;
    }
    let sizes = Sizes::of(first.iter().map(Vec::len))?;
    let grand = scores.iter().flatten().flatten().sum::<f64>() / (losses * sizes.all);
    let of_loss: Vec<f64> = scores.iter().map(|loss| loss.iter().flatten().sum::<f64>() / sizes.all - grand).collect();
    let [mut seed, mut image, mut loss_by_seed, mut residual] = [0.0; 4];
    for (place, images) in first.iter().enumerate() {
        let of_seed: Vec<&Vec<f64>> = scores.iter().filter_map(|loss| loss.get(place)).collect();
        let means: Vec<f64> = of_seed.iter().map(|values| mean(values)).collect();
        let seed_mean = mean(&means);
        let count = images.len() as f64;
        seed += losses * count * (seed_mean - grand) * (seed_mean - grand);
        for (of_loss, mean) in of_loss.iter().zip(&means) {
            let interaction = mean - seed_mean - of_loss;
            loss_by_seed += count * interaction * interaction;
        }
        for index in 0..images.len() {
            let values: Vec<f64> = of_seed.iter().filter_map(|values| values.get(index).copied()).collect();
            let image_mean = mean(&values);
            image += losses * (image_mean - seed_mean) * (image_mean - seed_mean);
            for (value, of_both) in values.iter().zip(&means) {
                let left = value - of_both - image_mean + seed_mean;
                residual += left * left;
            }
        }
    }
    let freedom = (losses - 1.0, sizes.seeds - 1.0, sizes.all - sizes.seeds);
    let loss = sizes.all * of_loss.iter().map(|effect| effect * effect).sum::<f64>() / freedom.0;
    let residual = residual / (freedom.0 * freedom.2);
    let loss_by_seed = loss_by_seed / (freedom.0 * freedom.1);
    let image = image / freedom.2;
    let seed = seed / freedom.1;
    let interaction = (loss_by_seed - residual) / sizes.between;
    Some(Split {
        loss: variance((loss - residual - sizes.within * interaction) / sizes.all),
        seed: variance((seed - image - loss_by_seed + residual) / (losses * sizes.between)),
        image: variance((image - residual) / losses),
        loss_by_seed: variance(interaction),
        residual: variance(residual),
    })
}

impl Split {
    pub(crate) fn total(&self) -> f64 {
        self.loss + self.seed + self.image + self.loss_by_seed + self.residual
    }
}
