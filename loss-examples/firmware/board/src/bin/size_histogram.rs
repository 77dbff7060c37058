//! How large the firmware is with a histogram of int8 codes and BCE + Dice of it.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::losses::{bce_dice, quantisation};
use firmware_report::{ReportError, paths};
use loss_core::Histogram;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut histogram = Histogram::new(quantisation()?);
    each_row(|row| paths::push_codes(&mut histogram, row));
    black_box(histogram.accumulator(&bce_dice()?).finish()?.value());
    Ok(())
}
