//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::arrays::ArrayError;
use crate::error::Error;
use crate::part::hidden_beside;
use crate::paths::shown;

/// Whether two paths are those of one file, which is there.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

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
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut file = hidden_beside(&target, ".part").map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
