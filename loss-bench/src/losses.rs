//! The timed calls of `loss-core`: each function is one call as a user would write it.

use loss_core::class::{ClassLoss, ClassPlane, ClassPointwise, CrossEntropy, Layout, PerClass};
use loss_core::extend::{AnyOverlap, Target};
use loss_core::list::Arguments;
use loss_core::{
    AnyLoss, Bce, Dice, Focal, Histogram, Iou, Loss, Plane, Pointwise, Quantisation, Sample, SimdLevel, Tversky,
};

use crate::data::{ClassImage, Image};

/// The smoothing of every Dice loss, here and in the code it is compared with.
pub const SMOOTH: f64 = 1.0;

/// Focal loss + Tversky.
pub fn focal_tversky() -> impl Loss<Sums: Send + Sync, Slope: Sync> + Send + Sync + Copy {
    let focal = Focal::new(2.0).expect("a γ in range").mean();
    focal + Tversky::new(0.3, 0.7, SMOOTH).expect("weights in range")
}

/// BCE + Dice, the loss of most comparisons.
pub fn bce_dice() -> impl Loss<Sums: Send + Sync, Slope: Sync> + Send + Sync + Copy {
    Bce::new().mean() + Dice::new(SMOOTH).expect("a smoothing in range")
}

/// Cross-entropy + the mean Dice loss over all classes.
pub fn cross_entropy_dice<const C: usize>() -> impl ClassLoss<C> + Copy {
    CrossEntropy::new().mean() + PerClass::new(Dice::new(SMOOTH).expect("a smoothing in range"))
}

/// The pixels of an image.
pub fn plane(image: &Image) -> Plane<'_, u8> {
    Plane::new(&image.logits, &image.mask).expect("slices of one length")
}

/// The pixels of an image of C classes.
pub fn class_plane<const C: usize>(image: &ClassImage, layout: Layout) -> ClassPlane<'_, u8, C> {
    let logits = match layout {
        Layout::Planar => &image.logits,
        Layout::Interleaved => &image.interleaved,
    };
    ClassPlane::new(image.classes, layout, logits, &image.labels).expect("slices that fit")
}

/// The value of quantised logits from their histogram: one increment per pixel, then the loss of the bins.
pub fn histogram_value<L: Loss>(loss: &L, quantisation: Quantisation, codes: &[i8], mask: &[u8]) -> f64 {
    let mut histogram = Histogram::<i8>::new(quantisation);
    histogram.extend_codes(codes, mask).expect("a target for each code");
    histogram.accumulator(loss).finish().expect("valid pixels").value()
}

/// The loss of slices.
pub fn value<L: Loss, T: Target>(loss: &L, plane: Plane<'_, T>) -> f64 {
    value_at(SimdLevel::best(), loss, plane)
}

/// The same at a level.
pub fn value_at<L: Loss, T: Target>(level: SimdLevel, loss: &L, plane: Plane<'_, T>) -> f64 {
    let mut sums = loss.accumulator();
    sums.extend_plane_at(level, plane);
    sums.finish().expect("valid pixels").value()
}

/// The loss and the gradient of slices, in the fastest way.
pub fn value_and_gradient<L: Loss, T: Target>(loss: &L, plane: Plane<'_, T>, gradient: &mut [f32]) -> f64 {
    value_and_gradient_at(SimdLevel::best(), loss, plane, gradient)
}

/// The same at a level.
pub fn value_and_gradient_at<L: Loss, T: Target>(
    level: SimdLevel,
    loss: &L,
    plane: Plane<'_, T>,
    gradient: &mut [f32],
) -> f64 {
    let mut sums = loss.accumulator();
    let kept = sums.extend_plane_keeping_at(level, plane, gradient).expect("a gradient for each pixel");
    let total = sums.finish().expect("valid pixels");
    kept.write_gradient(&total.gradient());
    total.value()
}

/// The loss of an iterator of pixels.
pub fn value_of_iterator<L: Loss>(loss: &L, image: &Image) -> f64 {
    value_of_samples(loss, image.logits.iter().zip(&image.mask))
}

/// The loss of any iterator of pixels.
pub fn value_of_samples<L: Loss, S: Into<Sample>>(loss: &L, samples: impl Iterator<Item = S>) -> f64 {
    let mut sums = loss.accumulator();
    sums.extend(samples);
    sums.finish().expect("valid pixels").value()
}

/// The loss of an iterator of pixels with hard targets, with counting sums.
pub fn counted_value<L: Loss>(loss: &L, samples: impl Iterator<Item = (f32, bool)>) -> f64 {
    let mut sums = loss.counting_accumulator();
    sums.extend(samples);
    sums.finish().expect("valid pixels").value()
}

/// The loss and the gradient of an iterator of pixels.
pub fn value_and_gradient_of_iterator<L: Loss>(loss: &L, image: &Image, to: &mut [f32]) -> f64 {
    let pixels = || image.logits.iter().zip(&image.mask);
    of_samples(loss, pixels(), pixels(), to)
}

