//! A loss chosen at run time, among all losses of binary pixels.

use core::{iter, mem};

use super::combine::combinable;
use super::passes::{Both, GradientPasses, OfLoss, OfPixel, OfSum};
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
    AnyOverlap, AsymmetricFocalTversky, BalancedBce, ByTarget, Dice, ExponentialLogDice, FocalTversky, Iou,
    LogCoshDice, LogDice, Mcc, Minimum, NormalisedFocal, Overlap, OverlapSlope, Squared, Tversky,
};
use crate::sums::batch::{Apart, Batch};
use crate::sums::exact::{TermSum, UnitSum};
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// The map of a loss, if losses of its kind have a map.
macro_rules! map_of {
    (Pointwise, $loss:ident, $link:ident, $plane:ident, $map:ident) => {
        Some($loss.pointwise().write_map($link, $plane, $map))
    };
    ($kind:ident, $loss:ident, $link:ident, $plane:ident, $map:ident) => {{
        let _ = $loss;
        None
    }};
}

/// Writes [`AnyLoss`], its dispatch and its list, from the names of the losses by kind.
macro_rules! any_loss {
    (
        pointwise: $($pointwise:ident)*;
        similarity: $($similarity:ident)*;
        counts: $($counts:ident)*;
        pair: $($pair:ident)*;
    ) => {
        any_loss! { @each
            $($pointwise(Reduced<$pointwise>) of Pointwise;)*
            $($similarity($similarity<AnyOverlap>) of Similarity;)*
            $($counts($counts) of Counts;)*
            $($pair($pair) of Pair;)*
        }

        impl AnyLoss {
            /// Whether the loss reads only the target and p of a pixel, so that [`AnyRegion`](crate::class::AnyRegion) can apply it to each class. These are the
            /// losses of the Dice family, MCC and asymmetric focal Tversky.
            #[must_use]
            pub const fn is_region(&self) -> bool {
                match self {
                    $(AnyLoss::$similarity(_) => true,)*
                    $(AnyLoss::$counts(_) => true,)*
                    _ => false,
                }
            }

            /// The form of the overlap, and the weights of the two errors, of a loss of the Dice family.
            fn form(&self) -> Option<(&AnyOverlap, [f32; 2])> {
                match self {
                    $(AnyLoss::$similarity(loss) => Some(loss.form()),)*
                    _ => None,
                }
            }

            /// [`Loss::add`] of a loss that [`AnyRegion`](crate::class::AnyRegion) takes. The losses of the Dice family share their sums and differ only in the function of them.
            #[inline(always)]
            pub(crate) fn add_region<B: Batch>(&self, pixels: &B, sums: &mut AnySums) {
                match (self, sums) {
                    (_, AnySums::Similarity(sums)) => {
                        if let Some((overlap, errors)) = self.form() {
                            overlap.add(errors, &Apart(pixels), sums);
                        }
                    }
                    $((AnyLoss::$counts(loss), AnySums::Counts(sums)) => loss.add(&Apart(pixels), sums),)*
                    _ => {}
                }
            }

            #[inline(always)]
            fn add_any<B: Batch>(&self, pixels: &B, sums: &mut AnySums) {
                match (self, sums) {
                    $((AnyLoss::$pointwise(loss), AnySums::Pointwise(sums)) => loss.add(&Apart(pixels), sums),)*
                    $((AnyLoss::$pair(loss), AnySums::Pair(sums)) => loss.add(&Apart(pixels), sums),)*
                    (_, sums) => self.add_region(pixels, sums),
                }
            }

            #[inline(always)]
            fn gradient_of_any<R: Real>(&self, slope: &AnySlope, pixel: &Pixel<R>) -> R {
                match (self, slope) {
                    $((AnyLoss::$pointwise(loss), AnySlope::Pointwise(slope)) => loss.gradient(slope, pixel),)*
                    $((AnyLoss::$pair(loss), AnySlope::Pair(slope)) => loss.gradient(slope, pixel),)*
                    (_, slope) => slope.region_gradient(pixel),
                }
            }

            /// Adds the pass of this loss, together with the next loss if the gradient of that one depends only on the target. Such a pair reads the pixels once, as a
            /// `bce + dice` known at compile time does. Other pairs are rare, and each would be one more loop to compile.
            fn add_pass<P: GradientPasses>(
                &self,
                slope: &AnySlope,
                with: Option<ByTarget>,
                passes: &mut P,
                last: bool,
            ) {
                match (self, slope) {
                    $((AnyLoss::$pointwise(loss), AnySlope::Pointwise(slope)) => match with {
                        None => passes.add(&OfLoss { loss, slope }, last),
                        Some(other) => passes.add(&Both(OfLoss { loss, slope }, other), last),
                    },)*
                    $((AnyLoss::$pair(loss), AnySlope::Pair(slope)) => passes.add(&OfLoss { loss, slope }, last),)*
                    (_, AnySlope::Counts(slope)) => passes.add(&ByTarget(*slope), last),
                    (_, AnySlope::Similarity((slope, overlap))) => match overlap {
                        AnyOverlap::Product => passes.add(&slope.by_target(), last),
                        AnyOverlap::Squared => passes.add(&OfOverlap(Squared, slope), last),
                        AnyOverlap::Minimum => passes.add(&OfOverlap(Minimum, slope), last),
                    },
                    // No loss has gradient 0.
                    _ => passes.add(&ByTarget([0.0; 2]), last),
                }
            }
        }
    };
    (@each $($variant:ident($loss:ty) of $kind:ident;)*) => {
        /// One of this crate's losses, chosen at run time.
        ///
        /// The choice is made once per tile of a slice, or once per pixel of a stream. If the loss is known at compile time, use its own type. An
        /// array of `AnyLoss` is a loss as well: their sum. State and fingerprint are those of the loss's own type.
        ///
        /// ```
        /// use loss_core::extend::AnyOverlap;
        /// use loss_core::{AnyLoss, Bce, Dice, Loss, Pointwise};
        ///
        /// let parts = [
        ///     AnyLoss::Bce(Bce::new().mean()).times(0.5),
        ///     AnyLoss::Dice(Dice::new(1e-5)?.overlap(AnyOverlap::Product)).times(1.0),
        /// ];
        /// let mut sums = parts.accumulator();
        /// sums.push((0.0, true));
        /// assert_eq!(sums.finish()?.parts().count(), 2);
        ///
        /// let same = 0.5 * Bce::new().mean() + Dice::new(1e-5)?;
        /// assert_eq!(sums.fingerprint(), same.accumulator().fingerprint());
        /// # Ok::<(), Box<dyn core::error::Error>>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        #[must_use]
        pub enum AnyLoss {
            $(#[doc = concat!("[`", stringify!($variant), "`].")] $variant($loss),)*
        }

        impl AnyLoss {
            /// Every loss: its facts, and the function that makes it of arguments.
            pub const LIST: &'static [Entry<Self>] = &[$(Entry {
                facts: <$loss as Listed>::FACTS,
                build: |arguments| Ok(AnyLoss::$variant(<$loss>::from_arguments(arguments)?)),
            },)*];

            /// Whether the loss is a sum over pixels, and so has a map.
            pub fn is_pointwise(&self) -> bool {
                match self {
                    $(AnyLoss::$variant(_) => <$loss as Listed>::FACTS.is_pointwise,)*
                }
            }

            /// Writes the loss of every pixel, as [`Pointwise::write_map`] does. Returns `None` and writes nothing if the loss is not a sum over
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

        // A loss only meets sums and slopes that it made itself, so the last arm of each `match` is never taken. It exists
        // because nothing may panic.
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
                self.add_any(pixels, sums);
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
                self.gradient_of_any(slope, pixel)
            }

            #[inline(always)]
            fn gradient_passes<P: GradientPasses>(&self, slope: &AnySlope, passes: P) {
                Self::sum_gradient_passes(iter::once((self, slope)), passes);
            }

            #[inline(always)]
            fn sum_gradient_passes<'a, P: GradientPasses>(
                terms: impl Iterator<Item = (&'a Self, &'a AnySlope)> + Clone,
                passes: P,
            ) where
                Self: 'a,
            {
                add_passes(terms, passes);
            }

            fn part(&self, index: usize, totals: &Totals, sums: &AnySums) -> Option<Part> {
                match (self, sums) {
                    $((AnyLoss::$variant(loss), AnySums::$kind(sums)) => loss.part(index, totals, sums),)*
                    _ => None,
                }
            }

            #[inline(always)]
            fn needs_logarithms(&self) -> bool {
                !self.is_region()
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
    pointwise: Bce Focal Poly1 AsymmetricFocal ExponentialLogCrossEntropy GeneralisedCrossEntropy QualityFocal ReducedFocal;
    similarity: Dice Iou Tversky FocalTversky LogDice LogCoshDice ExponentialLogDice;
    counts: Mcc AsymmetricFocalTversky;
    pair: BalancedBce NormalisedFocal;
}

