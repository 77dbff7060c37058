//! The functions that C calls, with all of the crate's `unsafe`.
//!
//! `memory.rs` turns pointers into references, and `row.rs` rows of pixels into slices. `functions.rs` has the functions that several objects
//! share; each other file has those of one object. `loss_core` computes their results.
#![allow(unsafe_code, reason = "pointers of C")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the head of the header says once for all functions what they ask of their caller"
)]

mod any;
mod bce_and_dice;
mod ce_and_dice;
mod focal_and_tversky;
mod functions;
mod histogram;
mod memory;
#[cfg(all(feature = "panic-handler", target_os = "none"))]
mod panic;
mod row;
mod term;

use core::ffi::c_char;

pub use any::*;
pub use bce_and_dice::*;
pub use ce_and_dice::*;
pub use focal_and_tversky::*;
pub use histogram::*;
pub use term::*;

use crate::status::LossStatus;

/// The version of the state format, which defines the meaning of each integer. Store it beside a state, with the fingerprint.
pub const LOSS_STATE_VERSION: u32 = 3;
const _: () = assert!(LOSS_STATE_VERSION == loss_core::STATE_VERSION);

#[inline(always)]
fn answer(act: impl FnOnce() -> Result<(), LossStatus>) -> LossStatus {
    match act() {
        Ok(()) => LossStatus::Ok,
        Err(status) => status,
    }
}

/// Returns the meaning of a status and what to do, as a text that is never NULL and need not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn loss_status_message(status: u32) -> *const c_char {
    let known = LossStatus::ALL.into_iter().find(|&known| known as u32 == status);
    known.map_or(c"unknown status", LossStatus::message).as_ptr()
}
