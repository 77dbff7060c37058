//! NIfTI: the crate reads the header, and the voxels are read from where it says, unpacked by gzip if need be.

use std::io::Read;

use nifti::{Endianness, NiftiHeader, NiftiType};

use crate::arrays::dtype::Layout;
use crate::arrays::header::{Header, sizes};
use crate::arrays::{ArrayError, DType, Order, Result, Space};

const HEADER_BYTES: u64 = 348;

/// Whether a file, unpacked, begins as one; also one of version 2, which is refused with a remedy.
pub(in crate::arrays) fn is_nifti(start: &[u8]) -> bool {
    let at = |position: usize, magic: &[u8]| start.get(position..).is_some_and(|rest| rest.starts_with(magic));
    at(344, b"n+1\0") || at(344, b"ni1\0") || at(4, b"n+2\0\r\n\x1a\n")
}

/// A header, with where the voxels are, and the factor and summand that they are stored with if these change them.
pub(in crate::arrays) struct Opened {
    pub(in crate::arrays) header: Header,
    pub(in crate::arrays) space: Space,
    pub(in crate::arrays) scale: Option<(f64, f64)>,
}

/// Reads the header of an unpacked file.
pub(in crate::arrays) fn open(mut reader: impl Read, array: &str) -> Result<Opened> {
    let damaged = |reason: String| ArrayError::Damaged { array: array.to_owned(), kind: "NIfTI file", reason };
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(HEADER_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| ArrayError::io(array, "read", error))?;
    if bytes.get(4..8) == Some(b"n+2\0") {
        return Err(damaged(
            "it is of version 2, and version 1 is read; convert it: nibabel.Nifti1Image(image.dataobj, image.affine).to_filename(path)"
                .to_owned(),
        ));
    }
    let header = NiftiHeader::from_reader(&bytes[..]).map_err(|error| damaged(error.to_string()))?;
    if header.magic.starts_with(b"ni1") {
        return Err(damaged(
            "its voxels are in another file (.img); save both as one: \
             nibabel.save(nibabel.Nifti1Image.from_image(nibabel.load('x.hdr')), 'x.nii')"
                .to_owned(),
        ));
    }
    let of_header = |error: nifti::NiftiError| damaged(error.to_string());
    let dtype = dtype(header.data_type().map_err(of_header)?).ok_or_else(|| ArrayError::UnsupportedDType {
        array: array.to_owned(),
        found: format!("{} of NIfTI (colours, complex or of more than 64 bits)", header.datatype),
        remedy: "save numbers: nibabel.Nifti1Image(array.astype('uint8'), image.affine) of labels, 'float32' of probabilities",
    })?;
    // The first axis of the file varies fastest, so that in C order it is the last: (z, y, x).
    let mut shape: Vec<u64> = header.dim().map_err(of_header)?.iter().map(|length| u64::from(*length)).collect();
    while shape.len() > 2 && shape.last() == Some(&1) {
        shape.pop();
    }
    let spatial = shape.len().min(3);
    shape.reverse();
    let scale = match (f64::from(header.scl_slope), f64::from(header.scl_inter)) {
        // A factor of 0 says that there is none.
        (slope, _) if slope == 0.0 || !slope.is_finite() => None,
        (slope, inter) if !inter.is_finite() => {
            return Err(damaged(format!(
                "its values are to be multiplied by {slope} and added to {inter} (scl_slope and scl_inter), which is no number"
            )));
        }
        (1.0, 0.0) => None,
        (slope, inter) => Some((slope, inter)),
    };
    let layout = Layout { dtype, big_endian: header.endianness == Endianness::Big };
    let (values, data_bytes) = sizes(&shape, dtype).ok_or_else(|| damaged("a shape overflows 64 bits".to_owned()))?;
    let start = f64::from(header.vox_offset);
    if !(start >= HEADER_BYTES as f64 && start < 2f64.powi(31) && start.fract() == 0.0) {
        return Err(damaged(format!("its voxels begin at byte {start}")));
    }
    let space = space(&header, spatial, array)?;
    let header = Header { layout, shape, order: Order::C, values, data_bytes, data_start: start as u64 };
    Ok(Opened { header, space, scale })
}

