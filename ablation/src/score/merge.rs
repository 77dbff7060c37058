//! `ablation merge`: states of several runs are added, and finished as one run.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use loss_core::Counts;
use loss_expression::{ClassExpression, Expression, binary, classes};
use serde_json::{Value, json};

use super::finish::{Finishing, finish, finish_labels};
use super::gathered::report;
use super::metrics::{Asked, Measured};
use super::results::{FileScores, Finish, Outcome, Reading, Report, Scorer};
use super::state::{FileNames, Readings, State};
use super::{ScoreError, page, run, written};
use crate::answer::Answer;
use crate::arguments::{EmptyImages, MergeArguments};
use crate::paths::shown;

/// Adds the states, and gives the text to print.
pub(crate) fn merge(arguments: &MergeArguments) -> Result<Answer, ScoreError> {
    let output = &arguments.output;
    for (option, is_given) in [
        ("--grad", output.grad.is_some()),
        ("--map", output.map.is_some()),
        ("--compare", !arguments.metric.compare.is_empty()),
        ("--metrics", !arguments.metric.metrics.is_empty()),
    ] {
        if is_given {
            return Err(ScoreError::usage(format!("{option}: states have no pixels; give it to `ablation score`")));
        }
    }
    written::check(output, arguments.per_image.as_ref(), &arguments.states)?;
    page::check(output)?;
    let mut states = Vec::new();
    for path in &arguments.states {
        states.push((path.clone(), State::read(path)?));
    }
    // The order in which states are named changes nothing.
    let mut all = added(&states)?;
    all.files.sort_by(|a, b| (&a.input, &a.targets).cmp(&(&b.input, &b.targets)));
    all.scores.sort_by(|a, b| (a.names.input(), &a.names.targets).cmp(&(b.names.input(), &b.names.targets)));
    if let Some(path) = &output.state {
        all.write(path)?;
        return Ok(String::new().into());
    }
    let wrong = |problem: String| ScoreError::usage(format!("{}: {problem}", shown(&arguments.states[0])));
    let asked = match &all.metrics {
        Some(parameters) => Asked::of_parameters(parameters, &arguments.metric).map_err(wrong)?,
        None => Asked::of_parameters(&Asked::none(), &arguments.metric).map_err(wrong)?,
    };
    if asked.metrics.is_empty() && (arguments.per_image.is_some() || arguments.metric.intervals.is_some()) {
        let message = "the states have no rows of images, which --per-image and --intervals need; give --metrics to `ablation score --state`";
        return Err(ScoreError::usage(message.to_owned()));
    }
    let mut measured = all.to_measured().map_err(wrong)?;
    measured.rows.sort();
    let input = if all.scores.iter().any(|file| file.names.probs.is_some()) { "probs" } else { "logits" };
    let files = all.files.iter().map(|file| [file.input.clone(), file.targets.clone()]).collect();
    let rows = arguments.per_image.as_ref();
    let finishing = Finishing { metric: &arguments.metric, output, rows, input, files, paired_by: None, pixels: None };
    if all.state.is_none() {
        return finish_labels(&measured, &asked, &finishing, all.warnings, Vec::new());
    }
    let report = finished(&all)?;
    finish(report, &measured, &asked, &finishing, Vec::new())
}

/// The sum of all states.
fn added(states: &[(PathBuf, State)]) -> Result<State, ScoreError> {
    let [(first_path, first), rest @ ..] = states else {
        return Err(ScoreError::usage("no state to merge".to_owned()));
    };
    let mut all = first.clone();
    let mut seen: BTreeMap<(String, String), &PathBuf> = BTreeMap::new();
    for (path, state) in states {
        for file in &state.files {
            if let Some(other) = seen.insert((straight(&file.input), straight(&file.targets)), path) {
                return Err(ScoreError::usage(format!(
                    "{}: {} against {} is in {} as well, and would count twice; if they are different files, score them under \
                     names that tell them apart",
                    shown(path),
                    file.input,
                    file.targets,
                    shown(other)
                )));
            }
        }
    }
    let mut measured =
        first.to_measured().map_err(|problem| ScoreError::usage(format!("{}: {problem}", shown(first_path))))?;
    for (path, state) in rest {
        let differs = |what: &str, a: &Value, b: &Value| {
            Err(ScoreError::usage(format!("{}: {what} is {b}, and {a} in {}", shown(path), shown(first_path))))
        };
        if let Some((what, a, b)) = difference(first, state) {
            return differs(&what, &a, &b);
        }
        match (&mut all.state, &state.state) {
            (Some(sums), Some(more)) if sums.len() == more.len() => {
                for (sum, more) in sums.iter_mut().zip(more) {
                    *sum = sum.checked_add(*more).ok_or_else(|| {
                        ScoreError::usage(format!("{}: a sum is out of range: the state is damaged", shown(path)))
                    })?;
                }
            }
            (None, None) => {}
            (a, b) => {
                let length = |sums: Option<&Vec<i64>>| Value::from(sums.map_or(0, Vec::len));
                return differs("the number of sums", &length(a.as_ref()), &length(b.as_ref()));
            }
        }
        all.files.extend(state.files.iter().cloned());
        all.scores.extend(state.scores.iter().cloned());
        all.clamped.probabilities += state.clamped.probabilities;
        all.clamped.targets += state.clamped.targets;
        for warning in &state.warnings {
            if !all.warnings.contains(warning) {
                all.warnings.push(warning.clone());
            }
        }
        let more = state.to_measured().map_err(|problem| ScoreError::usage(format!("{}: {problem}", shown(path))))?;
        if !measured.merge(more) {
            return Err(ScoreError::usage(format!(
                "{}: has other bins of probabilities than {}",
                shown(path),
                shown(first_path)
            )));
        }
    }
    keep(&mut all, measured);
    all.warnings.extend(twins(&all));
    Ok(all)
}

