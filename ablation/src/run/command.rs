//! The commands `run`, `config` and `compare`: from what was asked to what is written.

use std::fmt::Write;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::arm::Arm;
use super::cache::{Cache, Earlier};
use super::commented::commented;
use super::config::{Config, Preset};
use super::dataset::Sets;
use super::error::RunError;
use super::exercises::{self, Exercise};
use super::fate::Fate;
use super::files::write_to_disk;
use super::folder::RunFolder;
use super::images;
use super::memory;
use super::model::Section;
use super::outcomes::Outcomes;
use super::own_images::OwnImages;
use super::plan::plan;
use super::progress::Progress;
use super::report::{self, Heading};
use super::results::{ArmResult, FILE_NAME, FORMAT, ImagesFile, Results};
use super::schedule::train_all;
use super::seal::Sealed;
use super::theory;
use super::versions::versions;
use crate::arguments::{CompareArguments, ConfigArguments, PresetArguments, RunArguments};
use crate::error::Error;
use crate::terminal;

impl PresetArguments {
    fn preset(&self) -> Preset {
        match (self.quick, self.full) {
            (true, _) => Preset::Quick,
            (_, true) => Preset::Full,
            _ => Preset::Default,
        }
    }
}

/// The arguments of `run`, with what the list of exercises says on them.
pub(crate) fn with_exercises(command: clap::Command) -> clap::Command {
    let last = i64::try_from(exercises::ALL.len()).unwrap_or(i64::MAX);
    let titles = exercises::ALL.iter().map(|exercise| format!("{} {}", exercise.number, exercise.title));
    let which = format!("The exercises to run: {} [default: all]", titles.collect::<Vec<_>>().join(", "));
    let own = format!(
        "Add an arm with a loss of your own to {}: an expression as `ablation score` has it, such as \
         \"0.7*focal(gamma=2) + 0.3*tversky(alpha=0.3, beta=0.7)\". May be given several times",
        exercises::told(Exercise::takes_own)
    );
    let numbers = clap::value_parser!(u8).range(1..=last);
    command
        .mut_arg("exercises", |argument| argument.value_parser(numbers).help(which))
        .mut_arg("losses", |argument| argument.help(own))
}

/// Prints the settings of a preset.
pub(crate) fn config(arguments: &ConfigArguments) -> Result<String, RunError> {
    Ok(commented(&Config::preset(arguments.preset.preset()))?)
}

/// Compares two runs.
pub(crate) fn compare(arguments: &CompareArguments) -> Result<String, RunError> {
    let [a, b] = [&arguments.first, &arguments.second].map(|path| Results::read(path));
    let comparison = super::compare::compare(&a?, &b?);
    if arguments.json {
        return Ok(comparison.json()?);
    }
    Ok(comparison.text())
}

/// The settings that were asked for: the preset, then the file, then the command line.
fn settings(arguments: &RunArguments) -> Result<Config, RunError> {
    let preset = arguments.preset.preset();
    let mut config = match &arguments.config {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| RunError::Read { path: path.clone(), error })?;
            Config::load(preset, &text, path)?
        }
        None => Config::preset(preset),
    };
    config.seeds = arguments.seeds.unwrap_or(config.seeds);
    config.first_seed = arguments.first_seed.unwrap_or(config.first_seed);
    config.losses.own.extend(arguments.losses.iter().cloned());
    Ok(config.validate()?)
}

