//! The terms of a loss_any: one function for each loss of `loss_core::AnyLoss`.

use loss_core::extend::AnyOverlap;
use loss_core::{
    AnyLoss, AsymmetricFocal, AsymmetricFocalTversky, BalancedBce, Bce, Dice, ExponentialLogCrossEntropy,
    ExponentialLogDice, FocalTversky, GeneralisedCrossEntropy, Iou, LogCoshDice, LogDice, Loss, Mcc, NormalisedFocal,
    Pointwise, Poly1, QualityFocal, ReducedFocal, Scaled, Tversky,
};

use super::answer;
use super::memory::{make, storage, value_mut};
use crate::choices::{self, coefficient as finite};
use crate::status::LossStatus;

storage! {
    /// A loss with its parameters and its coefficient, for use in a loss_any.
    LossTerm: [i64; 10] holds Term
}

/// The content of a [`LossTerm`].
#[derive(Clone, Copy, Debug)]
pub struct Term {
    loss: AnyLoss,
    coefficient: f64,
}

impl Term {
    pub(crate) fn scaled(self) -> Scaled<AnyLoss> {
        self.loss.times(self.coefficient)
    }
}

/// # Safety
/// That of `make`.
unsafe fn put(term: *mut LossTerm, coefficient: f64, loss: impl FnOnce() -> Result<AnyLoss, LossStatus>) -> LossStatus {
    // SAFETY: the caller fulfils what `make` requires.
    answer(|| unsafe { make(term, || Ok(Term { coefficient: finite(coefficient)?, loss: loss()? })) })
}

/// Binary cross-entropy: pos_weight, at least 0, weighs the foreground term (1 for none). `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_bce(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    pos_weight: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::Bce(Bce::new().pos_weight(pos_weight)?.over(choices::denominator(reduction)?)))
        })
    }
}

/// Focal loss: gamma at least 0; alpha in [0, 1] weighs foreground, 1 - alpha background (NAN for no weights). `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_focal(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    gamma: f32,
    alpha: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::Focal(choices::focal(gamma, alpha)?.over(choices::denominator(reduction)?)))
        })
    }
}

/// Poly-1 loss: epsilon at least -1. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_poly1(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    epsilon: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || Ok(AnyLoss::Poly1(Poly1::new(epsilon)?.over(choices::denominator(reduction)?))))
    }
}

/// Asymmetric focal loss: delta in [0, 1] weighs foreground, gamma at least 0 fades background. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_asymmetric_focal(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    delta: f32,
    gamma: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::AsymmetricFocal(AsymmetricFocal::new(delta, gamma)?.over(choices::denominator(reduction)?)))
        })
    }
}

/// Exponential logarithmic cross-entropy: gamma above 0 and at most 16. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_exponential_log_cross_entropy(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    gamma: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::ExponentialLogCrossEntropy(
                ExponentialLogCrossEntropy::new(gamma)?.over(choices::denominator(reduction)?),
            ))
        })
    }
}

/// Generalised cross-entropy: q in [2^-24, 1]. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_generalised_cross_entropy(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    q: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::GeneralisedCrossEntropy(
                GeneralisedCrossEntropy::new(q)?.over(choices::denominator(reduction)?),
            ))
        })
    }
}

/// Quality focal loss: beta at least 0. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_quality_focal(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    beta: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::QualityFocal(QualityFocal::new(beta)?.over(choices::denominator(reduction)?)))
        })
    }
}

/// Reduced focal loss: gamma at least 0; threshold between 0 and 1. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_reduced_focal(
    term: *mut LossTerm,
    coefficient: f64,
    reduction: u32,
    gamma: f32,
    threshold: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::ReducedFocal(ReducedFocal::new(gamma, threshold)?.over(choices::denominator(reduction)?)))
        })
    }
}

/// Dice loss: smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_dice(term: *mut LossTerm, coefficient: f64, smooth: f64) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe { put(term, coefficient, || Ok(AnyLoss::Dice(Dice::new(smooth)?.overlap(AnyOverlap::Product)))) }
}

/// IoU (Jaccard) loss: smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_iou(term: *mut LossTerm, coefficient: f64, smooth: f64) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe { put(term, coefficient, || Ok(AnyLoss::Iou(Iou::new(smooth)?.overlap(AnyOverlap::Product)))) }
}

/// Tversky loss: alpha weighs false positives, beta false negatives, each at least 0; smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_tversky(
    term: *mut LossTerm,
    coefficient: f64,
    alpha: f64,
    beta: f64,
    smooth: f64,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || Ok(AnyLoss::Tversky(Tversky::new(alpha, beta, smooth)?.overlap(AnyOverlap::Product))))
    }
}

