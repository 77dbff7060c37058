//! The code that an example and its test share.
#![forbid(unsafe_code)]

pub mod fleet;
pub mod messages;
