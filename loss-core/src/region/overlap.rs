//! The forms of the overlap: how a pixel's prediction and target agree and differ.

use super::similarity::EMPTY_MASK;
use super::user::ByTarget;
use crate::facts::{Arguments, BuildError, FromArguments, ParameterFacts, word};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::loss::passes::OfPixel;
use crate::number::finite::coefficient;
use crate::number::real::Real;
use crate::sums::batch::{Batch, Terms};
use crate::sums::exact::TermSum;
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// A form of the overlap: the sums of agreement and errors behind a similarity score.
///
/// A similarity score has two sums, the overlap I and the errors E = α(P − I) + β(T − I). Both are summed from small
/// quantities, so a loss near 0 keeps its relative accuracy.
pub trait Overlap: Clone + core::fmt::Debug {
    /// The sums needed beside the [`Totals`].
    type Sums: Sums;

    /// Empty sums.
    fn sums(&self) -> Self::Sums;

    /// Adds valid pixels. The weights of the two errors are α and β.
    fn add<B: Batch>(&self, errors: [f32; 2], pixels: &B, sums: &mut Self::Sums);

    /// Whether [`add`](Self::add) reads −ln p or −ln (1−p) of a pixel, see [`Loss::needs_logarithms`](crate::Loss::needs_logarithms).
    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        true
    }

    /// I and E.
    fn finish(&self, errors: [f64; 2], totals: &Totals, sums: &Self::Sums) -> [f64; 2];

    /// ∂/∂x of slope_I·I + slope_E·E at a pixel of weight 1.
    fn gradient<R: Real>(&self, slope: &OverlapSlope, pixel: &Pixel<R>) -> R;

    /// Adds what distinguishes the form from others.
    fn fingerprint(&self, fingerprint: &mut Fingerprint);
}

/// The slope of a loss by the sums of an [`Overlap`], with the weights of the errors.
#[derive(Clone, Copy, Debug)]
pub struct OverlapSlope {
    /// ∂L/∂I.
    pub(crate) overlap: f64,
    /// ∂L/∂E.
    pub(crate) errors: f64,
    /// ∂L/∂I − β·∂L/∂E: the slope at a foreground pixel of the product form.
    foreground: f32,
    /// α·∂L/∂E: the slope at a background pixel of the product form.
    background: f32,
    alpha: f32,
    beta: f32,
}

impl OverlapSlope {
    /// Makes it of ∂L/∂I and ∂L/∂E.
    #[must_use]
    pub fn new(overlap: f64, errors: f64, [alpha, beta]: [f64; 2]) -> Self {
        Self {
            overlap,
            errors,
            foreground: coefficient(overlap - beta * errors),
            background: coefficient(alpha * errors),
            alpha: alpha as f32,
            beta: beta as f32,
        }
    }

    /// The slopes of the product form at a foreground and a background pixel.
    #[inline(always)]
    pub(crate) fn by_target(&self) -> ByTarget {
        ByTarget([self.foreground, self.background])
    }
}

/// The product form, the common one: I = Σ w p t, P = Σ w p, T = Σ w t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Product;

impl Overlap for Product {
    type Sums = ();

    fn sums(&self) {}

    #[inline(always)]
    fn add<B: Batch>(&self, _: [f32; 2], _: &B, (): &mut ()) {}

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        false
    }

    fn finish(&self, [alpha, beta]: [f64; 2], totals: &Totals, (): &()) -> [f64; 2] {
        let soft = &totals.soft;
        [soft.true_positive, alpha * soft.false_positive + beta * soft.false_negative]
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &OverlapSlope, pixel: &Pixel<R>) -> R {
        slope.by_target().gradient(pixel)
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("product");
    }
}

/// I and E from sums whose terms may have any sign. No pixels have a negative overlap, but a loaded state can.
fn finish(overlap: &TermSum, errors: &TermSum) -> [f64; 2] {
    [overlap.to_f64().max(0.0), errors.to_f64()]
}

/// The squared form of V-Net: I = Σ w p t, P = Σ w p², T = Σ w t².
///
/// Milletari et al., *V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation*, 2016.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Squared;

struct SquaredTerms([f32; 2]);

impl Terms<2> for SquaredTerms {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 2] {
        let Self([alpha, beta]) = *self;
        // α(p² − pt) + β(t² − pt) = d(αd + (α−β)t) with d = p − t; nothing cancels if α = β.
        let d = pixel.difference();
        let errors = d * (R::splat(alpha) * d + R::splat(alpha - beta) * pixel.target);
        [weight * (pixel.p * pixel.target), weight * errors]
    }
}

impl Overlap for Squared {
    type Sums = [TermSum; 2];

    fn sums(&self) -> Self::Sums {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: Batch>(&self, errors: [f32; 2], pixels: &B, sums: &mut Self::Sums) {
        pixels.add(&SquaredTerms(errors), sums);
    }

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        false
    }

