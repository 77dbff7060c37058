/// A file that is no image or mask that can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// What is wrong with it.
    #[error("{name}: {problem}")]
    File {
        /// The file.
        name: String,
        /// Completes "the file …".
        problem: String,
    },
    /// A `.npy` file that cannot be read.
    #[error(transparent)]
    Array(#[from] crate::arrays::ArrayError),
}

impl ImageError {
    pub(super) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self::File { name: name.to_owned(), problem: problem.into() }
    }
}
