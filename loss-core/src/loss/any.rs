//! Losses that are chosen at run time.

use super::combine::combinable;
use super::reduction::Reduced;
use super::{Loss, Part};
use crate::error::LengthError;
use crate::facts::{Entry, FromArguments, Listed};
use crate::fingerprint::Fingerprint;
use crate::input::link::Link;
use crate::input::pixel::Pixel;
use crate::input::plane::Plane;
use crate::input::sample::Target;
use crate::number::real::Real;
use crate::pointwise::{
    AsymmetricFocal, Bce, ExponentialLogCrossEntropy, Focal, GeneralisedCrossEntropy, Pointwise, Poly1, QualityFocal,
    ReducedFocal,
};
use crate::region::{
    AnyOverlap, AsymmetricFocalTversky, BalancedBce, Dice, ExponentialLogDice, FocalTversky, Iou, LogCoshDice, LogDice,
    Mcc, NormalisedFocal, OverlapSlope, Tversky,
};
use crate::sums::batch::Batch;
use crate::sums::exact::{TermSum, UnitSum};
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// The map of a loss, if losses of its kind have one.
macro_rules! map_of {
    (Pointwise, $loss:ident, $link:ident, $plane:ident, $map:ident) => {
        Some($loss.pointwise().write_map($link, $plane, $map))
    };
    ($kind:ident, $loss:ident, $link:ident, $plane:ident, $map:ident) => {{
        let _ = $loss;
        None
    }};
}

