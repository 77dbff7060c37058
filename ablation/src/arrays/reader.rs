use std::fmt;
use std::io::{self, BufReader, Read};

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::dtype::Layout;
use super::header::Header;
use super::together::Permuted;
use super::{Array, ArrayError, DType, Result};

/// The most values that one call of [`Reader::next_chunk`] yields.
pub const MAX_CHUNK: usize = 1 << 20;

/// Values converted at a time: enough to read fast, few enough to stay in the cache.
const BLOCK: usize = 1 << 16;

/// The integers that `f32` represents without gaps.
const EXACT_IN_F32: u64 = 1 << 24;

pub(super) type Bytes = Box<dyn Read + Send>;

/// A chunk of values: floating-point numbers or integers, whichever the file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Values of a floating-point array.
    Float(Vec<f32>),
    /// Values of an integer or boolean array.
    Integer(Vec<i64>),
}

impl Values {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Integer(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::Float(Vec::new())
    }
}

/// Reads the values of an array in order, a chunk at a time.
///
/// The call that delivers the last value also checks what follows it: trailing data and, in an
/// archive, the checksum. After an error the position is undefined; do not read on.
#[derive(Debug)]
pub struct Reader {
    name: String,
    header: Header,
    values: ValueBytes,
    position: u64,
    ended: bool,
    block: Vec<u8>,
}

enum ValueBytes {
    Streamed(BufReader<Bytes>),
    Permuted(Permuted),
}

impl fmt::Debug for ValueBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Streamed(_) => "Streamed",
            Self::Permuted(_) => "Permuted",
        })
    }
}

impl Reader {
    pub(super) fn streaming(array: &Array, bytes: Bytes) -> Self {
        Self::new(array, ValueBytes::Streamed(BufReader::with_capacity(BLOCK, bytes)))
    }

    pub(super) fn permuted(array: &Array, permuted: Permuted) -> Self {
        Self::new(array, ValueBytes::Permuted(permuted))
    }

    fn new(array: &Array, values: ValueBytes) -> Self {
        Self {
            name: array.name.clone(),
            header: array.header.clone(),
            values,
            position: 0,
            ended: false,
            block: Vec::new(),
        }
    }

    /// The bytes begin at this value, not at the first.
    pub(super) fn starting_at(self, position: u64) -> Self {
        Self { position, ..self }
    }

    /// The element type of the file, whatever type the values are read as.
    pub fn dtype(&self) -> DType {
        self.header.layout.dtype
    }

    /// The number of values not yet read.
    pub fn remaining(&self) -> u64 {
        self.header.values - self.position
    }

    /// Fills `out` with the next values and returns their number, which is less than the length
    /// of `out` only at the end of the array.
    ///
    /// `f64` values are rounded to nearest; one beyond the range of `f32` becomes infinite. An
    /// integer above 2²⁴ in magnitude is an error, because `f32` may not hold it exactly.
    pub fn read_f32(&mut self, out: &mut [f32]) -> Result<usize> {
        self.read_blocks(out, convert_f32, "f32")
    }

    /// As [`read_f32`](Self::read_f32), for integer and boolean arrays.
    ///
    /// A floating-point array is an error, and so is a `u64` value that `i64` cannot hold.
    pub fn read_i64(&mut self, out: &mut [i64]) -> Result<usize> {
        if self.dtype().is_float() {
            return Err(ArrayError::NotInteger { array: self.name.clone(), dtype: self.dtype() });
        }
        self.read_blocks(out, convert_i64, "i64")
    }

    /// As [`read_f32`](Self::read_f32), as `f64`, which holds every value but integers above 2⁵³ in magnitude exactly;
    /// those are rounded.
    pub fn read_f64(&mut self, out: &mut [f64]) -> Result<usize> {
        self.read_blocks(out, convert_f64, "f64")
    }

