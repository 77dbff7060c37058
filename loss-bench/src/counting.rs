//! The paths that are counted by instructions: the program `instructions` runs them under callgrind.

use std::hint::black_box;

use loss_core::SimdLevel;

use crate::data::{ClassImage, Image};
use crate::losses::{
    SMOOTH, bce_dice, class_plane, class_value, class_value_and_gradient, cross_entropy_dice, plane,
    value_and_gradient_at, value_and_gradient_of_iterator, value_at, value_of_iterator,
};
use crate::textbook::{self, Libm, Std};

/// The side of the image: small, because callgrind is slow, but large enough for many tiles.
pub const SIDE: usize = 128;

/// The levels that are counted if the processor has them under valgrind, which has no AVX-512.
pub const LEVELS: [&str; 4] = ["scalar", "sse2", "avx2", "neon"];

/// The names of the counted paths.
pub fn paths() -> Vec<String> {
    let mut paths = vec!["iterator".to_owned()];
    paths.extend(LEVELS.iter().map(|level| format!("slices, {level}")));
    paths.extend(["5 classes", "21 classes", "textbook, std", "textbook, libm"].map(str::to_owned));
    paths
}

/// Runs a path `calls` times. `None` if it does not exist on this machine.
pub fn run(path: &str, wants_gradient: bool, calls: usize) -> Option<()> {
    match path {
        "5 classes" => run_classes::<5>(wants_gradient, calls),
        "21 classes" => run_classes::<21>(wants_gradient, calls),
        _ => return run_binary(path, wants_gradient, calls),
    }
    Some(())
}

fn run_binary(path: &str, wants_gradient: bool, calls: usize) -> Option<()> {
    let level = match path.strip_prefix("slices, ") {
        Some(level) => Some(SimdLevel::named(level)?),
        None => None,
    };
    let image = Image::new(SIDE);
    let (loss, pixels) = (bce_dice(), plane(&image));
    let Image { logits, mask } = &image;
    let mut gradient = vec![0.0; image.pixels()];
    for _ in 0..calls {
        let to = black_box(gradient.as_mut_slice());
        black_box(match (path, level, wants_gradient) {
            (_, Some(level), false) => value_at(level, &loss, pixels),
            (_, Some(level), true) => value_and_gradient_at(level, &loss, pixels, to),
            ("iterator", _, false) => value_of_iterator(&loss, &image),
            ("iterator", _, true) => value_and_gradient_of_iterator(&loss, &image, to),
            ("textbook, std", _, false) => textbook::value::<Std>(logits, mask, SMOOTH),
            ("textbook, std", _, true) => textbook::value_and_gradient::<Std>(logits, mask, SMOOTH, to),
            ("textbook, libm", _, false) => textbook::value::<Libm>(logits, mask, SMOOTH),
            ("textbook, libm", _, true) => textbook::value_and_gradient::<Libm>(logits, mask, SMOOTH, to),
            _ => return None,
        });
    }
    Some(())
}

fn run_classes<const C: usize>(wants_gradient: bool, calls: usize) {
    let image = ClassImage::new(SIDE, C as u8);
    let (loss, pixels) = (cross_entropy_dice::<C>(), class_plane::<C>(&image, loss_core::class::Layout::Planar));
    let mut gradient = vec![0.0; image.logits.len()];
    for _ in 0..calls {
        let to = black_box(gradient.as_mut_slice());
        black_box(if wants_gradient {
            class_value_and_gradient(&loss, pixels, to)
        } else {
            class_value(&loss, pixels)
        });
    }
}

/// The file beside criterion's that the report reads: path, value or gradient, instructions per pixel, separated by tabs.
pub const FILE: &str = "instructions.tsv";
