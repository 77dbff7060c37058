//! An image as a picture: what is right, and which kind of wrong the rest is.

use std::collections::BTreeMap;

use crate::report::draw::DrawError;
use crate::report::draw::palette::paint;
use crate::report::model::Paint;
use crate::score::inputs::Geometry;
use crate::score::metrics::Image;

type Rgb = (u8, u8, u8);

/// A longer side is made smaller.
const MOST_PIXELS: usize = 1024;

/// Right pixels of classes: dull, so that errors stand out.
const RIGHT: [Rgb; 8] = [
    (150, 158, 166),
    (96, 128, 104),
    (124, 108, 152),
    (146, 132, 92),
    (84, 126, 136),
    (142, 102, 104),
    (108, 116, 152),
    (176, 172, 148),
];
/// Another class was predicted.
const CONFUSED: Rgb = (232, 64, 132);
const IGNORED: Rgb = (76, 82, 90);

/// What a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Background, and predicted so.
    Background,
    /// Not counted.
    Ignored,
    /// Of this class, and predicted so.
    Right(u32),
    /// Predicted of a class, and background.
    FalsePositive,
    /// Predicted of another class than it is of.
    Confused,
    /// Predicted to be background, and of a class.
    FalseNegative,
}

impl Kind {
    fn of(truth: i64, prediction: i64, is_valid: bool) -> Self {
        match (truth, prediction) {
            _ if !is_valid => Kind::Ignored,
            (0, 0) => Kind::Background,
            (truth, prediction) if truth == prediction => Kind::Right(u32::try_from(truth).unwrap_or(0)),
            (0, _) => Kind::FalsePositive,
            (_, 0) => Kind::FalseNegative,
            _ => Kind::Confused,
        }
    }

    pub(super) fn is_wrong(self) -> bool {
        matches!(self, Kind::FalsePositive | Kind::FalseNegative | Kind::Confused)
    }

    /// The colour; `of_classes`: whether there are more than background and foreground.
    pub(super) fn colour(self, of_classes: bool) -> Rgb {
        match self {
            Kind::Background => paint(Paint::Background),
            Kind::Ignored => IGNORED,
            Kind::Right(class) if of_classes => RIGHT[class.saturating_sub(1) as usize % RIGHT.len()],
            Kind::Right(_) => paint(Paint::TruePositive),
            Kind::FalsePositive => paint(Paint::FalsePositive),
            Kind::Confused => CONFUSED,
            Kind::FalseNegative => paint(Paint::FalseNegative),
        }
    }
}

/// A slice of an image, or all of it.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    kinds: Vec<Kind>,
    /// How often each kind occurs in the slice, before it was made smaller, …
    pub(super) counts: BTreeMap<Kind, u64>,
    /// … and in the image.
    pub(super) all: BTreeMap<Kind, u64>,
    /// Of a volume: the axis and the place along it.
    pub(super) slice: Option<(usize, usize)>,
    /// So many pixels along each side are one of the picture.
    pub(super) reduced: usize,
    /// How much longer a pixel is downwards than across.
    pub(super) aspect: f64,
}

impl Picture {
    /// Of an image of two or three axes; none of others, in which pixels have no place. Of a volume the slice with the most wrong pixels.
    pub(super) fn new(image: &Image, geometry: &Geometry) -> Option<Self> {
        let spacing = |axis: usize| geometry.spacing.get(axis).copied().unwrap_or(1.0);
        // Volumes are sliced across the longest distance between pixels, where neighbours have least to do with each other.
        let across = match geometry.shape.len() {
            2 => None,
            3 => (0..3).reduce(|longest, axis| if spacing(axis) > spacing(longest) { axis } else { longest }),
            _ => return None,
        };
        let [down, along] = match across {
            None => [0, 1],
            Some(0) => [1, 2],
            Some(1) => [0, 2],
            Some(_) => [0, 1],
        };
        let stride = |axis: usize| geometry.shape.iter().skip(axis + 1).product::<usize>();
        let length = |axis: usize| geometry.shape.get(axis).copied().unwrap_or(1);
        let kind = |place: usize| -> Option<Kind> {
            let is_valid = image.valid.get(place).is_none_or(|valid| *valid);
            Some(Kind::of(*image.truth.get(place)?, *image.prediction.get(place)?, is_valid))
        };
        let (width, height, below, beside) = (length(along), length(down), stride(down), stride(along));
        let slice = |at: usize| {
            let start = across.map_or(0, |axis| at * stride(axis));
            (0..height).flat_map(move |row| (0..width).map(move |column| start + row * below + column * beside))
        };
        let mut all: BTreeMap<Kind, u64> = BTreeMap::new();
        // The most wrong pixels, or of a slice without any the most foreground; the first of equal ones.
        let (mut shown, mut most) = (0, None);
        for at in 0..across.map_or(1, length) {
            let counts = counted(slice(at).filter_map(kind));
            let sum = |is: fn(Kind) -> bool| {
                counts.iter().filter(|(kind, _)| is(**kind)).map(|(_, count)| count).sum::<u64>()
            };
            let score = (sum(Kind::is_wrong), sum(|kind| matches!(kind, Kind::Right(_))));
            if most.is_none_or(|most| score > most) {
                (shown, most) = (at, Some(score));
            }
            counts.into_iter().for_each(|(kind, count)| *all.entry(kind).or_default() += count);
        }
        let reduced = width.max(height).div_ceil(MOST_PIXELS).max(1);
        let (columns, rows) = (width.div_ceil(reduced), height.div_ceil(reduced));
        // Squares become pixels: wrong if any of their pixels is, so that no error disappears.
        let mut kinds = vec![Kind::Background; columns * rows];
        for (place, kind) in slice(shown).filter_map(kind).enumerate() {
            let (row, column) = (place / width, place % width);
            if let Some(square) = kinds.get_mut(row / reduced * columns + column / reduced) {
                // The order of kinds is that of how much they matter.
                *square = (*square).max(kind);
            }
        }
        Some(Self {
            width: columns,
            height: rows,
            kinds,
            counts: counted(slice(shown).filter_map(kind)),
            all,
            slice: across.map(|axis| (axis, shown)),
            reduced,
            aspect: spacing(down) / spacing(along),
        })
    }

