use super::{LabelSmoothing, Pointwise};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, SHARE, number, word};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Binary cross-entropy, on logits or probabilities.
///
/// ℓ = w₁·t′·(−ln p) + (1−t′)·(−ln(1−p)), where w₁ is the `pos_weight` \[1\] and t′ the target after [`LabelSmoothing`] \[none\].
///
/// ∂ℓ/∂z = (1−t′)·p − w₁·t′·(1−p).
///
#[doc = include_str!("../../pictures/bce.svg")]
///
/// **Domain.** Any finite logit. −ln p is computed as max(−z, 0) + ln(1 + e^−|z|), so neither end overflows or rounds to 0 before
/// `f32` does. The reduction decides what **empty and ignored pixels** give.
///
/// **Error bound** for hard targets and no smoothing: see the [table](crate#accuracy).
///
/// ```
/// use loss_core::{Bce, Loss, Pointwise};
///
/// let mut sums = Bce::new().mean().accumulator();
/// sums.extend([(2.0, true), (-1.0, true), (0.5, false)]);
/// let expected = (0.126_928_011 + 1.313_261_69 + 0.974_076_98) / 3.0;
/// assert!((sums.finish()?.value() - expected).abs() < 1e-7);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
#[doc(alias = "BCELoss")]
#[doc(alias = "BCEWithLogitsLoss")]
#[doc(alias = "binary_cross_entropy")]
#[doc(alias = "binary_cross_entropy_with_logits")]
#[doc(alias = "BinaryCrossentropy")]
#[doc(alias = "cross entropy")]
#[doc(alias = "log loss")]
#[doc(alias = "sigmoid_binary_cross_entropy")]
#[doc(alias = "SoftBCEWithLogitsLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Bce {
    pos_weight: f32,
    smoothing: LabelSmoothing,
}

impl Bce {
    /// Makes plain cross-entropy: `pos_weight` 1, no smoothing.
    pub const fn new() -> Self {
        Self { pos_weight: 1.0, smoothing: LabelSmoothing::NONE }
    }

    /// Sets the weight of the foreground term (PyTorch's `pos_weight`).
    ///
    /// # Errors
    /// [`ParameterError`] unless the weight is finite and at least 0.
    pub fn pos_weight(self, pos_weight: f32) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::PosWeight, f64::from(pos_weight))?;
        Ok(Self { pos_weight, ..self })
    }

    #[inline(always)]
    fn weigh<R: Real>(&self, target: R) -> R {
        // Skipped for slices only, as in `label_smoothing.rs`.
        if R::LANES > 1 && self.pos_weight == 1.0 { target } else { target * R::splat(self.pos_weight) }
    }

    /// Sets the rule that softens the targets.
    ///
    /// The method returns a new loss and leaves this one as it is. The compiler warns if the new one is dropped, as with every option of
    /// every loss:
    ///
    /// ```
    /// # #![deny(unused_must_use)]
    /// use loss_core::{Bce, LabelSmoothing};
    /// let bce = Bce::new();
    /// let softened = bce.label_smoothing(LabelSmoothing::flip(0.1)?);
    /// assert_ne!(softened, bce);
    /// # Ok::<(), loss_core::ParameterError>(())
    /// ```
    ///
    /// ```compile_fail
    /// # #![deny(unused_must_use)]
    /// use loss_core::{Bce, LabelSmoothing};
    /// let bce = Bce::new();
    /// bce.label_smoothing(LabelSmoothing::flip(0.1)?);
    /// # Ok::<(), loss_core::ParameterError>(())
    /// ```
    pub const fn label_smoothing(self, smoothing: LabelSmoothing) -> Self {
        Self { smoothing, ..self }
    }
}

impl Default for Bce {
    fn default() -> Self {
        Self::new()
    }
}

impl Pointwise for Bce {
    const NAME: &'static str = "bce";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let (target, background) = self.smoothing.apply(pixel.target, pixel.background);
        self.weigh(target) * pixel.foreground_loss + background * pixel.background_loss
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let (target, background) = self.smoothing.apply(pixel.target, pixel.background);
        self.weigh(target) * pixel.foreground_slope + background * pixel.background_slope
    }

    fn is_moderate(&self) -> bool {
        *self == Self::new()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.pos_weight)).number(f64::from(self.smoothing.probability_of_flip()));
    }
}

impl Listed for Bce {
    const FACTS: Facts = Facts {
        name: "bce",
        aliases: &["binary_cross_entropy"],
        formula: "pos_weight·t·(−ln p) + (1−t)·(−ln(1−p))",
        description: "Binary cross-entropy.",
        page: "Bce",
        parameters: &[&[
            number("pos_weight", 1.0, NOT_NEGATIVE, "the weight of the foreground term (PyTorch's pos_weight)"),
            number("label_smoothing", 0.0, SHARE, "s, how much targets are softened"),
            word("smoothing", "flip", &["flip", "uniform"], "the rule: flip = t(1−s) + (1−t)s; uniform = t(1−s) + s/2"),
        ]],
        ..Facts::NONE
    };
}

impl FromArguments for Bce {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let s = arguments.number("label_smoothing") as f32;
        let smoothing = match arguments.word("smoothing") {
            "uniform" => LabelSmoothing::uniform(s)?,
            _ => LabelSmoothing::flip(s)?,
        };
        let bce = Bce::new().pos_weight(arguments.number("pos_weight") as f32)?.label_smoothing(smoothing);
        Ok(bce)
    }
}
