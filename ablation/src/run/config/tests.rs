use std::path::Path;

use clap::ValueEnum;
use quickcheck::{Arbitrary, Gen, quickcheck};

use super::*;
use crate::run::commented::commented;
use crate::run::exercises;
use crate::run::memory::Estimate;

/// A finite number, of any size.
fn finite(g: &mut Gen) -> f64 {
    let value = f64::arbitrary(g);
    if value.is_finite() { value } else { 0.125 }
}

fn list(g: &mut Gen) -> Vec<f64> {
    Vec::<u8>::arbitrary(g).iter().map(|_| finite(g)).collect()
}

fn count(g: &mut Gen) -> usize {
    u32::arbitrary(g) as usize
}

/// Settings of any value, in range or not.
impl Arbitrary for Config {
    fn arbitrary(g: &mut Gen) -> Self {
        Config {
            seeds: u32::arbitrary(g),
            first_seed: u64::arbitrary(g) >> 1,
            training: Training {
                steps: count(g),
                damage_steps: count(g),
                evaluations: count(g),
                batch: count(g),
                learning_rate: finite(g),
                damage_learning_rate: finite(g),
                base_channels: count(g),
                head_bias: if bool::arbitrary(g) { HeadBias::Prior } else { HeadBias::Zero },
            },
            data: Data {
                size: count(g),
                training_images: count(g),
                held_out_images: count(g),
                share: finite(g),
                rare_shares: list(g),
                contrast: finite(g),
                noise: finite(g),
                soft_edge: finite(g),
                label_noise: finite(g),
                shapes: Shapes { blobs: finite(g), ellipses: finite(g), roads: finite(g), small_objects: finite(g) },
            },
            damage: Damage {
                shares: [0; 5].map(|_| finite(g)),
                training_images: count(g),
                held_out_images: count(g),
                class_weights: [0; 5].map(|_| finite(g)),
                lambdas: [0; 3].map(|_| finite(g)),
            },
            losses: Losses {
                smooth: finite(g),
                tversky: [0; 2].map(|_| finite(g)),
                gamma: finite(g),
                gammas: list(g),
                own: Arbitrary::arbitrary(g),
            },
            robustness: Robustness { seeds: u32::arbitrary(g), label_noise: finite(g), annotators: count(g) },
            sensitivity: Sensitivity {
                seeds: u32::arbitrary(g),
                steps: count(g),
                size: count(g),
                training_images: count(g),
                held_out_images: count(g),
                learning_rates: list(g),
                gammas: list(g),
                alphas: list(g),
                lambdas: list(g),
                smooths: list(g),
            },
            images: None,
        }
    }
}

/// A preset in which some numbers are at the ends of what can be written, and of what is accepted.
#[derive(Clone, Debug)]
struct Wild(Config);

