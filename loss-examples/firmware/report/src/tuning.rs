//! The head of a network, fine-tuned on the board for another camera than the one that it was trained with.
//!
//! Each step takes two passes over the scenes: the loss of all pixels, then the gradient of the head as exact sums. Two devices have half of the scenes each; their sums are
//! merged, and are those of one device that has all of them. What is judged are scenes that are not trained on.

use loss_core::head::{Head, HeadGradient, Layer, Sgd};
use loss_core::watch::Watch;
use loss_core::{Bce, Confusion, Dice, Loss, ParameterError, Pointwise};
use ufmt::uwrite;

use crate::error::ReportError;
use crate::lines::{Checksum, Number, Output, line};
use crate::net::{FEATURES, NET};
use crate::scene::{Camera, Scene};

/// The scenes that are trained on: half of them on each of two devices.
pub const TRAINED: [[u32; 2]; 2] = [[101, 102], [103, 104]];
/// The scenes that are judged.
pub const HELD_OUT: [u32; 8] = [201, 202, 203, 204, 205, 206, 207, 208];
/// How many steps there are.
pub const STEPS: u32 = 32;

/// A gradient of the head.
pub type Gradient = HeadGradient<i8, FEATURES, 1>;

/// BCE + Dice.
///
/// # Errors
/// None: the parameters are in range.
pub fn loss() -> Result<impl Loss, ParameterError> {
    Ok(Bce::new().mean() + Dice::new(1.0)?)
}

/// How steps are taken.
///
/// # Errors
/// None: the parameters are in range.
pub const fn sgd() -> Result<Sgd, ParameterError> {
    Sgd::new(0.0625, 0.875, 0.0)
}

/// Fine-tunes and prints: Dice before and after, and of each step the loss, the gradient and the weights.
///
/// # Errors
/// [`ReportError`] if something has no result, which none of these scenes gives rise to.
#[inline(never)]
pub fn report(output: &mut impl Output) -> Result<(), ReportError> {
    let mut head = NET.trained_head()?;
    let accepted = judge(&head.layer(), Camera::ACCEPTED)?;
    let before = judge(&head.layer(), Camera::SHIFTED)?;
    dice(output, "accepted camera", &accepted)?;
    dice(output, "shifted camera, before", &before)?;
    for step in 0..STEPS {
        let (value, gradient) = whole_gradient(&head.layer())?;
        let mut checksum = Checksum::new();
        gradient.for_each_of_state(|integer| checksum.add_integer(integer));
        head.step(&gradient, &sgd()?)?;
        line(output, |text| {
            uwrite!(text, "step {} loss {} gradient checksum {:016x}", step, Number(value), checksum.get())?;
            uwrite!(text, " fingerprint {:016x}", gradient.fingerprint())
        })?;
    }
    let mut written = Ok(());
    head.for_each_of_state(|integer| {
        let printed = line(output, |text| uwrite!(text, "head {}", integer));
        written = written.and(printed);
    });
    written?;
    dice(output, "shifted camera, after", &judge(&head.layer(), Camera::SHIFTED)?)
}

/// The gradient of a step over all scenes: the loss of both devices, then the gradients of each, merged.
#[inline(never)]
fn whole_gradient(layer: &Layer<FEATURES, 1>) -> Result<(f64, Gradient), ReportError> {
    let loss = loss()?;
    let mut sums = loss.counting_accumulator();
    for scenes in TRAINED {
        let mut device = loss.counting_accumulator();
        scenes.iter().for_each(|&number| {
            NET.for_each_pixel(&Scene::new(number, Camera::SHIFTED), &mut |features, target| {
                let [logit] = layer.logits(features);
                device.push((logit, target));
            });
        });
        sums.merge(&device)?;
    }
    let total = sums.finish()?;
    let slope = total.gradient();
    let mut whole = Gradient::new(layer, &sums);
    for scenes in TRAINED {
        let mut device = Gradient::new(layer, &sums);
        scenes.iter().for_each(|&number| {
            NET.for_each_pixel(&Scene::new(number, Camera::SHIFTED), &mut |features, target| {
                let [logit] = layer.logits(features);
                device.push(features, [slope.at((logit, target))]);
            });
        });
        whole.merge(&device)?;
    }
    Ok((total.value(), whole))
}

/// What is seen of the scenes that are not trained on: the confusion of the masks, and what the model says without labels.
#[inline(never)]
pub fn judge(layer: &Layer<FEATURES, 1>, camera: Camera) -> Result<(Confusion, Watch<16>), ReportError> {
    let mut sums = loss()?.counting_accumulator();
    let mut watch = Watch::new(-8.0, 8.0)?;
    for number in HELD_OUT {
        NET.for_each_pixel(&Scene::new(number, camera), &mut |features, target| {
            let [logit] = layer.logits(features);
            sums.push((logit, target));
            watch.push(logit);
        });
    }
    Ok((sums.finish()?.hard(), watch))
}

fn dice(output: &mut impl Output, name: &str, (mask, watch): &(Confusion, Watch<16>)) -> Result<(), ReportError> {
    let watched = watch.finish()?;
    let mut checksum = Checksum::new();
    watch.for_each_of_state(|integer| checksum.add_integer(integer));
    line(output, |text| uwrite!(text, "{}: held-out dice {}", name, Number(mask.dice().unwrap_or(-1.0))))?;
    line(output, |text| uwrite!(text, "{}: entropy {}", name, Number(watched.entropy)))?;
    line(output, |text| {
        let expected = watched.expected.dice().unwrap_or(-1.0);
        uwrite!(text, "{}: expected dice {} watch checksum {:016x}", name, Number(expected), checksum.get())
    })
}

/// The head after all steps, and the Dice of the held-out scenes by each camera and head: accepted, shifted before, shifted after.
///
/// # Errors
/// As [`report`].
pub fn fine_tuned() -> Result<(Head<FEATURES, 1>, [Option<f64>; 3]), ReportError> {
    let mut head = NET.trained_head()?;
    let [accepted, before] =
        [judge(&head.layer(), Camera::ACCEPTED)?, judge(&head.layer(), Camera::SHIFTED)?].map(|(mask, _)| mask.dice());
    for _ in 0..STEPS {
        let (_, gradient) = whole_gradient(&head.layer())?;
        head.step(&gradient, &sgd()?)?;
    }
    let (after, _) = judge(&head.layer(), Camera::SHIFTED)?;
    Ok((head, [accepted, before, after.dice()]))
}
