//! States in logs: `defmt::Format` for what has one.

use super::accumulator::Accumulator;
use crate::input::link::Link;
use crate::loss::Loss;
use crate::sums::shared::SharedSums;

/// Writes how a state stands in a log: its fingerprint, then its integers, from which the host makes the value.
macro_rules! logged {
    ([$($generics:tt)*] $of:ty) => {
        /// The fingerprint and the integers of the state: 8 bytes each, and formatted on the host.
        impl<$($generics)*> ::defmt::Format for $of {
            fn format(&self, to: ::defmt::Formatter<'_>) {
                ::defmt::write!(to, "state of {=u64:016x}:", self.fingerprint());
                self.for_each_of_state(|integer| ::defmt::write!(to, " {=i64}", integer));
            }
        }
    };
}
pub(crate) use logged;

logged!([L: Loss, K: Link, C: SharedSums] Accumulator<L, K, C>);
