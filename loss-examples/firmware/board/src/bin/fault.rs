//! Makes the processor fault, which must end QEMU with a line that says so and without success.
#![no_std]
#![no_main]

use firmware_board::hardware::{cause_fault, entry, exit};

#[entry]
fn main() -> ! {
    cause_fault();
    exit(true)
}
