//! Class weights from counts of pixels, which a training script computes before its first step.
//!
//! All functions take counts of pixels (or sums of soft labels). Whatever they are given, every weight they return is valid for the losses: a finite number
//! from 0 to the largest `f32`.
//!
//! - A class that never occurs gets weight 0. A negative or NaN count is taken as 0.
//! - A count above 2¹⁰⁰⁰ is taken as 2¹⁰⁰⁰. A weight above the largest `f32` becomes it, and a negative or NaN weight becomes 0.
//! - A β or a share that is NaN is taken as 0. A bound that is NaN has no effect.
//!
//! A usual recipe is [`inverse_frequency`], then [`blend`] and [`clamp`].
//!
//! ```
//! use loss_core::class_weights;
//!
//! let counts = [960.0, 27.0, 1.0, 0.0];
//! let mut weights = [0.0; 4];
//! class_weights::inverse_frequency(&counts, &mut weights)?;
//! class_weights::blend(0.5, &mut weights);
//! class_weights::clamp(0.1, 20.0, &mut weights);
//! assert_eq!(weights[2], 20.0);
//! # Ok::<(), loss_core::LengthError>(())
//! ```

use crate::error::LengthError;

/// The `pos_weight` of [`Bce`](crate::Bce) that gives both classes the same total weight: background / foreground. `None` without
/// foreground.
///
/// ```
/// assert_eq!(loss_core::class_weights::pos_weight(50.0, 950.0), Some(19.0));
/// ```
#[must_use]
pub fn pos_weight(foreground: f64, background: f64) -> Option<f64> {
    let (foreground, background) = (usable_count(foreground), usable_count(background));
    (foreground > 0.0).then(|| usable_weight(background / foreground))
}

/// A usable count: 0 in place of a negative or NaN count.
fn usable_count(count: f64) -> f64 {
    // The limit keeps the sum of the counts finite for any number of classes.
    const MOST: f64 = f64::from_bits((1023 + 1000) << 52);
    if count > 0.0 { count.min(MOST) } else { 0.0 }
}

/// The nearest number in a range; for NaN, the smallest.
fn within(smallest: f64, largest: f64, number: f64) -> f64 {
    if number > smallest { number.min(largest) } else { smallest }
}

/// A weight that the losses accept.
fn usable_weight(weight: f64) -> f64 {
    if weight > 0.0 { weight.min(f64::from(f32::MAX)) } else { 0.0 }
}

/// wₖ = N / (K·nₖ), with N the number of all pixels and K of classes (scikit-learn's `balanced`). All classes get the same total weight, and a
/// balanced set gets 1.
///
/// # Errors
/// [`LengthError`] if the slices differ in length.
pub fn inverse_frequency(counts: &[f64], weights: &mut [f64]) -> Result<(), LengthError> {
    let share = counts.iter().copied().map(usable_count).sum::<f64>() / counts.len() as f64;
    each(counts, weights, |count| share / count)
}

/// wₖ = median(n) / nₖ over the classes that occur.
///
/// Eigen and Fergus, *Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale Convolutional
/// Architecture*, 2015. (There nₖ is relative to the images in which class k occurs.)
///
/// # Errors
/// [`LengthError`] if the slices differ in length.
pub fn median_frequency(counts: &[f64], weights: &mut [f64]) -> Result<(), LengthError> {
    let median = median_of_positive(counts);
    each(counts, weights, |count| median / count)
}

/// wₖ = (1−β) / (1−β^nₖ), scaled so that the weights of the classes that occur have mean 1. β is in [0, 1), often 0.99 to 0.9999; a β outside
/// becomes the nearest inside.
///
/// β = 0 gives all classes the same weight, β → 1 is inverse frequency.
///
/// Cui et al., *Class-Balanced Loss Based on Effective Number of Samples*, 2019.
///
/// # Errors
/// [`LengthError`] if the slices differ in length.
pub fn effective_number(beta: f64, counts: &[f64], weights: &mut [f64]) -> Result<(), LengthError> {
    let ln_beta = libm::log(within(f64::MIN_POSITIVE, 1.0 - f64::EPSILON, beta));
    each(counts, weights, |count| libm::expm1(ln_beta) / libm::expm1(ln_beta * count))?;
    let present = counts.iter().filter(|&&count| count > 0.0).count();
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight = usable_weight(*weight / sum * present as f64));
    }
    Ok(())
}

/// Blends each weight with 1: wₖ ← share·wₖ + 1 − share. The share is in [0, 1]; a share outside becomes the nearest inside. A class that never
/// occurs stays at 0.
pub fn blend(share: f64, weights: &mut [f64]) {
    let share = within(0.0, 1.0, share);
    change(weights, |weight| share * weight + (1.0 - share));
}

/// Limits each weight to a range. A class that never occurs stays at 0.
pub fn clamp(smallest: f64, largest: f64, weights: &mut [f64]) {
    change(weights, |weight| weight.max(smallest).min(largest));
}

/// Changes the weights of the classes that occur.
fn change(weights: &mut [f64], change: impl Fn(f64) -> f64) {
    for weight in weights {
        let before = usable_weight(*weight);
        *weight = if before > 0.0 { usable_weight(change(before)) } else { 0.0 };
    }
}

fn each(counts: &[f64], weights: &mut [f64], weight: impl Fn(f64) -> f64) -> Result<(), LengthError> {
    if counts.len() != weights.len() {
        return Err(LengthError { slice: "the weights", length: weights.len(), expected: counts.len() });
    }
    for (out, &count) in weights.iter_mut().zip(counts) {
        let count = usable_count(count);
        *out = if count > 0.0 { usable_weight(weight(count)) } else { 0.0 };
    }
    Ok(())
}

/// The median of the counts above 0. It counts ranks, because there is no memory to sort in.
fn median_of_positive(counts: &[f64]) -> f64 {
    let positive = || counts.iter().copied().map(usable_count).filter(|&count| count > 0.0);
    let present = positive().count();
    let of_rank = |rank: usize| {
        positive()
            .find(|&candidate| {
                let below = positive().filter(|&count| count < candidate).count();
                let not_above = positive().filter(|&count| count <= candidate).count();
                below <= rank && rank < not_above
            })
            .unwrap_or(0.0)
    };
    if present == 0 { 0.0 } else { (of_rank((present - 1) / 2) + of_rank(present / 2)) / 2.0 }
}
