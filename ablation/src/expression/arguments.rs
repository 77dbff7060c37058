//! The arguments of one loss of an expression.

use std::fmt;

use super::registry::{LossEntry, Parameter, Preset};

/// A value that has been checked against its parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Word(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => fmt::Display::fmt(&Short(*number), f),
            Value::Word(word) => f.write_str(word),
        }
    }
}

/// A number in the shortest form that reads back as the same: `1e-5`, `2`, `0.25`.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// The values that were given, in the order they were, with defaults for the rest.
pub(crate) struct Arguments {
    parameters: &'static [&'static [Parameter]],
    given: Vec<(&'static Parameter, Value)>,
}

impl Arguments {
    pub(crate) fn new<L>(entry: &'static LossEntry<L>) -> Self {
        Self { parameters: entry.parameters, given: Vec::new() }
    }

    pub(crate) fn give(&mut self, parameter: &'static Parameter, value: Value) {
        self.given.push((parameter, value));
    }

    pub(crate) fn given(&self) -> &[(&'static Parameter, Value)] {
        &self.given
    }

    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(parameter, _)| parameter.name == name)
    }

    /// A number of the registry; NaN, which every loss refuses, if the registry knows no such number.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.number_or_none(name).unwrap_or(f64::NAN)
    }

    pub(crate) fn number_or_none(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(number),
            Value::Word(_) => None,
        }
    }

    pub(crate) fn word(&self, name: &str) -> &'static str {
        match self.value(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.given.iter().find(|(parameter, _)| parameter.name == name) {
            return Some(*value);
        }
        let mut parameters = self.parameters.iter().copied().flatten();
        match parameters.find(|parameter| parameter.name == name)?.default {
            Preset::Number(number) => Some(Value::Number(number)),
            Preset::Word(word) => Some(Value::Word(word)),
            Preset::SameAs(other) => self.value(other),
        }
    }
}
