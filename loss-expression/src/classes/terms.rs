//! All losses over classes that were asked for, in one pass.

use std::sync::Arc;

use loss_core::{
    AnyLoss, AnySlope, AnySums, Batch, ClassBatch, ClassLoss, ClassPixel, ClassPlane, ClassPointwise, ClassReduced,
    ClassSet, ClassTotals, ClassWeights, CrossEntropy, Equal, EveryClass, Fingerprint, Foreground, GeneralisedDice,
    Label, LengthError, Loss, ParameterError, Part, PerClass, Pixel, Real, RegionFamily, SoftmaxFocal, Sums, TermSum,
    Totals, WeightMode,
};

use crate::expression::ClassesLoss;
use crate::map::MapOfTerms;
use crate::plan::Plan;

/// A weight for each class, or none for all.
#[derive(Clone, Debug)]
pub(crate) struct Weights(Option<Arc<[f64]>>);

impl Weights {
    /// These weights, one a class; `None`: 1 for each.
    pub(crate) fn new(weights: Option<&[f64]>) -> Self {
        Self(weights.map(Arc::from))
    }
}

impl ClassWeights for Weights {
    #[inline]
    fn of(&self, class: usize) -> f64 {
        match &self.0 {
            Some(weights) => weights.get(class).copied().unwrap_or(0.0),
            None => 1.0,
        }
    }

    fn out_of_range(&self) -> Option<(usize, f64)> {
        self.0.as_deref().and_then(|weights| weights.out_of_range())
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        match self.0.as_deref() {
            Some(weights) => weights.fingerprint(fingerprint),
            None => Equal.fingerprint(fingerprint),
        }
    }
}

/// All classes, or all but class 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    foreground_only: bool,
}

impl ClassSet for Kept {
    #[inline]
    fn contains(&self, class: usize) -> bool {
        class != 0 || !self.foreground_only
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        if self.foreground_only { Foreground.fingerprint(fingerprint) } else { EveryClass.fingerprint(fingerprint) }
    }
}

/// A binary region loss, chosen at run time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnyRegion(AnyLoss);

impl Loss for AnyRegion {
    type Sums = AnySums;
    type Slope = AnySlope;

    fn sums(&self) -> AnySums {
        self.0.sums()
    }

    fn add<B: Batch>(&self, pixels: &B, sums: &mut AnySums) {
        self.0.add(pixels, sums);
    }

    fn value(&self, totals: &Totals, sums: &AnySums) -> f64 {
        self.0.value(totals, sums)
    }

    fn slope(&self, totals: &Totals, sums: &AnySums, factor: f64) -> AnySlope {
        self.0.slope(totals, sums, factor)
    }

