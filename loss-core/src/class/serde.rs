//! Accumulators over classes as messages.

use super::accumulator::ClassAccumulator;
use super::loss::ClassLoss;
use crate::stream::serde::messages;

messages!([L: ClassLoss<C>, const C: usize] ClassAccumulator<L, C>);
