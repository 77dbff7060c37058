//! Region losses of your own.

use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::loss::combine::combinable;
use crate::loss::passes::OfPixel;
use crate::loss::{Loss, Part};
use crate::number::finite::coefficient;
use crate::number::real::Real;
use crate::sums::batch::Batch;
use crate::sums::confusion::Confusion;
use crate::sums::shared::Totals;

/// A region loss of your own: a function φ(TP, FP, FN, TN) of the soft confusion.
///
/// ```
/// use loss_core::extend::{Fingerprint, Region, RegionLoss, RegionSlopes};
/// use loss_core::{Confusion, Loss};
///
/// /// The weight of the errors.
/// #[derive(Clone)]
/// struct Errors;
///
/// impl Region for Errors {
///     const NAME: &'static str = "errors";
///     fn value(&self, soft: &Confusion) -> f64 {
///         soft.false_positive + soft.false_negative
///     }
///     fn slopes(&self, _: &Confusion) -> RegionSlopes {
///         RegionSlopes { false_positive: 1.0, false_negative: 1.0, ..RegionSlopes::default() }
///     }
///     fn fingerprint(&self, _: &mut Fingerprint) {}
/// }
///
/// let mut sums = RegionLoss(Errors).accumulator();
/// sums.extend([(0.0, true), (0.0, false)]);
/// assert_eq!(sums.finish()?.value(), 1.0);
/// # Ok::<(), loss_core::FinishError>(())
/// ```
pub trait Region: Clone {
    /// The name of the loss, in lower case, as it appears in the parts of a result.
    const NAME: &'static str;

    /// φ. It must be finite for any sums. Each sum has an error of up to 2⁻⁶⁵ per pixel, so a count of 0 may be a tiny one: the p of a logit is never 0.
    fn value(&self, soft: &Confusion) -> f64;

    /// The partial derivatives of φ.
    fn slopes(&self, soft: &Confusion) -> RegionSlopes;

    /// Adds the parameters to a fingerprint.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);
}

/// The partial derivatives of a region loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RegionSlopes {
    /// ∂φ/∂TP.
    pub true_positive: f64,
    /// ∂φ/∂FP.
    pub false_positive: f64,
    /// ∂φ/∂FN.
    pub false_negative: f64,
    /// ∂φ/∂TN.
    pub true_negative: f64,
}

/// A [`Region`] as a [`Loss`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct RegionLoss<F>(pub F);

impl RegionSlopes {
    /// The slopes at a foreground and a background pixel; ∂p/∂x multiplies them.
    pub(crate) fn by_target(&self, factor: f64) -> [f32; 2] {
        [
            coefficient(factor * (self.true_positive - self.false_negative)),
            coefficient(factor * (self.false_positive - self.true_negative)),
        ]
    }
}

/// The gradient of a loss whose sums depend only on p: the slopes at a foreground and a background pixel, times ∂p/∂x.
pub(crate) struct ByTarget(pub(crate) [f32; 2]);

impl OfPixel for ByTarget {
    #[inline(always)]
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        let Self([foreground, background]) = *self;
        (pixel.target * R::splat(foreground) + pixel.background * R::splat(background)) * pixel.p_slope
    }
}

impl<F: Region> Loss for RegionLoss<F> {
    type Sums = ();
    type Slope = [f32; 2];

    fn sums(&self) {}

    #[inline(always)]
    fn add<B: Batch>(&self, _: &B, (): &mut ()) {}

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        false
    }

    fn value(&self, totals: &Totals, (): &()) -> f64 {
        self.0.value(&totals.soft)
    }

    fn slope(&self, totals: &Totals, (): &(), factor: f64) -> [f32; 2] {
        self.0.slopes(&totals.soft).by_target(factor)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &[f32; 2], pixel: &Pixel<R>) -> R {
        ByTarget(*slope).gradient(pixel)
    }

    fn part(&self, index: usize, totals: &Totals, sums: &()) -> Option<Part> {
        (index == 0).then(|| Part { name: F::NAME, coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name(F::NAME);
        self.0.fingerprint(fingerprint);
    }
}

/// A [`Loss`] that reads only the target, p, 1 − p and ∂p/∂x of a pixel, so that [`PerClass`](crate::class::PerClass) can apply it to each
/// class of a softmax.
pub trait RegionFamily: Loss {}

impl<F: Region> RegionFamily for RegionLoss<F> {}

combinable!([F: Region,] RegionLoss<F>);

/// Writes the [`Loss`] of a type with a method `evaluate(&self, totals, true_negative)` that returns the value and its [`RegionSlopes`]. After
/// the type's name come its parameters and the codes of its options, for the fingerprint.
macro_rules! true_negative_loss {
    ($loss:ident, $name:literal, |$this:ident| $parameters:expr $(, $option:expr)*) => {
        impl $crate::loss::Loss for $loss {
            type Sums = $crate::sums::exact::UnitSum;
            type Slope = [f32; 2];

            fn sums(&self) -> Self::Sums {
                $crate::sums::exact::UnitSum::ZERO
            }

            #[inline(always)]
            fn add<B: $crate::sums::batch::Batch>(&self, pixels: &B, true_negative: &mut Self::Sums) {
                pixels.add(&$crate::sums::batch::TrueNegative, core::array::from_mut(true_negative));
            }

            #[inline(always)]
            fn needs_logarithms(&self) -> bool {
                false
            }

            fn value(&self, totals: &$crate::sums::shared::Totals, true_negative: &Self::Sums) -> f64 {
                self.evaluate(totals, true_negative).0
            }

            fn slope(&self, totals: &$crate::sums::shared::Totals, true_negative: &Self::Sums, factor: f64) -> [f32; 2] {
                self.evaluate(totals, true_negative).1.by_target(factor)
            }

            #[inline(always)]
            fn gradient<R: $crate::number::real::Real>(&self, slope: &[f32; 2], pixel: &$crate::input::pixel::Pixel<R>) -> R {
                $crate::loss::passes::OfPixel::gradient(&$crate::region::ByTarget(*slope), pixel)
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
                let $this = self;
                for parameter in $parameters {
                    fingerprint.number(parameter);
                }
                $(fingerprint.name($option);)*
            }
        }

        impl $crate::region::RegionFamily for $loss {}

        $crate::loss::combine::combinable!([] $loss);
    };
}
pub(crate) use true_negative_loss;
