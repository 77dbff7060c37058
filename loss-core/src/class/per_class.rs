use super::batch::{ClassBatch, ClassSlopes};
use super::loss::ClassLoss;
use super::pixel::{ClassPixel, against_the_rest};
use super::sums::ClassTotals;
use super::weights::{ClassSet, ClassWeights, Equal, EveryClass};
use crate::error::ParameterError;
use crate::facts::{Arguments, BuildError, FromArguments, ParameterFacts, word};
use crate::fingerprint::Fingerprint;
use crate::loss::Part;
use crate::loss::combine::combinable;
use crate::number::real::Real;
use crate::region::RegionFamily;
use crate::sums::confusion::Confusion;
use crate::sums::shared::Totals;
use crate::sums::state::Sums;

/// A binary region loss of each class against the rest, reduced over the classes.
///
/// L = reduce_c f(I_c, P_c, T_c). By default it is the plain mean over all classes, background included ("macro").
///
/// ∂L/∂z_k = p_k (g_k(1−p_k) − Σ_{c≠k} g_c p_c), where g_c = ∂L/∂p_c comes from the binary loss.
///
/// | option | choices \[default\] |
/// |---|---|
/// | [`reduction`](Self::reduction) | \[mean\], sum, pooled ("micro": the loss of the sums over classes) |
/// | [`weights`](Self::weights) | \[equal\], an array or slice, with a [`WeightMode`] |
/// | [`classes`](Self::classes) | \[all\], [`Foreground`](super::Foreground), an array of indices |
/// | [`absent`](Self::absent) | \[count\], zero, skip: the loss of a class without support |
///
/// **Per image or per batch:** all pixels of an accumulator are one batch. For the mean over the images' own losses see
/// [`ClassImageMean`](super::ClassImageMean).
///
/// **Error bound.** That of the binary loss, whose terms are within 5e−7 here, for up to 21 classes.
///
/// ```
/// use loss_core::class::{ClassLoss, Foreground, PerClass};
/// use loss_core::Dice;
///
/// let loss = PerClass::new(Dice::new(1e-5)?).classes(Foreground);
/// let mut sums = loss.class_accumulator();
/// sums.push(([40.0, 0.0, 0.0], 1u8)); // certain and wrong
/// sums.push(([0.0, 0.0, 40.0], 2u8)); // certain and right
/// assert!((sums.finish()?.value() - 0.5).abs() < 1e-4);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[doc(alias = "macro average")]
#[doc(alias = "micro average")]
#[doc(alias = "multiclass")]
#[doc(alias = "one-vs-rest")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct PerClass<L, W = Equal, S = EveryClass> {
    loss: L,
    weights: W,
    mode: WeightMode,
    classes: S,
    absent: AbsentClass,
    reduction: ClassReduction,
}

/// The way in which the losses of classes become one loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClassReduction {
    /// The mean over classes ("macro").
    #[default]
    Mean,
    /// The sum over classes.
    Sum,
    /// The loss of the sums over classes ("micro"). There is only one loss, so class weights always multiply the sums,
    /// whatever the [`WeightMode`].
    Pooled,
}

/// The effect of class weights w on losses l.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeightMode {
    /// Σ w l divided by the number of classes (MONAI).
    #[default]
    Multiply,
    /// Σ w l / Σ w, for the mean and for the sum.
    Normalise,
    /// w multiplies I, P and T before the score (kornia's micro average).
    Inside,
}

/// The loss of a class that occurs in no target (Σ w t = 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbsentClass {
    /// The value of the formula, which depends on the smoothing.
    #[default]
    Count,
    /// 0, and the class stays in the mean (segmentation_models.pytorch).
    Zero,
    /// No loss: the class leaves the mean. If no class occurs at all, the loss is 1 with no gradient (kornia).
    Skip,
}

// The names of the options in fingerprints.

