//! The keys of all settings, and the values that each accepts.

/// A setting, as the file and the errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// The key with its tables: "training.steps".
    pub(super) key: &'static str,
    /// The text after "accepted: ".
    pub(super) accepted: &'static str,
}

const fn setting(key: &'static str, accepted: &'static str) -> Setting {
    Setting { key, accepted }
}

// Limits that the command line shares.
pub(super) use crate::arguments::{LARGEST_SEED, MOST_SEEDS};

// Beyond what a run on one machine can use, and far below an overflow; memory sets a lower limit (`run/memory.rs`).
pub(super) const MOST_STEPS: usize = 1_000_000;
pub(super) const MOST_EVALUATIONS: usize = 10_000;
pub(super) const MOST_IMAGES: usize = 1_000_000;
pub(super) const MOST_CHANNELS: usize = 64;
pub(super) const MOST_ANNOTATORS: usize = 100;
pub(super) const LARGEST_SIZE: usize = 512;
/// The longest list.
pub(super) const MOST_ENTRIES: usize = 50;
/// The largest number that scales something.
pub(super) const LARGEST_FACTOR: f64 = 1e6;
pub(super) const LARGEST_LEARNING_RATE: f64 = 1000.0;
pub(super) const LARGEST_GAMMA: f64 = 100.0;

/// All settings, in the order of the file.
pub(super) const SETTINGS: &[Setting] = &[
    setting("seeds", "a whole number from 1 to 1000"),
    setting("first_seed", "a whole number from 0, so that the last seed is at most 9007199254740991"),
    setting("training.steps", STEPS),
    setting("training.damage_steps", STEPS),
    setting(
        "training.evaluations",
        "a whole number from 1 to training.steps and to training.damage_steps, at most 10000",
    ),
    setting("training.batch", "a whole number from 1 to data.training_images and to damage.training_images"),
    setting("training.learning_rate", RATE),
    setting("training.damage_learning_rate", RATE),
    setting("training.base_channels", "a whole number from 1 to 64"),
    setting("training.head_bias", "\"zero\" or \"prior\""),
    setting("data.size", "a multiple of 8 from 16 to 512"),
    setting("data.training_images", IMAGES),
    setting("data.held_out_images", IMAGES),
    setting("data.share", "a number above 0, at most 0.5, large enough for at least one foreground pixel"),
    setting(
        "data.rare_shares",
        "a list of 1 to 50 numbers, each above 0, at most 0.5, large enough for at least one foreground pixel, none twice",
    ),
    setting("data.contrast", FACTOR),
    setting("data.noise", FACTOR),
    setting("data.soft_edge", "a number from 0 to 512"),
    setting("data.label_noise", "a number from 0 to 0.5"),
    setting("data.shapes.blobs", SHAPE),
    setting("data.shapes.ellipses", SHAPE),
    setting("data.shapes.roads", SHAPE),
    setting("data.shapes.small_objects", SHAPE),
    setting(
        "damage.shares",
        "a list of five numbers, each above 0, at most 1e6, and large enough for at least one pixel",
    ),
    setting("damage.training_images", IMAGES),
    setting("damage.held_out_images", IMAGES),
    setting("damage.class_weights", "a list of five numbers, each from 0 to 1e6 and one above 0"),
    setting("damage.lambdas", "a list of three numbers, each from 0 to 1e6 and the last above 0"),
    setting("losses.smooth", FACTOR),
    setting("losses.tversky", "a list of two numbers, each from 0 to 1e6"),
    setting("losses.gamma", "a number from 0 to 100"),
    setting("losses.gammas", "a list of 1 to 50 numbers, each from 0 to 100, in ascending order, none twice"),
    setting("losses.own", "a list of at most 50 loss expressions such as \"bce + dice(smooth=1)\""),
    setting("robustness.seeds", "a whole number from 1 to 1000"),
    setting("robustness.label_noise", "a number from 0 to 0.5"),
    setting("robustness.annotators", "a whole number from 2 to 100"),
    setting("sensitivity.seeds", "a whole number from 1 to 1000"),
    setting("sensitivity.steps", STEPS),
    setting(
        "sensitivity.size",
        "a multiple of 8 from 16 to 512, large enough for at least one foreground pixel at data.share",
    ),
    setting("sensitivity.training_images", "a whole number from training.batch to 1000000"),
    setting("sensitivity.held_out_images", IMAGES),
    setting(
        "sensitivity.learning_rates",
        "a list of 2 to 50 numbers, each above 0, at most 1000, in ascending order, none twice",
    ),
    setting("sensitivity.gammas", "a list of 2 to 50 numbers, each from 0 to 100, in ascending order, none twice"),
    setting("sensitivity.alphas", SHARES),
    setting("sensitivity.lambdas", SHARES),
    setting("sensitivity.smooths", "a list of 2 to 50 numbers, each from 0 to 1e6, in ascending order, none twice"),
];

const STEPS: &str = "a whole number from 1 to 1000000";
const IMAGES: &str = "a whole number from 1 to 1000000";
const RATE: &str = "a number above 0, at most 1000";
const SHARES: &str = "a list of 2 to 50 numbers, each from 0 to 1, in ascending order, none twice";
const FACTOR: &str = "a number from 0 to 1e6";
const SHAPE: &str = "a number from 0 to 1e6, and not 0 for all shapes";

/// The values that a setting accepts; for a table, that it is a table.
pub(super) fn accepted(key: &str) -> &'static str {
    SETTINGS.iter().find(|setting| setting.key == key).map_or("a table of settings", |setting| setting.accepted)
}

/// The names that may be directly in this table ("" is the outermost), tables included.
pub(super) fn names_in(table: &str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for setting in SETTINGS {
        let inside = match table {
            "" => Some(setting.key),
            _ => setting.key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')),
        };
        let name = inside.and_then(|inside| inside.split('.').next());
        names.extend(name.filter(|name| names.last() != Some(name)));
    }
    names
}
