use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use quickcheck::{Arbitrary, Gen, QuickCheck, TestResult, Testable};
use serde::Deserialize;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn array(&self, name: &str, bytes: &[u8]) -> Array {
        Array::open(&self.file(name, bytes), None).unwrap()
    }

    /// The message of an error, without the folder.
    fn message(&self, result: Result<impl Sized>) -> String {
        let message = result.err().expect("an error").to_string();
        assert!(!message.contains('\n'), "{message}");
        message.replace(&format!("{}/", self.0.path().display()), "")
    }

    fn open_error(&self, name: &str, bytes: &[u8]) -> String {
        self.message(Array::open(&self.file(name, bytes), None))
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn with_text(text: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}

fn npy(descr: &str, order: Order, shape: &[u64], data: &[u8]) -> Vec<u8> {
    let fortran = if order == Order::Fortran { "True" } else { "False" };
    let shape = header::shape_text(shape);
    with_text(&format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n"), data)
}

fn floats(order: Order, shape: &[u64], values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    let data: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    npy("<f4", order, shape, &data)
}

fn counting(order: Order, shape: &[u64]) -> Vec<u8> {
    let count: u64 = shape.iter().product();
    floats(order, shape, (0..count).map(|value| value as f32))
}

fn npz(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let members: Vec<(String, &[u8])> = members.iter().map(|(name, bytes)| (format!("{name}.npy"), *bytes)).collect();
    zipped(&members, SimpleFileOptions::default().compression_method(method))
}

fn zipped(members: &[(String, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn all_f32(mut reader: Reader) -> Result<Vec<f32>> {
    let (mut values, mut chunk) = (Vec::new(), [0.0; 7]);
    loop {
        match reader.read_f32(&mut chunk)? {
            0 => return Ok(values),
            count => values.extend(&chunk[..count]),
        }
    }
}

fn all_i64(mut reader: Reader) -> Result<Vec<i64>> {
    let (mut values, mut chunk) = (Vec::new(), [0; 5]);
    loop {
        match reader.read_i64(&mut chunk)? {
            0 => return Ok(values),
            count => values.extend(&chunk[..count]),
        }
    }
}

/// The little-endian bytes of small values and the values themselves.
fn samples(dtype: DType) -> (Vec<u8>, Vec<f32>) {
    fn data<T: Copy, const N: usize>(values: [T; 6], bytes: fn(T) -> [u8; N]) -> Vec<u8> {
        values.into_iter().flat_map(bytes).collect()
    }
    let real = [-1.5, 0.0, 0.25, 3.0, -1000.0, f32::INFINITY];
    let signed = [-128, -1, 0, 1, 2, 127_i8];
    let unsigned = [0, 1, 2, 3, 200, 255_u8];
    let bytes = match dtype {
        DType::BF16 => unreachable!("NumPy has none"),
        DType::F16 => data(real.map(half::f16::from_f32), half::f16::to_le_bytes),
        DType::F32 => data(real, f32::to_le_bytes),
        DType::F64 => data(real.map(f64::from), f64::to_le_bytes),
        DType::Bool => vec![0, 1, 1, 0, 1, 2],
        DType::I8 => data(signed, i8::to_le_bytes),
        DType::I16 => data(signed.map(i16::from), i16::to_le_bytes),
        DType::I32 => data(signed.map(i32::from), i32::to_le_bytes),
        DType::I64 => data(signed.map(i64::from), i64::to_le_bytes),
        DType::U8 => unsigned.to_vec(),
        DType::U16 => data(unsigned.map(u16::from), u16::to_le_bytes),
        DType::U32 => data(unsigned.map(u32::from), u32::to_le_bytes),
        DType::U64 => data(unsigned.map(u64::from), u64::to_le_bytes),
    };
    let values = match dtype {
        DType::F16 | DType::BF16 | DType::F32 | DType::F64 => real.to_vec(),
        DType::Bool => vec![0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => signed.map(f32::from).to_vec(),
        _ => unsigned.map(f32::from).to_vec(),
    };
    (bytes, values)
}

const DTYPES: [(DType, &str); 12] = [
    (DType::F16, "f2"),
    (DType::F32, "f4"),
    (DType::F64, "f8"),
    (DType::Bool, "b1"),
    (DType::I8, "i1"),
    (DType::I16, "i2"),
    (DType::I32, "i4"),
    (DType::I64, "i8"),
    (DType::U8, "u1"),
    (DType::U16, "u2"),
    (DType::U32, "u4"),
    (DType::U64, "u8"),
];

#[test]
fn reads_every_dtype_in_both_orders_and_byte_orders() {
    let folder = Folder::new();
    for (dtype, code) in DTYPES {
        assert!(DType::NAMES.split(", ").any(|name| name == dtype.to_string()));
        let (little, values) = samples(dtype);
        let big: Vec<u8> = little.chunks(dtype.size()).flat_map(|item| item.iter().rev().copied()).collect();
        let byte_orders = match dtype.size() {
            1 => vec![('|', &little)],
            _ => vec![('<', &little), ('>', &big)],
        };
        for (mark, data) in byte_orders {
            for order in [Order::C, Order::Fortran] {
                let array = folder.array("a.npy", &npy(&format!("{mark}{code}"), order, &[2, 3], data));
                assert_eq!((array.dtype(), array.order(), array.len()), (dtype, order, 6));
                assert_eq!(array.shape(), [2, 3]);
                assert_eq!(all_f32(array.reader().unwrap()).unwrap(), values, "{dtype}");
                let integers = all_i64(array.reader().unwrap());
                if dtype.is_integer() {
                    let expected: Vec<i64> = values.iter().map(|&value| value as i64).collect();
                    assert_eq!(integers.unwrap(), expected, "{dtype}");
                } else {
                    let message = folder.message(integers);
                    let expected = format!("a.npy: holds {dtype} values where integers or booleans are needed");
                    assert_eq!(message, expected);
                }
            }
        }
    }
}

#[test]
fn reads_scalars_empty_arrays_and_every_header_version() {
    let folder = Folder::new();
    let scalar = folder.array("s.npy", &floats(Order::C, &[], [2.5]));
    assert_eq!(all_f32(scalar.reader().unwrap()).unwrap(), [2.5]);
    assert_eq!(scalar.shape_text(), "()");
    let empty = folder.array("e.npy", &floats(Order::C, &[3, 0, 2], []));
    assert!(empty.is_empty());
    assert_eq!(all_f32(empty.reader().unwrap()).unwrap(), [0.0; 0]);

    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}\n";
    for version in [2, 3] {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(1_f32.to_le_bytes());
        let array = folder.array("v.npy", &bytes);
        assert_eq!(all_f32(array.reader().unwrap()).unwrap(), [1.0]);
    }
}

#[test]
fn chunks_hold_the_type_of_the_file_and_agree_across_blocks() {
    let folder = Folder::new();
    let count = 150_000_u64;
    let array = folder.array("a.npy", &counting(Order::C, &[count]));
    let bytes: Vec<u8> = (0..count).map(|value| value as u8).collect();
    let labels = folder.array("b.npy", &npy("|u1", Order::C, &[count], &bytes));
    let mut readers = open_together(&[array, labels]).unwrap();
    let (mut logits, mut targets) = (Values::default(), Values::default());
    let mut position = 0;
    loop {
        let read = readers[0].next_chunk(&mut logits, 70_001).unwrap();
        assert_eq!(readers[1].next_chunk(&mut targets, 70_001).unwrap(), read);
        assert_eq!((logits.len(), targets.len()), (read, read));
        if read == 0 {
            break;
        }
        let (Values::Float(logits), Values::Integer(targets)) = (&logits, &targets) else {
            panic!("types");
        };
        for (logit, target) in logits.iter().zip(targets) {
            assert_eq!((*logit, *target), (position as f32, position & 255));
            position += 1;
        }
    }
    assert_eq!(position, 150_000);
    assert!(logits.is_empty() && readers[0].remaining() == 0);
}

#[test]
fn integers_are_exact_or_refused() {
    let folder = Folder::new();
    let read = |descr: &str, data: &[u8]| {
        let array = folder.array("a.npy", &npy(descr, Order::C, &[2], data));
        let floats = all_f32(array.reader().unwrap());
        (floats, all_i64(array.reader().unwrap()))
    };
    let data: Vec<u8> = [-16_777_216, 16_777_217_i32].into_iter().flat_map(i32::to_le_bytes).collect();
    let (floats, integers) = read("<i4", &data);
    assert_eq!(folder.message(floats), "a.npy: value 16777217 at position 1 does not fit in f32 exactly");
    assert_eq!(integers.unwrap(), [-16_777_216, 16_777_217]);
    let data: Vec<u8> = [0, u64::MAX].into_iter().flat_map(u64::to_le_bytes).collect();
    let (floats, integers) = read("<u8", &data);
    assert!(floats.is_err());
    assert_eq!(folder.message(integers), "a.npy: value 18446744073709551615 at position 1 does not fit in i64 exactly");
    let data: Vec<u8> = [i64::MIN, 1].into_iter().flat_map(i64::to_le_bytes).collect();
    let (floats, integers) = read("<i8", &data);
    assert!(floats.is_err());
    assert_eq!(integers.unwrap(), [i64::MIN, 1]);
}

#[test]
fn doubles_round_to_nearest_and_overflow_to_infinity() {
    let folder = Folder::new();
    let values = [0.1, 1e300, -1e300, f64::from(f32::MAX), 1e-60];
    let data: Vec<u8> = values.into_iter().flat_map(f64::to_le_bytes).collect();
    let array = folder.array("a.npy", &npy("<f8", Order::C, &[5], &data));
    assert_eq!(all_f32(array.reader().unwrap()).unwrap(), [0.1, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.0]);
}

#[test]
fn wrong_sizes_are_found_when_opening() {
    let folder = Folder::new();
    let mut bytes = counting(Order::C, &[64, 64]);
    bytes.truncate(bytes.len() - 384);
    assert_eq!(
        folder.open_error("z.npy", &bytes),
        "z.npy: truncated: the header says 4096 f32 values (16384 bytes), the file has 16000; \
         write it again"
    );
    let mut bytes = counting(Order::C, &[2]);
    bytes.extend(counting(Order::C, &[2]));
    assert!(
        folder
            .open_error("z.npy", &bytes)
            .starts_with("z.npy: trailing data: the header says 2 f32 values (8 bytes), the file has ")
    );
    let archive = npz(&[("a", &bytes)], CompressionMethod::Deflated);
    assert!(folder.open_error("z.npz", &archive).starts_with("z.npz: trailing data: "));
}

#[test]
fn a_file_that_changes_after_opening_is_an_error() {
    let folder = Folder::new();
    let bytes = counting(Order::C, &[4]);
    let array = folder.array("z.npy", &bytes);
    folder.file("z.npy", &bytes[..bytes.len() - 3]);
    let message = folder.message(all_f32(array.reader().unwrap()));
    assert!(message.ends_with("(16 bytes), the file has 13; write it again"), "{message}");
    folder.file("z.npy", &[&bytes[..], b"x"].concat());
    let message = folder.message(all_f32(array.reader().unwrap()));
    assert!(message.contains("trailing data") && message.contains("the file has more"));
}

#[test]
fn what_is_not_an_array_is_named() {
    let folder = Folder::new();
    assert_eq!(
        folder.open_error("z.npy", b""),
        "z.npy: the file is empty; expected .npy, .npz, .safetensors, .nii, .nii.gz, PNG or TIFF"
    );
    assert_eq!(
        folder.open_error("z.npy", b"\x89NUMPY\r\n"),
        "z.npy: not an array or image that is read (it begins with \"\\x89NUMPY\"); accepted: .npy, .npz, .safetensors, \
         .nii, .nii.gz, PNG or TIFF; write it with numpy.save or numpy.savez"
    );
    assert_eq!(
        folder.open_error("z.npy", b"\x93NUMPY\x01"),
        "z.npy: damaged .npy header: the file ends inside it, after 7 bytes"
    );
    let message = folder.message(Array::open(&folder.path("none.npy"), None));
    assert!(message.starts_with("none.npy: cannot open: "), "{message}");
    let message = folder.message(Array::open(folder.0.path(), None));
    assert!(message.contains(": is a directory, not a regular file"), "{message}");
    #[cfg(unix)]
    {
        let message = folder.message(Array::open("/dev/zero".as_ref(), None));
        assert!(message.starts_with("/dev/zero: is a pipe or device"), "{message}");
    }
}

#[test]
fn files_of_other_formats_are_named_with_a_remedy() {
    let folder = Folder::new();
    let at = |position: usize, bytes: &[u8]| {
        let mut file = vec![1; position];
        file.extend(bytes);
        file.resize(1000, 2);
        file
    };
    let torch =
        zipped(&[("m/data.pkl".to_owned(), b""), ("m/data/0".to_owned(), b"\0\0")], SimpleFileOptions::default());
    for (bytes, kind, remedy) in [
        (torch, "a PyTorch file", "torch.load"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), "a PyTorch file", "torch.load"),
        (b"\x80\x04\x95\0".to_vec(), "a Python pickle", "numpy.save"),
        (b"\x89HDF\r\n\x1a\n".to_vec(), "an HDF5 file", "h5py"),
        (b"MATLAB 5.0 MAT-file, Platform".to_vec(), "a MATLAB file", "loadmat"),
        (b"\xff\xd8\xff\xe0".to_vec(), "a JPEG picture", "PIL"),
        (at(128, b"DICM"), "a DICOM file", "pydicom"),
        (b"0.5,1.5\n2,3\n".to_vec(), "a text file", "loadtxt"),
    ] {
        let message = folder.open_error("z.npy", &bytes);
        let start = format!("z.npy: is {kind}");
        assert!(message.starts_with(&start) && message.contains(", which is not read; "), "{message}");
        assert!(message.contains(remedy), "{message}");
    }
}

#[test]
fn unsupported_dtypes_are_named_with_the_accepted_ones() {
    let folder = Folder::new();
    let accepted = "is not supported; accepted: f16, bf16, f32, f64, bool, i8, i16, i32, i64, u8, u16, u32, u64; ";
    for (descr, found, remedy) in [
        ("<c8", "'<c8' (complex numbers)", "array.real"),
        ("complex64", "'complex64' (complex numbers)", "array.real"),
        ("<U3", "'<U3' (strings)", "astype"),
        ("|S3", "'|S3' (strings)", "astype"),
        ("|O", "'|O' (pickled Python objects, which can run code when they are loaded)", "numpy.stack"),
        ("<f16", "'<f16' (extended precision)", "astype"),
        ("|V2", "'|V2' (raw bytes, as bfloat16 is saved)", "array.astype(numpy.float32)"),
        ("<V2", "'<V2' (raw bytes, as bfloat16 is saved)", "array.astype(numpy.float32)"),
        ("<V1", "'<V1' (raw bytes, as 8-bit floating-point numbers are saved)", "array.astype(numpy.float32)"),
        ("<M8[s]", "'<M8[s]' (times)", "astype"),
        ("f4,f4", "'f4,f4' (structured)", "array['field']"),
    ] {
        let message = folder.open_error("z.npy", &npy(descr, Order::C, &[1], &[0; 16]));
        assert!(message.starts_with(&format!("z.npy: dtype {found} {accepted}")), "{message}");
        assert!(message.contains(remedy), "{message}");
    }
    for descr in ["bfloat16", "<float32", "f3", "!f4", ""] {
        let message = folder.open_error("z.npy", &npy(descr, Order::C, &[1], &[0; 16]));
        assert_eq!(message, format!("z.npy: damaged .npy header: '{descr}' is not the name of a dtype"));
    }
    let text = "{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (1,)}";
    let message = folder.open_error("z.npy", &with_text(text, &[0; 12]));
    assert!(message.starts_with("z.npy: dtype [('a', '<f4'),"), "{message}");
    assert!(message.contains("(structured) is not supported"), "{message}");
}

#[test]
fn lying_headers_are_refused_at_once() {
    let folder = Folder::new();
    let open_text = |text: &str| folder.open_error("z.npy", &with_text(text, &[0; 4]));
    let dict = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n");
    let overflow = "damaged .npy header: shape (4294967296, 4294967296) overflows 64-bit sizes";
    assert_eq!(open_text(&dict("(4294967296, 4294967296)")), format!("z.npy: {overflow}"));
    for shape in ["(4294967296, 4294967296, 0)", "(0, 4294967296, 4294967296)", "(9223372036854775807,)"] {
        assert!(open_text(&dict(shape)).contains("overflows"), "{shape}");
    }
    assert!(open_text(&dict(&format!("({},)", "9".repeat(500)))).contains("overflows"));
    assert!(open_text(&dict("(1152921504606846975,)")).contains("truncated"));
    assert!(open_text(&dict("(-1,)")).contains("shape has -1 where the length of an axis is needed"));
    assert!(open_text(&dict(&format!("({})", "1,".repeat(65)))).contains("65 axes"));
    assert!(open_text(&dict("3")).contains("damaged .npy header: shape must be a tuple such as (2, 3), not 3"));
    assert!(open_text(&dict("(1.5,)")).contains("damaged"));
    assert!(open_text("{'descr': '<f4'}").contains("missing key 'fortran_order'"));
    assert!(open_text("nonsense").ends_with("its text is not a Python dictionary at character 1: \"nonsense\""));
    assert!(open_text("{'descr': '<f4', 'size': 1}").contains("unknown key 'size'"));
    assert!(open_text("{'descr'").contains("its text is not a Python dictionary"));
    assert!(open_text("").contains("its text is not a Python dictionary"));
    // Without the nesting limit these take for ever.
    assert!(open_text(&dict(&format!("{}1{}", "[".repeat(60), "]".repeat(60)))).contains("nested"));
    assert!(open_text(&"(".repeat(9_000)).contains("nested"));
    assert!(open_text(&dict("1e400+1")).ends_with("not a Python dictionary at character 51: \"1e400+1}\""));

    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    long.extend([b' '; 100]);
    assert_eq!(folder.open_error("z.npy", &long), "z.npy: damaged .npy header: 4294967295 bytes long, more than 10000");
    let mut version = counting(Order::C, &[1]);
    version[6] = 9;
    let message = folder.open_error("z.npy", &version);
    assert_eq!(message, "z.npy: damaged .npy header: version 9.0 of the format; 1.0, 2.0 and 3.0 are known");
}

#[test]
fn archives_are_told_by_content_and_need_a_name_only_if_ambiguous() {
    let folder = Folder::new();
    let (a, b) = (counting(Order::C, &[3]), counting(Order::C, &[200_000]));
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        // The extension does not count.
        let one = folder.array("one.npy", &npz(&[("a", &a)], method));
        assert_eq!(all_f32(one.reader().unwrap()).unwrap(), [0.0, 1.0, 2.0]);
        assert!(one.name().ends_with("one.npy"));

        let two = folder.file("two.npz", &npz(&[("b", &b), ("a", &a)], method));
        assert_eq!(
            folder.message(Array::open(&two, None)),
            "two.npz: holds several arrays: \"a\", \"b\"; name one as two.npz:a"
        );
        assert_eq!(
            folder.message(Array::open(&two, Some("c"))),
            "two.npz: has no array named \"c\"; it holds \"a\", \"b\""
        );
        let array = Source::parse(format!("{}:b", two.display()).as_ref()).open().unwrap();
        assert!(array.name().ends_with("two.npz:b"));
        for _ in 0..2 {
            let values = all_f32(array.reader().unwrap()).unwrap();
            assert!(values.iter().enumerate().all(|(index, value)| *value == index as f32));
            assert_eq!(values.len(), 200_000);
        }
        // A reader that is dropped early must not wait for its thread for ever.
        array.reader().unwrap().read_f32(&mut [0.0; 4]).unwrap();
        assert!(Array::open(&two, Some("a.npy")).is_ok());
    }
    let npy = folder.file("z.npy", &a);
    assert_eq!(
        folder.message(Array::open(&npy, Some("a"))),
        "z.npy: this file holds one unnamed array; leave out \":a\""
    );
    let none = folder.open_error("none.npz", &npz(&[], CompressionMethod::Stored));
    assert!(none.starts_with("none.npz: a zip archive without .npy members"), "{none}");
}

#[test]
fn damaged_archives_are_errors() {
    let folder = Folder::new();
    let good = npz(&[("a", &counting(Order::C, &[1000]))], CompressionMethod::Stored);
    let message = folder.open_error("z.npz", &good[..good.len() / 2]);
    assert!(message.contains("as in a truncated file"), "{message}");
    let mut flipped = good.clone();
    flipped[2000] ^= 1;
    let message = folder.message(all_f32(folder.array("z.npz", &flipped).reader().unwrap()));
    assert!(message.starts_with("z.npz: its compressed data is damaged: Invalid checksum"), "{message}");

    let central = good.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    let mut encrypted = good.clone();
    encrypted[central + 8] |= 1;
    let message = folder.open_error("z.npz", &encrypted);
    assert!(message.ends_with("the member is encrypted"), "{message}");
    // Marked as encrypted by an extra field only: Python's zipfile takes it for what it is.
    let mut half_encrypted = good[..central].to_vec();
    let extra = [0x01, 0x99, 7, 0, 2, 0, b'A', b'E', 3, 0, 0];
    let mut record = good[central..central + 46 + 5].to_vec();
    record[30] = extra.len() as u8;
    half_encrypted.extend(record);
    half_encrypted.extend(extra);
    let mut end = good[central + 46 + 5..].to_vec();
    end[12] += extra.len() as u8;
    half_encrypted.extend(end);
    let array = folder.array("z.npz", &half_encrypted);
    assert_eq!(all_f32(array.reader().unwrap()).unwrap().len(), 1000);
}

#[test]
fn archives_of_every_layout_are_read() {
    let folder = Folder::new();
    let bytes = counting(Order::C, &[1000]);
    let expected: Vec<f32> = (0..1000_u16).map(f32::from).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let options = SimpleFileOptions::default().compression_method(method);
        // As numpy.savez writes: sizes of 64 bits.
        let large = zipped(&[("a.npy".to_owned(), &bytes)], options.large_file(true));
        // Written to a pipe: sizes follow the data.
        let mut stream = ZipWriter::new_stream(Vec::new());
        stream.start_file("a.npy", options).unwrap();
        stream.write_all(&bytes).unwrap();
        let streamed = stream.finish().unwrap().into_inner();
        assert!(streamed.windows(4).any(|window| window == b"PK\x07\x08"));
        for archive in [large, streamed] {
            let array = folder.array("z.npz", &archive);
            assert_eq!(all_f32(array.reader().unwrap()).unwrap(), expected);
        }
    }
    // Some writers leave the extension out.
    let members = [("a", &bytes[..]), ("notes.txt", b"text"), ("empty", b"")];
    let bare = zipped(&members.map(|(name, bytes)| (name.to_owned(), bytes)), SimpleFileOptions::default());
    assert_eq!(all_f32(folder.array("z.npz", &bare).reader().unwrap()).unwrap(), expected);
    assert!(Array::open(&folder.path("z.npz"), Some("a")).is_ok());
    let both = ["a", "a.npy"].map(|name| (name.to_owned(), &bytes[..]));
    let message = folder.open_error("z.npz", &zipped(&both, SimpleFileOptions::default()));
    assert!(message.ends_with("it has several members of the same name"), "{message}");

    let mut repeated = npz(&[("a", &bytes), ("b", &bytes)], CompressionMethod::Stored);
    for start in [b"PK\x01\x02", b"PK\x03\x04"] {
        let last = repeated.windows(4).rposition(|window| window == start).unwrap();
        let name = repeated[last..].windows(5).position(|window| window == b"b.npy").unwrap();
        repeated[last + name] = b'a';
    }
    let message = folder.open_error("z.npz", &repeated);
    assert!(message.ends_with("it has several members of the same name"), "{message}");
}

#[test]
fn compressed_by_another_method() {
    let folder = Folder::new();
    let good = npz(&[("a", &counting(Order::C, &[10]))], CompressionMethod::Stored);
    for (code, method) in [(9, "Deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (95, "xz")] {
        let mut other = good.clone();
        for (start, offset) in [(b"PK\x01\x02", 10), (b"PK\x03\x04", 8)] {
            let position = other.windows(4).rposition(|window| window == start).unwrap();
            other[position + offset] = code;
        }
        assert_eq!(
            folder.open_error("z.npz", &other),
            format!(
                "z.npz: compressed by {method}, and only Deflate is read; write it again: \
                 numpy.savez_compressed(path, **numpy.load(path))"
            )
        );
    }
}

#[test]
fn a_64_bit_directory_cannot_claim_more_members_than_fit() {
    let folder = Folder::new();
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(1000, 0);
    let directory = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    bytes.resize(bytes.len() + 20, 0);
    bytes.extend([0; 8]);
    bytes.extend((directory - 1).to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(directory.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0xff; 16]);
    bytes.extend([0; 2]);
    let message = folder.open_error("z.npz", &bytes);
    assert!(message.contains("claims more members than the file can hold"), "{message}");
}

#[test]
fn sources_split_at_the_last_colon_unless_the_file_exists() {
    let folder = Folder::new();
    let parse = |argument: &str| Source::parse(argument.as_ref());
    let source = |path: &str, member: Option<&str>| Source { path: path.into(), member: member.map(str::to_owned) };
    assert_eq!(parse("preds.npz:logits"), source("preds.npz", Some("logits")));
    assert_eq!(parse("a:b.npz:x/y"), source("a:b.npz", Some("x/y")));
    assert_eq!(parse("dir/*:x"), source("dir/*", Some("x")));
    assert_eq!(parse("run:3/z.npy"), source("run:3/z.npy", None));
    assert_eq!(parse("z.npz:"), source("z.npz:", None));
    assert_eq!(parse("preds.npz:logits").to_string(), "preds.npz:logits");
    let colon = folder.file("p.npz:logits", b"");
    let colon = colon.to_str().unwrap();
    assert_eq!(parse(colon), source(colon, None));
    let plain = folder.file("plain", b"");
    let plain = plain.to_str().unwrap();
    assert_eq!(parse(&format!("{plain}:m")), source(plain, Some("m")));
    let folder = folder.0.path().to_str().unwrap();
    assert_eq!(parse(&format!("{folder}:m")), source(folder, Some("m")));
}

#[cfg(unix)]
#[test]
fn sources_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let parse = |bytes: &'static [u8]| Source::parse(OsStr::from_bytes(bytes));
    let path = |bytes: &'static [u8]| PathBuf::from(OsStr::from_bytes(bytes));
    assert_eq!(parse(b"\xff:\xfe.npz:x"), Source { path: path(b"\xff:\xfe.npz"), member: Some("x".to_owned()) });
    assert_eq!(parse(b"\xff/*:x"), Source { path: path(b"\xff/*"), member: Some("x".to_owned()) });
    // No archive has a member of such a name.
    assert_eq!(parse(b"a.npz:\xff"), Source { path: path(b"a.npz:\xff"), member: None });
    assert_eq!(parse(b"\xff.npz:x").to_string(), r"\xff.npz:x");
}

/// The values of an array of consecutive numbers, moved from one order to the other.
fn transposed(shape: &[u64]) -> Vec<f32> {
    let count: u64 = shape.iter().product();
    let in_c_order = |mut index: u64| {
        let mut position = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            position[axis] = index % shape[axis];
            index /= shape[axis];
        }
        let mut stride = 1;
        let mut fortran = 0;
        for (axis, length) in shape.iter().enumerate() {
            fortran += position[axis] * stride;
            stride *= length;
        }
        fortran as f32
    };
    (0..count).map(in_c_order).collect()
}

#[test]
fn arrays_are_read_in_the_order_of_the_first() {
    let folder = Folder::new();
    for shape in [&[2, 3][..], &[2, 3, 4, 5], &[1, 7, 1, 2], &[3, 1, 2], &[6], &[], &[2, 0, 3]] {
        let c = folder.array("c.npy", &counting(Order::C, shape));
        let fortran = folder.array("f.npy", &counting(Order::Fortran, shape));
        let both = [c, fortran];
        let mut readers = open_together(&both).unwrap().into_iter();
        let count: u64 = shape.iter().product();
        let counted: Vec<f32> = (0..count).map(|value| value as f32).collect();
        assert_eq!(all_f32(readers.next().unwrap()).unwrap(), counted);
        assert_eq!(all_f32(readers.next().unwrap()).unwrap(), transposed(shape));
        let [c, fortran] = both;
        let mut readers = open_together(&[fortran, c]).unwrap().into_iter();
        assert_eq!(all_f32(readers.next().unwrap()).unwrap(), counted);
        let mut back = vec![0.0; counted.len()];
        let there = transposed(shape);
        for (value, position) in all_f32(readers.next().unwrap()).unwrap().into_iter().zip(0..) {
            let index = there.iter().position(|&there| there == position as f32).unwrap();
            back[index] = value;
        }
        assert_eq!(back, (0..count).map(|index| index as f32).collect::<Vec<_>>());
    }
    assert!(open_together(&[]).unwrap().is_empty());
}

#[test]
fn every_item_size_is_permuted() {
    let folder = Folder::new();
    for (dtype, code) in DTYPES {
        let (data, values) = samples(dtype);
        let mark = if dtype.size() == 1 { '|' } else { '<' };
        let first = folder.array("c.npy", &counting(Order::C, &[2, 3]));
        let array = folder.array("a.npy", &npy(&format!("{mark}{code}"), Order::Fortran, &[2, 3], &data));
        let readers = open_together(&[first, array]).unwrap();
        let expected: Vec<f32> = [0, 2, 4, 1, 3, 5].map(|index: usize| values[index]).to_vec();
        assert_eq!(all_f32(readers.into_iter().nth(1).unwrap()).unwrap(), expected, "{dtype}");
    }
}

#[test]
fn shapes_must_agree_but_for_axes_of_length_1() {
    let folder = Folder::new();
    let together = |a: &[u64], b: &[u64]| {
        let a = folder.array("a.npy", &counting(Order::C, a));
        open_together(&[a, folder.array("b.npy", &counting(Order::C, b))])
    };
    for (a, b) in [
        (&[2, 1, 3, 4][..], &[2, 3, 4][..]),
        (&[2, 3, 4], &[2, 1, 3, 4]),
        (&[5, 1], &[5]),
        (&[2, 1, 3], &[2, 1, 3]),
        (&[1, 2, 3], &[2, 3]),
        (&[2, 3, 1], &[2, 3]),
        (&[2, 1, 1, 3], &[2, 3]),
        (&[], &[1]),
    ] {
        assert!(together(a, b).is_ok(), "{a:?} {b:?}");
    }
    for (a, b) in [(&[2, 3][..], &[3, 2][..]), (&[2, 3], &[6]), (&[2, 2, 3], &[2, 3]), (&[2], &[])] {
        assert!(together(a, b).is_err(), "{a:?} {b:?}");
    }
    assert_eq!(
        folder.message(together(&[2, 1, 3], &[6])),
        "b.npy: shape (6,) differs from (2, 1, 3) of a.npy; they must be equal"
    );
}

#[test]
fn the_writer_writes_what_is_read_back() {
    let folder = Folder::new();
    let path = folder.path("out.npy");
    for dtype in [DType::F32, DType::F64] {
        for (order, shape) in [(Order::C, &[2, 3][..]), (Order::Fortran, &[6, 1]), (Order::C, &[6])] {
            let mut writer = NpyWriter::create(&path, shape, order, dtype).unwrap();
            writer.write_f32(&[0.5, 1.0]).unwrap();
            writer.write_f64(&[2.0, 0.1, 4.0, 5.0]).unwrap();
            writer.finish().unwrap();
            let array = Array::open(&path, None).unwrap();
            assert_eq!((array.shape(), array.order(), array.dtype()), (shape, order, dtype));
            let values = all_f32(array.reader().unwrap()).unwrap();
            assert_eq!(values, [0.5, 1.0, 2.0, 0.1, 4.0, 5.0]);
        }
    }
    NpyWriter::create(&path, &[0, 3], Order::C, DType::F32).unwrap().finish().unwrap();
    assert_eq!(Array::open(&path, None).unwrap().shape(), [0, 3]);
    let mut scalar = NpyWriter::create(&path, &[], Order::C, DType::F32).unwrap();
    scalar.write_f32(&[7.0]).unwrap();
    scalar.finish().unwrap();
    assert_eq!(Array::open(&path, None).unwrap().shape(), [0u64; 0]);
    assert_eq!(folder.names(), ["out.npy"]);
}

#[test]
fn an_unfinished_file_leaves_nothing_behind() {
    let folder = Folder::new();
    let path = folder.file("out.npy", b"old");
    let create = || NpyWriter::create(&path, &[2], Order::C, DType::F32).unwrap();
    create().write_f32(&[1.0]).unwrap();
    let mut few = create();
    few.write_f32(&[1.0]).unwrap();
    assert_eq!(folder.message(few.finish()), "out.npy: 1 values written, the shape (2,) has 2");
    let mut many = create();
    assert_eq!(folder.message(many.write_f32(&[1.0; 3])), "out.npy: 3 values written, the shape (2,) has 2");
    assert!(many.finish().is_err());
    assert_eq!(folder.names(), ["out.npy"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");

    let create =
        |path: &std::path::Path, shape: &[u64], dtype| folder.message(NpyWriter::create(path, shape, Order::C, dtype));
    assert_eq!(create(&path, &[2], DType::I8), "out.npy: cannot write dtype i8, only f32 and f64");
    assert!(create(&path, &[u64::MAX, 0], DType::F32).contains("overflows"));
    assert!(create(&folder.path("no/out.npy"), &[2], DType::F32).contains("cannot write"));
    assert!(create(folder.0.path(), &[2], DType::F32).contains("is a directory"));
    #[cfg(unix)]
    assert!(create("/dev/null".as_ref(), &[2], DType::F32).contains("pipe or device"));
}

#[cfg(unix)]
#[test]
fn the_writer_follows_links_and_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (link, target) = (folder.path("link.npy"), folder.file("target.npy", b"old"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    NpyWriter::create(&link, &[0], Order::C, DType::F32).unwrap().finish().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(Array::open(&target, None).unwrap().is_empty());
    let ordinary = fs::metadata(folder.file("ordinary", b"")).unwrap().permissions().mode();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode(), ordinary);
}

/// A header, and what numpy.load makes of it; `tests/numpy_headers.py` writes these.
#[derive(Deserialize)]
struct NumpyHeader {
    version: u8,
    header: String,
    /// `None` if it is refused.
    dtype: Option<String>,
    #[serde(default)]
    shape: Vec<u64>,
    #[serde(default)]
    fortran: bool,
    /// Bytes in base 16, of the types that are read here, …
    data: Option<String>,
    /// … and their values.
    #[serde(default)]
    values: Vec<f32>,
}

fn with_version(version: u8, text: &str, data: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = if version == 3 {
        text.as_bytes().to_vec()
    } else {
        text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
    };
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    let length = if version == 1 { &length[..2] } else { &length[..] };
    [b"\x93NUMPY", &[version, 0][..], length, &text, data].concat()
}

/// The table is of a little-endian machine, whose byte order `=` and names without a mark have.
#[cfg(target_endian = "little")]
#[test]
fn headers_are_read_as_numpy_reads_them() {
    let rows: Vec<NumpyHeader> = serde_json::from_str(include_str!("../../tests/numpy_headers.json")).unwrap();
    let folder = Folder::new();
    let mut counts = [0; 3];
    for NumpyHeader { version, header, dtype, shape, fortran, data, values } in rows {
        let message = || folder.open_error("a.npy", &with_version(version, &header, &[0; 64]));
        match (dtype, data) {
            (Some(dtype), Some(data)) => {
                let digits = data.as_bytes().chunks(2).map(|digits| str::from_utf8(digits).unwrap());
                let data: Vec<u8> = digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect();
                let path = folder.file("a.npy", &with_version(version, &header, &data));
                let array = Array::open(&path, None).unwrap_or_else(|error| panic!("{header}: {error}"));
                assert_eq!(array.shape(), shape, "{header}");
                assert_eq!(array.order() == Order::Fortran, fortran, "{header}");
                let short = dtype.replace("float", "f").replace("uint", "u").replace("int", "i");
                assert_eq!(array.dtype().to_string(), short, "{header}");
                assert_eq!(all_f32(array.reader().unwrap()).unwrap(), values, "{header}");
                counts[0] += 1;
            }
            (Some(dtype), None) => {
                let message = message();
                assert!(message.contains("is not supported; accepted: "), "{header} ({dtype}): {message}");
                counts[1] += 1;
            }
            (None, _) => {
                let message = message();
                assert!(message.contains("damaged .npy header: "), "{header}: {message}");
                counts[2] += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}

/// Reads a file to its end if it opens at all; what matters is that nothing panics.
fn read_everything(path: &std::path::Path) {
    let Ok(array) = Array::open(path, None) else {
        return;
    };
    let count = array.reader().map(all_f32);
    if let Ok(Ok(values)) = count {
        assert_eq!(values.len() as u64, array.len());
    }
    let _ = array.reader().map(all_i64);
}

/// Makes a file from a start that is given and bytes, changes and a number that are arbitrary.
type Make = fn(&[u8], Vec<u8>, Vec<(usize, u8)>, usize) -> Vec<u8>;

struct Fuzz {
    path: PathBuf,
    start: Vec<u8>,
    make: Make,
}

impl Testable for Fuzz {
    fn result(&self, generator: &mut Gen) -> TestResult {
        let (bytes, changes) = (Vec::arbitrary(generator), Vec::arbitrary(generator));
        let bytes = (self.make)(&self.start, bytes, changes, usize::arbitrary(generator));
        fs::write(&self.path, &bytes).unwrap();
        match std::panic::catch_unwind(|| read_everything(&self.path)) {
            Ok(()) => TestResult::passed(),
            Err(_) => TestResult::error(bytes.escape_ascii().to_string()),
        }
    }
}

fn fuzz(tests: u64, start: &[u8], make: Make) {
    let folder = Folder::new();
    let fuzz = Fuzz { path: folder.path("fuzz"), start: start.to_vec(), make };
    QuickCheck::new().tests(tests).quickcheck(fuzz);
}

#[test]
fn arbitrary_bytes_do_not_panic() {
    for start in [&b""[..], b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00\x10\x00\x00\x00", b"PK\x03\x04"] {
        fuzz(500, start, |start, bytes, _, _| [start, &bytes].concat());
    }
}

/// Changes and cuts a valid file.
fn mutate(start: &[u8], bytes: Vec<u8>, changes: Vec<(usize, u8)>, cut: usize) -> Vec<u8> {
    let mut result = start.to_vec();
    for (position, byte) in changes.into_iter().take(4) {
        let length = result.len();
        result[position % length] = byte;
    }
    match cut % 4 {
        0 => result.truncate(cut / 4 % (start.len() + 1)),
        1 => result.extend(bytes),
        _ => {}
    }
    result
}

#[test]
fn mutated_files_do_not_panic() {
    let array = counting(Order::C, &[2, 3]);
    let header = array[..array.len() - 24].to_vec();
    for start in [
        array.clone(),
        header,
        npz(&[("a", &array)], CompressionMethod::Stored),
        npz(&[("a", &array)], CompressionMethod::Deflated),
        npz(&[("a", &array), ("b", &array)], CompressionMethod::Stored),
    ] {
        fuzz(2000, &start, mutate);
    }
}

#[test]
fn headers_of_arbitrary_python_do_not_panic() {
    const PIECES: [&str; 24] = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "'",
        "\"",
        "'descr'",
        "'shape'",
        "'fortran_order'",
        "'<f4'",
        "True",
        "False",
        "1",
        "4294967296",
        "-",
        "+",
        "e9",
        "\\",
        "\n",
        "é",
    ];
    fuzz(3000, b"", |_, bytes, _, cut| {
        let middle: String = bytes.iter().map(|&byte| PIECES[usize::from(byte) % PIECES.len()]).collect();
        let text = match cut % 3 {
            0 => middle,
            1 => format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({middle})}}"),
            _ => format!("{{'descr': {middle}, 'fortran_order': False, 'shape': (1,)}}"),
        };
        with_text(&text, &[0; 4])
    });
}
