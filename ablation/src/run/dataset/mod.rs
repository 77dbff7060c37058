//! Synthetic images to segment, made from a seed.
//!
//! Two kinds: single images with a binary mask ([`binary`]), and pairs before and after a disaster with five classes
//! ([`damage`]). The share of each class is exact over a split, so that imbalance is a setting and no accident of the draw.
//! The same settings and seed give the same bytes on every machine: random numbers come from ChaCha8, one stream an image,
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

/// Images that a network sees, one or more at once.
pub(crate) trait ImageSet {
    /// How many times it sees something.
    fn len(&self) -> usize;

    /// Width and height of an image.
    fn size(&self) -> usize;

    /// Of each image: 1, or 3 for red, green and blue.
    fn channels(&self) -> usize {
        1
    }

    /// The pixels of what is seen at once, one slice for each input of the network; empty beyond the last.
    fn inputs(&self, index: usize) -> Vec<&[f32]>;
}

/// Which images: those the network is trained with, or those it never sees in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Training,
    HeldOut,
}

/// The pixels of image `index` out of images stored one after the other. Empty beyond the last.
fn image<T>(pixels: &[T], size: usize, index: usize) -> &[T] {
    let area = size * size;
    let start = index.saturating_mul(area);
    pixels.get(start..start.saturating_add(area)).unwrap_or_default()
}