/// Writes [`AnyLoss`] and its dispatch from the list of losses; after each stands the kind of its sums and slope.
macro_rules! any_loss {
    ($($(#[$doc:meta])* $variant:ident($loss:ty) with $kind:ident;)*) => {
        /// One of this crate's losses, with parameters that are known at run time alone.
        ///
        /// A `match` stands before each pixel; where the loss is known at compile time, use its own type. An array of
        /// them is a loss as well: their sum.
        ///
        /// ```
        /// use loss_core::{AnyLoss, AnyOverlap, Bce, Dice, Loss, Pointwise};
        ///
        /// let parts = [
        ///     AnyLoss::Bce(Bce::new().mean()).times(0.5),
        ///     AnyLoss::Dice(Dice::new(1e-5)?.overlap(AnyOverlap::Product)).times(1.0),
        /// ];
        /// let mut sums = parts.accumulator();
        /// sums.push((0.0, true));
        /// assert_eq!(sums.finish()?.parts().count(), 2);
        /// # Ok::<(), Box<dyn core::error::Error>>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        #[must_use]
        pub enum AnyLoss {
            $($(#[$doc])* $variant($loss),)*
        }

        impl AnyLoss {
            /// A row for each loss: what there is to say of it, and how it is made of arguments.
            pub const LIST: &'static [Entry<Self>] = &[$(Entry {
                facts: <$loss as Listed>::FACTS,
                build: |arguments| Ok(AnyLoss::$variant(<$loss>::from_arguments(arguments)?)),
            },)*];

            /// Whether the loss is a sum over pixels, so that there is a map of it.
            pub fn is_pointwise(&self) -> bool {
                match self {
                    $(AnyLoss::$variant(_) => <$loss as Listed>::FACTS.is_pointwise,)*
                }
            }

            /// Writes the loss of every pixel as [`Pointwise::write_map`] does; `None`, and nothing is written, if the loss is no sum over
            /// pixels.
            pub fn write_map<K: Link, T: Target>(
                &self,
                link: &K,
                plane: Plane<'_, T>,
                map: &mut [f32],
            ) -> Option<Result<(), LengthError>> {
                match self {
                    $(AnyLoss::$variant(loss) => map_of!($kind, loss, link, plane, map),)*
                }
            }
        }

        // A loss meets the sums and slopes that it made itself, so the last arm of each `match` is never taken; it is
        // there because nothing may panic.
        impl Loss for AnyLoss {
            type Sums = AnySums;
            type Slope = AnySlope;

            fn sums(&self) -> AnySums {
                match self {
                    $(AnyLoss::$variant(loss) => AnySums::$kind(loss.sums()),)*
                }
            }

            #[inline(always)]
            fn add<B: Batch>(&self, pixels: &B, sums: &mut AnySums) {
                match (self, sums) {
                    $((AnyLoss::$variant(loss), AnySums::$kind(sums)) => loss.add(pixels, sums),)*
                    _ => {}
                }
            }

            fn value(&self, totals: &Totals, sums: &AnySums) -> f64 {
                match (self, sums) {
                    $((AnyLoss::$variant(loss), AnySums::$kind(sums)) => loss.value(totals, sums),)*
                    _ => 0.0,
                }
            }

            fn slope(&self, totals: &Totals, sums: &AnySums, factor: f64) -> AnySlope {
                match (self, sums) {
                    $((AnyLoss::$variant(loss), AnySums::$kind(sums)) => {
                        AnySlope::$kind(loss.slope(totals, sums, factor))
                    })*
                    _ => AnySlope::Pointwise(0.0),
                }
            }

            #[inline(always)]
            fn gradient<R: Real>(&self, slope: &AnySlope, pixel: &Pixel<R>) -> R {
                match (self, slope) {
                    $((AnyLoss::$variant(loss), AnySlope::$kind(slope)) => loss.gradient(slope, pixel),)*
                    _ => R::splat(0.0),
                }
            }

            fn part(&self, index: usize, totals: &Totals, sums: &AnySums) -> Option<Part> {
                match (self, sums) {
                    $((AnyLoss::$variant(loss), AnySums::$kind(sums)) => loss.part(index, totals, sums),)*
                    _ => None,
                }
            }

            fn total_coefficient(&self) -> f64 {
                match self {
                    $(AnyLoss::$variant(loss) => loss.total_coefficient(),)*
                }
            }

            fn fingerprint(&self, fingerprint: &mut Fingerprint) {
                match self {
                    $(AnyLoss::$variant(loss) => loss.fingerprint(fingerprint),)*
                }
            }
        }
    };
}

any_loss! {
    /// [`Bce`].
    Bce(Reduced<Bce>) with Pointwise;
    /// [`Focal`].
    Focal(Reduced<Focal>) with Pointwise;
    /// [`Poly1`].
    Poly1(Reduced<Poly1>) with Pointwise;
    /// [`Dice`].
    Dice(Dice<AnyOverlap>) with Similarity;
    /// [`Iou`].
    Iou(Iou<AnyOverlap>) with Similarity;
    /// [`Tversky`].
    Tversky(Tversky<AnyOverlap>) with Similarity;
    /// [`FocalTversky`].
    FocalTversky(FocalTversky<AnyOverlap>) with Similarity;
    /// [`LogDice`].
    LogDice(LogDice<AnyOverlap>) with Similarity;
    /// [`LogCoshDice`].
    LogCoshDice(LogCoshDice<AnyOverlap>) with Similarity;
    /// [`Mcc`].
    Mcc(Mcc) with Counts;
    /// [`AsymmetricFocal`].
    AsymmetricFocal(Reduced<AsymmetricFocal>) with Pointwise;
    /// [`ExponentialLogCrossEntropy`].
    ExponentialLogCrossEntropy(Reduced<ExponentialLogCrossEntropy>) with Pointwise;
    /// [`GeneralisedCrossEntropy`].
    GeneralisedCrossEntropy(Reduced<GeneralisedCrossEntropy>) with Pointwise;
    /// [`QualityFocal`].
    QualityFocal(Reduced<QualityFocal>) with Pointwise;
    /// [`ReducedFocal`].
    ReducedFocal(Reduced<ReducedFocal>) with Pointwise;
    /// [`ExponentialLogDice`].
    ExponentialLogDice(ExponentialLogDice<AnyOverlap>) with Similarity;
    /// [`AsymmetricFocalTversky`].
    AsymmetricFocalTversky(AsymmetricFocalTversky) with Counts;
    /// [`BalancedBce`].
    BalancedBce(BalancedBce) with Pair;
    /// [`NormalisedFocal`].
    NormalisedFocal(NormalisedFocal) with Pair;
}

combinable!([] AnyLoss);

/// The sums of an [`AnyLoss`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnySums {
    /// Of a pointwise loss.
    Pointwise(TermSum),
    /// Of a loss of the Dice family, whose product form has none.
    Similarity(Option<[TermSum; 2]>),
    /// Of a loss that counts true negatives.
    Counts(UnitSum),
    /// Of a loss of two sums over pixels.
    Pair([TermSum; 2]),
}

