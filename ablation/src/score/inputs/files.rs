//! The files of each option, and which of them belong together.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::{NamedTempFile, TempPath};

use crate::arguments::ScoreArguments;
use crate::arrays::{Array, ArrayError, Source};
use crate::paths::{self, Files, Named, PairRule, PairedBy, Pairs, shown};
use crate::score::ScoreError;

/// What standard input is called.
const STANDARD_INPUT: &str = "standard input";

/// One option's files, with the member of archives that was named.
pub(super) struct OptionFiles {
    pub(super) files: Files,
    member: Option<String>,
    /// Standard input, if it is one of them.
    pub(super) spooled: Option<Arc<TempPath>>,
}

impl OptionFiles {
    /// `None` if the option was not given.
    pub(super) fn find(option: &'static str, arguments: &[OsString]) -> Result<Option<Self>, ScoreError> {
        let mut all: Option<Self> = None;
        for argument in arguments {
            let spooled = if *argument == *"-" { Some(spool()?) } else { None };
            let (source, found) = match &spooled {
                Some(path) => {
                    let path = path.to_path_buf();
                    let found = paths::Found { paths: vec![path.clone()], named: Named::OneByOne };
                    (Source { path, member: None }, found)
                }
                None => {
                    let source = Source::parse(argument);
                    let found = paths::find(source.path.as_os_str())?;
                    (source, found)
                }
            };
            let Some(all) = &mut all else {
                let files = Files { option, paths: found.paths, named: found.named };
                all = Some(Self { files, member: source.member, spooled });
                continue;
            };
            if all.member != source.member {
                let argument = shown(argument.as_ref());
                let message = format!("{argument}: files of one option must name the same array of their archives");
                return Err(ScoreError::usage(message));
            }
            all.spooled = all.spooled.take().or(spooled);
            all.files.paths.extend(found.paths);
            if found.named == Named::Together {
                all.files.named = Named::Together;
            }
        }
        Ok(all)
    }

    /// The files in the order of those that they go with.
    pub(super) fn with(self, inputs: &Self, arguments: &ScoreArguments) -> Result<Partners, ScoreError> {
        let (many, Self { files, member, spooled }) = (inputs.files.paths.len(), self);
        if let ([only], 2..) = (&files.paths[..], many) {
            if !arguments.broadcast {
                return Err(ScoreError::usage(format!(
                    "{}: one file of {} for {many} of {}; if it belongs to all of them, give --broadcast",
                    shown(only),
                    files.option,
                    inputs.files.option
                )));
            }
            return Ok(Partners { paths: vec![only.clone(); many], member, by: PairedBy::Broadcast, spooled });
        }
        // A template is that of the targets' names.
        let rule = arguments.pair.clone();
        let rule = rule.filter(|rule| files.option == "--targets" || !matches!(rule, PairRule::Template(_)));
        let Pairs { partners, by } = paths::pair(&inputs.files, &files, rule)?;
        let paths = partners.into_iter().filter_map(|place| files.paths.get(place).cloned()).collect();
        Ok(Partners { paths, member, by, spooled })
    }

    pub(super) fn open(&self, path: &Path) -> Result<Array, ArrayError> {
        open(path, self.member.as_deref(), self.spooled.as_ref())
    }
}

/// The files of an option, each at the place of the input that it goes with.
pub(super) struct Partners {
    paths: Vec<PathBuf>,
    member: Option<String>,
    pub(super) by: PairedBy,
    pub(super) spooled: Option<Arc<TempPath>>,
}

impl Partners {
    /// The file that goes with an input.
    pub(super) fn path(&self, index: usize) -> Option<&PathBuf> {
        self.paths.get(index)
    }

    pub(super) fn open(&self, index: usize) -> Option<Result<(Array, PathBuf), ArrayError>> {
        let path = self.paths.get(index)?;
        let array = open(path, self.member.as_deref(), self.spooled.as_ref());
        Some(array.map(|array| (array, path.clone())))
    }
}

fn open(path: &Path, member: Option<&str>, spooled: Option<&Arc<TempPath>>) -> Result<Array, ArrayError> {
    let is_spooled = spooled.is_some_and(|spooled| path == &***spooled);
    let name = if is_spooled { STANDARD_INPUT.to_owned() } else { shown(path) };
    Array::open_as(path, member, name)
}

/// Copies standard input to a file, because arrays are read by position.
fn spool() -> Result<Arc<TempPath>, ScoreError> {
    let failed = |error| ArrayError::Io { array: STANDARD_INPUT.to_owned(), action: "read", error };
    let mut file = NamedTempFile::new().map_err(failed)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
    Ok(Arc::new(file.into_temp_path()))
}
