use super::batch::ClassBatch;
use super::loss::ClassLoss;
use super::per_class::KEPT;
use super::pixel::ClassPixel;
use super::sums::ClassTotals;
use super::weights::{ClassSet, EveryClass};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, Needs, SMOOTHING, smoothing, word};
use crate::fingerprint::Fingerprint;
use crate::loss::Part;
use crate::loss::combine::combinable;
use crate::number::finite::{bounded, coefficient};
use crate::number::real::Real;
use crate::sums::shared::Totals;

/// The weight of a class by its volume T_c = Σ w t_c.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VolumeWeight {
    /// 1/T².
    #[default]
    Square,
    /// 1/T.
    Simple,
    /// 1.
    Uniform,
}

/// Generalised Dice loss: one Dice score over all classes, weighted by volume.
///
/// L = 1 − (2 Σ_c w_c I_c + sₙ) / (Σ_c w_c (P_c + T_c) + s_d), with w_c of [`VolumeWeight`]. It is computed from Σ w_c (FP_c + FN_c), so that nothing
/// cancels. An absent class takes the largest finite weight of the others (MONAI).
///
/// ∂L/∂p_c = w_c (1 − L − 2t_c)/D, D the denominator, then through the softmax.
///
#[doc = include_str!("../../pictures/generalised_dice.svg")]
///
/// **Domain.** sₙ, s_d ≥ 0. All pixels of an accumulator are one batch; for MONAI's default, the mean over images, see
/// [`ClassImageMean`](super::ClassImageMean). If no class is present, the weights 1/T² and 1/T are all 0, and
/// L = 1 − sₙ/s_d, or 0. If the denominator is 0 and there are errors too small for the sums, L = 1.
///
/// **Error bound.** Relative error at most 2e−6.
///
/// ```
/// use loss_core::class::{ClassLoss, GeneralisedDice};
///
/// let mut sums = GeneralisedDice::new(0.0)?.class_accumulator();
/// sums.push(([40.0, 0.0, 0.0], 1u8)); // certain and wrong
/// sums.push(([0.0, 0.0, 40.0], 2u8)); // certain and right
/// // Weights 1, 1, 1 (class 0 takes the largest): 1 − 2·1/(2 + 2).
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Sudre et al., *Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations*, 2017.
#[doc(alias = "generalized_dice")]
#[doc(alias = "GeneralizedDice")]
#[doc(alias = "GeneralizedDiceLoss")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct GeneralisedDice<S = EveryClass> {
    weight: VolumeWeight,
    smooth_numerator: f64,
    smooth_denominator: f64,
    classes: S,
}

impl VolumeWeight {
    /// The name of the option in fingerprints.
    fn code(self) -> &'static str {
        match self {
            VolumeWeight::Square => "volume_weight=square",
            VolumeWeight::Simple => "volume_weight=simple",
            VolumeWeight::Uniform => "volume_weight=uniform",
        }
    }
}

impl GeneralisedDice {
    /// Makes generalised Dice loss with s above and below the fraction bar and weights 1/T².
    ///
    /// # Errors
    /// [`ParameterError`] unless s is finite and at least 0.
    pub fn new(smooth: f64) -> Result<Self, ParameterError> {
        let start =
            Self { weight: VolumeWeight::Square, smooth_numerator: 0.0, smooth_denominator: 0.0, classes: EveryClass };
        start.smooth(smooth, smooth)
    }

    /// Makes the loss of a smoothing that is known to be in range.
    pub(crate) const fn known(smooth: f64) -> Self {
        Self { weight: VolumeWeight::Square, smooth_numerator: smooth, smooth_denominator: smooth, classes: EveryClass }
    }
}

