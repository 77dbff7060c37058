//! Which format a file has.

use std::fs::File;
use std::io::{Read, Seek};

use flate2::read::MultiGzDecoder;

use super::foreign::{self, Foreign};
use super::header::NPY_MAGIC;
use super::{ArrayError, Result, formats};

/// What a file begins as.
pub(super) enum Magic {
    Npy,
    Npz,
    Safetensors,
    Picture(formats::Kind),
    Nifti { gzip: bool },
}

/// Tells formats apart by their first bytes; what is not read is an error with a remedy.
pub(super) fn magic(file: &mut File, name: &str) -> Result<Magic> {
    let failed = |error| ArrayError::io(name, "read", error);
    let mut start = Vec::new();
    file.by_ref().take(foreign::LOOKED_AT).read_to_end(&mut start).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if start.is_empty() {
        return Err(ArrayError::Empty { array: name.to_owned() });
    }
    if start.starts_with(NPY_MAGIC) {
        return Ok(Magic::Npy);
    }
    // The second form is that of an archive without members.
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(Magic::Npz);
    }
    if formats::is_safetensors(&start) {
        return Ok(Magic::Safetensors);
    }
    if let Some(kind) = formats::kind_of(&start) {
        return Ok(Magic::Picture(kind));
    }
    if formats::is_nifti(&start) {
        return Ok(Magic::Nifti { gzip: false });
    }
    let array = name.to_owned();
    if start.starts_with(b"\x1f\x8b") {
        let mut unpacked = Vec::new();
        // What is no NIfTI, or damaged, has a message of its own below.
        let read = MultiGzDecoder::new(&*file).take(foreign::LOOKED_AT).read_to_end(&mut unpacked);
        file.rewind().map_err(failed)?;
        if formats::is_nifti(&unpacked) {
            return Ok(Magic::Nifti { gzip: true });
        }
        if let Err(error) = read {
            return Err(ArrayError::io(name, "read", error));
        }
        if let Some(Foreign { kind, remedy }) = foreign::recognise_unpacked(&unpacked) {
            return Err(ArrayError::OtherFormat { array, kind, remedy });
        }
    }
    let recognised = foreign::recognise(&start).or_else(|| foreign::recognise_name(name));
    if let Some(Foreign { kind, remedy }) = recognised {
        return Err(ArrayError::OtherFormat { array, kind, remedy });
    }
    start.truncate(NPY_MAGIC.len());
    Err(ArrayError::NotAnArray { array, start: start.escape_ascii().to_string() })
}
