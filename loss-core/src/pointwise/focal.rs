use super::Pointwise;
use super::power::{Power, at_least_tiny};
use crate::error::{Parameter, ParameterError};
use crate::facts::{
    Arguments, BuildError, FOCAL_ALPHA, Facts, FromArguments, Listed, NOT_NEGATIVE, ParameterFacts, number, word,
};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Focal loss: cross-entropy that fades where the prediction is already right.
///
/// For a hard target, with p_t = p if t = 1 and 1−p if t = 0:
///
/// ℓ = −α_t (1−p_t)^γ ln p_t, where α_t = α for foreground and 1−α for background, or 1 without `alpha`.
///
/// ∂ℓ/∂z = ∓α_t (1−p_t)^γ (γ p_t·(−ln p_t) + 1 − p_t), with minus for foreground.
///
#[doc = include_str!("../../pictures/focal.svg")]
///
/// Four formulas are in use for soft targets, see [`FocalForm`]. They agree where t is 0 or 1.
///
/// **Domain.** γ ≥ 0; γ = 0 without α is [`Bce`](super::Bce), to the bit. Any finite logit. A small γ has finite
/// gradients at saturated logits. On probabilities the modulating factor has slope 0 where 1−p_t is exactly 0.
///
/// **Error bound** for hard targets: see the [table](crate#accuracy). p_t never comes from a *weighted*
/// cross-entropy, because exp(−w·ℓ) is not a probability.
///
/// ```
/// use loss_core::{Focal, Loss, Pointwise};
///
/// let mut sums = Focal::new(2.0)?.alpha(0.25)?.mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - 0.25 * 0.25 * core::f64::consts::LN_2).abs() < 1e-8);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// The loss of a pixel that is already right, as lectures tabulate it:
///
/// ```
/// use loss_core::{Bce, Focal, Logits, Pointwise};
///
/// let focal = Focal::new(2.0)?;
/// let table = [(0.95f32, 0.0513, 0.00013), (0.5, 0.693, 0.173), (0.1, 2.303, 1.865), (0.05, 2.996, 2.704)];
/// for (p_t, cross_entropy, faded) in table {
///     let pixel = ((p_t / (1.0 - p_t)).ln(), true);
///     assert!((Bce::new().at(&Logits, pixel)? / cross_entropy - 1.0).abs() < 3e-3);
///     assert!((focal.at(&Logits, pixel)? / faded - 1.0).abs() < 2e-2);
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Lin et al., *Focal Loss for Dense Object Detection*, 2017.
#[doc(alias = "binary_focal_loss_with_logits")]
#[doc(alias = "BinaryFocalCrossentropy")]
#[doc(alias = "BinaryFocalLoss")]
#[doc(alias = "FocalLoss")]
#[doc(alias = "sigmoid_focal_loss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Focal {
    gamma: Power,
    alpha: Option<f32>,
    form: FocalForm,
}

/// The formula of focal loss for a target between 0 and 1.
///
/// u is the base of the power γ, and b = −t ln p − (1−t) ln(1−p) is the cross-entropy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FocalForm {
    /// u^γ b with u = (1−p)t + p(1−t), the expected error (torchvision).
    #[default]
    Mixture,
    /// t·(1−p)^γ·(−ln p) + (1−t)·p^γ·(−ln(1−p)), the expected focal loss; α weighs the two terms (kornia).
    Split,
    /// u^γ b with u = 1 − e^−b (Detectron's and segmentation_models.pytorch's formula, made for hard targets).
    Exponential,
    /// u^γ b with u = sigmoid(−z(2t−1)) (MONAI). At t = ½ it does not depend on z.
    Margin,
}

impl FocalForm {
    /// The name of the form in fingerprints.
    fn code(self) -> &'static str {
        match self {
            FocalForm::Mixture => "form=mixture",
            FocalForm::Split => "form=split",
            FocalForm::Exponential => "form=exponential",
            FocalForm::Margin => "form=margin",
        }
    }
}