/// The loss and the gradient of an iterator, which is run twice.
fn of_samples<L: Loss, S: Into<Sample>>(
    loss: &L,
    first: impl Iterator<Item = S>,
    second: impl Iterator<Item = S>,
    to: &mut [f32],
) -> f64 {
    let mut sums = loss.accumulator();
    sums.extend(first);
    let total = sums.finish().expect("valid pixels");
    let gradient = total.gradient();
    to.iter_mut().zip(second).for_each(|(to, sample)| *to = gradient.at(sample));
    total.value()
}

/// The loss of slices, with all threads of the current pool.
pub fn par_value<L>(loss: &L, plane: Plane<'_, u8>) -> f64
where
    L: Loss<Sums: Send + Sync> + Send + Sync,
{
    let mut sums = loss.accumulator();
    sums.par_extend_plane(plane);
    sums.finish().expect("valid pixels").value()
}

/// The loss and the gradient of slices, with all threads of the current pool.
pub fn par_value_and_gradient<L>(loss: &L, plane: Plane<'_, u8>, gradient: &mut [f32]) -> f64
where
    L: Loss<Sums: Send + Sync, Slope: Sync> + Send + Sync,
{
    let mut sums = loss.accumulator();
    sums.par_extend_plane(plane);
    let total = sums.finish().expect("valid pixels");
    total.gradient().par_write(plane, gradient).expect("a gradient for each pixel");
    total.value()
}

/// The loss of slices of several classes.
pub fn class_value<L: ClassLoss<C>, const C: usize>(loss: &L, plane: ClassPlane<'_, u8, C>) -> f64 {
    let mut sums = loss.class_accumulator();
    sums.extend_plane(plane);
    sums.finish().expect("valid pixels").value()
}

/// The loss and the gradient of slices of several classes.
pub fn class_value_and_gradient<L: ClassLoss<C>, const C: usize>(
    loss: &L,
    plane: ClassPlane<'_, u8, C>,
    gradient: &mut [f32],
) -> f64 {
    let mut sums = loss.class_accumulator();
    sums.extend_plane(plane);
    let total = sums.finish().expect("valid pixels");
    total.gradient().write(plane, gradient).expect("a gradient for each logit");
    total.value()
}

type Value = dyn Fn(Plane<'_, u8>) -> f64;
type ValueAndGradient = dyn Fn(Plane<'_, u8>, &mut [f32]) -> f64;

/// A loss of any type. Its code is compiled once, here, instead of in every bench and test that loops over the list.
pub struct NamedLoss {
    /// The loss in words.
    pub name: &'static str,
    /// [`value`].
    pub value: Box<Value>,
    /// [`value_and_gradient`].
    pub value_and_gradient: Box<ValueAndGradient>,
    /// The same pixel by pixel, as [`value_and_gradient_of_iterator`].
    pub of_iterator: Box<ValueAndGradient>,
}

impl NamedLoss {
    fn new<L: Loss + 'static>(name: &'static str, loss: L) -> Self {
        let (of_slices, of_iterator) = (loss.clone(), loss.clone());
        Self {
            name,
            value: Box::new(move |plane| value(&loss, plane)),
            value_and_gradient: Box::new(move |plane, to| value_and_gradient(&of_slices, plane, to)),
            of_iterator: Box::new(move |plane, to| of_samples(&of_iterator, plane.samples(), plane.samples(), to)),
        }
    }
}

/// The losses that are timed one by one: those of `loss-core`'s list with default parameters, and some that differ from them by their parameters.
///
/// Those of the list run through [`AnyLoss`], so all of them are compiled once. It identifies the loss once per tile.
pub fn losses() -> Vec<NamedLoss> {
    fn known<V, E: std::fmt::Debug>(loss: Result<V, E>) -> V {
        loss.expect("parameters in range")
    }
    let (bce, dice) = (Bce::new().mean(), known(Dice::new(SMOOTH)));
    let focal = known(Focal::new(2.0)).mean();
    let iou = known(Iou::new(SMOOTH));
    let listed = AnyLoss::LIST.iter().map(|entry| {
        let loss = known((entry.build)(&Arguments::new(&entry.facts, &[])));
        NamedLoss::new(entry.facts.name, loss)
    });
    listed
        .chain([
            NamedLoss::new("focal, γ = 1.7", AnyLoss::Focal(known(Focal::new(1.7)).mean())),
            NamedLoss::new("dice, squared", AnyLoss::Dice(dice.overlap(AnyOverlap::Squared))),
            NamedLoss::new("BCE + Dice", bce + dice),
            NamedLoss::new("focal + Tversky", focal_tversky()),
            NamedLoss::new("BCE + focal + Dice + IoU", bce + focal + dice + iou),
        ])
        .collect()
}
