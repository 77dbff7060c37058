//! The score of logits of several classes against labels.

mod pixels;
mod run;
mod terms;
mod weights;

use crate::arguments::ScoreArguments;
use crate::expression::ClassesLoss;
use crate::score::asked::Asked;
use crate::score::inputs::{Classes, Inputs};
use crate::score::output::Destinations;
use crate::score::plan::Plan;
use crate::score::results::{Reading, Report, Scorer, WeightScores};
use crate::score::{ScoreError, score_by};
use run::Run;
pub(crate) use terms::{ClassTerms, Weights};
pub(crate) use weights::WeightsFrom;

/// What is scored of classes without --loss.
const DEFAULTS: &[&str] = &["ce", "dice(smooth=1e-5)", "ce + dice(smooth=1e-5)"];

pub(super) fn score(arguments: &ScoreArguments, inputs: &[Inputs], classes: &Classes) -> Result<Report, ScoreError> {
    let asked = Asked::<ClassesLoss>::new(arguments, DEFAULTS)?;
    let mut terms = asked.expressions.iter().flat_map(|expression| expression.terms());
    let without_map = terms.clone().find(|term| !term.term.loss.is_pointwise()).map(|term| term.term.name);
    let destinations = Destinations::new(arguments, asked.expressions.len(), without_map, inputs)?;
    let weights = match &arguments.class_weights {
        Some(from) => {
            if !terms.any(|term| term.term.loss.takes_weights()) {
                crate::terminal::note(
                    "--class-weights change nothing: none of the losses takes them (weights=multiply of dice and the like)",
                );
            }
            Some(from.resolve(classes.count, inputs, arguments)?)
        }
        None => None,
    };
    // The smallest capacity that takes the classes.
    match classes.count {
        0..=8 => score_at::<8>(arguments, inputs, classes, &asked, weights, &destinations),
        9..=32 => score_at::<32>(arguments, inputs, classes, &asked, weights, &destinations),
        _ => score_at::<256>(arguments, inputs, classes, &asked, weights, &destinations),
    }
}

fn score_at<const C: usize>(
    arguments: &ScoreArguments,
    inputs: &[Inputs],
    classes: &Classes,
    asked: &Asked<ClassesLoss>,
    weights: Option<WeightScores>,
    destinations: &Destinations,
) -> Result<Report, ScoreError> {
    let plan = Plan::new(asked.expressions.clone());
    let given = Weights(weights.as_ref().map(|weights| weights.weights.as_slice().into()));
    let terms = ClassTerms::new(&plan, &given)?;
    let per_image = asked.per_image(arguments);
    let scorer = Scorer {
        plan: &plan,
        of_nothing: terms.of_nothing::<C>(classes.count),
        reading: Reading { threshold: 0.5, names: classes.names.clone() },
        per_image,
        empty_images: arguments.empty_images,
    };
    let run = Run::<C> { arguments, terms: &terms, classes: classes.count, per_image, inputs };
    score_by(arguments, &run, &scorer, asked, weights, inputs, destinations)
}
