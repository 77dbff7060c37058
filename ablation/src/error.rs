//! What every command can fail with, and the exit code that says so. What a command has beside it stands in its own `error.rs`.

use std::io;

use crate::arrays::ArrayError;
use crate::paths::PathError;

/// Why there is no answer, whichever command was asked.
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
    /// Refuses `-`, which would be the name of a file here; the option may be empty.
    pub(crate) fn no_standard_input(option: &str) -> Self {
        let place = if option.is_empty() { String::new() } else { format!("{option} ") };
        Error::Usage(format!(
            "{place}-: arrays are not read from a pipe yet, because they are read by position; save to a file first, with \
             numpy.save, and name it"
        ))
    }

    /// 2 if what was given is at fault, 1 if the machine is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // A file to read that is not there was named wrongly.
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