impl<S: ClassSet> GeneralisedDice<S> {
    /// Sets different smoothing for numerator and denominator.
    ///
    /// # Errors
    /// [`ParameterError`] unless both are finite and at least 0.
    pub fn smooth(self, numerator: f64, denominator: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::SmoothNumerator, numerator)?;
        ParameterError::check_not_negative(Parameter::SmoothDenominator, denominator)?;
        Ok(Self { smooth_numerator: numerator, smooth_denominator: denominator, ..self })
    }

    /// Sets the kind of weights.
    pub fn volume_weight(self, weight: VolumeWeight) -> Self {
        Self { weight, ..self }
    }

    /// Sets the classes that count.
    pub fn classes<T: ClassSet>(self, classes: T) -> GeneralisedDice<T> {
        let Self { weight, smooth_numerator, smooth_denominator, .. } = self;
        GeneralisedDice { weight, smooth_numerator, smooth_denominator, classes }
    }

    fn weights<const C: usize>(&self, totals: &ClassTotals<C>) -> [f64; C] {
        let weight_of = |volume: f64| match self.weight {
            VolumeWeight::Square => 1.0 / (volume * volume),
            VolumeWeight::Simple => 1.0 / volume,
            VolumeWeight::Uniform => 1.0,
        };
        let mut weights = [0.0; C];
        for (class, (weight, totals)) in (0..totals.classes).zip(weights.iter_mut().zip(&totals.of_class)) {
            if self.classes.contains(class) {
                *weight = weight_of(totals.hard.support());
            }
        }
        let largest = weights.iter().copied().filter(|weight| weight.is_finite()).fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| !weight.is_finite()).for_each(|weight| *weight = largest);
        weights
    }

    /// The weights, the loss and the denominator.
    fn evaluate<const C: usize>(&self, totals: &ClassTotals<C>) -> ([f64; C], f64, f64) {
        let weights = self.weights(totals);
        let (mut errors, mut overlap) = (0.0, 0.0);
        for (weight, totals) in weights.iter().zip(&totals.of_class) {
            errors += weight * (totals.soft.false_positive + totals.soft.false_negative);
            overlap += weight * totals.soft.true_positive;
        }
        let denominator = 2.0 * overlap + errors + self.smooth_denominator;
        let rest = errors + (self.smooth_denominator - self.smooth_numerator);
        let wrong = |(&weight, totals): (&f64, &Totals)| totals.has_weighed_errors([weight; 2]);
        let loss = match denominator {
            d if d > 0.0 => bounded(rest / d),
            _ if weights.iter().zip(&totals.of_class).any(wrong) => 1.0,
            _ => 0.0,
        };
        (weights, loss, denominator)
    }
}

impl<S: ClassSet, const C: usize> ClassLoss<C> for GeneralisedDice<S> {
    type Sums = ();
    /// ∂L/∂p_c at a background and a foreground pixel.
    type Slope = [[f32; 2]; C];

    fn sums(&self) {}

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, _: &B, (): &mut ()) {}

    fn value(&self, totals: &ClassTotals<C>, (): &()) -> f64 {
        self.evaluate(totals).1
    }

    fn slope(&self, totals: &ClassTotals<C>, (): &(), factor: f64) -> Self::Slope {
        let (weights, loss, denominator) = self.evaluate(totals);
        let factor = if denominator > 0.0 { bounded(factor / denominator) } else { 0.0 };
        weights.map(|weight| [factor * weight * (1.0 - loss), -factor * weight * (1.0 + loss)].map(coefficient))
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slope: &Self::Slope, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        let mut by_probability = [R::splat(0.0); C];
        let classes = by_probability.iter_mut().zip(slope).zip(&pixel.target).take(pixel.classes);
        for ((out, &[background, foreground]), &target) in classes {
            *out = target * R::splat(foreground) + (R::splat(1.0) - target) * R::splat(background);
        }
        pixel.add_through_activation(&by_probability, gradient);
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &()) -> Option<Part> {
        (index == 0).then(|| Part { name: "generalised_dice", coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("generalised dice").name(self.weight.code());
        fingerprint.number(self.smooth_numerator).number(self.smooth_denominator);
        self.classes.fingerprint(fingerprint);
    }
}

combinable!([S: ClassSet,] GeneralisedDice<S>);

impl Listed for GeneralisedDice {
    const FACTS: Facts = Facts {
        name: "generalised_dice",
        aliases: &["generalized_dice", "gdl"],
        needs: Needs::Classes,
        formula: "1 − (2 Σ_c v_c I_c + s) / (Σ_c v_c (P_c + T_c) + s),  v_c = 1/T_c², 1/T_c or 1",
        description: "Generalised Dice loss: one Dice score over all classes, weighted by volume.",
        source: "Sudre et al., Generalised Dice overlap, 2017",
        page: "class::GeneralisedDice",
        parameters: &[
            &[word("weight", "square", &["square", "simple", "uniform"], "v: 1/T², 1/T or 1")],
            SMOOTHING,
            &[KEPT],
        ],
        ..Facts::NONE
    };
}

impl FromArguments for GeneralisedDice {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let [above, below] = smoothing(arguments);
        Ok(Self::new(0.0)?.smooth(above, below)?.volume_weight(VolumeWeight::from_arguments(arguments)?))
    }
}

impl FromArguments for VolumeWeight {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("weight") {
            "simple" => VolumeWeight::Simple,
            "uniform" => VolumeWeight::Uniform,
            _ => VolumeWeight::Square,
        })
    }
}