impl Focal {
    /// Makes focal loss with this γ, without α, and with the default form for soft targets.
    ///
    /// # Errors
    /// [`ParameterError`] unless γ is finite and at least 0.
    pub fn new(gamma: f32) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Gamma, f64::from(gamma))?;
        Ok(Self { gamma: Power::new(gamma), alpha: None, form: FocalForm::default() })
    }

    /// Makes the loss of a γ and an α that are known to be in range.
    pub(crate) fn known(gamma: f32, alpha: Option<f32>) -> Self {
        Self { gamma: Power::new(gamma), alpha, form: FocalForm::default() }
    }

    /// Sets the weights: α for foreground, 1−α for background.
    ///
    /// # Errors
    /// [`ParameterError`] unless α is in [0, 1].
    pub fn alpha(self, alpha: f32) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::Alpha, f64::from(alpha))?;
        Ok(Self { alpha: Some(alpha), ..self })
    }

    /// Sets the formula for soft targets.
    pub const fn form(self, form: FocalForm) -> Self {
        Self { form, ..self }
    }

    /// u and the logarithmic slope u′/u, for the forms with a single u.
    #[inline(always)]
    fn modulator<R: Real>(&self, pixel: &Pixel<R>, cross_entropy: CrossEntropy<R>) -> (R, R) {
        let t = pixel.target;
        match self.form {
            FocalForm::Mixture | FocalForm::Split => {
                let u = pixel.q * t + pixel.p * pixel.background;
                (u, (pixel.background - t) * pixel.p_slope / at_least_tiny(u))
            }
            FocalForm::Exponential => {
                let u = cross_entropy.loss.one_minus_exp_neg();
                (u, cross_entropy.loss.exp_neg() * cross_entropy.slope / at_least_tiny(u))
            }
            FocalForm::Margin => {
                let sign = t - pixel.background;
                let margin = pixel.logit * sign;
                let logistic = margin.abs().exp_neg().logistic();
                let right = margin.ge(R::splat(0.0));
                let u = R::select(right, logistic.small, logistic.large);
                let one_minus_u = R::select(right, logistic.large, logistic.small);
                // ∂z/∂x is the sum of both slopes of the logarithms: 1 for a logit, 1/(pq) for a probability.
                let logit_slope = pixel.background_slope - pixel.foreground_slope;
                (u, -(one_minus_u * sign * logit_slope))
            }
        }
    }

    /// u^γ b, from u, u′/u and b.
    #[inline(always)]
    fn modulated<R: Real>(&self, (u, _): (R, R), cross_entropy: CrossEntropy<R>) -> R {
        self.gamma.fade(u, cross_entropy.loss)
    }

    /// ∂(u^γ b)/∂x = u^γ (b′ + γ (u′/u) b).
    #[inline(always)]
    fn modulated_slope<R: Real>(&self, (u, logarithmic_slope): (R, R), cross_entropy: CrossEntropy<R>) -> R {
        self.gamma.fade_slope(u, logarithmic_slope, cross_entropy.loss, cross_entropy.slope)
    }

    /// u^γ alone, without α: the divisor of normalised focal loss.
    #[inline(always)]
    pub(crate) fn factor<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let one = R::splat(1.0);
        if self.form == FocalForm::Split {
            return pixel.target * self.gamma.fade(pixel.q, one) + pixel.background * self.gamma.fade(pixel.p, one);
        }
        self.gamma.fade(self.modulator(pixel, CrossEntropy::of(pixel)).0, one)
    }

    /// ∂u^γ/∂x.
    #[inline(always)]
    pub(crate) fn factor_slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        if self.form == FocalForm::Split {
            let foreground = self.faded((pixel.q, -(pixel.p_slope / at_least_tiny(pixel.q))));
            let background = self.faded((pixel.p, pixel.p_slope / at_least_tiny(pixel.p)));
            return pixel.target * foreground + pixel.background * background;
        }
        self.faded(self.modulator(pixel, CrossEntropy::of(pixel)))
    }

    /// ∂u^γ/∂x, from u and u′/u.
    #[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), inline(always))]
    fn faded<R: Real>(&self, (u, logarithmic_slope): (R, R)) -> R {
        self.gamma.fade_slope(u, logarithmic_slope, R::splat(1.0), R::splat(0.0))
    }

    /// The factor α_t, linear in the target.
    #[inline(always)]
    fn weigh<R: Real>(&self, pixel: &Pixel<R>, loss: R) -> R {
        match self.alpha {
            Some(alpha) => (R::splat(alpha) * pixel.target + R::splat(1.0 - alpha) * pixel.background) * loss,
            None => loss,
        }
    }

    /// The split form: `part` of each class, weighed by the target.
    #[inline(always)]
    fn split<R: Real>(&self, pixel: &Pixel<R>, part: impl Fn((R, R), CrossEntropy<R>) -> R) -> R {
        let foreground = part(
            (pixel.q, -(pixel.p_slope / at_least_tiny(pixel.q))),
            CrossEntropy { loss: pixel.foreground_loss, slope: pixel.foreground_slope },
        );
        let background = part(
            (pixel.p, pixel.p_slope / at_least_tiny(pixel.p)),
            CrossEntropy { loss: pixel.background_loss, slope: pixel.background_slope },
        );
        let (alpha, rest) = self.alpha.map_or((1.0, 1.0), |alpha| (alpha, 1.0 - alpha));
        R::splat(alpha) * pixel.target * foreground + R::splat(rest) * pixel.background * background
    }
}

