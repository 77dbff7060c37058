//! The reference vectors of `loss-core`, for tests.

use std::fs::{File, read_to_string};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../loss-core/tests/vectors"))
}

/// The case of that name in `cases.json`.
pub(super) fn case(name: &str) -> serde_json::Value {
    let file: serde_json::Value = serde_json::from_str(&read_to_string(folder().join("cases.json")).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("no case {name}")).clone()
}

/// The case's value.
pub(super) fn value(name: &str) -> f64 {
    case(name)["value"].as_f64().unwrap()
}

/// An array of 64-bit floats.
pub(super) fn array(name: &str) -> Vec<f64> {
    npyz::NpyFile::new(File::open(folder().join(name)).unwrap()).unwrap().into_vec().unwrap()
}

/// An array of 32-bit floats.
pub(super) fn array_f32(name: &str) -> Vec<f32> {
    npyz::NpyFile::new(File::open(folder().join(name)).unwrap()).unwrap().into_vec().unwrap()
}

/// An array of bytes.
pub(super) fn array_u8(name: &str) -> Vec<u8> {
    npyz::NpyFile::new(File::open(folder().join(name)).unwrap()).unwrap().into_vec().unwrap()
}

/// Within the tolerance of the vectors: 2e-6 relative or 1e-12 absolute.
pub(super) fn assert_close(what: &str, value: f64, expected: f64) {
    let error = (value - expected).abs();
    assert!(error <= 2e-6 * expected.abs() || error <= 1e-12, "{what}: {value:e}, expected {expected:e}");
}