combinable!([] AnyLoss);

/// Makes the passes of a sum of losses, from left to right.
fn add_passes<'a, P: GradientPasses>(terms: impl Iterator<Item = (&'a AnyLoss, &'a AnySlope)>, mut passes: P) {
    let mut terms = terms.peekable();
    let mut first = true;
    while let Some(mut term) = terms.next() {
        let mut next = terms.peek().copied();
        // Swapping the first two changes no bit of their sum.
        if mem::take(&mut first) && term.1.by_target().is_some() {
            if let Some(next) = next.as_mut().filter(|(_, slope)| slope.is_pointwise()) {
                mem::swap(&mut term, next);
            }
        }
        let (loss, slope) = term;
        let with = next.filter(|_| slope.is_pointwise()).and_then(|(_, next)| next.by_target());
        if with.is_some() {
            terms.next();
        }
        loss.add_pass(slope, with, &mut passes, terms.peek().is_none());
    }
    if first {
        passes.add(&ByTarget([0.0; 2]), true);
    }
}

/// The gradient of one form of the overlap.
struct OfOverlap<'a, O>(O, &'a OverlapSlope);

impl<O: Overlap> OfPixel for OfOverlap<'_, O> {
    #[inline(always)]
    fn gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        self.0.gradient(self.1, pixel)
    }
}

