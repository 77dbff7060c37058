use std::fs;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use npyz::{WriteOptions, WriterBuilder};
use tempfile::NamedTempFile;

use super::header::{shape_text, sizes};
use super::{ArrayError, DType, Order, Result};
use crate::part::hidden_beside;
use crate::paths::shown;

const BUFFER_BYTES: usize = 1 << 18;

/// Writes a `.npy` file of `f32` or `f64` values, a chunk at a time.
///
/// The values go to a temporary file in the same folder, which takes the name of the destination
/// in [`finish`](Self::finish). Dropped before that, nothing is left behind and an existing file
/// is untouched.
#[derive(Debug)]
pub struct NpyWriter {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    shape: Vec<u64>,
    dtype: DType,
    expected: u64,
    written: u64,
    /// Where the first value stands in the file.
    data_start: u64,
}

impl NpyWriter {
    /// Begins a file of the given shape, order and dtype ([`DType::F32`] or [`DType::F64`]).
    ///
    /// Values are to be written in that order, so take it from the array they are computed from.
    pub fn create(path: &Path, shape: &[u64], order: Order, dtype: DType) -> Result<Self> {
        if !matches!(dtype, DType::F32 | DType::F64) {
            return Err(ArrayError::NotWritable { path: path.to_owned(), dtype });
        }
        let name = shown(path);
        let Some((expected, _)) = sizes(shape, dtype) else {
            return Err(ArrayError::ShapeOverflow { array: name, shape: shape_text(shape) });
        };
        let path = destination(path)?;
        let (file, data_start) = hidden_beside(&path, ".npy.part")
            .and_then(|file| with_header(file, shape, order, dtype))
            .and_then(|mut file| file.stream_position().map(|start| (file, start)))
            .map_err(|error| ArrayError::io(&name, "write", error))?;
        Ok(Self { path, file, shape: shape.to_vec(), dtype, expected, written: 0, data_start })
    }

    /// Appends values, widened exactly if the file is of `f64`.
    pub fn write_f32(&mut self, values: &[f32]) -> Result<()> {
        match self.dtype {
            DType::F64 => self.write_all(values, |value| f64::from(value).to_le_bytes()),
            _ => self.write_all(values, f32::to_le_bytes),
        }
    }

    /// Writes values from the one at `position` on, in any order of calls; each value is to be written once.
    pub fn write_f32_at(&mut self, position: u64, values: &[f32]) -> Result<()> {
        let end = position.saturating_add(values.len() as u64);
        self.check_count(end <= self.expected)?;
        let to = SeekFrom::Start(self.data_start + position * self.dtype.size() as u64);
        self.file.seek(to).map_err(|error| ArrayError::io(&shown(&self.path), "write", error))?;
        self.write_f32(values)
    }

    /// Appends values, rounded to nearest if the file is of `f32`.
    pub fn write_f64(&mut self, values: &[f64]) -> Result<()> {
        match self.dtype {
            DType::F64 => self.write_all(values, f64::to_le_bytes),
            _ => self.write_all(values, |value| (value as f32).to_le_bytes()),
        }
    }

    /// Completes the file and moves it to its destination, replacing what is there.
    ///
    /// An error if the number of values written is not that of the shape.
    pub fn finish(self) -> Result<()> {
        self.check_count(self.written == self.expected)?;
        let name = shown(&self.path);
        let failed = |error| ArrayError::io(&name, "write", error);
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn write_all<T: Copy, const N: usize>(&mut self, values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Result<()> {
        const BATCH: usize = 1024;
        self.written = self.written.saturating_add(values.len() as u64);
        self.check_count(self.written <= self.expected)?;
        let mut batch = [[0; N]; BATCH];
        for values in values.chunks(BATCH) {
            let batch = &mut batch[..values.len()];
            for (item, value) in batch.iter_mut().zip(values) {
                *item = bytes(*value);
            }
            self.file
                .write_all(batch.as_flattened())
                .map_err(|error| ArrayError::io(&shown(&self.path), "write", error))?;
        }
        Ok(())
    }

    fn check_count(&self, right: bool) -> Result<()> {
        if right {
            return Ok(());
        }
        Err(ArrayError::WrongCount {
            path: self.path.clone(),
            shape: shape_text(&self.shape),
            expected: self.expected,
            written: self.written,
        })
    }
}

/// Follows symbolic links and refuses what a rename must not replace, such as `/dev/null`.
fn destination(path: &Path) -> Result<PathBuf> {
    let array = shown(path);
    match fs::metadata(path) {
        Err(_) => Ok(path.to_owned()),
        Ok(kind) if kind.is_file() => fs::canonicalize(path).map_err(|error| ArrayError::io(&array, "write", error)),
        Ok(kind) if kind.is_dir() => Err(ArrayError::NotAFile { array, found: "a directory" }),
        Ok(_) => Err(ArrayError::NotAFile { array, found: "a pipe or device" }),
    }
}

fn with_header(file: NamedTempFile, shape: &[u64], order: Order, dtype: DType) -> io::Result<BufWriter<NamedTempFile>> {
    let type_text = if dtype == DType::F64 { "<f8" } else { "<f4" };
    let type_string = type_text.parse().map_err(io::Error::other)?;
    WriteOptions::new_header_only()
        .dtype(npyz::DType::new_scalar(type_string))
        .shape(shape)
        .order(order.into())
        .writer(BufWriter::with_capacity(BUFFER_BYTES, file))
        .write_header_only()
}
