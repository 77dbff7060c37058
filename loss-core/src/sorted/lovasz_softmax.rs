use super::error::SortedError;
use super::ranking::{Filled, Ranks};
use crate::class::{ClassSample, ClassTarget, Label};
use crate::error::{LengthError, Parameter, ParameterError};
use crate::facts::word;
use crate::facts::{Arguments, BuildError, Facts, FromArguments, Listed, Needs};
use crate::input::sample::Reason;
use crate::number::finite::coefficient;
use crate::sums::counts::{Counts, RejectedPixel};

/// The classes in the mean of [`LovaszSoftmax`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LovaszClasses {
    /// The classes that are the label of a valid pixel.
    #[default]
    Present,
    /// All classes. The loss of an absent class is the largest probability that it has anywhere.
    All,
}

/// The exact Lovász-Softmax loss of up to C classes.
///
/// L = mean over classes of L_c, the [Lovász extension](crate::sorted::Lovasz) of the Jaccard loss over the errors of class c: 1 − p_c where c
/// is the label, p_c elsewhere. [`LovaszClasses`] selects the classes in the mean \[those present\].
///
/// ∂L/∂z_k = p_k (g_k − Σ_c g_c p_c), where g_c = ∓(Jᵢ − Jᵢ₋₁)/classes, i is the rank of the pixel in class c, and the sign is − where c is the label.
///
#[doc = include_str!("../../pictures/lovasz_softmax.svg")]
///
/// **Memory.** The caller lends one `u64` for each valid pixel and class. The pixels may come in any order: value and gradient have
/// the same bits.
///
/// **Domain.** Finite logits, hard labels below the number of classes, weights 0 (ignored: nothing else is read) and 1. Pixels with the
/// [ignored label](Self::ignoring) are ignored too. Other pixels are rejected and counted, and are an error at [`finish`](Self::finish). All pixels are
/// pooled; for the mean over images call [`reset`](Self::reset) after each.
///
/// **Error bound.** Probabilities are computed in `f64` (1 − p of the likeliest class from the exponentials of the others). Errors rounded
/// to `f32` might swap places, and change both slopes by much more than the rounding. The relative error of L is at
/// most (C + 12)·2⁻⁵², if the errors are above 2⁻¹⁰²². Ties are shared as in [`Lovasz`](crate::sorted::Lovasz).
///
/// ```
/// use loss_core::sorted::LovaszSoftmax;
///
/// // Three classes, two pixels: planes of logits.
/// let (logits, labels) = ([0.0, 5.0, 0.0, 0.0, 0.0, 0.0], [1u8, 0]);
/// let mut scratch = [0; 6];
/// let mut pixels = LovaszSoftmax::<3>::new(&mut scratch);
/// pixels.extend_planar(&logits, &labels)?;
/// let finished = pixels.finish()?;
/// let small = 1.0 / (5.0f64.exp() + 2.0);
/// // class 0: errors 1/3 (background), 2·small; class 1: 2/3, small (background); class 2 is absent
/// let expected = [1.0 / 6.0 + small, 2.0 / 3.0];
/// assert!((finished.value() - (expected[0] + expected[1]) / 2.0).abs() < 1e-12);
/// assert_eq!(finished.class_value(2), None);
///
/// let mut gradient = [0.0; 6];
/// finished.write_planar_gradient(&logits, &labels, &mut gradient)?;
/// assert!(gradient[2] < 0.0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Berman, Triki and Blaschko, *The Lovász-Softmax loss*, 2018.
#[doc(alias = "lovasz_softmax_loss")]
#[doc(alias = "LovaszLoss")]
#[doc(alias = "LovaszSoftmaxLoss")]
#[derive(Debug)]
#[must_use]
pub struct LovaszSoftmax<'a, const C: usize> {
    scratch: &'a mut [u64],
    filled: [Filled; C],
    rule: Rule,
    counts: Counts,
    first_rejected: Option<RejectedPixel>,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    classes: usize,
    ignored: Option<i64>,
    mean: LovaszClasses,
}