impl Sums for AnySums {
    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (AnySums::Pointwise(sums), AnySums::Pointwise(more)) => sums.merge(more),
            (AnySums::Similarity(sums), AnySums::Similarity(more)) => sums.merge(more),
            (AnySums::Counts(sums), AnySums::Counts(more)) => sums.merge(more),
            (AnySums::Pair(sums), AnySums::Pair(more)) => sums.merge(more),
            // Accumulators merge only if their fingerprints agree.
            _ => {}
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        match self {
            AnySums::Pointwise(sums) => sums.save(to),
            AnySums::Similarity(sums) => sums.save(to),
            AnySums::Counts(sums) => sums.save(to),
            AnySums::Pair(sums) => sums.save(to),
        }
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        match self {
            AnySums::Pointwise(sums) => sums.load(from),
            AnySums::Similarity(sums) => sums.load(from),
            AnySums::Counts(sums) => sums.load(from),
            AnySums::Pair(sums) => sums.load(from),
        }
    }

    fn is_saturated(&self) -> bool {
        match self {
            AnySums::Pointwise(sums) => sums.is_saturated(),
            AnySums::Counts(sums) => sums.is_saturated(),
            AnySums::Similarity(sums) => sums.is_saturated(),
            AnySums::Pair(sums) => sums.is_saturated(),
        }
    }
}

/// The slope of an [`AnyLoss`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum AnySlope {
    /// Of a pointwise loss.
    Pointwise(f32),
    /// Of a loss of the Dice family.
    Similarity((OverlapSlope, AnyOverlap)),
    /// Of a loss that counts true negatives.
    Counts([f32; 2]),
    /// Of a loss of two sums over pixels.
    Pair([f32; 2]),
}

impl<L: Loss, const N: usize> Loss for [L; N] {
    type Sums = [L::Sums; N];
    type Slope = [L::Slope; N];

    fn sums(&self) -> Self::Sums {
        core::array::from_fn(|i| self[i].sums())
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut Self::Sums) {
        self.iter().zip(sums).for_each(|(loss, sums)| loss.add(pixels, sums));
    }

    fn value(&self, totals: &Totals, sums: &Self::Sums) -> f64 {
        self.iter().zip(sums).map(|(loss, sums)| loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &Totals, sums: &Self::Sums, factor: f64) -> Self::Slope {
        core::array::from_fn(|i| self[i].slope(totals, &sums[i], factor))
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &Self::Slope, pixel: &Pixel<R>) -> R {
        self.iter().zip(slope).fold(R::splat(0.0), |sum, (loss, slope)| sum + loss.gradient(slope, pixel))
    }

    fn part_count(&self) -> usize {
        self.iter().map(L::part_count).sum()
    }

    fn part(&self, mut index: usize, totals: &Totals, sums: &Self::Sums) -> Option<Part> {
        for (loss, sums) in self.iter().zip(sums) {
            match index.checked_sub(loss.part_count()) {
                None => return loss.part(index, totals, sums),
                Some(rest) => index = rest,
            }
        }
        None
    }

    fn total_coefficient(&self) -> f64 {
        self.iter().map(L::total_coefficient).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.iter().for_each(|loss| fingerprint.loss(1.0, |fingerprint| loss.fingerprint(fingerprint)));
    }
}
