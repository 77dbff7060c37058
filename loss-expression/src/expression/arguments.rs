//! The values of arguments as text.

use std::fmt;

use loss_core::list::{ParameterFacts, Value};

/// A number in the shortest form that reads back as the same number: `1e-5`, `2`, `0.25`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// `name=value`, as in an expression.
pub(super) fn written(parameter: &ParameterFacts, value: Value) -> String {
    match value {
        Value::Number(number) => format!("{}={}", parameter.name, Short(number)),
        Value::Word(word) => format!("{}={word}", parameter.name),
    }
}
