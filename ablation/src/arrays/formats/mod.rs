//! Files that are no NumPy arrays, read as such: pictures, volumes, tensors. Crates read the formats.

mod nifti;
mod picture;
mod png;
mod safetensors;
mod tiff;

pub(super) use nifti::{is_nifti, open as open_nifti, scaled};
pub(crate) use picture::{Kind, kind_of};
#[cfg(feature = "train")]
pub(crate) use picture::{MOST_PIXELS, Picture, of_bytes};
pub(super) use picture::{decoded, outline};
pub(super) use safetensors::{is_safetensors, open as open_safetensors};