/// The sums of an [`AnyLoss`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnySums {
    /// The sum of a pointwise loss.
    Pointwise(TermSum),
    /// The sums of a loss of the Dice family; `None` for the product form, which needs none of its own.
    Similarity(Option<[TermSum; 2]>),
    /// The sum of a loss that counts true negatives.
    Counts(UnitSum),
    /// The sums of a loss with two sums over pixels.
    Pair([TermSum; 2]),
}

impl Sums for AnySums {
    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (AnySums::Pointwise(sums), AnySums::Pointwise(more)) => sums.merge(more),
            (AnySums::Similarity(sums), AnySums::Similarity(more)) => sums.merge(more),
            (AnySums::Counts(sums), AnySums::Counts(more)) => sums.merge(more),
            (AnySums::Pair(sums), AnySums::Pair(more)) => sums.merge(more),
            // Never reached: accumulators merge only if their fingerprints agree.
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
    /// The slope of a pointwise loss.
    Pointwise(f32),
    /// The slope of a loss of the Dice family.
    Similarity((OverlapSlope, AnyOverlap)),
    /// The slope of a loss that counts true negatives.
    Counts([f32; 2]),
    /// The slope of a loss with two sums over pixels.
    Pair([f32; 2]),
}

impl AnySlope {
    fn is_pointwise(&self) -> bool {
        matches!(self, AnySlope::Pointwise(_))
    }

    /// The gradient, if it depends only on the target of a pixel.
    fn by_target(&self) -> Option<ByTarget> {
        match self {
            AnySlope::Similarity((slope, AnyOverlap::Product)) => Some(slope.by_target()),
            AnySlope::Counts(slope) => Some(ByTarget(*slope)),
            _ => None,
        }
    }

    /// The gradient of a loss that [`AnyRegion`](crate::class::AnyRegion) takes.
    #[inline(always)]
    pub(crate) fn region_gradient<R: Real>(&self, pixel: &Pixel<R>) -> R {
        match self {
            AnySlope::Similarity((slope, overlap)) => overlap.gradient(slope, pixel),
            AnySlope::Counts(slope) => ByTarget(*slope).gradient(pixel),
            _ => R::splat(0.0),
        }
    }
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
        OfSum(self.iter().zip(slope)).gradient(pixel)
    }

    #[inline(always)]
    fn gradient_passes<P: GradientPasses>(&self, slope: &Self::Slope, passes: P) {
        L::sum_gradient_passes(self.iter().zip(slope), passes);
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

    #[inline(always)]
    fn needs_logarithms(&self) -> bool {
        self.iter().any(L::needs_logarithms)
    }

    fn total_coefficient(&self) -> f64 {
        self.iter().map(L::total_coefficient).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.iter().for_each(|loss| fingerprint.loss(1.0, |fingerprint| loss.fingerprint(fingerprint)));
    }
}
