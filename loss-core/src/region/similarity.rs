//! The one score behind Dice, IoU and Tversky.

use super::overlap::{Overlap, OverlapSlope, Product};
use crate::error::{Parameter, ParameterError};
use crate::facts::{Arguments, BuildError, FromArguments, ParameterFacts, word};
use crate::fingerprint::Fingerprint;
use crate::loss::reduction::add_parameter;
use crate::number::finite::bounded;
use crate::sums::exact::UnitSum;
use crate::sums::quotient::QuotientSum;
use crate::sums::shared::{IntegerTotals, Totals};

/// The loss of a mask without any foreground (Σ w t = 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmptyMask {
    /// The value of the formula, which depends on the smoothing. Without smoothing the loss is 1 if anything is predicted, however small its probability, and
    /// no gradient pulls the prediction down; it is 0 if nothing is predicted. Logits always predict something, because their p is above 0; probabilities can be 0.
    ///
    /// With smoothing, a false positive below 2⁻⁶⁵ vanishes from the sum of p. So smoothing should be large compared with 2⁻⁶⁵ times the number of pixels.
    #[default]
    Formula,
    /// 0, with no gradient (segmentation_models.pytorch).
    Zero,
    /// 1, with no gradient (kornia, for an image in which no class is present).
    One,
}

impl EmptyMask {
    /// The name of the option in fingerprints.
    pub(crate) fn code(self) -> &'static str {
        match self {
            EmptyMask::Formula => "empty_mask=formula",
            EmptyMask::Zero => "empty_mask=zero",
            EmptyMask::One => "empty_mask=one",
        }
    }
}

/// The Tversky index, with Dice and IoU as special cases.
///
/// score = (I + sₙ) / max(I + E + s_d, c), loss = 1 − score, E = α(P − I) + β(T − I)
///
/// with I, P and T of the [`Overlap`] form `O`. The loss is computed as (E + s_d − sₙ) / (I + E + s_d), where
/// nothing cancels when it is small.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Similarity<O = Product> {
    overlap: O,
    alpha: f64,
    beta: f64,
    smooth_numerator: f64,
    smooth_denominator: f64,
    floor: f64,
    empty: EmptyMask,
}

/// A similarity loss evaluated at its sums: 1 − score, and its slopes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluated {
    pub(crate) loss: f64,
    /// ∂loss/∂I and ∂loss/∂E.
    by_overlap: f64,
    by_errors: f64,
    /// The constant that replaces the loss of an empty mask.
    pub(crate) constant: Option<f64>,
}

impl Similarity<Product> {
    /// The index with weights α of false positives and β of false negatives, and one smoothing above and below. One unit of that smoothing is `scale` units of
    /// the index's.
    pub(crate) fn new(alpha: f64, beta: f64, smooth: f64, scale: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Alpha, alpha)?;
        ParameterError::check_not_negative(Parameter::Beta, beta)?;
        Self {
            overlap: Product,
            alpha,
            beta,
            smooth_numerator: 0.0,
            smooth_denominator: 0.0,
            floor: 0.0,
            empty: EmptyMask::Formula,
        }
        .smooth([smooth, smooth], scale)
    }

    /// The index of parameters known to be in range, such as the constants of `conventions`.
    pub(crate) const fn known(alpha: f64, beta: f64, [numerator, denominator]: [f64; 2], floor: f64) -> Self {
        Self {
            overlap: Product,
            alpha,
            beta,
            smooth_numerator: numerator,
            smooth_denominator: denominator,
            floor,
            empty: EmptyMask::Formula,
        }
    }
}

