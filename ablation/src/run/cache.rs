//! Finished trainings on disk, so that an interrupted run continues where it stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::config::{Config, Damage, Data, Pace, RealImages, Robustness, Training, fingerprint_of};
use super::error::RunError;
use super::files::write_to_disk;
use super::seal::Sealed;
use super::task::{Labels, Task};
use super::training::Trained;
use super::versions::versions;

/// Increase this when a change of the program changes the result of a training, or how it is stored.
const REVISION: u32 = 4;

/// Everything that a training depends on.
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
    robustness: Option<Robustness>,
    images: Option<&'a RealImages>,
    task: Task,
    expression: &'a str,
    seed: u64,
}

/// A training and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) trained: Trained,
    pub(crate) seconds: f64,
}

/// A training as it is stored. The key detects a file that was renamed to another's name.
#[derive(Serialize, Deserialize)]
struct Entry<S> {
    /// The hash of everything that the training depends on.
    key: String,
    #[serde(flatten)]
    stored: S,
}

/// The stored result of an arm.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    Stored(Stored),
    /// A file whose content is not what was written.
    Unusable(Unusable),
}

/// The reason why a stored training is trained again.
#[derive(Debug)]
pub(crate) struct Unusable {
    path: PathBuf,
    reason: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; it is trained again", self.path.display(), self.reason)
    }
}

/// The treatment of trainings that are stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    Used,
    /// They are trained again, and their files are replaced.
    Ignored,
}

/// A folder of trainings.
pub(crate) struct Cache {
    folder: PathBuf,
    earlier: Earlier,
}

impl Cache {
    /// Takes a folder that exists.
    pub(crate) fn new(folder: PathBuf, earlier: Earlier) -> Self {
        Self { folder, earlier }
    }

    /// The file of an arm, and the hash of everything that its training depends on.
    fn place(&self, config: &Config, arm: &Arm) -> Result<(PathBuf, String), RunError> {
        // Other exercises do not change this training.
        let data = match arm.task {
            Task::Cell { .. } => Data { rare_shares: Vec::new(), ..config.data_of_cells() },
            Task::Binary { .. } | Task::Nuclei | Task::Damage { .. } => {
                Data { rare_shares: Vec::new(), share: 0.0, ..config.data.clone() }
            }
        };
        let is_noisy = matches!(arm.task, Task::Binary { labels: Labels::Noisy | Labels::Soft, .. });
        let is_of_files = matches!(arm.task, Task::Binary { .. } | Task::Cell { .. });
        let key = Key {
            revision: REVISION,
            versions: &versions(),
            processor: [std::env::consts::ARCH, loss_core::SimdLevel::best().name()],
            training: &Training {
                steps: 0,
                damage_steps: 0,
                learning_rate: 0.0,
                damage_learning_rate: 0.0,
                evaluations: config.evaluations_of(arm.task),
                ..config.training.clone()
            },
            pace: config.pace_of(arm.task),
            data: &data,
            damage: matches!(arm.task, Task::Damage { .. }).then_some(&config.damage),
            robustness: is_noisy.then_some(Robustness { seeds: 0, ..config.robustness }),
            images: config.images.as_ref().filter(|_| is_of_files),
            task: arm.task,
            expression: &arm.loss.expression,
            seed: arm.seed,
        };
        let key = fingerprint_of(&key)?;
        Ok((self.folder.join(format!("{key}.json")), key))
    }

