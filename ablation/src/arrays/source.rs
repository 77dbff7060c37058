use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use clap_lex::OsStrExt as _;

use super::archive::{self, Member};
use super::foreign::{self, Foreign};
use super::header::{Header, NPY_MAGIC};
use super::reader::Bytes;
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
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
        || is_pattern(path)
        || Path::new(path).exists()
}

/// An array in a file, its header read and checked, its values not yet read.
#[derive(Debug, Clone)]
pub struct Array {
    pub(super) name: String,
    pub(super) header: Header,
    path: PathBuf,
    member: Option<Member>,
}

impl Array {
    /// Opens a `.npy` file or a member of an `.npz` archive, told apart by their first bytes.
    ///
    /// The member may be `None` if the archive holds one array only. A file that is shorter or
    /// longer than its header says is refused here, before any value is read.
    pub fn open(path: &Path, member: Option<&str>) -> Result<Self> {
        let source = Source { path: path.to_owned(), member: None };
        let name = source.to_string();
        let mut file = open_file(path, &name)?;
        match magic(&mut file, &name)? {
            Magic::Npz => Self::open_member(file, source, member),
            Magic::Npy => match member {
                None => Self::open_npy(file, source),
                Some(member) => Err(ArrayError::MemberOfNpy { array: name, member: member.to_owned() }),
            },
        }
    }

    fn open_npy(mut file: File, source: Source) -> Result<Self> {
        let name = source.to_string();
        let file_bytes = length(&file, &name)?;
        let header = Header::read(&mut file, file_bytes, &name)?;
        Ok(Self { name, header, path: source.path, member: None })
    }

    fn open_member(mut file: File, mut source: Source, wanted: Option<&str>) -> Result<Self> {
        let member = archive::find(&mut file, &source.to_string(), wanted)?;
        // The only array of an archive keeps the short name, which the user gave.
        source.member = wanted.map(str::to_owned);
        let name = source.to_string();
        let header = archive::read_header(file, &member, &name)?;
        Ok(Self { name, header, path: source.path, member: Some(member) })
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
        let mut file = open_file(&self.path, &self.name)?;
        let bytes: Bytes = match &self.member {
            Some(member) => Box::new(archive::stream(file, member, &self.header, &self.name)?),
            None => {
                file.seek(SeekFrom::Start(self.header.data_start))
                    .map_err(|error| ArrayError::io(&self.name, "read", error))?;
                Box::new(file)
            }
        };
        Ok(Reader::streaming(self, bytes))
    }
}

impl Array {
    /// Whether [`reader_at`](Self::reader_at) is to be had: values of an archive can be read in turn only.
    pub fn is_seekable(&self) -> bool {
        self.member.is_none()
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
        Ok(Reader::streaming(self, Box::new(file)).starting_at(position))
    }
}

enum Magic {
    Npy,
    Npz,
}

fn magic(file: &mut File, name: &str) -> Result<Magic> {
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
    let array = name.to_owned();
    if let Some(Foreign { kind, remedy }) = foreign::recognise(&start) {
        return Err(ArrayError::OtherFormat { array, kind, remedy });
    }
    start.truncate(NPY_MAGIC.len());
    Err(ArrayError::NotAnArray { array, start: start.escape_ascii().to_string() })
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
