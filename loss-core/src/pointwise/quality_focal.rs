use super::Pointwise;
use super::power::{Power, at_least_tiny};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Quality focal loss: focal loss for soft targets, which fades where the prediction is near the target.
///
/// ℓ = |t − p|^β·b, where b = −t ln p − (1−t) ln(1−p).
///
/// ∂ℓ/∂z = |t − p|^β·(p − t) + β|t − p|^(β−1)·sign(p − t)·p(1−p)·b.
///
#[doc = include_str!("../../pictures/quality_focal.svg")]
///
/// For hard targets it equals [`Focal`](crate::Focal) with γ = β. For a soft target it is 0 at p = t, unlike every
/// [`FocalForm`](crate::FocalForm).
///
/// **Domain.** β ≥ 0; the paper uses 2. Any finite logit, any target in [0, 1]. At p = t the slope is defined as 0, also for β ≤ 1, where
/// it has no limit (unless t is 0 or 1).
///
/// **Error bound** for hard targets: that of [`Focal`](crate::Focal). For soft targets |t − p| has an absolute error of 2e−7, from the rounding of p.
///
/// ```
/// use loss_core::{Logits, Pointwise, QualityFocal};
///
/// let loss = QualityFocal::new(2.0)?;
/// assert_eq!(loss.at(&Logits, (0.0, 0.5))?, 0.0);
/// assert!((loss.at(&Logits, (0.0, 0.75))? - 0.0625 * core::f32::consts::LN_2).abs() < 1e-8);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Li et al., *Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object Detection*, 2020.
#[doc(alias = "QFL")]
#[doc(alias = "QualityFocalLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct QualityFocal {
    beta: Power,
}

impl QualityFocal {
    /// Makes quality focal loss with this β.
    ///
    /// # Errors
    /// [`ParameterError`] unless β is finite and at least 0.
    pub fn new(beta: f32) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Beta, f64::from(beta))?;
        Ok(Self { beta: Power::new(beta) })
    }
}

impl Pointwise for QualityFocal {
    const NAME: &'static str = "quality_focal";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let cross_entropy = pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss;
        self.beta.fade(pixel.difference().abs(), cross_entropy)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let cross_entropy = pixel.target * pixel.foreground_loss + pixel.background * pixel.background_loss;
        let slope = pixel.target * pixel.foreground_slope + pixel.background * pixel.background_slope;
        let d = pixel.difference();
        let toward = R::select(d.ge(R::splat(0.0)), pixel.p_slope, -pixel.p_slope);
        self.beta.fade_slope(d.abs(), toward / at_least_tiny(d.abs()), cross_entropy, slope)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.beta.exponent()));
    }
}

impl Listed for QualityFocal {
    const FACTS: Facts = Facts {
        name: "quality_focal",
        formula: "|t − p|^β·b,  b = −t·ln p − (1−t)·ln(1−p)",
        description: "Quality focal loss: focal loss for soft targets, which fades where the prediction is near the target.",
        source: "Li et al., Generalized Focal Loss, 2020",
        page: "QualityFocal",
        parameters: &[&[number("beta", 2.0, NOT_NEGATIVE, "β; 0 is bce")]],
        ..Facts::NONE
    };
}

impl FromArguments for QualityFocal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(QualityFocal::new(arguments.number("beta") as f32)?)
    }
}
