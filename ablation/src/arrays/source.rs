use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap_lex::OsStrExt as _;
use flate2::read::MultiGzDecoder;

use super::archive::{self, Member};
use super::dtype::Layout;
use super::formats;
use super::header::{Header, sizes};
use super::magic::{Magic, magic};
use super::reader::Bytes;
use super::rearranged::{Repeated, moved};
use super::{ArrayError, DType, Order, Reader, Result};
use crate::paths::{is_pattern, shown};

/// A file, with the name of an archive member if one was given: `preds.npz:logits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file; a glob pattern if that is what was given (see [`find`](crate::paths::find)).
    pub path: PathBuf,
    /// The member of an `.npz` archive.
    pub member: Option<String>,
}

impl Source {
    /// Splits a command-line argument at its last colon.
    ///
    /// An argument that names an existing file is that file, colons included. Otherwise what precedes the colon must
    /// name an existing file or folder, end in `.npz` or be a glob pattern.
    pub fn parse(argument: &OsStr) -> Self {
        let whole = Self { path: PathBuf::from(argument), member: None };
        if whole.path.exists() {
            return whole;
        }
        let mut parts: Vec<&OsStr> = argument.split(":").collect();
        let member = parts.pop().and_then(OsStr::to_str).filter(|member| !member.is_empty());
        let path = parts.join(OsStr::new(":"));
        match member {
            Some(member) if !parts.is_empty() && takes_member(&path) => {
                Self { path: PathBuf::from(path), member: Some(member.to_owned()) }
            }
            _ => whole,
        }
    }

    /// Opens the array.
    pub fn open(&self) -> Result<Array> {
        Array::open(&self.path, self.member.as_deref())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(&self.path))?;
        match &self.member {
            Some(member) => write!(formatter, ":{member}"),
            None => Ok(()),
        }
    }
}

fn takes_member(path: &OsStr) -> bool {
    let extension = Path::new(path).extension();
    let named = |ending: &str| extension.is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
    named("npz") || named("safetensors") || is_pattern(path) || Path::new(path).exists()
}

/// An array in a file, its header read and checked, its values not yet read.
#[derive(Debug, Clone)]
pub struct Array {
    pub(super) name: String,
    pub(super) header: Header,
    path: PathBuf,
    values: Place,
    format: Format,
    space: Option<Space>,
}

/// What kind of file an array is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.npy`, `.npz` or safetensors: axes of any meaning.
    Array,
    /// A PNG, or a TIFF of one page: (height, width).
    Picture,
    /// A TIFF of several pages: (page, height, width).
    Stack,
    /// NIfTI: (z, y, x), or (…, z, y, x).
    Volume,
}

/// Where the voxels of a volume are.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// The distance between neighbours along the last axes, in millimetres.
    pub spacing: Vec<f64>,
    /// The distance that the affine says, if it is another.
    pub other_spacing: Option<Vec<f64>>,
    /// What takes the indices x, y, z to millimetres, if the file says it.
    pub affine: Option<[[f64; 4]; 3]>,
}

/// Where the values are.
#[derive(Debug, Clone)]
enum Place {
    /// In the file, from the header's start of data on.
    File,
    /// In the file as well, and others follow.
    Part,
    /// In the file, after it is unpacked by gzip.
    Gzip,
    /// In a member of the archive.
    Member(Member),
    /// In what a picture is decoded to.
    Picture,
    /// In the file, or after it is unpacked, as numbers of the first header, to be multiplied and added to.
    Scaled(Box<Array>, (f64, f64)),
    /// In another array, in which the last axis, of so many values, comes before all others but so many.
    Moved(Box<Array>, usize),
    /// In another array, so often.
    Repeated(Box<Array>, u64),
}

impl Array {
    /// Opens a `.npy` file, a member of an `.npz` archive or of a safetensors file, a PNG, a TIFF or a NIfTI, told apart by their first bytes.
    ///
    /// The member may be `None` if the archive holds one array only. A file that is shorter or
    /// longer than its header says is refused here, before any value is read.
    pub fn open(path: &Path, member: Option<&str>) -> Result<Self> {
        let name = Source { path: path.to_owned(), member: None }.to_string();
        Self::open_as(path, member, name)
    }

