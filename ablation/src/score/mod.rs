//! `ablation score`.

mod asked;
pub(crate) mod classes;
mod compare;
mod error;
mod finish;
mod help;
mod inputs;
mod means;
mod merge;
mod metrics;
mod observed;
mod output;
mod page;
mod pixels;
pub(crate) mod progress;
mod report;
mod results;
mod run;
mod state;
mod written;

use std::path::Path;

use crate::answer::Answer;
use crate::arguments::{EmptyImages, ScoreArguments};
use crate::arrays::{Array, Format};
use crate::targets::{Labelled, MOST_CLASSES, Sight};
use crate::terminal;
use asked::Asked;
pub(crate) use error::ScoreError;
use finish::{Finishing, broken_text, finish, finish_labels, listed};
pub(crate) use help::help;
use inputs::{Broken, Geometry, Inputs, Kind};
use loss_expression::binary::{Inputs as InputKind, Losses};
use loss_expression::{BinaryLoss, Vocabulary};
use means::Means;
pub(crate) use merge::merge;
use metrics::{Measured, Of, Row};
use observed::{Clamped, Observed};
use output::{Destinations, Outputs};
use progress::Progress;
use rayon::prelude::*;
use results::{FileOutcome, FileScores, Finish, Names, Outcome, Reading, Report, Scorer, WeightScores};
use run::Run;
use state::{Readings, State};

/// What is scored of binary masks without --loss.
const BINARY_DEFAULTS: &[&str] =
    &["bce", "dice(smooth=1e-5)", "iou(smooth=1e-5)", "focal(gamma=2)", "bce + dice(smooth=1e-5)"];

/// Files that are worked through at a time, each by a thread.
const AT_A_TIME: usize = 64;

/// The two passes over pixels, of binary masks or of classes.
trait Passes: Sync {
    type Accumulator: Send;
    type Finished: Finish + Send;
    type Gradient;

    fn accumulator(&self) -> Result<Self::Accumulator, ScoreError>;

    fn merge(&self, into: &mut Self::Accumulator, more: &Self::Accumulator) -> Result<(), ScoreError>;

    fn outcome(&self, accumulator: &Self::Accumulator) -> Result<Outcome<Self::Finished>, ScoreError>;

    /// The sums as integers, with their fingerprint; none if a loss ranks the pixels.
    fn state(&self, accumulator: &Self::Accumulator) -> (u64, Option<Vec<i64>>);

    /// The first pass: the sums of a file.
    fn sum(
        &self,
        inputs: &Inputs,
        progress: &Progress,
    ) -> Result<(FileOutcome<Self::Finished>, Self::Accumulator), ScoreError>;

    fn gradient(&self, finished: &Self::Finished, upstream: f64) -> Option<Self::Gradient>;

    /// The second pass: gradient and map of a file. `gradients` has one for each image, or one for all.
    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Self::Gradient>],
        outputs: Outputs,
        progress: &Progress,
    ) -> Result<(), ScoreError>;
}

/// What is to be measured beside losses.
struct Measures<'a> {
    asked: &'a metrics::Asked,
    of: Of<'a>,
}

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
    page::check_build(&arguments.output)?;
    check_options(arguments)?;
    let (mut inputs, mut broken) = inputs::open(arguments)?;
    let read: Vec<std::path::PathBuf> = inputs.iter().flat_map(Inputs::paths).cloned().collect();
    written::check(&arguments.output, arguments.rows(), &read)?;
    if let Some(path) = &arguments.output.report {
        page::check(path, &|path| inputs.iter().any(|inputs| inputs.reads(path)), &other_outputs(arguments))?;
    }
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

/// Takes out the files that cannot be read, or are of another kind than the first.
fn sift(inputs: &mut Vec<Inputs>, arguments: &ScoreArguments) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut expected: Option<Option<usize>> = None;
    inputs.retain_mut(|one| {
        let mut check = || -> Result<(), ScoreError> {
            one.read()?;
            if !arguments.prediction.is_empty() {
                return Ok(crate::arrays::check_shapes(&one.arrays())?);
            }
            let count = match inputs::kind(std::slice::from_mut(one), arguments)? {
                Kind::Binary => None,
                Kind::Classes(classes) => Some(classes.count),
            };
            if *expected.get_or_insert(count) != count {
                return Err(ScoreError::usage(format!(
                    "{}: has other classes than the files before: the shape is {}",
                    one.input.name(),
                    one.input.shape_text()
                )));
            }
            Ok(())
        };
        match check() {
            Ok(()) => true,
            Err(error) => {
                broken.push(Broken { file: one.input.name().to_owned(), error: error.to_string() });
                false
            }
        }
    });
    broken
}

