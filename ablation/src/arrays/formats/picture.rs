//! PNG and TIFF, told apart by how they begin.

use super::{png, tiff};
use crate::arrays::DType;

/// The most pixels of a picture; more are a mistake, or an attack.
pub(crate) const MOST_PIXELS: usize = 1 << 28;

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Png,
    Tiff,
}

/// The format of a file that begins with these bytes.
pub(crate) fn kind_of(start: &[u8]) -> Option<Kind> {
    let tiff: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    if start.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Kind::Png)
    } else {
        tiff.iter().any(|magic| start.starts_with(magic)).then_some(Kind::Tiff)
    }
}

/// The numbers of a picture, of the type that the file has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Numbers {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// A number of any type, exactly, as all have 32 bits at most or are `f64`.
fn as_f64(number: impl Into<f64>) -> f64 {
    number.into()
}

/// Runs the same text for every type of numbers.
macro_rules! with_numbers {
    ($numbers:expr, $values:ident => $what:expr) => {
        match $numbers {
            Numbers::U8($values) => $what,
            Numbers::U16($values) => $what,
            Numbers::U32($values) => $what,
            Numbers::I8($values) => $what,
            Numbers::I16($values) => $what,
            Numbers::I32($values) => $what,
            Numbers::F32($values) => $what,
            Numbers::F64($values) => $what,
        }
    };
}

impl Numbers {
    pub(crate) fn len(&self) -> usize {
        with_numbers!(self, values => values.len())
    }

    fn dtype(&self) -> DType {
        match self {
            Numbers::U8(_) => DType::U8,
            Numbers::U16(_) => DType::U16,
            Numbers::U32(_) => DType::U32,
            Numbers::I8(_) => DType::I8,
            Numbers::I16(_) => DType::I16,
            Numbers::I32(_) => DType::I32,
            Numbers::F32(_) => DType::F32,
            Numbers::F64(_) => DType::F64,
        }
    }

    /// Appends those of another page; `false` if they are of another type.
    pub(super) fn append(&mut self, other: Self) -> bool {
        match (self, other) {
            (Numbers::U8(all), Numbers::U8(more)) => all.extend(more),
            (Numbers::U16(all), Numbers::U16(more)) => all.extend(more),
            (Numbers::U32(all), Numbers::U32(more)) => all.extend(more),
            (Numbers::I8(all), Numbers::I8(more)) => all.extend(more),
            (Numbers::I16(all), Numbers::I16(more)) => all.extend(more),
            (Numbers::I32(all), Numbers::I32(more)) => all.extend(more),
            (Numbers::F32(all), Numbers::F32(more)) => all.extend(more),
            (Numbers::F64(all), Numbers::F64(more)) => all.extend(more),
            _ => return false,
        }
        true
    }

    /// As `f32`; what has more digits is rounded.
    #[cfg(feature = "train")]
    pub(crate) fn to_f32(&self) -> Vec<f32> {
        match self {
            Numbers::U8(values) => values.iter().map(|value| f32::from(*value)).collect(),
            Numbers::U16(values) => values.iter().map(|value| f32::from(*value)).collect(),
            Numbers::U32(values) => values.iter().map(|value| *value as f32).collect(),
            Numbers::I8(values) => values.iter().map(|value| f32::from(*value)).collect(),
            Numbers::I16(values) => values.iter().map(|value| f32::from(*value)).collect(),
            Numbers::I32(values) => values.iter().map(|value| *value as f32).collect(),
            Numbers::F32(values) => values.clone(),
            Numbers::F64(values) => values.iter().map(|value| *value as f32).collect(),
        }
    }

