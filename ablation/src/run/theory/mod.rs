//! The sections without training: curves, tables, walkthroughs, gradients, stability and exactness.
//!
//! `loss-core` computes every value and every gradient. `naive` has the formulas as a beginner would write them, to show where they break.

mod colours;
mod exactness;
mod gradients;
mod lecture_tables;
mod loss_curves;
mod naive;
mod numbers;
mod one_sided_focal;
mod overlaps;
mod pixels;
mod population;
#[cfg(test)]
mod reference;
mod stability;
mod stability_ranges;
#[cfg(test)]
mod tests;
mod walkthroughs;

use loss_core::{FinishError, ParameterError, Reason, StateError};

use super::config::Losses;
use super::model::{Block, Section};

/// The reason why a piece could not be computed.
#[derive(Debug, thiserror::Error)]
enum TheoryError {
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error(transparent)]
    Finish(#[from] FinishError),
    #[error(transparent)]
    Pixel(#[from] Reason),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Fills a section with its blocks.
type Fill = fn(&mut Section, &Losses) -> Result<(), TheoryError>;

/// The sections without training, in the order of the report.
pub(crate) fn sections(losses: &Losses) -> Vec<Section> {
    let sections: [(&str, &str, Fill); 5] = [
        ("loss-curves", "How losses fall as the foreground is found", loss_curves::fill),
        ("lecture-tables", "Weights, focusing and overlap in numbers", lecture_tables::fill),
        ("walkthroughs", "Dice and Tversky, pixel by pixel", walkthroughs::fill),
        ("stability", "Where naive formulas break", stability::fill),
        ("exactness", "Sums that do not depend on the order", exactness::fill),
    ];
    sections.into_iter().map(|(id, title, fill)| filled(Section::new(id, title), fill, losses)).collect()
}

/// The part of exercise 4 without training: the gradient that each loss gives to which pixels.
pub(crate) fn gradient_blocks(losses: &Losses) -> Vec<Block> {
    filled(Section::new("gradients", "Gradients"), gradients::fill, losses).blocks
}

/// Fills a section. If a parameter is out of range, the section says so, and the rest of the report is still made.
fn filled(mut section: Section, fill: Fill, losses: &Losses) -> Section {
    if let Err(error) = fill(&mut section, losses) {
        section.text(format!("The rest of this could not be computed: {error}."));
    }
    section
}
