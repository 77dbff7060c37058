//! The errors that every command shares, and their exit codes. Other errors of a command are in its own `error.rs`.

use std::io;

use crate::arrays::ArrayError;
use crate::paths::PathError;

/// The reason why there is no answer, for any command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Array(#[from] ArrayError),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("{0}")]
    Usage(String),
    #[error("cannot write the result: {0}")]
    Output(io::Error),
}

impl Error {
    /// Refuses `-`, which would be a file name here; the option may be empty.
    pub(crate) fn no_standard_input(option: &str) -> Self {
        let place = if option.is_empty() { String::new() } else { format!("{option} ") };
        Error::Usage(format!(
            "{place}-: arrays are not read from a pipe yet, because they are read by position; save to a file first, with \
             numpy.save, and name it"
        ))
    }

    /// The exit code: 2 if the input is at fault, 1 if the machine is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // A file to read that does not exist was named wrongly.
            Error::Array(ArrayError::Io { error, action, .. })
                if error.kind() == io::ErrorKind::NotFound && *action != "write" =>
            {
                2
            }
            Error::Array(ArrayError::Io { .. }) | Error::Path(PathError::Search { .. }) | Error::Output(_) => 1,
            Error::Array(_) | Error::Path(_) | Error::Usage(_) => 2,
        }
    }
}
