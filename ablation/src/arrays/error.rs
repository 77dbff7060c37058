use std::io;
use std::path::PathBuf;

use super::{DType, Order};
use crate::paths::shown;

/// What can go wrong while reading or writing arrays.
///
/// Every message is one line and begins with the file (and the archive member) it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The operating system refused an operation on a file.
    #[error("{array}: cannot {action}: {error}")]
    Io {
        /// The file, with the member if there is one.
        array: String,
        /// What was attempted, as a verb: "open", "read", "write".
        action: &'static str,
        /// What the operating system answered.
        #[source]
        error: io::Error,
    },
    /// Compressed data that does not unpack, or to something else than was packed.
    #[error("{array}: its compressed data is damaged: {error}; copy or write the file again")]
    Unpacking {
        /// The file, with the member if there is one.
        array: String,
        /// What the decompressor says.
        #[source]
        error: io::Error,
    },
    /// A directory, pipe or device where a file is needed.
    #[error(
        "{array}: is {found}, not a regular file; arrays are read by position, \
         so save the data to a file first"
    )]
    NotAFile {
        /// The path.
        array: String,
        /// What the path names instead, with its article.
        found: &'static str,
    },
    /// A file of zero bytes.
    #[error("{array}: the file is empty; expected {}", READ)]
    Empty {
        /// The file.
        array: String,
    },
    /// Neither `.npy` nor `.npz`, judged by the first bytes.
    #[error(
        "{array}: not an array or image that is read (it begins with \"{start}\"); accepted: {}; \
         write it with numpy.save or numpy.savez",
        READ
    )]
    NotAnArray {
        /// The file, with the member if there is one.
        array: String,
        /// The first bytes, escaped.
        start: String,
    },
    /// A file of another well-known format.
    #[error("{array}: is {kind}, which is not read; {remedy}")]
    OtherFormat {
        /// The file.
        array: String,
        /// The format, with its article.
        kind: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A picture that is no mask or map that can be read.
    #[error("{array}: {problem}")]
    Picture {
        /// The file.
        array: String,
        /// Completes "the file …".
        problem: String,
    },
    /// A file of another format that is read, whose header or values cannot be.
    #[error("{array}: damaged or unsupported {kind}: {reason}")]
    Damaged {
        /// The file.
        array: String,
        /// The format.
        kind: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The header cannot be understood.
    #[error("{array}: damaged .npy header: {reason}")]
    Header {
        /// The file, with the member if there is one.
        array: String,
        /// What is wrong with the header.
        reason: String,
    },
    /// An element type that this tool does not read.
    #[error(
        "{array}: dtype {found} is not supported; accepted: {}; \
         {remedy}",
        DType::NAMES
    )]
    UnsupportedDType {
        /// The file, with the member if there is one.
        array: String,
        /// The dtype as NumPy writes it, with an explanation.
        found: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The shape describes more bytes than a file can hold.
    #[error("{array}: damaged .npy header: shape {shape} overflows 64-bit sizes")]
    ShapeOverflow {
        /// The file, with the member if there is one.
        array: String,
        /// The shape as NumPy writes it.
        shape: String,
    },
    /// Less data than the header promises.
    #[error(
        "{array}: truncated: the header says {values} {dtype} values ({expected} bytes), \
         the file has {found}; write it again"
    )]
    Truncated {
        /// The file, with the member if there is one.
        array: String,
        /// The element type.
        dtype: DType,
        /// The number of values the header promises.
        values: u64,
        /// The number of bytes these take.
        expected: u64,
        /// The number of bytes present.
        found: u64,
    },
    /// More data than the header promises.
    #[error(
        "{array}: trailing data: the header says {values} {dtype} values ({expected} bytes), \
         the file has {found}; if several arrays were saved to it, save each to a file of its own"
    )]
    Trailing {
        /// The file, with the member if there is one.
        array: String,
        /// The element type.
        dtype: DType,
        /// The number of values the header promises.
        values: u64,
        /// The number of bytes these take.
        expected: u64,
        /// The number of bytes present, or "more".
        found: String,
    },
    /// A zip archive that cannot be read.
    #[error("{array}: damaged or unsupported .npz archive: {reason}")]
    Archive {
        /// The file, with the member if there is one.
        array: String,
        /// What is wrong with the archive.
        reason: String,
    },
    /// A member of an archive that is compressed by a method that is not read.
    #[error(
        "{array}: compressed by {method}, and only Deflate is read; \
         write it again: numpy.savez_compressed(path, **numpy.load(path))"
    )]
    Compression {
        /// The file, with the member if there is one.
        array: String,
        /// The name of the method.
        method: String,
    },
    /// A zip archive without any array.
    #[error("{array}: a zip archive without .npy members; write it with numpy.savez")]
    NoMembers {
        /// The file.
        array: String,
    },
    /// An archive of several arrays, with no member named.
    #[error("{array}: holds several arrays: {members}; name one as {array}:{first}")]
    SeveralMembers {
        /// The file.
        array: String,
        /// The names of the members.
        members: String,
        /// The first of them, to show how to name one.
        first: String,
    },
    /// A member that the archive does not hold.
    #[error("{array}: has no array named {member:?}; it holds {members}")]
    NoSuchMember {
        /// The file.
        array: String,
        /// The name asked for.
        member: String,
        /// The names of the members.
        members: String,
    },
    /// A member asked of a `.npy` file, which has none.
    #[error("{array}: this file holds one unnamed array; leave out \":{member}\"")]
    MemberOfNpy {
        /// The file.
        array: String,
        /// The name asked for.
        member: String,
    },
    /// An integer that the requested number type cannot hold exactly.
    #[error("{array}: value {value} at position {position} does not fit in {wanted} exactly")]
    Inexact {
        /// The file, with the member if there is one.
        array: String,
        /// The integer.
        value: i128,
        /// Its index in file order, from 0.
        position: u64,
        /// The number type asked for.
        wanted: &'static str,
    },
    /// Integers asked of an array of floating-point numbers.
    #[error("{array}: holds {dtype} values where integers or booleans are needed")]
    NotInteger {
        /// The file, with the member if there is one.
        array: String,
        /// The element type.
        dtype: DType,
    },
    /// Two arrays that must have the same shape do not.
    #[error("{other}: shape {other_shape} differs from {first_shape} of {first}; they must be equal")]
    ShapeMismatch {
        /// The first file.
        first: String,
        /// Its shape as NumPy writes it.
        first_shape: String,
        /// The other file.
        other: String,
        /// Its shape as NumPy writes it.
        other_shape: String,
    },
    /// An array that has to be reordered does not fit in memory.
    #[error(
        "{array}: stored in {order} order unlike the first array, so it must be held in memory, \
         which its {bytes} bytes do not fit; save it in the order of the first \
         (numpy.ascontiguousarray or numpy.asfortranarray)"
    )]
    TooLargeToReorder {
        /// The file, with the member if there is one.
        array: String,
        /// The order of the file.
        order: Order,
        /// The size of its data.
        bytes: u64,
    },
    /// The number of values written is not what the shape says.
    #[error("{}: {written} values written, the shape {shape} has {expected}", shown(path))]
    WrongCount {
        /// The destination.
        path: PathBuf,
        /// The shape as NumPy writes it.
        shape: String,
        /// The number of values of that shape.
        expected: u64,
        /// The number of values written.
        written: u64,
    },
    /// A dtype that [`NpyWriter`](super::NpyWriter) does not write.
    #[error("{}: cannot write dtype {dtype}, only f32 and f64", shown(path))]
    NotWritable {
        /// The destination.
        path: PathBuf,
        /// The dtype asked for.
        dtype: DType,
    },
}

/// The formats that are read.
const READ: &str = ".npy, .npz, .safetensors, .nii, .nii.gz, PNG or TIFF";

impl ArrayError {
    pub(super) fn picture(array: &str, problem: String) -> Self {
        Self::Picture { array: array.to_owned(), problem }
    }

    pub(super) fn io(array: &str, action: &'static str, error: io::Error) -> Self {
        let array = array.to_owned();
        // What the operating system did not say, a decompressor said of the data.
        if action == "read" && error.raw_os_error().is_none() {
            return Self::Unpacking { array, error };
        }
        Self::Io { array, action, error }
    }
}
