use std::path::Path;

use clap::ValueEnum;
use quickcheck::{Arbitrary, Gen, quickcheck};

use super::*;

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
        }
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
        let text = config.commented().unwrap();
        toml::from_str::<Config>(&text).unwrap() == config
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
        let text = config.commented().unwrap();
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
            "my.toml, line 4: training.steps is \"many\"; accepted: a whole number, at least 1",
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
            "my.toml, line 2: losses.tversky is [0.3]; accepted: a list of two numbers, each at least 0",
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
            "my.toml: training.evaluations is 16 of 5 steps; accepted: a whole number from 1 to training.steps and to training.damage_steps",
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
        ("seeds", &[|c| c.seeds = 0, |c| c.seeds = 1001]),
        ("first_seed", &[|c| c.first_seed = u64::MAX, |c| c.first_seed = (1 << 53) - 2]),
        ("training.steps", &[|c| c.training.steps = 0]),
        ("training.damage_steps", &[|c| c.training.damage_steps = 0]),
        ("training.evaluations", &[|c| c.training.evaluations = 0, |c| c.training.evaluations = 81]),
        ("training.batch", &[|c| c.training.batch = 0, |c| c.training.batch = 193]),
        ("training.damage_learning_rate", &[|c| c.training.damage_learning_rate = -0.1]),
        ("training.learning_rate", &[|c| c.training.learning_rate = 0.0, |c| c.training.learning_rate = f64::INFINITY]),
        ("training.base_channels", &[|c| c.training.base_channels = 0, |c| c.training.base_channels = 65]),
        ("data.size", &[|c| c.data.size = 8, |c| c.data.size = 52, |c| c.data.size = 520]),
        ("data.training_images", &[|c| c.data.training_images = 0]),
        ("data.held_out_images", &[|c| c.data.held_out_images = 0]),
        ("data.share", &[|c| c.data.share = 0.0, |c| c.data.share = 0.51, |c| c.data.share = 3e-6]),
        (
            "data.rare_shares",
            &[|c| c.data.rare_shares.clear(), |c| c.data.rare_shares.push(3e-6), |c| c.data.rare_shares.push(f64::NAN)],
        ),
        ("data.contrast", &[|c| c.data.contrast = -0.1, |c| c.data.contrast = f64::NAN]),
        ("data.noise", &[|c| c.data.noise = -0.1, |c| c.data.noise = 1e39]),
        ("data.soft_edge", &[|c| c.data.soft_edge = -0.1]),
        ("data.label_noise", &[|c| c.data.label_noise = -0.1, |c| c.data.label_noise = 0.6]),
        (
            "data.shapes.blobs",
            &[|c| c.data.shapes = Shapes { blobs: 0.0, ellipses: 0.0, roads: 0.0, small_objects: 0.0 }],
        ),
        ("data.shapes.roads", &[|c| c.data.shapes.roads = -1.0]),
        ("damage.shares", &[|c| c.damage.shares[3] = 0.0, |c| c.damage.shares[0] = f64::INFINITY]),
        ("damage.training_images", &[|c| c.damage.training_images = 0]),
        ("damage.held_out_images", &[|c| c.damage.held_out_images = 0]),
        ("damage.class_weights", &[|c| c.damage.class_weights[2] = -1.0, |c| c.damage.class_weights = [0.0; 5]]),
        ("damage.lambdas", &[|c| c.damage.lambdas[2] = 0.0, |c| c.damage.lambdas[0] = -1.0]),
        ("losses.smooth", &[|c| c.losses.smooth = -1.0]),
        ("losses.tversky", &[|c| c.losses.tversky[1] = -1.0]),
        ("losses.gamma", &[|c| c.losses.gamma = f64::NAN]),
        (
            "losses.gammas",
            &[|c| c.losses.gammas.clear(), |c| c.losses.gammas = vec![1.0, 1.0], |c| c.losses.gammas = vec![2.0, 1.0]],
        ),
        ("losses.own", &[|c| c.losses.own = vec!["nothing".to_owned()]]),
    ];
    for (key, changes) in refused {
        for change in *changes {
            let message = refusal(change);
            let begins = [format!("{key} is "), format!("{key}, number 1: ")];
            assert!(begins.iter().any(|begins| message.starts_with(begins)), "{message}");
        }
    }
    assert_eq!(
        refusal(|config| config.data.share = 3e-6),
        "data.share is 3e-6, which is no pixel of 32 images of 64 × 64; accepted: a number above 0, at most 0.5, of which \
         the images have a foreground pixel at least"
    );
    // The ends of the ranges.
    let mut ends = default();
    (ends.seeds, ends.first_seed) = (1000, (1 << 53) - 1000);
    (ends.training.evaluations, ends.training.batch, ends.training.base_channels) = (80, 192, 64);
    (ends.data.size, ends.data.share, ends.data.label_noise, ends.data.noise) = (512, 0.5, 0.5, 0.0);
    (ends.damage.lambdas, ends.losses.smooth, ends.losses.gammas) = ([0.0, 0.0, 1.0], 0.0, vec![0.0]);
    ends.validate().unwrap();
}

#[test]
fn fingerprints() {
    let fingerprint = fingerprint_of(&serde_json::json!({"b": [1, 2.5], "a": "x"})).unwrap();
    // printf '{"a":"x","b":[1,2.5]}' | sha256sum
    assert_eq!(fingerprint, "66efddae6a975003");
    assert!(fingerprint_of(&std::collections::BTreeMap::from([([1, 2], 3)])).is_err());
}
