//! From the bytes of a file to numbers.

use std::fs;
use std::path::Path;

use super::ImageError;
use crate::arrays::Array;
use crate::arrays::formats::{self, MOST_PIXELS, Picture};
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
    /// Whether the numbers are those of a file that counts from white to black, turned round.
    pub(super) inverted: bool,
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

    /// Whether the last channel, of opacity, says nothing else than the first: it is the same everywhere, or full where the first is not 0 and none where it is.
    pub(super) fn has_silent_opacity(&self) -> bool {
        let pixels = || {
            self.numbers.chunks_exact(self.channels.max(1)).filter_map(|pixel| Some((pixel.first()?, pixel.last()?)))
        };
        let first = pixels().next().map(|(_, opacity)| *opacity);
        pixels().all(|(_, opacity)| Some(*opacity) == first)
            || pixels().all(|(number, opacity)| *opacity == if *number == 0.0 { 0.0 } else { self.opaque })
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
    let problem = |problem: String| ImageError::new(name, problem);
    if let Some(kind) = formats::kind_of(bytes) {
        let picture = formats::of_bytes(bytes, kind).map_err(problem)?;
        if picture.pages > 1 {
            return Err(problem("is a stack of several images; save each as a file of its own".to_owned()));
        }
        let Picture { width, height, channels, numbers, opaque, inverted, palette, .. } = picture;
        return Ok(Raster { width, height, channels, numbers: numbers.to_f32(), opaque, inverted, palette });
    }
    let remedy = "accepted: PNG, TIFF and .npy; convert it without loss";
    Err(problem(match bytes {
        [] => "is empty".to_owned(),
        [0xff, 0xd8, 0xff, ..] => format!("is a JPEG, whose compression changes the values of a mask; {remedy}"),
        _ => format!("is no image that can be read; {remedy}"),
    }))
}

/// How many pixels an image has, if that is within bounds.
fn pixels(width: usize, height: usize, name: &str) -> Result<usize, ImageError> {
    match width.checked_mul(height) {
        Some(0) => Err(ImageError::new(name, "has no pixels")),
        Some(pixels) if pixels <= MOST_PIXELS => Ok(pixels),
        _ => Err(ImageError::new(name, format!("has {width} × {height} pixels; at most 2^28 are read"))),
    }
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
    Ok(Raster { width, height, channels, numbers, opaque: 255.0, inverted: false, palette: None })
}