impl<O: Overlap> Similarity<O> {
    /// Sets the smoothing above and below, in units of the loss's own formula; one unit is `scale` units of the index's. Errors show the value
    /// as the caller gave it.
    pub(crate) fn smooth(self, [numerator, denominator]: [f64; 2], scale: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::SmoothNumerator, numerator)?;
        ParameterError::check_not_negative(Parameter::SmoothDenominator, denominator)?;
        Ok(Self { smooth_numerator: numerator * scale, smooth_denominator: denominator * scale, ..self })
    }

    /// Sets the floor, in the same units.
    pub(crate) fn floor(self, floor: f64, scale: f64) -> Result<Self, ParameterError> {
        ParameterError::check_not_negative(Parameter::Floor, floor)?;
        Ok(Self { floor: floor * scale, ..self })
    }

    pub(crate) fn empty_mask(self, empty: EmptyMask) -> Self {
        Self { empty, ..self }
    }

    pub(crate) fn overlap<Other>(self, overlap: Other) -> Similarity<Other> {
        let Self { alpha, beta, smooth_numerator, smooth_denominator, floor, empty, .. } = self;
        Similarity { overlap, alpha, beta, smooth_numerator, smooth_denominator, floor, empty }
    }

    /// The floor under the denominator.
    pub(crate) fn floor_value(&self) -> f64 {
        self.floor
    }

    /// The form, and the weights of the errors.
    pub(crate) fn form(&self) -> (&O, [f32; 2]) {
        (&self.overlap, [self.alpha as f32, self.beta as f32])
    }

    pub(crate) fn evaluate(&self, totals: &Totals, sums: &O::Sums) -> Evaluated {
        let constant = match self.empty {
            _ if totals.hard.support() > 0.0 => None,
            EmptyMask::Formula => None,
            EmptyMask::Zero => Some(0.0),
            EmptyMask::One => Some(1.0),
        };
        let [overlap, errors] = self.overlap.finish([self.alpha, self.beta], totals, sums);
        let numerator = overlap + self.smooth_numerator;
        let denominator = overlap + errors + self.smooth_denominator;
        let [loss, by_overlap, by_errors] = if denominator > self.floor {
            let loss = bounded((errors + (self.smooth_denominator - self.smooth_numerator)) / denominator);
            // ∂/∂I of E′/D is −E′/D². ∂/∂E is (D − E′)/D², where D − E′ is the numerator of the score.
            [loss, -loss / denominator, numerator / denominator / denominator]
        } else if self.floor > 0.0 {
            [bounded((self.floor - numerator) / self.floor), -1.0 / self.floor, 0.0]
        } else if totals.has_weighed_errors([self.alpha, self.beta]) {
            // The sums are too small for their ratio, but there are errors and no known overlap.
            [1.0, 0.0, 0.0]
        } else {
            // Nothing to find, nothing predicted and no smoothing: 0/0 is agreement.
            [0.0; 3]
        };
        Evaluated { loss, by_overlap, by_errors, constant }
    }

    /// The slope of `factor·f(loss)` by the sums, where `outer` is f′.
    pub(crate) fn slope(&self, evaluated: &Evaluated, outer: f64, factor: f64) -> OverlapSlope {
        let factor = if evaluated.constant.is_some() { 0.0 } else { factor * bounded(outer) };
        let [by_overlap, by_errors] = [evaluated.by_overlap, evaluated.by_errors].map(bounded);
        OverlapSlope::new(factor * by_overlap, factor * by_errors, [self.alpha, self.beta])
    }

    pub(crate) fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.overlap.fingerprint(fingerprint);
        for parameter in [self.alpha, self.beta, self.smooth_numerator, self.smooth_denominator, self.floor] {
            fingerprint.number(parameter);
        }
        fingerprint.name(self.empty.code());
    }
}

impl Similarity<Product> {
    /// Adds 1 − score to a value in integers; `None` if a parameter is too large for them, or there is a floor. The weights of the errors are both 2^−`doublings`: everything is doubled as
    /// often, so that errors are as they are.
    #[inline(never)]
    pub(crate) fn add_quotient(&self, doublings: u32, totals: &IntegerTotals, value: &mut QuotientSum) -> Option<()> {
        if self.floor.to_bits() << 1 != 0 {
            return None;
        }
        let [true_positive, false_positive, false_negative] = &totals.soft;
        let mut numerator = *false_positive;
        numerator.merge(false_negative);
        add_parameter(&mut numerator, self.smooth_denominator, doublings)?;
        let mut denominator = numerator;
        (0..=doublings).for_each(|_| denominator.merge(true_positive));
        add_parameter(&mut numerator, -self.smooth_numerator, doublings)?;
        let is_constant = self.empty != EmptyMask::Formula && !totals.has_foreground;
        if is_constant || denominator.is_zero() {
            // Without smoothing the sums may be too small for their ratio, though there are errors.
            let is_one = if is_constant { self.empty == EmptyMask::One } else { totals.never_certain };
            numerator = UnitSum::whole(is_one.into());
            denominator = UnitSum::whole(1);
        }
        value.add(&numerator, &denominator);
        Some(())
    }
}

/// The loss of an empty mask, as a parameter.
pub(crate) const EMPTY_MASK: ParameterFacts = word(
    "empty",
    "formula",
    &["formula", "zero", "one"],
    "the loss of a mask without foreground: formula = what the formula gives; zero = 0; one = 1",
);

impl FromArguments for EmptyMask {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("empty") {
            "zero" => EmptyMask::Zero,
            "one" => EmptyMask::One,
            _ => EmptyMask::Formula,
        })
    }
}

