use std::fmt;

use npyz::{Endianness, TypeChar, TypeStr};

/// The element type of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// Half precision (`float16`).
    F16,
    /// Single precision (`float32`).
    F32,
    /// Double precision (`float64`).
    F64,
    /// Booleans, one byte each; any non-zero byte is true.
    Bool,
    /// Signed 8-bit integers.
    I8,
    /// Signed 16-bit integers.
    I16,
    /// Signed 32-bit integers.
    I32,
    /// Signed 64-bit integers.
    I64,
    /// Unsigned 8-bit integers.
    U8,
    /// Unsigned 16-bit integers.
    U16,
    /// Unsigned 32-bit integers.
    U32,
    /// Unsigned 64-bit integers.
    U64,
}

impl DType {
    /// The names of all element types, for messages.
    pub const NAMES: &str = "f16, f32, f64, bool, i8, i16, i32, i64, u8, u16, u32, u64";

    /// Whether the values are floating-point numbers.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    /// Whether the values are integers or booleans.
    pub fn is_integer(self) -> bool {
        !self.is_float()
    }

    /// The number of bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::F16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The order in which a file stores the values of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last axis varies fastest.
    C,
    /// The first axis varies fastest.
    Fortran,
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::C => "C",
            Self::Fortran => "Fortran",
        })
    }
}

impl From<npyz::Order> for Order {
    fn from(order: npyz::Order) -> Self {
        match order {
            npyz::Order::C => Self::C,
            npyz::Order::Fortran => Self::Fortran,
        }
    }
}

impl From<Order> for npyz::Order {
    fn from(order: Order) -> Self {
        match order {
            Order::C => Self::C,
            Order::Fortran => Self::Fortran,
        }
    }
}

/// How one value is laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) dtype: DType,
    pub(super) big_endian: bool,
}

impl Layout {
    /// The layout of a NumPy dtype, or a description of a dtype that is not supported.
    pub(super) fn from_numpy(dtype: &npyz::DType) -> Result<Self, String> {
        let npyz::DType::Plain(plain) = dtype else {
            return Err(format!("{} (structured)", shortened(&dtype.descr())));
        };
        let big_endian = plain.endianness() == Endianness::Big;
        match plain_dtype(plain) {
            Some(dtype) => Ok(Self { dtype, big_endian }),
            None => Err(format!("'{plain}' ({})", explanation(plain.type_char()))),
        }
    }
}

fn plain_dtype(plain: &TypeStr) -> Option<DType> {
    Some(match (plain.type_char(), plain.size_field()) {
        (TypeChar::Bool, 1) => DType::Bool,
        (TypeChar::Float, 2) => DType::F16,
        (TypeChar::Float, 4) => DType::F32,
        (TypeChar::Float, 8) => DType::F64,
        (TypeChar::Int, 1) => DType::I8,
        (TypeChar::Int, 2) => DType::I16,
        (TypeChar::Int, 4) => DType::I32,
        (TypeChar::Int, 8) => DType::I64,
        (TypeChar::Uint, 1) => DType::U8,
        (TypeChar::Uint, 2) => DType::U16,
        (TypeChar::Uint, 4) => DType::U32,
        (TypeChar::Uint, 8) => DType::U64,
        _ => return None,
    })
}

fn explanation(type_char: TypeChar) -> &'static str {
    match type_char {
        TypeChar::Complex => "complex numbers",
        TypeChar::ByteStr | TypeChar::UnicodeStr => "strings",
        TypeChar::TimeDelta | TypeChar::DateTime => "times",
        TypeChar::Object => "pickled Python objects",
        TypeChar::RawData => "raw bytes; NumPy saves bfloat16 arrays this way",
        TypeChar::Float => "extended precision",
        _ => "unknown",
    }
}

fn shortened(description: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = description
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(LONGEST)
        .collect();
    if text.len() < description.len() {
        text.push('…');
    }
    text
}
