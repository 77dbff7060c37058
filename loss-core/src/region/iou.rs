use super::overlap::{AnyOverlap, OVERLAP, Product};
use super::similarity::{Similarity, similarity_loss};
use crate::error::ParameterError;
use crate::facts::{Arguments, BuildError, FLOORED, Facts, FromArguments, Listed, SMOOTHING};
use crate::loss::exact_value::ExactValue;
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::IntegerTotals;

/// IoU (Jaccard) loss: 1 − intersection over union of soft counts.
///
/// L = 1 − (I + sₙ) / (P + T − I + s_d), with I = Σ w p t, P = Σ w p and T = Σ w t. It is [`Tversky`](crate::Tversky) with α = β = 1.
///
/// ∂L/∂z = w p(1−p)·(−t/U + (1−t)·I/U²) without smoothing, where U = P + T − I.
///
#[doc = include_str!("../../pictures/iou.svg")]
///
/// **Domain, empty masks, error bound:** as [`Dice`](crate::Dice). Without smoothing it equals 2D/(1 + D), where D is the Dice loss.
///
/// ```
/// use loss_core::{Iou, Loss};
///
/// let mut sums = Iou::new(0.0)?.accumulator();
/// sums.extend([(0.0, true), (0.0, false)]); // p = ½: 1 − ½ / (1 + 1 − ½)
/// assert!((sums.finish()?.value() - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Rahman and Wang, *Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation*, 2016.
#[doc(alias = "intersection over union")]
#[doc(alias = "IoULoss")]
#[doc(alias = "Jaccard")]
#[doc(alias = "jaccard_loss")]
#[doc(alias = "JaccardLoss")]
#[doc(alias = "soft_jaccard")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Iou<O = Product> {
    similarity: Similarity<O>,
}

impl Iou {
    /// Makes IoU loss with s above and below the fraction bar.
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        Ok(Self { similarity: Similarity::new(1.0, 1.0, smooth, 1.0)? })
    }

    /// Makes the loss of a smoothing (above, below) and a floor that are known to be in range.
    pub(crate) const fn known(smooth: [f64; 2], floor: f64) -> Self {
        Self { similarity: Similarity::known(1.0, 1.0, smooth, floor) }
    }
}

impl<O> Iou<O> {
    fn smoothing_scale(&self) -> f64 {
        1.0
    }

    fn outer(&self, loss: f64) -> [f64; 2] {
        [loss, 1.0]
    }
}

similarity_loss!(Iou {}, "iou");

impl ExactValue for Iou {
    const QUOTIENTS: usize = 1;

    fn add_quotients(&self, totals: &IntegerTotals, (): &(), value: &mut QuotientSum) -> Option<()> {
        self.similarity.add_quotient(0, totals, value)
    }
}

impl Listed for Iou<AnyOverlap> {
    const FACTS: Facts = Facts {
        name: "iou",
        aliases: &["jaccard"],
        formula: "1 − (I + s) / (P + T − I + s)",
        description: "IoU (Jaccard) loss: 1 − intersection over union of soft counts.",
        source: "Rahman and Wang, Optimizing Intersection-Over-Union, 2016",
        page: "Iou",
        parameters: &[SMOOTHING, FLOORED, OVERLAP],
        is_per_class: true,
        ..Facts::NONE
    };
}

impl FromArguments for Iou<AnyOverlap> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Iou::new(0.0)?.with_options(arguments)
    }
}
