//! The functions that C calls: all of the crate's `unsafe`.
//!
//! `memory.rs` turns pointers into references and `row.rs` rows of pixels into slices; `functions.rs` has the functions that several objects
//! have, the other files each what one has of its own. What the functions compute is `loss_core`'s.
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

/// The format of a state: what each of its integers means. It stands beside a state, as the fingerprint does.
pub const LOSS_STATE_VERSION: u32 = 3;
const _: () = assert!(LOSS_STATE_VERSION == loss_core::STATE_VERSION);

#[inline(always)]
fn answer(act: impl FnOnce() -> Result<(), LossStatus>) -> LossStatus {
    match act() {
        Ok(()) => LossStatus::Ok,
        Err(status) => status,
    }
}

/// What a status means and what to do, as a text that is never NULL and need not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn loss_status_message(status: u32) -> *const c_char {
    let known = LossStatus::ALL.into_iter().find(|&known| known as u32 == status);
    known.map_or(c"unknown status", LossStatus::message).as_ptr()
}
