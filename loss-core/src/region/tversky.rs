use super::overlap::{AnyOverlap, OVERLAP, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::ParameterError;
use crate::facts::{
    Arguments, BuildError, FALSE_NEGATIVES, FALSE_POSITIVES, FLOORED, Facts, FromArguments, Listed, NOT_NEGATIVE,
    SMOOTHING, number,
};

/// Tversky loss: Dice with a separate weight for each kind of error.
///
/// L = 1 − (TP + sₙ) / (TP + α·FP + β·FN + s_d), **α weighs false positives and β false negatives**; β > α favours recall.
///
/// ∂L/∂z = w p(1−p)·(t·∂L/∂TP + (1−t)·∂L/∂FP − t·∂L/∂FN). With D the denominator and L = E/D: ∂L/∂TP = −L/D,
/// ∂L/∂FP = α(1−L)/D, ∂L/∂FN = β(1−L)/D.
///
#[doc = include_str!("../../pictures/tversky.svg")]
///
/// **Domain.** α, β ≥ 0, s ≥ 0. (½, ½) is [`Dice`](crate::Dice) with twice the smoothing, (1, 1) is [`Iou`](crate::Iou). **Empty
/// masks, error bound:** as [`Dice`](crate::Dice).
///
/// ```
/// use loss_core::{Loss, Tversky};
///
/// let mut sums = Tversky::new(0.3, 0.7, 0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // TP = FP = FN = ½: 1 − 1/(1 + 0.3 + 0.7)
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Two predictions of a hundred pixels: one has 8 hits, 7 false positives and 2 misses, the other 8 hits, 2 false positives and 7 misses. Dice
/// gives both the same loss; Tversky with β > α does not.
///
/// ```
/// use loss_core::{Dice, Loss, Tversky};
///
/// let pixels = |false_positives, misses| {
///     let (sure, certain_not) = (40.0, -40.0);
///     [(sure, true)].repeat(8).into_iter()
///         .chain(vec![(sure, false); false_positives])
///         .chain(vec![(certain_not, true); misses])
///         .chain(vec![(certain_not, false); 92 - false_positives - misses])
/// };
/// let loss = Tversky::new(0.3, 0.7, 1e-5)? + Dice::new(1e-5)?;
/// for (false_positives, misses, tversky, dice) in [(7, 2, 0.3043, 0.36), (2, 7, 0.4074, 0.36)] {
///     let mut sums = loss.accumulator();
///     sums.extend(pixels(false_positives, misses));
///     let values: Vec<f64> = sums.finish()?.parts().map(|part| part.value).collect();
///     assert!((values[0] - tversky).abs() < 5e-5 && (values[1] - dice).abs() < 5e-5);
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Salehi et al., *Tversky loss function for image segmentation using 3D fully convolutional deep networks*, 2017.
#[doc(alias = "F-beta")]
#[doc(alias = "tversky_loss")]
#[doc(alias = "TverskyLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Tversky<O = Product> {
    similarity: Similarity<O>,
}

impl Tversky {
    /// Makes Tversky loss with α on false positives, β on false negatives, and s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless all are finite and at least 0.
    pub fn new(alpha: f64, beta: f64, smooth: f64) -> Result<Self, ParameterError> {
        Ok(Self { similarity: Similarity::new(alpha, beta, smooth, 1.0)? })
    }

    /// Makes Dice of a smoothing (above, below), in units of the Tversky index, and a floor, all known to be in range.
    pub(crate) const fn known_dice(smooth: [f64; 2], floor: f64) -> Self {
        Self { similarity: Similarity::known(0.5, 0.5, smooth, floor) }
    }
}

impl<O> Tversky<O> {
    fn smoothing_scale(&self) -> f64 {
        1.0
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        [loss, 1.0]
    }
}

similarity_loss!(Tversky {}, "tversky");

impl Listed for Tversky<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "tversky",
        formula: "1 − (TP + s) / (TP + α·FP + β·FN + s),  TP = I, FP = P − I, FN = T − I",
        description: "Tversky loss: Dice with a separate weight for each kind of error.",
        source: "Salehi et al., Tversky loss function for image segmentation, 2017",
        page: "Tversky",
        parameters: &[
            &[number("alpha", 0.5, NOT_NEGATIVE, FALSE_POSITIVES), number("beta", 0.5, NOT_NEGATIVE, FALSE_NEGATIVES)],
            SMOOTHING,
            FLOORED,
            OVERLAP,
        ],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for Tversky<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [alpha, beta] = ["alpha", "beta"].map(|name| arguments.number(name));
        Tversky::new(alpha, beta, 0.0)?.with_options(arguments)
    }
}
