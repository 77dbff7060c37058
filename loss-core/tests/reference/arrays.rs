//! Arrays of a case, read from their files.

use std::fs::File;
use std::path::Path;

use npyz::{DType, NpyFile, TypeChar};

pub fn read_f64(folder: &Path, name: &str) -> Vec<f64> {
    let path = folder.join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let npy = NpyFile::new(file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let DType::Plain(dtype) = npy.dtype() else { panic!("{}: a structured array", path.display()) };
    let values = match (dtype.type_char(), dtype.size_field()) {
        (TypeChar::Float, 4) => npy.into_vec::<f32>().map(|values| values.into_iter().map(f64::from).collect()),
        (TypeChar::Float, 8) => npy.into_vec::<f64>(),
        (TypeChar::Uint, 1) => npy.into_vec::<u8>().map(|values| values.into_iter().map(f64::from).collect()),
        _ => panic!("{}: dtype {dtype}", path.display()),
    };
    values.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Values that were stored as `f32` or `u8`.
pub fn read_f32(folder: &Path, name: &str) -> Vec<f32> {
    read_f64(folder, name).into_iter().map(|value| value as f32).collect()
}