    fn finish(&self, _: [f64; 2], _: &Totals, [overlap, errors]: &Self::Sums) -> [f64; 2] {
        finish(overlap, errors)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &OverlapSlope, pixel: &Pixel<R>) -> R {
        // ∂E/∂p = α(2p − t) − βt = 2αd + (α−β)t
        let d = pixel.difference();
        let alpha_minus_beta = R::splat(slope.alpha - slope.beta);
        let by_errors = R::splat(slope.alpha + slope.alpha) * d + alpha_minus_beta * pixel.target;
        let by_overlap = R::splat(coefficient(slope.overlap)) * pixel.target;
        (by_overlap + R::splat(coefficient(slope.errors)) * by_errors) * pixel.p_slope
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("squared");
    }
}

/// The minimum form: I = Σ w min(p, t), P = Σ w p, T = Σ w t. The Dice loss of a soft label against itself is 0, as in the [`Squared`] form.
///
/// For hard targets it equals [`Product`]. Where p = t the slope of the minimum is defined as ½.
///
/// Wang et al., *Dice Semimetric Losses: Optimizing the Dice Score with Soft Labels*, 2023.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minimum;

struct MinimumTerms([f32; 2]);

impl Terms<2> for MinimumTerms {
    #[inline(always)]
    fn terms<R: Real>(&self, pixel: &Pixel<R>, weight: R) -> [R; 2] {
        let Self([alpha, beta]) = *self;
        let d = pixel.difference();
        let errors = R::select(d.ge(R::splat(0.0)), R::splat(alpha) * d, -(R::splat(beta) * d));
        [weight * pixel.p.min(pixel.target), weight * errors]
    }
}

impl Overlap for Minimum {
    type Sums = [TermSum; 2];

    fn sums(&self) -> Self::Sums {
        [TermSum::ZERO; 2]
    }

    #[inline(always)]
    fn add<B: Batch>(&self, errors: [f32; 2], pixels: &B, sums: &mut Self::Sums) {
        pixels.add(&MinimumTerms(errors), sums);
    }

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        false
    }

    fn finish(&self, _: [f64; 2], _: &Totals, [overlap, errors]: &Self::Sums) -> [f64; 2] {
        finish(overlap, errors)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &OverlapSlope, pixel: &Pixel<R>) -> R {
        let (zero, half) = (R::splat(0.0), R::splat(0.5));
        let over = R::splat(slope.background);
        let under = R::splat(slope.foreground);
        let d = pixel.difference();
        let tie = half * over + half * under;
        R::select(d.ge(zero), R::select(zero.ge(d), tie, over), under) * pixel.p_slope
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("minimum");
    }
}

/// A form chosen at run time. States and fingerprints equal those of the same loss with [`Product`], [`Squared`] or [`Minimum`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnyOverlap {
    /// The form [`Product`].
    #[default]
    Product,
    /// The form [`Squared`].
    Squared,
    /// The form [`Minimum`].
    Minimum,
}

impl Overlap for AnyOverlap {
    /// The sums of the form; the product form has none of its own.
    type Sums = Option<[TermSum; 2]>;

    fn sums(&self) -> Self::Sums {
        match self {
            AnyOverlap::Product => None,
            AnyOverlap::Squared => Some(Squared.sums()),
            AnyOverlap::Minimum => Some(Minimum.sums()),
        }
    }

    #[inline(always)]
    fn add<B: Batch>(&self, errors: [f32; 2], pixels: &B, sums: &mut Self::Sums) {
        match (self, sums) {
            (AnyOverlap::Squared, Some(sums)) => Squared.add(errors, pixels, sums),
            (AnyOverlap::Minimum, Some(sums)) => Minimum.add(errors, pixels, sums),
            // The product form has no sums; the other forms always meet the sums that they made themselves.
            _ => {}
        }
    }

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        false
    }

    fn finish(&self, errors: [f64; 2], totals: &Totals, sums: &Self::Sums) -> [f64; 2] {
        match (self, sums) {
            (AnyOverlap::Squared, Some(sums)) => Squared.finish(errors, totals, sums),
            (AnyOverlap::Minimum, Some(sums)) => Minimum.finish(errors, totals, sums),
            _ => Product.finish(errors, totals, &()),
        }
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &OverlapSlope, pixel: &Pixel<R>) -> R {
        match self {
            AnyOverlap::Product => Product.gradient(slope, pixel),
            AnyOverlap::Squared => Squared.gradient(slope, pixel),
            AnyOverlap::Minimum => Minimum.gradient(slope, pixel),
        }
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self {
            AnyOverlap::Product => Product.fingerprint(fingerprint),
            AnyOverlap::Squared => Squared.fingerprint(fingerprint),
            AnyOverlap::Minimum => Minimum.fingerprint(fingerprint),
        }
    }
}

/// The form of the overlap, and the loss of an empty mask.
pub(crate) const OVERLAP: &[ParameterFacts] = &[
    word(
        "overlap",
        "product",
        &["product", "squared", "minimum"],
        "product: I = Σ w p t, P = Σ w p, T = Σ w t; squared (V-Net): P = Σ w p², T = Σ w t²; minimum (soft labels): I = Σ w min(p, t)",
    ),
    EMPTY_MASK,
];

impl FromArguments for AnyOverlap {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("overlap") {
            "squared" => AnyOverlap::Squared,
            "minimum" => AnyOverlap::Minimum,
            _ => AnyOverlap::Product,
        })
    }
}
