//! Reductions: a sum over pixels becomes a loss.

use core::array;

use super::combine::combinable;
use super::exact_value::ExactValue;
use super::{Loss, Part};
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, NOT_NEGATIVE, ParameterFacts, number, word};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::number::finite::coefficient;
use crate::number::real::Real;
use crate::pointwise::Pointwise;
use crate::sums::batch::{Batch, Terms};
use crate::sums::exact::{TermSum, UnitSum};
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::{IntegerTotals, Totals};

/// The number that divides the sum of a pointwise loss.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Denominator {
    /// Σ w.
    Weight,
    /// Σ w + ε, which is never 0, as in the masked mean of many training scripts.
    WeightPlus(f64),
    /// The number of pixels; ignored pixels count, rejected ones do not.
    Pixels,
    /// A number of your own; 1 gives the sum. Its reciprocal is a coefficient of the loss and must be in the
    /// [range](crate::Loss::total_coefficient) of coefficients.
    Fixed(f64),
}

impl Denominator {
    fn of(self, totals: &Totals) -> f64 {
        match self {
            Denominator::Weight => totals.weight,
            // Without weight the sum is 0; but a loaded state may hold another sum, and ε may be tiny.
            Denominator::WeightPlus(_) if totals.weight == 0.0 => 0.0,
            Denominator::WeightPlus(epsilon) => totals.weight + epsilon,
            Denominator::Pixels => totals.pixels,
            Denominator::Fixed(number) => number,
        }
    }

    /// 1/denominator; 0 where the denominator is 0, because the sum above it is 0 then.
    pub(crate) fn reciprocal(self, totals: &Totals) -> f64 {
        match self.of(totals) {
            0.0 => 0.0,
            denominator => 1.0 / denominator,
        }
    }

    /// The denominator on the grid of the sums; `None` if it is too large for it, or too small.
    #[inline(never)]
    fn units(self, totals: &IntegerTotals) -> Option<UnitSum> {
        let (mut denominator, number) = match self {
            Denominator::Weight => return Some(totals.weight),
            Denominator::Pixels => return Some(UnitSum::whole(totals.pixels)),
            Denominator::WeightPlus(_) if totals.weight.is_zero() => return Some(UnitSum::ZERO),
            Denominator::WeightPlus(epsilon) => (totals.weight, epsilon),
            Denominator::Fixed(number) => (UnitSum::ZERO, number),
        };
        add_parameter(&mut denominator, number, 0)?;
        // If nothing is left of it on the grid, the quotient would be lost.
        if denominator.is_zero() { None } else { Some(denominator) }
    }

    /// The coefficient that a user's own denominator amounts to.
    pub(crate) fn coefficient(self) -> f64 {
        match self {
            Denominator::Fixed(number) => (1.0 / number).abs(),
            Denominator::WeightPlus(epsilon) if epsilon.is_nan() => epsilon,
            Denominator::Weight | Denominator::WeightPlus(_) | Denominator::Pixels => 1.0,
        }
    }

    pub(crate) fn fingerprint(self, fingerprint: &mut Fingerprint) {
        match self {
            Denominator::Weight => fingerprint.name("weight"),
            Denominator::WeightPlus(epsilon) => fingerprint.name("weight plus").number(epsilon),
            Denominator::Pixels => fingerprint.name("pixels"),
            Denominator::Fixed(number) => fingerprint.name("fixed").number(number),
        };
    }
}

/// A pointwise loss with its reduction: Σ w ℓ / denominator.
///
/// Without any valid pixel it is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Reduced<P> {
    pointwise: P,
    denominator: Denominator,
}

impl<P: Pointwise> Reduced<P> {
    pub(crate) const fn new(pointwise: P, denominator: Denominator) -> Self {
        Self { pointwise, denominator }
    }

    /// The loss of one pixel, before the reduction.
    pub const fn pointwise(&self) -> &P {
        &self.pointwise
    }
}

impl<P: Pointwise> Terms<1> for Reduced<P> {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 1] {
        [weight * self.pointwise.loss(pixel)]
    }

    fn are_moderate(&self) -> bool {
        self.pointwise.is_moderate()
    }
}

impl<P: Pointwise> Loss for Reduced<P> {
    type Sums = TermSum;
    type Slope = f32;

