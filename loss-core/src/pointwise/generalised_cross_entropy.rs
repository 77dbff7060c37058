use super::Pointwise;
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, TINY_TO_ONE, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Generalised cross-entropy: a loss between cross-entropy and mean absolute error, for labels that may be wrong.
///
/// ℓ = t·(1 − p^q)/q + (1−t)·(1 − (1−p)^q)/q, computed as (1 − e^(−qb))/q with b = −ln p or −ln(1−p), which does not cancel.
///
/// ∂ℓ/∂z = −t·p^q·(1−p) + (1−t)·(1−p)^q·p. A pixel that is far off has a small gradient.
///
#[doc = include_str!("../../pictures/generalised_cross_entropy.svg")]
///
/// q = 1 is the mean absolute error 1 − p_t; for q → 0 it becomes [`Bce`](crate::Bce).
///
/// **Domain.** q in [2⁻²⁴, 1]; the paper's is 0.7. Any finite logit, any target in [0, 1]. ℓ ≤ 1/q.
///
/// **Error bound** for hard targets: 4 ULP where qb ≥ 2⁻¹²⁶; the gradient's relative error is at most 3e−7·(1 + qb).
///
/// ```
/// use loss_core::{GeneralisedCrossEntropy, Logits, Pointwise};
///
/// let loss = GeneralisedCrossEntropy::new(0.5)?;
/// assert!((loss.at(&Logits, (0.0, true))? - 2.0 * (1.0 - 0.5f32.sqrt())).abs() < 1e-7);
/// assert_eq!(loss.at(&Logits, (-1e30, true))?, 2.0); // bounded, whatever the logit
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Zhang and Sabuncu, *Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels*, 2018.
#[doc(alias = "GCE")]
#[doc(alias = "GeneralizedCrossEntropy")]
#[doc(alias = "noisy labels")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct GeneralisedCrossEntropy {
    q: f32,
}

impl GeneralisedCrossEntropy {
    /// Makes generalised cross-entropy with this q.
    ///
    /// # Errors
    /// [`ParameterError`] unless q is in [2⁻²⁴, 1].
    pub fn new(q: f32) -> Result<Self, ParameterError> {
        const SMALLEST: f32 = 1.0 / 16_777_216.0;
        ParameterError::check(Parameter::Q, f64::from(q), (SMALLEST..=1.0).contains(&q), "in [2^-24, 1]")?;
        Ok(Self { q })
    }
}

impl Pointwise for GeneralisedCrossEntropy {
    const NAME: &'static str = "generalised_cross_entropy";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let q = R::splat(self.q);
        let foreground = (q * pixel.foreground_loss).one_minus_exp_neg() / q;
        let background = (q * pixel.background_loss).one_minus_exp_neg() / q;
        pixel.target * foreground + pixel.background * background
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let q = R::splat(self.q);
        let foreground = (q * pixel.foreground_loss).exp_neg() * pixel.foreground_slope;
        let background = (q * pixel.background_loss).exp_neg() * pixel.background_slope;
        pixel.target * foreground + pixel.background * background
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.q));
    }
}

impl Listed for GeneralisedCrossEntropy {
    const FACTS: Facts = Facts {
        name: "generalised_cross_entropy",
        aliases: &["generalized_cross_entropy", "gce"],
        formula: "(1 − p_t^q) / q",
        description: "Generalised cross-entropy: a loss between cross-entropy and mean absolute error, for labels that may be wrong.",
        source: "Zhang and Sabuncu, Generalized Cross Entropy Loss, 2018",
        page: "GeneralisedCrossEntropy",
        parameters: &[&[number("q", 0.7, TINY_TO_ONE, "q; 1 is the mean absolute error, q → 0 is bce")]],
        ..Facts::NONE
    };
}

impl FromArguments for GeneralisedCrossEntropy {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(GeneralisedCrossEntropy::new(arguments.number("q") as f32)?)
    }
}
