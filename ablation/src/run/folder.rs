//! The folder of a run; only one run at a time writes into it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::files::{PART, part_in, sync_folder};
use crate::part::folder_of;

/// The file by which a run locks its folder.
const LOCK: &str = ".lock";

/// The locked folder of a run's report. No other run writes into it while this exists.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// The lock. The system releases it when the process ends, in whatever way.
    _lock: Option<File>,
}

impl RunFolder {
    /// Locks the folder, and creates it if it does not exist. Fails at once if another run has locked it, or if it cannot be written.
    pub(crate) fn take(path: &Path) -> Result<Self, RunError> {
        let trainings = path.join("trainings");
        fs::create_dir_all(&trainings).map_err(|error| RunError::Folder { path: trainings.clone(), error })?;
        // Syncs the folder's own name, if its parent can be read.
        let _ = sync_folder(folder_of(path));
        let taken = Self { path: path.to_owned(), _lock: lock(path)? };
        // Trainings take hours, so a folder that cannot store them is detected before.
        for folder in [path.to_owned(), trainings, path.join("figures"), path.join("data")] {
            if folder.is_dir() {
                let cleared = remove_parts(&folder).and_then(|()| part_in(&folder)).and_then(|_| sync_folder(&folder));
                cleared.map_err(|error| RunError::NotWritable { path: folder, error })?;
            }
        }
        Ok(taken)
    }

    /// Locks a folder for drawing a report, which needs no place for trainings.
    pub(crate) fn take_to_draw(path: &Path) -> Result<Self, RunError> {
        fs::create_dir_all(path).map_err(|error| RunError::Folder { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), _lock: lock(path)? })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of finished trainings.
    pub(crate) fn trainings(&self) -> PathBuf {
        self.path.join("trainings")
    }
}

/// Locks a folder; `None` if the file system has no locks.
fn lock(folder: &Path) -> Result<Option<File>, RunError> {
    let path = folder.join(LOCK);
    // Its content names the holder, so it is not truncated before the lock is ours.
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(|error| RunError::NotWritable { path: folder.to_owned(), error })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Where locks also keep others from reading, the number stays unknown, and so while it is being written.
            let _ = file.read_to_string(&mut holder);
            return Err(RunError::InUse { path: folder.to_owned(), process: holder.trim().parse().ok() });
        }
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(RunError::NotWritable { path: folder.to_owned(), error }),
    }
    let process = format!("{}\n", std::process::id());
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(process.as_bytes()));
    written.map_err(|error| RunError::NotWritable { path: folder.to_owned(), error })?;
    Ok(Some(file))
}

/// Removes half-written files of a killed run.
fn remove_parts(folder: &Path) -> io::Result<()> {
    let [prefix, suffix] = PART;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn one_at_a_time_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let first = RunFolder::take(&path).unwrap();
        let refusal = RunFolder::take(&path).unwrap_err();
        assert!(matches!(&refusal, RunError::InUse { process: Some(process), .. } if *process == std::process::id()));
        let told = refusal.to_string();
        assert!(told.contains("out: ") && told.contains(&format!("process {}", std::process::id())), "{told}");
        drop(first);
        RunFolder::take(&path).unwrap();
    }

    #[test]
    fn what_a_killed_run_left_half_written_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        drop(RunFolder::take(folder.path()).unwrap());
        for name in [".ablation-x.part", "trainings/.ablation-y.part", ".other.part", ".ablation-notes"] {
            fs::write(folder.path().join(name), b"half").unwrap();
        }
        RunFolder::take(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [".ablation-notes", ".lock", ".other.part", "trainings"]);
        assert!(names(&folder.path().join("trainings")).is_empty());
    }
}
