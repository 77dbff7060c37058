use super::similarity::{EMPTY_MASK, EmptyMask};
use super::user::{RegionSlopes, true_negative_loss};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BELOW_ONE, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, SHARE, number};
use crate::sums::confusion::Confusion;
use crate::sums::exact::UnitSum;
use crate::sums::shared::Totals;

/// Asymmetric focal Tversky loss: the mean of the Tversky losses of background and foreground, the latter to a power below 1. The power
/// keeps the foreground's gradient large while its loss is small.
///
/// L = ½·U₀ + ½·U₁^(1−γ), with
///
/// - U₁ = 1 − (TP + s) / (TP + δ·FN + (1−δ)·FP + s), the foreground's Tversky loss,
/// - U₀ = 1 − (TN + s) / (TN + δ·FP + (1−δ)·FN + s), the background's; what background misses is FP.
///
/// ∂L/∂z = w p(1−p)·(t(∂L/∂TP − ∂L/∂FN) + (1−t)(∂L/∂FP − ∂L/∂TN)). With E = δ·FN + (1−δ)·FP and D = TP + E + s, ∂U₁/∂TP = −E/D² and
/// ∂U₁/∂E = (TP + s)/D², each times (1−γ)U₁^(−γ); U₀ is analogous. Where U₁ is 0 its gradient is defined as 0; for γ > 0 the slope
/// has no limit there.
///
#[doc = include_str!("../../pictures/asymmetric_focal_tversky.svg")]
///
/// δ weighs **false negatives** and 1−δ false positives \[0.6 in the authors' code\], as in the authors' code and in MONAI. δ is β of
/// [`Tversky`](crate::Tversky). The authors' code takes the mean over the two classes, as here; the paper's formula is their sum.
///
/// **Domain.** δ in [0, 1], γ in [0, 1) \[0.5\], s ≥ 0 \[1e−7\]. L lies in [0, 1]. All pixels of an accumulator are pooled. For the mean of the images'
/// losses, as in the authors' code, see [`ImageMean`](crate::ImageMean). **Empty masks:** with little smoothing a mask without foreground
/// has U₁ near 1 and almost no gradient, see [`empty_mask`](Self::empty_mask). Without smoothing U₁ is 1 if anything is
/// predicted and 0 if nothing is, as under [`EmptyMask::Formula`]. A mask without background does the same to U₀.
///
/// **Error bound.** Relative error of L at most 1e−6.
///
/// ```
/// use loss_core::{AsymmetricFocalTversky, Loss};
///
/// let mut sums = AsymmetricFocalTversky::new(0.6, 0.5, 0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // U₀ = U₁ = 1 − ½/(½ + 0.6·½ + 0.4·½) = ½
/// assert!((sums.finish()?.value() - 0.5 * (0.5 + 0.5f64.sqrt())).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Yeung et al., *Unified Focal loss: Generalising Dice and cross entropy-based losses to handle class imbalanced medical image
/// segmentation*, 2022. With [`AsymmetricFocal`](crate::AsymmetricFocal) it makes [`unified_focal`](crate::unified_focal).
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct AsymmetricFocalTversky {
    delta: f64,
    gamma: f64,
    smooth: f64,
    empty: EmptyMask,
}

/// A Tversky loss from its counts: 1 − index, and its slopes by TP and by E. `wrong`: there are errors, though their sum may round to 0.
fn tversky(hits: f64, errors: f64, smooth: f64, wrong: bool) -> [f64; 3] {
    let denominator = hits + errors + smooth;
    if denominator > 0.0 {
        let loss = errors / denominator;
        [loss, -loss / denominator, (hits + smooth) / denominator / denominator]
    } else {
        // No counts and no smoothing: 0/0 is agreement if nothing is predicted either.
        [if wrong { 1.0 } else { 0.0 }, 0.0, 0.0]
    }
}

