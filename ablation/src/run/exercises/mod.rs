//! The exercises: one file each, with its title, question, arms and text, and one list of all.
//!
//! The numbers on the command line, the arms of a run, the sections of the report and the texts that name exercises all come from
//! the list. `docs/contributing.md` says how to add an exercise.

mod bce_and_dice;
mod charts;
mod closing;
mod damage_mapping;
mod data;
mod dice_and_iou;
mod extreme_imbalance;
mod focal_gamma;
mod gradient_magnitudes;
mod losses;
mod overview;
mod pictures;
mod rankings;
mod real_image;
mod robustness;
mod sensitivity;
mod tables;
#[cfg(test)]
mod tests;

use super::arm::{Arm, NamedLoss};
use super::config::{Config, Preset};
use super::model::{Finding, Section};
use super::outcomes::Outcomes;
use super::task::{Labels, Task};
use crate::guide::Field;
use crate::report::numbers::listed;
pub(crate) use closing::closing;
pub(crate) use data::data;
use losses::Shared;
pub(crate) use overview::{ID as OVERVIEW, overview};

/// All exercises, in the order of their numbers.
pub(crate) static ALL: &[&Exercise] = &[
    &bce_and_dice::EXERCISE,
    &dice_and_iou::EXERCISE,
    &focal_gamma::EXERCISE,
    &gradient_magnitudes::EXERCISE,
    &extreme_imbalance::EXERCISE,
    &damage_mapping::EXERCISE,
    &robustness::EXERCISE,
    &sensitivity::EXERCISE,
    &real_image::EXERCISE,
];

/// An exercise: losses that are trained side by side, and the report on the outcome.
pub(crate) struct Exercise {
    /// Its number on the command line and in the course: its place in the list, counted from 1.
    pub(crate) number: u8,
    pub(crate) title: &'static str,
    /// Its question, as in the README.
    #[cfg_attr(not(test), expect(dead_code, reason = "the README has it, and a test compares"))]
    pub(crate) question: &'static str,
    /// The tasks of the field that one of its findings is about, and which finding.
    pub(crate) near: &'static [(Field, Shows)],
    /// The losses that it trains, and on which data, in the order of the report.
    pub(crate) arms: fn(&Config) -> Vec<(Task, NamedLoss)>,
    /// Writes its section.
    pub(crate) fill: fn(&mut Section, &Outcomes<'_>),
}

/// The finding about a task.
pub(crate) enum Shows {
    /// The first finding.
    First,
    /// The first finding that compares the loss of this name with another.
    Loss(&'static str),
}

impl Shows {
    fn finding<'a>(&self, section: &'a Section) -> Option<&'a Finding> {
        section.findings().find(|finding| match self {
            Shows::First => true,
            Shows::Loss(name) => finding.comparisons.iter().any(|comparison| comparison.second == *name),
        })
    }
}

impl Exercise {
    /// The anchor of its section.
    fn id(&self) -> String {
        format!("exercise-{}", self.number)
    }

    /// The file stem of one of its tables or figures.
    fn part(&self, name: &str) -> String {
        format!("{}-{name}", self.id())
    }

    pub(crate) fn section(&self, outcomes: &Outcomes<'_>) -> Section {
        let mut section = Section::new(&self.id(), format!("Exercise {}. {}", self.number, self.title));
        (self.fill)(&mut section, outcomes);
        section
    }

    /// The shares of foreground of its binary images.
    fn shares(&self, config: &Config) -> Vec<f64> {
        shares((self.arms)(config).into_iter().map(|(task, _)| task))
    }

    pub(crate) fn is_on_binary(&self) -> bool {
        self.trains(|task| matches!(task, Task::Binary { .. }))
    }

    pub(crate) fn is_on_damage(&self) -> bool {
        self.trains(|task| matches!(task, Task::Damage { .. }))
    }

    /// Whether one of its tasks satisfies a condition.
    pub(crate) fn trains(&self, such: impl Fn(Task) -> bool) -> bool {
        let arms = (self.arms)(&Config::preset(Preset::Default));
        arms.iter().any(|(task, _)| such(*task))
    }

