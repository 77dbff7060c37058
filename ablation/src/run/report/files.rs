//! The files of a report.

use std::fs;
use std::path::{Path, PathBuf};

use super::ReportError;
use crate::run::files::write_whole;

/// The folder of a report, and the files written into it.
pub(super) struct Folder<'a> {
    root: &'a Path,
    written: Vec<PathBuf>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, written: Vec::new() }
    }

    /// Writes beside the place and then moves the file, so that an interruption leaves the old file or the new one.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), ReportError> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(self.root);
        let done = fs::create_dir_all(folder).and_then(|()| write_whole(&path, bytes));
        done.map_err(|error| ReportError::File { path, error })?;
        self.written.push(PathBuf::from(name));
        Ok(())
    }

    pub(super) fn written(&self) -> &[PathBuf] {
        &self.written
    }

    pub(super) fn into_written(self) -> Vec<PathBuf> {
        self.written
    }
}
