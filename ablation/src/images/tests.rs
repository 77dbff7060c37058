use std::fs;
use std::path::PathBuf;

use npyz::WriterBuilder;
use tiff::encoder::{TiffEncoder, colortype};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn png(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, palette: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if !palette.is_empty() {
        encoder.set_palette(palette.to_vec());
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    file
}

fn npy<T: npyz::AutoSerialize + Clone>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let mut file = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut file).begin_nd().unwrap();
    writer.extend(values.iter().cloned()).unwrap();
    writer.finish().unwrap();
    file
}

fn tiff_grey(width: u32, height: u32, values: &[u16]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    TiffEncoder::new(&mut file).unwrap().write_image::<colortype::Gray16>(width, height, values).unwrap();
    file.into_inner()
}

/// The same pixels come out of every format that can hold them.
#[test]
fn formats_agree() {
    let folder = Folder::new();
    let values: [u8; 6] = [0, 1, 2, 200, 254, 255];
    let wide: Vec<u16> = values.iter().map(|value| u16::from(*value)).collect();
    let sixteen: Vec<u8> = wide.iter().flat_map(|value| value.to_be_bytes()).collect();
    let files = [
        folder.with("a.png", &png(3, 2, png::ColorType::Grayscale, png::BitDepth::Eight, &[], &values)),
        folder.with("b.png", &png(3, 2, png::ColorType::Grayscale, png::BitDepth::Sixteen, &[], &sixteen)),
        folder.with("c.tif", &tiff_grey(3, 2, &wide)),
        folder.with("d.npy", &npy(&[2, 3], &values)),
        folder.with("e.npy", &npy(&[2, 3, 1], &values.map(f64::from))),
        folder.with("f.npy", &npy(&[1, 2, 3], &values.map(f32::from))),
        // The ending does not matter.
        folder.with("g.dat", &tiff_grey(3, 2, &wide)),
    ];
    for path in &files[..5] {
        let (image, mask) = (Image::read(path).unwrap(), Mask::read(path).unwrap());
        assert_eq!((image.width, image.height, image.channels), (3, 2, 1), "{}", image.name);
        assert_eq!(image.numbers, values.map(f32::from), "{}", image.name);
        assert_eq!(mask.values, values.map(u32::from), "{}", mask.name);
    }
    assert_eq!(Image::read(&files[6]).unwrap().numbers, values.map(f32::from));
    // One channel first, or three last: nothing tells.
    assert!(Image::read(&files[5]).unwrap_err().to_string().contains("1 channels first, or 3 channels last"));
}

/// A palette's numbers are a mask's labels, and an image's colours.
#[test]
fn palettes_and_few_bits() {
    let folder = Folder::new();
    let palette = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    let path = folder.with(
        "p.png",
        &png(5, 1, png::ColorType::Indexed, png::BitDepth::Two, &palette, &[0b00_01_10_01, 0b00_000000]),
    );
    assert_eq!(Mask::read(&path).unwrap().values, [0, 1, 2, 1, 0]);
    let image = Image::read(&path).unwrap();
    assert_eq!(image.channels, 3);
    assert_eq!(image.numbers[..5], [10.0, 40.0, 70.0, 40.0, 10.0]);
    let path = folder
        .with("bits.png", &png(9, 1, png::ColorType::Grayscale, png::BitDepth::One, &[], &[0b1010_0001, 0b1000_0000]));
    assert_eq!(Mask::read(&path).unwrap().values, [1, 0, 1, 0, 0, 0, 0, 1, 1]);
}

#[test]
fn colours_and_opacity() {
    let folder = Folder::new();
    let rgb = [1, 2, 3, 4, 5, 6];
    let path = folder.with("rgb.png", &png(2, 1, png::ColorType::Rgb, png::BitDepth::Eight, &[], &rgb));
    assert_eq!(Image::read(&path).unwrap().numbers, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert!(Mask::read(&path).unwrap_err().to_string().contains("rgb.png: is a mask in colours"));
    let first = folder.with("first.npy", &npy(&[3, 1, 5], &(0..15).collect::<Vec<u8>>()));
    assert_eq!(Image::read(&first).unwrap().numbers, (0..15).map(|value| value as f32).collect::<Vec<_>>());
    let grey = folder
        .with("grey.png", &png(2, 1, png::ColorType::Rgba, png::BitDepth::Eight, &[], &[7, 7, 7, 255, 0, 0, 0, 255]));
    assert_eq!(Mask::read(&grey).unwrap().values, [7, 0]);
    assert_eq!(Image::read(&grey).unwrap().channels, 3);
    let clear = folder.with("clear.png", &png(1, 1, png::ColorType::Rgba, png::BitDepth::Eight, &[], &[7, 7, 7, 9]));
    assert!(Image::read(&clear).unwrap_err().to_string().contains("transparent"));
    // Black, and the mask is the opacity.
    let soft = png(2, 1, png::ColorType::Rgba, png::BitDepth::Eight, &[], &[0, 0, 0, 255, 0, 0, 0, 0]);
    assert!(Mask::read(&folder.with("soft.png", &soft)).unwrap_err().to_string().contains("opacity"));
}

#[test]
fn what_cannot_be_read_says_why() {
    let folder = Folder::new();
    let whole = png(3, 2, png::ColorType::Grayscale, png::BitDepth::Eight, &[], &[1; 6]);
    let mut stack = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut stack).unwrap();
    encoder.write_image::<colortype::Gray8>(1, 1, &[1]).unwrap();
    encoder.write_image::<colortype::Gray8>(1, 1, &[1]).unwrap();
    let cases: [(&str, &[u8], &str); 8] = [
        ("empty.png", b"", "is empty"),
        ("photo.jpg", b"\xff\xd8\xff\xe0", "is a JPEG"),
        ("text.png", b"hello", "is no image that can be read"),
        ("half.png", &whole[..whole.len() - 20], "is a damaged PNG"),
        ("half.tif", &tiff_grey(3, 2, &[1; 6])[..20], "is a TIFF that cannot be read"),
        ("stack.tif", stack.get_ref(), "is a stack of several images"),
        ("line.npy", &npy(&[6], &[1_u8; 6]), "has shape (6,)"),
        ("nothing.npy", &npy(&[0, 3], &[0_u8; 0]), "has no pixels"),
    ];
    for (name, bytes, told) in cases {
        let path = folder.with(name, bytes);
        for error in [Image::read(&path).unwrap_err(), Mask::read(&path).unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains(name) && error.contains(told), "{error}");
        }
    }
    let path = folder.with("soft.npy", &npy(&[1, 2], &[0.5_f32, 1.0]));
    assert!(Mask::read(&path).unwrap_err().to_string().contains("has the value 0.5"));
    let path = folder.with("nan.npy", &npy(&[1, 2], &[f32::NAN, 1.0]));
    assert!(Image::read(&path).unwrap_err().to_string().contains("no finite number"));
    assert!(
        Image::read(&folder.0.path().join("none.png")).unwrap_err().to_string().contains("none.png: cannot be opened")
    );
}