    /// As [`open`](Self::open), with another name for messages.
    pub fn open_as(path: &Path, member: Option<&str>, name: String) -> Result<Self> {
        let mut file = open_file(path, &name)?;
        let kind = magic(&mut file, &name)?;
        let has_members = matches!(kind, Magic::Npz | Magic::Safetensors);
        let full = member.filter(|_| has_members).map_or(name.clone(), |member| format!("{name}:{member}"));
        let bytes = length(&file, &name)?;
        let of_values = |header, values, format, space| Self {
            name: full.clone(),
            header,
            path: path.to_owned(),
            values,
            format,
            space,
        };
        match (kind, member) {
            // The only array of an archive keeps the short name, which the user gave.
            (Magic::Npz, _) => {
                let found = archive::find(&mut file, &name, member)?;
                let header = archive::read_header(file, &found, &full)?;
                Ok(of_values(header, Place::Member(found), Format::Array, None))
            }
            (Magic::Safetensors, _) => {
                let header = formats::open_safetensors(file, bytes, &name, member)?;
                Ok(of_values(header, Place::Part, Format::Array, None))
            }
            (_, Some(member)) => Err(ArrayError::MemberOfNpy { array: name, member: member.to_owned() }),
            (Magic::Npy, None) => {
                let header = Header::read(&mut file, bytes, &name)?;
                Ok(of_values(header, Place::File, Format::Array, None))
            }
            (Magic::Picture(kind), None) => {
                let outline = read_whole(&mut file, &name).and_then(|bytes| {
                    formats::outline(&bytes, kind).map_err(|problem| ArrayError::picture(&name, problem))
                })?;
                let mut shape = vec![outline.height as u64, outline.width as u64];
                let mut format = Format::Picture;
                if outline.pages > 1 {
                    shape.insert(0, outline.pages as u64);
                    format = Format::Stack;
                }
                let header = in_memory(shape, outline.dtype, &name)?;
                Ok(of_values(header, Place::Picture, format, None))
            }
            (Magic::Nifti { gzip }, None) => {
                let unpacked: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
                let opened = formats::open_nifti(unpacked, &name)?;
                let header = opened.header;
                if !gzip {
                    header.check_size(bytes, &name)?;
                }
                let place = if gzip { Place::Gzip } else { Place::File };
                let array = of_values(header, place, Format::Volume, Some(opened.space));
                Ok(match opened.scale {
                    None => array,
                    Some(scale) => {
                        let header = in_memory(array.header.shape.clone(), DType::F64, &name)?;
                        Self { header, values: Place::Scaled(Box::new(array.clone()), scale), ..array }
                    }
                })
            }
        }
    }

    /// The array with its last axis before all others but the first `before`: channels that stand last stand after the images.
    ///
    /// Its values are held in memory while they are read.
    pub fn with_last_axis_at(self, before: usize) -> Result<Self> {
        let mut shape = self.header.shape.clone();
        let Some(last) = shape.pop() else { return Ok(self) };
        shape.insert(before.min(shape.len()), last);
        // The bytes of a value stay in the order of the file.
        let header = Header { layout: self.header.layout, ..in_memory(shape, self.dtype(), &self.name)? };
        Ok(Self { header, values: Place::Moved(Box::new(self.clone()), before), ..self })
    }

    /// The array so often, along a new first axis.
    pub fn repeated(self, times: u64) -> Result<Self> {
        let mut shape = self.header.shape.clone();
        shape.insert(0, times);
        let header = Header { layout: self.header.layout, ..in_memory(shape, self.dtype(), &self.name)? };
        Ok(Self { header, values: Place::Repeated(Box::new(self.clone()), times), ..self })
    }

    /// A volume with its axes as nibabel numbers them, (x, y, z): the same values in the same places of the file.
    pub fn as_xyz(&self) -> Self {
        let mut array = self.clone();
        array.header.shape.reverse();
        array.header.order = match array.header.order {
            Order::C => Order::Fortran,
            Order::Fortran => Order::C,
        };
        if let Some(space) = &mut array.space {
            space.spacing.reverse();
            if let Some(other) = &mut space.other_spacing {
                other.reverse();
            }
        }
        if let Place::Scaled(inner, _) = &mut array.values {
            **inner = inner.as_xyz();
        }
        array
    }

    /// What kind of file it is in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the voxels of a volume are.
    pub fn space(&self) -> Option<&Space> {
        self.space.as_ref()
    }

    /// The file, with the member if one was named, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The length of each axis; empty for a single value.
    pub fn shape(&self) -> &[u64] {
        &self.header.shape
    }

    /// The shape as NumPy writes it, for messages.
    pub fn shape_text(&self) -> String {
        super::header::shape_text(self.shape())
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.header.layout.dtype
    }

    /// The order in which the file stores the values.
    pub fn order(&self) -> Order {
        self.header.order
    }

