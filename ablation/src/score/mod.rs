//! `ablation score`.

mod error;
mod inputs;
mod output;
mod pixels;
mod progress;
mod report;
mod results;
mod run;
mod terms;

use std::io::Write as _;

use loss_core::{Gradient, Link, Logits, Probabilities};

use crate::cli::{EmptyImages, ScoreArguments};
use crate::expression::Expression;
pub(crate) use error::ScoreError;
use inputs::Inputs;
use output::Destinations;
use progress::Progress;
use results::{FileScores, Names, Report, Scorer};
use run::{FileOutcome, Means, Outcome, Run};
use terms::{Plan, Terms};

/// What is scored without --loss.
const DEFAULT_LOSSES: [&str; 5] =
    ["bce", "dice(smooth=1e-5)", "iou(smooth=1e-5)", "focal(gamma=2)", "bce + dice(smooth=1e-5)"];

/// Says something that is no result, to whoever reads it.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {text}");
}

/// Scores, and gives the text to print.
pub(crate) fn score(arguments: &ScoreArguments) -> Result<String, ScoreError> {
    let given: Vec<&str> = match &arguments.losses[..] {
        [] => DEFAULT_LOSSES.to_vec(),
        given => given.iter().map(String::as_str).collect(),
    };
    let expressions: Vec<Expression> = given.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    let inputs = inputs::open(arguments)?;
    let destinations = Destinations::new(arguments, &expressions, &inputs)?;
    let plan = Plan::new(expressions);
    let report = if arguments.logits.is_empty() {
        score_by(arguments, &plan, Probabilities::new(arguments.epsilon)?, &inputs, &destinations)
    } else {
        score_by(arguments, &plan, Logits, &inputs, &destinations)
    }?;
    report::text(&report, arguments)
}

fn score_by<K: Link>(
    arguments: &ScoreArguments,
    plan: &Plan,
    link: K,
    inputs: &[Inputs],
    destinations: &Destinations,
) -> Result<Report, ScoreError> {
    let pixels: u64 = inputs.iter().map(|inputs| inputs.input.len()).sum();
    let mut progress = Progress::new(if destinations.is_empty() { pixels } else { pixels.saturating_mul(2) });
    let run = Run { arguments, plan, link };
    // A place that cannot be written to is found before the long pass.
    let mut first_outputs = match inputs.first() {
        Some(first) if !destinations.is_empty() => Some(destinations.create(0, first)?),
        _ => None,
    };

    let mut pooled = run.accumulator()?;
    let mut outcomes = Vec::new();
    for inputs in inputs {
        outcomes.push(run.sum(inputs, &mut pooled, &mut progress)?);
    }
    let pooled = Outcome::new(&pooled);
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

    if !destinations.is_empty() {
        let images = outcomes.iter().flat_map(|outcome| &outcome.images);
        let images =
            images.filter(|image| image.finished.is_some() || arguments.empty_images == EmptyImages::Count).count();
        for (index, (inputs, outcome)) in inputs.iter().zip(&outcomes).enumerate() {
            let outputs = match first_outputs.take() {
                Some(outputs) => outputs,
                None => destinations.create(index, inputs)?,
            };
            let gradients = gradients(arguments, &pooled, outcome, images);
            run.write(inputs, &gradients, outputs, &mut progress)?;
        }
    }
    drop(progress);
    Ok(report(arguments, plan, inputs, &pooled, &outcomes))
}

/// The gradient of all pixels, or those of a file's images, each a part of the mean.
fn gradients<K: Link>(
    arguments: &ScoreArguments,
    pooled: &Outcome<K>,
    file: &FileOutcome<K>,
    images: usize,
) -> Vec<Option<Gradient<Terms, K>>> {
    let of =
        |outcome: &Outcome<K>, upstream| outcome.finished.as_ref().map(|finished| finished.gradient_times(upstream));
    if arguments.grad.is_none() {
        Vec::new()
    } else if arguments.per_image {
        let upstream = 1.0 / images.max(1) as f64;
        file.images.iter().map(|image| of(image, upstream)).collect()
    } else {
        vec![of(pooled, 1.0)]
    }
}

fn report<K: Link>(
    arguments: &ScoreArguments,
    plan: &Plan,
    inputs: &[Inputs],
    pooled: &Outcome<K>,
    outcomes: &[FileOutcome<K>],
) -> Report {
    let scorer = Scorer {
        plan,
        threshold: arguments.threshold,
        per_image: arguments.per_image,
        empty_images: arguments.empty_images,
    };
    let (mut over_files, mut over_images) = (Means::new(plan), Means::new(plan));
    let mut files = Vec::new();
    for (inputs, outcome) in inputs.iter().zip(outcomes) {
        let mut over_own_images = Means::new(plan);
        for image in &outcome.images {
            let values = scorer.evaluate_image(image);
            over_own_images.add(values.as_deref());
            over_images.add(values.as_deref());
        }
        let values = if arguments.per_image { over_own_images.finish() } else { scorer.evaluate(&outcome.all) };
        over_files.add(values.as_deref());
        let name = inputs.input.name().to_owned();
        let (logits, probs) = if arguments.logits.is_empty() { (None, Some(name)) } else { (Some(name), None) };
        let images = scorer.images(&outcome.images);
        let group = scorer.group(&outcome.all, &over_own_images, Some(images));
        let names = Names { logits, probs, targets: inputs.targets.name().to_owned() };
        files.push(FileScores { names, group });
    }
    let first_loss = |file: &FileScores| {
        let value = file.group.scores.losses.first().and_then(|loss| loss.value);
        value.unwrap_or(f64::NEG_INFINITY)
    };
    files.sort_by(|a, b| first_loss(b).total_cmp(&first_loss(a)));
    // The only file is the whole report.
    let only = if files.len() == 1 { files.pop() } else { None };
    let (names, images) = only.map_or((None, None), |file| (Some(file.names), file.group.images));
    let mean_over_files = names.is_none().then(|| scorer.mean(&over_files));
    Report { names, all: scorer.group(pooled, &over_images, images), mean_over_files, files }
}