/// The voxels times their factor, as the bytes of doubles.
pub(in crate::arrays) fn scaled(values: &[f64], (slope, inter): (f64, f64)) -> Vec<u8> {
    values.iter().flat_map(|value| (value * slope + inter).to_le_bytes()).collect()
}

fn dtype(kind: NiftiType) -> Option<DType> {
    Some(match kind {
        NiftiType::Uint8 => DType::U8,
        NiftiType::Int8 => DType::I8,
        NiftiType::Uint16 => DType::U16,
        NiftiType::Int16 => DType::I16,
        NiftiType::Uint32 => DType::U32,
        NiftiType::Int32 => DType::I32,
        NiftiType::Uint64 => DType::U64,
        NiftiType::Int64 => DType::I64,
        NiftiType::Float32 => DType::F32,
        NiftiType::Float64 => DType::F64,
        _ => return None,
    })
}

/// Where the voxels are: the spacing in millimetres, last axis of the file first, and the affine that takes (x, y, z) to millimetres.
fn space(header: &NiftiHeader, spatial: usize, array: &str) -> Result<Space> {
    let unit = match header.xyzt_units & 7 {
        1 => 1000.0,
        3 => 0.001,
        // Millimetres, or not said, which everyone takes for millimetres.
        _ => 1.0,
    };
    let mut spacing: Vec<f64> =
        header.pixdim.iter().skip(1).take(spatial).map(|along| f64::from(*along).abs() * unit).collect();
    spacing.reverse();
    if let Some(wrong) = spacing.iter().find(|along| !(along.is_finite() && **along > 0.0)) {
        return Err(ArrayError::Damaged {
            array: array.to_owned(),
            kind: "NIfTI file",
            reason: format!("a spacing is {wrong}; it must be above 0"),
        });
    }
    let rows = |rows: [[f32; 4]; 3]| rows.map(|row| row.map(f64::from));
    let affine = if header.sform_code > 0 {
        Some(rows([header.srow_x, header.srow_y, header.srow_z]))
    } else if header.qform_code > 0 {
        Some(by_quaternion(header))
    } else {
        None
    };
    let affine = affine.map(|rows| rows.map(|row| row.map(|along| along * unit)));
    let length = |rows: [[f64; 4]; 3], axis: usize| rows.iter().map(|row| row[axis].powi(2)).sum::<f64>().sqrt();
    let of_affine: Option<Vec<f64>> = affine.map(|rows| (0..spatial).rev().map(|axis| length(rows, axis)).collect());
    let differs = |other: &Vec<f64>| spacing.iter().zip(other).any(|(a, b)| (a - b).abs() > 1e-3 * a.max(*b));
    let other_spacing = of_affine.filter(differs);
    Ok(Space { spacing, other_spacing, affine })
}

/// The affine of a rotation by the quaternion (a, b, c, d), as the format says it.
fn by_quaternion(header: &NiftiHeader) -> [[f64; 4]; 3] {
    let [b, c, d] = [header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from);
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let [factor, x, y, z] = [header.pixdim[0], header.pixdim[1], header.pixdim[2], header.pixdim[3]].map(f64::from);
    let z = if factor < 0.0 { -z } else { z };
    let [at_x, at_y, at_z] = [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from);
    [
        [(a * a + b * b - c * c - d * d) * x, 2.0 * (b * c - a * d) * y, 2.0 * (b * d + a * c) * z, at_x],
        [2.0 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2.0 * (c * d - a * b) * z, at_y],
        [2.0 * (b * d - a * c) * x, 2.0 * (c * d + a * b) * y, (a * a + d * d - b * b - c * c) * z, at_z],
    ]
}
