//! The losses as data: names, formulas, parameters with ranges and defaults, and a constructor for each.
//!
//! Everything that names losses in text is made from this list or compared with it by a test: expressions, configuration files, help pages, tables in documents.
//! So a new loss is one file and one row. Each loss states its facts in its own file, as its [`Listed`]. The losses of binary pixels are in [`AnyLoss::LIST`]; the others are in
//! [`COMBINED_LOSSES`], [`CLASS_LOSSES`], [`RANKING_LOSSES`] and [`OTHER_LOSSES`]. [`all`] iterates over every loss.

use crate::boundary::BoundaryAccumulator;
pub use crate::class::per_class::PER_CLASS;
use crate::class::{CrossEntropy, GeneralisedDice, SoftmaxFocal, WassersteinDice};
pub use crate::facts::{
    Arguments, BuildError, Entry, Facts, FromArguments, Kind, Listed, Needs, ParameterFacts, Preset, Range, Value,
};
use crate::input::link::Logits;
use crate::loss::any::AnyLoss;
use crate::loss::unified_focal::UnifiedFocal;
use crate::sorted::{LovaszHinge, LovaszSoftmax, Ohem, TopK};

/// The losses over classes that are not made of one binary loss per class. Every region loss of [`AnyLoss::LIST`] works over classes too, through
/// [`PerClass`](crate::class::PerClass).
pub const CLASS_LOSSES: &[Facts] =
    &[CrossEntropy::FACTS, SoftmaxFocal::FACTS, GeneralisedDice::FACTS, WassersteinDice::<1>::FACTS];

/// The losses that are a sum of other losses.
pub const COMBINED_LOSSES: &[Facts] = &[UnifiedFocal::FACTS];

/// The losses that rank the pixels.
pub const RANKING_LOSSES: &[Facts] = &[LovaszHinge::FACTS, LovaszSoftmax::<1>::FACTS, TopK::FACTS, Ohem::FACTS];

/// The losses that need more of each pixel than an input and a target: the boundary loss needs a distance.
pub const OTHER_LOSSES: &[Facts] = &[BoundaryAccumulator::<Logits>::FACTS];

/// Every loss of this crate.
pub fn all() -> impl Iterator<Item = &'static Facts> {
    let binary = AnyLoss::LIST.iter().map(|entry| &entry.facts);
    binary.chain(COMBINED_LOSSES).chain(CLASS_LOSSES).chain(RANKING_LOSSES).chain(OTHER_LOSSES)
}