    fn gradient<R: Real>(&self, slope: &AnySlope, pixel: &Pixel<R>) -> R {
        self.0.gradient(slope, pixel)
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

/// A loss over classes, chosen at run time.
#[derive(Clone, Debug)]
enum AnyClassLoss {
    CrossEntropy {
        loss: ClassReduced<CrossEntropy<Weights>>,
        of_pixel: CrossEntropy<Weights>,
    },
    Focal {
        loss: ClassReduced<SoftmaxFocal<Weights>>,
        of_pixel: SoftmaxFocal<Weights>,
    },
    PerClass {
        loss: PerClass<AnyRegion, Weights, Kept>,
        /// Whether it has sums of its own, beside those that every accumulator keeps.
        has_sums: bool,
    },
    GeneralisedDice(GeneralisedDice<Kept>),
}

impl AnyClassLoss {
    /// `None` if it is no loss of sums.
    fn new(loss: &ClassesLoss, given: &Weights) -> Result<Option<Self>, ParameterError> {
        let weights = |takes: bool| if takes { given.clone() } else { Weights(None) };
        Ok(Some(match loss {
            ClassesLoss::CrossEntropy { loss, denominator, weighted } => {
                let of_pixel = loss.weights(weights(*weighted))?;
                AnyClassLoss::CrossEntropy { loss: of_pixel.clone().over(*denominator), of_pixel }
            }
            ClassesLoss::Focal { loss, denominator, weighted } => {
                let of_pixel = loss.weights(weights(*weighted))?;
                AnyClassLoss::Focal { loss: of_pixel.clone().over(*denominator), of_pixel }
            }
            ClassesLoss::PerClass { binary, foreground_only, absent, reduction, weights: mode } => {
                let loss = PerClass::new(AnyRegion(*binary)).absent(*absent).reduction(*reduction);
                let loss = loss.weights(weights(mode.is_some()), mode.unwrap_or(WeightMode::Multiply))?;
                let loss = loss.classes(Kept { foreground_only: *foreground_only });
                AnyClassLoss::PerClass { loss, has_sums: true }
            }
            ClassesLoss::GeneralisedDice { loss, foreground_only } => {
                AnyClassLoss::GeneralisedDice(loss.classes(Kept { foreground_only: *foreground_only }))
            }
            ClassesLoss::Ranking(_) => return Ok(None),
        }))
    }
}

type PerClassSlope<const C: usize> = <PerClass<AnyRegion, Weights, Kept> as ClassLoss<C>>::Slope;

/// The sums of a loss over classes; on the heap where they grow with C.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnyClassSums<const C: usize> {
    None,
    Pointwise([TermSum; 2]),
    PerClass(Box<[AnySums; C]>),
}

#[derive(Clone, Debug)]
pub(crate) enum AnyClassSlope<const C: usize> {
    Pointwise(f32),
    PerClass(Box<PerClassSlope<C>>),
    GeneralisedDice(Box<[[f32; 2]; C]>),
}

// A loss meets the sums and slopes that it made itself; the last arms are there because nothing may panic.
impl AnyClassLoss {
    fn sums<const C: usize>(&self) -> AnyClassSums<C> {
        match self {
            AnyClassLoss::CrossEntropy { loss, .. } => AnyClassSums::Pointwise(ClassLoss::<C>::sums(loss)),
            AnyClassLoss::Focal { loss, .. } => AnyClassSums::Pointwise(ClassLoss::<C>::sums(loss)),
            AnyClassLoss::PerClass { loss, has_sums: true } => AnyClassSums::PerClass(Box::new(loss.sums())),
            AnyClassLoss::PerClass { .. } | AnyClassLoss::GeneralisedDice(_) => AnyClassSums::None,
        }
    }

