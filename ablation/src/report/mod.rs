//! Figures and pages: what `run` and `score` make their reports of.
#![cfg_attr(not(feature = "train"), allow(dead_code, reason = "`run` has more kinds of figures"))]

pub(crate) mod bytes;
pub(crate) mod command;
pub(crate) mod draw;
pub(crate) mod model;
pub(crate) mod numbers;
pub(crate) mod page;
pub(crate) mod versions;
