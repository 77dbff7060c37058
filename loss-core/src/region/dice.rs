use super::overlap::{AnyOverlap, OVERLAP, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::ParameterError;
use crate::facts::{Arguments, BuildError, FLOORED, Facts, FromArguments, Listed, SMOOTHING};
use crate::loss::exact_value::ExactValue;
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::IntegerTotals;

/// Dice loss: 1 − F₁ of soft counts.
///
/// L = 1 − (2I + sₙ) / (P + T + s_d), with I = Σ w p t, P = Σ w p and T = Σ w t. It is [`Tversky`](crate::Tversky) with α = β = ½ and half the
/// smoothing.
///
/// ∂L/∂z = w p(1−p)·(−(2t·(P + T + s_d) − (2I + sₙ))) / (P + T + s_d)².
///
#[doc = include_str!("../../pictures/dice.svg")]
///
/// **Domain.** s ≥ 0. All pixels of an accumulator are pooled ("batch Dice"); for the mean of the images' Dice losses see
/// [`ImageMean`](crate::ImageMean). **Empty masks:** with s > 0 a mask without foreground gives P/(P + s). That is near 1 for
/// any P ≫ s and has almost no gradient; see [`EmptyMask`](crate::EmptyMask). Without smoothing the loss is 1 if anything is
/// predicted, and 0 if nothing is.
///
/// **Error bound.** Each term is within 3 ULP and rounded to a multiple of 2⁻⁶⁴; the sums of terms are exact. The relative error of L is at most 1e−6.
///
/// ```
/// use loss_core::{Dice, Loss};
///
/// let mut sums = Dice::new(0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // p = ½: 1 − 2·½ / (1 + 1)
/// assert_eq!(sums.finish()?.value(), 0.5);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// With certain predictions the loss is the share that does not overlap. Here ten pixels are predicted, ten are true, and k are both.
///
/// ```
/// use loss_core::{Dice, Loss};
///
/// for (common, expected) in [(10, 0.0), (8, 0.2), (5, 0.5), (1, 0.9), (0, 1.0)] {
///     let mut sums = Dice::new(1e-6)?.accumulator();
///     for i in 0..10 {
///         sums.push((40.0, i < common)); // predicted
///         sums.push((-40.0, i >= common)); // missed foreground, and as much background
///     }
///     assert!((sums.finish()?.value() - expected).abs() < 1e-6);
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Milletari et al., *V-Net*, 2016 (with [`Squared`](crate::Squared)); Sudre et al., *Generalised Dice overlap as a deep learning loss
/// function*, 2017.
#[doc(alias = "dice_loss")]
#[doc(alias = "DiceLoss")]
#[doc(alias = "dsc")]
#[doc(alias = "F1")]
#[doc(alias = "F1 score")]
#[doc(alias = "SoftDice")]
#[doc(alias = "SoftDiceLoss")]
#[doc(alias = "Sørensen")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Dice<O = Product> {
    similarity: Similarity<O>,
}

impl Dice {
    /// Makes Dice loss with s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        Ok(Self { similarity: Similarity::new(0.5, 0.5, smooth, 0.5)? })
    }

    /// Makes the loss of a smoothing (above, below) and a floor that are known to be in range.
    pub(crate) const fn known([above, below]: [f64; 2], floor: f64) -> Self {
        Self { similarity: Similarity::known(0.5, 0.5, [above / 2.0, below / 2.0], floor / 2.0) }
    }
}

impl<O> Dice<O> {
    fn smoothing_scale(&self) -> f64 {
        0.5
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        [loss, 1.0]
    }
}

similarity_loss!(Dice {}, "dice");

impl ExactValue for Dice {
    const QUOTIENTS: usize = 1;

    fn add_quotients(&self, totals: &IntegerTotals, (): &(), value: &mut QuotientSum) -> Option<()> {
        self.similarity.add_quotient(1, totals, value)
    }
}

impl Listed for Dice<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "dice",
        aliases: &["f1"],
        formula: "1 − (2I + s) / (P + T + s)",
        description: "Dice loss.",
        source: "Milletari et al., V-Net, 2016; Sudre et al., Generalised Dice overlap, 2017",
        page: "Dice",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for Dice<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Dice::new(0.0)?.with_options(arguments)
    }
}
