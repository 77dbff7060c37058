//! The errors of a run, and their exit codes.

use std::io;
use std::path::PathBuf;

use super::report::ReportError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{path}: cannot make the folder: {error}")]
    Folder { path: PathBuf, error: io::Error },
    #[error("{path}: cannot be written into, so nothing is trained: {error}")]
    NotWritable { path: PathBuf, error: io::Error },
    #[error(
        "{path}: another run{} is writing there; wait until it ends, or use another folder with --output",
        .process.map_or(String::new(), |process| format!(" (process {process})"))
    )]
    InUse { path: PathBuf, process: Option<u32> },
    #[error(
        "{path}: cannot be written: {error}; the finished trainings are kept, and the same command continues from them"
    )]
    Training { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Memory(#[from] super::memory::TooLarge),
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
        "interrupted before any training was finished; only the trainings in {0} are written, and the next run continues from them"
    )]
    NothingFinished(PathBuf),
    #[error(transparent)]
    Image(#[from] crate::images::ImageError),
    #[error(transparent)]
    Images(#[from] super::dataset::RealError),
    #[error(transparent)]
    Common(#[from] crate::error::Error),
    #[error("internal error: {0}")]
    Internal(String),
    #[error("no training was finished: {0}")]
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
    /// The exit code: 2 if the input is at fault, 1 if the machine is, 130 after Ctrl-C.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            RunError::Results(error) => error.exit_code(),
            RunError::Common(error) => error.exit_code(),
            RunError::Image(_) | RunError::Images(_) => 2,
            // A file that is missing or not text is the wrong file.
            RunError::Read { error, .. }
                if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) =>
            {
                1
            }
            RunError::Config(_) | RunError::Memory(_) | RunError::Read { .. } | RunError::AllFailed(_) => 2,
            RunError::NothingFinished(_) => 130,
            RunError::Folder { .. }
            | RunError::NotWritable { .. }
            | RunError::InUse { .. }
            | RunError::Training { .. }
            | RunError::Write { .. }
            | RunError::Report(_)
            | RunError::Signal(_)
            | RunError::Internal(_) => 1,
        }
    }
}
