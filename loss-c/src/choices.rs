//! Options from C as numbers, because a C enumeration can hold any number and a Rust one cannot.

use loss_core::class::{ClassSet, EveryClass, Foreground};
use loss_core::extend::{AnyOverlap, Fingerprint};
use loss_core::{Denominator, EmptyMask, FinishError, Focal};

use crate::status::LossStatus;

/// The denominator of a pointwise loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossReduction {
    /// The sum of the weights.
    Mean = 0,
    /// 1: the plain sum.
    Sum = 1,
    /// The number of pixels; ignored ones count, rejected ones do not.
    MeanOverPixels = 2,
}

/// The form of the overlap of a Dice, IoU or Tversky score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossOverlap {
    /// p t, the common form.
    Product = 0,
    /// p² and t² below the fraction bar (V-Net).
    Squared = 1,
    /// min(p, t), for soft labels.
    Minimum = 2,
}

/// The loss of a mask without foreground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossEmptyMask {
    /// The value of the formula.
    Formula = 0,
    /// 0.
    Zero = 1,
    /// 1.
    One = 2,
}

/// The classes in the mean of a region loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossClassSet {
    /// All classes.
    Every = 0,
    /// All classes but class 0.
    Foreground = 1,
}

pub(crate) fn denominator(reduction: u32) -> Result<Denominator, LossStatus> {
    const MEAN: u32 = LossReduction::Mean as u32;
    const SUM: u32 = LossReduction::Sum as u32;
    const MEAN_OVER_PIXELS: u32 = LossReduction::MeanOverPixels as u32;
    match reduction {
        MEAN => Ok(Denominator::Weight),
        SUM => Ok(Denominator::Fixed(1.0)),
        MEAN_OVER_PIXELS => Ok(Denominator::Pixels),
        _ => Err(LossStatus::Option),
    }
}

pub(crate) fn overlap(overlap: u32) -> Result<AnyOverlap, LossStatus> {
    const PRODUCT: u32 = LossOverlap::Product as u32;
    const SQUARED: u32 = LossOverlap::Squared as u32;
    const MINIMUM: u32 = LossOverlap::Minimum as u32;
    match overlap {
        PRODUCT => Ok(AnyOverlap::Product),
        SQUARED => Ok(AnyOverlap::Squared),
        MINIMUM => Ok(AnyOverlap::Minimum),
        _ => Err(LossStatus::Option),
    }
}

pub(crate) fn empty_mask(empty_mask: u32) -> Result<EmptyMask, LossStatus> {
    const FORMULA: u32 = LossEmptyMask::Formula as u32;
    const ZERO: u32 = LossEmptyMask::Zero as u32;
    const ONE: u32 = LossEmptyMask::One as u32;
    match empty_mask {
        FORMULA => Ok(EmptyMask::Formula),
        ZERO => Ok(EmptyMask::Zero),
        ONE => Ok(EmptyMask::One),
        _ => Err(LossStatus::Option),
    }
}

/// Checks that a loss may have this coefficient.
pub(crate) fn coefficient(coefficient: f64) -> Result<f64, LossStatus> {
    FinishError::check_coefficients(coefficient.abs())?;
    Ok(coefficient)
}

/// Checks that a loss may have these coefficients together.
pub(crate) fn coefficients(coefficients: [f64; 2]) -> Result<[f64; 2], LossStatus> {
    let [first, second] = coefficients;
    FinishError::check_coefficients(first.abs() + second.abs())?;
    Ok(coefficients)
}

impl LossClassSet {
    pub(crate) fn new(class_set: u32) -> Result<Self, LossStatus> {
        const EVERY: u32 = LossClassSet::Every as u32;
        const FOREGROUND: u32 = LossClassSet::Foreground as u32;
        match class_set {
            EVERY => Ok(LossClassSet::Every),
            FOREGROUND => Ok(LossClassSet::Foreground),
            _ => Err(LossStatus::Option),
        }
    }
}

/// The fingerprints are those of `loss_core`'s own sets, so that states of both can be merged.
impl ClassSet for LossClassSet {
    #[inline(always)]
    fn contains(&self, class: usize) -> bool {
        match self {
            LossClassSet::Every => EveryClass.contains(class),
            LossClassSet::Foreground => Foreground.contains(class),
        }
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self {
            LossClassSet::Every => EveryClass.fingerprint(fingerprint),
            LossClassSet::Foreground => Foreground.fingerprint(fingerprint),
        }
    }
}

/// A focal loss; an α of NaN means none.
pub(crate) fn focal(gamma: f32, alpha: f32) -> Result<Focal, LossStatus> {
    let focal = Focal::new(gamma)?;
    Ok(if alpha.is_nan() { focal } else { focal.alpha(alpha)? })
}