    /// As [`read_i64`](Self::read_i64), as `i128`, which holds every integer.
    pub fn read_i128(&mut self, out: &mut [i128]) -> Result<usize> {
        if self.dtype().is_float() {
            return Err(ArrayError::NotInteger { array: self.name.clone(), dtype: self.dtype() });
        }
        self.read_blocks(out, convert_i128, "i128")
    }

    /// Replaces `values` by the next chunk and returns its number of values, 0 at the end.
    ///
    /// A chunk is shorter than the lesser of `max_len` and [`MAX_CHUNK`] only at the end, so
    /// readers of arrays of the same shape yield chunks of the same lengths.
    pub fn next_chunk(&mut self, values: &mut Values, max_len: usize) -> Result<usize> {
        let count = at_most(self.remaining(), max_len.min(MAX_CHUNK));
        if self.dtype().is_float() {
            let mut floats = match std::mem::take(values) {
                Values::Float(floats) => floats,
                Values::Integer(_) => Vec::new(),
            };
            floats.resize(count, 0.0);
            let read = self.read_f32(&mut floats);
            *values = Values::Float(floats);
            read
        } else {
            let mut integers = match std::mem::take(values) {
                Values::Integer(integers) => integers,
                Values::Float(_) => Vec::new(),
            };
            integers.resize(count, 0);
            let read = self.read_i64(&mut integers);
            *values = Values::Integer(integers);
            read
        }
    }

    /// Reads all remaining values as they are in the file.
    pub(super) fn read_bytes_to_end(&mut self, out: &mut Vec<u8>) -> Result<()> {
        loop {
            let count = self.fill_block(BLOCK)?;
            if count == 0 {
                return Ok(());
            }
            // The length in the header is not to be trusted with an allocation.
            out.try_reserve(self.block.len()).map_err(|_| ArrayError::TooLargeToReorder {
                array: self.name.clone(),
                order: self.header.order,
                bytes: self.header.data_bytes,
            })?;
            out.extend_from_slice(&self.block);
        }
    }

    fn read_blocks<T>(&mut self, out: &mut [T], convert: Convert<T>, wanted: &'static str) -> Result<usize> {
        let mut total = 0;
        if out.is_empty() {
            return Ok(0);
        }
        for part in out.chunks_mut(BLOCK) {
            let start = self.position;
            let count = self.fill_block(part.len())?;
            convert(&mut self.block, self.header.layout, &mut part[..count])
                .map_err(|error| self.inexact(start, error, wanted))?;
            total += count;
            if count < part.len() {
                break;
            }
        }
        Ok(total)
    }

    /// Reads the bytes of up to `most` values and returns their number.
    fn fill_block(&mut self, most: usize) -> Result<usize> {
        let size = self.dtype().size();
        let count = at_most(self.remaining(), most);
        self.block.resize(count * size, 0);
        let found = match &mut self.values {
            ValueBytes::Streamed(reader) => {
                read_fully(reader, &mut self.block).map_err(|error| ArrayError::io(&self.name, "read", error))?
            }
            ValueBytes::Permuted(permuted) => permuted.fill(&mut self.block),
        };
        if found < self.block.len() {
            let found = self.position * size as u64 + found as u64;
            return Err(self.header.truncated(&self.name, found));
        }
        self.position += count as u64;
        self.check_end()?;
        Ok(count)
    }

    fn check_end(&mut self) -> Result<()> {
        if self.remaining() > 0 || self.ended {
            return Ok(());
        }
        self.ended = true;
        let ValueBytes::Streamed(reader) = &mut self.values else {
            return Ok(());
        };
        match read_fully(reader, &mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.header.trailing(&self.name, "more".to_owned())),
            Err(error) => Err(ArrayError::io(&self.name, "read", error)),
        }
    }

    fn inexact(&self, start: u64, error: NotExact, wanted: &'static str) -> ArrayError {
        ArrayError::Inexact {
            array: self.name.clone(),
            value: error.value,
            position: start + error.index as u64,
            wanted,
        }
    }
}

fn at_most(remaining: u64, most: usize) -> usize {
    usize::try_from(remaining).unwrap_or(usize::MAX).min(most)
}