    /// Loads what was stored for this arm, if it is intact.
    pub(crate) fn load(&self, config: &Config, arm: &Arm) -> Result<Found, RunError> {
        let (path, key) = self.place(config, arm)?;
        if self.earlier == Earlier::Ignored {
            return Ok(Found::Nothing);
        }
        let unusable = |path, reason| Ok(Found::Unusable(Unusable { path, reason }));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            // Such a file could not be replaced after the training either.
            Err(error) if path.is_dir() => return Err(RunError::Read { path, error }),
            Err(error) => return unusable(path, format!("a stored training that cannot be read ({error})")),
        };
        let entry = match serde_json::from_slice::<Sealed<Entry<Stored>>>(&bytes) {
            Ok(sealed) => sealed.open(),
            Err(error) => return unusable(path, format!("not a stored training, or not all of it ({error})")),
        };
        match entry {
            None => unusable(path, "a damaged training (its content is not that of its hash)".to_owned()),
            Some(entry) if entry.key != key => unusable(path, "another training than its name says".to_owned()),
            Some(entry) => Ok(Found::Stored(entry.stored)),
        }
    }

    /// Stores a training, whole or not at all. When this returns, it is on disk.
    pub(crate) fn store(&self, config: &Config, arm: &Arm, stored: &Stored) -> Result<(), RunError> {
        let (path, key) = self.place(config, arm)?;
        let bytes = serde_json::to_vec(&Sealed::new(Entry { key, stored })?)?;
        write_to_disk(&path, &bytes).map_err(|error| RunError::Training { path, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config::{HeadBias, Preset};
    use crate::run::exercises;
    use crate::run::metrics::{Counts, ImageScores};
    use crate::run::training::{Evaluation, Judgement, Metrics, Step};

    fn cache(earlier: Earlier) -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned(), earlier);
        (folder, cache)
    }

    fn arms(config: &Config) -> Vec<Arm> {
        exercises::arms(config, exercises::ALL)
    }

    #[test]
    fn every_arm_has_a_place_of_its_own() {
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let mut paths: Vec<PathBuf> = arms(&config).iter().map(|arm| cache.place(&config, arm).unwrap().0).collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }

    /// A change that affects a training changes its place; any other change does not.
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
            (|c| c.robustness.seeds += 1, [false, false]),
            (|c| c.robustness.label_noise += 0.1, [false, false]),
            (|c| c.sensitivity.steps += 1, [false, false]),
        ];
        let all = arms(&config);
        let binary = all.iter().find(|arm| matches!(arm.task, Task::Binary { .. })).unwrap();
        let damage = all.iter().find(|arm| matches!(arm.task, Task::Damage { .. })).unwrap();
        for (number, (change, moves)) in changes.iter().enumerate() {
            let mut changed = config.clone();
            change(&mut changed);
            let moved = [binary, damage]
                .map(|arm| cache.place(&changed, arm).unwrap().0 != cache.place(&config, arm).unwrap().0);
            assert_eq!(moved, *moves, "change {number}");
        }
    }

    fn trained(seed: u64) -> Stored {
        let step = |loss| Step { loss, foreground_gradient: 0.1, background_gradient: 1e-300 };
        let metrics: Metrics = [("Dice".to_owned(), Some(0.1 + 0.2)), ("Hausdorff".to_owned(), None)].into();
        let trained = Trained {
            parameters: 3,
            steps: vec![step(1.0), step(-0.0), step(seed as f64)],
            evaluations: vec![Evaluation { step: 3, metrics: metrics.clone() }],
            judgement: Judgement {
                metrics,
                reliability: vec![[0.5, 0.25, 7.0]],
                images: vec![ImageScores {
                    counts: vec![Counts::from([3, 1, 0, 12])],
                    metrics: [("Dice".to_owned(), 0.1 + 0.7)].into(),
                }],
                predictions: vec![vec![0, 255]],
            },
        };
        Stored { trained, seconds: 1.5 }
    }

    fn reason(found: Found) -> String {
        match found {
            Found::Unusable(unusable) => unusable.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stored_training_is_there_again() {
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let arm = &arms(&config)[0];
        assert!(matches!(cache.load(&config, arm).unwrap(), Found::Nothing));
        cache.store(&config, arm, &trained(7)).unwrap();
        let Found::Stored(found) = cache.load(&config, arm).unwrap() else { panic!("nothing") };
        assert_eq!(found, trained(7));
        let ignoring = Cache { folder: cache.folder.clone(), earlier: Earlier::Ignored };
        assert!(matches!(ignoring.load(&config, arm).unwrap(), Found::Nothing));
    }

    /// Whatever happens to a file, the training is loaded as it was stored, or trained again.
    #[test]
    fn a_damaged_training_is_not_used() {
        let (_folder, cache) = cache(Earlier::Used);
        let config = Config::preset(Preset::Default);
        let arms = arms(&config);
        let (arm, other) = (&arms[0], &arms[1]);
        cache.store(&config, arm, &trained(7)).unwrap();
        cache.store(&config, other, &trained(8)).unwrap();
        let [path, of_other] = [arm, other].map(|arm| cache.place(&config, arm).unwrap().0);
        let whole = fs::read(&path).unwrap();
        let found = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            cache.load(&config, arm).unwrap()
        };

        let text = String::from_utf8(whole.clone()).unwrap();
        let steps = text.find("\"steps\":[").unwrap() + "\"steps\":[".len();
        let end = steps + text[steps..].find(']').unwrap();
        let emptied = format!("{}{}", &text[..steps], &text[end..]);
        let told = reason(found(emptied.as_bytes()));
        assert!(told.contains("a damaged training") && told.ends_with("it is trained again"), "{told}");
        assert!(reason(found(&fs::read(of_other).unwrap())).contains("another training than its name says"));
        let other_version: Vec<u8> = serde_json::to_vec(&trained(7)).unwrap();
        assert!(reason(found(&other_version)).contains("not a stored training"));
        for end in 0..whole.len() {
            reason(found(&whole[..end]));
        }
        for (index, byte) in whole.iter().enumerate() {
            for changed in [byte ^ 1, byte ^ 0x80, b'0', b' '] {
                let mut bytes = whole.clone();
                bytes[index] = changed;
                match found(&bytes) {
                    // Only changes that read the same may pass: a 0 for a 0, more digits of the same number.
                    Found::Stored(stored) => assert_eq!(stored, trained(7), "{index}"),
                    Found::Unusable(_) => {}
                    Found::Nothing => panic!("nothing at {index}"),
                }
            }
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(cache.load(&config, arm), Err(RunError::Read { .. })));
    }
}
