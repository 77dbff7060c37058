//! What can go wrong while the guide is prepared.

use std::path::PathBuf;

/// Why a page or a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {cause}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A loss has no value on the pixels of a picture.
    #[error("{loss} has no value on the pixels of its picture: {cause}")]
    Loss {
        /// The loss, as an expression.
        loss: String,
        /// Why.
        cause: String,
    },
    /// plotters refused to draw.
    #[error("a chart could not be drawn: {0}")]
    Draw(String),
    /// A line of a page asks for something that there is not.
    #[error("{page}: `{line}`: {cause}")]
    Directive {
        /// The page.
        page: String,
        /// The line.
        line: String,
        /// Why.
        cause: String,
    },
    /// A command that a page shows failed.
    #[error("`{command}` failed: {cause}")]
    Command {
        /// The command.
        command: String,
        /// What it wrote.
        cause: String,
    },
    /// What mdBook sent, or a file of figures, could not be read.
    #[error("what was read is no such JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// Of a file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |cause| Self::File { path, cause }
    }
}