impl Arbitrary for Wild {
    fn arbitrary(g: &mut Gen) -> Self {
        const COUNTS: &[usize] = &[
            0,
            1,
            2,
            8,
            16,
            64,
            512,
            1000,
            1001,
            10_000,
            1_000_000,
            1_000_001,
            4_000_000_000,
            1 << 62,
            i64::MAX as usize,
            usize::MAX,
        ];
        const REALS: &[f64] = &[
            0.0,
            -0.0,
            5e-324,
            1e-12,
            0.3,
            0.5,
            1.0,
            100.0,
            512.0,
            1000.0,
            1e6,
            1.1e6,
            3.5e38,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            -1.0,
        ];
        // One in so many, so that some of the settings are accepted.
        fn some<T: Copy>(g: &mut Gen, one_in: u32, among: &[T], value: &mut T) {
            if u32::arbitrary(g) % one_in == 0 {
                *value = *g.choose(among).unwrap();
            }
        }
        let mut config = Config::preset(*g.choose(Preset::value_variants()).unwrap());
        let one_in = if bool::arbitrary(g) { 4 } else { 30 };
        let Config { seeds, first_seed, training, data, damage, losses, robustness, sensitivity, .. } = &mut config;
        some(g, one_in, &[0, 1, 1000, 1001, u32::MAX], seeds);
        some(g, one_in, &[0, 1, (1 << 53) - 1000, (1 << 53) - 1, u64::MAX], first_seed);
        for count in [
            &mut training.steps,
            &mut training.damage_steps,
            &mut training.evaluations,
            &mut training.batch,
            &mut training.base_channels,
            &mut data.size,
            &mut data.training_images,
            &mut data.held_out_images,
            &mut damage.training_images,
            &mut damage.held_out_images,
            &mut robustness.annotators,
            &mut sensitivity.steps,
            &mut sensitivity.size,
            &mut sensitivity.training_images,
            &mut sensitivity.held_out_images,
        ] {
            some(g, one_in, COUNTS, count);
        }
        let single = [
            &mut training.learning_rate,
            &mut training.damage_learning_rate,
            &mut data.share,
            &mut data.contrast,
            &mut data.noise,
            &mut data.soft_edge,
            &mut data.label_noise,
            &mut data.shapes.blobs,
            &mut data.shapes.roads,
            &mut losses.smooth,
            &mut losses.gamma,
            &mut robustness.label_noise,
        ];
        let lists = [
            &mut data.rare_shares[..],
            &mut damage.shares,
            &mut damage.class_weights,
            &mut damage.lambdas,
            &mut losses.tversky,
            &mut losses.gammas,
            &mut sensitivity.learning_rates,
            &mut sensitivity.alphas,
            &mut sensitivity.smooths,
        ];
        for real in single.into_iter().chain(lists.into_iter().flatten()) {
            some(g, 2 * one_in, REALS, real);
        }
        if u32::arbitrary(g) % one_in == 0 {
            losses.gammas = (0..*g.choose(&[50, 51, 100_000]).unwrap()).map(f64::from).collect();
        }
        Self(config)
    }
}

fn load(text: &str) -> Result<Config, String> {
    Config::load(Preset::Default, text, Path::new("my.toml")).map_err(|error| error.to_string())
}

fn default() -> Config {
    Config::preset(Preset::Default)
}

/// The message of a change to the default settings that is refused.
fn refusal(change: impl Fn(&mut Config)) -> String {
    let mut config = default();
    change(&mut config);
    config.validate().unwrap_err().to_string()
}

quickcheck! {
    fn commented_settings_read_back(config: Config) -> bool {
        let text = commented(&config).unwrap();
        toml::from_str::<Config>(&text).unwrap() == config
    }

    /// The check never panics, and what it accepts is counted without overflow, is estimated, and has losses that can be built.
    fn accepted_settings_overflow_nothing(wild: Wild) -> bool {
        let Ok(config) = wild.0.validate() else { return true };
        let Config { seeds, first_seed, training, data, damage, .. } = &config;
        let images = [data.training_images, data.held_out_images, damage.training_images, damage.held_out_images];
        // As 64-bit machines count; where fewer can be addressed, the estimate refuses more.
        let bytes = |images: usize| (images as u64).checked_mul((data.size as u64).checked_pow(2)?)?.checked_mul(64);
        let steps = [training.steps, training.damage_steps];
        let arms = exercises::arms_of_seed(&config, exercises::ALL, config.first_seed);
        images.into_iter().all(|images| bytes(images).is_some())
            && steps.into_iter().all(|steps| (steps as u64).checked_mul(training.evaluations as u64).is_some())
            && first_seed.checked_add(u64::from(*seeds)).is_some()
            && Estimate::new(&config, exercises::ALL, usize::MAX).total().is_finite()
            && arms.iter().all(|arm| match arm.task {
                Task::Binary { .. } | Task::Cell { .. } | Task::Nuclei => arm.loss.binary().is_ok(),
                Task::Damage { .. } => arm.loss.of_classes().is_ok(),
            })
    }

    fn fingerprints_are_equal_for_equal_settings_alone(a: Config, b: Config) -> bool {
        a.fingerprint() == a.clone().fingerprint() && (a.fingerprint() == b.fingerprint()) == (a == b)
    }
}

