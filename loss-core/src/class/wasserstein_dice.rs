use super::batch::{ClassBatch, ClassTerms};
use super::loss::ClassLoss;
use super::pixel::ClassPixel;
use super::sums::ClassTotals;
use crate::error::{Parameter, ParameterError};
use crate::facts::{Facts, Kind, Listed, NOT_NEGATIVE, Needs, ParameterFacts, Preset, number};
use crate::fingerprint::Fingerprint;
use crate::loss::Part;
use crate::loss::combine::combinable;
use crate::number::finite::{bounded, coefficient};
use crate::number::real::Real;
use crate::sums::exact::TermSum;

/// Generalised Wasserstein Dice loss: Dice with distances between classes, so that a near miss costs less than a far one.
///
/// L = 1 − (2 A + s) / (2 A + Σ w W + s). W = Σ_l t_l Σ_c M_lc p_c is the distance of a pixel's prediction from its target.
/// A = Σ w Σ_{l≠0} t_l (M_l0 − W_l), with W_l = Σ_c M_lc p_c, is how much closer the predictions of foreground pixels are to their targets than background would be.
///
/// ∂L/∂p_c = w Σ_l t_l M_lc (∂L/∂ΣW − (if l ≠ 0) ∂L/∂A), then through the softmax. With D the denominator, ∂L/∂A = −2L/D and
/// ∂L/∂ΣW = (1 − L)/D.
///
#[doc = include_str!("../../pictures/wasserstein_dice.svg")]
///
/// **Domain.** M is square, symmetric or not, with zeros on its diagonal and entries in [0, 1]; class 0 is background. s ≥ 0. With all
/// distances 1 and two classes the loss is [`Dice`](crate::Dice) with s on both sides. A denominator of 0 or less gives L = 1, or 0 if no distance has any weight.
/// It occurs if sums are too small, or if predictions are farther from the foreground than background is, which needs an M that is not a metric.
///
/// **Error bound.** Relative error at most 2e−6 of the larger of L and 1e−3.
///
/// ```
/// use loss_core::class::{ClassLoss, WassersteinDice};
///
/// // The two kinds of lesion are nearer to each other than to background.
/// let loss = WassersteinDice::new([[0.0, 1.0, 1.0], [1.0, 0.0, 0.25], [1.0, 0.25, 0.0]], 0.0)?;
/// let mut sums = loss.class_accumulator();
/// sums.push(([0.0, 0.0, 40.0], 1u8)); // the other kind: A = ¾, W = ¼
/// assert!((sums.finish()?.value() - 0.25 / 1.75).abs() < 1e-7);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Fidon et al., *Generalised Wasserstein Dice Score for Imbalanced Multi-class Segmentation using Holistic Convolutional Networks*, 2017.
#[doc(alias = "GeneralizedWassersteinDiceLoss")]
#[doc(alias = "GWDL")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct WassersteinDice<const C: usize> {
    distances: [[f32; C]; C],
    smooth: f64,
}

impl<const C: usize> WassersteinDice<C> {
    /// Makes the loss of distances M: row l, column c is the distance of prediction c from target l.
    ///
    /// # Errors
    /// [`ParameterError`] unless distances are in [0, 1] and 0 on the diagonal, and s is finite and at least 0.
    pub fn new(distances: [[f32; C]; C], smooth: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Smooth, smooth)?;
        let entries = distances.iter().flatten();
        for ((l, c), &distance) in (0..C).flat_map(|l| (0..C).map(move |c| (l, c))).zip(entries) {
            let accepted = (0.0..=1.0).contains(&distance) && (l != c || distance == 0.0);
            let index = l.wrapping_mul(C).wrapping_add(c);
            ParameterError::check(
                Parameter::Distance,
                f64::from(distance),
                accepted,
                "in [0, 1], and 0 on the diagonal",
            )
            .map_err(|error| error.of(index))?;
        }
        Ok(Self { distances, smooth })
    }

    /// t_l, W_l, and M_l0 if l is foreground, of each l.
    #[inline(always)]
    fn rows<R: Real>(&self, pixel: &ClassPixel<R, C>) -> [(R, R, R); C] {
        let zero = R::splat(0.0);
        let mut rows = [(zero, zero, zero); C];
        for (l, ((out, row), &target)) in (0..C).zip(rows.iter_mut().zip(&self.distances).zip(&pixel.target)) {
            let mut distance = zero;
            for (&m, &p) in row.iter().zip(&pixel.p) {
                distance = distance + R::splat(m) * p;
            }
            let from_background = row.first().filter(|_| l != 0).map_or(0.0, |&m| m);
            *out = (target, distance, R::splat(from_background));
        }
        rows
    }

    /// Whether a class that is predicted has a distance from a class that occurs.
    fn has_distance(&self, totals: &ClassTotals<C>) -> bool {
        let mut classes = self.distances.iter().zip(&totals.of_class).take(totals.classes);
        classes.any(|(row, class)| class.has_errors()[1] && row.iter().take(totals.classes).any(|&m| m > 0.0))
    }

    /// The loss L and the denominator.
    fn evaluate(&self, totals: &ClassTotals<C>, [nearer, distance]: &[TermSum; 2]) -> (f64, f64) {
        let (nearer, distance) = (nearer.to_f64(), distance.to_f64());
        let denominator = 2.0 * nearer + distance + self.smooth;
        match denominator {
            d if d > 0.0 => (bounded(distance / d), d),
            // No probability is 0, so a class with a distance from one that occurs is predicted, even if the sum is too small to show it.
            _ if distance == 0.0 && !self.has_distance(totals) => (0.0, 0.0),
            _ => (1.0, 0.0),
        }
    }
}

