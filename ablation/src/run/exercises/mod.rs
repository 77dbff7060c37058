//! The sections of the exercises: what was trained, what came out, and what can be said of it.

mod bce_and_dice;
mod charts;
mod closing;
mod damage_mapping;
mod data;
mod dice_and_iou;
mod extreme_imbalance;
mod focal_gamma;
mod gradient_magnitudes;
mod pictures;
mod tables;

use super::arm::{Catalogue, Exercise};
use super::model::Section;
use super::outcomes::Outcomes;
pub(crate) use closing::closing;
pub(crate) use data::data;

/// The section of an exercise.
pub(crate) fn section(exercise: Exercise, outcomes: &Outcomes<'_>) -> Section {
    let catalogue = Catalogue::new(outcomes.config);
    let title = format!("Exercise {}. {}", exercise.number(), exercise.title());
    let mut section = Section::new(&format!("exercise-{}", exercise.number()), title);
    match exercise {
        Exercise::BceAndDice => bce_and_dice::fill(&mut section, outcomes, &catalogue),
        Exercise::DiceAndIou => dice_and_iou::fill(&mut section, outcomes, &catalogue),
        Exercise::FocalGamma => focal_gamma::fill(&mut section, outcomes, &catalogue),
        Exercise::GradientMagnitudes => gradient_magnitudes::fill(&mut section, outcomes, &catalogue),
        Exercise::ExtremeImbalance => extreme_imbalance::fill(&mut section, outcomes, &catalogue),
        Exercise::DamageMapping => damage_mapping::fill(&mut section, outcomes, &catalogue),
    }
    section
}
