//! `run.json`: the facts of one particular run, and those that the page shows.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::commented::commented;
use super::error::RunError;
use super::fate::Fate;
use super::files::write_to_disk;
use super::report::Heading;
use super::results::Results;
use super::seal::Sealed;
use crate::report::command;

/// The name of the file in the folder of a run.
pub(crate) const FILE_NAME: &str = "run.json";

/// The failure text of an arm that was not reached.
const NOT_REACHED: &str = "not reached";

/// The facts of this run that are not part of its results: `run.json`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    command: Vec<String>,
    threads: usize,
    /// The time from the start until all arms were trained, in seconds.
    training_seconds: f64,
    system: String,
    vector_registers: String,
    arms: Vec<ArmTime>,
    /// The files of the report, as paths from its folder.
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct ArmTime {
    arm: String,
    seconds: Option<f64>,
    /// Whether it was stored by an earlier run.
    was_stored: bool,
    /// The reason why it has no result.
    failure: Option<String>,
}

impl Record {
    pub(crate) fn new(threads: usize, training_seconds: f64, arms: &[Arm], fates: &[Fate]) -> Self {
        let time = |(arm, fate): (&Arm, &Fate)| {
            let (seconds, was_stored, failure) = match fate {
                Fate::Trained { seconds, was_stored, .. } => (Some(*seconds), *was_stored, None),
                Fate::Failed(reason) => (None, false, Some(reason.clone())),
                Fate::Left => (None, false, Some(NOT_REACHED.to_owned())),
            };
            ArmTime { arm: arm.to_string(), seconds, was_stored, failure }
        };
        Self {
            command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            threads,
            training_seconds,
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            vector_registers: loss_core::SimdLevel::best().name().to_owned(),
            arms: arms.iter().zip(fates).map(time).collect(),
            files: Vec::new(),
        }
    }

    /// The record in the folder of a run; `None` if it is missing or damaged.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let bytes = fs::read(folder.join(FILE_NAME)).ok()?;
        serde_json::from_slice::<Sealed<Self>>(&bytes).ok()?.open()
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let path = folder.join(FILE_NAME);
        let json = serde_json::to_vec_pretty(&Sealed::new(self)?)?;
        write_to_disk(&path, &json).map_err(|error| RunError::Write { path, error })
    }

    /// The files of the report within its folder. A new report removes those that it does not write itself.
    pub(crate) fn files_within(&self) -> impl Iterator<Item = &PathBuf> {
        let inside = |file: &&PathBuf| file.components().all(|part| matches!(part, Component::Normal(_)));
        self.files.iter().filter(inside)
    }

    /// The reason why some arms have no result, and what to do; `None` if all have one.
    pub(crate) fn why_partial(&self) -> Option<String> {
        let failures = || self.arms.iter().filter_map(|arm| arm.failure.as_deref());
        let left = failures().filter(|failure| *failure == NOT_REACHED).count();
        let failed = failures().count() - left;
        let all = self.arms.len();
        match (failed, left) {
            (0, 0) => None,
            (0, _) => Some(format!(
                "The run was interrupted, and {left} of {all} trainings are missing. The same command without --fresh continues from here."
            )),
            _ => Some(format!(
                "{failed} of {all} trainings failed, and {left} were not reached; the facts of the run give the reasons. Other settings may help."
            )),
        }
    }
}

/// The head of the page. Without a record it has only the facts in the results.
pub(crate) fn heading(results: &Results, record: Option<&Record>) -> Result<Heading, RunError> {
    let config = &results.configuration;
    let last_seed = config.first_seed.saturating_add(u64::from(config.seeds) - 1);
    let seeds = match config.seeds {
        1 => config.first_seed.to_string(),
        _ => format!("{} to {last_seed}", config.first_seed),
    };
    let versions: Vec<String> = results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut facts = vec![("Seeds", seeds)];
    if let Some(record) = record {
        let stored = record.arms.iter().filter(|arm| arm.was_stored).count();
        facts.insert(0, ("Command", command::line(record.command.iter().map(String::as_str))));
        facts.push(("Trainings", format!("{}; {stored} of them were stored by an earlier run", record.arms.len())));
        facts.push(("Time", format!("{:.0} s with {} threads", record.training_seconds, record.threads)));
        facts.push(("Machine", format!("{}, {}", record.system, record.vector_registers)));
    }
    facts.push(("Versions", versions.join(", ")));
    facts.push(("Settings", config.fingerprint()));
    let failures = record.into_iter().flat_map(|record| &record.arms);
    let failures: Vec<String> =
        failures.filter_map(|arm| Some(format!("{}: {}", arm.arm, arm.failure.as_ref()?))).collect();
    if !failures.is_empty() {
        facts.push(("Without result", failures.join("; ")));
    }
    let unknown = || (!results.complete).then(|| "Some trainings of this run are missing.".to_owned());
    Ok(Heading {
        title: "Segmentation losses compared on a small U-Net".to_owned(),
        partial: record.map_or_else(unknown, Record::why_partial),
        facts: facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect(),
        configuration: commented(config)?,
    })
}
