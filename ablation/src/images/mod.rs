//! Images and masks from files: PNG, TIFF and `.npy`, told apart by how they begin.
//!
//! An image has one channel or three, and its numbers as they are stored. A mask has one, and its values are whole: whether they are
//! classes, objects or a mask's 0 and 255 is for whoever reads it to decide.

mod decode;
mod error;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::arrays::formats::{INVERTED, OPACITY};
use crate::paths::shown;
use decode::{Raster, decode};
pub(crate) use error::ImageError;

/// The endings of the files that a folder is searched for.
pub(crate) const EXTENSIONS: &[&str] = &["png", "tif", "tiff", "npy"];

/// An image as it is stored: each channel row by row, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// 1, or 3 for red, green and blue.
    pub(crate) channels: usize,
    pub(crate) numbers: Vec<f32>,
}

/// A mask as it is stored, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mask {
    pub(crate) name: String,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u32>,
}

impl Image {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ImageError> {
        Self::of_raster(decode(path)?, shown(path))
    }

    /// From the bytes of a file, under this name.
    pub(crate) fn of_bytes(bytes: &[u8], name: &str) -> Result<Self, ImageError> {
        Self::of_raster(decode::of_bytes(bytes, name)?, name.to_owned())
    }

    /// Whether it shows the same, and shows anything: blank images are alike.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let is_blank = || self.numbers.iter().all(|number| Some(number) == self.numbers.first());
        (self.width, self.channels) == (other.width, other.channels) && self.numbers == other.numbers && !is_blank()
    }

    /// The quarter of the image that begins at this corner.
    pub(crate) fn part(&self, corner: [usize; 2]) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let channels = self.numbers.chunks_exact((self.width * self.height).max(1));
        let numbers = channels.flat_map(|channel| window(channel, self.width, corner, [width, height])).collect();
        Self { name: self.name.clone(), width, height, channels: self.channels, numbers }
    }

    fn of_raster(raster: Raster, name: String) -> Result<Self, ImageError> {
        let Raster { width, height, .. } = raster;
        let of_file = |problem| ImageError::new(&name, problem);
        let pixels = raster.coloured().map_err(of_file)?;
        let channels = pixels.channels;
        let kept = match channels {
            1 | 3 => channels,
            // The last is how opaque a pixel is, and must say nothing.
            2 | 4 if pixels.is_opaque() => channels - 1,
            2 | 4 => {
                return Err(of_file("has transparent pixels, whose colour nothing tells; flatten it first".to_owned()));
            }
            other => {
                return Err(of_file(format!("has {other} channels; accepted: grey (1) or red, green and blue (3)")));
            }
        };
        let channel = |place: usize| pixels.numbers.iter().skip(place).step_by(channels).copied();
        let numbers: Vec<f32> = (0..kept).flat_map(channel).collect();
        if let Some(wrong) = numbers.iter().find(|number| !number.is_finite()) {
            return Err(of_file(format!("has a value that is no finite number ({wrong})")));
        }
        Ok(Self { name, width, height, channels: kept, numbers })
    }
}

impl Mask {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ImageError> {
        Self::of_raster(decode(path)?, shown(path))
    }

    /// From the bytes of a file, under this name.
    pub(crate) fn of_bytes(bytes: &[u8], name: &str) -> Result<Self, ImageError> {
        Self::of_raster(decode::of_bytes(bytes, name)?, name.to_owned())
    }

    fn of_raster(raster: Raster, name: String) -> Result<Self, ImageError> {
        let of_file = |problem| ImageError::new(&name, problem);
        if raster.inverted {
            return Err(of_file(INVERTED.to_owned()));
        }
        if (raster.channels == 2 || raster.channels == 4) && !raster.has_silent_opacity() {
            return Err(of_file(OPACITY.to_owned()));
        }
        let Raster { width, height, channels, numbers, .. } = raster;
        // Many programs save a grey mask with three equal channels; the fourth of these is opacity.
        let colours = if channels == 2 || channels == 4 { channels - 1 } else { channels };
        let is_grey = numbers.chunks_exact(channels.max(1)).all(|pixel| {
            let colours = pixel.iter().take(colours);
            colours.clone().all(|colour| Some(colour) == pixel.first())
        });
        if !is_grey {
            return Err(of_file(
                "is a mask in colours, which do not say which class is which; save the number of the class of each pixel (grey, or a palette)"
                    .to_owned(),
            ));
        }
        let whole = |number: f32| {
            let is_whole = (0.0..=16_777_216.0).contains(&number) && number.fract() == 0.0;
            if is_whole {
                Ok(number as u32)
            } else {
                Err(of_file(format!("has the value {number}; a mask has whole numbers from 0")))
            }
        };
        let values = numbers.iter().step_by(channels.max(1)).map(|number| whole(*number)).collect::<Result<_, _>>()?;
        Ok(Self { name, width, height, values })
    }

    /// The quarter of the mask that begins at this corner.
    pub(crate) fn part(&self, corner: [usize; 2]) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let values = window(&self.values, self.width, corner, [width, height]).collect();
        Self { name: self.name.clone(), width, height, values }
    }
}

/// The pixels of a part of a channel, row by row.
pub(crate) fn window<T: Copy>(
    pixels: &[T],
    row: usize,
    [x, y]: [usize; 2],
    [width, height]: [usize; 2],
) -> impl Iterator<Item = T> {
    let rows = pixels.chunks_exact(row.max(1)).skip(y).take(height);
    rows.flat_map(move |row| row.iter().skip(x).take(width).copied())
}