/// Trains what is not trained yet, and writes the report.
pub(crate) fn run(arguments: &RunArguments) -> Result<String, RunError> {
    let started = Instant::now();
    let config = settings(arguments)?;
    let own = OwnImages::read(arguments, &config)?;
    let config = match &own {
        Some(own) => own.settings(config, arguments.crop).validate()?,
        None => config,
    };
    let exercises = exercises_on(&arguments.exercises, own.is_some())?;
    let threads = arguments.threads.map_or_else(available_threads, usize::from);
    memory::check(&config, &exercises, threads)?;
    let arms = exercises::arms(&config, &exercises);
    let earlier = if arguments.fresh { Earlier::Ignored } else { Earlier::Used };
    if arguments.plan {
        let cache = Cache::new(arguments.output.join("trainings"), earlier);
        let told = own.iter().map(|own| own.told() + "\n").collect::<String>();
        return Ok(told + &plan(&config, &exercises, &arms, &cache, threads)?);
    }
    let taken = RunFolder::take(&arguments.output)?;
    let (folder, trainings) = (taken.path(), taken.trainings());
    let cache = Cache::new(trainings.clone(), earlier);
    let stop = stop_on_interrupt()?;
    let progress = Progress::new(arguments.quiet);

    own.iter().for_each(|own| progress.say(&own.told()));
    let sets = Sets::of(own.map(|own| Arc::new(own.real)));
    let fates = train_all(&arms, &config, threads, &cache, &sets, &stop, &progress)?;
    if !fates.iter().any(|fate| matches!(fate, Fate::Trained { .. })) && stop.load(Ordering::Relaxed) {
        return Err(RunError::NothingFinished(trainings));
    }
    if !fates.iter().any(|fate| matches!(fate, Fate::Trained { .. })) {
        let first = fates.iter().find_map(|fate| match fate {
            Fate::Failed(reason) => Some(reason.clone()),
            _ => None,
        });
        return Err(RunError::AllFailed(first.unwrap_or_default()));
    }
    let trained = started.elapsed();
    let complete = fates.iter().all(|fate| matches!(fate, Fate::Trained { .. }));
    progress.say("drawing the report");

    let outcomes = Outcomes { config: &config, sets: &sets, arms: &arms, fates: &fates };
    let sections = sections(&outcomes, &exercises);
    let images = images::csv(&arms, &fates).map_err(|error| RunError::Internal(error.to_string()))?;
    let results = Results {
        format: FORMAT,
        complete,
        versions: versions(),
        configuration: config.clone(),
        exercises: exercises.iter().map(|exercise| exercise.number).collect(),
        arms: arms.iter().zip(&fates).filter_map(arm_result).collect(),
        images: ImagesFile::new(images::FILE, &images),
        sections,
    };
    let mut record = Record::new(threads, trained.as_secs_f64(), &arms, &fates);
    let heading = heading(&config, why_partial(&fates), &record)?;
    let path = folder.join("run.json");
    let before = files_of(&path);
    record.files = report::write(folder, &heading, &results.sections, &[(images::FILE, &images)])?;
    // What an earlier report drew, and this one does not, would be taken for a part of it.
    for old in before.iter().filter(|old| !record.files.contains(old)) {
        let _ = fs::remove_file(folder.join(old));
    }
    results.write(&folder.join(FILE_NAME))?;
    let json = serde_json::to_vec_pretty(&Sealed::new(record)?)?;
    write_to_disk(&path, &json).map_err(|error| RunError::Write { path, error })?;
    Ok(told(folder, &results, &fates, &arms, started.elapsed().as_secs_f64()))
}

/// The exercises that were asked for, on images of files or on synthetic ones.
fn exercises_on(numbers: &[u8], is_of_files: bool) -> Result<Vec<&'static Exercise>, RunError> {
    let chosen = exercises::chosen(numbers);
    if !is_of_files {
        return Ok(chosen);
    }
    let possible = exercises::on_files(&chosen);
    let left = chosen.iter().find(|exercise| !possible.iter().any(|other| other.number == exercise.number));
    match left {
        Some(left) if !numbers.is_empty() => Err(RunError::Common(Error::Usage(format!(
            "exercise {}: has images of its own, so it cannot be trained on --images; leave it out, or run it without --images",
            left.number
        )))),
        _ => Ok(possible),
    }
}

/// All sections of the report, in their order.
fn sections(outcomes: &Outcomes<'_>, exercises: &[&Exercise]) -> Vec<Section> {
    let mut sections: Vec<Section> = exercises::overview(outcomes).into_iter().collect();
    sections.push(exercises::data(outcomes, exercises));
    sections.extend(exercises.iter().map(|exercise| exercise.section(outcomes)));
    sections.extend(theory::sections(&outcomes.config.losses));
    sections.push(exercises::closing(&sections));
    sections
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}

/// Set when Ctrl-C is pressed; pressed again, it ends the program at once.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>, RunError> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        terminal::say("\nstopping: a report of what is finished follows; Ctrl-C again ends at once");
    })?;
    Ok(stop)
}

fn arm_result((arm, fate): (&Arm, &Fate)) -> Option<ArmResult> {
    let Fate::Trained { trained, .. } = fate else { return None };
    let history = trained.evaluations.iter().map(|evaluation| (evaluation.step, evaluation.metrics.clone()));
    Some(ArmResult {
        exercise_data: arm.task.to_string(),
        loss: arm.loss.name.clone(),
        expression: arm.loss.expression.clone(),
        seed: arm.seed,
        parameters: trained.parameters,
        metrics: trained.judgement.metrics.clone(),
        history: history.collect(),
        steps: trained.steps.clone(),
    })
}

/// The files of the report that this record belongs to; none if there is no such record, or if it is damaged, because these are removed.
fn files_of(record: &Path) -> Vec<PathBuf> {
    let record = fs::read(record).ok().and_then(|bytes| serde_json::from_slice::<Sealed<Record>>(&bytes).ok()?.open());
    let inside = |file: &PathBuf| file.components().all(|part| matches!(part, Component::Normal(_)));
    record.map_or_else(Vec::new, |record| record.files.into_iter().filter(inside).collect())
}

