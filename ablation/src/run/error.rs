//! What can go wrong in a run, and the exit code that says so.

use std::io;
use std::path::PathBuf;

use super::report::ReportError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{path}: cannot make the folder: {error}")]
    Folder { path: PathBuf, error: io::Error },
    #[error("{path}: cannot be written: {error}")]
    Write { path: PathBuf, error: io::Error },
    #[error("{path}: cannot be read: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Config(#[from] super::config::ConfigError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Results(#[from] super::results::ResultsError),
    #[error(
        "interrupted before any training was finished; nothing is written but the trainings in {0}, from which the next run goes on"
    )]
    NothingFinished(PathBuf),
    #[error("internal error: {0}")]
    Internal(String),
    #[error("no training came to its end: {0}")]
    AllFailed(String),
    #[error("cannot wait for Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),
}

impl From<serde_json::Error> for RunError {
    fn from(error: serde_json::Error) -> Self {
        RunError::Internal(error.to_string())
    }
}

impl RunError {
    /// 2 if what was given is at fault, 1 if the machine is, 130 after Ctrl-C.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            RunError::Results(error) => error.exit_code(),
            RunError::Read { error, .. } if error.kind() != io::ErrorKind::NotFound => 1,
            RunError::Config(_) | RunError::Read { .. } | RunError::AllFailed(_) => 2,
            RunError::NothingFinished(_) => 130,
            RunError::Folder { .. }
            | RunError::Write { .. }
            | RunError::Report(_)
            | RunError::Signal(_)
            | RunError::Internal(_) => 1,
        }
    }
}
