use super::batch::{ClassBatch, ClassTerms};
use super::loss::{ClassLoss, ClassPointwise};
use super::pixel::ClassPixel;
use super::sums::ClassTotals;
use crate::facts::{Arguments, BuildError, FromArguments, ParameterFacts, word};
use crate::fingerprint::Fingerprint;
use crate::loss::Part;
use crate::loss::combine::combinable;
use crate::loss::reduction::Denominator;
use crate::number::finite::coefficient;
use crate::number::real::Real;
use crate::sums::exact::TermSum;

/// The number that divides the sum of a pointwise loss over classes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClassDenominator {
    /// Σ w w_y, where w_y is the class weight.
    ClassWeight,
    /// Σ w.
    Weight,
    /// Σ w + ε.
    WeightPlus(f64),
    /// The number of pixels; ignored pixels count, rejected ones do not.
    Pixels,
    /// The number of pixels times the number of classes.
    PixelsTimesClasses,
    /// A number of your own; 1 gives the sum. Its reciprocal is a coefficient of the loss and must be in the
    /// [range](crate::Loss::total_coefficient) of coefficients.
    Fixed(f64),
}

/// A pointwise loss over classes with its reduction. Without any valid pixel it is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct ClassReduced<P> {
    pointwise: P,
    denominator: ClassDenominator,
}

impl<P: ClassPointwise> ClassReduced<P> {
    pub(super) const fn new(pointwise: P, denominator: ClassDenominator) -> Self {
        Self { pointwise, denominator }
    }

    /// The loss of one pixel, before the reduction.
    pub const fn pointwise(&self) -> &P {
        &self.pointwise
    }

    /// The coefficient that a user's own denominator amounts to.
    fn coefficient(&self) -> f64 {
        match self.denominator {
            ClassDenominator::Fixed(number) => Denominator::Fixed(number).coefficient(),
            ClassDenominator::WeightPlus(epsilon) => Denominator::WeightPlus(epsilon).coefficient(),
            _ => 1.0,
        }
    }

    fn denominator<const C: usize>(&self, totals: &ClassTotals<C>, class_weight: &TermSum) -> f64 {
        match self.denominator {
            ClassDenominator::ClassWeight => class_weight.to_f64(),
            ClassDenominator::Weight => totals.weight,
            // The reason is the same as for a binary loss.
            ClassDenominator::WeightPlus(_) if totals.weight == 0.0 => 0.0,
            ClassDenominator::WeightPlus(epsilon) => totals.weight + epsilon,
            ClassDenominator::Pixels => totals.pixels,
            ClassDenominator::PixelsTimesClasses => totals.pixels * totals.classes as f64,
            ClassDenominator::Fixed(number) => number,
        }
    }
}

impl<P: ClassPointwise, const C: usize> ClassTerms<2, C> for ClassReduced<P> {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &ClassPixel<R, C>, weight: R) -> [R; 2] {
        [weight * self.pointwise.loss(pixel), weight * self.pointwise.class_weight(pixel)]
    }
}

impl<P: ClassPointwise, const C: usize> ClassLoss<C> for ClassReduced<P> {
    /// Σ w ℓ and Σ w w_y.
    type Sums = [TermSum; 2];
    type Slope = f32;

    fn sums(&self) -> [TermSum; 2] {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut [TermSum; 2]) {
        pixels.add(self, sums);
    }

    fn value(&self, totals: &ClassTotals<C>, [sum, class_weight]: &[TermSum; 2]) -> f64 {
        match self.denominator(totals, class_weight) {
            0.0 => 0.0,
            denominator => sum.to_f64() / denominator,
        }
    }

    fn slope(&self, totals: &ClassTotals<C>, [_, class_weight]: &[TermSum; 2], factor: f64) -> f32 {
        match self.denominator(totals, class_weight) {
            0.0 => 0.0,
            denominator => coefficient(factor / denominator),
        }
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slope: &f32, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        self.pointwise.add_slope(pixel, R::splat(*slope), gradient);
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &[TermSum; 2]) -> Option<Part> {
        (index == 0).then(|| Part { name: P::NAME, coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn total_coefficient(&self) -> f64 {
        self.coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name(P::NAME);
        self.pointwise.fingerprint(fingerprint);
        match self.denominator {
            ClassDenominator::ClassWeight => fingerprint.name("class weight"),
            ClassDenominator::Weight => fingerprint.name("weight"),
            ClassDenominator::WeightPlus(epsilon) => fingerprint.name("weight plus").number(epsilon),
            ClassDenominator::Pixels => fingerprint.name("pixels"),
            ClassDenominator::PixelsTimesClasses => fingerprint.name("pixels times classes"),
            ClassDenominator::Fixed(number) => fingerprint.name("fixed").number(number),
        };
    }
}

combinable!([P: ClassPointwise,] ClassReduced<P>);

/// The denominator of a pointwise loss over classes; losses differ in the default.
pub(crate) const fn class_reduction(default: &'static str) -> ParameterFacts {
    word(
        "reduction",
        default,
        &["weighted_mean", "mean", "sum", "pixels", "pixels_and_classes"],
        "what Σ w ℓ is divided by: weighted_mean = Σ w w_y, w_y the class weights (PyTorch); mean = Σ w; sum = 1; pixels = \
         the number of pixels, ignored ones included; pixels_and_classes = that times the number of classes (MONAI's focal loss)",
    )
}

impl FromArguments for ClassDenominator {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("reduction") {
            "mean" => ClassDenominator::Weight,
            "sum" => ClassDenominator::Fixed(1.0),
            "pixels" => ClassDenominator::Pixels,
            "pixels_and_classes" => ClassDenominator::PixelsTimesClasses,
            _ => ClassDenominator::ClassWeight,
        })
    }
}

/// Whether a pointwise loss uses given class weights.
pub(crate) const CLASS_WEIGHTS: ParameterFacts = word(
    "weights",
    "multiply",
    &["multiply", "none"],
    "multiply = the loss of a pixel times its class's weight from --class-weights; none = without weights",
);
