//! How large the firmware is with cross-entropy + Dice of five classes.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::losses::{CLASSES, cross_entropy_dice};
use firmware_report::{ReportError, paths};
use loss_core::class::ClassLoss;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut sums = cross_entropy_dice::<CLASSES>()?.class_accumulator();
    each_row(|row| paths::stream_classes(&mut sums, row));
    black_box(sums.finish()?.value());
    Ok(())
}
