//! Losses that rank the pixels: the Lovász losses, and the losses of the hardest pixels.
//!
//! Start with [`LovaszHinge`] for one class, [`LovaszSoftmax`] for several, and [`TopK`] or [`Ohem`] for the hardest pixels.
//!
//! | loss | memory |
//! |---|---|
//! | [`LovaszHinge`] | one `u32` per pixel, lent by the caller |
//! | [`LovaszErrors`] | one `u32` per pixel, lent by the caller |
//! | [`LovaszSoftmax`] | one `u64` per pixel and class, lent by the caller |
//! | [`BinnedLovasz`] | two `i64` per bin, for any number of pixels |
//! | [`TopK`] | none: it reads the pixels six times |
//! | [`Ohem`] | none: it reads the pixels up to seven times |
//!
//! A [`Histogram`](crate::Histogram) of quantised logits computes the losses of one class without memory for the pixels: [`Histogram::lovasz_hinge`](crate::Histogram::lovasz_hinge),
//! [`Histogram::lovasz_sigmoid`](crate::Histogram::lovasz_sigmoid), [`HardMining::histogram`].

// The Lovász losses share `jaccard.rs` (the slopes of the set function, ties) and `ranking.rs` (the lent memory); the
// others share `hardest.rs`.

mod binned;
mod error;
mod gradient;
mod hardest;
mod histogram;
mod jaccard;
mod lovasz;
mod lovasz_hinge;
mod lovasz_softmax;
mod ohem;
mod ranking;
mod top_k;

pub use binned::{BinnedLovasz, FinishedBinnedLovasz};
pub use error::SortedError;
pub use gradient::PixelGradient;
pub use hardest::{HardMining, Hardest, HardestPixels};
pub use histogram::FinishedHistogramLovasz;
pub use lovasz::{ErrorKind, FinishedLovasz, Lovasz, LovaszErrors, UnitErrors};
pub use lovasz_hinge::{HingeErrors, LovaszHinge};
pub use lovasz_softmax::{FinishedLovaszSoftmax, LovaszClasses, LovaszSoftmax};
pub use ohem::Ohem;
pub use top_k::TopK;
