//! Prints the report of this board.
#![no_std]
#![no_main]

use firmware_board::hardware::{entry, exit, print};
use firmware_report::report;

#[entry]
fn main() -> ! {
    let reported = report(&mut print);
    if reported.is_err() {
        print(c"no report: a loss has no result\n");
    }
    exit(reported.is_ok())
}
