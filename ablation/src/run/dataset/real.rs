//! Images from files: crops, drawn from a seed, and split by image.

use super::Split;
use super::binary::{BinarySet, Labelling};
use super::random::{Purpose, Stream};
use crate::images::{Image, Mask, window};

/// Images with their masks.
#[derive(Debug)]
pub(crate) struct Real {
    scenes: Vec<Scene>,
    /// The channels of each image: 1, or 3 for red, green and blue.
    pub(crate) channels: usize,
}

/// An image that crops are cut from.
#[derive(Debug)]
struct Scene {
    name: String,
    width: usize,
    height: usize,
    /// The pixels, channel by channel; each channel has mean 0 and standard deviation 1.
    numbers: Vec<f32>,
    /// 0 or 1.
    mask: Vec<u8>,
}

/// The rules for cutting and splitting images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Width and height of a crop.
    pub(crate) size: usize,
    /// The number of parts into which the images are split; each seed holds one out, in turn.
    pub(crate) folds: usize,
    /// The number of training crops.
    pub(crate) training: usize,
    /// The largest number of held-out crops.
    pub(crate) held_out: usize,
}

/// The reason why images cannot be used for training.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RealError {
    #[error("{mask}: is {} × {} pixels, and its image {image} is {} × {}; they must be equal", .of_mask[0], .of_mask[1], .of_image[0], .of_image[1])]
    Size { mask: String, of_mask: [usize; 2], image: String, of_image: [usize; 2] },
    #[error("{other}: has {of_other}, and {first} has {of_first}; all images must be grey, or all must be in colour")]
    Channels { first: String, of_first: &'static str, other: String, of_other: &'static str },
    #[error(
        "{name}: is {width} × {height} pixels, and a crop is {size} × {size}; give --crop {largest} or less, or leave the image out"
    )]
    Small { name: String, width: usize, height: usize, size: usize, largest: usize },
    #[error(
        "{images} images cannot be split into {folds} folds: each fold needs an image to hold out, and another to train with; {}",
        if *.images < 2 { "give two images at least, because crops of one image are no test for other images" } else { "give fewer --folds" }
    )]
    Folds { images: usize, folds: usize },
}

impl Real {
    /// Makes it of images with masks and a rule for their foreground.
    pub(crate) fn new(pairs: Vec<(Image, Mask)>, is_foreground: impl Fn(u32) -> bool) -> Result<Self, RealError> {
        let described = |channels: usize| if channels == 1 { "one channel" } else { "three channels" };
        let first = pairs.first().map(|(image, _)| (image.name.clone(), image.channels));
        let mut scenes = Vec::new();
        for (image, mask) in pairs {
            let [of_image, of_mask] = [[image.width, image.height], [mask.width, mask.height]];
            if of_image != of_mask {
                return Err(RealError::Size { mask: mask.name, of_mask, image: image.name, of_image });
            }
            if let Some((first, of_first)) = first.clone().filter(|(_, channels)| *channels != image.channels) {
                let (of_first, of_other) = (described(of_first), described(image.channels));
                return Err(RealError::Channels { first, of_first, other: image.name, of_other });
            }
            let Image { name, width, height, mut numbers, .. } = image;
            numbers.chunks_exact_mut((width * height).max(1)).for_each(standardise);
            let mask = mask.values.into_iter().map(|value| u8::from(is_foreground(value))).collect();
            scenes.push(Scene { name, width, height, numbers, mask });
        }
        Ok(Self { scenes, channels: first.map_or(1, |(_, channels)| channels) })
    }

    /// Makes it of no image at all.
    pub(super) fn none() -> Self {
        Self { scenes: Vec::new(), channels: 1 }
    }

