//! Images of objects on a background, with binary masks.

use std::sync::OnceLock;

use loss_core::boundary::distance::{scratch_length, signed_distance_map};

use super::apportion::{apportion, share_of};
use super::label_noise::swap_at_boundary;
use super::objects::objects;
use super::random::{Purpose, Stream};
use super::scene::{Scale, ground};
use super::{ImageSet, Split, image};
use crate::run::config::Data;

/// Images stored one after the other, channel by channel and row by row, with their masks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BinarySet {
    /// Width and height.
    pub(crate) size: usize,
    /// The channels of each image.
    pub(crate) channels: usize,
    /// The pixels, with mean about 0 and standard deviation about 1.
    pub(crate) images: Vec<f32>,
    /// The training labels, 0 or 1: the masks, with label noise in a training set.
    pub(crate) labels: Vec<u8>,
    /// The soft training labels from 0 to 1, empty if labels are hard. `labels` are these, rounded to 0 or 1.
    pub(crate) soft: Vec<f32>,
    /// The truth, 0 or 1.
    pub(crate) masks: Vec<u8>,
    /// The signed distances from the boundaries of the labels, made when a loss first needs them.
    distances: OnceLock<Vec<f32>>,
}

impl ImageSet for BinarySet {
    fn len(&self) -> usize {
        self.masks.len().checked_div(self.size * self.size).unwrap_or(0)
    }

    fn size(&self) -> usize {
        self.size
    }

    fn inputs(&self, index: usize) -> Vec<&[f32]> {
        let numbers = self.channels * self.size * self.size;
        let start = index.saturating_mul(numbers);
        vec![self.images.get(start..start.saturating_add(numbers)).unwrap_or_default()]
    }

    fn channels(&self) -> usize {
        self.channels
    }
}

impl BinarySet {
    /// Makes a set without images.
    pub(super) fn empty(size: usize, channels: usize) -> Self {
        let (images, labels, soft, masks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { size, channels, images, labels, soft, masks, distances: OnceLock::new() }
    }

    /// The pixels of an image, of colour images the red ones; empty past the last image.
    pub(crate) fn image(&self, index: usize) -> &[f32] {
        image(&self.images, self.size, index.saturating_mul(self.channels))
    }

    /// The labels of an image; empty past the last image.
    pub(crate) fn label(&self, index: usize) -> &[u8] {
        image(&self.labels, self.size, index)
    }

    /// The soft labels of an image; empty if there are none.
    pub(crate) fn soft_label(&self, index: usize) -> &[f32] {
        image(&self.soft, self.size, index)
    }

    /// The signed distance of every pixel from the boundary of its image's labels, for the boundary loss. Arms that share the images also share
    /// the distances.
    pub(crate) fn distances(&self) -> &[f32] {
        self.distances.get_or_init(|| distances(&self.labels, self.size))
    }

    /// The signed distances of one image; empty past the last image.
    pub(crate) fn distance(&self, index: usize) -> &[f32] {
        image(self.distances(), self.size, index)
    }

    /// The true mask of an image; empty past the last image.
    pub(crate) fn mask(&self, index: usize) -> &[u8] {
        image(&self.masks, self.size, index)
    }
}

/// Images whose foreground is exactly round(share · pixels) of all their pixels.
///
/// Each image has 0.4 to 1.6 times the mean amount of foreground, and at least one pixel if there are as many pixels as images. Apart from that
/// amount, an image depends only on the settings, the seed, the split and its index.
pub(crate) fn binary(data: &Data, share: f64, labels: Labelling, seed: u64, split: Split) -> BinarySet {
    let count = match split {
        Split::Training => data.training_images,
        Split::HeldOut => data.held_out_images,
    };
    let area = data.size * data.size;
    let total = share_of(count * area, share);
    let weights: Vec<f64> =
        (0..count).map(|index| Stream::new(seed, Purpose::Quota, split, index).between(0.4, 1.6)).collect();
    let mut quotas = apportion(total, &weights, usize::from(total >= count), area);
    if labels == Labelling::HalfEmpty {
        quotas.iter_mut().skip(1).step_by(2).for_each(|quota| *quota = 0);
    }

    let scale = Scale::new(share, data.contrast, data.noise);
    let pixels = count * area;
    let mut set = BinarySet {
        images: Vec::with_capacity(pixels),
        labels: Vec::with_capacity(pixels),
        masks: Vec::with_capacity(pixels),
        ..BinarySet::empty(data.size, 1)
    };
    for (index, quota) in quotas.into_iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::BinaryScene, split, index);
        let mut scene = ground(data.size, &mut stream);
        let objects = objects(data, quota, &mut stream);
        for (pixel, brightness) in scene.iter_mut().zip(&objects.brightness) {
            *pixel += brightness;
        }
        scale.finish(&scene, &mut stream, &mut set.images);
        match split {
            Split::Training => set.add_labels(&objects.mask, labels, (seed, index)),
            Split::HeldOut => set.labels.extend(&objects.mask),
        }
        set.masks.extend(objects.mask);
    }
    set
}

/// The rule by which training labels are made from masks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Labelling {
    /// This share of the foreground is swapped at the boundary; with 0 labels are the mask.
    Swapped(f64),
    /// The mean of several annotators, each with this share swapped.
    Mean { annotators: usize, noise: f64 },
    /// The masks, with every second image without an object, held-out images included.
    HalfEmpty,
}

impl BinarySet {
    /// Adds the training labels of an image.
    pub(super) fn add_labels(&mut self, mask: &[u8], labelling: Labelling, (seed, index): (u64, usize)) {
        match labelling {
            Labelling::HalfEmpty => self.labels.extend(mask),
            Labelling::Swapped(share) => {
                let mut stream = Stream::new(seed, Purpose::LabelNoise, Split::Training, index);
                self.labels.extend(swap_at_boundary(mask, self.size, share, &mut stream));
            }
            Labelling::Mean { annotators, noise } => {
                let mut votes = vec![0_u16; mask.len()];
                // One stream for all annotators, so that each continues where the one before stopped.
                let mut stream = Stream::new(seed, Purpose::Annotator, Split::Training, index);
                for _ in 0..annotators {
                    let labels = swap_at_boundary(mask, self.size, noise, &mut stream);
                    votes.iter_mut().zip(labels).for_each(|(votes, label)| *votes += u16::from(label));
                }
                let share = |votes: &u16| f32::from(*votes) / annotators as f32;
                self.soft.extend(votes.iter().map(share));
                self.labels.extend(votes.iter().map(|votes| u8::from(share(votes) >= 0.5)));
            }
        }
    }
}

/// The signed distances of images that are stored one after the other.
fn distances(labels: &[u8], size: usize) -> Vec<f32> {
    let mut all = vec![0.0; labels.len()];
    let mut scratch = vec![0; scratch_length(size)];
    let area = (size * size).max(1);
    for (labels, map) in labels.chunks_exact(area).zip(all.chunks_exact_mut(area)) {
        let mask: Vec<bool> = labels.iter().map(|label| *label != 0).collect();
        // Mask, map and scratch have the right lengths, so this cannot fail.
        let _ = signed_distance_map(&mask, size, size, &mut scratch, map);
    }
    all
}
