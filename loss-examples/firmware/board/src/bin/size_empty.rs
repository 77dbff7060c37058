//! How large the firmware is without a loss.
#![no_std]
#![no_main]

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::ReportError;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    each_row(|_| ());
    Ok(())
}
