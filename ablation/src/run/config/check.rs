//! The ranges of all settings.

use super::error::Place;
use super::settings::{
    LARGEST_FACTOR, LARGEST_GAMMA, LARGEST_LEARNING_RATE, LARGEST_SEED, LARGEST_SIZE, MOST_ANNOTATORS, MOST_CHANNELS,
    MOST_ENTRIES, MOST_EVALUATIONS, MOST_IMAGES, MOST_SEEDS, MOST_STEPS, accepted,
};
use super::{Config, ConfigError, Shapes};
use crate::report::numbers::percent_as_set;
use loss_expression::Expression;

impl Config {
    /// Returns the settings if each is in its range.
    pub(crate) fn validate(self) -> Result<Self, ConfigError> {
        self.check(|_| Place::default())?;
        Ok(self)
    }

    /// Fails with the first setting that is out of its range; `place` returns where a key was set.
    pub(super) fn check(&self, place: impl Fn(&str) -> Place) -> Result<(), ConfigError> {
        for (key, found) in self.faults() {
            if let Some(found) = found {
                return Err(ConfigError::Setting {
                    place: place(key),
                    key: key.to_owned(),
                    found,
                    accepted: accepted(key),
                });
            }
        }
        for (index, text) in self.losses.own.iter().enumerate() {
            text.parse::<Expression>().map_err(|error| ConfigError::Own {
                place: place("losses.own"),
                number: index + 1,
                error: Box::new(error),
            })?;
        }
        Ok(())
    }

