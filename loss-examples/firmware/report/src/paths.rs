//! What is measured: each way through a row of pixels as a function of its own, and beside it the loop that one would write by
//! hand with the elementary functions of `libm`, sums of `f64` and no checks.
//!
//! None of these functions is inlined, so that what is counted is what stands in it.

use loss_core::class::{ClassAccumulator, ClassGradient, ClassLoss};
use loss_core::extend::Link;
use loss_core::head::Layer;
use loss_core::histogram::GradientTable;
use loss_core::watch::{Agreement, Watch};
use loss_core::{
    Accumulator, Bce, CountingAccumulator, Gradient, Histogram, LengthError, Logits, Loss, Plane, Pointwise,
    Quantisation,
};

use crate::camera::{Row, WIDTH};
use crate::losses::CLASSES;
use crate::net::FEATURES;
use crate::tuning;
use crate::watching::BINS;

/// Pushes the pixels of a row, which have hard targets and no weights, to be counted.
#[inline(never)]
pub fn count<L: Loss>(sums: &mut CountingAccumulator<L>, row: &Row) {
    sums.extend(row.logits.iter().zip(&row.mask));
}

/// Pushes the pixels of a row.
#[inline(never)]
pub fn stream<L: Loss>(sums: &mut Accumulator<L>, row: &Row) {
    sums.extend(row.logits.iter().zip(&row.mask));
}

/// Adds a row as slices.
///
/// # Errors
/// [`LengthError`] if there are not as many targets as logits.
#[inline(never)]
pub fn slices<L: Loss>(sums: &mut Accumulator<L>, row: &Row) -> Result<(), LengthError> {
    sums.extend_plane(Plane::new(&row.logits, &row.mask)?);
    Ok(())
}

/// Pushes the pixels of a row of several classes.
#[inline(never)]
pub fn stream_classes<L: ClassLoss<CLASSES>>(sums: &mut ClassAccumulator<L, CLASSES>, row: &Row) {
    sums.extend(row.class_logits.iter().zip(&row.labels).map(|(&logits, &label)| (logits, label)));
}

/// Counts the codes of a row, one by one.
#[inline(never)]
pub fn push_codes(histogram: &mut Histogram<i8>, row: &Row) {
    row.codes.iter().zip(&row.mask).for_each(|(&code, &target)| histogram.push(code, target));
}

/// Counts the codes of a row as slices.
///
/// # Errors
/// [`LengthError`] if there are not as many targets as codes.
#[inline(never)]
pub fn extend_codes(histogram: &mut Histogram<i8>, row: &Row) -> Result<(), LengthError> {
    histogram.extend_codes(&row.codes, &row.mask)
}

/// The gradient of each pixel of a row.
#[inline(never)]
pub fn gradient<L: Loss>(gradient: &Gradient<L, Logits>, row: &Row, slopes: &mut [f32]) {
    for ((to, logit), target) in slopes.iter_mut().zip(&row.logits).zip(&row.mask) {
        *to = gradient.at((logit, target));
    }
}

/// The gradient of each pixel of a row of several classes, class by class.
#[inline(never)]
pub fn gradient_classes<L: ClassLoss<CLASSES>>(
    gradient: &ClassGradient<L, CLASSES>,
    row: &Row,
    slopes: &mut [[f32; CLASSES]],
) {
    for ((to, &logits), &label) in slopes.iter_mut().zip(&row.class_logits).zip(&row.labels) {
        *to = gradient.at((logits, label));
    }
}

/// The gradient of each code of a row.
///
/// # Errors
/// [`LengthError`] if the slices differ in length.
#[inline(never)]
pub fn gradient_codes(table: &GradientTable<i8>, row: &Row, slopes: &mut [f32]) -> Result<(), LengthError> {
    table.write(&row.codes, &row.mask, slopes)
}

/// Watches a model by the logits of a row.
#[inline(never)]
pub fn watch(watch: &mut Watch<BINS>, row: &Row) {
    watch.extend(row.logits.iter().copied());
}

/// Compares a model with its quantised self.
#[inline(never)]
pub fn agree(agreement: &mut Agreement, quantisation: &Quantisation, row: &Row) {
    agreement.extend(row.logits.iter().zip(&row.codes).map(|(&logit, &code)| (logit, quantisation.logit(code.into()))));
}

/// What stands for the features of each pixel of a row: the codes beside it, and 0 for half of them, as after a ReLU.
pub fn features(row: &Row) -> [[i8; FEATURES]; WIDTH] {
    let mut features = [[0; FEATURES]; WIDTH];
    for (x, features) in (0..WIDTH).zip(&mut features) {
        for (offset, feature) in (0..FEATURES).zip(features) {
            let code = row.codes.get(x.wrapping_add(offset) % WIDTH).copied().unwrap_or_default();
            *feature = code.wrapping_mul(3).max(0);
        }
    }
    features
}

