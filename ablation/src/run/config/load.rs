//! Settings from a file that holds only those that differ from the preset.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::error::Place;
use super::settings::{SETTINGS, accepted, names_in};
use super::{Config, ConfigError, Preset};
use loss_expression::closest;

impl Config {
    /// The settings of `preset`, changed by those in `text`, the content of `path`.
    pub(crate) fn load(preset: Preset, text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file = File { name: path.display().to_string(), text };
        file.read(&Config::preset(preset))
    }
}

struct File<'a> {
    name: String,
    text: &'a str,
}

/// The value in the file for one key.
struct Given {
    key: String,
    value: Value,
    line: usize,
}

impl File<'_> {
    fn read(&self, base: &Config) -> Result<Config, ConfigError> {
        let given = self.given()?;
        let written = |error: toml::ser::Error| ConfigError::Write(error.to_string());
        let mut merged = Table::try_from(base).map_err(written)?;
        let mut config = base.clone();
        for Given { key, value, line } in &given {
            put(&mut merged, key, value.clone());
            // One by one, so that an error belongs to this key.
            config = Config::deserialize(merged.clone()).map_err(|_| ConfigError::Setting {
                place: self.place(Some(*line)),
                key: key.clone(),
                found: shortened(value),
                accepted: accepted(key),
            })?;
        }
        let line_of = |key: &str| given.iter().find(|given| given.key == key).map(|given| given.line);
        config.check(|key| self.place(line_of(key)))?;
        Ok(config)
    }

    fn place(&self, line: Option<usize>) -> Place {
        Place { file: Some(self.name.clone()), line }
    }

    fn line(&self, position: usize) -> usize {
        self.text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
    }

    /// All keys of the file, with their tables; a table that does not exist is an error.
    fn given(&self) -> Result<Vec<Given>, ConfigError> {
        let syntax = |error: toml::de::Error| {
            let line = error.span().map(|span| self.line(span.start));
            ConfigError::Syntax { place: self.place(line), message: format!("not TOML: {}", error.message()) }
        };
        let spans = DeTable::parse(self.text).map_err(syntax)?;
        let values: Table = toml::from_str(self.text).map_err(syntax)?;
        let mut given = Vec::new();
        self.walk("", spans.get_ref(), &values, &mut given)?;
        given.sort_by_key(|given| given.line);
        Ok(given)
    }

    fn walk(
        &self,
        table: &str,
        spans: &DeTable<'_>,
        values: &Table,
        given: &mut Vec<Given>,
    ) -> Result<(), ConfigError> {
        let known = names_in(table);
        for (name, span) in spans {
            let line = self.line(name.span().start);
            let key = joined(table, name.get_ref());
            if !known.contains(&&**name.get_ref()) {
                return Err(self.unknown(table, name.get_ref(), line));
            }
            let inside = names_in(&key);
            match (values.get(&**name.get_ref()), span.get_ref()) {
                (Some(Value::Table(values)), DeValue::Table(spans)) if !inside.is_empty() => {
                    self.walk(&key, spans, values, given)?;
                }
                (Some(value), _) => given.push(Given { key, value: value.clone(), line }),
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn unknown(&self, table: &str, name: &str, line: usize) -> ConfigError {
        let here = closest(name, names_in(table).into_iter()).map(|close| joined(table, close));
        let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
        // The key may be in the wrong table, or in none.
        let elsewhere = || {
            let close = closest(name, SETTINGS.iter().map(|setting| last(setting.key)))?;
            SETTINGS.iter().find(|setting| last(setting.key) == close).map(|setting| setting.key.to_owned())
        };
        let suggestion = here.or_else(elsewhere).map_or(String::new(), |close| format!("; did you mean {close}?"));
        let of = if table.is_empty() { String::new() } else { format!(" of {table}") };
        ConfigError::UnknownKey {
            place: self.place(Some(line)),
            key: joined(table, name),
            hint: format!("{suggestion}\n  settings{of}: {}", names_in(table).join(", ")),
        }
    }
}

fn joined(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// Sets a value at a key with its tables.
fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((name, rest)) => {
            if let Some(Value::Table(inner)) = table.get_mut(name) {
                put(inner, rest, value);
            }
        }
    }
}

/// A value as TOML, on one line that is not too long.
fn shortened(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string().replace('\n', " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
