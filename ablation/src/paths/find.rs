use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};
use walkdir::WalkDir;

use super::shown;

/// How files were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// One by one, so that their order means something. A pattern that the shell expanded looks the same.
    OneByOne,
    /// By a pattern or their folder, so that their order means nothing.
    Together,
}

/// The files that an argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The files, sorted.
    pub paths: Vec<PathBuf>,
    /// How they were named.
    pub named: Named,
}

/// Why an argument names no files.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// A pattern with a syntax error.
    #[error("{pattern}: not a valid pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A path or pattern that no file matches.
    #[error("{argument}: no such file, and no file matches it as a pattern")]
    NoMatch {
        /// The path or pattern.
        argument: String,
    },
    /// A folder without files of the kinds that are read.
    #[error(
        "{folder}: no {endings} file in this folder; a pattern such as '{folder}/**/*.{example}' looks into the folders in it"
    )]
    NoFiles {
        /// The folder.
        folder: String,
        /// The endings that were looked for.
        endings: String,
        /// One of them.
        example: String,
    },
    /// A folder that cannot be searched.
    #[error("{folder}: cannot search this folder: {error}")]
    Search {
        /// The folder.
        folder: String,
        /// What the operating system answered.
        #[source]
        error: io::Error,
    },
}

type Result<T> = std::result::Result<T, PathError>;

/// The endings of the files that a folder is searched for.
pub const ENDINGS: &[&str] = &["npy", "npz", "safetensors", "nii", "nii.gz", "png", "tif", "tiff"];

/// The files that an argument names: a file itself, the files of a folder that can be read, or what a pattern matches.
///
/// In a pattern `*`, `?` and `[…]` stand for characters of a name, and `**` for any number of folders. None of them
/// matches the dot of a hidden file. A path that exists is no pattern, even if it contains these characters.
pub fn find(argument: &OsStr) -> Result<Found> {
    find_with(argument, ENDINGS)
}

/// As [`find`], with files of these endings where a folder is named.
pub fn find_with(argument: &OsStr, endings: &[&str]) -> Result<Found> {
    let path = Path::new(argument);
    if path.is_dir() {
        return Ok(Found { paths: files_in(path, endings)?, named: Named::Together });
    }
    if path.exists() {
        return Ok(Found { paths: vec![path.to_owned()], named: Named::OneByOne });
    }
    let paths = if is_pattern(argument) { matches(path)? } else { BTreeSet::new() };
    if paths.is_empty() {
        return Err(PathError::NoMatch { argument: shown(path) });
    }
    Ok(Found { paths: paths.into_iter().collect(), named: Named::Together })
}

/// Whether there are wildcards in a name.
pub fn is_pattern(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

fn files_in(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let is_wanted = |name: &OsString| {
        let name = name.as_encoded_bytes().to_ascii_lowercase();
        let ends = |ending: &&str| name.strip_suffix(ending.as_bytes()).is_some_and(|stem| stem.ends_with(b"."));
        !name.starts_with(b".") && endings.iter().any(ends)
    };
    let names = names_in(folder)?.into_iter().filter(is_wanted);
    let mut paths: Vec<PathBuf> = names.map(|name| folder.join(name)).filter(|path| !path.is_dir()).collect();
    if paths.is_empty() {
        let [rest @ .., last] = endings else { return Ok(paths) };
        let rest: Vec<String> = rest.iter().map(|ending| format!(".{ending}")).collect();
        let (listed, example) = (format!("{} or .{last}", rest.join(", ")), endings.first().unwrap_or(last));
        return Err(PathError::NoFiles { folder: shown(folder), endings: listed, example: (*example).to_owned() });
    }
    paths.sort();
    Ok(paths)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn names_in(folder: &Path) -> Result<Vec<OsString>> {
    let failed = |error| PathError::Search { folder: shown(folder), error };
    let entries = fs::read_dir(or_here(folder)).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.file_name())).collect()
}

/// The empty path stands for the folder that the program runs in.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The files that a pattern matches.
///
/// The crate `glob` matches names, and does not walk: it leaves out names that are not UTF-8.
fn matches(pattern: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut components: Vec<Component<'_>> = pattern.components().collect();
    let any_name = Component::Normal(OsStr::new("*"));
    if is_recursive(components.last()) {
        components.push(any_name);
    }
    let mut found = BTreeSet::from([PathBuf::new()]);
    for component in &components {
        let mut next = BTreeSet::new();
        let compiled = match component {
            Component::Normal(name) if is_pattern(name) && !is_recursive(Some(component)) => {
                let compiled = Pattern::new(&as_text(name));
                let invalid = |error: glob::PatternError| PathError::Pattern {
                    pattern: shown(pattern),
                    reason: error.msg.to_owned(),
                };
                Some(compiled.map_err(invalid)?)
            }
            _ => None,
        };
        for path in found {
            match &compiled {
                _ if is_recursive(Some(component)) => next.extend(folders_in(&path)?),
                // A file has no files in it.
                Some(_) if !or_here(&path).is_dir() => {}
                Some(compiled) => {
                    let fits = |name: &OsString| compiled.matches_with(&as_text(name), OPTIONS);
                    next.extend(names_in(&path)?.into_iter().filter(fits).map(|name| path.join(name)));
                }
                None => {
                    let path = path.join(component);
                    // A link to nowhere counts, so that opening it says so.
                    if path.symlink_metadata().is_ok() {
                        next.insert(path);
                    }
                }
            }
        }
        found = next;
    }
    found.retain(|path| !path.is_dir());
    Ok(found)
}

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

fn is_recursive(component: Option<&Component<'_>>) -> bool {
    component.is_some_and(|component| component.as_os_str() == "**")
}

/// A folder and all folders in it that are not hidden, at any depth.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    let is_wanted =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || (entry.file_type().is_dir() && !is_hidden(entry.file_name()));
    for entry in WalkDir::new(or_here(folder)).follow_links(true).into_iter().filter_entry(is_wanted) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {
                let path = entry.path();
                folders.push(path.strip_prefix(".").unwrap_or(path).to_owned());
            }
            Ok(_) => {}
            // A link to a folder that it is in leads to nothing new, and a link to nowhere is no folder.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => {}
            Err(error) => {
                let at = shown(error.path().unwrap_or(folder));
                return Err(PathError::Search { folder: at, error: error.into() });
            }
        }
    }
    Ok(folders)
}

/// A name as text to match, with a character of its own for each byte that is not UTF-8.
///
/// The characters are the last ones for private use, so that names that differ stay different.
fn as_text(name: &OsStr) -> String {
    const PRIVATE: u32 = 0x10_ff00;
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(PRIVATE + u32::from(*byte))));
    }
    text
}
