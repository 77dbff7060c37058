use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, FROM_2_TO_MINUS_64, Facts, FromArguments, Listed, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::loss::combine::combinable;
use crate::loss::{Loss, Part};
use crate::number::finite::clamp_to_finite;
use crate::number::real::Real;
use crate::pointwise::FOCAL_PARAMETERS;
use crate::pointwise::{Focal, Pointwise};
use crate::sums::batch::{Batch, Terms};
use crate::sums::exact::TermSum;
use crate::sums::shared::Totals;

/// Normalised focal loss: focal loss divided by the sum of its modulating factors. It is a weighted mean, and does not vanish as
/// pixels become right.
///
/// L = Σ w ℓ / max(Σ w u^γ, c), where ℓ = α_t·u^γ·b is a pixel's [`Focal`] loss, u^γ its modulating factor in the same [`FocalForm`](crate::FocalForm) without α, and c
/// the [`floor`](Self::floor) \[1e−6\]. For a hard target u = 1 − p_t and b = −ln p_t.
///
/// ∂L/∂z = w·(ℓ′ − L·(u^γ)′) / Σ w u^γ, or w·ℓ′/c where the floor replaces the denominator. This is the derivative of the value, factors included. With γ = 2 the gradient of
/// a pixel that is more wrong than others may point up or down.
///
#[doc = include_str!("../../pictures/normalised_focal.svg")]
///
/// **Peers.** segmentation_models.pytorch's `normalized=True` divides by the same `focal_term.sum().clamp_min(1e-6)` and lets the gradient
/// pass through it, as here. With `reduction="sum"` its value equals this one; `"mean"` divides by the number of pixels as well.
/// GluonCV-style code (`NormalizedFocalLossSigmoid`) detaches the factor by default. Its gradient is w·ℓ′/Σ w u^γ, which is not the derivative of any
/// function; it equals the gradient of `focal.over(Denominator::Fixed(d))` with d = Σ w u^γ.
///
/// **Domain.** γ, α and form as in [`Focal`]; γ = 0 without α is the mean of cross-entropy. All pixels of an accumulator are pooled.
/// **Empty masks** are no special case. If all pixels are right enough for the floor to apply, L falls as Σ w ℓ/c.
///
/// **Error bound** for hard targets and whole or half γ: relative error of L at most 2e−6, else 2e−5.
///
/// ```
/// use loss_core::{Focal, Loss, NormalisedFocal};
///
/// let mut sums = NormalisedFocal::new(Focal::new(2.0)?).accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // two equal pixels: their cross-entropy
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Sofiiuk et al., *AdaptIS: Adaptive Instance Selection Network*, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct NormalisedFocal {
    focal: Focal,
    floor: f64,
}

impl NormalisedFocal {
    /// Makes the normalised form of a focal loss.
    pub const fn new(focal: Focal) -> Self {
        Self { focal, floor: 1e-6 }
    }

    /// Sets the floor under the denominator.
    ///
    /// # Errors
    /// [`ParameterError`] unless it is finite and at least 2⁻⁶⁴.
    pub fn floor(self, floor: f64) -> Result<Self, ParameterError> {
        const SMALLEST: f64 = 1.0 / (1u128 << 64) as f64;
        let accepted = floor >= SMALLEST && floor <= f64::from(f32::MAX);
        ParameterError::check(Parameter::Floor, floor, accepted, "a finite number, at least 2^-64")?;
        Ok(Self { floor, ..self })
    }
}

impl Terms<2> for NormalisedFocal {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 2] {
        [weight * self.focal.loss(pixel), weight * self.focal.factor(pixel)]
    }
}

impl Loss for NormalisedFocal {
    /// Σ w ℓ and Σ w u^γ.
    type Sums = [TermSum; 2];
    /// The factors of ℓ′ and (u^γ)′.
    type Slope = [f32; 2];

    fn sums(&self) -> [TermSum; 2] {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut [TermSum; 2]) {
        pixels.add(self, sums);
    }

    fn value(&self, _: &Totals, [losses, factors]: &[TermSum; 2]) -> f64 {
        losses.to_f64() / factors.to_f64().max(self.floor)
    }

    fn slope(&self, totals: &Totals, sums: &[TermSum; 2], factor: f64) -> [f32; 2] {
        let denominator = sums[1].to_f64();
        let by_factor = if denominator > self.floor { -self.value(totals, sums) / denominator } else { 0.0 };
        // A loss of 3e38 over a small denominator is kept finite, because it is multiplied by factors that may be 0.
        [1.0 / denominator.max(self.floor), by_factor].map(|slope| clamp_to_finite((factor * slope) as f32))
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, &[by_loss, by_factor]: &[f32; 2], pixel: &Pixel<R>) -> R {
        R::splat(by_loss) * self.focal.slope(pixel) + R::splat(by_factor) * self.focal.factor_slope(pixel)
    }

    fn part(&self, index: usize, totals: &Totals, sums: &[TermSum; 2]) -> Option<Part> {
        (index == 0).then(|| Part { name: "normalised_focal", coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("normalised_focal");
        self.focal.fingerprint(fingerprint);
        fingerprint.number(self.floor);
    }
}

combinable!([] NormalisedFocal);

impl Listed for NormalisedFocal {
    const FACTS: Facts = Facts {
        name: "normalised_focal",
        aliases: &["normalized_focal"],
        formula: "Σ w ℓ / max(Σ w (1−p_t)^γ, floor),  ℓ = −α_t·(1−p_t)^γ·ln p_t",
        description: "Normalised focal loss: focal loss divided by the sum of its modulating factors, so that it does not vanish.",
        source: "Sofiiuk et al., AdaptIS, 2019",
        page: "NormalisedFocal",
        parameters: &[
            FOCAL_PARAMETERS,
            &[number(
                "floor",
                1e-6,
                FROM_2_TO_MINUS_64,
                "the smallest value of the denominator, the sum of the factors",
            )],
        ],
        ..Facts::NONE
    };
}

impl FromArguments for NormalisedFocal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Self::new(Focal::from_arguments(arguments)?).floor(arguments.number("floor"))?)
    }
}
