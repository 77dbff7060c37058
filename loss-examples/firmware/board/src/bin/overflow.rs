//! Panics where overflow is checked and not where it is not: this must link as `release` and must not link as `checked`, or else
//! that the others link says nothing.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::hardware::{entry, exit};

#[entry]
fn main() -> ! {
    exit(black_box(1u32) + black_box(1) == 2)
}
