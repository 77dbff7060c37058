//! Files and options that other programs read in another way than was meant: refused with a word, and no number.

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use common::{Folder, close, number};
use flate2::Compression;
use flate2::write::GzEncoder;
use npyz::Order;

const SCORE: &str = "score --prediction p.tif --targets y.npy";

/// A TIFF of bytes, with these tags in place of or beside the usual ones, and pages of the same bytes that have others.
fn tiff(width: u32, height: u32, bytes: &[u8], pages: &[&[(u16, u32)]], description: &str) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let strip = file.len() as u32;
    file.extend_from_slice(bytes);
    let text = file.len() as u32;
    file.extend_from_slice(description.as_bytes());
    file.extend_from_slice(&[0, 0][..1 + (file.len() + 1) % 2]);
    let mut link = 4;
    for own in pages {
        let mut tags = vec![
            (256, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, strip),
            (277, 1),
            (278, height),
            (279, bytes.len() as u32),
        ];
        // Bands have a strip each.
        let bands = own.iter().find(|(tag, _)| *tag == 277).map_or(1, |(_, bands)| *bands);
        let strips = file.len() as u32;
        let area = bytes.len() as u32 / bands;
        for band in 0..bands {
            file.extend_from_slice(&(strip + band * area).to_le_bytes());
        }
        for _ in 0..bands {
            file.extend_from_slice(&area.to_le_bytes());
        }
        if bands > 1 {
            tags.retain(|(tag, _)| ![273, 279].contains(tag));
            tags.extend([(273, strips), (279, strips + 4 * bands)]);
        }
        tags.retain(|(tag, _)| !own.iter().any(|(other, _)| other == tag));
        tags.extend_from_slice(own);
        if !description.is_empty() {
            tags.push((270, text));
        }
        tags.sort_unstable();
        let start = file.len() as u32;
        file[link..link + 4].copy_from_slice(&start.to_le_bytes());
        file.extend_from_slice(&(tags.len() as u16).to_le_bytes());
        for (tag, value) in tags {
            let (kind, count) = match tag {
                270 => (2u16, description.len() as u32 + 1),
                273 | 279 => (4, bands),
                _ => (4, 1),
            };
            file.extend_from_slice(&tag.to_le_bytes());
            file.extend_from_slice(&kind.to_le_bytes());
            file.extend_from_slice(&count.to_le_bytes());
            file.extend_from_slice(&value.to_le_bytes());
        }
        link = file.len();
        file.extend_from_slice(&[0; 4]);
    }
    file
}

fn png(colour: png::ColorType, width: u32, height: u32, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn layouts_of_tiff_that_are_read_in_two_ways_are_refused() {
    let folder = Folder::new();
    let mask = [0u8, 1, 1, 0, 1, 0];
    folder.c("y.npy", &[2, 3], &mask);
    let put = |bytes: &[u8]| fs::write(folder.path("p.tif"), bytes).unwrap();
    let dice = || number(&folder.run(SCORE, &["--json"]).json(), "metrics/classes/0/mean/dice/value");
    put(&tiff(3, 2, &mask, &[&[]], ""));
    assert_eq!(dice(), 1.0);
    let bands = mask.repeat(3);
    for (bytes, told) in [
        // Counts from white: Pillow turns the numbers round, and tifffile does not.
        (tiff(3, 2, &mask, &[&[(262, 0)]], ""), "minisblack"),
        // Three bands one after the other, of which the first would be unpacked as if it had fewer bits.
        (tiff(3, 2, &bands, &[&[(262, 2), (277, 3), (284, 2)]], ""), "one after the other"),
        // The second slice of a volume in one directory.
        (tiff(3, 2, &mask, &[&[(32997, 2)]], ""), "2 deep"),
        (tiff(3, 2, &mask, &[&[(274, 4)]], ""), "orientation 4"),
        (tiff(3, 2, &mask, &[&[(266, 2)]], ""), "fill order"),
        // A stack of three slices with a directory for the first.
        (tiff(3, 2, &mask, &[&[]], "ImageJ=1.54f\nimages=3\nslices=3\n"), "3 pictures"),
        (tiff(3, 2, &mask, &[&[]], "{\"shape\": [5, 2, 3], \"truncated\": true}"), "5 pictures"),
    ] {
        put(&bytes);
        let message = folder.run(SCORE, &[]).one_line();
        assert!(message.contains(told), "{message}");
    }
    // A smaller copy, or what says which pixels are transparent, is no page of a stack.
    for kind in [1, 4] {
        put(&tiff(3, 2, &mask, &[&[], &[(254, kind)]], ""));
        assert_eq!(dice(), 1.0);
    }
    put(&tiff(3, 2, &mask, &[&[]], "ImageJ=1.54f\nimages=1\n"));
    assert_eq!(dice(), 1.0);
}

#[test]
fn an_opacity_that_may_be_the_mask_is_refused() {
    let folder = Folder::new();
    let mask = [0u8, 1, 1, 0, 1, 0];
    folder.c("y.npy", &[2, 3], &mask);
    let words = "score --prediction p.png --targets y.npy";
    let put = |pixel: fn(u8) -> [u8; 4]| {
        let bytes: Vec<u8> = mask.iter().flat_map(|mask| pixel(*mask)).collect();
        fs::write(folder.path("p.png"), png(png::ColorType::Rgba, 3, 2, &bytes)).unwrap();
    };
    // Black, with the mask as opacity; and a grey beside an opacity of its own.
    for pixel in
        [|mask| [0, 0, 0, 255 * mask], |mask: u8| [mask, mask, mask, 255 - 100 * mask]] as [fn(u8) -> [u8; 4]; 2]
    {
        put(pixel);
        assert!(folder.run(words, &[]).one_line().contains("opacity"));
    }
    // Opaque all over, or as the grey says as well.
    for pixel in [|mask| [mask, mask, mask, 255], |mask| [mask, mask, mask, 255 * mask]] as [fn(u8) -> [u8; 4]; 2] {
        put(pixel);
        assert_eq!(number(&folder.run(words, &["--json"]).json(), "metrics/classes/0/mean/dice/value"), 1.0);
    }
}
