//! Pictures of images, masks and errors.

use crate::run::dataset::{BinarySet, ImageSet};
use crate::run::model::{Paint, Picture, PictureKind, PictureRow, Pictures};
use crate::run::outcomes::Entry;
use crate::run::training::damage::CLASS_NAMES;

/// The number of images in a figure.
pub(super) const ROWS: usize = 4;

/// An image of numbers; the two given ones are black and white.
pub(super) fn grey(pixels: &[f32], size: usize, [black, white]: [f32; 2]) -> Picture {
    let byte = |value: &f32| (255.0 * ((value - black) / (white - black)).clamp(0.0, 1.0)).round() as u8;
    of_bytes(pixels.iter().map(byte).collect(), size, PictureKind::Grey)
}

/// The range in which images are shown; images are standardised.
pub(super) const SHOWN: [f32; 2] = [-2.5, 3.5];

pub(super) fn of_bytes(pixels: Vec<u8>, width: usize, kind: PictureKind) -> Picture {
    let height = pixels.len() / width.max(1);
    Picture { width, height, kind, note: String::new(), pixels }
}

pub(super) fn noted(picture: Picture, note: String) -> Picture {
    Picture { note, ..picture }
}

/// A mask of zeros and ones.
pub(super) fn mask(pixels: &[u8], size: usize) -> Picture {
    let paint = |pixel: &u8| if *pixel == 0 { Paint::Background as u8 } else { Paint::Foreground as u8 };
    of_bytes(pixels.iter().map(paint).collect(), size, PictureKind::Painted)
}

/// The correct and the wrong pixels of a prediction.
pub(super) fn errors(prediction: &[u8], truth: &[u8], size: usize) -> Picture {
    let paint = |(predicted, true_value): (&u8, &u8)| match (*predicted != 0, *true_value != 0) {
        (true, true) => Paint::TruePositive as u8,
        (true, false) => Paint::FalsePositive as u8,
        (false, true) => Paint::FalseNegative as u8,
        (false, false) => Paint::Background as u8,
    };
    of_bytes(prediction.iter().zip(truth).map(paint).collect(), size, PictureKind::Painted)
}

/// Classes from 0 to 4.
pub(super) fn classes(labels: &[u8], size: usize) -> Picture {
    let paint = |label: &u8| match label {
        1 => Paint::Class1 as u8,
        2 => Paint::Class2 as u8,
        3 => Paint::Class3 as u8,
        4 => Paint::Class4 as u8,
        _ => Paint::Background as u8,
    };
    of_bytes(labels.iter().map(paint).collect(), size, PictureKind::Painted)
}

pub(super) fn error_legend() -> Vec<(Paint, String)> {
    vec![
        (Paint::TruePositive, "foreground; found (true positive)".to_owned()),
        (Paint::FalsePositive, "false alarm (false positive)".to_owned()),
        (Paint::FalseNegative, "missed (false negative)".to_owned()),
    ]
}

pub(super) fn class_legend() -> Vec<(Paint, String)> {
    let paints = [Paint::Class1, Paint::Class2, Paint::Class3, Paint::Class4];
    paints.into_iter().zip(CLASS_NAMES.iter().skip(1)).map(|(paint, name)| (paint, (*name).to_owned())).collect()
}

/// The prediction at a probability of ½, from probabilities stored as bytes.
pub(super) fn at_half(probabilities: &[u8]) -> Vec<u8> {
    probabilities.iter().map(|p| u8::from(*p >= 128)).collect()
}

/// The Dice of one image, 2TP / (2TP + FP + FN), computed by the loss library, as a note.
pub(super) fn dice_note(prediction: &[u8], truth: &[u8]) -> String {
    use loss_core::{Bce, Loss, Pointwise};
    let mut sums = Bce::new().mean().accumulator();
    sums.extend(prediction.iter().zip(truth).map(|(p, t)| (if *p == 0 { -1.0 } else { 1.0 }, *t != 0)));
    match sums.finish().ok().and_then(|finished| finished.hard().dice()) {
        Some(dice) => format!("Dice {dice:.2}"),
        None => "empty, nothing found".to_owned(),
    }
}

/// Image, truth, and the prediction of each entry's first seed.
pub(super) fn side_by_side(held_out: &BinarySet, entries: &[Entry<'_>], rows: usize) -> Option<Pictures> {
    let shown: Vec<_> = entries.iter().filter_map(|entry| Some((entry.name(), entry.first()?))).collect();
    if shown.is_empty() {
        return None;
    }
    let mut columns = vec!["image".to_owned(), "truth".to_owned()];
    columns.extend(shown.iter().map(|(name, _)| (*name).to_owned()));
    let size = held_out.size;
    let row = |index: usize| {
        let truth = held_out.mask(index);
        let mut pictures = vec![grey(held_out.image(index), size, SHOWN), mask(truth, size)];
        for (_, trained) in &shown {
            let prediction = at_half(trained.judgement.predictions.get(index)?);
            pictures.push(noted(errors(&prediction, truth, size), dice_note(&prediction, truth)));
        }
        Some(PictureRow { name: format!("image {}", index + 1), pictures })
    };
    let legend = error_legend();
    Some(Pictures {
        title: String::new(),
        columns,
        rows: (0..rows.min(held_out.len())).filter_map(row).collect(),
        legend,
    })
}
