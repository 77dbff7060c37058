//! The files that a command writes, checked before anything long begins.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::ScoreError;
use crate::arguments::OutputArguments;
use crate::paths::shown;

/// Refuses a file that cannot be written, that is one of those that are read, or that two options name.
pub(crate) fn check(output: &OutputArguments, rows: Option<&PathBuf>, read: &[PathBuf]) -> Result<(), ScoreError> {
    let given = [
        ("--output", output.output.as_ref()),
        ("--per-image", rows),
        ("--state", output.state.as_ref()),
        ("--report", output.report.as_ref()),
        ("--grad", output.grad.as_ref()),
        ("--map", output.map.as_ref()),
    ];
    let given: Vec<(&str, &PathBuf)> = given
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?)))
        .filter(|(_, path)| is_file(path))
        .collect();
    let read: Vec<(PathBuf, &PathBuf)> =
        read.iter().filter_map(|path| Some((path.canonicalize().ok()?, path))).collect();
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path) in given {
        // Where --grad and --map write is checked when it is known how many files they write.
        let is_whole = !matches!(option, "--grad" | "--map");
        if is_whole && path.is_dir() {
            return Err(ScoreError::usage(format!(
                "{}: {option} writes one file, and this is a folder; name a file in it",
                shown(path)
            )));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if is_whole && !folder.exists() {
            return Err(ScoreError::NoFolder { path: shown(path), option, folder: shown(folder) });
        }
        let place = path.canonicalize().unwrap_or_else(|_| {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            folder.join(path.file_name().unwrap_or(OsStr::new("")))
        });
        if let Some((_, input)) = read.iter().find(|(read, _)| *read == place).filter(|_| is_whole) {
            return Err(ScoreError::usage(format!(
                "{}: {option} would overwrite an input: {} is read; name another file",
                shown(path),
                shown(input)
            )));
        }
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == place) {
            return Err(ScoreError::usage(format!("{}: {other} and {option} name the same file", shown(path))));
        }
        seen.push((option, place));
    }
    Ok(())
}

/// Whether a path is that of a file, there or yet to be written; `-`, pipes and devices are not.
fn is_file(path: &Path) -> bool {
    path != Path::new("-") && (path.is_file() || path.is_dir() || !path.exists())
}
