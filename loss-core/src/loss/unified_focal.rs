//! Unified focal loss: the sum of its two halves.

use super::Loss;
use super::combine::{Scaled, Sum};
use super::reduction::Reduced;
use crate::error::{Parameter, ParameterError};
use crate::facts::{BELOW_ONE, Facts, Listed, NOT_NEGATIVE, SHARE, number};
use crate::pointwise::{AsymmetricFocal, Pointwise};
use crate::region::AsymmetricFocalTversky;

/// The loss that [`unified_focal`] makes.
pub type UnifiedFocal = Sum<Scaled<Reduced<AsymmetricFocal>>, Scaled<AsymmetricFocalTversky>>;

/// Unified focal loss (asymmetric): λ times the mean [`AsymmetricFocal`] loss plus 1−λ times [`AsymmetricFocalTversky`], with the same δ and γ.
///
#[doc = include_str!("../../pictures/unified_focal.svg")]
///
/// The paper's values are λ = 0.5, δ = 0.6, γ = 0.5 and a tiny s. In the paper, as here, λ is the share of the cross-entropy half. In the
/// authors' code `weight` is the share of the Tversky half. MONAI's `AsymmetricUnifiedFocalLoss` (two classes) averages the first half over the
/// classes as well, and each image on its own: it is λ/2 times the first half plus 1−λ times the second.
///
/// ```
/// use loss_core::{AsymmetricFocal, AsymmetricFocalTversky, Loss, Pointwise, unified_focal};
///
/// let loss = unified_focal(0.5, 0.6, 0.5, 1e-7)?;
/// let same = 0.5 * AsymmetricFocal::new(0.6, 0.5)?.mean() + 0.5 * AsymmetricFocalTversky::new(0.6, 0.5, 1e-7)?;
/// assert_eq!(loss, same);
///
/// let mut sums = loss.accumulator();
/// sums.extend([(0.5, true), (-2.0, false), (1.0, false)]);
/// assert_eq!(sums.finish()?.parts().count(), 2);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
/// [`ParameterError`] unless λ and δ are in [0, 1], γ in [0, 1), and s finite and at least 0.
#[doc(alias = "AsymmetricUnifiedFocalLoss")]
#[doc(alias = "UnifiedFocalLoss")]
pub fn unified_focal(lambda: f64, delta: f64, gamma: f64, smooth: f64) -> Result<UnifiedFocal, ParameterError> {
    ParameterError::check_share(Parameter::Lambda, lambda)?;
    let region = AsymmetricFocalTversky::new(delta, gamma, smooth)?;
    let pixel = AsymmetricFocal::new(delta as f32, gamma as f32)?;
    Ok(Sum::new(Scaled::new(pixel.mean(), lambda), region.times(1.0 - lambda)))
}

impl Listed for UnifiedFocal {
    const FACTS: Facts = Facts {
        name: "unified_focal",
        aliases: &["asymmetric_unified_focal"],
        formula: "λ·asymmetric_focal + (1−λ)·asymmetric_focal_tversky",
        description: "Unified focal loss: asymmetric focal loss plus asymmetric focal Tversky loss, with the same δ and γ.",
        source: "Yeung et al., Unified Focal loss, 2022",
        page: "unified_focal",
        parameters: &[&[
            number("lambda", 0.5, SHARE, "λ, the coefficient of asymmetric_focal"),
            number("delta", 0.6, SHARE, "δ, the weight of foreground, and the price of false negatives"),
            number("gamma", 0.5, BELOW_ONE, "γ of asymmetric_focal and of asymmetric_focal_tversky"),
            number("smooth", 1e-7, NOT_NEGATIVE, "s of asymmetric_focal_tversky"),
        ]],
        ..Facts::NONE
    };
}
