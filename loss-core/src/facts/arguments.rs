use core::fmt;

use super::{Facts, ParameterFacts, Preset};
use crate::error::ParameterError;

/// The value of a parameter, checked against its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
}

/// The arguments of a loss: the values that were given, and defaults for the rest.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    facts: Facts,
    given: &'a [(&'static ParameterFacts, Value)],
}

impl<'a> Arguments<'a> {
    /// Takes values that are each in the range of their parameter.
    #[must_use]
    pub const fn new(facts: &Facts, given: &'a [(&'static ParameterFacts, Value)]) -> Self {
        Self { facts: *facts, given }
    }

    /// Whether a value was given for the parameter `name`.
    #[must_use]
    pub fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(parameter, _)| parameter.name == name)
    }

    /// The number of a parameter; NaN, which every loss refuses, if there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.number_or_none(name).unwrap_or(f64::NAN)
    }

    /// The number of a parameter that also accepts `none`.
    #[must_use]
    pub fn number_or_none(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(number),
            Value::Word(_) => None,
        }
    }

    /// The word of a parameter; empty if there is none.
    #[must_use]
    pub fn word(&self, name: &str) -> &'static str {
        match self.value(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.given.iter().find(|(parameter, _)| parameter.name == name) {
            return Some(*value);
        }
        match self.facts.parameter(name)?.default {
            Preset::Number(number) => Some(Value::Number(number)),
            Preset::Word(word) => Some(Value::Word(word)),
            // `SameAs` always points to a parameter with a value of its own, so this ends.
            Preset::SameAs(other) => self.value(other),
        }
    }
}

/// Why arguments make no loss although each is in range.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BuildError {
    /// The loss refuses the value of a parameter.
    Refused(ParameterError),
    /// A parameter contradicts the others.
    Conflict {
        /// The name of the parameter.
        parameter: &'static str,
        /// What is wrong, as text that follows the name.
        message: &'static str,
    },
}

impl From<ParameterError> for BuildError {
    fn from(error: ParameterError) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Refused(error) => error.fmt(f),
            BuildError::Conflict { parameter, message } => write!(f, "{parameter} {message}"),
        }
    }
}

impl core::error::Error for BuildError {}
