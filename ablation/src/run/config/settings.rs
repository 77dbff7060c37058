//! The keys of all settings, and what each accepts.

/// A setting, as the file and the errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// With the tables it is in: "training.steps".
    pub(super) key: &'static str,
    /// What completes "accepted: ".
    pub(super) accepted: &'static str,
}

const fn setting(key: &'static str, accepted: &'static str) -> Setting {
    Setting { key, accepted }
}

/// The largest seed: every reader of JSON holds it exactly.
pub(super) const LARGEST_SEED: u64 = (1 << 53) - 1;

/// In the order of the file.
pub(super) const SETTINGS: &[Setting] = &[
    setting("seeds", "a whole number from 1 to 1000"),
    setting("first_seed", "a whole number from 0, so that the last seed is at most 9007199254740991"),
    setting("training.steps", "a whole number, at least 1"),
    setting("training.damage_steps", "a whole number, at least 1"),
    setting("training.evaluations", "a whole number from 1 to training.steps and to training.damage_steps"),
    setting("training.batch", "a whole number from 1 to data.training_images and to damage.training_images"),
    setting("training.learning_rate", "a number above 0"),
    setting("training.damage_learning_rate", "a number above 0"),
    setting("training.base_channels", "a whole number from 1 to 64"),
    setting("training.head_bias", "\"zero\" or \"prior\""),
    setting("data.size", "a multiple of 8 from 16 to 512"),
    setting("data.training_images", "a whole number, at least 1"),
    setting("data.held_out_images", "a whole number, at least 1"),
    setting("data.share", "a number above 0, at most 0.5, of which the images have a foreground pixel at least"),
    setting(
        "data.rare_shares",
        "a list of one number or more, each above 0, at most 0.5, none twice, and of which the images have a foreground pixel at least",
    ),
    setting("data.contrast", "a number, at least 0"),
    setting("data.noise", "a number, at least 0"),
    setting("data.soft_edge", "a number, at least 0"),
    setting("data.label_noise", "a number from 0 to 0.5"),
    setting("data.shapes.blobs", SHAPE),
    setting("data.shapes.ellipses", SHAPE),
    setting("data.shapes.roads", SHAPE),
    setting("data.shapes.small_objects", SHAPE),
    setting("damage.shares", "a list of five numbers, each above 0 and of which the pairs have a pixel at least"),
    setting("damage.training_images", "a whole number, at least 1"),
    setting("damage.held_out_images", "a whole number, at least 1"),
    setting("damage.class_weights", "a list of five numbers, each at least 0 and one above 0"),
    setting("damage.lambdas", "a list of three numbers, each at least 0 and the last above 0"),
    setting("losses.smooth", "a number, at least 0"),
    setting("losses.tversky", "a list of two numbers, each at least 0"),
    setting("losses.gamma", "a number, at least 0"),
    setting("losses.gammas", "a list of one number or more, each at least 0, in rising order, none twice"),
    setting("losses.own", "a list of loss expressions such as \"bce + dice(smooth=1)\""),
];

const SHAPE: &str = "a number, at least 0, and not 0 for all shapes";

/// What a setting accepts; of a table, that it is one.
pub(super) fn accepted(key: &str) -> &'static str {
    SETTINGS.iter().find(|setting| setting.key == key).map_or("a table of settings", |setting| setting.accepted)
}

/// The names that may stand directly in this table ("" is the outermost), tables included.
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
