//! `ablation score`.

mod asked;
pub(crate) mod classes;
mod error;
mod help;
mod inputs;
mod means;
mod observed;
mod output;
mod pixels;
pub(crate) mod progress;
mod report;
mod results;
mod run;

use loss_expression::binary::{Inputs as InputKind, Losses};
use loss_expression::{BinaryLoss, Vocabulary};

use crate::arguments::{EmptyImages, ScoreArguments};
use crate::arrays::Array;
use crate::error::Error;
use crate::targets::{Labelled, Sight};
use asked::Asked;
pub(crate) use error::ScoreError;
pub(crate) use help::help;
use inputs::{Inputs, Kind};
use means::Means;
use observed::{Clamped, Observed};
use output::{Destinations, Outputs};
use progress::Progress;
use results::{FileOutcome, FileScores, Finish, Names, Outcome, Reading, Report, Scorer, WeightScores};
use run::Run;

/// What is scored of binary masks without --loss.
const BINARY_DEFAULTS: &[&str] =
    &["bce", "dice(smooth=1e-5)", "iou(smooth=1e-5)", "focal(gamma=2)", "bce + dice(smooth=1e-5)"];

/// The two passes over pixels, of binary masks or of classes.
trait Passes {
    type Accumulator;
    type Finished: Finish;
    type Gradient;

    fn accumulator(&self) -> Result<Self::Accumulator, ScoreError>;

    fn outcome(&self, accumulator: &Self::Accumulator) -> Result<Outcome<Self::Finished>, ScoreError>;

    /// The first pass: the sums of a file, which are merged into those of all.
    fn sum(
        &self,
        inputs: &Inputs,
        pooled: &mut Self::Accumulator,
        progress: &mut Progress,
    ) -> Result<FileOutcome<Self::Finished>, ScoreError>;

    fn gradient(&self, finished: &Self::Finished, upstream: f64) -> Option<Self::Gradient>;

    /// The second pass: gradient and map of a file. `gradients` has one for each image, or one for all.
    fn write(
        &self,
        inputs: &Inputs,
        gradients: &[Option<Self::Gradient>],
        outputs: Outputs,
        progress: &mut Progress,
    ) -> Result<(), ScoreError>;
}

/// Scores, and gives the text to print.
pub(crate) fn score(arguments: &ScoreArguments) -> Result<String, ScoreError> {
    check_standard_input(arguments)?;
    let mut inputs = inputs::open(arguments)?;
    let kind = inputs::kind(&mut inputs, arguments)?;
    let sight = sight(arguments, &inputs)?;
    let mut report = match kind {
        Kind::Binary => score_binary(arguments, &inputs)?,
        Kind::Classes(classes) => classes::score(arguments, &inputs, &classes)?,
    };
    if let Some(sight) = sight {
        report.warnings.splice(0..0, sight.warnings.iter().cloned());
        report.foreground = Some(sight);
    }
    report::text(&report, arguments)
}

/// Refuses `-`, which would be the name of a file here.
fn check_standard_input(arguments: &ScoreArguments) -> Result<(), ScoreError> {
    let files = [
        ("--logits", &arguments.logits),
        ("--probs", &arguments.probs),
        ("--targets", &arguments.targets),
        ("--mask", &arguments.mask),
        ("--weights", &arguments.weights),
    ];
    match files.iter().find(|(_, files)| files.iter().any(|file| *file == *"-")) {
        Some((option, _)) => Err(Error::no_standard_input(option).into()),
        None => Ok(()),
    }
}

/// What --foreground makes of the targets, which are read once more for it.
fn sight(arguments: &ScoreArguments, inputs: &[Inputs]) -> Result<Option<Sight>, ScoreError> {
    if arguments.foreground.is_empty() {
        return Ok(None);
    }
    let labelled: Vec<Labelled<'_>> = inputs.iter().map(Inputs::labelled).collect();
    Ok(Some(Sight::new(&labelled, &arguments.foreground, &arguments.background, arguments.ignore)?))
}

fn score_binary(arguments: &ScoreArguments, inputs: &[Inputs]) -> Result<Report, ScoreError> {
    let asked = Asked::<BinaryLoss>::new(arguments, BINARY_DEFAULTS)?;
    let per_image = asked.per_image(arguments);
    inputs::check_images(inputs, per_image)?;
    let mut terms = asked.expressions.iter().flat_map(|expression| expression.terms());
    if terms.clone().any(|term| term.term.loss == BinaryLoss::Boundary) {
        let message = "boundary needs the signed distance of each pixel from the boundary of its mask, which score does not compute; the \
                       library has it as loss_core::boundary::BoundaryAccumulator, and the map as loss_core::boundary::distance";
        return Err(ScoreError::usage(message.to_owned()));
    }
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
        if arguments.logits.is_empty() { InputKind::probabilities(arguments.epsilon)? } else { InputKind::Logits };
    let run = Run { arguments, losses: &losses, kind, per_image, inputs };
    score_by(arguments, &run, &scorer, &asked, None, inputs, &destinations)
}

