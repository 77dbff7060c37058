//! The losses of other libraries, with their names and defaults.
//!
//! Each library has a module. Its page says how to group pixels and images, and what happens to ignored pixels and empty masks; start there.
//!
//! A function here has the name of the peer's loss, without the word "loss", and returns it with the peer's defaults. A second function,
//! whose name ends in `_with`, takes those arguments of the peer that cannot be set on the returned loss. An argument
//! without a default in the peer is an argument of the first function too. The built-in constants are in range, so a function
//! without arguments cannot fail.
//!
//! **Grouping is half of a convention.** A loss is a function of sums. Which pixels are summed together depends on what the
//! pixels are streamed into:
//!
//! | the peer sums over | here |
//! |---|---|
//! | the batch | [`accumulator`](crate::Loss::accumulator), [`class_accumulator`](crate::class::ClassLoss::class_accumulator) |
//! | each image, then takes the mean | [`image_mean`](crate::Loss::image_mean), [`class_image_mean`](crate::class::ClassLoss::class_image_mean), with a call of `end_image` after each |
//! | each channel of independent sigmoids, then takes the mean | [`Channels`](crate::class::Channels), with an accumulator for each |
//!
//! The mean over images of a *pointwise* mean equals the mean over the batch if all images have the same number of valid pixels (and, with class
//! weights, the same weight). A sum like Dice + cross-entropy can then be streamed image by image. Otherwise stream its parts
//! separately.
//!
//! | preset | loss | grouping | where its formula was checked |
//! |---|---|---|---|
//! | [`monai::dice`], [`dice_squared`](monai::dice_squared), [`jaccard`](monai::jaccard), [`dice_softmax`](monai::dice_softmax) | Dice, IoU, s = 1e−5 | image and class | vectors |
//! | [`monai::tversky`] | Tversky, s = 1e−5 | image and class | vectors |
//! | [`monai::generalized_dice`] | generalised Dice, 1/T², s = 1e−5 | image | vectors |
//! | [`monai::generalized_wasserstein_dice`] | Wasserstein Dice, s = 1e−5 | image | source |
//! | [`monai::focal`], [`focal_softmax`](monai::focal_softmax) | focal, γ = 2, mean over channels too | batch | vectors |
//! | [`monai::dice_ce`], [`dice_ce_softmax`](monai::dice_ce_softmax), [`dice_focal`](monai::dice_focal) | sums of these | image | vectors |
//! | [`segmentation_models_pytorch::dice`], [`dice_multiclass`](segmentation_models_pytorch::dice_multiclass), [`jaccard`](segmentation_models_pytorch::jaccard), [`jaccard_multiclass`](segmentation_models_pytorch::jaccard_multiclass), [`tversky`](segmentation_models_pytorch::tversky), [`tversky_multiclass`](segmentation_models_pytorch::tversky_multiclass) | no smoothing, floor 1e−7, an absent class is 0 | batch and class | vectors (of several classes: Dice alone) |
//! | [`segmentation_models_pytorch::focal`] | focal, γ = 2, from exp(−b) | batch | source |
//! | [`segmentation_models_pytorch::soft_bce_with_logits`], [`soft_cross_entropy`](segmentation_models_pytorch::soft_cross_entropy) | ignored pixels stay in the mean | batch | source |
//! | [`segmentation_models_pytorch::mcc`] | MCC, 1e−5 on each count | batch | vectors |
//! | [`segmentation_models_pytorch::lovasz`], [`lovasz_multiclass`](segmentation_models_pytorch::lovasz_multiclass) | Lovász hinge, Lovász-Softmax | batch | vectors (hinge) |
//! | [`kornia::dice`], [`dice_macro`](kornia::dice_macro) | Dice, 1e−8 below only | image; image and class | vectors (macro), source |
//! | [`kornia::tversky`] | Tversky, classes pooled, 1e−8 below only | image | source |
//! | [`kornia::focal`], [`binary_focal_with_logits`](kornia::binary_focal_with_logits) | focal, not reduced | batch | source; vectors |
//! | [`kornia::lovasz_hinge`], [`lovasz_softmax`](kornia::lovasz_softmax) | Lovász | image | vectors; source |
//! | [`torchvision::sigmoid_focal`] | focal, α = ¼, γ = 2, not reduced | batch | vectors |
//! | [`nnunet::soft_dice`], [`soft_dice_regions`](nnunet::soft_dice_regions), [`dc_and_ce`](nnunet::dc_and_ce), [`dc_and_bce`](nnunet::dc_and_bce), [`top_k`](nnunet::top_k) | Dice, s = 1e−5, without background; with cross-entropy | batch or image, as nnU-Net's plan file says | source |
//! | [`keras::binary_crossentropy`], [`categorical_crossentropy`](keras::categorical_crossentropy), [`sparse_categorical_crossentropy`](keras::sparse_categorical_crossentropy) | cross-entropy | batch | source |
//! | [`keras::binary_focal_crossentropy`], [`categorical_focal_crossentropy`](keras::categorical_focal_crossentropy) | focal, γ = 2; the latter times ¼ | batch | source |
//! | [`keras::dice`], [`dice_softmax`](keras::dice_softmax), [`tversky`](keras::tversky) | 1e−7 below only, classes pooled | batch | source |
//! | [`optax::sigmoid_binary_cross_entropy`], [`softmax_cross_entropy`](optax::softmax_cross_entropy), [`softmax_cross_entropy_with_integer_labels`](optax::softmax_cross_entropy_with_integer_labels) | cross-entropy, not reduced | any | not verified |
//! | [`optax::sigmoid_focal`] | focal, γ = 2, not reduced | any | issue 1267 |
//! | [`optax::dice`], [`dice_softmax`](optax::dice_softmax) | Dice, s = 1 in Tversky's formula | image and class | source |
//! | [`pytorch::bce_with_logits`], [`cross_entropy`](pytorch::cross_entropy) | cross-entropy | batch | vectors |
//!
//! "Vectors" are figures computed by the peer itself (PyTorch 2.15, torchvision 0.29.2, MONAI 1.6.1,
//! segmentation_models.pytorch 0.6.0, kornia 0.9.0). "Source" is the peer's published code; the tests contain a plain
//! transcription. Options that no preset covers are named on the preset's page.
//!
//! # Traps
//!
//! | trap | who has it | this crate's default |
//! |---|---|---|
//! | a prediction of nothing on an empty mask has a loss of 1 | [`keras`], [`kornia`] micro and Tversky: ε is only below the bar | [`Dice::new`](crate::Dice::new) and the other region losses put s above and below the bar; without any s the loss is 0 if nothing is predicted and 1 if anything is |
//! | false positives on an empty mask have no gradient | [`keras`], [`kornia`], [`segmentation_models_pytorch`] | the gradient is s/(P + s)² with a smoothing s: choose s of the size of some pixels, or add a cross-entropy |
//! | on an empty mask the loss is near 1 for any noticeable false positive | [`monai`], [`nnunet`]: s = 1e−5 | the same for such an s, so s has no default here |
//! | an absent class counts as perfect, whatever is predicted | [`segmentation_models_pytorch`] | [`AbsentClass::Count`](crate::class::AbsentClass::Count): its false positives count |
//! | α and β are swapped | [`keras::tversky`] | α is on false positives, always |
//! | α is given but not used | [`keras::binary_focal_crossentropy`] | [`Focal::alpha`](crate::Focal::alpha) is used |
//! | the mean includes the classes, and all but one of them are 0 | [`monai::focal_softmax`], [`kornia::focal`] | [`ClassPointwise::mean`] divides by pixels |
//! | ignored pixels dilute the mean | [`segmentation_models_pytorch::soft_bce_with_logits`], `soft_cross_entropy`; `mean` of [`kornia::focal`] | `mean` divides by the valid pixels |
//! | NaN if everything is ignored | [`pytorch`], and libraries that call it | [`FinishError::NoValidPixels`](crate::FinishError::NoValidPixels) |

