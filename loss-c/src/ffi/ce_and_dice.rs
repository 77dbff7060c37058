//! Cross-entropy + Dice over classes, whose number is given at run time.

use loss_core::class::{
    ClassAccumulator, ClassGradient, ClassLoss, ClassPointwise, ClassReduced, CrossEntropy, Equal, PerClass,
};
use loss_core::{Dice, Scaled, Sum};

use super::answer;
use super::functions::{common_functions, finish_functions};
use super::memory::{
    check_disjoint, input, make, slice, slice_mut, storage, value, value_and_output, value_mut, value_mut_and_other,
};
use super::row::Row;
use crate::choices::{LossClassSet, coefficient, coefficients};
use crate::results::{LossClassesResult, LossCounts};
use crate::status::LossStatus;

/// The largest number of classes of a loss_ce_and_dice.
pub const LOSS_MOST_CLASSES: usize = 8;

/// The number of integers in the state of a loss_ce_and_dice, for any number of classes.
pub const LOSS_CE_AND_DICE_STATE: usize = 216;

const C: usize = LOSS_MOST_CLASSES;
type CeAndDice = Sum<Scaled<ClassReduced<CrossEntropy<[f64; C]>>>, Scaled<PerClass<Dice, Equal, LossClassSet>>>;

storage! {
    /// ce * cross-entropy + dice * (mean of the classes' Dice losses) of a softmax over up to LOSS_MOST_CLASSES classes.
    LossCeAndDice: [i64; 164] holds ClassAccumulator<CeAndDice, C>
}

storage! {
    /// The gradient of a loss_ce_and_dice.
    LossCeAndDiceGradient: [i64; 74] holds ClassGradient<CeAndDice, C>
}

/// The parameters of a loss_ce_and_dice.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct LossCeAndDiceParameters {
    /// The number of classes, 1 to LOSS_MOST_CLASSES.
    pub classes: u32,
    /// A label whose pixels are ignored, such as 255, whatever their logits; -1 for none. Other labels that are no class are out of range.
    pub ignored_label: i32,
    /// The coefficient of the cross-entropy, a mean weighted by class: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub ce: f64,
    /// The class weights of the cross-entropy, each finite and at least 0; those past `classes` are not read.
    pub class_weights: [f64; LOSS_MOST_CLASSES],
    /// The coefficient of the Dice loss: a finite number. The magnitudes of both coefficients add up to at most 3.4e38.
    pub dice: f64,
    /// The smoothing of Dice, above and below the fraction bar, finite and at least 0.
    pub smooth: f64,
    /// The classes in the mean of Dice: a loss_class_set.
    pub dice_classes: u32,
}

/// Initialises an accumulator without pixels.
///
/// LOSS_STATUS_CLASS_COUNT, LOSS_STATUS_COEFFICIENT, LOSS_STATUS_CLASS_WEIGHT, LOSS_STATUS_SMOOTH or LOSS_STATUS_OPTION (`dice_classes`) if a
/// parameter is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_ce_and_dice_init(
    accumulator: *mut LossCeAndDice,
    parameters: *const LossCeAndDiceParameters,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    answer(|| unsafe {
        make(accumulator, || {
            let parameters = input(parameters)?;
            let classes = parameters.classes as usize;
            let mut weights = [0.0; C];
            weights.iter_mut().zip(parameters.class_weights).take(classes).for_each(|(to, weight)| *to = weight);
            let first = CrossEntropy::new().weights(weights)?.weighted_mean();
            let second = PerClass::new(Dice::new(parameters.smooth)?);
            let second = second.classes(LossClassSet::new(parameters.dice_classes)?);
            let [ce, dice] = coefficients([parameters.ce, parameters.dice])?;
            let loss = first * ce + second * dice;
            let accumulator = loss.class_accumulator().with_classes(classes)?;
            Ok(match parameters.ignored_label {
                -1 => accumulator,
                label => accumulator.ignoring(label),
            })
        })
    })
}

/// The logits of one pixel, in an array of the capacity.
///
/// # Safety
/// That of `slice`.
unsafe fn logits_of(logits: *const f32, classes: usize) -> Result<[f32; C], LossStatus> {
    let mut array = [0.0; C];
    // SAFETY: the caller fulfils what `slice` requires.
    let logits = unsafe { slice(logits, classes) }?;
    array.iter_mut().zip(logits).for_each(|(to, &logit)| *to = logit);
    Ok(array)
}