impl ClassReduction {
    fn code(self) -> &'static str {
        match self {
            ClassReduction::Mean => "reduction=mean",
            ClassReduction::Sum => "reduction=sum",
            ClassReduction::Pooled => "reduction=pooled",
        }
    }
}

impl WeightMode {
    fn code(self) -> &'static str {
        match self {
            WeightMode::Multiply => "weight_mode=multiply",
            WeightMode::Normalise => "weight_mode=normalise",
            WeightMode::Inside => "weight_mode=inside",
        }
    }
}

impl AbsentClass {
    fn code(self) -> &'static str {
        match self {
            AbsentClass::Count => "absent=count",
            AbsentClass::Zero => "absent=zero",
            AbsentClass::Skip => "absent=skip",
        }
    }
}

impl<L: RegionFamily> PerClass<L> {
    /// Makes the plain mean over all classes.
    pub const fn new(loss: L) -> Self {
        Self {
            loss,
            weights: Equal,
            mode: WeightMode::Multiply,
            classes: EveryClass,
            absent: AbsentClass::Count,
            reduction: ClassReduction::Mean,
        }
    }
}

impl<L: RegionFamily, W: ClassWeights, S: ClassSet> PerClass<L, W, S> {
    /// Sets the class weights, and their effect.
    ///
    /// # Errors
    /// [`ParameterError`] unless every weight is finite and at least 0.
    pub fn weights<V: ClassWeights>(self, weights: V, mode: WeightMode) -> Result<PerClass<L, V, S>, ParameterError> {
        ParameterError::check_weights(&weights)?;
        let Self { loss, classes, absent, reduction, .. } = self;
        Ok(PerClass { loss, weights, mode, classes, absent, reduction })
    }

    /// Sets the classes that count: [`Foreground`](super::Foreground), or an array of indices.
    pub fn classes<T: ClassSet>(self, classes: T) -> PerClass<L, W, T> {
        let Self { loss, weights, mode, absent, reduction, .. } = self;
        PerClass { loss, weights, mode, classes, absent, reduction }
    }

    /// Sets the loss of a class that occurs in no target. It has no effect if classes are pooled.
    pub fn absent(self, absent: AbsentClass) -> Self {
        Self { absent, ..self }
    }

    /// Sets how the losses of classes become one.
    pub fn reduction(self, reduction: ClassReduction) -> Self {
        Self { reduction, ..self }
    }

    /// The factor of a class's I, P and T: 0 if the class does not count.
    #[inline(always)]
    fn inside(&self, class: usize) -> f64 {
        match self.mode {
            _ if !self.classes.contains(class) => 0.0,
            WeightMode::Inside => self.weights.of(class),
            _ if self.reduction == ClassReduction::Pooled => self.weights.of(class),
            WeightMode::Multiply | WeightMode::Normalise => 1.0,
        }
    }

    /// The totals of a class, times its factor.
    fn totals<const C: usize>(&self, class: usize, totals: &Totals) -> Totals {
        let factor = self.inside(class);
        Totals { soft: scaled(&totals.soft, factor), hard: scaled(&totals.hard, factor), ..*totals }
    }

    /// The factor of each class's loss in the result, and the loss that is added if no class is left.
    fn shares<const C: usize>(&self, totals: &ClassTotals<C>) -> ([f64; C], f64) {
        let mut shares = [0.0; C];
        let (mut count, mut sum_of_weights) = (0.0, 0.0);
        for (class, (share, totals)) in (0..totals.classes).zip(shares.iter_mut().zip(&totals.of_class)) {
            let present = totals.hard.support() > 0.0;
            if !self.classes.contains(class) || (self.absent == AbsentClass::Skip && !present) {
                continue;
            }
            let weight = if self.mode == WeightMode::Inside { 1.0 } else { self.weights.of(class) };
            (count, sum_of_weights) = (count + 1.0, sum_of_weights + weight);
            if self.absent != AbsentClass::Zero || present {
                *share = weight;
            }
        }
        let denominator = match (self.reduction, self.mode) {
            (ClassReduction::Mean | ClassReduction::Sum, WeightMode::Normalise) => sum_of_weights,
            (ClassReduction::Mean, _) => count,
            (ClassReduction::Sum | ClassReduction::Pooled, _) => 1.0,
        };
        if denominator > 0.0 {
            shares.iter_mut().for_each(|share| *share /= denominator);
        }
        (shares, if self.absent == AbsentClass::Skip && count == 0.0 { 1.0 } else { 0.0 })
    }

