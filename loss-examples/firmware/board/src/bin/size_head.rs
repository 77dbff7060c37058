//! How large the firmware is with the last layer of a network that is trained on it: both passes of BCE + Dice, and the step.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::ReportError;
use firmware_report::losses::bce_dice;
use firmware_report::paths::{self, features};
use firmware_report::tuning::{Gradient, sgd};
use loss_core::Loss;
use loss_core::head::Head;

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let mut head = Head::new([[0.125; 8]], [-1.0])?.fraction_bits(5)?;
    let layer = head.layer();
    let mut sums = bce_dice()?.counting_accumulator();
    each_row(|row| paths::head_forward(&mut sums, &layer, &features(row), row));
    let slope = sums.finish()?.gradient();
    let mut gradient = Gradient::new(&layer, &sums);
    each_row(|row| paths::head_gradient(&mut gradient, &slope, &layer, &features(row), row));
    head.step(&gradient, &sgd()?)?;
    let _ = black_box(head);
    Ok(())
}