impl<const C: usize> ClassTerms<2, C> for WassersteinDice<C> {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &ClassPixel<R, C>, weight: R) -> [R; 2] {
        let (mut nearer, mut distance) = (R::splat(0.0), R::splat(0.0));
        for (l, (target, of_class, from_background)) in (0..C).zip(self.rows(pixel)) {
            distance = distance + target * of_class;
            if l != 0 {
                nearer = nearer + target * (from_background - of_class);
            }
        }
        [weight * nearer, weight * distance]
    }
}

impl<const C: usize> ClassLoss<C> for WassersteinDice<C> {
    /// The sums A and ΣwW.
    type Sums = [TermSum; 2];
    /// The slopes ∂L/∂ΣW and ∂L/∂ΣW − ∂L/∂A.
    type Slope = [f32; 2];

    fn sums(&self) -> [TermSum; 2] {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut [TermSum; 2]) {
        pixels.add(self, sums);
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &[TermSum; 2]) -> f64 {
        self.evaluate(totals, sums).0
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &[TermSum; 2], factor: f64) -> [f32; 2] {
        let (loss, denominator) = self.evaluate(totals, sums);
        let factor = if denominator > 0.0 { bounded(factor / denominator) } else { 0.0 };
        [factor * (1.0 - loss), factor * (1.0 + loss)].map(coefficient)
    }

    #[inline(always)]
    fn add_gradient<R: Real>(
        &self,
        &[background, foreground]: &[f32; 2],
        pixel: &ClassPixel<R, C>,
        gradient: &mut [R; C],
    ) {
        let mut by_probability = [R::splat(0.0); C];
        for (l, (row, &target)) in (0..C).zip(self.distances.iter().zip(&pixel.target)) {
            let factor = target * R::splat(if l == 0 { background } else { foreground });
            for (out, &m) in by_probability.iter_mut().zip(row) {
                *out = *out + factor * R::splat(m);
            }
        }
        pixel.add_through_activation(&by_probability, gradient);
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &[TermSum; 2]) -> Option<Part> {
        (index == 0).then(|| Part { name: "wasserstein_dice", coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("wasserstein dice").number(self.smooth);
        self.distances.iter().flatten().for_each(|&distance| {
            fingerprint.number(f64::from(distance));
        });
    }
}

combinable!([const C: usize,] WassersteinDice<C>);

impl<const C: usize> Listed for WassersteinDice<C> {
    const FACTS: Facts = Facts {
        name: "wasserstein_dice",
        aliases: &["generalised_wasserstein_dice", "generalized_wasserstein_dice", "wasserstein"],
        needs: Needs::ClassDistances,
        formula: "1 − (2A + s) / (2A + ΣW + s),  W = Σ_c M_yc p_c, A = Σ over foreground of (M_y0 − W)",
        description: "Generalised Wasserstein Dice loss: a wrong class costs its distance from the right one.",
        source: "Fidon et al., Generalised Wasserstein Dice Score, 2017",
        page: "class::WassersteinDice",
        parameters: &[&[
            ParameterFacts {
                name: "distances",
                kind: Kind::Matrix,
                default: Preset::Word("1"),
                meaning: "M: a row for each target, a column for each prediction, as in [0, 1, 1; 1, 0, 0.25; 1, 0.25, 0]; 1 = equal distances",
            },
            number("smooth", 1e-5, NOT_NEGATIVE, "s, added above and below the fraction bar"),
        ]],
        ..Facts::NONE
    };
}
