//! Unfinished files. Each is in the folder of the file that it becomes, so that a rename completes it.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Begins a file in a folder, under a name with this beginning and end.
pub(crate) fn part_in(folder: &Path, prefix: &str, suffix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    // Temporary files are private by default, but this one becomes the user's.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Begins the hidden file that is to become `path`. The error does not name it, because the user has not heard of it.
pub(crate) fn hidden_beside(path: &Path, suffix: &str) -> io::Result<NamedTempFile> {
    part_in(folder_of(path), ".", suffix).map_err(|error| match error.to_string().split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause.to_owned()),
        None => error,
    })
}
