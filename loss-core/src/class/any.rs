//! A loss over classes chosen at run time.

use super::batch::{ClassBatch, ClassSlopes};
use super::cross_entropy::CrossEntropy;
use super::focal::SoftmaxFocal;
use super::generalised_dice::GeneralisedDice;
use super::loss::{ClassLoss, ClassPointwise};
use super::per_class::PerClass;
use super::pixel::ClassPixel;
use super::reduction::ClassReduced;
use super::sums::ClassTotals;
use super::weights::{AnyClassSet, ClassSet, ClassWeights, Equal};
use crate::fingerprint::Fingerprint;
use crate::input::pixel::Pixel;
use crate::loss::any::{AnyLoss, AnySlope, AnySums};
use crate::loss::combine::combinable;
use crate::loss::{Loss, Part};
use crate::number::real::Real;
use crate::region::RegionFamily;
use crate::sums::batch::Batch;
use crate::sums::exact::TermSum;
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// A region loss chosen at run time, which [`PerClass`] applies to each class.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct AnyRegion(AnyLoss);

impl AnyRegion {
    /// Wraps a loss for which [`is_region`](AnyLoss::is_region) is true. Any other loss has no sums here, and is 0 with no gradient.
    pub const fn new(loss: AnyLoss) -> Self {
        Self(loss)
    }

    /// The loss.
    pub const fn loss(&self) -> &AnyLoss {
        &self.0
    }
}

impl Loss for AnyRegion {
    type Sums = AnySums;
    type Slope = AnySlope;

    fn sums(&self) -> AnySums {
        self.0.sums()
    }

    #[inline(always)]
    fn add<B: Batch>(&self, pixels: &B, sums: &mut AnySums) {
        self.0.add_region(pixels, sums);
    }

    fn value(&self, totals: &Totals, sums: &AnySums) -> f64 {
        self.0.value(totals, sums)
    }

    fn slope(&self, totals: &Totals, sums: &AnySums, factor: f64) -> AnySlope {
        self.0.slope(totals, sums, factor)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, slope: &AnySlope, pixel: &Pixel<R>) -> R {
        slope.region_gradient(pixel)
    }

    fn part(&self, index: usize, totals: &Totals, sums: &AnySums) -> Option<Part> {
        self.0.part(index, totals, sums)
    }

    fn total_coefficient(&self) -> f64 {
        self.0.total_coefficient()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        self.0.fingerprint(fingerprint);
    }
}

impl RegionFamily for AnyRegion {}

combinable!([] AnyRegion);

/// One of this crate's losses over classes, chosen at run time, as [`AnyLoss`] is for one class.
///
/// `W` are class weights and `S` the classes that count; an `Option` of weights and [`AnyClassSet`] are chosen at run time as well. State and fingerprint
/// are those of the loss's own type. [`WassersteinDice`](super::WassersteinDice) is missing, because its matrix of distances has the number of classes in its type.
///
/// ```
/// use loss_core::class::{AnyClassLoss, AnyClassSet, AnyRegion, ClassLoss, Foreground, PerClass};
/// use loss_core::extend::AnyOverlap;
/// use loss_core::{AnyLoss, Dice};
///
/// let dice = Dice::new(1e-5)?;
/// let region = AnyRegion::new(AnyLoss::Dice(dice.overlap(AnyOverlap::Product)));
/// let any = AnyClassLoss::PerClass(PerClass::new(region).classes(AnyClassSet::Foreground));
/// let same = PerClass::new(dice).classes(Foreground);
/// let (any, same) = (ClassLoss::<3>::class_accumulator(&any), ClassLoss::<3>::class_accumulator(&same));
/// assert_eq!(any.fingerprint(), same.fingerprint());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[must_use]
pub enum AnyClassLoss<W = Equal, S = AnyClassSet> {
    /// A [`CrossEntropy`].
    CrossEntropy(ClassReduced<CrossEntropy<W>>),
    /// A [`SoftmaxFocal`].
    SoftmaxFocal(ClassReduced<SoftmaxFocal<W>>),
    /// A [`PerClass`].
    PerClass(PerClass<AnyRegion, W, S>),
    /// A [`GeneralisedDice`].
    GeneralisedDice(GeneralisedDice<S>),
}

combinable!([W: ClassWeights, S: ClassSet,] AnyClassLoss<W, S>);

/// The sums of an [`AnyClassLoss`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "nothing here allocates")]
pub enum AnyClassSums<const C: usize> {
    /// The sums of a pointwise loss.
    Pointwise([TermSum; 2]),
    /// The sums of a region loss of each class.
    PerClass([AnySums; C]),
    /// A loss without sums of its own.
    None,
}

impl<const C: usize> Sums for AnyClassSums<C> {
    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (AnyClassSums::Pointwise(sums), AnyClassSums::Pointwise(more)) => Sums::merge(sums, more),
            (AnyClassSums::PerClass(sums), AnyClassSums::PerClass(more)) => Sums::merge(sums, more),
            // Never reached: accumulators merge only if their fingerprints agree.
            _ => {}
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        match self {
            AnyClassSums::Pointwise(sums) => sums.save(to),
            AnyClassSums::PerClass(sums) => sums.save(to),
            AnyClassSums::None => {}
        }
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        match self {
            AnyClassSums::Pointwise(sums) => sums.load(from),
            AnyClassSums::PerClass(sums) => sums.load(from),
            AnyClassSums::None => Some(()),
        }
    }

    fn is_saturated(&self) -> bool {
        match self {
            AnyClassSums::Pointwise(sums) => sums.is_saturated(),
            AnyClassSums::PerClass(sums) => sums.is_saturated(),
            AnyClassSums::None => false,
        }
    }
}