pub mod keras;
pub mod kornia;
pub mod monai;
pub mod nnunet;
pub mod optax;
pub mod pytorch;
pub mod segmentation_models_pytorch;
pub mod torchvision;

use crate::class::{ClassDenominator, ClassPointwise, ClassReduced, SoftmaxFocal};
use crate::error::{Parameter, ParameterError};
use crate::pointwise::Focal;

/// Makes focal loss with an optional α.
fn focal_of(alpha: Option<f32>, gamma: f32) -> Result<Focal, ParameterError> {
    let focal = Focal::new(gamma)?;
    alpha.map_or(Ok(focal), |alpha| focal.alpha(alpha))
}

/// Makes focal loss of a softmax, weighted as in MONAI and kornia: 1−α for class 0 and α for each of the others, or 1 without α.
fn softmax_focal_of<const C: usize>(alpha: Option<f32>, gamma: f32) -> Result<SoftmaxFocal<[f64; C]>, ParameterError> {
    let mut weights = [1.0; C];
    if let Some(alpha) = alpha {
        ParameterError::check_share(Parameter::Alpha, f64::from(alpha))?;
        weights = core::array::from_fn(|class| f64::from(if class == 0 { 1.0 - alpha } else { alpha }));
    }
    SoftmaxFocal::new(gamma)?.weights(weights)
}

/// The mean over pixels and classes, with ignored pixels counted.
fn mean_over_pixels_and_classes<P: ClassPointwise>(loss: P) -> ClassReduced<P> {
    loss.over(ClassDenominator::PixelsTimesClasses)
}
