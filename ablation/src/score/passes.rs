//! The two passes over all files, of binary masks or of classes.

use super::ScoreError;
use super::Scored;
use super::asked::Asked;
use super::finish::listed;
use super::gathered::{file_scores, report};
use super::inputs::{AT_A_TIME, Broken, Inputs};
use super::metrics::{self, Measured, Of, Row};
use super::observed::Observed;
use super::output::{Destinations, Outputs};
use super::progress::Progress;
use super::results::{FileOutcome, FileScores, Finish, Outcome, Scorer, WeightScores};
use super::state::{Readings, State};
use crate::arguments::{EmptyImages, ScoreArguments};
use loss_expression::Vocabulary;
use rayon::prelude::*;

/// The two passes over pixels, of binary masks or of classes.
pub(super) trait Passes: Sync {
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
pub(super) struct Measures<'a> {
    pub(super) asked: &'a metrics::Asked,
    pub(super) of: Of<'a>,
}

#[expect(clippy::too_many_arguments, reason = "two commands share what they are made of")]
pub(super) fn score_by<L: Vocabulary, P: Passes>(
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
