//! The score of logits of several classes against labels.

pub(super) mod pixels;
mod run;
mod weights;

use crate::arguments::ScoreArguments;
use crate::score::asked::Asked;
use crate::score::inputs::{Classes, Inputs};
use crate::score::metrics::{self, Of};
use crate::score::output::Destinations;
use crate::score::passes::{Measures, score_by};
use crate::score::results::{Reading, Scorer};
use crate::score::{ScoreError, Scored};
use loss_expression::ClassesLoss;
use loss_expression::classes::Losses;
use run::Run;
pub(crate) use weights::WeightsFrom;

/// What is scored of classes without --loss.
const DEFAULTS: &[&str] = &["ce", "dice(smooth=1e-5)", "ce + dice(smooth=1e-5)"];

pub(super) fn score(
    arguments: &ScoreArguments,
    inputs: &[Inputs],
    classes: &Classes,
    measured: &metrics::Asked,
) -> Result<Scored, ScoreError> {
    if arguments.output.grad.is_some() && !arguments.probs.is_empty() {
        let message = "--grad of classes is by their logits; give --logits, of which numpy.log(p.clip(1e-7)) are some";
        return Err(ScoreError::usage(message.to_owned()));
    }
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
    let given = weights.as_ref().map(|weights| weights.weights.as_slice());
    let losses = Losses::new(asked.expressions.clone(), classes.count, given)?;
    let per_image = asked.per_image(arguments);
    let scorer = Scorer {
        expressions: losses.expressions(),
        of_nothing: losses.of_nothing(),
        reading: Reading { threshold: 0.5, names: classes.names.clone() },
        per_image,
        empty_images: arguments.empty_images,
    };
    let run = Run { arguments, losses: &losses, per_image, inputs };
    let measures = Measures { asked: measured, of: Of::Classes(classes) };
    score_by(arguments, &run, &scorer, &asked, weights, inputs, &destinations, &measures)
}
