use super::user::{RegionSlopes, true_negative_loss};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, number};
use crate::sums::confusion::Confusion;
use crate::sums::exact::UnitSum;
use crate::sums::shared::Totals;

/// Matthews correlation loss: 1 − the correlation of prediction and target; it counts true negatives.
///
/// L = 1 − N/R, with N = TP·TN − FP·FN, R = √((TP+FP)(TP+FN)(TN+FP)(TN+FN)), and `smooth` added to each of the four counts. L lies in
/// [0, 2]. A constant prediction has L near 1 at any imbalance.
///
/// For N > 0 it is computed as M / (R(R + N)), where nothing cancels: M = R² − N² = 4·TP·FP·FN·TN + (TP·TN + FP·FN)(TP + TN)(FP + FN) +
/// (TP·FN + FP·TN)(TP·FP + FN·TN).
///
/// ∂L/∂z = w p(1−p)·(t(∂L/∂TP − ∂L/∂FN) + (1−t)(∂L/∂FP − ∂L/∂TN)). With m = N/R, ∂m/∂TP = TN/R − ½m(1/(TP+FP) + 1/(TP+FN)); the other
/// derivatives are analogous.
///
#[doc = include_str!("../../pictures/mcc.svg")]
///
/// **Domain.** smooth ≥ 0. **Empty masks:** R is 0 if there is no smoothing and a row or column of the confusion is empty. The
/// correlation is then defined as 0: L = 1 with no gradient, or L = 0 if there are no errors at all. Logits always have errors, however
/// small; probabilities of 0 and 1 may have none.
///
/// **Error bound.** Relative error of L at most 2e−6.
///
/// ```
/// use loss_core::{Loss, Mcc};
///
/// let mut sums = Mcc::new(0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // undecided: no correlation
/// assert_eq!(sums.finish()?.value(), 1.0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Abhishek and Hamarneh, *Matthews Correlation Coefficient Loss for Deep Convolutional Networks*, 2021.
#[doc(alias = "Matthews correlation")]
#[doc(alias = "MCCLoss")]
#[doc(alias = "phi coefficient")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Mcc {
    smooth: f64,
}

impl Mcc {
    /// Makes MCC loss with `smooth` added to each of the four counts.
    ///
    /// # Errors
    /// [`ParameterError`] unless it is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Smooth, smooth)?;
        Ok(Self { smooth })
    }

    /// Makes the loss of a `smooth` that is known to be in range.
    pub(crate) const fn known(smooth: f64) -> Self {
        Self { smooth }
    }

    fn evaluate(&self, totals: &Totals, true_negative: &UnitSum) -> (f64, RegionSlopes) {
        let Confusion { true_positive, false_positive, false_negative, .. } = totals.soft;
        let [a, b, c, d] =
            [true_positive, false_positive, false_negative, true_negative.to_f64()].map(|count| count + self.smooth);
        let root = libm::sqrt((a + b) * (a + c)) * libm::sqrt((d + b) * (d + c));
        if root == 0.0 {
            return (if totals.has_weighed_errors([1.0; 2]) { 1.0 } else { 0.0 }, RegionSlopes::default());
        }
        let numerator = a * d - b * c;
        let correlation = numerator / root;
        let loss = if numerator > 0.0 {
            let (right, wrong) = (a * d + b * c, 4.0 * a * b * c * d);
            let difference = wrong + right * (a + d) * (b + c) + (a * c + b * d) * (a * b + c * d);
            difference / (root * (root + numerator))
        } else {
            1.0 - correlation
        };
        let [ab, ac, db, dc] = [1.0 / (a + b), 1.0 / (a + c), 1.0 / (d + b), 1.0 / (d + c)];
        let half = 0.5 * correlation;
        let slopes = RegionSlopes {
            true_positive: half * (ab + ac) - d / root,
            false_positive: half * (ab + db) + c / root,
            false_negative: half * (ac + dc) + b / root,
            true_negative: half * (db + dc) - a / root,
        };
        (loss, slopes)
    }
}

true_negative_loss!(Mcc, "mcc", |loss| [loss.smooth]);

impl Listed for Mcc {
    const FACTS: Facts = Facts {
        name: "mcc",
        aliases: &["matthews"],
        formula: "1 − (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
        description: "Matthews correlation loss: 1 − the correlation of prediction and target; it counts true negatives.",
        source: "Abhishek and Hamarneh, Matthews Correlation Coefficient Loss, 2021",
        page: "Mcc",
        parameters: &[&[number("smooth", 1e-5, NOT_NEGATIVE, "s, added to each of the four counts")]],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for Mcc {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(Self::new(arguments.number("smooth"))?)
    }
}
