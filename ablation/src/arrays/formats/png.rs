//! PNG: grey, colours and palettes, of 1 to 16 bits.

use png::{BitDepth, ColorType, Transformations};

use super::picture::{MOST_PIXELS, Numbers, Outline, Picture, pixels};
use crate::arrays::DType;

fn reader(bytes: &[u8]) -> Result<png::Reader<&[u8]>, String> {
    let mut decoder = png::Decoder::new_with_limits(bytes, png::Limits { bytes: 4 * MOST_PIXELS });
    // The numbers of classes would be lost in colours.
    decoder.set_transformations(Transformations::IDENTITY);
    let reader = decoder.read_info().map_err(failed)?;
    match reader.info().animation_control() {
        Some(animation) if animation.num_frames > 1 => {
            Err(format!("is an animated PNG of {} pictures; save each as a file of its own", animation.num_frames))
        }
        _ => Ok(reader),
    }
}

fn failed(error: png::DecodingError) -> String {
    format!("is a damaged PNG: {error}")
}

pub(super) fn outline(bytes: &[u8]) -> Result<Outline, String> {
    let reader = reader(bytes)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    pixels(width, height)?;
    let dtype = if info.bit_depth == BitDepth::Sixteen { DType::U16 } else { DType::U8 };
    Ok(Outline { width, height, pages: 1, dtype })
}

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut reader = reader(bytes)?;
    let info = reader.info();
    let (width, height, colour, depth) = (info.width as usize, info.height as usize, info.color_type, info.bit_depth);
    let palette = info.palette.as_ref().filter(|_| colour == ColorType::Indexed).map(|palette| palette.to_vec());
    let pixels = pixels(width, height)?;
    let mut buffer = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut buffer).map_err(failed)?;
    let channels = colour.samples();
    let bits = depth as usize;
    let rows = buffer.chunks_exact(frame.line_size).take(height);
    let numbers = match depth {
        BitDepth::Sixteen => {
            Numbers::U16(rows.flat_map(|row| row.as_chunks().0).map(|bytes| u16::from_be_bytes(*bytes)).collect())
        }
        BitDepth::Eight => Numbers::U8(rows.flatten().copied().collect()),
        // The first pixel is in the highest bits.
        _ => {
            let of_byte = |byte: &u8| {
                let byte = *byte;
                (1..=8 / bits).map(move |place| (byte >> (8 - bits * place)) & ((1 << bits) - 1))
            };
            Numbers::U8(rows.flat_map(|row| row.iter().flat_map(of_byte).take(width * channels)).collect())
        }
    };
    if numbers.len() != pixels * channels {
        return Err("is a PNG that is not whole".to_owned());
    }
    let opaque = if depth == BitDepth::Sixteen { 65535.0 } else { 255.0 };
    Ok(Picture { width, height, pages: 1, channels, numbers, opaque, inverted: false, palette })
}