    /// Fails unless the images can be cut and split in this way.
    pub(crate) fn check(&self, size: usize, folds: usize) -> Result<(), RealError> {
        if folds < 2 || folds > self.scenes.len() {
            return Err(RealError::Folds { images: self.scenes.len(), folds });
        }
        let small = self.scenes.iter().find(|scene| scene.width < size || scene.height < size);
        small.map_or(Ok(()), |Scene { name, width, height, .. }| {
            // The same multiple as for `data.size`.
            let largest = width.min(height) / 8 * 8;
            Err(RealError::Small { name: name.clone(), width: *width, height: *height, size, largest })
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.scenes.len()
    }

    /// The share of foreground among all pixels.
    pub(crate) fn share(&self) -> f64 {
        let [foreground, pixels] = self.scenes.iter().map(Scene::counts).fold([0, 0], |[a, b], [c, d]| [a + c, b + d]);
        foreground as f64 / pixels.max(1) as f64
    }

    /// The smallest and the largest share of an image.
    pub(crate) fn extremes(&self) -> [f64; 2] {
        let shares = self.scenes.iter().map(Scene::counts).map(|[part, whole]| part as f64 / whole.max(1) as f64);
        shares.fold([1.0, 0.0], |[low, high], share| [low.min(share), high.max(share)])
    }

    /// The training crops and the held-out crops.
    ///
    /// The images are dealt to the folds once; each seed holds out one fold, the next seed the next one. Training crops lie anywhere. Held-out
    /// crops do not overlap, so that no pixel is judged twice.
    pub(crate) fn sets(&self, cut: Cut, labelling: Labelling, seed: u64) -> [BinarySet; 2] {
        let held_out_fold = (seed % cut.folds.max(1) as u64) as usize;
        let mut order: Vec<usize> = (0..self.scenes.len()).collect();
        Stream::new(0, Purpose::Folds, Split::HeldOut, 0).shuffle(&mut order);
        let fold = |(place, scene): (usize, usize)| (place % cut.folds.max(1), scene);
        let dealt: Vec<(usize, usize)> = order.into_iter().enumerate().map(fold).collect();
        let of = |held_out: bool| -> Vec<&Scene> {
            let mut scenes: Vec<usize> = dealt
                .iter()
                .filter(|(fold, _)| (*fold == held_out_fold) == held_out)
                .map(|(_, scene)| *scene)
                .collect();
            scenes.sort_unstable();
            scenes.into_iter().filter_map(|scene| self.scenes.get(scene)).collect()
        };
        let mut training = BinarySet::empty(cut.size, self.channels);
        let scenes = of(false);
        for index in 0..cut.training {
            let mut stream = Stream::new(seed, Purpose::Crop, Split::Training, index);
            let Some(scene) = scenes.get(stream.below(scenes.len())) else { continue };
            let corner = [scene.width, scene.height].map(|side| stream.below(side - cut.size.min(side) + 1));
            let mask = scene.cut(corner, cut.size, &mut training.images);
            training.add_labels(&mask, labelling, (seed, index));
            training.masks.extend(mask);
        }
        let mut held_out = BinarySet::empty(cut.size, self.channels);
        let mut tiles: Vec<(&Scene, [usize; 2])> =
            of(true).into_iter().flat_map(|scene| scene.tiles(cut.size).map(move |corner| (scene, corner))).collect();
        Stream::new(seed, Purpose::Crop, Split::HeldOut, 0).shuffle(&mut tiles);
        for (scene, corner) in tiles.into_iter().take(cut.held_out) {
            let mask = scene.cut(corner, cut.size, &mut held_out.images);
            held_out.labels.extend(&mask);
            held_out.masks.extend(mask);
        }
        [training, held_out]
    }
}

impl Scene {
    /// The number of foreground pixels, and of all pixels.
    fn counts(&self) -> [usize; 2] {
        [self.mask.iter().filter(|label| **label != 0).count(), self.mask.len()]
    }

    /// The corners of crops side by side, with the rest spread over both sides.
    fn tiles(&self, size: usize) -> impl Iterator<Item = [usize; 2]> {
        let begins = move |side: usize| {
            let margin = side % size.max(1) / 2;
            (0..side / size.max(1)).map(move |place| margin + place * size)
        };
        let width = self.width;
        begins(self.height).flat_map(move |y| begins(width).map(move |x| [x, y]))
    }

    /// Adds a crop to the images, and returns its mask.
    fn cut(&self, corner: [usize; 2], size: usize, images: &mut Vec<f32>) -> Vec<u8> {
        for channel in self.numbers.chunks_exact((self.width * self.height).max(1)) {
            images.extend(window(channel, self.width, corner, [size; 2]));
        }
        window(&self.mask, self.width, corner, [size; 2]).collect()
    }
}

/// Gives a channel mean 0 and standard deviation 1; a constant channel becomes 0.
fn standardise(channel: &mut [f32]) {
    let count = channel.len().max(1) as f64;
    let mean = channel.iter().map(|number| f64::from(*number)).sum::<f64>() / count;
    let variance = channel.iter().map(|number| (f64::from(*number) - mean).powi(2)).sum::<f64>() / count;
    let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    channel.iter_mut().for_each(|number| *number = ((f64::from(*number) - mean) / deviation) as f32);
}
