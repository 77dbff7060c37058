use super::Pointwise;
use super::power::{Power, at_least_tiny};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BETWEEN, BuildError, FOCAL_ALPHA, Facts, FromArguments, Listed, UP_TO_99, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Reduced focal loss: cross-entropy for wrong pixels, focal loss for right ones.
///
/// For a hard target, with p_t = p if t = 1 and 1−p if t = 0, and a threshold h:
///
/// ℓ = −α_t f ln p_t, where f = 1 if p_t < h and ((1−p_t)/h)^γ elsewhere, and α_t = α for foreground and 1−α for background, or 1 without
/// `alpha`. The loss of a soft target is t times the foreground's loss plus 1−t times the background's.
///
/// ∂ℓ/∂z = ∓α_t (1−p_t) where p_t < h, ∓α_t ((1−p_t)/h)^γ (γ p_t·(−ln p_t) + 1 − p_t) elsewhere, with minus for foreground.
///
#[doc = include_str!("../../pictures/reduced_focal.svg")]
///
/// **f jumps at p_t = h, from 1 to (1/h − 1)^γ, unless h = ½**, the paper's threshold. The slope ignores the jump.
///
/// **Domain.** γ ≥ 0, 0 < h < 1, h^−γ at most 1e30. Any finite logit. segmentation_models.pytorch (`reduced_threshold`) computes p_t
/// as e^−b, where b is the cross-entropy with a soft target; for hard targets that is the same.
///
/// **Error bound** for hard targets: relative error at most 2e−6, and 2e−5 where neither γ nor 2γ is whole.
///
/// ```
/// use loss_core::{Bce, Logits, Pointwise, ReducedFocal};
///
/// let reduced = ReducedFocal::new(2.0, 0.5)?;
/// let (wrong, right) = ((-1.0, true), (1.0, true));
/// assert_eq!(reduced.at(&Logits, wrong)?, Bce::new().at(&Logits, wrong)?);
/// let faded = (2.0 * 0.268_941_42f32).powi(2) * 0.313_261_69;
/// assert!((reduced.at(&Logits, right)? - faded).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Sergievskiy and Ponamarev, *Reduced Focal Loss: 1st Place Solution to xView object detection in Satellite Imagery*, 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct ReducedFocal {
    gamma: Power,
    threshold: f32,
    /// h^−γ.
    scale: f32,
    alpha: Option<f32>,
}

impl ReducedFocal {
    /// Makes reduced focal loss with this γ and threshold h, without α.
    ///
    /// # Errors
    /// [`ParameterError`] unless γ is finite and at least 0, the threshold strictly between 0 and 1, and h^−γ at most 1e30.
    pub fn new(gamma: f32, threshold: f32) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Gamma, f64::from(gamma))?;
        let inside = threshold > 0.0 && threshold < 1.0;
        ParameterError::check(Parameter::Threshold, f64::from(threshold), inside, "between 0 and 1")?;
        let scale = libm::pow(f64::from(threshold), -f64::from(gamma));
        ParameterError::check(Parameter::ThresholdToMinusGamma, scale, scale <= 1e30, "at most 1e30")?;
        Ok(Self { gamma: Power::new(gamma), threshold, scale: scale as f32, alpha: None })
    }

    /// Sets the weights: α for foreground, 1−α for background.
    ///
    /// # Errors
    /// [`ParameterError`] unless α is in [0, 1].
    pub fn alpha(self, alpha: f32) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::Alpha, f64::from(alpha))?;
        Ok(Self { alpha: Some(alpha), ..self })
    }

    /// The weights of foreground and background, for this target.
    #[inline(always)]
    fn weights<R: Real>(&self, pixel: &Pixel<R>) -> [R; 2] {
        let (alpha, rest) = self.alpha.map_or((1.0, 1.0), |alpha| (alpha, 1.0 - alpha));
        [R::splat(alpha) * pixel.target, R::splat(rest) * pixel.background]
    }

    /// `wrong` where p_t < h, h^−γ times `right` elsewhere.
    #[inline(always)]
    fn choose<R: Real>(&self, p_t: R, wrong: R, right: R) -> R {
        R::select(p_t.ge(R::splat(self.threshold)), R::splat(self.scale) * right, wrong)
    }

    /// The loss of one class, from p_t and u = 1 − p_t.
    #[inline(always)]
    fn side<R: Real>(&self, p_t: R, u: R, loss: R) -> R {
        self.choose(p_t, loss, self.gamma.fade(u, loss))
    }

    #[inline(always)]
    fn side_slope<R: Real>(&self, p_t: R, u: R, u_slope: R, loss: R, slope: R) -> R {
        self.choose(p_t, slope, self.gamma.fade_slope(u, u_slope / at_least_tiny(u), loss, slope))
    }
}

impl Pointwise for ReducedFocal {
    const NAME: &'static str = "reduced_focal";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        foreground * self.side(pixel.p, pixel.q, pixel.foreground_loss)
            + background * self.side(pixel.q, pixel.p, pixel.background_loss)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let [foreground, background] = self.weights(pixel);
        let on = self.side_slope(pixel.p, pixel.q, -pixel.p_slope, pixel.foreground_loss, pixel.foreground_slope);
        let off = self.side_slope(pixel.q, pixel.p, pixel.p_slope, pixel.background_loss, pixel.background_slope);
        foreground * on + background * off
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint
            .number(f64::from(self.gamma.exponent()))
            .number(f64::from(self.threshold))
            .number(self.alpha.map_or(-1.0, f64::from));
    }
}

impl Listed for ReducedFocal {
    const FACTS: Facts = Facts {
        name: "reduced_focal",
        formula: "−α_t·ln p_t where p_t < h, −α_t·((1−p_t)/h)^γ·ln p_t elsewhere",
        description: "Reduced focal loss: cross-entropy for wrong pixels, focal loss for right ones.",
        source: "Sergievskiy and Ponamarev, Reduced Focal Loss, 2019",
        page: "ReducedFocal",
        parameters: &[&[
            number("gamma", 2.0, UP_TO_99, "γ, how fast the weight of right pixels falls"),
            number("threshold", 0.5, BETWEEN, "h: a pixel with p_t ≥ h counts as right; f jumps there unless h is 0.5"),
            FOCAL_ALPHA,
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for ReducedFocal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [gamma, threshold] = ["gamma", "threshold"].map(|name| arguments.number(name) as f32);
        let mut loss = ReducedFocal::new(gamma, threshold)?;
        if let Some(alpha) = arguments.number_or_none("alpha") {
            loss = loss.alpha(alpha as f32)?;
        }
        Ok(loss)
    }
}
