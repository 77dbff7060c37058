use std::io::{self, Read};

use npyz::NpyHeader;

use super::dtype::Layout;
use super::{ArrayError, DType, Order, Result};

pub(super) const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// `numpy.load` has the same limit.
const LONGEST_HEADER: u64 = 10_000;
const MOST_AXES: usize = 64;
/// A plain dtype needs two levels; what is deeper can only be a structured dtype.
const DEEPEST_NESTING: usize = 6;

/// What the beginning of a `.npy` file says about the array.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) layout: Layout,
    pub(super) shape: Vec<u64>,
    pub(super) order: Order,
    pub(super) values: u64,
    /// The number of bytes of all values.
    pub(super) data_bytes: u64,
    /// The number of bytes before the first value.
    pub(super) data_start: u64,
}

impl Header {
    /// Reads a header and checks that the file, of `file_bytes` bytes, has the size it says.
    pub(super) fn read(reader: &mut impl Read, file_bytes: u64, array: &str) -> Result<Self> {
        let bytes = header_bytes(reader, file_bytes, array)?;
        let header = Self::parse(&bytes, array)?;
        header.check_size(file_bytes, array)?;
        Ok(header)
    }

    fn parse(bytes: &[u8], array: &str) -> Result<Self> {
        let damaged = |reason: String| ArrayError::Header { array: array.to_owned(), reason };
        let text = str::from_utf8(bytes.get(text_start(bytes)..).unwrap_or_default())
            .map_err(|_| damaged("it is not UTF-8 text".to_owned()))?;
        check_text(text, array)?;
        let parsed = NpyHeader::from_reader(bytes).map_err(|error| damaged(one_line(&error)))?;
        let layout = Layout::from_numpy(&parsed.dtype())
            .map_err(|found| ArrayError::UnsupportedDType { array: array.to_owned(), found })?;
        let shape = parsed.shape().to_vec();
        if shape.len() > MOST_AXES {
            let reason = format!("{} axes, NumPy has at most {MOST_AXES}", shape.len());
            return Err(damaged(reason));
        }
        let (values, data_bytes) = sizes(&shape, layout.dtype)
            .ok_or_else(|| ArrayError::ShapeOverflow { array: array.to_owned(), shape: shape_text(&shape) })?;
        let order = parsed.order().into();
        Ok(Self { layout, shape, order, values, data_bytes, data_start: bytes.len() as u64 })
    }

    fn check_size(&self, file_bytes: u64, array: &str) -> Result<()> {
        let found = file_bytes.saturating_sub(self.data_start);
        if found < self.data_bytes {
            return Err(self.truncated(array, found));
        }
        if found > self.data_bytes {
            return Err(self.trailing(array, found.to_string()));
        }
        Ok(())
    }

    pub(super) fn truncated(&self, array: &str, found: u64) -> ArrayError {
        ArrayError::Truncated {
            array: array.to_owned(),
            dtype: self.layout.dtype,
            values: self.values,
            expected: self.data_bytes,
            found,
        }
    }

    pub(super) fn trailing(&self, array: &str, found: String) -> ArrayError {
        ArrayError::Trailing {
            array: array.to_owned(),
            dtype: self.layout.dtype,
            values: self.values,
            expected: self.data_bytes,
            found,
        }
    }
}

/// The number of values of a shape and the number of bytes they take.
///
/// `None` also where only an axis of length 0 would save the product from overflowing, because
/// the strides of such a shape overflow.
pub(super) fn sizes(shape: &[u64], dtype: DType) -> Option<(u64, u64)> {
    let size = dtype.size() as u64;
    shape.iter().try_fold(size, |product, &length| product.checked_mul(length.max(1)))?;
    let values = shape.iter().product();
    Some((values, values * size))
}

/// A shape as NumPy writes it: `()`, `(3,)`, `(3, 4)`.
pub(super) fn shape_text(shape: &[u64]) -> String {
    match shape {
        [length] => format!("({length},)"),
        _ => {
            let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}

/// Reads everything before the first value, which is little whatever the length field says.
fn header_bytes(reader: &mut impl Read, file_bytes: u64, array: &str) -> Result<Vec<u8>> {
    let damaged = |reason| ArrayError::Header { array: array.to_owned(), reason };
    let ends = || damaged(format!("the file ends inside it, after {file_bytes} bytes"));
    let mut bytes = Vec::new();
    let mut take = |bytes: &mut Vec<u8>, count: u64| -> Result<()> {
        let read = reader.by_ref().take(count).read_to_end(bytes);
        match read.map_err(|error| ArrayError::io(array, "read", error))? {
            read if (read as u64) < count => Err(ends()),
            _ => Ok(()),
        }
    };
    take(&mut bytes, 10)?;
    if !bytes.starts_with(NPY_MAGIC) {
        let start = bytes.escape_ascii().to_string();
        return Err(ArrayError::NotAnArray { array: array.to_owned(), start });
    }
    if bytes[6] > 1 {
        take(&mut bytes, 2)?;
    }
    let length = match bytes[8..] {
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => 0,
    };
    if length > LONGEST_HEADER {
        return Err(damaged(format!("{length} bytes long, more than {LONGEST_HEADER}")));
    }
    take(&mut bytes, length)?;
    Ok(bytes)
}

fn text_start(bytes: &[u8]) -> usize {
    match bytes.get(6) {
        Some(2..) => 12,
        _ => 10,
    }
}

/// Refuses header text that npyz cannot take.
///
/// Its parser takes twice as long for every nested bracket (28 s for 22 of them), and it
/// multiplies the axis lengths unchecked.
fn check_text(text: &str, array: &str) -> Result<()> {
    let damaged = |reason: String| ArrayError::Header { array: array.to_owned(), reason };
    let overflow = || ArrayError::ShapeOverflow { array: array.to_owned(), shape: axis_lengths(text) };
    let mut quote = None;
    let mut depth = 0_usize;
    let mut number: Option<u64> = None;
    let mut product = 1_u64;
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10).filter(|_| quote.is_none()) {
            let number_so_far = number.unwrap_or(0).checked_mul(10);
            number = number_so_far.and_then(|number| number.checked_add(u64::from(digit)));
            if number.is_none() {
                return Err(overflow());
            }
            continue;
        }
        if let Some(number) = number.take() {
            product = product.checked_mul(number.max(1)).ok_or_else(overflow)?;
        }
        match character {
            '\\' => return Err(damaged("unexpected '\\\\'".to_owned())),
            '\'' | '"' if quote == Some(character) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(character),
            _ if quote.is_some() => {}
            '{' if depth > 0 => return Err(damaged("a dictionary inside another".to_owned())),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' | ':' | ' ' | '\n' => {}
            _ if "TrueFalse".contains(character) => {}
            _ => return Err(damaged(format!("unexpected {character:?}"))),
        }
        if depth > DEEPEST_NESTING {
            return Err(damaged("brackets nested too deep".to_owned()));
        }
    }
    Ok(())
}

/// The text of the shape, for a message about one that is too large to parse.
fn axis_lengths(text: &str) -> String {
    const LONGEST: usize = 100;
    let shape = text.split_once("'shape'").map_or("", |(_, rest)| rest);
    let start = shape.trim_start_matches([':', ' ']);
    let end = start.find(')').map_or(start.len(), |end| end + 1);
    start[..end].chars().take(LONGEST).collect()
}

fn one_line(error: &io::Error) -> String {
    let message = error.to_string();
    if message.contains("syntax error") {
        return "its text is not a Python dictionary".to_owned();
    }
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
