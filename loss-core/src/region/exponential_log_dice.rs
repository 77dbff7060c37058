use super::overlap::{AnyOverlap, OVERLAP, Overlap, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::{Parameter, ParameterError};
use crate::facts::{
    Arguments, BuildError, Facts, FromArguments, LOG_FLOORED, Listed, SMALL_EXPONENT, SMOOTHING, number,
};

/// Exponential logarithmic Dice: a power of the Dice score's negative logarithm, the region part of the exponential logarithmic loss.
///
/// L = (−ln max(D, c))^γ, where D is the score of [`Dice`](crate::Dice) and c the [`floor`](Self::floor) \[1e−7\]. −ln D is computed from the loss
/// 1 − D, as in [`LogDice`](crate::LogDice), which is this loss with γ = 1.
///
/// ∂L/∂z = γ(−ln D)^(γ−1)/D times the gradient of the Dice loss; 0 where the floor replaces D. Where D is 1 (or above, through unequal
/// smoothing) loss and gradient are 0; for γ < 1 the slope has no limit there.
///
#[doc = include_str!("../../pictures/exponential_log_dice.svg")]
///
/// **Domain.** γ in (0, 16], s ≥ 0; the paper uses 0.3 and 1. L ≤ (−ln c)^γ. **Empty masks:** as [`Dice`](crate::Dice).
///
/// **Error bound.** That of [`Dice`](crate::Dice), times max(γ, 1).
///
/// ```
/// use loss_core::{ExponentialLogDice, Loss};
///
/// let mut sums = ExponentialLogDice::new(0.3, 0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // the Dice score is ½
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2.powf(0.3)).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Wong et al., *3D Segmentation with Exponential Logarithmic Loss for Highly Unbalanced Object Sizes*, 2018. The other half is
/// [`ExponentialLogCrossEntropy`](crate::ExponentialLogCrossEntropy); its page adds up both.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct ExponentialLogDice<O = Product> {
    similarity: Similarity<O>,
    gamma: f64,
}

const FLOOR: f64 = 1e-7;

impl ExponentialLogDice {
    /// Makes (−ln D)^γ of the Dice score D, with s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless γ is in (0, 16], and s finite and at least 0.
    pub fn new(gamma: f64, smooth: f64) -> Result<Self, ParameterError> {
        ParameterError::check(Parameter::Gamma, gamma, gamma > 0.0 && gamma <= 16.0, "above 0 and at most 16")?;
        Ok(Self { similarity: Similarity::new(0.5, 0.5, smooth, 0.5)?.floor(FLOOR, 0.5)?, gamma })
    }
}

impl<O: Overlap> ExponentialLogDice<O> {
    fn smoothing_scale(&self) -> f64 {
        0.5
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        let floor = (self.similarity.floor_value() / self.smoothing_scale()).max(f64::MIN_POSITIVE);
        let score = 1.0 - loss;
        if score <= floor {
            [libm::pow(-libm::log(floor), self.gamma), 0.0]
        } else if loss > 0.0 {
            let logarithm = -libm::log1p(-loss);
            [libm::pow(logarithm, self.gamma), self.gamma * libm::pow(logarithm, self.gamma - 1.0) / score]
        } else {
            [0.0; 2]
        }
    }
}

similarity_loss!(ExponentialLogDice { gamma }, "exponential_log_dice");

impl Listed for ExponentialLogDice<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "exponential_log_dice",
        aliases: &["exponential_log", "exp_log"],
        formula: "(−ln max(score, floor))^γ,  score = 1 − dice",
        description: "Exponential logarithmic Dice: a power of the Dice score's negative logarithm, the region part of the exponential logarithmic loss.",
        source: "Wong et al., 3D Segmentation with Exponential Logarithmic Loss, 2018",
        page: "ExponentialLogDice",
        parameters: &[&[number("gamma", 0.3, SMALL_EXPONENT, "γ, the exponent")], SMOOTHING, LOG_FLOORED, OVERLAP],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for ExponentialLogDice<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        ExponentialLogDice::new(arguments.number("gamma"), 0.0)?.with_options(arguments)
    }
}
