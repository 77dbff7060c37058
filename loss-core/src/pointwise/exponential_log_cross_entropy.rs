use super::Pointwise;
use super::power::{Power, at_least_tiny, flush};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, SMALL_EXPONENT, UP_TO_2_TO_32, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Exponential cross-entropy: a power of the cross-entropy, the pointwise part of the exponential logarithmic loss.
///
/// ℓ = w₁·t·(−ln p)^γ + w₀·(1−t)·(−ln(1−p))^γ, where w₁ and w₀ are the class weights \[1\].
///
/// ∂ℓ/∂z = −w₁·t·γ(−ln p)^(γ−1)·(1−p) + w₀·(1−t)·γ(−ln(1−p))^(γ−1)·p.
///
#[doc = include_str!("../../pictures/exponential_log_cross_entropy.svg")]
///
/// With γ < 1 (the paper uses 0.3) the loss is steep both where a pixel is wrong and where it is nearly right. Let b = −ln p_t. As b → 0 the power b^(γ−1)
/// grows without bound, but 1 − p_t ≤ b falls faster, so the slope by the logit goes to 0 as γb^γ. It is computed as γ·b^γ·(b′/b); where b
/// is below 2⁻¹²⁶, loss and slope are 0. On probabilities the slope −γb^(γ−1)/p_t grows up to γε^(γ−1), where ε is the clip of
/// [`Probabilities`](crate::Probabilities).
///
/// γ = 1 is [`Bce`](crate::Bce), up to rounding.
///
/// **Domain.** γ in (0, 16], class weights from 0 to 2³². Any finite logit. Where (−ln p_t)^γ is 2¹²⁶ or more, the sum is
/// [saturated](crate::extend::ExactSum#saturation) and there is no result; the slope then uses 2¹²⁶ in its place.
///
/// **Error bound** for hard targets, b ≥ 2⁻¹²⁶: relative error at most 2e−6 for whole and half γ up to 8, else 2e−7·(1 + γ|ln b|).
///
/// ```
/// use loss_core::{ExponentialLogCrossEntropy, ExponentialLogDice, Logits, Loss, Pointwise};
///
/// let pixel = ExponentialLogCrossEntropy::new(0.3)?.class_weights(3.0, 1.0)?;
/// assert!((pixel.at(&Logits, (0.0, true))? - 3.0 * core::f32::consts::LN_2.powf(0.3)).abs() < 1e-6);
///
/// // The whole loss, with the paper's 0.8, 0.2 and ε = 1; its class weights are √(all labels / those of the class).
/// let loss = 0.8 * ExponentialLogDice::new(0.3, 1.0)? + 0.2 * pixel.mean();
/// assert_eq!(loss.part_count(), 2);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Wong et al., *3D Segmentation with Exponential Logarithmic Loss for Highly Unbalanced Object Sizes*, 2018.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct ExponentialLogCrossEntropy {
    gamma: Power,
    foreground: f32,
    background: f32,
}

/// The result of [`power`](ExponentialLogCrossEntropy::power) for everything as large or larger.
const BEYOND: f32 = 1.0 / f32::MIN_POSITIVE;

impl ExponentialLogCrossEntropy {
    /// Makes the loss of a power γ, with both class weights 1.
    ///
    /// # Errors
    /// [`ParameterError`] unless γ is in (0, 16].
    pub fn new(gamma: f32) -> Result<Self, ParameterError> {
        ParameterError::check(
            Parameter::Gamma,
            f64::from(gamma),
            gamma > 0.0 && gamma <= 16.0,
            "above 0 and at most 16",
        )?;
        Ok(Self { gamma: Power::new(gamma), foreground: 1.0, background: 1.0 })
    }

    /// Sets the weights of the classes.
    ///
    /// # Errors
    /// [`ParameterError`] unless both weights are in [0, 2³²].
    pub fn class_weights(self, foreground: f32, background: f32) -> Result<Self, ParameterError> {
        for (class, weight) in [(1, foreground), (0, background)] {
            let accepted = (0.0..=4_294_967_296.0).contains(&weight);
            ParameterError::check(Parameter::ClassWeight, f64::from(weight), accepted, "in [0, 2^32]")
                .map_err(|error| error.of(class))?;
        }
        Ok(Self { foreground, background, ..self })
    }

    /// b^γ for b ≥ 0, at most 2¹²⁶.
    #[inline(always)]
    fn power<R: Real>(&self, b: R) -> R {
        let one = R::splat(1.0);
        let (tiny, huge) = (R::splat(f32::MIN_POSITIVE), R::splat(BEYOND));
        // A power of a number above 1 is computed as the reciprocal of the power of its reciprocal, which lies in [0, 1].
        let above = b.ge(one);
        let inside = R::select(above, one / b.max(one).min(huge), flush(b));
        let power = self.gamma.of(inside);
        R::select(above, one / power.max(tiny), power)
    }

    /// The loss of one side.
    #[inline(always)]
    fn side<R: Real>(&self, weight: R, b: R) -> R {
        let (zero, power) = (R::splat(0.0), self.power(b));
        let power = R::select(power.ge(R::splat(BEYOND)), R::splat(f32::INFINITY), power);
        R::select(zero.ge(weight), zero, weight * power)
    }

    /// (b^γ)′ = γ·b^γ·(b′/b).
    #[inline(always)]
    fn power_slope<R: Real>(&self, b: R, b_slope: R) -> R {
        R::splat(self.gamma.exponent()) * (self.power(b) * (b_slope / at_least_tiny(b)))
    }

    /// The weights of foreground and background, for this target.
    #[inline(always)]
    fn weights<R: Real>(&self, pixel: &Pixel<R>) -> [R; 2] {
        [R::splat(self.foreground) * pixel.target, R::splat(self.background) * pixel.background]
    }
}

impl Pointwise for ExponentialLogCrossEntropy {
    const NAME: &'static str = "exponential_log_cross_entropy";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        self.side(foreground, pixel.foreground_loss) + self.side(background, pixel.background_loss)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        foreground * self.power_slope(pixel.foreground_loss, pixel.foreground_slope)
            + background * self.power_slope(pixel.background_loss, pixel.background_slope)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint
            .number(f64::from(self.gamma.exponent()))
            .number(f64::from(self.foreground))
            .number(f64::from(self.background));
    }
}

impl Listed for ExponentialLogCrossEntropy {
    const FACTS: Facts = Facts {
        name: "exponential_log_cross_entropy",
        aliases: &["exponential_log_ce"],
        formula: "w₁·t·(−ln p)^γ + w₀·(1−t)·(−ln(1−p))^γ",
        description: "Exponential cross-entropy: a power of the cross-entropy, the pointwise part of the exponential logarithmic loss.",
        source: "Wong et al., 3D Segmentation with Exponential Logarithmic Loss, 2018",
        page: "ExponentialLogCrossEntropy",
        parameters: &[&[
            number("gamma", 0.3, SMALL_EXPONENT, "γ, the exponent"),
            number("foreground_weight", 1.0, UP_TO_2_TO_32, "w₁, the weight of foreground"),
            number("background_weight", 1.0, UP_TO_2_TO_32, "w₀, the weight of background"),
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for ExponentialLogCrossEntropy {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let loss = ExponentialLogCrossEntropy::new(arguments.number("gamma") as f32)?;
        let [foreground, background] =
            ["foreground_weight", "background_weight"].map(|name| arguments.number(name) as f32);
        Ok(loss.class_weights(foreground, background)?)
    }
}
