//! What the programs of all boards share.
#![no_std]
#![deny(unsafe_code)]

#[cfg(target_os = "none")]
#[allow(unsafe_code, reason = "registers, the stack and the linker's symbols; each use says why it is sound")]
pub mod hardware;

use core::hint::black_box;

use firmware_report::camera::{HEIGHT, Row};

/// Takes a frame of the camera row by row: the firmware that a loss is added to.
pub fn each_row(mut act: impl FnMut(&Row)) {
    let mut row = Row::new();
    for y in 0..HEIGHT {
        row.capture(0, y);
        act(black_box(&row));
    }
}
