use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{ArrayError, Result};

/// How two lists of files were paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Each file with the one of the same name, extensions aside.
    ByName,
    /// The first with the first and so on, both lists sorted, because the names do not match.
    ByPosition,
}

/// The files that a glob pattern matches, sorted.
///
/// A path that exists is returned as it is, even if it contains `*`, `?` or `[`.
pub fn paths(pattern: &str) -> Result<Vec<PathBuf>> {
    if Path::new(pattern).exists() {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let matches = glob::glob(pattern)
        .map_err(|error| ArrayError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })?;
    let mut paths = Vec::new();
    for path in matches {
        let path = path.map_err(|error| ArrayError::io(&error.path().display().to_string(), "read", error.into()))?;
        if !path.is_dir() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(ArrayError::NoMatch { pattern: pattern.to_owned() });
    }
    paths.sort();
    Ok(paths)
}

/// Pairs two lists of files, in the sorted order of the first.
///
/// Files pair by name without extension if both lists hold the same names. Otherwise they pair by
/// position, if the lists are equally long and this does not part two files of the same name: a
/// list that lacks one file in the middle must not silently shift against the other.
pub fn pair(mut first: Vec<PathBuf>, mut second: Vec<PathBuf>) -> Result<(Vec<(PathBuf, PathBuf)>, Pairing)> {
    first.sort();
    second.sort();
    if let Some(pairs) = pair_by_name(&first, &second) {
        return Ok((pairs, Pairing::ByName));
    }
    if first.len() != second.len() || parts_equal_names(&first, &second) {
        return Err(unpaired(&first, &second));
    }
    Ok((first.into_iter().zip(second).collect(), Pairing::ByPosition))
}

fn pair_by_name(first: &[PathBuf], second: &[PathBuf]) -> Option<Vec<(PathBuf, PathBuf)>> {
    let names = unique_stems(first)?;
    let mut others = unique_stems(second)?;
    if names.len() != others.len() {
        return None;
    }
    first.iter().map(|path| Some((path.clone(), others.remove(&stem(path))?.clone()))).collect()
}

/// The files by name, unless two have the same.
fn unique_stems(paths: &[PathBuf]) -> Option<BTreeMap<String, &PathBuf>> {
    let stems: BTreeMap<_, _> = paths.iter().map(|path| (stem(path), path)).collect();
    (stems.len() == paths.len()).then_some(stems)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn stems(paths: &[PathBuf]) -> BTreeSet<String> {
    paths.iter().map(|path| stem(path)).collect()
}

fn parts_equal_names(first: &[PathBuf], second: &[PathBuf]) -> bool {
    let (firsts, seconds) = (stems(first), stems(second));
    first.iter().zip(second).any(|(a, b)| {
        let (a, b) = (stem(a), stem(b));
        a != b && (seconds.contains(&a) || firsts.contains(&b))
    })
}

fn unpaired(first: &[PathBuf], second: &[PathBuf]) -> ArrayError {
    const MOST: usize = 3;
    let (firsts, seconds) = (stems(first), stems(second));
    let lacks = |path: &&PathBuf, names: &BTreeSet<String>| !names.contains(&stem(path));
    let lonely: Vec<String> = first
        .iter()
        .filter(|path| lacks(path, &seconds))
        .chain(second.iter().filter(|path| lacks(path, &firsts)))
        .map(|path| path.display().to_string())
        .collect();
    let mut unmatched = lonely.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match lonely.len() {
        0 => unmatched.push_str("some names occur several times"),
        count if count > MOST => {
            unmatched.push_str(&format!(" and {} more without a counterpart", count - MOST));
        }
        _ => unmatched.push_str(" without a counterpart"),
    }
    ArrayError::Unpaired { first: first.len(), second: second.len(), unmatched }
}
