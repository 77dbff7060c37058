use std::ffi::{c_int, c_long};
use std::fmt;

/// The element type of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// Half precision (`float16`).
    F16,
    /// The upper half of single precision (`bfloat16`), which safetensors has and NumPy has not.
    BF16,
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
    pub const NAMES: &str = "f16, bf16, f32, f64, bool, i8, i16, i32, i64, u8, u16, u32, u64";

    /// Whether the values are floating-point numbers.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Whether the values are integers or booleans.
    pub fn is_integer(self) -> bool {
        !self.is_float()
    }

    /// The number of bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::BF16 => "bf16",
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

/// Why an element type is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// What it is.
    pub(super) kind: &'static str,
    /// What to do about it.
    pub(super) remedy: &'static str,
}

impl Unsupported {
    pub(super) const STRUCTURED: Self =
        Self { kind: "structured", remedy: "save one field: numpy.save(path, array['field'])" };
}

impl Layout {
    /// The layout that a NumPy descriptor names, as `numpy.dtype` understands it on this machine: `<f4`, `=f4`, `f4`,
    /// `f`, `single` and `float32` are all `f32`.
    ///
    /// `Err(None)` if it names nothing.
    pub(super) fn from_descriptor(descriptor: &str) -> Result<Self, Option<Unsupported>> {
        let native = cfg!(target_endian = "big");
        if let Some(dtype) = by_name(descriptor) {
            return Ok(Self { dtype, big_endian: native });
        }
        let (big_endian, code) = match descriptor.split_at_checked(1) {
            Some((">", code)) => (true, code),
            Some(("<", code)) => (false, code),
            Some(("=" | "|", code)) => (native, code),
            _ => (native, descriptor),
        };
        match by_code(code) {
            Some(dtype) => Ok(Self { dtype, big_endian }),
            None => Err(unsupported(code)),
        }
    }
}

fn signed(size: usize) -> Option<DType> {
    Some(match size {
        1 => DType::I8,
        2 => DType::I16,
        4 => DType::I32,
        8 => DType::I64,
        _ => return None,
    })
}

fn unsigned(size: usize) -> Option<DType> {
    Some(match size {
        1 => DType::U8,
        2 => DType::U16,
        4 => DType::U32,
        8 => DType::U64,
        _ => return None,
    })
}

fn by_name(name: &str) -> Option<DType> {
    Some(match name {
        "bool" | "bool_" => DType::Bool,
        "half" | "float16" => DType::F16,
        "single" | "float32" => DType::F32,
        "double" | "float" | "float64" => DType::F64,
        "byte" | "int8" => DType::I8,
        "short" | "int16" => DType::I16,
        "int32" => DType::I32,
        "int64" | "longlong" => DType::I64,
        "ubyte" | "uint8" => DType::U8,
        "ushort" | "uint16" => DType::U16,
        "uint32" => DType::U32,
        "uint64" | "ulonglong" => DType::U64,
        // Types of C, whose size is the machine's.
        "intc" => return signed(size_of::<c_int>()),
        "uintc" => return unsigned(size_of::<c_int>()),
        "long" => return signed(size_of::<c_long>()),
        "ulong" => return unsigned(size_of::<c_long>()),
        "int" | "int_" | "intp" => return signed(size_of::<isize>()),
        "uint" | "uintp" => return unsigned(size_of::<isize>()),
        _ => return None,
    })
}

/// A letter, or a letter and a size in bytes.
fn by_code(code: &str) -> Option<DType> {
    let (letter, size) = code.split_at_checked(1)?;
    if size.is_empty() {
        return match letter {
            "?" => Some(DType::Bool),
            "e" => Some(DType::F16),
            "f" => Some(DType::F32),
            "d" => Some(DType::F64),
            "b" => Some(DType::I8),
            "h" => Some(DType::I16),
            "i" => signed(size_of::<c_int>()),
            "l" => signed(size_of::<c_long>()),
            "q" => Some(DType::I64),
            "p" | "n" => signed(size_of::<isize>()),
            "B" => Some(DType::U8),
            "H" => Some(DType::U16),
            "I" => unsigned(size_of::<c_int>()),
            "L" => unsigned(size_of::<c_long>()),
            "Q" => Some(DType::U64),
            "P" | "N" => unsigned(size_of::<isize>()),
            _ => None,
        };
    }
    // NumPy reads the size with C's `strtol`, which takes spaces, a sign and zeros before it.
    match (letter, size.trim_start().parse().ok()?) {
        ("b", 1) => Some(DType::Bool),
        ("f", 2) => Some(DType::F16),
        ("f", 4) => Some(DType::F32),
        ("f", 8) => Some(DType::F64),
        ("i", size) => signed(size),
        ("u", size) => unsigned(size),
        _ => None,
    }
}

fn unsupported(code: &str) -> Option<Unsupported> {
    const CONVERT: &str = "convert with numpy's astype before saving";
    const REAL: &str = "save their real part: numpy.save(path, array.real)";
    let (letter, size) = code.split_at_checked(1)?;
    let size = if size.is_empty() { Some(0_u32) } else { size.trim_start().parse().ok() };
    let of = |kind, remedy| Some(Unsupported { kind, remedy });
    if code.contains([',', '(']) || code.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(Unsupported::STRUCTURED);
    }
    match (code, letter, size) {
        ("object" | "object_", ..) => unsupported("O"),
        ("longdouble" | "float96" | "float128", ..) => of("extended precision", CONVERT),
        ("str" | "str_" | "bytes" | "bytes_", ..) => of("strings", CONVERT),
        ("complex" | "complex64" | "complex128" | "csingle" | "cdouble" | "clongdouble", ..) => {
            of("complex numbers", REAL)
        }
        _ if code.starts_with("datetime64") || code.starts_with("timedelta64") => of("times", CONVERT),
        (_, "M" | "m", _) => of("times", CONVERT),
        (_, "O", _) => of(
            "pickled Python objects, which can run code when they are loaded",
            "make one array of numbers of them first: numpy.save(path, numpy.stack(list(array)).astype(numpy.float32))",
        ),
        (_, "V", Some(2)) => of(
            "raw bytes, as bfloat16 is saved",
            "save it as float32: numpy.save(path, array.astype(numpy.float32)), or tensor.float().numpy() in PyTorch",
        ),
        (_, "V", Some(1)) => of(
            "raw bytes, as 8-bit floating-point numbers are saved",
            "save them as float32: numpy.save(path, array.astype(numpy.float32))",
        ),
        (_, "V", Some(_)) => of("raw bytes", CONVERT),
        (_, "c", Some(8 | 16 | 24 | 32)) | (_, "F" | "D" | "G", Some(0)) => of("complex numbers", REAL),
        (_, "S" | "U" | "a", Some(_)) => of("strings", CONVERT),
        (_, "f", Some(12 | 16)) | (_, "g", Some(0)) => of("extended precision", CONVERT),
        _ => None,
    }
}