/// Reads until `out` is full or the data ends.
fn read_fully(reader: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match reader.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Converts the bytes of values, which it may reorder in place.
type Convert<T> = fn(&mut [u8], Layout, &mut [T]) -> Result<(), NotExact>;

/// An integer that the target type does not hold exactly, and where it is in the block.
struct NotExact {
    index: usize,
    value: i128,
}

fn convert_f32(bytes: &mut [u8], layout: Layout, out: &mut [f32]) -> Result<(), NotExact> {
    swap_to_little_endian(bytes, layout);
    match layout.dtype {
        DType::F16 => halves(bytes, out),
        DType::BF16 => each(bytes, out, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        DType::F32 => each(bytes, out, f32::from_le_bytes),
        DType::F64 => each(bytes, out, |bytes| f64::from_le_bytes(bytes) as f32),
        DType::Bool => each(bytes, out, |[byte]| f32::from(u8::from(byte != 0))),
        DType::I8 => each(bytes, out, |bytes| f32::from(i8::from_le_bytes(bytes))),
        DType::U8 => each(bytes, out, |bytes| f32::from(u8::from_le_bytes(bytes))),
        DType::I16 => each(bytes, out, |bytes| f32::from(i16::from_le_bytes(bytes))),
        DType::U16 => each(bytes, out, |bytes| f32::from(u16::from_le_bytes(bytes))),
        DType::I32 => {
            check(bytes, i32::from_le_bytes, |value| exact(value.into()))?;
            each(bytes, out, |bytes| i32::from_le_bytes(bytes) as f32);
        }
        DType::I64 => {
            check(bytes, i64::from_le_bytes, exact)?;
            each(bytes, out, |bytes| i64::from_le_bytes(bytes) as f32);
        }
        DType::U32 => {
            check(bytes, u32::from_le_bytes, |value| u64::from(value) <= EXACT_IN_F32)?;
            each(bytes, out, |bytes| u32::from_le_bytes(bytes) as f32);
        }
        DType::U64 => {
            check(bytes, u64::from_le_bytes, |value| value <= EXACT_IN_F32)?;
            each(bytes, out, |bytes| u64::from_le_bytes(bytes) as f32);
        }
    }
    Ok(())
}

fn convert_i64(bytes: &mut [u8], layout: Layout, out: &mut [i64]) -> Result<(), NotExact> {
    swap_to_little_endian(bytes, layout);
    match layout.dtype {
        // The caller has refused floating-point arrays.
        DType::F16 | DType::BF16 | DType::F32 | DType::F64 => {}
        DType::Bool => each(bytes, out, |[byte]| i64::from(byte != 0)),
        DType::I8 => each(bytes, out, |bytes| i8::from_le_bytes(bytes).into()),
        DType::I16 => each(bytes, out, |bytes| i16::from_le_bytes(bytes).into()),
        DType::I32 => each(bytes, out, |bytes| i32::from_le_bytes(bytes).into()),
        DType::I64 => each(bytes, out, i64::from_le_bytes),
        DType::U8 => each(bytes, out, |bytes| u8::from_le_bytes(bytes).into()),
        DType::U16 => each(bytes, out, |bytes| u16::from_le_bytes(bytes).into()),
        DType::U32 => each(bytes, out, |bytes| u32::from_le_bytes(bytes).into()),
        DType::U64 => {
            check(bytes, u64::from_le_bytes, |value| i64::try_from(value).is_ok())?;
            each(bytes, out, |bytes| u64::from_le_bytes(bytes).cast_signed());
        }
    }
    Ok(())
}

fn convert_f64(bytes: &mut [u8], layout: Layout, out: &mut [f64]) -> Result<(), NotExact> {
    swap_to_little_endian(bytes, layout);
    match layout.dtype {
        DType::F16 => each(bytes, out, |bytes| f16::from_le_bytes(bytes).to_f64()),
        DType::BF16 => each(bytes, out, |bytes| bf16::from_le_bytes(bytes).to_f64()),
        DType::F32 => each(bytes, out, |bytes| f32::from_le_bytes(bytes).into()),
        DType::F64 => each(bytes, out, f64::from_le_bytes),
        DType::Bool => each(bytes, out, |[byte]| u8::from(byte != 0).into()),
        DType::I8 => each(bytes, out, |bytes| i8::from_le_bytes(bytes).into()),
        DType::I16 => each(bytes, out, |bytes| i16::from_le_bytes(bytes).into()),
        DType::I32 => each(bytes, out, |bytes| i32::from_le_bytes(bytes).into()),
        DType::I64 => each(bytes, out, |bytes| i64::from_le_bytes(bytes) as f64),
        DType::U8 => each(bytes, out, |bytes| u8::from_le_bytes(bytes).into()),
        DType::U16 => each(bytes, out, |bytes| u16::from_le_bytes(bytes).into()),
        DType::U32 => each(bytes, out, |bytes| u32::from_le_bytes(bytes).into()),
        DType::U64 => each(bytes, out, |bytes| u64::from_le_bytes(bytes) as f64),
    }
    Ok(())
}

fn convert_i128(bytes: &mut [u8], layout: Layout, out: &mut [i128]) -> Result<(), NotExact> {
    swap_to_little_endian(bytes, layout);
    match layout.dtype {
        // The caller has refused floating-point arrays.
        DType::F16 | DType::BF16 | DType::F32 | DType::F64 => {}
        DType::Bool => each(bytes, out, |[byte]| u8::from(byte != 0).into()),
        DType::I8 => each(bytes, out, |bytes| i8::from_le_bytes(bytes).into()),
        DType::I16 => each(bytes, out, |bytes| i16::from_le_bytes(bytes).into()),
        DType::I32 => each(bytes, out, |bytes| i32::from_le_bytes(bytes).into()),
        DType::I64 => each(bytes, out, |bytes| i64::from_le_bytes(bytes).into()),
        DType::U8 => each(bytes, out, |bytes| u8::from_le_bytes(bytes).into()),
        DType::U16 => each(bytes, out, |bytes| u16::from_le_bytes(bytes).into()),
        DType::U32 => each(bytes, out, |bytes| u32::from_le_bytes(bytes).into()),
        DType::U64 => each(bytes, out, |bytes| u64::from_le_bytes(bytes).into()),
    }
    Ok(())
}

fn exact(value: i64) -> bool {
    value.unsigned_abs() <= EXACT_IN_F32
}

fn each<T, const N: usize>(bytes: &[u8], out: &mut [T], convert: impl Fn([u8; N]) -> T) {
    let (items, _) = bytes.as_chunks();
    for (item, value) in items.iter().zip(out) {
        *value = convert(*item);
    }
}

/// Finds the first value that does not fit.
fn check<T: Copy + Into<i128>, const N: usize>(
    bytes: &[u8],
    convert: fn([u8; N]) -> T,
    fits: impl Fn(T) -> bool,
) -> Result<(), NotExact> {
    let (items, _) = bytes.as_chunks();
    match items.iter().position(|item| !fits(convert(*item))) {
        Some(index) => Err(NotExact { index, value: convert(items[index]).into() }),
        None => Ok(()),
    }
}

/// Converts through `half`'s slices, which use the processor's instructions for it.
fn halves(bytes: &[u8], out: &mut [f32]) {
    const BATCH: usize = 512;
    let mut batch = [f16::ZERO; BATCH];
    let (items, _) = bytes.as_chunks();
    for (items, out) in items.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
        let batch = &mut batch[..items.len()];
        for (half, item) in batch.iter_mut().zip(items) {
            *half = f16::from_le_bytes(*item);
        }
        batch.convert_to_f32_slice(out);
    }
}

fn swap_to_little_endian(bytes: &mut [u8], layout: Layout) {
    if !layout.big_endian {
        return;
    }
    match layout.dtype.size() {
        2 => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|item| item.reverse()),
        4 => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|item| item.reverse()),
        8 => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|item| item.reverse()),
        _ => {}
    }
}
