//! TIFF: grey, colours and palettes of 8 and 16 bits, floating-point numbers, and stacks of such pages.

use std::borrow::Cow;
use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError, TiffUnsupportedError};

use super::picture::{MOST_PIXELS, Numbers, Picture, pixels};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

fn failed(error: TiffError) -> String {
    let remedy = match &error {
        TiffError::UnsupportedError(TiffUnsupportedError::UnsupportedCompressionMethod(_)) => {
            "; save it without compression, or with LZW, deflate or packbits"
        }
        _ => "",
    };
    format!("is a TIFF that cannot be read: {error}{remedy}")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let (bytes, is_palette) = as_grey(bytes)?;
    let mut decoder = Decoder::new(Cursor::new(&*bytes)).map_err(failed)?;
    let described = described_pages(&mut decoder);
    let mut picture = page(&mut decoder)?;
    while decoder.more_images() {
        decoder.next_image().map_err(failed)?;
        if is_secondary(&mut decoder)? {
            continue;
        }
        let next = page(&mut decoder)?;
        let same = (next.width, next.height, next.channels) == (picture.width, picture.height, picture.channels);
        picture.pages += 1;
        if picture.pages.saturating_mul(picture.width * picture.height) > MOST_PIXELS {
            return Err("has more than 2^28 pixels in its pages".to_owned());
        }
        if !(same && picture.numbers.append(next.numbers)) {
            return Err(format!(
                "is a stack whose page {} has another size or type than the first; save each as a file of its own",
                picture.pages
            ));
        }
    }
    if let Some(described) = described.filter(|described| *described > picture.pages as u64) {
        return Err(format!(
            "is a stack of {described} pictures of which {} can be found, because the others have no directory of their own; save it again: \
             tifffile.imwrite('x.tif', tifffile.imread('x.tif'), photometric='minisblack')",
            picture.pages
        ));
    }
    if is_palette {
        // A mask's numbers are its labels. As a picture it has no colours here, because the crate does not read them.
        picture.palette = Some(Vec::new());
    }
    Ok(picture)
}

/// A tag's number; the specification says what it is where the file does not.
fn tag(decoder: &mut Reader<'_>, tag: Tag, without: u32) -> Result<u32, String> {
    Ok(decoder.find_tag_unsigned(tag).map_err(failed)?.unwrap_or(without))
}

/// Whether a page is another page made smaller, or says which of its pixels are transparent.
fn is_secondary(decoder: &mut Reader<'_>) -> Result<bool, String> {
    const SMALLER_OR_MASK: u32 = 1 | 4;
    Ok(tag(decoder, Tag::NewSubfileType, 0)? & SMALLER_OR_MASK != 0)
}

/// How many pages the first one says there are: ImageJ and tifffile write stacks that have one directory for all.
fn described_pages(decoder: &mut Reader<'_>) -> Option<u64> {
    // A description of another kind, or in another alphabet, says nothing of pages.
    let text = decoder.find_tag(Tag::ImageDescription).ok().flatten()?.into_string().ok()?;
    if text.starts_with("ImageJ=") {
        return text.lines().find_map(|line| line.strip_prefix("images=")?.trim().parse().ok());
    }
    let tifffile: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let truncated = tifffile.filter(|value| value.get("truncated") == Some(&serde_json::Value::Bool(true)))?;
    let lengths = truncated.get("shape")?.as_array()?.iter().rev().skip(2);
    Some(lengths.filter_map(serde_json::Value::as_u64).product())
}

/// Refuses layouts that the crate does not know and reads as something else.
fn check_layout(decoder: &mut Reader<'_>) -> Result<(), String> {
    let refuse = |problem: String| Err(format!("is a TIFF {problem}"));
    if tag(decoder, Tag::PlanarConfiguration, 1)? != 1 && tag(decoder, Tag::SamplesPerPixel, 1)? > 1 {
        return refuse(
            "whose channels are stored one after the other, as tifffile by default stores a stack of 3 or 4 pictures; save it with \
             photometric='minisblack' if it is a stack, and the number of the class of each pixel in grey if not"
                .to_owned(),
        );
    }
    // Of the tags of volumes in one directory.
    for depth in [32997, 32998] {
        let depth = tag(decoder, Tag::from_u16_exhaustive(depth), 1)?;
        if depth > 1 {
            return refuse(format!(
                "of volumes {depth} deep; save each slice as a page, with tifffile's volumetric=False"
            ));
        }
    }
    let orientation = tag(decoder, Tag::Orientation, 1)?;
    if orientation != 1 {
        return refuse(format!(
            "of orientation {orientation}: some programs turn the picture by it, and others read the pixels as they are stored; save the \
             pixels as they are meant, without the orientation"
        ));
    }
    match tag(decoder, Tag::FillOrder, 1)? {
        1 => Ok(()),
        other => refuse(format!("of fill order {other}, which is not read; save it without it (tiffcp -f msb2lsb)")),
    }
}