/// Writes the options and the [`Loss`](crate::Loss) of a type that has a field `similarity`, a method
/// `outer(&self, loss) -> [f64; 2]` that returns f(loss) and f′(loss), and a method `smoothing_scale` that returns how many units of the
/// index's smoothing one unit of the loss's own formula is.
macro_rules! similarity_loss {
    ($loss:ident { $($field:ident),* }, $name:literal) => {
        impl<O: $crate::region::Overlap> $loss<O> {
            /// Sets different smoothing for the numerator and the denominator of the score, as they stand in this loss's own
            /// formula.
            ///
            /// # Errors
            /// [`ParameterError`](crate::ParameterError) unless both are finite and at least 0.
            pub fn smooth(self, numerator: f64, denominator: f64) -> Result<Self, $crate::error::ParameterError> {
                let scale = self.smoothing_scale();
                let mut changed = self;
                changed.similarity = changed.similarity.smooth([numerator, denominator], scale)?;
                Ok(changed)
            }

            /// Sets a lower limit for the denominator of this loss's own formula, and for the argument of a
            /// logarithm.
            ///
            /// # Errors
            /// [`ParameterError`](crate::ParameterError) unless it is finite and at least 0.
            pub fn floor(self, floor: f64) -> Result<Self, $crate::error::ParameterError> {
                let scale = self.smoothing_scale();
                let mut changed = self;
                changed.similarity = changed.similarity.floor(floor, scale)?;
                Ok(changed)
            }

            /// Sets the loss of a mask without foreground.
            pub fn empty_mask(self, empty: $crate::region::EmptyMask) -> Self {
                let mut changed = self;
                changed.similarity = changed.similarity.empty_mask(empty);
                changed
            }

            /// Sets the form of the overlap: [`Product`](crate::Product), [`Squared`](crate::Squared) or
            /// [`Minimum`](crate::Minimum).
            pub fn overlap<Other: $crate::region::Overlap>(self, overlap: Other) -> $loss<Other> {
                $loss { similarity: self.similarity.overlap(overlap), $($field: self.$field),* }
            }
        }

        impl $loss {
            /// Sets the options that all losses of the Dice family share.
            fn with_options(
                self,
                arguments: &$crate::facts::Arguments<'_>,
            ) -> Result<$loss<$crate::region::AnyOverlap>, $crate::facts::BuildError> {
                use $crate::facts::{FromArguments, smoothing};
                let [above, below] = smoothing(arguments);
                let loss = self.smooth(above, below)?.floor(arguments.number("floor"))?;
                let empty = $crate::region::EmptyMask::from_arguments(arguments)?;
                Ok(loss.empty_mask(empty).overlap($crate::region::AnyOverlap::from_arguments(arguments)?))
            }
        }

        impl<O: $crate::region::Overlap> $loss<O> {
            /// The form and the weights of the errors, on which the sums depend.
            pub(crate) fn form(&self) -> (&O, [f32; 2]) {
                self.similarity.form()
            }
        }

        impl<O: $crate::region::Overlap> $crate::loss::Loss for $loss<O> {
            type Sums = O::Sums;
            type Slope = ($crate::region::OverlapSlope, O);

            fn sums(&self) -> Self::Sums {
                self.similarity.form().0.sums()
            }

            #[inline(always)]
            fn add<B: $crate::sums::batch::Batch>(&self, pixels: &B, sums: &mut Self::Sums) {
                let (overlap, errors) = self.form();
                overlap.add(errors, pixels, sums);
            }

            #[inline(always)]
            fn needs_logarithms(&self) -> bool {
                self.form().0.needs_logarithms()
            }

            fn value(&self, totals: &$crate::sums::shared::Totals, sums: &Self::Sums) -> f64 {
                let evaluated = self.similarity.evaluate(totals, sums);
                evaluated.constant.unwrap_or_else(|| self.outer(evaluated.loss)[0])
            }

            fn slope(&self, totals: &$crate::sums::shared::Totals, sums: &Self::Sums, factor: f64) -> Self::Slope {
                let evaluated = self.similarity.evaluate(totals, sums);
                let outer = self.outer(evaluated.loss)[1];
                (self.similarity.slope(&evaluated, outer, factor), self.similarity.form().0.clone())
            }

            #[inline(always)]
            fn gradient<R: $crate::number::real::Real>(&self, (slope, overlap): &Self::Slope, pixel: &$crate::input::pixel::Pixel<R>) -> R {
                overlap.gradient(slope, pixel)
            }

            fn part(&self, index: usize, totals: &$crate::sums::shared::Totals, sums: &Self::Sums) -> Option<$crate::loss::Part> {
                (index == 0).then(|| $crate::loss::Part {
                    name: $name,
                    coefficient: 1.0,
                    value: $crate::loss::Loss::value(self, totals, sums),
                })
            }

            fn fingerprint(&self, fingerprint: &mut $crate::fingerprint::Fingerprint) {
                fingerprint.name($name);
                self.similarity.fingerprint(fingerprint);
                $(fingerprint.number(self.$field);)*
            }
        }

        impl<O: $crate::region::Overlap> $crate::region::RegionFamily for $loss<O> {}

        $crate::loss::combine::combinable!([O: $crate::region::Overlap,] $loss<O>);
    };
}
pub(crate) use similarity_loss;
