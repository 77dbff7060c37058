//! Reading arrays: `.npy` files, members of `.npz` archives and safetensors files, pictures (PNG, TIFF) and volumes (NIfTI); writing `.npy` files.
//!
//! Arrays are streamed in chunks, so memory use does not grow with the size of the array.
//! The one exception is documented at [`open_together`].
//!
//! ```ignore
//! let logits = Source::parse("preds.npz:logits".as_ref()).open()?;
//! let targets = Source::parse("y.npy".as_ref()).open()?;
//! let mut readers = open_together(&[logits, targets])?;
//! let mut logit_chunk = vec![0.0; 65536];
//! let mut target_chunk = vec![0; 65536];
//! loop {
//!     let count = readers[0].read_f32(&mut logit_chunk)?;
//!     readers[1].read_i64(&mut target_chunk[..count])?;
//!     if count == 0 {
//!         break;
//!     }
//! }
//! ```

mod archive;
mod dtype;
mod error;
mod foreign;
pub(crate) mod formats;
mod header;
mod magic;
mod position;
mod reader;
mod rearranged;
mod source;
#[cfg(test)]
mod tests;
mod together;
mod writer;

pub use dtype::{DType, Order};
pub use error::ArrayError;
pub(crate) use position::unravel;
pub use reader::{MAX_CHUNK, Reader, Values};
pub use source::{Array, Format, Source, Space};
pub(crate) use together::squeezed;
pub use together::{check_shapes, open_in_order, open_together};
pub use writer::NpyWriter;

/// The result of every fallible function of this module.
pub type Result<T, E = ArrayError> = std::result::Result<T, E>;
