//! How large the firmware is with focal + Tversky.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::losses::focal_tversky;
use firmware_report::{ReportError, paths};
use loss_core::Loss;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut sums = focal_tversky()?.accumulator();
    each_row(|row| paths::stream(&mut sums, row));
    black_box(sums.value()?);
    Ok(())
}