/// The first key whose values differ, though they have to be the same, with both.
fn difference(a: &State, b: &State) -> Option<(String, Value, Value)> {
    /// A value, or what differs in it: `metrics.tolerance`.
    fn within(key: &str, a: Value, b: Value) -> Option<(String, Value, Value)> {
        match (a, b) {
            (a, b) if a == b => None,
            (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|name| {
                let of = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                within(&format!("{key}.{name}"), of(&a), of(&b))
            }),
            (a, b) => Some((key.to_owned(), a, b)),
        }
    }
    let differs = [
        ("losses", json!(a.losses), json!(b.losses)),
        ("inputs", json!(a.inputs), json!(b.inputs)),
        ("epsilon", json!(a.epsilon), json!(b.epsilon)),
        ("threshold", json!(a.threshold), json!(b.threshold)),
        ("classes", json!(a.classes), json!(b.classes)),
        ("class_weights", json!(a.class_weights), json!(b.class_weights)),
        ("fingerprint", json!(a.fingerprint), json!(b.fingerprint)),
        ("metrics", json!(a.metrics), json!(b.metrics)),
        ("class_names", json!(a.class_names), json!(b.class_names)),
    ];
    let differs = differs.into_iter().find_map(|(key, a, b)| within(key, a, b));
    let readings = || {
        let same = same_readings(a.readings.as_ref(), b.readings.as_ref());
        if same { None } else { within("readings", json!(a.readings), json!(b.readings)) }
    };
    differs.or_else(readings)
}

/// A name without `./`, `//` and `a/../`, so that the same file has the same one.
fn straight(name: &str) -> String {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in Path::new(name).components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.iter().collect::<PathBuf>().display().to_string()
}

/// Says which files have the same names without their folders and the same numbers, because they may be one file that counts twice.
fn twins(all: &State) -> Vec<String> {
    let base = |name: &str| Path::new(name).file_name().map_or(name.to_owned(), |name| shown(Path::new(name)));
    let names = |score: &FileScores| (score.names.input().to_owned(), score.names.targets.clone());
    let scores: BTreeMap<(String, String), &FileScores> =
        all.scores.iter().map(|score| (names(score), score)).collect();
    let numbers = |file: &FileNames| {
        let of_file = |input: &str, targets: &str| input == file.input && targets == file.targets;
        let score = scores.get(&(file.input.clone(), file.targets.clone()));
        let start =
            all.images.partition_point(|row| (row.input.as_str(), row.targets.as_str()) < (&file.input, &file.targets));
        let rows = all.images.get(start..).unwrap_or_default().iter();
        let rows = rows.take_while(|row| of_file(&row.input, &row.targets));
        let rows: Vec<Value> =
            rows.map(|row| json!([row.image, row.class, row.tp, row.fp, row.fn_, row.tn, row.metrics])).collect();
        json!([score.map(|score| &score.group), rows]).to_string()
    };
    // Most names are not shared, and need no numbers.
    let mut by_name: BTreeMap<(String, String), Vec<&FileNames>> = BTreeMap::new();
    for file in &all.files {
        by_name.entry((base(&file.input), base(&file.targets))).or_default().push(file);
    }
    let mut warnings = Vec::new();
    for files in by_name.values().filter(|files| files.len() > 1) {
        let mut seen: BTreeMap<String, &FileNames> = BTreeMap::new();
        for file in files {
            if let Some(other) = seen.insert(numbers(file), file) {
                warnings.push(format!(
                    "{} and {} have the same name and the same numbers; if they are the same file, it counts twice",
                    other.input, file.input
                ));
            }
        }
    }
    warnings
}

