//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::part::{self, folder_of};

/// The beginning and end of the names of unfinished files. A killed process leaves one behind, and the next run in the folder removes it.
pub(super) const PART: [&str; 2] = [".ablation-", ".part"];

/// Replaces or creates a file. Readers, and a process that is killed, leave or see either the old content or all of the new.
///
/// It does not protect against a power failure, after which the file may be empty: see [`write_to_disk`].
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, |_| Ok(()))
}

/// The same, but when it returns, content and name are on disk, and a later power failure loses nothing.
///
/// It waits for the disk. So it is for results of long computations (trainings, results), not for the hundred files of a report.
pub(crate) fn write_to_disk(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The content comes first. A name that reaches the disk earlier would be that of an empty file.
    replace(path, bytes, File::sync_all)?;
    sync_folder(folder_of(path))
}

fn replace(path: &Path, bytes: &[u8], finish: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
    let mut file = part_in(folder_of(path))?;
    file.write_all(bytes)?;
    finish(file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

pub(super) fn part_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let [prefix, suffix] = PART;
    part::part_in(folder, prefix, suffix)
}

/// Waits until the names in a folder are on disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        // Other systems cannot open a folder, and keep the order.
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        // Some network file systems have no such call.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for write in [write_whole, write_to_disk] {
            write(&path, b"old").unwrap();
            write(&path, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
        assert_eq!(names(folder.path()), ["a"]);
        assert!(write_to_disk(&folder.path().join("none/a"), b"").is_err());
    }
}
