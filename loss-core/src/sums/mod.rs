//! Exact sums, and the sums that all losses share.
//!
//! | file | what |
//! |---|---|
//! | `exact.rs`, `exact/` | an exact sum of numbers, as an integer |
//! | `log_sum_exp.rs` | an order-independent ln Σ exp |
//! | `state.rs` | sums as integers that add, and back |
//! | `counts.rs` | counts of valid, ignored and rejected pixels |
//! | `confusion.rs` | the confusion of predictions and targets, and its scores |
//! | `batch.rs` | pixels that are added together |
//! | `rows.rs` | rows of terms, added several at a time |
//! | `shared.rs` | the sums that an accumulator keeps for every loss |
//! | `quotient.rs` | sums of quotients of exact sums, rounded once, in integers |
//! | `error.rs` | the errors of finishing a loss |

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
