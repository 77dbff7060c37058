//! Synthetic images to segment, made from a seed.
//!
//! There are two kinds: single images with a binary mask ([`binary`]), and pairs before and after a disaster with five classes
//! ([`damage`]). The share of each class is exact over a split, so that imbalance is a setting and not an accident of the draw.
//! The same settings and seed give the same bytes on every machine. Random numbers come from ChaCha8, with one stream per image,
//! and all functions beyond the four operations and the root come from `libm`.

mod apportion;
mod binary;
mod canvas;
mod damage;
mod label_noise;
mod nuclei;
mod objects;
mod placement;
mod random;
mod real;
mod scene;
mod sets;
mod shape;
#[cfg(test)]
mod tests;

pub(crate) use binary::{BinarySet, Labelling, binary};
pub(crate) use damage::{PairSet, damage, damage_shares};
pub(crate) use nuclei::QUADRANTS;
pub(crate) use real::{Cut, Real, RealError};
pub(crate) use sets::Sets;

/// Images for a network, one or more seen at once.
pub(crate) trait ImageSet {
    /// The number of inputs.
    fn len(&self) -> usize;

    /// Width and height of an image.
    fn size(&self) -> usize;

    /// The channels of each image: 1, or 3 for red, green and blue.
    fn channels(&self) -> usize {
        1
    }

    /// The pixels of one input, one slice for each image seen at once; empty past the last input.
    fn inputs(&self, index: usize) -> Vec<&[f32]>;
}

/// The set of images: for training, or held out and never seen in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Training,
    HeldOut,
}

/// The pixels of image `index` among images stored one after the other; empty past the last.
fn image<T>(pixels: &[T], size: usize, index: usize) -> &[T] {
    let area = size * size;
    let start = index.saturating_mul(area);
    pixels.get(start..start.saturating_add(area)).unwrap_or_default()
}