    /// Whether the user's own losses join it.
    pub(crate) fn takes_own(&self) -> bool {
        // No exercise trains this loss: one that is there already would be left out.
        self.depends_on(|config| config.losses.own.push("0.5 * mcc(smooth=3)".to_owned()))
    }

    /// Whether this change of the settings changes what it trains.
    pub(crate) fn depends_on(&self, change: impl FnOnce(&mut Config)) -> bool {
        let config = Config::preset(Preset::Default);
        let mut changed = config.clone();
        change(&mut changed);
        (self.arms)(&config) != (self.arms)(&changed)
    }
}

/// The exercises that can be trained on images from files; the others have images of their own.
pub(crate) fn on_files(exercises: &[&'static Exercise]) -> Vec<&'static Exercise> {
    let has_others = |task: Task| matches!(task, Task::Damage { .. } | Task::Nuclei);
    exercises.iter().copied().filter(|exercise| !exercise.trains(has_others)).collect()
}

/// The exercises with these numbers, in order; all if no number is given.
pub(crate) fn chosen(numbers: &[u8]) -> Vec<&'static Exercise> {
    ALL.iter().copied().filter(|exercise| numbers.is_empty() || numbers.contains(&exercise.number)).collect()
}

/// The numbers of the matching exercises in a sentence: "exercise 5", "exercises 1 to 4", "exercises 1, 2 and 5".
pub(crate) fn told(which: impl Fn(&Exercise) -> bool) -> String {
    let numbers: Vec<u8> = ALL.iter().filter(|exercise| which(exercise)).map(|exercise| exercise.number).collect();
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{first} to {last}")],
        _ => run.iter().map(u8::to_string).collect(),
    });
    let runs: Vec<String> = runs.collect();
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("exercise{plural} {}", listed(&runs))
}

/// Trains these losses on binary images with this share of foreground.
fn on_binary(share: f64, losses: impl IntoIterator<Item = NamedLoss>) -> Vec<(Task, NamedLoss)> {
    on_task(Task::Binary { share, labels: Labels::Usual }, losses)
}

fn on_task(task: Task, losses: impl IntoIterator<Item = NamedLoss>) -> Vec<(Task, NamedLoss)> {
    // The user's own loss may equal one that is there already, which would then be compared with itself.
    let mut all: Vec<(Task, NamedLoss)> = Vec::new();
    let plain = |loss: &NamedLoss| loss.expression.replace(' ', "");
    for loss in losses {
        if !all.iter().any(|(_, other)| plain(other) == plain(&loss)) {
            all.push((task, loss));
        }
    }
    all
}

/// The shares of foreground among these tasks, without repetition.
fn shares(tasks: impl Iterator<Item = Task>) -> Vec<f64> {
    let mut shares = Vec::new();
    for task in tasks {
        if let Task::Binary { share, .. } = task
            && !shares.contains(&share)
        {
            shares.push(share);
        }
    }
    shares
}

/// All trainings of some exercises, without repetition: seed by seed, the longest training of a seed first.
pub(crate) fn arms(config: &Config, exercises: &[&Exercise]) -> Vec<Arm> {
    config.seeds().flat_map(|seed| arms_of_seed(config, exercises, seed)).collect()
}

/// The trainings of one seed.
pub(crate) fn arms_of_seed(config: &Config, exercises: &[&Exercise], seed: u64) -> Vec<Arm> {
    let mut arms: Vec<Arm> = Vec::new();
    // The focal loss has the name that it has beside other losses, whichever exercise asks for it first.
    let focal = Shared(&config.losses).focal();
    let named = |loss: NamedLoss| if loss.expression == focal.expression { focal.clone() } else { loss };
    let asked = exercises.iter().flat_map(|exercise| (exercise.arms)(config));
    for (task, loss) in asked.filter(|(task, _)| config.has_seed(*task, seed)) {
        let arm = Arm { task, loss: named(loss), seed };
        if !arms.iter().any(|other| other.is_same_training(&arm)) {
            arms.push(arm);
        }
    }
    arms.sort_by_key(|arm| !matches!(arm.task, Task::Damage { .. }));
    arms
}
