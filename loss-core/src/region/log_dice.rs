use super::overlap::{AnyOverlap, OVERLAP, Overlap, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::ParameterError;
use crate::facts::{
    Arguments, BuildError, Facts, FromArguments, LOG_FLOORED, Listed, NOT_NEGATIVE, SMOOTHING, number, word,
};

/// Log-Dice loss: the negative logarithm of a Dice, IoU or Tversky score.
///
/// L = −ln max(score, c), where c is the [`floor`](Self::floor) \[1e−7\] and score that of [`Dice`](crate::Dice), [`Iou`](crate::Iou) or
/// [`Tversky`](crate::Tversky). It is computed as −ln(1 − loss), which keeps its accuracy near 0.
///
/// ∂L/∂z = 1/score times the gradient of the loss 1 − score; 0 where the floor replaces the score.
///
#[doc = include_str!("../../pictures/log_dice.svg")]
///
/// **Domain.** s ≥ 0. L ≤ −ln c ≈ 16.1, or at most 709 with a floor of 0. **Empty masks, error bound:** as [`Dice`](crate::Dice).
///
/// ```
/// use loss_core::{LogDice, Loss};
///
/// let mut sums = LogDice::new(0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // the Dice score is ½
/// assert!((sums.finish()?.value() - core::f64::consts::LN_2).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Wong et al., *3D Segmentation with Exponential Logarithmic Loss for Highly Unbalanced Object Sizes*, 2018, who take a power of it (see
/// [`ExponentialLogDice`](crate::ExponentialLogDice)); segmentation_models.pytorch's `log_loss=True`.
#[doc(alias = "log_loss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct LogDice<O = Product> {
    similarity: Similarity<O>,
    /// The smoothing of the Tversky index that equals one unit of smoothing in the score's own formula.
    scale: f64,
}

const FLOOR: f64 = 1e-7;

impl LogDice {
    /// Makes −ln of the Dice score with s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        Self::of(0.5, 0.5, smooth, 0.5)
    }

    /// Makes −ln of the IoU score.
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn iou(smooth: f64) -> Result<Self, ParameterError> {
        Self::of(1.0, 1.0, smooth, 1.0)
    }

    /// Makes −ln of the Tversky index, with α on false positives and β on false negatives.
    ///
    /// # Errors
    /// [`ParameterError`] unless all are finite and at least 0.
    pub fn tversky(alpha: f64, beta: f64, smooth: f64) -> Result<Self, ParameterError> {
        Self::of(alpha, beta, smooth, 1.0)
    }

    fn of(alpha: f64, beta: f64, smooth: f64, scale: f64) -> Result<Self, ParameterError> {
        Ok(Self { similarity: Similarity::new(alpha, beta, smooth, scale)?.floor(FLOOR, scale)?, scale })
    }
}

impl<O: Overlap> LogDice<O> {
    fn smoothing_scale(&self) -> f64 {
        self.scale
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        let floor = (self.similarity.floor_value() / self.scale).max(f64::MIN_POSITIVE);
        let score = 1.0 - loss;
        if score > floor { [-libm::log1p(-loss), 1.0 / score] } else { [-libm::log(floor), 0.0] }
    }
}

similarity_loss!(LogDice { scale }, "log_dice");

impl Listed for LogDice<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "log_dice",
        formula: "−ln max(score, floor),  score = 1 − dice, 1 − iou or 1 − tversky",
        description: "Log-Dice loss: the negative logarithm of a Dice, IoU or Tversky score.",
        source: "Wong et al., 3D Segmentation with Exponential Logarithmic Loss, 2018",
        page: "LogDice",
        parameters: &[
            &[
                word("of", "dice", &["dice", "iou", "tversky"], "the score"),
                number("alpha", 0.5, NOT_NEGATIVE, "α, the price of false positives, for of=tversky"),
                number("beta", 0.5, NOT_NEGATIVE, "β, the price of false negatives, for of=tversky"),
            ],
            SMOOTHING,
            LOG_FLOORED,
            OVERLAP,
        ],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for LogDice<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let score = match arguments.word("of") {
            "tversky" => LogDice::tversky(arguments.number("alpha"), arguments.number("beta"), 0.0)?,
            other => {
                if let Some(parameter) = ["alpha", "beta"].into_iter().find(|name| arguments.is_given(name)) {
                    return Err(BuildError::Conflict { parameter, message: "needs of=tversky" });
                }
                if other == "iou" { LogDice::iou(0.0)? } else { LogDice::new(0.0)? }
            }
        };
        score.with_options(arguments)
    }
}