impl Rule {
    /// The label of a sample; `None` means ignored.
    fn check<const C: usize>(&self, sample: &ClassSample<C>) -> Option<Result<usize, Reason>> {
        let label = match sample.target {
            ClassTarget::Label(label) => Some(label),
            ClassTarget::Soft(_) => None,
        };
        if sample.weight == 0.0 || (label.is_some() && label == self.ignored) {
            return None;
        }
        if !sample.logits.iter().take(self.classes).all(|logit| logit.is_finite()) {
            return Some(Err(Reason::Input));
        }
        let Some(label) = label else { return Some(Err(Reason::Target)) };
        if sample.weight != 1.0 {
            return Some(Err(Reason::Weight));
        }
        match usize::try_from(label) {
            Ok(label) if label < self.classes => Some(Ok(label)),
            _ => Some(Err(Reason::Label)),
        }
    }
}

impl<'a, const C: usize> LovaszSoftmax<'a, C> {
    /// Makes the loss without pixels, with memory for one pixel per C elements of the scratch.
    pub fn new(scratch: &'a mut [u64]) -> Self {
        Self {
            scratch,
            filled: [Filled::default(); C],
            rule: Rule { classes: C, ignored: None, mean: LovaszClasses::default() },
            counts: Counts::default(),
            first_rejected: None,
        }
    }

    /// Sets the number of classes in use, the first `classes` ones, and forgets all pixels. The scratch then has room for more pixels.
    ///
    /// # Errors
    /// [`ParameterError`] unless the number is from 1 to C.
    pub fn with_classes(self, classes: usize) -> Result<Self, ParameterError> {
        ParameterError::check(
            Parameter::Classes,
            classes as f64,
            (1..=C).contains(&classes),
            "from 1 to the capacity",
        )?;
        Ok(self.with(|rule| rule.classes = classes))
    }

    /// Sets the label whose pixels are ignored; it replaces an earlier one. Forgets all pixels. To ignore several labels, give their pixels weight 0.
    pub fn ignoring(self, label: impl Label) -> Self {
        self.with(|rule| rule.ignored = Some(label.to_i64()))
    }

    /// Sets the classes in the mean, and forgets all pixels.
    pub fn over(self, classes: LovaszClasses) -> Self {
        self.with(|rule| rule.mean = classes)
    }

    fn with(mut self, change: impl FnOnce(&mut Rule)) -> Self {
        change(&mut self.rule);
        self.reset();
        self
    }

    /// Adds a pixel: `(logits, label)` or `(logits, label, weight)`, see [`ClassSample`].
    pub fn push(&mut self, sample: impl Into<ClassSample<C>>) {
        let sample = sample.into();
        match self.rule.check(&sample) {
            Some(Ok(label)) => {
                self.counts.valid += 1;
                let softmax = Softmax::new(self.rule.classes, &sample.logits);
                let mut rest = &mut *self.scratch;
                let capacity = rest.len() / self.rule.classes.max(1);
                let classes = softmax.p.iter().zip(&softmax.q).zip(&mut self.filled).take(self.rule.classes);
                for (class, ((&p, &q), filled)) in classes.enumerate() {
                    let (memory, others) = rest.split_at_mut_checked(capacity).unwrap_or_default();
                    rest = others;
                    let foreground = class == label;
                    filled.push(memory, key(if foreground { q } else { p }), foreground);
                }
            }
            Some(Err(reason)) => self.counts.reject(reason, &mut self.first_rejected),
            None => self.counts.ignore(),
        }
    }

    /// Adds pixels whose logits lie class by class (CHW): all of class 0, then all of class 1.
    ///
    /// # Errors
    /// [`LengthError`] unless there is one logit for each class and label; nothing is added then.
    pub fn extend_planar<T: Label>(&mut self, logits: &[f32], labels: &[T]) -> Result<(), LengthError> {
        for sample in planar(self.rule.classes, logits, labels)? {
            self.push(sample);
        }
        Ok(())
    }

    /// The number of pixels so far: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Forgets all pixels.
    pub fn reset(&mut self) {
        (self.filled, self.counts, self.first_rejected) = ([Filled::default(); C], Counts::default(), None);
    }

