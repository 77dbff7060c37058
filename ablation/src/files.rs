//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::arrays::ArrayError;
use crate::error::Error;
use crate::paths::shown;

/// Writes a file in place of what is there, by way of a temporary one in its folder.
pub(crate) fn write_whole(path: &Path, option: &str, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: io::Error| Error::from(ArrayError::Io { array: shown(path), action: "write", error });
    if path == Path::new("-") {
        return Err(Error::Usage(format!(
            "{option} -: name a file, such as {option} result; what is printed goes to standard output"
        )));
    }
    if path.is_dir() {
        return Err(Error::Usage(format!("{}: {option} writes one file, and this is a folder", shown(path))));
    }
    // What is no file, such as /dev/stdout, cannot be replaced.
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(failed);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|_| target.is_absolute()).unwrap_or(folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    // Temporary files are private by default, but this one becomes the user's.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(|error| match error.to_string().split_once(" at path ") {
        Some((cause, _)) => failed(io::Error::new(error.kind(), cause.to_owned())),
        None => failed(error),
    })?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
