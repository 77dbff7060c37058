//! Losses that rank the pixels: the Lovász losses, and those of the hardest pixels alone.
//!
//! | loss | memory |
//! |---|---|
//! | [`LovaszHinge`] | one `u32` a pixel, lent by the caller |
//! | [`LovaszErrors`] | one `u32` a pixel, lent by the caller |
//! | [`LovaszSoftmax`] | one `u64` a pixel and class, lent by the caller |
//! | [`BinnedLovasz`] | two `i64` a bin, for any number of pixels |
//! | [`TopK`] | none: the pixels are gone through six times |
//! | [`Ohem`] | none: the pixels are gone through seven times at most |
//!
//! A [`Histogram`](crate::Histogram) has all of them and needs no memory of the pixels: [`Histogram::lovasz_hinge`](crate::Histogram::lovasz_hinge),
//! [`Histogram::lovasz_sigmoid`](crate::Histogram::lovasz_sigmoid), [`HardMining::histogram`].

// What the Lovász losses share stands in `jaccard.rs` (the slopes of the set function, ties) and `ranking.rs` (the lent memory); what the
// others share in `hardest.rs`.

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
