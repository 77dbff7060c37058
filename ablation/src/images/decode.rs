//! From the bytes of a file to numbers.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use png::{BitDepth, ColorType, Transformations};
use tiff::decoder::{Decoder, DecodingResult};

use super::{ImageError, MOST_PIXELS};
use crate::arrays::Array;
use crate::paths::shown;

/// An image as it is stored: pixel by pixel, the channels of each together.
#[derive(Debug)]
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) numbers: Vec<f32>,
    /// Whether the last of two or four channels is opacity, and how large it is where a pixel is opaque.
    opaque: f32,
    /// Red, green and blue of each number, if the numbers are those of colours.
    palette: Option<Vec<u8>>,
}

impl Raster {
    /// With colours in place of their numbers.
    pub(super) fn coloured(self) -> Result<Self, String> {
        let Some(palette) = &self.palette else { return Ok(self) };
        let colour = |number: &f32| palette.get(3 * *number as usize..).and_then(<[u8]>::first_chunk::<3>);
        let colours = self.numbers.iter().map(|number| colour(number).ok_or("has a colour that is not in its palette"));
        let numbers: Result<Vec<[f32; 3]>, _> = colours.map(|colour| Ok::<_, &str>(colour?.map(f32::from))).collect();
        Ok(Self { channels: 3, numbers: numbers?.into_flattened(), palette: None, ..self })
    }

    /// Whether the last channel is that of opaque pixels throughout.
    pub(super) fn is_opaque(&self) -> bool {
        let last = self.numbers.iter().skip(self.channels - 1).step_by(self.channels);
        last.into_iter().all(|opacity| *opacity == self.opaque)
    }
}

pub(super) fn decode(path: &Path) -> Result<Raster, ImageError> {
    let name = shown(path);
    let kind = fs::metadata(path).map_err(|error| ImageError::new(&name, format!("cannot be opened: {error}")))?;
    if !kind.is_file() {
        return Err(ImageError::new(&name, "is no regular file"));
    }
    let bytes = fs::read(path).map_err(|error| ImageError::new(&name, format!("cannot be read: {error}")))?;
    if bytes.starts_with(b"\x93NUMPY") {
        return npy(path, &name);
    }
    of_bytes(&bytes, &name)
}

/// A PNG or a TIFF.
pub(super) fn of_bytes(bytes: &[u8], name: &str) -> Result<Raster, ImageError> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png(bytes, name);
    }
    if bytes.starts_with(b"II*\0")
        || bytes.starts_with(b"MM\0*")
        || bytes.starts_with(b"II+\0")
        || bytes.starts_with(b"MM\0+")
    {
        return tiff(bytes, name);
    }
    let remedy = "accepted: PNG, TIFF and .npy; convert it without loss";
    Err(ImageError::new(
        name,
        match bytes {
            [] => "is empty".to_owned(),
            [0xff, 0xd8, 0xff, ..] => format!("is a JPEG, whose compression changes the values of a mask; {remedy}"),
            _ => format!("is no image that can be read; {remedy}"),
        },
    ))
}

/// How many pixels an image has, if that is within bounds.
fn pixels(width: usize, height: usize, name: &str) -> Result<usize, ImageError> {
    match width.checked_mul(height) {
        Some(0) => Err(ImageError::new(name, "has no pixels")),
        Some(pixels) if pixels <= MOST_PIXELS => Ok(pixels),
        _ => Err(ImageError::new(name, format!("has {width} × {height} pixels; at most 2^28 are read"))),
    }
}

fn png(bytes: &[u8], name: &str) -> Result<Raster, ImageError> {
    let failed = |error: png::DecodingError| ImageError::new(name, format!("is a damaged PNG: {error}"));
    let mut decoder = png::Decoder::new_with_limits(bytes, png::Limits { bytes: 4 * MOST_PIXELS });
    // The numbers of classes would be lost in colours.
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(failed)?;
    let info = reader.info();
    let (width, height, colour, depth) = (info.width as usize, info.height as usize, info.color_type, info.bit_depth);
    let palette = info.palette.as_ref().filter(|_| colour == ColorType::Indexed).map(|palette| palette.to_vec());
    let pixels = pixels(width, height, name)?;
    let mut buffer = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut buffer).map_err(failed)?;
    let channels = colour.samples();
    let bits = depth as usize;
    let mut numbers = Vec::with_capacity(pixels * channels);
    for row in buffer.chunks_exact(frame.line_size).take(height) {
        match depth {
            BitDepth::Sixteen => {
                numbers.extend(row.as_chunks().0.iter().map(|bytes| f32::from(u16::from_be_bytes(*bytes))));
            }
            BitDepth::Eight => numbers.extend(row.iter().map(|byte| f32::from(*byte))),
            // The first pixel is in the highest bits.
            _ => {
                let of_byte = |byte: &u8| {
                    let byte = *byte;
                    (1..=8 / bits).map(move |place| f32::from((byte >> (8 - bits * place)) & ((1 << bits) - 1)))
                };
                numbers.extend(row.iter().flat_map(of_byte).take(width * channels));
            }
        }
    }
    if numbers.len() != pixels * channels {
        return Err(ImageError::new(name, "is a PNG that is not whole"));
    }
    let opaque = if depth == BitDepth::Sixteen { 65535.0 } else { 255.0 };
    Ok(Raster { width, height, channels, numbers, opaque, palette })
}

