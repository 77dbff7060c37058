use super::overlap::{AnyOverlap, OVERLAP, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::ParameterError;
use crate::facts::{Arguments, BuildError, FLOORED, Facts, FromArguments, Listed, SMOOTHING};

/// Log-cosh Dice loss: the logarithm of the hyperbolic cosine of the Dice loss.
///
/// L = ln cosh D, where D is the [`Dice`](crate::Dice) loss. It is computed as ½ ln(1 + sinh² D), which does not cancel near 0.
///
/// ∂L/∂z = tanh(D) times the gradient of the Dice loss.
///
#[doc = include_str!("../../pictures/log_cosh_dice.svg")]
///
/// **Domain, empty masks:** as [`Dice`](crate::Dice). **Error bound:** twice that of [`Dice`](crate::Dice). L lies in [0, 0.434].
///
/// ```
/// use loss_core::{LogCoshDice, Loss};
///
/// let mut sums = LogCoshDice::new(0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // the Dice loss is ½
/// assert!((sums.finish()?.value() - 0.5f64.cosh().ln()).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Jadon, *A survey of loss functions for semantic segmentation*, 2020.
#[doc(alias = "log_cosh_dice_loss")]
#[doc(alias = "LogCoshDiceLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct LogCoshDice<O = Product> {
    similarity: Similarity<O>,
}

impl LogCoshDice {
    /// Makes ln cosh of the Dice loss with s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        Ok(Self { similarity: Similarity::new(0.5, 0.5, smooth, 0.5)? })
    }
}

impl<O> LogCoshDice<O> {
    fn smoothing_scale(&self) -> f64 {
        0.5
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        // The loss falls far below −1 only through unequal smoothing or weights of errors. There e^−2|x| is negligible beside 1.
        if loss < -20.0 {
            return [-loss - core::f64::consts::LN_2, -1.0];
        }
        let sinh = libm::sinh(loss);
        [0.5 * libm::log1p(sinh * sinh), libm::tanh(loss)]
    }
}

similarity_loss!(LogCoshDice {}, "log_cosh_dice");

impl Listed for LogCoshDice<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "log_cosh_dice",
        formula: "ln cosh(1 − (2I + s) / (P + T + s))",
        description: "Log-cosh Dice loss: the logarithm of the hyperbolic cosine of the Dice loss.",
        source: "Jadon, A survey of loss functions for semantic segmentation, 2020",
        page: "LogCoshDice",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for LogCoshDice<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        LogCoshDice::new(0.0)?.with_options(arguments)
    }
}
