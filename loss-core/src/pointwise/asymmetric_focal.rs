use super::Pointwise;
use super::power::{Power, at_least_tiny};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, SHARE, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Asymmetric focal loss: only background is down-weighted, and rare foreground keeps its whole cross-entropy.
///
/// ℓ = δ·t·(−ln p) + (1−δ)·(1−t)·p^γ·(−ln(1−p)).
///
/// ∂ℓ/∂z = −δ·t·(1−p) + (1−δ)·(1−t)·p^γ·(p + γ(1−p)·(−ln(1−p))).
///
#[doc = include_str!("../../pictures/asymmetric_focal.svg")]
///
/// δ is the weight of foreground \[0.6 in the authors' code\]; γ is the exponent of background \[0.5\].
///
/// **Domain.** δ in [0, 1], γ ≥ 0. Any finite logit, any target in [0, 1]. γ = 0 is cross-entropy with class weights δ and 1−δ. On
/// probabilities, p^γ has no slope at p = 0.
///
/// **Error bound** for hard targets: relative error at most 2e−6, and 2e−5 where neither γ nor 2γ is whole.
///
/// ```
/// use loss_core::{AsymmetricFocal, Loss, Pointwise};
///
/// let mut sums = AsymmetricFocal::new(0.75, 2.0)?.mean().accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // ¾·ln 2, and ¼·½²·ln 2
/// assert!((sums.finish()?.value() - 0.5 * (0.75 + 0.0625) * core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Yeung et al., *Unified Focal loss: Generalising Dice and cross entropy-based losses to handle class imbalanced medical image
/// segmentation*, 2022. The other half of that loss is [`AsymmetricFocalTversky`](crate::AsymmetricFocalTversky); together they are
/// [`unified_focal`](crate::unified_focal).
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct AsymmetricFocal {
    delta: f32,
    gamma: Power,
}

impl AsymmetricFocal {
    /// Makes the loss of the foreground weight δ and the background exponent γ.
    ///
    /// # Errors
    /// [`ParameterError`] unless δ is in [0, 1], and γ finite and at least 0.
    pub fn new(delta: f32, gamma: f32) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::Delta, f64::from(delta))?;
        ParameterError::check_not_negative(Parameter::Gamma, f64::from(gamma))?;
        Ok(Self { delta, gamma: Power::new(gamma) })
    }

    /// The weights of foreground and background, for this target.
    #[inline(always)]
    fn weights<R: Real>(&self, pixel: &Pixel<R>) -> [R; 2] {
        [R::splat(self.delta) * pixel.target, R::splat(1.0 - self.delta) * pixel.background]
    }
}

impl Pointwise for AsymmetricFocal {
    const NAME: &'static str = "asymmetric_focal";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        foreground * pixel.foreground_loss + background * self.gamma.fade(pixel.p, pixel.background_loss)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        let logarithmic_slope = pixel.p_slope / at_least_tiny(pixel.p);
        let faded = self.gamma.fade_slope(pixel.p, logarithmic_slope, pixel.background_loss, pixel.background_slope);
        foreground * pixel.foreground_slope + background * faded
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.delta)).number(f64::from(self.gamma.exponent()));
    }
}

impl Listed for AsymmetricFocal {
    const FACTS: Facts = Facts {
        name: "asymmetric_focal",
        formula: "−δ·ln p of foreground, −(1−δ)·p^γ·ln(1−p) of background",
        description: "Asymmetric focal loss: only background is down-weighted, and rare foreground keeps its whole cross-entropy.",
        source: "Yeung et al., Unified Focal loss, 2022",
        page: "AsymmetricFocal",
        parameters: &[&[
            number("delta", 0.6, SHARE, "δ, the weight of foreground; 1−δ is that of background"),
            number("gamma", 0.5, NOT_NEGATIVE, "γ, how fast the weight of background falls; 0 = it stays"),
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for AsymmetricFocal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [delta, gamma] = ["delta", "gamma"].map(|name| arguments.number(name) as f32);
        Ok(AsymmetricFocal::new(delta, gamma)?)
    }
}
