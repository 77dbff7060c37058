use super::loss::ClassPointwise;
use super::pixel::ClassPixel;
use super::reduction::{CLASS_WEIGHTS, class_reduction};
use super::weights::{ClassWeights, Equal};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, Needs, SHARE, number};
use crate::fingerprint::Fingerprint;
use crate::number::real::Real;

/// Cross-entropy of a softmax, with class weights and label smoothing.
///
/// ℓ = Σ_c τ_c (−ln p_c), where τ_c = w_c ((1−ε) t_c + ε/C). For a label y without smoothing this is −w_y ln p_y. w are the class weights \[1\], ε is the label
/// smoothing \[0\] (PyTorch's rule).
///
/// ∂ℓ/∂z_k = p_k Σ_{c≠k} τ_c − τ_k (1−p_k).
///
#[doc = include_str!("../../pictures/ce.svg")]
///
/// **Two means** are in use. [`weighted_mean`](ClassPointwise::weighted_mean) divides by Σ w_y (PyTorch),
/// [`mean`](ClassPointwise::mean) by the number of valid pixels.
///
/// **Domain.** Any finite logits; −ln p_y is computed as (m − z_y) + ln Σ exp(z_c − m), m the largest logit. If that, or w_y times it, is beyond the largest `f32`, the sum is
/// [saturated](crate::extend::ExactSum#saturation) and there is no result.
///
/// **Error bound.** Relative error at most 5e−7 for up to 21 classes.
///
/// ```
/// use loss_core::class::{ClassLoss, ClassPointwise, CrossEntropy};
///
/// // Five kinds of damage with weights 1, 5, 20, 20, 20; all are equally likely, and the last is true.
/// let loss = CrossEntropy::new().weights([1.0, 5.0, 20.0, 20.0, 20.0])?.sum();
/// let mut sums = loss.class_accumulator();
/// sums.push(([0.0; 5], 4u8));
/// assert!((sums.finish()?.value() - 20.0 * 5f64.ln()).abs() < 1e-5); // 32.2; unweighted 1.61
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[doc(alias = "CategoricalCrossentropy")]
#[doc(alias = "CrossEntropyLoss")]
#[doc(alias = "nll_loss")]
#[doc(alias = "SoftCrossEntropyLoss")]
#[doc(alias = "softmax cross entropy")]
#[doc(alias = "softmax_cross_entropy")]
#[doc(alias = "SparseCategoricalCrossentropy")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct CrossEntropy<W = Equal> {
    weights: W,
    smoothing: f32,
}

impl CrossEntropy {
    /// Makes cross-entropy with all class weights 1 and no smoothing.
    pub const fn new() -> Self {
        Self { weights: Equal, smoothing: 0.0 }
    }
}

impl Default for CrossEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: ClassWeights> CrossEntropy<W> {
    /// Sets the class weights.
    ///
    /// # Errors
    /// [`ParameterError`] unless every weight is finite and at least 0.
    pub fn weights<V: ClassWeights>(self, weights: V) -> Result<CrossEntropy<V>, ParameterError> {
        ParameterError::check_weights(&weights)?;
        Ok(CrossEntropy { weights, smoothing: self.smoothing })
    }

    /// Sets the label smoothing: a share ε of each target is spread evenly over the classes.
    ///
    /// # Errors
    /// [`ParameterError`] unless ε is in [0, 1].
    pub fn label_smoothing(self, epsilon: f32) -> Result<Self, ParameterError> {
        ParameterError::check_share(Parameter::LabelSmoothing, f64::from(epsilon))?;
        Ok(Self { smoothing: epsilon, ..self })
    }

    /// The smoothed and weighted target τ_c.
    #[inline(always)]
    fn targets<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> [R; C] {
        let keep = R::splat(1.0 - self.smoothing);
        let spread = R::splat(self.smoothing / pixel.classes as f32);
        let mut targets = [R::splat(0.0); C];
        for (class, (out, &target)) in (0..pixel.classes).zip(targets.iter_mut().zip(&pixel.target)) {
            *out = R::splat(self.weights.of(class) as f32) * (keep * target + spread);
        }
        targets
    }
}

impl<W: ClassWeights> ClassPointwise for CrossEntropy<W> {
    const NAME: &'static str = "ce";

    #[inline(always)]
    fn loss<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R {
        pixel.weigh_cross_entropy(&self.targets(pixel))
    }

    #[inline(always)]
    fn add_slope<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>, factor: R, slope: &mut [R; C]) {
        let targets = self.targets(pixel);
        let mut sum = R::splat(0.0);
        for &target in &targets {
            sum = sum + target;
        }
        let coupling = pixel.coupling();
        let classes = slope.iter_mut().zip(&targets).zip(&pixel.p).zip(&pixel.q).take(pixel.classes);
        for (((slope, &target), &p), &q) in classes {
            *slope = *slope + factor * (coupling * p * (sum - target) - target * q);
        }
    }

    #[inline(always)]
    fn class_weight<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> R {
        weight_of(&self.weights, pixel)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.smoothing));
        self.weights.fingerprint(fingerprint);
    }
}

/// Σ w_c t_c.
#[inline(always)]
pub(super) fn weight_of<R: Real, const C: usize>(weights: &impl ClassWeights, pixel: &ClassPixel<R, C>) -> R {
    let mut sum = R::splat(0.0);
    for (class, &target) in (0..pixel.classes).zip(&pixel.target) {
        sum = sum + R::splat(weights.of(class) as f32) * target;
    }
    sum
}

impl Listed for CrossEntropy {
    const FACTS: Facts = Facts {
        name: "ce",
        aliases: &["cross_entropy"],
        needs: Needs::Classes,
        formula: "w_y·(−ln p_y)",
        description: "Cross-entropy of a softmax, with class weights and label smoothing.",
        page: "class::CrossEntropy",
        parameters: &[&[
            number("label_smoothing", 0.0, SHARE, "ε, the share of a target that is spread evenly over the classes"),
            class_reduction("weighted_mean"),
            CLASS_WEIGHTS,
        ]],
        is_pointwise: true,
        ..Facts::NONE
    };
}

impl FromArguments for CrossEntropy {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Self::new().label_smoothing(arguments.number("label_smoothing") as f32)?)
    }
}