impl AsymmetricFocalTversky {
    /// Makes the loss of δ on false negatives and 1−δ on false positives, the foreground's exponent 1−γ, and s above and
    /// below the fraction bars.
    ///
    /// # Errors
    /// [`ParameterError`] unless δ is in [0, 1], γ in [0, 1), and s finite and at least 0.
    pub fn new(delta: f64, gamma: f64, smooth: f64) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::Delta, delta)?;
        ParameterError::check(Parameter::Gamma, gamma, (0.0..1.0).contains(&gamma), "at least 0 and below 1")?;
        ParameterError::check_not_negative(Parameter::Smooth, smooth)?;
        Ok(Self { delta, gamma, smooth, empty: EmptyMask::Formula })
    }

    /// Sets the value of U₁^(1−γ) for a mask without foreground. The background's half is not affected.
    pub fn empty_mask(self, empty: EmptyMask) -> Self {
        Self { empty, ..self }
    }

    fn evaluate(&self, totals: &Totals, true_negative: &UnitSum) -> (f64, RegionSlopes) {
        let Confusion { true_positive, false_positive, false_negative, .. } = totals.soft;
        let (delta, rest) = (self.delta, 1.0 - self.delta);
        let weigh = |misses: f64, alarms: f64| delta * misses + rest * alarms;
        let foreground_errors = weigh(false_negative, false_positive);
        let wrong = totals.has_weighed_errors([rest, delta]);
        let [u1, u1_by_hits, u1_by_errors] = tversky(true_positive, foreground_errors, self.smooth, wrong);
        let background_errors = weigh(false_positive, false_negative);
        let wrong = totals.has_weighed_errors([delta, rest]);
        let [u0, u0_by_hits, u0_by_errors] = tversky(true_negative.to_f64(), background_errors, self.smooth, wrong);
        let exponent = 1.0 - self.gamma;
        let [foreground, slope] = match self.empty {
            EmptyMask::Zero if totals.hard.support() <= 0.0 => [0.0, 0.0],
            EmptyMask::One if totals.hard.support() <= 0.0 => [1.0, 0.0],
            _ if self.gamma == 0.0 => [u1, 1.0],
            _ if u1 > 0.0 => [libm::pow(u1, exponent), exponent * libm::pow(u1, -self.gamma)],
            _ => [0.0, 0.0],
        };
        let slopes = RegionSlopes {
            true_positive: 0.5 * slope * u1_by_hits,
            false_positive: 0.5 * (slope * u1_by_errors * rest + u0_by_errors * delta),
            false_negative: 0.5 * (slope * u1_by_errors * delta + u0_by_errors * rest),
            true_negative: 0.5 * u0_by_hits,
        };
        (0.5 * (u0 + foreground), slopes)
    }
}

true_negative_loss!(
    AsymmetricFocalTversky,
    "asymmetric_focal_tversky",
    |loss| [loss.delta, loss.gamma, loss.smooth],
    loss.empty.code()
);

impl Listed for AsymmetricFocalTversky {
    const FACTS: Facts = Facts {
        name: "asymmetric_focal_tversky",
        formula: "½·U₀ + ½·U₁^(1−γ),  U₁ = 1 − (TP + s) / (TP + δ·FN + (1−δ)·FP + s), U₀ the background's",
        description: "Asymmetric focal Tversky loss: the mean of the Tversky losses of background and foreground, the latter to a power below 1.",
        source: "Yeung et al., Unified Focal loss, 2022",
        page: "AsymmetricFocalTversky",
        parameters: &[&[
            number("delta", 0.6, SHARE, "δ, the price of false negatives; 1−δ is that of false positives"),
            number("gamma", 0.5, BELOW_ONE, "γ; the foreground's loss is raised to the power 1−γ"),
            number("smooth", 1e-7, NOT_NEGATIVE, "s, added above and below the fraction bars"),
            EMPTY_MASK,
        ]],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for AsymmetricFocalTversky {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [delta, gamma, smooth] = ["delta", "gamma", "smooth"].map(|name| arguments.number(name));
        Ok(Self::new(delta, gamma, smooth)?.empty_mask(EmptyMask::from_arguments(arguments)?))
    }
}
