//! The losses as data: names, formulas, parameters with their ranges and defaults, and how each is made of arguments.
//!
//! What names losses in text (an expression, a configuration file, a help page, a table in a document) is made from this list, or compared
//! with it, so that a new loss is one file and one row. The facts of a loss stand in its own file, as its [`Listed`]; the rows are those of
//! [`AnyLoss`], in [`AnyLoss::LIST`], and of [`COMBINED_LOSSES`], [`CLASS_LOSSES`], [`RANKING_LOSSES`] and [`OTHER_LOSSES`] for what is no stream of binary pixels. [`all`]
//! goes through every one.

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

/// The losses over classes that are not a binary loss of each class; every region loss of [`AnyLoss::LIST`] is one over classes too, as
/// [`PerClass`](crate::class::PerClass).
pub const CLASS_LOSSES: &[Facts] =
    &[CrossEntropy::FACTS, SoftmaxFocal::FACTS, GeneralisedDice::FACTS, WassersteinDice::<1>::FACTS];

/// The losses that are a sum of others.
pub const COMBINED_LOSSES: &[Facts] = &[UnifiedFocal::FACTS];

/// The losses that rank the pixels.
pub const RANKING_LOSSES: &[Facts] = &[LovaszHinge::FACTS, LovaszSoftmax::<1>::FACTS, TopK::FACTS, Ohem::FACTS];

/// The losses that need something else of each pixel.
pub const OTHER_LOSSES: &[Facts] = &[BoundaryAccumulator::<Logits>::FACTS];

/// Every loss of this crate.
pub fn all() -> impl Iterator<Item = &'static Facts> {
    let binary = AnyLoss::LIST.iter().map(|entry| &entry.facts);
    binary.chain(COMBINED_LOSSES).chain(CLASS_LOSSES).chain(RANKING_LOSSES).chain(OTHER_LOSSES)
}
