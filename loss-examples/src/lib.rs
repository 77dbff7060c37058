//! What a program and its test share.
#![forbid(unsafe_code)]

pub mod fleet;
pub mod messages;
