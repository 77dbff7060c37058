//! The terms of the Lovász losses.

use loss_core::class::{ClassSample, ClassTarget};
use loss_core::sorted::{LovaszClasses, LovaszHinge, LovaszSoftmax};

use crate::binary::{Data, Evaluation};
use crate::vocabulary::{self, Activation, Encoding, Term};

/// Evaluates a sorted term. `None` if it is none.
pub fn term(data: &Data, term: &Term, total: &mut Evaluation) -> Option<(f64, f64)> {
    match term {
        Term::LovaszHinge(term) => Some((term.coef, hinge(data, term, total))),
        Term::LovaszSoftmax(term) => {
            assert!(term.activation.is_none_or(|activation| activation == Activation::Softmax));
            let value = match data.channels {
                0..=8 => softmax::<8>(data, term, total),
                9..=32 => softmax::<32>(data, term, total),
                _ => softmax::<256>(data, term, total),
            };
            Some((term.coef, value))
        }
        _ => None,
    }
}

/// The images that are sorted together, and the share of each such batch in the mean.
fn batches(data: &Data, per_image: bool) -> (Vec<std::ops::Range<usize>>, f64) {
    if per_image {
        ((0..data.batch).map(|image| image..image + 1).collect(), 1.0 / data.batch as f64)
    } else {
        (std::iter::once(0..data.batch).collect(), 1.0)
    }
}

fn left_out(data: &Data, ignored: Option<f64>, number: usize, stored: f32) -> bool {
    let stored = f64::from(stored);
    let masked = data.mask.as_ref().is_some_and(|mask| mask[number] == 0.0);
    masked || ignored == Some(stored) || data.ignore_value == Some(stored)
}

fn hinge(data: &Data, term: &vocabulary::LovaszHinge, total: &mut Evaluation) -> f64 {
    assert_eq!(data.channels, 1, "the Lovász hinge is binary");
    let (batches, share) = batches(data, term.per_image);
    let mut value = 0.0;
    for images in batches {
        let numbers = images.start * data.pixels..images.end * data.pixels;
        let samples: Vec<(usize, (f32, f32, f32))> = numbers
            .map(|number| {
                let target = data.targets[number];
                let weight = if left_out(data, term.ignore_value, number, target) { 0.0 } else { 1.0 };
                (number, (data.inputs[number], target, weight))
            })
            .collect();
        let mut scratch = vec![0; samples.len()];
        let mut pixels = LovaszHinge::new(&mut scratch);
        pixels.extend(samples.iter().map(|&(_, sample)| sample));
        let Ok(finished) = pixels.finish() else { continue };
        value += share * finished.value();
        let gradient = finished.gradient_times(share * term.coef);
        for (number, sample) in samples {
            total.gradient[number] += gradient.at(sample);
        }
    }
    value
}

fn softmax<const C: usize>(data: &Data, term: &vocabulary::LovaszSoftmax, total: &mut Evaluation) -> f64 {
    assert!(data.encoding == Encoding::Labels, "the Lovász softmax takes labels");
    let (batches, share) = batches(data, term.per_image);
    let classes = match term.classes {
        None | Some(vocabulary::LovaszClasses::Present) => LovaszClasses::Present,
        Some(vocabulary::LovaszClasses::All) => LovaszClasses::All,
    };
    let mut value = 0.0;
    for images in batches {
        let mut samples = Vec::new();
        for image in images {
            for pixel in 0..data.pixels {
                let number = image * data.pixels + pixel;
                let index = |class| (image * data.channels + class) * data.pixels + pixel;
                let mut logits = [0.0; C];
                (0..data.channels).for_each(|class| logits[class] = data.inputs[index(class)]);
                let label = data.targets[number];
                let weight = if left_out(data, term.ignore_index, number, label) { 0.0 } else { 1.0 };
                samples.push((index(0), ClassSample { logits, target: ClassTarget::Label(label as i64), weight }));
            }
        }
        let mut scratch = vec![0; samples.len() * data.channels];
        let pixels = LovaszSoftmax::<C>::new(&mut scratch).with_classes(data.channels).expect("a capacity");
        let mut pixels = pixels.over(classes);
        samples.iter().for_each(|&(_, sample)| pixels.push(sample));
        let Ok(finished) = pixels.finish() else { continue };
        value += share * finished.value();
        for (first, sample) in samples {
            for (class, slope) in
                finished.gradient_at(sample, share * term.coef).into_iter().take(data.channels).enumerate()
            {
                total.gradient[first + class * data.pixels] += slope;
            }
        }
    }
    value
}
