//! What can be wrong with settings.

use std::fmt;

use loss_expression::ExpressionError;

/// Why there are no settings to run with. Messages begin with the file and the line, where there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{place}{message}")]
    Syntax { place: Place, message: String },
    /// `hint` is what could be meant, and the settings that there are.
    #[error("{place}there is no setting {key}{hint}")]
    UnknownKey { place: Place, key: String, hint: String },
    #[error("{place}{key} is {found}; accepted: {accepted}")]
    Setting { place: Place, key: String, found: String, accepted: &'static str },
    #[error("{place}losses.own, number {number}: {error}")]
    Own { place: Place, number: usize, error: Box<ExpressionError> },
    #[error("internal error: cannot write the settings: {0}")]
    Write(String),
}

/// The file and the line of a setting; empty of a setting that is in no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Option<String>,
    /// From 1.
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
