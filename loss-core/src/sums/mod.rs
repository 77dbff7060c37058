//! Sums without rounding, and what all losses share of them.
//!
//! | file | what |
//! |---|---|
//! | `exact.rs`, `exact/` | an exact sum of numbers, as an integer |
//! | `log_sum_exp.rs` | an exact ln Σ exp |
//! | `state.rs` | sums as integers that add, and back |
//! | `counts.rs` | what became of the pixels |
//! | `confusion.rs` | how predictions and targets meet |
//! | `batch.rs` | pixels that are added to sums together |
//! | `rows.rs` | rows of terms, several side by side, that are added to sums |
//! | `shared.rs` | the sums that an accumulator keeps whatever its loss |
//! | `quotient.rs` | sums of quotients of exact sums, rounded once, in integers |
//! | `error.rs` | why sums have no result |

pub(crate) mod batch;
pub(crate) mod confusion;
pub(crate) mod counts;
pub(crate) mod error;
pub(crate) mod exact;
pub(crate) mod log_sum_exp;
pub(crate) mod quotient;
pub(crate) mod rows;
pub(crate) mod shared;
pub(crate) mod state;
