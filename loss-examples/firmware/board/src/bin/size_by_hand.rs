//! How large the firmware is with BCE + Dice written by hand.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::paths::ByHand;
use firmware_report::{ReportError, paths};

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut sums = ByHand::default();
    each_row(|row| paths::bce_dice_by_hand(&mut sums, row));
    black_box(sums);
    Ok(())
}
