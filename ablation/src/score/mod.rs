//! `ablation score`.

mod asked;
mod check;
pub(crate) mod classes;
mod compare;
mod error;
mod finish;
mod gathered;
mod help;
mod inputs;
mod means;
mod merge;
mod metrics;
mod observed;
mod output;
mod page;
mod passes;
mod pixels;
pub(crate) mod progress;
mod report;
mod results;
mod run;
mod state;
mod written;

use crate::answer::Answer;
use crate::arguments::ScoreArguments;
use crate::arrays::Format;
use crate::targets::{Labelled, MOST_CLASSES, Sight};
use crate::terminal;
use asked::Asked;
use check::{check_options, sift};
pub(crate) use error::ScoreError;
use finish::{Finishing, broken_text, finish, finish_labels, listed};
pub(crate) use help::help;
use inputs::{Broken, Geometry, Inputs, Kind};
use loss_expression::BinaryLoss;
use loss_expression::binary::{Inputs as InputKind, Losses};
pub(crate) use merge::merge;
use metrics::{Measured, Of, Row};
use output::Destinations;
use passes::{Measures, score_by};
use progress::Progress;
use results::{Reading, Report, Scorer};
use run::Run;
use state::State;

/// What is scored of binary masks without --loss.
const BINARY_DEFAULTS: &[&str] =
    &["bce", "dice(smooth=1e-5)", "iou(smooth=1e-5)", "focal(gamma=2)", "bce + dice(smooth=1e-5)"];

/// What was scored: losses, if there are any, and metrics.
pub(crate) struct Scored {
    report: Option<Report>,
    measured: Measured,
    state: Option<State>,
    broken: Vec<Broken>,
}

/// Scores, and gives the text to print.
pub(crate) fn score(arguments: &ScoreArguments) -> Result<Answer, ScoreError> {
    if !arguments.metric.compare.is_empty() {
        return compare::compare(arguments);
    }
    page::check(&arguments.output)?;
    check_options(arguments)?;
    let (mut inputs, mut broken) = inputs::open(arguments)?;
    let read: Vec<std::path::PathBuf> = inputs.iter().flat_map(Inputs::paths).cloned().collect();
    written::check(&arguments.output, arguments.rows(), &read)?;
    if arguments.keep_going {
        broken.extend(sift(&mut inputs, arguments));
    }
    if inputs.is_empty() {
        return Err(ScoreError::usage(listed("no file can be scored", &broken)));
    }
    if arguments.prediction.is_empty() {
        score_inputs(arguments, &mut inputs, broken)
    } else {
        score_labels(arguments, &inputs, broken)
    }
}

/// What --foreground makes of the targets, which are read once more for it.
fn sight(arguments: &ScoreArguments, inputs: &[Inputs]) -> Result<Option<Sight>, ScoreError> {
    if arguments.foreground.is_empty() {
        return Ok(None);
    }
    let labelled: Vec<Labelled<'_>> = inputs.iter().map(Inputs::labelled).collect();
    let mut sight = Sight::new(&labelled, &arguments.foreground, &arguments.background, arguments.ignore)?;
    if !arguments.prediction.is_empty() {
        let predictions: Vec<Labelled<'_>> =
            inputs.iter().map(|inputs| Labelled { targets: &inputs.input, ..inputs.labelled() }).collect();
        sight.check_predictions(&predictions, &arguments.foreground, &arguments.background)?;
    }
    Ok(Some(sight))
}