fn score_by<L: Vocabulary, P: Passes>(
    arguments: &ScoreArguments,
    passes: &P,
    scorer: &Scorer<'_, L>,
    asked: &Asked<L>,
    class_weights: Option<WeightScores>,
    inputs: &[Inputs],
    destinations: &Destinations,
) -> Result<Report, ScoreError> {
    let values: u64 = inputs.iter().map(|inputs| inputs.input.len()).sum();
    let mut progress = Progress::new(if destinations.is_empty() { values } else { values.saturating_mul(2) });
    // A place that cannot be written to is found before the long pass.
    let mut first_outputs = match inputs.first() {
        Some(first) if !destinations.is_empty() => Some(destinations.create(0, first)?),
        _ => None,
    };

    let mut pooled = passes.accumulator()?;
    let mut outcomes = Vec::new();
    for inputs in inputs {
        outcomes.push(passes.sum(inputs, &mut pooled, &mut progress)?);
    }
    let mut observed = Observed::default();
    outcomes.iter().for_each(|outcome| observed.merge(&outcome.observed));
    let pooled = passes.outcome(&pooled)?;
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

    if !destinations.is_empty() {
        let images = outcomes.iter().flat_map(|outcome| &outcome.images);
        let images =
            images.filter(|image| image.finished.is_some() || arguments.empty_images == EmptyImages::Count).count();
        for (index, (inputs, outcome)) in inputs.iter().zip(&outcomes).enumerate() {
            let outputs = match first_outputs.take() {
                Some(outputs) => outputs,
                None => destinations.create(index, inputs)?,
            };
            let gradients = gradients(arguments, passes, &pooled, outcome, images);
            passes.write(inputs, &gradients, outputs, &mut progress)?;
        }
    }
    drop(progress);
    let mut report = report(arguments, scorer, inputs, &pooled, &outcomes)?;
    report.class_weights = class_weights;
    report.clamped = observed.clamped;
    report.warnings = observed.warnings(inputs, arguments, scorer.per_image);
    if !observed.has_lost_foreground() {
        let lost = inputs.iter().zip(&outcomes).filter(|(_, outcome)| outcome.observed.has_lost_foreground());
        let lost: Vec<&str> = lost.map(|(inputs, _)| inputs.targets.name()).collect();
        if let [first, ..] = &lost[..] {
            report.warnings.push(format!(
                "no foreground is left in {} of {} files, the first of which is {first}: every pixel whose target is not 0 \
                 is ignored, masked out, of weight 0 or out of range",
                lost.len(),
                inputs.len()
            ));
        }
    }
    asked.conclude(&mut report, arguments);
    Ok(report)
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
    if arguments.grad.is_none() {
        Vec::new()
    } else if arguments.per_image {
        let upstream = 1.0 / images.max(1) as f64;
        file.images.iter().map(|image| of(image, upstream)).collect()
    } else {
        vec![of(pooled, 1.0)]
    }
}

fn report<L: Vocabulary, F: Finish>(
    arguments: &ScoreArguments,
    scorer: &Scorer<'_, L>,
    inputs: &[Inputs],
    pooled: &Outcome<F>,
    outcomes: &[FileOutcome<F>],
) -> Result<Report, ScoreError> {
    let (mut over_files, mut over_images) = (Means::new(scorer.expressions), Means::new(scorer.expressions));
    let mut files = Vec::new();
    for (inputs, outcome) in inputs.iter().zip(outcomes) {
        let mut over_own_images = Means::new(scorer.expressions);
        for image in &outcome.images {
            let values = scorer.evaluate_image(image);
            over_own_images.add(values.as_deref())?;
            over_images.add(values.as_deref())?;
        }
        let values = if arguments.per_image { over_own_images.finish() } else { scorer.evaluate(&outcome.all) };
        over_files.add(values.as_deref())?;
        let name = inputs.input.name().to_owned();
        let (logits, probs) = if arguments.logits.is_empty() { (None, Some(name)) } else { (Some(name), None) };
        let images = scorer.images(&outcome.images);
        let group = scorer.group(&outcome.all, &over_own_images, Some(images));
        let name = |array: &Array| array.name().to_owned();
        let names = Names {
            escaped: inputs.escaped(if probs.is_some() { "probs" } else { "logits" }),
            logits,
            probs,
            targets: name(&inputs.targets),
            mask: inputs.mask.as_ref().map(name),
            weights: inputs.weights.as_ref().map(name),
            paired_by: inputs.paired_by,
        };
        files.push(FileScores { names, group });
    }
    let first_loss = |file: &FileScores| {
        let losses = match &file.group.pooled {
            Some(pooled) if !arguments.per_image => &pooled.losses,
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
    let class_axis = inputs.first().and_then(|inputs| inputs.class_axis);
    Ok(Report {
        names,
        targets_read_as: match class_axis {
            Some(_) if arguments.one_hot => "one-hot",
            Some(_) => "labels",
            None if arguments.multi_label => "multi-label",
            None => "binary",
        },
        class_axis,
        foreground: None,
        clamped: Clamped::default(),
        warnings: Vec::new(),
        all,
        class_weights: None,
        conventions: Vec::new(),
        mean_over_files,
        files,
    })
}