    /// Each key, with the value found if it is out of range.
    fn faults(&self) -> Vec<(&'static str, Option<String>)> {
        let Self { seeds, first_seed, training, data, damage, losses, robustness, sensitivity, images: real } = self;
        let Shapes { blobs, ellipses, roads, small_objects } = data.shapes;
        let shapes = [blobs, ellipses, roads, small_objects];
        let some_shape = shapes.iter().any(|shape| *shape > 0.0);
        let fewest_steps = training.steps.min(training.damage_steps);
        let steps = |steps: usize| (1..=MOST_STEPS).contains(&steps);
        let images = |images: usize| (1..=MOST_IMAGES).contains(&images);
        let most_in_batch = data.training_images.min(damage.training_images);
        let last_seed = first_seed.checked_add(u64::from(*seeds).saturating_sub(1));
        let few_pixels = |share: f64| self.foreground_pixels(share) < 1.0;
        let pixels = self.fewest_pixels();
        // The measured share of real images is always accepted.
        let share = |share: f64| real.is_some() || (in_half(share) && !few_pixels(share));
        let why = |share: f64| match in_half(share) && few_pixels(share) {
            true => format!("{share:?}, which is no pixel of {pixels}"),
            false => format!("{share:?}"),
        };
        let rising = losses.gammas.windows(2).all(|pair| pair.first() < pair.last());
        let rare_fault = data.rare_shares.iter().copied().find(|rare| !share(*rare));
        vec![
            ("seeds", fault((1..=MOST_SEEDS).contains(seeds), seeds)),
            ("first_seed", fault(last_seed.is_some_and(|last| last <= LARGEST_SEED), first_seed)),
            ("training.steps", fault(steps(training.steps), training.steps)),
            ("training.damage_steps", fault(steps(training.damage_steps), training.damage_steps)),
            ("data.training_images", fault(images(data.training_images), data.training_images)),
            ("data.held_out_images", fault(images(data.held_out_images), data.held_out_images)),
            ("damage.training_images", fault(images(damage.training_images), damage.training_images)),
            ("damage.held_out_images", fault(images(damage.held_out_images), damage.held_out_images)),
            (
                "training.evaluations",
                fault(
                    (1..=fewest_steps.min(MOST_EVALUATIONS)).contains(&training.evaluations),
                    format!("{} of {fewest_steps} steps", training.evaluations),
                ),
            ),
            (
                "training.batch",
                fault(
                    (1..=most_in_batch).contains(&training.batch),
                    format!("{} of {most_in_batch} training images", training.batch),
                ),
            ),
            ("training.learning_rate", fault(rate(training.learning_rate), Real(training.learning_rate))),
            (
                "training.damage_learning_rate",
                fault(rate(training.damage_learning_rate), Real(training.damage_learning_rate)),
            ),
            (
                "training.base_channels",
                fault((1..=MOST_CHANNELS).contains(&training.base_channels), training.base_channels),
            ),
            ("data.size", fault(is_size(data.size), data.size)),
            ("data.share", fault(share(data.share), why(data.share))),
            (
                "data.rare_shares",
                fault(
                    rare_fault.is_none() && is_list(&data.rare_shares) && !repeats(&data.rare_shares),
                    rare_fault.map_or_else(
                        || List(&data.rare_shares).to_string(),
                        |rare| format!("{}, with {}", List(&data.rare_shares), why(rare)),
                    ),
                ),
            ),
            ("data.contrast", fault(factor(data.contrast), Real(data.contrast))),
            ("data.noise", fault(factor(data.noise), Real(data.noise))),
            ("data.soft_edge", fault((0.0..=LARGEST_SIZE as f64).contains(&data.soft_edge), Real(data.soft_edge))),
            ("data.label_noise", fault((0.0..=0.5).contains(&data.label_noise), Real(data.label_noise))),
            ("data.shapes.blobs", fault(factor(blobs) && some_shape, Real(blobs))),
            ("data.shapes.ellipses", fault(factor(ellipses), Real(ellipses))),
            ("data.shapes.roads", fault(factor(roads), Real(roads))),
            ("data.shapes.small_objects", fault(factor(small_objects), Real(small_objects))),
            ("damage.shares", fault(self.damage_shares_are_seen(), List(&damage.shares))),
            (
                "damage.class_weights",
                fault(
                    damage.class_weights.iter().all(|weight| factor(*weight))
                        && damage.class_weights.iter().any(|weight| *weight > 0.0),
                    List(&damage.class_weights),
                ),
            ),
            (
                "damage.lambdas",
                fault(
                    damage.lambdas.iter().all(|lambda| factor(*lambda)) && damage.lambdas[2] > 0.0,
                    List(&damage.lambdas),
                ),
            ),
            ("losses.smooth", fault(factor(losses.smooth), Real(losses.smooth))),
            ("losses.tversky", fault(losses.tversky.iter().all(|share| factor(*share)), List(&losses.tversky))),
            ("losses.gamma", fault(gamma(losses.gamma), Real(losses.gamma))),
            (
                "losses.gammas",
                fault(
                    is_list(&losses.gammas) && losses.gammas.iter().copied().all(gamma) && rising,
                    List(&losses.gammas),
                ),
            ),
            (
                "losses.own",
                fault(losses.own.len() <= MOST_ENTRIES, format!("a list of {} expressions", losses.own.len())),
            ),
            ("robustness.seeds", fault((1..=MOST_SEEDS).contains(&robustness.seeds), robustness.seeds)),
            (
                "robustness.label_noise",
                fault((0.0..=0.5).contains(&robustness.label_noise), Real(robustness.label_noise)),
            ),
            (
                "robustness.annotators",
                fault((2..=MOST_ANNOTATORS).contains(&robustness.annotators), robustness.annotators),
            ),
            ("sensitivity.seeds", fault((1..=MOST_SEEDS).contains(&sensitivity.seeds), sensitivity.seeds)),
            ("sensitivity.steps", fault(steps(sensitivity.steps), sensitivity.steps)),
            (
                "sensitivity.training_images",
                fault(
                    images(sensitivity.training_images) && sensitivity.training_images >= training.batch,
                    format!("{} with a batch of {}", sensitivity.training_images, training.batch),
                ),
            ),
            ("sensitivity.held_out_images", fault(images(sensitivity.held_out_images), sensitivity.held_out_images)),
            (
                "sensitivity.size",
                fault(
                    is_size(sensitivity.size) && self.foreground_of_cells() >= 1.0,
                    format!("{} with a share of {:?}", sensitivity.size, data.share),
                ),
            ),
            ("sensitivity.learning_rates", grid(&sensitivity.learning_rates, rate)),
            ("sensitivity.gammas", grid(&sensitivity.gammas, gamma)),
            ("sensitivity.alphas", grid(&sensitivity.alphas, part)),
            ("sensitivity.lambdas", grid(&sensitivity.lambdas, part)),
            ("sensitivity.smooths", grid(&sensitivity.smooths, factor)),
        ]
    }

