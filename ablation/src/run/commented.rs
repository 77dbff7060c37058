//! The settings as a file, with a comment for each.

use askama::Template;
use serde::Serialize;
use toml::ser::{Error, ValueSerializer};

use super::config::{Config, ConfigError};
use super::exercises::{Exercise, told};
use super::task::{Labels, Task};

#[derive(Template)]
#[template(path = "config.toml", escape = "none")]
struct Commented<'a> {
    config: &'a Config,
    /// The exercises that a comment names.
    on_binary: String,
    on_damage: String,
    share: String,
    rare_shares: String,
    gammas: String,
    own: String,
    robustness: String,
    sensitivity: String,
}

/// TOML with all settings, and with the meaning and the accepted values of each.
pub(crate) fn commented(config: &Config) -> Result<String, ConfigError> {
    Commented {
        config,
        on_binary: told(Exercise::is_on_binary),
        on_damage: told(Exercise::is_on_damage),
        share: told(|exercise| exercise.depends_on(|config| config.data.share /= 2.0)),
        rare_shares: told(|exercise| exercise.depends_on(|config| config.data.rare_shares.clear())),
        gammas: told(|exercise| exercise.depends_on(|config| config.losses.gammas.clear())),
        own: told(Exercise::takes_own),
        robustness: told(|exercise| exercise.trains(|task| matches!(task, Task::Binary { labels: Labels::Noisy, .. }))),
        sensitivity: told(|exercise| exercise.trains(|task| matches!(task, Task::Cell { .. }))),
    }
    .render()
    .map_err(|error| ConfigError::Write(error.to_string()))
}

/// A value as it is written after the equals sign.
fn toml<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut text = String::new();
    value.serialize(ValueSerializer::new(&mut text))?;
    Ok(text)
}