/// Of files without a reading, as other programs write them, nothing is known.
fn same_readings(a: Option<&Readings>, b: Option<&Readings>) -> bool {
    match (a, b) {
        // A single image may have its classes along another axis than several.
        (Some(a), Some(b)) => {
            let kind = |readings: &Readings| Readings { class_axis: None, ..readings.clone() };
            kind(a) == kind(b) && a.class_axis.is_some() == b.class_axis.is_some()
        }
        _ => true,
    }
}

fn keep(all: &mut State, measured: Measured) {
    all.reliability = measured.reliability.as_ref().map(|sums| sums.sums().iter().map(ToString::to_string).collect());
    all.histogram = measured.histogram.as_ref().map(loss_metrics::ProbabilityHistogram::state);
    let mut rows = measured.rows;
    rows.sort();
    all.images = rows.0;
}

/// The report of sums that were added.
fn finished(state: &State) -> Result<Report, ScoreError> {
    let readings = state.readings.clone().unwrap_or_default();
    let reading = Reading { threshold: state.threshold.unwrap_or(0.5), names: state.class_names.clone() };
    let per_image = state.scores.iter().any(|file| file.group.images.is_some());
    let empty_images = if readings.empty_images_count { EmptyImages::Count } else { EmptyImages::Skip };
    let integers = state.state.as_deref().unwrap_or_default();
    let check = |fingerprint: u64| {
        let (own, given) = (format!("0x{fingerprint:016x}"), state.fingerprint.clone().unwrap_or_default());
        if own == given {
            return Ok(());
        }
        Err(ScoreError::usage(format!(
            "the fingerprint of {} is {own}, and the states say {given}: they are of other losses, or damaged",
            state.losses.join(", ")
        )))
    };
    let mut report = match state.classes {
        None => {
            let expressions =
                state.losses.iter().map(|text| text.parse::<Expression>()).collect::<Result<Vec<_>, _>>()?;
            let losses = binary::Losses::new(expressions);
            let kind = match (state.inputs.as_str(), state.epsilon) {
                ("probabilities", Some(epsilon)) => binary::Inputs::probabilities(epsilon)?,
                ("logits", _) => binary::Inputs::Logits,
                (other, _) => {
                    return Err(ScoreError::usage(format!(
                        "the inputs of a state are {other:?}; accepted: logits, or probabilities with epsilon"
                    )));
                }
            };
            let mut sums = losses.accumulator(kind)?.at_threshold(reading.threshold)?;
            check(sums.fingerprint())?;
            sums.load_state(integers).map_err(damaged)?;
            let outcome = run::outcome(&sums)?;
            let scorer = Scorer {
                expressions: losses.expressions(),
                of_nothing: losses.of_nothing(),
                reading,
                per_image,
                empty_images,
            };
            valid(&outcome)?;
            report(&scorer, &outcome, state.scores.clone(), &readings)?
        }
        Some(count) => {
            let expressions =
                state.losses.iter().map(|text| text.parse::<ClassExpression>()).collect::<Result<Vec<_>, _>>()?;
            let losses = classes::Losses::new(expressions, count, state.class_weights.as_deref())?;
            let mut sums = losses.accumulator()?;
            check(sums.fingerprint())?;
            sums.load_state(integers).map_err(damaged)?;
            let outcome = Outcome::new(sums.counts(), sums.finish_valid())?;
            let scorer = Scorer {
                expressions: losses.expressions(),
                of_nothing: losses.of_nothing(),
                reading,
                per_image,
                empty_images,
            };
            valid(&outcome)?;
            report(&scorer, &outcome, state.scores.clone(), &readings)?
        }
    };
    report.clamped = state.clamped;
    report.warnings.clone_from(&state.warnings);
    Ok(report)
}

fn damaged(error: loss_core::StateError) -> ScoreError {
    ScoreError::usage(format!("the states cannot be loaded: {error}"))
}

fn valid<F: Finish>(outcome: &Outcome<F>) -> Result<(), ScoreError> {
    let counts: Counts = outcome.counts;
    match outcome.finished {
        Some(_) => Ok(()),
        None => Err(ScoreError::NoValidPixels {
            array: "the states".to_owned(),
            pixels: counts.pixels(),
            ignored: counts.ignored,
            rejected: counts.rejected(),
        }),
    }
}
