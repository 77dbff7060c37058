use std::io::Read;

use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pair;
use pest_derive::Parser;

use super::dtype::{Layout, Unsupported};
use super::{ArrayError, DType, Order, Result};

pub(super) const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// `numpy.load` has the same limit.
const LONGEST_HEADER: u64 = 10_000;
const MOST_AXES: usize = 64;
/// The parser calls itself for each bracket, and a plain dtype needs two.
const DEEPEST_NESTING: usize = 32;

#[derive(Parser)]
#[grammar = "arrays/header.pest"]
struct Grammar;

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
        let text = decoded(bytes).map_err(damaged)?;
        let fields = Fields::parse(&text).map_err(damaged)?;
        let layout = layout(&fields.descriptor, array)?;
        let order = order(&fields.order).map_err(damaged)?;
        let overflow =
            || ArrayError::ShapeOverflow { array: array.to_owned(), shape: shortened(fields.shape.as_str()) };
        let shape = shape(&fields.shape).map_err(damaged)?.ok_or_else(overflow)?;
        if shape.len() > MOST_AXES {
            let reason = format!("{} axes, NumPy has at most {MOST_AXES}", shape.len());
            return Err(damaged(reason));
        }
        let (values, data_bytes) = sizes(&shape, layout.dtype)
            .ok_or_else(|| ArrayError::ShapeOverflow { array: array.to_owned(), shape: shape_text(&shape) })?;
        Ok(Self { layout, shape, order, values, data_bytes, data_start: bytes.len() as u64 })
    }

    pub(super) fn check_size(&self, file_bytes: u64, array: &str) -> Result<()> {
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
    if !matches!(bytes[6..8], [1..=3, 0]) {
        let reason = format!("version {}.{} of the format; 1.0, 2.0 and 3.0 are known", bytes[6], bytes[7]);
        return Err(damaged(reason));
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

/// The text; Latin-1 before version 3 of the format, UTF-8 since.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let version = bytes.get(6).copied().unwrap_or_default();
    let start = if version > 1 { 12 } else { 10 };
    let text = bytes.get(start..).unwrap_or_default();
    if version < 3 {
        return Ok(text.iter().map(|byte| char::from(*byte)).collect());
    }
    str::from_utf8(text).map(str::to_owned).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// The values of the dictionary.
struct Fields<'a> {
    descriptor: Pair<'a, Rule>,
    order: Pair<'a, Rule>,
    shape: Pair<'a, Rule>,
}

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        check_nesting(text)?;
        let no_dictionary = || "its text is not a Python dictionary".to_owned();
        let mut parsed = Grammar::parse(Rule::header, text).map_err(|error| syntax_error(text, &error))?;
        let dictionary = parsed.next().map(plain).filter(|value| value.as_rule() == Rule::dictionary);
        let (mut descriptor, mut order, mut shape) = (None, None, None);
        for entry in dictionary.ok_or_else(no_dictionary)?.into_inner() {
            let mut entry = entry.into_inner().map(plain);
            let (Some(key), Some(value)) = (entry.next(), entry.next()) else { return Err(no_dictionary()) };
            // As in Python, the last of several values counts.
            match text_of(&key).as_deref() {
                Some("descr") => descriptor = Some(value),
                Some("fortran_order") => order = Some(value),
                Some("shape") => shape = Some(value),
                _ => return Err(format!("unknown key {}", shortened(key.as_str()))),
            }
        }
        let missing = |key: &str| format!("missing key '{key}'");
        Ok(Self {
            descriptor: descriptor.ok_or_else(|| missing("descr"))?,
            order: order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// A value without the brackets around it.
fn plain(pair: Pair<'_, Rule>) -> Pair<'_, Rule> {
    if pair.as_rule() != Rule::group {
        return pair;
    }
    let mut inner = pair.clone().into_inner();
    match (inner.next(), inner.next()) {
        (Some(only), None) => plain(only),
        _ => pair,
    }
}

fn text_of(pair: &Pair<'_, Rule>) -> Option<String> {
    let quoted = (pair.as_rule() == Rule::text).then(|| pair.clone().into_inner())?;
    Some(quoted.flat_map(Pair::into_inner).map(|content| content.as_str()).collect())
}

fn layout(descriptor: &Pair<'_, Rule>, array: &str) -> Result<Layout> {
    let reason = |reason: String| ArrayError::Header { array: array.to_owned(), reason };
    let shown = shortened(descriptor.as_str());
    let refused = match (descriptor.as_rule(), text_of(descriptor)) {
        (_, Some(text)) => match Layout::from_descriptor(&text) {
            Ok(layout) => return Ok(layout),
            Err(refused) => refused.ok_or_else(|| reason(format!("{shown} is not the name of a dtype")))?,
        },
        (Rule::list | Rule::group, None) => Unsupported::STRUCTURED,
        _ => return Err(reason(format!("{shown} is not the name of a dtype"))),
    };
    let Unsupported { kind, remedy } = refused;
    Err(ArrayError::UnsupportedDType { array: array.to_owned(), found: format!("{shown} ({kind})"), remedy })
}

fn order(value: &Pair<'_, Rule>) -> Result<Order, String> {
    match (value.as_rule(), value.as_str()) {
        (Rule::truth, "True") => Ok(Order::Fortran),
        (Rule::truth, _) => Ok(Order::C),
        (_, other) => Err(format!("fortran_order must be True or False, not {}", shortened(other))),
    }
}

/// The lengths of the axes; `None` if one is beyond 64 bits.
fn shape(value: &Pair<'_, Rule>) -> Result<Option<Vec<u64>>, String> {
    if value.as_rule() != Rule::group {
        return Err(format!("shape must be a tuple such as (2, 3), not {}", shortened(value.as_str())));
    }
    let axes = value.clone().into_inner().filter(|pair| pair.as_rule() != Rule::trailing).map(plain);
    axes.map(|axis| length(&axis)).collect()
}

fn length(axis: &Pair<'_, Rule>) -> Result<Option<u64>, String> {
    let wrong = || Err(format!("shape has {} where the length of an axis is needed", shortened(axis.as_str())));
    if axis.as_rule() != Rule::number {
        return wrong();
    }
    let (mut negative, mut length) = (false, None);
    for part in axis.clone().into_inner() {
        match part.as_rule() {
            Rule::sign => negative = part.as_str() == "-",
            _ => length = unsigned(part.as_str()),
        }
    }
    match length {
        Some(1..) if negative => wrong(),
        length => Ok(length),
    }
}

fn unsigned(digits: &str) -> Option<u64> {
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let radices = [("0x", 16), ("0o", 8), ("0b", 2)];
    let with_prefix = radices.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = with_prefix.unwrap_or((&digits, 10));
    u64::from_str_radix(digits, radix).ok()
}

/// Refuses what would exhaust the stack of the parser.
fn check_nesting(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_NESTING {
            return Err("brackets nested too deep".to_owned());
        }
    }
    Ok(())
}

fn syntax_error(text: &str, error: &pest::error::Error<Rule>) -> String {
    let (InputLocation::Pos(position) | InputLocation::Span((position, _))) = error.location;
    let (before, rest) = text.split_at_checked(position).unwrap_or((text, ""));
    let at = before.chars().count() + 1;
    format!("its text is not a Python dictionary at character {at}: {:?}", shortened(rest.trim_end()))
}

/// A piece of a header for a message: one line, of bounded length.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut short: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST).collect();
    if short.chars().count() < text.chars().count() {
        short.push('…');
    }
    short
}
