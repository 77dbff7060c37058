//! What stands against a score before anything long begins.

use super::ScoreError;
use super::inputs::{self, Broken, Inputs, Kind};
use crate::arguments::ScoreArguments;

/// Takes out the files that cannot be read, or are of another kind than the first.
pub(super) fn sift(inputs: &mut Vec<Inputs>, arguments: &ScoreArguments) -> Vec<Broken> {
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

/// Refuses options that would be ignored.
pub(super) fn check_options(arguments: &ScoreArguments) -> Result<(), ScoreError> {
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
