//! The commands `run`, `report`, `config` and `compare`, from their arguments to their output.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::arm::Arm;
use super::cache::{Cache, Earlier};
use super::commented::commented;
use super::config::{Config, Preset};
use super::dataset::Sets;
use super::error::RunError;
use super::exercises::{self, Exercise};
use super::fate::Fate;
use super::folder::RunFolder;
use super::images;
use super::memory;
use super::model::Section;
use super::outcomes::Outcomes;
use super::own_images::OwnImages;
use super::plan::plan;
use super::progress::Progress;
use super::record::{self, Record, heading};
use super::report;
use super::results::{ArmResult, FILE_NAME, FORMAT, ImagesFile, Results};
use super::schedule::train_all;
use super::theory;
use super::versions::versions;
use crate::arguments::{CompareArguments, ConfigArguments, PresetArguments, ReportArguments, RunArguments};
use crate::error::Error;
use crate::part::folder_of;
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

/// The arguments of `run`, with texts from the list of exercises.
pub(crate) fn with_exercises(command: clap::Command) -> clap::Command {
    let last = i64::try_from(exercises::ALL.len()).unwrap_or(i64::MAX);
    let titles = exercises::ALL.iter().map(|exercise| format!("{} {}", exercise.number, exercise.title));
    let which = format!("The exercises to run: {} [default: all]", titles.collect::<Vec<_>>().join(", "));
    let own = format!(
        "Train your own loss as well, in {}: an expression like those of `ablation score`, such as \
         \"0.7*focal(gamma=2) + 0.3*tversky(alpha=0.3, beta=0.7)\". Can be given several times",
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

/// The requested settings: the preset, changed by the file, then by the command line.
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

/// Trains everything that is not stored yet, and writes the report.
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
    let before = Record::read(folder);
    let beside = [(images::FILE, &images[..])];
    record.files = report::write(folder, &heading(&results, Some(&record))?, &results.sections, &beside)?;
    remove_old(folder, before.as_ref(), &record.files);
    results.write(&folder.join(FILE_NAME))?;
    record.write(folder)?;
    Ok(told(folder, &results, &fates, &record, started.elapsed().as_secs_f64()))
}

/// Draws a report again.
pub(crate) fn draw_again(arguments: &ReportArguments) -> Result<String, RunError> {
    let given = &arguments.results;
    let home = if given.is_dir() { given.as_path() } else { folder_of(given) };
    // The folder is locked before it is read, because a run may be writing there.
    let taken = RunFolder::take_to_draw(arguments.output.as_deref().unwrap_or(home))?;
    let folder = taken.path();
    let results = Results::read(given)?;
    let record = Record::read(home);
    if record.is_none() {
        terminal::say(format_args!(
            "note: {}: missing or damaged, so the page does not show command, machine and times",
            home.join(record::FILE_NAME).display()
        ));
    }
    let images = fs::read(home.join(&results.images.file)).ok().filter(|bytes| results.images.holds(bytes));
    if images.is_none() {
        terminal::say(format_args!(
            "note: {}: missing, or not the file of these results, so the page does not link it",
            home.join(&results.images.file).display()
        ));
    }
    let beside: Vec<(&str, &[u8])> = images.iter().map(|bytes| (images::FILE, &bytes[..])).collect();
    let written = report::write(folder, &heading(&results, record.as_ref())?, &results.sections, &beside)?;
    if let Some(mut record) = record.filter(|_| arguments.output.is_none()) {
        remove_old(folder, Some(&record), &written);
        record.files = written;
        record.write(folder)?;
    }
    Ok(format!("report   {}\n", folder.join("index.html").display()))
}

/// Removes files that an earlier report drew and this one does not, because they would look like part of it.
fn remove_old(folder: &Path, before: Option<&Record>, written: &[PathBuf]) {
    for old in before.into_iter().flat_map(Record::files_within).filter(|old| !written.contains(old)) {
        let _ = fs::remove_file(folder.join(old));
    }
}

/// The requested exercises, on images from files or on synthetic ones.
fn exercises_on(numbers: &[u8], is_of_files: bool) -> Result<Vec<&'static Exercise>, RunError> {
    let chosen = exercises::chosen(numbers);
    if !is_of_files {
        return Ok(chosen);
    }
    let possible = exercises::on_files(&chosen);
    let left = chosen.iter().find(|exercise| !possible.iter().any(|other| other.number == exercise.number));
    match left {
        Some(left) if !numbers.is_empty() => Err(RunError::Common(Error::Usage(format!(
            "exercise {}: it has images of its own, so it cannot be trained on --images; leave it out, or run it without --images",
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

/// A flag that Ctrl-C sets. A second Ctrl-C ends the program at once.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>, RunError> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        terminal::say("\nstopping: the report of the finished trainings follows; press Ctrl-C again to end at once");
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

/// The text that is printed at the end.
fn told(folder: &Path, results: &Results, fates: &[Fate], record: &Record, seconds: f64) -> String {
    let mut text = String::new();
    let trained = results.arms.len();
    let stored = fates.iter().filter(|fate| matches!(fate, Fate::Trained { was_stored: true, .. })).count();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{trained} of {} trainings ({stored} from before), {seconds:.0} s", fates.len());
    if let Some(why) = record.why_partial() {
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
