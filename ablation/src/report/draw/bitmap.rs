//! Bitmaps, and PNG files of them.

use super::DrawError;

/// Red, green and blue of each pixel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bitmap {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u8>,
}

impl Bitmap {
    pub(super) fn filled(width: usize, height: usize, (red, green, blue): (u8, u8, u8)) -> Self {
        Self { width, height, pixels: [red, green, blue].repeat(width * height) }
    }

    /// Makes it of the colour of each pixel, by column and row.
    pub(super) fn from_colours(
        width: usize,
        height: usize,
        mut colour: impl FnMut(usize, usize) -> (u8, u8, u8),
    ) -> Self {
        let mut pixels = Vec::with_capacity(3 * width * height);
        for row in 0..height {
            for column in 0..width {
                let (red, green, blue) = colour(column, row);
                pixels.extend([red, green, blue]);
            }
        }
        Self { width, height, pixels }
    }

    fn at(&self, column: usize, row: usize) -> (u8, u8, u8) {
        match self.pixels.get(3 * (row * self.width + column)..) {
            Some([red, green, blue, ..]) => (*red, *green, *blue),
            _ => (0, 0, 0),
        }
    }

    /// Replaces each square of `side` by `side` pixels by one pixel of their mean.
    pub(super) fn averaged(&self, side: usize) -> Self {
        let of = |column: usize, row: usize| {
            let mut sums = [0_usize; 3];
            for y in 0..side {
                for x in 0..side {
                    let (red, green, blue) = self.at(column * side + x, row * side + y);
                    sums[0] += usize::from(red);
                    sums[1] += usize::from(green);
                    sums[2] += usize::from(blue);
                }
            }
            let [red, green, blue] = sums.map(|sum| ((sum + side * side / 2) / (side * side)) as u8);
            (red, green, blue)
        };
        Self::from_colours(self.width / side, self.height / side, of)
    }

    /// The same picture in another size, from the nearest pixels.
    pub(super) fn stretched(&self, width: usize, height: usize) -> Self {
        Self::from_colours(width, height, |column, row| {
            self.at(column * self.width / width, row * self.height / height)
        })
    }

    /// The bitmap as PNG.
    pub(crate) fn png(&self) -> Result<Vec<u8>, DrawError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(DrawError::new)?;
        writer.write_image_data(&self.pixels).map_err(DrawError::new)?;
        writer.finish().map_err(DrawError::new)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_and_stretches() {
        let bitmap = Bitmap::from_colours(4, 2, |column, row| (column as u8 * 10, row as u8 * 100, 7));
        let small = bitmap.averaged(2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.pixels, [5, 50, 7, 25, 50, 7]);
        let large = small.stretched(4, 1);
        assert_eq!(large.pixels, [5, 50, 7, 5, 50, 7, 25, 50, 7, 25, 50, 7]);
    }

    #[test]
    fn png_has_its_size() {
        let png = Bitmap::filled(3, 5, (1, 2, 3)).png().unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&png[16..24], [0, 0, 0, 3, 0, 0, 0, 5]);
    }
}
