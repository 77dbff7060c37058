//! The bearing of each glyph of the font: how far to the right of the pen it begins.
//!
//! plotters 0.3.7 ignores the bearing where it draws text as pixels, so that letters are unevenly spaced, and does not expose it. It is read from the font's tables `cmap`, format 4, and `hmtx` (OpenType 1.9).

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The bearing in em; 0 for characters that the font does not have.
pub(super) fn bearing(character: char) -> f64 {
    static BEARINGS: OnceLock<BTreeMap<u32, f64>> = OnceLock::new();
    let all = BEARINGS.get_or_init(|| read(notosans::REGULAR_TTF).unwrap_or_default());
    all.get(&u32::from(character)).copied().unwrap_or(0.0)
}

/// The bearings by code point; `None` if the font has another structure.
fn read(font: &[u8]) -> Option<BTreeMap<u32, f64>> {
    let em = f64::from(unsigned(table(font, b"head")?, 18)?);
    let metrics = table(font, b"hmtx")?;
    let advances = usize::from(unsigned(table(font, b"hhea")?, 34)?);
    let cmap = table(font, b"cmap")?;
    let subtable = (0..usize::from(unsigned(cmap, 2)?)).find_map(|index| {
        let offset = (usize::from(unsigned(cmap, 8 + 8 * index)?) << 16) + usize::from(unsigned(cmap, 10 + 8 * index)?);
        cmap.get(offset..).filter(|subtable| unsigned(subtable, 0) == Some(4))
    })?;

    let segments = usize::from(unsigned(subtable, 6)?) / 2;
    let mut bearings = BTreeMap::new();
    for segment in 0..segments {
        // Arrays of ends, 2 bytes of padding, starts, deltas, offsets of glyphs.
        let entry = |array: usize, padding: usize| 14 + padding + 2 * (array * segments + segment);
        let (end, start) = (unsigned(subtable, entry(0, 0))?, unsigned(subtable, entry(1, 2))?);
        let (delta, offset) = (unsigned(subtable, entry(2, 2))?, unsigned(subtable, entry(3, 2))?);
        for code in start..=end {
            let glyph = if offset == 0 {
                code.wrapping_add(delta)
            } else {
                let at = entry(3, 2) + usize::from(offset) + 2 * usize::from(code - start);
                match unsigned(subtable, at) {
                    None | Some(0) => continue,
                    Some(glyph) => glyph.wrapping_add(delta),
                }
            };
            let glyph = usize::from(glyph);
            // Advance and bearing of each glyph, then bearings alone.
            let at = if glyph < advances { 4 * glyph + 2 } else { 4 * advances + 2 * (glyph - advances) };
            if let Some(bearing) = unsigned(metrics, at) {
                bearings.insert(u32::from(code), f64::from(bearing.cast_signed()) / em);
            }
        }
    }
    Some(bearings)
}

fn table<'a>(font: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let count = usize::from(unsigned(font, 4)?);
    let record =
        (0..count).find_map(|index| font.get(12 + 16 * index..28 + 16 * index).filter(|it| it[..4] == *tag))?;
    let long = |at: usize| Some((usize::from(unsigned(record, at)?) << 16) + usize::from(unsigned(record, at + 2)?));
    let start = long(8)?;
    font.get(start..start.checked_add(long(12)?)?)
}

fn unsigned(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the least x of the outlines in the table `glyf`.
    #[test]
    fn bearings_are_those_of_the_font() {
        for (character, units) in [('|', 489), ('H', 199), ('j', -113)] {
            assert_eq!((bearing(character) * 2048.0).round() as i32, units, "{character}");
        }
        assert_eq!(bearing('漢'), 0.0);
        assert!(read(&notosans::REGULAR_TTF[..5000]).is_none());
    }
}
