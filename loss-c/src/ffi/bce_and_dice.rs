//! BCE + Dice, compiled by itself.

use loss_core::{Accumulator, CountingAccumulator, Gradient, Logits};

use super::answer;
use super::functions::{common_functions, finish_functions, gradient_functions, push_functions};
use super::histogram::LossHistogram;
use super::memory::{
    check_disjoint, input, make, slice, slice_mut, storage, value, value_and_output, value_mut, value_mut_and_other,
};
use super::row::{Row, gradient_row, push_row};
use crate::bce_and_dice::BceAndDice;
use crate::choices::coefficient;
use crate::results::{LossCounts, LossResult};
use crate::status::LossStatus;

/// The number of integers in the state of a loss_bce_and_dice.
pub const LOSS_BCE_AND_DICE_STATE: usize = 41;
const _: () = assert!(LOSS_BCE_AND_DICE_STATE == Accumulator::<BceAndDice>::STATE_LENGTH);

/// The number of integers in the state of a loss_bce_and_dice_counting.
pub const LOSS_BCE_AND_DICE_COUNTING_STATE: usize = 23;
const _: () = assert!(LOSS_BCE_AND_DICE_COUNTING_STATE == CountingAccumulator::<BceAndDice>::STATE_LENGTH);

storage! {
    /// bce * BCE + dice * Dice over a stream of pixels, in less flash and memory than the same loss as a loss_any.
    LossBceAndDice: [i64; 37] holds Accumulator<BceAndDice>
}

storage! {
    /// bce * BCE + dice * Dice over a stream of pixels with hard targets and no weights. It counts pixels instead of summing weights, so it takes less memory
    /// than a loss_bce_and_dice. Value and gradient have the same bits; the state differs.
    LossBceAndDiceCounting: [i64; 26] holds CountingAccumulator<BceAndDice>
}
const _: () = assert!(size_of::<LossBceAndDiceCounting>() <= 256);

storage! {
    /// The gradient of a loss_bce_and_dice or a loss_bce_and_dice_counting.
    LossBceAndDiceGradient: [i64; 10] holds Gradient<BceAndDice, Logits>
}

/// The parameters of a loss_bce_and_dice and a loss_bce_and_dice_counting. Dice pools all pixels, as if they were one image.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct LossBceAndDiceParameters {
    /// The coefficient of the mean binary cross-entropy: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub bce: f64,
    /// The weight of the foreground term of BCE, finite and at least 0; 1 for none.
    pub pos_weight: f32,
    /// The coefficient of the Dice loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub dice: f64,
    /// The smoothing of Dice, above and below the fraction bar, finite and at least 0.
    pub smooth: f64,
    /// The probability from which a pixel counts as foreground in the confusion: between 0 and 1, usually 0.5. The loss does not depend on it.
    pub threshold: f64,
}

impl LossBceAndDiceParameters {
    fn loss(&self) -> Result<BceAndDice, LossStatus> {
        BceAndDice::new(self.bce, self.pos_weight, self.dice, self.smooth)
    }
}

/// Initialises an accumulator without pixels.
///
/// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_bce_and_dice_init(
    accumulator: *mut LossBceAndDice,
    parameters: *const LossBceAndDiceParameters,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe {
        make(accumulator, || {
            let parameters = input(parameters)?;
            Ok(Accumulator::new(parameters.loss()?, Logits).at_threshold(parameters.threshold)?)
        })
    })
}

push_functions! {
    LossBceAndDice: loss_bce_and_dice_push, loss_bce_and_dice_push_hard, loss_bce_and_dice_push_row,
    loss_bce_and_dice_push_hard_row, loss_bce_and_dice_push_histogram
}

common_functions! {
    LossBceAndDice: loss_bce_and_dice_merge, loss_bce_and_dice_reset, loss_bce_and_dice_counts,
    loss_bce_and_dice_write_state, loss_bce_and_dice_load_state, loss_bce_and_dice_fingerprint
}

finish_functions! {
    LossBceAndDice -> LossResult, LossBceAndDiceGradient: loss_bce_and_dice_finish, loss_bce_and_dice_finish_valid,
    loss_bce_and_dice_gradient_init
}

gradient_functions! {
    LossBceAndDiceGradient: loss_bce_and_dice_gradient_at, loss_bce_and_dice_gradient_row,
    loss_bce_and_dice_gradient_hard_row
}

/// Initialises a counting accumulator without pixels.
///
/// LOSS_STATUS_COEFFICIENT, LOSS_STATUS_POS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_THRESHOLD if a parameter is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_bce_and_dice_counting_init(
    accumulator: *mut LossBceAndDiceCounting,
    parameters: *const LossBceAndDiceParameters,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe {
        make(accumulator, || {
            let parameters = input(parameters)?;
            Ok(Accumulator::counting(parameters.loss()?, Logits).at_threshold(parameters.threshold)?)
        })
    })
}

/// Adds a pixel: a finite logit, and whether it is foreground.
///
/// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_bce_and_dice_counting_push_hard(
    accumulator: *mut LossBceAndDiceCounting,
    logit: f32,
    foreground: bool,
) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires.
        unsafe { value_mut(accumulator) }?.push((logit, foreground));
        Ok(())
    })
}

/// Adds a row of `length` pixels. Targets are bytes, 0 or 1; other targets are out of range. `valid` may be NULL; otherwise it has a byte for each
/// pixel, and pixels whose byte is 0 are ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_bce_and_dice_counting_push_hard_row(
    accumulator: *mut LossBceAndDiceCounting,
    logits: *const f32,
    targets: *const u8,
    valid: *const u8,
    length: usize,
) -> LossStatus {
    answer(|| {
        check_disjoint(logits, length, accumulator, 1)?;
        check_disjoint(targets, length, accumulator, 1)?;
        if !valid.is_null() {
            check_disjoint(valid, length, accumulator, 1)?;
        }
        // SAFETY: the caller fulfils what the head of the header requires, and the accumulator overlaps nothing.
        let (accumulator, logits, targets) =
            unsafe { (value_mut(accumulator)?, slice(logits, length)?, slice(targets, length)?) };
        let pixels = logits.iter().zip(targets);
        if valid.is_null() {
            accumulator.extend(pixels);
        } else {
            // SAFETY: as above.
            let valid = unsafe { slice(valid, length) }?;
            accumulator.extend(pixels.zip(valid).map(|((&logit, &target), &valid)| (logit, target, valid != 0)));
        }
        Ok(())
    })
}

common_functions! {
    LossBceAndDiceCounting: loss_bce_and_dice_counting_merge, loss_bce_and_dice_counting_reset,
    loss_bce_and_dice_counting_counts, loss_bce_and_dice_counting_write_state, loss_bce_and_dice_counting_load_state,
    loss_bce_and_dice_counting_fingerprint
}

finish_functions! {
    LossBceAndDiceCounting -> LossResult, LossBceAndDiceGradient: loss_bce_and_dice_counting_finish,
    loss_bce_and_dice_counting_finish_valid, loss_bce_and_dice_counting_gradient_init
}
