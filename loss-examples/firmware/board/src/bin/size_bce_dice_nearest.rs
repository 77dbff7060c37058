//! How large the firmware is with BCE + Dice of hard targets that are counted, and its value in integers.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::losses::bce_dice;
use firmware_report::{ReportError, paths};
use loss_core::Loss;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut sums = bce_dice()?.counting_accumulator();
    each_row(|row| paths::count(&mut sums, row));
    black_box(sums.nearest_value()?);
    Ok(())
}
