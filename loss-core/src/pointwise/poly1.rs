use super::Pointwise;
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, FROM_MINUS_ONE, Facts, FromArguments, Listed, number};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::real::Real;

/// Poly-1: cross-entropy plus ε times 1−p_t, a change of its first polynomial coefficient.
///
/// ℓ = −ln p_t + ε(1−p_t); for soft targets −t ln p − (1−t) ln(1−p) + ε((1−p)t + p(1−t)).
///
/// ∂ℓ/∂z = p − t + ε(1−2t)·p(1−p).
///
#[doc = include_str!("../../pictures/poly1.svg")]
///
/// **Domain.** ε ≥ −1; below −1 the loss would fall while the prediction gets worse. Any finite logit.
///
/// ```
/// use loss_core::{Loss, Pointwise, Poly1};
///
/// let mut sums = Poly1::new(1.0)?.mean().accumulator();
/// sums.push((0.0, true));
/// assert!((sums.finish()?.value() - (core::f64::consts::LN_2 + 0.5)).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Leng et al., *PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions*, 2022.
#[doc(alias = "Poly1BinaryCrossEntropy")]
#[doc(alias = "PolyLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Poly1 {
    epsilon: f32,
}

impl Poly1 {
    /// Makes Poly-1 with this ε.
    ///
    /// # Errors
    /// [`ParameterError`] unless ε is finite and at least −1.
    pub fn new(epsilon: f32) -> Result<Self, ParameterError> {
        let accepted = (-1.0..=f32::MAX).contains(&epsilon);
        ParameterError::check(Parameter::Epsilon, f64::from(epsilon), accepted, "a finite number, at least -1")?;
        Ok(Self { epsilon })
    }
}

impl Pointwise for Poly1 {
    const NAME: &'static str = "poly1";

    #[inline(always)]
    fn loss<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let (t, background) = (pixel.target, pixel.background);
        let cross_entropy = t * pixel.foreground_loss + background * pixel.background_loss;
        cross_entropy + R::splat(self.epsilon) * (pixel.q * t + pixel.p * background)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let (t, background) = (pixel.target, pixel.background);
        let cross_entropy = t * pixel.foreground_slope + background * pixel.background_slope;
        cross_entropy + R::splat(self.epsilon) * (background - t) * pixel.p_slope
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(f64::from(self.epsilon));
    }
}

impl Listed for Poly1 {
    const FACTS: Facts = Facts {
        name: "poly1",
        formula: "−ln p_t + ε·(1−p_t)",
        description: "Poly-1: cross-entropy plus ε times 1−p_t, a change of its first polynomial coefficient.",
        source: "Leng et al., PolyLoss, 2022",
        page: "Poly1",
        parameters: &[&[number("epsilon", 1.0, FROM_MINUS_ONE, "ε; 0 is bce")]],
        ..Facts::NONE
    };
}

impl FromArguments for Poly1 {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Poly1::new(arguments.number("epsilon") as f32)?)
    }
}