/// The slope of an [`AnyClassLoss`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "nothing here allocates")]
pub enum AnyClassSlope<const C: usize> {
    /// The slope of a pointwise loss.
    Pointwise(f32),
    /// The slopes of a region loss: of each class its slope and the factor of its sums.
    PerClass([Option<(AnySlope, f32)>; C]),
    /// The slope of generalised Dice.
    GeneralisedDice([[f32; 2]; C]),
}

impl<W: ClassWeights, S: ClassSet> AnyClassLoss<W, S> {
    /// The loss of a pixel before its reduction; `None` if the loss is not a sum over pixels.
    pub fn of_pixel<R: Real, const C: usize>(&self, pixel: &ClassPixel<R, C>) -> Option<R> {
        match self {
            AnyClassLoss::CrossEntropy(loss) => Some(loss.pointwise().loss(pixel)),
            AnyClassLoss::SoftmaxFocal(loss) => Some(loss.pointwise().loss(pixel)),
            AnyClassLoss::PerClass(_) | AnyClassLoss::GeneralisedDice(_) => None,
        }
    }
}

// A loss only meets sums and slopes that it made itself. The last arms exist because nothing may panic.
impl<W: ClassWeights, S: ClassSet, const C: usize> ClassLoss<C> for AnyClassLoss<W, S> {
    type Sums = AnyClassSums<C>;
    type Slope = AnyClassSlope<C>;

    fn sums(&self) -> AnyClassSums<C> {
        match self {
            AnyClassLoss::CrossEntropy(loss) => AnyClassSums::Pointwise(ClassLoss::<C>::sums(loss)),
            AnyClassLoss::SoftmaxFocal(loss) => AnyClassSums::Pointwise(ClassLoss::<C>::sums(loss)),
            AnyClassLoss::PerClass(loss) => AnyClassSums::PerClass(loss.sums()),
            AnyClassLoss::GeneralisedDice(_) => AnyClassSums::None,
        }
    }

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut AnyClassSums<C>) {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSums::Pointwise(sums)) => loss.add(pixels, sums),
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSums::Pointwise(sums)) => loss.add(pixels, sums),
            (AnyClassLoss::PerClass(loss), AnyClassSums::PerClass(sums)) => loss.add(pixels, sums),
            _ => {}
        }
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &AnyClassSums<C>) -> f64 {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSums::Pointwise(sums)) => loss.value(totals, sums),
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSums::Pointwise(sums)) => loss.value(totals, sums),
            (AnyClassLoss::PerClass(loss), AnyClassSums::PerClass(sums)) => loss.value(totals, sums),
            (AnyClassLoss::GeneralisedDice(loss), _) => loss.value(totals, &()),
            _ => 0.0,
        }
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &AnyClassSums<C>, factor: f64) -> AnyClassSlope<C> {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSums::Pointwise(sums)) => {
                AnyClassSlope::Pointwise(loss.slope(totals, sums, factor))
            }
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSums::Pointwise(sums)) => {
                AnyClassSlope::Pointwise(loss.slope(totals, sums, factor))
            }
            (AnyClassLoss::PerClass(loss), AnyClassSums::PerClass(sums)) => {
                AnyClassSlope::PerClass(loss.slope(totals, sums, factor))
            }
            (AnyClassLoss::GeneralisedDice(loss), _) => AnyClassSlope::GeneralisedDice(loss.slope(totals, &(), factor)),
            _ => AnyClassSlope::Pointwise(0.0),
        }
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slope: &AnyClassSlope<C>, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        match (self, slope) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSlope::Pointwise(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSlope::Pointwise(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            (AnyClassLoss::PerClass(loss), AnyClassSlope::PerClass(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            (AnyClassLoss::GeneralisedDice(loss), AnyClassSlope::GeneralisedDice(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn add_gradients<B: ClassSlopes<C>>(&self, slope: &AnyClassSlope<C>, pixels: &mut B) {
        match (self, slope) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSlope::Pointwise(slope)) => loss.add_gradients(slope, pixels),
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSlope::Pointwise(slope)) => loss.add_gradients(slope, pixels),
            (AnyClassLoss::PerClass(loss), AnyClassSlope::PerClass(slope)) => loss.add_gradients(slope, pixels),
            (AnyClassLoss::GeneralisedDice(loss), AnyClassSlope::GeneralisedDice(slope)) => {
                loss.add_gradients(slope, pixels);
            }
            _ => {}
        }
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &AnyClassSums<C>) -> Option<Part> {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy(loss), AnyClassSums::Pointwise(sums)) => loss.part(index, totals, sums),
            (AnyClassLoss::SoftmaxFocal(loss), AnyClassSums::Pointwise(sums)) => loss.part(index, totals, sums),
            (AnyClassLoss::PerClass(loss), AnyClassSums::PerClass(sums)) => loss.part(index, totals, sums),
            (AnyClassLoss::GeneralisedDice(loss), _) => loss.part(index, totals, &()),
            _ => None,
        }
    }

    fn total_coefficient(&self) -> f64 {
        match self {
            AnyClassLoss::CrossEntropy(loss) => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::SoftmaxFocal(loss) => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::PerClass(loss) => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::GeneralisedDice(loss) => ClassLoss::<C>::total_coefficient(loss),
        }
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self {
            AnyClassLoss::CrossEntropy(loss) => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::SoftmaxFocal(loss) => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::PerClass(loss) => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::GeneralisedDice(loss) => ClassLoss::<C>::fingerprint(loss, fingerprint),
        }
    }
}
