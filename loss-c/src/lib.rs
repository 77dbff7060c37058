#![no_std]
#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

// A library for an operating system uses the panic handler of `std`, which nothing here calls.
#[cfg(not(target_os = "none"))]
extern crate std;

mod bce_and_dice;
mod choices;
mod ffi;
mod results;
mod status;
mod terms;

pub use bce_and_dice::BceAndDice;
pub use choices::*;
pub use ffi::*;
pub use results::*;
pub use status::*;
pub use terms::{LOSS_MOST_TERMS, Terms};