    /// The bytes of the first channel of each pixel, if all channels of colour are equal and opacity says nothing else. `opaque` is the opacity of an
    /// opaque pixel.
    fn grey(&self, channels: usize, opaque: f32) -> Result<Vec<u8>, &'static str> {
        // The second of two and the fourth of four is opacity.
        let has_opacity = channels == 2 || channels == 4;
        let colours = if has_opacity { channels - 1 } else { channels };
        with_numbers!(self, values => {
            let mut bytes = Vec::with_capacity(values.len() / channels.max(1) * size_of_val(values.get(..1).unwrap_or_default()));
            // Opacity that differs is a mask itself. Both readings are the same only where it is full on foreground and none on background.
            let (mut opacities, mut is_twin) = (None, true);
            for pixel in values.chunks_exact(channels.max(1)) {
                let (Some((first, rest)), opacity) = (pixel.get(..colours).and_then(<[_]>::split_first), pixel.last()) else {
                    return Err(COLOURS);
                };
                if rest.iter().any(|colour| colour != first) {
                    return Err(COLOURS);
                }
                if let Some(opacity) = opacity.filter(|_| has_opacity) {
                    let opacity = as_f64(*opacity);
                    is_twin &= opacity == if as_f64(*first) == 0.0 { 0.0 } else { f64::from(opaque) };
                    if *opacities.get_or_insert(opacity) != opacity {
                        opacities = Some(f64::NAN);
                    }
                }
                bytes.extend_from_slice(&first.to_le_bytes());
            }
            if opacities.is_some_and(f64::is_nan) && !is_twin { Err(OPACITY) } else { Ok(bytes) }
        })
    }
}

const COLOURS: &str = "is in colours, which do not say which class is which; save the number of the class of each pixel (grey, or a palette)";
pub(crate) const OPACITY: &str = "has an opacity (alpha) that differs from pixel to pixel, so either its opacity or its grey is the mask; save the one that is meant as \
                       grey: numpy.asarray(PIL.Image.open('x.png'))[..., -1] is the opacity, [..., 0] the grey";
pub(crate) const INVERTED: &str = "counts from white (photometric interpretation 0), so that some programs read its numbers as they are stored and others \
                        the other way round; save it again: tifffile.imwrite('x.tif', mask.astype('uint8'), photometric='minisblack')";

/// A picture as it is stored: page by page, row by row, the channels of each pixel together.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// More than one of a stack.
    pub(crate) pages: usize,
    pub(crate) channels: usize,
    pub(crate) numbers: Numbers,
    /// How large the channel of opacity is where a pixel is opaque.
    pub(crate) opaque: f32,
    /// Whether the numbers are those of a file that counts from white to black, turned round.
    pub(crate) inverted: bool,
    /// Red, green and blue of each number, if the numbers are those of colours.
    pub(crate) palette: Option<Vec<u8>>,
}

/// What the beginning of a picture says of it.
pub(crate) struct Outline {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pages: usize,
    pub(crate) dtype: DType,
}

/// Decodes a picture; the error completes "the file …".
pub(crate) fn of_bytes(bytes: &[u8], kind: Kind) -> Result<Picture, String> {
    match kind {
        Kind::Png => png::decode(bytes),
        Kind::Tiff => tiff::decode(bytes),
    }
}

/// The shape and the type of a picture, whose pixels are not decoded where that can be left for later.
pub(crate) fn outline(bytes: &[u8], kind: Kind) -> Result<Outline, String> {
    match kind {
        Kind::Png => png::outline(bytes),
        Kind::Tiff => {
            let Picture { width, height, pages, numbers, inverted, .. } = tiff::decode(bytes)?;
            if inverted {
                return Err(INVERTED.to_owned());
            }
            Ok(Outline { width, height, pages, dtype: numbers.dtype() })
        }
    }
}

/// The numbers of a mask, or of a picture in grey, as bytes, lowest first.
pub(crate) fn decoded(bytes: &[u8], kind: Kind) -> Result<Vec<u8>, String> {
    let picture = of_bytes(bytes, kind)?;
    if picture.inverted {
        return Err(INVERTED.to_owned());
    }
    picture.numbers.grey(picture.channels, picture.opaque).map_err(str::to_owned)
}

/// How many pixels a picture has, if that is within bounds.
pub(super) fn pixels(width: usize, height: usize) -> Result<usize, String> {
    match width.checked_mul(height) {
        Some(0) => Err("has no pixels".to_owned()),
        Some(pixels) if pixels <= MOST_PIXELS => Ok(pixels),
        _ => Err(format!("has {width} × {height} pixels; at most 2^28 are read")),
    }
}
