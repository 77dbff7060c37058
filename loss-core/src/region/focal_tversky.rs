use super::overlap::{AnyOverlap, OVERLAP, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::{Parameter, ParameterError};
use crate::facts::{
    Arguments, BuildError, EXPONENT, FALSE_NEGATIVES, FALSE_POSITIVES, FLOORED, Facts, FromArguments, Listed,
    NOT_NEGATIVE, SMOOTHING, number,
};

/// Focal Tversky loss: a power of the Tversky loss.
///
/// L = (1 − TI)^γ with TI = (TP + sₙ) / (TP + α·FP + β·FN + s_d); α weighs false positives, β false negatives.
///
/// ∂L/∂z = γ (1 − TI)^(γ−1) times the gradient of [`Tversky`](crate::Tversky). Where 1 − TI is 0 (or below, through unequal smoothing)
/// loss and gradient are 0; for γ < 1 the slope has no limit there.
///
#[doc = include_str!("../../pictures/focal_tversky.svg")]
///
/// **γ is the exponent itself**, as in segmentation_models.pytorch. The paper writes the exponent as 1/γ and recommends γ = 4/3:
/// pass 0.75 here.
///
/// **Domain.** α, β, s ≥ 0, γ > 0. **Empty masks:** as [`Dice`](crate::Dice). **Error bound:** that of [`Dice`](crate::Dice), times γ.
///
/// ```
/// use loss_core::{FocalTversky, Loss};
///
/// let mut sums = FocalTversky::new(0.3, 0.7, 2.0, 0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // the Tversky loss is ½
/// assert!((sums.finish()?.value() - 0.25).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Abraham and Khan, *A Novel Focal Tversky loss function with improved Attention U-Net for lesion segmentation*, 2019.
#[doc(alias = "FocalTverskyLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct FocalTversky<O = Product> {
    similarity: Similarity<O>,
    gamma: f64,
}

impl FocalTversky {
    /// Makes focal Tversky loss with α on false positives, β on false negatives, the exponent γ, and s above and below the
    /// fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless all are finite, γ above 0 and the others at least 0.
    pub fn new(alpha: f64, beta: f64, gamma: f64, smooth: f64) -> Result<Self, ParameterError> {
        ParameterError::check(Parameter::Gamma, gamma, gamma > 0.0 && gamma <= 1e3, "above 0 and at most 1000")?;
        Ok(Self { similarity: Similarity::new(alpha, beta, smooth, 1.0)?, gamma })
    }
}

impl<O> FocalTversky<O> {
    fn smoothing_scale(&self) -> f64 {
        1.0
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        if loss > 0.0 {
            [libm::pow(loss, self.gamma), self.gamma * libm::pow(loss, self.gamma - 1.0)]
        } else {
            [0.0; 2]
        }
    }
}

similarity_loss!(FocalTversky { gamma }, "focal_tversky");

impl Listed for FocalTversky<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "focal_tversky",
        formula: "(1 − (TP + s) / (TP + α·FP + β·FN + s))^γ",
        description: "Focal Tversky loss: a power of the Tversky loss. γ is the exponent itself (the paper writes 1/γ).",
        source: "Abraham and Khan, A Novel Focal Tversky loss function, 2019",
        page: "FocalTversky",
        parameters: &[
            &[
                number("alpha", 0.3, NOT_NEGATIVE, FALSE_POSITIVES),
                number("beta", 0.7, NOT_NEGATIVE, FALSE_NEGATIVES),
                number("gamma", 0.75, EXPONENT, "γ, the exponent"),
            ],
            SMOOTHING,
            FLOORED,
            OVERLAP,
        ],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for FocalTversky<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [alpha, beta, gamma] = ["alpha", "beta", "gamma"].map(|name| arguments.number(name));
        FocalTversky::new(alpha, beta, gamma, 0.0)?.with_options(arguments)
    }
}
