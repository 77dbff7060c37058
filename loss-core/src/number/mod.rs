//! Numbers: what formulas are written over, and the functions that they are made of.
//!
//! | file | what |
//! |---|---|
//! | `real.rs` | the trait that formulas are written over, and `f32` |
//! | `math.rs` | elementary functions, for anything made of `f32`s |
//! | `lanes.rs` | several numbers side by side; the registers themselves are in `arch/` |
//! | `twice.rs` | two registers as one |
//! | `finite.rs` | what keeps results within the range of `f32` |
//! | `compensated.rs` | a sum of `f64`s that loses little |

pub(crate) mod compensated;
pub(crate) mod finite;
pub(crate) mod lanes;
pub(crate) mod math;
pub(crate) mod real;
pub(crate) mod twice;