    /// The sums over classes.
    fn pooled<const C: usize>(&self, totals: &ClassTotals<C>, sums: &[L::Sums; C]) -> (Totals, L::Sums) {
        let mut pool = Totals { weight: totals.weight, pixels: totals.pixels, ..Totals::NONE };
        let mut pooled_sums = self.loss.sums();
        for (class, (totals, sums)) in (0..totals.classes).zip(totals.of_class.iter().zip(sums)) {
            let totals = self.totals::<C>(class, totals);
            pool.soft = added(&pool.soft, &totals.soft);
            pool.hard = added(&pool.hard, &totals.hard);
            pool.never_certain = totals.never_certain;
            pooled_sums.merge(sums);
        }
        (pool, pooled_sums)
    }
}

fn scaled(confusion: &Confusion, factor: f64) -> Confusion {
    Confusion {
        true_positive: confusion.true_positive * factor,
        false_positive: confusion.false_positive * factor,
        false_negative: confusion.false_negative * factor,
        true_negative: confusion.true_negative * factor,
    }
}

fn added(a: &Confusion, b: &Confusion) -> Confusion {
    Confusion {
        true_positive: a.true_positive + b.true_positive,
        false_positive: a.false_positive + b.false_positive,
        false_negative: a.false_negative + b.false_negative,
        true_negative: a.true_negative + b.true_negative,
    }
}

impl<L: RegionFamily, W: ClassWeights, S: ClassSet, const C: usize> ClassLoss<C> for PerClass<L, W, S> {
    type Sums = [L::Sums; C];
    /// The slope of each class, and the factor of its I, P and T.
    type Slope = [Option<(L::Slope, f32)>; C];

    fn sums(&self) -> Self::Sums {
        core::array::from_fn(|_| self.loss.sums())
    }

    #[inline(always)]
    fn add<B: ClassBatch<C>>(&self, pixels: &B, sums: &mut Self::Sums) {
        for (class, sums) in (0..pixels.classes()).zip(sums) {
            let inside = self.inside(class) as f32;
            if inside > 0.0 {
                self.loss.add(&pixels.class(class, inside), sums);
            }
        }
    }

    fn value(&self, totals: &ClassTotals<C>, sums: &Self::Sums) -> f64 {
        if self.reduction == ClassReduction::Pooled {
            let (totals, sums) = self.pooled(totals, sums);
            return self.loss.value(&totals, &sums);
        }
        let (shares, rest) = self.shares(totals);
        let classes = (0..totals.classes).zip(shares.iter().zip(&totals.of_class).zip(sums));
        classes.fold(rest, |value, (class, ((&share, totals), sums))| {
            // A class with factor 0 may have no finite loss, so it is skipped.
            if share == 0.0 { value } else { value + share * self.loss.value(&self.totals::<C>(class, totals), sums) }
        })
    }

    fn slope(&self, totals: &ClassTotals<C>, sums: &Self::Sums, factor: f64) -> Self::Slope {
        let mut slopes = core::array::from_fn(|_| None);
        if self.reduction == ClassReduction::Pooled {
            let (pool, pooled_sums) = self.pooled(totals, sums);
            for (class, slope) in (0..totals.classes).zip(&mut slopes) {
                let inside = self.inside(class) as f32;
                *slope = (inside > 0.0).then(|| (self.loss.slope(&pool, &pooled_sums, factor), inside));
            }
            return slopes;
        }
        let (shares, _) = self.shares(totals);
        let classes = (0..totals.classes).zip(shares.iter().zip(&totals.of_class).zip(sums));
        for (slope, (class, ((&share, totals), sums))) in slopes.iter_mut().zip(classes) {
            if share != 0.0 {
                let own = self.loss.slope(&self.totals::<C>(class, totals), sums, factor * share);
                *slope = Some((own, self.inside(class) as f32));
            }
        }
        slopes
    }