fn page(decoder: &mut Reader<'_>) -> Result<Picture, String> {
    const WHITE_IS_ZERO: u32 = 0;
    check_layout(decoder)?;
    let inverted = tag(decoder, Tag::PhotometricInterpretation, 1)? == WHITE_IS_ZERO;
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let (width, height) = (width as usize, height as usize);
    let pixels = pixels(width, height)?;
    let (channels, bits) = match decoder.colortype().map_err(failed)? {
        ColorType::Gray(bits) => (1, bits),
        ColorType::GrayA(bits) => (2, bits),
        ColorType::RGB(bits) => (3, bits),
        ColorType::RGBA(bits) => (4, bits),
        other => return Err(format!("is a TIFF in {other:?}; accepted: grey, and red, green and blue")),
    };
    let (numbers, opaque) = match decoder.read_image().map_err(failed)? {
        DecodingResult::U8(numbers) => (Numbers::U8(numbers), 255.0),
        DecodingResult::U16(numbers) => (Numbers::U16(numbers), 65535.0),
        DecodingResult::U32(numbers) => (Numbers::U32(numbers), u32::MAX as f32),
        DecodingResult::I8(numbers) => (Numbers::I8(numbers), f32::from(i8::MAX)),
        DecodingResult::I16(numbers) => (Numbers::I16(numbers), f32::from(i16::MAX)),
        DecodingResult::I32(numbers) => (Numbers::I32(numbers), i32::MAX as f32),
        DecodingResult::F16(numbers) => (Numbers::F32(numbers.into_iter().map(f32::from).collect()), 1.0),
        DecodingResult::F32(numbers) => (Numbers::F32(numbers), 1.0),
        DecodingResult::F64(numbers) => (Numbers::F64(numbers), 1.0),
        DecodingResult::U64(_) | DecodingResult::I64(_) => {
            return Err("has integers of 64 bits; save them with 32 at most".to_owned());
        }
    };
    let numbers = match numbers {
        // Fewer bits than eight are handed out as they are packed.
        Numbers::U8(packed) if bits < 8 => Numbers::U8(unpacked(&packed, usize::from(bits), width * channels, height)?),
        numbers => numbers,
    };
    if numbers.len() != pixels * channels {
        return Err(format!("has {} numbers for {pixels} pixels of {channels} channels", numbers.len()));
    }
    Ok(Picture { width, height, pages: 1, channels, numbers, opaque, inverted, palette: None })
}

/// The numbers of rows of 1, 2 or 4 bits, the first in the highest.
fn unpacked(packed: &[u8], bits: usize, row: usize, rows: usize) -> Result<Vec<u8>, String> {
    let bytes = (row * bits).div_ceil(8);
    if ![1, 2, 4].contains(&bits) || bytes * rows != packed.len() {
        return Err(format!("is a TIFF of {bits} bits, which is not read; save it with 8 or 16"));
    }
    let of_byte = |byte: &u8| {
        let byte = *byte;
        (1..=8 / bits).map(move |place| (byte >> (8 - bits * place)) & ((1 << bits) - 1))
    };
    Ok(packed.chunks_exact(bytes.max(1)).flat_map(|bytes| bytes.iter().flat_map(of_byte).take(row)).collect())
}

/// A file with palettes called grey, because the crate knows no palettes: so it gives the numbers as they are. Whether it was one.
fn as_grey(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, bool), String> {
    const GREY: u8 = 1;
    const PALETTE: u16 = 3;
    const ENTRY: usize = 12;
    let mut decoder = match Decoder::new(Cursor::new(bytes)) {
        Ok(decoder) => decoder,
        // Opening a file whose first page is a palette fails for other reasons alone.
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Cow::Borrowed(bytes);
    let is_palette =
        |decoder: &mut Reader<'_>| decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation).map_err(failed);
    let mut any = false;
    loop {
        if is_palette(&mut decoder)? == Some(PALETTE) {
            any = true;
            let start = decoder.ifd_pointer().and_then(|pointer| usize::try_from(pointer.0).ok());
            let little = bytes.starts_with(b"II");
            let number = |bytes: &[u8], at: usize| {
                let pair = *bytes.get(at..)?.first_chunk()?;
                Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
            };
            // A directory is a count, and entries of 12 bytes: tag, type, count, value.
            let entry = start.and_then(|start| {
                let entries = (0..usize::from(number(&bytes, start)?)).map(|entry| start + 2 + ENTRY * entry);
                entries.into_iter().find(|at| number(&bytes, *at) == Some(Tag::PhotometricInterpretation.to_u16()))
            });
            let value = entry.map(|at| at + 8 + usize::from(!little));
            match value.and_then(|at| bytes.to_mut().get_mut(at)) {
                Some(value) => *value = GREY,
                None => return Err("is a TIFF with a palette that cannot be read; save the numbers in grey".to_owned()),
            }
        }
        if !decoder.more_images() {
            return Ok((bytes, any));
        }
        decoder.next_image().map_err(failed)?;
    }
}