#[derive(Clone, Copy)]
struct CrossEntropy<R> {
    loss: R,
    slope: R,
}

impl<R: Real> CrossEntropy<R> {
    #[inline(always)]
    fn of(pixel: &Pixel<R>) -> Self {
        Self {
            loss: pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss,
            slope: pixel.target * pixel.foreground_slope + pixel.background * pixel.background_slope,
        }
    }
}

impl Pointwise for Focal {
    const NAME: &'static str = "focal";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        if self.form == FocalForm::Split {
            return self.split(
                pixel,
                #[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), inline(always))]
                |u, cross_entropy| self.modulated(u, cross_entropy),
            );
        }
        let cross_entropy = CrossEntropy::of(pixel);
        self.weigh(pixel, self.modulated(self.modulator(pixel, cross_entropy), cross_entropy))
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        if self.form == FocalForm::Split {
            return self.split(
                pixel,
                #[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), inline(always))]
                |u, cross_entropy| self.modulated_slope(u, cross_entropy),
            );
        }
        let cross_entropy = CrossEntropy::of(pixel);
        self.weigh(pixel, self.modulated_slope(self.modulator(pixel, cross_entropy), cross_entropy))
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint
            .number(f64::from(self.gamma.exponent()))
            .number(self.alpha.map_or(-1.0, f64::from))
            .name(self.form.code());
    }
}

/// γ, α and the form; losses built on focal loss share them.
pub(crate) const PARAMETERS: &[ParameterFacts] = &[
    number("gamma", 2.0, NOT_NEGATIVE, "γ; 0 is bce"),
    FOCAL_ALPHA,
    word(
        "form",
        "mixture",
        &["mixture", "split", "exponential", "margin"],
        "for soft targets (all agree for 0 and 1): mixture (torchvision), split (kornia), exponential (Detectron, segmentation_models.pytorch), margin (MONAI)",
    ),
];

impl FromArguments for Focal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let form = match arguments.word("form") {
            "split" => FocalForm::Split,
            "exponential" => FocalForm::Exponential,
            "margin" => FocalForm::Margin,
            _ => FocalForm::Mixture,
        };
        let focal = Self::new(arguments.number("gamma") as f32)?.form(form);
        match arguments.number_or_none("alpha") {
            Some(alpha) => Ok(focal.alpha(alpha as f32)?),
            None => Ok(focal),
        }
    }
}

impl Listed for Focal {
    const FACTS: Facts = Facts {
        name: "focal",
        formula: "−α_t·(1−p_t)^γ·ln p_t,  p_t = p if t = 1, 1−p if t = 0",
        description: "Focal loss: cross-entropy that fades where the prediction is already right.",
        source: "Lin et al., Focal Loss for Dense Object Detection, 2017",
        page: "Focal",
        parameters: &[PARAMETERS],
        ..Facts::NONE
    };
}