#[test]
fn presets_are_valid_and_read_back() {
    for preset in Preset::value_variants() {
        let config = Config::preset(*preset);
        assert_eq!(config.clone().validate().unwrap(), config);
        let text = commented(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
        // Over another preset too: the text leaves nothing out.
        assert_eq!(Config::load(Preset::Quick, &text, Path::new("all.toml")).unwrap(), config);
    }
}

#[test]
fn every_setting_is_known_by_its_key() {
    let mut keys = Vec::new();
    fn walk(table: &toml::Table, prefix: &str, keys: &mut Vec<String>) {
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) => walk(inner, &format!("{prefix}{name}."), keys),
                _ => keys.push(format!("{prefix}{name}")),
            }
        }
    }
    walk(&toml::Table::try_from(default()).unwrap(), "", &mut keys);
    let mut known: Vec<&str> = settings::SETTINGS.iter().map(|setting| setting.key).collect();
    keys.sort();
    known.sort_unstable();
    assert_eq!(keys, known);
}

#[test]
fn a_file_gives_what_differs() {
    let config =
        load("seeds = 7\ndata.noise = 1\n[training]\nhead_bias = 'prior'\n[losses]\nown = ['bce + dice']\n").unwrap();
    let mut expected = default();
    expected.seeds = 7;
    expected.data.noise = 1.0;
    expected.training.head_bias = HeadBias::Prior;
    expected.losses.own = vec!["bce + dice".to_owned()];
    assert_eq!(config, expected);
    assert_eq!(config.validate().unwrap().losses.own, ["bce + dice"]);
    assert_eq!(load("").unwrap(), default());
}

#[test]
fn unknown_keys_are_named_with_what_is_like_them() {
    let cases = [
        (
            "seeds = 1\n[training]\nstep = 5\n",
            "my.toml, line 3: there is no setting training.step; did you mean training.steps?\n  settings of training: steps, damage_steps,",
        ),
        (
            "\ngammas = [1]",
            "my.toml, line 2: there is no setting gammas; did you mean losses.gammas?\n  settings: seeds, first_seed, training,",
        ),
        ("[trainning]\nsteps = 5", "my.toml, line 1: there is no setting trainning; did you mean training?"),
        (
            "[data.shapes]\nblob = 5",
            "my.toml, line 2: there is no setting data.shapes.blob; did you mean data.shapes.blobs?",
        ),
        ("xyzzy = 5", "my.toml, line 1: there is no setting xyzzy\n  settings: seeds"),
    ];
    for (text, message) in cases {
        let found = load(text).unwrap_err();
        assert!(found.starts_with(message), "{found}\n{message}");
    }
}

