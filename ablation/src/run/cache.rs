//! Finished trainings on disk, so that a run that was broken off goes on where it stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::arms::{Arm, Task};
use super::command::versions;
use super::config::{Config, Damage, Data, Pace, Training, fingerprint_of};
use super::error::RunError;
use super::files::write_whole;
use super::training::Trained;

/// Counts up when a change to the program changes what a training gives.
const REVISION: u32 = 2;

/// All that a training depends on.
#[derive(Serialize)]
struct Key<'a> {
    revision: u32,
    versions: &'a BTreeMap<String, String>,
    /// Types of processors differ in their vector registers, and so in the framework's sums.
    processor: [&'static str; 2],
    training: &'a Training,
    pace: Pace,
    data: &'a Data,
    damage: Option<&'a Damage>,
    task: Task,
    expression: &'a str,
    seed: u64,
}

/// A training and how long it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) trained: Trained,
    pub(crate) seconds: f64,
}

/// A folder of trainings.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, RunError> {
        fs::create_dir_all(&folder).map_err(|error| RunError::Folder { path: folder.clone(), error })?;
        Ok(Self { folder })
    }

    fn path(&self, config: &Config, arm: &Arm) -> Result<PathBuf, RunError> {
        // Which exercises there are beside this one changes nothing in it.
        let data = Data { rare_shares: Vec::new(), share: 0.0, ..config.data.clone() };
        let key = Key {
            revision: REVISION,
            versions: &versions(),
            processor: [std::env::consts::ARCH, loss_core::SimdLevel::best().name()],
            training: &Training {
                steps: 0,
                damage_steps: 0,
                learning_rate: 0.0,
                damage_learning_rate: 0.0,
                ..config.training.clone()
            },
            pace: config.pace_of(arm.task),
            data: &data,
            damage: matches!(arm.task, Task::Damage { .. }).then_some(&config.damage),
            task: arm.task,
            expression: &arm.loss.expression,
            seed: arm.seed,
        };
        Ok(self.folder.join(format!("{}.json", fingerprint_of(&key)?)))
    }

    /// What was stored of this arm; what cannot be read is as good as nothing.
    pub(crate) fn load(&self, config: &Config, arm: &Arm) -> Option<Stored> {
        serde_json::from_slice(&fs::read(self.path(config, arm).ok()?).ok()?).ok()
    }

    /// Stores a training, whole or not at all.
    pub(crate) fn store(&self, config: &Config, arm: &Arm, stored: &Stored) -> Result<(), RunError> {
        let path = self.path(config, arm)?;
        let failed = |error| RunError::Write { path: path.clone(), error };
        let bytes = serde_json::to_vec(stored).map_err(|error| failed(error.into()))?;
        write_whole(&path, &bytes).map_err(failed)
    }
}
