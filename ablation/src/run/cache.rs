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

/// What is done with trainings that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    Used,
    /// They are trained again, and what is stored of them is replaced.
    Ignored,
}

/// A folder of trainings.
pub(crate) struct Cache {
    folder: PathBuf,
    earlier: Earlier,
}

impl Cache {
    pub(crate) fn open(folder: PathBuf, earlier: Earlier) -> Result<Self, RunError> {
        fs::create_dir_all(&folder).map_err(|error| RunError::Folder { path: folder.clone(), error })?;
        Ok(Self { folder, earlier })
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
        if self.earlier == Earlier::Ignored {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::arms::{Catalogue, Exercise};
    use crate::run::config::{HeadBias, Preset};

    fn cache(earlier: Earlier) -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path().join("trainings"), earlier).unwrap();
        (folder, cache)
    }

    fn arms(config: &Config) -> Vec<Arm> {
        Catalogue::new(config).arms(&Exercise::ALL.into())
    }

    #[test]
    fn every_arm_has_a_place_of_its_own() {
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let mut paths: Vec<PathBuf> = arms(&config).iter().map(|arm| cache.path(&config, arm).unwrap()).collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }

    /// What changes a training changes its place; what does not, leaves it there.
    #[test]
    fn the_place_follows_from_what_a_training_depends_on() {
        type Change = fn(&mut Config);
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let changes: &[(Change, [bool; 2])] = &[
            (|c| c.training.steps += 1, [true, false]),
            (|c| c.training.damage_steps += 1, [false, true]),
            (|c| c.training.learning_rate *= 2.0, [true, false]),
            (|c| c.training.damage_learning_rate *= 2.0, [false, true]),
            (|c| c.training.evaluations += 1, [true, true]),
            (|c| c.training.batch += 1, [true, true]),
            (|c| c.training.base_channels += 1, [true, true]),
            (|c| c.training.head_bias = HeadBias::Prior, [true, true]),
            (|c| c.data.size += 8, [true, true]),
            (|c| c.data.noise += 0.1, [true, true]),
            (|c| c.damage.class_weights[4] += 1.0, [false, true]),
            (|c| c.damage.lambdas[0] += 0.1, [false, true]),
            (|c| c.damage.shares[1] += 0.1, [false, true]),
            // Of the arms beside these, or of how many there are.
            (|c| c.seeds += 1, [false, false]),
            (|c| c.data.rare_shares.push(0.002), [false, false]),
            (|c| c.losses.gammas.push(9.0), [false, false]),
            (|c| c.losses.own.push("iou".to_owned()), [false, false]),
        ];
        let all = arms(&config);
        let binary = all.iter().find(|arm| matches!(arm.task, Task::Binary { .. })).unwrap();
        let damage = all.iter().find(|arm| matches!(arm.task, Task::Damage { .. })).unwrap();
        for (number, (change, moves)) in changes.iter().enumerate() {
            let mut changed = config.clone();
            change(&mut changed);
            let moved =
                [binary, damage].map(|arm| cache.path(&changed, arm).unwrap() != cache.path(&config, arm).unwrap());
            assert_eq!(moved, *moves, "change {number}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_trained_again() {
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let arm = &arms(&config)[0];
        assert!(cache.load(&config, arm).is_none());
        let trained =
            Trained { parameters: 3, steps: Vec::new(), evaluations: Vec::new(), judgement: Default::default() };
        cache.store(&config, arm, &Stored { trained: trained.clone(), seconds: 1.5 }).unwrap();
        assert_eq!(cache.load(&config, arm).unwrap().trained, trained);
        let ignoring = Cache { folder: cache.folder.clone(), earlier: Earlier::Ignored };
        assert!(ignoring.load(&config, arm).is_none());
        fs::write(cache.path(&config, arm).unwrap(), b"{\"trained\":").unwrap();
        assert!(cache.load(&config, arm).is_none());
    }
}
