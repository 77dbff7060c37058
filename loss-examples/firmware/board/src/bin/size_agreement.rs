//! How large the firmware is with two models that are compared without labels, and the state of it.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::losses::quantisation;
use firmware_report::{ReportError, paths};
use loss_core::watch::Agreement;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut agreement = Agreement::new();
    let quantisation = quantisation()?;
    each_row(|row| paths::agree(&mut agreement, &quantisation, row));
    agreement.for_each_of_state(|integer| {
        black_box(integer);
    });
    Ok(())
}
