//! `results.json`: all results of a run.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::files::write_to_disk;
use super::model::Section;
use super::seal::{Sealed, sha256};
use super::training::Step;

/// The format that is written, and the only one that is read.
pub(crate) const FORMAT: u32 = 3;

/// The name of the file in the folder of a run.
pub(crate) const FILE_NAME: &str = "results.json";

/// All results of a run. The same configuration gives the same bytes, for any number of threads and at any time; times are in run.json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The format, [`FORMAT`].
    pub(crate) format: u32,
    /// Whether all arms were trained; an interrupted run lacks some.
    pub(crate) complete: bool,
    /// The versions of everything that the numbers depend on, by name.
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) configuration: Config,
    /// The requested exercises, in ascending order.
    pub(crate) exercises: Vec<u8>,
    pub(crate) arms: Vec<ArmResult>,
    /// The scores of every held-out image.
    pub(crate) images: ImagesFile,
    pub(crate) sections: Vec<Section>,
}

/// A file beside `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ImagesFile {
    /// Its path from the folder of the run.
    pub(crate) file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(crate) sha256: String,
}

impl ImagesFile {
    pub(crate) fn new(file: &str, bytes: &[u8]) -> Self {
        Self { file: file.to_owned(), sha256: sha256(bytes) }
    }

    /// Whether these bytes are the ones that were written.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        sha256(bytes) == self.sha256
    }
}

/// The results of one arm with one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArmResult {
    /// The name of the data: "5 %".
    pub(crate) exercise_data: String,
    pub(crate) loss: String,
    /// The loss in the language of `ablation score --loss`.
    pub(crate) expression: String,
    pub(crate) seed: u64,
    /// The number of the network's parameters.
    pub(crate) parameters: usize,
    /// The metrics after the last step, by name; `None` if a metric is undefined.
    pub(crate) metrics: BTreeMap<String, Option<f64>>,
    /// The same by optimiser step, in ascending order.
    pub(crate) history: Vec<(usize, BTreeMap<String, Option<f64>>)>,
    /// Each step of the optimiser: its loss and the size of its gradient.
    pub(crate) steps: Vec<Step>,
}

/// The reason why results cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResultsError {
    #[error("{path}: cannot {action}: {error}")]
    Io { path: String, action: &'static str, error: io::Error },
    #[error("{path}: not JSON, or not all of it: line {line}, column {column}: {message}")]
    NotJson { path: String, line: usize, column: usize, message: String },
    #[error("{path}: JSON, but no results of `ablation run`; compare reads the results.json of a run's folder")]
    NotResults { path: String },
    #[error("{path}: has format {found}, and this version reads format {FORMAT}; run again with this version")]
    Format { path: String, found: u64 },
    #[error("{path}: damaged results: line {line}, column {column}: {message}")]
    Damaged { path: String, line: usize, column: usize, message: String },
    #[error(
        "{path}: the numbers are not those that were written: the file was damaged or edited (sha256 is the hash of all other fields); run again"
    )]
    Changed { path: String },
    #[error("{path}: cannot write the results as JSON: {error}")]
    Json { path: String, error: serde_json::Error },
}

impl ResultsError {
    /// The exit code: 2 if the input is at fault, 1 if the machine is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            ResultsError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound => 2,
            ResultsError::Io { .. } | ResultsError::Json { .. } => 1,
            _ => 2,
        }
    }
}

/// The part of any format that shows which one it is.
#[derive(Deserialize)]
struct Header {
    format: u64,
    #[serde(rename = "configuration")]
    _configuration: serde::de::IgnoredAny,
}

impl Results {
    /// Reads a file, or the results in the folder of a run.
    pub(crate) fn read(path: &Path) -> Result<Self, ResultsError> {
        let path: PathBuf = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        let name = path.display().to_string();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(ResultsError::Io { path: name, action: "read", error }),
        };
        Self::parse(&bytes, &name)
    }

    fn parse(bytes: &[u8], path: &str) -> Result<Self, ResultsError> {
        let path = path.to_owned();
        let header: Header = match serde_json::from_slice(bytes) {
            // A list can be read as any struct, so it is refused first.
            Ok(_) if !bytes.trim_ascii_start().starts_with(b"{") => return Err(ResultsError::NotResults { path }),
            Ok(header) => header,
            Err(error) if error.is_data() => return Err(ResultsError::NotResults { path }),
            Err(error) => {
                let (line, column, message) = parts(&error);
                return Err(ResultsError::NotJson { path, line, column, message });
            }
        };
        if header.format != u64::from(FORMAT) {
            return Err(ResultsError::Format { path, found: header.format });
        }
        // Not through the seal, which would lose the line and the column.
        let results: Self = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column, message) = parts(&error);
            ResultsError::Damaged { path: path.clone(), line, column, message }
        })?;
        let sealed: Result<Sealed<Self>, _> = serde_json::from_slice(bytes);
        let is_whole = sealed.is_ok_and(|sealed| sealed.open().is_some());
        if is_whole { Ok(results) } else { Err(ResultsError::Changed { path }) }
    }

    /// Writes the file, whole or not at all. When this returns, it is on disk.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ResultsError> {
        let name = || path.display().to_string();
        let failed = |error| ResultsError::Io { path: name(), action: "write", error };
        let json = Sealed::new(self).and_then(|sealed| serde_json::to_vec_pretty(&sealed));
        let mut json = json.map_err(|error| ResultsError::Json { path: name(), error })?;
        json.push(b'\n');
        write_to_disk(path, &json).map_err(failed)
    }
}

