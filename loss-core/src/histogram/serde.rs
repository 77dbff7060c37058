//! Histograms as messages.

use super::{Code, Histogram, Meaning};
use crate::stream::serde::messages;

messages!([C: Code, const TARGETS: usize, K: Meaning] Histogram<C, TARGETS, K>);