    /// The result, if every pixel was in range. You may add more pixels afterwards.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, if any was rejected, or if the scratch is too small.
    pub fn finish(&mut self) -> Result<FinishedLovaszSoftmax<'_, C>, SortedError> {
        SortedError::of_all(self.counts, self.first_rejected)?;
        self.finish_valid()
    }

    /// The result over the pixels that were in range; rejected pixels are left out.
    ///
    /// # Errors
    /// [`SortedError`] if there is no valid pixel, or if the scratch is too small.
    pub fn finish_valid(&mut self) -> Result<FinishedLovaszSoftmax<'_, C>, SortedError> {
        SortedError::of_valid(self.counts)?;
        let classes = self.rule.classes;
        let capacity = self.scratch.len() / classes.max(1);
        let valid = self.counts.valid.unsigned_abs();
        if valid > capacity as u64 {
            let needed = valid.saturating_mul(classes as u64);
            return Err(SortedError::Scratch { needed, given: self.scratch.len() as u64 });
        }
        let mut finished = FinishedLovaszSoftmax {
            rule: self.rule,
            counts: self.counts,
            ranks: [Ranks::default(); C],
            values: [None; C],
            value: 0.0,
            in_mean: 0.0,
        };
        let mut rest = &mut *self.scratch;
        let each = finished.ranks.iter_mut().zip(&mut finished.values).zip(&self.filled).take(classes);
        for ((ranks, value), filled) in each {
            let (memory, others) = rest.split_at_mut_checked(capacity).unwrap_or_default();
            rest = others;
            *ranks = filled.ranks(memory);
            if ranks.has_foreground() || self.rule.mean == LovaszClasses::All {
                let of_class = ranks.value(f64::from_bits);
                *value = Some(of_class);
                finished.value += of_class;
                finished.in_mean += 1.0;
            }
        }
        finished.value /= finished.in_mean;
        Ok(finished)
    }
}

impl<const C: usize, S: Into<ClassSample<C>>> Extend<S> for LovaszSoftmax<'_, C> {
    fn extend<I: IntoIterator<Item = S>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// A finished [`LovaszSoftmax`] loss: its value, and its gradient for a second pass over the pixels.
#[derive(Clone, Debug)]
#[must_use]
pub struct FinishedLovaszSoftmax<'s, const C: usize> {
    rule: Rule,
    counts: Counts,
    ranks: [Ranks<'s, u64>; C],
    values: [Option<f64>; C],
    value: f64,
    in_mean: f64,
}

impl<const C: usize> FinishedLovaszSoftmax<'_, C> {
    /// The value of the loss.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The loss of one class; `None` if it is not in the mean.
    #[must_use]
    pub fn class_value(&self, class: usize) -> Option<f64> {
        self.values.get(class).copied().flatten()
    }

    /// The number of pixels: valid, ignored and rejected.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// ∂L/∂z_c of one pixel, times an upstream factor; 0 for an ignored or rejected pixel. The pixel must be one of those of the
    /// loss.
    pub fn gradient_at(&self, sample: impl Into<ClassSample<C>>, upstream: f64) -> [f32; C] {
        let sample = sample.into();
        let mut gradient = [0.0f32; C];
        let Some(Ok(label)) = self.rule.check(&sample) else { return gradient };
        let softmax = Softmax::new(self.rule.classes, &sample.logits);
        let mut by_probability = [0.0f64; C];
        let classes = softmax.p.iter().zip(&softmax.q).zip(&self.ranks).zip(&self.values).zip(&mut by_probability);
        for (class, ((((&p, &q), ranks), value), g)) in classes.enumerate() {
            if value.is_some() {
                *g = if class == label { -ranks.slope(key(q), true) } else { ranks.slope(key(p), false) };
            }
        }
        softmax.transpose(&mut by_probability);
        for (out, slope) in gradient.iter_mut().zip(by_probability) {
            *out = coefficient(upstream * slope / self.in_mean);
        }
        gradient
    }

    /// Writes ∂L/∂z, class by class like the logits; 0 for an ignored or rejected pixel.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn write_planar_gradient<T: Label>(
        &self,
        logits: &[f32],
        labels: &[T],
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        self.each_planar_gradient(1.0, logits, labels, gradient, |out, slope| *out = slope)
    }

    /// Adds ∂L/∂z, times an upstream factor, to the numbers in `gradient`.
    ///
    /// # Errors
    /// [`LengthError`] if the lengths differ; nothing is written then.
    pub fn add_planar_gradient<T: Label>(
        &self,
        upstream: f64,
        logits: &[f32],
        labels: &[T],
        gradient: &mut [f32],
    ) -> Result<(), LengthError> {
        self.each_planar_gradient(upstream, logits, labels, gradient, |out, slope| *out += slope)
    }

    fn each_planar_gradient<T: Label>(
        &self,
        upstream: f64,
        logits: &[f32],
        labels: &[T],
        gradient: &mut [f32],
        write: impl Fn(&mut f32, f32),
    ) -> Result<(), LengthError> {
        let samples = planar(self.rule.classes, logits, labels)?;
        if gradient.len() != logits.len() {
            return Err(LengthError { slice: "the gradient", length: gradient.len(), expected: logits.len() });
        }
        for (pixel, sample) in samples.enumerate() {
            let places = gradient.iter_mut().skip(pixel).step_by(labels.len().max(1));
            places.zip(self.gradient_at(sample, upstream)).for_each(|(out, slope)| write(out, slope));
        }
        Ok(())
    }
}