fn tiff(bytes: &[u8], name: &str) -> Result<Raster, ImageError> {
    let failed = |error: tiff::TiffError| ImageError::new(name, format!("is a TIFF that cannot be read: {error}"));
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?;
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let (width, height) = (width as usize, height as usize);
    let pixels = pixels(width, height, name)?;
    let channels = match decoder.colortype().map_err(failed)? {
        tiff::ColorType::Gray(_) => 1,
        tiff::ColorType::GrayA(_) => 2,
        tiff::ColorType::RGB(_) => 3,
        tiff::ColorType::RGBA(_) => 4,
        other => {
            return Err(ImageError::new(
                name,
                format!("is a TIFF in {other:?}; accepted: grey, and red, green and blue"),
            ));
        }
    };
    if decoder.more_images() {
        return Err(ImageError::new(name, "is a stack of several images; save each as a file of its own"));
    }
    let (numbers, opaque): (Vec<f32>, f32) = match decoder.read_image().map_err(failed)? {
        DecodingResult::U8(numbers) => (numbers.into_iter().map(f32::from).collect(), 255.0),
        DecodingResult::U16(numbers) => (numbers.into_iter().map(f32::from).collect(), 65535.0),
        DecodingResult::U32(numbers) => (numbers.into_iter().map(|number| number as f32).collect(), u32::MAX as f32),
        DecodingResult::I8(numbers) => (numbers.into_iter().map(f32::from).collect(), f32::from(i8::MAX)),
        DecodingResult::I16(numbers) => (numbers.into_iter().map(f32::from).collect(), f32::from(i16::MAX)),
        DecodingResult::I32(numbers) => (numbers.into_iter().map(|number| number as f32).collect(), i32::MAX as f32),
        DecodingResult::F16(numbers) => (numbers.into_iter().map(f32::from).collect(), 1.0),
        DecodingResult::F32(numbers) => (numbers, 1.0),
        DecodingResult::F64(numbers) => (numbers.into_iter().map(|number| number as f32).collect(), 1.0),
        DecodingResult::U64(_) | DecodingResult::I64(_) => {
            return Err(ImageError::new(name, "has integers of 64 bits; save them with 32 at most"));
        }
    };
    if numbers.len() != pixels * channels {
        return Err(ImageError::new(
            name,
            format!("has {} numbers for {pixels} pixels of {channels} channels", numbers.len()),
        ));
    }
    Ok(Raster { width, height, channels, numbers, opaque, palette: None })
}

/// (height, width), or with an axis of 1, 3 or 4 channels at the end or at the beginning.
fn npy(path: &Path, name: &str) -> Result<Raster, ImageError> {
    let array = Array::open(path, None)?;
    let is_channels = |length: u64| [1, 3, 4].contains(&length);
    let (height, width, channels, channels_first) = match *array.shape() {
        [height, width] => (height, width, 1, false),
        [first, _, last] if is_channels(first) && is_channels(last) && !(first == 1 && last == 1) => {
            return Err(ImageError::new(
                name,
                format!(
                    "has shape {}: {first} channels first, or {last} channels last; save (height, width, channels) with more than 4 rows",
                    array.shape_text()
                ),
            ));
        }
        [height, width, channels] if is_channels(channels) => (height, width, channels, false),
        [channels, height, width] if is_channels(channels) => (height, width, channels, true),
        _ => {
            return Err(ImageError::new(
                name,
                format!(
                    "has shape {}; accepted: (height, width), (height, width, 3) or (3, height, width)",
                    array.shape_text()
                ),
            ));
        }
    };
    let [width, height, channels] =
        [width, height, channels].map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let pixels = pixels(width, height, name)?;
    if array.order() != crate::arrays::Order::C && array.shape().len() > 1 {
        return Err(ImageError::new(name, "is stored column by column; save it with numpy.ascontiguousarray"));
    }
    let mut reader = array.reader()?;
    let (mut wide, mut done) = (vec![0.0; pixels * channels], 0);
    while let Some(left) = wide.get_mut(done..).filter(|left| !left.is_empty()) {
        match reader.read_f64(left)? {
            0 => break,
            read => done += read,
        }
    }
    let numbers: Vec<f32> = if channels_first {
        let plane = |pixel: usize| wide.iter().skip(pixel).step_by(pixels).map(|number| *number as f32);
        (0..pixels).flat_map(plane).collect()
    } else {
        wide.into_iter().map(|number| number as f32).collect()
    };
    // Arrays do not say what opaque is.
    Ok(Raster { width, height, channels, numbers, opaque: 255.0, palette: None })
}
