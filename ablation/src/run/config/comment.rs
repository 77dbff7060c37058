//! The settings as a file, with a comment for each.

use askama::Template;
use serde::Serialize;
use toml::ser::{Error, ValueSerializer};

use super::{Config, ConfigError};

#[derive(Template)]
#[template(path = "config.toml", escape = "none")]
struct Commented<'a> {
    config: &'a Config,
}

impl Config {
    /// TOML with all settings, what each means and accepts.
    pub(crate) fn commented(&self) -> Result<String, ConfigError> {
        Commented { config: self }.render().map_err(|error| ConfigError::Write(error.to_string()))
    }
}

/// A value as it is written after the equals sign.
fn toml<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut text = String::new();
    value.serialize(ValueSerializer::new(&mut text))?;
    Ok(text)
}
