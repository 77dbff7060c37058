//! Helpers of a training loop, beside its losses.

pub mod class_weights;
pub mod deep_supervision;