    /// Whether each class has at least one pixel in the smaller of the sets of pairs.
    fn damage_shares_are_seen(&self) -> bool {
        let Self { data, damage, .. } = self;
        let pairs = damage.training_images.min(damage.held_out_images) as f64;
        let pixels = (data.size as f64) * (data.size as f64) * pairs;
        let sum: f64 = damage.shares.iter().sum();
        damage.shares.iter().all(|share| *share > 0.0 && factor(*share) && (share / sum * pixels).round() >= 1.0)
    }

    /// The number of foreground pixels of this share, in the smaller of the sets of images.
    fn foreground_pixels(&self, share: f64) -> f64 {
        let Self { data, .. } = self;
        let images = data.training_images.min(data.held_out_images) as f64;
        (share * (data.size as f64) * (data.size as f64) * images).round()
    }

    /// The number of foreground pixels of the small images, in the smaller of their sets.
    fn foreground_of_cells(&self) -> f64 {
        let Self { data, sensitivity, .. } = self;
        let images = sensitivity.training_images.min(sensitivity.held_out_images) as f64;
        (data.share * (sensitivity.size as f64) * (sensitivity.size as f64) * images).round()
    }

    fn fewest_pixels(&self) -> String {
        let Self { data, .. } = self;
        format!("{} images of {} × {}", data.training_images.min(data.held_out_images), data.size, data.size)
    }
}

fn fault(is_accepted: bool, found: impl std::fmt::Display) -> Option<String> {
    (!is_accepted).then(|| found.to_string())
}

/// Whether two numbers would look the same in the report.
fn repeats(shares: &[f64]) -> bool {
    let mut told: Vec<String> = shares.iter().map(|share| percent_as_set(*share)).collect();
    told.sort();
    told.windows(2).any(|pair| pair.first() == pair.last())
}

fn rate(value: f64) -> bool {
    value > 0.0 && value <= LARGEST_LEARNING_RATE
}

fn factor(value: f64) -> bool {
    (0.0..=LARGEST_FACTOR).contains(&value)
}

fn gamma(value: f64) -> bool {
    (0.0..=LARGEST_GAMMA).contains(&value)
}

fn part(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

fn is_size(size: usize) -> bool {
    (16..=LARGEST_SIZE).contains(&size) && size.is_multiple_of(8)
}

/// The value found for one side of a grid, if it is out of range: it needs two accepted values in ascending order.
fn grid(values: &[f64], accepts: fn(f64) -> bool) -> Option<String> {
    let rising = values.windows(2).all(|pair| pair.first() < pair.last());
    let is_accepted = values.len() >= 2 && is_list(values) && values.iter().copied().all(accepts) && rising;
    fault(is_accepted, List(values))
}

fn is_list<T>(entries: &[T]) -> bool {
    (1..=MOST_ENTRIES).contains(&entries.len())
}

fn in_half(share: f64) -> bool {
    share > 0.0 && share <= 0.5
}

/// A number as it is written in the file.
struct Real(f64);

impl std::fmt::Display for Real {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

struct List<'a>(&'a [f64]);

impl std::fmt::Display for List<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.len() > MOST_ENTRIES {
            return write!(f, "a list of {} numbers", self.0.len());
        }
        write!(f, "{:?}", self.0)
    }
}