    /// As PNG, of a colour for each kind.
    pub(super) fn png(&self, of_classes: bool) -> Result<Vec<u8>, DrawError> {
        let mut colours: Vec<Rgb> = Vec::new();
        let mut places: BTreeMap<Kind, u8> = BTreeMap::new();
        for kind in &self.kinds {
            places.entry(*kind).or_insert_with(|| {
                let colour = kind.colour(of_classes);
                let place = colours.iter().position(|other| *other == colour).unwrap_or_else(|| {
                    colours.push(colour);
                    colours.len() - 1
                });
                place as u8
            });
        }
        let pixels: Vec<u8> = self.kinds.iter().map(|kind| places.get(kind).copied().unwrap_or(0)).collect();
        let palette: Vec<u8> = colours.iter().flat_map(|(red, green, blue)| [*red, *green, *blue]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette);
        let mut writer = encoder.write_header().map_err(DrawError::new)?;
        writer.write_image_data(&pixels).map_err(DrawError::new)?;
        writer.finish().map_err(DrawError::new)?;
        Ok(bytes)
    }
}

fn counted(kinds: impl Iterator<Item = Kind>) -> BTreeMap<Kind, u64> {
    let (mut counts, mut run) = (BTreeMap::new(), (Kind::Background, 0));
    for kind in kinds {
        // Neighbours are mostly alike, and the map is slow.
        if kind != run.0 {
            *counts.entry(run.0).or_default() += std::mem::replace(&mut run, (kind, 0)).1;
        }
        run.1 += 1;
    }
    *counts.entry(run.0).or_default() += run.1;
    counts.retain(|_, count| *count > 0);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(truth: &[i64], prediction: &[i64]) -> Image {
        Image { truth: truth.to_vec(), prediction: prediction.to_vec(), ..Image::default() }
    }

    fn geometry(shape: &[usize], spacing: &[f64]) -> Geometry {
        Geometry { images: 1, channels: 1, shape: shape.to_vec(), spacing: spacing.to_vec(), unit: "mm" }
    }

    #[test]
    fn a_volume_shows_its_worst_slice_across_the_longest_spacing() {
        // (2, 2, 3); along axis 2 the last slice has two wrong pixels.
        let truth = [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0];
        let prediction = [0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0];
        let picture = Picture::new(&image(&truth, &prediction), &geometry(&[2, 2, 3], &[1.0, 1.0, 4.0])).unwrap();
        assert_eq!((picture.slice, picture.width, picture.height), (Some((2, 2)), 2, 2));
        assert_eq!((picture.counts[&Kind::FalsePositive], picture.all[&Kind::FalsePositive]), (2, 3));
        let picture = Picture::new(&image(&truth, &prediction), &geometry(&[2, 2, 3], &[3.0, 0.5, 1.0])).unwrap();
        assert_eq!((picture.slice, picture.width, picture.height, picture.aspect), (Some((0, 1)), 3, 2, 0.5));
        assert!(Picture::new(&image(&truth, &prediction), &geometry(&[12], &[1.0])).is_none());
    }

    #[test]
    fn kinds_are_told_apart_and_ignored_pixels_are_of_none() {
        let mut image = image(&[0, 0, 1, 1, 2, 2], &[0, 1, 0, 1, 1, 0]);
        image.valid = vec![true, true, true, true, true, false];
        let picture = Picture::new(&image, &geometry(&[2, 3], &[1.0, 1.0])).unwrap();
        let expected =
            [Kind::Background, Kind::FalsePositive, Kind::FalseNegative, Kind::Right(1), Kind::Confused, Kind::Ignored];
        assert_eq!(picture.kinds, expected);
    }

    /// A single wrong pixel of a large image is still seen.
    #[test]
    fn no_error_disappears_in_a_smaller_picture() {
        let (width, height) = (3000, 10);
        let mut prediction = vec![0; width * height];
        prediction[4 * width + 1234] = 1;
        let picture =
            Picture::new(&image(&vec![0; width * height], &prediction), &geometry(&[height, width], &[1.0, 1.0]))
                .unwrap();
        assert_eq!((picture.reduced, picture.width, picture.height), (3, 1000, 4));
        assert_eq!(picture.kinds.iter().filter(|kind| kind.is_wrong()).count(), 1);
        assert_eq!(picture.kinds[1000 + 411], Kind::FalsePositive);
    }

    #[test]
    fn colours_of_kinds_differ() {
        for of_classes in [false, true] {
            let kinds = [Kind::Background, Kind::Ignored, Kind::FalsePositive, Kind::Confused, Kind::FalseNegative];
            let mut colours: Vec<Rgb> = kinds.iter().map(|kind| kind.colour(of_classes)).collect();
            colours.extend((1..=RIGHT.len() as u32).map(|class| Kind::Right(class).colour(of_classes)));
            colours.sort_unstable();
            colours.dedup();
            assert_eq!(colours.len(), kinds.len() + if of_classes { RIGHT.len() } else { 1 });
        }
    }
}
