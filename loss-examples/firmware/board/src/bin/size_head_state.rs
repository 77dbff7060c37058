//! How large the firmware is with the gradient of a last layer whose step is taken elsewhere: the sum of BCE needs one pass, and no `f64`.
#![no_std]
#![no_main]

use core::hint::black_box;

use firmware_board::each_row;
use firmware_board::hardware::{entry, exit};
use firmware_report::ReportError;
use firmware_report::paths::{self, features};
use firmware_report::tuning::Gradient;
use loss_core::Loss as _;
use loss_core::head::Layer;
use loss_core::{Bce, Pointwise};

#[entry]
fn main() -> ! {
    exit(run().is_ok())
}

fn run() -> Result<(), ReportError> {
    let layer = black_box(Layer { weights: [[0.125; 8]], bias: [-1.0] });
    let sums = Bce::new().sum().counting_accumulator();
    let mut gradient = Gradient::new(&layer, &sums);
    each_row(|row| paths::head_gradient_of_bce(&mut gradient, &layer, &features(row), row));
    gradient.for_each_of_state(|integer| {
        black_box(integer);
    });
    Ok(())
}