    #[inline(always)]
    fn add_gradient<R: Real>(&self, slopes: &Self::Slope, pixel: &ClassPixel<R, C>, gradient: &mut [R; C]) {
        let mut by_probability = [R::splat(0.0); C];
        let values = pixel.target.iter().zip(&pixel.p).zip(&pixel.q).zip(&pixel.cross_entropy);
        let classes = by_probability.iter_mut().zip(slopes).zip(values).take(pixel.classes);
        for ((out, slope), (((&target, &p), &q), &loss)) in classes {
            if let Some((slope, inside)) = slope {
                *out = R::splat(*inside) * self.loss.gradient(slope, &against_the_rest(p, target, p, q, loss));
            }
        }
        pixel.add_through_activation(&by_probability, gradient);
    }

    #[inline(always)]
    fn add_gradients<B: ClassSlopes<C>>(&self, slopes: &Self::Slope, pixels: &mut B) {
        pixels.add_of_each_class(&self.loss, slopes);
    }

    fn part(&self, index: usize, totals: &ClassTotals<C>, sums: &Self::Sums) -> Option<Part> {
        let name = self.loss.part(0, totals.of_class.first()?, sums.first()?)?.name;
        (index == 0).then(|| Part { name, coefficient: 1.0, value: self.value(totals, sums) })
    }

    fn fingerprint(&self, fingerprint: &mut Fingerprint) {
        fingerprint.name("per class");
        self.loss.fingerprint(fingerprint);
        self.weights.fingerprint(fingerprint);
        fingerprint.name(self.mode.code()).name(self.absent.code()).name(self.reduction.code());
        self.classes.fingerprint(fingerprint);
    }
}

combinable!([L: RegionFamily, W: ClassWeights, S: ClassSet,] PerClass<L, W, S>);

/// The classes that count.
pub(crate) const KEPT: ParameterFacts =
    word("classes", "all", &["all", "foreground"], "the classes that count; foreground = all but class 0");

/// The options of a binary loss of each class; they replace its rule for empty masks.
pub const PER_CLASS: &[ParameterFacts] = &[
    KEPT,
    word(
        "average",
        "macro",
        &["macro", "micro", "sum"],
        "macro = the mean of the classes' losses; micro = the loss of their sums; sum = the sum of their losses",
    ),
    word(
        "absent",
        "count",
        &["count", "zero", "skip"],
        "the loss of a class that occurs in no target: count = what the formula gives; zero = 0; skip = left out of the mean",
    ),
    word(
        "weights",
        "none",
        &["none", "multiply", "normalise", "inside"],
        "the effect of --class-weights: none; multiply = Σ w L / number of classes (MONAI); normalise = Σ w L / Σ w; inside = they weigh I, P and T (kornia)",
    ),
];

impl FromArguments for AbsentClass {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("absent") {
            "zero" => AbsentClass::Zero,
            "skip" => AbsentClass::Skip,
            _ => AbsentClass::Count,
        })
    }
}

impl FromArguments for ClassReduction {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("average") {
            "micro" => ClassReduction::Pooled,
            "sum" => ClassReduction::Sum,
            _ => ClassReduction::Mean,
        })
    }
}

/// The effect of given class weights on a loss; `None` if they have none.
impl FromArguments for Option<WeightMode> {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("weights") {
            "multiply" => Some(WeightMode::Multiply),
            "normalise" => Some(WeightMode::Normalise),
            "inside" => Some(WeightMode::Inside),
            _ => None,
        })
    }
}