/// The first pass of a step: the loss of the logits of a last layer.
#[inline(never)]
pub fn head_forward<L: Loss>(
    sums: &mut CountingAccumulator<L>,
    layer: &Layer<FEATURES, 1>,
    features: &[[i8; FEATURES]; WIDTH],
    row: &Row,
) {
    sums.extend(features.iter().zip(&row.mask).map(|(features, &target)| {
        let [logit] = layer.logits(features);
        (logit, target)
    }));
}

/// The second pass of a step: the gradient of a last layer.
#[inline(never)]
pub fn head_gradient<L: Loss>(
    gradient: &mut tuning::Gradient,
    slope: &Gradient<L, Logits>,
    layer: &Layer<FEATURES, 1>,
    features: &[[i8; FEATURES]; WIDTH],
    row: &Row,
) {
    for (features, &target) in features.iter().zip(&row.mask) {
        let [logit] = layer.logits(features);
        gradient.push(features, [slope.at((logit, target))]);
    }
}

/// The only pass of a step whose loss is the sum of BCE: its slope, p − t, does not depend on the other pixels.
#[inline(never)]
pub fn head_gradient_of_bce(
    gradient: &mut tuning::Gradient,
    layer: &Layer<FEATURES, 1>,
    features: &[[i8; FEATURES]; WIDTH],
    row: &Row,
) {
    for (features, &target) in features.iter().zip(&row.mask) {
        let [logit] = layer.logits(features);
        let pixel = Logits.pixel(logit, if target { 1.0 } else { 0.0 });
        gradient.push(features, [Bce::new().slope(&pixel)]);
    }
}

/// The sums of the loops by hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByHand {
    /// Σ ℓ.
    pub loss: f64,
    /// Σ p t.
    pub intersection: f64,
    /// Σ p.
    pub predicted: f64,
    /// Σ t.
    pub foreground: f64,
}

/// −ln p(t), by the textbook.
fn cross_entropy(logit: f32, target: f32) -> f32 {
    logit.max(0.0) - logit * target + libm::log1pf(libm::expf(-logit.abs()))
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-logit))
}

/// BCE + Dice by hand.
#[inline(never)]
pub fn bce_dice_by_hand(sums: &mut ByHand, row: &Row) {
    for (&logit, &target) in row.logits.iter().zip(&row.mask) {
        let (p, t) = (sigmoid(logit), f32::from(u8::from(target)));
        sums.loss += f64::from(cross_entropy(logit, t));
        sums.intersection += f64::from(p * t);
        sums.predicted += f64::from(p);
        sums.foreground += f64::from(t);
    }
}

/// The gradient of BCE + Dice by hand: `mean` is 1/n, and `inside` and `outside` are the slopes of Dice by p where t is 1 and 0.
#[inline(never)]
pub fn bce_dice_gradient_by_hand(mean: f32, inside: f32, outside: f32, row: &Row, slopes: &mut [f32]) {
    for ((to, &logit), &target) in slopes.iter_mut().zip(&row.logits).zip(&row.mask) {
        let (p, t) = (sigmoid(logit), f32::from(u8::from(target)));
        *to = (p - t) * mean + p * (1.0 - p) * (t * inside + (1.0 - t) * outside);
    }
}

/// Focal + Tversky by hand, γ = 2.
#[inline(never)]
pub fn focal_tversky_by_hand(sums: &mut ByHand, row: &Row) {
    for (&logit, &target) in row.logits.iter().zip(&row.mask) {
        let (p, t) = (sigmoid(logit), f32::from(u8::from(target)));
        let wrong = p * (1.0 - t) + (1.0 - p) * t;
        let alpha = 0.25 * t + 0.75 * (1.0 - t);
        sums.loss += f64::from(alpha * wrong * wrong * cross_entropy(logit, t));
        sums.intersection += f64::from(p * t);
        sums.predicted += f64::from(p);
        sums.foreground += f64::from(t);
    }
}

/// Cross-entropy + Dice of classes by hand.
#[inline(never)]
pub fn cross_entropy_dice_by_hand(sums: &mut [ByHand; CLASSES], row: &Row) {
    for (logits, &label) in row.class_logits.iter().zip(&row.labels) {
        let largest = logits.iter().fold(f32::MIN, |largest, &logit| largest.max(logit));
        let exponentials = logits.map(|logit| libm::expf(logit - largest));
        let total: f32 = exponentials.iter().sum();
        let log_total = libm::logf(total);
        for (class, ((sums, exponential), logit)) in (0..CLASSES).zip(sums.iter_mut().zip(exponentials).zip(logits)) {
            let (p, t) = (exponential / total, f32::from(u8::from(class == usize::from(label))));
            sums.loss += f64::from(t * (log_total + largest - logit));
            sums.intersection += f64::from(p * t);
            sums.predicted += f64::from(p);
            sums.foreground += f64::from(t);
        }
    }
}