    fn sums(&self) -> TermSum {
        TermSum::ZERO
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sum: &mut TermSum) {
        pixels.add(self, array::from_mut(sum));
    }

    fn value(&self, totals: &Totals, sum: &TermSum) -> f64 {
        match self.denominator.of(totals) {
            0.0 => 0.0,
            denominator => sum.to_f64() / denominator,
        }
    }

    fn slope(&self, totals: &Totals, _: &TermSum, factor: f64) -> f32 {
        coefficient(factor * self.denominator.reciprocal(totals))
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &f32, pixel: &Pixel<R>) -> R {
        R::splat(*slope) * self.pointwise.slope(pixel)
    }

    fn part(&self, index: usize, totals: &Totals, sum: &TermSum) -> Option<Part> {
        (index == 0).then(|| Part { name: P::NAME, coefficient: 1.0, value: self.value(totals, sum) })
    }

    fn total_coefficient(&self) -> f64 {
        self.denominator.coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name(P::NAME);
        self.pointwise.fingerprint(fingerprint);
        self.denominator.fingerprint(fingerprint);
    }
}

impl<P: Pointwise> ExactValue for Reduced<P> {
    const QUOTIENTS: usize = 1;

    fn add_quotients(&self, totals: &IntegerTotals, sum: &TermSum, value: &mut QuotientSum) -> Option<()> {
        value.add(sum, &self.denominator.units(totals)?);
        Some(())
    }
}

/// Adds a parameter times 2^doublings to a sum, rounded to its grid, halves away from 0; `None`, and nothing is added, if it is 2⁴⁰ or more in magnitude, or no number.
///
/// By the bits: arithmetic and comparisons of `f64`s are calls that take flash. For that a parameter is doubled as often as it takes, too.
#[inline(never)]
pub(crate) fn add_parameter(sum: &mut UnitSum, number: f64, doublings: u32) -> Option<()> {
    const LIMIT: u32 = 1023 + 40;
    /// The exponent of a number whose last bit is worth 2⁻⁶⁴.
    const UNIT: u32 = 1023 + 52 - 64;
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as u32;
    if exponent == 0 {
        // Far below the grid.
        return Some(());
    }
    let exponent = exponent.wrapping_add(doublings);
    if exponent >= LIMIT {
        return None;
    }
    let significand = (bits & ((1 << 52) - 1)) | (1 << 52);
    let mut units = UnitSum::from_significand(significand, UNIT.saturating_sub(exponent));
    for _ in UNIT..exponent {
        let half = units;
        units.merge(&half);
    }
    if bits >> 63 == 1 {
        sum.subtract(&units)
    } else {
        sum.merge(&units)
    }
    Some(())
}

combinable!([P: Pointwise,] Reduced<P>);

/// The parameters of every reduced loss.
pub(crate) const REDUCTION: &[ParameterFacts] = &[
    word(
        "reduction",
        "mean",
        &["mean", "sum", "pixels"],
        "what Σ w ℓ is divided by: mean = Σ w; sum = 1; pixels = the number of pixels, ignored ones included",
    ),
    number("mean_epsilon", 0.0, NOT_NEGATIVE, "added to Σ w under the mean, as some training scripts do"),
];

impl FromArguments for Denominator {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        let epsilon = arguments.number("mean_epsilon");
        let reduction = arguments.word("reduction");
        if reduction != "mean" && arguments.is_given("mean_epsilon") {
            return Err(BuildError::Conflict { parameter: "mean_epsilon", message: "needs reduction=mean" });
        }
        Ok(match reduction {
            "sum" => Denominator::Fixed(1.0),
            "pixels" => Denominator::Pixels,
            _ if epsilon > 0.0 => Denominator::WeightPlus(epsilon),
            _ => Denominator::Weight,
        })
    }
}

impl<P: Pointwise + Listed> Listed for Reduced<P> {
    const FACTS: Facts = Facts { is_pointwise: true, more_parameters: &[REDUCTION], ..P::FACTS };
}

impl<P: Pointwise + FromArguments> FromArguments for Reduced<P> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(P::from_arguments(arguments)?.over(Denominator::from_arguments(arguments)?))
    }
}
