//! nnU-Net, version 2: `nnunetv2.training.loss`, with the arguments of its trainer (`smooth=1e-5`, `do_bg=False`, or `do_bg=True` for
//! regions) instead of the classes' own defaults (`smooth=1.0`, `do_bg=True`).
//!
//! **nnU-Net's values are lower by 1:** it minimises −Dice, this crate 1 − Dice. Gradients are the same.
//!
//! **Grouping.** The plans contain `batch_dice`. `True` sums over the batch:
//! [`class_accumulator`](crate::class::ClassLoss::class_accumulator). `False` takes the mean over images and classes:
//! [`class_image_mean`](crate::class::ClassLoss::class_image_mean). The cross-entropy is a mean over the batch's pixels.
//!
//! **Ignored pixels.** Pixels with the ignore label take no part in either term:
//! [`ignoring`](crate::class::ClassAccumulator::ignoring). If a whole batch is ignored, nnU-Net's cross-entropy is 0; here
//! it is an error, unless [`EmptyImage::Count`](crate::EmptyImage::Count) is chosen.
//!
//! **Empty masks.** An absent class gives 1e−5/(P + 1e−5): a loss of 1 with almost no gradient as soon as anything is
//! predicted, and 0 if not. Without `batch_dice` this happens in every patch without the class; it is why Dice is combined with a
//! cross-entropy. A smoothing of the size of an object avoids it.
//!
//! Checked against nnU-Net's published code; no computed figures were available.

use crate::class::{ClassPointwise, ClassReduced, CrossEntropy, Equal, Foreground, PerClass};
use crate::error::ParameterError;
use crate::loss::combine::Sum;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Pointwise};
use crate::region::Dice;
use crate::sorted::TopK;

/// `SoftDiceLoss` and `MemoryEfficientSoftDiceLoss` of a softmax, plus 1.
///
/// L = 1 − mean over the foreground classes of (2I + 1e−5) / max(P + T + 1e−5, 1e−8). Both of nnU-Net's classes compute this;
/// `clip_tp` is not covered. For their own defaults use `PerClass::new(Dice::new(1.0)?)`.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::nnunet;
///
/// let mut sums = nnunet::soft_dice().class_accumulator(); // batch_dice=True
/// sums.push(([-40.0, 0.0, 0.0], 1u8)); // class 1: 1 − 2·½/(½ + 1); class 2: absent, so 1
/// let ours = sums.finish()?.value();
/// assert!((ours - (1.0 / 3.0 + 1.0) / 2.0).abs() < 1e-4);
/// let nnunets = ours - 1.0;
/// # let _ = nnunets;
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn soft_dice() -> PerClass<Dice, Equal, Foreground> {
    PerClass::new(soft_dice_regions()).classes(Foreground)
}

/// `MemoryEfficientSoftDiceLoss` of one region's sigmoid (`do_bg=True`), plus 1. For several regions use
/// [`Channels`](crate::class::Channels).
///
/// L = 1 − (2I + 1e−5) / max(P + T + 1e−5, 1e−8).
///
/// ```
/// use loss_core::class::Channels;
/// use loss_core::conventions::nnunet;
/// use loss_core::Loss;
///
/// let region = nnunet::soft_dice_regions().accumulator();
/// let mut regions = Channels::new([region.clone(), region]);
/// regions.push([(40.0, true), (0.0, true)]); // 0, and 1 − 1/1.5
/// assert!((regions.finish()?.mean() - 1.0 / 6.0).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub const fn soft_dice_regions() -> Dice {
    Dice::known([1e-5; 2], 1e-8)
}

/// `DC_and_CE_loss`, plus 1: mean cross-entropy and [`soft_dice`], each with a weight of 1.
///
/// Defaults: `weight_ce=1`, `weight_dice=1`. For others write `2.0 * CrossEntropy::new().mean() + nnunet::soft_dice()`. The
/// cross-entropy includes background, the Dice does not.
///
/// ```
/// use loss_core::class::ClassLoss;
/// use loss_core::conventions::nnunet;
///
/// let mut sums = nnunet::dc_and_ce().class_accumulator().ignoring(255u8);
/// sums.push(([0.0, 0.0], 1u8));
/// sums.push(([0.0, 0.0], 255u8));
/// assert!((sums.finish()?.value() - (core::f64::consts::LN_2 + 1.0 / 3.0)).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dc_and_ce() -> Sum<ClassReduced<CrossEntropy>, PerClass<Dice, Equal, Foreground>> {
    CrossEntropy::new().weighted_mean() + soft_dice()
}

/// `DC_and_BCE_loss` of one region, plus 1: mean binary cross-entropy and [`soft_dice_regions`], each with a weight of 1.
///
/// The mean of [`Channels`](crate::class::Channels) is the loss of several regions. **With an ignore label** nnU-Net divides the
/// cross-entropy by the valid pixels, not by pixels times regions, so R regions weigh it R times as much. Here that is `r *
/// Bce::new().mean() + nnunet::soft_dice_regions()` with r = R.
///
/// ```
/// use loss_core::{Loss, conventions::nnunet};
///
/// let mut sums = nnunet::dc_and_bce().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - (core::f64::consts::LN_2 + 1.0 / 3.0)).abs() < 1e-5);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub fn dc_and_bce() -> Sum<Reduced<Bce>, Dice> {
    Bce::new().mean() + soft_dice_regions()
}

/// `TopKLoss(k=…)`: the mean over the k percent of the batch's pixels with the largest cross-entropy. nnU-Net's `k` is 10.
///
/// It takes the pixels' losses ([`losses`](crate::sorted::HardMining::losses)), cross-entropies of a softmax, and returns the slope by
/// each. `DC_and_topk_loss` is its value plus that of [`soft_dice`]. Defaults: `weight=None`, `ignore_index=-100`, `k=10`,
/// `label_smoothing=0`.
///
/// **Ignored pixels.** nnU-Net counts them, with a loss of 0, so with many of them more than k percent of the other pixels
/// are kept. Here they are left out ([`masked_losses`](crate::sorted::HardMining::masked_losses)); for nnU-Net's number keep them as
/// zeros. **Small batches:** a k that rounds down to no pixel gives NaN in nnU-Net, one pixel here.
///
/// ```
/// use loss_core::conventions::nnunet;
/// use loss_core::sorted::HardMining;
///
/// let hardest = nnunet::top_k(50.0)?.losses(&[0.1, 2.0, 0.3, 1.0])?;
/// assert_eq!(hardest.value(), 1.5);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless k is above 0 and at most 100.
pub fn top_k(k: f64) -> Result<TopK, ParameterError> {
    TopK::percent(k)
}