/// Logits or probabilities: losses and metrics.
fn score_inputs(
    arguments: &ScoreArguments,
    inputs: &mut [Inputs],
    mut broken: Vec<Broken>,
) -> Result<Answer, ScoreError> {
    let kind = inputs::kind(inputs, arguments)?;
    let sight = sight(arguments, inputs)?;
    let asked = metrics::Asked::new(arguments)?;
    // How many images there are, where anything but axis 0 says so.
    let is_said = arguments.dims.is_some() || !arguments.spacing.is_empty() || !asked.metrics.is_empty();
    for one in inputs.iter_mut() {
        let formats = [one.input.format(), one.targets.format()];
        if arguments.is_per_image() && (is_said || formats.iter().any(|format| *format != Format::Array)) {
            let images = Geometry::of(one, arguments, !asked.metrics.is_empty())?.images;
            one.set_images(images)?;
        }
    }
    let mut scored = match &kind {
        Kind::Binary => score_binary(arguments, inputs, &asked)?,
        Kind::Classes(classes) if classes.count > MOST_CLASSES => {
            let progress = Progress::new(inputs.iter().map(Inputs::bytes).sum());
            let all: Vec<&Inputs> = inputs.iter().collect();
            let (measured, broken) = metrics::measure(arguments, &asked, Of::Classes(classes), &all, &progress)?;
            Scored { report: None, measured, state: None, broken }
        }
        Kind::Classes(classes) => classes::score(arguments, inputs, classes, &asked)?,
    };
    broken.append(&mut scored.broken);
    let inputs: &[Inputs] = inputs;
    let of = match &kind {
        Kind::Binary => Of::Binary,
        Kind::Classes(classes) => Of::Classes(classes),
    };
    let Some(mut report) = scored.report else {
        let finishing = Finishing::of(arguments, "prediction", page::Pixels { arguments, inputs, of });
        return finish_labels(&scored.measured, &asked, &finishing, Vec::new(), broken);
    };
    if let Some(sight) = sight {
        report.warnings.splice(0..0, sight.warnings.iter().cloned());
        report.foreground = Some(sight);
    }
    if let Some(path) = &arguments.output.state {
        let Some(mut state) = scored.state else {
            let message = "--state: a loss ranks all pixels, so there are no sums that add; score its files in one run";
            return Err(ScoreError::usage(message.to_owned()));
        };
        state.measured(&scored.measured, &asked);
        state.write(path)?;
        report.warnings.iter().for_each(terminal::warn);
        return Ok(Answer::new(String::new(), broken_text(&broken)));
    }
    let input = if arguments.logits.is_empty() { "probs" } else { "logits" };
    let finishing = Finishing::of(arguments, input, page::Pixels { arguments, inputs, of });
    finish(report, &scored.measured, &asked, &finishing, broken)
}

/// Label maps: metrics alone.
fn score_labels(arguments: &ScoreArguments, inputs: &[Inputs], mut broken: Vec<Broken>) -> Result<Answer, ScoreError> {
    let sight = sight(arguments, inputs)?;
    let classes = metrics::classes(arguments, inputs)?;
    let of = classes.as_ref().map_or(Of::Binary, Of::Classes);
    let asked = metrics::Asked::new(arguments)?;
    let progress = Progress::new(inputs.iter().map(Inputs::bytes).sum());
    let all: Vec<&Inputs> = inputs.iter().collect();
    let (measured, more) = metrics::measure(arguments, &asked, of, &all, &progress)?;
    drop(progress);
    broken.extend(more);
    let mut warnings: Vec<String> = sight.iter().flat_map(|sight| sight.warnings.iter().cloned()).collect();
    if let Some(same) = inputs.iter().find(|inputs| inputs.is_of_one_file()) {
        warnings.push(format!("{}: is the prediction and the targets as well", same.input.name()));
    }
    let lacks = |has: fn(&Row) -> Option<u64>| measured.rows.0.iter().all(|row| has(row) == Some(0));
    if !measured.rows.0.is_empty() && lacks(|row| row.truth) {
        warnings.push("no target has any foreground".to_owned());
    }
    if let Some(path) = &arguments.output.state {
        let mut state = State::of_labels(arguments, classes.as_ref(), inputs);
        state.measured(&measured, &asked);
        state.write(path)?;
        warnings.iter().for_each(terminal::warn);
        return Ok(Answer::new(String::new(), broken_text(&broken)));
    }
    let finishing = Finishing::of(arguments, "prediction", page::Pixels { arguments, inputs, of });
    finish_labels(&measured, &asked, &finishing, warnings, broken)
}

fn score_binary(
    arguments: &ScoreArguments,
    inputs: &[Inputs],
    measured: &metrics::Asked,
) -> Result<Scored, ScoreError> {
    let asked = Asked::<BinaryLoss>::new(arguments, BINARY_DEFAULTS)?;
    let per_image = asked.per_image(arguments);
    inputs::check_images(inputs, per_image)?;
    let mut terms = asked.expressions.iter().flat_map(|expression| expression.terms());
    let without_map = terms.find(|term| !term.term.loss.is_pointwise()).map(|term| term.term.name);
    let destinations = Destinations::new(arguments, asked.expressions.len(), without_map, inputs)?;
    let losses = Losses::new(asked.expressions.clone());
    let scorer = Scorer {
        expressions: losses.expressions(),
        of_nothing: losses.of_nothing(),
        reading: Reading { threshold: arguments.threshold(), names: Vec::new() },
        per_image,
        empty_images: arguments.empty_images,
    };
    let kind =
        if !arguments.probs.is_empty() { InputKind::probabilities(arguments.epsilon)? } else { InputKind::Logits };
    let run = Run { arguments, losses: &losses, kind, per_image, inputs };
    let measures = Measures { asked: measured, of: Of::Binary };
    score_by(arguments, &run, &scorer, &asked, None, inputs, &destinations, &measures)
}