/// The other files that are written, by their options.
fn other_outputs(arguments: &ScoreArguments) -> Vec<(&'static str, &Path)> {
    let output = &arguments.output;
    [("--output", &output.output), ("--grad", &output.grad), ("--map", &output.map)]
        .into_iter()
        .filter_map(|(option, path)| Some((option, path.as_deref()?)))
        .chain(arguments.rows().map(|path| ("--per-image", path.as_path())))
        .collect()
}

/// Refuses options that would be ignored.
fn check_options(arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let refuse = |message: &str| Err(ScoreError::usage(message.to_owned()));
    if !arguments.prediction.is_empty() {
        let of_losses = [
            ("--loss", !arguments.losses.is_empty()),
            ("--convention", !arguments.conventions.is_empty()),
            ("--class-weights", arguments.class_weights.is_some()),
            ("--grad", arguments.output.grad.is_some()),
            ("--map", arguments.output.map.is_some()),
            ("--threshold", arguments.threshold.is_some()),
            ("--weights", !arguments.weights.is_empty()),
            ("--one-hot", arguments.one_hot),
        ];
        if let Some((option, _)) = of_losses.iter().find(|(_, is_given)| *is_given) {
            return Err(ScoreError::usage(format!(
                "{option}: --prediction scores label maps, of which there are metrics alone; give --logits or --probs for losses"
            )));
        }
        if matches!(arguments.per_image, Some(None)) {
            return refuse(
                "--per-image: label maps have no losses to take a mean of; --per-image FILE writes the rows of images",
            );
        }
    }
    if arguments.output.state.is_some() && arguments.output.output.is_some() {
        return refuse("--output: --state writes the sums in place of an answer; leave one of the two out");
    }
    if arguments.output.state.is_some() && !arguments.conventions.is_empty() {
        return refuse(
            "--state: a convention takes parts over images and parts over all; give the losses that `ablation losses --conventions` shows",
        );
    }
    if arguments.output.state.is_some() && arguments.class_weights.as_ref().is_some_and(|weights| !weights.is_given()) {
        return refuse(
            "--state: class weights that are computed from the targets differ from part to part; give them as numbers, which `ablation inspect` shows for all files",
        );
    }
    Ok(())
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

#[expect(clippy::too_many_arguments, reason = "two commands share what they are made of")]
fn score_by<L: Vocabulary, P: Passes>(
    arguments: &ScoreArguments,
    passes: &P,
    scorer: &Scorer<'_, L>,
    asked: &Asked<L>,
    class_weights: Option<WeightScores>,
    inputs: &[Inputs],
    destinations: &Destinations,
    measures: &Measures<'_>,
) -> Result<Scored, ScoreError> {
    let bytes: u64 = inputs.iter().map(Inputs::bytes).sum();
    let passes_over = 1 + u64::from(!destinations.is_empty()) + u64::from(!measures.asked.metrics.is_empty());
    let progress = Progress::new(bytes.saturating_mul(passes_over));
    // A place that cannot be written to is found before the long pass.
    let mut first_outputs = match inputs.first() {
        Some(first) if !destinations.is_empty() => Some(destinations.create(0, first)?),
        _ => None,
    };

    let mut sums = passes.accumulator()?;
    let (mut outcomes, mut good, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for part in inputs.chunks(AT_A_TIME) {
        let summed: Vec<_> = part.par_iter().map(|inputs| passes.sum(inputs, &progress)).collect();
        for (inputs, summed) in part.iter().zip(summed) {
            match summed {
                Ok((outcome, more)) => {
                    passes.merge(&mut sums, &more)?;
                    outcomes.push(outcome);
                    good.push(inputs);
                }
                Err(error) if arguments.keep_going => {
                    broken.push(Broken { file: inputs.input.name().to_owned(), error: error.to_string() });
                }
                Err(error) => return Err(error),
            }
        }
    }
    if good.is_empty() {
        return Err(ScoreError::usage(listed("no file can be scored", &broken)));
    }
    let mut observed = Observed::default();
    outcomes.iter().for_each(|outcome| observed.merge(&outcome.observed));
    let pooled = passes.outcome(&sums)?;
    if pooled.finished.is_none() {
        let counts = pooled.counts;
        let array = inputs.first().map_or("", |inputs| inputs.input.name());
        let others = match inputs.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        return Err(ScoreError::NoValidPixels {
            array: format!("{array}{others}"),
            pixels: counts.pixels(),
            ignored: counts.ignored,
            rejected: counts.rejected(),
        });
    }

    observed.check_channels(inputs, arguments)?;
    observed.check_logits(inputs, arguments)?;

    if !destinations.is_empty() {
        let images = outcomes.iter().flat_map(|outcome| &outcome.images);
        let images =
            images.filter(|image| image.finished.is_some() || arguments.empty_images == EmptyImages::Count).count();
        for (index, (inputs, outcome)) in good.iter().zip(&outcomes).enumerate() {
            let outputs = match first_outputs.take() {
                Some(outputs) if index == 0 && broken.is_empty() => outputs,
                _ => destinations.create_for(inputs)?,
            };
            let gradients = gradients(arguments, passes, &pooled, outcome, images);
            passes.write(inputs, &gradients, outputs, &progress)?;
        }
    }
    let (mut measured, more) = metrics::measure(arguments, measures.asked, measures.of, &good, &progress)?;
    broken.extend(more);
    drop(progress);

    let files = good.iter().zip(&outcomes).map(|(inputs, outcome)| file_scores(arguments, scorer, inputs, outcome));
    let files: Vec<FileScores> = files.collect::<Result<_, _>>()?;
    let readings = Readings::of(arguments, inputs);
    let mut warnings = observed.warnings(inputs, arguments, scorer.per_image);
    if !observed.has_lost_foreground() {
        let lost = good.iter().zip(&outcomes).filter(|(_, outcome)| outcome.observed.has_lost_foreground());
        let lost: Vec<&str> = lost.map(|(inputs, _)| inputs.targets.name()).collect();
        if let [first, ..] = &lost[..] {
            warnings.push(format!(
                "no foreground is left in {} of {} files, the first of which is {first}: every pixel whose target is not 0 \
                 is ignored, masked out, of weight 0 or out of range",
                lost.len(),
                inputs.len()
            ));
        }
    }
    if scorer.per_image && !measured.rows.0.is_empty() {
        add_losses(&mut measured, &files);
    }
    let state = match passes.state(&sums) {
        (fingerprint, Some(integers)) if arguments.output.state.is_some() => Some(State::new(
            arguments,
            scorer,
            class_weights.as_ref(),
            &readings,
            (fingerprint, integers),
            &files,
            observed.clamped,
            &warnings,
        )),
        _ => None,
    };
    let mut report = report(scorer, &pooled, files, &readings)?;
    report.class_weights = class_weights;
    report.clamped = observed.clamped;
    report.warnings = warnings;
    asked.conclude(&mut report, arguments);
    Ok(Scored { report: Some(report), measured, state, broken })
}

/// Puts the losses of images into their rows: into that of the only class, or into one of all classes.
fn add_losses(measured: &mut Measured, files: &[FileScores]) {
    let mut rows = Vec::new();
    for file in files {
        for image in file.group.images.iter().flatten() {
            let losses = image.scores.losses.iter().map(|loss| (loss.loss.clone(), loss.value)).collect();
            match measured.rows.of_image(file.names.input(), &file.names.targets, image.image as u64) {
                [only] => only.losses = losses,
                [first, ..] => rows.push(Row {
                    class: None,
                    name: None,
                    presence: None,
                    truth: None,
                    predicted: None,
                    tp: None,
                    fp: None,
                    fn_: None,
                    tn: None,
                    objects: Vec::new(),
                    metrics: Default::default(),
                    losses,
                    ..first.clone()
                }),
                [] => {}
            }
        }
    }
    measured.rows.0.append(&mut rows);
    measured.rows.sort();
}

/// The gradient of all pixels, or those of a file's images, each a part of the mean.
fn gradients<P: Passes>(
    arguments: &ScoreArguments,
    passes: &P,
    pooled: &Outcome<P::Finished>,
    file: &FileOutcome<P::Finished>,
    images: usize,
) -> Vec<Option<P::Gradient>> {
    let of = |outcome: &Outcome<P::Finished>, upstream| {
        outcome.finished.as_ref().and_then(|finished| passes.gradient(finished, upstream))
    };
    if arguments.output.grad.is_none() {
        Vec::new()
    } else if arguments.is_per_image() {
        let upstream = 1.0 / images.max(1) as f64;
        file.images.iter().map(|image| of(image, upstream)).collect()
    } else {
        vec![of(pooled, 1.0)]
    }
}

/// The scores of a file.
fn file_scores<L: Vocabulary, F: Finish>(
    arguments: &ScoreArguments,
    scorer: &Scorer<'_, L>,
    inputs: &Inputs,
    outcome: &FileOutcome<F>,
) -> Result<FileScores, ScoreError> {
    let mut over_own_images = Means::new(scorer.expressions);
    for image in &outcome.images {
        over_own_images.add(scorer.evaluate_image(image).as_deref())?;
    }
    let name = inputs.input.name().to_owned();
    let (logits, probs) = if arguments.logits.is_empty() { (None, Some(name)) } else { (Some(name), None) };
    let images = scorer.images(&outcome.images);
    let group = scorer.group(&outcome.all, &over_own_images, Some(images));
    let name = |array: &Array| array.name().to_owned();
    let names = Names {
        escaped: inputs.escaped(if probs.is_some() { "probs" } else { "logits" }).into_iter().map(Into::into).collect(),
        logits,
        probs,
        targets: name(&inputs.targets),
        mask: inputs.mask.as_ref().map(name),
        weights: inputs.weights.as_ref().map(name),
        paired_by: inputs.paired_by,
    };
    Ok(FileScores { names, group })
}

/// The report of files that were scored, in this run or in others.
fn report<L: Vocabulary, F: Finish>(
    scorer: &Scorer<'_, L>,
    pooled: &Outcome<F>,
    mut files: Vec<FileScores>,
    readings: &Readings,
) -> Result<Report, ScoreError> {
    let (mut over_files, mut over_images) = (Means::new(scorer.expressions), Means::new(scorer.expressions));
    for FileScores { group, .. } in &files {
        let evaluated = |losses: &[results::LossScore]| -> Option<Vec<_>> {
            losses.iter().map(results::LossScore::evaluated).collect()
        };
        for image in group.images.iter().flatten() {
            over_images.add(evaluated(&image.scores.losses).as_deref())?;
        }
        let losses = match &group.pooled {
            Some(pooled) if !readings.per_image => &pooled.losses,
            _ => &group.scores.losses,
        };
        over_files.add(evaluated(losses).as_deref())?;
    }
    let first_loss = |file: &FileScores| {
        let losses = match &file.group.pooled {
            Some(pooled) if !readings.per_image => &pooled.losses,
            _ => &file.group.scores.losses,
        };
        losses.first().and_then(|loss| loss.value).unwrap_or(f64::NEG_INFINITY)
    };
    files.sort_by(|a, b| first_loss(b).total_cmp(&first_loss(a)));
    // The only file is the whole report.
    let only = if files.len() == 1 { files.pop() } else { None };
    let (names, images) = only.map_or((None, None), |file| (Some(file.names), file.group.images));
    let mean_over_files = names.is_none().then(|| scorer.mean(&over_files));
    let all = scorer.group(pooled, &over_images, images);
    Ok(Report {
        names,
        targets_read_as: readings.targets_read_as(),
        class_axis: readings.class_axis,
        foreground: None,
        clamped: Clamped::default(),
        warnings: Vec::new(),
        all,
        class_weights: None,
        conventions: Vec::new(),
        mean_over_files,
        metrics: None,
        broken: Vec::new(),
        files,
    })
}
