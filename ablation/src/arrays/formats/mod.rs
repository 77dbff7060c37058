//! Files that are no NumPy arrays, read as such: pictures, volumes, tensors. Crates read the formats.

mod nifti;
mod picture;
mod png;
mod safetensors;
mod tiff;

pub(super) use nifti::{is_nifti, open as open_nifti, scaled};
#[cfg(feature = "train")]
pub(crate) use picture::{INVERTED, MOST_PIXELS, OPACITY, Picture, of_bytes};
pub(crate) use picture::{Kind, kind_of};
pub(super) use picture::{decoded, outline};
pub(super) use safetensors::{is_safetensors, open as open_safetensors};
