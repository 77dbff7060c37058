use super::pixel::{Activation, ClassPixel};
use crate::input::sample::{Reason, masked};

/// A class label as it is stored: `u8`, `u16`, `u32`, `i32` or `i64`. No other type can implement it.
pub trait Label: Copy + sealed::Label {
    /// The label as a number; a negative one is no class.
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

/// What a pixel should be: one class, or a share of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassTarget<const C: usize> {
    /// The index of the class.
    Label(i64),
    /// A target in [0, 1] for each class.
    Soft([f32; C]),
}

/// A pixel of C classes: its logits, its target and its weight.
///
/// Made from tuples: `(logits, label)` and `(logits, label, weight)`, where the logits are an `[f32; C]` and the label any
/// [`Label`] or an `[f32; C]` of soft targets; the weight is an `f32` (0, or in [2⁻³², 2³²]) or a `bool` (`false`: ignored). With both,
/// `(logits, label, weight, valid)`, the weight counts where the pixel is valid, and is not looked at elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassSample<const C: usize> {
    /// The logits; those past the number of classes in use are not looked at.
    pub logits: [f32; C],
    /// The target.
    pub target: ClassTarget<C>,
    /// The weight; with 0 the pixel is ignored and nothing else of it is looked at.
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

/// How samples are read.
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
    /// The class of the largest logit, the first of several. Their probabilities may be equal after rounding.
    pub(super) predicted: usize,
}

/// The outcome of looking at a sample.
pub(super) enum CheckedClasses<const C: usize> {
    Valid(ValidPixel<C>),
    Ignored,
    Rejected(Reason),
}

impl<const C: usize> ClassSample<C> {
    /// Checks in the order weight 0, ignored label, logits, soft targets, weight, label; activates a valid one.
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