/// Adds a pixel: a finite logit for each class, the label of its class, counted from 0, and a weight in [2^-32, 2^32], or 0 to ignore the pixel.
///
/// A pixel out of range is left out and counted. This function returns no error for it; the one that finishes does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_ce_and_dice_push(
    accumulator: *mut LossCeAndDice,
    logits: *const f32,
    label: i32,
    weight: f32,
) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires. The logits are copied before anything is changed.
        let logits = unsafe { logits_of(logits, value(accumulator.cast_const())?.classes()) }?;
        // SAFETY: as above.
        unsafe { value_mut(accumulator) }?.push((logits, label, weight));
        Ok(())
    })
}

/// Adds a row of `length` pixels: all logits of the first pixel, then all of the second, and so on. `weights` may be NULL: all are 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_ce_and_dice_push_row(
    accumulator: *mut LossCeAndDice,
    logits: *const f32,
    labels: *const u8,
    weights: *const f32,
    length: usize,
) -> LossStatus {
    answer(|| {
        let row = Row { logits, targets: labels, weights, length };
        // SAFETY: the caller fulfils what the head of the header requires.
        let classes = unsafe { value(accumulator.cast_const()) }?.classes();
        row.check_disjoint(classes, accumulator, 1)?;
        // SAFETY: as above, and the accumulator overlaps nothing.
        let (accumulator, plane) = unsafe { (value_mut(accumulator)?, row.class_plane(classes)?) };
        accumulator.extend_plane(plane);
        Ok(())
    })
}

common_functions! {
    LossCeAndDice: loss_ce_and_dice_merge, loss_ce_and_dice_reset, loss_ce_and_dice_counts, loss_ce_and_dice_write_state,
    loss_ce_and_dice_load_state, loss_ce_and_dice_fingerprint
}

finish_functions! {
    LossCeAndDice -> LossClassesResult, LossCeAndDiceGradient: loss_ce_and_dice_finish, loss_ce_and_dice_finish_valid,
    loss_ce_and_dice_gradient_init
}

/// Writes the slopes of the loss by each of a pixel's logits, one for each class: finite numbers, all 0 if the pixel is ignored or
/// out of range. `slopes` may be `logits`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_ce_and_dice_gradient_at(
    gradient: *const LossCeAndDiceGradient,
    logits: *const f32,
    label: i32,
    weight: f32,
    slopes: *mut f32,
) -> LossStatus {
    answer(|| {
        // SAFETY: the caller fulfils what the head of the header requires.
        let gradient_at = unsafe { value(gradient) }?;
        let classes = gradient_at.classes();
        check_disjoint(gradient, 1, slopes, classes)?;
        // SAFETY: as above. The logits are copied before the slopes are borrowed.
        let logits = unsafe { logits_of(logits, classes) }?;
        // SAFETY: as above; the slopes do not overlap the gradient.
        let slopes = unsafe { slice_mut(slopes, classes) }?;
        slopes.iter_mut().zip(gradient_at.at((logits, label, weight))).for_each(|(to, slope)| *to = slope);
        Ok(())
    })
}

/// Writes the slopes by the logits of a row of `length` pixels, in the order of the logits. `weights` may be NULL: all are 1. LOSS_STATUS_OVERLAP if
/// `slopes` overlaps an input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_ce_and_dice_gradient_row(
    gradient: *const LossCeAndDiceGradient,
    logits: *const f32,
    labels: *const u8,
    weights: *const f32,
    slopes: *mut f32,
    length: usize,
) -> LossStatus {
    answer(|| {
        let row = Row { logits, targets: labels, weights, length };
        // SAFETY: the caller fulfils what the head of the header requires.
        let classes = unsafe { value(gradient) }?.classes();
        let values = row.values(classes)?;
        row.check_disjoint(classes, slopes, values)?;
        check_disjoint(gradient, 1, slopes, values)?;
        // SAFETY: as above, and the slopes overlap nothing.
        let (gradient, plane, slopes) =
            unsafe { (value(gradient)?, row.class_plane(classes)?, slice_mut(slopes, values)?) };
        Ok(gradient.write(plane, slopes)?)
    })
}
