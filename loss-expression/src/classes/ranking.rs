//! Losses over classes that rank the pixels; the pixels are kept for them.

use std::sync::Arc;

use loss_core::class::{ClassPlane, ClassPointwise, ClassSample, ClassTarget, CrossEntropy, Label, Layout};
use loss_core::extend::ClassPixel;
use loss_core::sorted::{HardMining, Hardest, LovaszClasses, LovaszSoftmax, SortedError};
use loss_core::{Reason, RejectedPixel};

use crate::error::EvaluationError;
use crate::expression::ClassRanking;

/// The cross-entropy of each pixel, by which the hardest are chosen.
fn losses<T: Label, const C: usize>(plane: ClassPlane<'_, T, C>) -> Vec<f32> {
    let mut losses = vec![0.0; plane.pixels()];
    // This can only fail for its length, which is right here.
    let _ = CrossEntropy::new().write_map(plane, &mut losses);
    losses
}

/// The valid pixels.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    classes: usize,
    /// The logits, pixel by pixel.
    logits: Vec<f32>,
    labels: Vec<i64>,
    weights: Vec<f32>,
    /// The number of pixels with soft targets, which have no rank.
    soft: i64,
}

impl Kept {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, logits: Vec::new(), labels: Vec::new(), weights: Vec::new(), soft: 0 }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.classes);
    }

    /// Keeps the pixels that take part; the others are counted elsewhere.
    pub(super) fn extend<T: Label, const C: usize>(&mut self, plane: ClassPlane<'_, T, C>) {
        for (sample, loss) in plane.samples().zip(losses(plane)) {
            let ClassSample { logits, target, weight } = sample;
            match target {
                ClassTarget::Soft(_) => self.soft += 1,
                // Where the map is NaN, the pixel is out of range.
                ClassTarget::Label(label) if weight != 0.0 && !loss.is_nan() => {
                    self.logits.extend_from_slice(logits.get(..self.classes).unwrap_or_default());
                    self.labels.push(label);
                    self.weights.push(weight);
                }
                ClassTarget::Label(_) => {}
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.logits.extend_from_slice(&other.logits);
        self.labels.extend_from_slice(&other.labels);
        self.weights.extend_from_slice(&other.weights);
        self.soft += other.soft;
    }

    fn plane<const C: usize>(&self) -> Result<ClassPlane<'_, i64, C>, EvaluationError> {
        let plane = ClassPlane::new(self.classes, Layout::Interleaved, &self.logits, &self.labels)?;
        Ok(plane.with_weights(&self.weights)?)
    }

    /// A loss of the kept pixels.
    pub(super) fn finish<const C: usize>(self: &Arc<Self>, loss: ClassRanking) -> Result<Ranked, EvaluationError> {
        let wrong = |error: SortedError| EvaluationError::Ranking { loss: loss.name(), error };
        if self.soft > 0 {
            let counts = loss_core::Counts::default();
            let first = Some(RejectedPixel { index: 0, reason: Reason::Target });
            return Err(wrong(SortedError::Rejected { counts, first }));
        }
        let hardest = |rule: &dyn Fn(&[f32]) -> Result<Hardest, SortedError>| {
            let losses = losses(self.plane::<C>()?);
            // The map limits a number to the largest `f32`; then there is no mean.
            if losses.contains(&f32::MAX) {
                return Err(wrong(SortedError::Saturated));
            }
            rule(&losses).map(Ranked::Hardest).map_err(wrong)
        };
        match loss {
            ClassRanking::TopK(rule) => hardest(&|losses| rule.losses(losses)),
            ClassRanking::Ohem(rule) => hardest(&|losses| rule.losses(losses)),
            ClassRanking::LovaszSoftmax(over) => {
                let value = self.lovasz::<C, _>(over, |finished| finished.value()).map_err(wrong)?;
                Ok(Ranked::Lovasz { value, over, kept: Arc::clone(self) })
            }
        }
    }

    /// Calls a function with the finished loss. Its memory is allocated again each time, because the result outlives the loss.
    fn lovasz<const C: usize, O>(
        &self,
        over: LovaszClasses,
        read: impl FnOnce(&loss_core::sorted::FinishedLovaszSoftmax<'_, C>) -> O,
    ) -> Result<O, SortedError> {
        let mut scratch = vec![0; self.logits.len()];
        let pixels = LovaszSoftmax::<C>::new(&mut scratch).over(over);
        let mut pixels = match pixels.with_classes(self.classes) {
            Ok(pixels) => pixels,
            // The number of classes was checked when the losses were made.
            Err(_) => return Err(SortedError::NoPixels),
        };
        for ((logits, label), weight) in self.logits.chunks(self.classes.max(1)).zip(&self.labels).zip(&self.weights) {
            let mut all = [0.0; C];
            all.iter_mut().zip(logits).for_each(|(to, logit)| *to = *logit);
            pixels.push((all, *label, *weight));
        }
        pixels.finish().map(|finished| read(&finished))
    }
}

/// A finished loss that ranks pixels.
#[derive(Clone, Debug)]
pub(super) enum Ranked {
    Hardest(Hardest),
    Lovasz { value: f64, over: LovaszClasses, kept: Arc<Kept> },
}

impl Ranked {
    pub(super) fn value(&self) -> f64 {
        match self {
            Self::Hardest(hardest) => hardest.value(),
            Self::Lovasz { value, .. } => *value,
        }
    }

    /// Adds ∂L/∂z of every logit, times `factor`.
    pub(super) fn add_gradient<T: Label, const C: usize>(
        &self,
        factor: f64,
        plane: ClassPlane<'_, T, C>,
        layout: Layout,
        to: &mut [f32],
    ) -> Result<(), EvaluationError> {
        let (classes, pixels) = (plane.classes(), plane.pixels());
        let mut add = |pixel: usize, slopes: &[f32; C]| {
            for (class, slope) in slopes.iter().enumerate().take(classes) {
                let place = match layout {
                    Layout::Planar => class * pixels + pixel,
                    Layout::Interleaved => pixel * classes + class,
                };
                if let Some(to) = to.get_mut(place) {
                    *to = (*to + slope).clamp(f32::MIN, f32::MAX);
                }
            }
        };
        match self {
            Self::Hardest(hardest) => {
                for ((pixel, sample), loss) in plane.samples().enumerate().zip(losses(plane)) {
                    let outer = factor * hardest.slope(loss) * f64::from(sample.weight);
                    let ClassTarget::Label(label) = sample.target else { continue };
                    if loss.is_nan() || sample.weight == 0.0 || outer == 0.0 {
                        continue;
                    }
                    let mut target = [0.0; C];
                    if let Some(target) = usize::try_from(label).ok().and_then(|label| target.get_mut(label)) {
                        *target = 1.0;
                    }
                    let mut slopes = [0.0; C];
                    let valid = ClassPixel::softmax(classes, &sample.logits, target);
                    CrossEntropy::new().add_slope(&valid, outer as f32, &mut slopes);
                    add(pixel, &slopes);
                }
            }
            Self::Lovasz { over, kept, .. } => {
                let write = |finished: &loss_core::sorted::FinishedLovaszSoftmax<'_, C>| {
                    for (pixel, sample) in plane.samples().enumerate() {
                        add(pixel, &finished.gradient_at(sample, factor));
                    }
                };
                let loss = ClassRanking::LovaszSoftmax(*over).name();
                kept.lovasz::<C, _>(*over, write).map_err(|error| EvaluationError::Ranking { loss, error })?;
            }
        }
        Ok(())
    }
}