    #[inline]
    fn add<B: ClassBatch<C>, const C: usize>(&self, pixels: &B, sums: &mut AnyClassSums<C>) {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy { loss, .. }, AnyClassSums::Pointwise(sums)) => loss.add(pixels, sums),
            (AnyClassLoss::Focal { loss, .. }, AnyClassSums::Pointwise(sums)) => loss.add(pixels, sums),
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSums::PerClass(sums)) => loss.add(pixels, sums),
            _ => {}
        }
    }

    fn value<const C: usize>(&self, totals: &ClassTotals<C>, sums: &AnyClassSums<C>) -> f64 {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy { loss, .. }, AnyClassSums::Pointwise(sums)) => loss.value(totals, sums),
            (AnyClassLoss::Focal { loss, .. }, AnyClassSums::Pointwise(sums)) => loss.value(totals, sums),
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSums::PerClass(sums)) => loss.value(totals, sums),
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSums::None) => loss.value(totals, &loss.sums()),
            (AnyClassLoss::GeneralisedDice(loss), _) => loss.value(totals, &()),
            _ => 0.0,
        }
    }

    fn slope<const C: usize>(&self, totals: &ClassTotals<C>, sums: &AnyClassSums<C>, factor: f64) -> AnyClassSlope<C> {
        match (self, sums) {
            (AnyClassLoss::CrossEntropy { loss, .. }, AnyClassSums::Pointwise(sums)) => {
                AnyClassSlope::Pointwise(loss.slope(totals, sums, factor))
            }
            (AnyClassLoss::Focal { loss, .. }, AnyClassSums::Pointwise(sums)) => {
                AnyClassSlope::Pointwise(loss.slope(totals, sums, factor))
            }
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSums::PerClass(sums)) => {
                AnyClassSlope::PerClass(Box::new(loss.slope(totals, sums, factor)))
            }
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSums::None) => {
                AnyClassSlope::PerClass(Box::new(loss.slope(totals, &loss.sums(), factor)))
            }
            (AnyClassLoss::GeneralisedDice(loss), _) => {
                AnyClassSlope::GeneralisedDice(Box::new(loss.slope(totals, &(), factor)))
            }
            _ => AnyClassSlope::Pointwise(0.0),
        }
    }

    #[inline]
    fn add_gradient<R: Real, const C: usize>(
        &self,
        slope: &AnyClassSlope<C>,
        pixel: &ClassPixel<R, C>,
        gradient: &mut [R; C],
    ) {
        match (self, slope) {
            (AnyClassLoss::CrossEntropy { loss, .. }, AnyClassSlope::Pointwise(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            (AnyClassLoss::Focal { loss, .. }, AnyClassSlope::Pointwise(slope)) => {
                loss.add_gradient(slope, pixel, gradient)
            }
            (AnyClassLoss::PerClass { loss, .. }, AnyClassSlope::PerClass(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            (AnyClassLoss::GeneralisedDice(loss), AnyClassSlope::GeneralisedDice(slope)) => {
                loss.add_gradient(slope, pixel, gradient);
            }
            _ => {}
        }
    }

    fn total_coefficient<const C: usize>(&self) -> f64 {
        match self {
            AnyClassLoss::CrossEntropy { loss, .. } => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::Focal { loss, .. } => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::PerClass { loss, .. } => ClassLoss::<C>::total_coefficient(loss),
            AnyClassLoss::GeneralisedDice(loss) => ClassLoss::<C>::total_coefficient(loss),
        }
    }

    fn fingerprint<const C: usize>(&self, fingerprint: &mut Fingerprint) {
        match self {
            AnyClassLoss::CrossEntropy { loss, .. } => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::Focal { loss, .. } => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::PerClass { loss, .. } => ClassLoss::<C>::fingerprint(loss, fingerprint),
            AnyClassLoss::GeneralisedDice(loss) => ClassLoss::<C>::fingerprint(loss, fingerprint),
        }
    }
}

#[derive(Clone, Debug)]
struct Summand {
    coefficient: f64,
    loss: AnyClassLoss,
}

/// Some number of losses over the same pixels: one softmax a pixel, whatever their number.
#[derive(Clone, Debug)]
pub(crate) struct ClassTerms(Arc<[Summand]>);

impl ClassTerms {
    pub(crate) fn new(plan: &Plan<ClassesLoss>, weights: &Weights) -> Result<Self, ParameterError> {
        let summand = |(coefficient, loss): &(f64, ClassesLoss)| {
            let loss = AnyClassLoss::new(loss, weights)?;
            Ok(loss.map(|loss| Summand { coefficient: *coefficient, loss }))
        };
        plan.distinct().iter().map(summand).filter_map(Result::transpose).collect::<Result<_, _>>().map(Self)
    }

    /// The values of the losses over no pixels.
    pub(super) fn of_nothing<const C: usize>(&self, classes: usize) -> Vec<f64> {
        let totals = ClassTotals::<C> { classes, weight: 0.0, pixels: 0.0, of_class: [Totals::NONE; C] };
        self.0.iter().map(|term| term.loss.value(&totals, &term.loss.sums())).collect()
    }

    /// The sum of the maps of all terms, which must be sums over pixels.
    pub(super) fn write_map<T: Label, const C: usize>(
        &self,
        plane: ClassPlane<'_, T, C>,
        map: &mut [f32],
    ) -> Result<(), LengthError> {
        let mut map = MapOfTerms::new(map);
        for term in self.0.iter() {
            match &term.loss {
                AnyClassLoss::CrossEntropy { of_pixel, .. } => of_pixel.write_map(plane, map.part())?,
                AnyClassLoss::Focal { of_pixel, .. } => of_pixel.write_map(plane, map.part())?,
                AnyClassLoss::PerClass { .. } | AnyClassLoss::GeneralisedDice(_) => continue,
            }
            map.add(term.coefficient);
        }
        map.finish();
        Ok(())
    }
}

impl<const C: usize> ClassLoss<C> for ClassTerms {
    type Sums = ClassTermsSums<C>;
    type Slope = Vec<AnyClassSlope<C>>;

    fn sums(&self) -> ClassTermsSums<C> {
        ClassTermsSums(self.0.iter().map(|term| term.loss.sums()).collect())
    }

    #[inline]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut ClassTermsSums<C>) {
        self.0.iter().zip(&mut sums.0).for_each(|(term, sums)| term.loss.add(pixels, sums));
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>) -> f64 {
        self.0.iter().zip(&sums.0).map(|(term, sums)| term.coefficient * term.loss.value(totals, sums)).sum()
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>, factor: f64) -> Vec<AnyClassSlope<C>> {
        let terms = self.0.iter().zip(&sums.0);
        terms.map(|(term, sums)| term.loss.slope(totals, sums, factor * term.coefficient)).collect()
    }

    #[inline]
    fn add_gradient<R: Real>(&self, slopes: &Vec<AnyClassSlope<C>>, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        self.0.iter().zip(slopes).for_each(|(term, slope)| term.loss.add_gradient(slope, pixel, gradient));
    }

    fn part_count(&self) -> usize {
        self.0.len()
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &ClassTermsSums<C>) -> Option<Part> {
        let (term, sums) = self.0.iter().zip(&sums.0).nth(index)?;
        Some(Part { name: "term", coefficient: term.coefficient, value: term.loss.value(totals, sums) })
    }

    fn total_coefficient(&self) -> f64 {
        self.0.iter().map(|term| term.coefficient.abs() * term.loss.total_coefficient::<C>()).sum()
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        for term in self.0.iter() {
            fingerprint.loss(term.coefficient, |fingerprint| term.loss.fingerprint::<C>(fingerprint));
        }
    }
}

/// The sums of [`ClassTerms`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClassTermsSums<const C: usize>(Vec<AnyClassSums<C>>);

impl<const C: usize> Sums for ClassTermsSums<C> {
    fn merge(&mut self, other: &Self) {
        for (sums, more) in self.0.iter_mut().zip(&other.0) {
            match (sums, more) {
                (AnyClassSums::Pointwise(sums), AnyClassSums::Pointwise(more)) => sums.merge(more),
                (AnyClassSums::PerClass(sums), AnyClassSums::PerClass(more)) => sums.merge(more),
                // Accumulators merge only if their fingerprints agree.
                _ => {}
            }
        }
    }

    fn save(&self, to: &mut impl FnMut(i64)) {
        for sums in &self.0 {
            match sums {
                AnyClassSums::None => {}
                AnyClassSums::Pointwise(sums) => sums.save(to),
                AnyClassSums::PerClass(sums) => sums.save(to),
            }
        }
    }

    fn load(&mut self, from: &mut impl Iterator<Item = i64>) -> Option<()> {
        self.0.iter_mut().try_for_each(|sums| match sums {
            AnyClassSums::None => Some(()),
            AnyClassSums::Pointwise(sums) => sums.load(from),
            AnyClassSums::PerClass(sums) => sums.load(from),
        })
    }

    fn is_saturated(&self) -> bool {
        self.0.iter().any(|sums| match sums {
            AnyClassSums::None => false,
            AnyClassSums::Pointwise(sums) => sums.is_saturated(),
            AnyClassSums::PerClass(sums) => sums.is_saturated(),
        })
    }
}
