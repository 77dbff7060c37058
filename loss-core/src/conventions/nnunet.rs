//! nnU-Net, version 2: `nnunetv2.training.loss`, with what its trainer passes (`smooth=1e-5`, `do_bg=False`; regions
//! `do_bg=True`), not the classes' own defaults (`smooth=1.0`, `do_bg=True`).
//!
//! **nnU-Net's values are lower by 1:** it minimises −Dice, here the loss is 1 − Dice. Gradients are the same.
//!
//! **Grouping.** `batch_dice`, which is in the plans: `True` sums over the batch:
//! [`class_accumulator`](crate::class::ClassLoss::class_accumulator). `False` takes the mean over images and classes:
//! [`class_image_mean`](crate::class::ClassLoss::class_image_mean). The cross-entropy is a mean over the batch's pixels.
//!
//! **Ignored pixels.** With an ignore label they take no part in either term:
//! [`ignoring`](crate::class::ClassAccumulator::ignoring). A batch that is ignored as a whole has a cross-entropy of 0 there; here
//! it is an error, unless [`EmptyImage::Count`](crate::EmptyImage::Count) says otherwise.
//!
//! **Empty masks.** A class that is absent gives 1e−5/(P + 1e−5): a loss of 1 with hardly any gradient as soon as anything is
//! predicted, and of 0 if not. Without `batch_dice` this meets every patch without the class; it is why Dice goes with a
//! cross-entropy. A smoothing of the size of an object avoids it.
//!
//! Checked against nnU-Net's published code, which no figures are at hand for.

use crate::class::{ClassPointwise, ClassReduced, CrossEntropy, Equal, Foreground, PerClass};
use crate::error::ParameterError;
use crate::loss::combine::Sum;
use crate::loss::reduction::Reduced;
use crate::pointwise::{Bce, Pointwise};
use crate::region::Dice;
use crate::sorted::TopK;

/// `SoftDiceLoss` and `MemoryEfficientSoftDiceLoss` of a softmax, plus 1.
///
/// L = 1 − mean over the foreground's classes of (2I + 1e−5) / max(P + T + 1e−5, 1e−8). The two classes compute the same;
/// `clip_tp` is not covered. For the classes' own defaults: `PerClass::new(Dice::new(1.0)?)`.
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

/// `MemoryEfficientSoftDiceLoss` of one region's sigmoid (`do_bg=True`), plus 1; several regions are
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
/// Defaults: `weight_ce=1`, `weight_dice=1`; others: `2.0 * CrossEntropy::new().mean() + nnunet::soft_dice()`. The
/// cross-entropy has background, the Dice has not.
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
/// cross-entropy by the pixels that count, not by pixels times regions: R regions then weigh it R times as much. `r *
/// Bce::new().mean() + nnunet::soft_dice_regions()`, r = R, says so here.
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

/// `TopKLoss(k=…)`: the mean over the k percent of the batch's pixels whose cross-entropy is largest. nnU-Net's `k` is 10.
///
/// It takes the pixels' losses ([`losses`](crate::sorted::HardMining::losses)), a softmax's cross-entropies, and gives the slope by
/// each. `DC_and_topk_loss` is its value plus that of [`soft_dice`]. Defaults: `weight=None`, `ignore_index=-100`, `k=10`,
/// `label_smoothing=0`.
///
/// **Ignored pixels** count among the pixels there, with a loss of 0, so with many of them more than k percent of the rest
/// are kept; here they are left out ([`masked_losses`](crate::sorted::HardMining::masked_losses)): keep them as zeros for nnU-Net's
/// number. **Small batches:** a k that is rounded down to no pixel gives NaN there, one pixel here.
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
