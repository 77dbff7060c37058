//! Focal + Tversky, compiled by itself.

use loss_core::{Accumulator, Focal, Gradient, Logits, Loss, Pointwise, Reduced, Scaled, Sum, Tversky};

use super::answer;
use super::functions::{common_functions, finish_functions, gradient_functions, push_functions};
use super::histogram::LossHistogram;
use super::memory::{
    check_disjoint, input, make, slice, slice_mut, storage, value, value_and_output, value_mut, value_mut_and_other,
};
use super::row::{Row, gradient_row, push_row};
use crate::choices::{coefficient, coefficients, focal};
use crate::results::{LossCounts, LossResult};
use crate::status::LossStatus;

type FocalAndTversky = Sum<Scaled<Reduced<Focal>>, Scaled<Tversky>>;

/// The number of integers in the state of a loss_focal_and_tversky.
pub const LOSS_FOCAL_AND_TVERSKY_STATE: usize = 41;
const _: () = assert!(LOSS_FOCAL_AND_TVERSKY_STATE == Accumulator::<FocalAndTversky>::STATE_LENGTH);

storage! {
    /// focal * mean focal loss + tversky * Tversky loss over a stream of pixels, in less flash and memory than the same loss as a loss_any.
    LossFocalAndTversky: [i64; 46] holds Accumulator<FocalAndTversky>
}

storage! {
    /// The gradient of a loss_focal_and_tversky.
    LossFocalAndTverskyGradient: [i64; 19] holds Gradient<FocalAndTversky, Logits>
}

/// The parameters of a loss_focal_and_tversky. Tversky pools all pixels, as if they were one image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct LossFocalAndTverskyParameters {
    /// The coefficient of the mean focal loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub focal: f64,
    /// The exponent of the focal loss, finite and at least 0, usually 2.
    pub gamma: f32,
    /// The weight of foreground in the focal loss, in [0, 1]; background gets the rest. NAN: no weights.
    pub focal_alpha: f32,
    /// The coefficient of the Tversky loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub tversky: f64,
    /// The weight of false positives, finite and at least 0.
    pub alpha: f64,
    /// The weight of false negatives, finite and at least 0.
    pub beta: f64,
    /// The smoothing of Tversky, above and below the fraction bar, finite and at least 0.
    pub smooth: f64,
    /// The probability from which a pixel counts as foreground in the confusion: between 0 and 1, usually 0.5. The loss does not depend on it.
    pub threshold: f64,
}

/// Initialises an accumulator without pixels.
///
/// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_GAMMA, LOSS_STATUS_ALPHA, LOSS_STATUS_BETA, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a
/// parameter is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_focal_and_tversky_init(
    accumulator: *mut LossFocalAndTversky,
    parameters: *const LossFocalAndTverskyParameters,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe {
        make(accumulator, || {
            let parameters = input(parameters)?;
            let [of_focal, of_tversky] = coefficients([parameters.focal, parameters.tversky])?;
            let first = focal(parameters.gamma, parameters.focal_alpha)?.mean().times(of_focal);
            let second = Tversky::new(parameters.alpha, parameters.beta, parameters.smooth)?;
            let loss = first.plus(second.times(of_tversky));
            Ok(Accumulator::new(loss, Logits).at_threshold(parameters.threshold)?)
        })
    })
}

push_functions! {
    LossFocalAndTversky: loss_focal_and_tversky_push, loss_focal_and_tversky_push_hard, loss_focal_and_tversky_push_row, loss_focal_and_tversky_push_hard_row,
    loss_focal_and_tversky_push_histogram
}

common_functions! {
    LossFocalAndTversky: loss_focal_and_tversky_merge, loss_focal_and_tversky_reset, loss_focal_and_tversky_counts,
    loss_focal_and_tversky_write_state, loss_focal_and_tversky_load_state, loss_focal_and_tversky_fingerprint
}

finish_functions! {
    LossFocalAndTversky -> LossResult, LossFocalAndTverskyGradient: loss_focal_and_tversky_finish, loss_focal_and_tversky_finish_valid,
    loss_focal_and_tversky_gradient_init
}

gradient_functions! {
    LossFocalAndTverskyGradient: loss_focal_and_tversky_gradient_at, loss_focal_and_tversky_gradient_row, loss_focal_and_tversky_gradient_hard_row
}
