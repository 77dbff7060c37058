//! safetensors: the crate reads the header, and the values are read from where it says.

use std::fs::File;
use std::io::Read;

use safetensors::tensor::{Dtype, Metadata};

use crate::arrays::dtype::Layout;
use crate::arrays::header::{Header, sizes};
use crate::arrays::{ArrayError, DType, Order, Result};

/// The crate has the same limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// Whether a file begins as one: the length of the header, and the header.
pub(in crate::arrays) fn is_safetensors(start: &[u8]) -> bool {
    let header = start.get(5..).unwrap_or_default();
    header.starts_with(b"\0\0\0{\"") || header.starts_with(b"\0\0\0{}")
}

/// Finds a tensor by name, or the only one.
pub(in crate::arrays) fn open(mut file: File, bytes: u64, array: &str, wanted: Option<&str>) -> Result<Header> {
    let damaged = |reason: String| ArrayError::Damaged { array: array.to_owned(), kind: "safetensors file", reason };
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|error| ArrayError::io(array, "read", error))?;
    let length = u64::from_le_bytes(length);
    let data = bytes.checked_sub(8).and_then(|rest| rest.checked_sub(length)).filter(|_| length <= LONGEST_HEADER);
    let Some(data) = data else {
        return Err(damaged(format!("its header of {length} bytes is longer than the file, or than {LONGEST_HEADER}")));
    };
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).map_err(|error| ArrayError::io(array, "read", error))?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| damaged(error.to_string()))?;
    if metadata.data_len() as u64 != data {
        return Err(damaged(format!("its header says {} bytes of values, the file has {data}", metadata.data_len())));
    }
    let mut names = metadata.offset_keys();
    names.sort();
    let list = || names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let name = match (wanted, &names[..]) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, []) => return Err(damaged("it holds no tensor".to_owned())),
        (None, [first, ..]) => {
            return Err(ArrayError::SeveralMembers { array: array.to_owned(), members: list(), first: first.clone() });
        }
    };
    let Some(tensor) = metadata.info(name) else {
        return Err(ArrayError::NoSuchMember { array: array.to_owned(), member: name.to_owned(), members: list() });
    };
    let dtype = dtype(tensor.dtype).ok_or_else(|| ArrayError::UnsupportedDType {
        array: array.to_owned(),
        found: format!("{:?}", tensor.dtype),
        remedy: "convert it before saving: tensor.float()",
    })?;
    let shape: Vec<u64> = tensor.shape.iter().map(|length| *length as u64).collect();
    let (values, data_bytes) = sizes(&shape, dtype).ok_or_else(|| damaged("a shape overflows 64 bits".to_owned()))?;
    let (start, end) = (tensor.data_offsets.0 as u64, tensor.data_offsets.1 as u64);
    if end.checked_sub(start) != Some(data_bytes) || end > data {
        return Err(damaged(format!("{name:?} has {} bytes and its shape {data_bytes}", end.saturating_sub(start))));
    }
    let layout = Layout { dtype, big_endian: false };
    Ok(Header { layout, shape, order: Order::C, values, data_bytes, data_start: 8 + length + start })
}

fn dtype(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::BOOL => DType::Bool,
        Dtype::U8 => DType::U8,
        Dtype::I8 => DType::I8,
        Dtype::U16 => DType::U16,
        Dtype::I16 => DType::I16,
        Dtype::U32 => DType::U32,
        Dtype::I32 => DType::I32,
        Dtype::U64 => DType::U64,
        Dtype::I64 => DType::I64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        _ => return None,
    })
}