/// The place of an error, and its text without that place.
fn parts(error: &serde_json::Error) -> (usize, usize, String) {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    (line, column, text.strip_suffix(&place).unwrap_or(&text).to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::run::config::Preset;
    use crate::run::model::Finding;

    /// Two losses on one set of data, with three seeds.
    pub(in crate::run) fn example() -> Results {
        let arm = |loss: &str, seed: u64, dice: f64| {
            let metrics = BTreeMap::from([("Dice".to_owned(), Some(dice)), ("Hausdorff distance".to_owned(), None)]);
            ArmResult {
                exercise_data: "5 %".to_owned(),
                loss: loss.to_owned(),
                expression: loss.to_lowercase(),
                seed,
                parameters: 7477,
                history: vec![(80, metrics.clone())],
                metrics,
                steps: vec![Step { loss: 1.0 - dice, foreground_gradient: 0.25, background_gradient: 0.5 }],
            }
        };
        let mut section = Section::new("exercise-1", "Exercise 1");
        section.finding(Finding::new("Dice has a higher Dice than BCE."));
        Results {
            format: FORMAT,
            complete: true,
            versions: BTreeMap::from([("burn".to_owned(), "0.22.1".to_owned())]),
            configuration: Config::preset(Preset::Default),
            exercises: vec![1, 2],
            arms: vec![
                arm("BCE", 0, 0.71),
                arm("BCE", 1, 0.725),
                arm("BCE", 2, 0.7),
                arm("Dice", 0, 0.8),
                arm("Dice", 1, 0.1 + 0.7),
                arm("Dice", 2, 0.825),
            ],
            images: ImagesFile::new("data/images.csv", b""),
            sections: vec![section],
        }
    }

    fn parse(text: &str) -> String {
        Results::parse(text.as_bytes(), "a.json").unwrap_err().to_string()
    }

    #[test]
    fn written_results_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "what was there before").unwrap();
        let results = example();
        results.write(&path).unwrap();
        assert_eq!(Results::read(&path).unwrap(), results);
        assert_eq!(Results::read(folder.path()).unwrap(), results, "the folder stands for its file");
        let first = fs::read(&path).unwrap();
        results.write(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn errors_name_the_file_and_the_remedy() {
        let missing = Results::read(Path::new("/no/such/folder/b.json")).unwrap_err().to_string();
        assert!(missing.starts_with("/no/such/folder/b.json: cannot read: "), "{missing}");
        let unwritable = example().write(Path::new("/no/such/folder/b.json")).unwrap_err().to_string();
        assert!(unwritable.starts_with("/no/such/folder/b.json: cannot write: "), "{unwritable}");
        assert_eq!(
            parse("{\n  \"format\": oops"),
            "a.json: not JSON, or not all of it: line 2, column 13: expected value"
        );
        assert!(parse("").starts_with("a.json: not JSON, or not all of it: line 1, column 0: EOF"));
        for other in ["[1, 2]", "{\"format\": 1}", "{\"format\": \"npy\", \"configuration\": {}}"] {
            assert!(parse(other).starts_with("a.json: JSON, but no results of `ablation run`;"), "{other}");
        }
        let mut json = serde_json::to_value(example()).unwrap();
        json["format"] = 1.into();
        assert_eq!(
            parse(&json.to_string()),
            "a.json: has format 1, and this version reads format 3; run again with this version"
        );
        json["format"] = FORMAT.into();
        json["arms"][0]["seed"] = "x".into();
        let damaged = parse(&json.to_string());
        assert!(damaged.starts_with("a.json: damaged results: line 1, column "), "{damaged}");
        assert!(damaged.ends_with(": invalid type: string \"x\", expected u64"), "{damaged}");
    }

    #[test]
    fn changed_results_are_refused() {
        let whole = serde_json::to_value(Sealed::new(example()).unwrap()).unwrap();
        assert_eq!(Results::parse(whole.to_string().as_bytes(), "a.json").unwrap(), example());
        type Change = fn(&mut serde_json::Value);
        let changes: [Change; 5] = [
            |json| json["arms"][0]["metrics"]["Dice"] = 0.72.into(),
            |json| json["arms"][0]["steps"] = serde_json::json!([]),
            |json| json["complete"] = false.into(),
            |json| json["sha256"] = "0".into(),
            |json| drop(json.as_object_mut().unwrap().remove("sha256")),
        ];
        for change in changes {
            let mut json = whole.clone();
            change(&mut json);
            assert_eq!(
                parse(&json.to_string()),
                "a.json: the numbers are not those that were written: the file was damaged or edited (sha256 is the hash of all other \
                 fields); run again"
            );
        }
    }
}
