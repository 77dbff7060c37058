//! Histograms as messages.

use super::{Code, Histogram};
use crate::stream::serde::messages;

messages!([C: Code, const TARGETS: usize] Histogram<C, TARGETS>);
