//! The sums of losses whose number is known only at run time.

use loss_core::extend::Sums;

/// The sums of each loss, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SumsOfTerms<S>(pub(crate) Vec<S>);

impl<S: Sums> Sums for SumsOfTerms<S> {
    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sums, more)| sums.merge(more));
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        self.0.iter().for_each(|sums| sums.save(to));
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.iter_mut().try_for_each(|sums| sums.load(from))
    }

    fn is_saturated(&self) -> bool {
        self.0.iter().any(Sums::is_saturated)
    }
}
