//! A sum of terms chosen at run time.

use loss_core::{Accumulator, FinishError, Gradient, Logits, Loss};

use super::answer;
use super::functions::{common_functions, finish_functions, gradient_functions, push_functions};
use super::histogram::LossHistogram;
use super::memory::{
    check_disjoint, make, slice, slice_mut, storage, value, value_and_output, value_mut, value_mut_and_other,
};
use super::row::{Row, gradient_row, push_row};
use super::term::LossTerm;
use crate::choices::coefficient;
use crate::results::{LossCounts, LossResult};
use crate::status::LossStatus;
use crate::terms::{LOSS_MOST_TERMS, Terms};

/// The largest number of integers in the state of a loss_any; loss_any_state_length returns the number for one object.
pub const LOSS_ANY_MOST_STATE: usize = 90;

storage! {
    /// A sum of one to LOSS_MOST_TERMS terms, chosen at run time, over a stream of pixels.
    LossAny: [i64; 99] holds Accumulator<Terms>
}

storage! {
    /// The gradient of a loss_any.
    LossAnyGradient: [i64; 57] holds Gradient<Terms, Logits>
}

/// Initialises an accumulator without pixels for the sum of `count` initialised terms, 1 to LOSS_MOST_TERMS. It copies the terms. All pixels are
/// pooled, as if they were one image. A pixel counts as foreground in the confusion from the probability `threshold` on: between 0 and 1, usually 0.5.
/// The loss does not depend on it.
///
/// LOSS_STATUS_TERM_COUNT; LOSS_STATUS_NOT_INITIALISED for a term; LOSS_STATUS_COEFFICIENT if the coefficients of all terms together are too large;
/// LOSS_STATUS_THRESHOLD.
/// LOSS_STATUS_THRESHOLD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_any_init(
    accumulator: *mut LossAny,
    terms: *const LossTerm,
    count: usize,
    threshold: f64,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe {
        make(accumulator, || {
            if count > LOSS_MOST_TERMS {
                return Err(LossStatus::TermCount);
            }
            let mut losses = [None; LOSS_MOST_TERMS];
            for (loss, term) in losses.iter_mut().zip(slice(terms, count)?) {
                *loss = Some(value(term)?.scaled());
            }
            let terms = Terms::new(losses.into_iter().flatten()).ok_or(LossStatus::TermCount)?;
            FinishError::check_coefficients(terms.total_coefficient())?;
            Ok(Accumulator::new(terms, Logits).at_threshold(threshold)?)
        })
    })
}

push_functions! {
    LossAny: loss_any_push, loss_any_push_hard, loss_any_push_row, loss_any_push_hard_row,
    loss_any_push_histogram
}

common_functions! {
    LossAny: loss_any_merge, loss_any_reset, loss_any_counts,
    loss_any_write_state, loss_any_load_state, loss_any_fingerprint
}

finish_functions! {
    LossAny -> LossResult, LossAnyGradient: loss_any_finish, loss_any_finish_valid,
    loss_any_gradient_init
}

gradient_functions! {
    LossAnyGradient: loss_any_gradient_at, loss_any_gradient_row, loss_any_gradient_hard_row
}

/// Returns the number of integers in the state, at most LOSS_ANY_MOST_STATE; 0 if the accumulator is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_any_state_length(accumulator: *const LossAny) -> usize {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe { value(accumulator) }.map_or(0, |accumulator| accumulator.state_length())
}
