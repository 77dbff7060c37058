use super::pixel::{Activation, ClassPixel};
use crate::input::sample::{Reason, masked};

/// The type of a stored label: `u8`, `u16`, `u32`, `i32` or `i64`. No other type can implement it.
pub trait Label: Copy + sealed::Label {
    /// The label as a number; a negative number is no class.
    fn to_i64(self) -> i64;
}

/// Keeps [`Label`] from being implemented elsewhere, so that it can gain methods.
mod sealed {
    pub trait Label {}
}

macro_rules! labels {
    ($($integer:ty),*) => {
        $(impl sealed::Label for $integer {}

        impl Label for $integer {
            #[inline(always)]
            fn to_i64(self) -> i64 {
                i64::from(self)
            }
        })*
    };
}
labels!(u8, u16, u32, i32, i64);

/// The target of a pixel: one class, or a share of each class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassTarget<const C: usize> {
    /// The index of the class.
    Label(i64),
    /// A target in [0, 1] for each class.
    Soft([f32; C]),
}

/// A pixel of C classes: its logits, its target and its weight.
///
/// Tuples convert to it: `(logits, label)` and `(logits, label, weight)`. The logits are an `[f32; C]`. The label is any
/// [`Label`], or an `[f32; C]` of soft targets. The weight is an `f32` (0, or in [2⁻³², 2³²]) or a `bool` (`false`: ignored). In
/// `(logits, label, weight, valid)` the weight counts where the pixel is valid, and is not read elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassSample<const C: usize> {
    /// The logits; those past the number of classes in use are not read.
    pub logits: [f32; C],
    /// The target.
    pub target: ClassTarget<C>,
    /// The weight. A weight of 0 ignores the pixel, and nothing else of it is read.
    pub weight: f32,
}

impl<L: Label, const C: usize> From<L> for ClassTarget<C> {
    #[inline(always)]
    fn from(label: L) -> Self {
        Self::Label(label.to_i64())
    }
}

impl<const C: usize> From<[f32; C]> for ClassTarget<C> {
    #[inline(always)]
    fn from(targets: [f32; C]) -> Self {
        Self::Soft(targets)
    }
}

impl<T: Into<ClassTarget<C>>, const C: usize> From<([f32; C], T)> for ClassSample<C> {
    #[inline(always)]
    fn from((logits, target): ([f32; C], T)) -> Self {
        Self { logits, target: target.into(), weight: 1.0 }
    }
}

impl<T: Into<ClassTarget<C>>, const C: usize> From<([f32; C], T, f32, bool)> for ClassSample<C> {
    #[inline(always)]
    fn from((logits, target, weight, valid): ([f32; C], T, f32, bool)) -> Self {
        (logits, target, masked(valid, weight)).into()
    }
}

impl<T: Into<ClassTarget<C>>, W: crate::input::sample::Weight, const C: usize> From<([f32; C], T, W)>
    for ClassSample<C>
{
    #[inline(always)]
    fn from((logits, target, weight): ([f32; C], T, W)) -> Self {
        Self { logits, target: target.into(), weight: weight.to_f32() }
    }
}

/// The options for reading samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) classes: usize,
    pub(super) activation: Activation,
    pub(super) ignored: Option<i64>,
}

/// A pixel in range.
pub(super) struct ValidPixel<const C: usize> {
    pub(super) pixel: ClassPixel<f32, C>,
    pub(super) weight: f32,
    /// Whether the target is one class.
    pub(super) labelled: bool,
    /// The class of the largest logit, the first of several. Rounding may make their probabilities equal.
    pub(super) predicted: usize,
}

/// The result of checking a sample.
pub(super) enum CheckedClasses<const C: usize> {
    Valid(ValidPixel<C>),
    Ignored,
    Rejected(Reason),
}

impl<const C: usize> ClassSample<C> {
    /// Checks in the order weight 0, ignored label, logits, soft targets, weight, label, and activates a valid pixel.
    #[inline(always)]
    pub(super) fn check(&self, reading: &Reading) -> CheckedClasses<C> {
        let Reading { classes, activation, ignored } = *reading;
        if self.weight == 0.0 || matches!(self.target, ClassTarget::Label(label) if Some(label) == ignored) {
            return CheckedClasses::Ignored;
        }
        if !self.logits.iter().take(classes).all(|logit| logit.is_finite()) {
            return CheckedClasses::Rejected(Reason::Input);
        }
        if let ClassTarget::Soft(targets) = &self.target {
            if !targets.iter().take(classes).all(|target| (0.0..=1.0).contains(target)) {
                return CheckedClasses::Rejected(Reason::Target);
            }
        }
        if !crate::input::sample::weight_is_valid(self.weight) {
            return CheckedClasses::Rejected(Reason::Weight);
        }
        let target = match self.target {
            ClassTarget::Soft(targets) => {
                let mut used = targets;
                used.iter_mut().skip(classes).for_each(|unused| *unused = 0.0);
                used
            }
            ClassTarget::Label(label) => {
                let mut targets = [0.0; C];
                let class = usize::try_from(label).ok().filter(|&class| class < classes);
                match class.and_then(|class| targets.get_mut(class)) {
                    Some(target) => *target = 1.0,
                    None => return CheckedClasses::Rejected(Reason::Label),
                }
                targets
            }
        };
        let pixel = match activation {
            Activation::Softmax => ClassPixel::softmax(classes, &self.logits, target),
            Activation::Sigmoid => ClassPixel::sigmoids(classes, &self.logits, target),
        };
        let (mut largest, mut predicted) = (f32::MIN, 0);
        for (class, &logit) in (0..classes).zip(&self.logits) {
            if logit > largest {
                (largest, predicted) = (logit, class);
            }
        }
        let labelled = matches!(self.target, ClassTarget::Label(_));
        CheckedClasses::Valid(ValidPixel { pixel, weight: self.weight, labelled, predicted })
    }
}
