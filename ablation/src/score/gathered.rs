//! The scores of files, and the report that they make together, of this run or of states.

use super::ScoreError;
use super::inputs::Inputs;
use super::means::Means;
use super::observed::Clamped;
use super::results::{FileOutcome, FileScores, Finish, LossScore, Names, Outcome, Report, Scorer};
use super::state::Readings;
use crate::arguments::ScoreArguments;
use crate::arrays::Array;
use loss_expression::Vocabulary;

/// The scores of a file.
pub(super) fn file_scores<L: Vocabulary, F: Finish>(
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
pub(super) fn report<L: Vocabulary, F: Finish>(
    scorer: &Scorer<'_, L>,
    pooled: &Outcome<F>,
    mut files: Vec<FileScores>,
    readings: &Readings,
) -> Result<Report, ScoreError> {
    let (mut over_files, mut over_images) = (Means::new(scorer.expressions), Means::new(scorer.expressions));
    for FileScores { group, .. } in &files {
        let evaluated = |losses: &[LossScore]| -> Option<Vec<_>> { losses.iter().map(LossScore::evaluated).collect() };
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
