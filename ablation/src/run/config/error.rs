//! The errors of settings.

use std::fmt;

use loss_expression::ExpressionError;

/// The reason why the settings cannot be used. Messages begin with the file and the line, if there are any.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{place}{message}")]
    Syntax { place: Place, message: String },
    /// `hint` suggests a setting, and lists the settings that exist.
    #[error("{place}there is no setting {key}{hint}")]
    UnknownKey { place: Place, key: String, hint: String },
    #[error("{place}{key} is {found}; accepted: {accepted}")]
    Setting { place: Place, key: String, found: String, accepted: &'static str },
    #[error("{place}losses.own, number {number}: {error}")]
    Own { place: Place, number: usize, error: Box<ExpressionError> },
    #[error("internal error: cannot write the settings: {0}")]
    Write(String),
}

/// The file and the line of a setting; empty if no file sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Option<String>,
    /// Counted from 1.
    pub(crate) line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: "),
            (Some(file), None) => write!(f, "{file}: "),
            (None, _) => Ok(()),
        }
    }
}
