//! A population of foreground and background pixels, and the gradient that each loss gives to any pixel of it.

use loss_core::{Bce, Dice, Focal, Iou, Loss, Pointwise, Tversky};

use super::pixels::finish;
use super::{TheoryError, colours};
use crate::run::config::Losses;

/// The number of pixels that a population represents.
pub(super) const PIXELS: f64 = 4096.0;
/// The number of logits that represent each kind of pixel, each weighted by its number of pixels.
const LOGITS: usize = 256;
/// The standard deviation of the logits halfway through training, and the distance of their mean from 0: foreground above, background below.
pub(super) const DEVIATION: f64 = 2.0;
pub(super) const MEAN: f64 = 2.0;

/// The stage of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Every pixel is at p = ½.
    Start,
    /// Logits are normal around ±[`MEAN`].
    Halfway,
}

/// Logits, targets and weights that represent [`PIXELS`] pixels.
#[derive(Clone, Debug)]
pub(super) struct Population {
    pub(super) samples: Vec<(f32, bool, f32)>,
}

impl Population {
    /// A population with this share of foreground, strictly between 0 and 1.
    pub(super) fn new(stage: Stage, share: f64) -> Self {
        let of_kind = |foreground: bool, pixels: f64| {
            let centre = if foreground { MEAN } else { -MEAN };
            let weight = (pixels / LOGITS as f64) as f32;
            (0..LOGITS).map(move |i| {
                let logit = match stage {
                    Stage::Start => 0.0,
                    Stage::Halfway => centre + DEVIATION * normal_quantile((i as f64 + 0.5) / LOGITS as f64),
                };
                (logit as f32, foreground, weight)
            })
        };
        Self { samples: of_kind(true, share * PIXELS).chain(of_kind(false, (1.0 - share) * PIXELS)).collect() }
    }
}

/// The quantile of the standard normal distribution. `statrs` has it as well, but with the platform's logarithm, whose bits vary.
fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-40.0f64, 40.0f64);
    // Each turn halves the interval; 64 turns exhaust a float.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        let below = 0.5 * libm::erfc(-middle * core::f64::consts::FRAC_1_SQRT_2);
        if below < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// A loss of the figures, and its gradient over a population.
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) colour: usize,
    gradient: Box<dyn Fn(f32, bool) -> f32>,
}

impl Profile {
    fn new(
        name: &'static str,
        colour: usize,
        loss: impl Loss + 'static,
        population: &Population,
    ) -> Result<Self, TheoryError> {
        let gradient = finish(loss, population.samples.iter().copied())?.gradient();
        Ok(Self { name, colour, gradient: Box::new(move |logit, target| gradient.at((logit, target))) })
    }

    /// The pull: |∂L/∂z| of one pixel times the number of pixels. It is the slope of a pixel's loss if L were a mean over pixels.
    pub(super) fn pull(&self, logit: f32, target: bool) -> f64 {
        PIXELS * f64::from((self.gradient)(logit, target)).abs()
    }

    /// The share of Σ |∂L/∂z| that falls on foreground.
    pub(super) fn foreground_share(&self, population: &Population) -> f64 {
        let (mut foreground, mut background) = (0.0, 0.0);
        for &(logit, target, weight) in &population.samples {
            let pull = f64::from(weight) * self.pull(logit, target);
            if target { foreground += pull } else { background += pull }
        }
        foreground / (foreground + background)
    }
}

/// The losses of the figures over a population.
pub(super) fn profiles(losses: &Losses, population: &Population) -> Result<Vec<Profile>, TheoryError> {
    let Losses { smooth, tversky: [alpha, beta], gamma, .. } = *losses;
    let both = Bce::new().mean() + Dice::new(smooth)?;
    Ok(vec![
        Profile::new("BCE", colours::BCE, Bce::new().mean(), population)?,
        Profile::new("BCE + Dice", colours::BCE_DICE, both, population)?,
        Profile::new("Dice", colours::DICE, Dice::new(smooth)?, population)?,
        Profile::new("IoU", colours::IOU, Iou::new(smooth)?, population)?,
        Profile::new("focal", colours::FOCAL, Focal::new(gamma as f32)?.mean(), population)?,
        Profile::new("Tversky", colours::TVERSKY, Tversky::new(alpha, beta, smooth)?, population)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::super::tests::losses;
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        for (probability, expected) in [(0.5, 0.0), (0.975, 1.959963984540054), (0.001, -3.090232306167813)] {
            assert!((normal_quantile(probability) - expected).abs() < 1e-12, "{probability}");
        }
    }

    #[test]
    fn a_population_has_its_share_and_spread() {
        let population = Population::new(Stage::Halfway, 0.05);
        let weight = |foreground| {
            let of_kind = population.samples.iter().filter(|sample| sample.1 == foreground);
            of_kind.map(|sample| f64::from(sample.2)).sum::<f64>()
        };
        assert!((weight(true) / 204.8 - 1.0).abs() < 1e-6 && (weight(false) / 3891.2 - 1.0).abs() < 1e-6);
        let logits = population.samples.iter().filter(|sample| sample.1).map(|sample| f64::from(sample.0));
        let mean = logits.clone().sum::<f64>() / 256.0;
        let variance = logits.map(|logit| (logit - mean) * (logit - mean)).sum::<f64>() / 256.0;
        assert!((mean - MEAN).abs() < 1e-5 && (variance.sqrt() - DEVIATION).abs() < 0.02, "{mean} {variance}");
    }

    /// Moves one pixel, and compares the change of the population's loss.
    #[test]
    fn a_pull_is_the_derivative_times_the_number_of_pixels() {
        let population = Population::new(Stage::Halfway, 0.2);
        let (logit, target, weight) = population.samples[77];
        let value = |step: f32| {
            let mut moved = population.samples.clone();
            moved[77].0 = logit + step;
            finish(Dice::new(losses().smooth).unwrap(), moved).unwrap().value()
        };
        let rise = (value(1.0 / 32.0) - value(-1.0 / 32.0)) * 16.0 / f64::from(weight) * PIXELS;
        let profiles = profiles(&losses(), &population).unwrap();
        let pull = profiles.iter().find(|profile| profile.name == "Dice").unwrap().pull(logit, target);
        assert!((pull / rise.abs() - 1.0).abs() < 2e-3, "{pull} {rise}");
    }

    /// At p = ½ a mean over pixels gives every pixel the same gradient, so foreground's share of it is its share of the pixels.
    #[test]
    fn pointwise_losses_share_by_number_at_the_start() {
        let population = Population::new(Stage::Start, 0.03);
        for profile in profiles(&losses(), &population).unwrap() {
            let share = profile.foreground_share(&population);
            match profile.name {
                "BCE" | "focal" => assert!((share - 0.03).abs() < 1e-6, "{share}"),
                name => assert!(share > 0.04, "{name}: {share}"),
            }
        }
    }
}
