//! The quality of a predicted mask: counts, boundaries and distances.
//!
//! All distances are Euclidean, between the centres of pixels, in pixels.

mod boundary;
mod hausdorff;
mod image;
mod mask;
#[cfg(test)]
mod tests;

pub(crate) mod name;
pub(crate) use boundary::{boundary_f1, boundary_iou};
pub(crate) use hausdorff::hausdorff_95;
pub(crate) use image::{Counts, ImageScores};
pub(crate) use mask::MaskView;