/// What belongs to this run alone, not to its results: `run.json`.
#[derive(Serialize, Deserialize)]
struct Record {
    command: Vec<String>,
    threads: usize,
    /// The time from the start until all arms were trained.
    training_seconds: f64,
    system: String,
    vector_registers: String,
    arms: Vec<ArmTime>,
    /// Those of the report, from its folder.
    files: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct ArmTime {
    arm: String,
    seconds: Option<f64>,
    /// It was there from an earlier run.
    was_stored: bool,
    /// Why it has no result.
    failure: Option<String>,
}

impl Record {
    fn new(threads: usize, training_seconds: f64, arms: &[Arm], fates: &[Fate]) -> Self {
        let time = |(arm, fate): (&Arm, &Fate)| {
            let (seconds, was_stored, failure) = match fate {
                Fate::Trained { seconds, was_stored, .. } => (Some(*seconds), *was_stored, None),
                Fate::Failed(reason) => (None, false, Some(reason.clone())),
                Fate::Left => (None, false, Some("not reached".to_owned())),
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
}

fn heading(config: &Config, partial: Option<String>, record: &Record) -> Result<Heading, RunError> {
    let stored = record.arms.iter().filter(|arm| arm.was_stored).count();
    let last_seed = config.first_seed.saturating_add(u64::from(config.seeds) - 1);
    let versions = versions().into_iter().map(|(name, version)| format!("{name} {version}"));
    // The path of the program itself says nothing.
    let command = std::iter::once("ablation".to_owned()).chain(record.command.iter().skip(1).map(|word| quoted(word)));
    let mut facts = vec![
        ("Command", command.collect::<Vec<_>>().join(" ")),
        (
            "Seeds",
            if config.seeds == 1 {
                config.first_seed.to_string()
            } else {
                format!("{} to {last_seed}", config.first_seed)
            },
        ),
        ("Trainings", format!("{}, of which {stored} were there from an earlier run", record.arms.len())),
        ("Time", format!("{:.0} s with {} threads", record.training_seconds, record.threads)),
        ("Versions", versions.collect::<Vec<_>>().join(", ")),
        ("Machine", format!("{}, {}", record.system, record.vector_registers)),
        ("Settings", config.fingerprint()),
    ];
    let failures = record.arms.iter().filter_map(|arm| Some(format!("{}: {}", arm.arm, arm.failure.as_ref()?)));
    let failures: Vec<String> = failures.collect();
    if !failures.is_empty() {
        facts.push(("Without result", failures.join("; ")));
    }
    Ok(Heading {
        title: "Segmentation losses compared on a small U-Net".to_owned(),
        partial,
        facts: facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect(),
        configuration: commented(config)?,
    })
}

/// A word of a command as a shell would take it.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-_=./,:".contains(letter));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Why not all arms have a result, and what helps; none if all have.
fn why_partial(fates: &[Fate]) -> Option<String> {
    let count = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
    let failed = count(|fate| matches!(fate, Fate::Failed(_)));
    let left = count(|fate| matches!(fate, Fate::Left));
    let all = fates.len();
    match (failed, left) {
        (0, 0) => None,
        (0, _) => Some(format!(
            "The run was interrupted, and {left} of {all} trainings are missing. The same command, without --fresh, goes on from here."
        )),
        _ => Some(format!(
            "{failed} of {all} trainings failed, and {left} were not reached; the facts of the run say why. Other settings may help."
        )),
    }
}

/// What is printed in the end.
fn told(folder: &Path, results: &Results, fates: &[Fate], arms: &[Arm], seconds: f64) -> String {
    let mut text = String::new();
    let trained = results.arms.len();
    let stored = fates.iter().filter(|fate| matches!(fate, Fate::Trained { was_stored: true, .. })).count();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{trained} of {} trainings ({stored} from before), {seconds:.0} s", arms.len());
    if let Some(why) = why_partial(fates) {
        let _ = writeln!(text, "the report is partial: {why}");
    }
    for section in &results.sections {
        let most = if section.id == exercises::OVERVIEW { usize::MAX } else { 1 };
        for (index, finding) in section.findings().take(most).enumerate() {
            let title = if index == 0 { format!("\n{}\n", section.title) } else { String::new() };
            let _ = writeln!(text, "{title}  {}", finding.sentence);
        }
    }
    let _ = writeln!(
        text,
        "\nreport   {}\nnumbers  {}",
        folder.join("index.html").display(),
        folder.join(FILE_NAME).display()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_are_quoted_where_a_shell_needs_it() {
        let words = ["--seeds", "3", "bce + dice", "it's", ""].map(quoted);
        assert_eq!(words, ["--seeds", "3", "'bce + dice'", "'it'\\''s'", "''"]);
    }
}
