use super::cross_entropy::weight_of;
use super::loss::ClassPointwise;
use super::pixel::ClassPixel;
use super::reduction::{CLASS_WEIGHTS, class_reduction};
use super::weights::{ClassWeights, Equal};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, Needs, number};
use crate::fingerprint::Fingerprint;
use crate::number::real::Real;
use crate::pointwise::Power;

/// Focal loss of a softmax: cross-entropy that fades where the prediction is already right.
///
/// ℓ = Σ_c t_c w_c (1−p_c)^γ (−ln p_c): for a label y, −w_y (1−p_y)^γ ln p_y. The class weight is a factor outside the probability. Published code that takes
/// p_y from a weighted cross-entropy, exp(−w ℓ), does not compute a probability.
///
/// ∂ℓ/∂z_k = −A_k (1−p_k + γ p_k ℓ_k) + p_k Σ_{c≠k} A_c (1 + γ p_c ℓ_c/(1−p_c)), with A_c = t_c w_c (1−p_c)^γ and ℓ_c = −ln p_c.
///
#[doc = include_str!("../../pictures/softmax_focal.svg")]
///
/// **Domain.** γ ≥ 0; γ = 0 is [`CrossEntropy`](super::CrossEntropy). Any finite logits.
///
/// **Error bound.** Relative error at most 2e−6 for γ ≤ 5 and up to 21 classes.
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPointwise, SoftmaxFocal};
///
/// let mut sums = SoftmaxFocal::new(2.0)?.mean().class_accumulator();
/// sums.push(([0.0, 0.0], 1u8)); // p = ½
/// assert!((sums.finish()?.value() - 0.25 * core::f64::consts::LN_2).abs() < 1e-8);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Lin et al., *Focal Loss for Dense Object Detection*, 2017.
#[doc(alias = "CategoricalFocalCrossentropy")]
#[doc(alias = "focal_loss")]
#[doc(alias = "FocalLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct SoftmaxFocal<W = Equal> {
    gamma: Power,
    weights: W,
}

impl SoftmaxFocal {
    /// Makes focal loss with this γ and all class weights 1.
    ///
    /// # Errors
    /// [`ParameterError`] unless γ is finite and at least 0.
    pub fn new(gamma: f32) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Gamma, f64::from(gamma))?;
        Ok(Self { gamma: Power::new(gamma), weights: Equal })
    }

    /// Makes the loss of a γ that is known to be in range.
    pub(crate) fn known(gamma: f32) -> Self {
        Self { gamma: Power::new(gamma), weights: Equal }
    }
}

impl<W: ClassWeights> SoftmaxFocal<W> {
    /// Sets the class weights.
    ///
    /// # Errors
    /// [`ParameterError`] unless every weight is finite and at least 0.
    pub fn weights<V: ClassWeights>(self, weights: V) -> Result<SoftmaxFocal<V>, ParameterError> {
        ParameterError::check_weights(&weights)?;
        Ok(SoftmaxFocal { weights, gamma: self.gamma })
    }

    /// The factor A_c = t_c w_c (1−p_c)^γ.
    #[inline(always)]
    fn faded<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> [R; C] {
        let mut faded = [R::splat(0.0); C];
        let classes = (0..pixel.classes).zip(faded.iter_mut().zip(&pixel.target).zip(&pixel.q));
        for (class, ((out, &target), &q)) in classes {
            let q = R::select(q.ge(R::splat(f32::MIN_POSITIVE)), q, R::splat(0.0));
            *out = target * R::splat(self.weights.of(class) as f32) * self.gamma.of(q);
        }
        faded
    }
}

impl<W: ClassWeights> ClassPointwise for SoftmaxFocal<W> {
    const NAME: &'static str = "softmax_focal";

    #[inline(always)]
    fn loss<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R {
        pixel.weigh_cross_entropy(&self.faded(pixel))
    }

    #[inline(always)]
    fn add_slope<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>, factor: R, slope: &mut [R; C]) {
        let (faded, cross_entropy) = (self.faded(pixel), pixel.finite_cross_entropy());
        let (zero, one, gamma) = (R::splat(0.0), R::splat(1.0), R::splat(self.gamma.exponent()));
        // The part of each class in the logits of the others, before the factor of their own p.
        let mut given = [zero; C];
        let classes = given.iter_mut().zip(&faded).zip(&pixel.p).zip(&pixel.q).zip(&cross_entropy);
        for ((((given, &faded), &p), &q), &loss) in classes.take(pixel.classes) {
            *given = faded * (one + p * (loss / q.max(R::splat(f32::MIN_POSITIVE))) * gamma);
        }
        let coupling = pixel.coupling();
        let mut sum = zero;
        for &given in &given {
            sum = sum + given;
        }
        let own = faded.iter().zip(&cross_entropy).zip(&given);
        let classes = slope.iter_mut().zip(own).zip(&pixel.p).zip(&pixel.q).take(pixel.classes);
        for (((slope, ((&faded, &loss), &given)), &p), &q) in classes {
            *slope = *slope + factor * (coupling * p * (sum - given) - faded * (q + p * loss * gamma));
        }
    }

    #[inline(always)]
    fn class_weight<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R {
        weight_of(&self.weights, pixel)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.gamma.exponent()));
        self.weights.fingerprint(fingerprint);
    }
}

impl Listed for SoftmaxFocal {
    const FACTS: Facts = Facts {
        name: "focal",
        aliases: &["softmax_focal"],
        needs: Needs::Classes,
        formula: "w_y·(1−p_y)^γ·(−ln p_y)",
        description: "Focal loss of a softmax: cross-entropy that fades where the prediction is already right.",
        source: "Lin et al., Focal Loss for Dense Object Detection, 2017",
        page: "class::SoftmaxFocal",
        parameters: &[&[number("gamma", 2.0, NOT_NEGATIVE, "γ; 0 is ce"), class_reduction("mean"), CLASS_WEIGHTS]],
        is_pointwise: true,
        ..Facts::NONE
    };
}

impl FromArguments for SoftmaxFocal {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Self::new(arguments.number("gamma") as f32)?)
    }
}
