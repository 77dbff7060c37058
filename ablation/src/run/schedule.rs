//! Many trainings over a few threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::arm::Arm;
use super::cache::{Cache, Found, Stored};
use super::config::{Config, Training};
use super::dataset::{self, BinarySet, Sets};
use super::error::RunError;
use super::fate::Fate;
use super::progress::Progress;
use super::task::Task;
use super::training::binary::BinaryProblem;
use super::training::damage::{DamageProblem, Supervision};
use super::training::{self, Trained, TrainingError};

/// Trains all arms that are not stored, and returns the outcome of each, in order.
///
/// One thread trains one arm, so the number of threads does not change the numbers.
pub(crate) fn train_all(
    arms: &[Arm],
    config: &Config,
    threads: usize,
    cache: &Cache,
    sets: &Sets,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<Vec<Fate>, RunError> {
    let fates: Vec<OnceLock<Fate>> = arms.iter().map(|_| OnceLock::new()).collect();
    let mut waiting: Vec<usize> = Vec::new();
    for (index, (arm, fate)) in arms.iter().zip(&fates).enumerate() {
        match cache.load(config, arm)? {
            Found::Stored(Stored { trained, seconds }) => {
                let _ = fate.set(Fate::Trained { trained, seconds, was_stored: true });
            }
            Found::Unusable(unusable) => {
                progress.note(&unusable.to_string());
                waiting.push(index);
            }
            Found::Nothing => waiting.push(index),
        }
    }
    let cost = |index: &usize| arms.get(*index).map_or(0, |arm| cost_of(arm, config));
    progress.begin(waiting.iter().map(cost).fold(0, u64::saturating_add), arms.len() - waiting.len(), waiting.len());

    let next = AtomicUsize::new(0);
    let work = || -> Result<(), RunError> {
        while !stop.load(Ordering::Relaxed) {
            let Some(index) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let (Some(arm), Some(fate)) = (arms.get(*index), fates.get(*index)) else { break };
            let started = Instant::now();
            let of_step = cost_of_step(arm.task);
            let line = progress.arm(arm);
            let fate_of_arm = match train(arm, config, sets, stop, |_| line.advance(of_step)) {
                Ok(trained) => {
                    let stored = Stored { trained, seconds: started.elapsed().as_secs_f64() };
                    cache.store(config, arm, &stored).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                    Fate::Trained { trained: stored.trained, seconds: stored.seconds, was_stored: false }
                }
                Err(TrainingError::Interrupted) => Fate::Left,
                Err(error) => Fate::Failed(error.to_string()),
            };
            line.finish(&fate_of_arm);
            // Each index is handed out once.
            let _ = fate.set(fate_of_arm);
        }
        Ok(())
    };
    let outcome = std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 1..threads.clamp(1, waiting.len().max(1)) {
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Ok(worker) => workers.push(worker),
                // The numbers do not depend on the threads, so fewer are enough.
                Err(error) => {
                    progress.note(&format!(
                        "trained with {} threads, because the system gave no more: {error}",
                        workers.len() + 1
                    ));
                    break;
                }
            }
        }
        let own = work();
        workers.into_iter().fold(own, |before, worker| match worker.join() {
            Ok(done) => before.and(done),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    });
    progress.end();
    outcome?;
    Ok(fates.into_iter().map(|fate| fate.into_inner().unwrap_or(Fate::Left)).collect())
}

/// The relative time of an arm.
pub(crate) fn cost_of(arm: &Arm, config: &Config) -> u64 {
    (config.pace_of(arm.task).steps as u64).saturating_mul(cost_of_step(arm.task))
}

/// The relative time of a step, for the estimate of the time left.
fn cost_of_step(task: Task) -> u64 {
    match task {
        Task::Binary { .. } | Task::Nuclei => 10,
        Task::Cell { .. } => 3,
        Task::Damage { .. } => 22,
    }
}

fn train(
    arm: &Arm,
    config: &Config,
    sets: &Sets,
    stop: &AtomicBool,
    progress: impl Fn(usize),
) -> Result<Trained, TrainingError> {
    let pace = config.pace_of(arm.task);
    let settings = Training { evaluations: config.evaluations_of(arm.task), ..config.training.clone() };
    let on_masks = |[training, held_out]: [Arc<BinarySet>; 2], share| {
        let problem = BinaryProblem::new(training, held_out, &arm.loss.binary()?, &settings, share);
        training::train(&problem, &settings, pace, arm.seed, stop, &progress)
    };
    match arm.task {
        Task::Binary { share, labels } => on_masks(sets.labelled(config, share, labels, arm.seed), share),
        Task::Nuclei => on_masks(sets.nuclei(config, arm.seed), config.data.share),
        Task::Cell { .. } => on_masks(sets.cells(config, arm.seed), config.data.share),
        Task::Damage { deep_supervision } => {
            let [training, held_out] = sets.damage(config, arm.seed);
            let supervision = supervision(arm, config, deep_supervision)?;
            let shares = dataset::damage_shares(&config.damage);
            let weights = config.damage.class_weights;
            let problem = DamageProblem::new(training, held_out, &supervision, weights, &settings, shares)?;
            training::train(&problem, &settings, pace, arm.seed, stop, &progress)
        }
    }
}

/// The losses at each size: at an eighth the first term (focal), at a quarter and at full size the whole loss.
fn supervision(arm: &Arm, config: &Config, deep: bool) -> Result<Vec<Supervision>, TrainingError> {
    let whole = arm.loss.of_classes()?;
    let [eighth, quarter, full] = config.damage.lambdas;
    if !deep {
        return Ok(vec![Supervision { halved: 0, lambda: 1.0, loss: whole }]);
    }
    Ok(vec![
        Supervision { halved: 3, lambda: eighth, loss: whole.first_term() },
        Supervision { halved: 2, lambda: quarter, loss: whole.clone() },
        Supervision { halved: 0, lambda: full, loss: whole },
    ])
}
