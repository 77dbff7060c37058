//! Fuzzes files that claim to be arrays. A file that opens has as many values as it says, every way of reading gives the same, and nothing panics.
#![no_main]

use std::io::Write;
use std::path::{Path, PathBuf};

use arrays::{Array, Order, Reader, Result, open_in_order};
use libfuzzer_sys::fuzz_target;
use tempfile::NamedTempFile;

// Includes the one module, because all of `ablation`, instrumented, takes minutes to compile.
#[allow(dead_code, unused_imports)]
#[path = "../../ablation/src/arrays/mod.rs"]
mod arrays;

#[allow(dead_code)]
#[path = "../../ablation/src/part.rs"]
mod part;

#[path = "../../ablation/src/paths/shown.rs"]
mod shown;

/// The functions that the module needs from the rest of `ablation`.
mod paths {
    pub use crate::shown::shown;

    /// Only for the message about a missing file; here every file exists.
    pub fn is_pattern(_: &std::ffi::OsStr) -> bool {
        false
    }
}

fuzz_target!(|data: &[u8]| {
    let mut file = NamedTempFile::new_in(folder()).expect("a file in memory");
    file.write_all(data).expect("room in memory");
    // The second and third open archives of several arrays.
    for member in [None, Some("a"), Some("b.npy")] {
        if let Ok(array) = Array::open(file.path(), member) {
            check(&array);
        }
    }
});

/// Reads all values in several ways. Where two ways succeed, they must agree.
fn check(array: &Array) {
    // A file as long as its header says has no more values than the fuzzer's bytes. An archive may unpack to more.
    if array.len() > MOST_VALUES {
        return;
    }
    let floats = array.reader().and_then(|reader| all(reader, Reader::read_f32));
    let integers = array.reader().and_then(|reader| all(reader, Reader::read_i64));
    for count in [floats.as_ref().map(Vec::len), integers.as_ref().map(Vec::len)].into_iter().flatten() {
        assert_eq!(count as u64, array.len(), "values");
    }
    if let (Ok(floats), Ok(integers)) = (&floats, &integers) {
        assert!(
            floats.iter().zip(integers).all(|(&float, &integer)| float == integer as f32),
            "{floats:?} {integers:?}"
        );
    }
    if let Ok(floats) = &floats
        && array.is_seekable()
    {
        let start = array.len() / 3;
        let rest = array.reader_at(start).and_then(|reader| all(reader, Reader::read_f32)).expect("read before");
        assert_eq!(bits(&rest), bits(&floats[start as usize..]), "from {start} on");
    }
    let other = if array.order() == Order::C { Order::Fortran } else { Order::C };
    let turned = open_in_order(array, other).and_then(|reader| all(reader, Reader::read_f32));
    if let (Ok(floats), Ok(turned)) = (floats, turned) {
        let sorted = |numbers: &[f32]| {
            let mut bits = bits(numbers);
            bits.sort();
            bits
        };
        assert_eq!(sorted(&turned), sorted(&floats), "in the other order");
    }
}

const MOST_VALUES: u64 = 1 << 16;

/// Reads all values, in chunks of a length that divides few numbers.
fn all<T: Copy + Default>(mut reader: Reader, read: fn(&mut Reader, &mut [T]) -> Result<usize>) -> Result<Vec<T>> {
    let (mut values, mut chunk) = (Vec::new(), [T::default(); 37]);
    loop {
        let count = read(&mut reader, &mut chunk)?;
        values.extend(&chunk[..count]);
        if count == 0 {
            assert_eq!(reader.remaining(), 0);
            return Ok(values);
        }
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// A folder in memory, if there is one.
fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}