/// Focal Tversky loss, (Tversky loss)^gamma: gamma above 0 and at most 1000, the others as for the Tversky loss.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_focal_tversky(
    term: *mut LossTerm,
    coefficient: f64,
    alpha: f64,
    beta: f64,
    gamma: f64,
    smooth: f64,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::FocalTversky(FocalTversky::new(alpha, beta, gamma, smooth)?.overlap(AnyOverlap::Product)))
        })
    }
}

/// Log-Dice loss, the negative logarithm of the Dice score: smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_log_dice(term: *mut LossTerm, coefficient: f64, smooth: f64) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe { put(term, coefficient, || Ok(AnyLoss::LogDice(LogDice::new(smooth)?.overlap(AnyOverlap::Product)))) }
}

/// Log-cosh Dice loss, ln cosh of the Dice loss: smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_log_cosh_dice(term: *mut LossTerm, coefficient: f64, smooth: f64) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || Ok(AnyLoss::LogCoshDice(LogCoshDice::new(smooth)?.overlap(AnyOverlap::Product))))
    }
}

/// Exponential logarithmic Dice loss: gamma above 0 and at most 16; smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_exponential_log_dice(
    term: *mut LossTerm,
    coefficient: f64,
    gamma: f64,
    smooth: f64,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::ExponentialLogDice(ExponentialLogDice::new(gamma, smooth)?.overlap(AnyOverlap::Product)))
        })
    }
}

/// MCC loss, 1 - Matthews correlation coefficient: smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_mcc(term: *mut LossTerm, coefficient: f64, smooth: f64) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe { put(term, coefficient, || Ok(AnyLoss::Mcc(Mcc::new(smooth)?))) }
}

/// Asymmetric focal Tversky loss: delta in [0, 1]; gamma at least 0 and below 1; smooth at least 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_asymmetric_focal_tversky(
    term: *mut LossTerm,
    coefficient: f64,
    delta: f64,
    gamma: f64,
    smooth: f64,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || {
            Ok(AnyLoss::AsymmetricFocalTversky(AsymmetricFocalTversky::new(delta, gamma, smooth)?))
        })
    }
}

/// Balanced cross-entropy: each class is weighed by the other class's share of the pixels. `reduction` is a loss_reduction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_balanced_bce(term: *mut LossTerm, coefficient: f64, reduction: u32) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || Ok(AnyLoss::BalancedBce(BalancedBce::new().over(choices::denominator(reduction)?))))
    }
}

/// Normalised focal loss: gamma at least 0; alpha as for the focal loss.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_normalised_focal(
    term: *mut LossTerm,
    coefficient: f64,
    gamma: f32,
    alpha: f32,
) -> LossStatus {
    // SAFETY: the caller fulfils what the head of the header requires.
    unsafe {
        put(term, coefficient, || Ok(AnyLoss::NormalisedFocal(NormalisedFocal::new(choices::focal(gamma, alpha)?))))
    }
}

/// Changes an option of a term that is one of these losses.
macro_rules! change {
    ($term:expr, $option:ident($value:expr), $($kind:ident)*) => {
        answer(|| {
            // SAFETY: the caller fulfils what the head of the header requires.
            let term = unsafe { value_mut($term) }?;
            let value = $value?;
            term.loss = match term.loss {
                $(AnyLoss::$kind(loss) => AnyLoss::$kind(loss.$option(value)),)*
                _ => return Err(LossStatus::Option),
            };
            Ok(())
        })
    };
}

/// Sets the form of the overlap, a loss_overlap, of an initialised term: dice, iou, tversky, focal_tversky, log_dice, log_cosh_dice or
/// exponential_log_dice. The default is LOSS_OVERLAP_PRODUCT. LOSS_STATUS_OPTION if there is no such form, or the term has no overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_set_overlap(term: *mut LossTerm, overlap: u32) -> LossStatus {
    change!(term, overlap(choices::overlap(overlap)),
        Dice Iou Tversky FocalTversky LogDice LogCoshDice ExponentialLogDice)
}

/// Sets the loss of a mask without foreground, a loss_empty_mask, of an initialised term that has an overlap or is an
/// asymmetric_focal_tversky. The default is LOSS_EMPTY_MASK_FORMULA. LOSS_STATUS_OPTION if there is no such choice, or the term has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loss_term_set_empty_mask(term: *mut LossTerm, empty_mask: u32) -> LossStatus {
    change!(term, empty_mask(choices::empty_mask(empty_mask)),
        Dice Iou Tversky FocalTversky LogDice LogCoshDice ExponentialLogDice AsymmetricFocalTversky)
}
