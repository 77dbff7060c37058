//! The generic number of the formulas, and its functions.
//!
//! | file | what |
//! |---|---|
//! | `real.rs` | the trait of the numbers in formulas, and `f32` |
//! | `math.rs` | elementary functions, for any number made of `f32`s |
//! | `lanes.rs` | several numbers side by side; the registers are in `arch/` |
//! | `twice.rs` | two registers as one |
//! | `finite.rs` | limits that keep results within the range of `f32` |
//! | `compensated.rs` | a sum of `f64`s with a compensation for rounding |

pub(crate) mod compensated;
pub(crate) mod finite;
pub(crate) mod lanes;
pub(crate) mod math;
pub(crate) mod real;
pub(crate) mod twice;
