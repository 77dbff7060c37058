//! How large the firmware is with the state of BCE + Dice of hard targets that are counted: whoever gets it makes the value of it.
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
    sums.for_each_of_state(|integer| {
        black_box(integer);
    });
    Ok(())
}
