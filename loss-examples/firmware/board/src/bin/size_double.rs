//! How large the firmware is with the arithmetic of `f64` that a value takes: what the compiler brings along for a processor without it.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};

#[entry]
fn main() -> ! {
    each_row(|_| ());
    let [x, y] = black_box([1.0f64, 3.0]);
    let count = black_box(1u64) as f64;
    exit(x + y * count > x / y - count)
}