/// The pixels of planes of logits.
fn planar<'p, T: Label, const C: usize>(
    classes: usize,
    logits: &'p [f32],
    labels: &'p [T],
) -> Result<impl Iterator<Item = ClassSample<C>> + 'p, LengthError> {
    let expected = labels.len().saturating_mul(classes);
    if logits.len() != expected {
        return Err(LengthError { slice: "the logits of all classes", length: logits.len(), expected });
    }
    Ok(labels.iter().enumerate().map(move |(pixel, &label)| {
        let mut of_pixel = [0.0; C];
        for (logit, &z) in of_pixel.iter_mut().zip(logits.iter().skip(pixel).step_by(labels.len().max(1))) {
            *logit = z;
        }
        (of_pixel, label).into()
    }))
}

/// The key of an error. Errors are not negative, so their bits have the same order.
fn key(error: f64) -> u64 {
    error.to_bits()
}

/// A softmax in `f64`.
struct Softmax<const C: usize> {
    p: [f64; C],
    /// 1 − p of each class.
    q: [f64; C],
    largest: usize,
    classes: usize,
}

impl<const C: usize> Softmax<C> {
    /// With e_c = exp(z_c − z_max) and o the sum of all but the (first) largest: p_c = e_c/(1 + o), 1 − p_max = o/(1 + o).
    fn new(classes: usize, logits: &[f32; C]) -> Self {
        let mut largest = 0;
        let mut maximum = f32::NEG_INFINITY;
        for (class, &z) in logits.iter().enumerate().take(classes) {
            if z > maximum {
                (largest, maximum) = (class, z);
            }
        }
        let (mut p, mut q) = ([0.0; C], [0.0; C]);
        let mut others = 0.0;
        for (class, (e, &z)) in p.iter_mut().zip(logits).enumerate().take(classes) {
            if class == largest {
                *e = 1.0;
            } else {
                *e = libm::exp(f64::from(z) - f64::from(maximum));
                others += *e;
            }
        }
        let sum = 1.0 + others;
        for (class, (p, q)) in p.iter_mut().zip(&mut q).enumerate().take(classes) {
            *q = if class == largest { others / sum } else { (sum - *p) / sum };
            *p /= sum;
        }
        Self { p, q, largest, classes }
    }

    /// Turns ∂L/∂p into ∂L/∂z: p_k (g_k − Σ g_c p_c).
    ///
    /// Each g_c is taken relative to g, the one of the likeliest class. The likeliest class then gets −Σ (g_c − g) p_c over the others,
    /// so nearly equal numbers are never subtracted.
    fn transpose(&self, by_probability: &mut [f64; C]) {
        let of_largest = by_probability.get(self.largest).copied().unwrap_or_default();
        let mut sum = 0.0;
        for (g, p) in by_probability.iter_mut().zip(&self.p).take(self.classes) {
            *g -= of_largest;
            sum += *g * p;
        }
        for (g, p) in by_probability.iter_mut().zip(&self.p).take(self.classes) {
            *g = p * (*g - sum);
        }
    }
}

impl<const C: usize> Listed for LovaszSoftmax<'_, C> {
    const FACTS: Facts = Facts {
        name: "lovasz_softmax",
        needs: Needs::AllPixelsOfClasses,
        formula: "the mean over classes of Σ eᵢ·(Jᵢ − Jᵢ₋₁) by falling errors e = 1 − p_c where c is the label, p_c elsewhere",
        description: "Lovász-Softmax: the Lovász extension of the Jaccard loss of each class.",
        source: "Berman et al., The Lovász-Softmax loss, 2018",
        page: "sorted::LovaszSoftmax",
        parameters: &[&[word(
            "over",
            "present",
            &["present", "all"],
            "the classes in the mean: present = those that are a label; all",
        )]],
        ..Facts::NONE
    };
}

impl FromArguments for LovaszClasses {
    fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, BuildError> {
        Ok(match arguments.word("over") {
            "all" => LovaszClasses::All,
            _ => LovaszClasses::Present,
        })
    }
}
