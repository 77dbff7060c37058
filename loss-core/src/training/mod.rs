//! What a training loop computes beside its losses.

pub mod class_weights;
pub mod deep_supervision;