    /// The number of values.
    pub fn len(&self) -> u64 {
        self.header.values
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts reading the values from the first, in file order. May be called repeatedly.
    pub fn reader(&self) -> Result<Reader> {
        Ok(Reader::streaming(self, self.bytes()?))
    }

    /// The bytes of the values, from the first on.
    fn bytes(&self) -> Result<Bytes> {
        let failed = |error| ArrayError::io(&self.name, "read", error);
        let memory = |bytes: Vec<u8>| -> Bytes { Box::new(Cursor::new(bytes)) };
        Ok(match &self.values {
            Place::Member(member) => {
                let file = open_file(&self.path, &self.name)?;
                Box::new(archive::stream(file, member, &self.header, &self.name)?)
            }
            Place::File | Place::Part => {
                let mut file = open_file(&self.path, &self.name)?;
                file.seek(SeekFrom::Start(self.header.data_start)).map_err(failed)?;
                match self.values {
                    Place::Part => Box::new(file.take(self.header.data_bytes)),
                    _ => Box::new(file),
                }
            }
            Place::Gzip => {
                let mut unpacked = MultiGzDecoder::new(open_file(&self.path, &self.name)?);
                io::copy(&mut unpacked.by_ref().take(self.header.data_start), &mut io::sink()).map_err(failed)?;
                Box::new(unpacked)
            }
            Place::Picture => {
                let mut file = open_file(&self.path, &self.name)?;
                let bytes = read_whole(&mut file, &self.name)?;
                let decoded = formats::kind_of(&bytes).ok_or_else(|| "is no picture any more".to_owned());
                let decoded = decoded.and_then(|kind| formats::decoded(&bytes, kind));
                memory(decoded.map_err(|problem| ArrayError::picture(&self.name, problem))?)
            }
            Place::Scaled(stored, scale) => {
                let mut values = vec![0.0; in_usize(stored.len(), self)?];
                stored.reader()?.read_f64(&mut values)?;
                memory(formats::scaled(&values, *scale))
            }
            Place::Moved(stored, before) => memory(moved(stored, *before)?),
            Place::Repeated(stored, times) => {
                let mut bytes = Vec::new();
                super::together::open_in_order(stored, Order::C)?.read_bytes_to_end(&mut bytes)?;
                Box::new(Repeated::new(bytes, *times))
            }
        })
    }
}

pub(super) fn in_usize(number: u64, array: &Array) -> Result<usize> {
    let too_large = |_| ArrayError::TooLargeToReorder {
        array: array.name.clone(),
        order: array.order(),
        bytes: array.header.data_bytes,
    };
    usize::try_from(number).map_err(too_large)
}

/// The header of values that are in memory.
fn in_memory(shape: Vec<u64>, dtype: DType, array: &str) -> Result<Header> {
    let overflow = || ArrayError::ShapeOverflow { array: array.to_owned(), shape: super::header::shape_text(&shape) };
    let (values, data_bytes) = sizes(&shape, dtype).ok_or_else(overflow)?;
    let layout = Layout { dtype, big_endian: false };
    Ok(Header { layout, shape, order: Order::C, values, data_bytes, data_start: 0 })
}

fn read_whole(file: &mut File, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(|error| ArrayError::io(name, "read", error))?;
    Ok(bytes)
}

impl Array {
    /// Whether [`reader_at`](Self::reader_at) is to be had: values of an archive can be read in turn only.
    pub fn is_seekable(&self) -> bool {
        matches!(self.values, Place::File | Place::Part)
    }

    /// As [`reader`](Self::reader), from the value at `position` in file order on, of a `.npy` file.
    ///
    /// An archive, or a position past the end, is read from the first value on.
    pub fn reader_at(&self, position: u64) -> Result<Reader> {
        if !self.is_seekable() || position > self.len() {
            return self.reader();
        }
        let mut file = open_file(&self.path, &self.name)?;
        // The header has been checked against the size of the file.
        let start = self.header.data_start + position * self.dtype().size() as u64;
        file.seek(SeekFrom::Start(start)).map_err(|error| ArrayError::io(&self.name, "read", error))?;
        let left = self.header.data_bytes - position * self.dtype().size() as u64;
        let bytes: Bytes = match self.values {
            Place::Part => Box::new(file.take(left)),
            _ => Box::new(file),
        };
        Ok(Reader::streaming(self, bytes).starting_at(position))
    }
}

fn open_file(path: &Path, name: &str) -> Result<File> {
    let failed = |error| ArrayError::io(name, "open", error);
    // Before opening, because opening a pipe that nobody writes to would wait for ever.
    let kind = fs::metadata(path).map_err(failed)?;
    if !kind.is_file() {
        let found = if kind.is_dir() { "a directory" } else { "a pipe or device" };
        return Err(ArrayError::NotAFile { array: name.to_owned(), found });
    }
    File::open(path).map_err(failed)
}

fn length(file: &File, name: &str) -> Result<u64> {
    let metadata = file.metadata().map_err(|error| ArrayError::io(name, "read", error))?;
    Ok(metadata.len())
}
