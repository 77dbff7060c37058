//! How large the firmware is with a model that is watched without labels, and the state of it.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::{ReportError, paths};
use loss_core::watch::Watch;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut watch = Watch::new(-8.0, 8.0)?;
    each_row(|row| paths::watch(&mut watch, row));
    watch.for_each_of_state(|integer| {
        black_box(integer);
    });
    Ok(())
}