#[test]
fn wrong_types_are_named_with_their_line() {
    let cases = [
        (
            "\n\n[training]\nsteps = \"many\"",
            "my.toml, line 4: training.steps is \"many\"; accepted: a whole number from 1 to 1000000",
        ),
        ("seeds = -1", "my.toml, line 1: seeds is -1; accepted: a whole number from 1 to 1000"),
        ("seeds = 2.5", "my.toml, line 1: seeds is 2.5; accepted: a whole number from 1 to 1000"),
        ("training = 5", "my.toml, line 1: training is 5; accepted: a table of settings"),
        ("[seeds]\na = 1", "my.toml, line 1: seeds is { a = 1 }; accepted: a whole number from 1 to 1000"),
        (
            "[training]\nhead_bias = 'none'",
            "my.toml, line 2: training.head_bias is \"none\"; accepted: \"zero\" or \"prior\"",
        ),
        (
            "[losses]\ntversky = [0.3]",
            "my.toml, line 2: losses.tversky is [0.3]; accepted: a list of two numbers, each from 0 to 1e6",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(load(text).unwrap_err(), message);
    }
    assert!(load("seeds = 1\nseeds = = 2").unwrap_err().starts_with("my.toml, line 2: not TOML: "));
    assert!(load("seeds = 1\nseeds = 2").unwrap_err().starts_with("my.toml, line 2: not TOML: duplicate key"));
}

#[test]
fn values_out_of_range_are_named_with_their_line() {
    let cases = [
        ("\n[data]\nsize = 60", "my.toml, line 3: data.size is 60; accepted: a multiple of 8 from 16 to 512"),
        // What the preset gives no longer fits, and stands in no line.
        (
            "[training]\nsteps = 5",
            "my.toml: training.evaluations is 8 of 5 steps; accepted: a whole number from 1 to training.steps and to training.damage_steps, at most 10000",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(load(text).unwrap_err(), message);
    }
    let own = load("[losses]\nown = ['bce', 'bce + dize']").unwrap_err();
    assert!(own.starts_with("my.toml, line 2: losses.own, number 2: in the loss expression, column 7:"), "{own}");
    assert!(own.contains("did you mean dice?"), "{own}");
}

#[test]
fn ranges() {
    type Change = fn(&mut Config);
    let refused: &[(&str, &[Change])] = &[
        ("robustness.seeds", &[|c| c.robustness.seeds = 0, |c| c.robustness.seeds = 1001]),
        ("robustness.label_noise", &[|c| c.robustness.label_noise = 0.51, |c| c.robustness.label_noise = f64::NAN]),
        ("robustness.annotators", &[|c| c.robustness.annotators = 1, |c| c.robustness.annotators = 101]),
        ("sensitivity.seeds", &[|c| c.sensitivity.seeds = 0]),
        ("sensitivity.steps", &[|c| c.sensitivity.steps = 0]),
        ("sensitivity.size", &[|c| c.sensitivity.size = 30, |c| c.sensitivity.size = 520]),
        ("sensitivity.training_images", &[|c| c.sensitivity.training_images = 7]),
        ("sensitivity.held_out_images", &[|c| c.sensitivity.held_out_images = 0]),
        (
            "sensitivity.learning_rates",
            &[|c| c.sensitivity.learning_rates = vec![0.1], |c| c.sensitivity.learning_rates[0] = 0.0],
        ),
        ("sensitivity.gammas", &[|c| c.sensitivity.gammas.clear(), |c| c.sensitivity.gammas.reverse()]),
        ("sensitivity.alphas", &[|c| c.sensitivity.alphas = vec![0.5, 1.5]]),
        ("sensitivity.lambdas", &[|c| c.sensitivity.lambdas = vec![0.5, 0.5]]),
        ("sensitivity.smooths", &[|c| c.sensitivity.smooths = vec![0.0, 1.1e6]]),
        ("seeds", &[|c| c.seeds = 0, |c| c.seeds = 1001]),
        ("first_seed", &[|c| c.first_seed = u64::MAX, |c| c.first_seed = (1 << 53) - 2]),
        (
            "training.steps",
            &[|c| c.training.steps = 0, |c| c.training.steps = 1_000_001, |c| c.training.steps = usize::MAX],
        ),
        ("training.damage_steps", &[|c| c.training.damage_steps = 0, |c| c.training.damage_steps = 1_000_001]),
        (
            "training.evaluations",
            &[
                |c| c.training.evaluations = 0,
                |c| c.training.evaluations = 81,
                |c| (c.training.steps, c.training.damage_steps, c.training.evaluations) = (20_000, 20_000, 10_001),
            ],
        ),
        ("training.batch", &[|c| c.training.batch = 0, |c| c.training.batch = 193]),
        ("training.damage_learning_rate", &[|c| c.training.damage_learning_rate = -0.1]),
        ("training.learning_rate", &[|c| c.training.learning_rate = 0.0, |c| c.training.learning_rate = 1001.0]),
        ("training.base_channels", &[|c| c.training.base_channels = 0, |c| c.training.base_channels = 65]),
        ("data.size", &[|c| c.data.size = 8, |c| c.data.size = 52, |c| c.data.size = 520]),
        (
            "data.training_images",
            &[
                |c| c.data.training_images = 0,
                |c| c.data.training_images = 1_000_001,
                |c| c.data.training_images = usize::MAX,
            ],
        ),
        (
            "data.held_out_images",
            &[
                |c| c.data.held_out_images = 0,
                |c| c.data.held_out_images = 1_000_001,
                |c| c.data.held_out_images = usize::MAX,
            ],
        ),
        ("data.share", &[|c| c.data.share = 0.0, |c| c.data.share = 0.51, |c| c.data.share = 5e-7]),
        (
            "data.rare_shares",
            &[
                |c| c.data.rare_shares.clear(),
                |c| c.data.rare_shares.push(5e-7),
                |c| c.data.rare_shares.push(f64::NAN),
                |c| c.data.rare_shares = (1..52).map(|n| f64::from(n) / 200.0).collect(),
            ],
        ),
        ("data.contrast", &[|c| c.data.contrast = -0.1, |c| c.data.contrast = f64::NAN, |c| c.data.contrast = 1.1e6]),
        ("data.noise", &[|c| c.data.noise = -0.1, |c| c.data.noise = 1e39]),
        ("data.soft_edge", &[|c| c.data.soft_edge = -0.1, |c| c.data.soft_edge = 513.0]),
        ("data.label_noise", &[|c| c.data.label_noise = -0.1, |c| c.data.label_noise = 0.6]),
        (
            "data.shapes.blobs",
            &[|c| c.data.shapes = Shapes { blobs: 0.0, ellipses: 0.0, roads: 0.0, small_objects: 0.0 }],
        ),
        ("data.shapes.roads", &[|c| c.data.shapes.roads = -1.0, |c| c.data.shapes.roads = 1.1e6]),
        ("damage.shares", &[|c| c.damage.shares[3] = 0.0, |c| c.damage.shares[0] = f64::INFINITY]),
        (
            "damage.training_images",
            &[
                |c| c.damage.training_images = 0,
                |c| c.damage.training_images = 1_000_001,
                |c| c.damage.training_images = usize::MAX,
            ],
        ),
        (
            "damage.held_out_images",
            &[
                |c| c.damage.held_out_images = 0,
                |c| c.damage.held_out_images = 1_000_001,
                |c| c.damage.held_out_images = usize::MAX,
            ],
        ),
        (
            "damage.class_weights",
            &[
                |c| c.damage.class_weights[2] = -1.0,
                |c| c.damage.class_weights = [0.0; 5],
                |c| c.damage.class_weights[0] = 1.1e6,
            ],
        ),
        (
            "damage.lambdas",
            &[|c| c.damage.lambdas[2] = 0.0, |c| c.damage.lambdas[0] = -1.0, |c| c.damage.lambdas[1] = 1.1e6],
        ),
        ("losses.smooth", &[|c| c.losses.smooth = -1.0, |c| c.losses.smooth = 1.1e6]),
        ("losses.tversky", &[|c| c.losses.tversky[1] = -1.0, |c| c.losses.tversky[0] = 1.1e6]),
        ("losses.gamma", &[|c| c.losses.gamma = f64::NAN, |c| c.losses.gamma = 100.5]),
        (
            "losses.gammas",
            &[
                |c| c.losses.gammas.clear(),
                |c| c.losses.gammas = vec![1.0, 1.0],
                |c| c.losses.gammas = vec![2.0, 1.0],
                |c| c.losses.gammas = (0..51).map(f64::from).collect(),
            ],
        ),
        ("losses.own", &[|c| c.losses.own = vec!["nothing".to_owned()], |c| c.losses.own = vec!["bce".to_owned(); 51]]),
    ];
    for (key, changes) in refused {
        for change in *changes {
            let message = refusal(change);
            let begins = [format!("{key} is "), format!("{key}, number 1: ")];
            assert!(begins.iter().any(|begins| message.starts_with(begins)), "{message}");
        }
    }
    assert_eq!(
        refusal(|config| config.data.share = 5e-7),
        "data.share is 5e-7, which is no pixel of 128 images of 64 × 64; accepted: a number above 0, at most 0.5, large \
         enough for at least one foreground pixel"
    );
    // The ends of the ranges.
    let mut ends = default();
    (ends.seeds, ends.first_seed) = (1000, (1 << 53) - 1000);
    (ends.training.evaluations, ends.training.batch, ends.training.base_channels) = (80, 192, 64);
    (ends.data.size, ends.data.share, ends.data.label_noise, ends.data.noise) = (512, 0.5, 0.5, 0.0);
    (ends.damage.lambdas, ends.losses.smooth, ends.losses.gammas) = ([0.0, 0.0, 1.0], 0.0, vec![0.0]);
    (ends.training.learning_rate, ends.data.soft_edge, ends.data.contrast, ends.losses.gamma) =
        (1000.0, 512.0, 1e6, 100.0);
    (ends.damage.class_weights, ends.losses.tversky) = ([1e6; 5], [1e6; 2]);
    (ends.sensitivity.training_images, ends.sensitivity.size, ends.sensitivity.seeds) = (192, 512, 1000);
    (ends.robustness.label_noise, ends.robustness.annotators, ends.sensitivity.lambdas) = (0.5, 100, vec![0.0, 1.0]);
    ends.clone().validate().unwrap();
    (ends.training.steps, ends.training.damage_steps, ends.training.evaluations) = (1_000_000, 1_000_000, 10_000);
    (ends.data.training_images, ends.data.held_out_images) = (1_000_000, 1_000_000);
    (ends.damage.training_images, ends.damage.held_out_images) = (1_000_000, 1_000_000);
    ends.validate().unwrap();
}

/// The text of a setting's range names its bound.
#[test]
fn bounds_are_told() {
    use settings::*;
    let bounds = [
        ("seeds", MOST_SEEDS.to_string()),
        ("first_seed", LARGEST_SEED.to_string()),
        ("training.steps", MOST_STEPS.to_string()),
        ("training.damage_steps", MOST_STEPS.to_string()),
        ("training.evaluations", MOST_EVALUATIONS.to_string()),
        ("training.learning_rate", LARGEST_LEARNING_RATE.to_string()),
        ("training.damage_learning_rate", LARGEST_LEARNING_RATE.to_string()),
        ("training.base_channels", MOST_CHANNELS.to_string()),
        ("data.size", LARGEST_SIZE.to_string()),
        ("data.training_images", MOST_IMAGES.to_string()),
        ("data.held_out_images", MOST_IMAGES.to_string()),
        ("data.rare_shares", MOST_ENTRIES.to_string()),
        ("data.contrast", format!("{LARGEST_FACTOR:e}")),
        ("data.noise", format!("{LARGEST_FACTOR:e}")),
        ("data.soft_edge", LARGEST_SIZE.to_string()),
        ("data.shapes.blobs", format!("{LARGEST_FACTOR:e}")),
        ("damage.shares", format!("{LARGEST_FACTOR:e}")),
        ("damage.training_images", MOST_IMAGES.to_string()),
        ("damage.held_out_images", MOST_IMAGES.to_string()),
        ("damage.class_weights", format!("{LARGEST_FACTOR:e}")),
        ("damage.lambdas", format!("{LARGEST_FACTOR:e}")),
        ("losses.smooth", format!("{LARGEST_FACTOR:e}")),
        ("losses.tversky", format!("{LARGEST_FACTOR:e}")),
        ("losses.gamma", LARGEST_GAMMA.to_string()),
        ("losses.gammas", LARGEST_GAMMA.to_string()),
        ("losses.own", MOST_ENTRIES.to_string()),
    ];
    for (key, bound) in bounds {
        assert!(accepted(key).contains(&bound), "{key}: {}", accepted(key));
    }
}

#[test]
fn fingerprints() {
    let fingerprint = fingerprint_of(&serde_json::json!({"b": [1, 2.5], "a": "x"})).unwrap();
    // printf '{"a":"x","b":[1,2.5]}' | sha256sum
    assert_eq!(fingerprint, "66efddae6a975003");
    assert!(fingerprint_of(&std::collections::BTreeMap::from([([1, 2], 3)])).is_err());
}
